package localq_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"tributary/queue"
	"tributary/queue/localq"
	"tributary/queue/queuetest"
)

func BenchmarkAppend(b *testing.B) {
	log := open(b, filepath.Join(b.TempDir(), "queue.db"), localq.Options{})
	queuetest.BenchmarkAppend(b, log)
}

func BenchmarkReadAck(b *testing.B) {
	log := open(b, filepath.Join(b.TempDir(), "queue.db"), localq.Options{Partitions: 1})
	queuetest.BenchmarkReadAck(b, log)
}

// BenchmarkLength shows that an entry costs the same however many are in the log:
// each round appends, reads and acknowledges the same number.
func BenchmarkLength(b *testing.B) {
	for _, before := range []int{10_000, 1_000_000} {
		b.Run(fmt.Sprint(before), func(b *testing.B) {
			log := open(b, filepath.Join(b.TempDir(), "queue.db"), localq.Options{Partitions: 1})
			queuetest.Fill(b, log, before)
			r, err := log.Lease(b.Context(), 0, "w", 24*time.Hour)
			if err != nil {
				b.Fatalf("Lease: %v", err)
			}
			for queuetest.ReadAck(b, r, 500) > 0 {
			}
			n := 0
			records := make([]queue.Record, 250)
			for i := range records {
				records[i] = queuetest.Payload(0)
			}
			for b.Loop() {
				if err := log.Append(b.Context(), records...); err != nil {
					b.Fatalf("Append: %v", err)
				}
				n += queuetest.ReadAck(b, r, 250)
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}
