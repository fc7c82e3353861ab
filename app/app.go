package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"github.com/valyala/fasthttp"

	"tributary/channels"
	"tributary/channels/all"
	"tributary/desk"
	"tributary/files"
	"tributary/ingest"
	"tributary/internal/httpx"
	"tributary/live"
	"tributary/mail"
	"tributary/presence"
	"tributary/queue"
	"tributary/queue/localq"
	"tributary/queue/spool"
	"tributary/relay"
	"tributary/store"
	"tributary/whatsapp"
)

// spoolReserve is kept free beside the spool, so that a disk that it filled can be emptied.
const spoolReserve = 40 << 20

// worker is a part of the program that runs until its context ends. It survives
// a database or Redis that goes away.
type worker interface {
	Name() string
	Run(ctx context.Context) error
}

// App is the whole program.
type App struct {
	cfg      Config
	log      *slog.Logger
	registry *registry
	instance string // names this process in leases

	store      *store.Store
	keys       *keys
	redis      redis.UniversalClient
	queue      queue.Log
	spool      *spool.Spool
	files      *files.Service
	settings   *settings
	drivers    []channels.Driver
	directory  *desk.Directory
	desk       *desk.Desk
	whatsapp   *whatsapp.Engine
	inbound    *ingest.Worker
	relay      *relay.Relay
	runners    []*desk.Runner
	dispatcher *desk.Dispatcher
	workers    []worker
	health     *health
	wake       *wake
	hub        *live.Hub
	live       live.Wire
	sockets    *live.Server // nil: this process serves no clients
	provider   *http.Client // calls what the operator has chosen

	server   *fasthttp.Server
	listener net.Listener
	life     context.Context //nolint:containedctx // ends when a stop runs out of patience
	kill     context.CancelFunc
	cancel   context.CancelFunc // ends the workers
	running  sync.WaitGroup
	stops    []stop
	stopOnce sync.Once
	stopErr  error
}

// stop is what ends a part, named for the log.
type stop struct {
	name string
	run  func(context.Context) error
}

// onStop registers what ends a part that was started; the last is run first.
func (a *App) onStop(name string, run func(context.Context) error) {
	a.stops = append(a.stops, stop{name, run})
}

// New opens the database and the queue, migrates, and puts the parts together.
// Nothing serves before Start. Its error is one line that says what to mend.
func New(ctx context.Context, cfg Config) (*App, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	life, kill := context.WithCancel(context.WithoutCancel(ctx))
	a := &App{cfg: cfg, log: cfg.logger(), registry: newRegistry(), life: life, kill: kill, instance: instanceName()}
	if err := a.build(ctx); err != nil {
		return nil, errors.Join(err, a.stopAll(ctx))
	}
	return a, nil
}

func instanceName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "tributary"
	}
	return host + "/" + strconv.Itoa(os.Getpid()) + "/" + uuid.NewString()[:8]
}

func (a *App) build(ctx context.Context) error {
	a.onStop("life", func(context.Context) error { a.kill(); return nil })
	if a.cfg.Embedded() || a.cfg.RedisURL == "" || a.cfg.Has(RoleEdge) {
		unlock, err := lockDir(a.cfg.DataDir)
		if err != nil {
			return err
		}
		a.onStop("data directory", func(context.Context) error { return unlock() })
	}
	if err := a.openStore(ctx); err != nil {
		return err
	}
	if err := a.openQueue(); err != nil {
		return err
	}
	// The port is taken now: FRONTEND_URL may depend on it.
	if err := a.listen(); err != nil {
		return err
	}
	if err := a.openFiles(); err != nil {
		return err
	}
	a.settings = newSettings(a.store, a.keys, a.log, a.cfg.Settings)
	if err := a.settings.refresh(ctx); err != nil {
		return err
	}
	a.provider = httpx.NewProvider()
	env := &channels.Env{
		Setting: a.settings.Get, PublicURL: a.cfg.FrontendURL, HTTP: a.provider,
		Guarded: httpx.NewGuarded(a.cfg.AllowPrivate), Dial: httpx.NewGuardedDialer(a.cfg.AllowPrivate).DialContext, Now: a.cfg.Now, Log: a.log,
	}
	a.drivers = all.New(env)
	a.directory = desk.NewDirectory(a.life, a.store, a.drivers, a.log)
	if err := a.directory.Refresh(ctx); err != nil {
		return err
	}
	a.wake = newWake(a.redis, a.cfg.RedisPrefix, a.log)
	a.openWhatsApp(env)
	a.openLive()
	a.desk = desk.New(desk.Options{
		Store: a.store, Directory: a.directory, Files: a.files, Log: a.log, Now: a.cfg.Now, MessagesPerMinute: a.cfg.MessagesPerMinute,
		WakeRelay: a.wake.relay, WakeJobs: a.wake.jobs, Setting: a.settings.Get, PublicURL: a.cfg.FrontendURL,
		AccountEvent: a.whatsapp.AccountEvent, BeforeDelete: a.whatsapp.Part,
		Mail: mail.New(a.settings.Get, a.cfg.Now), HTTP: a.provider, DefaultLocale: a.cfg.DefaultLocale, PasswordCost: a.cfg.PasswordCost,
		Guarded:      env.Guarded,
		WebhooksKept: a.cfg.WebhookLog,
		Presence:     a.presence(), Live: a.live, Viewers: a.viewers(),
	})
	a.health = newHealth(a)
	return a.assemble(env)
}

