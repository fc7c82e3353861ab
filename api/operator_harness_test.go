package api_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"tributary/chat"
	"tributary/ingest"
	"tributary/queue"
	"tributary/queue/localq"
)

// lazyQueue is an embedded queue that is opened when somebody first asks it: most tests
// do not.
type lazyQueue struct {
	t    *testing.T
	dir  string
	now  func() time.Time
	once sync.Once
	log  queue.Log
}

func (q *lazyQueue) open() queue.Log {
	q.once.Do(func() {
		log, err := localq.Open(filepath.Join(q.dir, "queue.db"), localq.Options{Partitions: 2, Now: q.now})
		if err != nil {
			q.t.Errorf("open the queue: %v", err)
			return
		}
		q.log = log
		q.t.Cleanup(func() { _ = log.Close() })
	})
	return q.log
}

func (q *lazyQueue) Stats(ctx context.Context) (queue.Stats, error) { return q.open().Stats(ctx) }

func (q *lazyQueue) List(ctx context.Context, f queue.Filter) ([]queue.Entry, error) {
	return q.open().List(ctx, f)
}

func (q *lazyQueue) Show(ctx context.Context, id string) (queue.Entry, error) {
	return q.open().Show(ctx, id)
}

func (q *lazyQueue) Replay(ctx context.Context, id string) error { return q.open().Replay(ctx, id) }

func (q *lazyQueue) Discard(ctx context.Context, id string) error { return q.open().Discard(ctx, id) }

// letter is an event that was given up, as the worker would have left it.
type letter struct {
	inbox        int64
	text, reason string
	body         string
}

// bury puts events into the dead letters and gives their ids, in order.
func (w *world) bury(list ...letter) (ids []string) {
	w.t.Helper()
	log := w.queue.open()
	ctx := w.t.Context()
	reader, err := log.Lease(ctx, 0, "test", time.Hour)
	w.must(err)
	for _, l := range list {
		envelope := ingest.Envelope{Event: chat.Event{
			Key: "msg:" + l.text, Channel: "line", Kind: chat.KindMessage, AccountID: w.account, InboxID: l.inbox,
			Contact: &chat.Contact{SourceID: "U1", Name: "Zoe"}, Thread: &chat.Thread{ReplyToken: "r3ply"}, Message: &chat.Message{Content: l.text},
		}, Body: []byte(l.body)}
		payload, err := envelope.Encode()
		w.must(err)
		w.must(log.Append(ctx, queue.Record{Key: "k", Channel: "line", Payload: payload}))
		entries, err := reader.Next(ctx, 1, time.Second)
		w.must(err)
		w.must(reader.Dead(ctx, entries[0], l.reason))
		ids = append(ids, entries[0].ID)
	}
	w.must(reader.Release(ctx))
	return ids
}
