package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/simulator"
	"tributary/store/storetest"
)

// TestKilledUnderLoad kills the process at random moments, several times, while
// webhooks come in and replies go out, and counts: nothing that was answered 2xx
// is lost, doubled, or out of order, and every reply that the API accepted
// reaches its provider.
func TestKilledUnderLoad(t *testing.T) {
	const kills = 6
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		p := prepare(t, b, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.Line}}})
		extra := map[string]string{"CONVERSATION_MESSAGE_PER_MINUTE_LIMIT": "0", "QUEUE_LEASE": "1s"}
		p.run(extra)
		ch := p.sim.Channel(simulator.Line)
		p.connect(ch)
		const contacts = 40
		for c := range contacts {
			p.deliver(ch, incoming(ch, c, numbered(c, 0))) // so that there are conversations to reply in
		}
		p.stop()
		child := p.spawn(extra)
		l := begin(p, ch, contacts, 1, 2*time.Millisecond)
		replies := beginReplies(p, contacts)
		for range kills {
			time.Sleep(300*time.Millisecond + rand.N(1500*time.Millisecond)) // the random moment is the point
			child.kill()
			child.start()
		}
		replies.end()
		l.end()
		l.drained(60 * time.Second)
		l.check()
		replies.check(ch, child)
	})
}

// replies are written through the API all the time.
type replies struct {
	p        *program
	stop     chan struct{}
	done     sync.WaitGroup
	mu       sync.Mutex
	accepted []string
	refused  int // answers that were not 200, and none
}

func beginReplies(p *program, conversations int) *replies {
	r := &replies{p: p, stop: make(chan struct{})}
	for c := range 4 {
		r.done.Go(func() {
			for n := 0; ; n++ {
				text := fmt.Sprintf("reply %d-%d", c, n)
				taken := r.write(1+(c+4*n)%conversations, text)
				r.mu.Lock()
				if taken {
					r.accepted = append(r.accepted, text)
				} else {
					r.refused++
				}
				r.mu.Unlock()
				select {
				case <-r.stop:
					return
				case <-time.After(10 * time.Millisecond):
				}
			}
		})
	}
	return r
}

// write posts one reply; a process that was killed meanwhile does not answer.
func (r *replies) write(conversation int, text string) bool {
	req, err := http.NewRequest(http.MethodPost, fmt.Sprintf("%s/api/v1/accounts/%d/conversations/%d/messages", r.p.base, r.p.account, conversation),
		strings.NewReader(`{"content":"`+text+`"}`))
	if err != nil {
		r.p.t.Errorf("reply: %v", err)
		return false
	}
	req.Header.Set("api_access_token", r.p.token)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return res.StatusCode == http.StatusOK
}

func (r *replies) end() {
	close(r.stop)
	r.done.Wait()
}

// check waits until the provider has every reply that was accepted. A reply may
// be sent twice when the process died between the provider's answer and our
// commit (a LINE reply by token has no retry key): each is counted and logged.
func (r *replies) check(ch *simulator.Channel, child *process) {
	t := r.p.t
	t.Helper()
	got := map[string]int{}
	missing := func() int {
		clear(got)
		for _, s := range r.p.sim.Sent() {
			if s.Channel == ch && s.Accepted() && !s.Duplicate {
				got[s.Text]++
			}
		}
		n := 0
		for _, text := range r.accepted {
			if got[text] == 0 {
				n++
			}
		}
		return n
	}
	end := time.Now().Add(60 * time.Second)
	for missing() > 0 && time.Now().Before(end) {
		time.Sleep(50 * time.Millisecond)
	}
	uncertain := child.logged("sending again what a crashed process may have sent")
	lost, doubled := missing(), 0
	for _, text := range r.accepted {
		if got[text] > 1 {
			doubled++
		}
	}
	t.Logf("%s: %d replies accepted, lost %d; after crashes %d were sent again, of which the provider had %d already",
		r.p.backend.Name, len(r.accepted), lost, uncertain, doubled)
	if lost > 0 {
		t.Errorf("replies lost %d", lost)
	}
	if doubled > uncertain {
		t.Errorf("%d replies were sent twice, only %d of them are accounted for", doubled, uncertain)
	}
}
