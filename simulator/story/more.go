package story

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tributary/simulator"
)

// trick is something that is not a plain text, and how an agent sees it.
type trick struct {
	event simulator.EventKind // what the provider must have; empty: every one
	name  string
	play  func(ctx context.Context, t *teller, l *line) error
}

// tricks are played in this order on the channels whose provider has them.
func tricks() []trick {
	return []trick{
		{simulator.EventImage, "image", picture},
		{simulator.EventLocation, "location", place},
		{simulator.EventContact, "card", card},
		{simulator.EventSticker, "sticker", sticker},
		{simulator.EventReply, "reply", quote},
		{simulator.EventReaction, "reaction", reaction},
		{simulator.EventQuickReply, "quick reply", choose(simulator.EventQuickReply)},
		{simulator.EventPostback, "postback", choose(simulator.EventPostback)},
		{simulator.EventCallback, "callback", choose(simulator.EventCallback)},
		{simulator.EventButton, "button", choose(simulator.EventButton)},
		{simulator.EventList, "list", choose(simulator.EventList)},
		{simulator.EventFlow, "form", form},
		{simulator.EventStoryReply, "story", aboutStory},
		{simulator.EventMention, "mention", mention},
		{simulator.EventEcho, "echo", echo},
		{simulator.EventEdit, "edited", edit},
		{simulator.EventDelete, "deleted", takeBack},
		{simulator.EventUnsupported, "unsupported", unsupported},
		{simulator.EventOptOut, "opt-out", optOut},
		{simulator.EventRead, "seen", seen},
		{"", "failed", undelivered},
	}
}

// more plays everything else that a channel has, all channels side by side, and
// prints them in order. A channel that has not come through the talking is left
// out.
func (t *teller) more(ctx context.Context) {
	type outcome struct {
		name string
		err  error
	}
	columns := []column{{width: 16}, {}}
	t.p.title("More than text")
	results := make([]chan []outcome, len(t.lines))
	for i, l := range t.lines {
		results[i] = make(chan []outcome, 1)
		go func() {
			ctx, cancel := context.WithTimeout(ctx, t.Step)
			defer cancel()
			var list []outcome
			for _, k := range tricks() {
				if l.conversation != 0 && l.sent != "" && l.has(k) {
					list = append(list, outcome{k.name, k.play(ctx, t, l)})
				}
			}
			results[i] <- list
		}()
	}
	for i, l := range t.lines {
		var shown, broken []string
		if l.in > 0 && l.out > 0 {
			shown = append(shown, "text "+t.p.style(good, "✓")) // the talking was about it
		}
		for _, o := range <-results[i] {
			mark := t.p.style(good, "✓")
			if o.err != nil {
				mark = t.p.style(bad, "✗")
				broken = append(broken, o.name+": "+o.err.Error())
			} else {
				t.kinds++
			}
			shown = append(shown, o.name+" "+mark)
		}
		if len(shown) == 0 {
			continue // the talking said what is wrong
		}
		t.p.row(len(broken) == 0, columns, l.channel.Kind.Title(), strings.Join(shown, "  "))
		t.failed += len(broken)
		for _, text := range broken {
			t.p.line("      ", t.p.style(bad, text))
		}
	}
}

// has tells whether the provider of the channel has what a trick needs.
func (l *line) has(k trick) bool {
	if k.event == "" {
		switch l.channel.Kind {
		case simulator.SMS, simulator.TwilioSMS, simulator.API:
			return true // where a message can still fail after it was accepted, and little else happens
		default:
			return false
		}
	}
	switch {
	case l.channel.Kind == simulator.Twitter && k.event == simulator.EventReply:
		return false // an answer to a tweet: part of the mention
	case k.event == simulator.EventRead && l.channel.Kind != simulator.API:
		return false // a receipt, which the talking has shown
	case k.event == simulator.EventOptOut && (l.channel.Kind == simulator.WhatsAppCloud || l.channel.Kind == simulator.Telegram):
		return false // told without a message: nothing to see
	}
	return slices.Contains(l.channel.Kind.Events(), k.event)
}

// happen delivers an event of the line's person.
func (t *teller) happen(ctx context.Context, l *line, ev simulator.Event) (id string, err error) {
	if ev.From == "" {
		ev.From, ev.Name = l.person.From, l.person.Name
	}
	a, err := t.Sim.DeliverEvent(ctx, t.Base, l.channel, ev)
	if err != nil {
		return "", err
	}
	if !a.OK() {
		return "", fmt.Errorf("%w: the webhook was answered %d", ErrUnexpected, a.Status)
	}
	if len(a.IDs) > 0 {
		id = a.IDs[0]
	}
	return id, nil
}

