package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strconv"
)

// bench is one run.
type bench struct {
	options
	table     *table
	machine   machine
	dir       string // everything of this run
	generator *generator
	memory    *redisServer // no persistence
	always    *redisServer // appendfsync always
	noRedis   string       // why there is none
	database  *database
	libraries map[string]*library // by back end
	made      int                 // names directories and prefixes
}

func (b *bench) open(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "tributary-bench-")
	if err != nil {
		return err
	}
	b.dir = dir
	if b.generator, err = startGenerator(); err != nil {
		return err
	}
	b.memory, b.always, b.noRedis = startRedis(ctx, dir)
	b.database = openDatabase(ctx)
	b.machine = describe(ctx, b)
	return nil
}

func (b *bench) close() error {
	var errs []error
	for _, l := range b.libraries {
		errs = append(errs, l.close())
	}
	if b.generator != nil {
		errs = append(errs, b.generator.close())
	}
	for _, r := range []*redisServer{b.memory, b.always} {
		if r != nil {
			errs = append(errs, r.close())
		}
	}
	if b.database != nil {
		errs = append(errs, b.database.close())
	}
	if b.dir != "" {
		errs = append(errs, os.RemoveAll(b.dir))
	}
	return errors.Join(errs...)
}

// folder makes an empty data directory.
func (b *bench) folder() string {
	b.made++
	return filepath.Join(b.dir, strconv.Itoa(b.made))
}

// backends are the combinations that the program is run on.
func (b *bench) backends() []backend {
	list := []backend{{name: "SQLite, embedded queue"}}
	postgres := backend{name: "PostgreSQL, Redis", database: true}
	switch {
	case b.database.url == "":
		postgres.missing = b.database.missing
	case b.memory == nil:
		postgres.name = "PostgreSQL, embedded queue"
	default:
		postgres.redis = b.memory
	}
	return append(list, postgres)
}

// backend is where a program keeps its data.
type backend struct {
	name     string
	database bool
	redis    *redisServer
	missing  string // why it cannot be measured
}

// profile starts a CPU profile; stop ends it.
func profile(path string) (stop func() error, err error) {
	if path == "" {
		return func() error { return nil }, nil
	}
	f, err := os.Create(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() error { pprof.StopCPUProfile(); return f.Close() }, nil
}
