package api

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestReadBearer(t *testing.T) {
	t.Parallel()
	text := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	full := newSessionTokens("ada@example.com", "laptop", "t0k3n", time.Unix(1700000000, 0))
	for name, c := range map[string]struct {
		text string
		want sessionTokens
		ok   bool
	}{
		"what we send":      {strings.TrimPrefix(full.bearer(), "Bearer "), sessionTokens{AccessToken: "t0k3n", Client: "laptop", UID: "ada@example.com"}, true},
		"other types":       {text(`{"access-token":"t","client":null,"expiry":17,"uid":"u"}`), sessionTokens{AccessToken: "t", UID: "u"}, true},
		"no token":          {text(`{"client":"c","uid":"u"}`), sessionTokens{Client: "c", UID: "u"}, false},
		"a token of a kind": {text(`{"access-token":["t"]}`), sessionTokens{}, false},
		"no object":         {text(`["access-token"]`), sessionTokens{}, false},
		"no JSON":           {text(`access-token`), sessionTokens{}, false},
		"no base64":         {"t0k3n!", sessionTokens{}, false},
		"nothing":           {"", sessionTokens{}, false},
		"too long":          {text(`{"access-token":"` + strings.Repeat("x", maxBearer) + `"}`), sessionTokens{}, false},
	} {
		got, ok := readBearer(c.text)
		if ok != c.ok || ok && got != c.want {
			t.Errorf("%s: got %+v %t", name, got, ok)
		}
	}
}

// FuzzBearer: nothing makes it panic, and what it reads it reads again from what it
// would send.
func FuzzBearer(f *testing.F) {
	for _, seed := range []string{
		newSessionTokens("ada@example.com", "laptop", "t0k3n", time.Unix(1700000000, 0)).bearer()[len("Bearer "):],
		base64.StdEncoding.EncodeToString([]byte(`{"access-token":"t","client":null,"expiry":17}`)),
		base64.StdEncoding.EncodeToString([]byte(`[[[[[[`)),
		"", "=", "bm8=", "not base64",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tokens, ok := readBearer(text)
		if !ok {
			return
		}
		if tokens.AccessToken == "" || len(text) > maxBearer {
			t.Fatalf("read %+v", tokens)
		}
		b, err := json.Marshal(tokens)
		if err != nil {
			t.Fatal(err)
		}
		again := base64.StdEncoding.EncodeToString(b)
		if len(again) > maxBearer {
			return
		}
		if back, ok := readBearer(again); !ok || back != tokens {
			t.Fatalf("%+v became %+v", tokens, back)
		}
	})
}
