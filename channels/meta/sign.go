package meta

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Meta's older signature header is an HMAC-SHA1
	"encoding/hex"

	"tributary/channels"
)

func hexSHA256(secret string, body []byte) string { return channels.HexSHA256(secret, body) }

func hexSHA1(secret string, body []byte) string {
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// AppSecretProof is the appsecret_proof parameter: it shows that a call made
// with token comes from the app that owns it (Graph API, "Securing Graph API
// Requests").
func AppSecretProof(appSecret, token string) string {
	return channels.HexSHA256(appSecret, []byte(token))
}
