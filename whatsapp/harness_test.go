package whatsapp_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tributary/channels"
	"tributary/channels/all"
	"tributary/desk"
	"tributary/internal/testkit"
	"tributary/mail"
	"tributary/simulator"
	"tributary/store"
	"tributary/store/storetest"
	"tributary/whatsapp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(storetest.Prepared.Around(m)) }

// backends runs a test on SQLite, and on PostgreSQL where there is one.
func backends(t *testing.T, f func(*testing.T, string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); f(t, "") })
	if testkit.HasPostgres() {
		t.Run("postgres", func(t *testing.T) { t.Parallel(); f(t, storetest.Prepared.Postgres(t)) })
	}
}

// world is the program's side with as many processes as a test wants, and Meta's,
// on one clock.
type world struct {
	t       testing.TB
	db      *storetest.DB
	sim     *simulator.Simulator
	account int64
	public  string
	log     *logs
	engines []*process
	// patience is how long people wait; 0: as long as usual.
	patience time.Duration
}

// process is one engine with what it needs.
type process struct {
	*whatsapp.Engine
	desk *desk.Desk
	mail *outbox
	jobs map[string]desk.Handler
}

// outbox keeps mails.
type outbox struct {
	mu   sync.Mutex
	sent []mail.Message
}

func (o *outbox) Configured() bool { return true }

func (o *outbox) Send(_ context.Context, m mail.Message) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent = append(o.sent, m)
	return nil
}

func (o *outbox) all() []mail.Message {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]mail.Message(nil), o.sent...)
}

// logs is everything that was logged, for tests that look for secrets.
type logs struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newWorld(t testing.TB, databaseURL string, processes int) *world {
	t.Helper()
	w := &world{t: t, db: storetest.New(t, databaseURL), log: &logs{}}
	callbacks := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(out, r.URL.Query().Get("hub.challenge"))
	}))
	t.Cleanup(callbacks.Close)
	w.public = callbacks.URL
	sim, err := simulator.Start(t.Context(), simulator.Options{
		Kinds: []simulator.Kind{simulator.WhatsAppCloud}, Now: w.db.Clock.Now, Target: callbacks.URL,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.sim = sim
	t.Cleanup(func() { _ = sim.Close() })
	w.account, err = w.newAccount()
	if err != nil {
		t.Fatal(err)
	}
	for range processes {
		w.process(w.db.Store)
	}
	return w
}

func (w *world) newAccount() (int64, error) {
	done, err := w.db.Bootstrap(w.t.Context(), "ada@acme.test", "Ada", "x", "Acme")
	return done.AccountID, err
}

// open opens the database once more, as another process would. SQLite has one
// process at a time: there, the processes share the store.
func (w *world) open() *store.Store {
	w.t.Helper()
	if w.db.URL == "" {
		return w.db.Store
	}
	s, err := store.Open(w.t.Context(), w.db.Options(w.t, storetest.Secret))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = s.Close() })
	return s
}

// process starts one more process on the same database.
func (w *world) process(s *store.Store) *process {
	w.t.Helper()
	return w.processOver(s, &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}})
}

func (w *world) processOver(s *store.Store, client *http.Client) *process {
	w.t.Helper()
	log := slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	settings := w.sim.Settings()
	setting := func(name string) string { return settings[name] }
	env := &channels.Env{
		Setting: setting, PublicURL: w.public, HTTP: http.DefaultClient, Guarded: http.DefaultClient, Now: w.db.Clock.Now, Log: log,
	}
	directory := desk.NewDirectory(w.t.Context(), s, all.New(env), log)
	p := &process{mail: &outbox{}}
	p.Engine = whatsapp.New(w.t.Context(), whatsapp.Options{
		Store: s, Directory: directory, HTTP: client, Setting: setting, PublicURL: w.public, Now: w.db.Clock.Now,
		Log: log, Owner: "p" + strconv.Itoa(len(w.engines)), Mail: p.mail,
		Patience: w.patience,
	})
	p.desk = desk.New(desk.Options{
		Store: s, Directory: directory, Log: log, Now: w.db.Clock.Now, Setting: setting, PublicURL: w.public,
		AccountEvent: p.AccountEvent, BeforeDelete: p.Part,
	})
	p.jobs = p.Handlers()
	w.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := p.Close(ctx); err != nil {
			w.t.Error(err)
		}
		client.CloseIdleConnections()
	})
	w.engines = append(w.engines, p)
	return p
}

// connect makes an inbox of a number at Meta, as Embedded Signup would.
func (w *world) connect(n *simulator.Number) int64 {
	w.t.Helper()
	p := w.engines[0]
	done, err := p.Connect(w.t.Context(), p.desk, whatsapp.Signup{
		AccountID: w.account, By: desk.Actor{UserID: 1}, Code: w.sim.SignupCode(n.WABA()), WABA: n.WABA().ID, PhoneID: n.ID,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return done.InboxID
}

// store makes an inbox of a number at Meta without asking Meta, as a database that
// was imported has it.
func (w *world) store(n *simulator.Number) int64 {
	w.t.Helper()
	settings, err := json.Marshal(map[string]any{
		"phone_number": n.Phone, "provider": "whatsapp_cloud", "provider_config": map[string]any{
			"api_key": n.Token(), "phone_number_id": n.ID, "business_account_id": n.WABA().ID, "source": "embedded_signup",
			"webhook_verify_token": "0123456789abcdef0123456789abcdef",
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	p := w.engines[0]
	driver, ok := p.Directory.DriverOf("Channel::Whatsapp")
	if !ok {
		w.t.Fatal("no WhatsApp driver")
	}
	inbox := store.DefaultInbox()
	inbox.AccountID, inbox.Name = w.account, "WhatsApp "+n.Phone
	id, err := p.desk.CreateInbox(w.t.Context(), driver, desk.NewInbox{Inbox: inbox, Settings: settings})
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// rounds lets every process look after what is due, until nothing is.
func (w *world) rounds() {
	w.t.Helper()
	for {
		done := 0
		for _, p := range w.engines {
			if err := p.Adopt(w.t.Context()); err != nil {
				w.t.Fatal(err)
			}
			n, err := p.Round(w.t.Context())
			if err != nil {
				w.t.Fatal(err)
			}
			done += n
		}
		if done == 0 {
			return
		}
	}
}

// pass lets time go by in steps, with everything that is due looked after.
func (w *world) pass(d, step time.Duration) {
	w.t.Helper()
	for end := w.db.Clock.Now().Add(d); w.db.Clock.Now().Before(end); {
		w.db.Clock.Advance(step)
		w.rounds()
	}
}

// registration is what clients see.
func (w *world) registration(n *simulator.Number) whatsapp.Registration {
	w.t.Helper()
	r, err := w.engines[0].Registration(w.t.Context(), n.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// state checks where a number stands.
func (w *world) state(n *simulator.Number, state, action string) {
	w.t.Helper()
	r := w.registration(n)
	got := ""
	if r.RequiredAction != nil {
		got = *r.RequiredAction
	}
	if r.State != state || got != action {
		w.t.Fatalf("number is %s/%q (%s), want %s/%q", r.State, got, r.LastError, state, action)
	}
}

// incomplete tells whether clients are shown that the inbox's registration is.
func (w *world) incomplete(inbox int64) bool {
	w.t.Helper()
	if err := w.engines[0].Directory.Refresh(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	driver, ch, ok := w.engines[0].Directory.Inbox(inbox)
	if !ok {
		w.t.Fatal("no such inbox")
	}
	shown, _ := driver.(channels.Presenter).Present(ch, true)["reauthorization_required"].(bool)
	return shown
}
