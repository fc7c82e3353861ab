package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tributary/internal/trial"
	"tributary/simulator"
)

const (
	replyInboxes       = 8
	replyConversations = 640
	replyRate          = 200.0
	replyPaced         = 1000 // at replyRate
	replySustained     = 10_000
	replyWriters       = 64
)

// replies measures from the API's answer to the provider being called.
func (b *bench) replies(ctx context.Context) error {
	for _, on := range b.backends() {
		paced, sustained := "reply accepted to provider called at 200/s, p99, "+on.name, "replies accepted and sent, sustained, "+on.name
		if on.missing != "" {
			b.table.missing(paced, "≤ 50 ms", on.missing)
			b.table.missing(sustained, "≥ 2,000/s", on.missing)
			continue
		}
		if err := b.repliesOn(ctx, on, paced, sustained); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) repliesOn(ctx context.Context, on backend, paced, sustained string) (err error) {
	p, err := b.start(ctx, on, allRoles, replyInboxes, simulator.Line)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close(ctx)) }()
	if err := p.app.Start(ctx); err != nil {
		return err
	}
	paths, err := p.conversations(ctx, p.sim.Channels(), replyConversations)
	if err != nil {
		return err
	}
	o, err := b.generator.do(order{Replies: &replies{
		Address: p.app.Addr(), Token: p.token, Paths: paths,
		Count: replyPaced, Connections: replyWriters, Rate: replyRate,
	}})
	if err != nil {
		return err
	}
	b.table.add(paced, millis(o.P99), "≤ 50 ms", o.P99 <= 50*time.Millisecond, fmt.Sprintf("p50 %s, longest %s", millis(o.P50), millis(o.Max)))
	o, err = b.generator.do(order{Replies: &replies{
		Address: p.app.Addr(), Token: p.token, Paths: paths,
		Count: replySustained, Connections: replyWriters,
	}})
	if err != nil {
		return err
	}
	b.table.add(sustained, count(o.perSecond())+"/s", "≥ 2,000/s", o.perSecond() >= 2000,
		fmt.Sprintf("%s replies over %d inboxes, from the first request to the last call of the provider", count(replySustained), replyInboxes))
	return nil
}

// conversations makes n conversations by webhooks; it gives the API paths of their
// messages.
func (p *program) conversations(ctx context.Context, channels []*simulator.Channel, n int) ([]string, error) {
	deliveries, err := p.webhooks(channels, 0, n, n)
	if err != nil {
		return nil, err
	}
	c, err := dial(p.app.Addr())
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }()
	for _, d := range deliveries {
		if err := c.must(wire(d, p.app.Addr())); err != nil {
			return nil, fmt.Errorf("webhook: %w", err)
		}
	}
	inboxes := map[int64]bool{}
	for _, ch := range channels {
		inboxes[p.inboxes[ch]] = true
	}
	var paths []string
	err = trial.Await(ctx, time.Minute, 20*time.Millisecond, "the conversations", func() (bool, error) {
		paths = nil
		rows, err := p.db.QueryContext(ctx, `SELECT display_id, inbox_id FROM conversations ORDER BY id`)
		if err != nil {
			return false, err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var display, inbox int64
			if err := rows.Scan(&display, &inbox); err != nil {
				return false, err
			}
			if inboxes[inbox] {
				paths = append(paths, fmt.Sprintf("/api/v1/accounts/%d/conversations/%d/messages", p.account, display))
			}
		}
		return len(paths) == n, rows.Err()
	})
	return paths, err
}
