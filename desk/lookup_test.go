package desk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"tributary/chat"
	"tributary/desk"
	"tributary/internal/testkit"
	"tributary/store"
	"tributary/store/storetest"
)

// provider stands for every provider: it answers by path and counts the calls.
type provider struct {
	mu      sync.Mutex
	answers map[string]answer
	calls   map[string]int
}

type answer struct {
	status int
	body   string
}

// ServeHTTP implements http.Handler.
func (p *provider) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls[r.URL.Path]++
	a, ok := p.answers[r.URL.Path]
	if !ok {
		a = answer{http.StatusNotFound, `{"message":"Not found"}`}
	}
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(a.status)
	_, _ = rw.Write([]byte(a.body))
}

func (p *provider) set(path string, status int, body string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers[path] = answer{status, body}
}

func (p *provider) called(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls[path]
}

// provider starts a stand-in and a runner of the look-ups.
func (w *world) provider() (*provider, *desk.Runner) {
	w.t.Helper()
	p := &provider{answers: map[string]answer{}, calls: map[string]int{}}
	server := httptest.NewServer(p)
	w.t.Cleanup(server.Close)
	for _, name := range []string{"FACEBOOK_GRAPH_URL", "INSTAGRAM_GRAPH_URL", "LINE_API_URL", "TELEGRAM_API_URL"} {
		w.settings[name] = server.URL
	}
	runner := desk.NewRunner(desk.RunnerOptions{
		Store: w.store, Log: w.desk.Log, Lane: store.LaneDeferred, Owner: "test", Now: w.clock.Now,
		Handlers: map[string]desk.Handler{desk.JobProfile: w.desk.LookUpProfile, desk.JobEnrich: w.desk.Enrich},
	})
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	go func() { done <- runner.Run(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("runner: %v", err)
		}
	})
	return p, runner
}

// settled runs what is due and waits until no look-up is left that could run.
func (w *world) settled(r *desk.Runner) {
	w.t.Helper()
	r.Wake()
	testkit.Wait(w.t, 20*time.Second, "the look-ups to be done", func() bool {
		return len(w.rows(fmt.Sprintf(`SELECT kind FROM jobs WHERE state = 'ready' AND kind IN ('contact.profile', 'message.enrich')
			AND (run_at <= %d OR lease_owner <> '')`, w.clock.Now().UnixMicro()))) == 0
	})
}

// stranger is a text of somebody whom only the provider can name.
func (w *world) stranger(inbox int64, from, key string) *chat.Event {
	e := w.message(inbox, from, key, "text "+key)
	e.Contact = &chat.Contact{SourceID: from, Lookup: "needed", Attributes: map[string]any{"from_webhook": "kept"}}
	return e
}

func (w *world) attributes(query string) map[string]any {
	w.t.Helper()
	rows := w.rows(query)
	if len(rows) != 1 {
		w.t.Fatalf("%s: %d rows", query, len(rows))
	}
	out := map[string]any{}
	if err := json.Unmarshal([]byte(rows[0]), &out); err != nil {
		w.t.Fatal(err)
	}
	return out
}

func (w *world) facebook() int64 {
	return w.inbox("Channel::FacebookPage", "Page", map[string]any{
		"page_id": "200", "page_access_token": "page-token", "user_access_token": "u", "instagram_id": "300",
	}, nil)
}

func (w *world) instagram() int64 {
	return w.inbox("Channel::Instagram", "Gram", map[string]any{"instagram_id": "400", "access_token": "gram-token"}, nil)
}

func TestProfileNamesNewContacts(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		p, runner := w.provider()
		inbox := w.line(1)
		p.set("/v2/bot/profile/U1", 200, `{"userId":"U1","displayName":"田辺ゆき","pictureUrl":"https://cdn.example.test/y","language":"ja"}`)
		w.receive(w.stranger(inbox, "U1", "1"), w.stranger(inbox, "U1", "2"))
		w.want(`SELECT content FROM messages ORDER BY id`, "text 1", "text 2")
		w.settled(runner)
		w.receive(w.stranger(inbox, "U1", "3"))
		w.settled(runner)
		w.want(`SELECT name FROM contacts`, "田辺ゆき")
		if n := p.called("/v2/bot/profile/U1"); n != 1 {
			t.Errorf("asked %d times, want once", n)
		}
		got := w.attributes(`SELECT additional_attributes FROM contacts`)
		for key, want := range map[string]any{
			"from_webhook": "kept", "social_line_user_id": "U1", "language_code": "ja", "provider_avatar_url": "https://cdn.example.test/y",
			"last_avatar_sync_at": "2026-03-01T10:00:00Z",
		} {
			if got[key] != want {
				t.Errorf("additional_attributes.%s: got %v, want %v", key, got[key], want)
			}
		}
		if hash, _ := got["avatar_url_hash"].(string); len(hash) != 64 {
			t.Errorf("avatar_url_hash: got %q", hash)
		}
		w.want(`SELECT kind FROM outbox WHERE kind LIKE 'contact.%' ORDER BY id`, "contact.created", "contact.updated", "contact.updated") // the profile, the third message
		w.want(`SELECT kind FROM jobs WHERE kind = 'contact.profile'`)
	})
}

