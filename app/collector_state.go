package app

import (
	"context"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// stateCollector reads what this process depends on when Prometheus asks: the
// parts of /readyz, the disk, the pools of connections, the spool, the queue.
type stateCollector struct{ app *App }

// patience is how long the queue, the spool and the database are asked.
const patience = 2 * time.Second

var (
	descReady    = prometheus.NewDesc("tributary_ready", "1 for each part of /readyz that is in order, 0 for one that is not.", []string{"part"}, nil)
	descDiskFree = prometheus.NewDesc("tributary_data_dir_free_bytes", "What this process may still write to the disk of DATA_DIR.", nil, nil)
	descDiskSize = prometheus.NewDesc("tributary_data_dir_size_bytes", "Size of the disk of DATA_DIR.", nil, nil)

	descSpoolDepth = prometheus.NewDesc("tributary_spool_depth", "Records in the edge's local spool.", nil, nil)
	descSpoolBytes = prometheus.NewDesc("tributary_spool_bytes", "Size of what is in the edge's local spool.", nil, nil)
	descSpoolMax   = prometheus.NewDesc("tributary_spool_max_bytes", "SPOOL_MAX_BYTES: size from which the spool takes no more.", nil, nil)

	descWaiting = prometheus.NewDesc("tributary_queue_depth", "Entries not yet read.", []string{"partition"}, nil)
	descPending = prometheus.NewDesc("tributary_queue_pending", "Entries read and not yet applied.", []string{"partition"}, nil)
	descDelayed = prometheus.NewDesc("tributary_queue_delayed", "Entries put off.", []string{"partition"}, nil)
	descOldest  = prometheus.NewDesc("tributary_queue_oldest_seconds", "Age of the oldest entry not yet applied.", []string{"partition"}, nil)
	descDead    = prometheus.NewDesc("tributary_queue_dead", "Dead letters.", []string{"channel"}, nil)
	descBytes   = prometheus.NewDesc("tributary_queue_bytes", "Approximate size of the queue.", nil, nil)

	descConns    = prometheus.NewDesc("tributary_database_connections", "Database connections by pool and state.", []string{"pool", "state"}, nil)
	descConnsMax = prometheus.NewDesc("tributary_database_connections_max", "How many database connections a pool may have.", []string{"pool"}, nil)
	descWaits    = prometheus.NewDesc("tributary_database_waits_total", "Times that a connection had to be waited for.", []string{"pool"}, nil)
	descWaited   = prometheus.NewDesc("tributary_database_wait_seconds_total", "Time that callers waited for a connection.", []string{"pool"}, nil)
	descStmts    = prometheus.NewDesc("tributary_database_statements_total", "Statements that were run.", nil, nil)

	descRedis         = prometheus.NewDesc("tributary_redis_connections", "Redis connections by state.", []string{"state"}, nil)
	descRedisWaited   = prometheus.NewDesc("tributary_redis_wait_seconds_total", "Time that callers waited for a Redis connection.", nil, nil)
	descRedisTimeouts = prometheus.NewDesc("tributary_redis_timeouts_total", "Calls that got no Redis connection in time.", nil, nil)
)

// Describe implements prometheus.Collector.
func (c *stateCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		descReady, descDiskFree, descDiskSize, descSpoolDepth, descSpoolBytes, descSpoolMax,
		descWaiting, descPending, descDelayed, descOldest, descDead, descBytes,
		descConns, descConnsMax, descWaits, descWaited, descStmts, descRedis, descRedisWaited, descRedisTimeouts,
	} {
		out <- d
	}
}

// Collect implements prometheus.Collector. What does not answer costs its own
// figures only.
func (c *stateCollector) Collect(out chan<- prometheus.Metric) {
	c.disk(out)
	c.pools(out)
	var parts sync.WaitGroup
	parts.Go(func() { c.ready(out) })
	parts.Go(func() { c.spool(out) })
	parts.Go(func() { c.queue(out) })
	parts.Wait()
}

func gauge(out chan<- prometheus.Metric, d *prometheus.Desc, v float64, labels ...string) {
	out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func counter(out chan<- prometheus.Metric, d *prometheus.Desc, v float64, labels ...string) {
	out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
}

func (c *stateCollector) ready(out chan<- prometheus.Metric) {
	for name, p := range c.app.health.parts(c.app.life) {
		v := 0.0
		if p.OK {
			v = 1
		}
		gauge(out, descReady, v, name)
	}
}

// disk says nothing where there is no DATA_DIR: not every process needs one.
func (c *stateCollector) disk(out chan<- prometheus.Metric) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(c.app.cfg.DataDir, &fs); err != nil {
		return
	}
	gauge(out, descDiskFree, float64(fs.Bavail)*float64(fs.Bsize))
	gauge(out, descDiskSize, float64(fs.Blocks)*float64(fs.Bsize))
}

func (c *stateCollector) pools(out chan<- prometheus.Metric) {
	for pool, s := range c.app.store.Stats() {
		gauge(out, descConns, float64(s.InUse), pool, "used")
		gauge(out, descConns, float64(s.Idle), pool, "idle")
		gauge(out, descConnsMax, float64(s.MaxOpenConnections), pool)
		counter(out, descWaits, float64(s.WaitCount), pool)
		counter(out, descWaited, s.WaitDuration.Seconds(), pool)
	}
	counter(out, descStmts, float64(c.app.store.Statements()))
	if c.app.redis != nil {
		s := c.app.redis.PoolStats()
		gauge(out, descRedis, float64(s.TotalConns-s.IdleConns), "used")
		gauge(out, descRedis, float64(s.IdleConns), "idle")
		counter(out, descRedisWaited, time.Duration(s.WaitDurationNs).Seconds())
		counter(out, descRedisTimeouts, float64(s.Timeouts))
	}
}

func (c *stateCollector) spool(out chan<- prometheus.Metric) {
	if c.app.spool == nil {
		return
	}
	gauge(out, descSpoolDepth, float64(c.app.spool.Depth()))
	gauge(out, descSpoolMax, float64(c.app.cfg.SpoolBytes))
	ctx, cancel := context.WithTimeout(c.app.life, patience)
	defer cancel()
	if n, err := c.app.spool.Bytes(ctx); err == nil {
		gauge(out, descSpoolBytes, float64(n))
	}
}

func (c *stateCollector) queue(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(c.app.life, patience)
	defer cancel()
	s, err := c.app.queue.Stats(ctx)
	if err != nil {
		return
	}
	for _, p := range s.Partitions {
		label := strconv.Itoa(p.Partition)
		gauge(out, descWaiting, float64(p.Waiting), label)
		gauge(out, descPending, float64(p.Pending), label)
		gauge(out, descDelayed, float64(p.Delayed), label)
		gauge(out, descOldest, p.OldestAge.Seconds(), label)
	}
	for channel, n := range s.Dead {
		gauge(out, descDead, float64(n), channel)
	}
	gauge(out, descBytes, float64(s.Bytes))
}
