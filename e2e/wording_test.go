package e2e_test

import (
	"strings"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/simulator"
	"tributary/store/storetest"
)

// TestTextsOfAnAccount: an account that speaks Portuguese reads in Portuguese what
// the program itself has to say, whichever way it comes, and a provider's own words
// as they are.
func TestTextsOfAnAccount(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		p := start(t, b, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.InstagramLogin, simulator.TwilioSMS}}})
		if _, err := p.database().Exec(`UPDATE accounts SET locale = 16 WHERE id = $1`, p.account); err != nil {
			t.Fatal(err)
		}
		gram, sms := p.sim.Channel(simulator.InstagramLogin), p.sim.Channel(simulator.TwilioSMS)
		p.connect(gram)
		p.connect(sms)

		// By the way in: a message that was taken back.
		in := incoming(gram, 1, "vocês abrem no domingo?")
		in.ID = "mid.unsent"
		conversation := p.deliver(gram, in)
		answer, err := p.sim.DeliverEvent(t.Context(), p.base, gram, simulator.Event{
			Kind: simulator.EventDelete, From: in.From, Target: in.ID,
		})
		if err != nil || !answer.OK() {
			t.Fatalf("unsend: %v %+v", err, answer)
		}
		testkit.Wait(t, 20*time.Second, "the message to be taken back", func() bool {
			list := p.messages(conversation)
			return len(list) == 1 && list[0].Content == "Esta mensagem foi apagada"
		})

		// By the way out: why a reply was not sent.
		p.age(conversation)
		const closed = "A janela de mensagens está fechada: o contato não escreveu dentro do prazo em que a plataforma permite respostas"
		late := p.state(conversation, p.reply(conversation, "tarde demais").ID, "failed")
		if late.Attributes["external_error"] != closed {
			t.Errorf("external_error: got %v, want %q", late.Attributes["external_error"], closed)
		}
		text := p.deliver(sms, incoming(sms, 1, "oi"))
		p.sim.Fail(simulator.TwilioSMS, simulator.Failure{Refuse: true, Times: 1})
		refused := p.state(text, p.reply(text, "olá").ID, "failed")
		if theirs, _ := refused.Attributes["external_error"].(string); !strings.HasPrefix(theirs, "[HTTP 400] ") {
			t.Errorf("external_error: got %q, want Twilio's words", theirs)
		}
	})
}
