package desk_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the database/sql driver "pgx"

	"tributary/blob"
	"tributary/blob/disk"
	"tributary/channels"
	"tributary/channels/all"
	"tributary/chat"
	"tributary/desk"
	"tributary/files"
	"tributary/internal/testkit"
	"tributary/store"
	"tributary/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Prepared.Around(m).Run()) }

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// world is a desk on an empty database, with an account, a user and inboxes.
type world struct {
	t       testing.TB
	clock   *clock
	store   *store.Store
	desk    *desk.Desk
	account int64
	user    int64
	env     *channels.Env
	files   *files.Service
	db      *sql.DB // looks at the tables directly
	// settings of the installation; to be set before anything reads them.
	settings map[string]string
	// between is called whenever the desk looks at the clock, and parts when an inbox is
	// parted from its provider; nil: nothing.
	between func()
	parts   func(*channels.Channel)
}

// look is the desk's clock.
func (w *world) look() time.Time {
	if between := w.between; between != nil {
		w.between = nil // it uses the desk itself
		between()
		w.between = between
	}
	return w.clock.Now()
}

func newWorld(t testing.TB, b testkit.Backend) *world {
	t.Helper()
	w := &world{t: t, settings: map[string]string{}, clock: &clock{now: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)}}
	sealer, err := store.NewSealer("a test key")
	if err != nil {
		t.Fatal(err)
	}
	dir := ""
	if b.DatabaseURL == "" {
		dir = storetest.Prepared.Dir(t)
	}
	w.store, err = store.Open(t.Context(), store.Options{URL: b.DatabaseURL, Dir: dir, Sealer: sealer, Now: w.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.store.Close(); err != nil {
			t.Errorf("close store: %v", err)
		}
	})
	if b.DatabaseURL != "" {
		w.db, err = sql.Open("pgx", b.DatabaseURL)
	} else {
		w.db, err = sql.Open("sqlite", "file:"+dir+"/tributary.db?_pragma=busy_timeout(5000)")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.db.Close() })
	log := slog.New(slog.DiscardHandler)
	env := &channels.Env{
		Setting: func(name string) string { return w.settings[name] }, PublicURL: "https://desk.example.test", HTTP: http.DefaultClient,
		Guarded: http.DefaultClient, Now: w.clock.Now, Log: log,
	}
	w.env = env
	local, err := disk.Open(disk.Options{Dir: t.TempDir(), MaxBytes: 128 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = local.Close() })
	signer, err := blob.NewSigner("a test key", w.clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	w.files = files.New(files.Options{Store: w.store, Current: local, Signer: signer, PublicURL: env.PublicURL, Now: w.clock.Now})
	directory := desk.NewDirectory(t.Context(), w.store, all.New(env), log)
	w.desk = desk.New(desk.Options{
		Store: w.store, Directory: directory, Files: w.files, Log: log, Now: w.look, MessagesPerMinute: 200,
		Setting: env.Setting, PublicURL: env.PublicURL,
		BeforeDelete: func(_ context.Context, ch *channels.Channel) error {
			if w.parts != nil {
				w.parts(ch)
			}
			return nil
		},
	})
	first, err := w.store.Bootstrap(t.Context(), "a@example.test", "A", "x", "Acme")
	if err != nil {
		t.Fatal(err)
	}
	w.account, w.user = first.AccountID, first.UserID
	return w
}

// inbox connects a channel from settings as they are stored.
func (w *world) inbox(channelType, name string, settings map[string]any, change func(*store.Inbox)) int64 {
	w.t.Helper()
	driver, ok := w.desk.Directory.DriverOf(channelType)
	if !ok {
		w.t.Fatalf("no driver for %s", channelType)
	}
	raw, err := json.Marshal(settings)
	if err != nil {
		w.t.Fatal(err)
	}
	inbox := store.DefaultInbox()
	inbox.AccountID, inbox.Name = w.account, name
	if change != nil {
		change(&inbox)
	}
	id, err := w.desk.CreateInbox(w.t.Context(), driver, desk.NewInbox{Inbox: inbox, Settings: raw})
	if err != nil {
		w.t.Fatalf("create inbox: %v", err)
	}
	return id
}

func (w *world) line(n int) int64 {
	return w.inbox("Channel::Line", fmt.Sprintf("LINE %d", n), map[string]any{
		"line_channel_id":     fmt.Sprintf("20%08d", n),
		"line_channel_secret": "s", "line_channel_token": "t",
	}, nil)
}

// message is an incoming text.
func (w *world) message(inbox int64, from, key, text string) *chat.Event {
	return &chat.Event{
		Key: "msg:" + key, Channel: "line", AccountID: w.account, InboxID: inbox, Kind: chat.KindMessage,
		ReceivedAt: chat.MillisOf(w.clock.Now()), OccurredAt: chat.MillisOf(w.clock.Now()),
		Contact: &chat.Contact{SourceID: from, Name: "Name of " + from}, Message: &chat.Message{SourceID: key, Content: text},
	}
}

func (w *world) receive(events ...*chat.Event) []desk.Outcome {
	w.t.Helper()
	out, err := w.desk.Receive(context.Background(), events)
	if err != nil {
		w.t.Fatalf("Receive: %v", err)
	}
	return out
}

// rows reads one text column of a query.
func (w *world) rows(query string, args ...any) []string {
	w.t.Helper()
	r, err := w.db.QueryContext(w.t.Context(), query, args...)
	if err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = r.Close() }()
	out := []string{}
	for r.Next() {
		var s sql.NullString
		if err := r.Scan(&s); err != nil {
			w.t.Fatal(err)
		}
		out = append(out, s.String)
	}
	if err := r.Err(); err != nil {
		w.t.Fatal(err)
	}
	return out
}

func (w *world) want(query string, want ...string) {
	w.t.Helper()
	got := w.rows(query)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		w.t.Errorf("%s\n got %q\nwant %q", query, got, want)
	}
}
