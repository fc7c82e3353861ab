package e2e_test

import (
	"strings"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/simulator"
	"tributary/store/storetest"
)

// TestProfiles: a contact gets the name that the provider tells, and the message
// does not wait for it.
func TestProfiles(t *testing.T) {
	t.Parallel()
	kinds := []simulator.Kind{simulator.Facebook, simulator.InstagramLogin, simulator.InstagramPage, simulator.Line}
	placeholders := map[simulator.Kind]string{
		simulator.Facebook: "Facebook user %", simulator.InstagramLogin: "Unknown (IG: %)",
		simulator.InstagramPage: "Facebook user %", simulator.Line: "LINE user %",
	}
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		p := start(t, b, options{sim: simulator.Options{Kinds: kinds}})
		for _, kind := range kinds {
			p.connect(p.sim.Channel(kind))
		}
		release := p.sim.HoldProfiles()
		defer release()
		for i, kind := range kinds {
			ch := p.sim.Channel(kind)
			p.deliver(ch, incoming(ch, i+1, "who am I on "+string(kind)))
			want := strings.ReplaceAll(placeholders[kind], "%", ch.Person(i+1).From)
			if got := p.senders(ch); len(got) != 1 || got[0] != want {
				t.Errorf("%s: the contact is called %q before the look-up, want %q", kind, got, want)
			}
		}
		release()
		for i, kind := range kinds {
			ch := p.sim.Channel(kind)
			want := ch.Person(i + 1).Name
			testkit.Wait(t, 20*time.Second, string(kind)+" to tell "+want, func() bool {
				got := p.senders(ch)
				return len(got) == 1 && got[0] == want
			})
		}
	})
}

// TestProfileRefused: a provider that does not tell who somebody is costs
// nobody's message.
func TestProfileRefused(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		p := start(t, b, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.Line}}})
		ch := p.sim.Channel(simulator.Line)
		p.connect(ch)
		nobody := ch.Person(3)
		for _, text := range []string{"first", "second"} {
			p.deliver(ch, simulator.Incoming{From: nobody.From, Text: text}) // no name: the profile is unknown there
		}
		if got := p.senders(ch); len(got) != 1 || got[0] != "LINE user "+nobody.From {
			t.Errorf("the contact is called %q", got)
		}
		if m := p.reply(p.conversations(p.inboxes[ch])[0].ID, "still here"); m.Status != "sent" {
			t.Errorf("reply: %+v", m)
		}
		p.sent(ch, "still here")
	})
}

// senders are the names of those who wrote to a channel.
func (p *program) senders(ch *simulator.Channel) []string {
	p.t.Helper()
	var out []string
	for _, c := range p.conversations(p.inboxes[ch]) {
		out = append(out, c.Meta.Sender.Name)
	}
	return out
}
