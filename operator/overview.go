package operator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"tributary/queue"
	"tributary/store"
)

// States of a part, from what is to be looked at first.
const (
	Bad     = "bad"
	Warning = "warning"
	Unknown = "unknown" // another process knows
	Good    = "good"
)

// Scopes of what is said of a part.
const (
	Everywhere = "installation"
	OnlyHere   = "process"
)

// severity orders states, the worst first.
func severity(state string) int { return slices.Index([]string{Bad, Warning, Unknown, Good}, state) }

// Reason says why a part is in its state.
type Reason struct {
	Code   string
	State  string
	Text   string             // in English
	Values map[string]float64 // of the text
	Detail string             // in the words of what failed; empty: there are none
}

// Part is one line of the overview.
type Part struct {
	Name    string
	State   string
	Scope   string
	Reasons []Reason            // the worst first
	Figures map[string]*float64 // nil: unknown
}

func newPart(name, scope string) *Part {
	return &Part{Name: name, Scope: scope, State: Good, Reasons: []Reason{}, Figures: map[string]*float64{}}
}

// say adds a reason; the worst one is the part's state. values are names and values in turn.
func (p *Part) say(state, code, text string, values ...any) *Part {
	r := Reason{Code: code, State: state, Text: text, Values: map[string]float64{}}
	for i := 0; i+1 < len(values); i += 2 {
		name, _ := values[i].(string)
		switch v := values[i+1].(type) {
		case string:
			r.Detail = v
		case int:
			r.Values[name] = float64(v)
		case int64:
			r.Values[name] = float64(v)
		case time.Duration:
			r.Values[name] = v.Seconds()
		}
	}
	p.Reasons = append(p.Reasons, r)
	slices.SortStableFunc(p.Reasons, func(a, b Reason) int { return cmp.Compare(severity(a.State), severity(b.State)) })
	p.State = p.Reasons[0].State
	return p
}

func (p *Part) figure(name string, v float64) { p.Figures[name] = &v }

// unknown says that a figure is another process's to know.
func (p *Part) unknown(names ...string) {
	for _, name := range names {
		p.Figures[name] = nil
	}
}

// Overview is how the installation is doing.
type Overview struct {
	At      time.Time
	State   string
	Parts   []Part // the worst first
	Figures Figures
	Dead    *int64 // dead letters; nil: unknown
	History []Moment
}

// Overview looks at everything.
func (s *Service) Overview(ctx context.Context) (Overview, error) {
	counting, cancel := context.WithTimeout(ctx, statsTimeout)
	stats, statsErr := s.Queue.Stats(counting)
	cancel()
	now := s.sampleOf(stats, statsErr)
	before := now
	if samples := s.ring.all(); len(samples) > 0 {
		before = samples[max(0, len(samples)-recent)]
	}
	out := Overview{At: now.at, Figures: s.figures(now, before, before), History: s.history()}
	var ready map[string]Ready
	if s.Here.Parts != nil {
		ready = s.Here.Parts(ctx)
	}
	lanes, err := s.Store.JobLanes(ctx, Lanes)
	if err != nil {
		return out, fmt.Errorf("operator: overview: %w", err)
	}
	deliveries, err := s.Store.DeliveryCounts(ctx)
	if err != nil {
		return out, fmt.Errorf("operator: overview: %w", err)
	}
	if statsErr == nil {
		out.Dead = new(int64)
		for _, n := range stats.Dead {
			*out.Dead += n
		}
	}
	for _, p := range []*Part{
		s.edge(now, before), s.spool(), s.queuePart(stats, statsErr, out.Dead), s.workers(stats, statsErr, ready, lanes),
		s.relay(deliveries), database(ready), s.realtime(now, before),
	} {
		out.Parts = append(out.Parts, *p)
	}
	slices.SortStableFunc(out.Parts, func(a, b Part) int { return cmp.Compare(severity(a.State), severity(b.State)) })
	// What nobody here can know makes nothing bad.
	if out.State = out.Parts[0].State; out.State == Unknown {
		out.State = Good
	}
	return out, nil
}

// Lanes are all lanes of jobs.
var Lanes = []string{
	store.LaneDeferred, store.LaneMedia, store.LaneBulk, store.LaneNumbers, store.LaneMail, store.LanePush, store.LaneRules,
}

// A share of refused webhooks that is worth a look, and of how many at least.
const (
	manyRefused  = 0.1
	leastRefused = 5
)

func (s *Service) edge(now, before sample) *Part {
	p := newPart("edge", OnlyHere)
	if !s.Here.Edge {
		p.unknown("received", "refused")
		return p.say(Unknown, "edge_elsewhere", "Another process takes the webhooks; this one knows nothing of them.")
	}
	received, refused, unstored := now.Received-before.Received, now.Refused-before.Refused, now.Unstored-before.Unstored
	p.figure("received", received)
	p.figure("refused", refused)
	if unstored > 0 {
		p.say(Bad, "edge_unstored", "Webhooks could not be stored lately: they were answered with 503, and providers deliver them again.", "n", int(unstored))
	}
	if refused-unstored >= leastRefused && refused > received*manyRefused {
		p.say(Warning, "edge_refused", "Many of the webhooks that came lately were refused.", "n", int(refused), "all", int(received))
	}
	switch {
	case len(p.Reasons) > 0:
	case received == 0:
		p.say(Good, "edge_quiet", "No webhook came lately.")
	default:
		p.say(Good, "edge_ok", "Webhooks are taken.", "all", int(received), "n", int(refused))
	}
	return p
}