// presence is what knows who is connected: Redis for several processes, else this
// process, which is then the only one that serves clients.
func (a *App) presence() presence.Tracker {
	life := time.Duration(a.cfg.PresenceSeconds) * time.Second
	if a.redis != nil {
		return presence.NewRedis(a.redis, a.cfg.RedisPrefix, a.cfg.Now, life)
	}
	return presence.NewLocal(a.cfg.Now, life)
}

// viewers is what knows who looks at which conversation, kept as presence is.
func (a *App) viewers() presence.Tracker {
	if a.redis != nil {
		return presence.NewRedis(a.redis, a.cfg.RedisPrefix+":viewing", a.cfg.Now, desk.ViewingFor)
	}
	return presence.NewLocal(a.cfg.Now, desk.ViewingFor)
}

// openWhatsApp makes the engine of WhatsApp numbers. Every process has one, for what
// its API or its workers ask; the scheduler's looks after the numbers.
func (a *App) openWhatsApp(env *channels.Env) {
	a.whatsapp = whatsapp.New(a.life, whatsapp.Options{
		Store: a.store, Directory: a.directory, HTTP: env.HTTP, Setting: a.settings.Get, PublicURL: a.cfg.FrontendURL,
		Now: a.cfg.Now, Log: a.log, Owner: a.instance, WakeJobs: a.wake.jobs, WakeNumbers: a.wake.numbers,
		Mail: mail.New(a.settings.Get, a.cfg.Now),
	})
	a.onStop("whatsapp engine", a.whatsapp.Close)
}

func (a *App) openStore(ctx context.Context) error {
	k, err := newKeys(&a.cfg)
	if err != nil {
		return err
	}
	s, err := openStore(ctx, &a.cfg, k)
	if err != nil {
		return err
	}
	a.store, a.keys = s, k
	a.onStop("database", func(context.Context) error { return s.Close() })
	if err := s.Migrate(ctx); err != nil {
		return err
	}
	if a.cfg.Embedded() {
		// The lock on the directory says that whoever held leases is dead.
		if err := s.ExpireLeases(ctx); err != nil {
			return err
		}
	}
	return k.follow(ctx, s)
}

