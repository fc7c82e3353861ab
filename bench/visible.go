package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tributary/internal/trial"
	"tributary/simulator"
)

const (
	visibleRate  = 500.0
	visibleFor   = 6 * time.Second
	visibleConns = 64
)

// visible measures from a webhook's receipt at the edge to its message being
// readable by another connection of the database.
func (b *bench) visible(ctx context.Context) error {
	for _, on := range b.backends() {
		figure := "receipt to visible at 500/s, p99, " + on.name
		if on.missing != "" {
			b.table.missing(figure, "≤ 50 ms", on.missing)
			continue
		}
		latencies, err := b.visibleOn(ctx, on)
		if err != nil {
			return err
		}
		p99 := quantile(latencies, 0.99)
		b.table.add(figure, millis(p99), "≤ 50 ms", p99 <= 50*time.Millisecond,
			fmt.Sprintf("p50 %s, longest %s; %s messages", millis(quantile(latencies, 0.5)), millis(quantile(latencies, 1)), count(float64(len(latencies)))))
	}
	return nil
}

func (b *bench) visibleOn(ctx context.Context, on backend) (latencies []time.Duration, err error) {
	p, err := b.start(ctx, on, allRoles, 2, simulator.Line)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.close(ctx)) }()
	if err := p.app.Start(ctx); err != nil {
		return nil, err
	}
	n := int(visibleRate * visibleFor.Seconds())
	deliveries, err := p.webhooks(p.sim.Channels(), 0, n, 500)
	if err != nil {
		return nil, err
	}
	a := &attack{Address: p.app.Addr(), Connections: visibleConns, For: visibleFor, Rate: visibleRate}
	for _, d := range deliveries {
		a.Requests = append(a.Requests, wire(d, a.Address))
	}
	type sent struct {
		o   outcome
		err error
	}
	done := make(chan sent, 1)
	go func() {
		o, err := b.generator.do(order{Attack: a})
		done <- sent{o, err}
	}()
	w := &watcher{p: p, seen: map[int64]bool{}}
	var result *sent
	err = trial.Await(ctx, visibleFor+30*time.Second, time.Millisecond, "the messages to be visible", func() (bool, error) {
		select {
		case s := <-done:
			result = &s
			if s.err != nil {
				return false, s.err
			}
		default:
		}
		if err := w.look(ctx); err != nil {
			return false, err
		}
		return result != nil && len(w.latencies) >= result.o.Done, nil
	})
	slices.Sort(w.latencies)
	return w.latencies, err
}

// watcher notes when messages appear.
type watcher struct {
	p         *program
	newest    int64
	seen      map[int64]bool
	latencies []time.Duration
}

// look asks for messages that are new. Ids may become visible out of order, so
// it looks a little behind the newest.
func (w *watcher) look(ctx context.Context) error {
	rows, err := w.p.db.QueryContext(ctx, `SELECT id, created_at FROM messages WHERE id > $1`, w.newest-200)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id, at int64
		if err := rows.Scan(&id, &at); err != nil {
			return err
		}
		if !w.seen[id] {
			w.seen[id] = true
			w.newest = max(w.newest, id)
			w.latencies = append(w.latencies, time.Since(time.UnixMicro(at)))
		}
	}
	return rows.Err()
}
