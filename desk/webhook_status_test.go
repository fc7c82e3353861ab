package desk_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"tributary/channels"
	"tributary/chat"
	"tributary/internal/testkit"
	"tributary/store/storetest"
)

// proven is a message whose request was proven.
func (w *world) proven(inbox int64, from, key string) *chat.Event {
	e := w.message(inbox, from, key, "hi")
	e.Proof = channels.ProofOK
	return e
}

// The first news is written without waiting for the clock, the rest when its time has
// come; nothing that many note at once gets lost, also when the process stops.
func TestWebhooksAreWrittenInTheBackground(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		inbox, other := w.line(1), w.line(2)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- w.desk.Webhooks.Run(ctx) }()
		w.receive(w.proven(inbox, "U1", "k1"))
		testkit.Wait(t, 20*time.Second, "the first event", func() bool {
			s, err := w.store.WebhookStatus(t.Context(), inbox)
			return err == nil && s.VerifiedAt != 0 && s.FirstEventAt != 0 && s.DisplayID == 1
		})
		w.clock.Advance(time.Second)
		later := w.clock.Now().UnixMilli() * 1000
		w.receive(w.proven(inbox, "U2", "k2")) // rests until the process stops
		var all sync.WaitGroup
		const each, several = 500, 8
		for range several {
			all.Go(func() {
				for i := range each {
					w.desk.Webhooks.Refused(other, "bad")
					w.desk.Webhooks.Refused(inbox, "cause "+strconv.Itoa(i%3))
				}
			})
		}
		all.Wait()
		stop()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		s, err := w.store.WebhookStatus(t.Context(), inbox)
		if err != nil {
			t.Fatal(err)
		}
		if s.LastEventAt != later || s.DisplayID != 2 {
			t.Errorf("the last event: %+v, want it at %d", s, later)
		}
		if got, want := fmt.Sprint(s.Refused), "map[cause 0:1336 cause 1:1336 cause 2:1328]"; got != want {
			t.Errorf("refused: got %s, want %s", got, want)
		}
		if s, err = w.store.WebhookStatus(t.Context(), other); err != nil || s.Refused["bad"] != each*several || s.VerifiedAt != 0 {
			t.Errorf("the other inbox: %+v, %v", s, err)
		}
		w.want(`SELECT COUNT(*) FROM outbox WHERE kind = 'inbox.webhook_received'`, "1")
	})
}

// What could not be written is written later.
func TestWebhooksSurviveTheDatabase(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		inbox := w.line(1)
		w.desk.Webhooks.Refused(inbox, "bad")
		w.desk.Webhooks.Proven(inbox)
		away, cancel := context.WithCancel(t.Context())
		cancel()
		w.desk.Webhooks.Flush(away)
		w.want(`SELECT COUNT(*) FROM inbox_webhooks`, "0")
		w.desk.Webhooks.Refused(inbox, "bad")
		w.clock.Advance(6 * time.Second)
		w.desk.Webhooks.Flush(t.Context())
		s, err := w.store.WebhookStatus(t.Context(), inbox)
		if err != nil || s.Refused["bad"] != 2 || s.VerifiedAt == 0 {
			t.Errorf("after it is back: %+v, %v", s, err)
		}
	})
}

// An event that was let in without proof is one, but proves nothing; one that was put
// off is none yet.
func TestUnprovenEventsVerifyNothing(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		inbox, busy := w.line(1), w.line(2)
		e := w.message(inbox, "U1", "k1", "hi")
		e.Proof = channels.ProofBad
		w.receive(e)
		w.desk.Webhooks.Flush(t.Context())
		s, err := w.store.WebhookStatus(t.Context(), inbox)
		if err != nil || s.VerifiedAt != 0 || s.FirstEventAt == 0 || s.DisplayID != 1 {
			t.Errorf("an observed event: %+v, %v", s, err)
		}
		var flood []*chat.Event
		for i := range 201 {
			flood = append(flood, w.proven(busy, "U", fmt.Sprint("f", i)))
		}
		flood[200].ReceivedAt = chat.MillisOf(w.clock.Now().Add(time.Hour))
		if out := w.receive(flood...); out[200].Until.IsZero() {
			t.Fatal("the last event is not put off")
		}
		w.desk.Webhooks.Flush(t.Context())
		if s, err = w.store.WebhookStatus(t.Context(), busy); err != nil || s.LastEventAt > w.clock.Now().UnixMicro() {
			t.Errorf("an event that was put off: %+v, %v", s, err)
		}
	})
}
