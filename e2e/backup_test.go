package e2e_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/app/command"
	"tributary/internal/testkit"
	"tributary/simulator"
)

// run is a command with the configuration of a program, changed by extra.
func (p *program) runCommand(extra map[string]string, args ...string) (status int, out, errOut string) {
	p.t.Helper()
	var environ []string
	for k, v := range p.environment(extra) {
		environ = append(environ, k+"="+v)
	}
	var stdout, stderr bytes.Buffer
	status = command.Main(p.t.Context(), args, environ, &stdout, &stderr)
	return status, stdout.String(), stderr.String()
}

// ackedNow is how many webhooks of each contact were answered 2xx.
func (l *load) ackedNow() []int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.acked)
}

// checkUpTo compares the store with what was answered up to some moment: that is
// there, whatever came later is there at most once, and all is in order.
func (l *load) checkUpTo(acked []int) {
	l.t.Helper()
	db := l.p.database()
	total, later := 0, 0
	for contact, n := range acked {
		got := texts(l.t, db, `SELECT m.content FROM messages m JOIN conversations c ON c.id = m.conversation_id
			JOIN contact_inboxes i ON i.id = c.contact_inbox_id WHERE i.source_id = $1 AND m.message_type = 0 ORDER BY m.id`,
			l.ch.Person(contact).From)
		total += n
		later += max(0, len(got)-n)
		for i := range max(n, len(got)) {
			if i >= len(got) {
				l.t.Errorf("contact %d: %d messages, %d were answered", contact, len(got), n)
				break
			}
			if got[i] != numbered(contact, i) {
				l.t.Errorf("contact %d: message %d is %q", contact, i, got[i])
				break
			}
		}
	}
	l.t.Logf("%d webhooks were answered before the backup, all there; %d later ones are in it", total, later)
	if total == 0 {
		l.t.Error("nothing was answered before the backup")
	}
}

// TestBackup: a backup is made under load, the program is killed, the backup is
// restored elsewhere. What was answered before it is there once and in order: what
// was applied, and what waited in the queue. Files can be read, credentials too.
func TestBackup(t *testing.T) {
	for _, c := range []struct{ name, roles string }{
		{"everything runs", "edge,worker,relay,api,scheduler"},
		// Nobody applies anything: all of it is in the queue.
		{"all waits in the queue", "edge,api"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := prepare(t, testkit.Backend{Name: "embedded"}, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.Line}}, fresh: true})
			extra := map[string]string{"CONVERSATION_MESSAGE_PER_MINUTE_LIMIT": "0", "SECRET_KEY_BASE": ""}
			p.run(extra)
			ch := p.sim.Channel(simulator.Line)
			p.connect(ch)
			const contacts = 20
			for i := range contacts {
				p.deliver(ch, incoming(ch, i, numbered(i, 0)))
			}
			sent := p.send(1, "the price list", file{"prices.png", picture(t, 40, 30)})
			p.stop()

			extra["ROLES"] = c.roles
			child := p.spawn(extra)
			l := begin(p, ch, contacts, 1, 2*time.Millisecond)
			testkit.Wait(t, 30*time.Second, "traffic", func() bool { return l.total() > 1000 })
			before := l.ackedNow()
			// The key is being changed: what is not sealed anew yet needs the former one.
			former := strings.Repeat("0123456789abcdef", 8) + "\n"
			if err := os.WriteFile(filepath.Join(p.dir, "secret_key_base.previous"), []byte(former), 0o600); err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(t.TempDir(), "backup")
			status, out, errOut := p.runCommand(extra, "backup", dir)
			if status != 0 || !strings.Contains(out, "with the secret key") {
				t.Fatalf("backup: %d %q %q", status, out, errOut)
			}
			after := l.total()
			testkit.Wait(t, 30*time.Second, "traffic after the backup", func() bool { return l.total() > after+500 })
			child.kill()
			l.end()

			p.dir = filepath.Join(t.TempDir(), "restored")
			if status, out, errOut := p.runCommand(extra, "restore", dir); status != 0 || !strings.Contains(out, "with 1 files") {
				t.Fatalf("restore: %d %q %q", status, out, errOut)
			}
			key, err := os.ReadFile(filepath.Join(p.dir, "secret_key_base"))
			if err != nil || len(key) < 64 {
				t.Errorf("secret key: %v, %d bytes", err, len(key))
			}
			if previous, err := os.ReadFile(filepath.Join(p.dir, "secret_key_base.previous")); string(previous) != former {
				t.Errorf("former key: %v, %q", err, previous)
			}
			delete(extra, "ROLES")
			p.spawn(extra)
			l.acked = before
			l.drained(60 * time.Second)
			p.emptied()
			l.checkUpTo(before)

			// LINE's secret proves a webhook, its token sends a reply: both are sealed.
			p.deliver(ch, incoming(ch, 1, "are you back?"))
			p.reply(2, "we are")
			p.sent(ch, "we are")
			for _, m := range p.withFiles(1) {
				if m.ID != sent.ID {
					continue
				}
				if len(m.Attachments) != 1 {
					t.Fatalf("attachments: %+v", m)
				}
				if status, _, body := p.fetch(m.Attachments[0].DataURL); status != http.StatusOK || !bytes.Equal(body, picture(t, 40, 30)) {
					t.Errorf("the file: %d, %d bytes", status, len(body))
				}
			}
		})
	}
}

