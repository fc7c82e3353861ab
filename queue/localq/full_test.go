package localq_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/queue"
	"tributary/queue/localq"
)

// smallDisk names the folder where the test's own process mounts one.
const smallDisk = "LOCALQ_SMALL_DISK"

// TestFullDisk fills a disk to its last block: what was accepted can still be read and
// taken out, also by a process that begins on the full disk, and once there is room
// entries are accepted again.
func TestFullDisk(t *testing.T) {
	dir := os.Getenv(smallDisk)
	if dir == "" {
		// Only in a world of its own may everybody mount a disk.
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFullDisk$", "-test.v")
		cmd.Env = append(os.Environ(), smallDisk+"="+t.TempDir())
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		}
		out, err := cmd.CombinedOutput()
		if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) {
			t.Skipf("this system gives nobody a world of his own: %v", err)
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=96m"); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "spool.db")
	opt := localq.Options{Partitions: 1, Reserve: 40 << 20}
	log := open(t, path, opt)
	accepted := fill(t, log)
	// Somebody else takes what is left.
	rest := filepath.Join(dir, "rest")
	if err := os.WriteFile(rest, make([]byte, 200<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk is not full: %v", err)
	}
	took := drain(t, log, 0, accepted/2)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	log = open(t, path, opt)
	took = drain(t, log, took, accepted)
	if took != accepted {
		t.Errorf("%d of %d entries came out", took, accepted)
	}
	if err := os.Remove(rest); err != nil {
		t.Fatal(err)
	}
	testkit.Wait(t, 20*time.Second, "appends to be taken again", func() bool {
		return log.Append(t.Context(), record(0, "again")) == nil
	})
	more := fill(t, log)
	if more < accepted/2 {
		t.Errorf("the second time only %d entries fit, %d the first time", more, accepted)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
}

// fill appends until there is no room, and tells how much there was.
func fill(t *testing.T, log queue.Log) (accepted int) {
	t.Helper()
	payload := make([]byte, 16<<10)
	for {
		r := record(0, string(strconv.AppendInt(nil, int64(accepted), 10))+" "+string(payload))
		err := log.Append(t.Context(), r)
		if errors.Is(err, queue.ErrFull) {
			return accepted
		}
		if err != nil {
			t.Fatalf("Append: %v", err)
		}
		accepted++
	}
}

// drain takes entries out until `until` have come, in the order in which they were
// accepted.
func drain(t *testing.T, log queue.Log, from, until int) int {
	t.Helper()
	r, err := log.Lease(t.Context(), 0, "w", time.Hour)
	if err != nil {
		t.Fatalf("Lease: %v", err)
	}
	for from < until {
		entries, err := r.Next(t.Context(), 64, 0)
		if err != nil {
			t.Fatalf("Next: %v", err)
		}
		if len(entries) == 0 {
			break
		}
		for _, e := range entries {
			if want := strconv.Itoa(from) + " "; string(e.Payload[:len(want)]) != want {
				t.Fatalf("entry %.8q came, not %q", e.Payload, want)
			}
			from++
		}
		if err := r.Ack(t.Context(), entries...); err != nil {
			t.Fatalf("Ack: %v", err)
		}
		if _, err := log.Trim(t.Context(), 0, 0); err != nil {
			t.Fatalf("Trim: %v", err)
		}
	}
	if err := r.Release(t.Context()); err != nil {
		t.Fatalf("Release: %v", err)
	}
	return from
}
