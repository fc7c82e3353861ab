package management_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/whatsapp/management"
	"tributary/whatsapp/rules"
)

// fixture is a delivery of Meta's and what is expected of whoever receives it.
type fixture struct {
	Title   string `json:"title"`
	Request struct {
		Path string          `json:"path"`
		Body json.RawMessage `json:"body"`
	} `json:"request"`
	Expect map[string]any `json:"expect"`
}

func load(t testing.TB, name string) fixture {
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

func files(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "testdata", "webhook-*.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) < 100 {
		t.Fatalf("only %d files", len(paths))
	}
	for i := range paths {
		paths[i] = filepath.Base(paths[i])
	}
	return paths
}

// inboxes are the installation's, as the files presume them.
var inboxes = []struct {
	id                   float64
	waba, phone, phoneID string
}{
	{48, "900100200300401", "+15035550141", "500100200300401"},
	{49, "900100200300401", "+15035550142", "500100200300402"},
	{50, "900100200300403", "+14155550143", "500100200300403"},
	{51, "900100200300404", "+12125550144", "500100200300404"},
}

func routed(e management.Event) []any {
	out := []any{}
	for _, i := range inboxes {
		if i.waba == e.WABA && e.About(i.phone, i.phoneID) {
			out = append(out, i.id)
		}
	}
	return out
}

// received is what came of a delivery.
type received struct {
	fields []any
	events []management.Event
}

func receive(t testing.TB, f fixture) received {
	t.Helper()
	changes, err := management.SplitEnvelope(f.Request.Body)
	if err != nil {
		t.Fatal(err)
	}
	var r received
	for _, c := range changes {
		r.fields = append(r.fields, c.Field)
		e, ok := management.Parse(c.Entry, c.Time, c.Raw)
		if ok != management.Is(c.Field) {
			t.Errorf("field %s: read %v", c.Field, ok)
		}
		if ok {
			r.events = append(r.events, e)
		}
	}
	return r
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
	if want == nil && got == "" {
		return
	}
	if !reflect.DeepEqual(want, got) {
		c.t.Errorf("%s is %v, want %v", key, got, want)
	}
}

func (c *checker) that(key string, holds bool, got any) {
	c.t.Helper()
	if want, ok := c.take(key); ok && !holds {
		c.t.Errorf("%s %v: got %+v", key, want, got)
	}
}

// notOurs are deliveries without management fields, or without a body.
func notOurs(f fixture) bool {
	field, _ := f.Expect["field"].(string)
	return len(f.Request.Body) == 0 || f.Expect["effect"] == "message chapter" || field == "messages"
}

func TestFixtures(t *testing.T) {
	t.Parallel()
	for _, name := range files(t) {
		f := load(t, name)
		t.Run(strings.TrimSuffix(name, ".json"), func(t *testing.T) {
			t.Parallel()
			if len(f.Request.Body) == 0 {
				if !strings.Contains(name, "-verify-") {
					t.Error("there is no body")
				}
				return
			}
			got := receive(t, f)
			c := &checker{t: t, expect: f.Expect}
			c.equal("fields", got.fields)
			if field, ok := c.take("field"); ok && !reflect.DeepEqual(got.fields, []any{field}) {
				t.Errorf("fields %v, want %v", got.fields, field)
			}
			if notOurs(f) || len(got.events) == 0 {
				if len(got.events) != 0 {
					t.Errorf("read %+v", got.events)
				}
				for key := range f.Expect {
					if !slices.Contains([]string{
						"field", "fields", "event", "routed_to", "effect", "effects", "confirm_by_health_read", "next_state", "required_action",
						"applied", "given", "queued", "note", "inferred",
					}, key) {
						t.Errorf("nobody looked at the expectation %q", key)
					}
				}
				return
			}
			if f.Expect["queued"] == false {
				return // the edge refuses it: here it is what it would be if it were signed
			}
			checkRoutes(c, got.events)
			if len(got.events) > 1 || len(got.fields) > 1 {
				checkBatch(c, f, got)
				return
			}
			checkEvent(c, f, got.events[0])
		})
	}
}