// arrive delivers an event that becomes a message, waits until an agent sees it,
// and holds it to want.
func (t *teller) arrive(ctx context.Context, l *line, ev simulator.Event, want func(m *message) bool) (id string, err error) {
	if id, err = t.happen(ctx, l, ev); err != nil {
		return "", err
	}
	err = t.api.find(ctx, l.inboxID, func(m *message) bool {
		// LINE gives a postback no message id, and a customer's system need not.
		mine := m.SourceID == id || m.SourceID == "" && m.Content != "" && (m.Content == ev.Payload || m.Content == ev.Text)
		return mine && want(m)
	})
	return id, err
}

func (m *message) file(kind string) bool {
	return len(m.Attachments) > 0 && m.Attachments[0].Type == kind
}

func picture(ctx context.Context, t *teller, l *line) (err error) {
	ev := simulator.Event{Kind: simulator.EventImage, Text: "look 📷"}
	l.image, err = t.arrive(ctx, l, ev, func(m *message) bool { return m.Type == incoming && m.file("image") })
	return err
}

func place(ctx context.Context, t *teller, l *line) error {
	_, err := t.arrive(ctx, l, simulator.Event{Kind: simulator.EventLocation}, func(m *message) bool {
		return m.file("location") && m.Attachments[0].Lat != 0
	})
	return err
}

func card(ctx context.Context, t *teller, l *line) error {
	_, err := t.arrive(ctx, l, simulator.Event{Kind: simulator.EventContact}, func(m *message) bool { return m.file("contact") })
	return err
}

// sticker: a picture, or a text that stands for it.
func sticker(ctx context.Context, t *teller, l *line) error {
	_, err := t.arrive(ctx, l, simulator.Event{Kind: simulator.EventSticker}, func(m *message) bool {
		return m.file("image") || m.ContentType == "sticker" || m.Content != ""
	})
	return err
}

func quote(ctx context.Context, t *teller, l *line) error {
	ev := simulator.Event{Kind: simulator.EventReply, Text: "about that 👆", Target: l.sent}
	_, err := t.arrive(ctx, l, ev, func(m *message) bool { return m.Attributes.InReplyTo == l.answer })
	return err
}

// reaction is put on the agent's answer and taken off again.
func reaction(ctx context.Context, t *teller, l *line) error {
	for _, step := range []struct {
		kind simulator.EventKind
		left int
	}{{simulator.EventReaction, 1}, {simulator.EventUnreact, 0}} {
		if _, err := t.happen(ctx, l, simulator.Event{Kind: step.kind, Target: l.sent, Payload: "❤️"}); err != nil {
			return err
		}
		err := t.api.find(ctx, l.inboxID, func(m *message) bool { return m.ID == l.answer && len(m.Attributes.Reactions) == step.left })
		if err != nil {
			return err
		}
	}
	return nil
}

func choose(kind simulator.EventKind) func(context.Context, *teller, *line) error {
	return func(ctx context.Context, t *teller, l *line) error {
		_, err := t.arrive(ctx, l, simulator.Event{Kind: kind, Text: "Rye", Payload: "rye"}, func(m *message) bool {
			return m.Attributes.Interaction.Kind == string(kind)
		})
		return err
	}
}

// form is filled in by the customer; on the API channel it is a question of the
// agent.
func form(ctx context.Context, t *teller, l *line) error {
	if l.channel.Kind == simulator.API {
		return questionnaire(ctx, t, l)
	}
	if _, err := t.happen(ctx, l, simulator.Event{Kind: simulator.EventFlow, Text: "Order"}); err != nil {
		return err
	}
	err := t.api.find(ctx, l.inboxID, func(m *message) bool {
		return m.Attributes.Interaction.Kind == "flow" || m.Attributes.Interaction.Kind == "web_app"
	})
	return err
}

func questionnaire(ctx context.Context, t *teller, l *line) error {
	asked, err := t.api.ask(ctx, l.conversation, "Which bread?", "Rye", "Corn")
	if err != nil {
		return err
	}
	ev := simulator.Event{Kind: simulator.EventFlow, Target: strconv.FormatInt(asked.ID, 10), Text: "Rye", Payload: "rye"}
	if _, err := t.happen(ctx, l, ev); err != nil {
		return err
	}
	err = t.api.find(ctx, l.inboxID, func(m *message) bool {
		return m.ID == asked.ID && len(m.Attributes.Submitted) == 1 && m.Attributes.Submitted[0].Value == "rye"
	})
	return err
}