// A name that somebody gave the contact stays.
func TestProfileKeepsAGivenName(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		inbox := w.facebook()
		w.receive(w.stranger(inbox, "P1", "1"))
		w.want(`SELECT name FROM contacts`, "Facebook user P1")
		if _, err := w.db.ExecContext(t.Context(), `UPDATE contacts SET name = 'Our best customer', additional_attributes = '{"social_profiles":{"github":"x"}}'`); err != nil {
			t.Fatal(err)
		}
		p, runner := w.provider()
		p.set("/v18.0/P1", 200, `{"first_name":"Inés","last_name":"Okafor","id":"P1"}`)
		w.settled(runner)
		w.want(`SELECT name FROM contacts`, "Our best customer")

		// Instagram over the page: other fields, merged into what is there.
		direct := w.stranger(inbox, "G1", "2")
		direct.Thread = &chat.Thread{Attributes: map[string]any{"type": "instagram_direct_message"}}
		p.set("/v18.0/G1", 200, `{"name":"Tomáš","username":"tomas.bakes","follower_count":312,"is_verified_user":false}`)
		w.receive(direct)
		w.settled(runner)
		w.want(`SELECT name FROM contacts ORDER BY id`, "Our best customer", "Tomáš")
		got := w.attributes(`SELECT additional_attributes FROM contacts WHERE name = 'Tomáš'`)
		if profiles, _ := got["social_profiles"].(map[string]any); profiles["instagram"] != "tomas.bakes" {
			t.Errorf("social_profiles: got %v", got["social_profiles"])
		}
		if got["social_instagram_follower_count"] != 312.0 || got["social_instagram_is_verified_user"] != false || got["from_webhook"] != "kept" {
			t.Errorf("attributes: got %v", got)
		}
	})
}

// TestProfileRefused: the message is kept, and the provider is asked again when
// the contact writes, but not more than once an hour.
func TestProfileRefused(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		p, runner := w.provider()
		inbox := w.instagram()
		const path = "/v22.0/9115"
		p.set(path, 400, `{"error":{"message":"User consent is required to access user profile","code":230}}`)
		for n := range 3 {
			w.receive(w.stranger(inbox, "9115", fmt.Sprint(n)))
			w.settled(runner)
			w.clock.Advance(10 * time.Minute)
		}
		w.want(`SELECT content FROM messages ORDER BY id`, "text 0", "text 1", "text 2")
		w.want(`SELECT name FROM contacts`, "Unknown (IG: 9115)")
		if n := p.called(path); n != 1 {
			t.Errorf("asked %d times within an hour, want once", n)
		}
		w.want(`SELECT authorization_errors FROM channels`, "0")
		p.set(path, 200, `{"username":"tomas.bakes"}`)
		w.clock.Advance(time.Hour)
		w.receive(w.stranger(inbox, "9115", "9"))
		w.settled(runner)
		w.want(`SELECT name FROM contacts`, "tomas.bakes")
		if n := p.called(path); n != 2 {
			t.Errorf("asked %d times, want twice", n)
		}
		// A provider in trouble is asked again by itself.
		p.set("/v22.0/9116", 503, ``)
		w.receive(w.stranger(inbox, "9116", "10"))
		testkit.Wait(t, 20*time.Second, "the first try", func() bool { return p.called("/v22.0/9116") == 1 })
		w.settled(runner)
		p.set("/v22.0/9116", 200, `{"name":"Back"}`)
		w.clock.Advance(time.Minute)
		w.settled(runner)
		w.want(`SELECT name FROM contacts ORDER BY id`, "tomas.bakes", "Back")
	})
}

