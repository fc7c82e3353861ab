package simulator_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"tributary/simulator"
)

// clock is a clock that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 18, 9, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// world is a simulator with a clock, as Meta is seen from outside.
type world struct {
	*simulator.Simulator

	t     *testing.T
	clock *clock
	base  string
}

func meta(t *testing.T, o simulator.Options) *world {
	t.Helper()
	c := newClock()
	o.Now, o.Kinds = c.Now, []simulator.Kind{simulator.WhatsAppCloud}
	s := start(t, o)
	return &world{Simulator: s, t: t, clock: c, base: s.Settings()["WHATSAPP_CLOUD_BASE_URL"]}
}

// call makes a call with a bearer token.
func (w *world) call(method, path, token, body string) result {
	w.t.Helper()
	return do(w.t, method, w.base+path, body, "Authorization", "Bearer "+token)
}

func (w *world) register(n *simulator.Number, pin string) result {
	w.t.Helper()
	return w.call(http.MethodPost, "/v22.0/"+n.ID+"/register", n.Token(), `{"messaging_product":"whatsapp","pin":"`+pin+`"}`)
}

const healthFields = "quality_rating,whatsapp_business_manager_messaging_limit,code_verification_status,account_mode,id," +
	"display_phone_number,name_status,verified_name,webhook_configuration,throughput,last_onboarded_time,platform_type,status," +
	"is_on_biz_app,is_pin_enabled,new_display_name,new_name_status,health_status"

func (w *world) health(n *simulator.Number) result {
	w.t.Helper()
	return w.call(http.MethodGet, "/v24.0/"+n.ID+"?fields="+healthFields, n.Token(), "")
}

// sample is an answer or a webhook of Meta.
type sample struct {
	Status int    `json:"status"`
	Path   string `json:"path"`
	Body   any    `json:"body"`
	Raw    string `json:"raw"`
}

func samples(t *testing.T) map[string]sample {
	t.Helper()
	raw, err := os.ReadFile("testdata/meta_answers.json")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]sample{}
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// personal are the keys whose values belong to one number, call or moment: their
// presence and kind are compared, not their value.
var personal = map[string]bool{
	"fbtrace_id": true, "id": true, "display_phone_number": true, "verified_name": true, "requested_verified_name": true,
	"webhook_configuration": true, "last_onboarded_time": true, "request_id": true, "access_token": true, "name": true,
	"app_id": true, "user_id": true, "issued_at": true, "target_ids": true, "application": true, "certificate": true,
	"cursors": true, "time": true, "waba_ban_date": true, "waba_id": true, "owner_business_id": true, "entity_id": true,
	"requester": true, "phone_number": true, "expiration": true, "new_display_name": true,
}

var digits = regexp.MustCompile(`[0-9]{7,}`)

// shape takes what is personal out of a JSON value.
func shape(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, x := range v {
			if personal[k] {
				out[k] = fmt.Sprintf("%T", x)
			} else {
				out[k] = shape(x)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = shape(v[i])
		}
		return out
	case string:
		return digits.ReplaceAllString(v, "N")
	}
	return v
}

// same compares an answer with a sample.
func same(t *testing.T, what string, got result, want sample) {
	t.Helper()
	if want.Status != 0 && got.status != want.Status {
		t.Errorf("%s: status %d, want %d: %s", what, got.status, want.Status, got.body)
		return
	}
	if want.Body == nil {
		if got.body != want.Raw {
			t.Errorf("%s: body %q, want %q", what, got.body, want.Raw)
		}
		return
	}
	var v any
	if err := json.Unmarshal([]byte(got.body), &v); err != nil {
		t.Errorf("%s: %v in %s", what, err, got.body)
		return
	}
	if g, w := shape(v), shape(want.Body); !reflect.DeepEqual(g, w) {
		a, _ := json.Marshal(g)
		b, _ := json.Marshal(w)
		t.Errorf("%s:\n got %s\nwant %s", what, a, b)
	}
}

