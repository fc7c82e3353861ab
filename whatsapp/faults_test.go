package whatsapp_test

import (
	"context"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/simulator"
	"tributary/store"
)

// Word about a number that is not looked after must not keep the engine running in
// circles.
func TestSuspendedAccountRests(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, url string) {
		w := newWorld(t, url, 1)
		p := w.engines[0]
		n := w.sim.PendingNumber()
		w.connect(n)
		if _, err := w.db.SQL.ExecContext(t.Context(), `UPDATE accounts SET status = 1`); err != nil {
			t.Fatal(err)
		}
		err := w.db.Transact(t.Context(), func(tx *store.Tx) error {
			// The directory hears of the account with the next change of a channel.
			channel, err := w.db.ChannelOfInbox(t.Context(), 1)
			if err != nil {
				return err
			}
			if err := tx.SetSignatureMode(t.Context(), channel.ID, ""); err != nil {
				return err
			}
			return tx.SignalWhatsApp(t.Context(), []string{n.ID}, "look", "")
		})
		if err != nil {
			t.Fatal(err)
		}
		before := n.WABA().Calls()
		for range 5 {
			if err := p.Adopt(t.Context()); err != nil {
				t.Fatal(err)
			}
			looked, err := p.Round(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if looked == 0 {
				if calls := n.WABA().Calls() - before; calls > 0 {
					t.Errorf("%d calls for a suspended account", calls)
				}
				return
			}
		}
		t.Error("the engine does not come to rest")
	})
}

// An account that Meta throttles is left alone at once, not only from the next round.
func TestThrottledAccountRests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", 1)
	waba := w.sim.AddWABA(simulator.WABASpec{})
	for range 10 {
		w.store(waba.AddNumber(simulator.NumberSpec{State: simulator.Live}))
	}
	w.rounds()
	for _, n := range waba.Numbers() {
		n.Fail("read", simulator.KnownFault("80008"), 1)
	}
	w.db.Clock.Advance(9 * time.Hour)
	before := waba.Calls()
	w.rounds()
	if calls := waba.Calls() - before; calls != 1 {
		t.Errorf("%d calls while Meta throttles, want 1", calls)
	}
}

// A business account for which Meta does not answer holds up nobody else's numbers.
func TestHangingAccountHoldsUpNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", 1)
	p := w.engines[0]
	hangs, other := w.sim.PendingNumber(), w.sim.PendingNumber()
	w.connect(hangs)
	w.connect(other)
	hangs.Fail("read", simulator.Fault{Hang: true}, 1)
	other.ApproveName(simulator.Silently())
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	look := func(n *simulator.Number) {
		err := w.db.Transact(t.Context(), func(tx *store.Tx) error {
			return tx.SignalWhatsApp(t.Context(), []string{n.ID}, "look", "")
		})
		if err != nil {
			t.Error(err)
		}
		p.Wake()
	}
	before := hangs.WABA().Calls()
	look(hangs)
	testkit.Wait(t, 10*time.Second, "the call that hangs", func() bool { return hangs.WABA().Calls() > before })
	look(other)
	// Meta's silence ends after 15 seconds, in which the other number has to go live.
	testkit.Wait(t, 10*time.Second, "the other number's registration", func() bool { return len(other.RegisterCalls()) == 2 })
	hangs.Heal()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
