package operator

import (
	"context"
	"sync"
	"time"

	"tributary/queue"
)

const (
	// SampleEvery is how often a sample is taken, samplesKept how many are kept: an
	// hour's, and the one before.
	SampleEvery = 15 * time.Second
	samplesKept = 241
	// recent is how far back "lately" goes, in samples: five minutes.
	recent = 20
	// statsTimeout is how long the queue may take to count itself.
	statsTimeout = 2 * time.Second
)

// Reading is the counters of this process, since it began.
type Reading struct {
	Received float64 // webhooks
	Refused  float64 // webhooks, nothing queued
	Unstored float64 // of these: could not be stored, the provider delivers them again
	Queued   float64 // events
	Applied  float64 // events
	Visible  Histogram
	Untold   float64 // events that clients were not told of
	Unsent   float64 // packets that Redis did not take
}

// Histogram counts durations by upper bounds in seconds; Counts are cumulative.
type Histogram struct {
	Bounds []float64
	Counts []uint64
	Total  uint64
}

// since is what came after an earlier reading.
func (h Histogram) since(before Histogram) Histogram {
	out := Histogram{Bounds: h.Bounds, Counts: make([]uint64, len(h.Counts)), Total: h.Total - min(before.Total, h.Total)}
	for i, n := range h.Counts {
		if i < len(before.Counts) {
			n -= min(before.Counts[i], n)
		}
		out.Counts[i] = n
	}
	return out
}

// quantile is the duration that a share of all stays below, to within its bucket; ok
// is false when there are none.
func (h Histogram) quantile(share float64) (seconds float64, ok bool) {
	if h.Total == 0 || len(h.Bounds) == 0 {
		return 0, false
	}
	rank := share * float64(h.Total)
	lower, below := 0.0, 0.0
	for i, bound := range h.Bounds {
		count := float64(h.Counts[i])
		if count >= rank {
			return lower + (bound-lower)*(rank-below)/max(count-below, 1), true
		}
		lower, below = bound, count
	}
	return lower, true // beyond the last bound: at least this
}

// sample is the state at a moment.
type sample struct {
	at time.Time
	Reading
	counted bool // the queue answered: depth and oldest hold
	depth   int64
	oldest  time.Duration
}

// ring keeps the last samples.
type ring struct {
	mu   sync.Mutex
	list []sample
	next int
}

func newRing(size int) *ring { return &ring{list: make([]sample, 0, size)} }

func (r *ring) add(s sample) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.list) < cap(r.list) {
		r.list = append(r.list, s)
		return
	}
	r.list[r.next] = s
	r.next = (r.next + 1) % len(r.list)
}

// all are the samples, oldest first.
func (r *ring) all() []sample {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append(append(make([]sample, 0, len(r.list)), r.list[r.next:]...), r.list[:r.next]...)
}

// Name implements the worker contract.
func (s *Service) Name() string { return "operator's samples" }

// Run takes samples until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(SampleEvery)
	defer tick.Stop()
	for {
		s.Sample(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Sample takes one now.
func (s *Service) Sample(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, statsTimeout)
	defer cancel()
	stats, err := s.Queue.Stats(ctx)
	s.ring.add(s.sampleOf(stats, err))
}

func (s *Service) sampleOf(stats queue.Stats, err error) sample {
	now := sample{at: s.Now()}
	if s.Here.Read != nil {
		now.Reading = s.Here.Read()
	}
	if err == nil {
		now.counted = true
		now.depth, now.oldest = depthOf(stats)
	}
	return now
}

// depthOf is how many events are not applied yet, and the age of the oldest.
func depthOf(stats queue.Stats) (depth int64, oldest time.Duration) {
	for _, p := range stats.Partitions {
		depth += p.Waiting + p.Pending + p.Delayed
		oldest = max(oldest, p.OldestAge)
	}
	return depth, oldest
}

// Figures are the numbers that tell how the installation is doing; nil is unknown.
type Figures struct {
	Depth            *float64
	OldestSeconds    *float64
	VisibleP99       *float64
	EventsPerSecond  *float64
	RefusedPerMinute *float64
}

// figures are those of a moment, with what happened since an earlier one: the latency
// since long before.
func (s *Service) figures(now, before, longBefore sample) Figures {
	var f Figures
	if now.counted {
		f.Depth, f.OldestSeconds = new(float64(now.depth)), new(now.oldest.Seconds())
	}
	seconds := now.at.Sub(before.at).Seconds()
	if s.Here.Worker {
		if p99, ok := now.Visible.since(longBefore.Visible).quantile(0.99); ok {
			f.VisibleP99 = &p99
		}
	}
	if seconds <= 0 {
		return f
	}
	switch {
	case s.Here.Worker:
		f.EventsPerSecond = new(max(now.Applied-before.Applied, 0) / seconds)
	case s.Here.Edge:
		f.EventsPerSecond = new(max(now.Queued-before.Queued, 0) / seconds)
	}
	if s.Here.Edge {
		f.RefusedPerMinute = new(max(now.Refused-before.Refused, 0) / seconds * 60)
	}
	return f
}

// Moment is a point of the history.
type Moment struct {
	At time.Time
	Figures
}

// history is what the samples tell, oldest first.
func (s *Service) history() []Moment {
	list := s.ring.all()
	out := make([]Moment, 0, len(list))
	for i := 1; i < len(list); i++ {
		out = append(out, Moment{list[i].at, s.figures(list[i], list[i-1], list[max(0, i-recent)])})
	}
	return out
}
