package route

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"

	"tributary/chat"
	"tributary/internal/optional"
	"tributary/internal/validate"
)

// Opt is an input that may be absent, null or a value.
type Opt[T any] = optional.Value[T]

// Param is implemented by input types that read a parameter themselves. v is
// nil, bool, string, json.Number, []any, map[string]any or *File. The text of
// an error continues the parameter's name: "is invalid".
type Param interface {
	SetParam(v any) error
}

// setter stores v, a value of a bag, in dst and notes under name what is wrong.
type setter func(dst reflect.Value, v any, name string, errs *validate.Errors)

// field is one field of an input struct.
type field struct {
	index []int
	name  string
	set   setter
	typ   reflect.Type
}

// decoder fills an input struct.
type decoder struct {
	path, header, bag []field
	body              [][]int // fields of type Body
}

var (
	bodyType  = reflect.TypeFor[Body]()
	rawType   = reflect.TypeFor[json.RawMessage]()
	fileType  = reflect.TypeFor[*File]()
	paramType = reflect.TypeFor[Param]()
)

// compile builds the decoder of an input struct.
func compile(t reflect.Type) (decoder, error) {
	var d decoder
	if t.Kind() != reflect.Struct {
		return d, fmt.Errorf("input %s is not a struct", t)
	}
	err := eachField(t, nil, func(f reflect.StructField, index []int) error {
		if f.Type == bodyType {
			d.body = append(d.body, index)
			return nil
		}
		for _, source := range []struct {
			tag  string
			list *[]field
		}{{"path", &d.path}, {"header", &d.header}, {"query", &d.bag}, {"json", &d.bag}} {
			name := f.Tag.Get(source.tag)
			if name == "" || name == "-" {
				continue
			}
			set, err := setterOf(f.Type, nil)
			if err != nil {
				return fmt.Errorf("input %s.%s: %w", t, f.Name, err)
			}
			*source.list = append(*source.list, field{index, name, set, f.Type})
			return nil
		}
		return fmt.Errorf("input %s.%s has no source tag", t, f.Name)
	})
	return d, err
}

// eachField visits the exported fields of t, those of embedded structs included.
func eachField(t reflect.Type, prefix []int, visit func(f reflect.StructField, index []int) error) error {
	for i := range t.NumField() {
		f := t.Field(i)
		index := append(slices.Clone(prefix), i)
		if f.Anonymous && f.Type.Kind() == reflect.Struct {
			if err := eachField(f.Type, index, visit); err != nil {
				return err
			}
			continue
		}
		if !f.IsExported() {
			return fmt.Errorf("input %s.%s is not exported", t, f.Name)
		}
		if err := visit(f, index); err != nil {
			return err
		}
	}
	return nil
}

// pathNames are the path parameters that the input reads.
func (d *decoder) pathNames() []string {
	names := make([]string, len(d.path))
	for i, f := range d.path {
		names[i] = f.name
	}
	return names
}

// nestedNames tells which keys the input reads inside the object called key.
func (d *decoder) nestedNames(key string) map[string]bool {
	names := map[string]bool{}
	for _, f := range d.bag {
		if f.name != key {
			continue
		}
		t := f.typ
		if isOptional(t) {
			t = t.Field(optionalValue).Type
		}
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct {
			return nil
		}
		// The type was compiled before, so it has no faulty fields.
		_ = eachField(t, nil, func(f reflect.StructField, _ []int) error {
			names[f.Tag.Get("json")] = true
			return nil
		})
	}
	return names
}

// decode fills dst from b. A path parameter of the wrong type is not found,
// other wrong values are collected into one CodeInvalid.
func (d *decoder) decode(dst reflect.Value, b *bag) error {
	for _, f := range d.path {
		var errs validate.Errors
		text := b.path[f.name]
		if f.typ.Kind() == reflect.Int64 && !isID(text) {
			return chat.NotFound()
		}
		f.set(dst.FieldByIndex(f.index), text, f.name, &errs)
		if errs.Any() {
			return chat.NotFound()
		}
	}
	for _, index := range d.body {
		dst.FieldByIndex(index).SetBytes(b.raw)
	}
	var errs validate.Errors
	for _, f := range d.header {
		if v := b.header(f.name); v != "" {
			f.set(dst.FieldByIndex(f.index), v, f.name, &errs)
		}
	}
	for _, f := range d.bag {
		if v, sent := b.top[f.name]; sent {
			f.set(dst.FieldByIndex(f.index), v, f.name, &errs)
		}
	}
	return errs.Err()
}

// isID tells whether text is a number as ids in paths are written.
func isID(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}

// setterOf builds the setter of a type. outer holds the structs being built.
func setterOf(t reflect.Type, outer []reflect.Type) (setter, error) {
	switch {
	case reflect.PointerTo(t).Implements(paramType):
		return setParam, nil
	case t == rawType:
		return setRaw, nil
	case t == fileType:
		return setFile, nil
	case isOptional(t):
		return optionalSetter(t, outer)
	}
	switch t.Kind() {
	case reflect.String:
		return setString, nil
	case reflect.Bool:
		return setBool, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return setInt, nil
	case reflect.Float64:
		return setFloat, nil
	case reflect.Interface:
		if t.NumMethod() == 0 {
			return setAny, nil
		}
	case reflect.Pointer:
		return pointerSetter(t, outer)
	case reflect.Slice:
		return sliceSetter(t, outer)
	case reflect.Map:
		if t.Key().Kind() == reflect.String {
			return mapSetter(t, outer)
		}
	case reflect.Struct:
		return structSetter(t, outer)
	}
	return nil, fmt.Errorf("type %s cannot be read from a request", t)
}

