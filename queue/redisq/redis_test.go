package redisq_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"tributary/queue"
	"tributary/queue/redisq"
)

func add(t *testing.T, log queue.Log, payloads ...string) {
	t.Helper()
	for _, p := range payloads {
		if err := log.Append(t.Context(), queue.Record{Key: "k", Channel: "line", Payload: []byte(p)}); err != nil {
			t.Fatalf("Append: %v", err)
		}
	}
}

func lease(t *testing.T, log queue.Log, owner string) queue.Reader {
	t.Helper()
	r, err := log.Lease(t.Context(), 0, owner, time.Hour)
	if err != nil {
		t.Fatalf("Lease: %v", err)
	}
	return r
}

func wantNext(t *testing.T, r queue.Reader, want ...string) []queue.Entry {
	t.Helper()
	entries, err := r.Next(t.Context(), 100, 0)
	if err != nil {
		t.Fatalf("Next: %v", err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, string(e.Payload))
	}
	if !slices.Equal(got, want) {
		t.Fatalf("Next: got %q, want %q", got, want)
	}
	return entries
}

func TestConsumerGroupIsMadeAgain(t *testing.T) {
	t.Parallel()
	c := client(t, 1)
	p := prefix(t, c)
	log := open(t, c, redisq.Options{Partitions: 1, Prefix: p})
	add(t, log, "a", "b")
	r := lease(t, log, "w")
	got := wantNext(t, r, "a", "b")
	if err := c.XGroupDestroy(t.Context(), p+":in:0", "workers").Err(); err != nil {
		t.Fatalf("XGROUP DESTROY: %v", err)
	}
	if err := r.Ack(t.Context(), got...); err != nil {
		t.Fatalf("Ack without the group: %v", err)
	}
	// Again from the start rather than anything lost.
	r2 := wantNext(t, r, "a", "b")
	if err := r.Ack(t.Context(), r2...); err != nil {
		t.Fatalf("Ack: %v", err)
	}
	if _, err := log.Stats(t.Context()); err != nil {
		t.Fatalf("Stats: %v", err)
	}
}

func TestEverythingForgotten(t *testing.T) {
	t.Parallel()
	c := client(t, 1)
	p := prefix(t, c)
	log := open(t, c, redisq.Options{Partitions: 1, Prefix: p})
	add(t, log, "a")
	r := lease(t, log, "w")
	wantNext(t, r, "a")
	iter := c.Scan(t.Context(), 0, p+"*", 100).Iterator()
	for iter.Next(t.Context()) {
		c.Del(t.Context(), iter.Val())
	}
	if _, err := log.Stats(t.Context()); err != nil {
		t.Fatalf("Stats: %v", err)
	}
	if _, err := log.Trim(t.Context(), 0, 1); err != nil {
		t.Fatalf("Trim: %v", err)
	}
	for _, state := range []string{"", queue.StateDone, queue.StatePending, queue.StateWaiting, queue.StateDelayed, queue.StateDead} {
		if got, err := log.List(t.Context(), queue.Filter{State: state}); err != nil || len(got) != 0 {
			t.Fatalf("List(%s): got %v, %v, want nothing", state, got, err)
		}
	}
	if _, err := r.Next(t.Context(), 1, 0); !errors.Is(err, queue.ErrLeaseLost) {
		t.Fatalf("Next: got %v, want ErrLeaseLost", err)
	}
	add(t, log, "b")
	wantNext(t, lease(t, log, "w"), "b")
}

// What a consumer of another name has read is taken over too.
func TestForeignConsumer(t *testing.T) {
	t.Parallel()
	c := client(t, 1)
	p := prefix(t, c)
	log := open(t, c, redisq.Options{Partitions: 1, Prefix: p})
	add(t, log, "a", "b", "c")
	err := c.XReadGroup(t.Context(), &redis.XReadGroupArgs{
		Group: "workers", Consumer: "somebody", Streams: []string{p + ":in:0", ">"}, Count: 2, Block: -1,
	}).Err()
	if err != nil {
		t.Fatalf("XREADGROUP: %v", err)
	}
	r := lease(t, log, "w")
	wantNext(t, r, "a", "b")
	wantNext(t, r, "c")
}

// losing drops the answers of the next scripts that read, after Redis ran them,
// as a connection does that breaks.
type losing struct{ lose int }

var errLost = errors.New("the connection broke")

func (l *losing) DialHook(next redis.DialHook) redis.DialHook { return next }

func (l *losing) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (l *losing) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if err == nil && l.lose > 0 && strings.HasPrefix(cmd.Name(), "eval") {
			l.lose--
			cmd.SetErr(errLost)
			return errLost
		}
		return err
	}
}

