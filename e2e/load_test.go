package e2e_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"tributary/simulator"
)

// load delivers numbered messages of many contacts the way a provider does: each
// contact's one after the other, and each again until it is answered 2xx.
type load struct {
	t        testing.TB
	p        *program
	ch       *simulator.Channel
	contacts int

	stop   chan struct{}
	done   sync.WaitGroup
	mu     sync.Mutex
	acked  []int // by contact: how many were answered 2xx
	worst  time.Duration
	denied int // answers that were not 2xx
}

// numbered is the text of a contact's n-th message.
func numbered(contact, n int) string { return fmt.Sprintf("%d/%d", contact, n) }

// begin starts the senders; pause is between two messages of a contact. first is
// the number of each contact's first message: those before it are stored already.
func begin(p *program, ch *simulator.Channel, contacts, first int, pause time.Duration) *load {
	l := &load{t: p.t, p: p, ch: ch, contacts: contacts, stop: make(chan struct{}), acked: make([]int, contacts)}
	for c := range contacts {
		l.acked[c] = first
	}
	for c := range contacts {
		l.done.Go(func() { l.sender(c, pause) })
	}
	return l
}

func (l *load) sender(contact int, pause time.Duration) {
	person := l.ch.Person(contact)
	l.mu.Lock()
	first := l.acked[contact]
	l.mu.Unlock()
	for n := first; ; n++ {
		d, err := l.p.sim.Build(l.ch, simulator.Incoming{From: person.From, Name: person.Name, Text: numbered(contact, n)}, l.p.base)
		if err != nil {
			l.t.Errorf("build: %v", err)
			return
		}
		if !l.deliver(contact, d) {
			return
		}
		select {
		case <-l.stop:
			return
		case <-time.After(pause):
		}
	}
}

// deliver posts until the answer is 2xx; false when the load ends first.
func (l *load) deliver(contact int, d *simulator.Delivery) bool {
	for {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		started := time.Now()
		answer, err := l.p.sim.Post(ctx, l.p.base, d)
		cancel()
		if err == nil && answer.OK() {
			l.mu.Lock()
			l.acked[contact]++
			l.worst = max(l.worst, time.Since(started))
			l.mu.Unlock()
			return true
		}
		l.mu.Lock()
		l.denied++
		l.mu.Unlock()
		select {
		case <-l.stop:
			return false
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// end stops the senders. What was delivered last and not answered may or may not
// be in the queue.
func (l *load) end() {
	close(l.stop)
	l.done.Wait()
}

// total is how many were answered 2xx.
func (l *load) total() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, a := range l.acked {
		n += a
	}
	return n
}

// check compares the store with what was answered: nothing lost, nothing twice,
// nothing out of order.
func (l *load) check() {
	l.t.Helper()
	db := l.p.database()
	lost, doubled, disordered := 0, 0, 0
	for contact := range l.contacts {
		got := texts(l.t, db, `SELECT m.content FROM messages m JOIN conversations c ON c.id = m.conversation_id
			JOIN contact_inboxes i ON i.id = c.contact_inbox_id WHERE i.source_id = $1 AND m.message_type = 0 ORDER BY m.id`,
			l.ch.Person(contact).From)
		seen := map[string]int{}
		last := -1
		for _, text := range got {
			seen[text]++
			var c, n int
			if _, err := fmt.Sscanf(text, "%d/%d", &c, &n); err != nil || c != contact {
				l.t.Errorf("contact %d has message %q", contact, text)
			}
			if n < last {
				disordered++
			}
			last = n
		}
		for n := range l.acked[contact] {
			switch seen[numbered(contact, n)] {
			case 0:
				lost++
			case 1:
			default:
				doubled++
			}
		}
	}
	l.t.Logf("%s: %d webhooks answered 2xx (%d other answers), lost %d, doubled %d, out of order %d, slowest answer %s",
		l.p.backend.Name, l.total(), l.denied, lost, doubled, disordered, l.worst.Round(time.Millisecond))
	if lost+doubled+disordered > 0 {
		l.t.Errorf("lost %d, doubled %d, out of order %d", lost, doubled, disordered)
	}
}

// drained waits until everything that was answered is stored.
func (l *load) drained(bound time.Duration) {
	l.t.Helper()
	db := l.p.database()
	want := l.total()
	end := time.Now().Add(bound)
	for {
		n, err := strconv.Atoi(texts(l.t, db, `SELECT COUNT(*) FROM messages WHERE message_type = 0`)[0])
		if err != nil {
			l.t.Fatal(err)
		}
		if n >= want {
			return
		}
		if time.Now().After(end) {
			l.t.Logf("only %d of %d messages are stored after %s", n, want, bound)
			return // check tells what is missing
		}
		time.Sleep(50 * time.Millisecond)
	}
}
