package redisq_test

import (
	"testing"

	"tributary/queue/queuetest"
	"tributary/queue/redisq"
)

func BenchmarkAppend(b *testing.B) {
	c := client(b, 16)
	queuetest.BenchmarkAppend(b, open(b, c, redisq.Options{Prefix: prefix(b, c)}))
}

func BenchmarkReadAck(b *testing.B) {
	c := client(b, 1)
	queuetest.BenchmarkReadAck(b, open(b, c, redisq.Options{Partitions: 1, Prefix: prefix(b, c)}))
}
