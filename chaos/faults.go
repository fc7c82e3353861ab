package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"tributary/internal/trial"
	"tributary/simulator"
)

// fault breaks something, lets it be so for a while, and mends it.
type fault struct {
	name string
	run  func(ctx context.Context, c *cluster) error
}

// faults are all that can be made here.
func (c *cluster) faults() (list []fault) {
	add := func(name string, run func(ctx context.Context, c *cluster) error) {
		list = append(list, fault{name, run})
	}
	for _, role := range []string{"edge", "worker", "relay", "api", "scheduler"} {
		add("SIGKILL of one "+role, func(ctx context.Context, c *cluster) error { return c.killed(ctx, c.one(role)) })
		add("SIGKILL of both "+role+" processes", func(ctx context.Context, c *cluster) error { return c.killed(ctx, c.of(role)...) })
	}
	add("SIGKILL of every process", func(ctx context.Context, c *cluster) error { return c.killed(ctx, c.nodes...) })
	add("SIGTERM of every process, one after the other", rolled)
	add("a worker stands still (SIGSTOP) and goes on", func(ctx context.Context, c *cluster) error { return c.still(ctx, c.one("worker")) })
	add("a relay stands still (SIGSTOP) and goes on", func(ctx context.Context, c *cluster) error { return c.still(ctx, c.one("relay")) })
	add("Redis is restarted", func(ctx context.Context, c *cluster) error { return c.redisEnds(ctx, syscall.SIGTERM) })
	add("Redis is killed", func(ctx context.Context, c *cluster) error { return c.redisEnds(ctx, syscall.SIGKILL) })
	add("all connections to Redis break", func(ctx context.Context, c *cluster) error { return c.cut(ctx, c.nodes...) })
	add("the line between a worker and Redis falls silent", func(ctx context.Context, c *cluster) error { return c.silent(ctx, c.of("worker")[1]) })
	add("the line between an edge and Redis falls silent", func(ctx context.Context, c *cluster) error { return c.silent(ctx, c.one("edge")) })
	if c.tmpfs != "" {
		add("an edge's disk is full while Redis is away", diskFull)
	}
	if c.island != nil {
		add("the network between a worker and Redis is split", func(ctx context.Context, c *cluster) error {
			return errors.Join(c.island.split(ctx), trial.Sleep(ctx, c.long()), c.island.join(context.WithoutCancel(ctx)))
		})
	}
	add("PostgreSQL is restarted", func(ctx context.Context, c *cluster) error { return c.postgresEnds(ctx, "fast") })
	add("PostgreSQL crashes", func(ctx context.Context, c *cluster) error { return c.postgresEnds(ctx, "immediate") })
	for _, f := range []struct {
		name string
		simulator.Failure
	}{
		{"the provider hangs", simulator.Failure{Hang: true}},
		{"the provider answers 500", simulator.Outage(http.StatusInternalServerError, 0)},
		{"the provider answers 429", simulator.Throttle(time.Second, 0)},
		{"the provider resets connections", simulator.Failure{Reset: true}},
	} {
		add(f.name, func(ctx context.Context, c *cluster) error {
			c.sim.Fail(simulator.Line, f.Failure)
			defer c.sim.Heal(simulator.Line)
			return trial.Sleep(ctx, c.fault)
		})
		add(f.name+", and a relay is killed", func(ctx context.Context, c *cluster) error {
			c.sim.Fail(simulator.Line, f.Failure)
			defer c.sim.Heal(simulator.Line)
			if err := trial.Sleep(ctx, c.fault/2); err != nil {
				return err
			}
			return c.killed(ctx, c.one("relay"))
		})
	}
	for _, by := range []time.Duration{10 * time.Minute, -10 * time.Minute} {
		for _, role := range []string{"edge", "worker", "relay", "api", "scheduler"} {
			name := fmt.Sprintf("the clock of a process of the %s jumps by %s", role, by)
			add(name, func(ctx context.Context, c *cluster) error { return c.jump(ctx, by, c.one(role)) })
		}
	}
	return list
}

