package rules_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/whatsapp/graph"
	"tributary/whatsapp/rules"
)

var noon = time.Date(2026, 11, 18, 9, 0, 0, 0, time.UTC)

const (
	phone   = "500100200300401"
	ourHook = "https://support.example.com/webhooks/whatsapp/+15035550141"
)

// fixture is a payload file: an answer of Meta's and what is expected of whoever
// reads it.
type fixture struct {
	Title   string `json:"title"`
	Request struct {
		Path string `json:"path"`
	} `json:"request"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
	BodyRaw *string           `json:"body_raw"`
	Expect  map[string]any    `json:"expect"`
}

func load(t *testing.T, name string) fixture {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var f fixture
	if err := json.Unmarshal(raw, &f); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return f
}

// answer is what the call gives to the rules.
func (f fixture) answer(t *testing.T) (*graph.Number, *graph.Error) {
	t.Helper()
	body := []byte(f.Body)
	if f.BodyRaw != nil {
		body = []byte(*f.BodyRaw)
	}
	header := http.Header{}
	for k, v := range f.Headers {
		header.Set(k, v)
	}
	if err := graph.Classify(f.Status, header, body); err != nil {
		return nil, err
	}
	if strings.Contains(string(body), `"success"`) {
		return nil, nil
	}
	n := &graph.Number{}
	if err := json.Unmarshal(body, n); err != nil {
		t.Fatal(err)
	}
	return n, nil
}

func reading(t *testing.T, name string) rules.Reading {
	t.Helper()
	n, err := load(t, name).answer(t)
	return rules.Reading{Number: n, Err: err}
}

func fixtures(t *testing.T, pattern string, atLeast int) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "testdata", pattern))
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) < atLeast {
		t.Fatalf("%d files match %s, want at least %d", len(paths), pattern, atLeast)
	}
	for i := range paths {
		paths[i] = filepath.Base(paths[i])
	}
	return paths
}

// checker compares what a file expects with what came out, and finds expectations
// that nobody looked at.
type checker struct {
	t      *testing.T
	expect map[string]any
	seen   []string
}

func (c *checker) take(key string) (any, bool) {
	c.seen = append(c.seen, key)
	v, ok := c.expect[key]
	return v, ok
}

func (c *checker) equal(key string, got any) {
	c.t.Helper()
	want, ok := c.take(key)
	if !ok {
		return
	}
	if n, isInt := got.(int); isInt {
		got = float64(n)
	}
	if want == nil {
		want = ""
	}
	if got != want {
		c.t.Errorf("%s is %v, want %v", key, got, want)
	}
}

// state compares the next state and action; "unchanged" keeps the present ones.
func (c *checker) state(s rules.State, a rules.Action) {
	c.t.Helper()
	got := string(s)
	if got == "" {
		got = "unchanged"
	}
	c.equal("next_state", got)
	c.equal("required_action", string(a))
}

// others names what is not the rules' business, and fails for the rest.
func (c *checker) others(names ...string) {
	c.t.Helper()
	for key := range c.expect {
		if !slices.Contains(c.seen, key) && !slices.Contains(names, key) && key != "note" && key != "inferred" {
			c.t.Errorf("nobody looked at the expectation %q", key)
		}
	}
}

func TestFixtureReadings(t *testing.T) {
	t.Parallel()
	for _, name := range fixtures(t, "graph-phone-[dn][o0-9]*.json", 60) {
		t.Run(strings.TrimSuffix(name, ".json"), func(t *testing.T) {
			t.Parallel()
			f := load(t, name)
			c := &checker{t: t, expect: f.Expect}
			n, gerr := f.answer(t)
			r := rules.Reading{Number: n, Err: gerr}
			sig := rules.Signature(r)
			h := rules.History{PhoneID: phone}
			trigger := rules.TriggerSignup
			if given, ok := c.take("given"); ok {
				h, trigger = situation(t, given.(map[string]any), h, sig)
			}
			d := rules.Decide(r, h, noon)
			c.equal("decision_row", string(d.Row))
			c.equal("action", string(d.Move))
			c.equal("register", d.Register)
			c.equal("flag_reauthorization", d.FlagCredentials)
			c.equal("reread_after_s", int(d.RereadAfter/time.Second))

			hook := ""
			if want, ok := c.take("expected_webhook_url"); ok {
				hook = want.(string)
			}
			alerts := rules.Alerts(nil, n, hook)
			c.equal("tell_admin", d.TellAdmin || len(alerts) > 0)
			want, _ := c.take("alerts")
			if got := ids(alerts); !slices.Equal(got, texts(want)) {
				t.Errorf("alerts %v, want %v", got, want)
			}
			action := d.Action
			for _, a := range alerts {
				if action == "" {
					action = a.Action
				}
			}
			c.state(d.State, action)
			if gerr != nil {
				c.equal("error_class", string(gerr.Class))
			}

			v := rules.May(d, sig, trigger, h, noon)
			switch {
			case d.RereadAfter > 0:
				if v.OK || v.Reason != rules.RereadFirst || !v.NextAt.Equal(noon.Add(2*time.Minute)) {
					t.Errorf("verdict %+v, want the second read in 2 min", v)
				}
			case v.OK != d.Register:
				t.Errorf("verdict %+v, but the row registers: %v", v, d.Register)
			}
			if _, ok := c.expect["trigger"]; ok {
				c.equal("trigger", string(rules.May(d, sig, rules.TriggerTimer, h, noon).Trigger))
			}
			if condition, ok := c.take("condition"); ok {
				verified := n.CodeVerification != nil && *n.CodeVerification == "VERIFIED"
				if (condition == float64(2)) != verified || rules.Provisioned(n) {
					t.Errorf("condition %v: verified %v, provisioned %v", condition, verified, rules.Provisioned(n))
				}
			}
			for key, answer := range map[string]string{
				"on_2388001": "graph-register-error-2388001-display-name.json", "on_133006": "graph-register-error-133006.json",
			} {
				if on, ok := c.take(key); ok {
					_, gerr := load(t, answer).answer(t)
					o := rules.Judge(gerr, r, h, noon)
					(&checker{t: t, expect: on.(map[string]any)}).state(o.State, o.Action)
				}
			}
			if _, ok := c.take("rearm_on"); ok {
				rearmed(t, d, r, h)
			}
			c.others("api_status", "api_note", "pause_waba_minutes", "tell_text")
		})
	}
}

func situation(t *testing.T, given map[string]any, h rules.History, sig string) (rules.History, rules.Trigger) {
	t.Helper()
	trigger := rules.TriggerSignup
	for key, v := range given {
		switch key {
		case "trigger":
			trigger = rules.Trigger(v.(string))
		case "attempts_72h":
			if v != 0.0 {
				t.Fatalf("attempts_72h %v", v)
			}
		case "state":
			h.State = rules.State(v.(string))
		case "pending_age_s":
			h.PendingSince = noon.Add(-span(v, time.Second))
		case "last_attempt_age_s":
			h.LastAttempt = noon.Add(-span(v, time.Second))
		case "signature_changed":
			if v != false {
				t.Fatalf("signature_changed %v", v)
			}
			h.Signature = sig
		case "signup_event":
			h.Coexistence = v == "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING"
		case "previous_read":
			r := reading(t, v.(string))
			before := noon.Add(-2 * time.Minute)
			d := rules.Decide(r, h, before)
			h = h.AfterRead(d, rules.May(d, rules.Signature(r), rules.TriggerTimer, h, before), before)
			trigger = rules.TriggerTimer
		default:
			t.Fatalf("a situation %q that the test does not know", key)
		}
	}
	return h, trigger
}

// rearmed proves that a number which waits for a person is registered as soon as the
// name changes, and not before.
func rearmed(t *testing.T, d rules.Decision, r rules.Reading, h rules.History) {
	t.Helper()
	// It had been tried with exactly what Meta says after the change.
	changed := *r.Number
	changed.NameStatus, changed.PlatformType = ptr("APPROVED"), ptr("NOT_APPLICABLE")
	after := rules.Reading{Number: &changed}
	h.Signature = rules.Signature(after)
	h = h.AfterRead(d, rules.May(d, rules.Signature(r), rules.TriggerTimer, h, noon), noon)
	later := noon.Add(time.Hour)
	if v := rules.May(rules.Decide(r, h, later), rules.Signature(r), rules.TriggerTimer, h, later); v.OK {
		t.Error("it was registered although nothing changed")
	}
	d = rules.Decide(after, h, later)
	v := rules.May(d, rules.Signature(after), rules.TriggerTimer, h, later)
	if !v.OK || v.Trigger != rules.TriggerHealth {
		t.Errorf("row %s after the name changed: %+v", d.Row, v)
	}
}

func TestFixtureRegister(t *testing.T) {
	t.Parallel()
	for _, name := range fixtures(t, "graph-register-*.json", 33) {
		t.Run(strings.TrimSuffix(name, ".json"), func(t *testing.T) {
			t.Parallel()
			f := load(t, name)
			c := &checker{t: t, expect: f.Expect}
			before := reading(t, "graph-phone-d12-name-pending.json")
			if given, ok := c.take("given"); ok {
				before = reading(t, given.(map[string]any)["health"].(string))
			}
			_, gerr := f.answer(t)
			h := rules.History{PhoneID: phone, State: rules.Registering}
			o := rules.Judge(gerr, before, h, noon)
			c.equal("outcome", o.Name)
			c.state(o.State, o.Action)
			c.equal("counts_in_budget", o.Counts)
			c.equal("flag_reauthorization", o.FlagCredentials)
			c.equal("freeze_s", int(o.Freeze/time.Second))
			c.equal("block_s", int(o.Freeze/time.Second))
			c.equal("retry_after_s", int(o.RetryIn/time.Second))
			if low, ok := c.take("retry_after_s_min"); ok && o.RetryIn < span(low, time.Second) {
				t.Errorf("retried in %v, want %v s or later", o.RetryIn, low)
			}
			c.equal("pause_waba_minutes", int(o.RetryIn/time.Minute))
			if _, throttled := c.take("number_failure"); throttled != o.PauseWABA {
				t.Errorf("PauseWABA is %v", o.PauseWABA)
			}
			if steps, ok := c.take("backoff_min"); ok {
				backsOff(t, gerr, before, steps.([]any))
			}
			if text, ok := c.take("show_text"); ok && o.Text != text {
				t.Errorf("text %q, want %q", o.Text, text)
			}
			if o.Result == "" || (o.Text == "") != (gerr == nil) {
				t.Errorf("result %q, text %q", o.Result, o.Text)
			}
			if retry, ok := c.take("retry"); ok && o.RetryIn != 0 {
				t.Errorf("retried in %v although %v", o.RetryIn, retry)
			}
			switch then, _ := c.take("then"); then := then.(type) {
			case nil:
			case string: // "health first: …", "health at once, …"
				if !o.HealthFirst {
					t.Errorf("%s: not so", then)
				}
			case []any: // deregister, wait 5 min, register
				if !o.Deregister || o.RetryIn != 5*time.Minute || o.Freeze != 5*time.Minute {
					t.Errorf("outcome %+v, want one deregister, 5 min, one register", o)
				}
				h = h.AfterAnswer(o, h, noon)
				again := rules.Judge(gerr, before, h, noon.Add(5*time.Minute))
				still, _ := c.take("still_failing")
				(&checker{t: t, expect: still.(map[string]any)}).state(again.State, again.Action)
				if again.Deregister || again.RetryIn != 0 {
					t.Errorf("a second time: %+v", again)
				}
			case map[string]any: // after health confirmed a success
				if !o.Confirm {
					t.Error("a success is not confirmed")
				}
			}
			if steps, ok := c.take("confirm_by_health_after_s"); ok {
				confirms(t, o, steps.([]any))
			}
			if after, ok := c.take("after"); ok && name == "graph-register-error-already-registered.json" && (!o.Confirm || !o.HealthFirst) {
				t.Errorf("%v: %+v", after, o)
			}
			if what, ok := c.take("log"); ok && !o.Defect {
				t.Errorf("%v: %+v", what, o)
			}
			c.others("same_pin", "pause", "rearm_on", "confirmed_when")
		})
	}
}

func backsOff(t *testing.T, gerr *graph.Error, before rules.Reading, minutes []any) {
	t.Helper()
	h := rules.History{State: rules.Registering}
	for i, m := range minutes {
		o := rules.Judge(gerr, before, h, noon)
		if o.RetryIn != span(m, time.Minute) {
			t.Errorf("failure %d is retried in %v, want %v min", i+1, o.RetryIn, m)
		}
		h = h.AfterAnswer(o, h, noon)
	}
	if o := rules.Judge(gerr, before, h, noon); o.RetryIn != 0 {
		t.Errorf("failure %d is retried in %v, want the schedule", len(minutes)+1, o.RetryIn)
	}
}

func confirms(t *testing.T, o rules.Outcome, seconds []any) {
	t.Helper()
	h := rules.History{PhoneID: phone}.AfterAnswer(o, rules.History{}, noon)
	now := noon
	for _, s := range seconds {
		at := rules.Observe(h.State, h.PendingSince, now, h)
		want := span(s, time.Second)
		if got := at.Sub(noon); got < want*8/10 || got > want*125/100 {
			t.Errorf("confirmed after %v, want %v", got, want)
		}
		now = at
	}
}

func TestFixtureErrors(t *testing.T) {
	t.Parallel()
	for _, name := range fixtures(t, "graph-error-*.json", 40) {
		t.Run(strings.TrimSuffix(name, ".json"), func(t *testing.T) {
			t.Parallel()
			f := load(t, name)
			c := &checker{t: t, expect: f.Expect}
			_, gerr := f.answer(t)
			if gerr == nil {
				t.Fatal("no error")
			}
			c.equal("error_class", string(gerr.Class))
			if strings.HasSuffix(f.Request.Path, "/register") {
				o := rules.Judge(gerr, reading(t, "graph-phone-d12-name-pending.json"), rules.History{}, noon)
				c.state(o.State, o.Action)
				c.others("health_reaction", "register_reaction", "flag_reauthorization", "keep_last_snapshot")
				return
			}
			react := rules.Health(gerr)
			c.state(react.State, react.Action)
			c.equal("flag_reauthorization", react.FlagCredentials)
			c.equal("pause_waba_minutes", int(react.Pause/time.Minute))
			c.equal("drop_field", react.Drop)
			if _, ok := c.expect["retry_once"]; ok {
				c.equal("retry_once", react.Drop != "")
			}
			switch want, _ := c.take("alert"); want {
			case "critical":
				if react.Alert != rules.Critical {
					t.Errorf("alert %q", react.Alert)
				}
			case true:
				if react.Alert == "" {
					t.Error("no alert")
				}
			case nil:
				if react.Alert != "" && !react.FlagCredentials {
					t.Errorf("alert %q", react.Alert)
				}
			}
			switch want, _ := c.take("health_reaction"); want {
			case "pause the WABA":
				if !react.PauseWABA {
					t.Errorf("reaction %+v", react)
				}
			case "keep last snapshot, back off":
				if !react.Backoff {
					t.Errorf("reaction %+v", react)
				}
			}
			if then, ok := c.take("then"); ok && !react.Again {
				t.Errorf("%v: %+v", then, react)
			}
			if row, ok := c.take("decision_row"); ok {
				d := rules.Decide(rules.Reading{Err: gerr}, rules.History{State: rules.Waiting}, noon)
				if string(d.Row) != row || d.Register || d.State != react.State || d.FlagCredentials != react.FlagCredentials {
					t.Errorf("decision %+v", d)
				}
			}
			judged(t, c, gerr)
			c.others("api_status", "keep_last_snapshot", "error_details_type", "then_request_fields")
		})
	}
}

// judged proves the reaction of register to a class.
func judged(t *testing.T, c *checker, gerr *graph.Error) {
	t.Helper()
	o := rules.Judge(gerr, reading(t, "graph-phone-d12-name-pending.json"), rules.History{}, noon)
	ok := true
	switch want, _ := c.take("register_reaction"); want {
	case "auth_error, stop until the token changes":
		ok = o.State == rules.AuthError && o.FlagCredentials && o.RetryIn == 0
	case "needs_admin/reconnect, stop":
		ok = o.State == rules.NeedsAdmin && o.Action == rules.Reconnect && o.RetryIn == 0
	case "needs_admin/appeal_restriction":
		ok = o.State == rules.NeedsAdmin && o.Action == rules.AppealRestriction
	case "log as defect, no admin alarm":
		ok = o.Defect && o.State == ""
	case "not a failure of the number":
		ok = o.PauseWABA && !o.Transient && o.State == ""
	case "back off; after a timeout read health first":
		ok = o.Transient && o.RetryIn == time.Minute && o.HealthFirst
	case "section 7":
	default:
		t.Errorf("a reaction %v that the test does not know", want)
	}
	if !ok {
		t.Errorf("outcome %+v", o)
	}
}

func TestFixtureSetup(t *testing.T) {
	t.Parallel()
	for _, name := range fixtures(t, "graph-subscribe-error-*.json", 6) {
		t.Run(strings.TrimSuffix(name, ".json"), func(t *testing.T) {
			t.Parallel()
			f := load(t, name)
			c := &checker{t: t, expect: f.Expect}
			_, gerr := f.answer(t)
			c.equal("error_class", string(gerr.Class))
			react, _ := rules.Setup(gerr, 0)
			c.state(react.State, react.Action)
			c.equal("flag_reauthorization", react.FlagCredentials)
			waits, _ := c.take("retry_after_s")
			for i, s := range []float64{60, 300, 1800, 21600, 21600} {
				_, again := rules.Setup(gerr, i)
				if waits == nil {
					s = 0
				}
				if again.Seconds() != s {
					t.Errorf("failure %d is retried in %v, want %v s", i+1, again, s)
				}
			}
			c.others()
		})
	}
	if react, again := rules.Setup(nil, 3); react != (rules.Reaction{}) || again != 0 {
		t.Errorf("a success gives %+v, %v", react, again)
	}
	// Meta calls our address while the request is open; silence then is likely ours.
	react, again := rules.Setup(&graph.Error{Class: graph.Transient, Ambiguous: true}, 1)
	if react.Action != rules.FixCallbackURL || react.State != "" || again != 5*time.Minute {
		t.Errorf("a timeout gives %+v, %v", react, again)
	}
}

func TestFixtureReviews(t *testing.T) {
	t.Parallel()
	for _, name := range fixtures(t, "graph-waba*.json", 3) {
		f := load(t, name)
		var waba struct {
			Review string `json:"account_review_status"`
		}
		if err := json.Unmarshal(f.Body, &waba); err != nil {
			t.Fatal(err)
		}
		n := reading(t, "graph-phone-d12-name-pending.json").Number
		sig := rules.Signature(rules.Reading{Number: n, Review: waba.Review})
		approved := rules.Signature(rules.Reading{Number: n, Review: "APPROVED"})
		unread := rules.Signature(rules.Reading{Number: n})
		_, pending := f.Expect["rearm_on"]
		if rules.Changed(sig, approved) != pending {
			t.Errorf("%s: approval changes the signature %q: %v", name, sig, !pending)
		}
		if rules.Changed(sig, unread) || rules.Changed(unread, sig) {
			t.Errorf("%s: a review that was not read changes %q", name, sig)
		}
		h := rules.History{State: rules.Waiting, Signature: sig, PendingSince: noon, LastAttempt: noon}
		r := rules.Reading{Number: n, Review: "APPROVED"}
		now := noon.Add(20 * time.Minute)
		if v := rules.May(rules.Decide(r, h, now), approved, rules.TriggerTimer, h, now); v.OK != pending {
			t.Errorf("%s: approved, verdict %+v", name, v)
		}
	}
}

func ptr[T any](v T) *T { return &v }

func ids(alerts []rules.Alert) []string {
	var out []string
	for _, a := range alerts {
		id := a.ID
		if a.Recovered {
			id += " over"
		}
		out = append(out, id)
	}
	return out
}

func texts(list any) []string {
	var out []string
	if l, ok := list.([]any); ok {
		for _, v := range l {
			out = append(out, v.(string))
		}
	}
	return out
}

// span is a number of a payload file, in units.
func span(v any, unit time.Duration) time.Duration {
	n, _ := v.(float64)
	return time.Duration(n * float64(unit))
}
