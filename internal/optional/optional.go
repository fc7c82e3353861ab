// Package optional tells an absent value from a null one. Requests that change
// a record need the difference: an absent key leaves a column alone, a null
// clears it.
package optional

import (
	"bytes"
	"encoding/json"
)

// Value is a value that may be absent or null. The zero Value is absent.
type Value[T any] struct {
	Sent bool // the key was there
	Null bool // and its value was null
	V    T    // the zero value unless Sent and not Null
}

// Of is a value that is there.
func Of[T any](v T) Value[T] { return Value[T]{Sent: true, V: v} }

// Null is an explicit null.
func Null[T any]() Value[T] { return Value[T]{Sent: true, Null: true} }

// Get gives the value and whether there is one.
func (o Value[T]) Get() (T, bool) { return o.V, o.Sent && !o.Null }

// Or gives the value, or def when it is absent or null.
func (o Value[T]) Or(def T) T {
	if v, ok := o.Get(); ok {
		return v
	}
	return def
}

// Ptr gives a pointer to a copy of the value, nil when it is absent or null.
func (o Value[T]) Ptr() *T {
	if v, ok := o.Get(); ok {
		return &v
	}
	return nil
}

// Apply changes *dst when the key was sent; null sets the zero value.
func (o Value[T]) Apply(dst *T) {
	if o.Sent {
		*dst = o.V
	}
}

// ApplyPtr changes *dst when the key was sent; null sets nil.
func (o Value[T]) ApplyPtr(dst **T) {
	if o.Sent {
		*dst = o.Ptr()
	}
}

// IsZero makes `json:",omitzero"` leave an absent value out.
func (o Value[T]) IsZero() bool { return !o.Sent }

// MarshalJSON implements json.Marshaler; absent values are written as null
// unless the field says omitzero.
func (o Value[T]) MarshalJSON() ([]byte, error) {
	v, ok := o.Get()
	if !ok {
		return []byte("null"), nil
	}
	return json.Marshal(v)
}

// UnmarshalJSON implements json.Unmarshaler.
func (o *Value[T]) UnmarshalJSON(b []byte) error {
	var v T
	if bytes.Equal(bytes.TrimSpace(b), []byte("null")) {
		*o = Null[T]()
		return nil
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*o = Of(v)
	return nil
}
