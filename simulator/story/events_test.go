package story_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"tributary/channels"
	"tributary/chat"
	"tributary/simulator"
)

// kinds is what every event of the simulator becomes in the gateway.
var kinds = map[simulator.EventKind][]chat.Kind{
	simulator.EventReaction: {chat.KindReaction}, simulator.EventUnreact: {chat.KindReaction},
	simulator.EventEdit: {chat.KindEdit}, simulator.EventDelete: {chat.KindDelete},
	simulator.EventPostback: {chat.KindInteraction}, simulator.EventQuickReply: {chat.KindMessage},
	simulator.EventButton: {chat.KindInteraction}, simulator.EventList: {chat.KindInteraction}, simulator.EventCallback: {chat.KindInteraction},
	simulator.EventFlow:     {chat.KindInteraction},
	simulator.EventReferral: {chat.KindReferral, chat.KindMessage}, simulator.EventEcho: {chat.KindEcho},
	simulator.EventTyping: {chat.KindTyping}, simulator.EventRead: {chat.KindWatermark, chat.KindStatus},
	simulator.EventOptOut: {chat.KindOptOut}, simulator.EventOptIn: {chat.KindOptIn},
	simulator.EventBlock: {chat.KindBlock}, simulator.EventFollow: {chat.KindFollow}, simulator.EventContactChanged: {chat.KindContactChanged},
}

// attachments are the files that events bring.
var attachments = map[simulator.EventKind]string{
	simulator.EventImage: "image", simulator.EventAudio: "audio", simulator.EventVideo: "video", simulator.EventFile: "file",
	simulator.EventLocation: "location", simulator.EventContact: "contact", simulator.EventStoryMention: "story_mention", simulator.EventShare: "share",
}

// TestEventsAreUnderstood holds the events of the simulator to the drivers: each
// is proven, and becomes what it says.
func TestEventsAreUnderstood(t *testing.T) {
	t.Parallel()
	s, err := simulator.Start(context.Background(), simulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := newProgram(t, s)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		p.stop()
	})
	s.SetTarget(p.URL, p.URL)
	for _, kind := range simulator.Kinds() {
		if kind == simulator.API {
			continue // plays the public API, see the story
		}
		c := s.Channel(kind)
		connectTo(t, p, c)
		who := c.Person(1)
		for _, event := range kind.Events() {
			if _, err := s.DeliverEvent(t.Context(), p.URL, c, simulator.Event{
				Kind: event, From: who.From, Name: who.Name, Text: "Grüße / 👋", Target: "101", Payload: payload(event),
			}); err != nil {
				t.Errorf("%s %s: %v", kind, event, err)
				continue
			}
			p.mu.Lock()
			got := p.events
			p.mu.Unlock()
			understood(t, kind, event, got)
		}
		for event := range kinds {
			_, err := s.BuildEvent(c, simulator.Event{Kind: event, From: who.From, Target: "101"}, p.URL)
			if playable := slices.Contains(kind.Events(), event); playable != (err == nil) || err != nil && !errors.Is(err, simulator.ErrUnplayable) {
				t.Errorf("%s %s: error = %v, playable %v", kind, event, err, playable)
			}
		}
	}
}

func payload(event simulator.EventKind) string {
	switch event {
	case simulator.EventReaction, simulator.EventUnreact:
		return "🙏"
	case simulator.EventContactChanged:
		return "351912000333"
	}
	return "choice-1"
}

func understood(t *testing.T, kind simulator.Kind, event simulator.EventKind, got []chat.Event) {
	t.Helper()
	want := kinds[event]
	if want == nil {
		want = []chat.Kind{chat.KindMessage}
	}
	i := slices.IndexFunc(got, func(ev chat.Event) bool { return slices.Contains(want, ev.Kind) })
	if i < 0 {
		raw, _ := json.Marshal(got) // for people
		t.Errorf("%s %s: got %s, want %v", kind, event, raw, want)
		return
	}
	ev := &got[i]
	if file := attachments[event]; file != "" && (len(ev.Message.Attachments) == 0 || ev.Message.Attachments[0].Kind != file) {
		t.Errorf("%s %s: attachments %+v, want %s", kind, event, ev.Message.Attachments, file)
	}
	if ev.Message != nil && ev.Message.Unsupported() != (event == simulator.EventUnsupported) {
		t.Errorf("%s %s: unsupported is %v", kind, event, ev.Message.Unsupported())
	}
	if ev.Kind == chat.KindInteraction && ev.Message.Interaction == nil || event == simulator.EventReferral && ev.Referral == nil ||
		event == simulator.EventReply && (ev.Message.ReplyTo == nil || ev.Message.ReplyTo.SourceID != "101") ||
		event == simulator.EventStoryReply && (ev.Message.ReplyTo == nil || ev.Message.ReplyTo.Story == nil) {
		t.Errorf("%s %s: incomplete", kind, event)
	}
}

// connectTo makes the inbox of a channel.
func connectTo(t *testing.T, p *program, c *simulator.Channel) {
	t.Helper()
	params := c.Params()
	var wrapped map[string]json.RawMessage
	if err := json.Unmarshal(params, &wrapped); err != nil {
		t.Fatal(err)
	}
	channelType := map[simulator.Kind]string{
		simulator.Facebook: "Channel::FacebookPage", simulator.InstagramPage: "Channel::FacebookPage",
		simulator.InstagramLogin: "Channel::Instagram", simulator.Twitter: "Channel::TwitterProfile", simulator.Line: "Channel::Line",
		simulator.Telegram: "Channel::Telegram", simulator.SMS: "Channel::Sms", simulator.WhatsAppCloud: "Channel::Whatsapp",
		simulator.WhatsApp360: "Channel::Whatsapp", simulator.TwilioSMS: "Channel::TwilioSms", simulator.TwilioWhatsApp: "Channel::TwilioSms",
	}[c.Kind]
	for _, name := range []string{"channel", "twilio_channel"} {
		if inner, ok := wrapped[name]; ok {
			params = inner
		}
	}
	if _, err := p.create(t.Context(), func(i channels.Info) bool { return i.ChannelType == channelType }, params); err != nil {
		t.Fatalf("%s: %v", c.Kind, err)
	}
}
