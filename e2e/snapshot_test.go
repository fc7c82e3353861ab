package e2e_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tributary/desk"
	"tributary/internal/testkit"
)

// watchEffects makes the database note what is ordered outside and gone when it
// is done: events, jobs, messages to be sent.
func (p *program) watchEffects() {
	p.t.Helper()
	db := p.database()
	statements := []string{`CREATE TABLE effects (what TEXT NOT NULL)`}
	for table, what := range map[string]string{
		"outbox":     `'event ' || NEW.kind || ' of message ' || NEW.message_id || ' ' || NEW.payload`,
		"jobs":       `'job ' || NEW.kind || ' ' || NEW.payload`,
		"deliveries": `'send message ' || NEW.message_id`,
	} {
		if p.backend.DatabaseURL == "" {
			statements = append(statements, fmt.Sprintf(`CREATE TRIGGER note_%s AFTER INSERT ON %s
				BEGIN INSERT INTO effects (what) VALUES (%s); END`, table, table, what))
			continue
		}
		statements = append(statements,
			fmt.Sprintf(`CREATE FUNCTION note_%s() RETURNS trigger LANGUAGE plpgsql AS
				$$ BEGIN INSERT INTO effects (what) VALUES (%s); RETURN NULL; END $$`, table, what),
			fmt.Sprintf(`CREATE TRIGGER note_%s AFTER INSERT ON %s FOR EACH ROW EXECUTE FUNCTION note_%s()`, table, table, table))
	}
	for _, s := range statements {
		if _, err := db.ExecContext(p.t.Context(), s); err != nil {
			p.t.Fatalf("%s: %v", s, err)
		}
	}
}

// settled waits until nothing is on its way: the queue is applied, what followed
// from it is done. It looks twice, since the one may bring about the other.
func (p *program) settled() {
	p.t.Helper()
	db := p.database()
	idle := 0
	testkit.Wait(p.t, time.Minute, "everything to be applied", func() bool {
		waiting := p.backlog()
		for _, query := range []string{
			`SELECT COUNT(*) FROM outbox`, `SELECT COUNT(*) FROM deliveries`, `SELECT COUNT(*) FROM jobs WHERE state = 'ready' AND kind NOT IN ('` + strings.Join(clockKinds, "', '") + `')`,
			`SELECT COUNT(*) FROM outbox`,
		} {
			n, err := strconv.Atoi(texts(p.t, db, query)[0])
			if err != nil {
				p.t.Fatal(err)
			}
			waiting += float64(n)
		}
		if waiting > 0 {
			idle = 0
			return false
		}
		idle++
		return idle > 1
	})
}

// backlog is what the queue still holds to be applied, and its dead letters.
func (p *program) backlog() float64 {
	p.t.Helper()
	status, metrics := p.request(http.MethodGet, "/metrics", nil)
	if status != http.StatusOK {
		p.t.Fatalf("/metrics: %d", status)
	}
	total, partitions := 0.0, 0
	for line := range strings.Lines(string(metrics)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		name, _, _ = strings.Cut(name, "{")
		switch name {
		case "tributary_queue_depth", "tributary_queue_pending", "tributary_queue_delayed", "tributary_queue_dead":
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				p.t.Fatalf("/metrics: %q: %v", line, err)
			}
			total += n
			partitions++
		}
	}
	if partitions == 0 {
		return 1 // the queue did not answer
	}
	return total
}

// snapshot is all that there is to see: an answer of the API or a row of the
// database by its place, as columns with their values.
type snapshot map[string]map[string]string

// maxDifferences is how many are reported: where one thing is wrong, hundreds are.
const maxDifferences = 40

// compare reports what is not as it was.
func (s snapshot) compare(t testing.TB, when string, now snapshot) {
	t.Helper()
	places := maps.Clone(s)
	maps.Copy(places, now)
	reported := 0
	for _, place := range slices.Sorted(maps.Keys(places)) {
		columns := maps.Clone(places[place])
		maps.Copy(columns, s[place])
		for _, column := range slices.Sorted(maps.Keys(columns)) {
			was, is := s[place][column], now[place][column]
			if was == is {
				continue
			}
			if reported++; reported <= maxDifferences {
				t.Errorf("%s: %.100s: %s\n was %s\n  is %s", when, place, column, excerpt(was, is), excerpt(is, was))
			}
		}
	}
	if reported > maxDifferences {
		t.Errorf("%s: %d more differences", when, reported-maxDifferences)
	}
}

