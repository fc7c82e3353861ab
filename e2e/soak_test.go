package e2e_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
	"go.uber.org/goleak"

	"tributary/internal/testkit"
	"tributary/simulator"
	"tributary/store/storetest"
)

// soakFor is how long TestSoak lasts: SOAK, or long enough for everything to happen.
func soakFor(t testing.TB) time.Duration {
	t.Helper()
	text := os.Getenv("SOAK")
	if text == "" {
		return 5 * time.Second
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("SOAK: %v", err)
	}
	return d
}

const (
	soakContacts = 40
	soakPause    = 400 * time.Millisecond // between two messages of a contact
	soakClients  = 20                     // sockets that come and go
	soakWord     = "urgent"               // has a rule label the conversation
)

// TestSoak: messages come in, replies go out, a rule works and clients come and go, for
// as long as SOAK says. At the end the database, the account's webhook and a socket that
// was there all the time know of the same messages; the memory stands, and nothing runs
// on.
func TestSoak(t *testing.T) {
	length := soakFor(t)
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		running, clock := goleak.IgnoreCurrent(), goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1")
		// The test inside has cleaned up when it returns.
		t.Run("traffic", func(t *testing.T) { soak(t, b, length) })
		// fasthttp's clock of the Date header is one for the whole process; the cleaner of
		// a server notices within ten seconds that the server is gone.
		var left error
		end := time.Now().Add(20 * time.Second)
		for left = goleak.Find(running, clock); left != nil && time.Now().Before(end); left = goleak.Find(running, clock) {
		}
		if left != nil {
			t.Error(left)
		}
	})
}

func soak(t *testing.T, b testkit.Backend, length time.Duration) {
	receiver := newReceiver(t)
	p := start(t, b, options{
		sim:      simulator.Options{Kinds: []simulator.Kind{simulator.Line}, Keep: 100},
		settings: map[string]string{"OUTBOUND_ALLOW_PRIVATE": "true"},
	})
	ch := p.sim.Channel(simulator.Line)
	p.connect(ch)
	p.want(http.MethodPost, "webhooks", map[string]any{
		"url": receiver.server.URL, "subscriptions": []string{"message_created", "conversation_created", "conversation_updated"},
	}, http.StatusOK, nil)
	p.want(http.MethodPost, "automation_rules", map[string]any{
		"name": "urgent ones", "event_name": "message_created", "active": true,
		"conditions": []map[string]any{{"attribute_key": "content", "filter_operator": "contains", "values": []string{soakWord}, "query_operator": nil}},
		"actions":    []map[string]any{{"action_name": "add_label", "action_params": []string{"rush"}}},
	}, http.StatusOK, nil)
	ear := p.ear()

	l := begin(p, ch, soakContacts, 0, soakPause)
	stop := make(chan struct{})
	var others sync.WaitGroup
	replies := atomic.Int64{}
	others.Go(func() { p.answer(stop, &replies) })
	for range soakClients {
		others.Go(func() { p.comeAndGo(stop) })
	}
	half := measure(t, length/2)
	full := measure(t, length-length/2)
	l.end()
	close(stop)
	others.Wait()
	l.drained(time.Minute)
	l.check()

	var ids []int64
	db := p.database()
	testkit.Wait(t, time.Minute, "everything that was sent to be known everywhere", func() bool {
		ids = nil
		rows, err := db.QueryContext(t.Context(), `SELECT id FROM messages WHERE message_type <> 2`)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var id int64
			if err := rows.Scan(&id); err != nil {
				t.Fatal(err)
			}
			ids = append(ids, id)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return p.backlog() == 0 && receiver.missing(ids) == 0 && ear.missing(ids) == 0
	})
	if n := receiver.again(ids); n > 0 {
		t.Errorf("%d messages were told to the webhook more than once", n)
	}
	var labelled, urgent int
	for query, n := range map[string]*int{
		`SELECT COUNT(*) FROM conversation_labels WHERE label = 'rush'`:                                &labelled,
		`SELECT COUNT(DISTINCT conversation_id) FROM messages WHERE content LIKE '%` + soakWord + `%'`: &urgent,
	} {
		if err := db.QueryRowContext(t.Context(), query).Scan(n); err != nil {
			t.Fatal(err)
		}
	}
	if urgent == 0 || labelled != urgent {
		t.Errorf("%d conversations are labelled, want the %d urgent ones", labelled, urgent)
	}
	t.Logf("%s: %s, %d messages in, %d replies, %d messages in all at the webhook and at the socket; heap %.1f MB at half time and %.1f MB at the end, goroutines %d and %d",
		b.Name, length, l.total(), replies.Load(), len(ids), half.heap, full.heap, half.goroutines, full.goroutines)
	if length >= time.Minute && full.heap > 1.3*half.heap+20 {
		t.Errorf("the heap grew from %.1f MB to %.1f MB", half.heap, full.heap)
	}
	p.stop()
	ear.close()
	receiver.server.Close()
	http.DefaultClient.CloseIdleConnections()
}

