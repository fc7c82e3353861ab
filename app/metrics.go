package app

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// registry is Prometheus' with a memory of what was registered: a vector without
// children shows nothing, and still has a type.
type registry struct {
	*prometheus.Registry
	kept []prometheus.Collector
}

func newRegistry() *registry { return &registry{Registry: prometheus.NewRegistry()} }

// Register implements prometheus.Registerer.
func (r *registry) Register(c prometheus.Collector) error {
	r.kept = append(r.kept, c)
	return r.Registry.Register(c)
}

// MustRegister implements prometheus.Registerer.
func (r *registry) MustRegister(list ...prometheus.Collector) {
	r.kept = append(r.kept, list...)
	r.Registry.MustRegister(list...)
}

// Metric is what is known of a metric before it has a value.
type Metric struct {
	Name   string   `json:"name"`
	Type   string   `json:"type,omitempty"` // counter, gauge, histogram, summary; empty: unknown while it has no value
	Labels []string `json:"labels"`
	Help   string   `json:"help"`
}

// Metrics gives everything that is registered, by name.
func (a *App) Metrics() ([]Metric, error) {
	types, err := a.registry.types()
	if err != nil {
		return nil, err
	}
	var out []Metric
	for _, d := range described(a.registry) {
		m, err := readDesc(d)
		if err != nil {
			return nil, err
		}
		m.Type = types[m.Name]
		out = append(out, m)
	}
	slices.SortFunc(out, func(x, y Metric) int { return strings.Compare(x.Name, y.Name) })
	return slices.CompactFunc(out, func(x, y Metric) bool { return x.Name == y.Name }), nil
}

// types gives the types of metrics that have a value, and of vectors.
func (r *registry) types() (map[string]string, error) {
	families, err := r.Gather()
	if err != nil {
		return nil, fmt.Errorf("app: metrics: %w", err)
	}
	out := map[string]string{}
	for _, f := range families {
		out[f.GetName()] = strings.ToLower(f.GetType().String())
	}
	for _, c := range r.kept {
		var kind string
		switch c.(type) {
		case *prometheus.CounterVec:
			kind = "counter"
		case *prometheus.GaugeVec:
			kind = "gauge"
		case *prometheus.HistogramVec:
			kind = "histogram"
		case *prometheus.SummaryVec:
			kind = "summary"
		default:
			continue
		}
		for _, d := range described(c) {
			m, err := readDesc(d)
			if err != nil {
				return nil, err
			}
			out[m.Name] = kind
		}
	}
	return out, nil
}

func described(c prometheus.Collector) []*prometheus.Desc {
	ch := make(chan *prometheus.Desc)
	go func() { c.Describe(ch); close(ch) }()
	var out []*prometheus.Desc
	for d := range ch {
		out = append(out, d)
	}
	return out
}

// A description says what it holds as text only.
var (
	descText  = regexp.MustCompile(`^Desc\{fqName: ("(?:[^"\\]|\\.)*"), help: ("(?:[^"\\]|\\.)*"),.* constLabels: \{(.*)\}, variableLabels: \{(.*)\}\}$`)
	descConst = regexp.MustCompile(`(\w+)="(?:[^"\\]|\\.)*"`)
)

func readDesc(d *prometheus.Desc) (Metric, error) {
	parts := descText.FindStringSubmatch(d.String())
	if parts == nil {
		return Metric{}, fmt.Errorf("app: metrics: the description of a metric reads otherwise than expected: %s", d)
	}
	name, err := strconv.Unquote(parts[1])
	if err != nil {
		return Metric{}, fmt.Errorf("app: metrics: %s: %w", d, err)
	}
	help, err := strconv.Unquote(parts[2])
	if err != nil {
		return Metric{}, fmt.Errorf("app: metrics: %s: %w", d, err)
	}
	m := Metric{Name: name, Help: help, Labels: []string{}}
	for _, l := range descConst.FindAllStringSubmatch(parts[3], -1) {
		m.Labels = append(m.Labels, l[1])
	}
	for l := range strings.SplitSeq(parts[4], ",") {
		if l = strings.TrimSuffix(strings.TrimPrefix(l, "c("), ")"); l != "" {
			m.Labels = append(m.Labels, l)
		}
	}
	return m, nil
}
