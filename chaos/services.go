package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"tributary/internal/trial"
)

// await waits for a condition, at most for bound.
func await(ctx context.Context, bound time.Duration, what string, ok func() bool) error {
	return trial.Await(ctx, bound, 20*time.Millisecond, what, func() (bool, error) { return ok(), nil })
}

func answers(address string) bool {
	c, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}

// redisServer syncs every write, and can be killed.
type redisServer struct {
	dir, port string
	cmd       *exec.Cmd
}

func (r *redisServer) addr() string { return "127.0.0.1:" + r.port }

func (r *redisServer) start(ctx context.Context) error {
	log, err := os.OpenFile(filepath.Join(r.dir, "redis.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	r.cmd = exec.Command("redis-server", "--bind", "127.0.0.1", "--port", r.port, "--dir", r.dir, "--save", "",
		"--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction")
	r.cmd.Stdout, r.cmd.Stderr = log, log
	if err := r.cmd.Start(); err != nil {
		return err
	}
	return await(ctx, 20*time.Second, "Redis to answer", func() bool { return answers(r.addr()) })
}

func (r *redisServer) end(signal syscall.Signal) {
	if r.cmd == nil {
		return
	}
	_ = r.cmd.Process.Signal(signal)
	_ = r.cmd.Wait() // ended by the signal
	r.cmd = nil
}

// postgres is a cluster of its own, with fsync.
type postgres struct {
	bin, data, port string
	running         bool
}

func findPostgres() (string, error) {
	all, err := filepath.Glob("/usr/lib/postgresql/*/bin/pg_ctl")
	if err != nil || len(all) == 0 {
		path, err := exec.LookPath("pg_ctl")
		return filepath.Dir(path), err
	}
	slices.Sort(all)
	return filepath.Dir(all[len(all)-1]), nil
}

// command runs one of PostgreSQL's programs, which refuse to run as root.
func (p *postgres) command(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(p.bin, name), args...)
	cmd.Dir = "/"
	if os.Getuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			return err
		}
		uid, _ := strconv.ParseUint(u.Uid, 10, 32)
		gid, _ := strconv.ParseUint(u.Gid, 10, 32)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
		if err := os.Chown(p.data, int(uid), int(gid)); err != nil {
			return err
		}
	}
	// The server outlives pg_ctl and keeps its output, so it must not be a pipe.
	out, err := os.CreateTemp("", "tributary-chaos-pg-")
	if err != nil {
		return err
	}
	defer func() { _ = out.Close(); _ = os.Remove(out.Name()) }()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(out.Name())
		return fmt.Errorf("%s: %w: %s", name, err, said)
	}
	return nil
}

func (p *postgres) init(ctx context.Context) error {
	if err := os.MkdirAll(p.data, 0o700); err != nil {
		return err
	}
	return p.command(ctx, "initdb", "-D", p.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
}

func (p *postgres) start(ctx context.Context) error {
	p.running = true
	return p.command(ctx, "pg_ctl", "-D", p.data, "-l", filepath.Join(p.data, "server.log"), "-w", "-t", "60",
		"-o", "-p "+p.port+" -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=300", "start")
}

// stop with mode immediate is what a crash of its host looks like.
func (p *postgres) stop(ctx context.Context, mode string) error {
	if !p.running {
		return nil
	}
	p.running = false
	return p.command(ctx, "pg_ctl", "-D", p.data, "-m", mode, "-w", "stop")
}

func (p *postgres) addr() string { return "127.0.0.1:" + p.port }

func (p *postgres) url() string {
	return "postgres://postgres@" + p.addr() + "/postgres?sslmode=disable"
}

func (c *cluster) services(ctx context.Context) error {
	bin, err := findPostgres()
	if err != nil {
		return fmt.Errorf("PostgreSQL is not installed (make services does that): %w", err)
	}
	var ports [2]string
	for i := range ports {
		if ports[i], err = trial.FreePort(); err != nil {
			return err
		}
	}
	c.postgres = &postgres{bin: bin, data: filepath.Join(c.dir, "postgres"), port: ports[0]}
	c.redis = &redisServer{dir: filepath.Join(c.dir, "redis"), port: ports[1]}
	if err := os.MkdirAll(c.redis.dir, 0o700); err != nil {
		return err
	}
	if err := c.postgres.init(ctx); err != nil {
		return err
	}
	return errors.Join(c.postgres.start(ctx), c.redis.start(ctx))
}
