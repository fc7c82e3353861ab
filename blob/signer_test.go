package blob_test

import (
	"encoding/base64"
	"errors"
	"regexp"
	"testing"
	"time"

	"tributary/blob"
)

// clock is a time that the test moves.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func signer(t *testing.T, secret string, c *clock) *blob.Signer {
	t.Helper()
	s, err := blob.NewSigner(secret, c.now)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var fetchIt = blob.Fetch{Service: "local", Key: "abcdefgh", Presentation: blob.Presentation{Filename: "ü.png", ContentType: "image/png", Disposition: blob.Inline}}

var storeIt = blob.Store{BlobID: 7, Upload: blob.Upload{Size: 3, MD5: "x==", ContentType: "image/png"}}

func TestSignedID(t *testing.T) {
	t.Parallel()
	c := &clock{time.Unix(1_700_000_000, 0)}
	s := signer(t, "secret", c)
	for _, id := range []int64{1, 42, 1 << 62} {
		token := s.SignedID(id)
		if !regexp.MustCompile(`^[A-Za-z0-9_-]+$`).MatchString(token) {
			t.Errorf("token %q is not safe in an URL", token)
		}
		c.t = c.t.AddDate(50, 0, 0)
		if got, err := s.VerifyID(token); err != nil || got != id {
			t.Errorf("got %d, %v, want %d", got, err, id)
		}
	}
	if s.SignedID(1) != signer(t, "secret", c).SignedID(1) {
		t.Error("a signed id is not always the same")
	}
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	c := &clock{time.Unix(1_700_000_000, 0)}
	s := signer(t, "secret", c)
	get, put, provider := s.SignFetch(fetchIt, time.Minute), s.SignStore(storeIt, time.Minute), s.SignProvider(9, time.Minute)
	for _, x := range []struct {
		after time.Duration
		want  error
	}{{0, nil}, {59 * time.Second, nil}, {time.Second, blob.ErrExpired}, {time.Hour, blob.ErrExpired}} {
		c.t = c.t.Add(x.after)
		gotFetch, err := s.VerifyFetch(get)
		if !errors.Is(err, x.want) || err == nil && gotFetch != fetchIt || err != nil && gotFetch != (blob.Fetch{}) {
			t.Errorf("fetch: %+v, %v, want %v", gotFetch, err, x.want)
		}
		gotStore, err := s.VerifyStore(put)
		if !errors.Is(err, x.want) || err == nil && gotStore != storeIt {
			t.Errorf("store: %+v, %v, want %v", gotStore, err, x.want)
		}
		gotID, err := s.VerifyProvider(provider)
		if !errors.Is(err, x.want) || err == nil && gotID != 9 {
			t.Errorf("provider: %d, %v, want %v", gotID, err, x.want)
		}
	}
}

// Every changed bit, every other purpose and every other installation is refused.
func TestForgery(t *testing.T) {
	t.Parallel()
	c := &clock{time.Unix(1_700_000_000, 0)}
	s := signer(t, "secret", c)
	verify := map[string]func(*blob.Signer, string) error{
		"id":       func(s *blob.Signer, token string) error { _, err := s.VerifyID(token); return err },
		"fetch":    func(s *blob.Signer, token string) error { _, err := s.VerifyFetch(token); return err },
		"store":    func(s *blob.Signer, token string) error { _, err := s.VerifyStore(token); return err },
		"provider": func(s *blob.Signer, token string) error { _, err := s.VerifyProvider(token); return err },
	}
	tokens := map[string]string{
		"id": s.SignedID(9), "fetch": s.SignFetch(fetchIt, time.Hour), "store": s.SignStore(storeIt, time.Hour), "provider": s.SignProvider(9, time.Hour),
	}
	for made, token := range tokens {
		for used, f := range verify {
			if err := f(s, token); (err == nil) != (made == used) || err != nil && !errors.Is(err, blob.ErrSignature) {
				t.Errorf("a token for %s used for %s: %v", made, used, err)
			}
		}
		if err := verify[made](signer(t, "other", c), token); !errors.Is(err, blob.ErrSignature) {
			t.Errorf("%s of another installation: %v", made, err)
		}
		raw, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil {
			t.Fatal(err)
		}
		for i := range raw {
			for bit := range 8 {
				raw[i] ^= 1 << bit
				if err := verify[made](s, base64.RawURLEncoding.EncodeToString(raw)); !errors.Is(err, blob.ErrSignature) {
					t.Fatalf("%s with bit %d of byte %d changed: %v", made, bit, i, err)
				}
				raw[i] ^= 1 << bit
			}
		}
		for _, other := range []string{"", "x", "!", token[1:], token + "A", token + "=", token + "\n", token[:40]} {
			if err := verify[made](s, other); !errors.Is(err, blob.ErrSignature) {
				t.Errorf("%s %q: %v", made, other, err)
			}
		}
	}
}

func TestNoSecret(t *testing.T) {
	t.Parallel()
	if _, err := blob.NewSigner("", nil); err == nil {
		t.Error("an empty secret was accepted")
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		key := blob.NewKey()
		if !regexp.MustCompile(`^[a-z0-9]{28}$`).MatchString(key) || seen[key] || blob.CheckKey(key) != nil {
			t.Fatalf("key %q", key)
		}
		seen[key] = true
	}
}

func TestContentDisposition(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{
		{blob.Inline, "a.png", `inline; filename="a.png"; filename*=UTF-8''a.png`},
		{"", "a b.pdf", `attachment; filename="a b.pdf"; filename*=UTF-8''a%20b.pdf`},
		{"form-data\r\nX: y", "ç.txt", `attachment; filename="_.txt"; filename*=UTF-8''%C3%A7.txt`},
		{blob.Attachment, "a\"\r\nSet-Cookie: x\\%.txt", `attachment; filename="a___Set-Cookie: x__.txt"; filename*=UTF-8''a%22%0D%0ASet-Cookie%3A%20x%5C%25.txt`},
		{blob.Inline, "", "inline"},
	} {
		if got := blob.ContentDisposition(c[0], c[1]); got != c[2] {
			t.Errorf("%q %q: got %s, want %s", c[0], c[1], got, c[2])
		}
	}
}
