package command

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// QuietLibraries keeps libraries from writing to standard error on their own:
// what they would say reaches our log as errors of the calls they fail. It
// changes state of the whole process, so only main calls it, once, first.
func QuietLibraries() { redis.SetLogger(silent{}) }

// silent is a logger of go-redis that says nothing.
type silent struct{}

// Printf implements the library's logger.
func (silent) Printf(context.Context, string, ...any) {}
