package fastjson_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"tributary/internal/fastjson"
)

type document struct {
	Name  string            `json:"name"`
	Count int               `json:"count"`
	Raw   json.RawMessage   `json:"raw"`
	List  []json.RawMessage `json:"list"`
	Any   map[string]any    `json:"any"`
	Deep  *document         `json:"deep"`
}

// The drivers depend on these peculiarities of encoding/json.
func TestUnmarshalAsTheStandardLibraryDoes(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"name":"a","count":3,"raw":{"x":[1, 2]},"list":[1,"b",null],"any":{"n":1.5,"s":null},"deep":{"name":"\u00fc\ud83d\ude00"}}`,
		`{"NAME":"other case","Count":2}`,
		`{"name":"twice","name":"again"}`,
		`{"name":7,"count":"x","deep":{"name":"still read"},"raw":true}`,
		`{"name":null,"deep":null,"list":null,"raw":null}`,
		"{\"name\":\"\xff\xfe\"}",
		`{"name":"lone \ud800 surrogate"}`,
		`{"name":"a"`, `{"name":"a"} x`, `[1]`, `7`, ``, `{"name":"a",}`, `{"count":1e400}`, `{"unknown":{"deep":[{}]}}`,
	} {
		var want, got document
		wantErr, gotErr := json.Unmarshal([]byte(text), &want), fastjson.Unmarshal([]byte(text), &got)
		if (wantErr == nil) != (gotErr == nil) {
			t.Errorf("%s: got error %v, want %v", text, gotErr, wantErr)
		}
		_, mismatch := wantErr.(*json.UnmarshalTypeError) //nolint:errorlint // json returns it bare
		if fastjson.Mismatch(gotErr) != mismatch {
			t.Errorf("%s: mismatch got %v, want %v (%v)", text, !mismatch, mismatch, gotErr)
		}
		if (wantErr == nil || mismatch) && !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", text, got, want)
		}
	}
}

func TestString(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`"abc"`, `""`, `"a\"b"`, `"ü"`, `"\u00fc"`, ` "a" `, `"a`, `"a"b"`, `1`, `null`, ``, `"`, "\"\x01\"", "\"\xff\""} {
		var want string
		err := json.Unmarshal([]byte(text), &want)
		ok := err == nil && text != "null"
		got, gotOK := fastjson.String([]byte(text))
		if gotOK != ok || got != want && ok {
			t.Errorf("%s: got %q %v, want %q %v", text, got, gotOK, want, ok)
		}
	}
}
