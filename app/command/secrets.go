package command

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tributary/app"
)

// settle is how long processes may take to learn that another key writes; they look
// every two seconds.
const settle = 5 * time.Second

func (p *program) secretsCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "secrets", Short: "Change the key of what is encrypted at rest",
		Long: "SECRET_KEY_BASE seals credentials, tokens and settings in the database. To change it, start every process with the new one " +
			"and the old one in SECRET_KEY_BASE_PREVIOUS, then run `tributary secrets rotate`, then start them without the old one. " +
			"Where the key was generated into DATA_DIR, `tributary secrets rotate` alone does all of it.",
		RunE: func(*cobra.Command, []string) error {
			return errUsage{errors.New("usage: tributary secrets status | rotate")}
		},
	}
	var asJSON bool
	c.PersistentFlags().BoolVar(&asJSON, "json", false, "print JSON")
	c.AddCommand(
		&cobra.Command{
			Use: "status", Short: "Count what each key has sealed, and tell which are needed", Args: noArgs,
			RunE: func(c *cobra.Command, _ []string) error {
				return p.secrets(c.Context(), func(ctx context.Context, s *app.Secrets) error { return p.secretsStatus(ctx, s, asJSON) })
			},
		},
		&cobra.Command{
			Use: "rotate", Short: "Seal everything again with the new key", Args: noArgs,
			Long: "Works beside processes that serve, in small transactions. Broken off, it goes on where it was when it is run again; " +
				"run when there is nothing to do, it changes nothing but a key that was generated into DATA_DIR.",
			RunE: func(c *cobra.Command, _ []string) error {
				return p.secrets(c.Context(), func(ctx context.Context, s *app.Secrets) error { return p.secretsRotate(ctx, s, asJSON) })
			},
		},
	)
	return c
}

func (p *program) secrets(ctx context.Context, run func(context.Context, *app.Secrets) error) (err error) {
	cfg, err := p.config()
	if err != nil {
		return err
	}
	s, err := app.OpenSecrets(ctx, &cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return run(ctx, s)
}

func (p *program) secretsStatus(ctx context.Context, s *app.Secrets, asJSON bool) error {
	status, err := s.Status(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return p.printJSON(status)
	}
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "VALUES\tKEY\tOF")
	for _, u := range status.Use {
		note := ""
		if u.Digest {
			note = " (digests: found without the key)"
		}
		_, _ = fmt.Fprintf(w, "%d\t%s\t%s%s\n", u.Values, u.Key, u.Kind, note)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return p.say("\nKey %s seals. %s", status.Writes, nextOfSecrets(status))
}

// nextOfSecrets says what to do.
func nextOfSecrets(s app.SecretsStatus) string {
	switch {
	case s.Writes != s.Known[0]:
		return "SECRET_KEY_BASE is key " + s.Known[0] + ": run `tributary secrets rotate` when every process has both."
	case len(s.From) > 0:
		return "A change has not come to its end: run `tributary secrets rotate`."
	case len(s.Removable) > 0:
		return "Nothing needs key " + strings.Join(s.Removable, ", ") + " any more: take it out of SECRET_KEY_BASE_PREVIOUS and restart."
	}
	return "No other is needed."
}

func (p *program) say(format string, args ...any) error {
	_, err := fmt.Fprintf(p.out, format+"\n", args...)
	return err
}

func (p *program) secretsRotate(ctx context.Context, s *app.Secrets, asJSON bool) error {
	r, err := s.Rotate(ctx, settle)
	if err != nil {
		return err
	}
	if asJSON {
		err = p.printJSON(r)
	} else {
		err = p.printRotation(ctx, s, r)
	}
	if err != nil {
		return err
	}
	if n := r.Unreadable(); n > 0 {
		return fmt.Errorf("%d values are sealed with a key that was not given: they are lost, or it has to be in SECRET_KEY_BASE_PREVIOUS", n)
	}
	return nil
}

func (p *program) printRotation(ctx context.Context, s *app.Secrets, r app.Rotation) error {
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "SEALED AGAIN\tBEFORE\tUNREADABLE\tOF")
	for _, k := range r.Kinds {
		_, _ = fmt.Fprintf(w, "%d\t%d\t%d\t%s\n", k.Resealed, k.Current, k.Unreadable, k.Kind)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if r.Made {
		return p.say("\nKey %s was made into DATA_DIR and seals. Keep it with the backups, not in them.", r.Writes)
	}
	status, err := s.Status(ctx)
	if err != nil {
		return err
	}
	return p.say("\nKey %s seals. %s", r.Writes, nextOfSecrets(status))
}
