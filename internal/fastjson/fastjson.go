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

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// Unmarshal is json.Unmarshal.
func Unmarshal(data []byte, v any) error {
	// The legacy way of reporting errors needs a pass of its own over the text to
	// tell bad syntax from bad types. It is only taken when something is wrong:
	// what was decoded by then is decoded again.
	if json.Unmarshal(data, v, jsonv1.DefaultOptionsV1(), jsonv1.ReportErrorsWithLegacySemantics(false)) == nil {
		return nil
	}
	return jsonv1.Unmarshal(data, v)
}

// Mismatch tells whether err only says that a member has another type than the
// one it was decoded into: everything else was decoded by then.
func Mismatch(err error) bool {
	_, ok := errors.AsType[*jsonv1.UnmarshalTypeError](err)
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

// AppendString appends s as a JSON string. Invalid UTF-8 becomes U+FFFD.
func AppendString(b []byte, s string) []byte {
	b, _ = jsontext.AppendQuote(b, s) // the error is about the invalid UTF-8
	return b
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
