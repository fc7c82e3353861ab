package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tributary/app"
	"tributary/operator"
	"tributary/queue"
)

func (p *program) queueCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "queue", Short: "Look at the inbound queue; replay and discard dead letters",
		Args: noArgs, RunE: func(*cobra.Command, []string) error {
			return errUsage{errors.New("usage: tributary queue stats | list | show ID | replay ID|--all | discard ID")}
		},
	}
	var f queue.Filter
	list := &cobra.Command{
		Use: "list", Short: "List entries", Args: noArgs,
		RunE: p.inspect(func(ctx context.Context, q operator.Queue, _ []string) error { return p.list(ctx, q, f) }),
	}
	list.Flags().StringVar(&f.State, "state", queue.StateDead, "dead, pending, delayed, waiting or done")
	list.Flags().StringVar(&f.Channel, "channel", "", "only this channel")
	list.Flags().IntVar(&f.Limit, "limit", 100, "at most so many")
	var everything bool
	replay := &cobra.Command{
		Use: "replay ID|--all", Short: "Put a dead or done entry back into the queue",
		Args: func(_ *cobra.Command, args []string) error {
			if everything != (len(args) == 0) || len(args) > 1 {
				return errUsage{errors.New("usage: tributary queue replay ID|--all")}
			}
			return nil
		},
		RunE: p.inspect(func(ctx context.Context, q operator.Queue, args []string) error { return p.replay(ctx, q, args) }),
	}
	replay.Flags().BoolVar(&everything, "all", false, "all dead letters")
	c.AddCommand(
		&cobra.Command{Use: "stats", Short: "Count what is in the queue", Args: noArgs, RunE: p.inspect(p.stats)},
		list,
		&cobra.Command{Use: "show ID", Short: "Show one entry with its event and the webhook's body", Args: oneArg("ID"), RunE: p.inspect(p.show)},
		replay,
		&cobra.Command{
			Use: "discard ID", Short: "Remove a dead letter for good", Args: oneArg("ID"),
			RunE: p.inspect(func(ctx context.Context, q operator.Queue, args []string) error {
				if err := q.Discard(ctx, args[0]); err != nil {
					return missing(err, args[0])
				}
				_, err := fmt.Fprintln(p.out, "discarded", args[0])
				return err
			}),
		},
	)
	return c
}

func (p *program) inspect(run func(context.Context, operator.Queue, []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		cfg, err := p.config()
		if err != nil {
			return err
		}
		q, done, err := app.OpenInspector(c.Context(), &cfg)
		if err != nil {
			return err
		}
		return errors.Join(run(c.Context(), q, args), done())
	}
}

func missing(err error, id string) error {
	if errors.Is(err, queue.ErrNotFound) {
		return fmt.Errorf("no entry %s of that kind", id)
	}
	return err
}

func (p *program) stats(ctx context.Context, q operator.Queue, _ []string) error {
	s, err := q.Stats(ctx)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	var total queue.PartitionStats
	_, _ = fmt.Fprintln(w, "partition\twaiting\tpending\tdelayed\toldest\towner\t")
	for _, x := range s.Partitions {
		total.Waiting += x.Waiting
		total.Pending += x.Pending
		total.Delayed += x.Delayed
		total.OldestAge = max(total.OldestAge, x.OldestAge)
		_, _ = fmt.Fprintf(w, "%d\t%d\t%d\t%d\t%s\t%s\t\n", x.Partition, x.Waiting, x.Pending, x.Delayed,
			x.OldestAge.Round(time.Millisecond), x.Owner)
	}
	_, _ = fmt.Fprintf(w, "total\t%d\t%d\t%d\t%s\t\t\n", total.Waiting, total.Pending, total.Delayed, total.OldestAge.Round(time.Millisecond))
	if err := w.Flush(); err != nil {
		return err
	}
	names := make([]string, 0, len(s.Dead))
	for name := range s.Dead {
		names = append(names, name)
	}
	sort.Strings(names)
	var dead int64
	for _, name := range names {
		dead += s.Dead[name]
		_, _ = fmt.Fprintf(p.out, "dead letters of %s: %d\n", name, s.Dead[name])
	}
	_, err = fmt.Fprintf(p.out, "dead letters: %d\nsize: %d bytes\n", dead, s.Bytes)
	return err
}

func (p *program) list(ctx context.Context, q operator.Queue, f queue.Filter) error {
	f.Brief = true
	entries, err := q.List(ctx, f)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "ID\tSTATE\tCHANNEL\tRECEIVED\tATTEMPTS\tREASON")
	for _, e := range entries {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s\n", e.ID, e.State, e.Channel, e.AppendedAt.UTC().Format(time.RFC3339), e.Attempts, e.Reason)
	}
	return w.Flush()
}

// shown is how an entry is printed.
type shown struct {
	ID         string          `json:"id"`
	State      string          `json:"state"`
	Partition  int             `json:"partition"`
	Channel    string          `json:"channel"`
	AppendedAt time.Time       `json:"appended_at"`
	Due        *time.Time      `json:"due,omitempty"`
	DiedAt     *time.Time      `json:"died_at,omitempty"`
	Attempts   int             `json:"attempts"`
	Reason     string          `json:"reason,omitempty"`
	Event      json.RawMessage `json:"event,omitempty"`
	Body       string          `json:"body,omitempty"`
	Damaged    string          `json:"damaged,omitempty"`
}

func (p *program) show(ctx context.Context, q operator.Queue, args []string) error {
	e, err := q.Show(ctx, args[0])
	if err != nil {
		return missing(err, args[0])
	}
	out := shown{
		ID: e.ID, State: e.State, Partition: e.Partition, Channel: e.Channel, AppendedAt: e.AppendedAt.UTC(),
		Attempts: e.Attempts, Reason: e.Reason,
	}
	if !e.Due.IsZero() {
		out.Due = &e.Due
	}
	if !e.DiedAt.IsZero() {
		out.DiedAt = &e.DiedAt
	}
	event, body, err := app.OpenEntry(e.Payload)
	if err != nil {
		out.Damaged = err.Error()
	} else {
		if out.Event, err = json.Marshal(&event); err != nil {
			return err
		}
		out.Body = string(body)
	}
	enc := json.NewEncoder(p.out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(out)
}

func (p *program) replay(ctx context.Context, q operator.Queue, args []string) error {
	if len(args) == 1 {
		if err := q.Replay(ctx, args[0]); err != nil {
			return missing(err, args[0])
		}
		_, err := fmt.Fprintln(p.out, "replayed", args[0])
		return err
	}
	n, err := operator.ReplayAll(ctx, q, time.Now())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.out, "replayed %d dead letters\n", n)
	return err
}
