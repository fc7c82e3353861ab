package simulator_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"tributary/simulator"
)

// program is a stand-in for the program: it answers Meta's challenge and takes
// webhooks, or not.
type program struct {
	*httptest.Server

	mu       sync.Mutex
	verify   string
	asked    []string // paths of challenges
	bodies   [][]byte
	headers  []http.Header
	paths    []string
	statuses []int // of the next webhooks; then 200
	answer   func(w http.ResponseWriter, challenge string)
}

func newProgram(t *testing.T, verify string) *program {
	t.Helper()
	p := &program{verify: verify}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

func (p *program) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.Method == http.MethodGet {
		p.asked = append(p.asked, r.URL.Path)
		q := r.URL.Query()
		switch {
		case p.answer != nil:
			p.answer(w, q.Get("hub.challenge"))
		case q.Get("hub.mode") != "subscribe" || q.Get("hub.verify_token") != p.verify:
			w.WriteHeader(http.StatusForbidden)
		default:
			_, _ = io.WriteString(w, q.Get("hub.challenge"))
		}
		return
	}
	body, _ := io.ReadAll(r.Body) // a short read fails the comparison
	p.bodies, p.headers, p.paths = append(p.bodies, body), append(p.headers, r.Header), append(p.paths, r.URL.Path)
	if len(p.statuses) > 0 {
		w.WriteHeader(p.statuses[0])
		p.statuses = p.statuses[1:]
	}
}

// last is the latest webhook.
func (p *program) last() (path string, h http.Header, body []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := len(p.bodies) - 1
	return p.paths[i], p.headers[i], p.bodies[i]
}

// challenges are the paths that Meta verified.
func (p *program) challenges() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.asked...)
}

