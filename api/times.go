package api

import (
	"time"

	"tributary/api/route"
)

// at is a stored moment (microseconds); nil is the zero time.
func at(us *int64) time.Time {
	if us == nil {
		return time.Time{}
	}
	return time.UnixMicro(*us).UTC()
}

func unix(us *int64) route.Unix { return route.Unix(at(us)) }

func iso(us *int64) route.ISO { return route.ISO(at(us)) }
