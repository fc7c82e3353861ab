package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// machine says where figures come from, without naming it.
type machine struct {
	cores                 int
	cpu, kernel, goID     string
	redis, postgres       string
	date                  string
	loadBefore, loadAfter string
	rounds, connections   int
}

func describe(ctx context.Context, b *bench) machine {
	m := machine{
		cores: runtime.NumCPU(), cpu: cpuModel(), kernel: runtime.GOOS + "/" + runtime.GOARCH, goID: runtime.Version(),
		date: time.Now().UTC().Format(time.DateOnly), loadBefore: load(), rounds: b.rounds, connections: b.conns,
		redis: "none", postgres: "none",
	}
	if b.memory != nil {
		m.redis = b.memory.version(ctx)
	}
	if b.database.url != "" {
		m.postgres = b.database.version(ctx)
	}
	return m
}

// String is one paragraph.
func (m machine) String() string {
	return fmt.Sprintf("Machine: %d cores, %s, %s, %s. Redis %s. PostgreSQL %s. %s. Load average before the run %s, after it %s. "+
		"%d rounds, %d connections at the edge; load generator, servers and databases share the cores.",
		m.cores, m.cpu, m.kernel, m.goID, m.redis, m.postgres, m.date, m.loadBefore, m.loadAfter, m.rounds, m.connections)
}

// cpuModel reads the processor's name where the system tells one.
func cpuModel() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "processor unknown"
	}
	defer func() { _ = f.Close() }()
	fields := map[string]string{}
	for s := bufio.NewScanner(f); s.Scan(); {
		name, value, ok := strings.Cut(s.Text(), ":")
		if name = strings.TrimSpace(name); ok && fields[name] == "" {
			fields[name] = strings.TrimSpace(value)
		}
	}
	if name := fields["model name"]; name != "" && name != "unknown" {
		return name
	}
	return fmt.Sprintf("%s family %s model %s at %s MHz", fields["vendor_id"], fields["cpu family"], fields["model"], fields["cpu MHz"])
}

// processTime is the processor time that this process has used: servers and
// clients of this run, not the load generator, Redis or PostgreSQL.
func processTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// load is the one-minute load average: what else was running.
func load() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	one, _, _ := strings.Cut(string(b), " ")
	return one
}
