package disk_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tributary/blob"
	"tributary/blob/blobtest"
	"tributary/blob/disk"
)

func open(t *testing.T, dir string) *disk.Service {
	t.Helper()
	s, err := disk.Open(disk.Options{Dir: dir, MaxBytes: blobtest.MaxBytes})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestConformance(t *testing.T) { //nolint:paralleltest // it measures memory
	blobtest.Run(t, func(t *testing.T) blob.Service { return open(t, t.TempDir()) })
}

func TestBoundedMemory(t *testing.T) { //nolint:paralleltest // it measures memory
	blobtest.Bounded(t, open(t, t.TempDir()))
}

// files are the regular files below dir.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			name, _ := filepath.Rel(dir, p)
			list = append(list, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestLayout(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	if _, err := s.Put(t.Context(), "abcdefgh", strings.NewReader("x"), 1, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), "failing0", strings.NewReader("x"), 2, ""); !errors.Is(err, blob.ErrSize) {
		t.Fatalf("got %v, want ErrSize", err)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(files(t, dir), " "); got != "ab/cd/abcdefgh" {
		t.Errorf("files %q, want ab/cd/abcdefgh alone", got)
	}
	url, ok, err := s.PresignGet(t.Context(), "abcdefgh", blob.Presentation{}, time.Minute)
	if url != "" || ok || err != nil {
		t.Errorf("PresignGet: %q, %v, %v", url, ok, err)
	}
	if _, ok, err := s.PresignPut(t.Context(), "abcdefgh", blob.Upload{}, time.Minute); ok || err != nil {
		t.Errorf("PresignPut: %v, %v", ok, err)
	}
}

// A link inside the directory does not lead out of it.
func TestLinks(t *testing.T) {
	t.Parallel()
	dir, outside := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "abcdefgh"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir)
	if err := os.MkdirAll(filepath.Join(dir, "ab"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "ab", "cd")); err != nil {
		t.Fatal(err)
	}
	if r, _, err := s.Open(t.Context(), "abcdefgh"); err == nil {
		_ = r.Close()
		t.Error("a file outside was opened")
	}
	if _, err := s.Put(t.Context(), "abcdefgi", strings.NewReader("x"), 1, ""); err == nil {
		t.Error("a file outside was written")
	}
	if got := strings.Join(files(t, outside), " "); got != "abcdefgh" {
		t.Errorf("outside: %q", got)
	}
}

// What a process that died was writing goes away at a later start; what another
// process may still be writing stays.
func TestUnfinished(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open(t, dir)
	for name, age := range map[string]time.Duration{"old": 25 * time.Hour, "young": time.Minute} {
		p := filepath.Join(dir, "incoming", name)
		if err := os.WriteFile(p, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(p, time.Time{}, time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	open(t, dir)
	if got := strings.Join(files(t, dir), " "); got != "incoming/young" {
		t.Errorf("files %q, want incoming/young", got)
	}
}

func TestUnusable(t *testing.T) {
	t.Parallel()
	p := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(p, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := disk.Open(disk.Options{Dir: p}); err == nil {
		t.Error("a file served as directory")
	}
	dir := t.TempDir()
	s := open(t, dir)
	if err := os.RemoveAll(filepath.Join(dir, "incoming")); err != nil {
		t.Fatal(err)
	}
	if err := s.Ping(t.Context()); err == nil {
		t.Error("Ping of a directory that is gone: no error")
	}
}