func (p *program) do(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

func TestSubscriptionBeforeOverride(t *testing.T) {
	t.Parallel()
	want := samples(t)
	ok := want["graph-register-success"]
	p := newProgram(t, "verify-me")
	const public = "https://support.example.com" // leads nowhere: the simulator knows where the program listens
	w := meta(t, simulator.Options{Target: p.URL, Public: public})
	n := w.AddWABA(simulator.WABASpec{}).AddNumber(simulator.NumberSpec{Phone: "+15035550141"})
	callback := public + "/webhooks/whatsapp/+15035550141"
	number := func(uri, verify string) result {
		t.Helper()
		body, _ := json.Marshal(map[string]any{"webhook_configuration": map[string]string{"override_callback_uri": uri, "verify_token": verify}})
		return w.call(http.MethodPost, "/v22.0/"+n.ID, n.Token(), string(body))
	}
	account := func(method, body string) result {
		t.Helper()
		return w.call(method, "/v22.0/"+n.WABA().ID+"/subscribed_apps", n.Token(), body)
	}
	override := `{"override_callback_uri":"` + callback + `","verify_token":"verify-me"}`

	same(t, "number before the subscription", number(callback, "verify-me"), want["graph-subscribe-error-100-before-override"])
	same(t, "account before the subscription", account(http.MethodPost, override), want["graph-subscribe-error-100-before-override"])
	same(t, "subscribe", account(http.MethodPost, `{"subscribed_fields":["messages","smb_message_echoes"]}`), ok)
	if subscribed, fields := n.WABA().Subscribed(); !subscribed || len(fields) != 2 {
		t.Errorf("Subscribed() = %v %v", subscribed, fields)
	}
	if asked := p.challenges(); len(asked) != 0 {
		t.Errorf("asked %v without a callback", asked)
	}
	same(t, "number", number(callback, "verify-me"), ok)
	if asked := p.challenges(); len(asked) != 1 || asked[0] != "/webhooks/whatsapp/+15035550141" || n.Override() != callback {
		t.Errorf("asked %v, override %q", asked, n.Override())
	}
	if r := w.health(n); !strings.Contains(r.body, `"webhook_configuration":{"application":"`+public+`/webhooks/whatsapp","phone_number":"`+callback+`"}`) {
		t.Errorf("health: %s", r.body)
	}
	same(t, "account", account(http.MethodPost, override), ok)
	if r := account(http.MethodGet, ""); !strings.Contains(r.body, `"override_callback_uri":"`+callback) || n.WABA().Override() != callback {
		t.Errorf("subscribed apps: %s", r.body)
	}
	same(t, "account without a callback", account(http.MethodPost, `{}`), ok)
	if n.WABA().Override() != "" {
		t.Error("subscribing without a callback leaves the old one")
	}

	same(t, "wrong verify token", number(callback, "other"), want["graph-subscribe-error-2200"])
	p.do(func() { p.answer = func(w http.ResponseWriter, _ string) { _, _ = io.WriteString(w, "hello") } })
	if r := number(callback, "verify-me"); !strings.Contains(r.body, `"code":2200`) || !strings.Contains(r.body, "does not match challenge") {
		t.Errorf("wrong answer: %s", r.body)
	}
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	if r := number(closed.URL+"/hook", "verify-me"); !strings.Contains(r.body, "Connection refused") {
		t.Errorf("unreachable: %s", r.body)
	}
	if r := number(public+"/"+strings.Repeat("x", 200), "verify-me"); !strings.Contains(r.body, `"code":100`) {
		t.Errorf("too long: %s", r.body)
	}
	if n.Override() != callback {
		t.Errorf("a refused callback is kept: %q", n.Override())
	}
	same(t, "clear", number("", ""), ok)
	if n.Override() != "" {
		t.Errorf("cleared: %q", n.Override())
	}
	same(t, "unsubscribe", account(http.MethodDelete, ""), ok)
	if subscribed, _ := n.WABA().Subscribed(); subscribed {
		t.Error("still subscribed")
	}
	same(t, "after it", number(callback, "verify-me"), want["graph-subscribe-error-100-before-override"])
}

func TestSlowCallback(t *testing.T) {
	t.Parallel()
	w := meta(t, simulator.Options{CallbackTimeout: 20 * time.Millisecond})
	slow := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-slow }))
	defer silent.Close()
	defer close(slow)
	n := w.AddWABA(simulator.WABASpec{}).AddNumber(simulator.NumberSpec{})
	w.call(http.MethodPost, "/v22.0/"+n.WABA().ID+"/subscribed_apps", n.Token(), `{}`)
	r := w.call(http.MethodPost, "/v22.0/"+n.ID, n.Token(),
		`{"webhook_configuration":{"override_callback_uri":"`+silent.URL+`/hook","verify_token":"x"}}`)
	want := samples(t)["graph-subscribe-error-2200-timeout"]
	same(t, "slow", result{status: r.status, body: strings.Replace(r.body, "after 20 milli", "after 6000 milli", 1)}, want)
}

func TestSubscriptionOfTheApp(t *testing.T) {
	t.Parallel()
	p := newProgram(t, "verify-app")
	w := meta(t, simulator.Options{Target: p.URL})
	set := w.Settings()
	id, secret := set["WHATSAPP_APP_ID"], set["WHATSAPP_APP_SECRET"]
	form := url.Values{
		"object": {"whatsapp_business_account"}, "callback_url": {p.URL + "/webhooks/whatsapp"}, "verify_token": {"verify-app"},
		"fields": {"account_update,phone_number_name_update"}, "include_values": {"true"},
	}
	post := func(token string) result {
		t.Helper()
		return w.call(http.MethodPost, "/v22.0/"+id+"/subscriptions", token, form.Encode())
	}
	if r := post(id + "|wrong"); !strings.Contains(r.body, `"code":190`) {
		t.Errorf("wrong secret: %d %s", r.status, r.body)
	}
	if _, ok := w.Subscription(); ok {
		t.Error("subscribed by itself")
	}
	if r := post(id + "|" + secret); r.status != http.StatusOK {
		t.Fatalf("subscribe: %d %s", r.status, r.body)
	}
	sub, ok := w.Subscription()
	if !ok || sub.CallbackURL != form.Get("callback_url") || len(sub.Fields) != 2 {
		t.Errorf("Subscription() = %+v", sub)
	}
	if asked := p.challenges(); len(asked) != 1 || asked[0] != "/webhooks/whatsapp" {
		t.Errorf("asked %v", asked)
	}
	if r := w.call(http.MethodGet, "/v22.0/"+id+"/subscriptions", id+"|"+secret, ""); !strings.Contains(r.body, "phone_number_name_update") {
		t.Errorf("list: %d %s", r.status, r.body)
	}
	form.Set("verify_token", "other")
	if r := post(id + "|" + secret); !strings.Contains(r.body, `"code":2200`) {
		t.Errorf("wrong verify token: %d %s", r.status, r.body)
	}
	form.Del("fields")
	if r := post(id + "|" + secret); !strings.Contains(r.body, "fields is required") {
		t.Errorf("without fields: %d %s", r.status, r.body)
	}
}

