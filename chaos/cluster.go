package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the database/sql driver "pgx"

	"tributary/internal/trial"
	"tributary/simulator"
)

// cluster is an installation: two processes of each role, each with a line of its own
// to Redis; two of them schedulers at the same time.
type cluster struct {
	options
	dir      string
	random   *rand.Rand
	binary   string
	public   string
	postgres *postgres
	redis    *redisServer
	sim      *simulator.Simulator
	db       *sql.DB
	nodes    []*node
	proxies  []*trial.Line
	// Where that is permitted, mostly to root, the spool of the first edge has a small
	// disk, and the first worker a network of its own.
	tmpfs  string
	island *island

	account int64
	token   string
	channel *simulator.Channel
}

// sayf prints a line of the report.
func (c *cluster) sayf(format string, args ...any) {
	_, _ = fmt.Fprintf(os.Stdout, format, args...)
}

func (c *cluster) start(ctx context.Context) (err error) {
	if c.binary, err = build(ctx, c.dir); err != nil {
		return err
	}
	if err := c.services(ctx); err != nil {
		return err
	}
	if c.sim, err = simulator.Start(ctx, simulator.Options{Kinds: []simulator.Kind{simulator.Line}}); err != nil {
		return err
	}
	c.public = "http://chaos.invalid" // no provider calls it: the traffic here does
	if c.db, err = sql.Open("pgx", c.postgres.url()); err != nil {
		return err
	}
	for _, role := range []string{"edge", "worker", "relay", "api", "scheduler"} {
		for i := range 2 {
			n, err := c.add(role, i+1)
			if err != nil {
				return err
			}
			switch {
			case role == "edge" && i == 0:
				if err := c.mount(n); err != nil {
					c.sayf("left out, a full disk: %v\n", err)
				}
			case role == "worker" && i == 0:
				if err := c.move(ctx, n); err != nil {
					c.sayf("left out, a split network: %v\n", err)
				}
			}
		}
	}
	if err := c.bootstrap(ctx); err != nil {
		return err
	}
	for _, n := range c.nodes {
		if err := n.start(); err != nil {
			return err
		}
	}
	if err := c.ready(ctx); err != nil {
		return err
	}
	return c.connect(ctx)
}

// mount gives an edge a disk that is soon full.
func (c *cluster) mount(n *node) error {
	if err := syscall.Mount("tmpfs", n.dir, "tmpfs", 0, "size=96m,mode=700"); err != nil {
		return fmt.Errorf("mount: %w", err)
	}
	c.tmpfs = n.dir
	return nil
}

// bootstrap makes the account, as an operator does.
func (c *cluster) bootstrap(ctx context.Context) error {
	n := c.of("api")[0]
	cmd := exec.CommandContext(ctx, c.binary, "bootstrap", "--json",
		"--email", "chaos@example.com", "--password", "Chaos-2026!", "--account", "Chaos")
	for k, v := range n.env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("bootstrap: %w: %s", err, said.Bytes())
	}
	var made struct {
		AccountID   int64  `json:"account_id"`
		AccessToken string `json:"api_access_token"`
	}
	if err := json.Unmarshal(out, &made); err != nil {
		return fmt.Errorf("bootstrap: %w", err)
	}
	c.account, c.token = made.AccountID, made.AccessToken
	return nil
}

// connect makes the inbox.
func (c *cluster) connect(ctx context.Context) error {
	c.channel = c.sim.Channel(simulator.Line)
	c.sim.SetTarget(c.of("edge")[0].base(), c.public)
	status, answer, err := c.call(ctx, c.of("api")[0], http.MethodPost, c.channel.CreatePath(), c.channel.Params())
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("the inbox was not made: %d %s", status, answer)
	}
	return nil
}

// call calls the account API of a process.
func (c *cluster) call(ctx context.Context, n *node, method, path string, body any) (int, []byte, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return 0, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, fmt.Sprintf("%s/api/v1/accounts/%d/%s", n.base(), c.account, path), bytes.NewReader(text))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("api_access_token", c.token)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	return res.StatusCode, answer, err
}

func (c *cluster) close() error {
	var errs []error
	for _, n := range c.nodes {
		n.end(syscall.SIGKILL)
		errs = append(errs, n.redis.Close())
	}
	for _, p := range c.proxies {
		errs = append(errs, p.Close())
	}
	if c.island != nil {
		errs = append(errs, c.island.close())
	}
	if c.tmpfs != "" {
		errs = append(errs, syscall.Unmount(c.tmpfs, 0))
	}
	if c.db != nil {
		errs = append(errs, c.db.Close())
	}
	if c.sim != nil {
		errs = append(errs, c.sim.Close())
	}
	if c.redis != nil {
		c.redis.end(syscall.SIGKILL)
	}
	if c.postgres != nil {
		errs = append(errs, c.postgres.stop(context.Background(), "immediate"))
	}
	return errors.Join(errs...)
}

// logged counts a message in the logs of all processes.
func (c *cluster) logged(message string) (n int, err error) {
	logs, err := filepath.Glob(filepath.Join(c.dir, "*.log"))
	if err != nil {
		return 0, err
	}
	for _, path := range logs {
		text, err := os.ReadFile(path)
		if err != nil {
			return 0, err
		}
		n += strings.Count(string(text), message)
	}
	return n, nil
}
