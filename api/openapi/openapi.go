// Package openapi describes routes in an OpenAPI 3.1 document, from nothing but
// their rows: what a handler reads and answers is in its types.
package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"tributary/api/route"
)

// Options of Build.
type Options struct {
	Title, Version string
	// Strict closes the objects of answers to properties that are not described: for
	// tests. Clients are to expect new ones.
	Strict bool
}

const about = `Every path also answers with the suffix ".json" and with a slash at its end. PUT and PATCH are the same wherever both are.

Bodies are JSON, or a form with keys in brackets (` + "`team[name]`, `ids[]`" + `); query and body are one set of parameters, and unknown
ones are ignored. Numbers may come as text, booleans in the usual spellings. Where a body's object has a key of its own, JSON without that
key is read as if it were inside it. A property that is not required may be missing; null clears what can be null.

Who calls is shown by the header ` + "`api_access_token`" + `, or by the session that signing in gave: the headers
` + "`access-token`, `client` and `uid`" + `. A refusal of the caller is always 401.`

// Build describes rows. Its error lists every row that cannot be described, and what
// it has to say.
func Build(rows []route.Row, o Options) ([]byte, error) {
	b := &builder{
		schemas:   schemas{strict: o.Strict, components: map[string]schema{}, names: map[reflect.Type]string{}},
		responses: map[string]any{},
		handlers:  map[string]int{},
	}
	for i := range rows {
		if rows[i].Handler != "" {
			b.handlers[rows[i].Handler]++
		}
	}
	paths, tags, ids := map[string]any{}, map[string]bool{}, map[string]string{}
	for i := range rows {
		r := &rows[i]
		for n, method := range r.Methods {
			b.at = method + " " + r.Path
			op := b.operation(r, method, n > 0)
			id, _ := op["operationId"].(string)
			if other, taken := ids[id]; taken {
				b.fail("operation %s is also %s: rename a handler", id, other)
			}
			ids[id] = b.at
			tags[tagOf(r.Path)] = true
			path := r.Template()
			item, ok := paths[path].(map[string]any)
			if !ok {
				item = map[string]any{}
				paths[path] = item
			}
			item[strings.ToLower(method)] = op
		}
	}
	list := []any{}
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, map[string]any{"name": name})
	}
	doc := map[string]any{
		"openapi": "3.1.0",
		"info":    map[string]any{"title": o.Title, "version": o.Version, "description": about},
		"servers": []any{map[string]any{"url": "/"}},
		"tags":    list,
		"paths":   paths,
		"components": map[string]any{
			"schemas": b.components, "responses": b.responses, "securitySchemes": securitySchemes(),
		},
	}
	if err := b.err(); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	return out.Bytes(), nil
}

// builder describes operations.
type builder struct {
	schemas
	responses map[string]any
	handlers  map[string]int // how many rows have the handler
}

func header(name, text string) map[string]any {
	return map[string]any{"type": "apiKey", "in": "header", "name": name, "description": text}
}

func securitySchemes() map[string]any {
	return map[string]any{
		"userToken":          header("api_access_token", "API token of a user"),
		"botToken":           header("api_access_token", "API token of an agent bot that is linked to an inbox of the account"),
		"platformToken":      header("api_access_token", "API token of a platform app"),
		"sessionAccessToken": header("access-token", "token of a session, with client and uid"),
		"sessionClient":      header("client", "device of the session"),
		"sessionUID":         header("uid", "e-mail address of the session's user"),
		"sessionBearer": map[string]any{
			"type": "http", "scheme": "bearer", "description": "Base64 of a JSON object with access-token, client and uid",
		},
	}
}

func security(r *route.Row) []any {
	use := func(names ...string) any {
		out := map[string]any{}
		for _, n := range names {
			out[n] = []string{}
		}
		return out
	}
	session := []any{use("sessionAccessToken", "sessionClient", "sessionUID"), use("sessionBearer")}
	switch {
	case r.Auth == route.AuthPlatform:
		return []any{use("platformToken")}
	case r.Auth == route.AuthNone && !r.Optional:
		return []any{}
	case r.Session:
		return session
	}
	out := append([]any{use("userToken")}, session...)
	if r.Bots {
		out = append(out, use("botToken"))
	}
	if r.Optional {
		out = append(out, use())
	}
	return out
}

func (b *builder) operation(r *route.Row, method string, again bool) map[string]any {
	op := map[string]any{
		"operationId": b.operationID(r, method, again),
		"summary":     summaryOf(r),
		"tags":        []string{tagOf(r.Path)},
		"security":    security(r),
		"responses":   b.answers(r, method),
	}
	if permission := r.Policy.String(); r.Policy != route.Public && r.Policy != route.SignedIn && r.Policy != route.Platform {
		op["x-permission"] = permission
	}
	if list := b.parameters(r); len(list) > 0 {
		op["parameters"] = list
	}
	if body := b.body(r, method); body != nil {
		op["requestBody"] = body
	}
	return op
}

var closure = regexp.MustCompile(`^(func)?\d*$`)

