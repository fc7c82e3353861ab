package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"tributary/internal/trial"
)

// island is a network of a process's own. One wire of it leads to Redis, another to all
// else, so that a network can be split where the process does not see it.
type island struct {
	name          string
	redis, others string // the near ends of the wires
	near, far     [2]string
}

// ip runs iproute2.
func ip(ctx context.Context, args ...string) error {
	if out, err := exec.CommandContext(ctx, "ip", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

func newIsland(ctx context.Context) (*island, error) {
	id := os.Getpid() % 10_000
	i := &island{name: fmt.Sprintf("chaos%d", id), redis: fmt.Sprintf("cha%dr", id), others: fmt.Sprintf("cha%do", id)}
	if err := ip(ctx, "netns", "add", i.name); err != nil {
		return nil, err
	}
	for k, wire := range []string{i.redis, i.others} {
		i.near[k], i.far[k] = fmt.Sprintf("10.213.%d.%d", id%250, 4*k+1), fmt.Sprintf("10.213.%d.%d", id%250, 4*k+2)
		for _, args := range [][]string{
			{"link", "add", wire, "type", "veth", "peer", "name", wire + "f", "netns", i.name},
			{"addr", "add", i.near[k] + "/30", "dev", wire},
			{"link", "set", wire, "up"},
			{"-n", i.name, "addr", "add", i.far[k] + "/30", "dev", wire + "f"},
			{"-n", i.name, "link", "set", wire + "f", "up"},
		} {
			if err := ip(ctx, args...); err != nil {
				return i, err
			}
		}
	}
	return i, ip(ctx, "-n", i.name, "link", "set", "lo", "up")
}

// split lets nothing through between the process and Redis.
func (i *island) split(ctx context.Context) error { return ip(ctx, "link", "set", i.redis, "down") }

func (i *island) join(ctx context.Context) error { return ip(ctx, "link", "set", i.redis, "up") }

// close removes the wires with the namespace.
func (i *island) close() error { return ip(context.Background(), "netns", "del", i.name) }

// move lets a process live on an island: what it calls is reached over the wires. The
// process's own web server is asked at the far end of one.
func (c *cluster) move(ctx context.Context, n *node) error {
	i, err := newIsland(ctx)
	if err != nil {
		if i != nil {
			err = errors.Join(err, i.close())
		}
		return err
	}
	c.island = i
	lines := map[string]string{} // from an address here to the one there
	for k, target := range map[string]string{"redis": c.redis.addr(), "postgres": c.postgres.addr(), "provider": c.sim.Addr()} {
		near := i.near[1]
		if k == "redis" {
			near = i.near[0]
		}
		p, err := trial.NewLine(near, target)
		if err != nil {
			return err
		}
		c.proxies = append(c.proxies, p)
		lines[target] = p.Addr()
	}
	for name, value := range n.env {
		for from, to := range lines {
			value = strings.ReplaceAll(value, from, to)
		}
		n.env[name] = value
	}
	n.env["REDIS_URL"] = "redis://" + lines[c.redis.addr()] + "/0"
	n.env["BIND"] = "0.0.0.0"
	n.host, n.island = i.far[1], i
	return nil
}
