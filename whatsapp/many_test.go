package whatsapp_test

import (
	"encoding/json"
	"testing"
	"time"

	"tributary/chat"
	"tributary/simulator"
	"tributary/store"
)

// Ten thousand numbers in every state: nobody is forgotten, and no business account
// sees more calls than Meta allows while none of its numbers is registered.
func TestManyNumbers(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, url string) {
		w := newWorld(t, url, 1)
		var numbers []*simulator.Number
		for len(numbers) < many {
			waba := w.sim.AddWABA(simulator.WABASpec{})
			// Accounts of one number, of a few, and of a hundred that all wait for Meta.
			size, states := 1, []simulator.NumberState{simulator.Live}
			switch k := len(numbers) / 100 % 10; {
			case k < 2:
				size, states = 10, []simulator.NumberState{simulator.Live, simulator.Live, simulator.Coexistence, simulator.PendingName, simulator.Sandbox}
			case k == 2:
				size, states = 100, []simulator.NumberState{simulator.PendingName, simulator.Declined, simulator.NotVerified, simulator.PINElsewhere, simulator.Banned}
			case k < 6:
				size = 20
			}
			for i := range size {
				numbers = append(numbers, waba.AddNumber(simulator.NumberSpec{State: states[i%len(states)]}))
			}
		}
		w.storeAll(numbers)
		start := w.db.Clock.Now()
		w.rounds()
		// The first hour in the rhythm of the looks, then to the end of a second round of
		// those that are registered: six hours and a quarter of them.
		w.pass(time.Hour, time.Minute)
		seen := start.Add(2 * time.Hour)
		w.pass(7*time.Hour, 5*time.Minute)
		w.onSchedule(numbers, seen)
		for _, n := range numbers {
			if most := n.WABA().MaxCallsPerHour(); most > 200 && !anyRegistered(n.WABA()) {
				t.Errorf("account %s: %d calls within an hour", n.WABA().ID, most)
			}
			if register, _ := n.MaxCallsIn72h(); register > 6 {
				t.Errorf("number %s: %d automatic registrations", n.ID, register)
			}
		}
	})
}

func anyRegistered(w *simulator.WABA) bool {
	for _, n := range w.Numbers() {
		if n.Facts().Registered {
			return true
		}
	}
	return false
}

// onSchedule checks that every number was looked at since.
func (w *world) onSchedule(numbers []*simulator.Number, since time.Time) {
	w.t.Helper()
	gauges, err := w.db.WhatsAppGauges(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	if len(gauges) != len(numbers) {
		w.t.Fatalf("%d numbers known of %d", len(gauges), len(numbers))
	}
	states, late := map[string]int{}, 0
	for _, g := range gauges {
		states[g.State]++
		if g.SnapshotAt.Before(since) && g.ObserveAt.Before(w.db.Clock.Now()) {
			late++
		}
		if g.SnapshotAt.Before(since) && late < 5 {
			w.t.Logf("%s: state %s, last look %s, next %s", g.PhoneID, g.State, g.SnapshotAt, g.ObserveAt)
		}
	}
	if late > 0 {
		w.t.Errorf("%d numbers were not looked at since %s", late, since)
	}
	w.t.Logf("states: %v", states)
}

// storeAll makes the inboxes of many numbers in few transactions.
func (w *world) storeAll(numbers []*simulator.Number) {
	w.t.Helper()
	p := w.engines[0]
	for len(numbers) > 0 {
		part := numbers[:min(500, len(numbers))]
		numbers = numbers[len(part):]
		err := w.db.Transact(w.t.Context(), func(tx *store.Tx) error {
			for _, n := range part {
				settings, err := json.Marshal(map[string]any{
					"phone_number": n.Phone, "provider": "whatsapp_cloud", "provider_config": map[string]any{
						"api_key": n.Token(), "phone_number_id": n.ID, "business_account_id": n.WABA().ID, "source": "embedded_signup",
						"webhook_verify_token": "0123456789abcdef0123456789abcdef",
					},
				})
				if err != nil {
					return err
				}
				channel, err := tx.InsertChannel(w.t.Context(), store.NewChannel{
					AccountID: w.account, Type: "Channel::Whatsapp", Settings: settings,
					Addresses: []store.Address{{Address: chat.Address{Kind: "whatsapp", Value: n.Phone}}},
				})
				if err != nil {
					return err
				}
				inbox := store.DefaultInbox()
				inbox.AccountID, inbox.Name, inbox.ChannelID, inbox.ChannelType = w.account, n.Phone, channel, "Channel::Whatsapp"
				if _, err := tx.InsertInbox(w.t.Context(), inbox); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			w.t.Fatal(err)
		}
	}
	if err := p.Directory.Refresh(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}
