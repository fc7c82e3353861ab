package localq_test

import (
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tributary/queue"
	"tributary/queue/localq"
	"tributary/queue/queuetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, path string, opt localq.Options) *localq.Log {
	t.Helper()
	log, err := localq.Open(path, opt)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := log.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return log
}

func TestConformance(t *testing.T) {
	t.Parallel()
	var paths sync.Map // of the logs
	queuetest.Run(t, func(t *testing.T, partitions int, now func() time.Time) queue.Log {
		path := filepath.Join(t.TempDir(), "queue.db")
		log := open(t, path, localq.Options{Partitions: partitions, Now: now})
		paths.Store(log, path)
		return log
	}, func(t *testing.T, old queue.Log, partitions int, now func() time.Time) queue.Log {
		if err := old.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
		path, _ := paths.Load(old)
		log := open(t, path.(string), localq.Options{Partitions: partitions, Now: now})
		paths.Store(log, path)
		return log
	})
}