// footprint of this process.
type footprint struct {
	heap       float64 // MB that are in use
	goroutines int
}

func measure(t *testing.T, after time.Duration) footprint {
	t.Helper()
	select {
	case <-time.After(after):
	case <-t.Context().Done():
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return footprint{float64(m.HeapAlloc) / 1e6, runtime.NumGoroutine()}
}

// tally counts messages by id.
type tally struct {
	mu   sync.Mutex
	seen map[int64]int
}

func (c *tally) count(id int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[id]++
}

func (c *tally) missing(ids []int64) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range ids {
		if c.seen[id] == 0 {
			n++
		}
	}
	return n
}

func (c *tally) again(ids []int64) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range ids {
		if c.seen[id] > 1 {
			n++
		}
	}
	return n
}

// receiver is the endpoint of an account's webhook.
type receiver struct {
	tally
	server *httptest.Server
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{tally: tally{seen: map[int64]int{}}}
	r.server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		var event struct {
			Event string `json:"event"`
			ID    int64  `json:"id"`
		}
		body, err := io.ReadAll(req.Body)
		if err == nil {
			err = json.Unmarshal(body, &event)
		}
		if err != nil {
			t.Errorf("webhook: %v", err)
		}
		if event.Event == "message_created" {
			r.count(event.ID)
		}
	}))
	t.Cleanup(r.server.Close)
	return r
}

// ear is a socket of the administrator that counts the messages it hears of.
type ear struct {
	tally
	*socket
	done chan struct{}
}

func (p *program) ear() *ear {
	e := &ear{tally: tally{seen: map[int64]int{}}, socket: p.listen(p.base, p.identifierOf(1)), done: make(chan struct{})}
	_ = e.ws.SetReadDeadline(time.Time{})
	go func() {
		defer close(e.done)
		for {
			_, b, err := e.ws.ReadMessage()
			if err != nil {
				return
			}
			var m struct {
				Message struct {
					Event string `json:"event"`
					Data  struct {
						ID int64 `json:"id"`
					} `json:"data"`
				} `json:"message"`
			}
			if json.Unmarshal(b, &m) == nil && m.Message.Event == "message.created" {
				e.count(m.Message.Data.ID)
			}
		}
	}()
	return e
}

func (e *ear) close() {
	_ = e.ws.Close()
	<-e.done
}

// answer writes in one conversation after the other; some replies are urgent.
func (p *program) answer(stop chan struct{}, n *atomic.Int64) {
	for {
		var list struct {
			Data struct {
				Payload []conversation `json:"payload"`
			} `json:"data"`
		}
		p.want(http.MethodGet, "conversations?status=all", nil, http.StatusOK, &list)
		for _, c := range list.Data.Payload {
			text := fmt.Sprintf("reply %d", n.Load())
			if n.Load()%7 == 0 {
				text += ", " + soakWord
			}
			status, body := p.call(http.MethodPost, fmt.Sprintf("conversations/%d/messages", c.ID), map[string]any{"content": text})
			switch {
			case status == http.StatusOK:
				n.Add(1)
			case !strings.Contains(string(body), "Too many messages"):
				p.t.Errorf("reply: %d %s", status, body)
			}
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
		select {
		case <-stop:
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// comeAndGo opens sockets, one after the other, hears a little and leaves: politely or
// not.
func (p *program) comeAndGo(stop chan struct{}) {
	identifier := p.identifierOf(1)
	for i := 0; ; i++ {
		s := p.subscribe(p.base, identifier)
		_ = s.ws.SetReadDeadline(time.Now().Add(time.Second))
		for {
			if _, _, err := s.ws.ReadMessage(); err != nil {
				break
			}
		}
		if i%2 == 0 {
			_ = s.ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""))
		}
		_ = s.ws.Close()
		select {
		case <-stop:
			return
		default:
		}
	}
}
