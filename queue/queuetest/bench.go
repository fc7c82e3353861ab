package queuetest

import (
	"bytes"
	"sync/atomic"
	"testing"
	"time"

	"tributary/queue"
)

// callers is how many connections of an edge append at once in the benchmarks,
// per processor.
const callers = 256

// Payload is a record of the size of a normalised webhook.
func Payload(partition int) queue.Record {
	return queue.Record{
		Partition: partition, Key: "7:5511987654321", Channel: "whatsapp",
		Payload: bytes.Repeat([]byte(`{"x":1}`), 86)[:600],
	}
}

// BenchmarkAppend appends one record a call from many callers.
func BenchmarkAppend(b *testing.B, log queue.Log) {
	var next atomic.Int64
	b.SetParallelism(callers)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		record := Payload(0)
		for pb.Next() {
			record.Partition = int(next.Add(1)) % log.Partitions()
			if err := log.Append(b.Context(), record); err != nil {
				b.Errorf("Append: %v", err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
}

// BenchmarkReadAck reads and acknowledges what was appended before, 200 entries
// at a time.
func BenchmarkReadAck(b *testing.B, log queue.Log) {
	r, err := log.Lease(b.Context(), 0, "w", time.Hour)
	if err != nil {
		b.Fatalf("Lease: %v", err)
	}
	Fill(b, log, b.N)
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; {
		n += ReadAck(b, r, 200)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}

// ReadAck reads and acknowledges up to max entries and tells how many there were.
func ReadAck(b *testing.B, r queue.Reader, max int) int {
	b.Helper()
	entries, err := r.Next(b.Context(), max, 0)
	if err != nil {
		b.Fatalf("Next: %v", err)
	}
	if err := r.Ack(b.Context(), entries...); err != nil {
		b.Fatalf("Ack: %v", err)
	}
	return len(entries)
}

// Fill appends n records to partition 0.
func Fill(b *testing.B, log queue.Log, n int) {
	b.Helper()
	records := make([]queue.Record, 0, 500)
	for n > 0 {
		records = records[:0]
		for range min(n, 500) {
			records = append(records, Payload(0))
		}
		n -= len(records)
		if err := log.Append(b.Context(), records...); err != nil {
			b.Fatalf("Append: %v", err)
		}
	}
}
