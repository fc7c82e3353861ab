package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tributary/app"
	"tributary/desk"
	"tributary/internal/testkit"
	"tributary/simulator"
	"tributary/store"
	"tributary/store/storetest"
)

// program is a running Tributary with an account, beside its simulator.
type program struct {
	t       testing.TB
	backend testkit.Backend
	sim     *simulator.Simulator
	dir     string
	app     *app.App // nil when it runs as a process of its own
	base    string
	token   string
	account int64
	inboxes map[*simulator.Channel]int64
}

// options of start.
type options struct {
	sim      simulator.Options
	settings map[string]string
	// fresh: there is no database yet, as at the first start of an installation.
	fresh bool
}

// start runs the program in this process.
func start(t testing.TB, b testkit.Backend, opt options) *program {
	t.Helper()
	p := prepare(t, b, opt)
	p.run(opt.settings)
	return p
}

// prepare starts the simulator only.
func prepare(t testing.TB, b testkit.Backend, opt options) *program {
	t.Helper()
	sim, err := simulator.Start(context.WithoutCancel(t.Context()), opt.sim)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sim.Close(); err != nil {
			t.Errorf("close simulator: %v", err)
		}
	})
	p := &program{t: t, backend: b, sim: sim, inboxes: map[*simulator.Channel]int64{}}
	if b.DatabaseURL == "" && !opt.fresh {
		p.dir = storetest.Prepared.Dir(t)
	} else {
		p.dir = t.TempDir()
	}
	return p
}

// environment is the configuration of the program.
func (p *program) environment(extra map[string]string) map[string]string {
	env := p.sim.Settings()
	env["DATA_DIR"], env["PORT"], env["BIND"] = p.dir, "0", "127.0.0.1"
	env["DATABASE_URL"], env["REDIS_URL"] = p.backend.DatabaseURL, p.backend.RedisURL
	if p.backend.RedisPrefix != "" {
		env["REDIS_PREFIX"] = p.backend.RedisPrefix
	}
	env["SECRET_KEY_BASE"] = "an end-to-end test's key"
	env["RELAY_RETRY_BASE"] = "200ms"
	env["LOG_LEVEL"] = "warn"
	maps.Copy(env, extra)
	return env
}

// run starts the program in this process and makes the account.
func (p *program) run(extra map[string]string) {
	p.t.Helper()
	cfg, err := app.LoadConfig(nil, p.environment(extra))
	if err != nil {
		p.t.Fatalf("configuration: %v", err)
	}
	cfg.Log = p.logger()
	a, err := app.New(context.WithoutCancel(p.t.Context()), cfg)
	if err != nil {
		p.t.Fatalf("new: %v", err)
	}
	if err := a.Start(context.WithoutCancel(p.t.Context())); err != nil {
		p.t.Fatalf("start: %v", err)
	}
	p.t.Cleanup(func() { p.stop() })
	p.app, p.base = a, "http://"+a.Addr()
	p.sim.SetTarget(p.base, a.URL())
	p.bootstrap(a.Store())
}

func (p *program) stop() {
	if p.app == nil {
		return
	}
	if err := p.app.Stop(context.WithoutCancel(p.t.Context())); err != nil {
		p.t.Errorf("stop: %v", err)
	}
	p.app = nil
}

// logger shows the program's log when a test fails.
func (p *program) logger() *slog.Logger {
	path := filepath.Join(p.t.TempDir(), "program.log")
	f, err := os.Create(path)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		_ = f.Close()
		if b, err := os.ReadFile(path); err == nil && p.t.Failed() && len(b) > 0 {
			p.t.Logf("log of the program (end):\n%s", b[max(0, len(b)-6000):])
		}
	})
	return slog.New(slog.NewTextHandler(f, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

func (p *program) bootstrap(s *store.Store) {
	p.t.Helper()
	first, err := s.Bootstrap(p.t.Context(), "owner@example.test", "Owner", "no password", "Acme")
	if err != nil {
		p.t.Fatalf("bootstrap: %v", err)
	}
	p.account, p.token = first.AccountID, first.AccessToken
}

// connect makes the inbox of a channel: through the API where it has a route.
func (p *program) connect(ch *simulator.Channel) int64 {
	p.t.Helper()
	var id int64
	if path := ch.CreatePath(); path != "" {
		var made struct {
			ID         int64  `json:"id"`
			Identifier string `json:"inbox_identifier"`
		}
		p.want(http.MethodPost, path, ch.Params(), http.StatusOK, &made)
		if made.Identifier != "" {
			ch.Attach(made.Identifier)
		}
		id = made.ID
	} else {
		id = p.connectDirect(ch)
	}
	ctx, cancel := context.WithTimeout(p.t.Context(), 20*time.Second)
	defer cancel()
	if err := p.sim.WaitReady(ctx, ch); err != nil {
		p.t.Fatalf("%s did not register its webhook: %v", ch.Kind, err)
	}
	p.inboxes[ch] = id
	return id
}

// connectDirect makes an inbox that a provider's sign-in would make.
func (p *program) connectDirect(ch *simulator.Channel) int64 {
	p.t.Helper()
	types := map[simulator.Kind]string{
		simulator.Facebook: "Channel::FacebookPage", simulator.InstagramPage: "Channel::FacebookPage",
		simulator.InstagramLogin: "Channel::Instagram", simulator.Twitter: "Channel::TwitterProfile",
	}
	driver, ok := p.app.Desk().Directory.DriverOf(types[ch.Kind])
	if !ok {
		p.t.Fatalf("no driver for %s", ch.Kind)
	}
	inbox := store.DefaultInbox()
	inbox.AccountID, inbox.Name = p.account, ch.Name
	id, err := p.app.Desk().CreateInbox(p.t.Context(), driver, desk.NewInbox{Inbox: inbox, Params: ch.Params()})
	if err != nil {
		p.t.Fatalf("connect %s: %v", ch.Kind, err)
	}
	return id
}

// call calls the account API with a path below the account.
func (p *program) call(method, path string, body any) (int, []byte) {
	p.t.Helper()
	return p.request(method, fmt.Sprintf("/api/v1/accounts/%d/%s", p.account, path), body)
}

func (p *program) request(method, path string, body any) (int, []byte) {
	p.t.Helper()
	var reader io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			p.t.Fatal(err)
		}
		reader = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.base+path, reader)
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("api_access_token", p.token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatalf("%s %s: %v", method, path, err)
	}
	return res.StatusCode, answer
}

