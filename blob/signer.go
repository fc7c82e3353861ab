package blob

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// What a Signer says about tokens.
var (
	// ErrSignature says that a token was not made by this installation for this
	// purpose.
	ErrSignature = errors.New("blob: invalid signature")
	// ErrExpired says that a token was good once.
	ErrExpired = errors.New("blob: token expired")
)

// purpose keeps tokens apart: each has a key of its own.
type purpose string

const (
	purposeID       purpose = "signed id"
	purposeGet      purpose = "disk get"
	purposePut      purpose = "disk put"
	purposeProvider purpose = "provider"
)

// Signer makes and proves the tokens in the URLs of files. Tokens are safe in
// URLs and file names: letters, digits, hyphen and underscore.
type Signer struct {
	keys atomic.Pointer[map[purpose][][]byte] // the first signs, all prove
	now  func() time.Time
}

// NewSigner derives a key for each purpose from the installation's secret. now is
// the clock of expiry; nil: time.Now.
func NewSigner(secretKeyBase string, now func() time.Time) (*Signer, error) {
	if now == nil {
		now = time.Now
	}
	s := &Signer{now: now}
	return s, s.Rekey(secretKeyBase)
}

// Rekey makes another secret sign. What previous ones signed is still proven.
func (s *Signer) Rekey(secretKeyBase string, previous ...string) error {
	keys := map[purpose][][]byte{}
	for _, secret := range append([]string{secretKeyBase}, previous...) {
		if secret == "" {
			return errors.New("blob: SECRET_KEY_BASE is empty")
		}
		for _, p := range []purpose{purposeID, purposeGet, purposePut, purposeProvider} {
			key, err := hkdf.Key(sha256.New, []byte(secret), nil, "tributary blob "+string(p)+" v1", sha256.Size)
			if err != nil {
				return fmt.Errorf("blob: derive key: %w", err)
			}
			keys[p] = append(keys[p], key)
		}
	}
	s.keys.Store(&keys)
	return nil
}

// SignedID names a blob for good.
func (s *Signer) SignedID(blobID int64) string {
	return s.sign(purposeID, strconv.AppendInt(nil, blobID, 10))
}

// VerifyID gives the blob of a signed id, or ErrSignature.
func (s *Signer) VerifyID(signedID string) (int64, error) {
	payload, err := s.verify(purposeID, signedID)
	if err != nil {
		return 0, err
	}
	return blobID(payload)
}

// Fetch is the right to fetch one file of a service that has no URLs of its own.
type Fetch struct {
	Service string `json:"s"` // its name
	Key     string `json:"k"`
	Presentation
}

// timed is a payload that expires.
type timed[T any] struct {
	Expires int64 `json:"e"` // unix seconds
	Of      T     `json:"o"`
}

// SignFetch grants f for ttl.
func (s *Signer) SignFetch(f Fetch, ttl time.Duration) string {
	return signTimed(s, purposeGet, f, ttl)
}

// VerifyFetch gives back what was granted, ErrSignature or ErrExpired.
func (s *Signer) VerifyFetch(token string) (Fetch, error) {
	return verifyTimed[Fetch](s, purposeGet, token)
}

// Store is the right to store the bytes of one blob in such a service.
type Store struct {
	BlobID int64 `json:"b"`
	Upload
}

// SignStore grants u for ttl.
func (s *Signer) SignStore(u Store, ttl time.Duration) string {
	return signTimed(s, purposePut, u, ttl)
}

// VerifyStore gives back what was granted, ErrSignature or ErrExpired.
func (s *Signer) VerifyStore(token string) (Store, error) {
	return verifyTimed[Store](s, purposePut, token)
}

// SignProvider lets a provider fetch a blob for ttl.
func (s *Signer) SignProvider(blobID int64, ttl time.Duration) string {
	return signTimed(s, purposeProvider, blobID, ttl)
}

// VerifyProvider gives the blob of a token, ErrSignature or ErrExpired.
func (s *Signer) VerifyProvider(token string) (int64, error) {
	return verifyTimed[int64](s, purposeProvider, token)
}

func signTimed[T any](s *Signer, p purpose, of T, ttl time.Duration) string {
	// Plain structs of texts and numbers always encode.
	payload, _ := json.Marshal(timed[T]{s.now().Add(ttl).Unix(), of}) //nolint:errchkjson // see above
	return s.sign(p, payload)
}

func verifyTimed[T any](s *Signer, p purpose, token string) (T, error) {
	var t timed[T]
	payload, err := s.verify(p, token)
	if err != nil {
		return t.Of, err
	}
	if err := json.Unmarshal(payload, &t); err != nil {
		return t.Of, ErrSignature
	}
	if s.now().Unix() >= t.Expires {
		var none T
		return none, ErrExpired
	}
	return t.Of, nil
}

func mac(key, payload []byte) []byte {
	m := hmac.New(sha256.New, key)
	m.Write(payload)
	return m.Sum(nil)
}

func (s *Signer) sign(p purpose, payload []byte) string {
	return base64.RawURLEncoding.EncodeToString(append(mac((*s.keys.Load())[p][0], payload), payload...))
}

func (s *Signer) verify(p purpose, token string) ([]byte, error) {
	// There is one spelling of a token: no spare bits, and no line ends, which
	// the decoder would skip.
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) <= sha256.Size || strings.ContainsAny(token, "\r\n") {
		return nil, ErrSignature
	}
	payload := b[sha256.Size:]
	for _, key := range (*s.keys.Load())[p] {
		if hmac.Equal(b[:sha256.Size], mac(key, payload)) {
			return payload, nil
		}
	}
	return nil, ErrSignature
}

func blobID(payload []byte) (int64, error) {
	id, err := strconv.ParseInt(string(payload), 10, 64)
	if err != nil || id <= 0 {
		return 0, ErrSignature
	}
	return id, nil
}
