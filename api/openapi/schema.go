package openapi

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"tributary/api/route"
)

// schema is a schema in JSON.
type schema = map[string]any

// schemas turns Go types into schemas; structs that have a name become components.
type schemas struct {
	strict     bool
	components map[string]schema
	names      map[reflect.Type]string
	errs       []error
	at         string // what is being described, for errors
}

func (s *schemas) fail(format string, args ...any) schema {
	s.errs = append(s.errs, fmt.Errorf("openapi: "+s.at+": "+format, args...))
	return schema{}
}

var (
	shapedType      = reflect.TypeFor[route.Shaped]()
	fieldShapedType = reflect.TypeFor[route.FieldShaped]()
	marshalerType   = reflect.TypeFor[json.Marshaler]()
	textType        = reflect.TypeFor[encoding.TextMarshaler]()
	paramType       = reflect.TypeFor[route.Param]()
	enumType        = reflect.TypeFor[interface{ Enum() []string }]()
)

// known are the types whose JSON is the program's own.
var known = map[reflect.Type]schema{
	reflect.TypeFor[route.Unix]():      {"type": "integer", "description": "Unix seconds; 0: never"},
	reflect.TypeFor[route.UnixFloat](): {"type": "number", "description": "Unix seconds; 0: never"},
	reflect.TypeFor[route.ISO]():       {"type": []string{"string", "null"}, "format": "date-time"},
	reflect.TypeFor[time.Time]():       {"type": "string", "format": "date-time"},
	reflect.TypeFor[json.RawMessage](): {"type": "object"},
	reflect.TypeFor[json.Number]():     {"type": "number"},
	reflect.TypeFor[route.Page]():      {"type": "integer", "minimum": 1},
	reflect.TypeFor[route.Many]():      {"type": "array", "items": schema{"type": "string"}},
}

// shape is the schema of a shape, see route.Shaped.
func (s *schemas) shape(v any) schema {
	switch v := v.(type) {
	case nil:
		return schema{"type": "null"}
	case route.Schema:
		return schema(v)
	case route.Alternatives:
		list := make([]any, len(v))
		for i, one := range v {
			list[i] = s.shape(one)
		}
		return schema{"anyOf": list}
	}
	return s.output(reflect.TypeOf(v))
}

// output is the schema of a type as it is encoded.
func (s *schemas) output(t reflect.Type) schema {
	if k, ok := known[t]; ok {
		return clone(k)
	}
	if t.Kind() == reflect.Pointer {
		return nullable(s.output(t.Elem()))
	}
	if of, ok := route.IsOpt(t); ok {
		return nullable(s.output(of))
	}
	if t.Implements(shapedType) && !promoted(t, "Shape") {
		shaped, _ := reflect.TypeAssert[route.Shaped](reflect.Zero(t))
		if t.Name() == "" {
			return s.shape(shaped.Shape())
		}
		return s.component(t, func() schema { return s.own(shaped.Shape()) })
	}
	if t.Implements(enumType) {
		list, _ := reflect.TypeAssert[interface{ Enum() []string }](reflect.Zero(t))
		return schema{"type": "string", "enum": list.Enum()}
	}
	if t.Implements(textType) {
		return schema{"type": "string"}
	}
	if t.Implements(marshalerType) {
		return s.fail("type %s encodes itself: give it a method Shape() any (route.Shaped) that returns a value which looks like it", t)
	}
	switch t.Kind() {
	case reflect.Struct:
		if t.Name() == "" || t.NumField() == 0 {
			return s.object(t)
		}
		return s.component(t, func() schema { return s.object(t) })
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return schema{"type": "string", "contentEncoding": "base64"}
		}
		return schema{"type": "array", "items": s.output(t.Elem())}
	case reflect.Map:
		if t.Elem().Kind() == reflect.Interface || t.Elem() == reflect.TypeFor[json.RawMessage]() {
			return schema{"type": "object", "additionalProperties": true}
		}
		return schema{"type": "object", "additionalProperties": s.output(t.Elem())}
	case reflect.Interface:
		return s.fail("type %s can be anything: a field says what it is by `schema:\"string,null\"`, or its struct by FieldShapes (route.FieldShaped)", t)
	}
	return s.scalar(t)
}

func (s *schemas) scalar(t reflect.Type) schema {
	switch k := t.Kind(); {
	case k == reflect.String:
		return schema{"type": "string"}
	case k == reflect.Bool:
		return schema{"type": "boolean"}
	case k >= reflect.Int && k <= reflect.Uint64:
		return schema{"type": "integer"}
	case k == reflect.Float32 || k == reflect.Float64:
		return schema{"type": "number"}
	}
	return s.fail("type %s has no form in JSON", t)
}

