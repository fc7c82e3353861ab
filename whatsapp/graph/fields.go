package graph

import (
	"errors"
	"slices"
	"sync"
	"time"
)

// forget is for how long a field that Meta did not know is not asked for. Meta
// rolls its changes out over days; a read that fails first is a call of a quota of
// 200 an hour.
const forget = time.Hour

// unknownFields remembers, by node type and version, which fields Meta does not
// know. The zero value is empty.
type unknownFields struct {
	mu    sync.Mutex
	until map[string]map[string]time.Time
}

// split gives the fields that are to be asked for, and the others.
func (u *unknownFields) split(key string, all []string, now time.Time) (ask, dropped []string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, field := range all {
		if now.Before(u.until[key][field]) {
			dropped = append(dropped, field)
		} else {
			ask = append(ask, field)
		}
	}
	return ask, dropped
}

func (u *unknownFields) add(key, field string, now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.until == nil {
		u.until = map[string]map[string]time.Time{}
	}
	if u.until[key] == nil {
		u.until[key] = map[string]time.Time{}
	}
	u.until[key][field] = now.Add(forget)
}

// withFields makes a read, and repeats it without each field that Meta says it
// does not know: one of them would leave the whole answer empty.
func (c *Client) withFields(node, version string, all []string, read func(fields []string) error) (dropped []string, err error) {
	key := node + " " + version
	ask, dropped := c.unknown.split(key, all, c.opts.Now())
	for {
		err = read(ask)
		var e *Error
		if !errors.As(err, &e) || e.Field == "" {
			return dropped, err
		}
		i := slices.Index(ask, e.Field)
		if i < 0 || len(ask) == 1 { // nothing to drop: no endless retry
			return dropped, err
		}
		c.unknown.add(key, e.Field, c.opts.Now())
		ask, dropped = slices.Delete(ask, i, i+1), append(dropped, e.Field)
	}
}