// TestLookUpsWaitForAuthorization: while a channel has to be authorised again
// messages are stored, nobody is asked, and afterwards everything is finished.
func TestLookUpsWaitForAuthorization(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		p, runner := w.provider()
		inbox := w.line(1)
		p.set("/v2/bot/profile/U1", 401, `{"message":"Authentication failed"}`)
		w.receive(w.stranger(inbox, "U1", "1"))
		testkit.Wait(t, 20*time.Second, "the channel to be flagged", func() bool {
			return w.rows(`SELECT CASE WHEN reauthorization_required THEN 'yes' ELSE 'no' END FROM channels`)[0] == "yes"
		})
		w.settled(runner)
		w.receive(w.stranger(inbox, "U2", "2"))
		w.settled(runner)
		w.clock.Advance(30 * time.Minute)
		w.settled(runner)
		if a, b := p.called("/v2/bot/profile/U1"), p.called("/v2/bot/profile/U2"); a != 1 || b != 0 {
			t.Errorf("asked %d and %d times while the authorisation is missing, want 1 and 0", a, b)
		}
		w.want(`SELECT content FROM messages ORDER BY id`, "text 1", "text 2")
		w.want(`SELECT name FROM contacts ORDER BY id`, "LINE user U1", "LINE user U2")

		for _, user := range []string{"U1", "U2"} {
			p.set("/v2/bot/profile/"+user, 200, `{"userId":"`+user+`","displayName":"Name `+user+`"}`)
		}
		change := desk.InboxChange{Inbox: store.DefaultInbox(), Params: json.RawMessage(`{"line_channel_token":"another"}`)}
		change.Inbox.ID, change.Inbox.AccountID, change.Inbox.Name = inbox, w.account, "LINE 1"
		if err := w.desk.UpdateInbox(t.Context(), change); err != nil {
			t.Fatalf("UpdateInbox: %v", err)
		}
		w.settled(runner)
		w.want(`SELECT name FROM contacts ORDER BY id`, "Name U1", "Name U2")
		w.want(`SELECT authorization_errors FROM channels`, "0")
	})
}

// Facebook's threshold is two errors.
func TestLookUpsCountAuthorizationErrors(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		p, runner := w.provider()
		inbox := w.facebook()
		p.set("/v18.0/P1", 400, `{"error":{"message":"the token page-token is dead","code":190}}`)
		w.receive(w.stranger(inbox, "P1", "1"))
		testkit.Wait(t, 20*time.Second, "the first error", func() bool { return w.rows(`SELECT authorization_errors FROM channels`)[0] == "1" })
		w.settled(runner)
		const reads = `SELECT CAST(changed_at AS TEXT) FROM account_cache_keys WHERE kind = 'inbox'`
		connected := w.rows(reads)
		w.clock.Advance(time.Minute)
		w.settled(runner)
		if flagged := w.rows(reads); len(flagged) != 1 || flagged[0] == connected[0] {
			t.Errorf("clients are not told to read the inbox again: %q, then %q", connected, flagged)
		}
		w.want(`SELECT CASE WHEN reauthorization_required THEN 'yes' ELSE 'no' END FROM channels`, "yes")
		for _, text := range w.rows(`SELECT last_error FROM jobs`) {
			if strings.Contains(text, "page-token") {
				t.Errorf("a job shows the token: %s", text)
			}
		}
	})
}

// Telegram names its users; only the photo is looked up, by file id.
func TestProfileOfTelegram(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		p, runner := w.provider()
		inbox := w.inbox("Channel::Telegram", "Bot", map[string]any{"bot_token": "7:secret", "bot_name": "b", "webhook_secret": "x"}, nil)
		p.set("/bot7:secret/getUserProfilePhotos", 200, `{"ok":true,"result":{"total_count":1,"photos":[[{"file_id":"small"},{"file_id":"large"}]]}}`)
		e := w.stranger(inbox, "5550001", "1")
		e.Contact.Name = "Priya Nair"
		w.receive(e)
		w.settled(runner)
		w.want(`SELECT name FROM contacts`, "Priya Nair")
		got := w.attributes(`SELECT additional_attributes FROM contacts`)
		if avatar, _ := got["provider_avatar"].(map[string]any); avatar["ref"] != "large" || got["provider_avatar_url"] != nil {
			t.Errorf("avatar: got %v", got)
		}
	})
}
