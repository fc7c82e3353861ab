package channels

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
)

// Equal compares two secrets in constant time. An empty expectation never
// matches.
func Equal(got, want string) bool {
	return want != "" && subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1
}

// SHA256 is the raw HMAC-SHA256 of body under secret.
func SHA256(secret string, body []byte) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return mac.Sum(nil)
}

// HexSHA256 is SHA256 in lower-case hex.
func HexSHA256(secret string, body []byte) string { return hex.EncodeToString(SHA256(secret, body)) }

// Base64SHA256 is SHA256 in standard base64.
func Base64SHA256(secret string, body []byte) string {
	return base64.StdEncoding.EncodeToString(SHA256(secret, body))
}

// Token makes n random bytes in lower-case hex.
func Token(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails, see crypto/rand
	return hex.EncodeToString(b)
}

// Digest names a secret without revealing it, for addresses in the store and
// keys of caches.
func Digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
