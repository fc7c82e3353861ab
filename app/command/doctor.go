package command

import (
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tributary/app"
)

func (p *program) doctorCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "doctor", Short: "Check configuration, database, queue, public address, mail server and channels", Args: noArgs,
		Long: "Checks what is easily set wrong and prints what was found and what to do. Nothing is changed, no message and no mail is sent. " +
			"It works beside a process that serves and without one; run it as the same user with the same configuration. " +
			"The exit status is 1 when something is an error. Secrets are not in what it prints.",
		RunE: func(c *cobra.Command, _ []string) error {
			findings := app.Examine(c.Context(), p.environ, p.overrides())
			if asJSON {
				if err := p.printJSON(findings); err != nil {
					return err
				}
			} else if err := p.printFindings(findings); err != nil {
				return err
			}
			wrong := 0
			for _, f := range findings {
				if f.Verdict == app.Wrong {
					wrong++
				}
			}
			if wrong > 0 {
				return fmt.Errorf("%d errors", wrong)
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func (p *program) printFindings(findings []app.Finding) error {
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	_, err := fmt.Fprintln(w, "CHECK\tVERDICT\tFOUND")
	for _, f := range findings {
		_, e := fmt.Fprintf(w, "%s\t%s\t%s\n", f.Check, f.Verdict, f.Found)
		err = errors.Join(err, e)
		if f.Do != "" {
			_, e = fmt.Fprintf(w, "\t\t-> %s\n", f.Do)
			err = errors.Join(err, e)
		}
	}
	return errors.Join(err, w.Flush())
}