func setParam(dst reflect.Value, v any, name string, errs *validate.Errors) {
	param, ok := reflect.TypeAssert[Param](dst.Addr())
	if !ok {
		return
	}
	if err := param.SetParam(v); err != nil {
		errs.Add(name, err.Error())
	}
}

// Positions of the fields of optional.Value.
const (
	optionalSent = iota
	optionalNull
	optionalValue
)

func isOptional(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.PkgPath() == reflect.TypeFor[Opt[int]]().PkgPath() && t.NumField() > optionalValue
}

func optionalSetter(t reflect.Type, outer []reflect.Type) (setter, error) {
	set, err := setterOf(t.Field(optionalValue).Type, outer)
	if err != nil {
		return nil, err
	}
	textual := t.Field(optionalValue).Type.Kind() == reflect.String
	return func(dst reflect.Value, v any, name string, errs *validate.Errors) {
		dst.Field(optionalSent).SetBool(true)
		if v == nil || v == "" && !textual {
			dst.Field(optionalNull).SetBool(true)
			return
		}
		set(dst.Field(optionalValue), v, name, errs)
	}, nil
}

func pointerSetter(t reflect.Type, outer []reflect.Type) (setter, error) {
	set, err := setterOf(t.Elem(), outer)
	if err != nil {
		return nil, err
	}
	textual := t.Elem().Kind() == reflect.String
	return func(dst reflect.Value, v any, name string, errs *validate.Errors) {
		if v == nil || v == "" && !textual {
			return
		}
		dst.Set(reflect.New(t.Elem()))
		set(dst.Elem(), v, name, errs)
	}, nil
}

func sliceSetter(t reflect.Type, outer []reflect.Type) (setter, error) {
	set, err := setterOf(t.Elem(), outer)
	if err != nil {
		return nil, err
	}
	return func(dst reflect.Value, v any, name string, errs *validate.Errors) {
		if v == nil || v == "" {
			return
		}
		list, ok := asList(v)
		if !ok {
			errs.Add(name, validate.Invalid)
			return
		}
		out := reflect.MakeSlice(t, len(list), len(list))
		for i, e := range list {
			set(out.Index(i), e, name, errs)
		}
		dst.Set(out)
	}, nil
}

// asList reads a list, also one that a form sent as an object with the keys
// "0", "1", ….
func asList(v any) ([]any, bool) {
	switch v := v.(type) {
	case []any:
		return v, true
	case map[string]any:
		keys := make([]int, 0, len(v))
		for k := range v {
			n, err := strconv.Atoi(k)
			if err != nil || n < 0 {
				return nil, false
			}
			keys = append(keys, n)
		}
		slices.Sort(keys)
		list := make([]any, 0, len(v))
		for _, n := range keys {
			list = append(list, v[strconv.Itoa(n)])
		}
		return list, true
	}
	return nil, false
}

func mapSetter(t reflect.Type, outer []reflect.Type) (setter, error) {
	set, err := setterOf(t.Elem(), outer)
	if err != nil {
		return nil, err
	}
	return func(dst reflect.Value, v any, name string, errs *validate.Errors) {
		if v == nil || v == "" {
			return
		}
		object, ok := v.(map[string]any)
		if !ok {
			errs.Add(name, validate.Invalid)
			return
		}
		out := reflect.MakeMapWithSize(t, len(object))
		for _, k := range slices.Sorted(maps.Keys(object)) {
			e := reflect.New(t.Elem()).Elem()
			set(e, object[k], name, errs)
			out.SetMapIndex(reflect.ValueOf(k).Convert(t.Key()), e)
		}
		dst.Set(out)
	}, nil
}

func structSetter(t reflect.Type, outer []reflect.Type) (setter, error) {
	if slices.Contains(outer, t) {
		return nil, errors.New("recursive types cannot be read from a request")
	}
	outer = append(slices.Clone(outer), t)
	var fields []field
	err := eachField(t, nil, func(f reflect.StructField, index []int) error {
		name := f.Tag.Get("json")
		if name == "" || name == "-" {
			return fmt.Errorf("%s.%s has no json tag", t, f.Name)
		}
		set, err := setterOf(f.Type, outer)
		if err != nil {
			return fmt.Errorf("%s.%s: %w", t, f.Name, err)
		}
		fields = append(fields, field{index, name, set, f.Type})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return func(dst reflect.Value, v any, name string, errs *validate.Errors) {
		if v == nil || v == "" {
			return
		}
		object, ok := v.(map[string]any)
		if !ok {
			errs.Add(name, validate.Invalid)
			return
		}
		for _, f := range fields {
			if e, sent := object[f.name]; sent {
				f.set(dst.FieldByIndex(f.index), e, f.name, errs)
			}
		}
	}, nil
}
