package api_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fasthttp/router"
	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttputil"
	"golang.org/x/crypto/bcrypt"

	"tributary/api"
	"tributary/api/route"
	"tributary/app"
	"tributary/blob"
	"tributary/blob/disk"
	"tributary/channels"
	"tributary/channels/all"
	"tributary/chat"
	"tributary/desk"
	"tributary/files"
	"tributary/internal/testkit"
	"tributary/mail"
	"tributary/operator"
	"tributary/presence"
	"tributary/store"
	"tributary/store/storetest"
	"tributary/whatsapp"
)

// world is an installation with one account: an administrator, an agent who is
// a member of no inbox, and a stand-in for every provider.
type world struct {
	t         *testing.T
	store     *store.Store
	desk      *desk.Desk
	files     *files.Service
	api       *api.API
	db        *sql.DB // the same database, for what no route can do yet
	client    *http.Client
	providers *httptest.Server
	refuse    atomic.Bool // the providers refuse every call
	silent    atomic.Bool // the providers do not answer
	now       atomic.Int64
	settings  map[string]string
	queue     *lazyQueue

	account, admin, agent, stranger int64
	tokens                          map[string]string // by role
}

const publicURL = "https://desk.example"

func TestMain(m *testing.M) { os.Exit(storetest.Prepared.Around(m).Run()) }

// eachStore runs f on the embedded database and, where a URL is given, on
// PostgreSQL.
func eachStore(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		f(t, newWorld(t, ""))
	})
	if testkit.HasPostgres() {
		t.Run("postgres", func(t *testing.T) {
			t.Parallel()
			f(t, newWorld(t, storetest.Prepared.Postgres(t)))
		})
	}
}

func newWorld(t *testing.T, databaseURL string) *world {
	t.Helper()
	w := &world{t: t, settings: map[string]string{}, tokens: map[string]string{}}
	w.now.Store(time.Date(2025, 1, 31, 10, 0, 0, 0, time.UTC).UnixMicro())
	w.providers = httptest.NewServer(http.HandlerFunc(w.provide))
	t.Cleanup(w.providers.Close)
	now := func() time.Time { return time.UnixMicro(w.now.Add(1)).UTC() } // every look is a microsecond later
	ctx := t.Context()
	log := slog.New(slog.NewTextHandler(&testLog{t}, nil))

	sealer, err := store.NewSealer("secret")
	w.must(err)
	dir := ""
	if databaseURL == "" {
		dir = storetest.Prepared.Dir(t)
	}
	w.store, err = store.Open(ctx, store.Options{URL: databaseURL, Dir: dir, Sealer: sealer, Now: now, Conns: 4})
	w.must(err)
	t.Cleanup(func() { _ = w.store.Close() })
	if databaseURL == "" {
		w.db, err = sql.Open("sqlite", "file:"+filepath.Join(dir, "tributary.db")+"?_pragma=busy_timeout(10000)")
	} else {
		w.db, err = sql.Open("pgx", databaseURL)
	}
	w.must(err)
	t.Cleanup(func() { _ = w.db.Close() })
	w.people()

	env := &channels.Env{Setting: w.setting, PublicURL: publicURL, HTTP: w.providers.Client(), Guarded: w.providers.Client(), Dial: new(net.Dialer).DialContext, Now: now, Log: log}
	directory := desk.NewDirectory(ctx, w.store, all.New(env), log)
	w.must(directory.Refresh(ctx))
	local, err := disk.Open(disk.Options{Dir: t.TempDir()})
	w.must(err)
	t.Cleanup(func() { _ = local.Close() })
	signer, err := blob.NewSigner("secret", now)
	w.must(err)
	w.files = files.New(files.Options{Store: w.store, Current: local, Signer: signer, PublicURL: publicURL, Now: now})
	w.desk = desk.New(desk.Options{
		Store: w.store, Directory: directory, Files: w.files, Log: log, Now: now, MessagesPerMinute: 200, Setting: w.setting, PublicURL: publicURL,
		Mail: mail.New(w.setting, now), HTTP: w.providers.Client(), DefaultLocale: "en", PasswordCost: bcrypt.MinCost, Presence: presence.NewLocal(now, presence.Duration), Viewers: presence.NewLocal(now, desk.ViewingFor),
	})
	engine := whatsapp.New(ctx, whatsapp.Options{
		Store: w.store, Directory: directory, HTTP: w.providers.Client(), Setting: w.setting, PublicURL: publicURL, Now: now, Log: log, Owner: "test",
	})
	t.Cleanup(func() {
		if err := engine.Close(context.Background()); err != nil {
			t.Errorf("close the engine: %v", err)
		}
	})
	w.queue = &lazyQueue{t: t, dir: t.TempDir(), now: now}
	operators := operator.New(operator.Options{
		Store: w.store, Desk: w.desk, Queue: w.queue, Open: app.OpenEntry, Log: log, Now: now, Here: operator.Process{Instance: "test", Embedded: true},
	})
	signup := func() bool { return w.settings["ENABLE_ACCOUNT_SIGNUP"] == "true" }
	w.api = api.New(api.Deps{Store: w.store, Beside: app.HookRows(), Desk: w.desk, Files: w.files, Setting: w.setting, HTTP: w.providers.Client(), SignupOpen: signup, Queue: func(context.Context) error {
		if w.settings["queue"] == "down" {
			return io.ErrUnexpectedEOF
		}
		return nil
	}, WhatsApp: engine, Operator: operators})
	w.serve(log, now)
	return w
}

