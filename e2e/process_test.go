package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/internal/trial"
)

// process is the program as a process of its own, which a test may kill.
type process struct {
	t    testing.TB
	env  []string
	base string
	log  string

	mu  sync.Mutex
	cmd *exec.Cmd
}

// freePort finds a port that nobody listens on.
func freePort(t testing.TB) int {
	t.Helper()
	free, err := trial.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(free)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// spawn starts the program as a process, with the configuration of p, and talks to it
// from then on.
func (p *program) spawn(extra map[string]string) *process {
	p.t.Helper()
	c := p.another(extra)
	p.base = c.base
	p.sim.SetTarget(c.base, c.base)
	return c
}

// another starts a further process with the configuration of p.
func (p *program) another(extra map[string]string) *process {
	p.t.Helper()
	port := freePort(p.t)
	env := p.environment(extra)
	env["PORT"] = fmt.Sprint(port)
	env[childMode] = "1"
	c := &process{t: p.t, base: fmt.Sprintf("http://127.0.0.1:%d", port), log: filepath.Join(p.t.TempDir(), "process.log")}
	if env["FRONTEND_URL"] == "" {
		env["FRONTEND_URL"] = c.base
	}
	for k, v := range env {
		c.env = append(c.env, k+"="+v)
	}
	c.start()
	p.t.Cleanup(func() {
		c.kill()
		if b, err := os.ReadFile(c.log); err == nil && p.t.Failed() {
			p.t.Logf("log of the process (end):\n%s", b[max(0, len(b)-6000):])
		}
	})
	return c
}

func (c *process) start() {
	c.t.Helper()
	log, err := os.OpenFile(c.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	exe, err := os.Executable()
	if err != nil {
		c.t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(c.t.Context()), exe, "serve")
	cmd.Env, cmd.Stdout, cmd.Stderr = c.env, log, log
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.mu.Lock()
	c.cmd = cmd
	c.mu.Unlock()
	testkit.Wait(c.t, 30*time.Second, "the process to answer", func() bool {
		res, err := http.Get(c.base + "/livez")
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}

// kill ends the process without warning.
func (c *process) kill() { c.end(syscall.SIGKILL) }

func (c *process) end(signal syscall.Signal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cmd == nil {
		return
	}
	_ = c.cmd.Process.Signal(signal)
	_ = c.cmd.Wait() // killed: that is not an error here
	c.cmd = nil
}

// logged counts a message in the process's log, over all its lives.
func (c *process) logged(message string) int {
	c.t.Helper()
	b, err := os.ReadFile(c.log)
	if err != nil {
		c.t.Fatal(err)
	}
	return strings.Count(string(b), message)
}