func (s *Service) spool() *Part {
	p := newPart("spool", OnlyHere)
	switch {
	case s.Here.Embedded:
		p.figure("depth", 0)
		return p.say(Good, "spool_none", "The embedded queue needs no spool.")
	case s.Here.Spool == nil:
		p.unknown("depth")
		return p.say(Unknown, "spool_elsewhere", "The spool is on the disk of the process that takes webhooks.")
	}
	depth, away := s.Here.Spool()
	p.figure("depth", float64(depth))
	if away {
		return p.say(Warning, "spool_used", "The queue does not answer: webhooks are kept on the edge's disk.", "n", depth)
	}
	return p.say(Good, "spool_empty", "Nothing waits in the spool.")
}

// Ages of the oldest event that are worth a look.
const (
	slow    = 30 * time.Second
	stalled = 5 * time.Minute
)

// Stalled tells whether events of a partition wait and nothing moves.
func Stalled(p queue.PartitionStats) bool {
	return p.Waiting+p.Pending > 0 && (p.OldestAge > stalled || p.Owner == "" && p.OldestAge > slow)
}

func (s *Service) queuePart(stats queue.Stats, err error, dead *int64) *Part {
	p := newPart("queue", Everywhere)
	if err != nil {
		p.unknown("depth", "oldest_seconds", "dead")
		return p.say(Bad, "queue_away", "The queue does not answer.", "", err.Error())
	}
	depth, oldest := depthOf(stats)
	p.figure("depth", float64(depth))
	p.figure("oldest_seconds", oldest.Seconds())
	p.figure("dead", float64(*dead))
	still := 0
	for _, part := range stats.Partitions {
		if Stalled(part) {
			still++
		}
	}
	if still > 0 {
		p.say(Bad, "queue_stalled", "Events wait in partitions where nothing moves.", "n", still, "seconds", oldest)
	} else if oldest > slow {
		p.say(Warning, "queue_slow", "The oldest event has waited for long.", "seconds", oldest)
	}
	if *dead > 0 {
		p.say(Warning, "queue_dead", "Events were given up: they wait for somebody to replay or discard them.", "n", *dead)
	}
	if len(p.Reasons) == 0 {
		p.say(Good, "queue_ok", "Events move.", "n", depth)
	}
	return p
}

// Ages of the oldest due job that are worth a look.
const (
	jobsSlow = 5 * time.Minute
	jobsLate = 30 * time.Minute
)

