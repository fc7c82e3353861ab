package api_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"tributary/api/route"
)

// Whatever is sent to a route, it is refused as the contract says, or served: the
// server does not fail. What is sent comes from the rows.
func TestBadInput(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		m := newMatrix(t, w)
		calls := m.calls()
		for _, c := range calls {
			in := badInput{matrix: m, call: c}
			in.paths()
			if c.method != c.row.Methods[0] {
				continue // the same handler and input
			}
			if c.method != http.MethodGet && !c.row.Opaque {
				in.bodies()
			}
			in.fields()
		}
	})
}

// badInput is what is wrong with the requests for one route.
type badInput struct {
	*matrix
	call matrixCall
}

const (
	numbered400 = `{"status":400,"error":"Bad Request"}`
	numbered413 = `{"status":413,"error":"Content Too Large"}`
)

// caller is who may call the route.
func (in *badInput) caller() string {
	switch {
	case in.call.row.Session:
		return asSession
	case in.call.row.Auth == route.AuthPlatform:
		return asPlatform
	case in.call.row.Auth == route.AuthNone:
		return asNobody
	case in.call.row.Policy == route.Operator:
		return asOperator
	}
	return asAdmin
}

// send calls the route. Tokens change, and what is refused is described.
func (in *badInput) send(path, body string) answer {
	in.t.Helper()
	role := in.caller()
	a := in.as(role, in.call.method, path, body)
	if a.status == 401 && role == asAdmin {
		in.renew(in.call)
		a = in.as(role, in.call.method, path, body)
	}
	if a.status >= 500 {
		in.t.Errorf("%s %.200s: %d %s", a.name, body, a.status, a.body)
	}
	return a
}

// want is send with the status, and the body where it is not empty.
func (in *badInput) want(path, body string, status int, text string) {
	in.t.Helper()
	if a := in.send(path, body); a.status != status || text != "" && a.body != text {
		in.t.Errorf("%s %.200s: %d %s, want %d %s", a.name, body, a.status, a.body, status, text)
	}
}

// paths puts what is no number, or no text, in the place of each parameter.
func (in *badInput) paths() {
	in.t.Helper()
	numbers := map[string]bool{"account_id": in.call.row.Auth == route.AuthAccount, "id": in.call.row.Auth == route.AuthOwnAccount}
	route.EachField(in.call.row.In, func(f reflect.StructField) {
		if name := f.Tag.Get("path"); name != "" {
			numbers[name] = f.Type.Kind() == reflect.Int64
		}
	})
	there, wanted := strings.Split(in.call.path, "/"), strings.Split(in.call.row.Template(), "/")
	for i, s := range wanted {
		if !strings.HasPrefix(s, "{") || strings.HasSuffix(in.call.row.Path, ":*}") && i == len(wanted)-1 {
			continue
		}
		for _, odd := range []string{"x", "-1", "1.5", "0x1", "99999999999999999999", "%00", "%ff", "%D9%A1", "1%00"} {
			path := strings.Join(there[:i], "/") + "/" + odd
			if i+1 < len(there) {
				path += "/" + strings.Join(there[i+1:], "/")
			}
			// A word may be another route's path.
			if other := in.find(path); other != in.call.row {
				continue
			}
			a := in.send(path, in.call.body())
			unreadable := strings.Contains(odd, "%00") || strings.Contains(odd, "%ff") // refused as such where nobody looked at the number before
			if numbers[strings.Trim(s, "{}")] && a.status != 404 && (a.status != 400 || !unreadable) {
				in.t.Errorf("%s: %d %s, want 404", a.name, a.status, a.body)
			}
		}
	}
}

// find is the row that takes a path.
func (in *badInput) find(path string) *route.Row {
	var best *route.Row
	most := -1
	for i := range in.rows {
		if fixed, ok := in.rows[i].Matches(path); ok && fixed > most && strings.Contains(strings.Join(in.rows[i].Methods, " "), in.call.method) {
			best, most = &in.rows[i], fixed
		}
	}
	return best
}

