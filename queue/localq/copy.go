package localq

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
)

// Copy copies the file of a log, as it is at one moment, while a process may have it
// open and go on. The copy is on the disk when it returns.
func Copy(ctx context.Context, from, to string) (err error) {
	name := filepath.Base(from)
	if _, err := os.Stat(from); err != nil { // opening would make it
		return fmt.Errorf("localq: copy %s: %w", name, err)
	}
	connector, err := sqlite.NewConnector(dsn(from))
	if err != nil {
		return fmt.Errorf("localq: copy %s: %w", name, err)
	}
	db := sql.OpenDB(connector)
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, `VACUUM INTO ?`, to); err != nil {
		return fmt.Errorf("localq: copy %s: %w", name, err)
	}
	f, err := os.OpenFile(to, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("localq: copy %s: %w", name, err)
	}
	if err := errors.Join(f.Chmod(0o600), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("localq: copy %s: %w", name, err)
	}
	return nil
}
