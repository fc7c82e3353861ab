package group

import (
	"fmt"
	"sync"

	"tributary/queue"
)

// Records is a copy of the records of one append, so that the caller may reuse
// its payloads even when it stops waiting before the commit.
type Records struct {
	List  []queue.Record
	Bytes int // of all payloads, keys and channels
	buf   []byte
}

// Overhead is what an entry takes beside its payload, key and channel, in bytes,
// as far as size limits are concerned.
const Overhead = 48

// keepBuffer is the largest payload buffer kept for reuse.
const keepBuffer = 64 << 10

// Pool reuses copies of records. The zero value is ready.
type Pool struct{ p sync.Pool }

// Copy checks the partitions and copies records.
func (p *Pool) Copy(partitions int, records []queue.Record) (*Records, error) {
	size, payload := 0, 0
	for i := range records {
		r := &records[i]
		if r.Partition < 0 || r.Partition >= partitions {
			return nil, fmt.Errorf("queue: partition %d is not in 0..%d", r.Partition, partitions-1)
		}
		size += Size(r)
		payload += len(r.Payload)
	}
	c, _ := p.p.Get().(*Records)
	if c == nil {
		c = &Records{}
	}
	if cap(c.buf) < payload {
		c.buf = make([]byte, 0, payload)
	}
	c.buf, c.List, c.Bytes = c.buf[:0], append(c.List[:0], records...), size
	for i := range c.List {
		from := len(c.buf)
		c.buf = append(c.buf, c.List[i].Payload...)
		c.List[i].Payload = c.buf[from:len(c.buf):len(c.buf)]
	}
	return c, nil
}

// Put gives a copy back that the committer is through with.
func (p *Pool) Put(c *Records) {
	clear(c.List)
	if cap(c.buf) > keepBuffer {
		c.buf = nil
	}
	p.p.Put(c)
}

// Size is what a record counts for in size limits.
func Size(r *queue.Record) int {
	return len(r.Payload) + len(r.Key) + len(r.Channel) + Overhead
}
