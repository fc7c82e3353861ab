package route

import (
	"strconv"
	"time"
)

// The time formats of the API. The zero time is "unset" in all of them.
type (
	// Unix is whole seconds, 0 when unset.
	Unix time.Time
	// UnixFloat is seconds with a fraction, 0 when unset.
	UnixFloat time.Time
	// ISO is text like 2025-01-31T10:20:30.000Z, null when unset.
	ISO time.Time
)

const isoFormat = "2006-01-02T15:04:05.000Z"

// MarshalJSON implements json.Marshaler.
func (t Unix) MarshalJSON() ([]byte, error) {
	if time.Time(t).IsZero() {
		return []byte("0"), nil
	}
	return strconv.AppendInt(nil, time.Time(t).Unix(), 10), nil
}

// MarshalJSON implements json.Marshaler.
func (t UnixFloat) MarshalJSON() ([]byte, error) {
	if time.Time(t).IsZero() {
		return []byte("0.0"), nil
	}
	const microsecond = 1e6
	return strconv.AppendFloat(nil, float64(time.Time(t).UnixMicro())/microsecond, 'f', 6, 64), nil
}

// MarshalJSON implements json.Marshaler.
func (t ISO) MarshalJSON() ([]byte, error) {
	if time.Time(t).IsZero() {
		return []byte("null"), nil
	}
	return []byte(`"` + time.Time(t).UTC().Format(isoFormat) + `"`), nil
}

// IsZero makes `json:",omitzero"` leave an unset time out.
func (t Unix) IsZero() bool { return time.Time(t).IsZero() }
