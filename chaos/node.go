package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"tributary/internal/trial"
)

// node is one process of the program.
type node struct {
	name, role string
	binary     string
	dir, log   string
	clock      string
	host, port string
	island     *island // it lives in a network of its own; nil: in this one
	env        map[string]string
	redis      *trial.Line // its line to Redis
	cmd        *exec.Cmd
}

func (n *node) base() string { return "http://" + n.host + ":" + n.port }

func (n *node) start() error {
	log, err := os.OpenFile(n.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	n.cmd = exec.Command(n.binary, "serve")
	if n.island != nil {
		n.cmd = exec.Command("ip", "netns", "exec", n.island.name, n.binary, "serve")
	}
	for k, v := range n.env {
		n.cmd.Env = append(n.cmd.Env, k+"="+v)
	}
	n.cmd.Stdout, n.cmd.Stderr = log, log
	return n.cmd.Start()
}

// end sends a signal and waits until the process is gone.
func (n *node) end(signal syscall.Signal) {
	if n.cmd == nil {
		return
	}
	_ = n.cmd.Process.Signal(signal)
	_ = n.cmd.Wait() // ended by the signal
	n.cmd = nil
}

// signal sends one that does not end it.
func (n *node) signal(s syscall.Signal) error { return n.cmd.Process.Signal(s) }

func (n *node) ready() bool { return n.unready() == "" }

// unready is what the process says is wrong; empty: nothing.
func (n *node) unready() string {
	client := http.Client{Timeout: 5 * time.Second}
	res, err := client.Get(n.base() + "/readyz")
	if err != nil {
		return err.Error()
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode == http.StatusOK {
		return ""
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, 4096))
	return fmt.Sprintf("%d %s %v", res.StatusCode, text, err)
}

// add makes a process of a role; index tells those of a role apart.
func (c *cluster) add(role string, index int) (*node, error) {
	n := &node{name: role + "-" + strconv.Itoa(index), role: role, binary: c.binary, host: "127.0.0.1"}
	n.dir = filepath.Join(c.dir, n.name)
	n.log, n.clock = filepath.Join(c.dir, n.name+".log"), filepath.Join(c.dir, n.name+".clock")
	if err := os.MkdirAll(n.dir, 0o700); err != nil {
		return nil, err
	}
	var err error
	if n.port, err = trial.FreePort(); err != nil {
		return nil, err
	}
	if n.redis, err = trial.NewLine(n.host, c.redis.addr()); err != nil {
		return nil, err
	}
	n.env = c.sim.Settings()
	maps.Copy(n.env, map[string]string{
		"ROLES": role, "PORT": n.port, "BIND": "127.0.0.1", "DATA_DIR": n.dir,
		"DATABASE_URL": c.postgres.url(), "REDIS_URL": "redis://" + n.redis.Addr() + "/0", "DATABASE_CONNECTIONS": "15",
		"SECRET_KEY_BASE": "the key of a chaos run, which is nobody's", "FRONTEND_URL": c.public,
		"LOG_LEVEL": "info", "LOG_FORMAT": "json", "QUEUE_LEASE": "2s", "RELAY_RETRY_BASE": "300ms", "RELAY_TIMEOUT": "3s",
		"CONVERSATION_MESSAGE_PER_MINUTE_LIMIT": "0", clockVariable: n.clock,
	})
	c.nodes = append(c.nodes, n)
	return n, nil
}

// ready waits until every process says that it is.
func (c *cluster) ready(ctx context.Context) error {
	for _, n := range c.nodes {
		if err := await(ctx, patience, n.name+" to be ready", n.ready); err != nil {
			return fmt.Errorf("%w, which says %s; its log is %s", err, n.unready(), n.log)
		}
	}
	return nil
}

// of are the processes of a role.
func (c *cluster) of(role string) (list []*node) {
	for _, n := range c.nodes {
		if n.role == role {
			list = append(list, n)
		}
	}
	return list
}

func (c *cluster) one(role string) *node {
	list := c.of(role)
	return list[c.random.IntN(len(list))]
}

// fillDisk writes until there is no room, but for a little.
func fillDisk(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	block := make([]byte, 4096)
	for {
		if _, err = f.Write(block); err != nil {
			break
		}
	}
	if !errors.Is(err, syscall.ENOSPC) {
		return errors.Join(err, f.Close())
	}
	return f.Close()
}
