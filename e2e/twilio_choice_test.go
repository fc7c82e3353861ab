package e2e_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/simulator"
	"tributary/store/storetest"
)

// TestTwilioChoices: a question with options reaches a customer of Twilio's WhatsApp
// as buttons or a list, the tap comes back as an answer to it, and questions alike
// share a template.
func TestTwilioChoices(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		p := start(t, b, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.TwilioWhatsApp}}})
		ch := p.sim.Channel(simulator.TwilioWhatsApp)
		p.connect(ch)
		conversation := p.deliver(ch, incoming(ch, 1, "bread, please"))

		rye, corn := simulator.Choice{ID: "flour:rye", Title: "Rye"}, simulator.Choice{ID: "flour:corn", Title: "Corn 🌽"}
		question := p.askFor(conversation, "Which flour, \"Ana\"?", rye, corn)
		sent := p.offered(ch, "Which flour, \"Ana\"?", rye, corn)
		p.taps(ch, conversation, sent, simulator.EventButton, sent.Choices[1])
		p.answered(conversation, question, "Corn 🌽", map[string]any{"kind": "button", "title": "Corn 🌽", "payload": "flour:corn"})

		sizes := []simulator.Choice{{ID: "s", Title: "Small"}, {ID: "m", Title: "Medium"}, {ID: "l", Title: "Large"}, {ID: "xl", Title: "For the whole family"}}
		question = p.askFor(conversation, "Corn it is.\n\nWhich size?", sizes...)
		sent = p.offered(ch, "Corn it is.\n\nWhich size?", sizes...)
		p.taps(ch, conversation, sent, simulator.EventList, sent.Choices[3])
		p.answered(conversation, question, "For the whole family", map[string]any{"kind": "list", "title": "For the whole family", "id": "xl"})

		want := []string{"tributary_choice_v1_list_4_lp", "tributary_choice_v1_buttons_2_l"}
		if got := ch.Contents(); !slices.Equal(got, want) {
			t.Errorf("templates: got %q, want %q", got, want)
		}
		p.askFor(conversation, "Sliced?", simulator.Choice{ID: "1", Title: "Yes"}, simulator.Choice{ID: "0", Title: "No"})
		p.offered(ch, "Sliced?", simulator.Choice{ID: "1", Title: "Yes"}, simulator.Choice{ID: "0", Title: "No"})
		if got := ch.Contents(); !slices.Equal(got, want) {
			t.Errorf("templates after a question alike: got %q, want %q", got, want)
		}

		// Agents are offered what WhatsApp approved, and none of these.
		ch.SetTemplates(twilioTemplates(2)...)
		p.want(http.MethodPost, fmt.Sprintf("inboxes/%d/sync_templates", p.inboxes[ch]), nil, http.StatusOK, nil)
		p.listed(ch, "content_templates", 2)

		// Somebody tidied up in Twilio's console: the template is made anew.
		ch.DeleteContents()
		p.askFor(conversation, "Today?", simulator.Choice{ID: "1", Title: "Yes"}, simulator.Choice{ID: "0", Title: "No"})
		p.offered(ch, "Today?", simulator.Choice{ID: "1", Title: "Yes"}, simulator.Choice{ID: "0", Title: "No"})

		// Without the permission for a new template the customer can still answer.
		ch.RefuseContents(http.StatusForbidden)
		m := p.askFor(conversation, "Now\nor later?", simulator.Choice{ID: "1", Title: "Now"}, simulator.Choice{ID: "0", Title: "Later"})
		p.offered(ch, "Now\nor later?\n\n1. Now\n2. Later")
		p.state(conversation, m.ID, "sent")
	})
}

// askFor sends a question with options.
func (p *program) askFor(conversation int64, text string, choices ...simulator.Choice) message {
	p.t.Helper()
	items := []map[string]string{}
	for _, c := range choices {
		items = append(items, map[string]string{"title": c.Title, "value": c.ID})
	}
	var m message
	p.want(http.MethodPost, fmt.Sprintf("conversations/%d/messages", conversation), map[string]any{
		"content": text, "content_type": "input_select", "content_attributes": map[string]any{"items": items},
	}, http.StatusOK, &m)
	return m
}

// offered waits for a question at the provider.
func (p *program) offered(ch *simulator.Channel, text string, choices ...simulator.Choice) simulator.Sent {
	p.t.Helper()
	sent := p.sent(ch, text)
	if sent.Text != text || !slices.Equal(sent.Choices, choices) {
		p.t.Fatalf("got %q with %+v, want %q with %+v", sent.Text, sent.Choices, text, choices)
	}
	return sent
}

// taps lets the customer choose.
func (p *program) taps(ch *simulator.Channel, conversation int64, question simulator.Sent, kind simulator.EventKind, choice simulator.Choice) {
	p.t.Helper()
	testkit.Wait(p.t, 20*time.Second, "the provider's id of the question", func() bool {
		return slices.ContainsFunc(p.messages(conversation), func(m message) bool { return m.SourceID == question.ProviderID })
	})
	person := ch.Person(1)
	answer, err := p.sim.DeliverEvent(p.t.Context(), p.base, ch, simulator.Event{
		Kind: kind, From: person.From, Name: person.Name, Text: choice.Title, Payload: choice.ID, Target: question.ProviderID,
	})
	if err != nil || !answer.OK() {
		p.t.Fatalf("tap: %v %+v", err, answer)
	}
}

// answered waits for the tap in the conversation.
func (p *program) answered(conversation int64, question message, text string, interaction map[string]any) {
	p.t.Helper()
	testkit.Wait(p.t, 20*time.Second, "the answer "+text, func() bool {
		for _, m := range p.messages(conversation) {
			if m.Type != 0 || m.Content != text {
				continue
			}
			if got := fmt.Sprint(m.Attributes["interaction"]); got != fmt.Sprint(interaction) {
				p.t.Errorf("%s: interaction %s, want %v", text, got, interaction)
			}
			if got := fmt.Sprintf("%.0f", m.Attributes["in_reply_to"]); got != fmt.Sprint(question.ID) {
				p.t.Errorf("%s: answers %s, want %d: %s", text, got, question.ID, strings.TrimSpace(fmt.Sprint(m.Attributes)))
			}
			return true
		}
		return false
	})
}
