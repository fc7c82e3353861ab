package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"runtime"
	"time"

	"tributary/channels"
	"tributary/ingest"
	"tributary/internal/trial"
	"tributary/queue"
	"tributary/simulator"
)

const (
	drainContacts = 3000
	drainInboxes  = 4
	drainMark     = 10_000 // where the cost of an event is looked at
)

// drain fills the queue and lets the worker apply it.
func (b *bench) drain(ctx context.Context) error {
	targets := []float64{4000, 6000}
	for i, on := range b.backends() {
		figure := "events applied as visible messages, " + on.name
		target := "≥ " + count(targets[i]) + "/s"
		if on.missing != "" {
			b.table.missing(figure, target, on.missing)
			continue
		}
		marks, err := b.drainOnce(ctx, on, b.events)
		if err != nil {
			return err
		}
		rate := float64(b.events) / marks[len(marks)-1].Seconds()
		b.table.add(figure, count(rate)+"/s", target, rate >= targets[i],
			fmt.Sprintf("%s events of %s contacts, worker role alone", count(float64(b.events)), count(drainContacts)))
	}
	return nil
}

// growth tells whether the millionth event costs what the ten thousandth did.
func (b *bench) growth(ctx context.Context) error {
	for _, on := range b.backends() {
		figure := fmt.Sprintf("cost of an event near the %s over the %s, %s", ordinal(b.grown), ordinal(drainMark), on.name)
		if on.missing != "" {
			b.table.missing(figure, "≤ 1.3×", on.missing)
			continue
		}
		marks, err := b.drainOnce(ctx, on, b.grown)
		if err != nil {
			return err
		}
		// The first stretch makes the contacts and conversations, so it is left out; several
		// are taken together, since a checkpoint falls into one and not into another.
		n, wide := len(marks), min(growthStretches, (len(marks)-1)/2)
		if wide < 1 {
			return fmt.Errorf("-grown: %d events are less than %d", b.grown, 3*drainMark)
		}
		early, late := (marks[wide]-marks[0])/time.Duration(wide), (marks[n-1]-marks[n-1-wide])/time.Duration(wide)
		ratio := float64(late) / float64(early)
		b.table.add(figure, fmt.Sprintf("%.2f×", ratio), "≤ 1.3×", ratio <= 1.3, fmt.Sprintf("%.0f µs against %.0f µs, over %s events each; %s/s all in all",
			perEvent(late), perEvent(early), count(float64(wide*drainMark)), count(float64(b.grown)/marks[n-1].Seconds())))
	}
	return nil
}

// growthStretches is over how many times drainMark events a cost is taken.
const growthStretches = 5

func ordinal(n int) string { return count(float64(n)) + "th" }

func perEvent(d time.Duration) float64 { return float64(d.Microseconds()) / drainMark }

// drainOnce gives how long it took until every further drainMark of n messages were
// visible.
func (b *bench) drainOnce(ctx context.Context, on backend, n int) (marks []time.Duration, err error) {
	p, err := b.start(ctx, on, workerRole, drainInboxes, simulator.Line)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.close(ctx)) }()
	if err := p.fill(ctx, n); err != nil {
		return nil, err
	}
	runtime.GC()
	start := time.Now()
	if err := p.app.Start(ctx); err != nil {
		return nil, err
	}
	err = trial.Await(ctx, time.Minute+time.Duration(n)*time.Millisecond, 10*time.Millisecond, "the queue to be applied", func() (bool, error) {
		// Ids are dense: nothing else writes messages here.
		var last int
		if err := p.db.QueryRowContext(ctx, `SELECT COALESCE(MAX(id), 0) FROM messages`).Scan(&last); err != nil {
			return false, err
		}
		for len(marks) < last/drainMark {
			marks = append(marks, time.Since(start))
		}
		if last < n {
			return false, nil
		}
		var visible int
		err := p.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM messages`).Scan(&visible)
		return visible == n, err
	})
	if err != nil {
		return nil, err
	}
	end := time.Since(start)
	if len(marks) > 0 && n%drainMark == 0 {
		marks = marks[:len(marks)-1]
	}
	return append(marks, end), nil
}

// fill appends events as the edge does: proven, normalised, with their body.
func (p *program) fill(ctx context.Context, n int) error {
	list := p.sim.Channels()
	driver, ok := p.app.Desk().Directory.DriverFor("line")
	if !ok {
		return errors.New("no LINE driver")
	}
	const chunk = 500
	for done := 0; done < n; done += chunk {
		deliveries, err := p.webhooks(list, done, min(chunk, n-done), drainContacts)
		if err != nil {
			return err
		}
		records := make([]queue.Record, 0, len(deliveries))
		for _, d := range deliveries {
			r, err := p.record(driver, d)
			if err != nil {
				return err
			}
			records = append(records, r)
		}
		if err := p.app.Queue().Append(ctx, records...); err != nil {
			return err
		}
	}
	return nil
}

// record is what the edge makes of a delivery.
func (p *program) record(driver channels.Driver, d *simulator.Delivery) (queue.Record, error) {
	hook := driver.Info().Hooks[0]
	v := channels.Accept(driver, hook, &channels.Request{
		Hook: hook.Name, Method: http.MethodPost, Path: d.Path, Param: func(string) string { return path.Base(d.Path) },
		Query: func(string) string { return "" }, Header: d.Header.Get, Body: d.Body, PublicURL: p.app.URL() + d.Path, ReceivedAt: time.Now(),
	}, p.app.Desk().Directory, channels.Enforce)
	if v.Rejected != "" || len(v.Events) != 1 {
		return queue.Record{}, fmt.Errorf("webhook rejected: %s %s", v.Rejected, v.Detail)
	}
	event := v.Events[0]
	envelope := ingest.Envelope{Event: event, Body: d.Body}
	payload, err := envelope.Encode()
	return queue.Record{Partition: event.Partition(p.app.Queue().Partitions()), Key: event.OrderKey(), Channel: event.Channel, Payload: payload}, err
}
