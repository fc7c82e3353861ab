package simulator

import (
	"context"
	"fmt"
	"hash/maphash"
	"math"
	"sync"
	"time"
)

// Sent is one call with which the program asked a provider to send a message,
// accepted or not.
type Sent struct {
	Seq     uint64 // from 1, in order of arrival
	Kind    Kind
	Channel *Channel
	To      string   // the contact, in the provider's words
	Text    string   // text or caption
	Media   []string // addresses of attachments
	Choices []Choice // buttons or list (Twilio)
	// ProviderID is the id that was answered; empty when refused.
	ProviderID string
	// IdempotencyKey is the provider's own, where it has one (LINE).
	IdempotencyKey string
	// Callback is where the provider was asked to report delivery (Twilio).
	Callback string
	// Attempt counts calls with the same channel, contact and content, from 1.
	Attempt int
	// Status is the HTTP status of the answer; 0: none was given (a hanging or
	// a reset call).
	Status int
	// Duplicate marks the repetition of an accepted idempotency key.
	Duplicate bool
	At        time.Time // arrival of the call
}

// Accepted tells whether the provider took the message.
func (s *Sent) Accepted() bool { return s.Status >= 200 && s.Status < 300 }

// journal holds what was sent and wakes who waits for it.
type journal struct {
	mu       sync.Mutex
	keep     int
	records  []Sent
	dropped  int // records before records[0]
	attempts map[uint64]int
	accepted map[Kind]int
	next     uint64
	changed  chan struct{} // closed and replaced by every record
	streams  map[chan Sent]struct{}
}

func newJournal(keep int) *journal {
	return &journal{
		keep: keep, attempts: map[uint64]int{}, accepted: map[Kind]int{},
		changed: make(chan struct{}), streams: map[chan Sent]struct{}{},
	}
}

// attempt numbers one more call for the same content.
func (j *journal) attempt(seed maphash.Seed, c *Channel, content ...string) int {
	var h maphash.Hash
	h.SetSeed(seed)
	_, _ = h.WriteString(c.Address)
	for _, s := range content {
		_ = h.WriteByte(0)
		_, _ = h.WriteString(s)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	key := h.Sum64()
	j.attempts[key]++
	return j.attempts[key]
}

func (j *journal) add(rec Sent) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.next++
	rec.Seq = j.next
	j.records = append(j.records, rec)
	if j.keep > 0 && len(j.records) >= 2*j.keep {
		cut := len(j.records) - j.keep
		j.records = append([]Sent(nil), j.records[cut:]...)
		j.dropped += cut
	}
	if rec.Accepted() {
		j.accepted[rec.Kind]++
	}
	for ch := range j.streams {
		select {
		case ch <- rec:
		default: // documented: a slow reader loses records, not the provider time
		}
	}
	close(j.changed)
	j.changed = make(chan struct{})
}

// since returns at most limit records from index from on, the index to go on
// from, and what to wait on when there are none.
func (j *journal) since(from, limit int) (records []Sent, next int, changed <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	start := min(max(from-j.dropped, 0), len(j.records))
	end := min(start+limit, len(j.records))
	return append(records, j.records[start:end]...), j.dropped + end, j.changed
}

// Sent returns the calls so far, oldest first, within Options.Keep.
func (s *Simulator) Sent() []Sent {
	records, _, _ := s.journal.since(0, math.MaxInt32)
	return records
}

// LastSeq is the number of the latest call, 0 before the first.
func (s *Simulator) LastSeq() uint64 {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	return s.journal.next
}

// Accepted counts the messages that providers of a kind took.
func (s *Simulator) Accepted(k Kind) int {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	return s.journal.accepted[k]
}

// WaitSent returns the first call, past or future, that match admits.
func (s *Simulator) WaitSent(ctx context.Context, match func(*Sent) bool) (Sent, error) {
	from := 0
	for {
		records, next, changed := s.journal.since(from, 256)
		for i := range records {
			if match(&records[i]) {
				return records[i], nil
			}
		}
		from = next
		if len(records) > 0 {
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Sent{}, fmt.Errorf("simulator: wait for a send: %w", ctx.Err())
		case <-s.ctx.Done():
			return Sent{}, fmt.Errorf("simulator: wait for a send: %w", s.ctx.Err())
		}
	}
}

// Subscribe streams calls from now on. A reader that lets more than buffer
// calls pile up loses the rest. cancel closes the channel.
func (s *Simulator) Subscribe(buffer int) (calls <-chan Sent, cancel func()) {
	ch := make(chan Sent, max(buffer, 1))
	j := s.journal
	j.mu.Lock()
	j.streams[ch] = struct{}{}
	j.mu.Unlock()
	var once sync.Once
	return ch, func() {
		once.Do(func() {
			j.mu.Lock()
			delete(j.streams, ch)
			j.mu.Unlock()
			close(ch)
		})
	}
}
