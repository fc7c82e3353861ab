package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tributary/app"
	"tributary/app/command"
	"tributary/internal/testkit"
	"tributary/simulator"
	"tributary/store/storetest"
)

// commandWith runs a command of the program with a configuration that differs.
func (p *program) commandWith(extra map[string]string, args ...string) (status int, out, errOut string) {
	p.t.Helper()
	var environ []string
	for k, v := range p.environment(extra) {
		environ = append(environ, k+"="+v)
	}
	var stdout, stderr bytes.Buffer
	status = command.Main(p.t.Context(), args, environ, &stdout, &stderr)
	return status, stdout.String(), stderr.String()
}

// restart ends a process as an operator does and starts it with another configuration.
func (c *process) restart(extra map[string]string) {
	c.t.Helper()
	c.end(syscall.SIGTERM)
	for k, v := range extra {
		c.env = append(c.env, k+"="+v) // the last one counts
	}
	c.start()
}

// owner makes the account of a program that runs as a process, and signs its owner in.
func (p *program) owner(extra map[string]string) (session http.Header) {
	p.t.Helper()
	status, out, errOut := p.commandWith(extra, "bootstrap", "--email", "eva@example.test", "--password", "Passw0rd!", "--account", "Shop", "--json")
	var made struct {
		Account int64  `json:"account_id"`
		Token   string `json:"api_access_token"`
	}
	if err := json.Unmarshal([]byte(out), &made); status != 0 || err != nil {
		p.t.Fatalf("bootstrap: %d %v %s", status, err, errOut)
	}
	p.account, p.token = made.Account, made.Token
	code, header, body := visit(p.t, "POST", p.base+"/auth/sign_in", `{"email":"eva@example.test","password":"Passw0rd!"}`, nil)
	if code != http.StatusOK {
		p.t.Fatalf("sign in: %d %s", code, body)
	}
	session = http.Header{}
	for _, name := range []string{"access-token", "client", "uid"} {
		session.Set(name, header.Get(name))
	}
	return session
}

// watched asks all the time whether the token and the session are good, of every
// process.
type watched struct {
	t    testing.TB
	stop chan struct{}
	done sync.WaitGroup
	mu   sync.Mutex
	good int
}

func watchSignedIn(p *program, session http.Header, bases ...string) *watched {
	w := &watched{t: p.t, stop: make(chan struct{})}
	headers := map[string]http.Header{"token": {"Api_access_token": {p.token}}, "session": session}
	for _, base := range bases {
		for name, header := range headers {
			w.done.Go(func() {
				for {
					select {
					case <-w.stop:
						return
					case <-time.After(20 * time.Millisecond):
					}
					w.ask(name, base, header)
				}
			})
		}
	}
	return w
}

func (w *watched) ask(name, base string, header http.Header) {
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, base+"/api/v1/profile", nil)
	if err != nil {
		w.t.Error(err)
		return
	}
	maps.Copy(req.Header, header)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return // it is being restarted
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusServiceUnavailable {
		w.t.Errorf("%s at %s: %d", name, base, res.StatusCode)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if res.StatusCode == http.StatusOK {
		w.good++
	}
}

func (w *watched) end() {
	w.t.Helper()
	close(w.stop)
	w.done.Wait()
	if w.good < 20 {
		w.t.Errorf("only %d calls succeeded", w.good)
	}
}

// TestSecretsRotate: SECRET_KEY_BASE is changed while webhooks come in, people are
// signed in and processes are restarted one after the other.
func TestSecretsRotate(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		const key, next = "the first key", "the second key"
		first := map[string]string{"SECRET_KEY_BASE": key, "CONVERSATION_MESSAGE_PER_MINUTE_LIMIT": "0", "QUEUE_LEASE": "1s"}
		both := map[string]string{"SECRET_KEY_BASE": next, "SECRET_KEY_BASE_PREVIOUS": "older, " + key}
		last := map[string]string{"SECRET_KEY_BASE": next, "SECRET_KEY_BASE_PREVIOUS": ""}
		p := prepare(t, b, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.Line}}})
		processes, bases := []*process{p.spawn(first)}, []string{p.base}
		if b.DatabaseURL != "" {
			extra := maps.Clone(first)
			extra["ROLES"], extra["DATA_DIR"] = "api", t.TempDir()
			processes = append(processes, p.spawn(extra))
			bases = append(bases, p.base)
			p.base = bases[0]
			p.sim.SetTarget(p.base, p.base)
		}
		session := p.owner(first)
		ch := p.sim.Channel(simulator.Line)
		p.connect(ch)
		p.want(http.MethodPost, "webhooks", map[string]any{"webhook": map[string]any{"url": "https://hook.example/x", "subscriptions": []string{"message_created"}}}, http.StatusOK, nil)
		hooks := p.hookSecrets()
		conversation := p.deliver(ch, incoming(ch, 0, numbered(0, 0)))
		picture := p.send(conversation, "", file{"photo.png", picture(t, 10, 10)}).Attachments[0].DataURL

		l := begin(p, ch, 1, 1, 10*time.Millisecond)
		watched := watchSignedIn(p, session, bases...)
		for _, c := range processes {
			c.restart(both) // while others know the first key only
			for _, base := range bases {
				if status, _, body := visit(t, "POST", base+"/auth/sign_in", `{"email":"eva@example.test","password":"Passw0rd!"}`, nil); status != http.StatusOK {
					t.Errorf("sign in at %s: %d %s", base, status, body)
				}
			}
		}
		status, out, errOut := p.commandWith(both, "secrets", "status")
		if status != 0 || !strings.Contains(out, "run `tributary secrets rotate` when every process has both") {
			t.Errorf("secrets status: %d\n%s%s", status, out, errOut)
		}
		status, out, errOut = p.commandWith(both, "secrets", "rotate")
		if status != 0 || !strings.Contains(out, "any more: take it out of SECRET_KEY_BASE_PREVIOUS and restart") {
			t.Errorf("secrets rotate: %d\n%s%s", status, out, errOut)
		}
		var again app.Rotation
		status, out, errOut = p.commandWith(both, "secrets", "rotate", "--json")
		if err := json.Unmarshal([]byte(out), &again); status != 0 || err != nil {
			t.Fatalf("secrets rotate again: %d %v %s", status, err, errOut)
		}
		for _, k := range again.Kinds {
			if k.Resealed != 0 {
				t.Errorf("rotate again: %+v", k)
			}
		}
		for _, c := range processes {
			c.restart(last)
		}
		watched.end()
		l.end()
		l.drained(30 * time.Second)
		l.check()
		if got := p.hookSecrets(); got != hooks {
			t.Errorf("secrets of webhooks: got %s, want %s", got, hooks)
		}
		m := p.reply(conversation, "with credentials that were sealed again")
		p.sent(ch, m.Content)
		if code, _, _ := p.load(picture, true); code != http.StatusNotFound {
			t.Errorf("an old link of a file, without the key that signed it: %d", code)
		}
		var now struct {
			Payload []attachment `json:"payload"`
		}
		p.want(http.MethodGet, fmt.Sprintf("conversations/%d/attachments", conversation), nil, http.StatusOK, &now)
		if code, _, _ := p.load(now.Payload[0].DataURL, true); code != http.StatusOK {
			t.Errorf("the link of the same file now: %d", code)
		}
		status, out, errOut = p.commandWith(first, "secrets", "status")
		if status != 1 || !strings.Contains(errOut, "SECRET_KEY_BASE: the database was written with another key") {
			t.Errorf("with the old key: %d %s%s", status, out, errOut)
		}
		for _, secret := range []string{key, next} {
			if strings.Contains(out+errOut, secret) {
				t.Errorf("a key is shown: %s%s", out, errOut)
			}
		}
	})
}

