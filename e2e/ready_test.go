package e2e_test

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"tributary/app/command"
	"tributary/internal/testkit"
	"tributary/simulator"
	"tributary/store/storetest"
)

// ready asks the process by `tributary ready`.
func (c *process) ready(args ...string) (status int, out, errOut string) {
	c.t.Helper()
	var stdout, stderr bytes.Buffer
	status = command.Main(c.t.Context(), append([]string{"ready"}, args...), c.env, &stdout, &stderr)
	return status, stdout.String(), stderr.String()
}

// TestReady: the command tells by its exit status whether the process on this
// machine is ready, and says what is not well.
func TestReady(t *testing.T) {
	t.Parallel()
	p := prepare(t, testkit.Backend{Name: "embedded"}, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.Line}}})
	c := p.spawn(map[string]string{"BIND": "0.0.0.0", "HTTP_PROXY": "http://127.0.0.1:1"})
	if status, out, errOut := c.ready("--wait", "20s"); status != 0 || out != "ready\n" || errOut != "" {
		t.Errorf("ready: %d %q %q", status, out, errOut)
	}
	if status, out, errOut := c.ready("--live"); status != 0 || out != "alive\n" || errOut != "" {
		t.Errorf("ready --live: %d %q %q", status, out, errOut)
	}
	c.end(syscall.SIGTERM)
	started := time.Now()
	if status, _, errOut := c.ready("--wait", "1s"); status != 1 || !strings.Contains(errOut, "nobody answers") || time.Since(started) < time.Second {
		t.Errorf("ready when nothing serves: %d %q after %s", status, errOut, time.Since(started))
	}
	if status, _, errOut := c.ready("--port", "0"); status != 1 || !strings.Contains(errOut, "PORT: 0") {
		t.Errorf("ready without a port: %d %q", status, errOut)
	}
}

// TestReadyWithoutDatabase: a process without its database is alive, not ready, and
// the command names why; without its queue too.
func TestReadyWithoutDatabase(t *testing.T) {
	database := storetest.Prepared.Postgres(t)
	if database == "" {
		return // the embedded back end does not go away
	}
	server := startRedis(t)
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	wire := startLine(t, u.Host)
	u.Host = wire.Addr()
	b := testkit.Backend{Name: "postgres and redis", DatabaseURL: u.String(), RedisURL: server.url()}
	p := prepare(t, b, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.Line}}})
	c := p.spawn(map[string]string{"ROLES": "edge"})
	for _, part := range []struct {
		name       string
		away, back func()
	}{
		{"database", func() { wire.Cut() }, func() { wire.Mend() }},
		{"queue", server.kill, server.start},
	} {
		if status, _, errOut := c.ready("--wait", "30s"); status != 0 {
			t.Fatalf("ready before: %d %q", status, errOut)
		}
		part.away()
		var last string
		testkit.Wait(t, 30*time.Second, fmt.Sprintf("the command to miss the %s", part.name), func() bool {
			status, _, errOut := c.ready()
			last = errOut
			return status == 1 && strings.Contains(errOut, "not ready (503)") && strings.Contains(errOut, part.name+": ")
		})
		t.Log(strings.TrimSpace(last))
		if status, out, errOut := c.ready("--live"); status != 0 {
			t.Errorf("ready --live without the %s: %d %q %q", part.name, status, out, errOut)
		}
		part.back()
	}
}

// TestReadyWorkerWithoutPartitions: a worker that lost its line to Redis, while another
// took over all partitions, is ready again when Redis answers it, not when the other
// one offers a partition a minute or two later.
func TestReadyWorkerWithoutPartitions(t *testing.T) {
	database := storetest.Prepared.Postgres(t)
	if database == "" {
		return // one process has the embedded queue for itself
	}
	server := startRedis(t)
	b := testkit.Backend{Name: "postgres and redis", DatabaseURL: database, RedisURL: server.url()}
	p := prepare(t, b, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.Line}}})
	settings := map[string]string{"ROLES": "worker", "QUEUE_LEASE": "1s"}
	first := p.spawn(settings)
	if status, _, errOut := first.ready("--wait", "30s"); status != 0 {
		t.Fatalf("the first worker: %d %q", status, errOut)
	}
	u, err := url.Parse(server.url())
	if err != nil {
		t.Fatal(err)
	}
	wire := startLine(t, u.Host)
	u.Host = wire.Addr()
	settings["REDIS_URL"] = u.String()
	second := p.spawn(settings)
	for range 3 {
		if status, _, errOut := second.ready("--wait", "20s"); status != 0 {
			t.Fatalf("the second worker with its line: %d %q", status, errOut)
		}
		wire.Cut()
		testkit.Wait(t, 30*time.Second, "the second worker to miss its line", func() bool {
			status, _, errOut := second.ready()
			return status == 1 && strings.Contains(errOut, "worker: queue: ")
		})
		wire.Mend()
	}
	if status, _, errOut := second.ready("--wait", "20s"); status != 0 {
		t.Errorf("the second worker with its line again: %d %q", status, errOut)
	}
}
