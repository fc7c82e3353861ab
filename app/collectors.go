package app

import (
	"runtime"

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
		a.registry.MustRegister(&workCollector{app: a})
		a.registry.MustRegister(whatsapp.NewCollector(a.life, a.store, a.cfg.Now, func(err error) {
			a.log.Warn("state of WhatsApp numbers not read", "error", err)
		}))
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
