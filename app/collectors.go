package app

import (
	"context"
	"runtime"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"tributary/queue/spool"
	"tributary/whatsapp"
)

// spoolWorker names the spool's forwarder.
type spoolWorker struct{ *spool.Spool }

// Name implements the worker contract.
func (spoolWorker) Name() string { return "spool forwarder" }

func (a *App) registerCollectors() {
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: "tributary", Name: "build_info", Help: "1, with what is running as labels.",
		ConstLabels: prometheus.Labels{"version": Version(), "go": runtime.Version()},
	})
	build.Set(1)
	a.registry.MustRegister(build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		&stateCollector{app: a})
	a.registry.MustRegister(a.whatsapp.Metrics.Collectors()...)
	if a.cfg.Has(RoleScheduler) {
		a.registry.MustRegister(whatsapp.NewCollector(a.life, a.store, a.cfg.Now, func(err error) {
			a.log.Warn("state of WhatsApp numbers not read", "error", err)
		}))
	}
	if a.spool != nil {
		a.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: "tributary", Name: "spool_depth",
			Help: "Records in the edge's local spool.",
		}, func() float64 { return float64(a.spool.Depth()) }))
	}
}

// apiMetrics are the API's.
func apiMetrics(reg prometheus.Registerer) (*prometheus.CounterVec, *prometheus.HistogramVec) {
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "tributary", Name: "api_requests_total",
		Help: "API requests by route template and status.",
	}, []string{"method", "route", "status"})
	durations := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: "tributary", Name: "api_request_seconds",
		Help: "Time to answer an API request.", Buckets: prometheus.ExponentialBuckets(0.0005, 2, 15),
	}, []string{"method", "route"})
	reg.MustRegister(requests, durations)
	return requests, durations
}

// throttleMetrics counts the requests that are refused because there are too many.
func throttleMetrics(reg prometheus.Registerer) *prometheus.CounterVec {
	refused := prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "tributary", Name: "requests_throttled_total",
		Help: "Requests refused because a client calls too often, by rule.",
	}, []string{"rule"})
	reg.MustRegister(refused)
	return refused
}

// stateCollector reads the queue and the connection pools when Prometheus asks.
type stateCollector struct{ app *App }

var (
	descWaiting = prometheus.NewDesc("tributary_queue_depth", "Entries not yet read.", []string{"partition"}, nil)
	descPending = prometheus.NewDesc("tributary_queue_pending", "Entries read and not yet applied.", []string{"partition"}, nil)
	descDelayed = prometheus.NewDesc("tributary_queue_delayed", "Entries put off.", []string{"partition"}, nil)
	descOldest  = prometheus.NewDesc("tributary_queue_oldest_seconds", "Age of the oldest entry not yet applied.", []string{"partition"}, nil)
	descDead    = prometheus.NewDesc("tributary_queue_dead", "Dead letters.", []string{"channel"}, nil)
	descBytes   = prometheus.NewDesc("tributary_queue_bytes", "Approximate size of the queue.", nil, nil)
	descConns   = prometheus.NewDesc("tributary_database_connections", "Database connections by pool and state.", []string{"pool", "state"}, nil)
	descWaits   = prometheus.NewDesc("tributary_database_waits_total", "Times that a connection had to be waited for.", []string{"pool"}, nil)
	descStmts   = prometheus.NewDesc("tributary_database_statements_total", "Statements that were run.", nil, nil)
	descRedis   = prometheus.NewDesc("tributary_redis_connections", "Redis connections by state.", []string{"state"}, nil)
)

// Describe implements prometheus.Collector.
func (c *stateCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descWaiting, descPending, descDelayed, descOldest, descDead, descBytes, descConns, descWaits, descStmts, descRedis} {
		out <- d
	}
}

// Collect implements prometheus.Collector. A queue that does not answer costs
// its own figures only.
func (c *stateCollector) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	for pool, s := range c.app.store.Stats() {
		gauge(descConns, float64(s.InUse), pool, "used")
		gauge(descConns, float64(s.Idle), pool, "idle")
		out <- prometheus.MustNewConstMetric(descWaits, prometheus.CounterValue, float64(s.WaitCount), pool)
	}
	out <- prometheus.MustNewConstMetric(descStmts, prometheus.CounterValue, float64(c.app.store.Statements()))
	if c.app.redis != nil {
		s := c.app.redis.PoolStats()
		gauge(descRedis, float64(s.TotalConns-s.IdleConns), "used")
		gauge(descRedis, float64(s.IdleConns), "idle")
	}
	ctx, cancel := context.WithTimeout(c.app.life, 2*time.Second)
	defer cancel()
	s, err := c.app.queue.Stats(ctx)
	if err != nil {
		return
	}
	for _, p := range s.Partitions {
		label := strconv.Itoa(p.Partition)
		gauge(descWaiting, float64(p.Waiting), label)
		gauge(descPending, float64(p.Pending), label)
		gauge(descDelayed, float64(p.Delayed), label)
		gauge(descOldest, p.OldestAge.Seconds(), label)
	}
	for channel, n := range s.Dead {
		gauge(descDead, float64(n), channel)
	}
	gauge(descBytes, float64(s.Bytes))
}
