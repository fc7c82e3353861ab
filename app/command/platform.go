package command

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tributary/desk"
	"tributary/store"
)

func (p *program) platformCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "platform", Short: "Manage platform apps, which make users and accounts through /platform/api/v1",
		Long: "A platform app is a program of yours that makes users and accounts. It shows its token, which is printed once, in the header " +
			"api_access_token, and acts on what it made. These commands work before the first serve and beside a running one.",
		Args: func(c *cobra.Command, _ []string) error {
			return errUsage{fmt.Errorf("usage: %s create|list|delete", c.CommandPath())}
		},
		RunE: func(*cobra.Command, []string) error { return nil },
	}
	var asJSON bool
	create := &cobra.Command{
		Use: "create NAME", Short: "Make a platform app and print its token", Args: oneArg("NAME"),
		RunE: func(c *cobra.Command, args []string) error { return p.createApp(c.Context(), args[0], asJSON) },
	}
	list := &cobra.Command{
		Use: "list", Short: "List platform apps", Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.listApps(c.Context(), asJSON) },
	}
	remove := &cobra.Command{
		Use: "delete ID", Short: "Delete a platform app: its token works no more, what it made stays", Args: oneArg("ID"),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil || id <= 0 {
				return errUsage{fmt.Errorf("%q is not the id of a platform app", args[0])}
			}
			return p.deleteApp(c.Context(), id)
		},
	}
	for _, one := range []*cobra.Command{create, list} {
		one.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	}
	c.AddCommand(create, list, remove)
	return c
}

// apps runs what needs the database and the use-cases about platform apps.
func (p *program) apps(ctx context.Context, run func(*store.Store, *desk.Desk) error) (err error) {
	s, err := p.database(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return run(s, desk.New(desk.Options{Store: s, Now: time.Now}))
}

// listedApp is a platform app as it is printed.
type listedApp struct {
	ID        int64     `json:"id"`
	Name      string    `json:"name"`
	Token     string    `json:"api_access_token,omitempty"` // of one that was just made
	CreatedAt time.Time `json:"created_at,omitzero"`
}

func (p *program) createApp(ctx context.Context, name string, asJSON bool) error {
	return p.apps(ctx, func(_ *store.Store, d *desk.Desk) error {
		id, token, err := d.CreatePlatformApp(ctx, name)
		if err != nil {
			return err
		}
		if asJSON {
			return p.printJSON(listedApp{ID: id, Name: name, Token: token})
		}
		_, err = fmt.Fprintf(p.out, "id                %d\napi_access_token  %s\n", id, token)
		return err
	})
}

func (p *program) listApps(ctx context.Context, asJSON bool) error {
	return p.apps(ctx, func(s *store.Store, _ *desk.Desk) error {
		list, err := s.PlatformApps(ctx)
		if err != nil {
			return err
		}
		out := make([]listedApp, len(list))
		for i, a := range list {
			out[i] = listedApp{ID: a.ID, Name: a.Name, CreatedAt: time.UnixMicro(a.CreatedAt).UTC()}
		}
		if asJSON {
			return p.printJSON(out)
		}
		w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(w, "ID\tNAME\tCREATED")
		for _, a := range out {
			_, _ = fmt.Fprintf(w, "%d\t%s\t%s\n", a.ID, plain(a.Name), a.CreatedAt.Format(time.RFC3339))
		}
		return w.Flush()
	})
}

func (p *program) deleteApp(ctx context.Context, id int64) error {
	return p.apps(ctx, func(_ *store.Store, d *desk.Desk) error {
		err := d.DeletePlatformApp(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("there is no platform app %d", id)
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.out, "platform app %d is deleted\n", id)
		return err
	})
}