func (w *world) serve(log *slog.Logger, now func() time.Time) {
	r := router.New()
	w.must(route.Mount(r, w.api.Rows(), route.Options{Base: w.t.Context(), Auth: w.api, Log: log, Now: now}))
	ln := fasthttputil.NewInmemoryListener()
	srv := &fasthttp.Server{Handler: route.Front(r.Handler, route.CORS{}), MaxRequestBodySize: 48 << 20}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ln) }()
	checker, err := described()
	w.must(err)
	wire := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return ln.Dial() }}
	w.client = &http.Client{Transport: checker.Transport(wire, func(err error) { w.t.Error(err) })}
	w.t.Cleanup(func() {
		wire.CloseIdleConnections()
		if err := srv.Shutdown(); err != nil {
			w.t.Errorf("shutdown: %v", err)
		}
		<-done
	})
}

// people makes the account and the users.
func (w *world) people() {
	ctx := w.t.Context()
	b, err := w.store.Bootstrap(ctx, "ada@example.com", "Ada", "hash", "Acme")
	w.must(err)
	w.account, w.admin = b.AccountID, b.UserID
	w.tokens["admin"], w.tokens["platform"] = b.AccessToken, b.PlatformToken
	for _, email := range []string{"bo@example.com", "di@example.com"} {
		other, err := w.store.Bootstrap(ctx, email, strings.ToUpper(email[:1])+email[1:2], "hash", "Elsewhere")
		w.must(err)
		name := "agent"
		if email == "di@example.com" {
			name, w.stranger = "stranger", other.UserID
		} else {
			w.agent = other.UserID
		}
		w.tokens[name] = other.AccessToken
	}
	w.exec(`INSERT INTO account_users (account_id, user_id, role, auto_offline, active_at, created_at, updated_at) VALUES ($1, $2, 0, FALSE, 1, 1, 1)`, w.account, w.agent)
}

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	if _, err := w.db.ExecContext(w.t.Context(), query, args...); err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// setting points every provider at the stand-in.
func (w *world) setting(name string) string {
	switch name {
	case "TELEGRAM_API_URL", "LINE_API_URL", "WHATSAPP_CLOUD_BASE_URL", "WHATSAPP_360_BASE_URL", "TWILIO_API_URL":
		return w.providers.URL
	}
	return w.settings[name]
}

// provide is every provider at once.
func (w *world) provide(out http.ResponseWriter, req *http.Request) {
	switch {
	case w.silent.Load():
		panic(http.ErrAbortHandler)
	case w.refuse.Load():
		out.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(out, `{"ok":false,"error_code":401,"code":20003,"message":"Authenticate","status":401,"error":{"message":"no"}}`)
	case strings.HasSuffix(req.URL.Path, "/getMe"):
		_, _ = io.WriteString(out, `{"ok":true,"result":{"id":7,"is_bot":true,"first_name":"Desk","username":"desk_bot"}}`)
	case strings.HasSuffix(req.URL.Path, "/Applications.json"):
		_, _ = io.WriteString(out, `{"sid":"AP1"}`)
	default:
		_, _ = io.WriteString(out, `{"data":[],"messages":[]}`)
	}
}