// bodies are unreadable, or lack what is required, or are too long.
func (in *badInput) bodies() {
	in.t.Helper()
	for _, body := range []string{
		`{"a":`, `{"a":1}{"b":2}`, `{a:1}`, `{"a":` + strings.Repeat("[", 80) + strings.Repeat("]", 80) + `}`,
		`{"a":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`, `{"a":"` + "\\u0000" + `"}`, "{\"\\u0000\":1}", `{"a":1e400}`,
		"{\"a\":\"\x01\"}",
	} {
		in.want(in.call.path, body, 400, numbered400)
	}
	for _, form := range []string{"a=%00", "a=%ff", "a[b]=1&a=2&a[c]=3", strings.Repeat("a[]=1&", 5000), "a" + strings.Repeat("[b]", 100) + "=1"} {
		in.want(in.call.path, form, 400, numbered400)
	}
	if limit := in.call.row.BodyLimit; limit > 0 {
		in.want(in.call.path, `{"a":"`+strings.Repeat("x", limit)+`"}`, 413, numbered413)
	}
	if in.call.method == http.MethodDelete {
		return // which succeeds
	}
	if key := in.call.row.RequireKey; key != "" {
		status, text := 422, paramText(key)
		if strings.HasPrefix(in.call.path, "/platform/") || strings.HasPrefix(in.call.path, "/public/") {
			status, text = 400, numbered400
		}
		for _, body := range []string{`{}`, `{"` + key + `":{}}`, `{"` + key + `":null}`, `{"` + key + `":[]}`, `{"` + key + `":""}`, ``} {
			in.want(in.call.path, body, status, text)
		}
	}
	in.send(in.call.path, `{"unknown":{"deep":[1]},"another":null}`)
	in.send(in.call.path, "{\"a\":\"\xff\xfe\"}") // read as U+FFFD
	for _, body := range []string{`null`, `[]`, `1`, `"x"`, `true`, `[{}]`} {
		in.send(in.call.path, body)
	}
}

// oddValues are JSON that no field expects, or few.
var oddValues = []string{
	`null`, `""`, `"x"`, `-1`, `0`, `1.5`, `99999999999999999999`, `9223372036854775807`, `true`, `[]`, `[null]`, `[[{}]]`, `{}`, `{"a":{"b":[1]}}`, `"\ud800"`,
	`"2025-13-45T99:00:00Z"`,
}

// fields sends odd values as each field that the route reads.
func (in *badInput) fields() {
	in.t.Helper()
	if in.call.method == http.MethodDelete && !reads(in.call.row) {
		return
	}
	route.EachField(in.call.row.In, func(f reflect.StructField) {
		name, place := f.Tag.Get("json"), "json"
		if name == "" || name == "-" {
			name, place = f.Tag.Get("query"), "query"
		}
		if name == "" || name == "-" {
			return
		}
		if place == "query" || in.call.method == http.MethodGet {
			in.query(name, f.Type)
			return
		}
		in.values(f.Type, func(value string) string { return `{"` + name + `":` + value + `}` }, name != in.call.row.RequireKey)
		inner := inside(f.Type)
		if inner.Kind() != reflect.Struct || inner == reflect.TypeFor[route.Upload]() {
			return
		}
		route.EachField(inner, func(g reflect.StructField) {
			in.values(g.Type, func(value string) string { return `{"` + name + `":{"` + g.Tag.Get("json") + `":` + value + `}}` }, true)
		})
	})
}

// values sends each odd value; of one that the type cannot hold the row says so, when
// exact.
func (in *badInput) values(t reflect.Type, body func(value string) string, exact bool) {
	in.t.Helper()
	for _, value := range oddValues {
		a := in.send(in.call.path, body(value))
		if !exact || !wrong(t, value) || a.status == 422 {
			continue
		}
		in.t.Errorf("%s %s: %d %s, want 422", a.name, body(value), a.status, a.body)
	}
}

// query sends odd texts as a parameter.
func (in *badInput) query(name string, t reflect.Type) {
	in.t.Helper()
	for _, value := range []string{"", "x", "-1", "1.5", "99999999999999999999", "9223372036854775807", "%EF%BF%BD", "null"} {
		in.send(in.call.path+"?"+name+"="+value, in.call.body())
		in.send(in.call.path+"?"+name+"[]="+value, in.call.body())
	}
	for _, bad := range []string{"%00", "%ff"} {
		in.want(in.call.path+"?"+name+"="+bad, in.call.body(), 400, numbered400)
	}
	in.send(in.call.path+"?"+name+"[a][b]=1", in.call.body())
	if inside(t).Kind() == reflect.Int64 {
		in.want(in.call.path+"?"+name+"=x", in.call.body(), 422, "")
	}
}

// reads tells whether a row reads more than its path.
func reads(r *route.Row) bool {
	found := false
	route.EachField(r.In, func(f reflect.StructField) { found = found || f.Tag.Get("path") == "" && f.Tag.Get("header") == "" })
	return found
}

// inside is what an Opt or a pointer holds.
func inside(t reflect.Type) reflect.Type {
	if of, ok := route.IsOpt(t); ok {
		t = of
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// wrong tells whether a value is none of a type, however leniently it is read.
func wrong(t reflect.Type, value string) bool {
	t = inside(t)
	if t == reflect.TypeFor[json.RawMessage]() || reflect.PointerTo(t).Implements(reflect.TypeFor[route.Param]()) {
		return false
	}
	switch t.Kind() {
	case reflect.String, reflect.Bool:
		return value == `[[{}]]` || value == `{"a":{"b":[1]}}`
	case reflect.Int, reflect.Int64, reflect.Float64:
		return value == `"x"` || value == `[[{}]]` || value == `{"a":{"b":[1]}}` || value == `99999999999999999999` && t.Kind() != reflect.Float64
	case reflect.Slice, reflect.Map, reflect.Struct:
		return value == `"x"` || value == `true`
	}
	return false
}
