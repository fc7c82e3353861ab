package app

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/operator"
)

// workCollector reads from the database what waits there: deferred work, and
// replies for their provider. Each process that has it shows the same.
type workCollector struct{ app *App }

var (
	descJobs = prometheus.NewDesc("tributary_jobs",
		"Deferred work by lane: due (running is part of it), running, later, dead. Counts end at 10,000.", []string{"lane", "state"}, nil)
	descJobsLate = prometheus.NewDesc("tributary_jobs_oldest_due_seconds",
		"How long the oldest deferred work that could run waits for a worker, by lane.", []string{"lane"}, nil)
	descReplies = prometheus.NewDesc("tributary_deliveries",
		"Replies that wait for their provider: waiting (the others are part of it), retrying, overdue. Counts end at 10,000.", []string{"state"}, nil)
	descRepliesLate = prometheus.NewDesc("tributary_deliveries_overdue_seconds",
		"How long the oldest reply that is due waits for a relay.", nil, nil)
	descRepliesOld = prometheus.NewDesc("tributary_deliveries_oldest_seconds",
		"Age of the oldest reply that its provider has not taken.", nil, nil)
)

// Describe implements prometheus.Collector.
func (c *workCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descJobs, descJobsLate, descReplies, descRepliesLate, descRepliesOld} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c *workCollector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(c.app.life, patience)
	defer cancel()
	lanes, err := c.app.store.JobLanes(ctx, operator.Lanes)
	if err != nil {
		c.app.log.Warn("waiting work not counted", "error", err)
		return
	}
	for _, l := range lanes {
		for state, n := range map[string]int64{"due": l.Due, "running": l.Running, "later": l.Later, "dead": l.Dead} {
			gauge(out, descJobs, float64(n), l.Lane, state)
		}
		gauge(out, descJobsLate, c.age(l.OldestDue), l.Lane)
	}
	replies, err := c.app.store.DeliveryCounts(ctx)
	if err != nil {
		c.app.log.Warn("waiting replies not counted", "error", err)
		return
	}
	for state, n := range map[string]int64{"waiting": replies.Waiting, "retrying": replies.Retrying, "overdue": replies.Overdue} {
		gauge(out, descReplies, float64(n), state)
	}
	gauge(out, descRepliesLate, c.age(replies.OverdueSince))
	gauge(out, descRepliesOld, c.age(replies.Oldest))
}

// age is how long ago something was; never: 0.
func (c *workCollector) age(at time.Time) float64 {
	if at.IsZero() {
		return 0
	}
	return max(0, c.app.cfg.Now().Sub(at).Seconds())
}