// emptied waits until nothing in the queue is unapplied.
func (p *program) emptied() {
	p.t.Helper()
	var last string
	testkit.Wait(p.t, 60*time.Second, "the queue to be empty", func() bool {
		_, out, _ := p.command("queue", "stats")
		for line := range strings.Lines(out) {
			if f := strings.Fields(line); len(f) > 3 && f[0] == "total" {
				last = strings.Join(f[1:4], " ")
			}
		}
		return last == "0 0 0"
	})
}

// fetch loads a file by the path of its address: the host is the old process's.
func (p *program) fetch(address string) (int, string, []byte) {
	p.t.Helper()
	_, path, ok := strings.Cut(address, "/rails/")
	if !ok {
		p.t.Fatalf("%q is no address of a file", address)
	}
	return p.load(p.base+"/rails/"+path, true)
}

// TestBackupRefuses: a backup does not mix with anything, and a restore overwrites
// nothing and needs the key.
func TestBackupRefuses(t *testing.T) {
	t.Parallel()
	p := prepare(t, testkit.Backend{Name: "embedded"}, options{fresh: true})
	good := filepath.Join(t.TempDir(), "good")
	refused := func(what, want string, extra map[string]string, args ...string) {
		t.Helper()
		if status, out, errOut := p.runCommand(extra, args...); status != 1 || !strings.Contains(errOut, want) {
			t.Errorf("%s: %d %q %q, want %q", what, status, out, errOut, want)
		}
	}
	refused("backup of nothing", "DATA_DIR: no database", nil, "backup", good)
	refused("backup of PostgreSQL", "DATABASE_URL", map[string]string{"DATABASE_URL": "postgres://x/y"}, "backup", good)
	made := map[string]string{"SECRET_KEY_BASE": ""}
	if status, _, errOut := p.runCommand(made, "bootstrap", "--email", "you@example.test", "--password", "a long one", "--account", "A"); status != 0 {
		t.Fatalf("bootstrap: %s", errOut)
	}
	if status, out, errOut := p.runCommand(made, "backup", good, "--without-key"); status != 0 || !strings.Contains(out, "without the secret key") {
		t.Fatalf("backup: %d %q %q", status, out, errOut)
	}
	refused("backup into a backup", "is not empty", made, "backup", good)
	refused("restore over an installation", "has a tributary.db already", nil, "restore", good)
	key, err := os.ReadFile(filepath.Join(p.dir, "secret_key_base"))
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		key, want string
		spoil     func(dir string)
	}{
		{"", "SECRET_KEY_BASE: the backup is without the key", nil},
		{"another", "SECRET_KEY_BASE", nil},
		{string(key), "is no backup, or one that was not finished", func(dir string) {
			if err := os.Remove(filepath.Join(dir, "backup.json")); err != nil {
				t.Error(err)
			}
		}},
		{string(key), "tributary.db is damaged", func(dir string) {
			f, err := os.OpenFile(filepath.Join(dir, "tributary.db"), os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			// A page in the middle.
			if _, err := f.WriteAt(bytes.Repeat([]byte{0xAA}, 4096), 20*4096); err != nil {
				t.Error(err)
			}
			_ = f.Close()
		}},
		{strings.TrimSpace(string(key)), "", nil},
	} {
		dir := filepath.Join(t.TempDir(), "copy")
		if err := os.CopyFS(dir, os.DirFS(good)); err != nil {
			t.Fatal(err)
		}
		if c.spoil != nil {
			c.spoil(dir)
		}
		extra := map[string]string{"SECRET_KEY_BASE": strings.TrimSpace(c.key), "DATA_DIR": filepath.Join(t.TempDir(), fmt.Sprint(i))}
		if c.want != "" {
			refused(fmt.Sprintf("restore %d", i), c.want, extra, "restore", dir)
			continue
		}
		if status, out, errOut := p.runCommand(extra, "restore", dir); status != 0 {
			t.Errorf("restore: %d %q %q", status, out, errOut)
		}
	}
}
