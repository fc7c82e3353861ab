package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"testing"
	"time"

	"tributary/desk"
	"tributary/internal/testkit"
	"tributary/store"
)

// dispatch hands what happened to its subscribers.
func (w *world) dispatch() {
	w.t.Helper()
	d := desk.NewDispatcher(w.desk, w.desk.Log, func() {})
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	testkit.Wait(w.t, 2*time.Minute, "the outbox to be empty", func() bool { return w.number(`SELECT COUNT(*) FROM outbox`) == 0 })
	cancel()
	w.must(<-done)
}

// jobs claims what waits in a lane.
func (w *world) jobs(lane string) []store.Job {
	w.t.Helper()
	jobs, err := w.store.ClaimJobs(w.t.Context(), lane, "test", time.Minute, 1000)
	w.must(err)
	return jobs
}

// run carries out what waits in lanes, and what follows from it in the same lane.
func (w *world) run(lanes ...string) {
	w.t.Helper()
	handlers := w.desk.Handlers()
	for _, lane := range lanes {
		for jobs := w.jobs(lane); len(jobs) > 0; jobs = w.jobs(lane) {
			for _, j := range jobs {
				w.must(handlers[j.Kind](w.t.Context(), j))
				w.must(w.store.FinishJob(w.t.Context(), j.ID))
			}
		}
	}
}

// notify notifies everybody of what happened. The events about the notifications are
// left in the outbox, see news.
func (w *world) notify() {
	w.t.Helper()
	w.dispatch()
	w.run(store.LaneNumbers)
}

// news takes the events that were raised since.
func (w *world) news() (out []store.OutboxRow) {
	w.t.Helper()
	_, err := w.store.DrainOutbox(w.t.Context(), 5000, nil, func(_ *store.Tx, rows []store.OutboxRow) error {
		out = rows
		return nil
	})
	w.must(err)
	return out
}

// heard are the kinds and owners of events.
func heard(rows []store.OutboxRow) string {
	var out []string
	for _, r := range rows {
		var about struct {
			UserID int64 `json:"user_id"`
			By     int64 `json:"performer_id"`
		}
		if err := json.Unmarshal([]byte(r.Payload), &about); err != nil {
			return err.Error()
		}
		out = append(out, fmt.Sprint(r.Kind, " to ", about.UserID, " by ", about.By))
	}
	return strings.Join(out, ", ")
}

func (w *world) number(query string, args ...any) int64 {
	w.t.Helper()
	var n int64
	if err := w.db.QueryRowContext(w.t.Context(), query, args...).Scan(&n); err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// wants sets what a member wants to hear of; flags without their prefix.
func (w *world) wants(role, email, push string) {
	w.t.Helper()
	list := func(prefix, names string) string {
		var out []string
		for name := range strings.FieldsSeq(names) {
			out = append(out, `"`+prefix+name+`"`)
		}
		return "[" + strings.Join(out, ",") + "]"
	}
	a := w.call(role, "PUT", "{A}/notification_settings",
		`{"notification_settings":{"selected_email_flags":`+list("email_", email)+`,"selected_push_flags":`+list("push_", push)+`}}`)
	if a.status != http.StatusOK {
		w.t.Fatalf("settings: %d %s", a.status, a.body)
	}
}

// payload is the list of a member's notifications.
func (w *world) payload(role, query string) []any {
	w.t.Helper()
	list, ok := at(w.call(role, "GET", "{A}/notifications"+query, "").object(), "data", "payload").([]any)
	if !ok {
		w.t.Fatalf("no payload for %s", role)
	}
	return list
}

// kinds are the types and conversations (display ids) of a list.
func kinds(list []any) string {
	var out []string
	for _, n := range list {
		out = append(out, fmt.Sprint(at(n, "notification_type"), " ", at(n, "primary_actor", "id")))
	}
	return strings.Join(out, ", ")
}

func wantText(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// talk is a conversation of a LINE inbox of which the agent is a member.
type talk struct{ inbox, id, display int64 }

// talk lets a contact begin one, and forgets what that raised.
func (w *world) talk(contact string) talk {
	w.t.Helper()
	inbox := w.line("Line "+contact, true)
	w.receive(inbox, contact, "Hello from the **first** message with [a link](https://x.example/y) in it and more")
	t := talk{inbox: inbox, id: w.number(`SELECT MAX(id) FROM conversations`)}
	t.display = w.number(`SELECT display_id FROM conversations WHERE id = $1`, t.id)
	w.notify()
	w.news()
	return t
}

// noticed puts a notification of the agent into the table, last active at a second.
func (w *world) noticed(user int64, t talk, second int64) int64 {
	w.t.Helper()
	w.exec(`INSERT INTO notifications (account_id, user_id, notification_type, conversation_id, last_activity_at, created_at, updated_at)
		VALUES ($1, $2, 2, $3, $4, $4, $4)`, w.account, user, t.id, second*1e6)
	return w.number(`SELECT MAX(id) FROM notifications`)
}

// decoded is a value as it is sent.
func decoded(t *testing.T, v any) map[string]any {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// taken are the mails since it was last asked: recipient, subject, text and page.
func (p *postOffice) taken(t *testing.T) []string {
	t.Helper()
	p.mu.Lock()
	mails := p.mails
	p.mails = nil
	p.mu.Unlock()
	out := make([]string, len(mails))
	for i, raw := range mails {
		header, texts := parts(t, raw)
		subject, err := new(mime.WordDecoder).DecodeHeader(header.Get("Subject"))
		if err != nil {
			t.Fatal(err)
		}
		out[i] = "To: " + header.Get("To") + "\nSubject: " + subject + "\n" + texts["text/plain"] + "\n" + texts["text/html"]
	}
	return out
}