func TestProofOfOwnership(t *testing.T) {
	t.Parallel()
	want := samples(t)
	ok := want["graph-register-success"]
	w := meta(t, simulator.Options{})
	n := w.AddWABA(simulator.WABASpec{}).AddNumber(simulator.NumberSpec{State: simulator.NotVerified})
	post := func(edge, body string) result {
		t.Helper()
		return w.call(http.MethodPost, "/v22.0/"+n.ID+"/"+edge, n.Token(), body)
	}
	code := `{"code":"` + n.Code() + `"}`
	if r := post("verify_code", code); !strings.Contains(r.body, `"code":136025`) {
		t.Errorf("verified without a request: %s", r.body)
	}
	if r := post("request_code", `{"code_method":"PIGEON","language":"en_US"}`); !strings.Contains(r.body, "code_method") {
		t.Errorf("by pigeon: %s", r.body)
	}
	same(t, "request", post("request_code", `{"code_method":"SMS","language":"en_US"}`), ok)
	wrong := []byte(n.Code())
	wrong[0] = '0' + (wrong[0]-'0'+1)%10
	if r := post("verify_code", `{"code":"`+string(wrong)+`"}`); !strings.Contains(r.body, `"code":136025`) {
		t.Errorf("wrong code: %s", r.body)
	}
	same(t, "verify", post("verify_code", code), ok)
	if got := n.Facts().CodeVerification; got != "VERIFIED" {
		t.Errorf("code verification is %s", got)
	}
	if r := post("request_code", `{"code_method":"SMS","language":"en_US"}`); !strings.Contains(r.body, `"code":136024`) {
		t.Errorf("once more: %s", r.body)
	}
	n.ApproveName()
	same(t, "register", w.register(n, "004821"), ok)

	same(t, "calling", post("settings", `{"calling":{"status":"ENABLED"}}`), ok)
	r := w.call(http.MethodGet, "/v22.0/"+n.ID+"/settings", n.Token(), "")
	if r.body != `{"calling":{"status":"ENABLED"}}` || n.Calling() != "ENABLED" {
		t.Errorf("settings: %s", r.body)
	}
	if r := post("teleport", `{}`); !strings.Contains(r.body, `"code":2500`) {
		t.Errorf("unknown edge: %s", r.body)
	}
}

func TestPhoneAppSharesOnceWithin24Hours(t *testing.T) {
	t.Parallel()
	want := samples(t)["graph-smb-app-data-history"]
	w := meta(t, simulator.Options{})
	n := w.AddWABA(simulator.WABASpec{}).AddNumber(simulator.NumberSpec{State: simulator.Coexistence})
	post := func(n *simulator.Number, kind string) result {
		t.Helper()
		return w.call(http.MethodPost, "/v22.0/"+n.ID+"/smb_app_data", n.Token(), `{"messaging_product":"whatsapp","sync_type":"`+kind+`"}`)
	}
	same(t, "contacts", post(n, "smb_app_state_sync"), want)
	if r := post(n, "smb_app_state_sync"); !strings.Contains(r.body, "2593107") {
		t.Errorf("contacts again: %s", r.body)
	}
	w.clock.Add(24 * time.Hour)
	same(t, "chats", post(n, "history"), want)
	if got := n.Syncs(); len(got) != 2 || !got["history"].Equal(w.clock.Now()) {
		t.Errorf("Syncs() = %v", got)
	}
	late := w.AddWABA(simulator.WABASpec{}).AddNumber(simulator.NumberSpec{State: simulator.Coexistence})
	w.clock.Add(24*time.Hour + time.Second)
	if r := post(late, "history"); !strings.Contains(r.body, "2593108") {
		t.Errorf("too late: %s", r.body)
	}
	alone := w.AddWABA(simulator.WABASpec{}).AddNumber(simulator.NumberSpec{})
	if r := post(alone, "history"); !strings.Contains(r.body, `"code":100,`) {
		t.Errorf("not shared: %s", r.body)
	}
}