// want calls the API and reads the answer, which must have the status.
func (p *program) want(method, path string, body any, status int, out any) {
	p.t.Helper()
	got, answer := p.call(method, path, body)
	if got != status {
		p.t.Fatalf("%s %s: got %d, want %d: %s", method, path, got, status, answer)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(answer, out); err != nil {
		p.t.Fatalf("%s %s: %v: %s", method, path, err, answer)
	}
}

// message is a message as the API shows it.
type message struct {
	ID         int64          `json:"id"`
	Content    string         `json:"content"`
	Type       int            `json:"message_type"`
	Status     string         `json:"status"`
	SourceID   string         `json:"source_id"`
	Attributes map[string]any `json:"content_attributes"`
	Sender     map[string]any `json:"sender"`
	EchoID     any            `json:"echo_id"`
}

// conversation is a conversation as the API lists it.
type conversation struct {
	ID       int64  `json:"id"`
	Status   string `json:"status"`
	CanReply bool   `json:"can_reply"`
	Meta     struct {
		Sender struct {
			Name string `json:"name"`
		} `json:"sender"`
		Channel string `json:"channel"`
	} `json:"meta"`
}

func (p *program) conversations(inbox int64) []conversation {
	p.t.Helper()
	var out struct {
		Data struct {
			Payload []conversation `json:"payload"`
		} `json:"data"`
	}
	p.want(http.MethodGet, fmt.Sprintf("conversations?status=all&inbox_id=%d", inbox), nil, http.StatusOK, &out)
	return out.Data.Payload
}

func (p *program) messages(conversation int64) []message {
	p.t.Helper()
	var out struct {
		Payload []message `json:"payload"`
	}
	p.want(http.MethodGet, fmt.Sprintf("conversations/%d/messages", conversation), nil, http.StatusOK, &out)
	return out.Payload
}

// deliver posts a text and waits until an agent sees it.
func (p *program) deliver(ch *simulator.Channel, in simulator.Incoming) int64 {
	p.t.Helper()
	answer, err := p.sim.Deliver(p.t.Context(), p.base, ch, in)
	if err != nil || !answer.OK() {
		p.t.Fatalf("deliver to %s: %v %+v", ch.Kind, err, answer)
	}
	return p.deliverSeen(ch, in.Text)
}

// deliverSeen waits until an agent sees a contact's text and gives its
// conversation.
func (p *program) deliverSeen(ch *simulator.Channel, text string) int64 {
	p.t.Helper()
	var found int64
	testkit.Wait(p.t, 20*time.Second, "the message to be visible", func() bool {
		for _, c := range p.conversations(p.inboxes[ch]) {
			for _, m := range p.messages(c.ID) {
				if m.Content == text && m.Type == 0 {
					found = c.ID
					return true
				}
			}
		}
		return false
	})
	return found
}

// reply answers through the API.
func (p *program) reply(conversation int64, text string) message {
	p.t.Helper()
	var m message
	p.want(http.MethodPost, fmt.Sprintf("conversations/%d/messages", conversation), map[string]any{"content": text}, http.StatusOK, &m)
	return m
}

// sent waits until the provider took a text.
func (p *program) sent(ch *simulator.Channel, text string) simulator.Sent {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 30*time.Second)
	defer cancel()
	s, err := p.sim.WaitSent(ctx, func(s *simulator.Sent) bool {
		return s.Channel == ch && strings.Contains(s.Text, text) && s.Accepted()
	})
	if err != nil {
		p.t.Fatalf("%s did not get %q: %v", ch.Kind, text, err)
	}
	return s
}

// state waits until a message has a status.
func (p *program) state(conversation, id int64, status string) message {
	p.t.Helper()
	var last message
	testkit.Wait(p.t, 30*time.Second, fmt.Sprintf("message %d to be %s", id, status), func() bool {
		for _, m := range p.messages(conversation) {
			if m.ID == id {
				last = m
			}
		}
		return last.Status == status
	})
	return last
}
