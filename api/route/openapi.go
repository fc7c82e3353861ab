package route

import (
	"reflect"
	"slices"
	"strings"
)

// Docs is what the description of the API says of a row beyond its types.
type Docs struct {
	Summary string // one line; empty: made of the handler's name
	Answers []Answer
	Fails   []int // further statuses with the usual bodies
}

// Answer is one answer of a row as its description shows it.
type Answer struct {
	Status int
	Types  []reflect.Type // of JSON bodies, one of them; none: an empty body
	Media  string         // of a body that is not JSON
}

// Shaped is implemented by types whose JSON is not what their Go type says: maps,
// free JSON, types with a MarshalJSON. Shape gives a value whose type does say it (a
// struct with json tags, OneOf, a Schema).
type Shaped interface{ Shape() any }

// FieldShaped is implemented by structs that have such fields: FieldShapes gives a
// shape by the name of a field in JSON.
type FieldShaped interface{ FieldShapes() map[string]any }

// Alternatives is a shape that is one of several, see OneOf.
type Alternatives []any

// OneOf is the shape of what is one of several; nil among them is null.
func OneOf(shapes ...any) Alternatives { return shapes }

// Schema is a shape written out in JSON Schema.
type Schema map[string]any

// Doc says in one line what the row does; without it the handler's name does.
func (r Row) Doc(summary string) Row {
	r.Docs.Summary = summary
	return r
}

// Answers says how the row answers with a status where Out does not: bodies are
// values of the types that are encoded, one of which it is; no body is an empty
// answer. A status from 200 to 399 stands instead of what Out says, others beside
// the usual refusals.
func (r Row) Answers(status int, bodies ...any) Row {
	a := Answer{Status: status}
	for _, b := range bodies {
		a.Types = append(a.Types, reflect.TypeOf(b))
	}
	r.Docs.Answers = append(slices.Clone(r.Docs.Answers), a)
	return r
}

// AnswersAs says that the row answers a status with bytes of a media type.
func (r Row) AnswersAs(status int, media string) Row {
	r.Docs.Answers = append(slices.Clone(r.Docs.Answers), Answer{Status: status, Media: media})
	return r
}

// Fails says that the row also refuses with these statuses, in the usual form of
// each: 402, 403, 409 and the like, which do not follow from its policy and input.
func (r Row) Fails(statuses ...int) Row {
	r.Docs.Fails = append(slices.Clone(r.Docs.Fails), statuses...)
	return r
}

// UnsignedAnswer is the type of what the row itself answers to who has not signed in;
// nil: it answers as all do.
func (r *Row) UnsignedAnswer() (status int, body reflect.Type) {
	if r.unsigned == nil {
		return 0, nil
	}
	return r.unsigned.Status, reflect.TypeOf(r.unsigned.Body)
}

// Finder is the path parameter of the record that the row looks up before it refuses;
// empty: it does not.
func (r *Row) Finder() string {
	if r.find == nil {
		return ""
	}
	return r.param
}

// PathParams are the names of the parameters in the row's path, in order.
func (r *Row) PathParams() []string { return params(r.Path) }

// Template is the row's path with its parameters in plain braces.
func (r *Row) Template() string {
	segments := strings.Split(r.Path, "/")
	for i, s := range segments {
		if name, _, suffix, ok := splitParam(s); ok {
			segments[i] = "{" + name + "}" + suffix
		}
	}
	return strings.Join(segments, "/")
}

// Matches tells whether a path is the row's, and how many of its segments are fixed:
// of several rows that match, the one with the most is meant.
func (r *Row) Matches(path string) (fixed int, ok bool) {
	want, got := strings.Split(r.Path, "/"), strings.Split(path, "/")
	for i, s := range want {
		if i >= len(got) {
			return 0, false
		}
		_, pattern, suffix, isParam := splitParam(s)
		switch {
		case isParam && pattern == "*":
			return fixed, true
		case isParam:
			if got[i] == "" || !strings.HasSuffix(got[i], suffix) {
				return 0, false
			}
		case s != got[i]:
			return 0, false
		default:
			fixed++
		}
	}
	return fixed, len(want) == len(got)
}

// Typed tells what kind of output a type is, for the description of the API.
type Typed int

// Kinds of outputs.
const (
	TypedJSON      Typed = iota // JSON with status 200
	TypedEmpty                  // 200 without a body
	TypedNoContent              // 204
	TypedBytes                  // 200 with bytes: Content
	TypedStream                 // 200 or 206 with bytes: Stream
	TypedRedirect               // 302
	TypedOwnStatus              // Reply: JSON of its own status
	TypedByHandler              // an interface: the handler decides
)

// Kind tells how an output type is answered; body is the type of its JSON.
func Kind(out reflect.Type) (kind Typed, body reflect.Type) {
	switch out {
	case reflect.TypeFor[Empty]():
		return TypedEmpty, nil
	case reflect.TypeFor[NoContent]():
		return TypedNoContent, nil
	case reflect.TypeFor[Content]():
		return TypedBytes, nil
	case reflect.TypeFor[Stream]():
		return TypedStream, nil
	case reflect.TypeFor[Redirect]():
		return TypedRedirect, nil
	}
	switch {
	case out.Kind() == reflect.Interface:
		return TypedByHandler, nil
	case out.Kind() == reflect.Struct && out.PkgPath() == reflect.TypeFor[Empty]().PkgPath() && strings.HasPrefix(out.Name(), "Reply["):
		if f, ok := out.FieldByName("body"); ok {
			return TypedOwnStatus, f.Type
		}
	}
	return TypedJSON, out
}

// IsOpt tells whether a type is an Opt and of what.
func IsOpt(t reflect.Type) (of reflect.Type, ok bool) {
	if !isOptional(t) {
		return nil, false
	}
	return t.Field(optionalValue).Type, true
}

// EachField visits the fields of an input or output struct, those of embedded structs
// included.
func EachField(t reflect.Type, visit func(f reflect.StructField)) {
	for f := range t.Fields() {
		if f.Anonymous && f.Type.Kind() == reflect.Struct {
			EachField(f.Type, visit)
			continue
		}
		if f.IsExported() {
			visit(f)
		}
	}
}

// NumberedBody is the body of Numbered, for Answers.
type NumberedBody = statusBody

// Enum is the shape of a text that is one of several.
func Enum(values ...string) Schema { return Schema{"type": "string", "enum": values} }
