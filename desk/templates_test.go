package desk_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/desk"
	"tributary/internal/testkit"
	"tributary/store"
	"tributary/store/storetest"
)

// remote stands in for a provider and remembers what it was asked.
type remote struct {
	*httptest.Server
	calls  []string
	status int
	answer string
	// during runs while the provider is being asked.
	during func()
}

// remote points the providers of typing, read marks and templates at a stand-in.
func (w *world) remote() *remote {
	w.t.Helper()
	r := &remote{status: http.StatusOK, answer: `{}`}
	r.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			w.t.Errorf("read request: %v", err)
		}
		r.calls = append(r.calls, strings.TrimSpace(req.Method+" "+req.URL.Path+" "+string(body)))
		if r.during != nil {
			r.during()
		}
		rw.WriteHeader(r.status)
		_, _ = io.WriteString(rw, r.answer)
	}))
	w.t.Cleanup(r.Close)
	for _, name := range []string{"WHATSAPP_CLOUD_BASE_URL", "WHATSAPP_360_BASE_URL", "TWILIO_API_URL", "FACEBOOK_GRAPH_URL", "LINE_API_URL"} {
		w.settings[name] = r.URL
	}
	return r
}

// take gives the calls since the last time.
func (r *remote) take() string {
	out := strings.Join(r.calls, "\n")
	r.calls = nil
	return out
}

// work runs the deferred jobs that are due, see workIn.
func (w *world) work() string {
	w.t.Helper()
	return w.workIn(store.LaneDeferred)
}

// workIn runs the jobs of a lane that are due once, the way the runner does, and
// tells what became of each: done, again, retry or dead.
func (w *world) workIn(lane string) string {
	w.t.Helper()
	jobs, err := w.store.ClaimJobs(w.t.Context(), lane, "test", time.Minute, 100)
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, j := range jobs {
		handler, ok := w.desk.Handlers()[j.Kind]
		if !ok {
			w.t.Fatalf("no handler for %s", j.Kind)
		}
		result := "done"
		switch err := handler(w.t.Context(), j); {
		case err == nil:
			err = w.store.FinishJob(w.t.Context(), j.ID)
			if err != nil {
				w.t.Fatal(err)
			}
		case errors.Is(err, desk.ErrAgain):
			result = "again"
			if err := w.store.ContinueJob(w.t.Context(), j.ID, w.clock.Now()); err != nil {
				w.t.Fatal(err)
			}
		default:
			dead, e := w.store.RetryJob(w.t.Context(), j, w.clock.Now().Add(time.Second), err.Error())
			if e != nil {
				w.t.Fatal(e)
			}
			if result = "retry"; dead {
				result = "dead"
			}
		}
		out = append(out, j.Kind+" "+result)
	}
	slices.Sort(out) // jobs of one moment come in any order
	return strings.Join(out, ", ")
}

func (w *world) wantWork(want string) {
	w.t.Helper()
	if got := w.work(); got != want {
		w.t.Errorf("jobs: got %q, want %q", got, want)
	}
}

func (w *world) whatsapp(n int) int64 {
	return w.inbox("Channel::Whatsapp", fmt.Sprintf("WA %d", n), map[string]any{
		"phone_number": fmt.Sprintf("+1503555%04d", n), "provider": "whatsapp_cloud",
		"provider_config": map[string]any{"api_key": "key", "phone_number_id": fmt.Sprint(n), "business_account_id": "99"},
	}, nil)
}

func (w *world) twilio(medium string, n int) int64 {
	return w.inbox("Channel::TwilioSms", medium, map[string]any{
		"account_sid": "AC1", "auth_token": "t", "medium": medium, "phone_number": fmt.Sprintf("+1415555%04d", n),
	}, nil)
}

// names are those of an inbox's templates.
func (w *world) names(inbox int64) string {
	w.t.Helper()
	row, err := w.store.ChannelOfInbox(w.t.Context(), inbox)
	if err != nil {
		w.t.Fatal(err)
	}
	var settings struct {
		Templates []struct {
			Name string `json:"name"`
		} `json:"message_templates"`
	}
	if err := json.Unmarshal(row.Settings, &settings); err != nil {
		w.t.Fatal(err)
	}
	var names []string
	for _, one := range settings.Templates {
		names = append(names, one.Name)
	}
	return strings.Join(names, " ")
}

const templatesPath = "GET /v14.0/99/message_templates"

func TestTemplatesAreReadAtOnceAndAgain(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		r := w.remote()
		r.answer = `{"data":[{"name":"a"},{"name":"b"}]}`
		inbox := w.whatsapp(1)
		before, err := w.store.ChannelOfInbox(t.Context(), inbox)
		if err != nil {
			t.Fatal(err)
		}
		w.wantWork("channel.register done, channel.templates done")
		if got := r.take(); got != templatesPath {
			t.Errorf("calls: %s", got)
		}
		if got := w.names(inbox); got != "a b" {
			t.Errorf("templates %q", got)
		}
		// The relay of this process plans with them at once.
		if _, ch, _ := w.desk.Directory.Inbox(inbox); len(ch.Settings) <= len(before.Settings) {
			t.Errorf("the directory has the old settings: %s", ch.Settings)
		}
		// An empty list keeps the old one.
		r.answer = `{"data":[]}`
		if err := w.desk.SyncTemplates(t.Context(), w.account, inbox); err != nil {
			t.Fatal(err)
		}
		if err := w.desk.SyncTemplates(t.Context(), w.account, inbox); err != nil {
			t.Fatal(err)
		}
		w.wantWork("channel.templates done")
		if got := w.names(inbox); got != "a b" {
			t.Errorf("templates after an empty list %q", got)
		}
		for _, other := range []int64{w.line(1), w.twilio("sms", 2), 999} {
			err := w.desk.SyncTemplates(t.Context(), w.account, other)
			if err == nil || err.Error() != "Template sync is only available for WhatsApp channels" {
				t.Errorf("an inbox without templates: got %v", err)
			}
		}
	})
}