func TestLostAnswerIsGivenAgain(t *testing.T) {
	t.Parallel()
	c := client(t, 1)
	hook := &losing{}
	c.AddHook(hook)
	now := time.Now().Truncate(time.Millisecond)
	log := open(t, c, redisq.Options{Partitions: 1, Prefix: prefix(t, c), Now: func() time.Time { return now }})
	add(t, log, "a", "b", "c")
	r := lease(t, log, "w")
	lost := func(what string) {
		t.Helper()
		hook.lose = 1
		if _, err := r.Next(t.Context(), 2, 0); !errors.Is(err, errLost) {
			t.Fatalf("Next (%s): got %v, want a failure", what, err)
		}
	}
	lost("new entries")
	entries, err := r.Next(t.Context(), 2, 0)
	if err != nil || len(entries) != 2 || string(entries[0].Payload) != "a" {
		t.Fatalf("Next after a lost answer: got %v, %v, want a and b", entries, err)
	}
	hook.lose = 1
	for _, e := range entries {
		for {
			if err = r.Delay(t.Context(), e, now, "later"); err == nil {
				break
			}
			if !errors.Is(err, errLost) {
				t.Fatalf("Delay twice: %v", err)
			}
		}
	}
	lost("due entries")
	wantNext(t, r, "a", "b")
	got := wantNext(t, r, "c")
	wantNext(t, r)
	hook.lose = 1
	if err := r.Dead(t.Context(), got[0], "x"); !errors.Is(err, errLost) {
		t.Fatalf("Dead: got %v, want a failure", err)
	}
	if err := r.Dead(t.Context(), got[0], "x"); err != nil {
		t.Fatalf("Dead twice: %v", err)
	}
	if s, err := log.Stats(t.Context()); err != nil || s.Dead["line"] != 1 {
		t.Fatalf("Stats: got %v, %v, want one dead letter", s.Dead, err)
	}
}

func TestPartitionsChange(t *testing.T) {
	t.Parallel()
	c := client(t, 4)
	p := prefix(t, c)
	log := open(t, c, redisq.Options{Partitions: 4, Prefix: p})
	add(t, log, "a")
	if _, err := redisq.New(c, redisq.Options{Partitions: 2, Prefix: p}); err == nil || !strings.Contains(err.Error(), "drained") {
		t.Fatalf("New with fewer partitions: got %v, want a refusal", err)
	}
	r := lease(t, log, "w")
	if err := r.Ack(t.Context(), wantNext(t, r, "a")...); err != nil {
		t.Fatalf("Ack: %v", err)
	}
	open(t, c, redisq.Options{Partitions: 2, Prefix: p})
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	if _, err := redisq.NewClient("redis://user:hidden@ho st/", 1); err == nil || strings.Contains(err.Error(), "hidden") {
		t.Fatalf("NewClient of no URL: got %v, want an error without the password", err)
	}
	// A listener that never answers: worse than a closed port.
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("Listen: %v", err)
	}
	defer ln.Close()
	c, err := redisq.NewClient("redis://"+ln.Addr().String(), 1)
	if err != nil {
		t.Fatalf("NewClient: %v", err)
	}
	defer c.Close()
	if _, err := redisq.New(c, redisq.Options{Partitions: 1}); !errors.Is(err, queue.ErrUnavailable) {
		t.Fatalf("New: got %v, want ErrUnavailable", err)
	}
}

// server runs a Redis of the test's own on a fixed port with its data in dir.
func server(t *testing.T, dir string, port int) (stop func()) {
	t.Helper()
	cmd := exec.Command("redis-server", "--port", fmt.Sprint(port), "--bind", "127.0.0.1", "--dir", dir,
		"--save", "", "--appendonly", "yes", "--appendfsync", "always")
	if err := cmd.Start(); err != nil {
		t.Fatalf("start redis-server: %v", err)
	}
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			_ = cmd.Process.Kill() // it may have ended by itself
			_ = cmd.Wait()
		}
	}
	t.Cleanup(stop)
	return stop
}

func TestRedisGoesAndReturns(t *testing.T) {
	t.Parallel()
	if os.Getenv("TEST_REDIS") == "" {
		t.Skip("TEST_REDIS not set: no redis-server to start and kill")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("Listen: %v", err)
	}
	port := ln.Addr().(*net.TCPAddr).Port
	ln.Close()
	dir := t.TempDir()
	stop := server(t, dir, port)
	c, err := redisq.NewClient(fmt.Sprintf("redis://127.0.0.1:%d", port), 1)
	if err != nil {
		t.Fatalf("NewClient: %v", err)
	}
	t.Cleanup(func() { c.Close() })
	until(t, "the start", func() bool { return c.Ping(t.Context()).Err() == nil })
	log := open(t, c, redisq.Options{Partitions: 1})
	add(t, log, "a", "b")
	r := lease(t, log, "w")
	got := wantNext(t, r, "a", "b")

	stop() // as kill -9 does
	err = log.Append(t.Context(), queue.Record{Key: "k", Payload: []byte("lost")})
	if !errors.Is(err, queue.ErrUnavailable) {
		t.Fatalf("Append without Redis: got %v, want ErrUnavailable", err)
	}
	if _, err := r.Next(t.Context(), 1, time.Second); !errors.Is(err, queue.ErrUnavailable) {
		t.Fatalf("Next without Redis: got %v, want ErrUnavailable", err)
	}
	server(t, dir, port)
	until(t, "the return", func() bool { return log.Ping(t.Context()) == nil })
	if err := r.Ack(t.Context(), got...); err != nil {
		t.Fatalf("Ack after the return: %v", err)
	}
	add(t, log, "c")
	wantNext(t, r, "c")
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	bound := time.After(20 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-bound:
			t.Fatalf("%s did not happen within 20s", what)
		}
	}
}