func TestReadsOfNumbersAndAccounts(t *testing.T) {
	t.Parallel()
	want := samples(t)
	w := meta(t, simulator.Options{Target: "https://support.example.com"})
	a := w.AddWABA(simulator.WABASpec{})
	n := a.AddNumber(simulator.NumberSpec{Phone: "+15035550141"})
	get := func(path string) result {
		t.Helper()
		return w.call(http.MethodGet, path, a.Token(), "")
	}
	base := "quality_rating,messaging_limit_tier,code_verification_status,account_mode,id,display_phone_number,name_status,verified_name," +
		"webhook_configuration,throughput,last_onboarded_time,platform_type,certificate"
	n.WABA().SetTier("TIER_1K")
	r := get("/v22.0/" + n.ID + "?fields=" + base)
	same(t, "v22", r, want["graph-phone-d6-base-fields-v22"])
	if !strings.Contains(r.body, `"display_phone_number":"+1 503-555-0141"`) {
		t.Errorf("number: %s", r.body)
	}
	same(t, "tier at v24", get("/v24.0/"+n.ID+"?fields=id,messaging_limit_tier"), want["graph-error-100-unknown-field-tier"])
	if r := get("/v22.0/" + n.ID + "?fields=whatsapp_business_manager_messaging_limit"); !strings.Contains(r.body, "nonexisting field") {
		t.Errorf("new tier at v22: %s", r.body)
	}
	w.ForgetField("health_status")
	same(t, "forgotten", w.health(n), want["graph-error-100-unknown-field"])
	w.RecallField("health_status")
	if r := w.health(n); r.status != http.StatusOK {
		t.Errorf("recalled: %d %s", r.status, r.body)
	}
	same(t, "list", get("/v22.0/"+a.ID+"/phone_numbers"), want["graph-phone-numbers-base-form"])
	other := w.AddWABA(simulator.WABASpec{})
	same(t, "another account", get("/v22.0/"+other.ID+"/phone_numbers"), want["graph-error-100-33"])
	other.Share(a.Token())
	same(t, "empty", get("/v22.0/"+other.ID+"/phone_numbers"), want["graph-phone-numbers-empty"])
	same(t, "unknown id", get("/v22.0/1234567"), want["graph-error-100-33"])

	const fields = "?fields=id,name,owner_business_info,account_review_status"
	same(t, "account", get("/v24.0/"+a.ID+fields), want["graph-waba"])
	a.Review("PENDING")
	same(t, "account under review", get("/v24.0/"+a.ID+fields), want["graph-waba-review-pending"])
	if r := w.health(n); !strings.Contains(r.body, `"can_send_message":"BLOCKED"`) {
		t.Errorf("health under review: %s", r.body)
	}
	hidden := w.AddWABA(simulator.WABASpec{OwnerHidden: true})
	same(t, "hidden owner", w.call(http.MethodGet, "/v24.0/"+hidden.ID+fields, hidden.Token(), ""), want["graph-waba-no-owner"])
	a.Fail("phone_numbers", simulator.KnownFault("80007"), 1)
	r = get("/v22.0/" + a.ID + "/phone_numbers")
	if !strings.Contains(r.body, "80007") || r.header.Get("X-Business-Use-Case-Usage") == "" {
		t.Errorf("failing list: %s %v", r.body, r.header)
	}
}

