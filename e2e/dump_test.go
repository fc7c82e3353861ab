package e2e_test

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/simulator"
	"tributary/store/storetest"
)

// postgresTool finds a program that Debian keeps out of the PATH.
func postgresTool(t testing.TB, name string) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) > 0 {
		slices.Sort(found)
		return found[len(found)-1]
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return path
}

func run(t testing.TB, name string, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", filepath.Base(name), err, out)
	}
}

// TestDump is TestBackup for the large size, as docs/backup.md has it: first Redis'
// append-only file, then pg_dump, while all runs; then everything is killed, and
// both are restored elsewhere.
func TestDump(t *testing.T) {
	for _, c := range []struct{ name, roles string }{
		{"everything runs", "edge,worker,relay,api,scheduler"},
		{"all waits in the queue", "edge,api"},
	} {
		t.Run(c.name, func(t *testing.T) {
			database := storetest.Prepared.Postgres(t)
			if database == "" {
				return // there is no PostgreSQL to dump
			}
			server := startRedis(t)
			b := testkit.Backend{Name: "postgres and redis", DatabaseURL: database, RedisURL: server.url()}
			p := prepare(t, b, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.Line}}})
			extra := map[string]string{"CONVERSATION_MESSAGE_PER_MINUTE_LIMIT": "0", "QUEUE_LEASE": "1s"}
			p.run(extra)
			ch := p.sim.Channel(simulator.Line)
			p.connect(ch)
			const contacts = 20
			for i := range contacts {
				p.deliver(ch, incoming(ch, i, numbered(i, 0)))
			}
			p.stop()
			extra["ROLES"] = c.roles
			child := p.spawn(extra)
			l := begin(p, ch, contacts, 1, 2*time.Millisecond)
			testkit.Wait(t, 30*time.Second, "traffic", func() bool { return l.total() > 1000 })

			before := l.ackedNow()
			copies := startRedisFrom(t, filepath.Join(server.dir, "appendonlydir"))
			dump := filepath.Join(t.TempDir(), "tributary.dump")
			run(t, postgresTool(t, "pg_dump"), "--format=custom", "--file", dump, database)
			after := l.total()
			testkit.Wait(t, 30*time.Second, "traffic after the dump", func() bool { return l.total() > after+500 })
			child.kill()
			server.kill()
			l.end()

			u, err := url.Parse(database)
			if err != nil {
				t.Fatal(err)
			}
			u.Path += "_restored"
			server2 := []string{"--host", u.Hostname(), "--port", u.Port(), "--username", u.User.Username()}
			run(t, postgresTool(t, "createdb"), append(slices.Clone(server2), "--template", "template0", u.Path[1:])...)
			t.Cleanup(func() {
				if out, err := exec.Command(postgresTool(t, "dropdb"), append(server2, "--force", u.Path[1:])...).CombinedOutput(); err != nil {
					t.Errorf("dropdb: %v\n%s", err, out)
				}
			})
			run(t, postgresTool(t, "pg_restore"), "--exit-on-error", "--no-owner", "--dbname", u.String(), dump)
			copies.start()
			p.backend.DatabaseURL, p.backend.RedisURL = u.String(), copies.url()
			p.dir = t.TempDir() // nothing of the edge's own is needed
			delete(extra, "ROLES")
			p.spawn(extra)
			l.acked = before
			l.drained(60 * time.Second)
			p.emptied()
			l.checkUpTo(before)
			p.deliver(ch, incoming(ch, 1, "are you back?"))
			p.reply(2, "we are")
			p.sent(ch, "we are")
		})
	}
}

// startRedisFrom makes a Redis on a copy of another's append-only files; it is not
// started yet.
func startRedisFrom(t testing.TB, appendOnly string) *redisServer {
	t.Helper()
	r := &redisServer{t: t, dir: t.TempDir(), port: freePort(t)}
	if err := os.CopyFS(filepath.Join(r.dir, "appendonlydir"), os.DirFS(appendOnly)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.kill)
	return r
}
