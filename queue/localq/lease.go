package localq

import (
	"context"
	"fmt"
	"time"

	"tributary/queue"
)

// Lease implements queue.Log.
func (l *Log) Lease(ctx context.Context, partition int, owner string, ttl time.Duration) (queue.Reader, error) {
	if partition < 0 || partition >= l.opt.Partitions {
		return nil, fmt.Errorf("queue: partition %d is not in 0..%d", partition, l.opt.Partitions-1)
	}
	if owner == "" || ttl <= 0 {
		return nil, fmt.Errorf("queue: a lease needs an owner and a time, not %q and %v", owner, ttl)
	}
	o := &leaseOp{partition: partition, owner: owner, ttl: ttl}
	if err := l.do(context.WithoutCancel(ctx), o); err != nil {
		return nil, err
	}
	return &reader{log: l, partition: partition, token: o.token, upTo: o.upTo}, nil
}

type leaseOp struct {
	partition int
	owner     string
	ttl       time.Duration
	token     uint64 // result
	upTo      int64  // result: what predecessors had read
}

func (*leaseOp) durable() bool { return false }

func (o *leaseOp) apply(l *Log) error {
	now := l.opt.Now()
	p := l.parts[o.partition]
	if p.owner != "" && p.owner != o.owner && now.Before(p.expires) {
		return queue.ErrLeased
	}
	if !p.released {
		if err := l.countLost(o.partition, p); err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	p.token++
	p.owner, p.ttl, p.expires = o.owner, o.ttl, now.Add(o.ttl)
	if p.released {
		p.released, p.dirty = false, true
	}
	o.token, o.upTo = p.token, p.read
	return nil
}

// renewOp prolongs a lease, releaseOp ends it. They go through the writer so that
// they keep their place among the other operations.
type renewOp struct {
	partition int
	token     uint64
}

func (*renewOp) durable() bool { return false }

func (o *renewOp) apply(l *Log) error {
	now := l.opt.Now()
	p := l.parts[o.partition]
	if err := p.fence(o.token, now); err != nil {
		return err
	}
	l.mu.Lock()
	p.expires = now.Add(p.ttl)
	l.mu.Unlock()
	return nil
}

type releaseOp struct {
	partition int
	token     uint64
}

func (*releaseOp) durable() bool { return false }

func (o *releaseOp) apply(l *Log) error {
	p := l.parts[o.partition]
	if err := p.fence(o.token, l.opt.Now()); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	p.token++
	p.owner, p.expires = "", time.Time{}
	p.released, p.dirty = true, true
	return nil
}
