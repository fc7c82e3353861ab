// Command check asks a real Prometheus, which scrapes the real program under simulated
// traffic, everything that the dashboards and the rules ask for. None may be an error,
// and what a busy installation shows must be there. It leaves nothing running.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "check:", err)
		os.Exit(1)
	}
}

// patience is how long everything together may take.
const patience = 2 * time.Minute

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	program := flags.String("program", "bin/tributary", "the program")
	prometheus := flags.String("prometheus", "prometheus", "Prometheus")
	deploy := flags.String("deploy", "deploy", "the folder with prometheus/rules and grafana/dashboards")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	dir, err := os.MkdirTemp("", "tributary-check-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	queries, err := dashboards(filepath.Join(*deploy, "grafana", "dashboards"))
	if err != nil {
		return err
	}
	t, err := startTraffic(ctx, *program, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.stop()) }()
	p, err := startPrometheus(ctx, *prometheus, filepath.Join(*deploy, "prometheus", "rules"), dir, t)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.process.stop()) }()
	return judge(ctx, p, queries, out)
}

// process is a program that was started.
type process struct {
	name string
	cmd  *exec.Cmd
	log  *os.File
	done chan error
}

// start starts a program with an environment of its own; what it says goes to a file.
func start(ctx context.Context, dir, name string, environ []string, args ...string) (*process, error) {
	log, err := os.Create(filepath.Join(dir, name+".log"))
	if err != nil {
		return nil, err
	}
	p := &process{name: name, log: log, done: make(chan error, 1)}
	p.cmd = exec.CommandContext(ctx, args[0], args[1:]...) //nolint:gosec // whoever runs the check says which
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}, environ...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = 20 * time.Second
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	go func() { p.done <- p.cmd.Wait() }()
	return p, nil
}

// stop ends it, and says what it said when it did not end well.
func (p *process) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended: then Wait says how
	var err error
	select {
	case err = <-p.done:
	case <-time.After(20 * time.Second):
		err = errors.Join(fmt.Errorf("%s did not stop", p.name), p.cmd.Process.Kill())
	}
	said, _ := os.ReadFile(p.log.Name())
	if err != nil {
		err = fmt.Errorf("%s: %w: %s", p.name, err, said[max(0, len(said)-4000):])
	}
	return errors.Join(err, p.log.Close())
}

func freePort(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	address := l.Addr().String()
	return address, l.Close()
}

// until asks again and again until it is so.
func until(ctx context.Context, what string, so func() error) error {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		err := so()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w: %w", what, ctx.Err(), err)
		case <-tick.C:
		}
	}
}

// quiet are metrics of what does not happen here, by a part of the query: they need not
// have data.
var quiet = map[string]string{
	"tributary_spool_":                       "the embedded queue has no spool",
	"tributary_redis_":                       "there is no Redis",
	"tributary_queue_dead":                   "nothing dies",
	"tributary_worker_retries_total":         "nothing is applied twice",
	"tributary_requests_throttled_total":     "loopback is never refused",
	`status=~"5.."`:                          "the API does not fail",
	"tributary_ready":                        "all parts are in order",
	`outcome="failed"`:                       "no reply fails for good",
	"tributary_relay_limiter_waits_total":    "no more than the limit is sent",
	"tributary_whatsapp_management_webhooks": "Meta tells nothing",
	"tributary_whatsapp_registration":        "the number is live already",
	"tributary_events_unrouted_total":        "all events are of a known inbox",
	"tributary_webhooks_observed_total":      "signatures are enforced",
}

// judge waits until all that must have data has some, and reports on the rest.
func judge(ctx context.Context, p *server, queries []query, out io.Writer) error {
	waiting, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	left := slices.Clone(queries)
	err := until(waiting, "data of the dashboards", func() error {
		var wrong error
		left = slices.DeleteFunc(left, func(q query) bool {
			n, err := p.ask(waiting, q.expr)
			if err != nil {
				wrong = errors.Join(wrong, fmt.Errorf("%s: %w", q, err))
			}
			return n > 0
		})
		for _, q := range left {
			if _, may := q.quiet(); !may {
				wrong = errors.Join(wrong, fmt.Errorf("no data: %s", q))
			}
		}
		return wrong
	})
	for _, q := range left {
		if why, may := q.quiet(); may {
			_, _ = fmt.Fprintf(out, "no data, %s: %s\n", why, q)
		}
	}
	if err != nil {
		return err
	}
	n := 0
	if err := until(waiting, "the rules", func() error { n, err = p.rules(waiting); return err }); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%d queries of dashboards, %d of them with data; %d rules evaluated\n", len(queries), len(queries)-len(left), n)
	return err
}

// quiet tells that a query may be without data, and why.
func (q query) quiet() (string, bool) {
	for part, why := range quiet {
		if strings.Contains(q.expr, part) {
			return why, true
		}
	}
	return "", false
}
