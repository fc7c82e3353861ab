// Command chaos runs Tributary the way a large installation does, every role twice as a
// process of its own on a PostgreSQL and a Redis of its own, and breaks one thing after
// the other while webhooks come in and replies go out. At the end it says what was lost,
// doubled or put out of order, from nothing but what the provider's stand-in and the
// database know. It exits 0 when all of that is zero.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"
)

type options struct {
	rounds   int
	only     string
	seed     uint64
	fault    time.Duration
	contacts int
	pause    time.Duration
	keep     bool
}

func main() {
	var o options
	flag.IntVar(&o.rounds, "rounds", 0, "how many faults; 0: each of them once")
	flag.StringVar(&o.only, "only", "", "names of faults, separated by commas")
	flag.Uint64Var(&o.seed, "seed", 0, "order and moments of the faults; 0: by chance")
	flag.DurationVar(&o.fault, "for", 4*time.Second, "how long a fault lasts")
	flag.IntVar(&o.contacts, "contacts", 48, "contacts who write all the time")
	flag.DurationVar(&o.pause, "pause", 120*time.Millisecond, "between two messages of a contact")
	flag.BoolVar(&o.keep, "keep", false, "leave logs and data where they are")
	flag.Parse()
	if o.seed == 0 {
		o.seed = rand.Uint64()
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	clean, err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(2)
	}
	if !clean {
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (clean bool, err error) {
	began := time.Now()
	dir, err := os.MkdirTemp("", "tributary-chaos-")
	if err != nil {
		return false, err
	}
	// PostgreSQL's own user has to come through to its folder.
	if err := os.Chmod(dir, 0o711); err != nil {
		return false, err
	}
	c := &cluster{options: o, dir: dir, random: rand.New(rand.NewPCG(o.seed, 0))}
	defer func() {
		err = errors.Join(err, c.close())
		if clean && err == nil && !o.keep {
			err = os.RemoveAll(dir)
		} else {
			c.sayf("logs and data are in %s\n", dir)
		}
	}()
	c.sayf("seed %d\n", o.seed)
	if err := c.start(ctx); err != nil {
		return false, err
	}
	list, err := c.plan()
	if err != nil {
		return false, err
	}
	c.sayf("%d processes on PostgreSQL and Redis after %s; %d faults\n", len(c.nodes), time.Since(began).Round(time.Second), len(list))
	t, err := c.begin(ctx)
	if err != nil {
		return false, err
	}
	for i, f := range list {
		if err := c.round(ctx, t, i, f); err != nil {
			t.end()
			return false, err
		}
	}
	t.end()
	return c.verdict(ctx, t, len(list), time.Since(began))
}

// round breaks one thing, mends it, and waits until what was answered before its end is
// stored: a loss is then known by its name.
func (c *cluster) round(ctx context.Context, t *traffic, i int, f fault) error {
	before, started := t.counts(), time.Now()
	if err := f.run(ctx, c); err != nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	if err := errors.Join(c.ready(ctx), t.probe(ctx)); err != nil {
		return fmt.Errorf("after %s: %w", f.name, err)
	}
	mended := time.Now()
	now := t.counts()
	behind, err := c.settled(ctx, t)
	if err != nil {
		return err
	}
	c.sayf("%3d  %-58s %5.1f s  +%5d in  +%4d out  refused %4d  caught up in %.1f s%s\n", i+1, f.name, mended.Sub(started).Seconds(),
		now.in-before.in, now.out-before.out, now.refused-before.refused, time.Since(mended).Seconds(), behind)
	return nil
}
