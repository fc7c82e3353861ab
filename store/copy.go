package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
)

// sqliteName is the file of the embedded database.
const sqliteName = "tributary.db"

// CopySQLite copies the embedded database in one folder into another, as it is at
// one moment, while a program may go on writing to it. The copy is on the disk when
// it returns.
func CopySQLite(ctx context.Context, from, to string) (err error) {
	if err := registerForms(); err != nil {
		return fmt.Errorf("store: functions of SQLite: %w", err)
	}
	// rw: what is not there is not made. The other folder's files belong to its program:
	// nothing is changed in them.
	query := url.Values{"mode": {"rw"}, "_pragma": {"busy_timeout(10000)"}}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(from, sqliteName)+"?"+query.Encode())
	if err != nil {
		return fmt.Errorf("store: open SQLite: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	target := filepath.Join(to, sqliteName)
	if _, err := db.ExecContext(ctx, `VACUUM INTO $1`, target); err != nil {
		return fmt.Errorf("store: copy %s: %w", sqliteName, err)
	}
	f, err := os.OpenFile(target, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("store: copy %s: %w", sqliteName, err)
	}
	if err := errors.Join(f.Chmod(0o600), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("store: copy %s: %w", sqliteName, err)
	}
	return nil
}

// CheckSQLite reads all of the embedded database in a folder: whether it is whole.
func CheckSQLite(ctx context.Context, dir string) (err error) {
	if err := registerForms(); err != nil {
		return fmt.Errorf("store: functions of SQLite: %w", err)
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, sqliteName)+"?mode=ro&immutable=1")
	if err != nil {
		return fmt.Errorf("store: open SQLite: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var answer string
	if err := db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&answer); err != nil {
		return fmt.Errorf("store: %s is damaged: %w", sqliteName, err)
	}
	if answer != "ok" {
		return fmt.Errorf("store: %s is damaged: %s", sqliteName, answer)
	}
	return nil
}
