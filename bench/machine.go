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
	Cores       int    `json:"cores"`
	CPU         string `json:"cpu"`
	Kernel      string `json:"system"`
	Go          string `json:"go"`
	Redis       string `json:"redis"`
	Postgres    string `json:"postgresql"`
	Date        string `json:"date"`
	LoadBefore  string `json:"load_before"`
	LoadAfter   string `json:"load_after"`
	Rounds      int    `json:"rounds"`
	Connections int    `json:"connections"`
}

func describe(ctx context.Context, b *bench) machine {
	m := machine{
		Cores: runtime.NumCPU(), CPU: cpuModel(), Kernel: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(),
		Date: time.Now().UTC().Format(time.DateOnly), LoadBefore: load(), Rounds: b.rounds, Connections: b.conns,
		Redis: "none", Postgres: "none",
	}
	if b.memory != nil {
		m.Redis = b.memory.version(ctx)
	}
	if b.database.url != "" {
		m.Postgres = b.database.version(ctx)
	}
	return m
}

// String is one paragraph.
func (m machine) String() string {
	return fmt.Sprintf("Machine: %d cores, %s, %s, %s. Redis %s. PostgreSQL %s. %s. Load average before the run %s, after it %s. "+
		"%d rounds, %d connections at the edge; load generator, servers and databases share the cores.",
		m.Cores, m.CPU, m.Kernel, m.Go, m.Redis, m.Postgres, m.Date, m.LoadBefore, m.LoadAfter, m.Rounds, m.Connections)
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
