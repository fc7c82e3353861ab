package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/simulator"
	"tributary/store/storetest"
)

// TestTemplates: what a provider approved is read when the inbox is connected and
// on demand; with it a conversation can be taken up after its window closed.
func TestTemplates(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		p := start(t, b, options{sim: simulator.Options{Kinds: []simulator.Kind{
			simulator.WhatsAppCloud, simulator.WhatsApp360, simulator.TwilioWhatsApp, simulator.TwilioSMS,
		}}})
		for _, kind := range []simulator.Kind{simulator.WhatsAppCloud, simulator.WhatsApp360} {
			ch := p.sim.Channel(kind)
			ch.SetTemplates(whatsAppTemplates(60)...)
			p.connect(ch)
			p.listed(ch, "message_templates", 60)
			p.templateStory(ch, "order_ready", map[string]any{"body": map[string]any{"1": "Ana"}}, map[string]any{"body": map[string]any{"1": "  "}},
				"Template not found or invalid template name", "order_ready")
		}
		twilio := p.sim.Channel(simulator.TwilioWhatsApp)
		p.connect(twilio)
		twilio.SetTemplates(twilioTemplates(120)...)
		p.want(http.MethodPost, fmt.Sprintf("inboxes/%d/sync_templates", p.inboxes[twilio]), nil, http.StatusOK, nil)
		p.listed(twilio, "content_templates", 120)
		p.templateStory(twilio, "order_ready", map[string]any{"1": "Ana"}, map[string]any{"1": ""}, "Template not found", "HX0")

		sms := p.sim.Channel(simulator.TwilioSMS)
		p.connect(sms)
		p.want(http.MethodPost, fmt.Sprintf("inboxes/%d/sync_templates", p.inboxes[sms]), nil, http.StatusUnprocessableEntity, nil)
	})
}

// whatsAppTemplates are n templates in Meta's form; the first is order_ready.
func whatsAppTemplates(n int) []json.RawMessage {
	list := make([]json.RawMessage, n)
	for i := range list {
		name := "order_ready"
		if i > 0 {
			name = fmt.Sprintf("other_%d", i)
		}
		list[i] = json.RawMessage(fmt.Sprintf(`{"id":"%d","name":%q,"language":"en_US","status":"APPROVED","category":"UTILITY",
			"parameter_format":"POSITIONAL","components":[{"type":"BODY","text":"Hello {{1}}, your order is ready."}]}`, 4000+i, name))
	}
	return list
}

func twilioTemplates(n int) []json.RawMessage {
	list := make([]json.RawMessage, n)
	for i := range list {
		name := "order_ready"
		if i > 0 {
			name = fmt.Sprintf("other_%d", i)
		}
		list[i] = json.RawMessage(fmt.Sprintf(`{"sid":"HX%d","friendly_name":%q,"language":"en_US","variables":{"1":"Ana"},
			"types":{"twilio/text":{"body":"Hello {{1}}, your order is ready."}}}`, i, name))
	}
	return list
}

// listed waits until the inbox shows n templates under key.
func (p *program) listed(ch *simulator.Channel, key string, n int) {
	p.t.Helper()
	testkit.Wait(p.t, 20*time.Second, fmt.Sprintf("%d templates of %s", n, ch.Kind), func() bool {
		var inbox map[string]json.RawMessage
		p.want(http.MethodGet, fmt.Sprintf("inboxes/%d", p.inboxes[ch]), nil, http.StatusOK, &inbox)
		raw := inbox[key]
		var nested struct {
			Templates json.RawMessage `json:"templates"`
		}
		if json.Unmarshal(raw, &nested) == nil && nested.Templates != nil {
			raw = nested.Templates
		}
		var list []map[string]any
		return json.Unmarshal(raw, &list) == nil && len(list) == n
	})
}

// templateStory writes after the window closed: without a template, with one, and
// with those that are refused.
func (p *program) templateStory(ch *simulator.Channel, name string, good, blank map[string]any, unknown, sentAs string) {
	t := p.t
	t.Helper()
	conversation := p.deliver(ch, incoming(ch, 1, "long ago"))
	p.age(conversation)
	write := func(text string, params map[string]any) message {
		t.Helper()
		body := map[string]any{"content": text}
		if params != nil {
			body["template_params"] = params
		}
		var m message
		p.want(http.MethodPost, fmt.Sprintf("conversations/%d/messages", conversation), body, http.StatusOK, &m)
		return m
	}
	params := func(name string, processed map[string]any) map[string]any {
		return map[string]any{"name": name, "language": "en_US", "category": "UTILITY", "processed_params": processed}
	}
	failed := func(what string, m message, want string) {
		t.Helper()
		if got := p.state(conversation, m.ID, "failed").Attributes["external_error"]; want != "" && got != want || got == nil {
			t.Errorf("%s, %s: external_error %v, want %q", ch.Kind, what, got, want)
		}
	}
	before := p.sim.LastSeq()
	failed("without a template", write("too late", nil), "")
	failed("an unknown template", write("?", params("never_approved", good)), unknown)
	failed("a blank parameter", write("Hello", params(name, blank)), "Missing template parameter")
	if p.sim.LastSeq() != before {
		t.Errorf("%s was called for messages that cannot be sent", ch.Kind)
	}
	m := write("Hello Ana, your order is ready.", params(name, good))
	sent := p.sent(ch, "template "+sentAs)
	if want := ch.Person(1).From; sent.To != want {
		t.Errorf("%s: sent to %q, want %q", ch.Kind, sent.To, want)
	}
	testkit.Wait(t, 20*time.Second, "the provider's id", func() bool { return p.state(conversation, m.ID, "sent").SourceID == sent.ProviderID })
}
