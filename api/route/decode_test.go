package route_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/textproto"
	"strings"
	"testing"

	"tributary/api/route"
)

// shout is an input type that reads its parameter itself.
type shout string

func (s *shout) SetParam(v any) error {
	text, ok := v.(string)
	if !ok {
		return errors.New("must be shouted")
	}
	*s = shout(strings.ToUpper(text))
	return nil
}

type paging struct {
	Page route.Page `query:"page"`
}

type label struct {
	Title route.Opt[string] `json:"title"`
	Color string            `json:"color"`
	Shown route.Opt[bool]   `json:"show_on_sidebar"`
}

type everything struct {
	paging
	ID     int64              `path:"id"`
	Name   string             `json:"name"`
	Age    int                `json:"age"`
	Small  int8               `json:"small"`
	Ratio  float64            `json:"ratio"`
	On     bool               `json:"on"`
	Count  route.Opt[int64]   `json:"count"`
	Nick   route.Opt[string]  `json:"nick"`
	Flag   route.Opt[bool]    `json:"flag"`
	Limit  *int               `json:"limit"`
	Motto  *string            `json:"motto"`
	IDs    []int64            `json:"ids"`
	Labels route.Many         `json:"labels"`
	Attrs  map[string]any     `json:"attrs"`
	Scores map[string]float64 `json:"scores"`
	Hours  []hour             `json:"hours"`
	Label  *label             `json:"label"`
	Raw    json.RawMessage    `json:"raw"`
	Any    any                `json:"any"`
	Loud   shout              `json:"loud"`
	Avatar route.Upload       `json:"avatar"`
	Doc    *route.File        `json:"doc"`
	Files  []route.Upload     `json:"files"`
	Sig    string             `header:"X-Sig"`
	Bytes  route.Body
}

type hour struct {
	Day  int             `json:"day"`
	Open route.Opt[int]  `json:"open"`
	Shut bool            `json:"shut"`
	Note json.RawMessage `json:"note"`
}

// show writes an input so that a test can compare it: only what is set.
func show(in everything) string {
	var b strings.Builder
	add := func(name string, set bool, v any) {
		if set {
			fmt.Fprintf(&b, "%s=%v ", name, v)
		}
	}
	opt := func(name string, sent, null bool, v any) {
		if null {
			v = "null"
		}
		add(name, sent, v)
	}
	add("id", in.ID != 0, in.ID)
	add("page", in.Page.Echo() != 1, fmt.Sprintf("%d/%v", in.Page.Number(), in.Page.Echo()))
	add("name", in.Name != "", in.Name)
	add("age", in.Age != 0, in.Age)
	add("small", in.Small != 0, in.Small)
	add("ratio", in.Ratio != 0, in.Ratio)
	add("on", in.On, in.On)
	opt("count", in.Count.Sent, in.Count.Null, in.Count.V)
	opt("nick", in.Nick.Sent, in.Nick.Null, fmt.Sprintf("%q", in.Nick.V))
	opt("flag", in.Flag.Sent, in.Flag.Null, in.Flag.V)
	if in.Limit != nil {
		add("limit", true, *in.Limit)
	}
	if in.Motto != nil {
		add("motto", true, fmt.Sprintf("%q", *in.Motto))
	}
	add("ids", in.IDs != nil, in.IDs)
	add("labels", in.Labels != nil, fmt.Sprintf("%q", []string(in.Labels)))
	add("attrs", in.Attrs != nil, in.Attrs)
	add("scores", in.Scores != nil, in.Scores)
	for _, h := range in.Hours {
		add("hour", true, fmt.Sprintf("%d/%v/%v/%s", h.Day, h.Open, h.Shut, h.Note))
	}
	if in.Label != nil {
		add("label", true, fmt.Sprintf("%+v", *in.Label))
	}
	add("raw", in.Raw != nil, string(in.Raw))
	add("any", in.Any != nil, fmt.Sprintf("%v", in.Any))
	add("loud", in.Loud != "", in.Loud)
	for _, u := range append([]route.Upload{in.Avatar, {File: in.Doc}}, in.Files...) {
		add("file", u.Given(), describe(u))
	}
	add("sig", in.Sig != "", in.Sig)
	return strings.TrimSpace(b.String())
}

func describe(u route.Upload) string {
	if u.File == nil {
		return u.SignedID
	}
	f, err := u.File.Open()
	if err != nil {
		return err.Error()
	}
	defer func() { _ = f.Close() }()
	content, err := io.ReadAll(f)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s(%s,%d,%s)", u.File.Filename, u.File.ContentType, u.File.Size, content)
}

