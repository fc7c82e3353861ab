package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tributary/internal/trial"
)

const (
	deletionRate          = 100.0
	deletionCount         = 1000
	deletionConversations = 10_000 // of the inbox that is deleted
	deletionWorse         = 1.5    // the most that its deletion may add to the p99 of others
)

// deletion measures one inbox's replies, without and with the deletion of another inbox
// with many conversations.
func (b *bench) deletion(ctx context.Context) error {
	target := fmt.Sprintf("≤ %.1f × without", deletionWorse)
	for _, on := range b.backends() {
		figure := "replies of an inbox while one of 10,000 conversations is deleted, p99, " + on.name
		if on.missing != "" {
			b.table.missing(figure, target, on.missing)
			continue
		}
		if err := b.deletionOn(ctx, on, figure, target); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) deletionOn(ctx context.Context, on backend, figure, target string) (err error) {
	p, paths, err := b.neighbours(ctx, on)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close(ctx)) }()
	list := p.sim.Channels()
	if _, err := p.conversations(ctx, list[1:], deletionConversations); err != nil {
		return err
	}
	o := replies{Address: p.app.Addr(), Token: p.token, Paths: paths, Count: deletionCount, Connections: 16, Rate: deletionRate}
	alone, err := b.generator.do(order{Replies: &o})
	if err != nil {
		return err
	}
	began, gone := time.Now(), make(chan result, 1)
	if err := p.deleteInbox(p.inboxes[list[1]]); err != nil {
		return err
	}
	go func() {
		err := p.emptied(ctx, p.inboxes[list[1]])
		gone <- result{time.Since(began), err}
	}()
	beside, err := b.generator.do(order{Replies: &o})
	if err != nil {
		return err
	}
	r := <-gone
	if r.err != nil {
		return r.err
	}
	worse := float64(beside.P99) / float64(alone.P99)
	b.table.add(figure, fmt.Sprintf("%.2f × (%s)", worse, millis(beside.P99)), target, worse <= deletionWorse,
		fmt.Sprintf("without it %s; the deletion took %.1f s of %.1f s", millis(alone.P99), r.took.Seconds(), beside.Elapsed.Seconds()))
	return nil
}

type result struct {
	took time.Duration
	err  error
}

// deleteInbox asks the API for it, as an administrator does.
func (p *program) deleteInbox(id int64) error {
	c, err := dial(p.app.Addr())
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	return c.must([]byte(fmt.Sprintf("DELETE /api/v1/accounts/%d/inboxes/%d HTTP/1.1\r\nHost: %s\r\napi_access_token: %s\r\nContent-Length: 0\r\n\r\n",
		p.account, id, p.app.Addr(), p.token)))
}

// emptied waits until nothing is left of an inbox.
func (p *program) emptied(ctx context.Context, id int64) error {
	return trial.Await(ctx, 5*time.Minute, 50*time.Millisecond, "the inbox to be gone", func() (bool, error) {
		var left int
		err := p.db.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM inboxes WHERE id = $1)
			+ (SELECT COUNT(*) FROM (SELECT 1 FROM conversations WHERE inbox_id = $1 LIMIT 1) AS c)`, id).Scan(&left)
		return left == 0, err
	})
}
