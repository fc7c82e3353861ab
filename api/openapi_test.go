package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"tributary/api"
	"tributary/api/openapi/openapitest"
	"tributary/api/route"
	"tributary/app"
)

// mounted are all rows of the program, webhooks and health included.
var mounted = sync.OnceValue(func() []route.Row { return append(app.HookRows(), api.New(api.Deps{}).Rows()...) })

// described is the description as the tests hold answers against it.
var described = sync.OnceValues(func() (*openapitest.Checker, error) {
	b, err := api.Describe(mounted(), true)
	if err != nil {
		return nil, err
	}
	return openapitest.New(mounted(), b)
})

// Every route is described, by a document that is valid. The error says which row
// lacks what.
func TestDescription(t *testing.T) {
	t.Parallel()
	for _, strict := range []bool{false, true} {
		b, err := api.Describe(mounted(), strict)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := openapi3.NewLoader().LoadFromData(b)
		if err != nil {
			t.Fatal(err)
		}
		if err := doc.Validate(t.Context()); err != nil {
			t.Error(err)
		}
		if !doc.IsOpenAPI31OrLater() {
			t.Errorf("version %s", doc.OpenAPI)
		}
		again, err := api.Describe(mounted(), strict)
		if err != nil || !bytes.Equal(b, again) {
			t.Errorf("described twice, it differs: %v", err)
		}
		ids := map[string]bool{}
		for _, r := range mounted() {
			for _, method := range r.Methods {
				op := doc.Paths.Value(r.Template()).GetOperation(method)
				if op == nil || op.Summary == "" || len(op.Tags) != 1 || ids[op.OperationID] {
					t.Errorf("%s %s: %+v", method, r.Path, op)
					continue
				}
				ids[op.OperationID] = true
			}
		}
	}
}

// What is said of one route is checked by eye once: the parts of a row and where they
// stand.
func TestDescriptionOfTeams(t *testing.T) {
	t.Parallel()
	text, err := api.Describe(mounted(), true)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	item := doc.Paths.Value("/api/v1/accounts/{account_id}/teams/{id}")
	b, err := json.Marshal(item.Patch)
	if err != nil {
		t.Fatal(err)
	}
	refusal := func(name string) string { return `{"$ref":"#/components/responses/` + name + `"}` }
	var got any
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	form := `{"schema":{"type":"object","properties":{"team":{"$ref":"#/components/schemas/TeamInput"}}}}`
	same(t, "PATCH team", got, `{"operationId":"updateTeam","summary":"Update team","tags":["teams"],"x-permission":"administrator",
		"security":[{"userToken":[]},{"sessionAccessToken":[],"sessionClient":[],"sessionUID":[]},{"sessionBearer":[]}],
		"parameters":[{"in":"path","name":"account_id","required":true,"schema":{"type":"integer"}},
			{"in":"path","name":"id","required":true,"schema":{"type":"integer"}}],
		"requestBody":{"content":{
			"application/json":{"schema":{"anyOf":[{"type":"object","properties":{"team":{"$ref":"#/components/schemas/TeamInput"}}},{"$ref":"#/components/schemas/TeamInput"}]}},
			"application/x-www-form-urlencoded":`+form+`,"multipart/form-data":`+form+`}},
		"responses":{"200":{"description":"Done.","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Team"}}}},
			"400":`+refusal("BadRequest")+`,"401":`+refusal("NotAllowedInAccount")+`,"404":`+refusal("NotFound")+`,"413":`+refusal("TooLarge")+`,
			"422":`+refusal("Unprocessable")+`,"429":`+refusal("TooManyRequests")+`,"500":`+refusal("Failed")+`}}`)
	for name, want := range map[string]string{
		"Team": `{"type":"object","additionalProperties":false,"required":["account_id","allow_auto_assign","description","id","is_member","name"],
			"properties":{"id":{"type":"integer"},"name":{"type":"string"},"description":{"type":["string","null"]},
			"allow_auto_assign":{"type":"boolean"},"account_id":{"type":"integer"},"is_member":{"type":"boolean"}}}`,
		"TeamInput": `{"type":"object","properties":{"name":{"type":["string","null"]},"description":{"type":["string","null"]},"allow_auto_assign":{"type":["boolean","null"]}}}`,
		"Error":     `{"type":"object","additionalProperties":false,"required":["error"],"properties":{"error":{"type":"string"}}}`,
	} {
		b, err := json.Marshal(doc.Components.Schemas[name])
		if err != nil {
			t.Fatal(err)
		}
		var got any
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		same(t, name, got, want)
	}
}

func TestSwagger(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		get := func(path, encoding string) (*http.Response, string) {
			t.Helper()
			req, err := http.NewRequest(http.MethodGet, "http://desk.test"+path, nil)
			w.must(err)
			req.Header.Set("Accept-Encoding", encoding)
			res, err := w.client.Do(req)
			w.must(err)
			defer func() { _ = res.Body.Close() }()
			b, err := io.ReadAll(res.Body)
			w.must(err)
			return res, string(b)
		}
		res, page := get("/swagger", "identity")
		if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/html; charset=utf-8" || strings.Contains(res.Header.Get("Content-Security-Policy"), "unsafe") {
			t.Errorf("page: %d %v", res.StatusCode, res.Header)
		}
		for _, asset := range []string{"swagger-ui.css", "swagger-ui-bundle.js", "start.js", "favicon-32x32.png"} {
			res, plain := get("/swagger/"+asset, "identity")
			if res.StatusCode != http.StatusOK || plain == "" || !strings.Contains(page, "/swagger/"+asset) || res.Header.Get("Content-Encoding") != "" {
				t.Errorf("%s: %d", asset, res.StatusCode)
			}
			res, packed := get("/swagger/"+asset, "gzip")
			if isPacked := res.Header.Get("Content-Encoding") == "gzip"; res.StatusCode != http.StatusOK || isPacked != (packed != plain) {
				t.Errorf("%s, packed: %d %v", asset, res.StatusCode, res.Header)
			}
		}
		res, body := get("/swagger/swagger.json", "identity")
		want, err := api.Describe(slices.Concat(app.HookRows(), w.api.Rows()), false)
		if err != nil || res.StatusCode != http.StatusOK || body != string(want) || res.Header.Get("Content-Type") != "application/json" {
			t.Errorf("document: %d %v %.80s", res.StatusCode, err, body)
		}
		for _, path := range []string{"/swagger/nothing.js", "/swagger/../go.mod", "/swagger/embed.go", "/swagger/a/b.js", "/swagger/.js"} {
			if res, body := get(path, "gzip"); res.StatusCode != http.StatusNotFound || body != "" {
				t.Errorf("%s: %d %q", path, res.StatusCode, body)
			}
		}
	})
}
