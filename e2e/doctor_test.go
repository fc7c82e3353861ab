package e2e_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tributary/app"
	"tributary/internal/testkit"
	"tributary/simulator"
	"tributary/store/storetest"
)

// examine runs `tributary doctor` and gives what it found, by check.
func (p *program) examine(extra map[string]string, status int) map[string][]app.Finding {
	p.t.Helper()
	code, out, errOut := p.commandWith(extra, "doctor", "--json")
	var list []app.Finding
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		p.t.Fatalf("doctor: %v: %s%s", err, out, errOut)
	}
	if code != status {
		p.t.Errorf("doctor: status %d, want %d\n%s%s", code, status, out, errOut)
	}
	found := map[string][]app.Finding{}
	for _, f := range list {
		found[f.Check] = append(found[f.Check], f)
		if f.Verdict != app.Fine && f.Do == "" {
			p.t.Errorf("nobody is told what to do: %+v", f)
		}
	}
	return found
}

// says tells whether a check found something with a verdict.
func says(found map[string][]app.Finding, check string, verdict app.Verdict, text string) bool {
	for _, f := range found[check] {
		if f.Verdict == verdict && strings.Contains(f.Found+" "+f.Do, text) {
			return true
		}
	}
	return false
}

// unsafe tells that a back end's PostgreSQL does not sync what it commits.
func unsafe(t testing.TB, b testkit.Backend) bool {
	t.Helper()
	if b.DatabaseURL == "" {
		return false
	}
	db, err := sql.Open("pgx", b.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var fsync string
	if err := db.QueryRowContext(t.Context(), `SHOW fsync`).Scan(&fsync); err != nil {
		t.Fatal(err)
	}
	return fsync == "off"
}

// TestDoctor: one wrong configuration after the other, and what is said of it, beside a
// process that serves and without one.
func TestDoctor(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		p := prepare(t, b, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.Line, simulator.Telegram}}})
		const key = "0123456789abcdef0123456789abcdef"
		c := p.spawn(map[string]string{"SECRET_KEY_BASE": key})
		good := map[string]string{"SECRET_KEY_BASE": key, "FRONTEND_URL": c.base, "PORT": "0"}
		p.owner(good)
		// The PostgreSQL of tests may forget when the machine crashes. Doctor says so.
		careless := 0
		if unsafe(t, b) {
			careless = 1
		}
		for _, kind := range []simulator.Kind{simulator.Line, simulator.Telegram} {
			p.connect(p.sim.Channel(kind))
		}
		found := p.examine(good, careless)
		if says(found, "database", app.Wrong, "fsync is off") != (careless == 1) {
			t.Errorf("database: %+v", found["database"])
		}
		for check, text := range map[string]string{
			"public address": "this installation answers", "channels": "2 channels; 2 of 2", "migrations": "current", "secret key": "opens everything",
		} {
			if !says(found, check, app.Fine, text) {
				t.Errorf("%s: %+v", check, found[check])
			}
		}
		other := prepare(t, testkit.Backend{Name: "embedded"}, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.Line}}})
		stranger := other.spawn(nil)
		something := httptest.NewServer(http.NotFoundHandler())
		defer something.Close()
		away := httptest.NewServer(http.RedirectHandler("https://elsewhere.example/", http.StatusMovedPermanently))
		defer away.Close()
		for _, one := range []struct {
			set     map[string]string
			check   string
			verdict app.Verdict
			text    string
		}{
			{map[string]string{"PORT": "many"}, "configuration", app.Wrong, "PORT: cannot be read as a whole number"},
			{map[string]string{"TRIBUTARY_PORT": "1"}, "names of variables", app.Wrong, "TRIBUTARY_PORT is no setting"},
			{map[string]string{"FRONTENT_URL": "x"}, "names of variables", app.Warning, "did you mean FRONTEND_URL?"},
			{map[string]string{"WHATSAPP_APP_SECERT": "x"}, "names of variables", app.Warning, "did you mean WHATSAPP_APP_SECRET?"},
			{map[string]string{"data_dir": "x"}, "names of variables", app.Warning, "did you mean DATA_DIR?"},
			{map[string]string{"POSTGRES_HOST": "x"}, "names of variables", app.Warning, "set DATABASE_URL instead"},
			{map[string]string{"QUEUE_SPEED": "x"}, "names of variables", app.Warning, "QUEUE_SPEED is set, and not read"},
			{map[string]string{"SECRET_KEY_BASE": "short"}, "configuration", app.Warning, "may be guessed"},
			{map[string]string{"SECRET_KEY_BASE": "another key of thirty-two characters"}, "secret key", app.Wrong, "another SECRET_KEY_BASE"},
			{map[string]string{"FRONTEND_URL": "http://chat.example"}, "configuration", app.Wrong, "use https://chat.example"},
			{map[string]string{"FRONTEND_URL": c.base + "/chat"}, "configuration", app.Wrong, "FRONTEND_URL has a path"},
			{map[string]string{"FRONTEND_URL": "http://127.0.0.1:1"}, "public address", app.Wrong, "FRONTEND_URL does not answer"},
			{map[string]string{"FRONTEND_URL": something.URL}, "public address", app.Wrong, "HTTP status 404"},
			{map[string]string{"FRONTEND_URL": away.URL}, "public address", app.Wrong, "FRONTEND_URL redirects (301)"},
			{map[string]string{"FRONTEND_URL": stranger.base}, "public address", app.Wrong, "another installation answers"},
			{map[string]string{"WEBHOOK_SIGNATURE_MODE": "observe"}, "configuration", app.Warning, "anybody can write messages"},
			{map[string]string{"OUTBOUND_ALLOW_PRIVATE": "true"}, "configuration", app.Warning, "inside your network"},
			{map[string]string{"VAPID_PUBLIC_KEY": "x"}, "push keys", app.Wrong, "no pair of VAPID keys"},
			{map[string]string{"ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY": "x"}, "second factor", app.Wrong, "some are missing"},
			{map[string]string{"SMTP_ADDRESS": "127.0.0.1", "SMTP_PORT": "1"}, "mail server", app.Wrong, "mail:"},
			{map[string]string{"TELEGRAM_API_URL": something.URL}, "channels", app.Wrong, "Telegram"},
			{map[string]string{"LINE_API_URL": something.URL}, "channels", app.Wrong, "HTTP status 404"},
		} {
			extra := maps.Clone(good)
			maps.Copy(extra, one.set)
			status := careless
			if one.verdict == app.Wrong || one.set["SECRET_KEY_BASE"] != "" { // another key does not open the database
				status = 1
			}
			if found := p.examine(extra, status); !says(found, one.check, one.verdict, one.text) {
				t.Errorf("%v: %s says %+v", one.set, one.check, found[one.check])
			}
		}
		// The table, and permissions.
		if err := os.Chmod(p.dir, 0o755); err != nil {
			t.Fatal(err)
		}
		code, table, _ := p.commandWith(good, "doctor")
		if code != careless || !strings.Contains(table, "-> chmod 750 "+p.dir) || !strings.HasPrefix(table, "CHECK") {
			t.Errorf("doctor: %d\n%s", code, table)
		}
		c.kill()
		if found := p.examine(good, 1); !says(found, "public address", app.Wrong, "does not answer") || !says(found, "channels", app.Fine, "2 of 2") {
			t.Errorf("without a process: %+v", found)
		}
	})
}

