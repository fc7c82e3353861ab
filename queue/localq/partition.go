package localq

import (
	"slices"
	"time"

	"tributary/queue"
)

// partition is the state of one partition in memory, guarded by Log.mu.
type partition struct {
	last  int64 // sequence number of the newest entry
	read  int64 // all up to here were handed to a reader
	acked int64 // all up to here are done, delayed or dead

	pend     []pending          // in (acked, read], ascending
	given    map[int64]struct{} // delayed entries that were handed out again
	delayed  int64              // delayed entries that wait for their time
	released bool               // the last owner gave the partition back

	owner   string
	token   uint64
	ttl     time.Duration
	expires time.Time

	wake  chan struct{} // closed when there is something to look at
	dirty bool          // the cursors changed in this transaction
}

// pending is an entry that was read. gone: acknowledged out of order, or moved to
// the delayed or dead ones.
type pending struct {
	seq  int64
	size int32
	gone bool
}

// find gives the place of a pending entry, or -1.
func (p *partition) find(seq int64) int {
	i, ok := slices.BinarySearchFunc(p.pend, seq, func(e pending, seq int64) int {
		switch {
		case e.seq < seq:
			return -1
		case e.seq > seq:
			return 1
		}
		return 0
	})
	if !ok || p.pend[i].gone {
		return -1
	}
	return i
}

// advance moves the acknowledged cursor over everything that is gone.
func (p *partition) advance() {
	n := 0
	for n < len(p.pend) && p.pend[n].gone {
		n++
	}
	acked := p.read
	if n < len(p.pend) {
		acked = p.pend[n].seq - 1
	}
	p.pend = slices.Delete(p.pend, 0, n)
	if acked != p.acked {
		p.acked, p.dirty = acked, true
	}
}

func (p *partition) pending() int64 {
	n := int64(len(p.given))
	for i := range p.pend {
		if !p.pend[i].gone {
			n++
		}
	}
	return n
}

func (p *partition) wakeAll() {
	if p.wake != nil {
		close(p.wake)
		p.wake = nil
	}
}

// waker gives the channel that the next change closes.
func (p *partition) waker() <-chan struct{} {
	if p.wake == nil {
		p.wake = make(chan struct{})
	}
	return p.wake
}

// fence fails unless token is that of the running lease.
func (p *partition) fence(token uint64, now time.Time) error {
	if p.token != token || !now.Before(p.expires) {
		return queue.ErrLeaseLost
	}
	return nil
}
