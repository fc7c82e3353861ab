package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// The program is built with one change to Go's time package: the clock on the wall can
// be moved while it runs, for one process and not for the machine. Timers and durations
// are the monotonic clock's and stay, as when a real clock is set.

// clockLook is how often the changed clock looks where it is to stand.
const clockLook = 20 * time.Millisecond

const clockVariable = "CHAOS_CLOCK"

const clockSource = `
var chaosJump atomic.Int64

func init() {
	path, ok := syscall.Getenv("` + clockVariable + `")
	if !ok {
		return
	}
	go func() {
		for ; ; Sleep(20 * Millisecond) {
			fd, err := syscall.Open(path, syscall.O_RDONLY, 0)
			if err != nil {
				continue
			}
			var b [24]byte
			n, _ := syscall.Read(fd, b[:])
			syscall.Close(fd)
			var jump int64
			negative := false
			for _, d := range b[:max(n, 0)] {
				if d == '-' {
					negative = true
				} else if d >= '0' && d <= '9' {
					jump = 10*jump + int64(d-'0')
				}
			}
			if negative {
				jump = -jump
			}
			chaosJump.Store(jump)
		}
	}()
}
`

// build makes the program whose clock can be moved.
func build(ctx context.Context, dir string) (binary string, err error) {
	root, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("go env: %w", err)
	}
	path := filepath.Join(strings.TrimSpace(string(root)), "src", "time", "time.go")
	source, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	const now = "sec, nsec, mono := runtimeNow()\n\tif mono == 0 {"
	text := string(source)
	if strings.Count(text, now) != 1 || strings.Count(text, "\nimport (\n") != 1 {
		return "", errors.New("time.Now of this Go is another one: look at chaos/clock.go")
	}
	text = strings.Replace(text, now, "sec, nsec, mono := runtimeNow()\n\tsec += chaosJump.Load()\n\tif mono == 0 {", 1)
	text = strings.Replace(text, "\nimport (\n", "\nimport (\n\t\"sync/atomic\"\n\t\"syscall\"\n", 1) + clockSource
	changed, overlay := filepath.Join(dir, "time.go"), filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(changed, []byte(text), 0o600); err != nil {
		return "", err
	}
	list, err := json.Marshal(map[string]map[string]string{"Replace": {path: changed}})
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(overlay, list, 0o600); err != nil {
		return "", err
	}
	binary = filepath.Join(dir, "tributary")
	cmd := exec.CommandContext(ctx, "go", "build", "-overlay", overlay, "-o", binary, "tributary/cmd/tributary")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	return binary, cmd.Run()
}

// setClock moves a process's clock by so much from the machine's.
func (n *node) setClock(by time.Duration) error {
	// Renamed into its place, so that nobody reads half of it.
	fresh := n.clock + ".new"
	if err := os.WriteFile(fresh, []byte(strconv.FormatInt(int64(by/time.Second), 10)), 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, n.clock)
}

// clocks moves those of all processes of a role, and waits until they have noticed.
func (c *cluster) clocks(role string, by time.Duration) error {
	for _, n := range c.of(role) {
		if err := n.setClock(by); err != nil {
			return err
		}
	}
	time.Sleep(10 * clockLook)
	return nil
}
