package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"tributary/internal/trial"
)

const (
	processStarts = 5
	idleFor       = 3 * time.Second
)

// process measures the real binary on the embedded default: how soon it is ready
// on an empty directory and what it holds when nothing happens.
func (b *bench) process(ctx context.Context) error {
	binary, err := b.binary(ctx)
	if err != nil {
		return err
	}
	var ready, resident []float64
	for i := range processStarts {
		d, kib, err := b.startOnce(ctx, binary, i == processStarts-1)
		if err != nil {
			return err
		}
		ready = append(ready, d.Seconds())
		if kib > 0 {
			resident = append(resident, kib/1024)
		}
	}
	s := median(ready)
	b.table.add("start to ready on an empty database, SQLite, embedded queue", fmt.Sprintf("%.2f s", s), "≤ 1 s", s <= 1,
		fmt.Sprintf("%d starts, migrations included", processStarts))
	if len(resident) == 0 {
		b.table.missing("idle resident memory", "≤ 60 MB", "this system has no /proc")
		return nil
	}
	b.table.add("idle resident memory", fmt.Sprintf("%.0f MB", resident[0]), "≤ 60 MB", resident[0] <= 60,
		fmt.Sprintf("VmRSS, all roles, %s after the start", idleFor))
	return nil
}

// binary builds the program.
func (b *bench) binary(ctx context.Context) (path string, err error) {
	path = filepath.Join(b.dir, "tributary")
	build := exec.CommandContext(ctx, "go", "build", "-o", path, "tributary/cmd/tributary")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return "", fmt.Errorf("go build: %w", err)
	}
	return path, nil
}

// served is the binary while it runs.
type served struct {
	cmd     *exec.Cmd
	address string
}

// serve starts the binary on a data directory, and returns when it is ready.
func serve(ctx context.Context, binary, dir string) (s *served, err error) {
	port, err := trial.FreePort()
	if err != nil {
		return nil, err
	}
	s = &served{exec.Command(binary, "serve", "--port", port, "--data-dir", dir), "127.0.0.1:" + port} //nolint:gosec // built above
	s.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LOG_LEVEL=error"}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	client := &http.Client{Timeout: time.Second}
	err = trial.Await(ctx, 30*time.Second, time.Millisecond, "the program to be ready", func() (bool, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+"/readyz", nil)
		if err != nil {
			return false, err
		}
		res, err := client.Do(req)
		if err != nil {
			return false, nil //nolint:nilerr // it does not listen yet
		}
		return res.StatusCode == http.StatusOK, res.Body.Close()
	})
	if err != nil {
		return nil, errors.Join(err, s.end())
	}
	return s, nil
}

func (s *served) end() error {
	err := s.cmd.Process.Signal(syscall.SIGTERM)
	_ = s.cmd.Wait() // ended by the signal
	return err
}

// startOnce starts the binary, waits until it is ready and, with idle, reads its
// memory a little later.
func (b *bench) startOnce(ctx context.Context, binary string, idle bool) (ready time.Duration, kib float64, err error) {
	begin := time.Now()
	s, err := serve(ctx, binary, b.folder())
	ready = time.Since(begin)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, s.end()) }()
	if !idle {
		return ready, 0, nil
	}
	if err := trial.Sleep(ctx, idleFor); err != nil {
		return ready, 0, err
	}
	return ready, residentKiB(s.cmd.Process.Pid), nil
}

// residentKiB reads VmRSS; 0 where there is none.
func residentKiB(pid int) float64 {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	n, _ := strconv.ParseFloat(fields[0], 64) // 0 when unreadable
	return n
}
