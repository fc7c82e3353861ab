package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/valyala/fasthttp"

	"tributary/simulator"
)

// gate is something that takes webhooks.
type gate struct {
	name    string
	target  float64
	address string
	request [][]byte
	before  func(context.Context) error // prepares a round
	rates   []float64                   // requests a second of each round
	ratios  []float64                   // over the bare handler in the same round
	p99     []float64                   // ms
	cpu     []float64                   // of this process, µs for each request
	missing string
}

const (
	edgeRequests = 4000
	edgeContacts = 1500
)

// edge compares accepted webhooks with what a bare handler answers: the same
// requests, the same generator, in turn.
func (b *bench) edge(ctx context.Context) (err error) {
	bare, stop, err := bareHandler()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	backends := []struct {
		name   string
		target float64
		on     backend
	}{
		{"embedded queue", 0.35, backend{}},
		{"Redis in memory", 0.35, backend{redis: b.memory}},
		{"Redis appendfsync always", 0.25, backend{redis: b.always}},
	}
	channels := []simulator.Kind{simulator.Line, simulator.WhatsAppCloud}
	lanes := make([][]*gate, len(channels))
	for i, at := range backends {
		if i > 0 && at.on.redis == nil {
			for n := range channels {
				lanes[n] = append(lanes[n], &gate{name: at.name, target: at.target, missing: b.noRedis})
			}
			continue
		}
		p, err := b.start(ctx, at.on, edgeRole, 1, channels...)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, p.close(ctx)) }()
		if err := p.app.Start(ctx); err != nil {
			return err
		}
		for n, kind := range channels {
			g := &gate{name: at.name, target: at.target, address: p.app.Addr()}
			list, err := p.webhooks([]*simulator.Channel{p.sim.Channel(kind)}, 0, edgeRequests, edgeContacts)
			if err != nil {
				return err
			}
			for _, d := range list {
				g.request = append(g.request, wire(d, g.address))
			}
			if at.on.redis != nil {
				g.before = at.on.redis.empty
			}
			lanes[n] = append(lanes[n], g)
		}
	}
	for n, kind := range channels {
		if err := b.compare(ctx, kind, bare, lanes[n]); err != nil {
			return err
		}
	}
	return nil
}

// compare runs the rounds of one channel: bare, then each gate, and again.
func (b *bench) compare(ctx context.Context, kind simulator.Kind, address string, gates []*gate) error {
	bare := &gate{address: address, request: gates[0].request}
	for round := range b.rounds + 1 {
		for _, g := range append([]*gate{bare}, gates...) {
			if err := b.round(ctx, g, bare, round == 0); err != nil {
				return fmt.Errorf("%s: %w", g.name, err)
			}
		}
	}
	b.table.tell("bare fasthttp handler, "+kind.Title()+" requests", count(median(bare.rates))+"/s",
		fmt.Sprintf("answers 200 to the same requests; p99 %.1f ms, %.0f µs of processor each", median(bare.p99), median(bare.cpu)))
	for _, g := range gates {
		figure := "accepted " + kind.Title() + " webhooks over the bare handler, " + g.name
		if g.missing != "" {
			b.table.missing(figure, fmt.Sprintf("≥ %.2f", g.target), g.missing)
			continue
		}
		ratio := median(g.ratios)
		b.table.add(figure, fmt.Sprintf("%.2f", ratio), fmt.Sprintf("≥ %.2f", g.target), ratio >= g.target,
			fmt.Sprintf("%s/s verified, normalised, durable; p99 %.1f ms, %.0f µs of processor each", count(median(g.rates)), median(g.p99), median(g.cpu)))
	}
	return nil
}

// round measures one gate once; the first one only warms up.
func (b *bench) round(ctx context.Context, g, bare *gate, warmUp bool) error {
	if g.missing != "" {
		return nil
	}
	if g.before != nil {
		if err := g.before(ctx); err != nil {
			return err
		}
	}
	a := &attack{Address: g.address, Requests: g.request, Connections: b.conns, For: b.slice}
	if warmUp {
		a.For /= 2
	}
	before := processTime()
	o, err := b.generator.do(order{Attack: a})
	if err != nil {
		return err
	}
	used := processTime() - before
	if o.Failed > 0 || o.Done == 0 {
		return fmt.Errorf("%d of %d webhooks were refused", o.Failed, o.Failed+o.Done)
	}
	if warmUp {
		return nil
	}
	g.rates = append(g.rates, o.perSecond())
	g.ratios = append(g.ratios, o.perSecond()/bare.rates[len(bare.rates)-1])
	g.cpu = append(g.cpu, float64(used.Nanoseconds())/1000/float64(o.Done))
	g.p99 = append(g.p99, float64(o.P99.Microseconds())/1000)
	return ctx.Err()
}

// bareHandler is the least that fasthttp does for a request with a body.
func bareHandler() (address string, stop func() error, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &fasthttp.Server{
		Handler:               func(ctx *fasthttp.RequestCtx) { ctx.SetStatusCode(fasthttp.StatusOK) },
		NoDefaultServerHeader: true,
		ReadTimeout:           30 * time.Second,
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	return l.Addr().String(), func() error { return errors.Join(server.Shutdown(), <-served) }, nil
}
