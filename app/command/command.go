// Package command is the command line of the program.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"

	"github.com/spf13/cobra"

	"tributary/app"
)

// Exit statuses.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// errUsage marks errors of the command line itself.
type errUsage struct{ error }

// Unwrap gives the cause.
func (e errUsage) Unwrap() error { return e.error }

// Main runs the command line and gives the exit status. ctx ends on a signal.
func Main(ctx context.Context, args, environ []string, out, errOut io.Writer) int {
	root := newRoot(environ, out)
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	_, _ = fmt.Fprintln(errOut, "tributary: "+oneLine(err))
	if _, ok := errors.AsType[errUsage](err); ok {
		return exitUsage
	}
	return exitFailed
}

// oneLine keeps an error on one line.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// program is what all commands share.
type program struct {
	environ []string
	flags   map[string]*string // by environment name
	out     io.Writer
}

func newRoot(environ []string, out io.Writer) *cobra.Command {
	p := &program{environ: environ, flags: map[string]*string{}, out: out}
	root := &cobra.Command{
		Use:           "tributary",
		Short:         "Messaging channels in, conversations out: webhook gateway, agent API and relay in one program",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return errUsage{fmt.Errorf("unknown command %q; see tributary help", args[0])}
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return p.serve(c.Context()) },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return errUsage{err} })
	root.CompletionOptions.DisableDefaultCmd = true
	p.configFlags(root)
	root.AddCommand(
		&cobra.Command{
			Use: "serve", Short: "Run the program (the default)", Args: noArgs,
			RunE: func(c *cobra.Command, _ []string) error { return p.serve(c.Context()) },
		},
		p.demoCommand(), p.migrateCommand(), p.bootstrapCommand(), p.queueCommand(), p.mailsCommand(), p.platformCommand(),
		p.healthCommand(), p.readyCommand(), p.backupCommand(), p.restoreCommand(), p.whatsappCommand(),
		p.secretsCommand(), p.doctorCommand(), p.routesCommand(), p.openapiCommand(), p.metricsCommand(),
		&cobra.Command{Use: "version", Short: "Print the version", Args: noArgs, RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(p.out, "tributary "+app.Version())
			return err
		}},
	)
	return root
}

func noArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return errUsage{fmt.Errorf("%s takes no argument %q", c.CommandPath(), args[0])}
	}
	return nil
}

func oneArg(name string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != 1 {
			return errUsage{fmt.Errorf("usage: %s %s", c.CommandPath(), name)}
		}
		return nil
	}
}

// configFlags gives every configuration variable a flag.
func (p *program) configFlags(root *cobra.Command) {
	t := reflect.TypeFor[app.Config]()
	for f := range t.Fields() {
		name := f.Tag.Get("env")
		if name == "" || name == "-" {
			continue
		}
		value := new(string)
		p.flags[name] = value
		help := f.Tag.Get("help") + " [" + name
		if d := f.Tag.Get("envDefault"); d != "" {
			help += ", default " + d
		}
		root.PersistentFlags().StringVar(value, strings.ReplaceAll(strings.ToLower(name), "_", "-"), "", help+"]")
	}
}

// config reads the environment and the flags that were given.
func (p *program) config() (app.Config, error) { return app.LoadConfig(p.environ, p.overrides()) }

// overrides are the flags that were given, by the names of their variables.
func (p *program) overrides() map[string]string {
	overrides := map[string]string{}
	for name, value := range p.flags {
		if *value != "" {
			overrides[name] = *value
		}
	}
	return overrides
}

func (p *program) serve(ctx context.Context) error {
	cfg, err := p.config()
	if err != nil {
		return err
	}
	a, err := app.New(ctx, cfg)
	if err != nil {
		return err
	}
	if err := a.Start(ctx); err != nil {
		return err
	}
	p.welcome(ctx, a)
	<-ctx.Done()
	return a.Stop(ctx)
}

// welcome tells a person at a terminal what to do first.
func (p *program) welcome(ctx context.Context, a *app.App) {
	_, _ = fmt.Fprintf(os.Stderr, "\n  Tributary answers on %s\n", a.URL())
	pending, err := a.Store().OnboardingPending(ctx)
	if err == nil && pending && a.Onboards() {
		_, _ = fmt.Fprintf(os.Stderr, "  No administrator yet. Create the first one in a browser:\n    %s%s\n", a.URL(), app.OnboardingPath)
	}
	empty, err := a.Store().Empty(ctx)
	if err == nil && empty {
		_, _ = fmt.Fprint(os.Stderr, "  No account yet. Create the first one on the command line:\n"+
			"    bin/tributary bootstrap --email you@example.com --password 'a long one' --account 'My team'\n")
	}
	_, _ = fmt.Fprintln(os.Stderr)
}
