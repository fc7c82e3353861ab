package webhooks

import "github.com/prometheus/client_golang/prometheus"

// Metrics of outgoing webhooks. Endpoints are many and their addresses are nobody's
// business: kinds are told apart, endpoints are not.
type Metrics struct {
	Attempts *prometheus.CounterVec   // by kind, outcome
	Seconds  *prometheus.HistogramVec // one call, by kind
	InFlight prometheus.Gauge
	Open     prometheus.Gauge // endpoints whose circuit breaker is not closed
	Age      *prometheus.HistogramVec
}

// NewMetrics makes and registers them.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		Attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "tributary", Name: "webhook_attempts_total",
			Help: "Attempts to tell an endpoint an event, by kind and outcome: delivered, retry, failed, expired, breaker_open, gone.",
		}, []string{"kind", "outcome"}),
		Seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "tributary", Name: "webhook_call_seconds",
			Help: "Time of one call of an endpoint.", Buckets: prometheus.ExponentialBuckets(0.002, 2, 13),
		}, []string{"kind"}),
		InFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: "tributary", Name: "webhook_in_flight",
			Help: "Calls of endpoints under way.",
		}),
		Open: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: "tributary", Name: "webhook_breakers_open",
			Help: "Endpoints that are not called for the moment, because they fail.",
		}),
		Age: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "tributary", Name: "webhook_delivered_after_seconds",
			Help: "Time from an event to its delivery.", Buckets: prometheus.ExponentialBuckets(0.005, 3, 14),
		}, []string{"kind"}),
	}
	reg.MustRegister(m.Attempts, m.Seconds, m.InFlight, m.Open, m.Age)
	return m
}
