package wacloud

import (
	"bytes"
	"math"
	"strconv"

	"tributary/internal/fastjson"
)

// text is a string that providers also write as a number. Anything else reads
// as empty: one odd field must not cost the rest of a batch.
type text string

// UnmarshalJSON never fails.
func (t *text) UnmarshalJSON(raw []byte) error {
	*t = ""
	if len(raw) == 0 {
		return nil
	}
	switch c := raw[0]; {
	case c == '"':
		if s, ok := fastjson.String(raw); ok {
			*t = text(s)
		}
	case c == '-' || c >= '0' && c <= '9':
		*t = text(raw)
	}
	return nil
}

// float is a number that may come as text.
type float float64

// UnmarshalJSON never fails.
func (f *float) UnmarshalJSON(raw []byte) error {
	v, err := strconv.ParseFloat(string(bytes.Trim(raw, `"`)), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		v = 0 // NaN and infinities are no JSON
	}
	*f = float(v)
	return nil
}

// lenient decodes what it can: a field of an unexpected type stays empty. It
// tells whether raw was JSON at all.
func lenient(raw []byte, v any) bool {
	err := fastjson.Unmarshal(raw, v)
	return err == nil || fastjson.Mismatch(err)
}
