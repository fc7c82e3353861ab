package graph_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tributary/whatsapp/graph"
)

func TestClassify(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		status    int
		body      string
		class     graph.Class
		ambiguous bool
	}{
		{"a success", 200, `{"id":"1"}`, "", false},
		{"the code decides under any status", 500, `{"error":{"code":190}}`, graph.Credentials, false},
		{"also under 429", 429, `{"error":{"code":190}}`, graph.Credentials, false},
		{"a code as text", 400, `{"error":{"code":"80007"}}`, graph.Throttled, false},
		{"code 0 is a code", 401, `{"error":{"code":0,"message":"x"}}`, graph.Credentials, false},
		{"no code is not code 0", 401, `{"error":{"message":"x"}}`, graph.Unknown, false},
		{"null is not code 0", 401, `{"error":{"code":null}}`, graph.Unknown, false},
		{"half a code is none", 400, `{"error":{"code":190.5}}`, graph.Unknown, false},
		{"a code beyond all codes is none", 400, `{"error":{"code":1e300}}`, graph.Unknown, false},
		{"250 of 200 to 299", 403, `{"error":{"code":250}}`, graph.Credentials, false},
		{"300 is not", 403, `{"error":{"code":300}}`, graph.Unknown, false},
		{"199 is not", 403, `{"error":{"code":199}}`, graph.Unknown, false},
		{"133001 of 133000 to 133016", 400, `{"error":{"code":133001}}`, graph.Registration, false},
		{"133017 is not", 400, `{"error":{"code":133017}}`, graph.Unknown, false},
		{"registration is no doubt under 500", 500, `{"error":{"code":133000}}`, graph.Registration, false},
		{"transient under 500 is", 500, `{"error":{"code":131000}}`, graph.Transient, true},
		{"an unknown code under 500", 500, `{"error":{"code":987654}}`, graph.Transient, true},
		{"an unknown code under 429", 429, `{"error":{"code":987654}}`, graph.Throttled, false},
		{"an unknown code that Meta calls transient", 400, `{"error":{"code":987654,"is_transient":true}}`, graph.Transient, false},
		{"a known code that Meta calls transient", 400, `{"error":{"code":190,"is_transient":true}}`, graph.Credentials, false},
		{"the deprecated field", 400, `{"error":{"code":12,"message":"(#12) certificate field is deprecated for versions v30.0 and higher"}}`, graph.OurRequest, false},
		{"before override in another case", 400, `{"error":{"code":100,"error_user_msg":"BEFORE OVERRIDE the uri"}}`, graph.Callback, false},
		{"a page under 401", 401, `<html>sign in to the proxy</html>`, graph.Unknown, false},
		{"a page under 403", 403, `<html>forbidden</html>`, graph.Unknown, false},
		{"a page under 408", 408, `<html></html>`, graph.Transient, false},
		{"a page under 502", 502, `<html></html>`, graph.Transient, true},
		{"a page under 200", 200, `<html></html>`, graph.Transient, true},
		{"a page under 302", 302, `<html></html>`, graph.Unknown, false},
		{"JSON without an error under 400", 400, `{"message":"no"}`, graph.Unknown, false},
		{"an empty error under 503", 503, `{"error":{}}`, graph.Transient, true},
	} {
		e := graph.Classify(c.status, nil, []byte(c.body))
		if e == nil {
			if c.class != "" {
				t.Errorf("%s: no error", c.name)
			}
			continue
		}
		if e.Class != c.class || e.Ambiguous != c.ambiguous || e.HTTPStatus != c.status {
			t.Errorf("%s: %+v, want %s", c.name, e, c.class)
		}
		if strings.Contains(e.Error(), "html") || strings.Contains(e.Error(), "sign in") {
			t.Errorf("%s: the body is in %s", c.name, e)
		}
	}
	for code, field := range map[string]string{
		`"code":100,"message":"(#100) Tried accessing nonexisting field (is_pin_enabled) on node type (X)"`: "is_pin_enabled",
		`"code":12,"message":"(#12) certificate is deprecated for versions v30.0 and higher"`:               "certificate",
		`"code":1,"message":"Tried accessing nonexisting field (status)"`:                                   "",
		`"code":100,"message":"Tried accessing nonexisting field ()"`:                                       "",
	} {
		if e := graph.Classify(400, nil, []byte(`{"error":{`+code+`}}`)); e.Field != field {
			t.Errorf("%s: field %q", code, e.Field)
		}
	}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	e := graph.Classify(400, http.Header{"X-Fb-Trace-Id": {"HeaderTrace"}}, []byte(
		`{"error":{"code":368,"message":"a\u0000b\u001b[31m\nc\ud800","error_data":"{\"details\":\"inside\"}","error_user_msg":"`+
			strings.Repeat("é", 2000)+`"}}`))
	if e.Message != "ab[31m c\uFFFD" || e.Details != "inside" || e.Trace != "HeaderTrace" {
		t.Errorf("%q %q %q", e.Message, e.Details, e.Trace)
	}
	if len(e.UserText) > 1000 || !strings.HasSuffix(e.UserText, "é…") {
		t.Errorf("%d bytes, …%q", len(e.UserText), e.UserText[len(e.UserText)-8:])
	}
	for body, details := range map[string]string{
		`"plain words"`: "plain words", `{"details":7}`: "7", `[1]`: "", `null`: "", `{}`: "",
	} {
		if e := graph.Classify(400, nil, []byte(`{"error":{"code":1,"error_data":`+body+`}}`)); e.Details != details {
			t.Errorf("%s: %q", body, e.Details)
		}
	}
	for text, e := range map[string]*graph.Error{
		"user":                            {UserText: "user", Details: "details", Message: "message"},
		"details":                         {Details: "details", Message: "message"},
		"message":                         {Message: "message"},
		"Meta answered 502":               {HTTPStatus: 502},
		"Meta's answer could not be read": {HTTPStatus: 200},
		"Meta did not answer":             {},
	} {
		if e.Text() != text {
			t.Errorf("%q, want %q", e.Text(), text)
		}
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]*graph.Error{
		"graph: credentials, HTTP 401, code 190/463, trace T": {Class: graph.Credentials, HTTPStatus: 401, Code: 190, Subcode: 463, Trace: "T", Message: "secret"},
		"graph: transient, HTTP 502":                          {Class: graph.Transient, HTTPStatus: 502},
		"graph: transient: refused":                           {Class: graph.Transient, Err: fmt.Errorf("refused")},
	} {
		if e.Error() != want {
			t.Errorf("%q, want %q", e, want)
		}
	}
}

