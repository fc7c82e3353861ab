package redisq

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"tributary/queue"
	"tributary/queue/group"
)

// Options of a Log. The zero value is usable.
type Options struct {
	// Partitions is their number, 16 when 0. All processes must agree on it; it
	// can be changed only while everything in the log is acknowledged.
	Partitions int
	// Prefix begins every key, "{tributary}" when empty. Without a hash tag in
	// it, it becomes one.
	Prefix string
	// AppendTimeout is when an append gives up, 1.5 s when 0.
	AppendTimeout time.Duration
	// Now is the clock that delayed entries, their age and retention follow,
	// time.Now when nil. Leases and the times of appends follow Redis's clock.
	Now func() time.Time
}

const (
	defaultPartitions    = 16
	defaultPrefix        = "{tributary}"
	defaultAppendTimeout = 1500 * time.Millisecond
	openTimeout          = 5 * time.Second
	// One commit takes at most this much: one round trip of a few milliseconds.
	commitRecords = 512
	commitBytes   = 4 << 20

	consumerGroup = "workers"
)

// errAppendTimeout is the outcome of an append that Redis did not answer in time.
var errAppendTimeout = fmt.Errorf("redisq: no answer in time: %w", queue.ErrUnavailable)

// Log is a queue.Log in Redis.
type Log struct {
	opt       Options
	client    redis.UniversalClient
	keys      keys
	scripts   *scripts
	committer *group.Committer[*group.Records]
	copies    group.Pool
	closing   chan struct{}
	waits     sync.WaitGroup // blocking reads under way

	mu     sync.Mutex
	closed bool
}

var _ queue.Log = (*Log)(nil)

// New makes a Log on client, which stays the caller's to close, after the Log.
// Its pool must have a connection for every partition that is leased, beside
// those for other work: NewClient sees to that. New fails with
// queue.ErrUnavailable when Redis does not answer.
func New(client redis.UniversalClient, opt Options) (*Log, error) {
	if opt.Partitions == 0 {
		opt.Partitions = defaultPartitions
	}
	if opt.Partitions < 0 {
		return nil, fmt.Errorf("redisq: %d partitions", opt.Partitions)
	}
	if opt.Prefix == "" {
		opt.Prefix = defaultPrefix
	}
	if !strings.Contains(opt.Prefix, "{") {
		opt.Prefix = "{" + opt.Prefix + "}"
	}
	if opt.AppendTimeout == 0 {
		opt.AppendTimeout = defaultAppendTimeout
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	l := &Log{
		opt: opt, client: client, keys: newKeys(opt.Prefix, opt.Partitions),
		scripts: newScripts(), closing: make(chan struct{}),
	}
	// Nobody waits for the start with a context of its own.
	ctx, cancel := context.WithTimeout(context.Background(), openTimeout)
	defer cancel()
	if err := l.checkPartitions(ctx); err != nil {
		return nil, err
	}
	for p := range opt.Partitions {
		if err := l.ensureGroup(ctx, p); err != nil {
			return nil, err
		}
	}
	l.committer = group.New(group.Limits{Records: commitRecords, Bytes: commitBytes}, l.commit)
	return l, nil
}

// keys are the names of what a Log keeps.
type keys struct {
	stream   []string // the entries
	lease    []string // token and owner, expiring
	released []string // set when the last owner gave the partition back
	tries    []string // hash: entry to attempts, where not 0
	due      []string // sorted set: delayed entries by due time
	delayed  []string // hash: delayed entry to key and reason
	given    []string // hash: due entries whose arrival the reader has not confirmed

	dead       string // sorted set: dead letters by time
	letter     string // begin of the hash of each dead letter
	deadCounts string // hash: channel to dead letters
	partitions string
}

func newKeys(prefix string, partitions int) keys {
	each := func(name string) []string {
		out := make([]string, partitions)
		for p := range out {
			out[p] = prefix + ":" + name + ":" + strconv.Itoa(p)
		}
		return out
	}
	return keys{
		stream: each("in"), lease: each("lease"), released: each("released"), tries: each("tries"),
		due: each("due"), delayed: each("delayed"), given: each("given"),
		dead: prefix + ":dead", letter: prefix + ":dead:", deadCounts: prefix + ":deadcounts", partitions: prefix + ":partitions",
	}
}

// checkPartitions refuses a number of partitions that would leave entries unread
// or out of order.
func (l *Log) checkPartitions(ctx context.Context) error {
	want := strconv.Itoa(l.opt.Partitions)
	had, err := l.client.Get(ctx, l.keys.partitions).Int()
	if err != nil && !errors.Is(err, redis.Nil) {
		return failed("open", err)
	}
	if err == nil && had != l.opt.Partitions {
		old := &Log{opt: l.opt, client: l.client, keys: newKeys(l.opt.Prefix, had)}
		stats, err := old.Stats(ctx)
		if err != nil {
			return err
		}
		for _, p := range stats.Partitions {
			if p.Waiting+p.Pending+p.Delayed > 0 {
				return fmt.Errorf("redisq: the log has %d partitions and entries that are not applied: %s partitions are possible once it is drained", had, want)
			}
		}
	}
	if err := l.client.Set(ctx, l.keys.partitions, want, 0).Err(); err != nil {
		return failed("open", err)
	}
	return nil
}

// ensureGroup makes the consumer group of a partition where it is missing: at the
// first start, and after Redis lost it. It begins with the oldest entry, since
// applying an entry twice is harmless and losing one is not.
func (l *Log) ensureGroup(ctx context.Context, partition int) error {
	err := l.client.XGroupCreateMkStream(ctx, l.keys.stream[partition], consumerGroup, "0").Err()
	if err != nil && !strings.Contains(err.Error(), "BUSYGROUP") {
		return failed("make consumer group", err)
	}
	return nil
}

func consumer(partition int) string { return "p" + strconv.Itoa(partition) }

// Append implements queue.Log. An append that failed with queue.ErrUnavailable,
// or whose ctx ended, may have been stored all the same.
func (l *Log) Append(ctx context.Context, records ...queue.Record) error {
	if len(records) == 0 {
		return nil
	}
	c, err := l.copies.Copy(l.opt.Partitions, records)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, l.opt.AppendTimeout, errAppendTimeout)
	defer cancel()
	finished, err := l.committer.Do(ctx, c, len(records), c.Bytes)
	if finished {
		l.copies.Put(c)
	}
	return err
}

