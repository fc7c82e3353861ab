package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"tributary/internal/testkit"
	"tributary/simulator"
	"tributary/store/storetest"
)

// redisServer is a Redis of this test's own, which it may kill.
type redisServer struct {
	t    testing.TB
	dir  string
	port int
	cmd  *exec.Cmd
	args []string       // instead of those of a single server
	opt  *redis.Options // how to talk to it; nil: as url says
}

func startRedis(t testing.TB) *redisServer {
	t.Helper()
	r := &redisServer{t: t, dir: t.TempDir(), port: freePort(t)}
	r.start()
	t.Cleanup(r.kill)
	return r
}

func (r *redisServer) url() string { return fmt.Sprintf("redis://127.0.0.1:%d/0", r.port) }

func (r *redisServer) start() {
	r.t.Helper()
	log, err := os.OpenFile(filepath.Join(r.dir, "redis.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	args := r.args
	if args == nil {
		args = []string{"--port", fmt.Sprint(r.port), "--appendonly", "yes", "--appendfsync", "always", "--save", ""}
	}
	if strings.HasPrefix(args[0], "--") { // else a file says all
		args = append([]string{"--bind", "127.0.0.1", "--dir", r.dir}, args...)
	}
	r.cmd = exec.CommandContext(context.WithoutCancel(r.t.Context()), "redis-server", args...)
	r.cmd.Stdout, r.cmd.Stderr = log, log
	if err := r.cmd.Start(); err != nil {
		r.t.Fatalf("redis-server: %v", err)
	}
	r.waitUp()
}

// waitUp waits until it answers.
func (r *redisServer) waitUp() {
	r.t.Helper()
	opt := r.opt
	if opt == nil {
		var err error
		if opt, err = redis.ParseURL(r.url()); err != nil {
			r.t.Fatal(err)
		}
	}
	c := redis.NewClient(opt)
	defer func() { _ = c.Close() }()
	testkit.Wait(r.t, 20*time.Second, "Redis to answer", func() bool { return c.Ping(r.t.Context()).Err() == nil })
}

func (r *redisServer) kill() {
	if r.cmd == nil {
		return
	}
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait() // killed: that is not an error here
	r.cmd = nil
}

// TestRedisAway: while Redis is away the edge answers 2xx from its spool; when it
// is back, everything is applied once and in order.
func TestRedisAway(t *testing.T) {
	database := storetest.Prepared.Postgres(t)
	if database == "" {
		return // the embedded queue has no Redis to lose
	}
	server := startRedis(t)
	b := testkit.Backend{Name: "postgres and redis", DatabaseURL: database, RedisURL: server.url()}
	p := start(t, b, options{
		sim:      simulator.Options{Kinds: []simulator.Kind{simulator.Line}},
		settings: map[string]string{"CONVERSATION_MESSAGE_PER_MINUTE_LIMIT": "0", "QUEUE_LEASE": "1s"},
	})
	ch := p.sim.Channel(simulator.Line)
	p.connect(ch)
	l := begin(p, ch, 30, 0, 3*time.Millisecond)
	for range 2 {
		before := l.total()
		testkit.Wait(t, 20*time.Second, "traffic", func() bool { return l.total() > before+300 })
		server.kill()
		down := l.total()
		// All of this is answered by the spool.
		testkit.Wait(t, 20*time.Second, "traffic without Redis", func() bool { return l.total() > down+300 })
		if status, body := p.request(http.MethodGet, "/readyz", nil); status != http.StatusServiceUnavailable {
			t.Errorf("/readyz without Redis: %d %s", status, body)
		}
		values, _ := p.metrics()
		if ready, ok := values[`tributary_ready{part="queue"}`]; !ok || ready != 0 || values["tributary_spool_depth"] < 300 ||
			values["tributary_spool_bytes"] < 300*100 {
			t.Errorf("/metrics without Redis: ready %v, %v records and %v bytes in the spool", ready, values["tributary_spool_depth"], values["tributary_spool_bytes"])
		}
		server.start()
	}
	testkit.Wait(t, 20*time.Second, "traffic after Redis is back", func() bool {
		status, _ := p.request(http.MethodGet, "/readyz", nil)
		return status == http.StatusOK
	})
	l.end()
	l.drained(60 * time.Second)
	l.check()
	if l.denied > 0 {
		t.Errorf("%d webhooks were not answered 2xx while Redis was away", l.denied)
	}
}
