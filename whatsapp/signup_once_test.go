package whatsapp_test

import (
	"context"
	"testing"
	"time"

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
		signup := whatsapp.Signup{AccountID: w.account, By: desk.Actor{UserID: 1}, WABA: n.WABA().ID, PhoneID: n.ID}
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

// TestSignupOfBusyAccount: while somebody else looks after the account for longer than
// people wait, the inbox is stored all the same, and whoever looks after it registers
// the number, once.
func TestSignupOfBusyAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", 0)
	w.patience = 100 * time.Millisecond
	p := w.process(w.db.Store)
	n := w.sim.PendingNumber()
	if err := w.db.EnsureWhatsAppBusiness(t.Context(), n.WABA().ID); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := w.db.LeaseWhatsAppBusiness(t.Context(), n.WABA().ID, "somebody", time.Minute); err != nil || !ok {
		t.Fatal(ok, err)
	}
	done, err := p.Connect(t.Context(), p.desk, whatsapp.Signup{
		AccountID: w.account, By: desk.Actor{UserID: 1}, Code: w.sim.SignupCode(n.WABA()), WABA: n.WABA().ID, PhoneID: n.ID,
	})
	if err != nil || done.InboxID == 0 || done.Registration.State != "unknown" || len(n.RegisterCalls()) != 0 {
		t.Fatalf("%+v, %v, %d calls", done, err, len(n.RegisterCalls()))
	}
	if err := w.db.ReleaseWhatsAppBusiness(t.Context(), n.WABA().ID, "somebody", time.Time{}); err != nil {
		t.Fatal(err)
	}
	w.rounds()
	w.state(n, "waiting_for_meta", "wait_for_display_name")
	if len(n.RegisterCalls()) != 1 {
		t.Errorf("%d calls", len(n.RegisterCalls()))
	}
}
