package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/simulator"
	"tributary/store/storetest"
)

// operatorView is what the tests read of the operators' API.
type operatorView struct {
	State  string
	Total  int
	Dead   json.RawMessage // a number, or numbers by channel
	Groups []struct {
		Channel, Reason string
		Count           int
	}
	Events []struct {
		ID, Summary string
		InboxID     int64 `json:"inbox_id"`
	}
	Parts []struct {
		Name, State string
		Figures     map[string]*float64
	}
	Figures struct {
		EventsPerSecond *float64 `json:"events_per_second"`
		Depth           *float64
	}
	Partitions []struct {
		Owner *string
	}
	Channels []struct {
		InboxID int64 `json:"inbox_id"`
		Breaker *string
		LastIn  *string `json:"last_in_at"`
		LastOut *string `json:"last_out_at"`
	}
	Deliveries []struct {
		MessageID int64 `json:"message_id"`
		Verdict   string
	}
	AttemptsKnown bool `json:"attempts_known"`
	Replayed      int
	Body          *string
}

func (v operatorView) part(name string) string {
	for _, p := range v.Parts {
		if p.Name == name {
			return p.State
		}
	}
	return ""
}

func (p *program) operator(method, path string, body any) operatorView {
	p.t.Helper()
	var v operatorView
	p.operate(method, path, body, 200, &v)
	return v
}

// operate calls the operators' API and reads the answer, which must have the status.
func (p *program) operate(method, path string, body any, status int, out any) {
	p.t.Helper()
	got, answer := p.request(method, "/api/v1/operator/"+path, body)
	if got != status {
		p.t.Fatalf("%s %s: got %d, want %d: %s", method, path, got, status, answer)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(answer, out); err != nil {
		p.t.Fatalf("%s %s: %v: %s", method, path, err, answer)
	}
}

// superAdmin makes the program's user one.
func (p *program) superAdmin() {
	p.t.Helper()
	if _, err := p.database().Exec(`UPDATE users SET type = 'SuperAdmin'`); err != nil {
		p.t.Fatal(err)
	}
}

// An operator finds dead letters by what they died of, looks into one, and replays
// them once the cause is gone.
func TestOperator(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		p := start(t, b, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.Line}}})
		p.superAdmin()
		ch := p.sim.Channel(simulator.Line)
		p.connect(ch)
		db := p.database()
		poison, mend := `CREATE TRIGGER poison BEFORE INSERT ON messages WHEN NEW.content LIKE '%poison%'
			BEGIN SELECT RAISE(ABORT, 'poisoned'); END`, `DROP TRIGGER poison`
		if b.DatabaseURL != "" {
			poison, mend = `ALTER TABLE messages ADD CONSTRAINT poison CHECK (content NOT LIKE '%poison%')`, `ALTER TABLE messages DROP CONSTRAINT poison`
		}
		if _, err := db.Exec(poison); err != nil {
			t.Fatal(err)
		}
		for n, text := range []string{"poison one", "harmless", "poison two", "poison three"} {
			if answer, err := p.sim.Deliver(t.Context(), p.base, ch, incoming(ch, n, text)); err != nil || !answer.OK() {
				t.Fatalf("deliver: %v %+v", err, answer)
			}
		}
		testkit.Wait(t, 20*time.Second, "three dead letters", func() bool { return p.operator("GET", "events", nil).Total == 3 })
		list := p.operator("GET", "events?channel=line", nil)
		if len(list.Groups) != 1 || list.Groups[0].Count != 3 || list.Groups[0].Channel != "line" {
			t.Errorf("groups: %+v", list.Groups)
		}
		byText := map[string]string{}
		for _, e := range list.Events {
			byText[e.Summary] = e.ID
			if e.InboxID != p.inboxes[ch] {
				t.Errorf("inbox of %+v", e)
			}
		}
		one := p.operator("GET", "events/"+byText["poison one"], nil)
		if one.Body == nil || !strings.Contains(*one.Body, "poison one") || strings.Contains(*one.Body, `"replyToken":"`) && !strings.Contains(*one.Body, `"replyToken":"[FILTERED]"`) {
			t.Errorf("body: %v", one.Body)
		}
		if o := p.operator("GET", "overview", nil); o.part("queue") != "warning" || o.part("workers") != "good" || string(o.Dead) != "3" {
			t.Errorf("overview: %+v", o)
		}
		if _, err := db.Exec(mend); err != nil {
			t.Fatal(err)
		}
		p.operate("POST", "events/"+byText["poison two"]+"/discard", map[string]any{"reason": "not needed"}, 200, nil)
		p.operate("POST", "events/"+byText["poison two"]+"/discard", map[string]any{"reason": "again"}, 404, nil)
		group := map[string]any{"channel": "line", "reason": list.Groups[0].Reason}
		if replayed := p.operator("POST", "events/replay", group); replayed.Replayed != 2 {
			t.Errorf("replayed %d, want 2", replayed.Replayed)
		}
		testkit.Wait(t, 20*time.Second, "the replayed messages", func() bool {
			return fmt.Sprint(texts(t, db, `SELECT content FROM messages ORDER BY content`)) == "[harmless poison one poison three]"
		})
		if left := p.operator("GET", "events?"+url.Values{"reason": {list.Groups[0].Reason}}.Encode(), nil); left.Total != 0 {
			t.Errorf("left: %+v", left)
		}
		if n := count(t, p, `SELECT COUNT(*) FROM audits WHERE action IN ('replay', 'discard')`); n != 2 {
			t.Errorf("%d audit entries, want 2", n)
		}
		reply := p.reply(p.deliverSeen(ch, "harmless"), "hi")
		p.sent(ch, "hi")
		testkit.Wait(t, 20*time.Second, "the try", func() bool {
			tried := p.operator("GET", "deliveries?state=attempts", nil)
			return tried.AttemptsKnown && len(tried.Deliveries) == 1 && tried.Deliveries[0].MessageID == reply.ID && tried.Deliveries[0].Verdict == "sent"
		})
		testkit.Wait(t, 20*time.Second, "what came and went", func() bool {
			list := p.operator("GET", "channels", nil).Channels
			return len(list) == 1 && list[0].LastIn != nil && list[0].LastOut != nil && list[0].Breaker != nil && *list[0].Breaker == "closed"
		})
	})
}