func (s *Service) workers(stats queue.Stats, err error, ready map[string]Ready, lanes []store.JobLane) *Part {
	p := newPart("workers", Everywhere)
	p.unknown("owned", "owners")
	owners, owned := map[string]bool{}, 0
	for _, part := range stats.Partitions {
		if part.Owner != "" {
			owners[part.Owner] = true
			owned++
		}
	}
	if err == nil {
		p.figure("owned", float64(owned))
		p.figure("owners", float64(len(owners)))
		if owned == 0 {
			p.say(Bad, "workers_none", "No worker holds a partition: nothing is applied.")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(ready)) {
		switch part := ready[name]; {
		case part.OK || name == "database" || name == "migrations" || name == "queue" || name == "spool":
		case name == "worker":
			p.say(Bad, "workers_waiting", "The workers of this process wait.", "", part.Detail)
		default:
			p.say(Bad, "workers_ended", "A part of this process ended; it is started again.", "", name+": "+part.Detail)
		}
	}
	for _, l := range lanes {
		if l.OldestDue.IsZero() {
			continue
		}
		if age := s.Now().Sub(l.OldestDue); age > jobsLate {
			p.say(Bad, "jobs_late", "Deferred work waits for very long.", "", l.Lane, "seconds", age, "n", l.Due)
		} else if age > jobsSlow {
			p.say(Warning, "jobs_late", "Deferred work waits for long.", "", l.Lane, "seconds", age, "n", l.Due)
		}
	}
	switch {
	case len(p.Reasons) > 0:
	case err != nil:
		p.say(Unknown, "workers_unknown", "Who applies events stands in the queue, which does not answer.")
	default:
		p.say(Good, "workers_ok", "Workers apply events.", "n", len(owners), "owned", owned)
	}
	return p
}

// Ages of an overdue delivery that are worth a look.
const (
	deliveriesSlow = 30 * time.Second
	deliveriesLate = 2 * time.Minute
)

func (s *Service) relay(c store.DeliveryCounts) *Part {
	p := newPart("relay", Everywhere)
	p.figure("waiting", float64(c.Waiting))
	p.figure("retrying", float64(c.Retrying))
	p.figure("overdue", float64(c.Overdue))
	if !c.OverdueSince.IsZero() {
		if age := s.Now().Sub(c.OverdueSince); age > deliveriesLate {
			p.say(Bad, "relay_overdue", "Replies are due and nobody sends them.", "n", c.Overdue, "seconds", age)
		} else if age > deliveriesSlow {
			p.say(Warning, "relay_overdue", "Replies are due and nobody sends them yet.", "n", c.Overdue, "seconds", age)
		}
	}
	if c.Retrying > 0 {
		p.say(Warning, "relay_retrying", "Replies were not taken at first and are tried again.", "n", c.Retrying)
	}
	switch {
	case s.Here.Lanes != nil:
		broken := 0
		for _, l := range s.Here.Lanes() {
			if l.Breaker == breakerOpen {
				broken++
			}
		}
		p.figure("breakers", float64(broken))
		if broken > 0 {
			p.say(Warning, "relay_breakers", "Providers of some inboxes do not answer: their replies wait.", "n", broken)
		}
	default:
		p.unknown("breakers")
		if len(p.Reasons) == 0 {
			return p.say(Good, "relay_elsewhere", "Nothing is overdue. Another process sends; its breakers are known there.", "n", c.Waiting)
		}
	}
	if len(p.Reasons) == 0 {
		p.say(Good, "relay_ok", "Replies are sent.", "n", c.Waiting)
	}
	return p
}

const breakerOpen = "open"

func database(ready map[string]Ready) *Part {
	p := newPart("database", Everywhere)
	if part, known := ready["database"]; known && !part.OK {
		return p.say(Bad, "database_away", "The database does not answer.", "", part.Detail)
	}
	if part, known := ready["migrations"]; known && !part.OK {
		return p.say(Bad, "database_old", "Migrations are pending.", "", part.Detail)
	}
	return p.say(Good, "database_ok", "The database answers.")
}

func (s *Service) realtime(now, before sample) *Part {
	p := newPart("realtime", OnlyHere)
	p.unknown("sockets")
	if s.Here.Sockets == nil {
		p.say(Unknown, "realtime_elsewhere", "Clients are connected to another process.")
	} else {
		p.figure("sockets", float64(s.Here.Sockets()))
	}
	if n := now.Unsent - before.Unsent; n > 0 {
		p.say(Bad, "realtime_unsent", "Redis did not take what clients should hear lately.", "n", int(n))
	}
	if n := now.Untold - before.Untold; n > 0 {
		p.say(Warning, "realtime_untold", "Clients were not told of some events lately; they were made to connect again.", "n", int(n))
	}
	if len(p.Reasons) == 0 {
		p.say(Good, "realtime_ok", "Clients hear what happens.", "n", int(s.Here.Sockets()))
	}
	return p
}

// Partition is a partition of the queue.
type Partition struct {
	queue.PartitionStats
	Stalled bool
	Here    bool // this process owns it
}

// QueueState is what the queue says of itself.
type QueueState struct {
	At         time.Time
	Partitions []Partition // stalled ones first, then by age
	Lanes      []store.JobLane
	Dead       map[string]int64
	Bytes      int64
}

// ErrQueueAway says that the queue does not answer.
var ErrQueueAway = errors.New("operator: the queue does not answer")

// State looks at the queue, and at the lanes of deferred work.
func (s *Service) State(ctx context.Context) (QueueState, error) {
	out := QueueState{At: s.Now()}
	counting, cancel := context.WithTimeout(ctx, statsTimeout)
	defer cancel()
	stats, err := s.Queue.Stats(counting)
	if err != nil {
		return out, fmt.Errorf("%w: %w", ErrQueueAway, err)
	}
	out.Dead, out.Bytes = stats.Dead, stats.Bytes
	for _, p := range stats.Partitions {
		out.Partitions = append(out.Partitions, Partition{p, Stalled(p), p.Owner != "" && p.Owner == s.Here.Instance})
	}
	slices.SortStableFunc(out.Partitions, func(a, b Partition) int {
		if a.Stalled != b.Stalled {
			if a.Stalled {
				return -1
			}
			return 1
		}
		return cmp.Compare(b.OldestAge, a.OldestAge)
	})
	if out.Lanes, err = s.Store.JobLanes(ctx, Lanes); err != nil {
		return out, fmt.Errorf("operator: lanes: %w", err)
	}
	// What has waited longest comes first, what waits for nothing last.
	since := func(l store.JobLane) int64 {
		if l.OldestDue.IsZero() {
			return math.MaxInt64
		}
		return l.OldestDue.UnixMicro()
	}
	slices.SortStableFunc(out.Lanes, func(a, b store.JobLane) int {
		return cmp.Or(cmp.Compare(since(a), since(b)), cmp.Compare(b.Dead, a.Dead), cmp.Compare(a.Lane, b.Lane))
	})
	return out, nil
}