// TestPINAsCode: a PIN that looks like the code is not given away by what is
// missing.
func TestPINAsCode(t *testing.T) {
	t.Parallel()
	m := serve(t, always(400, nil, `{"error":{"code":133005,"message":"(#133005) PIN 133005 is wrong, not x133005 or 1330051","error_data":{"details":"133005"}}}`))
	e := asError(t, client(t, m).Register(t.Context(), to, "133005"))
	if e.Message != "(#133005) PIN [redacted] is wrong, not x133005 or 1330051" || e.Details != "[redacted]" {
		t.Errorf("%q %q", e.Message, e.Details)
	}
}

func TestDelay(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"Please try again in 7 hours.":                                7 * time.Hour,
		"Too many guesses. Try again in 5 minutes":                    5 * time.Minute,
		"retry after 30 seconds":                                      30 * time.Second,
		"5 minutes":                                                   5 * time.Minute,
		"You have to wait 1 hour and 30 minutes.":                     90 * time.Minute,
		"Try again in 2 days, 3 hrs, 4 mins":                          51*time.Hour + 4*time.Minute,
		"Wait for an hour":                                            time.Hour,
		"Try again in one minute.":                                    time.Minute,
		"Wait 2.5 hours":                                              150 * time.Minute,
		"WAIT 90 SECS":                                                90 * time.Second,
		"You guessed 3 times in 5 minutes. Try again in 7 hours.":     7 * time.Hour,
		"The limit of 10 requests in 72 hours is reached":             0,
		"The limit of 10 in 72 hours is reached. Please wait 3 hours": 3 * time.Hour,
		"Please wait a few minutes":                                   0,
		"Operation timed out after 6000 milliseconds":                 0,
		"Try again later":                                             0,
		"Try again in 999999999 days":                                 30 * 24 * time.Hour,
		"":                                                            0,
		"Try again in 1 hour or call us within 5 minutes":             time.Hour,
		"Error 133008 seconds":                                        133008 * time.Second,
		"Two-step verification PIN was entered too quickly. Wait 300 seconds": 5 * time.Minute,
	} {
		if got := (&graph.Error{Details: text}).Delay(); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	if got := (&graph.Error{Details: "Too fast.", UserText: "Wait 10 minutes", Message: "Wait 1 minute"}).Delay(); got != 10*time.Minute {
		t.Errorf("%s", got)
	}
}

