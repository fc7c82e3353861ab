package management_test

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"tributary/whatsapp/management"
)

// FuzzSplitEnvelope: whatever arrives, what comes out can be read and stored.
func FuzzSplitEnvelope(f *testing.F) {
	for _, name := range files(f) {
		if body := load(f, name).Request.Body; len(body) > 0 {
			f.Add([]byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		changes, err := management.SplitEnvelope(body)
		if err == nil != isObject(body) {
			t.Fatalf("error %v", err)
		}
		for _, c := range changes {
			if !isObject(c.Raw) || c.Time < 0 {
				t.Fatalf("change %+v", c)
			}
			e, ok := management.Parse(c.Entry, c.Time, c.Raw)
			if ok {
				check(t, e)
			}
			if ok && e.Field != c.Field {
				t.Fatalf("field %q, then %q", c.Field, e.Field)
			}
		}
	})
}

// FuzzParse: no value breaks it, and the same value gives the same event.
func FuzzParse(f *testing.F) {
	for _, name := range files(f) {
		changes, _ := management.SplitEnvelope(load(f, name).Request.Body)
		for _, c := range changes {
			f.Add(c.Entry, c.Time, []byte(c.Raw))
		}
	}
	f.Fuzz(func(t *testing.T, id string, at int64, raw []byte) {
		e, ok := management.Parse(id, at, raw)
		if !ok {
			return
		}
		check(t, e)
		if again, _ := management.Parse(id, at, raw); again.Hash != e.Hash || again.Aspect != e.Aspect {
			t.Fatal("another time it is another event")
		}
	})
}

func isObject(raw []byte) bool {
	var m map[string]json.RawMessage
	return json.Unmarshal(raw, &m) == nil && m != nil
}

func check(t *testing.T, e management.Event) {
	t.Helper()
	x := e.Effects
	if !management.Is(e.Field) || len(e.Hash) != 64 || e.Aspect == "" || !isObject(e.Value) {
		t.Fatalf("event %+v", e)
	}
	if (x.State == "") != (x.Action == "") || x.BlockSends && x.Unblock || x.HoldSends && x.Reconnected || x.Rearm && x.State != "" {
		t.Fatalf("effects %+v", x)
	}
	for _, r := range e.Phone {
		if r < '0' || r > '9' {
			t.Fatalf("phone %q", e.Phone)
		}
	}
	for _, a := range x.Alerts {
		if len(a.Text) > 4200 || !utf8.ValidString(a.Text) || a.Until.Year() > 9999 {
			t.Fatalf("alert %+v", a)
		}
	}
	if e.At.Year() > 9999 {
		t.Fatalf("at %v", e.At)
	}
}
