package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tributary/app"
	"tributary/app/command"
	"tributary/internal/testkit"
	"tributary/simulator"
	"tributary/store/storetest"
)

// TestBadConfiguration: what cannot be read or reached is one line and status 1;
// wrong usage is status 2.
func TestBadConfiguration(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		env  []string
		args []string
		want int
		text string
	}{
		{"unreadable number", []string{"PORT=many"}, nil, 1, "PORT: cannot be read as a whole number"},
		{"impossible port", []string{"PORT=70000"}, nil, 1, "PORT: 70000 is not a port"},
		{"unknown setting", []string{"TRIBUTARY_PROT=1"}, nil, 1, "TRIBUTARY_PROT: no such setting"},
		{"unknown role", []string{"ROLES=edge,cook"}, nil, 1, `ROLES: "cook" is none of`},
		{"unreadable duration", []string{"QUEUE_RETENTION=long"}, nil, 1, "QUEUE_RETENTION: cannot be read as a duration"},
		{"unreadable size", []string{"QUEUE_MAX_BYTES=big"}, nil, 1, "QUEUE_MAX_BYTES: cannot be read as a size"},
		{"no database", []string{"DATABASE_URL=postgres://nobody:secretpassword@127.0.0.1:1/none"}, nil, 1, "DATABASE_URL: the database does not answer"},
		{"not a database", []string{"DATABASE_URL=mysql://x"}, nil, 1, "DATABASE_URL: does not begin with postgres://"},
		{"no Redis", []string{"REDIS_URL=redis://:secretpassword@127.0.0.1:1/0"}, nil, 1, "REDIS_URL:"},
		{"signature mode", []string{"WEBHOOK_SIGNATURE_MODE=maybe"}, nil, 1, "WEBHOOK_SIGNATURE_MODE"},
		{"provider address", []string{"LINE_API_URL=line"}, nil, 1, "LINE_API_URL: not an http or https address"},
		{"unknown command", nil, []string{"dance"}, 2, "unknown command"},
		{"unknown flag", nil, []string{"serve", "--fast"}, 2, "unknown flag"},
		{"queue without verb", nil, []string{"queue"}, 2, "usage"},
		{"show without id", nil, []string{"queue", "show"}, 2, "usage"},
		{"no queue here", nil, []string{"queue", "stats"}, 1, "no queue in"},
		{"bootstrap without e-mail", nil, []string{"bootstrap", "--password", "long enough", "--account", "A"}, 2, "--email"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var out, errOut bytes.Buffer
			env := append([]string{"DATA_DIR=" + t.TempDir(), "BIND=127.0.0.1"}, c.env...)
			if len(c.env) == 0 || !strings.HasPrefix(c.env[0], "PORT=") {
				env = append(env, "PORT=0")
			}
			status := command.Main(t.Context(), c.args, env, &out, &errOut)
			text := errOut.String()
			if status != c.want || !strings.Contains(text, c.text) {
				t.Errorf("status %d, want %d; stderr %q, want %q in it", status, c.want, text, c.text)
			}
			if strings.Count(text, "\n") != 1 {
				t.Errorf("stderr has %d lines: %q", strings.Count(text, "\n"), text)
			}
			if strings.Contains(text, "secretpassword") {
				t.Errorf("stderr shows a password: %q", text)
			}
		})
	}
}

// TestSecondProcess: one data directory serves one process; bootstrap works
// beside it and twice.
func TestSecondProcess(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.Backend{Name: "embedded"}, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.Line}}})
	cfg, err := app.LoadConfig(nil, p.environment(nil))
	if err != nil {
		t.Fatal(err)
	}
	_, err = app.New(t.Context(), cfg)
	if err == nil || !strings.Contains(err.Error(), "is in use by another tributary") || !strings.Contains(err.Error(), p.dir) {
		t.Errorf("a second process on the same directory: %v", err)
	}
	args := []string{"bootstrap", "--email", "second@example.test", "--password", "a long one", "--account", "Second", "--json"}
	var first, second map[string]any
	for _, out := range []*map[string]any{&first, &second} {
		status, text, errOut := p.command(args...)
		if err := json.Unmarshal([]byte(text), out); status != 0 || err != nil {
			t.Fatalf("bootstrap: %d %v %q %q", status, err, text, errOut)
		}
	}
	if fmt.Sprint(first) != fmt.Sprint(second) || first["account_id"] != 2.0 || first["api_access_token"] == "" || first["platform_token"] == "" {
		t.Errorf("bootstrap twice: %v, then %v", first, second)
	}
	p.token = fmt.Sprint(first["api_access_token"])
	if status, body := p.request(http.MethodGet, "/api/v1/profile", nil); status != http.StatusOK || !strings.Contains(string(body), "second@example.test") {
		t.Errorf("profile with the new token: %d %s", status, body)
	}
	if status, body := p.call(http.MethodGet, "conversations", nil); status != http.StatusUnauthorized {
		t.Errorf("another account's conversations: %d %s", status, body)
	}
}

// TestWrongKey: a database is not opened with another key than it was written
// with.
func TestWrongKey(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		p := start(t, b, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.Line}}})
		p.stop()
		cfg, err := app.LoadConfig(nil, p.environment(map[string]string{"SECRET_KEY_BASE": "another"}))
		if err != nil {
			t.Fatal(err)
		}
		if _, err = app.New(context.WithoutCancel(t.Context()), cfg); err == nil || !strings.Contains(err.Error(), "SECRET_KEY_BASE") {
			t.Errorf("started with another key: %v", err)
		}
	})
}

// TestStopDrains: what was accepted before a stop is stored, and the rest of a
// stopped program is picked up by the next.
func TestStopDrains(t *testing.T) {
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		p := start(t, b, options{
			sim:      simulator.Options{Kinds: []simulator.Kind{simulator.Line}},
			settings: map[string]string{"CONVERSATION_MESSAGE_PER_MINUTE_LIMIT": "0"},
		})
		ch := p.sim.Channel(simulator.Line)
		p.connect(ch)
		l := begin(p, ch, 10, 0, time.Millisecond)
		testkit.Wait(t, 20*time.Second, "traffic", func() bool { return l.total() > 200 })
		p.stop()
		l.end()
		p.run(map[string]string{"CONVERSATION_MESSAGE_PER_MINUTE_LIMIT": "0"})
		l.drained(30 * time.Second)
		l.check()
	})
}

// TestStopAtOnce: a program that is stopped in the moment it started does stop.
func TestStopAtOnce(t *testing.T) {
	t.Parallel()
	p := prepare(t, testkit.Backend{Name: "embedded"}, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.Line}}})
	for range 20 {
		cfg, err := app.LoadConfig(nil, p.environment(map[string]string{"STOP_TIMEOUT": "5s"}))
		if err != nil {
			t.Fatal(err)
		}
		cfg.Log = p.logger()
		a, err := app.New(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := a.Stop(t.Context()); err != nil {
			t.Fatalf("stop: %v", err)
		}
	}
}
