package twilio_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tributary/channels"
	"tributary/channels/twilio"
	"tributary/chat"
	"tributary/wording"
)

// account is a Twilio account with a Content API.
type account struct {
	*httptest.Server
	mu       sync.Mutex
	contents []string // names, the newest first
	calls    []string
	sent     []url.Values
	refusal  int           // status of the Content API; 0: it serves
	code     int           // error that messages with options are refused with; 0: none
	away     bool          // the recipient: texts are refused, too
	cut      bool          // the answer to a creation gets lost
	hold     chan struct{} // creations wait for it to be closed
}

func newAccount(t *testing.T) *account {
	t.Helper()
	a := &account{}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read request: %v", err)
		}
		if hold := a.holding(r); hold != nil {
			<-hold
		}
		a.serve(t, w, r, raw)
	}))
	t.Cleanup(a.Close)
	return a
}

func (a *account) holding(r *http.Request) chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r.Method != http.MethodPost || r.URL.Path != "/v1/Content" {
		return nil
	}
	return a.hold
}

func (a *account) serve(t *testing.T, w http.ResponseWriter, r *http.Request, raw []byte) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.URL.Path != "/v1/Content":
		form, err := url.ParseQuery(string(raw))
		if err != nil {
			t.Errorf("form %q: %v", raw, err)
		}
		a.calls, a.sent = append(a.calls, "send"), append(a.sent, form)
		if a.code != 0 && (a.away || form.Has("ContentSid")) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprintf(w, `{"code":%d,"message":"no","status":400}`, a.code)
			return
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = fmt.Fprintf(w, `{"sid":"MM%d"}`, len(a.sent))
	case a.refusal != 0:
		a.calls = append(a.calls, "refused")
		w.Header().Set("Retry-After", "90")
		w.WriteHeader(a.refusal)
	case r.Method == http.MethodGet:
		a.calls = append(a.calls, "list")
		list := make([]map[string]any, len(a.contents))
		for i, name := range a.contents {
			list[i] = map[string]any{"sid": "HX" + name, "friendly_name": name, "types": map[string]any{"twilio/quick-reply": map[string]any{}}}
		}
		if err := json.NewEncoder(w).Encode(map[string]any{"contents": list, "meta": map[string]any{}}); err != nil {
			t.Errorf("write answer: %v", err)
		}
	default:
		a.calls = append(a.calls, "make")
		var in struct {
			Name string `json:"friendly_name"`
		}
		if err := json.Unmarshal(raw, &in); err != nil {
			t.Errorf("content %q: %v", raw, err)
		}
		a.contents = slices.Insert(a.contents, 0, in.Name)
		if a.cut {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = fmt.Fprintf(w, `{"sid":"HX%s"}`, in.Name)
	}
}

// set changes the account between two calls.
func (a *account) set(change func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change()
}

// took gives the calls since the last time, and the last message.
func (a *account) took() (calls string, last url.Values) {
	a.mu.Lock()
	defer a.mu.Unlock()
	calls, a.calls = strings.Join(a.calls, " "), nil
	if len(a.sent) > 0 {
		last = a.sent[len(a.sent)-1]
	}
	return calls, last
}

// asker sends questions of one inbox.
type asker struct {
	*twilio.Driver
	t   *testing.T
	ch  *channels.Channel
	now atomic.Int64 // seconds
	log bytes.Buffer

	items []chat.Item
}

func newAsker(t *testing.T, a *account) *asker {
	t.Helper()
	q := &asker{t: t, items: []chat.Item{{Title: "Rye", Value: "r"}, {Title: "Corn", Value: "c"}}}
	q.now.Store(1_760_000_000)
	q.Driver = twilio.New(&channels.Env{
		Setting: func(string) string { return a.URL }, PublicURL: "https://desk.example.test",
		HTTP: &http.Client{Timeout: 10 * time.Second}, Log: slog.New(slog.NewTextHandler(&q.log, nil)),
		Now: func() time.Time { return time.Unix(q.now.Load(), 0) },
	})
	q.ch = load(t, q.Driver, whatsappSettings)
	return q
}

func (q *asker) ask(text string) error {
	q.t.Helper()
	now := time.Unix(q.now.Load(), 0)
	m := &chat.Outbound{
		To: "whatsapp:+15035550188", Content: text, ContentType: "input_select", Now: now, LastIncomingAt: now,
		Items: q.items,
	}
	parts, err := q.Plan(q.ch, m)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if _, err := q.SendPart(q.t.Context(), q.ch, m, p); err != nil {
			return err
		}
	}
	return nil
}

// TestQuestionsShareTemplates: questions alike in form need one template, which
// stays known, in a new process too.
func TestQuestionsShareTemplates(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	q := newAsker(t, a)
	for i, c := range []struct{ text, calls, name, variables string }{
		{"Which?", "list make send", "buttons_2_l", `{"1":"Which?","2":"Rye","3":"r","4":"Corn","5":"c"}`},
		{"Ana's <3 & \"bread\"", "send", "buttons_2_l", `{"1":"Ana's <3 & \"bread\"","2":"Rye","3":"r","4":"Corn","5":"c"}`},
		{"Hello\nWhich?", "list make send", "buttons_2_ll", `{"1":"Hello","2":"Which?","3":"Rye","4":"r","5":"Corn","6":"c"}`},
		{"Hello\n\nWhich?", "list make send", "buttons_2_lp", `{"1":"Hello","2":"Which?","3":"Rye","4":"r","5":"Corn","6":"c"}`},
	} {
		if err := q.ask(c.text); err != nil {
			t.Fatalf("%q: %v", c.text, err)
		}
		calls, last := a.took()
		if want := "HXtributary_choice_v1_" + c.name; calls != c.calls || last.Get("ContentSid") != want || last.Get("ContentVariables") != c.variables {
			t.Errorf("question %d: got %s with %v, want %s of %s with %s", i, calls, last, c.calls, want, c.variables)
		}
	}
	other := newAsker(t, a)
	if err := other.ask("Which?"); err != nil {
		t.Fatal(err)
	}
	if calls, _ := a.took(); calls != "list send" {
		t.Errorf("a new process: got %s, want list send", calls)
	}
}

