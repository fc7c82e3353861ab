package route

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// encode writes v as JSON: lists and objects that are nil become [] and {},
// and <, > and & stay as they are. Where a client may see null the type says so
// by being a pointer or an interface.
func encode(v any) ([]byte, error) {
	if v != nil {
		if filled, changed := fill(reflect.ValueOf(v)); changed {
			v = filled.Interface()
		}
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("route: encode %T: %w", v, err)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

var (
	marshalerType     = reflect.TypeFor[json.Marshaler]()
	textMarshalerType = reflect.TypeFor[encoding.TextMarshaler]()
)

// fill replaces nil lists and objects inside v. It never writes to v, which
// handlers may share; changed tells that the result is a copy.
func fill(v reflect.Value) (filled reflect.Value, changed bool) {
	t := v.Type()
	if t.Implements(marshalerType) || t.Implements(textMarshalerType) {
		return v, false
	}
	switch t.Kind() {
	case reflect.Interface, reflect.Pointer:
		return fillInside(v)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return v, false
		}
		if v.IsNil() {
			return reflect.MakeSlice(t, 0, 0), true
		}
		return fillElements(v)
	case reflect.Array:
		return fillElements(v)
	case reflect.Map:
		if v.IsNil() {
			return reflect.MakeMap(t), true
		}
		return fillMap(v)
	case reflect.Struct:
		return fillStruct(v)
	}
	return v, false
}

// scalar tells that values of kind hold no lists.
func scalar(k reflect.Kind) bool { return k <= reflect.Complex128 || k == reflect.String }

func fillInside(v reflect.Value) (reflect.Value, bool) {
	if v.IsNil() {
		return v, false
	}
	inner, changed := fill(v.Elem())
	if !changed {
		return v, false
	}
	if v.Kind() == reflect.Interface {
		out := reflect.New(v.Type()).Elem()
		out.Set(inner)
		return out, true
	}
	out := reflect.New(v.Type().Elem())
	out.Elem().Set(inner)
	return out, true
}

func fillElements(v reflect.Value) (reflect.Value, bool) {
	if scalar(v.Type().Elem().Kind()) {
		return v, false
	}
	out, changed := v, false
	for i := range v.Len() {
		e, ok := fill(v.Index(i))
		if !ok {
			continue
		}
		if !changed {
			out, changed = clone(v), true
		}
		out.Index(i).Set(e)
	}
	return out, changed
}

// clone copies a slice or an array into something that can be written to.
func clone(v reflect.Value) reflect.Value {
	if v.Kind() == reflect.Array {
		out := reflect.New(v.Type()).Elem()
		out.Set(v)
		return out
	}
	out := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
	reflect.Copy(out, v)
	return out
}

func fillMap(v reflect.Value) (reflect.Value, bool) {
	if scalar(v.Type().Elem().Kind()) {
		return v, false
	}
	out, changed := v, false
	for it := v.MapRange(); it.Next(); {
		e, ok := fill(it.Value())
		if !ok {
			continue
		}
		if !changed {
			out, changed = reflect.MakeMapWithSize(v.Type(), v.Len()), true
			for all := v.MapRange(); all.Next(); {
				out.SetMapIndex(all.Key(), all.Value())
			}
		}
		out.SetMapIndex(it.Key(), e)
	}
	return out, changed
}

func fillStruct(v reflect.Value) (reflect.Value, bool) {
	out, changed := v, false
	fillFields(v, nil, func(index []int, e reflect.Value) {
		if !changed {
			out, changed = reflect.New(v.Type()).Elem(), true
			out.Set(v)
		}
		out.FieldByIndex(index).Set(e)
	})
	return out, changed
}

// fillFields reports the replacements inside the fields of v, which is part of
// a struct at index prefix. Embedded structs are walked through, because those
// of unexported types cannot be replaced whole.
func fillFields(v reflect.Value, prefix []int, replace func(index []int, e reflect.Value)) {
	t := v.Type()
	for i := range t.NumField() {
		f := t.Field(i)
		if scalar(f.Type.Kind()) || strings.Contains(f.Tag.Get("json"), ",omitzero") && v.Field(i).IsZero() {
			continue
		}
		index := slices.Concat(prefix, []int{i})
		if f.Anonymous && f.Type.Kind() == reflect.Struct && !f.Type.Implements(marshalerType) {
			fillFields(v.Field(i), index, replace)
			continue
		}
		if !f.IsExported() {
			continue
		}
		if e, ok := fill(v.Field(i)); ok {
			replace(index, e)
		}
	}
}
