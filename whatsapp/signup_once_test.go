package whatsapp_test

import (
	"context"
	"testing"

	"tributary/channels"
	"tributary/desk"
	"tributary/simulator"
	"tributary/whatsapp"
)

// overtaken stores an inbox, and then lets another process look after its number
// before whoever stored it can.
type overtaken struct {
	*desk.Desk
	w *world
}

func (o overtaken) CreateInbox(ctx context.Context, d channels.Driver, in desk.NewInbox) (int64, error) {
	id, err := o.Desk.CreateInbox(ctx, d, in)
	o.w.rounds()
	return id, err
}

func (o overtaken) UpdateInbox(ctx context.Context, change desk.InboxChange) error {
	err := o.Desk.UpdateInbox(ctx, change)
	o.w.rounds()
	return err
}

// TestSignupRegistersOnce: a number that another process has tried to register by the
// time that the browser's own attempt would begin is not tried twice: Meta counts.
func TestSignupRegistersOnce(t *testing.T) {
	backends(t, func(t *testing.T, url string) {
		w := newWorld(t, url, 2)
		n := w.sim.PendingNumber()
		p := w.engines[0]
		signup := whatsapp.Signup{AccountID: w.account, UserID: 1, WABA: n.WABA().ID, PhoneID: n.ID}
		for tries := 1; tries <= 2; tries++ { // connected, then connected again
			signup.Code = w.sim.SignupCode(n.WABA())
			done, err := p.Connect(t.Context(), overtaken{p.desk, w}, signup)
			if err != nil {
				t.Fatal(err)
			}
			if done.Registration.State != "waiting_for_meta" || done.Registration.Attempts != tries || len(n.RegisterCalls()) != tries {
				t.Fatalf("sign-up %d: %+v after %d calls", tries, done.Registration, len(n.RegisterCalls()))
			}
			signup.InboxID = done.InboxID
		}
		// Nobody was faster: the browser's own attempt is made.
		other := w.sim.AddWABA(simulator.WABASpec{}).AddNumber(simulator.NumberSpec{State: simulator.Approved})
		w.connect(other)
		if len(other.RegisterCalls()) != 1 {
			t.Errorf("%d calls of an approved number", len(other.RegisterCalls()))
		}
	})
}