func checkRoutes(c *checker, events []management.Event) {
	c.t.Helper()
	want, ok := c.take("routed_to")
	if !ok {
		return
	}
	var wabas []map[string]any
	switch want := want.(type) {
	case nil: // an account that nobody has
	case map[string]any:
		wabas = []map[string]any{want}
	case []any:
		for _, w := range want {
			wabas = append(wabas, w.(map[string]any))
		}
	}
	union := map[any][]any{}
	for _, e := range events {
		for _, id := range routed(e) {
			if !slices.Contains(union[e.WABA], id) {
				union[e.WABA] = append(union[e.WABA], id)
			}
		}
		if union[e.WABA] == nil {
			union[e.WABA] = []any{}
		}
	}
	for _, w := range wabas {
		slices.SortFunc(union[w["waba"]], func(a, b any) int { return int(a.(float64) - b.(float64)) })
		if !reflect.DeepEqual(union[w["waba"]], w["inbox_ids"]) {
			c.t.Errorf("account %v goes to %v, want %v", w["waba"], union[w["waba"]], w["inbox_ids"])
		}
	}
	for waba, ids := range union {
		if len(ids) > 0 && !slices.ContainsFunc(wabas, func(w map[string]any) bool { return w["waba"] == waba }) {
			c.t.Errorf("account %v goes to %v", waba, ids)
		}
	}
}

// checkBatch looks at deliveries of several changes: each is what it is alone.
func checkBatch(c *checker, f fixture, got received) {
	c.t.Helper()
	ignored := 0
	for _, field := range got.fields {
		if !management.Is(field.(string)) {
			ignored++
		}
	}
	if len(got.events)+ignored != len(got.fields) {
		c.t.Errorf("%d of %v read", len(got.events), got.fields)
	}
	if list, ok := c.take("ignored"); ok && len(list.([]any)) != ignored {
		c.t.Errorf("%d ignored, want %v", ignored, list)
	}
	last := got.events[len(got.events)-1]
	if f.Expect["decision_row"] == "D11" && !last.Effects.Rearm {
		c.t.Errorf("the name was approved: %+v", last)
	}
	c.others("given", "decision_row", "next_state", "required_action", "effects", "base", "all_applied")
}

func (c *checker) others(names ...string) {
	c.t.Helper()
	for key := range c.expect {
		if !slices.Contains(c.seen, key) && !slices.Contains(names, key) && key != "note" && key != "inferred" {
			c.t.Errorf("nobody looked at the expectation %q", key)
		}
	}
}

func checkEvent(c *checker, f fixture, e management.Event) {
	c.t.Helper()
	x := e.Effects
	given, _ := c.take("given")
	situation, _ := given.(map[string]any)
	c.equal("event", e.Event)
	c.equal("inferred_field", e.Field)
	c.equal("confirm_by_health_read", e.ConfirmByHealth)

	// Where the number stands afterwards, until its health is read.
	state, action := "unchanged", ""
	if x.State != "" {
		state, action = string(x.State), string(x.Action)
	}
	if want := situation["state"]; want == "waiting_for_meta" && state == "unchanged" && c.expect["next_state"] == want {
		state, action = "waiting_for_meta", "wait_for_display_name" // as before
	}
	applies := f.Expect["applied"] != false
	if register := c.expect["register"]; register != "now" && applies {
		c.equal("next_state", state)
		c.equal("required_action", action)
	}
	switch register, _ := c.take("register"); register {
	case "now", "by section 6":
		c.that("register", x.Rearm, e)
	case "never":
		c.that("register", !x.Rearm && (x.Coexistence || x.HoldSends || x.Reconnected), e)
	case nil:
		if _, said := f.Expect["register"]; said && applies && x.Rearm {
			c.t.Errorf("it registers: %+v", e)
		}
	}
	c.that("rearm", x.Rearm, e)
	c.that("stop", x.State == rules.NeedsAdmin && !x.Rearm, e)
	checkEffects(c, f, e)
	checkAlerts(c, f, e)
	checkTemplate(c, e)
	checkRepeats(c, e)
	c.others("decision_row", "next_state", "required_action", "reauthorization_required", "await_event", "quality_colour", "applied", "queued", "not_applied_to")
}

