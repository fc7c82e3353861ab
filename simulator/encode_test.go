package simulator

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"
)

// sample is a recorded webhook with the signature that belongs to it.
type sample struct {
	Request struct {
		Path    string            `json:"path"`
		Headers map[string]string `json:"headers"`
		Body    json.RawMessage   `json:"body"`
		BodyRaw string            `json:"body_raw"`
		Form    map[string]string `json:"form"`
	} `json:"request"`
}

func readSample(t *testing.T, name string) (sample, []byte) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var s sample
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	if s.Request.BodyRaw != "" {
		return s, []byte(s.Request.BodyRaw)
	}
	var body bytes.Buffer
	if len(s.Request.Body) > 0 {
		if err := json.Compact(&body, s.Request.Body); err != nil {
			t.Fatal(err)
		}
	}
	return s, body.Bytes()
}

func TestSignaturesOfRecordedWebhooks(t *testing.T) {
	t.Parallel()
	tests := []struct {
		sample, header string
		sign           func(body []byte) string
	}{
		{"facebook", "X-Hub-Signature-256", func(b []byte) string { return hubSignature("fixture-fb-app-secret", b) }},
		{"facebook", "X-Hub-Signature", func(b []byte) string { return hubSignatureSHA1("fixture-fb-app-secret", b) }},
		{"facebook_escaped", "X-Hub-Signature-256", func(b []byte) string { return hubSignature("fixture-fb-app-secret", b) }},
		{"instagram", "X-Hub-Signature-256", func(b []byte) string { return hubSignature("fixture-ig-app-secret", b) }},
		{"whatsapp", "X-Hub-Signature-256", func(b []byte) string { return hubSignature("fixture-wa-app-secret", b) }},
		{"line", "X-Line-Signature", func(b []byte) string { return base64Signature("fixture-line-channel-secret", b) }},
		{"twitter", "X-Twitter-Webhooks-Signature", func(b []byte) string {
			return "sha256=" + base64Signature("fixture-x-consumer-secret", b)
		}},
	}
	for _, tt := range tests {
		s, body := readSample(t, tt.sample)
		header := http.Header{}
		for k, v := range s.Request.Headers {
			header.Set(k, v)
		}
		if got, want := tt.sign(body), header.Get(tt.header); got != want {
			t.Errorf("%s %s = %s, want %s", tt.sample, tt.header, got, want)
		}
	}
}

func TestTwilioSignatureOfRecordedWebhook(t *testing.T) {
	t.Parallel()
	s, _ := readSample(t, "twilio")
	form := url.Values{}
	for k, v := range s.Request.Form {
		form.Set(k, v)
	}
	got := twilioSignature("fixture-twilio-auth-token", "https://desk.example.test"+s.Request.Path, form)
	if want := s.Request.Headers["X-Twilio-Signature"]; got != want {
		t.Errorf("signature = %s, want %s", got, want)
	}
}

func FuzzAppendJSON(f *testing.F) {
	f.Add("plain")
	f.Add("a\"b\\c/d\n\x00\x1f 👩‍👩‍👧 日本 \xff")
	f.Fuzz(func(t *testing.T, s string) {
		for _, ascii := range []bool{false, true} {
			b := appendJSON(nil, s, ascii)
			var got string
			if err := json.Unmarshal(b, &got); err != nil {
				t.Fatalf("ascii %v: %q is not JSON: %v", ascii, b, err)
			}
			if utf8.ValidString(s) && got != s {
				t.Errorf("ascii %v: got %q, want %q", ascii, got, s)
			}
			if ascii && bytes.ContainsFunc(b, func(r rune) bool { return r >= utf8.RuneSelf }) {
				t.Errorf("%q is not ASCII", b)
			}
		}
	})
}

func TestForgeKeepsTheForm(t *testing.T) {
	t.Parallel()
	for _, proof := range []string{"sha256=77d51ed35cd35b89", "ozZnNqRYfLRThhI+Wy6ST0LQgtasHKKS3ANb8Y6FydI=", "Basic aG9vazpob29rLXBhc3M="} {
		if got := forge(proof); got == proof || len(got) != len(proof) {
			t.Errorf("forge(%q) = %q", proof, got)
		}
	}
}
