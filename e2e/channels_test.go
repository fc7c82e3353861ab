package e2e_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/simulator"
	"tributary/store/storetest"
)

// TestEveryChannel: a signed webhook of every channel becomes a conversation, a
// reply reaches the provider, receipts come back, retries double nothing.
func TestEveryChannel(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		p := start(t, b, options{})
		for _, kind := range simulator.Kinds() {
			t.Run(string(kind), func(t *testing.T) {
				q := *p
				q.t = t
				q.story(p.sim.Channel(kind))
			})
		}
	})
}

func (p *program) story(ch *simulator.Channel) {
	t := p.t
	t.Helper()
	inbox := p.connect(ch)
	person := ch.Person(1)
	in := simulator.Incoming{From: person.From, Name: person.Name, Text: "Grüße " + string(ch.Kind) + " 👋"}
	conversation := p.deliver(ch, in)
	list := p.messages(conversation)
	if len(list) != 1 || list[0].Sender == nil {
		t.Fatalf("messages after the first webhook: %+v", list)
	}
	if ch.Kind != simulator.API {
		// The provider was not sure that we took it, and says it again, twice.
		d, err := p.sim.Build(ch, simulator.Incoming{From: person.From, Name: person.Name, Text: "again " + string(ch.Kind)}, p.sim.Public(ch, p.base))
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			answer, err := p.sim.Post(t.Context(), p.base, d)
			if err != nil || !answer.OK() {
				t.Fatalf("repeated delivery: %v %+v", err, answer)
			}
		}
		forged, err := p.sim.BuildBadSignature(ch, in, p.sim.Public(ch, p.base))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := p.sim.Post(t.Context(), p.base, forged)
		if err != nil {
			t.Fatal(err)
		}
		want := http.StatusUnauthorized
		if ch.Kind == simulator.Facebook {
			want = http.StatusBadRequest
		}
		if answer.Status != want {
			t.Errorf("a forged webhook got %d, want %d", answer.Status, want)
		}
		testkit.Wait(t, 30*time.Second, "the repeated message", func() bool { return len(p.messages(conversation)) == 2 })
	}
	reply := p.reply(conversation, "Antwort "+string(ch.Kind))
	if reply.Status != "sent" || reply.Type != 1 {
		t.Errorf("reply: %+v", reply)
	}
	sent := p.sent(ch, "Antwort "+string(ch.Kind))
	if sent.To != person.From {
		t.Errorf("sent to %q, want %q", sent.To, person.From)
	}
	p.receipts(ch, conversation, reply, sent)
	if got := len(p.conversations(inbox)); got != 1 {
		t.Errorf("%d conversations, want 1", got)
	}
	contents := ""
	for _, m := range p.messages(conversation) {
		contents += m.Content + "|"
	}
	want := in.Text + "|again " + string(ch.Kind) + "|Antwort " + string(ch.Kind) + "|"
	if ch.Kind == simulator.API {
		want = in.Text + "|Antwort " + string(ch.Kind) + "|"
	}
	if contents != want {
		t.Errorf("messages\n got %q\nwant %q", contents, want)
	}
}

// receipts delivers the provider's reports, the last one first where it has
// several: states only move forward.
func (p *program) receipts(ch *simulator.Channel, conversation int64, reply message, sent simulator.Sent) {
	p.t.Helper()
	states := ch.Kind.Receipts()
	if len(states) == 0 {
		return
	}
	last := states[len(states)-1]
	for _, state := range slices.Backward(states) {
		answer, err := p.sim.DeliverStatus(p.t.Context(), p.base, ch,
			simulator.Receipt{ID: sent.ProviderID, To: sent.To, State: state, Callback: sent.Callback})
		if err != nil || !answer.OK() {
			p.t.Fatalf("receipt %s: %v %+v", state, err, answer)
		}
	}
	p.state(conversation, reply.ID, last)
}

// TestReplyFailures: what a provider refuses is shown to the agent, what it
// cannot take now is tried again, and a retry sends it.
func TestReplyFailures(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		p := start(t, b, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.WhatsAppCloud, simulator.TwilioSMS}}})
		whatsapp, sms := p.sim.Channel(simulator.WhatsAppCloud), p.sim.Channel(simulator.TwilioSMS)
		p.connect(whatsapp)
		p.connect(sms)
		wa := p.deliver(whatsapp, incoming(whatsapp, 1, "hello"))
		tw := p.deliver(sms, incoming(sms, 1, "hello"))

		p.sim.Fail(simulator.WhatsAppCloud, simulator.Outage(http.StatusInternalServerError, 2))
		again := p.reply(wa, "third time lucky")
		if s := p.sent(whatsapp, "third time lucky"); s.Attempt != 3 {
			t.Errorf("accepted at attempt %d, want 3", s.Attempt)
		}
		p.state(wa, again.ID, "sent")

		p.sim.Fail(simulator.TwilioSMS, simulator.Failure{Refuse: true, Times: 1})
		refused := p.state(tw, p.reply(tw, "never").ID, "failed")
		if text, _ := refused.Attributes["external_error"].(string); text == "" {
			t.Errorf("a refused message says nothing: %+v", refused)
		}
		p.want(http.MethodPost, fmt.Sprintf("conversations/%d/messages/%d/retry", tw, refused.ID), nil, http.StatusOK, nil)
		p.sent(sms, "never")
		if m := p.state(tw, refused.ID, "sent"); m.Attributes["external_error"] != nil {
			t.Errorf("a retried message still shows its error: %+v", m)
		}

		// Replies of one conversation leave in order although the first has to be
		// tried again.
		p.sim.Fail(simulator.WhatsAppCloud, simulator.Outage(http.StatusServiceUnavailable, 1))
		for i := range 5 {
			p.reply(wa, fmt.Sprintf("in order %d", i))
		}
		p.sent(whatsapp, "in order 4")
		next := 0
		for _, s := range p.sim.Sent() {
			if s.Channel == whatsapp && s.Accepted() && s.Text == fmt.Sprintf("in order %d", next) {
				next++
			}
		}
		if next != 5 {
			t.Errorf("replies left out of order: only %d of 5 in sequence", next)
		}
	})
}

// TestWindowClosed: a reply outside the messaging window is refused with its
// reason, without calling the provider.
func TestWindowClosed(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		p := start(t, b, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.Facebook}}})
		ch := p.sim.Channel(simulator.Facebook)
		p.connect(ch)
		conversation := p.deliver(ch, incoming(ch, 1, "long ago"))
		p.age(conversation)
		if list := p.conversations(p.inboxes[ch]); list[0].CanReply {
			t.Errorf("can_reply is true after the window: %+v", list[0])
		}
		before := p.sim.LastSeq()
		failed := p.state(conversation, p.reply(conversation, "too late").ID, "failed")
		if text, _ := failed.Attributes["external_error"].(string); text == "" {
			t.Errorf("no reason shown: %+v", failed)
		}
		if p.sim.LastSeq() != before {
			t.Errorf("the provider was called although the window is closed")
		}
	})
}

func incoming(ch *simulator.Channel, n int, text string) simulator.Incoming {
	person := ch.Person(n)
	return simulator.Incoming{From: person.From, Name: person.Name, Text: text}
}