func count(t *testing.T, p *program, query string) (n int) {
	t.Helper()
	if err := p.database().QueryRow(query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// What runs in other processes is unknown to the one that answers, except where queue
// and database tell.
func TestOperatorApart(t *testing.T) {
	database := storetest.Prepared.Postgres(t)
	if database == "" {
		return // the embedded back end is one process
	}
	server := startRedis(t)
	p := start(t, testkit.Backend{Name: "postgres and redis", DatabaseURL: database, RedisURL: server.url()}, options{
		sim: simulator.Options{Kinds: []simulator.Kind{simulator.Line}}, settings: map[string]string{"ROLES": "api"},
	})
	p.superAdmin()
	api := p.base
	alone := p.operator("GET", "overview", nil)
	if alone.State != "bad" || alone.part("workers") != "bad" || alone.part("edge") != "unknown" || alone.part("spool") != "unknown" {
		t.Errorf("without workers: %+v", alone)
	}
	ch := p.sim.Channel(simulator.Line)
	p.connect(ch)
	p.spawn(map[string]string{"ROLES": "worker,relay,scheduler"})
	edge := p.spawn(map[string]string{"ROLES": "edge"})
	p.base = api
	if answer, err := p.sim.Deliver(t.Context(), edge.base, ch, incoming(ch, 1, "hello")); err != nil || !answer.OK() {
		t.Fatalf("deliver: %v %+v", err, answer)
	}
	p.reply(p.deliverSeen(ch, "hello"), "hi")
	p.sent(ch, "hi")
	o := p.operator("GET", "overview", nil)
	if o.part("workers") != "good" || o.part("edge") != "unknown" || o.part("relay") != "good" || o.Figures.EventsPerSecond != nil || o.Figures.Depth == nil {
		t.Errorf("with workers elsewhere: %+v", o)
	}
	if q := p.operator("GET", "queue", nil); len(q.Partitions) == 0 || q.Partitions[0].Owner == nil {
		t.Errorf("queue: %+v", q)
	}
	if d := p.operator("GET", "deliveries?state=attempts", nil); d.AttemptsKnown || len(d.Deliveries) != 0 {
		t.Errorf("tries of another process: %+v", d)
	}
	testkit.Wait(t, 20*time.Second, "what came and went", func() bool {
		list := p.operator("GET", "channels", nil).Channels
		return len(list) == 1 && list[0].LastIn != nil && list[0].LastOut != nil && list[0].Breaker == nil
	})
}