// TestDoctorBeforeTheFirstStart: it makes neither a key nor a database.
func TestDoctorBeforeTheFirstStart(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	p := &program{t: t, dir: dir}
	sim, err := simulator.Start(context.WithoutCancel(t.Context()), simulator.Options{Kinds: []simulator.Kind{simulator.Line}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sim.Close() }()
	p.sim = sim
	found := p.examine(map[string]string{"SECRET_KEY_BASE": ""}, 0)
	if !says(found, "database", app.Fine, "made at the first start") || !says(found, "data directory", app.Fine, "made at the first start") {
		t.Errorf("before the first start: %+v", found)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("doctor made %s: %v", dir, err)
	}
}

// TestDoctorOfServers: PostgreSQL and Redis as one should not run them.
func TestDoctorOfServers(t *testing.T) {
	t.Parallel()
	database := storetest.Prepared.Postgres(t)
	if database == "" {
		return // there is nothing to set wrong
	}
	b := testkit.Backend{Name: "postgres and redis", DatabaseURL: database}
	p := prepare(t, b, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.Line}}})
	key := map[string]string{"SECRET_KEY_BASE": "0123456789abcdef0123456789abcdef"}
	db := p.database()
	for setting, one := range map[string]struct {
		verdict app.Verdict
		text    string
	}{"synchronous_commit": {app.Wrong, "synchronous_commit is off"}} {
		var name string
		if err := db.QueryRowContext(t.Context(), `SELECT current_database()`).Scan(&name); err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(t.Context(), `ALTER DATABASE "`+name+`" SET `+setting+` = off`); err != nil {
			t.Fatal(err)
		}
		if found := p.examine(key, 1); !says(found, "database", one.verdict, one.text) {
			t.Errorf("%s: %+v", setting, found["database"])
		}
		if _, err := db.ExecContext(t.Context(), `ALTER DATABASE "`+name+`" RESET `+setting); err != nil {
			t.Fatal(err)
		}
	}
	extra := map[string]string{"SECRET_KEY_BASE": key["SECRET_KEY_BASE"], "DATABASE_CONNECTIONS": "100000"}
	if found := p.examine(extra, 1); !says(found, "database", app.Wrong, "DATABASE_CONNECTIONS is 100000") {
		t.Errorf("too many connections: %+v", found["database"])
	}
	if found := p.examine(map[string]string{"SECRET_KEY_BASE": ""}, 1); !says(found, "configuration", app.Wrong, "SECRET_KEY_BASE is not set") {
		t.Errorf("no key: %+v", found["configuration"])
	}
	for _, one := range []struct {
		args    []string
		verdict app.Verdict
		text    string
	}{
		{[]string{"--appendonly", "yes", "--appendfsync", "always"}, app.Fine, "append-only file on"},
		{[]string{"--appendonly", "yes", "--appendfsync", "everysec"}, app.Warning, "appendfsync is everysec"},
		{[]string{"--appendonly", "yes", "--appendfsync", "no"}, app.Warning, "appendfsync is no:"},
		{[]string{"--save", "900 1"}, app.Warning, "snapshots only"},
		{[]string{"--save", ""}, app.Wrong, "keeps nothing on disk"},
		{[]string{"--appendonly", "yes", "--appendfsync", "always", "--maxmemory", "500mb", "--maxmemory-policy", "allkeys-lru"}, app.Wrong, "allkeys-lru"},
		{[]string{"--appendonly", "yes", "--appendfsync", "always", "--maxmemory", "800kb", "--maxmemory-policy", "noeviction"}, app.Wrong, "of maxmemory"},
		{[]string{"--appendonly", "yes", "--appendfsync", "always", "--replicaof", "127.0.0.1 1"}, app.Wrong, "only follows another one"},
	} {
		extra := map[string]string{"SECRET_KEY_BASE": key["SECRET_KEY_BASE"], "REDIS_URL": redisWith(t, one.args...)}
		// FRONTEND_URL is missing in each: that is an error of its own.
		if found := p.examine(extra, 1); !says(found, "queue", one.verdict, one.text) || len(found["queue"]) != 1 {
			t.Errorf("%v: %+v", one.args, found["queue"])
		}
	}
	if found := p.examine(map[string]string{"SECRET_KEY_BASE": key["SECRET_KEY_BASE"], "REDIS_URL": "redis://:secretpassword@127.0.0.1:1/0"}, 1); !says(found, "queue", app.Wrong, "does not answer") {
		t.Errorf("no Redis: %+v", found["queue"])
	}
}