// excerpt is the part of text that begins to differ from another.
func excerpt(text, other string) string {
	const around, most = 60, 300
	same := 0
	for same < min(len(text), len(other)) && text[same] == other[same] {
		same++
	}
	from := max(0, same-around)
	return fmt.Sprintf("%q", text[from:min(len(text), from+most)])
}

func (p *program) snapshot() snapshot {
	p.t.Helper()
	s := snapshot{}
	for page := 1; ; page++ {
		var list struct {
			Data struct {
				Payload []struct {
					ID int64 `json:"id"`
				} `json:"payload"`
			} `json:"data"`
		}
		path := fmt.Sprintf("conversations?status=all&page=%d", page)
		p.keep(s, path, &list)
		if len(list.Data.Payload) == 0 {
			break
		}
		for _, c := range list.Data.Payload {
			p.keep(s, fmt.Sprintf("conversations/%d", c.ID), nil)
			p.keepMessages(s, c.ID)
		}
	}
	for _, id := range texts(p.t, p.database(), `SELECT id FROM contacts`) {
		p.keep(s, "contacts/"+id, nil)
	}
	p.keepTables(s)
	return s
}

// keepMessages goes back through all pages.
func (p *program) keepMessages(s snapshot, conversation int64) {
	p.t.Helper()
	before := ""
	for {
		var list struct {
			Payload []message `json:"payload"`
		}
		p.keep(s, fmt.Sprintf("conversations/%d/messages%s", conversation, before), &list)
		if len(list.Payload) == 0 {
			return
		}
		before = fmt.Sprintf("?before=%d", list.Payload[0].ID)
	}
}

// keep notes an answer of the API.
func (p *program) keep(s snapshot, path string, out any) {
	p.t.Helper()
	status, body := p.call(http.MethodGet, path, nil)
	if status != http.StatusOK {
		p.t.Fatalf("%s: %d %s", path, status, body)
	}
	s["view "+path] = map[string]string{"body": string(body)}
	if out == nil {
		return
	}
	if err := json.Unmarshal(body, out); err != nil {
		p.t.Fatalf("%s: %v", path, err)
	}
}

// clockKinds are the jobs that the clock orders, whatever providers deliver: lists of
// templates, news about the state of a number, the index of the search, who takes what waits.
var clockKinds = []string{"channel.templates", "whatsapp.notice", desk.JobSearchIndex, desk.JobSweepInbox}

// clocked tells whether a row goes by the clock: what is known of the state of
// numbers, when the last webhook came, files that nothing uses and that are about to be
// removed, and jobs.
func clocked(table string, row map[string]string) bool {
	unused := row["expires_unattached_at"] != "" && row["expires_unattached_at"] != "<nil>"
	return strings.HasPrefix(table, "whatsapp_") || strings.HasPrefix(table, "inbox_webhook") || unused ||
		table == "effects" && strings.HasPrefix(row["what"], "event "+desk.EventWebhookReceived+" ") || table == "jobs" && slices.Contains(clockKinds, row["kind"]) ||
		table == "effects" && slices.ContainsFunc(clockKinds, func(kind string) bool { return strings.HasPrefix(row["what"], "job "+kind+" ") })
}

// keepTables notes every row of every table, but for those that go by the clock.
func (p *program) keepTables(s snapshot) {
	p.t.Helper()
	db := p.database()
	query := `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`
	if p.backend.DatabaseURL != "" {
		query = `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()`
	}
	for _, table := range texts(p.t, db, query) {
		rows, err := db.QueryContext(p.t.Context(), `SELECT * FROM `+table)
		if err != nil {
			p.t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			p.t.Fatal(err)
		}
		var all []map[string]string
		for rows.Next() {
			values, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			if err := rows.Scan(into...); err != nil {
				p.t.Fatal(err)
			}
			row := map[string]string{}
			for i, v := range values {
				row[columns[i]] = fmt.Sprintf("%v", v)
			}
			if !clocked(table, row) {
				all = append(all, row)
			}
		}
		slices.SortFunc(all, func(a, b map[string]string) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		for _, row := range all {
			place := table + " " + row[columns[0]]
			for n := 2; s[place] != nil; n++ { // the first column need not be a key
				place = fmt.Sprintf("%s %s (%d)", table, row[columns[0]], n)
			}
			s[place] = row
		}
		if err := rows.Err(); err != nil {
			p.t.Fatal(err)
		}
		_ = rows.Close()
	}
}