func checkEffects(c *checker, f fixture, e management.Event) {
	c.t.Helper()
	x := e.Effects
	c.equal("name_status", map[bool]string{true: x.NameStatus, false: "APPROVED"}[f.Expect["applied"] != false])
	c.equal("rejection_reason", x.RejectionReason)
	c.equal("tier", x.Tier)
	if scope, ok := c.take("tier_scope"); ok && (scope != "whole portfolio" || x.TierScope != management.TierOfPortfolio) {
		c.t.Errorf("the tier is of the %s, want %v", x.TierScope, scope)
	}
	if (x.Tier == "") != (x.TierScope == "") {
		c.t.Errorf("tier %q of %q", x.Tier, x.TierScope)
	}
	c.equal("throughput", x.Throughput)
	c.equal("block_sends", x.BlockSends)
	if holds, ok := c.take("hold_sends"); ok && (holds != x.HoldSends || holds == x.Reconnected) {
		c.t.Errorf("hold %v, want %v: %+v", x.HoldSends, holds, x)
	}
	c.equal("credentials_invalid", x.CredentialsInvalid)
	c.that("entry_id_is", e.WABA != "700100200300499", e)
	switch pin, _ := c.take("stored_pin"); pin {
	case "stale":
		c.that("stored_pin", x.PIN == management.PINStale || x.PIN == management.PINFree, x)
	case "kept":
		c.that("stored_pin", x.PIN == management.PINResetRequested, x)
	}
	if fresh, ok := c.take("new_pin"); ok && strings.HasPrefix(fresh.(string), "free") != (x.PIN == management.PINFree) {
		c.t.Errorf("a new PIN is %v: %s", fresh, x.PIN)
	}
	if effect, ok := c.take("effect"); ok {
		x.AppID, x.Calling = "", ""
		if effect != "store" || !reflect.DeepEqual(x, management.Effects{}) || len(e.Value) == 0 {
			c.t.Errorf("%v: %+v", effect, x)
		}
	}
}

func checkAlerts(c *checker, f fixture, e management.Event) {
	c.t.Helper()
	x := e.Effects
	switch want, _ := c.take("alert"); want {
	case "critical":
		c.that("alert", len(x.Alerts) == 1 && x.Alerts[0].Severity == management.Critical && x.Alerts[0].Mail, x)
	case true:
		c.that("alert", len(x.Alerts) > 0 && x.Alerts[0].Mail, x)
	case nil:
		listed := f.Expect["listed_in_alerts"] == true || f.Expect["notice"] == true
		if len(x.Alerts) > 0 && !listed {
			c.t.Errorf("alerts %+v", x.Alerts)
		}
	}
	c.that("notice", len(x.Alerts) == 1, x)
	if n, ok := c.take("alerts"); ok && float64(len(x.Alerts)) != n {
		c.t.Errorf("%d alerts, want %v", len(x.Alerts), n)
	}
	if until, ok := c.take("alert_expires"); ok && x.Alerts[0].Until.Format(time.RFC3339) != until {
		c.t.Errorf("until %v, want %v", x.Alerts[0].Until, until)
	}
	if replies, ok := c.take("replies"); ok && (replies == "restricted") != x.Restrictions[0].Replies {
		c.t.Errorf("replies %v: %+v", replies, x.Restrictions)
	}
	if _, ok := c.take("listed_in_alerts"); ok {
		if len(x.Alerts) != 1 || x.Alerts[0].Type != e.Event || x.Alerts[0].Text == "" || x.Alerts[0].Status == "" || e.EntityID == "" {
			c.t.Fatalf("alerts %+v of %s", x.Alerts, e.EntityID)
		}
		c.equal("mail", x.Alerts[0].Mail)
		c.that("text", strings.Contains(string(f.Request.Body), `"`+x.Alerts[0].Text+`"`), x.Alerts[0])
	}
}

func checkTemplate(c *checker, e management.Event) {
	c.t.Helper()
	got := e.Effects.Template
	if got == nil {
		return
	}
	if want, ok := c.take("template"); ok {
		if w, ok := want.(map[string]any); ok && (got.ID != w["id"] || got.Name != w["name"] || got.Language != w["language"] || got.Status != w["status"]) {
			c.t.Errorf("template %+v, want %v", got, w)
		}
	}
	c.that("rejection_info_read", got.Advice == "Variables are at the start or end of the template. Add words before and after each variable.", got)
	c.equal("category", got.Category)
	c.equal("category_will_be", got.NextCategory)
	c.equal("template_quality", got.Quality)
	c.that("fallback", got.ID != "" && got.Name != "", got)
	c.that("queue_sync", got.ID == "410100200300499" && got.Language == "pt_BR", got)
}

// checkRepeats looks at what was delivered before.
func checkRepeats(c *checker, e management.Event) {
	c.t.Helper()
	if first, ok := c.take("duplicate_of"); ok {
		if same := receive(c.t, load(c.t, first.(string))).events[0]; same.Hash != e.Hash {
			c.t.Errorf("the hashes differ: %s %s", same.Hash, e.Hash)
		}
	}
	if first, ok := c.take("after"); ok {
		newer := receive(c.t, load(c.t, first.(string))).events[0]
		if newer.Aspect != e.Aspect || !e.At.Before(newer.At) || newer.Hash == e.Hash {
			c.t.Errorf("%s at %v after %s at %v", e.Aspect, e.At, newer.Aspect, newer.At)
		}
	}
}