func aboutStory(ctx context.Context, t *teller, l *line) error {
	ev := simulator.Event{Kind: simulator.EventStoryReply, Text: "still warm?"}
	_, err := t.arrive(ctx, l, ev, func(m *message) bool { return m.Attributes.StoryID != "" })
	return err
}

func mention(ctx context.Context, t *teller, l *line) (err error) {
	ev := simulator.Event{Kind: simulator.EventMention, Text: "loves your rye"}
	l.image, err = t.arrive(ctx, l, ev, func(m *message) bool { return strings.HasSuffix(m.Content, ev.Text) })
	return err
}

// echo: somebody of ours answered in the provider's own app.
func echo(ctx context.Context, t *teller, l *line) error {
	ev := simulator.Event{Kind: simulator.EventEcho, Text: "answered on my phone"}
	_, err := t.arrive(ctx, l, ev, func(m *message) bool { return m.Type == outgoing && m.Content == ev.Text })
	return err
}

func edit(ctx context.Context, t *teller, l *line) error {
	ev := simulator.Event{Kind: simulator.EventEdit, Target: l.asked, Text: "I meant Monday ✏️"}
	if _, err := t.happen(ctx, l, ev); err != nil {
		return err
	}
	err := t.api.find(ctx, l.inboxID, func(m *message) bool { return m.SourceID == l.asked && m.Content == ev.Text })
	return err
}

// takeBack deletes the picture, or the tweet where only tweets can be deleted.
func takeBack(ctx context.Context, t *teller, l *line) error {
	if _, err := t.happen(ctx, l, simulator.Event{Kind: simulator.EventDelete, Target: l.image}); err != nil {
		return err
	}
	err := t.api.find(ctx, l.inboxID, func(m *message) bool {
		return m.SourceID == l.image && m.Attributes.Deleted && len(m.Attachments) == 0
	})
	return err
}

func unsupported(ctx context.Context, t *teller, l *line) error {
	_, err := t.arrive(ctx, l, simulator.Event{Kind: simulator.EventUnsupported}, func(m *message) bool { return m.Attributes.Unsupported })
	return err
}

// optOut is somebody else's wish: the line's person goes on talking.
func optOut(ctx context.Context, t *teller, l *line) error {
	other := l.channel.Person(40)
	ev := simulator.Event{Kind: simulator.EventOptOut, From: other.From, Name: other.Name}
	_, err := t.arrive(ctx, l, ev, func(m *message) bool { return m.Type == incoming && m.Content == "STOP" })
	return err
}

// seen: the customer has looked at everything, also at the latest answer.
func seen(ctx context.Context, t *teller, l *line) error {
	made, _, err := t.answer(ctx, l, "Anything else?")
	if err != nil {
		return err
	}
	if _, err := t.happen(ctx, l, simulator.Event{Kind: simulator.EventRead}); err != nil {
		return err
	}
	_, err = t.api.status(ctx, l.conversation, made.ID, simulator.Read)
	return err
}

// undelivered: what the provider accepted fails later, and the agent reads why.
func undelivered(ctx context.Context, t *teller, l *line) error {
	made, sent, err := t.answer(ctx, l, "One more thing …")
	if err != nil {
		return err
	}
	if l.channel.Kind == simulator.API {
		err = t.api.report(ctx, l.conversation, made.ID, "failed", "the customer's app is offline")
	} else {
		if err := t.noted(ctx, l, made); err != nil {
			return err
		}
		var a *simulator.Answer
		a, err = t.Sim.DeliverStatus(ctx, t.Base, l.channel, simulator.Receipt{
			ID: sent.ProviderID, To: sent.To, State: simulator.Failed, ErrorCode: 4720, ErrorText: "invalid destination", Callback: sent.Callback,
			At: time.Now(),
		})
		if err == nil && !a.OK() {
			err = fmt.Errorf("%w: the receipt was answered %d", ErrUnexpected, a.Status)
		}
	}
	if err != nil {
		return err
	}
	err = t.api.find(ctx, l.inboxID, func(m *message) bool { return m.ID == made.ID && m.Status == "failed" && m.Attributes.Error != "" })
	return err
}
