package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/crypto/bcrypt"

	"tributary/app"
	"tributary/channels"
	"tributary/chat"
	"tributary/desk"
	"tributary/simulator"
	"tributary/simulator/story"
	"tributary/store"
)

func (p *program) demoCommand() *cobra.Command {
	return &cobra.Command{
		Use: "demo", Short: "Play every channel against simulated providers and tell the story", Args: noArgs,
		Long: "Starts the program in a temporary directory beside stand-ins of all providers: signed webhooks of every channel " +
			"arrive, replies go back, WhatsApp numbers go live, failures are played. Nothing leaves this machine.",
		RunE: func(c *cobra.Command, _ []string) error { return p.demo(c.Context()) },
	}
}

func (p *program) demo(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "tributary-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	sim, err := simulator.Start(ctx, simulator.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sim.Close()) }()
	overrides := sim.Settings()
	overrides["DATA_DIR"], overrides["PORT"], overrides["BIND"] = dir, "0", "127.0.0.1"
	overrides["RELAY_RETRY_BASE"] = "1s"
	// Whatever databases the environment names are not for playing with.
	overrides["DATABASE_URL"], overrides["REDIS_URL"], overrides["FRONTEND_URL"], overrides["METRICS_BIND"] = "", "", "", ""
	overrides["ROLES"] = "edge,worker,relay,api,scheduler"
	cfg, err := app.LoadConfig(p.environ, overrides)
	if err != nil {
		return err
	}
	cfg.Log = slog.New(slog.DiscardHandler)
	a, err := app.New(ctx, cfg)
	if err != nil {
		return err
	}
	if err := a.Start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Stop(ctx)) }()
	sim.SetTarget("http://"+a.Addr(), a.URL())
	hash, err := bcrypt.GenerateFromPassword([]byte("demo-demo"), bcrypt.MinCost)
	if err != nil {
		return err
	}
	first, err := a.Store().Bootstrap(ctx, "demo@example.com", "Demo", string(hash), "Demo")
	if err != nil {
		return err
	}
	return story.Run(ctx, story.Config{
		Base: "http://" + a.Addr(), APIToken: first.AccessToken, AccountID: first.AccountID, Sim: sim, Out: p.out,
		Color: terminal(p.out) || slices.Contains(p.environ, "CLICOLOR_FORCE=1"),
		CreateInbox: func(ctx context.Context, kind, name string, settings json.RawMessage) (int64, error) {
			return connect(ctx, a, first.AccountID, kind, name, settings)
		},
		Recovery: 90 * time.Second, Numbers: true,
	})
}

// connect makes an inbox of a channel that its provider's sign-in creates, from
// settings as that would leave them.
func connect(ctx context.Context, a *app.App, accountID int64, kind, name string, settings json.RawMessage) (int64, error) {
	types := map[string]string{
		string(simulator.Facebook): "Channel::FacebookPage", string(simulator.InstagramPage): "Channel::FacebookPage",
		string(simulator.InstagramLogin): "Channel::Instagram", string(simulator.Twitter): "Channel::TwitterProfile",
	}
	driver, ok := a.Desk().Directory.DriverOf(types[kind])
	if !ok {
		return 0, fmt.Errorf("no driver for %s", kind)
	}
	if _, can := driver.(channels.Creator); !can {
		return 0, chat.Invalid("channel", "Channel must exist")
	}
	inbox := store.DefaultInbox()
	inbox.AccountID, inbox.Name = accountID, name
	return a.Desk().CreateInbox(ctx, driver, desk.NewInbox{Inbox: inbox, Params: settings})
}

func terminal(out any) bool {
	f, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
