package e2e_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/simulator"
	"tributary/store/storetest"
)

// TestHangingProvider: a provider that hangs does not hold up the replies of
// another inbox. The latencies are printed side by side.
func TestHangingProvider(t *testing.T) {
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		p := start(t, b, options{
			sim:      simulator.Options{Kinds: []simulator.Kind{simulator.Telegram, simulator.SMS}},
			settings: map[string]string{"CONVERSATION_MESSAGE_PER_MINUTE_LIMIT": "0", "RELAY_TIMEOUT": "5s"},
		})
		telegram, sms := p.sim.Channel(simulator.Telegram), p.sim.Channel(simulator.SMS)
		p.connect(telegram)
		p.connect(sms)
		var stuck []int64
		for n := range 40 {
			stuck = append(stuck, p.deliver(telegram, incoming(telegram, n, fmt.Sprintf("hello %d", n))))
		}
		flowing := p.deliver(sms, incoming(sms, 1, "hello"))
		calm := p.latencies(sms, flowing, "calm", 50)
		p.sim.Fail(simulator.Telegram, simulator.Failure{Hang: true})
		for n, c := range stuck {
			p.reply(c, fmt.Sprintf("stuck %d", n))
		}
		testkit.Wait(t, 20*time.Second, "Telegram to hang", func() bool {
			for _, s := range p.sim.Sent() {
				if s.Channel == telegram && s.Status == 0 {
					return true
				}
			}
			return false
		})
		during := p.latencies(sms, flowing, "meanwhile", 50)
		t.Logf("%s: reply accepted to provider called, SMS: median %s, worst %s; while Telegram hangs with %d replies waiting: median %s, worst %s",
			b.Name, calm[25].Round(10*time.Microsecond), calm[49].Round(10*time.Microsecond), len(stuck),
			during[25].Round(10*time.Microsecond), during[49].Round(10*time.Microsecond))
		p.sim.Heal(simulator.Telegram)
	})
}

// latencies replies n times and gives the sorted times until the provider was
// called.
func (p *program) latencies(ch *simulator.Channel, conversation int64, word string, n int) []time.Duration {
	p.t.Helper()
	out := make([]time.Duration, 0, n)
	for i := range n {
		text := fmt.Sprintf("%s %d.", word, i)
		started := time.Now()
		p.reply(conversation, text)
		out = append(out, p.sent(ch, text).At.Sub(started))
	}
	slices.Sort(out)
	return out
}
