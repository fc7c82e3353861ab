package main

import (
	"context"
	"errors"
	"fmt"

	"tributary/simulator"
)

const (
	isolationRate  = 100.0
	isolationCount = 400
	isolationHung  = 60  // conversations of the inbox that hangs
	neighbourTalks = 120 // of the inbox beside it
)

// isolation measures one inbox's replies, without and with another inbox whose
// provider takes calls and never answers.
func (b *bench) isolation(ctx context.Context) error {
	for _, on := range b.backends() {
		if on.missing != "" {
			b.table.missing("replies of an inbox while another inbox's provider hangs, "+on.name, "", on.missing)
			continue
		}
		if err := b.isolationOn(ctx, on); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) isolationOn(ctx context.Context, on backend) (err error) {
	p, paths, err := b.neighbours(ctx, on)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close(ctx)) }()
	list := p.sim.Channels()
	hanging, err := p.conversations(ctx, list[1:], isolationHung)
	if err != nil {
		return err
	}
	o := replies{Address: p.app.Addr(), Token: p.token, Paths: paths, Count: isolationCount, Connections: 16, Rate: isolationRate}
	alone, err := b.generator.do(order{Replies: &o})
	if err != nil {
		return err
	}
	o.Hanging, o.HangingHint = hanging, secret(list[1], "line_channel_token")
	beside, err := b.generator.do(order{Replies: &o})
	if err != nil {
		return err
	}
	b.table.tell("replies of an inbox while another inbox's provider hangs, "+on.name,
		fmt.Sprintf("p50 %s, p99 %s", millis(beside.P50), millis(beside.P99)),
		fmt.Sprintf("without it p50 %s, p99 %s; %d replies hang", millis(alone.P50), millis(alone.P99), isolationHung))
	return nil
}

// neighbours starts the program with two inboxes, the first with conversations whose
// paths it gives: what happens to the second must not disturb replies in them.
func (b *bench) neighbours(ctx context.Context, on backend) (p *program, paths []string, err error) {
	if p, err = b.start(ctx, on, allRoles, 2, simulator.Line); err != nil {
		return nil, nil, err
	}
	if err = p.app.Start(ctx); err == nil {
		paths, err = p.conversations(ctx, p.sim.Channels()[:1], neighbourTalks)
	}
	if err != nil {
		return nil, nil, errors.Join(err, p.close(ctx))
	}
	return p, paths, nil
}
