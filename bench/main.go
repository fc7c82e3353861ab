// Command bench measures the program against its performance budget and prints
// the table of PERFORMANCE.md. Figures that are compared are measured in one run,
// in alternating rounds, with the same load generator: a child process of this
// one, so that it shares no scheduler and no memory with what is measured.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"tributary/app"
)

// options are the command line.
type options struct {
	markdown bool
	only     []string
	rounds   int
	slice    time.Duration // length of one round at the edge
	conns    int
	events   int // of the drain
	messages int // of the lists and the search
	grown    int // events of the growth
	out      string
}

// wants tells whether a part was asked for.
func (o *options) wants(part string) bool { return len(o.only) == 0 || slices.Contains(o.only, part) }

func main() {
	if len(os.Args) == 2 && os.Args[1] == childArgument {
		if err := child(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "bench: load generator:", err)
			os.Exit(1)
		}
		return
	}
	app.SetUpProcess()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		cancel()
		os.Exit(1) //nolint:gocritic // cancel was called
	}
}

func run(ctx context.Context) (err error) {
	var o options
	var only string
	flag.BoolVar(&o.markdown, "markdown", false, "print the table of PERFORMANCE.md")
	flag.StringVar(&only, "only", "", "parts to measure, of "+strings.Join(partNames(), ",")+"; empty: all")
	flag.IntVar(&o.rounds, "rounds", 5, "rounds of what is compared; the median counts")
	flag.DurationVar(&o.slice, "slice", 1500*time.Millisecond, "length of one round at the edge")
	flag.IntVar(&o.conns, "connections", 256, "connections of the load generator at the edge")
	flag.IntVar(&o.events, "events", 30_000, "events that the drain applies")
	flag.IntVar(&o.messages, "messages", 1_000_000, "messages among which lists are made and texts are searched")
	flag.IntVar(&o.grown, "grown", 1_000_000, "events up to which their cost is followed")
	flag.StringVar(&o.out, "out", "", "a folder for bench.json, bench.md and a CPU profile of each part (of this process, which holds all but the load generator)")
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("unknown argument %q", flag.Arg(0))
	}
	if only != "" {
		o.only = strings.Split(only, ",")
		for _, name := range o.only {
			if !slices.Contains(partNames(), name) {
				return fmt.Errorf("-only: %q is none of %s", name, strings.Join(partNames(), ", "))
			}
		}
	}
	b := &bench{options: o, table: &table{}, libraries: map[string]*library{}}
	defer func() { err = errors.Join(err, b.close()) }()
	if err := b.open(ctx); err != nil {
		return err
	}
	for _, p := range parts() {
		if !o.wants(p.name) {
			continue
		}
		fmt.Fprintln(os.Stderr, "bench: "+p.title)
		if err := b.part(ctx, p); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	b.machine.LoadAfter = load()
	if err := b.write(); err != nil {
		return err
	}
	if o.markdown {
		b.table.markdown(os.Stdout, b.machine)
	} else {
		b.table.text(os.Stdout, b.machine)
	}
	return nil
}

// part is a group of figures.
type part struct {
	name, title string
	run         func(*bench, context.Context) error
}

func parts() []part {
	return []part{
		{"process", "idle memory and start", (*bench).process},
		{"bare", "what the services do alone", (*bench).bare},
		{"edge", "the edge beside a bare handler", (*bench).edge},
		{"drain", "applying a full queue", (*bench).drain},
		{"growth", "the cost of an event over a million", (*bench).growth},
		{"replies", "replies to the provider", (*bench).replies},
		{"visible", "receipt to visible", (*bench).visible},
		{"live", "receipt to frame, and open sockets", (*bench).live},
		{"isolation", "a provider that hangs", (*bench).isolation},
		{"lists", "lists of conversations among many messages", (*bench).lists},
		{"search", "search in many messages", (*bench).search},
		{"deletion", "the deletion of a large inbox", (*bench).deletion},
	}
}

func partNames() []string {
	var out []string
	for _, p := range parts() {
		out = append(out, p.name)
	}
	return out
}
