package graph

import (
	"encoding/json"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestReadUsage(t *testing.T) {
	t.Parallel()
	const account = "900100200300401"
	for _, c := range []struct {
		name          string
		business, app string
		want          Usage
		ok            bool
		pause         time.Duration
	}{
		{"nothing", "", "", Usage{}, false, 0},
		{"the app's alone", "", `{"call_count":28,"total_time":29,"total_cputime":27}`, Usage{Percent: 29}, true, 0},
		{
			"the account's", `{"900100200300401":[{"type":"x","call_count":93,"total_cputime":8,"total_time":9,"estimated_time_to_regain_access":12}]}`,
			`{"call_count":21}`,
			Usage{93, 12 * time.Minute},
			true, 12 * time.Minute,
		},
		{
			"the fullest of several",
			`{"900100200300401":[{"call_count":1},{"total_time":95,"estimated_time_to_regain_access":7},{"total_cputime":96,"estimated_time_to_regain_access":3}]}`,
			"",
			Usage{96, 7 * time.Minute},
			true, 7 * time.Minute,
		},
		{
			"another account's does not count beside it",
			`{"900100200300401":[{"call_count":5}],"7":[{"call_count":100,"estimated_time_to_regain_access":55}]}`, "",
			Usage{Percent: 5},
			true, 0,
		},
		{
			"without the account all count",
			`{"6":[{"call_count":5}],"7":[{"call_count":100,"estimated_time_to_regain_access":55}]}`, "",
			Usage{100, 55 * time.Minute},
			true, 55 * time.Minute,
		},
		{"below 90 % there is no pause", `{"900100200300401":[{"call_count":89,"estimated_time_to_regain_access":12}]}`, "", Usage{89, 12 * time.Minute}, true, 0},
		{"a fraction is rounded up", `{"900100200300401":[{"call_count":89.2,"estimated_time_to_regain_access":0.5}]}`, "", Usage{90, 30 * time.Second}, true, 30 * time.Second},
		{"numbers as text", `{"900100200300401":[{"call_count":"91","estimated_time_to_regain_access":"2"}]}`, "", Usage{91, 2 * time.Minute}, true, 2 * time.Minute},
		{"beyond belief", `{"900100200300401":[{"call_count":1e300,"estimated_time_to_regain_access":1e300}]}`, "", Usage{math.MaxInt32, maxWait}, true, maxWait},
		{"negative", `{"900100200300401":[{"call_count":-5,"estimated_time_to_regain_access":-5}]}`, "", Usage{}, true, 0},
		{"no JSON", `<html>`, `]`, Usage{}, false, 0},
		{"other shapes", `{"900100200300401":{"call_count":99}}`, `[1]`, Usage{}, false, 0},
		{"other members", `{"900100200300401":[{"call_count":null},7]}`, `{}`, Usage{}, false, 0},
	} {
		h := http.Header{}
		if c.business != "" {
			h.Set("X-Business-Use-Case-Usage", c.business)
		}
		if c.app != "" {
			h.Set("X-App-Usage", c.app)
		}
		u, ok := readUsage(h, account)
		if u != c.want || ok != c.ok || u.Pause() != c.pause {
			t.Errorf("%s: %+v %v, pause %s; want %+v %v, %s", c.name, u, ok, u.Pause(), c.want, c.ok, c.pause)
		}
	}
}

func TestNumberShapes(t *testing.T) {
	t.Parallel()
	for body, readable := range map[string]bool{
		`{"id":"1"}`:             true,
		`{"id":500100200300401}`: true,
		`{"id":"1","throughput":null,"status":null}`:   true,
		`{"id":"1","throughput":{}}`:                   true,
		`{"id":"1","throughput":{"level":null}}`:       true,
		`{"id":"1","is_on_biz_app":"true"}`:            true,
		`{"id":"1","is_pin_enabled":[]}`:               true,
		`{"id":"1","verified_name":{"x":1}}`:           true,
		`{"id":"1","health_status":"AVAILABLE"}`:       true,
		`{"id":"1","throughput":"STANDARD"}`:           false,
		`{"id":"1","throughput":{"level":["HIGH"]}}`:   false,
		`{"id":"1","platform_type":{"x":1}}`:           false,
		`{"id":"1","status":true}`:                     false,
		`{"id":"1","is_on_biz_app":"perhaps"}`:         false,
		`{"id":"1","code_verification_status":[]}`:     false,
		`{"status":"CONNECTED"}`:                       false,
		`{}`:                                           false,
		`null`:                                         false,
		`[]`:                                           false,
		`{"id":"1"`:                                    false,
		`{"id":null,"platform_type":"NOT_APPLICABLE"}`: false,
	} {
		n, err := readNumber([]byte(body))
		if (err == nil) != readable {
			t.Errorf("%s: %v", body, err)
		}
		if err == nil && n.Throughput == nil && n.ThroughputLevel() != "" {
			t.Errorf("%s: level %q", body, n.ThroughputLevel())
		}
	}
	n, err := readNumber([]byte(`{"id":5,"messaging_limit_tier":"TIER_1K","whatsapp_business_manager_messaging_limit":null,"is_on_biz_app":1,
		"verified_name":["x"],"display_phone_number":"n/a","webhook_configuration":{"phone_number":"","whatsapp_business_account":"w","application":"a"},
		"health_status":{"can_send_message":"LIMITED"},"calling":{"status":"ENABLED"},"throughput":{"level":"HIGH"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if n.ID != "5" || *n.MessagingLimit != "TIER_1K" || !*n.IsOnBizApp || n.VerifiedName != nil || n.E164() != "" ||
		n.EffectiveWebhook() != "w" || n.CanSend() != "LIMITED" || string(n.Calling) != `{"status":"ENABLED"}` || n.ThroughputLevel() != "HIGH" {
		t.Errorf("%+v", n)
	}
	if (&Number{}).E164()+(&Number{}).CanSend()+(&Number{}).EffectiveWebhook()+(&Number{}).ThroughputLevel() != "" {
		t.Error("something is known of nothing")
	}
}

// bodies are the answers of the payload files.
func bodies(f *testing.F, prefix string) (list []string, headers []map[string]string) {
	f.Helper()
	paths, err := filepath.Glob("../testdata/" + prefix + "*.json")
	if err != nil || len(paths) == 0 {
		f.Fatalf("no payload files: %v", err)
	}
	for _, p := range paths {
		raw, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		var x struct {
			Body    json.RawMessage   `json:"body"`
			Raw     *string           `json:"body_raw"`
			Headers map[string]string `json:"headers"`
		}
		if err := json.Unmarshal(raw, &x); err != nil {
			f.Fatal(err)
		}
		if x.Raw != nil {
			list = append(list, *x.Raw)
		} else {
			list = append(list, string(x.Body))
		}
		headers = append(headers, x.Headers)
	}
	return list, headers
}

func FuzzClassify(f *testing.F) {
	token := regexp.MustCompile(`\bEAA[0-9A-Za-z_\-.]{8,}`)
	list, _ := bodies(f, "graph-")
	for _, body := range list {
		f.Add(400, body, "90")
		f.Add(200, body, "")
	}
	f.Add(500, `{"error":{"message":"EAAquotedToken123 and 800100200300499|abcdefghijk","code":190}}`, "Wed, 18 Nov 2026 09:05:00 GMT")
	f.Fuzz(func(t *testing.T, status int, body, retryAfter string) {
		e := Classify(status, http.Header{"Retry-After": {retryAfter}}, []byte(body))
		if e == nil {
			if status/100 != 2 {
				t.Fatalf("%d is a success", status)
			}
			return
		}
		if e.Class == "" || e.Regain < 0 || e.Regain > maxWait || e.Delay() < 0 || e.Delay() > maxWait {
			t.Fatalf("%+v", e)
		}
		if e.DisplayName() && e.ExistingAccount() || e.AlreadyRegistered() && (e.DisplayName() || e.ExistingAccount()) {
			t.Fatalf("two causes: %+v", e)
		}
		if e.Class == Credentials && e.Err != nil {
			t.Fatalf("an unreadable answer says something about a token: %+v", e)
		}
		for _, s := range []string{e.Message, e.Title, e.UserText, e.Details, e.Trace, e.Field, e.Error(), e.Text()} {
			if !utf8.ValidString(s) || strings.ContainsRune(s, 0) || len(s) > 2*maxText || token.MatchString(s) {
				t.Fatalf("text %q", s)
			}
		}
	})
}

func FuzzUsage(f *testing.F) {
	_, headers := bodies(f, "graph-")
	for _, h := range headers {
		if h["X-App-Usage"]+h["X-Business-Use-Case-Usage"] != "" {
			f.Add(h["X-Business-Use-Case-Usage"], h["X-App-Usage"], "900100200300401")
		}
	}
	f.Fuzz(func(t *testing.T, business, app, account string) {
		u, ok := readUsage(http.Header{"X-Business-Use-Case-Usage": {business}, "X-App-Usage": {app}}, account)
		if u.Percent < 0 || u.Regain < 0 || u.Regain > maxWait || !ok && u != (Usage{}) {
			t.Fatalf("%+v %v", u, ok)
		}
	})
}

func FuzzNumber(f *testing.F) {
	list, _ := bodies(f, "graph-phone-")
	for _, body := range list {
		f.Add(body)
	}
	f.Add(`{"id":1,"throughput":{"level":null},"is_on_biz_app":"1","verified_name":"\u0000\ud800"}`)
	f.Fuzz(func(t *testing.T, body string) {
		n, err := readNumber([]byte(body))
		if err != nil {
			return
		}
		if n.ID == "" || n.Throughput != nil && n.Throughput[0] != '{' || n.Throughput == nil && n.ThroughputLevel() != "" {
			t.Fatalf("%+v", n)
		}
		_, _, _ = n.CanSend(), n.EffectiveWebhook(), n.E164()
		once, err := json.Marshal(n)
		if err != nil {
			t.Fatal(err)
		}
		var again Number
		if err := json.Unmarshal(once, &again); err != nil {
			t.Fatalf("its own encoding %s: %v", once, err)
		}
		if twice, err := json.Marshal(&again); err != nil || string(once) != string(twice) {
			t.Fatalf("%s, then %s (%v)", once, twice, err)
		}
	})
}
