package e2e_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// leaf is a value of a JSON document with the way that leads to it.
type leaf struct {
	path  string
	value any
}

// leaves are all values of a document in their order: two documents are the same,
// order of keys included, when their leaves are.
func leaves(t testing.TB, raw []byte) []leaf {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var out []leaf
	if err := walk(dec, "", &out); err != nil {
		t.Fatalf("no JSON: %v: %s", err, raw)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		t.Fatalf("more than one JSON value: %s", raw)
	}
	return out
}

func walk(dec *json.Decoder, path string, out *[]leaf) error {
	token, err := dec.Token()
	if err != nil {
		return err
	}
	delim, nested := token.(json.Delim)
	if !nested {
		*out = append(*out, leaf{path, token})
		return nil
	}
	*out = append(*out, leaf{path, delim})
	for i := 0; dec.More(); i++ {
		inner := fmt.Sprintf("%s[%d]", path, i)
		if delim == '{' {
			name, err := dec.Token()
			if err != nil {
				return err
			}
			inner = strings.TrimPrefix(fmt.Sprintf("%s.%v", path, name), ".")
		}
		if err := walk(dec, inner, out); err != nil {
			return err
		}
	}
	_, err = dec.Token()
	return err
}

// free says of a value that it need not be the payload's own, but has to be so.
type free map[string]func(value any) bool

// between tells a time of the payloads' form that lies between two moments.
func between(from, to string) func(any) bool {
	return func(value any) bool {
		text, _ := value.(string)
		at, err := time.Parse("2006-01-02T15:04:05Z", text)
		return err == nil && text >= from && text <= to && !at.IsZero()
	}
}

// begins tells a text with a beginning.
func begins(with string) func(any) bool {
	return func(value any) bool {
		text, _ := value.(string)
		return strings.HasPrefix(text, with)
	}
}

func anything(any) bool { return true }

// sameJSON compares an answer with a payload's, value by value and in order.
func sameJSON(t testing.TB, name string, got, want []byte, but free) {
	t.Helper()
	g, w := leaves(t, got), leaves(t, want)
	g, w = without(g, but), without(w, but)
	for i := range max(len(g), len(w)) {
		var a, b leaf
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if check := but[b.path]; a.path == b.path && check != nil {
			if !check(a.value) {
				t.Errorf("%s: %s is %v, where the payload has %v", name, a.path, a.value, b.value)
			}
			continue
		}
		if a != b {
			t.Errorf("%s: got %s = %v, want %s = %v", name, a.path, a.value, b.path, b.value)
			if a.path != b.path { // the rest only repeats it
				return
			}
		}
	}
}

// without leaves out what lies below values that are free as a whole.
func without(list []leaf, but free) []leaf {
	var out []leaf
	for _, l := range list {
		below := false
		for path := range but {
			below = below || strings.HasPrefix(l.path, path+".") || strings.HasPrefix(l.path, path+"[")
		}
		if !below {
			out = append(out, l)
		}
	}
	return out
}

// pick reads a value of a document, "registration.state"; nil when it is not there.
func pick(t testing.TB, raw []byte, path string) any {
	t.Helper()
	for _, l := range leaves(t, raw) {
		if l.path == path {
			return l.value
		}
	}
	return nil
}