// TestHashes: the same event has one hash, however it is written, and no two events
// of the files share one.
func TestHashes(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, name := range files(t) {
		f := load(t, name)
		if len(f.Request.Body) == 0 || name == "webhook-duplicate-delivery.json" {
			continue
		}
		for _, e := range receive(t, f).events {
			if other := seen[e.Hash]; other != "" {
				t.Errorf("%s and %s share a hash", name, other)
			}
			seen[e.Hash] = name
			if e.At.IsZero() || e.Aspect == "" {
				t.Errorf("%s: aspect %q at %v", name, e.Aspect, e.At)
			}
		}
	}
	a, _ := management.Parse("9", 7, json.RawMessage(`{"field":"account_review_update","value":{"decision":"APPROVED","x":1}}`))
	b, _ := management.Parse("9", 7, json.RawMessage(`{"value": {"x":1, "decision": "APPROVED"}, "field": "account_review_update"}`))
	if a.Hash != b.Hash {
		t.Error("order and blanks change the hash")
	}
	for _, other := range []struct {
		id  string
		at  int64
		raw string
	}{
		{"8", 7, `{"field":"account_review_update","value":{"decision":"APPROVED","x":1}}`},
		{"9", 8, `{"field":"account_review_update","value":{"decision":"APPROVED","x":1}}`},
		{"9", 7, `{"field":"account_review_update","value":{"decision":"APPROVED","x":1.0}}`},
		{"9", 7, `{"field":"account_update","value":{"decision":"APPROVED","x":1}}`},
	} {
		if c, _ := management.Parse(other.id, other.at, json.RawMessage(other.raw)); c.Hash == a.Hash {
			t.Errorf("%+v has the same hash", other)
		}
	}
}

