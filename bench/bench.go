package main

import (
	"bytes"
	"context"
	"encoding/json"
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

// part runs a part, with its profile where results are kept.
func (b *bench) part(ctx context.Context, p part) (err error) {
	if b.out == "" {
		return p.run(b, ctx)
	}
	if err := os.MkdirAll(b.out, 0o750); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(b.out, p.name+".pprof"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	return p.run(b, ctx)
}

// write keeps the results.
func (b *bench) write() error {
	if b.out == "" {
		return nil
	}
	text, err := json.MarshalIndent(struct {
		Machine machine `json:"machine"`
		Figures []row   `json:"figures"`
	}{b.machine, b.table.rows}, "", "  ")
	if err != nil {
		return err
	}
	var md bytes.Buffer
	b.table.markdown(&md, b.machine)
	return errors.Join(
		os.WriteFile(filepath.Join(b.out, "bench.json"), append(text, '\n'), 0o644),
		os.WriteFile(filepath.Join(b.out, "bench.md"), md.Bytes(), 0o644),
	)
}
