package command

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"tributary/app"
)

func (p *program) readyCommand() *cobra.Command {
	var live bool
	var wait time.Duration
	c := &cobra.Command{
		Use: "ready", Short: "Ask the process on this machine whether it is ready; the exit status says it", Args: noArgs,
		Long: "Asks /readyz of the process that listens on BIND and PORT: exit status 0 when it is ready, 1 with what is wrong when it " +
			"is not. For health checks where there is no shell and no curl, and for waiting until a start is over.",
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := p.config()
			if err != nil {
				return err
			}
			if err := untilReady(c.Context(), &cfg, live, wait); err != nil {
				return err
			}
			word := "ready"
			if live {
				word = "alive"
			}
			_, err = fmt.Fprintln(p.out, word)
			return err
		},
	}
	c.Flags().BoolVar(&live, "live", false, "ask /livez instead: whether it can serve at all, whatever it depends on")
	c.Flags().DurationVar(&wait, "wait", 0, "ask again for so long, until the answer is yes")
	return c
}

// untilReady asks until the answer is yes, at least once, for as long as wait.
func untilReady(ctx context.Context, cfg *app.Config, live bool, wait time.Duration) error {
	end := time.Now().Add(wait)
	for {
		err := app.CheckReady(ctx, cfg, live)
		if err == nil || time.Now().After(end) || ctx.Err() != nil {
			return err
		}
		again := time.NewTimer(200 * time.Millisecond)
		select {
		case <-ctx.Done():
		case <-again.C:
		}
		again.Stop()
	}
}
