package simulator

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Meta's older header and Twilio sign with it
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"net/url"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Payloads are appended to a byte slice rather than marshalled: a load
// generator builds tens of thousands a second.

const lowerHex = "0123456789abcdef"

// appendQuoted writes s as a JSON string in plain UTF-8.
func appendQuoted(b []byte, s string) []byte { return appendJSON(b, s, false) }

// appendMeta writes s as Meta does: everything beyond ASCII as \uXXXX and the
// slash escaped. The signature covers exactly these bytes.
func appendMeta(b []byte, s string) []byte { return appendJSON(b, s, true) }

func appendJSON(b []byte, s string, ascii bool) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			b = appendASCII(b, c, ascii)
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b = append(b, `\ufffd`...)
		case !ascii:
			b = append(b, s[i:i+size]...)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			b = appendEscape(appendEscape(b, hi), lo)
		default:
			b = appendEscape(b, r)
		}
		i += size
	}
	return append(b, '"')
}

func appendASCII(b []byte, c byte, ascii bool) []byte {
	switch {
	case c == '"' || c == '\\' || c == '/' && ascii:
		return append(b, '\\', c)
	case c == '\n':
		return append(b, `\n`...)
	case c < 0x20:
		return appendEscape(b, rune(c))
	}
	return append(b, c)
}

func appendEscape(b []byte, r rune) []byte {
	return append(b, '\\', 'u', lowerHex[r>>12&15], lowerHex[r>>8&15], lowerHex[r>>4&15], lowerHex[r&15])
}

// appendHex writes v as 16 hex digits.
func appendHex(b []byte, v uint64) []byte {
	for shift := 60; shift >= 0; shift -= 4 {
		b = append(b, lowerHex[v>>shift&15])
	}
	return b
}

func mac(h func() hash.Hash, key string, parts ...[]byte) []byte {
	m := hmac.New(h, []byte(key))
	for _, p := range parts {
		m.Write(p)
	}
	return m.Sum(nil)
}

// hubSignature is X-Hub-Signature-256 of Meta.
func hubSignature(secret string, body []byte) string {
	return "sha256=" + hex.EncodeToString(mac(sha256.New, secret, body))
}

// hubSignatureSHA1 is the older X-Hub-Signature.
func hubSignatureSHA1(secret string, body []byte) string {
	return "sha1=" + hex.EncodeToString(mac(sha1.New, secret, body))
}

// base64Signature is LINE's, and with a prefix X's.
func base64Signature(secret string, body []byte) string {
	return base64.StdEncoding.EncodeToString(mac(sha256.New, secret, body))
}

// twilioSignature covers the public address and every parameter, sorted by
// name.
func twilioSignature(authToken, address string, form url.Values) string {
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	b := append(make([]byte, 0, 512), address...)
	for _, name := range names {
		for _, v := range form[name] {
			b = append(append(b, name...), v...)
		}
	}
	return base64.StdEncoding.EncodeToString(mac(sha1.New, authToken, b))
}

// Ids are unique within and across runs: they count up from the start time.

func (s *Simulator) tick() uint64 { return s.seq.Add(1) }

// decimalID is a number of 18 (scale 100,000) or 19 digits (1,000,000).
func (s *Simulator) decimalID(scale uint64) string {
	return strconv.FormatUint(s.run*scale+s.tick(), 10)
}

// hexID is prefix and 32 hex digits.
func (s *Simulator) hexID(prefix string) string {
	b := append(make([]byte, 0, len(prefix)+32), prefix...)
	return string(appendHex(appendHex(b, s.run), s.tick()))
}
