package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/simulator"
	"tributary/store/storetest"
)

// balancer is what stands before edges and APIs: webhooks go to the former, all else to
// the latter, to each in turn.
type balancer struct {
	mu    sync.Mutex
	turn  int
	edges []*process
	apis  []*process
	busy  map[string]*sync.WaitGroup // requests on their way, by the process's address
}

// serve gives its address.
func (f *balancer) serve(t testing.TB) string {
	t.Helper()
	type to struct{}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		u, err := url.Parse(r.In.Context().Value(to{}).(string))
		if err != nil {
			t.Error(err)
			return
		}
		r.SetURL(u)
	}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		base, done := f.choose(r.URL.Path)
		defer done()
		proxy.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), to{}, base)))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// choose says where a request goes; done, when it was answered.
func (f *balancer) choose(path string) (base string, done func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := f.apis
	if strings.HasPrefix(path, "/webhooks/") {
		list = f.edges
	}
	f.turn++
	base = list[f.turn%len(list)].base
	if f.busy == nil {
		f.busy = map[string]*sync.WaitGroup{}
	}
	if f.busy[base] == nil {
		f.busy[base] = &sync.WaitGroup{}
	}
	f.busy[base].Add(1)
	return base, f.busy[base].Done
}

// replace puts next into the place of old; nobody is sent to old any more, and who was
// has the answer. That is what a service mesh, or Kubernetes with a preStop, waits for.
func (f *balancer) replace(old, next *process) {
	f.exchange(old, next)
	f.mu.Lock()
	busy := f.busy[old.base]
	f.mu.Unlock()
	if busy != nil {
		busy.Wait()
	}
}

func (f *balancer) exchange(old, next *process) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, list := range [][]*process{f.edges, f.apis} {
		for i, p := range list {
			if p == old {
				list[i] = next
			}
		}
	}
}

// drain ends a process as an upgrade does, and waits for it.
func (c *process) drain() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	err := c.cmd.Wait()
	c.cmd = nil
	return err
}

// TestRollingUpgrade replaces every process of an installation, one after the other,
// while webhooks come in and replies go out. Nobody notices: each webhook is answered
// 2xx at the first try, applied once and in order, and each reply is sent once and
// in order.
func TestRollingUpgrade(t *testing.T) {
	database := storetest.Prepared.Postgres(t)
	if database == "" {
		return // the embedded back end is one process
	}
	server := startRedis(t)
	b := testkit.Backend{Name: "postgres and redis", DatabaseURL: database, RedisURL: server.url()}
	p := prepare(t, b, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.Line}}})
	extra := map[string]string{"CONVERSATION_MESSAGE_PER_MINUTE_LIMIT": "0", "QUEUE_LEASE": "1s"}
	p.run(extra)
	ch := p.sim.Channel(simulator.Line)
	p.connect(ch)
	const contacts = 40
	for c := range contacts {
		p.deliver(ch, incoming(ch, c, numbered(c, 0))) // so that there are conversations to reply in
	}
	p.stop()

	f := &balancer{}
	address := f.serve(t)
	start := func(role string) *process {
		return p.another(map[string]string{
			"CONVERSATION_MESSAGE_PER_MINUTE_LIMIT": "0", "QUEUE_LEASE": "1s", "RACK_ATTACK_LIMIT": "1000000",
			"ROLES": role, "DATA_DIR": t.TempDir(), "FRONTEND_URL": address, "DATABASE_CONNECTIONS": "8",
		})
	}
	all := []string{"edge", "edge", "worker", "worker", "relay", "relay", "api", "scheduler"}
	running := make([]*process, len(all))
	for i, role := range all {
		running[i] = start(role)
	}
	f.edges = []*process{running[0], running[1]}
	f.apis = []*process{running[6]}
	p.base = address
	p.sim.SetTarget(address, address)

	l := begin(p, ch, contacts, 1, 5*time.Millisecond)
	r := beginReplies(p, contacts)
	steady := func() {
		t.Helper()
		webhooks, replies := l.total(), r.total()
		testkit.Wait(t, 60*time.Second, "traffic", func() bool { return l.total() > webhooks+150 && r.total() > replies+30 })
	}
	steady()
	var old []*process
	for i, role := range all {
		next := start(role)
		f.replace(running[i], next)
		if err := running[i].drain(); err != nil {
			t.Errorf("the old %s ended badly: %v", role, err)
		}
		old = append(old, running[i])
		running[i] = next
		steady()
	}
	r.end()
	l.end()
	l.drained(60 * time.Second)
	l.check()
	if l.denied > 0 {
		t.Errorf("%d webhooks were not answered 2xx", l.denied)
	}
	uncertain := 0
	for _, c := range append(old, running...) {
		uncertain += c.logged("sending again what a crashed process may have sent")
	}
	r.sentOnce(ch)
	if r.refused > 0 || uncertain > 0 {
		t.Errorf("%d replies were not taken, %d were sent again", r.refused, uncertain)
	}
}

