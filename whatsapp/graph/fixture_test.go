package graph_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tributary/internal/httpx"
	"tributary/whatsapp/graph"
)

// The app of the payload files.
const (
	appID     = "800100200300499"
	appSecret = "fixture-wa-app-secret"
)

// fixture is a payload file: the call to Meta, its answer, and what is expected of
// whoever reads it. expect also holds what other packages decide.
type fixture struct {
	file    string
	Request struct {
		Method  string            `json:"method"`
		Path    string            `json:"path"`
		Query   map[string]string `json:"query"`
		Headers map[string]string `json:"headers"`
		Body    json.RawMessage   `json:"body"`
	} `json:"request"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
	BodyRaw *string           `json:"body_raw"`
	Expect  expectation       `json:"expect"`
}

type expectation struct {
	ErrorClass    graph.Class `json:"error_class"`
	DetailsType   string      `json:"error_details_type"`
	Outcome       string      `json:"outcome"`
	Action        *string     `json:"required_action"`
	Flag          *bool       `json:"flag_reauthorization"`
	PauseMinutes  *int        `json:"pause_waba_minutes"`
	FreezeS       int         `json:"freeze_s"`
	RetryAfterS   any         `json:"retry_after_s"`
	DropField     string      `json:"drop_field"`
	ThenFields    string      `json:"then_request_fields"`
	ShowText      string      `json:"show_text"`
	Then          any         `json:"then"`
	Chosen        string      `json:"chosen"`
	PhoneNumber   string      `json:"phone_number"`
	NextStep      string      `json:"next_step"`
	Advisory      string      `json:"advisory"`
	API           any         `json:"api"`
	AccountName   string      `json:"business_account_name"`
	PortfolioID   *string     `json:"business_portfolio_id"`
	PortfolioName string      `json:"business_portfolio_name"`
}

// answer is the body as it is sent.
func (f *fixture) answer() string {
	if f.BodyRaw != nil {
		return *f.BodyRaw
	}
	return string(f.Body)
}

func (f *fixture) header() http.Header {
	h := http.Header{}
	for name, v := range f.Headers {
		h.Set(name, v)
	}
	return h
}

func load(t testing.TB, file string) *fixture {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{file: file}
	if err := json.Unmarshal(raw, f); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return f
}

func files(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob("../testdata/graph-*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no payload files: %v", err)
	}
	for i := range paths {
		paths[i] = filepath.Base(paths[i])
	}
	return paths
}

// received is a request as the server saw it.
type received struct {
	Method, Path, Auth, Type, Body string
	Query                          url.Values
	URI                            string
}

// meta is a server that records what it is asked.
type meta struct {
	*httptest.Server
	mu   sync.Mutex
	seen []received
}

func serve(t testing.TB, answer func(w http.ResponseWriter, r *http.Request, body string)) *meta {
	t.Helper()
	m := &meta{}
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read the request: %v", err)
		}
		m.mu.Lock()
		m.seen = append(m.seen, received{
			Method: r.Method, Path: r.URL.Path, Auth: r.Header.Get("Authorization"), Type: r.Header.Get("Content-Type"),
			Body: string(body), Query: r.URL.Query(), URI: r.RequestURI,
		})
		m.mu.Unlock()
		answer(w, r, string(body))
	}))
	t.Cleanup(m.Close)
	return m
}

func (m *meta) requests() []received {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.seen)
}

func always(status int, header http.Header, body string) func(http.ResponseWriter, *http.Request, string) {
	return func(w http.ResponseWriter, _ *http.Request, _ string) {
		maps.Copy(w.Header(), header)
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func constant(s string) func() string { return func() string { return s } }

// client is a client of m that speaks v22.0; set changes its options.
func client(t testing.TB, m *meta, set ...func(*graph.Options)) *graph.Client {
	t.Helper()
	h := httpx.NewProvider()
	t.Cleanup(h.CloseIdleConnections)
	o := graph.Options{
		Base: constant(m.URL), Version: constant("v22.0"), AppID: constant(appID), AppSecret: constant(appSecret), HTTP: h,
		Now: time.Now,
	}
	for _, f := range set {
		f(&o)
	}
	return graph.New(o)
}

// target is what the call of the payload file is about.
func (f *fixture) target() graph.Target {
	t := graph.Target{Token: strings.TrimPrefix(f.Request.Headers["Authorization"], "Bearer "), WABA: "900100200300401"}
	for part := range strings.SplitSeq(f.Request.Path, "/") {
		switch {
		case strings.HasPrefix(part, "5001"):
			t.PhoneID = part
		case strings.HasPrefix(part, "9001"):
			t.WABA = part
		}
	}
	return t
}

// call makes the call of the payload file.
func (f *fixture) call(ctx context.Context, t *testing.T, c *graph.Client) (any, error) {
	to := f.target()
	var body struct {
		PIN      string `json:"pin"`
		Callback string `json:"callback_url"`
		Verify   string `json:"verify_token"`
		Fields   string `json:"fields"`
		Sync     string `json:"sync_type"`
		Method   string `json:"code_method"`
		Language string `json:"language"`
		Code     string `json:"code"`
		Override string `json:"override_callback_uri"`
		Webhook  *struct {
			URI    string `json:"override_callback_uri"`
			Verify string `json:"verify_token"`
		} `json:"webhook_configuration"`
		Calling struct {
			Status string `json:"status"`
		} `json:"calling"`
	}
	if len(f.Request.Body) > 0 {
		if err := json.Unmarshal(f.Request.Body, &body); err != nil {
			t.Fatal(err)
		}
	}
	parts := strings.Split(f.Request.Path, "/")
	switch key := f.Request.Method + " " + parts[len(parts)-1]; {
	case key == "GET access_token":
		return second(c.Exchange(ctx, f.Request.Query["code"]))
	case key == "GET debug_token":
		return second(c.TokenScopes(ctx, f.Request.Query["input_token"]))
	case key == "GET phone_numbers":
		return second(c.PhoneNumbers(ctx, to))
	case key == "GET "+to.PhoneID:
		return second(c.Number(ctx, to))
	case key == "GET "+to.WABA:
		return second(c.Business(ctx, to))
	case key == "POST register":
		return nil, c.Register(ctx, to, body.PIN)
	case key == "POST deregister":
		return nil, c.Deregister(ctx, to)
	case key == "POST subscribed_apps":
		// The override of a whole account is not made; its answer is read all the same.
		return nil, c.Subscribe(ctx, to, nil)
	case key == "DELETE subscribed_apps":
		return nil, c.Unsubscribe(ctx, to)
	case key == "POST subscriptions":
		return nil, c.Subscriptions(ctx, body.Callback, body.Verify, strings.Split(body.Fields, ","))
	case key == "POST smb_app_data":
		return nil, c.SyncApp(ctx, to, body.Sync)
	case key == "POST settings":
		return nil, c.SetCalling(ctx, to, body.Calling.Status == "ENABLED")
	case key == "POST request_code":
		return nil, c.RequestCode(ctx, to, body.Method, body.Language)
	case key == "POST verify_code":
		return nil, c.VerifyCode(ctx, to, body.Code)
	case key == "POST "+to.PhoneID && body.Webhook != nil:
		return nil, c.Override(ctx, to, body.Webhook.URI, body.Webhook.Verify)
	case key == "POST "+to.PhoneID:
		return nil, c.SetPIN(ctx, to, body.PIN)
	}
	t.Fatalf("%s: no call for %s %s", f.file, f.Request.Method, f.Request.Path)
	return nil, nil
}

func second[T any](v T, err error) (any, error) { return v, err }

// otherwise asked are answers to requests that this client does not make: of the
// incumbent, or of those who send messages and read templates.
func (f *fixture) otherwiseAsked() bool {
	return slices.Contains([]string{
		"graph-phone-d6-base-fields-v22.json", "graph-phone-numbers-base-form.json", "graph-error-100-unknown-field-tier.json",
		"graph-phone-numbers-several-page2.json", "graph-subscribe-error-100-before-override.json",
	}, f.file) || f.elsewhere()
}

func (f *fixture) elsewhere() bool {
	return strings.HasSuffix(f.Request.Path, "/messages") || strings.HasSuffix(f.Request.Path, "/message_templates")
}

func TestPayloads(t *testing.T) {
	t.Parallel()
	for _, file := range files(t) {
		t.Run(strings.TrimSuffix(file, ".json"), func(t *testing.T) {
			t.Parallel()
			f := load(t, file)
			if e := graph.Classify(f.Status, f.header(), []byte(f.answer())); e != nil {
				f.checkError(t, e)
			} else if f.Expect.ErrorClass != "" && !strings.Contains(f.file, "debug-token") {
				t.Errorf("Classify finds no error, want %s", f.Expect.ErrorClass)
			}
			if f.elsewhere() {
				return
			}
			var pause time.Duration
			m := serve(t, f.respond)
			c := client(t, m, func(o *graph.Options) {
				o.OnUsage = func(_ context.Context, to graph.Target, u graph.Usage) {
					if to != f.target() {
						t.Errorf("usage of %v, want of %v", to, f.target())
					}
					pause = u.Pause()
				}
			})
			got, err := f.call(t.Context(), t, c)
			f.checkRequests(t, m.requests())
			if f.Expect.PauseMinutes != nil && pause != time.Duration(*f.Expect.PauseMinutes)*time.Minute {
				t.Errorf("pause of %s, want %d min", pause, *f.Expect.PauseMinutes)
			}
			if err != nil {
				e, ok := err.(*graph.Error) //nolint:errorlint // the type itself is promised
				if !ok {
					t.Fatalf("the error is a %T", err)
				}
				f.checkError(t, e)
				return
			}
			f.checkSuccess(t, got)
		})
	}
}

// respond gives the answer of the file; to the request that the file says comes
// then, and to that for the page after it, another file's.
func (f *fixture) respond(w http.ResponseWriter, r *http.Request, _ string) {
	next := ""
	switch q := r.URL.Query(); {
	case f.Expect.ThenFields != "" && q.Get("fields") == f.Expect.ThenFields:
		next = "graph-phone-d6-healthy-live.json"
	case f.Expect.NextStep == "follow paging" && q.Get("after") != "":
		next = "graph-phone-numbers-several-page2.json"
	}
	if next != "" {
		raw, _ := os.ReadFile(filepath.Join("..", "testdata", next))
		other := &fixture{}
		if json.Unmarshal(raw, other) != nil {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		f = other
	}
	always(f.Status, f.header(), f.answer())(w, r, "")
}

// checkRequests compares what was asked with what the file asks.
func (f *fixture) checkRequests(t *testing.T, seen []received) {
	t.Helper()
	want := 1
	if f.Expect.ThenFields != "" || f.Expect.NextStep == "follow paging" {
		want = 2
	}
	if len(seen) != want {
		t.Fatalf("%d requests, want %d: %+v", len(seen), want, seen)
	}
	for _, r := range seen {
		if r.Query.Get("access_token") != "" {
			t.Errorf("the token is in the URL: %s", r.URI)
		}
	}
	if f.otherwiseAsked() {
		return
	}
	got := seen[0]
	if got.Method != f.Request.Method || got.Path != f.Request.Path {
		t.Errorf("asked %s %s, want %s %s", got.Method, got.Path, f.Request.Method, f.Request.Path)
	}
	auth := f.Request.Headers["Authorization"]
	query := url.Values{}
	for k, v := range f.Request.Query {
		if k == "access_token" { // here it is in the header, as everywhere
			auth = "Bearer " + v
			continue
		}
		query.Set(k, v)
	}
	if got.Auth != auth {
		t.Errorf("Authorization: %q, want %q", got.Auth, auth)
	}
	if !reflect.DeepEqual(got.Query, query) {
		t.Errorf("query %v, want %v", got.Query, query)
	}
	if f.Expect.ThenFields != "" && seen[1].Query.Get("fields") != f.Expect.ThenFields {
		t.Errorf("then asked for %s, want %s", seen[1].Query.Get("fields"), f.Expect.ThenFields)
	}
	var sent, wanted map[string]any
	if len(f.Request.Body) > 0 {
		json.Unmarshal(f.Request.Body, &wanted)
	}
	if strings.HasPrefix(got.Type, "application/x-www-form-urlencoded") {
		form, err := url.ParseQuery(got.Body)
		if err != nil {
			t.Fatal(err)
		}
		sent = map[string]any{}
		for k := range form {
			sent[k] = form.Get(k)
		}
	} else if got.Body != "" {
		if err := json.Unmarshal([]byte(got.Body), &sent); err != nil {
			t.Fatalf("sent %q: %v", got.Body, err)
		}
		if got.Type != "application/json" {
			t.Errorf("sent as %q", got.Type)
		}
	}
	if !reflect.DeepEqual(sent, wanted) {
		t.Errorf("sent %v, want %v", sent, wanted)
	}
}

func (f *fixture) checkError(t *testing.T, e *graph.Error) {
	t.Helper()
	x := f.Expect
	if e.HTTPStatus != f.Status {
		t.Errorf("status %d, want %d", e.HTTPStatus, f.Status)
	}
	if x.ErrorClass != "" && e.Class != x.ErrorClass {
		t.Errorf("class %s, want %s", e.Class, x.ErrorClass)
	}
	if x.Flag != nil && *x.Flag != (e.Class == graph.Credentials) {
		t.Errorf("class %s, and the flag is %v", e.Class, *x.Flag)
	}
	if x.DetailsType != "" && (x.DetailsType == "authorization") != (e.Code == 190) {
		t.Errorf("code %d is %s", e.Code, x.DetailsType)
	}
	if x.Action != nil && (*x.Action == "fix_callback_url") != (e.Class == graph.Callback) {
		t.Errorf("class %s with the action %s", e.Class, *x.Action)
	}
	if e.Field != x.DropField {
		t.Errorf("field %q, want %q", e.Field, x.DropField)
	}
	if x.Outcome != "" {
		f.checkOutcome(t, e)
	}
	if x.PauseMinutes != nil && e.Regain != time.Duration(*x.PauseMinutes)*time.Minute && f.Request.Path != "" {
		t.Errorf("regain %s, want %d min", e.Regain, *x.PauseMinutes)
	}
	if after := f.header().Get("Retry-After"); after != "" && e.Regain != time.Minute {
		t.Errorf("regain %s after Retry-After: %s", e.Regain, after)
	}
	if api, ok := x.API.(map[string]any); ok {
		prefix, _ := api["error_starts_with"].(string)
		if strings.HasPrefix(prefix, "No access token") != errors.Is(e, graph.ErrNoToken) {
			t.Errorf("%v for %q", e, prefix)
		}
	}
	if x.ShowText != "" && e.Text() != x.ShowText {
		t.Errorf("text %q, want %q", e.Text(), x.ShowText)
	}
	if s, ok := x.Then.(string); ok && strings.Contains(s, "may have worked") && !e.Ambiguous {
		t.Error("it is not ambiguous")
	}
	if f.BodyRaw != nil {
		if e.Message+e.Title+e.UserText+e.Details != "" || f.Status != http.StatusTooManyRequests && !e.Ambiguous {
			t.Errorf("a body that is not Meta's gives %+v", e)
		}
		for word := range strings.FieldsSeq(*f.BodyRaw) {
			if len(word) > 3 && strings.Contains(e.Error(), word) {
				t.Errorf("the body is echoed: %s", e)
			}
		}
		return
	}
	f.checkTexts(t, e)
}

func (f *fixture) checkTexts(t *testing.T, e *graph.Error) {
	t.Helper()
	var body struct {
		Error *struct {
			Message  string `json:"message"`
			Code     int    `json:"code"`
			Subcode  int    `json:"error_subcode"`
			Title    string `json:"error_user_title"`
			UserText string `json:"error_user_msg"`
			Data     struct {
				Details string `json:"details"`
			} `json:"error_data"`
			Trace string `json:"fbtrace_id"`
		} `json:"error"`
	}
	if err := json.Unmarshal(f.Body, &body); err != nil {
		t.Fatal(err)
	}
	w := body.Error
	if w == nil {
		return
	}
	want := []any{w.Message, w.Code, w.Subcode, w.Title, w.UserText, w.Data.Details, w.Trace}
	got := []any{e.Message, e.Code, e.Subcode, e.Title, e.UserText, e.Details, e.Trace}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, text := range []string{w.Message, w.UserText, w.Data.Details} {
		if text != "" && strings.Contains(e.Error(), text) {
			t.Errorf("Meta's text in what is logged: %s", e)
		}
	}
	if !strings.Contains(e.Error(), w.Trace) {
		t.Errorf("no trace in what is logged: %s", e)
	}
}

func (f *fixture) checkOutcome(t *testing.T, e *graph.Error) {
	t.Helper()
	outcome, class, code := f.Expect.Outcome, graph.Registration, 0
	switch outcome {
	case "transient", "credentials", "object_gone", "our_request", "throttled":
		class = graph.Class(outcome)
	case "already_registered":
		class = graph.OurRequest
	case "2388001_display_name", "2388001_existing_account":
		class = graph.NameCertificate
	case "133004":
		class, code = graph.Transient, 133004
	case "131031", "368":
		class = graph.AccountBlock
		json.Unmarshal([]byte(outcome), &code)
	default:
		if json.Unmarshal([]byte(outcome), &code) != nil {
			t.Fatalf("outcome %s", outcome)
		}
	}
	if e.Class != class || code != 0 && e.Code != code {
		t.Errorf("class %s, code %d, want outcome %s", e.Class, e.Code, outcome)
	}
	says := []bool{e.AlreadyRegistered(), e.DisplayName(), e.ExistingAccount()}
	want := []bool{outcome == "already_registered", outcome == "2388001_display_name", outcome == "2388001_existing_account"}
	if !slices.Equal(says, want) {
		t.Errorf("%v, want %v", says, want)
	}
	delay := time.Duration(f.Expect.FreezeS) * time.Second
	if s, ok := f.Expect.RetryAfterS.(float64); ok {
		delay = time.Duration(s) * time.Second
	}
	if strings.Contains(f.file, "no-delay") {
		delay = 0
	}
	if e.Delay() != delay {
		t.Errorf("delay %s, want %s", e.Delay(), delay)
	}
}

func (f *fixture) checkSuccess(t *testing.T, got any) {
	t.Helper()
	x := f.Expect
	if x.ErrorClass != "" && x.ThenFields == "" || f.Status != http.StatusOK && x.ThenFields == "" {
		t.Fatalf("success, want %s (HTTP %d)", x.ErrorClass, f.Status)
	}
	switch v := got.(type) {
	case *graph.Number:
		if x.ThenFields != "" {
			if !slices.Equal(v.Dropped, []string{x.DropField}) {
				t.Errorf("dropped %v", v.Dropped)
			}
			return
		}
		f.checkNumber(t, v)
	case []graph.Number:
		f.checkNumbers(t, v)
	case *graph.Business:
		portfolio := ""
		if x.PortfolioID != nil {
			portfolio = *x.PortfolioID
		}
		var body struct {
			ID     string `json:"id"`
			Name   string `json:"name"`
			Review string `json:"account_review_status"`
			Owner  struct {
				ID, Name string
			} `json:"owner_business_info"`
		}
		json.Unmarshal(f.Body, &body)
		want := graph.Business{
			ID: body.ID, Name: body.Name, PortfolioID: body.Owner.ID, PortfolioName: body.Owner.Name, ReviewStatus: body.Review,
		}
		if *v != want || x.AccountName != "" && (v.Name != x.AccountName || v.PortfolioName != x.PortfolioName || v.PortfolioID != portfolio) {
			t.Errorf("got %+v, want %+v", *v, want)
		}
	case graph.Scopes:
		want := map[string]graph.Access{
			"ok": graph.Named, "go on": graph.NotSaid, "go on when the number list succeeded": graph.NotNamed,
		}[x.Advisory]
		if got := v.For("900100200300401"); got != want || v.AppID != appID || !v.Expires.IsZero() {
			t.Errorf("%s, want %s: %+v", got, want, v)
		}
	case string:
		if v != "EAAfixtureEmbedded48" {
			t.Errorf("token %q", v)
		}
	}
}

// checkNumber compares what was read with the body, field by field: encoding the
// number gives it back, with null for what Meta left out.
func (f *fixture) checkNumber(t *testing.T, n *graph.Number) {
	t.Helper()
	var want, got map[string]any
	json.Unmarshal(f.Body, &want)
	if tier, ok := want["whatsapp_business_manager_messaging_limit"]; ok {
		want["messaging_limit_tier"] = tier
		delete(want, "whatsapp_business_manager_messaging_limit")
	}
	delete(want, "certificate")
	delete(want, "a_field_of_next_year")
	raw, err := json.Marshal(n)
	if err != nil {
		t.Fatal(err)
	}
	json.Unmarshal(raw, &got)
	if len(got) != 18 {
		t.Errorf("%d fields", len(got))
	}
	for name, v := range got {
		if !reflect.DeepEqual(v, want[name]) {
			t.Errorf("%s is %v, want %v", name, v, want[name])
		}
		delete(want, name)
	}
	if len(want) > 0 {
		t.Errorf("not read: %v", want)
	}
	again := &graph.Number{}
	if err := json.Unmarshal(raw, again); err != nil {
		t.Fatal(err)
	}
	if twice, err := json.Marshal(again); err != nil || string(twice) != string(raw) {
		t.Errorf("encoded and decoded it is %s, want %s (%v)", twice, raw, err)
	}
	if n.Throughput == nil && again.Throughput != nil {
		t.Errorf("null became %s", again.Throughput)
	}
	level, canSend, webhook := "", "", ""
	if o, ok := got["throughput"].(map[string]any); ok {
		level, _ = o["level"].(string)
	} else if n.Throughput != nil {
		t.Errorf("throughput %s", n.Throughput)
	}
	if o, ok := got["health_status"].(map[string]any); ok {
		canSend, _ = o["can_send_message"].(string)
	}
	if o, ok := got["webhook_configuration"].(map[string]any); ok {
		for _, level := range []string{"application", "whatsapp_business_account", "phone_number"} { // the last counts
			if u, ok := o[level].(string); ok {
				webhook = u
			}
		}
	}
	if n.ThroughputLevel() != level || n.CanSend() != canSend || n.EffectiveWebhook() != webhook {
		t.Errorf("%q %q %q, want %q %q %q", n.ThroughputLevel(), n.CanSend(), n.EffectiveWebhook(), level, canSend, webhook)
	}
}

func (f *fixture) checkNumbers(t *testing.T, numbers []graph.Number) {
	t.Helper()
	var body struct {
		Data []struct {
			ID   string `json:"id"`
			Name string `json:"verified_name"`
			App  *bool  `json:"is_on_biz_app"`
		} `json:"data"`
	}
	json.Unmarshal(f.Body, &body)
	if f.Expect.NextStep == "follow paging" {
		if len(numbers) != 3 || numbers[2].ID != "500100200300401" || numbers[2].E164() != "+15035550141" {
			t.Errorf("over both pages: %+v", numbers)
		}
		numbers = numbers[:2]
	}
	if len(numbers) != len(body.Data) {
		t.Fatalf("%d numbers, want %d", len(numbers), len(body.Data))
	}
	found := f.Expect.Chosen == ""
	for i, n := range numbers {
		w := body.Data[i]
		if n.ID != w.ID || *n.VerifiedName != w.Name || !reflect.DeepEqual(n.IsOnBizApp, w.App) {
			t.Errorf("number %d is %+v, want %+v", i, n, w)
		}
		if n.ID == f.Expect.Chosen {
			found = true
			if n.E164() != f.Expect.PhoneNumber {
				t.Errorf("%s, want %s", n.E164(), f.Expect.PhoneNumber)
			}
		}
	}
	if !found {
		t.Errorf("%s is not in the list", f.Expect.Chosen)
	}
}
