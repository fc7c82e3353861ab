package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"tributary/internal/trial"

	_ "github.com/jackc/pgx/v5/stdlib" // the database/sql driver "pgx"
	"github.com/redis/go-redis/v9"
)

// redisServer is a Redis of this run's own.
type redisServer struct {
	cmd    *exec.Cmd
	url    string
	client *redis.Client
}

// startRedis starts one server without persistence and one that syncs every
// append. reason says why there is none.
func startRedis(ctx context.Context, dir string) (memory, always *redisServer, reason string) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, nil, "redis-server is not installed"
	}
	if memory, err = newRedis(ctx, program, filepath.Join(dir, "redis-memory"), "--appendonly", "no"); err != nil {
		return nil, nil, "redis-server: " + err.Error()
	}
	if always, err = newRedis(ctx, program, filepath.Join(dir, "redis-always"), "--appendonly", "yes", "--appendfsync", "always"); err != nil {
		return nil, nil, "redis-server: " + errors.Join(err, memory.close()).Error()
	}
	return memory, always, ""
}

func newRedis(ctx context.Context, program, dir string, args ...string) (*redisServer, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, err
	}
	port, err := trial.FreePort()
	if err != nil {
		return nil, err
	}
	args = append([]string{
		"--bind", "127.0.0.1", "--port", port, "--dir", dir, "--save", "", "--loglevel", "warning",
		"--auto-aof-rewrite-percentage", "0",
	}, args...)
	r := &redisServer{cmd: exec.Command(program, args...), url: "redis://127.0.0.1:" + port + "/0"} //nolint:gosec // found in PATH
	if err := r.cmd.Start(); err != nil {
		return nil, err
	}
	r.client = redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + port})
	err = trial.Await(ctx, 5*time.Second, 20*time.Millisecond, "Redis to answer", func() (bool, error) {
		return r.client.Ping(ctx).Err() == nil, nil
	})
	if err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

// empty drops everything, so that every round begins the same.
func (r *redisServer) empty(ctx context.Context) error { return r.client.FlushAll(ctx).Err() }

func (r *redisServer) version(ctx context.Context) string {
	info, err := r.client.Info(ctx, "server").Result()
	if err != nil {
		return "unknown"
	}
	_, rest, _ := strings.Cut(info, "redis_version:")
	version, _, _ := strings.Cut(rest, "\r\n")
	return version
}

func (r *redisServer) close() error {
	err := r.client.Close()
	if e := r.cmd.Process.Signal(syscall.SIGTERM); e != nil {
		return errors.Join(err, e)
	}
	_ = r.cmd.Wait() // ended by the signal
	return err
}

// database is the PostgreSQL that TEST_DATABASE_URL names.
type database struct {
	url     string
	missing string
	db      *sql.DB
	schemas []string
}

const databaseVariable = "TEST_DATABASE_URL"

func openDatabase(ctx context.Context) *database {
	address := os.Getenv(databaseVariable)
	if address == "" {
		return &database{missing: databaseVariable + " is not set; make services prints it"}
	}
	db, err := sql.Open("pgx", address)
	if err == nil {
		err = db.PingContext(ctx)
	}
	if err != nil {
		return &database{missing: "the database of " + databaseVariable + " does not answer", db: db}
	}
	return &database{url: address, db: db}
}

// schema makes an empty schema and gives the address that leads to it.
func (d *database) schema(ctx context.Context) (string, error) {
	name := fmt.Sprintf("bench_%d_%d", os.Getpid(), len(d.schemas))
	if _, err := d.db.ExecContext(ctx, `CREATE SCHEMA "`+name+`"`); err != nil {
		return "", err
	}
	d.schemas = append(d.schemas, name)
	u, err := url.Parse(d.url)
	if err != nil {
		return "", errors.New(databaseVariable + " is not an address")
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// version tells the settings that decide what a commit costs, too.
func (d *database) version(ctx context.Context) string {
	var version, commit, fsync string
	err := d.db.QueryRowContext(ctx, `SELECT current_setting('server_version'), current_setting('synchronous_commit'), current_setting('fsync')`).
		Scan(&version, &commit, &fsync)
	if err != nil {
		return "unknown"
	}
	version, _, _ = strings.Cut(version, " ")
	return version + " (synchronous_commit " + commit + ", fsync " + fsync + ")"
}

func (d *database) close() error {
	if d.db == nil {
		return nil
	}
	var errs []error
	for _, name := range d.schemas {
		_, err := d.db.Exec(`DROP SCHEMA "` + name + `" CASCADE`)
		errs = append(errs, err)
	}
	return errors.Join(append(errs, d.db.Close())...)
}