// total is how many replies were accepted.
func (r *replies) total() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.accepted)
}

// sentOnce compares what the provider got with what the API took: each once, those of
// a conversation in order.
func (r *replies) sentOnce(ch *simulator.Channel) {
	t := r.p.t
	t.Helper()
	var got map[string]int
	missing := func() int {
		got = map[string]int{}
		for _, s := range r.p.sim.Sent() {
			if s.Channel == ch && s.Accepted() {
				got[s.Text]++
			}
		}
		n := 0
		for _, text := range r.accepted {
			if got[text] == 0 {
				n++
			}
		}
		return n
	}
	end := time.Now().Add(60 * time.Second)
	for missing() > 0 && time.Now().Before(end) {
		time.Sleep(50 * time.Millisecond)
	}
	lost, doubled, disordered := missing(), 0, 0
	for _, text := range r.accepted {
		if got[text] > 1 {
			doubled++
		}
	}
	last := map[string]int{}
	for _, s := range r.p.sim.Sent() {
		var c, n int
		if _, err := fmt.Sscanf(s.Text, "reply %d-%d", &c, &n); err != nil || s.Channel != ch {
			continue
		}
		if before, ok := last[s.To]; ok && n < before {
			disordered++
		}
		last[s.To] = n
	}
	t.Logf("%d replies accepted, lost %d, doubled %d, out of order %d, in %d conversations", len(r.accepted), lost, doubled, disordered, len(last))
	if lost+doubled+disordered > 0 || len(last) < 2 {
		t.Errorf("replies: lost %d, doubled %d, out of order %d", lost, doubled, disordered)
	}
}

// TestNewerSchema: a program goes on while a newer one has migrated the database, and
// starts on that schema: columns and tables that it does not know do not disturb it.
// That migrations do no more than that is held by store's TestMigrationsKeepOlderBinaries.
func TestNewerSchema(t *testing.T) {
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		p := start(t, b, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.Line}}})
		ch := p.sim.Channel(simulator.Line)
		p.connect(ch)
		p.deliver(ch, incoming(ch, 1, "before"))
		db := p.database()
		tables := `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'goose_db_version'`
		if b.DatabaseURL != "" {
			tables = `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_name <> 'goose_db_version'`
		}
		list := texts(t, db, tables)
		if len(list) < 50 {
			t.Fatalf("%d tables", len(list))
		}
		statements := []string{`CREATE TABLE of_the_future (id BIGINT PRIMARY KEY, what TEXT NOT NULL)`}
		for _, table := range list {
			statements = append(statements, `ALTER TABLE `+table+` ADD COLUMN future_text TEXT`,
				`ALTER TABLE `+table+` ADD COLUMN future_count BIGINT NOT NULL DEFAULT 0`)
		}
		statements = append(statements, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, TRUE)`)
		for _, s := range statements {
			if _, err := db.ExecContext(t.Context(), s); err != nil {
				t.Fatalf("%s: %v", s, err)
			}
		}
		works := func(when string) {
			t.Helper()
			conversation := p.deliver(ch, incoming(ch, 1, "customer "+when))
			p.reply(conversation, "agent "+when)
			p.sent(ch, "agent "+when)
			if status, body := p.request(http.MethodGet, "/readyz", nil); status != http.StatusOK {
				t.Errorf("/readyz %s: %d %s", when, status, body)
			}
		}
		works("after the migration")
		p.stop()
		p.run(nil)
		works("after a start on it")
	})
}
