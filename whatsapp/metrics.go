package whatsapp

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/store"
	"tributary/whatsapp/graph"
)

// Metrics of the engine.
type Metrics struct {
	Calls     *prometheus.CounterVec
	Latency   *prometheus.HistogramVec
	Attempts  *prometheus.CounterVec
	Throttled prometheus.Counter
	Events    *prometheus.CounterVec
}

// NewMetrics makes them.
func NewMetrics() *Metrics {
	return &Metrics{
		Calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tributary_whatsapp_graph_calls_total", Help: "Calls of the Graph API about WhatsApp numbers, by call and result.",
		}, []string{"call", "result"}),
		Latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tributary_whatsapp_graph_seconds", Help: "Duration of calls of the Graph API about WhatsApp numbers.",
			Buckets: []float64{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15},
		}, []string{"call"}),
		Attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tributary_whatsapp_registration_attempts_total", Help: "Registrations of WhatsApp numbers that were sent, by outcome.",
		}, []string{"outcome"}),
		Throttled: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tributary_whatsapp_quota_waits_total", Help: "Looks at WhatsApp numbers that waited for the quota of their business account.",
		}),
		Events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tributary_whatsapp_management_webhooks_total", Help: "Management webhooks of WhatsApp, by field.",
		}, []string{"field"}),
	}
}

// Collectors gives all of them.
func (m *Metrics) Collectors() []prometheus.Collector {
	return []prometheus.Collector{m.Calls, m.Latency, m.Attempts, m.Throttled, m.Events}
}

func (m *Metrics) call(call, result string, d time.Duration) {
	m.Calls.WithLabelValues(call, result).Inc()
	m.Latency.WithLabelValues(call).Observe(d.Seconds())
}

// Collector shows every number's state when it is asked, read from the database:
// each process shows the same.
type Collector struct {
	life  context.Context //nolint:containedctx // Prometheus gives none
	store *store.Store
	now   func() time.Time
	log   func(error)
}

// NewCollector makes it; it asks nothing after life has ended. log is told of reads that failed.
func NewCollector(life context.Context, s *store.Store, now func() time.Time, log func(error)) *Collector {
	return &Collector{life: life, store: s, now: now, log: log}
}

var (
	numberLabels = []string{"account_id", "inbox_id", "phone_number_id"}

	descState = prometheus.NewDesc("tributary_whatsapp_number_state",
		"1 for the registration state that a WhatsApp number is in, and what it waits for.", append(numberLabels, "state", "required_action"), nil)
	descSince = prometheus.NewDesc("tributary_whatsapp_number_state_since_seconds",
		"When a WhatsApp number entered its registration state, in Unix time.", numberLabels, nil)
	descConnected = prometheus.NewDesc("tributary_whatsapp_number_connected",
		"1 when Meta says that a WhatsApp number is connected.", append(numberLabels, "status"), nil)
	descQuality = prometheus.NewDesc("tributary_whatsapp_number_quality",
		"Quality rating of a WhatsApp number: 3 green, 2 yellow, 1 red, 0 unknown.", numberLabels, nil)
	descChecked = prometheus.NewDesc("tributary_whatsapp_number_checked_seconds",
		"When a WhatsApp number's health was last read from Meta, in Unix time; 0: never.", numberLabels, nil)
	descFailing = prometheus.NewDesc("tributary_whatsapp_number_read_failing",
		"1 while the newest read of a WhatsApp number's health failed.", numberLabels, nil)
	descLeft = prometheus.NewDesc("tributary_whatsapp_number_attempts_72h",
		"Calls of register that were sent for a WhatsApp number in the last 72 hours; Meta takes 10.", numberLabels, nil)
	descOverdue = prometheus.NewDesc("tributary_whatsapp_overdue_seconds",
		"How long the WhatsApp number that waits longest is overdue for a look.", nil, nil)
	descNumbers = prometheus.NewDesc("tributary_whatsapp_numbers", "WhatsApp numbers by registration state.", []string{"state"}, nil)
)

// Describe implements prometheus.Collector.
func (c *Collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		descState, descSince, descConnected, descQuality, descChecked, descFailing, descLeft, descOverdue, descNumbers,
	} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *Collector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(c.life, 5*time.Second)
	defer cancel()
	list, err := c.store.WhatsAppGauges(ctx)
	if err != nil {
		c.log(err)
		return
	}
	var overdue time.Duration
	states := map[string]int{}
	for _, g := range list {
		c.number(ch, g)
		states[g.State]++
		if !g.ObserveAt.IsZero() {
			overdue = max(overdue, c.now().Sub(g.ObserveAt))
		}
	}
	ch <- prometheus.MustNewConstMetric(descOverdue, prometheus.GaugeValue, overdue.Seconds())
	for state, n := range states {
		ch <- prometheus.MustNewConstMetric(descNumbers, prometheus.GaugeValue, float64(n), state)
	}
}

func (c *Collector) number(ch chan<- prometheus.Metric, g store.WhatsAppGauge) {
	labels := []string{strconv.FormatInt(g.AccountID, 10), strconv.FormatInt(g.InboxID, 10), g.PhoneID}
	gauge := func(d *prometheus.Desc, v float64, more ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, append(append([]string{}, labels...), more...)...)
	}
	var n graph.Number
	if g.Snapshot != nil {
		_ = json.Unmarshal(g.Snapshot, &n) // unreadable: shown as unknown
	}
	gauge(descState, 1, g.State, g.Action)
	gauge(descSince, float64(g.StateSince.Unix()))
	status := text(n.Status)
	gauge(descConnected, one(status == "CONNECTED"), status)
	gauge(descQuality, map[string]float64{"GREEN": 3, "YELLOW": 2, "RED": 1}[text(n.QualityRating)])
	checked := 0.0
	if !g.SnapshotAt.IsZero() {
		checked = float64(g.SnapshotAt.Unix())
	}
	gauge(descChecked, checked)
	gauge(descFailing, one(g.ReadFailed))
	gauge(descLeft, float64(g.Calls72h))
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