func TestEmbeddedSignup(t *testing.T) {
	t.Parallel()
	want := samples(t)
	w := meta(t, simulator.Options{})
	set := w.Settings()
	id, secret := set["WHATSAPP_APP_ID"], set["WHATSAPP_APP_SECRET"]
	n := w.PendingNumber()
	old := n.Token()
	exchange := func(code, secret string) result {
		t.Helper()
		q := url.Values{"client_id": {id}, "client_secret": {secret}, "code": {code}}
		return do(t, http.MethodGet, w.base+"/v22.0/oauth/access_token?"+q.Encode(), "")
	}
	signup := w.Signup(n)
	if signup.WABAID != n.WABA().ID || signup.PhoneNumberID != n.ID || signup.BusinessID != n.WABA().PortfolioID || signup.Event != "FINISH" {
		t.Errorf("Signup() = %+v", signup)
	}
	same(t, "wrong secret", exchange(signup.Code, "wrong"), want["graph-oauth-token-error-secret"])
	r := exchange(signup.Code, secret)
	same(t, "exchange", r, want["graph-oauth-token"])
	same(t, "again", exchange(signup.Code, secret), want["graph-oauth-token-error-code-used"])
	code := w.SignupCode(n.WABA())
	w.clock.Add(31 * time.Second)
	same(t, "late", exchange(code, secret), want["graph-oauth-token-error-code-expired"])
	if r := exchange("nonsense", secret); r.status != http.StatusBadRequest {
		t.Errorf("nonsense: %d %s", r.status, r.body)
	}
	var got struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(r.body), &got); err != nil || got.Token == old || got.Token != n.Token() {
		t.Fatalf("token %q, %v", got.Token, err)
	}
	shared := w.AddWABA(simulator.WABASpec{}).AddNumber(simulator.NumberSpec{State: simulator.Coexistence})
	if s := w.Signup(shared); s.BusinessID != "" || s.PhoneNumberID != "" || s.Event != "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING" {
		t.Errorf("Signup() of a shared number = %+v", s)
	}

	debug := func(app string) result {
		t.Helper()
		return w.call(http.MethodGet, "/v22.0/debug_token?input_token="+got.Token, app, "")
	}
	same(t, "debug_token", debug(id+"|"+secret), want["graph-debug-token-ok"])
	for scopes, name := range map[simulator.Scopes]string{
		simulator.ScopesPlain: "no-granular-scopes", simulator.ScopesGranular: "no-target-ids", simulator.ScopesMessaging: "messaging-scope-only",
	} {
		w.SetScopes(scopes)
		same(t, name, debug(id+"|"+secret), want["graph-debug-token-"+name])
	}
	if r := debug("wrong"); r.status != http.StatusBadRequest {
		t.Errorf("debug_token of a stranger: %d %s", r.status, r.body)
	}
	n.WABA().KillTokens(simulator.KnownFault("190-460"))
	same(t, "debug_token of a dead token", debug(id+"|"+secret), want["graph-debug-token-invalid"])
}

func TestSecretsInURLs(t *testing.T) {
	t.Parallel()
	w := meta(t, simulator.Options{})
	set := w.Settings()
	n := w.PendingNumber()
	w.health(n)
	w.register(n, "004821")
	w.call(http.MethodGet, "/v22.0/debug_token?input_token="+n.Token(), set["WHATSAPP_APP_ID"]+"|"+set["WHATSAPP_APP_SECRET"], "")
	do(t, http.MethodGet, w.base+"/v22.0/oauth/access_token?client_secret=x&code="+w.SignupCode(n.WABA()), "")
	if got := w.SecretsInURLs(); len(got) != 0 {
		t.Errorf("SecretsInURLs() = %+v, want none", got)
	}
	do(t, http.MethodGet, w.base+"/v22.0/"+n.ID+"?access_token="+n.Token(), "")
	w.call(http.MethodPost, "/v22.0/"+n.ID+"/register?messaging_product=whatsapp&pin=004821", n.Token(), "")
	do(t, http.MethodGet, w.base+"/v22.0/"+n.ID+"?t="+n.Token(), "")
	var got []string
	for _, s := range w.SecretsInURLs() {
		got = append(got, s.Method+" "+strings.Replace(s.Path, n.ID, "ID", 1)+" "+s.Parameter)
	}
	want := []string{"GET /whatsapp/v22.0/ID access_token", "POST /whatsapp/v22.0/ID/register pin", "GET /whatsapp/v22.0/ID t"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("SecretsInURLs() = %v, want %v", got, want)
	}
	if calls := n.RegisterCalls(); len(calls) != 2 || calls[1].PIN != "004821" {
		t.Errorf("RegisterCalls() = %+v", calls)
	}
}