// own is the schema of a shape written out, not a reference to its component: the
// component is that of the type that has the shape.
func (s *schemas) own(v any) schema {
	if t := reflect.TypeOf(v); t != nil && t.Kind() == reflect.Struct && t.NumField() > 0 && !t.Implements(shapedType) {
		return s.object(t)
	}
	return s.shape(v)
}

// object is the schema of a struct that is encoded.
func (s *schemas) object(t reflect.Type) schema {
	shapes := map[string]any{}
	if t.Implements(fieldShapedType) {
		shaped, _ := reflect.TypeAssert[route.FieldShaped](reflect.Zero(t))
		shapes = shaped.FieldShapes()
	}
	properties := schema{}
	required := []string{}
	route.EachField(t, func(f reflect.StructField) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			return
		}
		if name == "" {
			name = f.Name
		}
		before := s.at
		defer func() { s.at = before }()
		s.at += ", " + t.Name() + "." + f.Name
		optional := strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero")
		var p schema
		if shape, ok := shapes[name]; ok {
			p = s.shape(shape)
		} else if p, ok = tagged(f); !ok {
			p = s.output(f.Type)
			if optional && (f.Type.Kind() == reflect.Pointer || f.Type == reflect.TypeFor[route.ISO]()) {
				p = notNull(p)
			}
		}
		properties[name] = p
		if !optional {
			required = append(required, name)
		}
	})
	out := schema{"type": "object", "properties": properties}
	if len(required) > 0 {
		slices.Sort(required)
		out["required"] = slices.Compact(required)
	}
	if s.strict {
		out["additionalProperties"] = false
	}
	return out
}

// tagged reads what a field says of itself: `schema:"string,null"` are its types,
// "any" for all of them, `enum:"a,b"` its values.
func tagged(f reflect.StructField) (schema, bool) {
	if list := f.Tag.Get("schema"); list == "any" {
		return schema{}, true
	} else if list != "" {
		return types(strings.Split(list, ",")), true
	}
	list := f.Tag.Get("enum")
	if list == "" {
		return nil, false
	}
	out := schema{"type": "string", "enum": strings.Split(list, ",")}
	if f.Type.Kind() == reflect.Pointer && !strings.Contains(f.Tag.Get("json"), ",omit") {
		out = nullable(out)
	}
	return out, true
}

func types(list []string) schema {
	out := schema{}
	if len(list) == 1 {
		out["type"] = list[0]
	} else {
		out["type"] = list
	}
	if slices.Contains(list, "array") {
		out["items"] = schema{}
	}
	return out
}

// nullable lets a schema be null, too.
func nullable(s schema) schema {
	switch t := s["type"].(type) {
	case string:
		s = clone(s)
		if list, ok := s["enum"].([]string); ok {
			values := make([]any, 0, len(list)+1)
			for _, v := range list {
				values = append(values, v)
			}
			s["enum"] = append(values, nil)
		}
		s["type"] = []string{t, "null"}
		return s
	case []string:
		if slices.Contains(t, "null") {
			return s
		}
		s = clone(s)
		s["type"] = append(slices.Clone(t), "null")
		return s
	}
	if len(s) == 0 {
		return s // anything
	}
	return schema{"anyOf": []any{s, schema{"type": "null"}}}
}

// notNull takes null from a schema that nullable gave.
func notNull(s schema) schema {
	if list, ok := s["anyOf"].([]any); ok && len(list) == 2 {
		if only, ok := list[0].(schema); ok {
			return only
		}
	}
	list, ok := s["type"].([]string)
	if !ok {
		return s
	}
	s = clone(s)
	rest := slices.DeleteFunc(slices.Clone(list), func(t string) bool { return t == "null" })
	s["type"] = rest[0]
	return s
}

func clone(s schema) schema {
	out := make(schema, len(s))
	maps.Copy(out, s)
	return out
}

// promoted tells whether a struct has a method only because it embeds a type that
// has it.
func promoted(t reflect.Type, method string) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	for f := range t.Fields() {
		if f.Anonymous {
			if _, has := f.Type.MethodByName(method); has {
				return true
			}
		}
	}
	return false
}

// component gives a reference to a type's schema, which build makes once.
func (s *schemas) component(t reflect.Type, build func() schema) schema {
	name, there := s.names[t]
	if !there {
		name = s.nameFor(t)
		s.names[t] = name
		s.components[name] = schema{} // for types that hold themselves
		s.components[name] = build()
	}
	return schema{"$ref": "#/components/schemas/" + name}
}

