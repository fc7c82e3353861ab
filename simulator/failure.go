package simulator

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Failure says how a provider fails to send. Exactly one of its modes counts,
// in this order: Hang, Reset, Unauthorised, Refuse, Status.
type Failure struct {
	// Status is answered with the provider's own body for it: 500 and its
	// siblings, 429.
	Status int
	// RetryAfter goes with 429: header and, where the provider has one, field.
	RetryAfter time.Duration
	// Hang keeps the call open until the caller gives up or Heal; after Heal it
	// is answered as usual.
	Hang bool
	// Reset breaks the TCP connection.
	Reset bool
	// Unauthorised answers that the token is dead.
	Unauthorised bool
	// Refuse answers the provider's permanent error: no retry can help. Code and Text
	// make it another one than that of a recipient who cannot be reached; Code is for
	// the providers that number their errors (Meta, Twilio, X).
	Refuse bool
	Code   int
	Text   string
	// Times limits how many sends fail; 0: until Heal.
	Times int
	// After is how many sends succeed before the first that fails.
	After int
}

// Outage is a server error of the provider that happens so many times (0: until
// Heal).
func Outage(status, times int) Failure { return Failure{Status: status, Times: times} }

// Throttle is 429 with a time to wait.
func Throttle(after time.Duration, times int) Failure {
	return Failure{Status: http.StatusTooManyRequests, RetryAfter: after, Times: times}
}

// fault is a failure in force.
type fault struct {
	Failure
	left   int
	healed chan struct{}
}

// faults are the failures in force, by kind and by channel.
type faults struct {
	mu        sync.Mutex
	byKind    map[Kind]*fault
	byChannel map[*Channel]*fault
}

func newFault(f Failure) *fault {
	return &fault{Failure: f, left: f.Times, healed: make(chan struct{})}
}

// Fail makes all providers of a kind fail sends; it replaces an earlier
// failure of the kind.
func (s *Simulator) Fail(k Kind, f Failure) {
	s.Heal(k)
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	if s.faults.byKind == nil {
		s.faults.byKind = map[Kind]*fault{}
	}
	s.faults.byKind[k] = newFault(f)
}

// FailChannel makes one identity fail; it wins over a failure of its kind.
func (s *Simulator) FailChannel(c *Channel, f Failure) {
	s.HealChannel(c)
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	if s.faults.byChannel == nil {
		s.faults.byChannel = map[*Channel]*fault{}
	}
	s.faults.byChannel[c] = newFault(f)
}

// Heal ends the failure of a kind and lets hanging calls go on.
func (s *Simulator) Heal(k Kind) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	if f := s.faults.byKind[k]; f != nil {
		close(f.healed)
		delete(s.faults.byKind, k)
	}
}

// HealChannel ends the failure of one identity.
func (s *Simulator) HealChannel(c *Channel) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	if f := s.faults.byChannel[c]; f != nil {
		close(f.healed)
		delete(s.faults.byChannel, c)
	}
}

// take returns the failure that the next send of c meets, nil for none.
func (f *faults) take(c *Channel) *fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	hit := f.byChannel[c]
	if hit == nil {
		hit = f.byKind[c.Kind]
	}
	if hit == nil || hit.Times > 0 && hit.left == 0 {
		return nil
	}
	if hit.After > 0 {
		hit.After--
		return nil
	}
	hit.left--
	return hit
}

// hang waits until the failure is healed (true) or the caller is gone.
func (f *fault) hang(ctx context.Context) bool {
	select {
	case <-f.healed:
		return true
	case <-ctx.Done():
		return false
	}
}

// resetConn breaks the connection with a TCP reset.
func resetConn(w http.ResponseWriter) {
	h, ok := w.(http.Hijacker)
	if !ok {
		return
	}
	conn, _, err := h.Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// seconds rounds up to the whole seconds that Retry-After can say.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

func setRetryAfter(h http.Header, d time.Duration) {
	if d > 0 {
		h.Set("Retry-After", strconv.Itoa(seconds(d)))
	}
}
