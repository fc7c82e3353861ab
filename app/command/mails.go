package command

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tributary/app"
)

// mailsListed is how many mails are listed where nobody says how many.
const mailsListed = 50

func (p *program) mailsCommand() *cobra.Command {
	var asJSON bool
	var limit int
	c := &cobra.Command{
		Use: "mails [ID]", Short: "Read mails to users that are held since there is no mail server",
		Long: "Without SMTP_ADDRESS, mails to users (to confirm an address, choose a password, join an account) are held for two weeks. " +
			"This lists them, the newest first; with an ID it shows one with its link. Hand links to whom they are for only: they " +
			"open accounts. It works beside a running process, through DATA_DIR/control.sock.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return errUsage{errors.New("usage: tributary mails [ID] [--limit N] [--json]")}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return p.mails(c.Context(), func(ctx context.Context, m app.Mails) error { return p.listMails(ctx, m, limit, asJSON) })
			}
			id, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil || id <= 0 {
				return errUsage{fmt.Errorf("%q is not the id of a mail", args[0])}
			}
			return p.mails(c.Context(), func(ctx context.Context, m app.Mails) error { return p.showMail(ctx, m, id, asJSON) })
		},
	}
	c.Flags().IntVar(&limit, "limit", mailsListed, "list at most so many")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// mails reaches the process that serves.
func (p *program) mails(ctx context.Context, run func(context.Context, app.Mails) error) error {
	cfg, err := p.config()
	if err != nil {
		return err
	}
	m, err := app.OpenMails(ctx, &cfg)
	if err != nil {
		return err
	}
	return run(ctx, m)
}

func (p *program) listMails(ctx context.Context, m app.Mails, limit int, asJSON bool) error {
	list, err := m.List(ctx, limit)
	if err != nil {
		return err
	}
	if asJSON {
		return p.printJSON(list)
	}
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "ID\tTIME\tKIND\tTO\tSUBJECT")
	for _, one := range list {
		_, _ = fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\n", one.ID, one.CreatedAt.UTC().Format(time.RFC3339), one.Kind, one.To, one.Subject)
	}
	return w.Flush()
}

func (p *program) showMail(ctx context.Context, m app.Mails, id int64, asJSON bool) error {
	one, err := m.Show(ctx, id)
	if err != nil {
		return err
	}
	if asJSON {
		return p.printJSON(one)
	}
	_, err = fmt.Fprintf(p.out, "To: %s\nSubject: %s\nDate: %s\n\n%s", one.To, one.Subject, one.CreatedAt.UTC().Format(time.RFC1123Z), one.Text)
	return err
}