// nameFor is a component's name: the type's without what only the code needs.
func (s *schemas) nameFor(t reflect.Type) string {
	short, whole := presentable(t.String(), true), presentable(t.String(), false)
	for _, name := range []string{short, whole} {
		if _, taken := s.components[name]; !taken {
			return name
		}
	}
	for n := 2; ; n++ {
		name := fmt.Sprint(whole, n)
		if _, taken := s.components[name]; !taken {
			return name
		}
	}
}

// presentable writes a Go type's name as people read it: "api.teamOut" is Team,
// "api.payload[[]tributary/api.teamOut]" is TeamListPayload.
func presentable(name string, short bool) string {
	outer, inner, generic := strings.Cut(name, "[")
	outer = outer[strings.LastIndexAny(outer, "./")+1:]
	if short {
		outer = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(outer, "Out"), "In"), "Shape")
		if strings.HasSuffix(name[:len(name)-len(inner)], "In") && !generic {
			outer += "Input"
		}
	}
	if outer == "" {
		outer = "Value"
	}
	outer = strings.ToUpper(outer[:1]) + outer[1:]
	if !generic {
		return outer
	}
	list := ""
	inner = strings.TrimSuffix(inner, "]")
	for strings.HasPrefix(inner, "[]") {
		inner, list = inner[2:], list+"List"
	}
	return presentable(strings.TrimPrefix(inner, "*"), short) + list + outer
}

// input is the schema of a type as the decoder reads it; withFiles says whether the
// body carries files.
func (s *schemas) input(t reflect.Type, withFiles bool) schema {
	binary := schema{"type": "string", "contentMediaType": "application/octet-stream"}
	if t == reflect.TypeFor[route.Upload]() {
		if withFiles {
			return binary
		}
		return schema{"type": "string", "description": "signed id of a file that was uploaded directly"}
	}
	if t == reflect.TypeFor[*route.File]() {
		return binary
	}
	if t == reflect.TypeFor[json.RawMessage]() {
		return schema{}
	}
	if k, ok := known[t]; ok {
		return clone(k)
	}
	if of, ok := route.IsOpt(t); ok {
		return nullable(s.input(of, withFiles))
	}
	if t.Kind() == reflect.Pointer {
		return nullable(s.input(t.Elem(), withFiles))
	}
	if t.Implements(shapedType) {
		shaped, _ := reflect.TypeAssert[route.Shaped](reflect.Zero(t))
		return s.shape(shaped.Shape())
	}
	if t.Implements(enumType) {
		list, _ := reflect.TypeAssert[interface{ Enum() []string }](reflect.Zero(t))
		return schema{"type": "string", "enum": list.Enum()}
	}
	if reflect.PointerTo(t).Implements(paramType) {
		return s.fail("type %s reads a parameter itself: give it a method Shape() any (route.Shaped) that says what it takes", t)
	}
	switch t.Kind() {
	case reflect.Interface:
		return schema{}
	case reflect.Slice:
		return schema{"type": "array", "items": s.input(t.Elem(), withFiles)}
	case reflect.Map:
		return schema{"type": "object", "additionalProperties": s.input(t.Elem(), withFiles)}
	case reflect.Struct:
		build := func() schema { return s.inputObject(t, withFiles) }
		if t.Name() == "" || withFiles && hasFiles(t) {
			return build()
		}
		return s.component(t, build)
	}
	return s.scalar(t)
}

func (s *schemas) inputObject(t reflect.Type, withFiles bool) schema {
	properties := schema{}
	route.EachField(t, func(f reflect.StructField) {
		if name := f.Tag.Get("json"); name != "" && name != "-" {
			s.property(properties, name, f, withFiles)
		}
	})
	return schema{"type": "object", "properties": properties}
}

func (s *schemas) property(properties schema, name string, f reflect.StructField, withFiles bool) {
	if f.Type == reflect.TypeFor[*route.File]() && !withFiles {
		return // JSON carries none
	}
	if p, ok := tagged(f); ok {
		properties[name] = p
		return
	}
	properties[name] = s.input(f.Type, withFiles)
}

// hasFiles tells whether an input may carry files.
func hasFiles(t reflect.Type) bool {
	switch {
	case t == reflect.TypeFor[route.Upload](), t == reflect.TypeFor[*route.File]():
		return true
	case t.Kind() == reflect.Pointer, t.Kind() == reflect.Slice:
		return hasFiles(t.Elem())
	case t.Kind() != reflect.Struct:
		return false
	}
	if of, ok := route.IsOpt(t); ok {
		return hasFiles(of)
	}
	if t.PkgPath() == "time" || reflect.PointerTo(t).Implements(paramType) {
		return false
	}
	found := false
	route.EachField(t, func(f reflect.StructField) { found = found || hasFiles(f.Type) })
	return found
}

// err joins what could not be described.
func (s *schemas) err() error { return errors.Join(s.errs...) }