// hookSecrets are the secrets of the account's webhooks.
func (p *program) hookSecrets() string {
	p.t.Helper()
	var out struct {
		Payload struct {
			Webhooks []struct {
				Secret string `json:"secret"`
			} `json:"webhooks"`
		} `json:"payload"`
	}
	p.want(http.MethodGet, "webhooks", nil, http.StatusOK, &out)
	return fmt.Sprint(out.Payload.Webhooks)
}

// TestGeneratedKeyRotates: where the key was made into DATA_DIR the command alone
// changes it, beside the process that serves, also when it is killed on the way.
func TestGeneratedKeyRotates(t *testing.T) {
	t.Parallel()
	p := prepare(t, testkit.Backend{Name: "embedded"}, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.Line}}, fresh: true})
	made := map[string]string{"SECRET_KEY_BASE": ""}
	c := p.spawn(made)
	session := p.owner(made)
	ch := p.sim.Channel(simulator.Line)
	p.connect(ch)
	path := filepath.Join(p.dir, "secret_key_base")
	read := func() string {
		t.Helper()
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	old := read()
	watched := watchSignedIn(p, session, c.base)

	// Killed between the first value and the last.
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	rotate := exec.CommandContext(context.WithoutCancel(t.Context()), exe, "secrets", "rotate")
	rotate.Env = append([]string{}, c.env...)
	if err := rotate.Start(); err != nil {
		t.Fatal(err)
	}
	var status app.SecretsStatus
	testkit.Wait(t, 20*time.Second, "another key to write", func() bool {
		code, out, errOut := p.commandWith(made, "secrets", "status", "--json")
		if code != 0 || json.Unmarshal([]byte(out), &status) != nil {
			t.Fatalf("secrets status: %d %s%s", code, out, errOut)
		}
		return len(status.From) > 0
	})
	_ = rotate.Process.Kill()
	_ = rotate.Wait() // killed: that is not an error here
	half := read()
	if half == old || status.Writes != status.Known[0] || len(status.Known) != 2 {
		t.Fatalf("after a rotation that broke off: %+v", status)
	}
	if code, out, errOut := p.commandWith(map[string]string{"SECRET_KEY_BASE": strings.TrimSpace(half)}, "secrets", "status"); code != 1 ||
		!strings.Contains(errOut, "key "+status.From[0]+", which has to stay in SECRET_KEY_BASE_PREVIOUS") {
		t.Errorf("the new key alone: %d %s%s", code, out, errOut)
	}
	c.restart(nil) // with both files
	code, out, errOut := p.commandWith(made, "secrets", "rotate")
	if code != 0 || !strings.Contains(out, "No other is needed") && !strings.Contains(out, "Nothing needs key") {
		t.Errorf("secrets rotate, to its end: %d %s%s", code, out, errOut)
	}
	if read() != half {
		t.Error("a rotation that broke off made a third key")
	}
	if _, err := os.Stat(path + ".previous"); !os.IsNotExist(err) {
		t.Errorf("the old key is still there: %v", err)
	}
	code, out, errOut = p.commandWith(made, "secrets", "rotate")
	if code != 0 || !strings.Contains(out, "was made into DATA_DIR") || read() == half {
		t.Errorf("secrets rotate once more: %d %s%s", code, out, errOut)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file of the key: %v %v", info, err)
	}
	watched.end()
	c.restart(nil)
	conversation := p.deliver(ch, incoming(ch, 0, "hello"))
	p.sent(ch, p.reply(conversation, "hi").Content)
}
