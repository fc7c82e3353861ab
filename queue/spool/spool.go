// Package spool lets an edge go on accepting while the log it appends to is away:
// records go to a local log and are forwarded, in order, when the other returns.
//
// While the spool holds anything, new records go there too, so that the records of
// a key stay in order. A record may be spooled although the primary had stored it,
// when its answer did not arrive in time, and a batch may be forwarded twice for
// the same reason: then it is in the primary twice. That is meant: the store
// applies an event once, by its ingest key.
package spool

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"tributary/queue"
)

// Options of a Spool. The zero value is usable.
type Options struct {
	// Owner names this process in the local log's lease, "spool" when empty.
	Owner string
	// Logger is told when spooling begins and ends, and of records that cannot be
	// forwarded; slog.Default() when nil.
	Logger *slog.Logger
}

// Spool appends to a primary log, or to a local one while the primary is away.
type Spool struct {
	primary, local queue.Log
	owner          string
	logger         *slog.Logger

	// mu makes the decision where to append and the switch back exclude each
	// other; it is never held while a log is written.
	mu       sync.Mutex
	spooling bool
	depth    int64 // records in the local log or on their way into it
}

// New makes a Spool. local has one partition and serves nobody else; when it still
// holds records, spooling goes on. Run must run for them to be forwarded.
func New(ctx context.Context, primary, local queue.Log, opt Options) (*Spool, error) {
	if n := local.Partitions(); n != 1 {
		return nil, fmt.Errorf("spool: the local log has %d partitions, not 1", n)
	}
	if opt.Owner == "" {
		opt.Owner = "spool"
	}
	if opt.Logger == nil {
		opt.Logger = slog.Default()
	}
	stats, err := local.Stats(ctx)
	if err != nil {
		return nil, fmt.Errorf("spool: look into the local log: %w", err)
	}
	p := stats.Partitions[0]
	depth := p.Waiting + p.Pending + p.Delayed
	return &Spool{
		primary: primary, local: local, owner: opt.Owner, logger: opt.Logger,
		spooling: depth > 0, depth: depth,
	}, nil
}

// Append stores all records durably, in the primary or in the spool. It fails with
// queue.ErrUnavailable or queue.ErrFull when neither takes them, and like
// queue.Log otherwise. When ctx ends first, the records may or may not have been
// stored.
func (s *Spool) Append(ctx context.Context, records ...queue.Record) error {
	if len(records) == 0 {
		return nil
	}
	if n := s.primary.Partitions(); !fit(records, n) {
		return fmt.Errorf("spool: a record's partition is not in 0..%d", n-1)
	}
	if s.enter(len(records)) {
		return s.appendLocal(ctx, records)
	}
	err := s.primary.Append(ctx, records...)
	if err == nil || !away(err) {
		return err
	}
	s.begin(len(records), err)
	if spoolErr := s.appendLocal(ctx, records); spoolErr != nil {
		return fmt.Errorf("%w (after %w)", spoolErr, err)
	}
	return nil
}

// away tells whether an append may go to the spool instead: the primary failed or
// was too slow, rather than that the caller gave up.
func away(err error) bool {
	return errors.Is(err, queue.ErrUnavailable) || errors.Is(err, queue.ErrFull) || errors.Is(err, context.DeadlineExceeded)
}

func fit(records []queue.Record, partitions int) bool {
	for i := range records {
		if p := records[i].Partition; p < 0 || p >= partitions {
			return false
		}
	}
	return true
}

// enter tells whether records have to go to the spool, and counts them there if
// so: from here on the spool is not empty.
func (s *Spool) enter(n int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.spooling {
		s.depth += int64(n)
	}
	return s.spooling
}

func (s *Spool) begin(n int, cause error) {
	s.mu.Lock()
	began := !s.spooling
	s.spooling = true
	s.depth += int64(n)
	s.mu.Unlock()
	if began {
		s.logger.Warn("queue is away, spooling locally", "error", cause)
	}
}

// left takes records out of the count.
func (s *Spool) left(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// A local append that failed may have been written: then more is forwarded
	// than was counted.
	s.depth = max(s.depth-int64(n), 0)
}

// end goes back to the primary when the spool is empty and nothing is on its way
// into it.
func (s *Spool) end() {
	s.mu.Lock()
	ended := s.spooling && s.depth == 0
	if ended {
		s.spooling = false
	}
	s.mu.Unlock()
	if ended {
		s.logger.Info("spool is empty, appending to the queue again")
	}
}

// appendLocal stores records that were counted already. It does not end with ctx:
// the deadline may have been used up by the primary, and the count must be right;
// a write to the local disk is short.
func (s *Spool) appendLocal(ctx context.Context, records []queue.Record) error {
	packed := make([]queue.Record, len(records))
	for i := range records {
		packed[i] = pack(records[i])
	}
	if err := s.local.Append(context.WithoutCancel(ctx), packed...); err != nil {
		s.left(len(records))
		s.end()
		return fmt.Errorf("spool: %w", err)
	}
	return nil
}

// pack puts a record's own partition before its payload.
func pack(r queue.Record) queue.Record {
	payload := make([]byte, 0, binary.MaxVarintLen64+len(r.Payload))
	payload = binary.AppendUvarint(payload, uint64(r.Partition))
	return queue.Record{Key: r.Key, Channel: r.Channel, Payload: append(payload, r.Payload...)}
}

// unpack undoes pack. Where the primary has fewer partitions than when the record
// was spooled, the partition is taken modulo their number.
func unpack(r queue.Record, partitions int) (queue.Record, error) {
	p, n := binary.Uvarint(r.Payload)
	if n <= 0 {
		return queue.Record{}, errors.New("spool: a record without its partition")
	}
	r.Partition = int(p % uint64(partitions))
	r.Payload = r.Payload[n:]
	return r, nil
}

// Depth is how many records wait to be forwarded.
func (s *Spool) Depth() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.depth
}

// Spooling tells whether appends go to the spool.
func (s *Spool) Spooling() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.spooling
}

// Bytes is how large what is in the spool is.
func (s *Spool) Bytes(ctx context.Context) (int64, error) {
	stats, err := s.local.Stats(ctx)
	return stats.Bytes, err
}