// answer is what the API said.
type answer struct {
	t      *testing.T
	name   string
	status int
	body   string
}

// call sends JSON as one of the roles.
func (w *world) call(role, method, path, body string) answer {
	w.t.Helper()
	return w.send(role, method, path, "application/json", body)
}

func (w *world) send(role, method, path, contentType, body string) answer {
	w.t.Helper()
	path = strings.Replace(path, "{A}", fmt.Sprintf("/api/v1/accounts/%d", w.account), 1)
	req, err := http.NewRequest(method, "http://desk.test"+path, strings.NewReader(body))
	w.must(err)
	req.Header.Set("Content-Type", contentType)
	if token := w.tokens[role]; token != "" {
		req.Header["api_access_token"] = []string{token}
	}
	res, err := w.client.Do(req)
	w.must(err)
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	w.must(err)
	return answer{w.t, role + " " + method + " " + path, res.StatusCode, string(b)}
}

func (a answer) want(status int, body string) {
	a.t.Helper()
	if a.status != status || a.body != body {
		a.t.Errorf("%s: got %d %s\nwant %d %s", a.name, a.status, a.body, status, body)
	}
}

// object decodes a 200.
func (a answer) object() map[string]any {
	a.t.Helper()
	if a.status != http.StatusOK {
		a.t.Fatalf("%s: got %d %s", a.name, a.status, a.body)
	}
	var m map[string]any
	if err := json.Unmarshal([]byte(a.body), &m); err != nil {
		a.t.Fatalf("%s: %v: %s", a.name, err, a.body)
	}
	return m
}

// same compares JSON whatever the order of keys.
func same(t *testing.T, name string, got any, want string) {
	t.Helper()
	b, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var a, c bytes.Buffer
	var v any
	if err := json.Unmarshal([]byte(want), &v); err != nil {
		t.Fatalf("%s: the expectation is no JSON: %v", name, err)
	}
	canonical, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	_ = json.Indent(&a, b, "", " ")
	_ = json.Indent(&c, canonical, "", " ")
	if a.String() != c.String() {
		t.Errorf("%s: got\n%s\nwant\n%s", name, a.String(), c.String())
	}
}

// at walks into decoded JSON.
func at(v any, path ...any) any {
	for _, step := range path {
		switch s := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[s]
		case int:
			l, _ := v.([]any)
			if s >= len(l) {
				return nil
			}
			v = l[s]
		}
	}
	return v
}

func id(v any) int64 {
	f, _ := v.(float64)
	return int64(f)
}

// line connects a LINE inbox and makes the agent a member where wanted. It gives its
// conversations to nobody by itself.
func (w *world) line(name string, agentToo bool) int64 {
	w.t.Helper()
	inbox := id(w.call("admin", "POST", "{A}/inboxes", fmt.Sprintf(
		`{"name":%q,"enable_auto_assignment":false,"channel":{"type":"line","line_channel_id":%q,"line_channel_secret":"s","line_channel_token":"t"}}`, name, "c-"+name)).object()["id"])
	if agentToo {
		w.exec(`INSERT INTO inbox_members (inbox_id, user_id, created_at) VALUES ($1, $2, 1)`, inbox, w.agent)
	}
	return inbox
}

// receive lets a contact write a text.
func (w *world) receive(inbox int64, contact, text string) {
	w.t.Helper()
	w.now.Add(int64(time.Second / time.Microsecond))
	at := chat.MillisOf(time.UnixMicro(w.now.Load()))
	_, err := w.desk.Receive(w.t.Context(), []*chat.Event{{
		Key: "msg:" + contact + ":" + text, Channel: "line", Kind: chat.KindMessage, AccountID: w.account, InboxID: inbox,
		OccurredAt: at, ReceivedAt: at, Contact: &chat.Contact{SourceID: contact, Name: "Contact " + contact},
		Message: &chat.Message{SourceID: "p-" + contact + "-" + text, Content: text}, Proof: channels.ProofOK,
	}})
	w.must(err)
}

type testLog struct{ t *testing.T }

func (l *testLog) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("level=ERROR")) {
		l.t.Logf("%s", p)
	}
	return len(p), nil
}
