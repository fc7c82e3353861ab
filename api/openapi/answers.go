package openapi

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"tributary/api/route"
)

// answer is what a row answers with one status.
type answer struct {
	text    string
	refusal string // name of a shared answer, where it is nothing else
	bodies  []any  // schemas
	media   string
	headers map[string]any
	samples []string
}

func (b *builder) answers(r *route.Row, method string) map[string]any {
	list := map[int]answer{}
	if isPage(r) {
		page(list)
	} else if r.In != nil || r.Out != nil {
		b.success(r, method, list)
		for status, f := range refusals(r) {
			list[status] = b.refuse(f)
		}
		if status, body := r.UnsignedAnswer(); body != nil {
			if status != http.StatusUnauthorized {
				list[http.StatusUnauthorized] = b.refuse(foreignToken)
			}
			b.add(list, status, b.output(body), "")
		}
		for _, status := range r.Docs.Fails {
			f, ok := failing[status]
			if status == http.StatusNotFound {
				f, ok = notFound(r.Path), true
			}
			switch {
			case !ok:
				b.fail("there is no usual refusal with status %d: say .Answers(%d, body{})", status, status)
			case list[status].refusal == "":
				list[status] = b.refuse(f)
			default:
				for _, t := range f.bodies {
					b.add(list, status, b.output(t), "")
				}
			}
		}
	}
	for _, a := range r.Docs.Answers {
		if len(a.Types) == 0 {
			one := list[a.Status]
			one.refusal = ""
			switch {
			case one.bodies == nil:
				one.media, one.text = a.Media, textOf(a.Status)
			case a.Media == "":
				one.text += " The body may be empty."
			}
			list[a.Status] = one
		}
		for _, t := range a.Types {
			var what schema
			if t == nil {
				what = schema{"type": "null"}
			} else if _, body := route.Kind(t); body != nil {
				what = b.output(body)
			}
			b.add(list, a.Status, what, "")
		}
	}
	if r.In == nil && len(list) == 0 {
		b.fail("nothing says how it answers: say .Answers(200) or .AnswersAs(200, \"text/plain\") at the row")
	}
	out := map[string]any{}
	for status, a := range list {
		out[strconv.Itoa(status)] = b.written(status, a)
	}
	return out
}

// add lets a row answer a status with one more body.
func (b *builder) add(list map[int]answer, status int, body schema, text string) {
	a := list[status]
	a.refusal = ""
	if text == "" && a.text == "" {
		text = textOf(status)
	}
	if text != "" {
		a.text = text
	}
	for _, there := range a.bodies {
		if reflect.DeepEqual(there, body) {
			list[status] = a
			return
		}
	}
	a.bodies, a.media = append(slices.Clone(a.bodies), body), jsonMedia
	list[status] = a
}

func textOf(status int) string {
	switch status {
	case http.StatusOK:
		return "Done."
	case http.StatusUnprocessableEntity:
		return "What was sent is refused."
	}
	return http.StatusText(status) + "."
}

// refuse is a shared answer.
func (b *builder) refuse(f refusal) answer {
	a := answer{text: f.text, refusal: f.name, media: textMedia, samples: f.examples}
	for _, t := range f.bodies {
		a.media = jsonMedia
		a.bodies = append(a.bodies, b.output(t))
	}
	return a
}