// redisWith starts a Redis with a configuration of its own and gives its address.
func redisWith(t *testing.T, args ...string) string {
	t.Helper()
	r := &redisServer{t: t, dir: t.TempDir(), port: freePort(t)}
	r.cmd = exec.CommandContext(context.WithoutCancel(t.Context()), "redis-server", append([]string{
		"--bind", "127.0.0.1", "--port", fmt.Sprint(r.port), "--dir", r.dir,
	}, args...)...)
	if err := r.cmd.Start(); err != nil {
		t.Fatalf("redis-server: %v", err)
	}
	t.Cleanup(r.kill)
	r.waitUp()
	return r.url()
}

// TestDoctorTellsNoSecret: every secret is a marker, most things are wrong, and nothing
// of what is printed has one.
func TestDoctorTellsNoSecret(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		p := prepare(t, b, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.Line, simulator.Telegram}}})
		first := map[string]string{"SECRET_KEY_BASE": "marker-key-0123456789abcdef0123456789"}
		p.spawn(first)
		p.owner(first)
		var channels []string
		for _, kind := range []simulator.Kind{simulator.Line, simulator.Telegram} {
			ch := p.sim.Channel(kind)
			p.connect(ch)
			channels = append(channels, string(must(json.Marshal(ch.Params()))))
		}
		// A provider that answers with what it was asked.
		echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = fmt.Fprintf(w, `{"ok":false,"description":"%s %s","message":"%s"}`, r.URL, r.Header.Get("Authorization"), r.Header.Get("Authorization"))
		}))
		defer echo.Close()
		extra := map[string]string{
			"SECRET_KEY_BASE": first["SECRET_KEY_BASE"], "SECRET_KEY_BASE_PREVIOUS": "marker-previous-one,marker-previous-two", "METRICS_TOKEN": "marker-metrics",
			"FB_APP_SECRET": "marker-fb", "FB_VERIFY_TOKEN": "marker-verify", "WHATSAPP_APP_SECRET": "marker-wa", "TWITTER_CONSUMER_SECRET": "marker-x",
			"SMTP_ADDRESS": "127.0.0.1", "SMTP_PORT": "1", "SMTP_USERNAME": "someone", "SMTP_PASSWORD": "marker-smtp",
			"VAPID_PUBLIC_KEY": "marker-vapid-public", "VAPID_PRIVATE_KEY": "marker-vapid-private", "ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY": "marker-primary",
			"ACTIVE_RECORD_ENCRYPTION_PREVIOUS": "marker-a:marker-b", "TELEGRAM_API_URL": echo.URL, "LINE_API_URL": echo.URL,
			"REDIS_URL": "redis://user:marker-redis@127.0.0.1:1/0", "AWS_SECRET_ACCESS_KEY": "marker-aws", "AWS_ACCESS_KEY_ID": "marker-aws-id", "SECERT_KEY_BASE": "marker-misspelt",
		}
		for _, args := range [][]string{{"doctor"}, {"doctor", "--json"}} {
			code, out, errOut := p.commandWith(extra, args...)
			text := out + errOut
			if code != 1 || strings.Contains(text, "marker") {
				t.Errorf("%v: status %d\n%s", args, code, text)
			}
			for _, settings := range channels {
				for _, part := range strings.FieldsFunc(settings, func(r rune) bool { return strings.ContainsRune(`{}",: `, r) }) {
					if len(part) > 20 && !strings.Contains(part, "_") && strings.Contains(text, part) {
						t.Errorf("%v shows %q", args, part)
					}
				}
			}
		}
		_, out, errOut := p.commandWith(map[string]string{"DATABASE_URL": "postgres://u:marker-pg@127.0.0.1:1/none"}, "doctor")
		if strings.Contains(out+errOut, "marker") {
			t.Errorf("a database that is away: %s%s", out, errOut)
		}
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