func TestTemplatesSchedule(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		r := w.remote()
		r.answer = `{"data":[{"name":"a"}],"contents":[{"sid":"HX1","friendly_name":"a"}]}`
		schedule := func() int {
			t.Helper()
			n, err := w.desk.ScheduleTemplates(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		if n := schedule(); n != 0 {
			t.Errorf("with nothing to do: %d", n)
		}
		w.line(1)
		w.twilio("sms", 2)
		w.twilio("whatsapp", 3)
		for n := range 26 {
			w.whatsapp(n)
		}
		if n := schedule(); n != 25 {
			t.Errorf("of 27 that were never read: %d", n)
		}
		if got := strings.Count(w.work(), "channel.templates done"); got != 27 {
			t.Errorf("templates read: %d", got)
		}
		if n := schedule(); n != 0 {
			t.Errorf("just read: %d", n)
		}
		w.clock.Advance(3 * time.Hour)
		if _, err := w.db.Exec(`UPDATE channels SET reauthorization_required = TRUE WHERE id = 4`); err != nil {
			t.Fatal(err)
		}
		w.touch()
		if n := schedule(); n != 25 {
			t.Errorf("three hours later: %d", n)
		}
		w.work()
		if n := schedule(); n != 1 {
			t.Errorf("the rest, without the one that must be authorised again: %d", n)
		}
	})
}

// touch makes the directory read the channels again after a test changed them.
func (w *world) touch() {
	w.t.Helper()
	if _, err := w.db.Exec(`UPDATE change_versions SET version = version + 1 WHERE topic = 'channels'`); err != nil {
		w.t.Fatal(err)
	}
	if err := w.desk.Directory.Refresh(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

func TestTemplatesDoNotUndoAnAdministrator(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		r := w.remote()
		r.answer = `{"data":[{"name":"a"}]}`
		inbox := w.whatsapp(1)
		w.wantWork("channel.register done, channel.templates done")
		if err := w.desk.SyncTemplates(t.Context(), w.account, inbox); err != nil {
			t.Fatal(err)
		}
		row, err := w.store.ChannelOfInbox(t.Context(), inbox)
		if err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(time.Second)
		r.answer = `{"data":[{"name":"b"}]}`
		r.during = func() {
			r.during = nil // once: the administrator's own check calls too
			i, err := w.store.Inbox(t.Context(), w.account, inbox)
			if err != nil {
				t.Error(err)
				return
			}
			err = w.desk.UpdateInbox(t.Context(), desk.InboxChange{Inbox: i.Inbox, Params: json.RawMessage(
				`{"provider_config":{"api_key":"new key","phone_number_id":"1","business_account_id":"99"}}`)})
			if err != nil {
				t.Errorf("UpdateInbox: %v", err)
			}
		}
		w.wantWork("channel.templates again")
		after, err := w.store.ChannelOfInbox(t.Context(), inbox)
		if err != nil {
			t.Fatal(err)
		}
		if string(after.Settings) == string(row.Settings) || !strings.Contains(string(after.Settings), `"new key"`) {
			t.Errorf("the administrator's change is lost: %s", after.Settings)
		}
		if got := w.names(inbox); got != "a" {
			t.Errorf("templates read with the old key: %q", got)
		}
		w.work()
		after, err = w.store.ChannelOfInbox(t.Context(), inbox)
		if err != nil || !strings.Contains(string(after.Settings), `"new key"`) || w.names(inbox) != "b" {
			t.Errorf("in the end: %v %s", err, after.Settings)
		}
	})
}

func TestTemplatesFail(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		r := w.remote()
		inbox := w.whatsapp(1)
		r.status, r.answer = http.StatusServiceUnavailable, ``
		w.work()
		w.want(`SELECT CASE WHEN templates_synced_at IS NULL THEN 'never' ELSE 'stamped' END FROM channels`, "stamped")
		if n, err := w.desk.ScheduleTemplates(t.Context()); n != 0 || err != nil {
			t.Errorf("a channel that was just asked for is ordered: %d %v", n, err)
		}
		w.clock.Advance(time.Second)
		w.wantWork("channel.templates retry")
		w.clock.Advance(time.Second)
		w.wantWork("channel.templates done") // given up until the next round
		w.want(`SELECT CAST(authorization_errors AS TEXT) FROM channels`, "0")

		r.status, r.answer = http.StatusUnauthorized, `{"error":{"code":190,"message":"dead"}}`
		for range 2 {
			if err := w.desk.SyncTemplates(t.Context(), w.account, inbox); err != nil {
				t.Fatal(err)
			}
			w.wantWork("channel.templates done")
		}
		w.want(`SELECT CAST(authorization_errors AS TEXT) FROM channels WHERE reauthorization_required`, "2")
		if _, ch, _ := w.desk.Directory.Inbox(inbox); !ch.ReauthorizationRequired {
			t.Error("the directory does not know that the channel was flagged")
		}
		w.clock.Advance(4 * time.Hour)
		if n, err := w.desk.ScheduleTemplates(t.Context()); n != 0 || err != nil {
			t.Errorf("a channel with a dead token is ordered: %d %v", n, err)
		}
	})
}
