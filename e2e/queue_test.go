package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"tributary/app/command"
	"tributary/internal/testkit"
	"tributary/simulator"
	"tributary/store/storetest"
)

// run runs a command of the program beside it.
func (p *program) command(args ...string) (status int, out, errOut string) {
	p.t.Helper()
	env := p.environment(nil)
	environ := make([]string, 0, len(env))
	for k, v := range env {
		environ = append(environ, k+"="+v)
	}
	var stdout, stderr bytes.Buffer
	status = command.Main(p.t.Context(), args, environ, &stdout, &stderr)
	return status, stdout.String(), stderr.String()
}

// TestDeadLetters: an event that cannot be applied goes to the dead letters with
// its reason and blocks nothing; an operator sees it, replays it when the cause
// is mended, and discards another.
func TestDeadLetters(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		p := start(t, b, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.Line}}})
		ch := p.sim.Channel(simulator.Line)
		p.connect(ch)
		db := p.database()
		poison, mend := `CREATE TRIGGER poison BEFORE INSERT ON messages WHEN NEW.content LIKE '%poison%'
			BEGIN SELECT RAISE(ABORT, 'poisoned'); END`, `DROP TRIGGER poison`
		if b.DatabaseURL != "" {
			poison, mend = `ALTER TABLE messages ADD CONSTRAINT poison CHECK (content NOT LIKE '%poison%')`,
				`ALTER TABLE messages DROP CONSTRAINT poison`
		}
		if _, err := db.Exec(poison); err != nil {
			t.Fatal(err)
		}
		for n, text := range []string{"poison one", "harmless", "poison two"} {
			answer, err := p.sim.Deliver(t.Context(), p.base, ch, incoming(ch, n, text))
			if err != nil || !answer.OK() {
				t.Fatalf("deliver: %v %+v", err, answer)
			}
		}
		testkit.Wait(t, 20*time.Second, "the harmless message and two dead letters", func() bool {
			_, out, _ := p.command("queue", "stats")
			return strings.Contains(out, "dead letters of line: 2") && len(p.conversations(p.inboxes[ch])) == 1
		})
		status, out, errOut := p.command("queue", "list", "--state", "dead", "--channel", "line")
		if status != 0 || strings.Count(out, "\n") != 3 || !strings.Contains(out, "poison") {
			t.Fatalf("queue list: %d %q %q", status, out, errOut)
		}
		var ids []string // newest first
		for _, line := range strings.Split(strings.TrimSpace(out), "\n")[1:] {
			ids = append(ids, strings.Fields(line)[0])
		}
		byText := map[string]string{}
		for _, id := range ids {
			status, out, errOut = p.command("queue", "show", id)
			var shown struct {
				State  string
				Reason string
				Body   string
				Event  struct {
					Message struct{ Content string }
				}
			}
			if err := json.Unmarshal([]byte(out), &shown); status != 0 || err != nil {
				t.Fatalf("queue show: %d %v %q %q", status, err, out, errOut)
			}
			if shown.State != "dead" || shown.Reason == "" || !strings.Contains(shown.Body, "poison") {
				t.Errorf("shown: %+v", shown)
			}
			byText[shown.Event.Message.Content] = id
		}
		if _, err := db.Exec(mend); err != nil {
			t.Fatal(err)
		}
		if status, out, errOut = p.command("queue", "replay", byText["poison one"]); status != 0 {
			t.Fatalf("queue replay: %d %q %q", status, out, errOut)
		}
		if status, out, errOut = p.command("queue", "discard", byText["poison two"]); status != 0 {
			t.Fatalf("queue discard: %d %q %q", status, out, errOut)
		}
		testkit.Wait(t, 20*time.Second, "the replayed message", func() bool {
			return fmt.Sprint(texts(t, db, `SELECT content FROM messages ORDER BY id`)) == "[harmless poison one]"
		})
		if _, out, _ = p.command("queue", "stats"); !strings.Contains(out, "dead letters: 0") {
			t.Errorf("stats after replay and discard: %q", out)
		}
		if status, _, errOut = p.command("queue", "replay", byText["poison two"]); status != 1 || !strings.Contains(errOut, "no entry") {
			t.Errorf("replay of a discarded entry: %d %q", status, errOut)
		}
		if status, out, _ = p.command("queue", "replay", "--all"); status != 0 || !strings.Contains(out, "replayed 0") {
			t.Errorf("replay --all: %d %q", status, out)
		}
	})
}
