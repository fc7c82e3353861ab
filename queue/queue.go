// Package queue is the durable, partitioned log between the edge and the
// workers. redisq keeps it in Redis Streams, localq in an SQLite file; queuetest
// holds both to the same behaviour.
//
// Order is kept within a partition. Delivery is at least once: an entry that was
// read and not acknowledged is read again by whoever leases the partition next,
// before anything newer. Acknowledged entries stay for inspection and replay
// until retention removes them; retention never removes what was not
// acknowledged.
package queue

import (
	"context"
	"errors"
	"time"
)

// Errors of a Log.
var (
	// ErrUnavailable: the log's storage cannot be reached or written; nothing was
	// appended as far as we know.
	ErrUnavailable = errors.New("queue: storage unavailable")
	// ErrFull: the log has reached its size limit.
	ErrFull = errors.New("queue: full")
	// ErrLeased: another owner holds the partition.
	ErrLeased = errors.New("queue: partition leased by another owner")
	// ErrLeaseLost: the lease expired or was taken over; stop working on it.
	ErrLeaseLost = errors.New("queue: lease lost")
	// ErrNotFound: no such entry.
	ErrNotFound = errors.New("queue: no such entry")
	// ErrClosed: the log was closed.
	ErrClosed = errors.New("queue: closed")
)

// Record is something to append. Payload is not kept after Append returns.
type Record struct {
	Partition int
	Key       string // order key: what must stay in order
	Channel   string // driver slug, for stats and filters
	Payload   []byte
}

// States of an entry.
const (
	StateWaiting = "waiting" // not yet read
	StatePending = "pending" // read, not acknowledged
	StateDelayed = "delayed" // put off until Due
	StateDead    = "dead"    // given up, with Reason
	StateDone    = "done"    // acknowledged, kept for replay
)

// Entry is a stored record.
type Entry struct {
	ID string // unique in the log: "<partition>-<sequence>" in a form of the implementation
	Record
	State      string
	AppendedAt time.Time
	Due        time.Time // delayed: when it is read again
	Attempts   int       // how often it was given back by Delay, Dead or a lost lease
	Reason     string    // dead, delayed: why
	DiedAt     time.Time
}

// Log is the durable log. All methods are safe for concurrent use.
type Log interface {
	// Append stores all records or none and returns when they are durable.
	// Concurrent calls share one round trip and one fsync. The order of records
	// of one call, and of calls one after the other, is kept per partition.
	Append(ctx context.Context, records ...Record) error
	// Partitions is their number; partitions are 0..n-1.
	Partitions() int
	// Lease takes a partition for ttl. It fails with ErrLeased while another
	// owner's lease runs. A lease is renewed by Reader.Renew only.
	Lease(ctx context.Context, partition int, owner string, ttl time.Duration) (Reader, error)
	// Stats counts what is in the log.
	Stats(ctx context.Context) (Stats, error)
	// List shows entries, oldest first (dead: newest first).
	List(ctx context.Context, f Filter) ([]Entry, error)
	// Show gives one entry in any state.
	Show(ctx context.Context, id string) (Entry, error)
	// Replay appends a copy of a dead or done entry to its partition and, when it
	// was dead, removes it from the dead letters, in one step.
	Replay(ctx context.Context, id string) error
	// Discard removes a dead letter for good.
	Discard(ctx context.Context, id string) error
	// Trim applies retention: acknowledged entries older than maxAge go, and the
	// oldest acknowledged ones while the log is larger than maxBytes (0: no
	// limit).
	Trim(ctx context.Context, maxAge time.Duration, maxBytes int64) (removed int64, err error)
	// Ping tells whether the storage answers.
	Ping(ctx context.Context) error
	// Close releases the storage. Appends under way finish or fail.
	Close() error
}

// Reader reads one leased partition. It is used by one goroutine; Renew may be
// called from another. Every method fails with ErrLeaseLost once the lease is
// somebody else's: acknowledging is fenced, so an owner that was paused too long
// cannot disturb its successor.
type Reader interface {
	// Next gives up to max entries in order: first what was read before and not
	// acknowledged (by this owner or a predecessor), then delayed entries that
	// are due, then new ones. It waits up to wait for the first one and returns
	// none when nothing came. An entry that Next returned is not returned again
	// by this reader unless it was delayed.
	Next(ctx context.Context, max int, wait time.Duration) ([]Entry, error)
	// Ack marks entries as applied.
	Ack(ctx context.Context, entries ...Entry) error
	// Delay puts an entry off until due, with its attempts increased. Entries of
	// the same key that are read meanwhile are the caller's to delay too.
	Delay(ctx context.Context, e Entry, due time.Time, reason string) error
	// Delayed lists the keys of delayed entries with the latest due time.
	Delayed(ctx context.Context) (map[string]time.Time, error)
	// Dead moves an entry to the dead letters.
	Dead(ctx context.Context, e Entry, reason string) error
	// Renew prolongs the lease by its ttl.
	Renew(ctx context.Context) error
	// Release gives the partition back. What was read and not acknowledged is
	// read again by the next owner.
	Release(ctx context.Context) error
}

// Filter chooses entries. Empty fields match all; Limit 0 is 100.
type Filter struct {
	State   string // StateDead, StatePending, StateDelayed, StateWaiting, StateDone
	Channel string
	Limit   int
	// Brief leaves the payloads out: many entries are looked through for their state.
	Brief bool
}

// Stats counts entries.
type Stats struct {
	Partitions []PartitionStats
	Dead       map[string]int64 // by channel
	Bytes      int64            // approximate size
}

// PartitionStats counts one partition.
type PartitionStats struct {
	Partition int
	Waiting   int64
	Pending   int64
	Delayed   int64
	OldestAge time.Duration // of the oldest entry not yet acknowledged
	Owner     string        // of the lease, empty when free
}