func TestStatesAnswerAsMetaDoes(t *testing.T) {
	t.Parallel()
	want := samples(t)
	w := meta(t, simulator.Options{Target: "https://support.example.com"})
	for _, tt := range []struct {
		state            simulator.NumberState
		health, register string // samples; register empty: not called
	}{
		{simulator.Live, "phone-d6-healthy-live", "register-success"},
		{simulator.Approved, "phone-d11-approved", "register-success"},
		{simulator.PendingName, "phone-d12-name-pending", "register-error-2388001-display-name"},
		{simulator.Declined, "phone-d8-name-declined", "register-error-2388001-display-name-declined"},
		{simulator.ExpiredName, "phone-d9-name-expired", "register-error-2388001-display-name"},
		{simulator.NotVerified, "phone-d10-not-verified", "register-error-133006"},
		{simulator.Banned, "phone-d1-banned", "register-error-368"},
		{simulator.RateLimited, "phone-d11-approved", "register-error-133016"},
		{simulator.Coexistence, "phone-d2-coexistence", ""},
		{simulator.Sandbox, "phone-d3-sandbox", "register-error-already-registered"},
		{simulator.OnPremise, "phone-d4-on-premise", "register-success"},
		{simulator.NotProvisioned, "phone-d7-throughput-not-applicable", "register-success"},
		{simulator.ExistingAccount, "phone-d11-approved", "register-error-2388001-existing-account"},
		{simulator.IncompleteDeregistration, "phone-d11-approved", "register-error-133000"},
		{simulator.Flaky(2), "phone-d11-approved", "register-error-133004"},
	} {
		t.Run(string(tt.state), func(t *testing.T) {
			t.Parallel()
			n := w.AddWABA(simulator.WABASpec{}).AddNumber(simulator.NumberSpec{State: tt.state})
			same(t, "health", w.health(n), want["graph-"+tt.health])
			if tt.state == simulator.Live || tt.state == simulator.NotProvisioned || tt.state == simulator.OnPremise {
				set := w.call(http.MethodPost, "/v22.0/"+n.ID, n.Token(), `{"pin":"004821"}`)
				same(t, "new PIN", set, want["graph-register-success"])
			}
			if tt.register != "" {
				same(t, "register", w.register(n, "004821"), want["graph-"+tt.register])
			}
		})
	}
	n := w.AddWABA(simulator.WABASpec{}).AddNumber(simulator.NumberSpec{State: simulator.Restricted})
	same(t, "register of a restricted number", w.register(n, "004821"), want["graph-register-error-131031"])
	if r := w.health(n); !strings.Contains(r.body, `"can_send_message":"BLOCKED"`) {
		t.Errorf("health of a restricted number: %s", r.body)
	}
	n = w.AddWABA(simulator.WABASpec{}).AddNumber(simulator.NumberSpec{State: simulator.TokenDead})
	same(t, "register with a dead token", w.register(n, "004821"), want["graph-register-error-190"])
	same(t, "health with a dead token", w.health(n), want["graph-register-error-190"])
	n.WABA().NewToken()
	same(t, "register with a new token", w.register(n, "004821"), want["graph-register-success"])
}

func TestFactsShowAsMetaSaysThem(t *testing.T) {
	t.Parallel()
	want := samples(t)
	w := meta(t, simulator.Options{Target: "https://support.example.com"})
	for name, change := range map[string]func(*simulator.Facts){
		"phone-d5-rename-approved": func(f *simulator.Facts) {
			f.NewName, f.NewNameStatus = "Willow Bakery and Cafe", "APPROVED"
		},
		"phone-d6-live-rename-pending": func(f *simulator.Facts) {
			f.NewName, f.NewNameStatus = "Willow Bakery and Cafe", "PENDING_REVIEW"
		},
		"phone-d6-live-code-expired": func(f *simulator.Facts) { f.CodeVerification = "EXPIRED" },
		"phone-d6-live-code-missing": func(f *simulator.Facts) { f.CodeVerification = "" },
		"phone-d6-live-flagged-yellow": func(f *simulator.Facts) {
			f.Quality, f.Status = "YELLOW", "FLAGGED"
		},
		"phone-d2-coexistence-not-connected": func(f *simulator.Facts) {
			f.OnBizApp, f.CodeVerification, f.Status = true, "NOT_VERIFIED", "DISCONNECTED"
		},
	} {
		n := w.AddWABA(simulator.WABASpec{}).AddNumber(simulator.NumberSpec{Change: change})
		same(t, name, w.health(n), want["graph-"+name])
	}
	n := w.AddWABA(simulator.WABASpec{}).AddNumber(simulator.NumberSpec{})
	n.SetQuality("RED")
	if r := w.health(n); !strings.Contains(r.body, `"can_send_message":"LIMITED"`) || !strings.Contains(r.body, `"status":"RESTRICTED"`) {
		t.Errorf("health of a restricted number: %s", r.body)
	}
	n = w.AddWABA(simulator.WABASpec{}).AddNumber(simulator.NumberSpec{Change: func(f *simulator.Facts) { *f = simulator.Facts{} }})
	r := w.call(http.MethodGet, "/v24.0/"+n.ID+"?fields=platform_type,throughput,status,verified_name", n.Token(), "")
	if r.status != http.StatusOK || r.body != `{"id":"`+n.ID+`"}` {
		t.Errorf("health of a number of which Meta says nothing: %s", r.body)
	}
}

