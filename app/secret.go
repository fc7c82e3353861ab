package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"tributary/store"
)

// secretKeys are SECRET_KEY_BASE, or the key that was generated into DATA_DIR, and
// those whose place it takes.
func secretKeys(c *Config) ([]string, error) {
	key, err := secretKey(c)
	if err != nil {
		return nil, err
	}
	keys := []string{key}
	for previous := range strings.SplitSeq(c.PreviousKeys, ",") {
		keys = append(keys, strings.TrimSpace(previous))
	}
	files := []string{c.PreviousKeyFile}
	if c.SecretKey == "" {
		files = append(files, previousKeyPath(c))
	}
	for _, path := range files {
		if path == "" {
			continue
		}
		b, err := os.ReadFile(path)
		if err != nil && (path == c.PreviousKeyFile || !errors.Is(err, os.ErrNotExist)) {
			return nil, fmt.Errorf("SECRET_KEY_BASE_PREVIOUS_FILE: cannot read %s: %w", path, err)
		}
		for line := range strings.Lines(string(b)) {
			keys = append(keys, strings.TrimSpace(line))
		}
	}
	seen := map[string]bool{"": true}
	return slices.DeleteFunc(keys, func(k string) bool {
		was := seen[k]
		seen[k] = true
		return was
	}), nil
}

func keyPath(c *Config) string         { return filepath.Join(c.DataDir, keyFile) }
func previousKeyPath(c *Config) string { return filepath.Join(c.DataDir, previousKeyFile) }

// generateKey makes a key. It never fails, see crypto/rand.
func generateKey() string {
	buf := make([]byte, 64)
	_, _ = rand.Read(buf)
	return hex.EncodeToString(buf)
}

// secretKey is SECRET_KEY_BASE, or the one that was generated into DATA_DIR.
func secretKey(c *Config) (string, error) {
	if c.SecretKey != "" {
		return c.SecretKey, nil
	}
	path := keyPath(c)
	b, err := os.ReadFile(path)
	if err == nil && len(strings.TrimSpace(string(b))) > 0 {
		return strings.TrimSpace(string(b)), nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("SECRET_KEY_BASE: cannot read %s: %w", path, err)
	}
	if err := os.MkdirAll(c.DataDir, 0o750); err != nil {
		return "", fmt.Errorf("DATA_DIR: %w", err)
	}
	key := generateKey()
	// Another process may be doing the same: the first one's key counts.
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return secretKey(c)
	}
	if err != nil {
		return "", fmt.Errorf("SECRET_KEY_BASE: cannot store a generated key: %w", err)
	}
	_, err = f.WriteString(key + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", fmt.Errorf("SECRET_KEY_BASE: cannot store a generated key: %w", err)
	}
	return key, nil
}

// writeKey puts keys in a file, a line each, at once and for good.
func writeKey(path string, keys ...string) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("DATA_DIR: %w", err)
	}
	_, err = f.WriteString(strings.Join(keys, "\n") + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("cannot store a key in %s: %w", filepath.Dir(path), err)
	}
	return nil
}

// syncDir makes what was renamed in a folder survive a power cut.
func syncDir(path string) error {
	d, err := os.Open(path) //nolint:gosec // DATA_DIR
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// checkKey makes sure that this process knows the key that the database is written
// with, and writes with it.
func checkKey(ctx context.Context, s *store.Store) error {
	err := s.AdoptKey(ctx)
	if errors.Is(err, store.ErrOtherKey) {
		return fmt.Errorf("SECRET_KEY_BASE: the database was written with another key; give that one, or both to change it "+
			"(SECRET_KEY_BASE_PREVIOUS, see docs/operations.md): %w", err)
	}
	if err != nil {
		return fmt.Errorf("SECRET_KEY_BASE: %w", err)
	}
	return nil
}

// lockDir makes this process the only one that serves from a data directory.
func lockDir(dir string) (unlock func() error, err error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("DATA_DIR: %w", err)
	}
	path := filepath.Join(dir, "serve.lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("DATA_DIR: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		owner, _ := os.ReadFile(path)
		_ = f.Close()
		return nil, fmt.Errorf("DATA_DIR: %s is in use by another tributary (pid %s); stop it or choose another directory",
			dir, strings.TrimSpace(string(owner)))
	}
	_ = f.Truncate(0)
	_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0) // the pid is for people; the lock is what counts
	return f.Close, nil
}
