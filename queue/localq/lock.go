package localq

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// lockFile takes the lock that keeps other processes (and a second Open in this
// one) away from the file. The system drops it when the process ends in any way.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("localq: lock: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return f, nil
	}
	_ = f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, fmt.Errorf("localq: %s in directory %s is in use by another process", filepath.Base(path), filepath.Dir(path))
	}
	return nil, fmt.Errorf("localq: lock %s: %w", path, err)
}
