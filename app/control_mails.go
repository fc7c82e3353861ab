package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strconv"

	"tributary/store"
)

// Mails are the mails that no server took, of the installation whose process serves.
type Mails interface {
	// List gives the newest, without their texts.
	List(ctx context.Context, limit int) ([]store.HeldMail, error)
	// Show gives one with its text, whose links open accounts.
	Show(ctx context.Context, id int64) (store.HeldMail, error)
}

// OpenMails reaches the mails of the process that serves in DATA_DIR. Its errors are
// ErrNoProcess, or say why the process cannot be reached.
func OpenMails(ctx context.Context, cfg *Config) (Mails, error) {
	client, err := dialControl(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return controlMailsClient{client}, nil
}

// dialControl reaches the process that serves in DATA_DIR.
func dialControl(ctx context.Context, cfg *Config) (*controlClient, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "unix", controlPath(cfg.DataDir))
	switch {
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("the process that serves in %s belongs to another user: run this as that user", cfg.DataDir)
	case err != nil:
		return nil, ErrNoProcess
	}
	_ = conn.Close()
	return newControlClient(controlPath(cfg.DataDir)), nil
}

// controlMails answers what commands ask about held mails.
func controlMails(handle func(string, func(context.Context, url.Values) (controlAnswer, error)), s *store.Store) {
	result := func(v any, err error) (controlAnswer, error) {
		if err != nil {
			return controlAnswer{}, err
		}
		raw, err := json.Marshal(v)
		return controlAnswer{Result: raw}, err
	}
	handle("GET /mails", func(ctx context.Context, v url.Values) (controlAnswer, error) {
		limit, _ := strconv.Atoi(v.Get("limit")) // 0 is none
		return result(s.HeldMails(ctx, limit))
	})
	handle("GET /mail", func(ctx context.Context, v url.Values) (controlAnswer, error) {
		id, _ := strconv.ParseInt(v.Get("id"), 10, 64) // 0 is no mail
		m, err := s.HeldMail(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			err = fmt.Errorf("no mail %d is held", id)
		}
		return result(m, err)
	})
}

// controlMailsClient is the Mails of a process that serves.
type controlMailsClient struct{ *controlClient }

// List implements Mails.
func (c controlMailsClient) List(ctx context.Context, limit int) (list []store.HeldMail, err error) {
	err = c.ask(ctx, http.MethodGet, "/mails", url.Values{"limit": {strconv.Itoa(limit)}}, &list)
	return list, err
}

// Show implements Mails.
func (c controlMailsClient) Show(ctx context.Context, id int64) (m store.HeldMail, err error) {
	err = c.ask(ctx, http.MethodGet, "/mail", url.Values{"id": {strconv.FormatInt(id, 10)}}, &m)
	return m, err
}
