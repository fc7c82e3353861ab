// Package redisq keeps a queue.Log in Redis Streams (Redis 6.2 or newer).
//
// Each partition is a stream with one consumer group and one consumer, whoever
// the owner: what a predecessor left pending is the successor's own. All keys
// share one hash tag, so that transactions and scripts work in a Cluster too.
//
// Readers change state only in scripts that check the lease first; waiting for
// new entries is a plain XREAD, which changes nothing. A blocked XREADGROUP would
// take entries for an owner that had lost its lease meanwhile. Every script may be
// run twice, as happens when a connection breaks before its answer: an answer that
// was lost is given again.
//
// How much Redis forgets in a power cut is its own setting: appendonly with
// appendfsync always for nothing.
package redisq
