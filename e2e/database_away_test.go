package e2e_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/internal/trial"
	"tributary/simulator"
	"tributary/store/storetest"
)

// startLine is a line to a service, which the test may cut.
func startLine(t testing.TB, target string) *trial.Line {
	t.Helper()
	l, err := trial.NewLine("127.0.0.1", target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// TestDatabaseAway: while PostgreSQL is away, webhooks are answered 2xx and
// wait; when it is back, everything is applied without a restart.
func TestDatabaseAway(t *testing.T) {
	database := storetest.Prepared.Postgres(t)
	if database == "" {
		return // SQLite does not go away
	}
	server := startRedis(t)
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	wire := startLine(t, u.Host)
	direct := database
	u.Host = wire.Addr()
	b := testkit.Backend{Name: "postgres and redis", DatabaseURL: u.String(), RedisURL: server.url()}
	p := start(t, b, options{
		sim:      simulator.Options{Kinds: []simulator.Kind{simulator.Line}},
		settings: map[string]string{"CONVERSATION_MESSAGE_PER_MINUTE_LIMIT": "0", "QUEUE_LEASE": "1s"},
	})
	ch := p.sim.Channel(simulator.Line)
	p.connect(ch)
	l := begin(p, ch, 20, 0, 3*time.Millisecond)
	for range 2 {
		wire.Cut()
		down := l.total()
		testkit.Wait(t, 20*time.Second, "traffic without the database", func() bool { return l.total() > down+300 })
		testkit.Wait(t, 20*time.Second, "/readyz to name the database", func() bool {
			status, _ := p.request(http.MethodGet, "/readyz", nil)
			return status == http.StatusServiceUnavailable
		})
		if status, _ := p.request(http.MethodGet, "/livez", nil); status != http.StatusOK {
			t.Errorf("/livez without the database: %d", status)
		}
		wire.Mend()
		testkit.Wait(t, 30*time.Second, "/readyz to recover", func() bool {
			status, _ := p.request(http.MethodGet, "/readyz", nil)
			return status == http.StatusOK
		})
	}
	l.end()
	p.backend.DatabaseURL = direct
	l.drained(60 * time.Second)
	l.check()
	if l.denied > 0 {
		t.Errorf("%d webhooks were not answered 2xx while the database was away", l.denied)
	}
	reply := p.reply(1, "after the outage")
	p.sent(ch, "after the outage")
	p.state(1, reply.ID, "delivered")
}