// operationID is the handler's name, or made of method and path where several rows
// have the handler or it has no name.
func (b *builder) operationID(r *route.Row, method string, again bool) string {
	if b.handlers[r.Handler] == 1 && !closure.MatchString(r.Handler) {
		if again {
			return r.Handler + "By" + method[:1] + strings.ToLower(method[1:])
		}
		return r.Handler
	}
	id := strings.ToLower(method)
	for word := range strings.FieldsFuncSeq(r.Template(), func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) }) {
		id += strings.ToUpper(word[:1]) + word[1:]
	}
	return id
}

// summaryOf is the row's own line, or its handler's name in words.
func summaryOf(r *route.Row) string {
	switch {
	case r.Docs.Summary != "":
		return r.Docs.Summary
	case closure.MatchString(r.Handler):
		return r.Methods[0] + " " + r.Template()
	}
	var out strings.Builder
	letters := []rune(r.Handler)
	for i, c := range letters {
		last := i+1 == len(letters)
		upper := unicode.IsUpper(c)
		starts := upper && i > 0 && (!unicode.IsUpper(letters[i-1]) || !last && unicode.IsLower(letters[i+1]))
		if starts {
			out.WriteByte(' ')
		}
		switch {
		case i == 0:
			out.WriteRune(unicode.ToUpper(c))
		case starts && !last && !unicode.IsUpper(letters[i+1]):
			out.WriteRune(unicode.ToLower(c))
		default:
			out.WriteRune(c)
		}
	}
	return out.String()
}

// tagOf is the resource of a path.
func tagOf(path string) string {
	segments := strings.Split(strings.Trim(path, "/"), "/")
	switch segments[0] {
	case "auth":
		return "session"
	case "rails":
		return "files"
	case "platform", "public", "enterprise", "widget", "webhooks", "swagger":
		return segments[0]
	case "api":
		if len(segments) > 4 && segments[3] == "{account_id}" {
			return segments[4]
		}
		if len(segments) > 2 {
			return segments[2]
		}
		return "installation"
	case "livez", "readyz", "metrics":
		return "installation"
	}
	return "webhooks"
}

func (b *builder) parameters(r *route.Row) []any {
	types := map[string]reflect.StructField{}
	var rest []any
	if r.In != nil {
		route.EachField(r.In, func(f reflect.StructField) {
			place := source(f, r)
			switch place {
			case inPath:
				types[f.Tag.Get(inPath)] = f
			case inQuery, inHeader:
				rest = append(rest, b.parameter(f, place))
			}
		})
	}
	var list []any
	for _, name := range r.PathParams() {
		what := schema{"type": "string"}
		if f, ok := types[name]; ok {
			what = b.input(f.Type, false)
		} else if name == "account_id" || name == "id" && r.Auth == route.AuthOwnAccount {
			what = schema{"type": "integer"}
		}
		list = append(list, map[string]any{"name": name, "in": "path", "required": true, "schema": what})
	}
	return append(list, rest...)
}

func (b *builder) parameter(f reflect.StructField, place string) map[string]any {
	name := f.Tag.Get(place)
	if name == "" {
		name = f.Tag.Get("json") // of what reads
	}
	what, ok := tagged(f)
	if !ok {
		what = notNull(b.input(f.Type, false))
	}
	out := map[string]any{"in": place, "schema": what}
	switch what["type"] {
	case "array":
		name += "[]"
		out["style"], out["explode"] = "form", true
	case "object":
		out["style"], out["explode"] = "deepObject", true
	}
	out["name"] = name
	return out
}

// body is the request's body, nil where the row reads none.
func (b *builder) body(r *route.Row, method string) map[string]any {
	if r.In == nil {
		if method == http.MethodGet {
			return nil
		}
		return map[string]any{"description": "as the provider sends it", "content": map[string]any{"*/*": map[string]any{}}}
	}
	files, plain, raw := schema{}, schema{}, false
	withFiles := false
	before := b.at
	route.EachField(r.In, func(f reflect.StructField) {
		b.at = before + ", input " + f.Name
		switch source(f, r) {
		case inRaw:
			raw = true
		case inBody:
			withFiles = withFiles || hasFiles(f.Type)
			name := f.Tag.Get("json")
			b.property(plain, name, f, false)
			b.property(files, name, f, true)
		}
	})
	b.at = before
	switch {
	case raw && len(plain) == 0:
		return map[string]any{"required": true, "content": map[string]any{"application/octet-stream": map[string]any{}}}
	case len(plain) == 0 && len(files) == 0:
		return nil
	}
	object := func(properties schema) schema {
		out := schema{"type": "object", "properties": properties}
		if _, named := properties[r.RequireKey]; named {
			out["required"] = []string{r.RequireKey}
		}
		return out
	}
	form := object(plain)
	flat := form
	if inside, ok := plain[r.FlatKey].(schema); ok {
		flat = schema{"anyOf": []any{form, inside}}
	}
	content := map[string]any{
		jsonMedia:                           map[string]any{"schema": flat},
		"application/x-www-form-urlencoded": map[string]any{"schema": form},
		"multipart/form-data":               map[string]any{"schema": form},
	}
	if withFiles {
		content["multipart/form-data"] = map[string]any{"schema": object(files)}
	}
	out := map[string]any{"content": content}
	if r.RequireKey != "" {
		out["required"] = true
	}
	return out
}
