package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"tributary/store"
)

// secretKey is SECRET_KEY_BASE, or the one that was generated into DATA_DIR.
func secretKey(c *Config) (string, error) {
	if c.SecretKey != "" {
		return c.SecretKey, nil
	}
	path := filepath.Join(c.DataDir, keyFile)
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
	buf := make([]byte, 64)
	_, _ = rand.Read(buf) // never fails, see crypto/rand
	key := hex.EncodeToString(buf)
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

// sealCheck is the setting that proves the key: it must open.
const sealCheck = "TRIBUTARY_SEAL_CHECK"

// CheckKey makes sure that this process's key is the one the database was
// written with.
func CheckKey(ctx context.Context, s *store.Store) error {
	settings, err := s.Settings(ctx)
	if err != nil {
		return fmt.Errorf("SECRET_KEY_BASE: the database was written with another key: %w", err)
	}
	if settings[sealCheck] == "" {
		return s.PutSetting(ctx, sealCheck, "ok")
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