func TestQuestionsAtOnceMakeOneTemplate(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.hold = make(chan struct{})
	q := newAsker(t, a)
	var asked, begun sync.WaitGroup
	for i := range 8 {
		begun.Add(1)
		asked.Go(func() {
			begun.Done()
			if err := q.ask(fmt.Sprintf("Which %d?", i)); err != nil {
				t.Errorf("question %d: %v", i, err)
			}
		})
	}
	begun.Wait()
	close(a.hold)
	asked.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.contents) != 1 || len(a.sent) != 8 {
		t.Errorf("got contents %q and %d messages, want one and 8", a.contents, len(a.sent))
	}
	for _, m := range a.sent {
		if m.Get("ContentSid") == "" {
			t.Errorf("a question went out as text: %v", m)
		}
	}
}

// TestLostAnswerMakesNoSecondTemplate: the template was made, but nobody heard of it.
func TestLostAnswerMakesNoSecondTemplate(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.cut = true
	q := newAsker(t, a)
	if err := q.ask("Which?"); err != nil {
		t.Fatal(err)
	}
	if calls, last := a.took(); calls != "list make send" || last.Get("Body") != "Which?\n\n1. Rye\n2. Corn" {
		t.Errorf("got %s, %v, want the options as text", calls, last)
	}
	a.set(func() { a.cut = false })
	q.now.Add(61)
	if err := q.ask("Which?"); err != nil {
		t.Fatal(err)
	}
	if calls, last := a.took(); calls != "list send" || last.Get("ContentSid") == "" {
		t.Errorf("got %s, %v, want the template that is there", calls, last)
	}
}

// TestContentAPIThatFails: customers get their question as text; Twilio is not asked
// again at once, and the log has one line until it works again.
func TestContentAPIThatFails(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	q := newAsker(t, a)
	for i, c := range []struct {
		refusal int
		after   int64
		calls   string
		lines   int
	}{
		{http.StatusForbidden, 0, "refused send", 1},
		{http.StatusForbidden, 59, "send", 1},
		{http.StatusForbidden, 1, "refused send", 1},
		{0, 60, "list make send", 1},
		{http.StatusServiceUnavailable, 0, "send", 1}, // the template is known
	} {
		a.set(func() { a.refusal = c.refusal })
		q.now.Add(c.after)
		if err := q.ask("Which?"); err != nil {
			t.Fatal(err)
		}
		calls, last := a.took()
		text, lines := last.Get("Body") != "", strings.Count(q.log.String(), "level=WARN")
		if calls != c.calls || lines != c.lines || text != (i < 3) {
			t.Errorf("step %d: got %s, %v, log %s", i, calls, last, q.log.String())
		}
	}
	if err := q.ask("Two\nlines?"); err != nil { // of another form
		t.Fatal(err)
	}
	if calls, _ := a.took(); calls != "refused send" || strings.Count(q.log.String(), "level=WARN") != 2 {
		t.Errorf("after it served: got %s, log %s", calls, q.log.String())
	}
	if log := q.log.String(); strings.Contains(log, "secret") {
		t.Errorf("the log shows the token: %s", log)
	}
}

func TestContentAPIThatThrottlesSaysForHowLong(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.refusal = http.StatusTooManyRequests
	q := newAsker(t, a)
	for _, want := range []string{"refused send", "send", "refused send"} {
		if err := q.ask("Which?"); err != nil {
			t.Fatal(err)
		}
		if calls, _ := a.took(); calls != want {
			t.Errorf("at %d: got %s, want %s", q.now.Load(), calls, want)
		}
		q.now.Add(61)
	}
}

// TestRefusedOptionsAreLogged: unless the text was refused as well, which the relay
// tells.
func TestRefusedOptionsAreLogged(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.code = 21656
	q := newAsker(t, a)
	if err := q.ask("Which?"); err != nil || strings.Count(q.log.String(), "21656") != 1 {
		t.Errorf("options refused: %v, log %s", err, q.log.String())
	}
	a.set(func() { a.code, a.away = 21211, true })
	if err := q.ask("Which?"); err == nil || strings.Contains(q.log.String(), "21211") {
		t.Errorf("recipient refused: %v, log %s", err, q.log.String())
	}
}

// TestListSpeaksTheAccountsLanguage: what is written on the button of a list, and in
// the place of a question that has no text.
func TestListSpeaksTheAccountsLanguage(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	q := newAsker(t, a)
	q.ch.Locale, _ = wording.ParseLocale("pt_BR")
	q.items = []chat.Item{{Title: "A"}, {Title: "B"}, {Title: "C"}, {Title: "D"}}
	if err := q.ask(""); err != nil {
		t.Fatal(err)
	}
	want := `{"1":"Escolha uma opção","10":"Escolha uma opção","2":"A","3":"A","4":"B","5":"B","6":"C","7":"C","8":"D","9":"D"}`
	if _, last := a.took(); last.Get("ContentVariables") != want {
		t.Errorf("got %s, want %s", last.Get("ContentVariables"), want)
	}
}
