package management

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
)

// Change is one change of a delivery, in whatever form it came.
type Change struct {
	Entry string // the entry's id
	Time  int64  // the entry's, seconds since 1970; 0 when absent
	Field string // read or inferred; "" when nothing tells
	Raw   json.RawMessage
}

var errNoObject = errors.New("management: the body is no JSON object")

// SplitEnvelope gives all changes of all entries, those of messages among them. A
// body that is a single entry, or one change in place of a list, is read as what it
// means.
func SplitEnvelope(body []byte) ([]Change, error) {
	top := object(body)
	if top == nil {
		return nil, errNoObject
	}
	entries := list(top["entry"])
	if _, ok := top["entry"]; !ok {
		entries = []json.RawMessage{body}
	}
	var out []Change
	for _, raw := range entries {
		e := object(raw)
		if e == nil {
			continue
		}
		id, at := text(e["id"]), seconds(e["time"])
		changes := list(e["changes"])
		if len(changes) == 0 {
			if field, value := locate(raw); field == "" && len(value) == 0 {
				continue
			}
			changes = []json.RawMessage{raw} // field and value lie in the entry
		}
		for _, c := range changes {
			if object(c) == nil {
				continue
			}
			field, _ := locate(c)
			out = append(out, Change{Entry: id, Time: at, Field: field, Raw: c})
		}
	}
	return out, nil
}

// locate finds the field and the value of a change. The field may lie in the value or
// be missing, and the value's members may lie beside it.
func locate(raw json.RawMessage) (field string, value json.RawMessage) {
	c := object(raw)
	field, value = text(c["field"]), c["value"]
	v := object(value)
	if v == nil {
		if value != nil || len(c) == 0 {
			return field, value
		}
		// Without a value the change, or the entry, is the value itself.
		if inferred := infer(c); inferred != "" {
			return known(field, inferred), raw
		}
		return field, nil
	}
	if field == "" {
		field = text(v["field"])
	}
	if !isKnown(field) {
		return known(field, infer(v)), value
	}
	return field, value
}

func known(field, inferred string) string {
	if isKnown(field) || inferred == "" {
		return field
	}
	return inferred
}

// object reads a JSON object; nil when it is none.
func object(raw json.RawMessage) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) != nil {
		return nil
	}
	return m
}

// list reads a JSON array; a single object is a list of one.
func list(raw json.RawMessage) []json.RawMessage {
	var l []json.RawMessage
	if json.Unmarshal(raw, &l) == nil {
		return l
	}
	if object(raw) != nil {
		return []json.RawMessage{raw}
	}
	return nil
}

// maxText is how much of one of Meta's texts is kept.
const maxText = 4096

// text reads a string, or a number as it is written. It has no NUL, which databases
// refuse.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		var n json.Number
		if json.Unmarshal(raw, &n) != nil {
			return ""
		}
		s = n.String()
	}
	s = strings.ReplaceAll(s, "\x00", "")
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "")
	}
	return strings.TrimSpace(s)
}

// word is a text of Meta's that stands for something: upper case.
func word(raw json.RawMessage) string { return strings.ToUpper(text(raw)) }

const (
	lastSecond = 253402300799 // of the year 9999
	inMillis   = 100_000_000_000
)

// seconds reads a Unix time that is a number or a text, in seconds or milliseconds.
func seconds(raw json.RawMessage) int64 {
	f, err := strconv.ParseFloat(text(raw), 64)
	if err != nil || !(f > 0) || f > lastSecond*1000 { // NaN too
		return 0
	}
	if f >= inMillis {
		f /= 1000
	}
	return int64(f)
}

// moment is the time that a raw value stands for: Unix seconds, or a date in ISO
// 8601; zero when it is neither.
func moment(raw json.RawMessage) time.Time {
	if s := seconds(raw); s > 0 {
		return time.Unix(s, 0).UTC()
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05Z0700", time.DateOnly} {
		if t, err := time.Parse(layout, text(raw)); err == nil && t.Year() > 1970 {
			return t.UTC()
		}
	}
	return time.Time{}
}

// canonical writes a JSON value in one way only: members sorted, no blanks, numbers as
// they are.
func canonical(raw json.RawMessage) []byte {
	var v any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if dec.Decode(&v) != nil {
		return raw
	}
	out, err := json.Marshal(v)
	if err != nil {
		return raw
	}
	return out
}
