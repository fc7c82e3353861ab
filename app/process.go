package app

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"

	"github.com/redis/go-redis/v9"
)

// collectAt is the growth of the heap, in per cent, after which garbage is
// collected. What lives is small (about 10 MB idle) and what a webhook leaves
// behind is much: collecting less often is worth about a tenth of the processor
// at the edge and costs some tens of megabytes under load. Where much lives, in
// thousands of open sockets, that would be a gigabyte: no more than collectSlack
// bytes of garbage are left, or half of what lives. GOGC overrides it all.
const (
	collectAt    = 400
	collectLeast = 50
	collectSlack = 48 << 20
)

// SetUpProcess changes the state of the whole process, so only a main function
// calls it, once, first: how often garbage is collected, and that libraries do
// not write to standard error on their own (what they would say reaches our log
// as errors of the calls they fail).
func SetUpProcess() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
		(&pacer{percent: collectAt}).arm()
	}
	redis.SetLogger(silent{})
}

// pacer sets after each collection how much garbage the next one waits for.
type pacer struct{ percent int }

// collected is garbage at once: its cleanup runs after the next collection.
type collected struct{ _ [16]byte }

func (p *pacer) arm() { runtime.AddCleanup(&collected{}, (*pacer).pace, p) }

func (p *pacer) pace() {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	if now := collectPercent(sample[0].Value.Uint64()); now-p.percent > 10 || p.percent-now > 10 {
		p.percent = now
		debug.SetGCPercent(now)
	}
	p.arm()
}

// collectPercent is how much of live bytes may come in garbage.
func collectPercent(live uint64) int {
	return int(max(collectLeast, min(collectAt, collectSlack*100/max(live, 1)))) //nolint:gosec // at most collectAt
}

// silent is a logger of go-redis that says nothing.
type silent struct{}

// Printf implements the library's logger.
func (silent) Printf(context.Context, string, ...any) {}
