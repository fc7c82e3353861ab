package desk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"tributary/store"
)

// Handler does the work of one kind of job. It may run more than once.
type Handler func(ctx context.Context, j store.Job) error

// Final wraps an error that no further attempt will mend.
type Final struct{ Err error }

// Error implements error.
func (f Final) Error() string { return f.Err.Error() }

// Unwrap gives the cause.
func (f Final) Unwrap() error { return f.Err }

// Declined wraps a refusal that no further attempt will mend and that is nothing
// unusual: a provider that does not tell who somebody is. The job ends like after
// Final, without an alarm.
type Declined struct{ Err error }

// Error implements error.
func (d Declined) Error() string { return d.Err.Error() }

// Unwrap gives the cause.
func (d Declined) Unwrap() error { return d.Err }

// errCrashes ends a job that took its process with it every time.
var errCrashes = errors.New("desk: the process died on every attempt")

// Later says that a job cannot run before a moment: it is run again then, and no
// attempt is counted.
type Later struct{ At time.Time }

// Error implements error.
func (l Later) Error() string { return "desk: job runs later" }

// After wraps a failure with the time to wait for the next attempt, where somebody
// said so.
type After struct {
	Err  error
	Wait time.Duration
}

// Error implements error.
func (a After) Error() string { return a.Err.Error() }

// Unwrap gives the cause.
func (a After) Unwrap() error { return a.Err }

// ErrAgain says that a job did a share of its work and wants to go on: it is run
// again at once and no attempt is counted.
var ErrAgain = errors.New("desk: job goes on")

// Runner runs the deferred jobs of one lane.
type Runner struct {
	store    *store.Store
	log      *slog.Logger
	lane     string
	owner    string
	slots    int
	base     time.Duration
	timeout  time.Duration
	now      func() time.Time
	handlers map[string]Handler
	wake     chan struct{}
}

// RunnerOptions of NewRunner.
type RunnerOptions struct {
	Store *store.Store
	Log   *slog.Logger
	Lane  string
	Owner string
	// Slots is how many jobs run at once; 0: 16.
	Slots int
	// Base is the first waiting time after a failure, doubled each time; 0: 5 s.
	Base time.Duration
	// Timeout bounds one job; 0: a minute.
	Timeout  time.Duration
	Now      func() time.Time
	Handlers map[string]Handler
}

// NewRunner makes a runner.
func NewRunner(opt RunnerOptions) *Runner {
	if opt.Slots == 0 {
		opt.Slots = 16
	}
	if opt.Base == 0 {
		opt.Base = 5 * time.Second
	}
	if opt.Timeout == 0 {
		opt.Timeout = jobTimeout
	}
	return &Runner{
		store: opt.Store, log: opt.Log, lane: opt.Lane, owner: opt.Owner, slots: opt.Slots, base: opt.Base, timeout: opt.Timeout,
		now: opt.Now, handlers: opt.Handlers, wake: make(chan struct{}, 1),
	}
}

// Name implements the worker contract.
func (r *Runner) Name() string { return r.lane + " jobs" }

// Wake makes it look now.
func (r *Runner) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// jobTimeout bounds one job where RunnerOptions say nothing else; its lease is
// longer.
const jobTimeout = time.Minute

// Run works until ctx ends and waits for the jobs under way.
func (r *Runner) Run(ctx context.Context) error {
	var running sync.WaitGroup
	defer running.Wait()
	places := make(chan struct{}, r.slots)
	for ctx.Err() == nil {
		looked := time.Now()
		free := r.slots - len(places)
		var jobs []store.Job
		var err error
		if free > 0 {
			jobs, err = r.store.ClaimJobs(ctx, r.lane, r.owner, r.timeout+30*time.Second, free)
		}
		if err != nil && ctx.Err() == nil {
			r.log.Warn("no jobs claimed", "lane", r.lane, "error", err)
		}
		for _, j := range jobs {
			places <- struct{}{}
			running.Go(func() {
				defer func() { <-places; r.Wake() }()
				r.one(ctx, j)
			})
		}
		if len(jobs) > 0 && len(jobs) == free {
			continue
		}
		wait := time.Second
		if at, err := r.store.NextJob(ctx, r.lane); err == nil && !at.IsZero() {
			wait = min(wait, max(10*time.Millisecond, at.Sub(r.now())))
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-r.wake:
			if !pause(ctx, claimRest-time.Since(looked)) {
				return nil
			}
		case <-t.C:
		}
		t.Stop()
	}
	return nil
}

// claimRest is how often wake-ups make a lane look at most: under load everything that
// happens wakes all lanes, and a look is two statements. The first one after a quiet
// time is looked at at once.
const claimRest = 20 * time.Millisecond

func (r *Runner) one(ctx context.Context, j store.Job) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.timeout)
	defer cancel()
	err := errCrashes
	if j.Attempts < j.MaxAttempts {
		err = r.call(ctx, j)
	}
	if err == nil {
		if err := r.store.FinishJob(ctx, j.ID); err != nil {
			r.log.Warn("job done but not removed; it will run again", "job", j.ID, "kind", j.Kind, "error", err)
		}
		return
	}
	later, put := errors.AsType[Later](err)
	if errors.Is(err, ErrAgain) {
		later, put = Later{r.now()}, true
	}
	if put {
		if err := r.store.ContinueJob(ctx, j.ID, later.At); err != nil {
			r.log.Warn("job not given back; its lease will end", "job", j.ID, "kind", j.Kind, "error", err)
		}
		return
	}
	_, final := errors.AsType[Final](err)
	_, declined := errors.AsType[Declined](err)
	if final || declined {
		j.MaxAttempts = 0
	}
	wait := r.base << min(j.Attempts, 10)
	if told, ok := errors.AsType[After](err); ok {
		wait = told.Wait
	}
	dead, e := r.store.RetryJob(ctx, j, r.now().Add(wait), err.Error())
	if e != nil {
		r.log.Warn("job not given back; its lease will end", "job", j.ID, "kind", j.Kind, "error", e)
	}
	level := slog.LevelInfo
	if dead && !declined {
		level = slog.LevelError
	}
	r.log.Log(ctx, level, "job failed", "job", j.ID, "kind", j.Kind, "attempt", j.Attempts+1, "dead", dead, "error", err)
}

// call runs the handler; a panic is a failure of this job only.
func (r *Runner) call(ctx context.Context, j store.Job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("desk: job panicked: %v\n%s", p, debug.Stack())
		}
	}()
	h, ok := r.handlers[j.Kind]
	if !ok {
		return Final{fmt.Errorf("desk: no handler for job %q", j.Kind)}
	}
	return h(ctx, j)
}