func TestFaultsAreWordedAsMetaDoes(t *testing.T) {
	t.Parallel()
	want := samples(t)
	w := meta(t, simulator.Options{})
	n := w.AddWABA(simulator.WABASpec{}).AddNumber(simulator.NumberSpec{})
	for name, sample := range map[string]string{
		"0": "error-0", "1": "register-error-1", "2": "register-error-2", "3": "error-3", "4": "register-error-4", "10": "register-error-10",
		"17": "error-17", "32": "error-32", "33": "error-33", "102": "error-102", "190": "error-190", "190-460": "register-error-190",
		"190-467": "error-190-467", "200": "register-error-200", "299": "error-299", "368": "register-error-368", "429": "register-error-429",
		"502-html": "register-error-502-html", "613": "error-613", "80008": "error-80008", "130429": "error-130429",
		"131000": "register-error-131000", "131016": "error-131016", "131037": "error-131037", "131045": "error-131045",
		"131057": "error-131057", "133008": "register-error-133008", "133008-no-delay": "register-error-133008-no-delay",
		"133009": "register-error-133009", "133009-no-delay": "register-error-133009-no-delay", "133010": "register-error-133010",
		"133015": "register-error-133015", "2388001-unknown": "register-error-2388001-unknown-wording",
		"2388001-two-step-elsewhere": "register-error-2388001-two-step-elsewhere",
	} {
		n.Fail("read", simulator.KnownFault(name), 1)
		same(t, name, w.health(n), want["graph-"+sample])
	}
	if r := w.health(n); r.status != http.StatusOK {
		t.Errorf("a failure that is used up: %d %s", r.status, r.body)
	}
	for _, name := range simulator.FaultNames() {
		n.Fail("update", simulator.KnownFault(name), 1)
		if r := w.call(http.MethodPost, "/v22.0/"+n.ID, n.Token(), `{"pin":"111111"}`); r.status < 400 && name != "truncated" {
			t.Errorf("fault %s: %d %s", name, r.status, r.body)
		}
	}
}

func TestMessagesNeedARegisteredNumber(t *testing.T) {
	t.Parallel()
	want := samples(t)
	w := meta(t, simulator.Options{})
	n := w.PendingNumber()
	send := func() result {
		return w.call(http.MethodPost, "/v22.0/"+n.ID+"/messages", n.Token(),
			`{"messaging_product":"whatsapp","to":"12025550170","type":"text","text":{"body":"Your order is ready"}}`)
	}
	same(t, "unregistered", send(), want["graph-register-error-133010"])
	n.ApproveName()
	if r := w.register(n, "004821"); r.status != http.StatusOK {
		t.Fatalf("register: %d %s", r.status, r.body)
	}
	if r := send(); r.status != http.StatusOK {
		t.Errorf("registered: %d %s", r.status, r.body)
	}
	if sent := w.Sent(); len(sent) != 1 || sent[0].Channel != n.Channel() || sent[0].Text != "Your order is ready" {
		t.Errorf("Sent() = %+v", sent)
	}
	n.Fail("messages", simulator.KnownFault("131045"), 1)
	same(t, "wrong certificate", send(), want["graph-error-131045"])
	n.WABA().Restrict()
	same(t, "locked", send(), want["graph-register-error-131031"])
}