// commit stores the records of all calls in one transaction.
func (l *Log) commit(calls []*group.Call[*group.Records]) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(calls[0].Ctx), l.opt.AppendTimeout)
	defer cancel()
	pipe := l.client.TxPipeline()
	var err error
	for _, c := range calls {
		for i := range c.Op.List {
			r := &c.Op.List[i]
			err = errors.Join(err, pipe.Process(ctx,
				redis.NewStringCmd(ctx, "xadd", l.keys.stream[r.Partition], "*", "k", r.Key, "c", r.Channel, "p", r.Payload)))
		}
	}
	if err == nil {
		_, err = pipe.Exec(ctx)
	}
	if err != nil {
		err = failed("append", err)
	}
	for _, c := range calls {
		c.Err = err
	}
}

// Partitions implements queue.Log.
func (l *Log) Partitions() int { return l.opt.Partitions }

// Ping implements queue.Log.
func (l *Log) Ping(ctx context.Context) error {
	if l.isClosed() {
		return queue.ErrClosed
	}
	if err := l.client.Ping(ctx).Err(); err != nil {
		return failed("ping", err)
	}
	return nil
}

// Close implements queue.Log. It leaves the client open.
func (l *Log) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	l.mu.Unlock()
	close(l.closing)
	l.committer.Close()
	l.waits.Wait()
	return nil
}

func (l *Log) isClosed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}

// failed says what an error of Redis means to the caller.
func failed(what string, err error) error {
	text := err.Error()
	switch {
	case strings.Contains(text, "LEASELOST"):
		return queue.ErrLeaseLost
	case strings.Contains(text, "OOM command not allowed"):
		return fmt.Errorf("redisq: %s: %w: %w", what, queue.ErrFull, err)
	}
	return fmt.Errorf("redisq: %s: %w: %w", what, queue.ErrUnavailable, err)
}

func isNoGroup(err error) bool { return err != nil && strings.Contains(err.Error(), "NOGROUP") }

// missing tells whether err says that there is nothing to look at.
func missing(err error) bool {
	return errors.Is(err, redis.Nil) || isNoGroup(err) || err != nil && strings.Contains(err.Error(), "no such key")
}
