package ingest

import (
	"github.com/prometheus/client_golang/prometheus"

	"tributary/channels"
)

// Metrics of the inbound way. Names are the operations contract's.
type Metrics struct {
	Received  *prometheus.CounterVec   // webhooks by channel
	Rejected  *prometheus.CounterVec   // webhooks by channel, reason
	Observed  *prometheus.CounterVec   // webhooks let in without proof, by channel
	Events    *prometheus.CounterVec   // events queued, by channel, kind
	Unrouted  *prometheus.CounterVec   // events for nobody, by channel
	Panics    *prometheus.CounterVec   // decoder panics, by channel
	Append    prometheus.Histogram     // receipt to durable, seconds
	Process   *prometheus.HistogramVec // applying a batch, seconds, by outcome
	Applied   *prometheus.CounterVec   // events applied, by channel
	Duplicate prometheus.Counter       // events that were stored already
	Retries   *prometheus.CounterVec   // by reason
	Dead      *prometheus.CounterVec   // dead letters, by channel
	Delayed   prometheus.Counter       // events put off
	Visible   prometheus.Histogram     // receipt to visible, seconds
	Leases    prometheus.Gauge         // partitions held
}

// NewMetrics makes and registers them.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "tributary", Name: name, Help: help}, labels)
		reg.MustRegister(c)
		return c
	}
	histogram := func(name, help string, buckets []float64) prometheus.Histogram {
		h := prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "tributary", Name: name, Help: help, Buckets: buckets})
		reg.MustRegister(h)
		return h
	}
	single := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Namespace: "tributary", Name: name, Help: help})
		reg.MustRegister(c)
		return c
	}
	m := &Metrics{
		Received: counter("webhooks_received_total", "Webhook requests that arrived.", "channel"),
		Rejected: counter("webhooks_rejected_total", "Webhook requests refused, nothing queued.", "channel", "reason"),
		Observed: counter("webhooks_observed_total", "Webhook requests let in without valid proof by signature mode observe.", "channel"),
		Events:   counter("events_queued_total", "Events appended to the queue.", "channel", "kind"),
		Unrouted: counter("events_unrouted_total", "Events whose address no inbox has, or whose proof is not that inbox's.", "channel"),
		Panics:   counter("decoder_panics_total", "Panics of a channel's decoder; the event was kept as unsupported.", "channel"),
		Append: histogram("webhook_append_seconds", "Time from receipt of a webhook to its durable append.",
			prometheus.ExponentialBuckets(0.0002, 2, 15)),
		Applied:   counter("events_applied_total", "Events applied to the store.", "channel"),
		Duplicate: single("events_duplicate_total", "Events that were stored already."),
		Retries:   counter("worker_retries_total", "Batches or events that had to be applied again.", "reason"),
		Dead:      counter("dead_letters_total", "Events given up.", "channel"),
		Delayed:   single("events_delayed_total", "Events put off by the flood guard."),
		Visible: histogram("receipt_to_visible_seconds", "Time from receipt of a webhook to its message being visible.",
			prometheus.ExponentialBuckets(0.001, 2, 16)),
		Process: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "tributary", Name: "worker_batch_seconds",
			Help: "Time to apply one batch of events.", Buckets: prometheus.ExponentialBuckets(0.0005, 2, 15),
		}, []string{"outcome"}),
		Leases: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: "tributary", Name: "queue_partitions_leased",
			Help: "Partitions that this process owns.",
		}),
	}
	reg.MustRegister(m.Process, m.Leases)
	return m
}

// begin has what is rare counted from 0 for a channel: a counter that begins with its
// first count has not grown, for Prometheus.
func (m *Metrics) begin(channel string) {
	m.Panics.WithLabelValues(channel)
	for _, reason := range []string{
		reasonBusy, reasonInternal, reasonAway, reasonFull, channels.ProofBad, channels.ProofMissing, channels.ProofNoSecret,
	} {
		m.Rejected.WithLabelValues(channel, reason)
	}
}

// Reasons of refusals that are our own trouble.
const (
	reasonBusy     = "busy"
	reasonInternal = "internal"
	reasonAway     = "queue_unavailable"
	reasonFull     = "queue_full"
)
