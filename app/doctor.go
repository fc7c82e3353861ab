package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"tributary/store"
)

// Verdict is what a check comes to.
type Verdict string

// Verdicts, from the best.
const (
	Fine    Verdict = "ok"
	Warning Verdict = "warning"
	Wrong   Verdict = "error"
)

// Finding is what a check found, and what to do about it.
type Finding struct {
	Check   string  `json:"check"`
	Verdict Verdict `json:"verdict"`
	Found   string  `json:"found"`
	Do      string  `json:"do,omitempty"`
}

// checkTimeout bounds one check; a provider that hangs holds up nobody else.
const checkTimeout = 15 * time.Second

// doctor is an examination of an installation. Its checks read, and ask; none changes
// anything.
type doctor struct {
	cfg     Config
	environ map[string]string
	control *controlClient // of the process that serves here; nil: none does
	keys    *keys          // nil: there are none yet
	store   *store.Store   // nil: there is no database yet, or it does not answer
	openErr error          // why it does not
	stored  map[string]string
}

// check examines one thing.
type check struct {
	name string
	run  func(ctx context.Context, report func(Verdict, string, string))
}

// Examine checks what an operator may have set wrong: configuration, database, queue,
// files, and whoever is called. environ ("NAME=value") and overrides are what
// LoadConfig takes. No finding holds a secret.
func Examine(ctx context.Context, environ []string, overrides map[string]string) []Finding {
	d := &doctor{environ: map[string]string{}}
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		d.environ[name] = value
	}
	maps.Copy(d.environ, overrides)
	var err error
	d.cfg, err = LoadConfig(environ, overrides)
	if d.cfg.Now == nil {
		d.cfg.Now = time.Now
	}
	if err != nil {
		findings := []Finding{{"configuration", Wrong, oneLine(err.Error()), "correct it; nothing else was checked, since the program does not start"}}
		return d.hide(append(findings, d.all(ctx, []check{{"names of variables", d.checkNames}})...))
	}
	d.open(ctx)
	defer d.close()
	return d.hide(d.all(ctx, []check{
		{"configuration", d.checkConfiguration},
		{"names of variables", d.checkNames},
		{"secret key", d.checkSecretKey},
		{"second factor", d.checkSecondFactor},
		{"push keys", d.checkPushKeys},
		{"database", d.checkDatabase},
		{"migrations", d.checkMigrations},
		{"queue", d.checkQueue},
		{"data directory", d.checkDataDir},
		{"spool", d.checkSpool},
		{"open files", d.checkOpenFiles},
		{"public address", d.checkPublicAddress},
		{"mail server", d.checkMail},
		{"channels", d.checkChannels},
	}))
}

// all runs checks beside each other and gives what they found in their order.
func (d *doctor) all(ctx context.Context, checks []check) []Finding {
	found := make([][]Finding, len(checks))
	var group sync.WaitGroup
	for i, c := range checks {
		group.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, checkTimeout)
			defer cancel()
			c.run(ctx, func(v Verdict, what, do string) {
				found[i] = append(found[i], Finding{c.name, v, oneLine(what), do})
			})
			if len(found[i]) == 0 {
				found[i] = []Finding{{c.name, Fine, "nothing to check", ""}}
			}
		})
	}
	group.Wait()
	return slices.Concat(found...)
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// open reaches what several checks ask. It makes neither a key nor a database.
func (d *doctor) open(ctx context.Context) {
	if client, err := dialControl(ctx, &d.cfg); err == nil {
		d.control = client
	}
	if d.cfg.SecretKey == "" && !exists(keyPath(&d.cfg)) || d.cfg.Embedded() && !exists(databasePath(&d.cfg)) {
		return
	}
	var err error
	if d.keys, err = newKeys(&d.cfg); err != nil {
		d.openErr = err
		return
	}
	s, err := openStore(ctx, &d.cfg, d.keys)
	if err != nil {
		d.openErr = err
		return
	}
	if err := s.Ping(ctx); err != nil {
		d.openErr = fmt.Errorf("the database does not answer: %w", err)
		_ = s.Close()
		return
	}
	d.store = s
	if err := s.AdoptedKey(ctx); err == nil {
		d.stored, _ = s.Settings(ctx) // a check of its own says what is wrong
	}
}

func (d *doctor) close() {
	if d.store != nil {
		_ = d.store.Close()
	}
}

// setting reads a setting as the program does.
func (d *doctor) setting(name string) string {
	if v, ok := d.stored[name]; ok {
		return v
	}
	return d.cfg.Settings[name]
}

// serves tells whether a process serves in DATA_DIR.
func (d *doctor) serves() bool { return d.control != nil }
