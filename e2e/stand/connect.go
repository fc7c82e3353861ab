package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"tributary/app"
	"tributary/channels"
	"tributary/channels/all"
	"tributary/desk"
	"tributary/internal/httpx"
	"tributary/simulator"
	"tributary/store"
)

// connectIn asks for the inbox of a channel that only its provider's sign-in makes.
type connectIn struct {
	Channel     string            `json:"channel"`
	Name        string            `json:"name"`
	AccountID   int64             `json:"account_id"`
	Environment map[string]string `json:"environment"` // of the program that serves
}

// connect makes such an inbox beside the running program, from settings as the
// sign-in would leave them: there is no route for it.
func (s *stand) connect(ctx context.Context, in connectIn) (_ any, err error) {
	c, err := s.find(in.Channel)
	if err != nil {
		return nil, err
	}
	channelType := map[simulator.Kind]string{
		simulator.Facebook: "Channel::FacebookPage", simulator.InstagramPage: "Channel::FacebookPage",
		simulator.InstagramLogin: "Channel::Instagram", simulator.Twitter: "Channel::TwitterProfile",
	}[c.Kind]
	if channelType == "" {
		return nil, fmt.Errorf("the API makes inboxes of %s: POST %s", c.Kind, c.CreatePath())
	}
	cfg, err := app.LoadConfig(nil, in.Environment)
	if err != nil {
		return nil, err
	}
	cfg.Now = time.Now
	db, err := app.OpenStore(ctx, &cfg)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	log := slog.New(slog.DiscardHandler)
	env := &channels.Env{
		Setting: func(name string) string { return in.Environment[name] }, PublicURL: cfg.FrontendURL, HTTP: httpx.NewProvider(),
		Guarded: httpx.NewGuarded(true), Now: cfg.Now, Log: log,
	}
	directory := desk.NewDirectory(ctx, db, all.New(env), log)
	if err := directory.Refresh(ctx); err != nil {
		return nil, err
	}
	driver, ok := directory.DriverOf(channelType)
	if !ok {
		return nil, fmt.Errorf("no driver of %s", channelType)
	}
	inbox := store.DefaultInbox()
	inbox.AccountID, inbox.Name = in.AccountID, c.Name
	if in.Name != "" {
		inbox.Name = in.Name
	}
	d := desk.New(desk.Options{Store: db, Directory: directory, Log: log, Now: cfg.Now, Setting: env.Setting, PublicURL: env.PublicURL})
	id, err := d.CreateInbox(ctx, driver, desk.NewInbox{Inbox: inbox, Params: c.Params()})
	if err != nil {
		return nil, err
	}
	return map[string]int64{"id": id}, nil
}