// plan is which faults, in which order.
func (c *cluster) plan() ([]fault, error) {
	all := c.faults()
	if c.only != "" {
		wanted := strings.Split(c.only, ",")
		all = slices.DeleteFunc(all, func(f fault) bool {
			return !slices.ContainsFunc(wanted, func(w string) bool { return strings.Contains(f.name, strings.TrimSpace(w)) })
		})
		if len(all) == 0 {
			return nil, errors.New("no fault has such a name")
		}
	}
	var list []fault
	for n := max(c.rounds, 0); len(list) < max(n, len(all)) && (n == 0 || len(list) < n); {
		c.random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		list = append(list, all...)
		if n == 0 {
			break
		}
		list = list[:min(len(list), n)]
	}
	return list, nil
}

// moment is a part of the time that a fault lasts.
func (c *cluster) moment(ctx context.Context) error {
	return trial.Sleep(ctx, time.Duration((0.2+0.8*c.random.Float64())*float64(c.fault)))
}

func (c *cluster) killed(ctx context.Context, nodes ...*node) error {
	for _, n := range nodes {
		n.end(syscall.SIGKILL)
	}
	if err := c.moment(ctx); err != nil {
		return err
	}
	for _, n := range nodes {
		if err := n.start(); err != nil {
			return err
		}
	}
	return nil
}

// rolled replaces every process the way an upgrade does.
func rolled(ctx context.Context, c *cluster) error {
	for _, n := range c.nodes {
		n.end(syscall.SIGTERM)
		if err := n.start(); err != nil {
			return err
		}
		if err := await(ctx, patience, n.name+" to be ready", n.ready); err != nil {
			return err
		}
	}
	return nil
}

// still is a process that does nothing for longer than its leases last, and knows
// nothing of it afterwards.
func (c *cluster) still(ctx context.Context, n *node) error {
	if err := n.signal(syscall.SIGSTOP); err != nil {
		return err
	}
	err := trial.Sleep(ctx, c.long())
	return errors.Join(err, n.signal(syscall.SIGCONT))
}

// long is longer than leases last.
func (c *cluster) long() time.Duration { return max(c.fault, 4*time.Second) }

func (c *cluster) redisEnds(ctx context.Context, signal syscall.Signal) error {
	c.redis.end(signal)
	if err := c.moment(ctx); err != nil {
		return err
	}
	return c.redis.start(ctx)
}

// cut breaks their lines to Redis. The worker in a network of its own has another one.
func (c *cluster) cut(ctx context.Context, nodes ...*node) error {
	for _, n := range nodes {
		n.redis.Cut()
	}
	err := c.moment(ctx)
	for _, n := range nodes {
		n.redis.Mend()
	}
	return err
}

func (c *cluster) silent(ctx context.Context, n *node) error {
	n.redis.Silence()
	defer n.redis.Mend()
	return trial.Sleep(ctx, c.long())
}

func (c *cluster) postgresEnds(ctx context.Context, mode string) error {
	if err := c.postgres.stop(ctx, mode); err != nil {
		return err
	}
	if err := c.moment(ctx); err != nil {
		return err
	}
	return c.postgres.start(ctx)
}

func (c *cluster) jump(ctx context.Context, by time.Duration, n *node) error {
	if err := n.setClock(by); err != nil {
		return err
	}
	err := trial.Sleep(ctx, c.fault)
	return errors.Join(err, n.setClock(0))
}

// diskFull fills the small disk of the first edge while Redis is away: what the spool
// cannot take is not answered 2xx, and what it took comes out again.
func diskFull(ctx context.Context, c *cluster) error {
	n := c.of("edge")[0]
	fill := c.tmpfs + "/filling"
	if err := fillDisk(fill); err != nil {
		return err
	}
	n.redis.Cut()
	err := trial.Sleep(ctx, c.fault)
	if err == nil {
		err = os.Remove(fill)
	}
	if err == nil {
		err = trial.Sleep(ctx, c.fault/2) // now the spool has room
	}
	n.redis.Mend()
	return err
}
