package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"strings"

	"tributary/app"
	"tributary/desk"
	"tributary/simulator"
	"tributary/store"
)

// program is a running Tributary with channels that the simulator plays.
type program struct {
	app     *app.App
	sim     *simulator.Simulator
	db      *sql.DB // looks at the tables
	inboxes map[*simulator.Channel]int64
	account int64
	token   string
	dir     string // its data directory
}

// roles of the parts that are measured alone.
const (
	allRoles   = "edge,worker,relay,api,scheduler"
	edgeRole   = "edge"
	workerRole = "worker"
)

// start makes the program with channels of kinds, several each. LINE's API is
// the load generator.
func (b *bench) start(ctx context.Context, on backend, roles string, perKind int, kinds ...simulator.Kind) (p *program, err error) {
	sim, err := simulator.Start(ctx, simulator.Options{Kinds: kinds, PerKind: perKind, Keep: 1})
	if err != nil {
		return nil, err
	}
	p = &program{sim: sim, inboxes: map[*simulator.Channel]int64{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close(ctx))
		}
	}()
	settings := sim.Settings()
	maps.Copy(settings, map[string]string{
		"LINE_API_URL": "http://" + b.generator.provider, "DATA_DIR": b.folder(), "PORT": "0", "BIND": "127.0.0.1", "ROLES": roles,
	})
	if on.database {
		if settings["DATABASE_URL"], err = b.database.schema(ctx); err != nil {
			return p, err
		}
	}
	if on.redis != nil {
		settings["REDIS_URL"], settings["REDIS_PREFIX"] = on.redis.url, fmt.Sprintf("{bench-%d}", b.made)
	}
	cfg, err := app.LoadConfig(nil, settings)
	if err != nil {
		return p, err
	}
	cfg.Log = slog.New(slog.DiscardHandler)
	if p.app, err = app.New(ctx, cfg); err != nil {
		return p, err
	}
	sim.SetTarget("http://"+p.app.Addr(), p.app.URL())
	first, err := p.app.Store().Bootstrap(ctx, "bench@example.com", "Bench", "", "Bench")
	if err != nil {
		return p, err
	}
	p.account, p.token, p.dir = first.AccountID, first.AccessToken, cfg.DataDir
	for _, c := range sim.Channels() {
		if p.inboxes[c], err = p.connect(ctx, c); err != nil {
			return p, fmt.Errorf("connect %s: %w", c.Kind, err)
		}
	}
	return p, p.look(settings["DATA_DIR"], settings["DATABASE_URL"])
}

func (p *program) look(dir, address string) (err error) {
	if address != "" {
		p.db, err = sql.Open("pgx", address)
		return err
	}
	p.db, err = sql.Open("sqlite", "file:"+filepath.Join(dir, "tributary.db")+"?_pragma=busy_timeout(5000)&_pragma=query_only(1)")
	return err
}

// connect makes the inbox of a channel.
func (p *program) connect(ctx context.Context, c *simulator.Channel) (int64, error) {
	var in struct {
		Channel json.RawMessage `json:"channel"`
	}
	if err := json.Unmarshal(c.Params(), &in); err != nil {
		return 0, err
	}
	inbox := desk.NewInbox{Inbox: store.DefaultInbox(), Params: in.Channel}
	inbox.Inbox.AccountID, inbox.Inbox.Name = p.account, c.Name
	createType := "whatsapp"
	if c.Kind == simulator.Line {
		// The stand-in for LINE only takes messages, so nothing is checked there.
		createType, inbox.Settings = "line", in.Channel
	}
	driver, ok := p.app.Desk().Directory.DriverFor(createType)
	if !ok {
		return 0, fmt.Errorf("no driver for %s", createType)
	}
	return p.app.Desk().CreateInbox(ctx, driver, inbox)
}

func (p *program) close(ctx context.Context) error {
	var errs []error
	if p.db != nil {
		errs = append(errs, p.db.Close())
	}
	if p.app != nil {
		errs = append(errs, p.app.Stop(ctx))
	}
	return errors.Join(append(errs, p.sim.Close())...)
}

// webhooks builds n signed text messages, the first being number from, of many
// contacts, spread over channels.
func (p *program) webhooks(channels []*simulator.Channel, from, n, contacts int) ([]*simulator.Delivery, error) {
	list := make([]*simulator.Delivery, 0, n)
	for i := from; i < from+n; i++ {
		c := channels[i%len(channels)]
		person := c.Person(i % contacts)
		d, err := p.sim.Build(c, simulator.Incoming{
			From: person.From, Name: person.Name,
			Text: fmt.Sprintf("Hello, where is my order %d? I have been waiting since Monday.", 10_000+i),
		}, p.app.URL())
		if err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, nil
}

// wire is a delivery as it goes over a connection.
func wire(d *simulator.Delivery, address string) []byte {
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", d.Method, d.Path, address)
	for name, values := range d.Header {
		for _, v := range values {
			_, _ = fmt.Fprintf(&b, "%s: %s\r\n", name, v)
		}
	}
	_, _ = fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n", len(d.Body))
	return append([]byte(b.String()), d.Body...)
}

// secret is a member of a channel's parameters.
func secret(c *simulator.Channel, name string) string {
	var in struct {
		Channel map[string]any `json:"channel"`
	}
	_ = json.Unmarshal(c.Params(), &in) // the simulator encoded it
	s, _ := in.Channel[name].(string)
	return s
}
