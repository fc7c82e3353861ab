package store_test

import (
	"bytes"
	"strings"
	"testing"

	"tributary/store"
)

func newSealer(t *testing.T, secret string) *store.Sealer {
	t.Helper()
	s, err := store.NewSealer(secret)
	if err != nil {
		t.Fatalf("NewSealer: %v", err)
	}
	return s
}

func TestSealer(t *testing.T) {
	t.Parallel()
	s := newSealer(t, "one")
	for _, plain := range []string{"", "one secret", `{"token":"ü"}`, strings.Repeat("long ", 10_000)} {
		sealed := s.Seal("channel", []byte(plain))
		if plain != "" && strings.Contains(sealed, plain) {
			t.Errorf("%.20q is sealed as %.40q", plain, sealed)
		}
		if sealed == s.Seal("channel", []byte(plain)) {
			t.Errorf("%.20q is sealed twice alike", plain)
		}
		got, err := newSealer(t, "one").Open("channel", sealed)
		if err != nil || !bytes.Equal(got, []byte(plain)) {
			t.Errorf("Open = %.20q, %v, want %.20q", got, err, plain)
		}
	}
}

func TestSealerRefuses(t *testing.T) {
	t.Parallel()
	s := newSealer(t, "one")
	sealed := s.Seal("channel", []byte("the plain text"))
	last := sealed[len(sealed)-3]
	other := byte('A')
	if last == other {
		other = 'B'
	}
	damaged := sealed[:len(sealed)-3] + string(other) + sealed[len(sealed)-2:]
	for _, c := range []struct {
		name, purpose, sealed string
		sealer                *store.Sealer
	}{
		{"another key", "channel", sealed, newSealer(t, "two")},
		{"another purpose", "setting", sealed, s},
		{"no purpose", "", sealed, s},
		{"a changed byte", "channel", damaged, s},
		{"a shorter value", "channel", sealed[:len(sealed)-4], s},
		{"no nonce", "channel", "v1:AAAA", s},
		{"not base64", "channel", "v1:%%%", s},
		{"another version", "channel", "v2:" + sealed[3:], s},
		{"plain text", "channel", "the plain text", s},
		{"nothing", "channel", "", s},
	} {
		got, err := c.sealer.Open(c.purpose, c.sealed)
		if err == nil {
			t.Errorf("%s: opened as %q", c.name, got)
			continue
		}
		if !strings.HasPrefix(err.Error(), "store: ") || strings.Contains(err.Error(), "plain text") {
			t.Errorf("%s: error %q", c.name, err)
		}
	}
	if _, err := store.NewSealer(""); err == nil {
		t.Error("NewSealer without a secret: no error")
	}
}

func TestDigest(t *testing.T) {
	t.Parallel()
	one, two := newSealer(t, "one"), newSealer(t, "two")
	if got, want := newSealer(t, "one").Digest("t"), one.Digest("t"); got != want {
		t.Errorf("Digest = %s, want the same every time, %s", got, want)
	}
	if one.Digest("t") == one.Digest("u") || one.Digest("t") == two.Digest("t") {
		t.Error("Digest does not depend on the token and the key")
	}
	if got := len(one.Digest("t")); got != 64 {
		t.Errorf("length of Digest %d, want 64", got)
	}
}

func TestNewToken(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 200 {
		token := store.NewToken()
		if len(token) != 24 || strings.Trim(token, "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz") != "" || seen[token] {
			t.Fatalf("token %q", token)
		}
		seen[token] = true
	}
}
