// Package operator is what those do who run the installation: see what is wrong and
// why, look into the queue, replay and discard dead letters. The command line and the
// API call the same use-cases. What a process cannot know of others is said to be
// unknown, never to be nothing.
package operator

import (
	"context"
	"log/slog"
	"time"

	"tributary/chat"
	"tributary/desk"
	"tributary/queue"
	"tributary/store"
)

// Queue is what an operator does with the queue.
type Queue interface {
	Stats(ctx context.Context) (queue.Stats, error)
	List(ctx context.Context, f queue.Filter) ([]queue.Entry, error)
	Show(ctx context.Context, id string) (queue.Entry, error)
	Replay(ctx context.Context, id string) error
	Discard(ctx context.Context, id string) error
}

// Open decodes what a queue entry holds: the event and, of the first event of a
// delivery, the webhook's body.
type Open func(payload []byte) (chat.Event, []byte, error)

// Options of New.
type Options struct {
	Store *store.Store
	Desk  *desk.Desk
	Queue Queue
	Open  Open
	Log   *slog.Logger
	Now   func() time.Time
	// Here is what this process knows of itself.
	Here Process
}

// Process is what a process knows of itself. Functions are nil for what it does not
// do: then others do it, or nobody.
type Process struct {
	Instance string
	Roles    []string
	// Embedded tells that the queue is a file of this process, which is then the only
	// one: there are no others to know of.
	Embedded bool
	Edge     bool // it takes webhooks
	Worker   bool // it applies events
	// Parts are those of /readyz.
	Parts func(ctx context.Context) map[string]Ready
	// Read gives the counters as they are now.
	Read func() Reading
	// Spool is how many events the edge keeps on its disk, and whether the queue is away.
	Spool    func() (depth int64, spooling bool)
	Lanes    func() []Lane    // of the relay
	Attempts func() []Attempt // of the relay, newest first
	Sockets  func() int64     // clients that are connected
}

// Ready is a part of /readyz.
type Ready struct {
	OK     bool
	Detail string
}

// Lane is how the sends of one inbox are doing in this process.
type Lane struct {
	InboxID int64
	Channel string
	Breaker string // closed, half-open, open
	Busy    int
	Paused  time.Time // zero: it is not paused
}

// Attempt is what came of one try to send a message.
type Attempt struct {
	At             time.Time
	MessageID      int64
	AccountID      int64
	InboxID        int64
	ConversationID int64
	Channel        string
	Verdict        string
	Class          string
	Code           string
	Error          string
	Number         int
	NextAt         time.Time // zero: it is not tried again
}

// Service is the operators' use-cases.
type Service struct {
	Options
	ring *ring
}

// New makes them. Run keeps their history.
func New(opt Options) *Service {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	return &Service{Options: opt, ring: newRing(samplesKept)}
}
