package relay

import (
	"github.com/prometheus/client_golang/prometheus"

	"tributary/channels"
)

// Metrics of the outbound way. Names are the operations contract's.
type Metrics struct {
	Attempts  *prometheus.CounterVec   // provider calls by channel, outcome
	Send      *prometheus.HistogramVec // provider call, seconds, by channel
	Accepted  prometheus.Histogram     // reply accepted to first provider call, seconds
	Waits     *prometheus.CounterVec   // rate limiter waits, by channel
	Breaker   *prometheus.GaugeVec     // 0 closed, 1 half open, 2 open; by channel, inbox
	InFlight  prometheus.Gauge
	Uncertain *prometheus.CounterVec // sends whose outcome a crash hid, by channel
}

// NewMetrics makes and registers them.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		Attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "tributary", Name: "relay_attempts_total",
			Help: "Calls to providers by outcome.",
		}, []string{"channel", "outcome"}),
		Send: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "tributary", Name: "relay_send_seconds",
			Help: "Time of one call to a provider.", Buckets: prometheus.ExponentialBuckets(0.002, 2, 14),
		}, []string{"channel"}),
		Accepted: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "tributary", Name: "relay_accepted_to_called_seconds",
			Help: "Time from a reply's acceptance to the first call of its provider.", Buckets: prometheus.ExponentialBuckets(0.001, 2, 16),
		}),
		Waits: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "tributary", Name: "relay_limiter_waits_total",
			Help: "Sends that waited for the channel's rate limit.",
		}, []string{"channel"}),
		Breaker: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: "tributary", Name: "relay_breaker_state",
			Help: "Circuit breaker of an inbox: 0 closed, 1 half open, 2 open.",
		}, []string{"channel", "inbox"}),
		InFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: "tributary", Name: "relay_in_flight",
			Help: "Messages being sent now.",
		}),
		Uncertain: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "tributary", Name: "relay_uncertain_total",
			Help: "Messages sent again although a crashed process may have sent them already.",
		}, []string{"channel"}),
	}
	reg.MustRegister(m.Attempts, m.Send, m.Accepted, m.Waits, m.Breaker, m.InFlight, m.Uncertain)
	return m
}

// Begin has what is rare counted from 0 for every channel that sends: a counter that
// begins with its first count has not grown, for Prometheus.
func (m *Metrics) Begin(drivers []channels.Driver) {
	for _, d := range drivers {
		if _, sends := d.(channels.Sender); sends {
			m.Uncertain.WithLabelValues(d.Info().Slug)
		}
	}
}
