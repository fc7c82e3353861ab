// Package meta holds what the drivers of Meta's messaging products share: the
// signature of their webhooks, the messaging envelope, the send call of the
// Graph API and the meaning of its errors.
//
// Field names, codes and limits are those of Meta's "Messenger Platform" and
// "Instagram Platform" documentation (webhooks reference, Send API reference,
// error codes).
package meta

import (
	"bytes"
	"encoding/json"
	"strings"

	"tributary/channels"
	"tributary/internal/fastjson"
)

// ID is an identifier that Meta writes as a string in some payloads and as a
// number in others (app_id, sticker_id, timestamps). What is neither is empty;
// decoding never fails because of it.
type ID string

// UnmarshalJSON keeps a string's content and a number's digits.
func (id *ID) UnmarshalJSON(b []byte) error {
	*id = ""
	if len(b) == 0 {
		return nil
	}
	switch c := b[0]; {
	case c == '"':
		if s, ok := fastjson.String(b); ok {
			*id = ID(channels.Clean(s))
		}
	case c == '-', c >= '0' && c <= '9':
		*id = ID(b)
	}
	return nil
}

// Prove checks the signature headers of a webhook against secret: the SHA-256
// one when it is present, else, where sha1 is allowed, the older one.
// Proof.SecretID is left to the caller.
func Prove(secret string, r *channels.Request, sha1 bool) channels.Proof {
	if secret == "" {
		return channels.Proof{Result: channels.ProofNoSecret, Detail: "the app secret is not set"}
	}
	algorithm, header := hexSHA256, r.Header("X-Hub-Signature-256")
	prefix := "sha256="
	if header == "" && sha1 {
		algorithm, header, prefix = hexSHA1, r.Header("X-Hub-Signature"), "sha1="
	}
	sent, ok := strings.CutPrefix(header, prefix)
	switch {
	case !ok:
		return channels.Proof{Result: channels.ProofMissing}
	case !channels.Equal(sent, algorithm(secret, r.Body)):
		return channels.Proof{Result: channels.ProofBad}
	}
	return channels.Proof{Result: channels.ProofOK}
}

// Subscribes tells whether r is a subscription handshake that knows one of the
// verify tokens. Tokens that are not configured never match.
func Subscribes(r *channels.Request, tokens ...string) bool {
	if r.Query("hub.mode") != "subscribe" {
		return false
	}
	sent, known := r.Query("hub.verify_token"), false
	for _, token := range tokens {
		known = channels.Equal(sent, token) || known
	}
	return known
}

// present tells whether an optional member has a value.
func present(raw json.RawMessage) bool {
	return len(raw) > 0 && !bytes.Equal(raw, []byte("null"))
}