// A number's inbox is created from its channel, and customers write to it.
func TestANumberIsAChannel(t *testing.T) {
	t.Parallel()
	w := meta(t, simulator.Options{})
	n := w.AddWABA(simulator.WABASpec{}).AddNumber(simulator.NumberSpec{Phone: "+15035550141"})
	p := secrets(t, n.Channel())
	if p["phone_number_id"] != n.ID || p["business_account_id"] != n.WABA().ID || p["api_key"] != n.Token() || p["phone_number"] != n.Phone {
		t.Errorf("Params() = %v", p)
	}
	d, err := w.Build(n.Channel(), simulator.Incoming{From: "12025550170", Text: "hello"}, "")
	if err != nil || d.Path != "/webhooks/whatsapp/+15035550141" || !bytes.Contains(d.Body, []byte(n.ID)) {
		t.Errorf("Build() = %+v, %v", d, err)
	}
	if got := w.NumberOf(n.Channel()); got != n {
		t.Errorf("NumberOf() = %v", got)
	}
	own := w.NumberOf(w.Channel(simulator.WhatsAppCloud))
	if own == nil || !own.Facts().Registered {
		t.Fatal("the channel of the simulator itself is no registered number")
	}
	template := json.RawMessage(`{"name":"order_ready"}`)
	own.Channel().SetTemplates(template)
	if r := w.call(http.MethodGet, "/v14.0/"+own.WABA().ID+"/message_templates", own.Token(), ""); !strings.Contains(r.body, "order_ready") {
		t.Errorf("templates: %d %s", r.status, r.body)
	}
}

func TestTenThousandNumbers(t *testing.T) {
	t.Parallel()
	w := meta(t, simulator.Options{})
	const many = 10_000
	account := w.AddWABA(simulator.WABASpec{})
	phones := map[string]bool{}
	for i := range many {
		a := account
		if i%2 == 1 {
			a = w.AddWABA(simulator.WABASpec{})
		}
		n := a.AddNumber(simulator.NumberSpec{State: simulator.PendingName})
		if phones[n.Phone] || phones[n.ID] {
			t.Fatalf("%s or %s is given twice", n.Phone, n.ID)
		}
		phones[n.Phone], phones[n.ID] = true, true
	}
	list := w.Numbers()
	if len(list) != many+1 {
		t.Fatalf("%d numbers", len(list))
	}
	for _, n := range list[len(list)-100:] {
		n.ApproveName()
		if r := w.register(n, "004821"); r.status != http.StatusOK {
			t.Fatalf("register: %d %s", r.status, r.body)
		}
	}
	// All pages of an account with many numbers.
	seen, address := 0, w.base+"/v22.0/"+account.ID+"/phone_numbers?fields=id,status&limit=100"
	for address != "" {
		var page struct {
			Data   []struct{ ID, Status string } `json:"data"`
			Paging struct {
				Next string `json:"next"`
			} `json:"paging"`
		}
		r := do(t, http.MethodGet, address, "", "Authorization", "Bearer "+account.Token())
		if err := json.Unmarshal([]byte(r.body), &page); err != nil || r.status != http.StatusOK {
			t.Fatalf("%d %s %v", r.status, r.body, err)
		}
		for _, n := range page.Data {
			if w.Number(n.ID) == nil || n.Status == "" {
				t.Fatalf("page holds %+v", n)
			}
		}
		seen += len(page.Data)
		address = page.Paging.Next
	}
	if seen != many/2 {
		t.Errorf("the pages hold %d numbers, want %d", seen, many/2)
	}
}

func BenchmarkHealthReads(b *testing.B) {
	s, err := simulator.Start(b.Context(), simulator.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	account := s.AddWABA(simulator.WABASpec{})
	for range 10_000 {
		account.AddNumber(simulator.NumberSpec{})
	}
	list, token := account.Numbers(), account.Token()
	base := s.Settings()["WHATSAPP_CLOUD_BASE_URL"]
	for i := 0; b.Loop(); i++ {
		if i%4000 == 0 { // its quota is 5,000 an hour
			account = s.AddWABA(simulator.WABASpec{})
			token, list = account.Token(), []*simulator.Number{account.AddNumber(simulator.NumberSpec{})}
		}
		n := list[i%len(list)]
		r, err := try(b.Context(), http.MethodGet, base+"/v24.0/"+n.ID+"?fields="+healthFields, "", "Authorization", "Bearer "+token)
		if err != nil || r.status != http.StatusOK {
			b.Fatalf("%d %s %v", r.status, r.body, err)
		}
	}
}