// OpenStore opens the configured database and brings its schema up to date.
func OpenStore(ctx context.Context, cfg *Config) (*store.Store, error) {
	k, err := newKeys(cfg)
	if err != nil {
		return nil, err
	}
	s, err := openStore(ctx, cfg, k)
	if err != nil {
		return nil, err
	}
	if err := s.Migrate(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := k.follow(ctx, s); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// openStore opens the configured database, as it is.
func openStore(ctx context.Context, cfg *Config, k *keys) (*store.Store, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	s, err := store.Open(ctx, store.Options{URL: cfg.DatabaseURL, Dir: cfg.DataDir, Sealer: k.sealer, Now: cfg.Now, Conns: cfg.DatabaseConns})
	if err != nil && cfg.DatabaseURL != "" {
		return nil, fmt.Errorf("DATABASE_URL: the database does not answer: %w", err)
	}
	return s, err
}

// openQueue opens the queue and, in front of Redis, the edge's spool.
func (a *App) openQueue() error {
	if a.cfg.RedisURL == "" {
		q, err := localq.Open(filepath.Join(a.cfg.DataDir, queueFile), localq.Options{Partitions: a.cfg.Partitions, Now: a.cfg.Now})
		if err != nil {
			return err
		}
		a.queue = q
		a.onStop("queue", func(context.Context) error { return q.Close() })
		return nil
	}
	client, q, err := openRedis(&a.cfg)
	if err != nil {
		return err
	}
	a.redis, a.queue = client, q
	a.onStop("queue", func(context.Context) error { return errors.Join(q.Close(), client.Close()) })
	if !a.cfg.Has(RoleEdge) {
		return nil
	}
	local, err := localq.Open(filepath.Join(a.cfg.DataDir, spoolFile),
		localq.Options{Partitions: 1, MaxBytes: int64(a.cfg.SpoolBytes), Reserve: spoolReserve, Now: a.cfg.Now})
	if err != nil {
		return err
	}
	a.onStop("spool", func(context.Context) error { return local.Close() })
	a.spool, err = spool.New(a.life, q, local, spool.Options{Logger: a.log})
	return err
}

func (a *App) listen() error {
	l, err := new(net.ListenConfig).Listen(a.life, "tcp", a.cfg.address())
	if err != nil {
		return fmt.Errorf("PORT: cannot listen on %s: %w", a.cfg.address(), err)
	}
	a.listener = l
	a.onStop("listener", func(context.Context) error {
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	})
	if a.cfg.FrontendURL == "" {
		host, port, err := net.SplitHostPort(l.Addr().String())
		if err != nil {
			return fmt.Errorf("BIND: %w", err)
		}
		if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
			host = "127.0.0.1"
		}
		a.cfg.FrontendURL = "http://" + net.JoinHostPort(host, port)
	}
	return nil
}

// Addr is where the program listens, "127.0.0.1:3000".
func (a *App) Addr() string { return a.listener.Addr().String() }

// URL is the public address.
func (a *App) URL() string { return a.cfg.FrontendURL }

// Store gives the database to tests and commands that share the process.
func (a *App) Store() *store.Store { return a.store }

// Desk gives the use-cases to tests and commands that share the process.
func (a *App) Desk() *desk.Desk { return a.desk }

// WhatsApp gives the engine of WhatsApp numbers to tests and commands that share
// the process.
func (a *App) WhatsApp() *whatsapp.Engine { return a.whatsapp }

// Files gives the storage to tests and commands that share the process.
func (a *App) Files() *files.Service { return a.files }

// Queue gives the queue to tests and commands that share the process.
func (a *App) Queue() queue.Log { return a.queue }

// Start begins to serve. When it returns, requests are answered.
func (a *App) Start(ctx context.Context) error {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	a.cancel = cancel
	a.onStop("workers", func(ctx context.Context) error {
		cancel()
		return wait(ctx, &a.running)
	})
	for _, w := range a.workers {
		a.running.Go(func() { a.supervise(work, w) })
	}
	if err := a.serve(); err != nil {
		return errors.Join(err, a.Stop(ctx))
	}
	if a.sockets != nil {
		a.onStop("live wire", a.sockets.Close) // before the server, which does not know of them
	}
	a.log.Info("serving", "address", a.Addr(), "url", a.URL(), "roles", strings.Join(a.cfg.Roles, ","),
		"database", a.store.Dialect(), "queue", queueName(&a.cfg), "version", Version())
	return nil
}

func queueName(c *Config) string {
	if c.RedisURL == "" {
		return "embedded"
	}
	return "redis"
}

// supervise runs a worker again when it ends with an error: nothing gives up for
// good while the process lives.
func (a *App) supervise(ctx context.Context, w worker) {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 10*time.Second) {
		err := w.Run(ctx)
		if ctx.Err() != nil {
			return
		}
		a.health.failed(w.Name(), err)
		a.log.Error("worker ended; it will be started again", "worker", w.Name(), "error", err, "in", wait)
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C:
		}
		a.health.failed(w.Name(), nil)
	}
}

// Stop drains: no new requests, those under way are answered, batches and sends
// under way are finished. It gives up after STOP_TIMEOUT; what was not finished
// is found again at the next start. It may be called more than once.
func (a *App) Stop(ctx context.Context) error {
	a.stopOnce.Do(func() { a.stopErr = a.stopAll(ctx) })
	return a.stopErr
}

func (a *App) stopAll(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), max(a.cfg.StopTimeout, time.Second))
	defer cancel()
	var all error
	for _, s := range slices.Backward(a.stops) {
		if err := s.run(ctx); err != nil {
			all = errors.Join(all, fmt.Errorf("app: stop %s: %w", s.name, err))
		}
	}
	a.stops = nil
	return all
}

// wait waits for a group, no longer than ctx.
func wait(ctx context.Context, group *sync.WaitGroup) error {
	done := make(chan struct{})
	go func() { group.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