func TestCausesOf100(t *testing.T) {
	t.Parallel()
	const sub = 2388001
	for _, c := range []struct {
		e    graph.Error
		want string
	}{
		{graph.Error{Code: 100, Subcode: sub}, "name"},
		{graph.Error{Code: 100, Subcode: sub, UserText: "Your DISPLAY NAME is pending; proof of ownership follows"}, "name"},
		{graph.Error{Code: 100, Subcode: sub, UserText: "Disconnect it from the EXISTING ACCOUNT"}, "account"},
		{graph.Error{Code: 100, Subcode: sub, Details: "confirm ownership first"}, "account"},
		{graph.Error{Code: 100, Subcode: sub, Title: "existing account"}, "name"}, // titles decide nothing
		{graph.Error{Code: 100, Subcode: sub, UserText: "already registered to an existing WhatsApp account"}, "account"},
		{graph.Error{Code: 100, Message: "(#100) The number is Already Registered"}, "registered"},
		{graph.Error{Code: 100, UserText: "already registered with another account"}, ""},
		{graph.Error{Code: 100, Title: "already registered"}, ""},
		{graph.Error{Code: 133005, Message: "already registered"}, ""},
		{graph.Error{Code: 100, Subcode: 33}, ""},
		{graph.Error{Subcode: sub}, ""},
	} {
		got := ""
		for name, is := range map[string]bool{"name": c.e.DisplayName(), "account": c.e.ExistingAccount(), "registered": c.e.AlreadyRegistered()} {
			if is {
				got += name
			}
		}
		if got != c.want {
			t.Errorf("%+v is %q, want %q", c.e, got, c.want)
		}
	}
}

func TestRegain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		header map[string]string
		want   time.Duration
	}{
		{nil, 0},
		{map[string]string{"Retry-After": "90"}, 90 * time.Second},
		{map[string]string{"Retry-After": "-1"}, 0},
		{map[string]string{"Retry-After": "soon"}, 0},
		{map[string]string{"Retry-After": "99999999999"}, 30 * 24 * time.Hour},
		{map[string]string{"Retry-After": "Wed, 18 Nov 2026 09:05:00 GMT", "Date": "Wed, 18 Nov 2026 09:00:00 GMT"}, 5 * time.Minute},
		{map[string]string{"Retry-After": "Wed, 18 Nov 2026 08:00:00 GMT", "Date": "Wed, 18 Nov 2026 09:00:00 GMT"}, 0},
		{map[string]string{"Retry-After": "Wed, 18 Nov 2026 09:05:00 GMT"}, 0},
		{map[string]string{
			"Retry-After":               "90",
			"X-Business-Use-Case-Usage": `{"1":[{"call_count":100,"estimated_time_to_regain_access":38}]}`,
		}, 38 * time.Minute},
	} {
		h := http.Header{}
		for k, v := range c.header {
			h.Set(k, v)
		}
		for _, body := range []string{`{"error":{"code":80007}}`, "Too Many Requests"} {
			if e := graph.Classify(http.StatusTooManyRequests, h, []byte(body)); e.Class != graph.Throttled || e.Regain != c.want {
				t.Errorf("%v: %+v, want %s", c.header, e, c.want)
			}
		}
	}
}
