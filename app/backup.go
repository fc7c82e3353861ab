package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tributary/queue/localq"
	"tributary/store"
)

// What DATA_DIR holds, besides locks and the control socket.
const (
	databaseFile    = "tributary.db"
	queueFile       = "queue.db"
	spoolFile       = "spool.db"
	keyFile         = "secret_key_base"
	previousKeyFile = "secret_key_base.previous" // the keys whose place it takes
	storageDir      = "storage"
	incomingDir     = "incoming" // in storageDir: files that are not complete
)

// backupNote is the file that is written last: a folder without it is no backup, or
// one that was not finished.
const backupNote = "backup.json"

// Backup is what is known of a backup.
type Backup struct {
	Version string    `json:"version"` // of the program that made it
	MadeAt  time.Time `json:"made_at"` // what was answered before is in it
	Key     bool      `json:"key"`     // it holds the secret key
	Files   int       `json:"files"`   // of messages, contacts, …
}

// MakeBackup copies what a program of the small size keeps in DATA_DIR into an empty
// folder, while it runs or not. The order is what makes the copies fit together: an
// event goes from the queue into the database, so the queue is copied first. What is
// applied in between is in both, and applying it again changes nothing.
func MakeBackup(ctx context.Context, cfg *Config, dir string, withKey bool) (Backup, error) {
	b := Backup{Version: Version(), MadeAt: time.Now().UTC()}
	if !cfg.Embedded() {
		return b, errors.New("DATABASE_URL: what is kept in PostgreSQL is copied by PostgreSQL's own means; see docs/backup.md")
	}
	if _, err := os.Stat(filepath.Join(cfg.DataDir, databaseFile)); err != nil {
		return b, fmt.Errorf("DATA_DIR: no database in %s", cfg.DataDir)
	}
	if err := emptyDir(dir); err != nil {
		return b, err
	}
	// Twice: first what is removed while the database is copied, then what came.
	storage, copies := filepath.Join(cfg.DataDir, storageDir), filepath.Join(dir, storageDir)
	if _, err := copyTree(ctx, storage, copies); err != nil {
		return b, err
	}
	for _, name := range []string{spoolFile, queueFile} {
		err := localq.Copy(ctx, filepath.Join(cfg.DataDir, name), filepath.Join(dir, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // there is none with Redis, or without
			return b, err
		}
	}
	before := keyLines(cfg)
	if err := store.CopySQLite(ctx, cfg.DataDir, dir); err != nil {
		return b, err
	}
	var err error
	if b.Files, err = copyTree(ctx, storage, copies); err != nil {
		return b, err
	}
	if withKey {
		if b.Key, err = backupKeys(cfg, dir, before); err != nil {
			return b, err
		}
	}
	return b, writeNote(dir, b)
}

// keyLines are the keys in DATA_DIR, the one that comes first first; none where
// SECRET_KEY_BASE is in the environment.
func keyLines(cfg *Config) (lines []string) {
	for _, path := range []string{keyPath(cfg), previousKeyPath(cfg)} {
		text, _ := os.ReadFile(path) // checked by those who need a key
		lines = append(lines, strings.Fields(string(text))...)
	}
	return lines
}

// backupKeys writes the keys that the copied database may need. The key may be changed
// just now: what was known before the copy was made, and what is known after it, is
// all that can have sealed what is in it.
func backupKeys(cfg *Config, dir string, before []string) (bool, error) {
	var keys []string
	for _, key := range append(keyLines(cfg), before...) {
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return false, nil
	}
	if len(keys) > 1 {
		if err := writeKey(filepath.Join(dir, previousKeyFile), keys[1:]...); err != nil {
			return false, err
		}
	}
	return true, writeKey(filepath.Join(dir, keyFile), keys[0])
}

// RestoreBackup puts a backup into DATA_DIR, which must have nothing of an
// installation, and checks that it can be read.
func RestoreBackup(ctx context.Context, cfg *Config, dir string) (Backup, error) {
	b, err := readNote(dir)
	switch {
	case err != nil:
		return b, err
	case !cfg.Embedded():
		return b, errors.New("DATABASE_URL: a backup of DATA_DIR does not go into PostgreSQL")
	case !b.Key && cfg.SecretKey == "":
		return b, errors.New("SECRET_KEY_BASE: the backup is without the key; set the one that the installation had")
	}
	unlock, err := lockDir(cfg.DataDir)
	if err != nil {
		return b, err
	}
	defer func() { _ = unlock() }()
	for _, name := range []string{databaseFile, queueFile, spoolFile, keyFile, previousKeyFile, storageDir} {
		if _, err := os.Lstat(filepath.Join(cfg.DataDir, name)); err == nil {
			return b, fmt.Errorf("DATA_DIR: %s has a %s already; choose another directory", cfg.DataDir, name)
		}
	}
	if err := store.CheckSQLite(ctx, dir); err != nil {
		return b, err
	}
	if _, err := copyTree(ctx, filepath.Join(dir, storageDir), filepath.Join(cfg.DataDir, storageDir)); err != nil {
		return b, err
	}
	// The database comes last: without it the program would begin anew beside what a
	// restore that was broken off has left.
	for _, name := range []string{keyFile, previousKeyFile, spoolFile, queueFile, databaseFile} {
		err := copyFile(ctx, filepath.Join(dir, name), filepath.Join(cfg.DataDir, name))
		if err != nil && (name == databaseFile || !errors.Is(err, fs.ErrNotExist)) {
			return b, err
		}
	}
	s, err := OpenStore(ctx, cfg)
	if err != nil {
		return b, err
	}
	return b, s.Close()
}

// emptyDir makes a folder, or finds it empty.
func emptyDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	list, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if len(list) > 0 {
		return fmt.Errorf("backup: %s is not empty", dir)
	}
	return nil
}

func writeNote(dir string, b Backup) error {
	text, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, backupNote), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close(), syncDir(dir)); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return nil
}

func readNote(dir string) (b Backup, err error) {
	text, err := os.ReadFile(filepath.Join(dir, backupNote))
	if err != nil {
		return b, fmt.Errorf("%s is no backup, or one that was not finished: %w", dir, err)
	}
	if err := json.Unmarshal(text, &b); err != nil {
		return b, fmt.Errorf("%s: %w", backupNote, err)
	}
	return b, nil
}

// copyTree copies the files below a folder that are not there yet and counts what is
// there then. Files never change once they have their name; what has none yet, or is
// removed meanwhile, is left out.
func copyTree(ctx context.Context, from, to string) (int, error) {
	n := 0
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, name)
		switch {
		case d.IsDir() && name == incomingDir:
			return fs.SkipDir
		case d.IsDir():
			return errors.Join(os.MkdirAll(target, 0o750), syncDir(filepath.Dir(target)))
		case !d.Type().IsRegular():
			return nil
		}
		if _, err := os.Lstat(target); err == nil {
			n++
			return nil
		}
		if err := copyFile(ctx, path, target); errors.Is(err, fs.ErrNotExist) {
			return nil
		} else if err != nil {
			return err
		}
		n++
		return nil
	})
	if err != nil {
		return n, fmt.Errorf("backup: %w", err)
	}
	return n, nil
}

// copyFile copies a file, which is on the disk when it returns, for its owner alone.
func copyFile(ctx context.Context, from, to string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer func() { _ = r.Close() }()
	w, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	_, err = io.Copy(w, r)
	if err = errors.Join(err, w.Sync(), w.Close()); err != nil {
		return fmt.Errorf("backup: copy %s: %w", filepath.Base(from), err)
	}
	if err := syncDir(filepath.Dir(to)); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return nil
}
