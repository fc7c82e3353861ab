// Package fastjson decodes JSON in the hot paths as encoding/json does, in about
// half the time. It is encoding/json on top of encoding/json/v2, which is the
// standard library's own implementation from Go 1.27 on; with that release this
// package becomes encoding/json again.
//
// encoding/json.Number is an ordinary string type here: fields of that type do not
// take numbers.
package fastjson

import (
	"bytes"
	"errors"

	json "github.com/go-json-experiment/json/v1"
)

// Unmarshal is json.Unmarshal.
func Unmarshal(data []byte, v any) error { return json.Unmarshal(data, v) }

// Mismatch tells whether err only says that a member has another type than the
// one it was decoded into: everything else was decoded by then.
func Mismatch(err error) bool {
	_, ok := errors.AsType[*json.UnmarshalTypeError](err)
	return ok
}

// String decodes a JSON string. ok is false when raw is something else.
func String(raw []byte) (s string, ok bool) {
	if n := len(raw); n >= 2 && raw[0] == '"' && raw[n-1] == '"' && plain(raw[1:n-1]) {
		return string(raw[1 : n-1]), true
	}
	if raw = bytes.TrimSpace(raw); len(raw) == 0 || raw[0] != '"' || Unmarshal(raw, &s) != nil {
		return "", false
	}
	return s, true
}

// plain tells whether the inside of a string stands for itself: nearly every id
// does.
func plain(inside []byte) bool {
	for _, c := range inside {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
