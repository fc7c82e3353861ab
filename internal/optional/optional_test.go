package optional_test

import (
	"encoding/json"
	"testing"

	"tributary/internal/optional"
)

type record struct {
	Name optional.Value[string] `json:"name,omitzero"`
	Age  optional.Value[int]    `json:"age,omitzero"`
}

func TestJSONTellsAbsentFromNull(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in           string
		sent, null   bool
		value, again string
	}{
		{`{}`, false, false, "", `{}`},
		{`{"name":null}`, true, true, "", `{"name":null}`},
		{`{"name":""}`, true, false, "", `{"name":""}`},
		{`{"name":"Ada"}`, true, false, "Ada", `{"name":"Ada"}`},
	} {
		var r record
		if err := json.Unmarshal([]byte(c.in), &r); err != nil {
			t.Fatalf("%s: %v", c.in, err)
		}
		if r.Name.Sent != c.sent || r.Name.Null != c.null || r.Name.V != c.value {
			t.Errorf("%s: got %+v", c.in, r.Name)
		}
		b, err := json.Marshal(r)
		if err != nil || string(b) != c.again {
			t.Errorf("%s: written back as %s, %v, want %s", c.in, b, err, c.again)
		}
	}
	var r record
	if err := json.Unmarshal([]byte(`{"age":"x"}`), &r); err == nil {
		t.Error("a text was accepted as a number")
	}
}

func TestApply(t *testing.T) {
	t.Parallel()
	name, nick := "Ada", new("Countess")
	optional.Value[string]{}.Apply(&name)
	optional.Value[string]{}.ApplyPtr(&nick)
	if name != "Ada" || nick == nil {
		t.Errorf("an absent value changed %q, %v", name, nick)
	}
	optional.Of("Grace").Apply(&name)
	optional.Of("Admiral").ApplyPtr(&nick)
	if name != "Grace" || *nick != "Admiral" {
		t.Errorf("got %q, %q", name, *nick)
	}
	optional.Null[string]().Apply(&name)
	optional.Null[string]().ApplyPtr(&nick)
	if name != "" || nick != nil {
		t.Errorf("null left %q, %v", name, nick)
	}
	if got := optional.Null[int]().Or(7); got != 7 {
		t.Errorf("Or of null = %d", got)
	}
	if got := optional.Of(3).Or(7); got != 3 {
		t.Errorf("Or of 3 = %d", got)
	}
	if got := optional.Of(3).Ptr(); got == nil || *got != 3 {
		t.Errorf("Ptr of 3 = %v", got)
	}
}
