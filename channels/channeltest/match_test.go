package channeltest

import (
	"net/http"
	"testing"

	"tributary/channels"
)

func TestDiff(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		m         matcher
		want, got string
		equal     bool
	}{
		{"subset", matcher{}, `{"a":1}`, `{"a":1,"b":2}`, true},
		{"other value", matcher{}, `{"a":1}`, `{"a":2}`, false},
		{"missing", matcher{}, `{"a":"x"}`, `{}`, false},
		{"null is absent", matcher{}, `{"a":null,"b":[],"c":{}}`, `{"b":""}`, true},
		{"null is not something", matcher{}, `{"a":null}`, `{"a":"x"}`, false},
		{"empty list is not a list", matcher{}, `{"a":[]}`, `{"a":["x"]}`, false},
		{"lists have one length", matcher{}, `{"a":[1]}`, `{"a":[1,2]}`, false},
		{"list in part", matcher{}, `{"a":[{"b":1}]}`, `{"a":[{"b":1,"c":2}]}`, true},
		{"list is no object", matcher{}, `{"a":[1]}`, `{"a":{"b":1}}`, false},
		{"number and text", matcher{}, `{"a":17}`, `{"a":"17"}`, true},
		{"number and text, strict", matcher{strict: true}, `{"a":17}`, `{"a":"17"}`, false},
		{"numbers by value", matcher{strict: true}, `{"a":9.19}`, `{"a":9.190}`, true},
		{"default", matcher{}, `{"message":{"direction":"incoming"}}`, `{"message":{}}`, true},
		{"no default", matcher{}, `{"message":{"direction":"outgoing"}}`, `{"message":{}}`, false},
		{"no default, strict", matcher{strict: true}, `{"type":"direct"}`, `{}`, false},
		{"moment", matcher{}, `{"occurred_at":"2025-10-09T08:53:29.995Z"}`, `{"occurred_at":1760000009995}`, true},
		{"other moment", matcher{}, `{"occurred_at":"2025-10-09T08:53:29.994Z"}`, `{"occurred_at":1760000009995}`, false},
		{"note", matcher{}, `{"note":"read me"}`, `{}`, true},
	} {
		diffs := c.m.diff("", decodeJSON(t, []byte(c.want)), decodeJSON(t, []byte(c.got)))
		if (len(diffs) == 0) != c.equal {
			t.Errorf("%s: got %q, want equal=%v", c.name, diffs, c.equal)
		}
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	hooks := []channels.Hook{
		{Name: "plain", Method: http.MethodPost, Path: "/bot"},
		{Name: "number", Method: http.MethodPost, Path: "/webhooks/x/{number}"},
		{Name: "status", Method: http.MethodPost, Path: "/webhooks/x/{number}/status"},
	}
	for _, c := range []struct{ method, path, hook, number string }{
		{"POST", "/bot", "plain", ""},
		{"GET", "/bot", "", ""},
		{"POST", "/webhooks/x/+1555", "number", "+1555"},
		{"POST", "/webhooks/x/%2B1555", "number", "+1555"},
		{"POST", "/webhooks/x/7:AA", "number", "7:AA"},
		{"POST", "/webhooks/x/1/status", "status", "1"},
		{"POST", "/webhooks/x/", "", ""},
		{"POST", "/webhooks/x/%zz", "", ""},
	} {
		hook, params, ok := match(hooks, c.method, c.path)
		if ok != (c.hook != "") || hook.Name != c.hook || params["number"] != c.number {
			t.Errorf("%s %s: got %q %v, want %q %q", c.method, c.path, hook.Name, params, c.hook, c.number)
		}
	}
}

func TestFiller(t *testing.T) {
	t.Parallel()
	fill := filler("job", decodeJSON(t, []byte(`{"token":"t","provider_config":{"key":"k","secret":"s"}}`)))
	for text, want := range map[string]string{
		"<job_id>":           "job",
		"Bearer <token>":     "Bearer t",
		"Basic <key:secret>": "Basic azpz",
		"plain":              "plain",
	} {
		if got := fill(text); got != want {
			t.Errorf("fill(%q): got %q, want %q", text, got, want)
		}
	}
}

func TestSeedAllows(t *testing.T) {
	t.Parallel()
	in := &input{path: "/x", body: []byte("a=1&b=2"), headers: map[string]string{"X-Signature": "abc"}}
	sd := seed{in: in, proof: []string{"X-Signature"}, signed: true, form: true, ok: true}
	for _, c := range []struct {
		name      string
		path      string
		body      string
		signature string
		want      bool
	}{
		{"itself", "/x", "a=1&b=2", "abc", true},
		{"escaped otherwise", "/x", "b=2&a=%31", "abc", true},
		{"other body", "/x", "a=1&b=3", "abc", false},
		{"other signature", "/x", "a=1&b=2", "abd", false},
		{"other path", "/y", "a=1&b=2", "abc", false},
	} {
		got := sd.allows(&input{path: c.path, body: []byte(c.body), headers: map[string]string{"x-signature": c.signature}})
		if got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}
