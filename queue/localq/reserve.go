package localq

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// reserve is room on the disk that is given up when the disk is full. Without it a full
// disk could not even be emptied: to take entries out is to write. From the first append
// that finds no room nothing is appended until there is enough again.
type reserve struct {
	path  string
	size  int64 // 0: none is kept
	full  bool  // appends are refused
	given bool  // the room was given up, or could not be had
	tried time.Time
}

// reserveRetry is how often a full disk is looked at again.
const reserveRetry = time.Second

// take writes the file, unless it is there.
func (r *reserve) take() error {
	if r.size == 0 {
		return nil
	}
	if info, err := os.Stat(r.path); err == nil && info.Size() == r.size {
		r.given = false
		return nil
	}
	err := r.write()
	if err != nil {
		// Half of it is no use, and may be what the disk lacks.
		err = errors.Join(err, os.Remove(r.path))
	}
	r.given = err != nil
	r.full = r.full || r.given
	return err
}

// write fills the file with what no file system can keep in less room.
func (r *reserve) write() error {
	f, err := os.OpenFile(r.path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	noise := rand.NewChaCha8([32]byte{})
	block := make([]byte, 1<<20)
	for left := r.size; left > 0 && err == nil; left -= int64(len(block)) {
		block = block[:min(int64(len(block)), left)]
		_, _ = noise.Read(block) // never fails
		_, err = f.Write(block)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// ran says that the disk ran full.
func (r *reserve) ran() {
	r.full, r.tried = r.size > 0, time.Now()
}

// give makes room; false when there is none to give.
func (r *reserve) give() bool {
	if r.size == 0 || r.given {
		return false
	}
	r.given = true
	return os.Remove(r.path) == nil
}

// room tells whether the disk has what is missing of the reserve and half as much again,
// so that the disk is not full in the next moment.
func (r *reserve) room() bool {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(r.path), &disk); err != nil {
		return false
	}
	need := r.size / 2
	if r.given {
		need += r.size
	}
	return int64(disk.Bavail)*int64(disk.Bsize) >= need //nolint:gosec,unconvert // types differ between systems; disks are smaller
}

// refuses tells whether appends are refused for the sake of what is to be taken out.
// Once in a while it looks whether the disk has room again: what was emptied is given
// back to it first.
func (l *Log) refuses() bool {
	r := &l.reserve
	if !r.full {
		return false
	}
	if now := time.Now(); now.Sub(r.tried) >= reserveRetry {
		r.tried = now
		if l.live == 0 {
			l.shrink()
		}
		if r.room() && r.take() == nil {
			r.full = false
		}
	}
	return r.full
}

// shrink gives the disk what the file does not need any more. It needs no more room
// than what is left in the file.
func (l *Log) shrink() {
	for _, command := range []string{"VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"} {
		if err := l.w.command(command); err != nil {
			return // the next look tries again
		}
	}
}

// withRoom runs what is done while the log is opened, a second time with the reserve
// where the disk is full.
func (l *Log) withRoom(f func() error) error {
	err := f()
	if full(err) && l.reserve.give() {
		err = f()
	}
	return err
}
