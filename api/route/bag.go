package route

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/valyala/fasthttp"
)

// Limits on what one request may carry besides its size.
const (
	maxParams = 4096
	maxDepth  = 64
)

// errBadBody means a request that cannot be read at all: 400.
var errBadBody = errors.New("route: unreadable request")

// bag holds what a request sent. Values of top are nil, bool, string,
// json.Number, []any, map[string]any and *File.
type bag struct {
	path   map[string]string
	top    map[string]any
	header func(name string) string
	raw    []byte // the body as it came, for fields of type Body
	isJSON bool
	// body are the top-level keys that came in the body.
	body map[string]any
}

// newBag copies query and body out of ctx. wantRaw keeps the body's bytes; the
// body of an opaque row is nothing but bytes, and is not copied.
func newBag(ctx *fasthttp.RequestCtx, path map[string]string, wantRaw, opaque bool) (*bag, error) {
	b := &bag{
		path:   path,
		top:    map[string]any{},
		body:   map[string]any{},
		header: func(name string) string { return string(ctx.Request.Header.Peek(name)) },
	}
	if err := formInto(b.top, ctx.QueryArgs()); err != nil {
		return nil, err
	}
	switch {
	case opaque:
		b.raw = ctx.PostBody()
	case wantRaw:
		b.raw = bytes.Clone(ctx.PostBody())
		fallthrough
	default:
		if err := b.readBody(ctx); err != nil {
			return nil, err
		}
	}
	maps.Copy(b.top, b.body)
	for k, v := range path {
		b.top[k] = v
	}
	if !cleanValue(b.top, maxDepth+1) {
		return nil, errBadBody
	}
	return b, nil
}

func (b *bag) readBody(ctx *fasthttp.RequestCtx) error {
	contentType := string(ctx.Request.Header.ContentType())
	mediaType, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		mediaType, _, _ = strings.Cut(contentType, ";")
		mediaType = strings.ToLower(strings.TrimSpace(mediaType))
	}
	switch {
	case mediaType == "application/json" || strings.HasSuffix(mediaType, "+json"):
		b.isJSON = true
		b.body, err = parseJSON(ctx.PostBody())
		return err
	case mediaType == "multipart/form-data":
		form, err := ctx.MultipartForm()
		if err != nil {
			return errBadBody
		}
		return multipartInto(b.body, form)
	case mediaType == "application/x-www-form-urlencoded":
		var args fasthttp.Args
		args.ParseBytes(ctx.PostBody())
		return formInto(b.body, &args)
	}
	return nil
}

// parseJSON reads a body; anything but an object is kept under "_json".
func parseJSON(body []byte) (map[string]any, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return map[string]any{}, nil
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, errBadBody
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errBadBody
	}
	if object, ok := v.(map[string]any); ok {
		return object, nil
	}
	return map[string]any{"_json": v}, nil
}

func formInto(top map[string]any, args *fasthttp.Args) error {
	if args.Len() > maxParams {
		return errBadBody
	}
	seen := map[string]int{}
	for k, v := range args.All() {
		key := string(k)
		if err := insert(top, key, string(v), seen[key]); err != nil {
			return err
		}
		seen[key]++
	}
	return nil
}

func multipartInto(top map[string]any, form *multipart.Form) error {
	if len(form.Value)+len(form.File) > maxParams {
		return errBadBody
	}
	for _, key := range slices.Sorted(maps.Keys(form.Value)) {
		for i, v := range form.Value[key] {
			if err := insert(top, key, v, i); err != nil {
				return err
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(form.File)) {
		for i, h := range form.File[key] {
			if err := insert(top, key, newFile(h), len(form.Value[key])+i); err != nil {
				return err
			}
		}
	}
	return nil
}

// insert puts the nth value of a bracketed key ("a", "a[b]", "a[]", "a[][b]")
// into the tree. A key that uses a value as something else than it is makes the
// request unreadable.
func insert(top map[string]any, key string, v any, nth int) error {
	name, rest, bracketed := strings.Cut(key, "[")
	if name == "" {
		return nil
	}
	var steps []string
	if bracketed {
		closed := strings.HasSuffix(rest, "]")
		if !closed {
			name = key // "a[b" is a plain name
		} else {
			steps = strings.Split(strings.TrimSuffix(rest, "]"), "][")
		}
	}
	if len(steps) > maxDepth {
		return errBadBody
	}
	next, err := grow(top[name], steps, v, nth)
	if err != nil {
		return err
	}
	top[name] = next
	return nil
}

// grow returns old with v added at the end of steps. An empty step is a list.
func grow(old any, steps []string, v any, nth int) (any, error) {
	if len(steps) == 0 {
		switch old.(type) {
		case map[string]any, []any:
			return nil, errBadBody
		}
		return v, nil // the last one wins
	}
	if steps[0] != "" {
		object, ok := old.(map[string]any)
		if !ok {
			if old != nil {
				return nil, errBadBody
			}
			object = map[string]any{}
		}
		child, err := grow(object[steps[0]], steps[1:], v, nth)
		if err != nil {
			return nil, err
		}
		object[steps[0]] = child
		return object, nil
	}
	list, ok := old.([]any)
	if !ok && old != nil {
		return nil, errBadBody
	}
	if len(steps) == 1 {
		return append(list, v), nil
	}
	if nth > len(list) {
		nth = len(list)
	}
	if nth == len(list) {
		list = append(list, nil)
	}
	child, err := grow(list[nth], steps[1:], v, 0)
	if err != nil {
		return nil, err
	}
	list[nth] = child
	return list, nil
}

// cleanValue refuses what no column can hold: invalid UTF-8, NUL, numbers
// beyond float64, and nesting deeper than depth.
func cleanValue(v any, depth int) bool {
	if depth < 0 {
		return false
	}
	switch v := v.(type) {
	case string:
		return cleanText(v)
	case json.Number:
		_, err := v.Float64()
		return err == nil
	case []any:
		for _, e := range v {
			if !cleanValue(e, depth-1) {
				return false
			}
		}
	case map[string]any:
		for k, e := range v {
			if !cleanText(k) || !cleanValue(e, depth-1) {
				return false
			}
		}
	case *File:
		return cleanText(v.Filename) && cleanText(v.ContentType)
	}
	return true
}

func cleanText(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

// flatten nests the known keys of a JSON body under key, see Row.Flat.
func (b *bag) flatten(key string, known map[string]bool) {
	if !b.isJSON {
		return
	}
	if _, there := b.body[key]; there {
		return
	}
	nested := map[string]any{}
	for k, v := range b.body {
		if known[k] {
			nested[k] = v
		}
	}
	b.top[key] = nested
}

// nullTexts turns top-level texts "null" into null.
func (b *bag) nullTexts() {
	for k, v := range b.top {
		if v == "null" {
			b.top[k] = nil
		}
	}
}

// blank tells whether a required parameter counts as missing.
func (b *bag) blank(key string) bool {
	switch v := b.top[key].(type) {
	case nil:
		return true
	case string:
		return strings.TrimSpace(v) == ""
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	case bool:
		return !v
	}
	return false
}
