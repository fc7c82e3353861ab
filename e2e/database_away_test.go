package e2e_test

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/simulator"
	"tributary/store/storetest"
)

// proxy stands between the program and its database; while it is cut, nobody
// gets through.
type proxy struct {
	t      testing.TB
	target string
	l      net.Listener

	mu    sync.Mutex
	cut   bool
	conns map[net.Conn]bool
}

func startProxy(t testing.TB, target string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{t: t, target: target, l: l, conns: map[net.Conn]bool{}}
	go p.accept()
	t.Cleanup(func() {
		_ = l.Close()
		p.set(true)
	})
	return p
}

func (p *proxy) accept() {
	for {
		c, err := p.l.Accept()
		if err != nil {
			return
		}
		go p.pipe(c)
	}
}

func (p *proxy) pipe(client net.Conn) {
	p.mu.Lock()
	cut := p.cut
	p.mu.Unlock()
	server, err := net.Dial("tcp", p.target)
	if cut || err != nil {
		_ = client.Close()
		if server != nil {
			_ = server.Close()
		}
		return
	}
	p.mu.Lock()
	p.conns[client], p.conns[server] = true, true
	p.mu.Unlock()
	var both sync.WaitGroup
	for _, pair := range [][2]net.Conn{{client, server}, {server, client}} {
		both.Go(func() {
			_, _ = io.Copy(pair[0], pair[1]) // ends with the connection
			_ = pair[0].Close()
			_ = pair[1].Close()
		})
	}
	both.Wait()
	p.mu.Lock()
	delete(p.conns, client)
	delete(p.conns, server)
	p.mu.Unlock()
}

// set cuts the connections, or lets them through again.
func (p *proxy) set(cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = cut
	if cut {
		for c := range p.conns {
			_ = c.Close()
		}
	}
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
	wire := startProxy(t, u.Host)
	direct := database
	u.Host = wire.l.Addr().String()
	b := testkit.Backend{Name: "postgres and redis", DatabaseURL: u.String(), RedisURL: server.url()}
	p := start(t, b, options{
		sim:      simulator.Options{Kinds: []simulator.Kind{simulator.Line}},
		settings: map[string]string{"CONVERSATION_MESSAGE_PER_MINUTE_LIMIT": "0", "QUEUE_LEASE": "1s"},
	})
	ch := p.sim.Channel(simulator.Line)
	p.connect(ch)
	l := begin(p, ch, 20, 0, 3*time.Millisecond)
	for range 2 {
		wire.set(true)
		down := l.total()
		testkit.Wait(t, 20*time.Second, "traffic without the database", func() bool { return l.total() > down+300 })
		testkit.Wait(t, 20*time.Second, "/readyz to name the database", func() bool {
			status, _ := p.request(http.MethodGet, "/readyz", nil)
			return status == http.StatusServiceUnavailable
		})
		if status, _ := p.request(http.MethodGet, "/livez", nil); status != http.StatusOK {
			t.Errorf("/livez without the database: %d", status)
		}
		wire.set(false)
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
