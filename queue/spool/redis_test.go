package spool_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"tributary/queue/localq"
	"tributary/queue/redisq"
)

// TestRedisKilled runs the whole way with a Redis that is killed and comes back
// with what it had promised to keep.
func TestRedisKilled(t *testing.T) {
	t.Parallel()
	if os.Getenv("TEST_REDIS") == "" {
		t.Skip("TEST_REDIS not set: no redis-server to start and kill")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("Listen: %v", err)
	}
	port := fmt.Sprint(ln.Addr().(*net.TCPAddr).Port)
	ln.Close()
	dir := t.TempDir()
	start := func() (kill func()) {
		cmd := exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", dir,
			"--save", "", "--appendonly", "yes", "--appendfsync", "always")
		if err := cmd.Start(); err != nil {
			t.Fatalf("start redis-server: %v", err)
		}
		return func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait() // it was killed
		}
	}
	kill := start()
	defer func() { kill() }()
	client, err := redisq.NewClient("redis://127.0.0.1:"+port, 2)
	if err != nil {
		t.Fatalf("NewClient: %v", err)
	}
	defer client.Close()
	until(t, "the start of Redis", func() bool { return client.Ping(t.Context()).Err() == nil })
	primary, err := redisq.New(client, redisq.Options{Partitions: 2})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	defer primary.Close()
	s := newSpool(t, primary, openLog(t, filepath.Join(dir, "spool.db"), localq.Options{Partitions: 1}))
	stop := run(t, s)
	defer stop()
	var want []string
	for i := range 300 {
		switch i {
		case 100:
			kill()
		case 200:
			kill = start()
		}
		want = append(want, fmt.Sprint(i))
		add(t, s, 1, want[i])
	}
	until(t, "the switch back", func() bool { return !s.Spooling() })
	got := contents(t, primary, 1)
	// A batch whose answer was lost is there twice.
	var once []string
	for _, p := range got {
		if !slices.Contains(once, p) {
			once = append(once, p)
		}
	}
	if !slices.Equal(once, want) {
		t.Fatalf("got %q, want %q", once, want)
	}
}
