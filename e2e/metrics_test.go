package e2e_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tributary/app"
	"tributary/internal/testkit"
	"tributary/simulator"
	"tributary/store/storetest"
)

// metrics reads /metrics: values by series, as they are written there.
func (p *program) metrics() (values map[string]float64, types map[string]string) {
	p.t.Helper()
	status, body := p.request(http.MethodGet, "/metrics", nil)
	if status != http.StatusOK {
		p.t.Fatalf("/metrics: %d %s", status, body)
	}
	values, types = map[string]float64{}, map[string]string{}
	for line := range strings.Lines(string(body)) {
		line = strings.TrimSpace(line)
		if about, ok := strings.CutPrefix(line, "# TYPE "); ok {
			name, kind, _ := strings.Cut(about, " ")
			types[name] = kind
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		if at < 0 || strings.HasPrefix(line, "#") {
			continue
		}
		v, err := strconv.ParseFloat(line[at+1:], 64)
		if err != nil {
			p.t.Fatalf("/metrics: %q: %v", line, err)
		}
		values[line[:at]] = v
	}
	return values, types
}

// TestCountersBegin: a counter of what is rare is there before it counts. One that
// begins with its first count has not grown, for Prometheus, and wakes nobody.
func TestCountersBegin(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.Backend{Name: "embedded"}, options{})
	values, _ := p.metrics()
	for _, want := range []string{
		`tributary_relay_uncertain_total{channel="line"}`, `tributary_relay_uncertain_total{channel="whatsapp"}`,
		`tributary_decoder_panics_total{channel="line"}`,
		`tributary_webhooks_rejected_total{channel="line",reason="queue_unavailable"}`,
		`tributary_webhooks_rejected_total{channel="line",reason="internal"}`,
		`tributary_live_lost_events_total`,
	} {
		if v, ok := values[want]; !ok || v != 0 {
			t.Errorf("%s: got %v (there: %v), want 0", want, v, ok)
		}
	}
}

// TestMetricsOfWhatWaits: what waits for a provider, what the process depends on and
// what it may use up can be seen.
func TestMetricsOfWhatWaits(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		p := start(t, b, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.Telegram}}, settings: map[string]string{"RELAY_RETRY_BASE": "60s"}})
		ch := p.sim.Channel(simulator.Telegram)
		p.connect(ch)
		conversation := p.deliver(ch, incoming(ch, 1, "hello"))
		p.sim.Fail(simulator.Telegram, simulator.Outage(http.StatusBadGateway, 1))
		p.reply(conversation, "hi")
		var values map[string]float64
		testkit.Wait(t, 20*time.Second, "the reply to wait", func() bool {
			values, _ = p.metrics()
			return values[`tributary_deliveries{state="retrying"}`] == 1
		})
		want := map[string]float64{
			`tributary_deliveries{state="waiting"}`: 1, `tributary_deliveries{state="overdue"}`: 0, `tributary_deliveries_overdue_seconds`: 0,
			`tributary_jobs{lane="bulk",state="dead"}`: 0, `tributary_jobs_oldest_due_seconds{lane="mail"}`: 0,
			`tributary_ready{part="database"}`: 1, `tributary_ready{part="migrations"}`: 1, `tributary_ready{part="queue"}`: 1,
			`tributary_ready{part="worker"}`: 1, `tributary_database_connections_max{pool="write"}`: 20,
		}
		if b.DatabaseURL == "" {
			want[`tributary_database_connections_max{pool="write"}`] = 1
		}
		if b.RedisURL != "" {
			want[`tributary_redis_timeouts_total`], want[`tributary_spool_depth`] = 0, 0
			want[`tributary_spool_max_bytes`] = 4 << 30
		}
		for series, n := range want {
			if got, ok := values[series]; !ok || got != n {
				t.Errorf("%s: got %v (there: %v), want %v", series, got, ok, n)
			}
		}
		if age := values["tributary_deliveries_oldest_seconds"]; age <= 0 || age > 60 {
			t.Errorf("the oldest reply is %v s old", age)
		}
		if free, size := values["tributary_data_dir_free_bytes"], values["tributary_data_dir_size_bytes"]; free <= 0 || free > size {
			t.Errorf("disk: %v of %v bytes free", free, size)
		}
	})
}

// TestMetricsAreListed: tributary metrics knows everything that a program shows that
// has something to show, by its type and with its labels.
func TestMetricsAreListed(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		p := start(t, b, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.Telegram}}})
		ch := p.sim.Channel(simulator.Telegram)
		p.connect(ch)
		p.reply(p.deliver(ch, incoming(ch, 1, "hello")), "hi")
		p.sent(ch, "hi")
		status, out, errOut := p.command("metrics", "--json")
		var list []app.Metric
		if err := json.Unmarshal([]byte(out), &list); err != nil || status != 0 {
			t.Fatalf("metrics --json: %d %s%s (%v)", status, out, errOut, err)
		}
		listed := map[string]app.Metric{}
		for _, m := range list {
			if m.Help == "" {
				t.Errorf("%s says nothing about itself", m.Name)
			}
			listed[m.Name] = m
		}
		values, types := p.metrics()
		for name, kind := range types {
			m, ok := listed[name]
			if !ok || m.Type != "" && m.Type != kind {
				t.Errorf("/metrics has the %s %s, the list says %+v", kind, name, m)
			}
		}
		label := regexp.MustCompile(`(\w+)="`)
		for series := range values {
			name, labels, _ := strings.Cut(series, "{")
			for _, ending := range []string{"_bucket", "_sum", "_count"} {
				if short, cut := strings.CutSuffix(name, ending); cut && listed[name].Name == "" {
					name = short
				}
			}
			for _, l := range label.FindAllStringSubmatch(labels, -1) {
				if l[1] != "le" && l[1] != "quantile" && !slices.Contains(listed[name].Labels, l[1]) {
					t.Errorf("%s has the label %s, the list says %v", series, l[1], listed[name].Labels)
				}
			}
		}
		for _, absent := range []string{"tributary_relay_uncertain_total", "tributary_redis_connections", "tributary_spool_bytes", "go_goroutines"} {
			if listed[absent].Name == "" {
				t.Errorf("the list lacks %s", absent)
			}
		}
		status, out, _ = p.command("metrics")
		if want := regexp.MustCompile(`(?m)^tributary_relay_breaker_state +gauge +channel,inbox +Circuit breaker`); status != 0 || !want.MatchString(out) {
			t.Errorf("metrics: %d\n%s", status, out)
		}
	})
}
