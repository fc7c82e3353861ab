package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tributary/app"
	"tributary/whatsapp"
)

func (p *program) healthCommand() *cobra.Command {
	var h healthFlags
	c := &cobra.Command{
		Use: "health [INBOX_ID]", Short: "Look at WhatsApp numbers: health, registration, what to do",
		Long: "Without an inbox it lists all WhatsApp Cloud API numbers, those that wait for a person first, from what is stored. " +
			"With one it reads the health of that inbox's number from Meta and shows it with its registration and the last attempts. " +
			"It works beside a running process, through DATA_DIR/control.sock.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 || h.register && len(args) == 0 {
				return errUsage{errors.New("usage: tributary health [INBOX_ID [--register] [--refresh=false]] [--json]")}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return p.numbers(c.Context(), func(ctx context.Context, n app.Numbers) error { return p.listNumbers(ctx, n, h.json) })
			}
			id, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil || id <= 0 {
				return errUsage{fmt.Errorf("%q is not the id of an inbox", args[0])}
			}
			return p.numbers(c.Context(), func(ctx context.Context, n app.Numbers) error {
				if h.register {
					return p.registerNumber(ctx, n, id, h.json)
				}
				return p.showNumber(ctx, n, id, h)
			})
		},
	}
	c.Flags().BoolVar(&h.register, "register", false, "make one attempt to register the number, as the administrators' button does")
	c.Flags().BoolVar(&h.refresh, "refresh", true, "read from Meta what is older than 30 s; =false shows what is stored")
	c.Flags().BoolVar(&h.json, "json", false, "print JSON")
	return c
}

type healthFlags struct{ register, refresh, json bool }

// numbers reaches the process that serves.
func (p *program) numbers(ctx context.Context, run func(context.Context, app.Numbers) error) error {
	cfg, err := p.config()
	if err != nil {
		return err
	}
	n, err := app.OpenNumbers(ctx, &cfg)
	if err != nil {
		return err
	}
	return run(ctx, n)
}

func (p *program) listNumbers(ctx context.Context, n app.Numbers, asJSON bool) error {
	list, err := n.List(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return p.printJSON(list)
	}
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "INBOX\tACCOUNT\tNUMBER\tSTATE\tREQUIRED ACTION\tSINCE\tNEXT ATTEMPT\tQUALITY\tSTATUS\tLAST CHECK")
	for _, l := range list {
		checked := or(l.CheckedAt, "never")
		if l.CheckFailing {
			checked += " (failing)"
		}
		_, _ = fmt.Fprintf(w, "%d\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", l.InboxID, l.AccountID, or(l.Phone, l.PhoneID), l.State,
			or(l.RequiredAction, "-"), or(l.Since, "-"), or(l.NextAttemptAt, "-"), or(l.Quality, "-"), or(l.Status, "-"), checked)
	}
	return w.Flush()
}

func (p *program) registerNumber(ctx context.Context, n app.Numbers, inbox int64, asJSON bool) error {
	done, err := n.Register(ctx, inbox)
	if err != nil {
		return err
	}
	if asJSON {
		err = p.printJSON(done)
	} else if done.Refused == "" {
		s := &sheet{}
		if a := done.Attempt; a != nil {
			s.line("attempt", outcome(*a))
		}
		s.registration(done.Registration)
		err = s.print(p.out)
	}
	if err == nil && done.Refused != "" {
		err = fmt.Errorf("no attempt was made: %s (state %s)", done.Refused, done.Registration.State)
	}
	return err
}

func (p *program) showNumber(ctx context.Context, n app.Numbers, inbox int64, h healthFlags) error {
	r, err := n.Report(ctx, inbox, !h.refresh)
	if err != nil {
		return err
	}
	if h.json {
		err = p.printJSON(r)
	} else {
		err = printReport(p.out, r)
	}
	if err == nil && r.Error != "" {
		err = errors.New(r.Error)
		if r.Details != nil && r.Details.Message != r.Error {
			err = fmt.Errorf("%s: %s", r.Error, r.Details.Message)
		}
	}
	return err
}

func (p *program) printJSON(v any) error {
	enc := json.NewEncoder(p.out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// printReport prints everything about one number: first what matters now.
func printReport(out io.Writer, r whatsapp.Report) error {
	name := r.InboxName
	if r.Health != nil {
		name = or(r.Health.DisplayPhoneNumber, name)
	}
	if _, err := fmt.Fprintf(out, "%s  (inbox %d, account %d)\n\n", name, r.InboxID, r.AccountID); err != nil {
		return err
	}
	s := &sheet{}
	s.registration(r.Registration)
	if r.Health == nil {
		s.line("health", "never read")
	} else {
		s.gap()
		for _, c := range cards(r.Health) {
			s.card(c)
		}
	}
	if err := s.print(out); err != nil {
		return err
	}
	return printAttempts(out, r.Attempts)
}

// shownAttempts is how many of the last attempts are printed.
const shownAttempts = 10

func printAttempts(out io.Writer, list []whatsapp.Attempt) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(out, "\nno attempts")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "\nATTEMPT\tTRIGGER\tBY\tROW\tOUTCOME")
	for _, a := range list[:min(len(list), shownAttempts)] {
		by := "-"
		if a.ActorID != nil {
			by = "user " + strconv.FormatInt(*a.ActorID, 10)
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", a.StartedAt, a.Trigger, by, a.Row, outcome(a))
	}
	return w.Flush()
}

// outcome words what came of an attempt.
func outcome(a whatsapp.Attempt) string {
	parts := []string{a.Result}
	if a.Call != "" {
		parts[0] = a.Call + ": " + a.Result
	}
	if a.Code != nil {
		code := strconv.Itoa(*a.Code)
		if a.Subcode != nil {
			code += "/" + strconv.Itoa(*a.Subcode)
		}
		parts = append(parts, code)
	}
	if a.Message != nil {
		parts = append(parts, plain(*a.Message))
	}
	if a.Trace != nil {
		parts = append(parts, "(trace "+*a.Trace+")")
	}
	return strings.Join(parts, " ")
}

// plain keeps a text of Meta's on one line, without what a terminal would obey.
func plain(s string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, s)), " ")
}

func or(s *string, otherwise string) string {
	if s == nil || *s == "" {
		return otherwise
	}
	return plain(*s)
}