func TestSplitEnvelope(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, body string
		want       []management.Change // without Raw
	}{
		{"nothing", `{}`, nil},
		{"no entries", `{"object":"whatsapp_business_account","entry":[]}`, nil},
		{"an entry without changes", `{"entry":[{"id":"1","time":5,"changes":[]}]}`, nil},
		{"nulls", `{"entry":[null,{"id":null,"time":null,"changes":[null,7,"x"]}]}`, nil},
		{"an entry that is no list", `{"entry":{"id":1,"time":"5","changes":{"field":"account_update","value":{"event":"X"}}}}`, []management.Change{{Entry: "1", Time: 5, Field: "account_update"}}},
		{"an entry alone", `{"id":"1","time":5,"changes":[{"field":"security","value":{}}]}`, []management.Change{{Entry: "1", Time: 5, Field: "security"}}},
		{"milliseconds", `{"entry":[{"id":"1","time":1794992460123,"changes":[{"field":"security","value":{}}]}]}`, []management.Change{{Entry: "1", Time: 1794992460, Field: "security"}}},
		{"times that are none", `{"entry":[{"id":"1","time":"soon","changes":[{"field":"security"}]},{"id":"2","time":-5,"field":"security"},{"id":"3","time":1e99,"field":"security"}]}`, []management.Change{{Entry: "1", Field: "security"}, {Entry: "2", Field: "security"}, {Entry: "3", Field: "security"}}},
		{"the value lies in the entry", `{"entry":[{"id":"1","time":5,"event":"ACCOUNT_DELETED"}]}`, []management.Change{{Entry: "1", Time: 5, Field: "account_update"}}},
		{"the value lies beside the field", `{"entry":[{"id":"1","time":5,"changes":[{"field":"account_update","event":"ACCOUNT_DELETED"}]}]}`, []management.Change{{Entry: "1", Time: 5, Field: "account_update"}}},
		{"a field nobody knows, an event everybody does", `{"entry":[{"id":"1","time":5,"changes":[{"field":"accounts","value":{"event":"ACCOUNT_DELETED"}}]}]}`, []management.Change{{Entry: "1", Time: 5, Field: "account_update"}}},
		{"messages are told apart", `{"entry":[{"id":"1","changes":[{"value":{"messages":[]}},{"value":{"statuses":[]}}]}]}`, []management.Change{{Entry: "1", Field: "messages"}, {Entry: "1", Field: "messages"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := management.SplitEnvelope([]byte(c.body))
			if err != nil {
				t.Fatal(err)
			}
			for i := range got {
				if !json.Valid(got[i].Raw) {
					t.Errorf("raw %q", got[i].Raw)
				}
				got[i].Raw = nil
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
	for _, body := range []string{"", "null", "[]", "7", `"x"`, `{"entry":`} {
		if got, err := management.SplitEnvelope([]byte(body)); err == nil {
			t.Errorf("%q gives %+v", body, got)
		}
	}
}

func TestParseInfers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ value, field string }{
		{`{"decision":"APPROVED","requested_verified_name":"X"}`, "phone_number_name_update"},
		{`{"decision":"APPROVED"}`, "account_review_update"},
		{`{"event":"DOWNGRADE"}`, "phone_number_quality_update"},
		{`{"event":"FLAGGED","display_phone_number":"1"}`, "phone_number_quality_update"},
		{`{"event":"FLAGGED","message_template_id":1}`, "message_template_status_update"},
		{`{"event":"PARTNER_OF_NEXT_YEAR"}`, "account_update"},
		{`{"ban_info":{"waba_ban_state":"DISABLE"}}`, "account_update"},
		{`{"event":"PIN_CHANGED"}`, "security"},
		{`{"alert_info":{}}`, "account_alerts"},
		{`{"new_quality_score":"RED"}`, "message_template_quality_update"},
		{`{"new_category":"MARKETING"}`, "template_category_update"},
		{`{"max_daily_conversation_per_phone":250}`, "business_capability_update"},
		{`{"event":"NOBODY_KNOWS"}`, ""},
		{`{}`, ""},
	} {
		e, ok := management.Parse("1", 5, json.RawMessage(`{"value":`+c.value+`}`))
		if e.Field != c.field || ok != (c.field != "") {
			t.Errorf("%s: %q, %v", c.value, e.Field, ok)
		}
	}
}

func TestParseOddities(t *testing.T) {
	t.Parallel()
	parse := func(field, value string) management.Event {
		e, ok := management.Parse("1", 5, json.RawMessage(`{"field":"`+field+`","value":`+value+`}`))
		if !ok {
			t.Errorf("%s %s is not read", field, value)
		}
		return e
	}
	if e := parse("account_update", `{"event":"disabled_update","ban_info":{"waba_ban_state":"disable","waba_ban_date":"May 1"}}`); !e.Effects.BlockSends ||
		e.Effects.Alerts[0].Text != "DISABLE May 1" {
		t.Errorf("lower case: %+v", e.Effects)
	}
	if e := parse("account_update", `{"event":"ACCOUNT_RESTRICTION","restriction_info":{"restriction_type":"X","expiration":"1795597200"}}`); len(e.Effects.Restrictions) != 1 ||
		e.Effects.Restrictions[0].Until.Unix() != 1795597200 {
		t.Errorf("a restriction that is no list: %+v", e.Effects)
	}
	if e := parse("account_update", `{"event":"ACCOUNT_RESTRICTION","restriction_info":[{"expiration":1},{"restriction_type":"X","expiration":"never"}]}`); len(e.Effects.Alerts) != 1 ||
		!e.Effects.Alerts[0].Until.IsZero() {
		t.Errorf("restrictions without type or end: %+v", e.Effects)
	}
	if e := parse("account_update", `{"event":"PARTNER_APP_UNINSTALLED","waba_info":{"waba_id":7,"partner_app_id":8}}`); e.WABA != "7" || e.Effects.AppID != "8" {
		t.Errorf("numbers for ids: %+v", e)
	}
	if e := parse("account_update", `{"event":"PARTNER_REMOVED","disconnection_info":{"reason":"CHANGE_NUMBER"},"waba_info":{"waba_id":"7"}}`); e.Effects.Coexistence ||
		e.Effects.Disconnection != "CHANGE_NUMBER" {
		t.Errorf("no number is named: %+v", e.Effects)
	}
	if e := parse("account_update", `{"event":["x"],"waba_info":7,"phone_number":{}}`); e.Event != "" || e.WABA != "1" || e.Phone != "" || e.ConfirmByHealth {
		t.Errorf("other types: %+v", e)
	}
	if e := parse("phone_number_name_update", `{"decision":"MAYBE","display_phone_number":"+55 (11) 8765-4321"}`); e.Effects.NameStatus != "" || !e.ConfirmByHealth ||
		!e.About("+5511987654321", "") || e.About("+5511987654322", "") {
		t.Errorf("an unknown decision: %+v", e)
	}
	if e := parse("account_alerts", `{"alert_severity":"CRITICAL","alert_type":"OLD_FORM","alert_description":"a\u0000b"}`); e.Event != "OLD_FORM" || !e.Effects.Alerts[0].Mail ||
		e.Effects.Alerts[0].Text != "ab" {
		t.Errorf("the old form: %+v", e)
	}
	long := parse("account_alerts", `{"alert_info":{"alert_description":"`+strings.Repeat("é", 4000)+`"}}`)
	if text := long.Effects.Alerts[0].Text; len(text) > 4096 || !strings.HasSuffix(text, "é") {
		t.Errorf("a long text: %d bytes", len(text))
	}
	if e := parse("message_template_status_update", `{"event":"PAUSED","message_template_id":9007199254740993,"other_info":{"title":"FIRST_PAUSE","description":"For 3 h."},"reason":"NONE"}`); e.Effects.Template.ID != "9007199254740993" ||
		e.Effects.Template.Reason != "FIRST_PAUSE" || e.Effects.Template.Advice != "For 3 h." {
		t.Errorf("paused: %+v", e.Effects.Template)
	}
	if e := parse("business_capability_update", `{"max_phone_numbers_per_business":2}`); e.Effects.Tier != "" || e.Effects.TierScope != "" {
		t.Errorf("no limit: %+v", e.Effects)
	}
	if e, _ := management.Parse("1", 1<<62, json.RawMessage(`{"field":"security","value":{}}`)); !e.At.IsZero() {
		t.Errorf("a time beyond all: %v", e.At)
	}
	for _, raw := range []string{``, `null`, `7`, `{"field":"security"}`, `{"field":"security","value":7}`, `{"field":"messages","value":{"event":"ACCOUNT_DELETED"}}`} {
		if e, ok := management.Parse("1", 5, json.RawMessage(raw)); ok {
			t.Errorf("%s: %+v", raw, e)
		}
	}
}

func TestAspects(t *testing.T) {
	t.Parallel()
	aspect := func(field, value string) string {
		e, _ := management.Parse("1", 5, json.RawMessage(`{"field":"`+field+`","value":`+value+`}`))
		return e.Aspect
	}
	same := func(a, b string, want bool) {
		if (a == b) != want || a == "" {
			t.Errorf("%q and %q are one: %v", a, b, !want)
		}
	}
	status := `{"event":"APPROVED","message_template_id":1}`
	same(aspect("message_template_status_update", status), aspect("message_template_status_update", `{"event":"PAUSED","message_template_id":1}`), true)
	same(aspect("message_template_status_update", status), aspect("message_template_status_update", `{"event":"PAUSED","message_template_id":2}`), false)
	same(aspect("message_template_status_update", status), aspect("template_category_update", `{"new_category":"UTILITY","message_template_id":1}`), false)
	same(aspect("account_update", `{"event":"DISABLED_UPDATE"}`), aspect("account_update", `{"event":"ACCOUNT_DELETED"}`), true)
	same(aspect("account_update", `{"event":"ACCOUNT_OFFBOARDED"}`), aspect("account_update", `{"event":"ACCOUNT_RECONNECTED"}`), true)
	same(aspect("account_update", `{"event":"PARTNER_APP_INSTALLED"}`), aspect("account_update", `{"event":"PARTNER_APP_UNINSTALLED"}`), true)
	same(aspect("account_update", `{"event":"VERIFIED_ACCOUNT"}`), aspect("account_update", `{"event":"ACCOUNT_VIOLATION"}`), false)
	same(aspect("phone_number_quality_update", `{"event":"UPGRADE"}`), aspect("business_capability_update", `{}`), true)
	same(aspect("phone_number_quality_update", `{"event":"FLAGGED"}`), aspect("phone_number_quality_update", `{"event":"UNFLAGGED"}`), true)
	same(aspect("account_alerts", `{"entity_id":"1","alert_info":{"alert_type":"A"}}`), aspect("account_alerts", `{"entity_id":"1","alert_info":{"alert_type":"B"}}`), false)
}

func TestSamePhone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"15035550141", "+1 503-555-0141", true},
		{"+55 11 98765-4321", "551187654321", true},
		{"5491123456789", "+54 11 2345-6789", true},
		{"5215512345678", "+52 55 1234 5678", true},
		{"15035550141", "15035550142", false},
		{"", "", false},
		{"no digits", "none", false},
	} {
		if got := management.SamePhone(c.a, c.b); got != c.want {
			t.Errorf("%s, %s: %v", c.a, c.b, got)
		}
	}
}
