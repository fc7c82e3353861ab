package localq_test

import (
	"bufio"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tributary/queue"
	"tributary/queue/localq"
)

func record(partition int, payload string) queue.Record {
	return queue.Record{Partition: partition, Key: "k", Channel: "line", Payload: []byte(payload)}
}

func add(t *testing.T, log queue.Log, partition int, payloads ...string) {
	t.Helper()
	for _, p := range payloads {
		if err := log.Append(t.Context(), record(partition, p)); err != nil {
			t.Fatalf("Append: %v", err)
		}
	}
}

func read(t *testing.T, log queue.Log, partition int) (queue.Reader, []queue.Entry) {
	t.Helper()
	r, err := log.Lease(t.Context(), partition, "w", time.Hour)
	if err != nil {
		t.Fatalf("Lease: %v", err)
	}
	entries, err := r.Next(t.Context(), 100000, 0)
	if err != nil {
		t.Fatalf("Next: %v", err)
	}
	return r, entries
}

func wantPayloads(t *testing.T, entries []queue.Entry, want ...string) {
	t.Helper()
	var got []string
	for _, e := range entries {
		got = append(got, string(e.Payload))
	}
	if strings.Join(got, ",") != strings.Join(want, ",") {
		t.Fatalf("got %q, want %q", got, want)
	}
}

func TestOneProcessOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "queue.db")
	log := open(t, path, localq.Options{})
	_, err := localq.Open(path, localq.Options{})
	if err == nil || !strings.Contains(err.Error(), dir) {
		t.Fatalf("second Open: got %v, want a refusal that names %s", err, dir)
	}
	if err := log.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	open(t, path, localq.Options{})
}

func TestOpenWhereItCannot(t *testing.T) {
	t.Parallel()
	if _, err := localq.Open(filepath.Join(t.TempDir(), "missing", "queue.db"), localq.Options{}); err == nil {
		t.Fatal("Open in a directory that is not there: got no error")
	}
	path := filepath.Join(t.TempDir(), "queue.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("this is no database ", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the lock is not kept
		if _, err := localq.Open(path, localq.Options{}); err == nil || strings.Contains(err.Error(), "in use") {
			t.Fatalf("Open of another file: got %v, want that it is no database", err)
		}
	}
}

func TestPathWithOddCharacters(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a b?c#d%20e")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	open(t, filepath.Join(dir, "queue.db"), localq.Options{})
	if _, err := os.Stat(filepath.Join(dir, "queue.db")); err != nil {
		t.Fatalf("the file: %v", err)
	}
}

// MaxBytes counts what is not acknowledged; Trim needs not run for room.
func TestMaxBytes(t *testing.T) {
	t.Parallel()
	log := open(t, filepath.Join(t.TempDir(), "queue.db"), localq.Options{Partitions: 2, MaxBytes: 10_000})
	fill := func() int {
		for n := 0; ; n++ {
			err := log.Append(t.Context(), record(n%2, strings.Repeat("x", 400)))
			if errors.Is(err, queue.ErrFull) {
				return n
			}
			if err != nil {
				t.Fatalf("Append: %v", err)
			}
		}
	}
	n := fill()
	if n < 15 || n > 25 {
		t.Fatalf("appends until full: got %d, want about 22", n)
	}
	r, entries := read(t, log, 0)
	if err := r.Ack(t.Context(), entries...); err != nil {
		t.Fatalf("Ack: %v", err)
	}
	if got := fill(); got < n/2-1 || got > n/2+1 {
		t.Fatalf("appends after half was acknowledged: got %d, want about %d", got, n/2)
	}
}

func TestPartitionsChange(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "queue.db")
	log := open(t, path, localq.Options{Partitions: 4})
	add(t, log, 3, "a", "b")
	log.Close()
	if _, err := localq.Open(path, localq.Options{Partitions: 2}); err == nil || !strings.Contains(err.Error(), "drained") {
		t.Fatalf("Open with fewer partitions: got %v, want a refusal", err)
	}
	log = open(t, path, localq.Options{Partitions: 4})
	r, entries := read(t, log, 3)
	wantPayloads(t, entries, "a", "b")
	if err := r.Dead(t.Context(), entries[0], "x"); err != nil {
		t.Fatalf("Dead: %v", err)
	}
	if err := r.Ack(t.Context(), entries[1]); err != nil {
		t.Fatalf("Ack: %v", err)
	}
	log.Close()

	log = open(t, path, localq.Options{Partitions: 2})
	if err := log.Replay(t.Context(), entries[0].ID); err != nil {
		t.Fatalf("Replay of a dead letter of a former partition: %v", err)
	}
	r, entries = read(t, log, 1)
	wantPayloads(t, entries, "a")
	if err := r.Ack(t.Context(), entries...); err != nil {
		t.Fatalf("Ack: %v", err)
	}
	if n, err := log.Trim(t.Context(), 0, 0); err != nil || n != 1 {
		t.Fatalf("Trim: got %d, %v, want 1", n, err)
	}
	if s, err := log.Stats(t.Context()); err != nil || s.Bytes != 0 {
		t.Fatalf("bytes: got %d, %v, want 0", s.Bytes, err)
	}
	log.Close()
	open(t, path, localq.Options{Partitions: 8})
}

// A failing transaction stores nothing of any call in it, and the log goes on when
// the storage does.
func TestStorageFails(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "queue.db")
	log := open(t, path, localq.Options{Partitions: 2})
	add(t, log, 0, "a")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`ALTER TABLE log_1 RENAME TO hidden`); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		err = log.Append(t.Context(), record(0, "lost"), record(1, "lost"))
		if !errors.Is(err, queue.ErrUnavailable) {
			t.Fatalf("Append: got %v, want ErrUnavailable", err)
		}
	}
	if _, err := db.Exec(`ALTER TABLE hidden RENAME TO log_1`); err != nil {
		t.Fatal(err)
	}
	add(t, log, 0, "b")
	add(t, log, 1, "c")
	_, entries := read(t, log, 0)
	wantPayloads(t, entries, "a", "b")
	_, entries = read(t, log, 1)
	wantPayloads(t, entries, "c")
}

// TestKilled appends in another process, kills it, and finds everything that the
// other had been told is stored.
func TestKilled(t *testing.T) {
	const pathVar = "LOCALQ_APPEND_TO"
	if path := os.Getenv(pathVar); path != "" {
		log := open(t, path, localq.Options{Partitions: 1})
		for i := 0; ; i++ {
			add(t, log, 0, fmt.Sprint(i))
			fmt.Println("stored", i)
		}
	}
	path := filepath.Join(t.TempDir(), "queue.db")
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$")
	cmd.Env = append(os.Environ(), pathVar+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	last := -1
	lines := bufio.NewScanner(out)
	for last < 300 && lines.Scan() {
		if _, err := fmt.Sscanf(lines.Text(), "stored %d", &last); err != nil {
			t.Fatalf("line %q: %v", lines.Text(), err)
		}
	}
	if _, err := localq.Open(path, localq.Options{Partitions: 1}); err == nil {
		t.Error("Open while another process has the file: got no error")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
		fmt.Sscanf(lines.Text(), "stored %d", &last)
	}
	_ = cmd.Wait() // it was killed
	_, entries := read(t, open(t, path, localq.Options{Partitions: 1}), 0)
	if len(entries) <= last {
		t.Fatalf("got %d entries, want at least %d", len(entries), last+1)
	}
	for i, e := range entries {
		if string(e.Payload) != fmt.Sprint(i) {
			t.Fatalf("entry %d: got %s", i, e.Payload)
		}
	}
}
