package route

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"tributary/internal/validate"
)

// The setters below read the scalar types as leniently as clients are used to:
// numbers may come as text, texts as numbers, booleans in many spellings. Null
// leaves the zero value.

func setString(dst reflect.Value, v any, name string, errs *validate.Errors) {
	switch v := v.(type) {
	case nil:
	case string:
		dst.SetString(v)
	case json.Number:
		dst.SetString(v.String())
	case bool:
		dst.SetString(strconv.FormatBool(v))
	default:
		errs.Add(name, validate.Invalid)
	}
}

func setBool(dst reflect.Value, v any, name string, errs *validate.Errors) {
	switch v.(type) {
	case []any, map[string]any, *File:
		errs.Add(name, validate.Invalid)
	default:
		dst.SetBool(Truthy(v))
	}
}

// Truthy reads a boolean: false, 0, "0", "f", "F", "false", "FALSE", "off" and
// "OFF" are false, null and the empty text are no value and so false, all else
// is true.
func Truthy(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case json.Number:
		f, err := v.Float64()
		return err != nil || f != 0
	case string:
		switch v {
		case "", "0", "f", "F", "false", "FALSE", "off", "OFF":
			return false
		}
	}
	return true
}

func setInt(dst reflect.Value, v any, name string, errs *validate.Errors) {
	if v == nil || v == "" {
		return
	}
	n, ok := asInt(v)
	if !ok || dst.OverflowInt(n) {
		errs.Add(name, validate.NotNumber)
		return
	}
	dst.SetInt(n)
}

// asInt reads a whole number, also as text and as 12.0.
func asInt(v any) (int64, bool) {
	var text string
	switch v := v.(type) {
	case json.Number:
		text = v.String()
	case string:
		text = strings.TrimSpace(v)
	default:
		return 0, false
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int64(f), true
}

func setFloat(dst reflect.Value, v any, name string, errs *validate.Errors) {
	var text string
	switch v := v.(type) {
	case nil:
		return
	case json.Number:
		text = v.String()
	case string:
		if text = strings.TrimSpace(v); text == "" {
			return
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		errs.Add(name, validate.NotNumber)
		return
	}
	dst.SetFloat(f)
}

func setAny(dst reflect.Value, v any, _ string, _ *validate.Errors) {
	if v = withoutFiles(v); v != nil {
		dst.Set(reflect.ValueOf(v))
	}
}

func setFile(dst reflect.Value, v any, name string, errs *validate.Errors) {
	switch v := v.(type) {
	case nil:
	case *File:
		dst.Set(reflect.ValueOf(v))
	case string:
		if v != "" {
			errs.Add(name, validate.Invalid)
		}
	default:
		errs.Add(name, validate.Invalid)
	}
}

// setRaw keeps any value as JSON text; files are left out of it.
func setRaw(dst reflect.Value, v any, name string, errs *validate.Errors) {
	b, err := json.Marshal(withoutFiles(v))
	if err != nil {
		errs.Add(name, validate.Invalid)
		return
	}
	dst.SetBytes(b)
}

func withoutFiles(v any) any {
	switch v := v.(type) {
	case *File:
		return nil
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = withoutFiles(e)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			if _, isFile := e.(*File); !isFile {
				out[k] = withoutFiles(e)
			}
		}
		return out
	}
	return v
}

// Page is the 1-based page of a list. Missing, zero, negative and unreadable
// pages are the first.
type Page struct {
	n    int
	sent any
}

// SetParam implements Param.
func (p *Page) SetParam(v any) error {
	switch v.(type) {
	case string, json.Number:
		p.sent = v
	}
	if n, ok := asInt(v); ok && n > 0 && n <= math.MaxInt32 {
		p.n = int(n)
	}
	return nil
}

// Number is the page, from 1.
func (p Page) Number() int { return max(p.n, 1) }

// Offset is how many records come before the page.
func (p Page) Offset(size int) int { return (p.Number() - 1) * size }

// Echo is meta.current_page: what the client sent, as it was sent, or 1.
func (p Page) Echo() any {
	if p.sent == nil {
		return 1
	}
	return p.sent
}

// Many is a list of texts that may also come as a single one.
type Many []string

// SetParam implements Param.
func (m *Many) SetParam(v any) error {
	list, ok := v.([]any)
	if !ok {
		if v == nil {
			return nil
		}
		list = []any{v}
	}
	for _, e := range list {
		switch e := e.(type) {
		case string:
			*m = append(*m, e)
		case json.Number:
			*m = append(*m, e.String())
		default:
			return fmt.Errorf("%s", validate.Invalid)
		}
	}
	return nil
}
