package whatsapp_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"tributary/simulator"
	"tributary/store"
	"tributary/whatsapp"
)

// crashing is the way to Meta of a process that may die at a registration: after
// the attempt was committed and before the call, or after the call and before its
// answer. The dead goroutine stays where it is until the test is over, and then
// finds out that nobody waits for it.
type crashing struct {
	next http.RoundTripper
	mu   sync.Mutex
	rnd  *rand.Rand
	one  int // a crash in so many registrations; 0: none
	dead chan struct{}
	end  chan struct{}
}

var errDead = errors.New("the process is dead")

func (c *crashing) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/register") {
		return c.next.RoundTrip(r)
	}
	c.mu.Lock()
	die, before := c.one > 0 && c.rnd.IntN(c.one) == 0, c.rnd.IntN(2) == 0
	c.mu.Unlock()
	if !die {
		return c.next.RoundTrip(r)
	}
	if !before {
		res, err := c.next.RoundTrip(r)
		if err == nil {
			_ = res.Body.Close()
		}
	}
	select {
	case c.dead <- struct{}{}:
	default:
	}
	<-c.end
	return nil, errDead
}

// Whatever happens, Meta's cap on registrations holds: with four processes on one
// database that look after the same 200 numbers, with numbers that change all the
// time, people who press the button, and processes that die between the attempt's
// commit and its answer.
func TestBudgetHolds(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, url string) {
		const processes, accounts, each = 4, 20, 10
		w := newWorld(t, url, 1)
		rnd := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test that can be repeated
		states := []simulator.NumberState{
			simulator.PendingName, simulator.PendingName, simulator.Declined, simulator.NotVerified, simulator.PINElsewhere,
			simulator.ExistingAccount, simulator.IncompleteDeregistration, simulator.Flaky(3), simulator.Approved, simulator.Live,
		}
		var numbers []*simulator.Number
		inboxes := map[string]int64{}
		for a := range accounts {
			waba := w.sim.AddWABA(simulator.WABASpec{})
			for i := range each {
				n := waba.AddNumber(simulator.NumberSpec{State: states[(a+i)%len(states)]})
				numbers = append(numbers, n)
				inboxes[n.ID] = w.store(n)
			}
		}
		w.patience = 500 * time.Millisecond
		end := make(chan struct{})
		defer close(end)
		crews := make([]*crew, processes)
		for i := range crews {
			crews[i] = w.crew(rnd.Uint64(), end)
		}
		dead := 0
		for step := range 160 {
			w.db.Clock.Advance(30 * time.Minute)
			for range 6 {
				stir(rnd, numbers[rnd.IntN(len(numbers))])
			}
			var round sync.WaitGroup
			for _, c := range crews {
				c.begin(t, &round)
			}
			for range 3 {
				n, c := numbers[rnd.IntN(len(numbers))], crews[rnd.IntN(len(crews))]
				round.Go(func() { c.press(t, inboxes[n.ID]) })
			}
			for i, c := range crews {
				if c.died(&round) {
					dead++
					crews[i] = w.crew(rnd.Uint64(), end)
				}
			}
			if step%20 == 0 {
				t.Logf("hour %d: %d processes have died", step/2, dead)
			}
		}
		calls := 0
		for _, n := range numbers {
			register, deregister := n.MaxCallsIn72h()
			if register > 10 || deregister > 10 {
				t.Errorf("number %s: %d registrations, %d deregistrations within 72 h", n.ID, register, deregister)
			}
			for _, c := range n.RegisterCalls() {
				if !c.Deregister {
					calls++
				}
			}
		}
		logged := 0
		for _, id := range inboxes {
			for page := 0; ; page += 500 {
				list, err := w.db.WhatsAppAttempts(t.Context(), id, 500, page)
				if err != nil {
					t.Fatal(err)
				}
				for _, a := range list {
					if a.Call == store.CallRegister {
						logged++
					}
				}
				if len(list) < 500 {
					break
				}
			}
		}
		if logged < calls {
			t.Errorf("%d calls of register at Meta, %d in the log of attempts", calls, logged)
		}
		if dead == 0 || calls < len(numbers) {
			t.Errorf("%d processes died, %d calls: too little happened to prove anything", dead, calls)
		}
		t.Logf("%d numbers, %d calls, %d attempts logged, %d processes died", len(numbers), calls, logged, dead)
	})
}

// stir changes what Meta says of a number.
func stir(rnd *rand.Rand, n *simulator.Number) {
	switch rnd.IntN(6) {
	case 0:
		n.ApproveName(simulator.Silently())
	case 1:
		n.DeclineName("NAME_FORMAT_UNACCEPTABLE", simulator.Silently())
	case 2:
		n.Change(func(f *simulator.Facts) {
			if !f.Registered {
				f.NameStatus = "PENDING_REVIEW"
			}
		})
	case 3:
		n.Verify()
	case 4:
		n.ExpireCode()
	case 5:
		n.Change(func(f *simulator.Facts) {
			if !f.Registered {
				f.Status = []string{"PENDING", "UNVERIFIED", "CONNECTED"}[rnd.IntN(3)]
			}
		})
	}
}

// crew is a process that may die.
type crew struct {
	*process
	way *crashing
}

func (w *world) crew(seed uint64, end chan struct{}) *crew {
	way := &crashing{
		next: &http.Transport{MaxIdleConnsPerHost: 32}, rnd: rand.New(rand.NewPCG(seed, 7)), one: 25, //nolint:gosec // repeatable
		dead: make(chan struct{}, 1), end: end,
	}
	return &crew{process: w.processOver(w.open(), &http.Client{Transport: way}), way: way}
}

// begin looks after what is due, as one part of a round.
func (c *crew) begin(t *testing.T, round *sync.WaitGroup) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := c.Adopt(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
		for {
			n, err := c.Round(t.Context())
			if err != nil && t.Context().Err() == nil {
				t.Error(err)
			}
			if n == 0 || err != nil {
				return
			}
		}
	}()
	round.Go(func() {
		select {
		case <-done:
		case <-c.way.dead:
			c.way.dead <- struct{}{} // for died
		}
	})
}

// press is an administrator with the button.
func (c *crew) press(t *testing.T, inbox int64) {
	_, err := c.RegisterNumber(t.Context(), whatsapp.RegisterRequest{InboxID: inbox, UserID: 1})
	if _, refused := errors.AsType[*whatsapp.Refused](err); err != nil && !refused && t.Context().Err() == nil {
		t.Error(fmt.Errorf("press: %w", err))
	}
}

// died waits for the round and tells whether the process is dead.
func (c *crew) died(round *sync.WaitGroup) bool {
	round.Wait()
	select {
	case <-c.way.dead:
		return true
	default:
		return false
	}
}