func showEverything(_ context.Context, _ *route.Call, in everything) (route.Content, error) {
	return route.Raw([]byte(show(in)), "text/plain"), nil
}

func decodeRows() []route.Row {
	return []route.Row{
		route.Post("/api/v1/all/{id}", route.Public, showEverything),
		route.Get("/api/v1/all/{id}", route.Public, showEverything),
		route.Post("/api/v1/flat/{id}", route.Public, showEverything).Flat("label").Require("label"),
		route.Post("/api/v1/nulls/{id}", route.Public, showEverything).NullTexts(),
		route.Post("/api/v1/plain/{id}", route.Public, showEverything).PlainErrors(),
		route.Post("/public/api/v1/flat/{id}", route.Public, showEverything).Require("label"),
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	s := start(t, decodeRows())
	const form = "Content-Type: application/x-www-form-urlencoded"
	invalid := func(attr, text string) string {
		return `{"message":"` + text + `","attributes":["` + attr + `"]}`
	}
	for _, c := range []struct {
		name, path, contentType, body string
		status                        int
		want                          string
	}{
		{"nothing", "/api/v1/all/7", jsonBody, "", 200, "id=7"},
		{"empty object", "/api/v1/all/7", jsonBody, "{}", 200, "id=7"},
		{
			"types", "/api/v1/all/7", jsonBody, `{"name":"Ada","age":36,"ratio":1.5,"on":true,"count":3,"nick":"A","flag":false,"limit":4,"motto":"x"}`, 200,
			`id=7 name=Ada age=36 ratio=1.5 on=true count=3 nick="A" flag=false limit=4 motto="x"`,
		},
		{
			"types as text", "/api/v1/all/7", jsonBody, `{"name":12,"age":" 36 ","ratio":"1.5","on":"true","count":"3","nick":4,"flag":"off","limit":"4.0"}`, 200,
			`id=7 name=12 age=36 ratio=1.5 on=true count=3 nick="4" flag=false limit=4`,
		},
		{
			"nulls", "/api/v1/all/7", jsonBody, `{"name":null,"age":null,"on":null,"count":null,"nick":null,"flag":null,"limit":null,"ids":null,"attrs":null,"label":null,"any":null,"labels":null}`, 200,
			"id=7 count=null nick=null flag=null",
		},
		{
			"empty texts", "/api/v1/all/7", jsonBody, `{"name":"","age":"","on":"","count":"","nick":"","flag":"","limit":"","motto":"","ids":"","attrs":"","label":""}`, 200,
			`id=7 count=null nick="" flag=null motto=""`,
		},
		{"wrong number", "/api/v1/all/7", jsonBody, `{"age":"many"}`, 422, invalid("age", "Age is not a number")},
		{"fraction for a whole number", "/api/v1/all/7", jsonBody, `{"age":1.5}`, 422, invalid("age", "Age is not a number")},
		{"number too large", "/api/v1/all/7", jsonBody, `{"small":300}`, 422, invalid("small", "Small is not a number")},
		{"boolean for a number", "/api/v1/all/7", jsonBody, `{"count":true}`, 422, invalid("count", "Count is not a number")},
		{"list for a text", "/api/v1/all/7", jsonBody, `{"name":["x"]}`, 422, invalid("name", "Name is invalid")},
		{"object for a boolean", "/api/v1/all/7", jsonBody, `{"on":{}}`, 422, invalid("on", "On is invalid")},
		{"text for a list", "/api/v1/all/7", jsonBody, `{"ids":"1"}`, 422, invalid("ids", "Ids is invalid")},
		{"wrong element", "/api/v1/all/7", jsonBody, `{"ids":[1,"b"]}`, 422, invalid("ids", "Ids is not a number")},
		{"text for an object", "/api/v1/all/7", jsonBody, `{"attrs":"x"}`, 422, invalid("attrs", "Attrs is invalid")},
		{"list for an object", "/api/v1/all/7", jsonBody, `{"label":[]}`, 422, invalid("label", "Label is invalid")},
		{"wrong type inside", "/api/v1/all/7", jsonBody, `{"hours":[{"day":"Mon"}]}`, 422, invalid("day", "Day is not a number")},
		{"own type refuses", "/api/v1/all/7", jsonBody, `{"loud":[]}`, 422, invalid("loud", "Loud must be shouted")},
		{"text where a file belongs", "/api/v1/all/7", jsonBody, `{"doc":"x"}`, 422, invalid("doc", "Doc is invalid")},
		{"object where an upload belongs", "/api/v1/all/7", jsonBody, `{"avatar":{}}`, 422, invalid("avatar", "Avatar is invalid")},
		{"several wrong", "/api/v1/all/7", jsonBody, `{"ratio":"x","age":"y"}`, 422, `{"message":"Age is not a number, Ratio is not a number","attributes":["age","ratio"]}`},
		{"wrong, as plain text", "/api/v1/plain/7", jsonBody, `{"age":"many"}`, 422, `{"error":"Validation failed: Age is not a number"}`},
		{
			"lists and objects", "/api/v1/all/7", jsonBody, `{"ids":[1,"2"],"labels":["a","b"],"attrs":{"k":[1]},"scores":{"x":"1.5"},"hours":[{"day":1,"open":null},{"day":"2","shut":"t","note":{"a":1}}]}`, 200,
			`id=7 ids=[1 2] labels=["a" "b"] attrs=map[k:[1]] scores=map[x:1.5] hour=1/{true true 0}/false/ hour=2/{false false 0}/true/{"a":1}`,
		},
		{"one for many", "/api/v1/all/7", jsonBody, `{"labels":"a"}`, 200, `id=7 labels=["a"]`},
		{
			"raw and any", "/api/v1/all/7", jsonBody, `{"raw":{"a":[1,12345678901234567890]},"any":{"b":1.50}}`, 200,
			`id=7 raw={"a":[1,12345678901234567890]} any=map[b:1.50]`,
		},
		{"own type", "/api/v1/all/7", jsonBody, `{"loud":"hey"}`, 200, "id=7 loud=HEY"},
		{"unknown keys", "/api/v1/all/7", jsonBody, `{"zzz":{"a":[{}]}}`, 200, "id=7"},
		{"path wins", "/api/v1/all/7?id=8", jsonBody, `{"id":9}`, 200, "id=7"},
		{"body beats query", "/api/v1/all/7?name=q&age=3", jsonBody, `{"name":"b"}`, 200, "id=7 name=b age=3"},
		{"page as text", "/api/v1/all/7?page=3", "", "", 200, "id=7 page=3/3"},
		{"page zero", "/api/v1/all/7?page=0", "", "", 200, "id=7 page=1/0"},
		{"page negative", "/api/v1/all/7?page=-4", "", "", 200, "id=7 page=1/-4"},
		{"page as words", "/api/v1/all/7?page=two", "", "", 200, "id=7 page=1/two"},
		{"page as list", "/api/v1/all/7?page[]=2", "", "", 200, "id=7"},
		{"list in the query", "/api/v1/all/7?ids[]=1&ids[]=2&labels=x", "", "", 200, `id=7 ids=[1 2] labels=["x"]`},
		{"encoded brackets", "/api/v1/all/7?ids%5B%5D=1&ids%5B%5D=2", "", "", 200, `id=7 ids=[1 2]`},
		{
			"form", "/api/v1/all/7", form, "name=A+B&on=0&label[title]=x&label[show_on_sidebar]=1", 200,
			`id=7 name=A B label={Title:{Sent:true Null:false V:x} Color: Shown:{Sent:true Null:false V:true}}`,
		},
		{
			"form with a list of objects", "/api/v1/all/7", form, "hours[][day]=1&hours[][shut]=t&hours[][day]=2&hours[][shut]=f", 200,
			"id=7 hour=1/{false false 0}/true/ hour=2/{false false 0}/false/",
		},
		{
			"form with numbered objects", "/api/v1/all/7", form, "hours[1][day]=2&hours[0][day]=1", 200,
			"id=7 hour=1/{false false 0}/false/ hour=2/{false false 0}/false/",
		},
		{"form into raw", "/api/v1/all/7", form, "raw[a][b]=1&raw[c][]=x", 200, `id=7 raw={"a":{"b":"1"},"c":["x"]}`},
		{"form at odds with itself", "/api/v1/all/7", form, "label=x&label[title]=y", 400, `{"status":400,"error":"Bad Request"}`},
		{"form at odds the other way", "/api/v1/all/7", form, "label[title]=y&label=x", 400, `{"status":400,"error":"Bad Request"}`},
		{"list and object", "/api/v1/all/7", form, "ids[]=1&ids[a]=2", 400, `{"status":400,"error":"Bad Request"}`},
		{"open bracket", "/api/v1/all/7", form, "name[=1&[x]=2&]=3", 200, "id=7"},
		{"too deep", "/api/v1/all/7", form, "any" + strings.Repeat("[a]", 70) + "=1", 400, `{"status":400,"error":"Bad Request"}`},
		{"too many", "/api/v1/all/7", form, strings.Repeat("a[]=1&", 5000), 400, `{"status":400,"error":"Bad Request"}`},
		{"not UTF-8", "/api/v1/all/7", form, "name=%ff", 400, `{"status":400,"error":"Bad Request"}`},
		{"NUL", "/api/v1/all/7", jsonBody, `{"any":["a\u0000"]}`, 400, `{"status":400,"error":"Bad Request"}`},
		{"number out of this world", "/api/v1/all/7", jsonBody, `{"any":1e999}`, 400, `{"status":400,"error":"Bad Request"}`},
		{"JSON too deep", "/api/v1/all/7", jsonBody, `{"any":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`, 400, `{"status":400,"error":"Bad Request"}`},
		{"malformed JSON", "/api/v1/all/7", jsonBody, `{"name":`, 400, `{"status":400,"error":"Bad Request"}`},
		{"two JSON values", "/api/v1/all/7", jsonBody, `{} {}`, 400, `{"status":400,"error":"Bad Request"}`},
		{"JSON that is no object", "/api/v1/all/7", jsonBody, `[1]`, 200, "id=7"},
		{"JSON with charset", "/api/v1/all/7", "Content-Type: application/json; charset=utf-8", `{"age":1}`, 200, "id=7 age=1"},
		{"JSON with odd parameters", "/api/v1/all/7", "Content-Type: application/JSON;;", `{"age":1}`, 200, "id=7 age=1"},
		{"body of another type", "/api/v1/all/7", "Content-Type: text/plain", `{"age":1}`, 200, "id=7"},
		{"broken multipart", "/api/v1/all/7", "Content-Type: multipart/form-data", "x", 400, `{"status":400,"error":"Bad Request"}`},
		{"id that is no number", "/api/v1/all/x7", jsonBody, "", 404, `{"error":"Resource could not be found"}`},
		{"id with a sign", "/api/v1/all/-7", jsonBody, "", 404, `{"error":"Resource could not be found"}`},
		{"id too large", "/api/v1/all/9223372036854775808", jsonBody, "", 404, `{"error":"Resource could not be found"}`},
		{"id percent-encoded", "/api/v1/all/%37", jsonBody, "", 200, "id=7"},
		{
			"flat", "/api/v1/flat/7", jsonBody, `{"title":null,"color":"red","id":3,"zzz":1}`, 200,
			`id=7 label={Title:{Sent:true Null:true V:} Color:red Shown:{Sent:false Null:false V:false}}`,
		},
		{
			"nested where flat is allowed", "/api/v1/flat/7", jsonBody, `{"label":{"color":"red"},"title":"no"}`, 200,
			`id=7 label={Title:{Sent:false Null:false V:} Color:red Shown:{Sent:false Null:false V:false}}`,
		},
		{"flat with nothing known", "/api/v1/flat/7", jsonBody, `{"zzz":1}`, 422, `{"error":"param is missing or the value is empty: label"}`},
		{"flat form", "/api/v1/flat/7", form, `color=red`, 422, `{"error":"param is missing or the value is empty: label"}`},
		{"required but empty", "/api/v1/flat/7", jsonBody, `{"label":{}}`, 422, `{"error":"param is missing or the value is empty: label"}`},
		{"required but blank", "/api/v1/flat/7", jsonBody, `{"label":" "}`, 422, `{"error":"param is missing or the value is empty: label"}`},
		{
			"required in the query", "/api/v1/flat/7?label[color]=red", form, "", 200,
			`id=7 label={Title:{Sent:false Null:false V:} Color:red Shown:{Sent:false Null:false V:false}}`,
		},
		{"required, public", "/public/api/v1/flat/7", form, `color=red`, 400, `{"status":400,"error":"Bad Request"}`},
		{
			"text null", "/api/v1/nulls/7", form, "name=null&nick=null&label[color]=null", 200,
			`id=7 nick=null label={Title:{Sent:false Null:false V:} Color:null Shown:{Sent:false Null:false V:false}}`,
		},
		{"text null elsewhere is a text", "/api/v1/all/7", form, "name=null", 200, "id=7 name=null"},
	} {
		a := s.do(t, "POST", c.path, c.body, c.contentType)
		a.want(t, c.name, c.status, c.want)
	}
	s.do(t, "GET", "/api/v1/all/7?name=q", `{"age":1}`, jsonBody, "X-Sig: s1").want(t, "GET with a body", 200, "id=7 name=q age=1 sig=s1")
}

func TestBooleans(t *testing.T) {
	t.Parallel()
	s := start(t, decodeRows())
	for text, want := range map[string]string{
		"false": "false", `"false"`: "false", "0": "false", `"0"`: "false", `"f"`: "false", `"F"`: "false", `"off"`: "false",
		`"OFF"`: "false", `"FALSE"`: "false", `""`: "null", "null": "null", "true": "true", "1": "true", `"no"`: "true",
		`"undefined"`: "true", `"Off"`: "true", "2": "true", "0.0": "false",
	} {
		s.do(t, "POST", "/api/v1/all/7", `{"flag":`+text+`}`, jsonBody).want(t, text, 200, "id=7 flag="+want)
	}
}

func TestMultipart(t *testing.T) {
	t.Parallel()
	s := start(t, decodeRows())
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part := func(name, filename, contentType, content string) {
		h := textproto.MIMEHeader{}
		h.Set("Content-Disposition", fmt.Sprintf("form-data; name=%q; filename=%q", name, filename))
		if contentType != "" {
			h.Set("Content-Type", contentType)
		}
		p, err := w.CreatePart(h)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = p.Write([]byte(content))
	}
	for _, kv := range [][2]string{
		{"name", "null"},
		{"label[color]", "red"},
		{"ids[]", "1"},
		{"ids[]", "2"},
		{"hours[][day]", "1"},
		{"hours[][day]", "2"},
		{"hours[][shut]", "true"},
		{"hours[][shut]", "false"},
		{"files[]", "signed-id"},
	} {
		if err := w.WriteField(kv[0], kv[1]); err != nil {
			t.Fatal(err)
		}
	}
	part("avatar", "me.png", "image/png", "PNG")
	part("doc", `C:\docs\..\a.txt`, "", "text")
	part("files[]", "b.bin", "bad type/", "bin")
	part("raw[file]", "c.txt", "text/plain", "kept out")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	a := s.do(t, "POST", "/api/v1/nulls/7", b.String(), "Content-Type: "+w.FormDataContentType())
	a.want(t, "multipart", 200, `id=7 ids=[1 2] hour=1/{false false 0}/true/ hour=2/{false false 0}/false/ `+
		`label={Title:{Sent:false Null:false V:} Color:red Shown:{Sent:false Null:false V:false}} raw={} `+
		`file=me.png(image/png,3,PNG) file=a.txt(application/octet-stream,4,text) file=signed-id file=b.bin(application/octet-stream,3,bin)`)
	a = s.do(t, "POST", "/api/v1/all/7", strings.ReplaceAll(b.String(), `name="doc"`, `name="name"`), "Content-Type: "+w.FormDataContentType())
	a.want(t, "a file where a text belongs", 422, `{"message":"Name is invalid","attributes":["name"]}`)
}

func TestBodyIsGivenAsItCame(t *testing.T) {
	t.Parallel()
	s := start(t, []route.Row{
		route.Post("/enterprise/webhooks/stripe", route.Public, func(_ context.Context, _ *route.Call, in struct {
			Body      route.Body
			Signature string `header:"Stripe-Signature"`
			Type      string `json:"type"`
		},
		) (string, error) {
			return string(in.Body) + " " + in.Signature + " " + in.Type, nil
		}),
	})
	s.do(t, "POST", "/enterprise/webhooks/stripe", `{ "type" : "x" }`, jsonBody, "Stripe-Signature: t=1").
		want(t, "bytes", 200, `"{ \"type\" : \"x\" } t=1 x"`)
}

// FuzzDecode sends arbitrary bodies and queries: no input may cost a 500.
func FuzzDecode(f *testing.F) {
	for _, seed := range [][3]string{
		{"application/json", `{"name":"x","ids":[1],"hours":[{"day":1}],"raw":{"a":null}}`, "page=2&labels[]=a"},
		{"application/x-www-form-urlencoded", "hours[][day]=1&hours[][day]=2&label[title]=x&ids[]=", "a[b][c]=1"},
		{"multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"files[]\"; filename=\"x\"\r\n\r\nhi\r\n--b--\r\n", ""},
		{"application/json", `{"hours":{"0":{"day":"1"}},"any":1e400}`, "%ff=%00"},
		{"", "", "[[]]=1&a[=2&]b=3&a[]b=4"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	s := start(f, decodeRows())
	f.Fuzz(func(t *testing.T, contentType, body, query string) {
		if strings.ContainsAny(contentType, "\r\n\x00") || len(body) > 1<<16 || len(query)+len(contentType) > 512 {
			return
		}
		for _, path := range []string{"all", "flat", "nulls", "plain"} {
			a := s.post(t, "/api/v1/"+path+"/7", query, contentType, body)
			switch a.status {
			case 200, 400, 413, 422:
			default:
				t.Errorf("%s: got %d %s for %q %q ?%q", path, a.status, a.body, contentType, body, query)
			}
		}
	})
}
