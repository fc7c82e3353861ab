package app

import (
	"context"
	"os"
	"runtime/debug"

	"github.com/redis/go-redis/v9"
)

// collectAt is the growth of the heap, in per cent, after which garbage is
// collected. What lives is small (about 10 MB idle) and what a webhook leaves
// behind is much: collecting less often is worth about a tenth of the processor
// at the edge and costs some tens of megabytes under load. GOGC overrides it.
const collectAt = 400

// SetUpProcess changes the state of the whole process, so only a main function
// calls it, once, first: how often garbage is collected, and that libraries do
// not write to standard error on their own (what they would say reaches our log
// as errors of the calls they fail).
func SetUpProcess() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	redis.SetLogger(silent{})
}

// silent is a logger of go-redis that says nothing.
type silent struct{}

// Printf implements the library's logger.
func (silent) Printf(context.Context, string, ...any) {}