// success notes what the row answers when it does what it is for.
func (b *builder) success(r *route.Row, method string, list map[int]answer) {
	own := slices.ContainsFunc(r.Docs.Answers, func(a route.Answer) bool { return a.Status < http.StatusBadRequest })
	kind, body := route.Kind(r.Out)
	if own || len(r.Docs.Answers) > 0 && neverAnswers(r.Out) {
		return
	}
	switch kind {
	case route.TypedEmpty:
		list[http.StatusOK] = answer{text: "Done."}
	case route.TypedNoContent:
		list[http.StatusNoContent] = answer{text: "Done."}
	case route.TypedBytes:
		list[http.StatusOK] = answer{text: "Done.", media: "*/*"}
	case route.TypedStream:
		list[http.StatusOK] = answer{text: "The bytes.", media: "*/*"}
		list[http.StatusPartialContent] = answer{text: "The bytes that a Range header asks for.", media: "*/*"}
		list[http.StatusRequestedRangeNotSatisfiable] = answer{text: "There are fewer bytes than that."}
	case route.TypedRedirect:
		list[http.StatusFound] = redirect
	case route.TypedOwnStatus:
		b.fail("its status is in the handler: say .Answers(201, bodyOut{}) at the row")
	case route.TypedByHandler:
		b.fail("it returns an interface: say .Answers(200, bodyOut{}) at the row, with every type that the handler returns")
	case route.TypedJSON:
		list[http.StatusOK] = answer{text: "Done.", media: jsonMedia, bodies: []any{b.output(body)}}
	}
	if method == http.MethodGet && kind == route.TypedJSON || kind == route.TypedStream {
		list[http.StatusNotModified] = answer{text: "If-None-Match names what the caller has."}
	}
}

// isPage tells the rows of pages that people look at in a browser: they lie outside
// the API, and their handlers choose between a page and a redirect.
func isPage(r *route.Row) bool {
	if r.Out == nil {
		return false
	}
	kind, _ := route.Kind(r.Out)
	return kind == route.TypedByHandler && len(r.Docs.Answers) == 0 && (strings.HasPrefix(r.Path, "/super_admin") || strings.HasPrefix(r.Path, "/installation"))
}

// page notes what such a row answers.
func page(list map[int]answer) {
	for status, text := range map[int]string{
		http.StatusOK: "A page.", http.StatusNotModified: "If-None-Match names what the caller has.",
		http.StatusBadRequest: "The request cannot be read.", http.StatusUnauthorized: "A page that says why not.",
		http.StatusForbidden: "A page that says why not.", http.StatusNotFound: "There is no such page.", http.StatusRequestEntityTooLarge: "The body is too large.",
		http.StatusUnprocessableEntity: "The page, with what is wrong with the form.", http.StatusTooManyRequests: "Too many requests; try again later.",
		http.StatusInternalServerError: "The server failed.",
	} {
		list[status] = answer{text: text, media: "*/*"}
	}
	list[http.StatusFound] = redirect
	list[http.StatusSeeOther] = redirect
}

// redirect sends the caller elsewhere.
var redirect = answer{text: "It is there.", headers: map[string]any{
	"Location": map[string]any{"required": true, "schema": schema{"type": "string"}},
}}

// foreignToken is what rows with an answer of their own for who has not signed in say
// to tokens of others.
var foreignToken = refusal{"ForeignToken", "The token is no user's.", []reflect.Type{errorShape}, []string{exampleToken, exampleBots}}

// neverAnswers tells the output of handlers that only refuse: a struct of nothing.
func neverAnswers(out reflect.Type) bool {
	kind, _ := route.Kind(out)
	return kind == route.TypedJSON && out.Kind() == reflect.Struct && out.NumField() == 0
}

// written is an answer in the document; shared ones are written once.
func (b *builder) written(status int, a answer) map[string]any {
	out := map[string]any{"description": a.text}
	if a.headers != nil {
		out["headers"] = a.headers
	}
	if a.media != "" {
		media := map[string]any{}
		switch len(a.bodies) {
		case 0:
			if a.media == textMedia {
				media["schema"] = schema{"type": "string"}
			}
		case 1:
			media["schema"] = a.bodies[0]
		default:
			media["schema"] = schema{"anyOf": a.bodies}
		}
		if a.refusal != "" && len(a.samples) > 0 {
			samples := map[string]any{}
			for i, text := range a.samples {
				samples["case"+strconv.Itoa(i+1)] = map[string]any{"value": json.RawMessage(text)}
			}
			media["examples"] = samples
		}
		out["content"] = map[string]any{a.media: media}
	}
	if a.refusal == "" {
		return out
	}
	if status == http.StatusTooManyRequests {
		out["content"] = map[string]any{textMedia: map[string]any{"schema": schema{"type": "string"}, "example": "Retry later\n"}}
	}
	b.responses[a.refusal] = out
	return map[string]any{"$ref": "#/components/responses/" + a.refusal}
}
