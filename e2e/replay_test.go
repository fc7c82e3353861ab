package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/simulator"
	"tributary/simulator/story"
	"tributary/store/storetest"
)

// TestReplays: providers deliver again what they are not sure about, all at once,
// in any order, hours later, to a program that was restarted or killed meanwhile.
// None of it changes anything: of every request that providers and customers'
// systems made in the demo, and of one event of every kind that a channel has,
// the repetition leaves every row of the database, what the API shows, and what
// was ordered outside as they were.
func TestReplays(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		p := prepare(t, b, options{})
		front := startFront(t)
		settings := map[string]string{"FRONTEND_URL": front.server.URL, "QUEUE_LEASE": "1s"}
		p.run(settings)
		front.lead(p)
		p.watchEffects()
		var told bytes.Buffer
		err := story.Run(t.Context(), story.Config{
			Base: front.server.URL, APIToken: p.token, AccountID: p.account, Sim: p.sim, Out: &told,
			Step: 2 * time.Minute, Recovery: 5 * time.Minute, // how long it takes is not the question
			CreateInbox: func(_ context.Context, kind, _ string, _ json.RawMessage) (int64, error) {
				return p.connectDirect(p.sim.Channel(simulator.Kind(kind))), nil
			},
		})
		if err != nil {
			t.Fatalf("%v\n%s", err, &told)
		}
		for _, ch := range p.sim.Channels() {
			p.happenings(ch)
			p.atOnce(ch)
		}
		p.settled()
		p.onlyOnce()
		// What is over stays over: no repetition opens it again.
		if _, err := p.database().ExecContext(t.Context(), `UPDATE conversations SET status = 1 WHERE id % 2 = 0`); err != nil {
			t.Fatal(err)
		}
		before, calls := p.snapshot(), p.sim.LastSeq()
		repeated := front.repeatable()
		t.Logf("%s: %d requests are repeated", b.Name, len(repeated))
		check := func(when string) {
			t.Helper()
			p.settled()
			before.compare(t, when, p.snapshot())
			if after := p.sim.LastSeq(); after != calls {
				t.Errorf("%s: providers were called %d times", when, after-calls)
			}
		}

		p.repeat(repeated, nil)
		check("delivered again")

		p.stop()
		child := p.spawn(settings)
		front.lead(p)
		p.repeat(repeated, nil)
		check("delivered again after a restart")

		p.repeat(repeated, func() {
			child.kill()
			child.start()
		})
		check("delivered again while the program was killed")
	})
}

// recorded is a webhook as it was delivered, and what the program answered.
type recorded struct {
	method, path string // with query
	header       http.Header
	body         []byte
	status       int
}

// front is the program's public address over all its lives: it keeps what comes
// through it.
type front struct {
	server *httptest.Server
	target atomic.Pointer[url.URL]
	mu     sync.Mutex
	list   []recorded
}

func startFront(t *testing.T) *front {
	t.Helper()
	f := &front{}
	type key struct{}
	proxy := &httputil.ReverseProxy{
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // of callers who gave up
		Rewrite:  func(r *httputil.ProxyRequest) { r.SetURL(f.target.Load()) },
		ModifyResponse: func(res *http.Response) error {
			r, ok := res.Request.Context().Value(key{}).(recorded)
			if !ok {
				return fmt.Errorf("%s %s was not recorded", res.Request.Method, res.Request.URL.Path)
			}
			r.status = res.StatusCode
			f.mu.Lock()
			defer f.mu.Unlock()
			f.list = append(f.list, r)
			return nil
		},
	}
	f.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		kept := recorded{method: r.Method, path: r.URL.RequestURI(), header: r.Header.Clone(), body: body}
		proxy.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, kept)))
	}))
	t.Cleanup(f.server.Close)
	return f
}

// lead makes the address lead to the program as it runs now.
func (f *front) lead(p *program) {
	p.t.Helper()
	u, err := url.Parse(p.base)
	if err != nil {
		p.t.Fatal(err)
	}
	f.target.Store(u)
	p.sim.SetTarget(f.server.URL, f.server.URL)
}

// repeatable are the requests that may be repeated without meaning something
// else. Of the public API that is what names its object: a message by echo_id, a
// contact by source_id, an answer by its message. To open a conversation, to type
// and to have read are said about now, each time anew.
func (f *front) repeatable() []recorded {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(f.list), func(r recorded) bool {
		path, _, _ := strings.Cut(r.path, "?")
		ours := path == "/bot" || slices.ContainsFunc([]string{"/webhooks/", "/twilio/", "/public/"}, func(prefix string) bool {
			return strings.HasPrefix(path, prefix)
		})
		now := slices.ContainsFunc([]string{"/conversations", "/toggle_typing", "/update_last_seen"}, func(suffix string) bool {
			return strings.HasPrefix(path, "/public/") && strings.HasSuffix(path, suffix)
		})
		return !ours || now
	})
}

// happenings delivers every kind of event that the channel has, and of those that
// change something a sequence whose order matters: what comes last counts, also
// when the earlier ones are repeated.
func (p *program) happenings(ch *simulator.Channel) {
	t := p.t
	t.Helper()
	me, other := ch.Person(50), ch.Person(51)
	happen := func(who simulator.Person, ev simulator.Event) string {
		t.Helper()
		ev.From, ev.Name = who.From, who.Name
		answer, err := p.sim.DeliverEvent(t.Context(), p.sim.Public(ch, p.base), ch, ev)
		if err != nil || !answer.OK() {
			t.Fatalf("%s on %s: %v %+v", ev.Kind, ch.Kind, err, answer)
		}
		if len(answer.IDs) == 0 {
			return ""
		}
		return answer.IDs[0]
	}
	text := func(who simulator.Person, s string) string {
		t.Helper()
		return happen(who, simulator.Event{Kind: simulator.EventText, Text: s})
	}
	first, second := text(me, "first"), text(me, "second")
	text(other, "me too")
	p.inboxOf(ch)
	conversation := p.deliverSeen(ch, "second")
	answer := p.reply(conversation, "answered "+string(ch.Kind))
	sent := p.sent(ch, "answered "+string(ch.Kind))
	if ch.Kind != simulator.API {
		p.receipts(ch, conversation, answer, sent)
	}
	for _, kind := range ch.Kind.Events() {
		ev := simulator.Event{Kind: kind, Text: "a " + string(kind), Payload: "rye", Target: first}
		switch kind {
		case simulator.EventReaction:
			continue // see below
		case simulator.EventUnreact:
			for _, step := range []simulator.Event{
				{Kind: simulator.EventReaction, Payload: "❤️"}, {Kind: simulator.EventUnreact, Payload: "❤️"}, {Kind: simulator.EventReaction, Payload: "👍"},
			} {
				step.Target = sent.ProviderID
				happen(me, step)
			}
			continue
		case simulator.EventEdit:
			for _, text := range []string{"edited once", "edited twice"} {
				happen(me, simulator.Event{Kind: kind, Target: first, Text: text})
			}
			continue
		case simulator.EventDelete:
			ev.Target = second
			happen(me, simulator.Event{Kind: kind, Target: text(me, "never mind")})
		case simulator.EventOptOut, simulator.EventBlock:
			happen(other, ev)
			continue
		case simulator.EventOptIn:
			happen(other, ev)
			continue
		case simulator.EventCallback, simulator.EventRead:
			ev.Target = sent.ProviderID
		case simulator.EventContactChanged:
			ev.Payload = ch.Person(52).From
		case simulator.EventFlow:
			if ch.Kind == simulator.API {
				continue // the answer to a question of an agent, which the demo asks
			}
		}
		happen(me, ev)
	}
	p.secondAttempt(ch, conversation)
	if !ch.Kind.Batches() {
		return
	}
	// One request of several people, with the same message twice.
	batch := []simulator.Incoming{incoming(ch, 53, "batched one"), incoming(ch, 54, "batched two"), incoming(ch, 53, "batched one")}
	batch[0].ID = first + "9"
	batch[2].ID = batch[0].ID
	d, err := p.sim.BuildBatch(ch, batch, p.sim.Public(ch, p.base))
	if err != nil {
		t.Fatal(err)
	}
	if a, err := p.sim.Post(t.Context(), p.sim.Public(ch, p.base), d); err != nil || !a.OK() {
		t.Fatalf("batch on %s: %v %+v", ch.Kind, err, a)
	}
}

// secondAttempt has a message fail that the provider took, and sends it again: the
// receipts of the first attempt mean nothing to it.
func (p *program) secondAttempt(ch *simulator.Channel, conversation int64) {
	t := p.t
	t.Helper()
	first := simulator.Receipt{State: simulator.Failed, ErrorCode: 4720, ErrorText: "invalid destination"}
	if _, err := p.sim.BuildStatus(ch, first, p.base); errors.Is(err, simulator.ErrUnplayable) {
		return // this provider takes nothing back
	}
	text := "twice on " + string(ch.Kind)
	m := p.reply(conversation, text)
	sent := p.sent(ch, text)
	first.ID, first.To, first.Callback = sent.ProviderID, sent.To, sent.Callback
	if a, err := p.sim.DeliverStatus(t.Context(), p.base, ch, first); err != nil || !a.OK() {
		t.Fatalf("receipt on %s: %v %+v", ch.Kind, err, a)
	}
	p.state(conversation, m.ID, "failed")
	p.want(http.MethodPost, fmt.Sprintf("conversations/%d/messages/%d/retry", conversation, m.ID), nil, http.StatusOK, nil)
	sent = p.waitSent(ch, func(s *simulator.Sent) bool {
		return s.Seq > sent.Seq && strings.Contains(s.Text, text) && s.Accepted()
	})
	p.receipts(ch, conversation, m, sent)
}

// atOnce delivers the first words of somebody new, and a picture, several times at
// once.
func (p *program) atOnce(ch *simulator.Channel) {
	t := p.t
	t.Helper()
	who, public := ch.Person(60), p.sim.Public(ch, p.base)
	if ch.Kind == simulator.API { // whose contact and conversation its system makes, once
		if a, err := p.sim.Deliver(t.Context(), public, ch, incoming(ch, 60, "hello")); err != nil || !a.OK() {
			t.Fatalf("deliver to %s: %v %+v", ch.Kind, err, a)
		}
	}
	for _, ev := range []simulator.Event{{Kind: simulator.EventText, Text: "at once on " + string(ch.Kind)}, {Kind: simulator.EventImage}} {
		if !slices.Contains(ch.Kind.Events(), ev.Kind) {
			continue
		}
		ev.From, ev.Name = who.From, who.Name
		d, err := p.sim.BuildEvent(ch, ev, public)
		if err != nil {
			t.Fatal(err)
		}
		var work sync.WaitGroup
		for range senders {
			work.Go(func() {
				if a, err := p.sim.Post(t.Context(), public, d); err != nil || !a.OK() {
					t.Errorf("%s on %s: %v %+v", ev.Kind, ch.Kind, err, a)
				}
			})
		}
		work.Wait()
	}
}

// onlyOnce checks what atOnce delivered.
func (p *program) onlyOnce() {
	p.t.Helper()
	db := p.database()
	for _, ch := range p.sim.Channels() {
		const theirs = ` FROM contact_inboxes i JOIN conversations c ON c.contact_inbox_id = i.id JOIN messages m ON m.conversation_id = c.id
			LEFT JOIN attachments a ON a.message_id = m.id WHERE i.source_id = $1 AND i.inbox_id = $2 AND COALESCE(m.content, '') <> 'hello'`
		messages, files := "1", "0"
		if slices.Contains(ch.Kind.Events(), simulator.EventImage) {
			messages, files = "2", "1"
		}
		got := strings.Join(texts(p.t, db, `SELECT COUNT(DISTINCT i.contact_id) || ' ' || COUNT(DISTINCT c.id) || ' ' || COUNT(DISTINCT m.id) || ' ' || COUNT(a.id)`+theirs,
			ch.Person(60).From, p.inboxOf(ch)), "")
		if want := "1 1 " + messages + " " + files; got != want {
			p.t.Errorf("delivered at once on %s: contacts, conversations, messages and files %q, want %q", ch.Kind, got, want)
		}
	}
}

// inboxOf finds the inbox that the demo made for a channel.
func (p *program) inboxOf(ch *simulator.Channel) int64 {
	p.t.Helper()
	if p.inboxes[ch] == 0 {
		var list struct {
			Payload []struct {
				ID   int64  `json:"id"`
				Name string `json:"name"`
			} `json:"payload"`
		}
		p.want(http.MethodGet, "inboxes", nil, http.StatusOK, &list)
		for _, inbox := range list.Payload {
			if inbox.Name == ch.Name {
				p.inboxes[ch] = inbox.ID
			}
		}
	}
	return p.inboxes[ch]
}

// senders is how many repeat everything at the same time.
const senders = 8

// repeat delivers everything again, several times at once, each time in another
// order, until the program has answered all of it as it did before. disturb runs
// when some of it has been delivered.
func (p *program) repeat(list []recorded, disturb func()) {
	p.t.Helper()
	var answered, wrong atomic.Int64
	var work sync.WaitGroup
	ctx, cancel := context.WithTimeout(p.t.Context(), 2*time.Minute)
	defer cancel()
	for range senders {
		work.Go(func() {
			for _, i := range rand.Perm(len(list)) {
				status, err := list[i].deliver(ctx, p.base)
				for err != nil && ctx.Err() == nil { // nobody there: a provider tries again
					time.Sleep(10 * time.Millisecond)
					status, err = list[i].deliver(ctx, p.base)
				}
				if (err != nil || status != list[i].status) && wrong.Add(1) <= maxDifferences {
					p.t.Errorf("%s %s: answered %d, the first time %d: %v", list[i].method, list[i].path, status, list[i].status, err)
				}
				answered.Add(1)
			}
		})
	}
	if disturb != nil {
		testkit.Wait(p.t, time.Minute, "some of it to be delivered", func() bool { return answered.Load() > int64(len(list)) })
		disturb()
	}
	work.Wait()
}

// deliver posts what was recorded to the program at base, byte for byte.
func (r *recorded) deliver(ctx context.Context, base string) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, r.method, base+r.path, bytes.NewReader(r.body))
	if err != nil {
		return 0, err
	}
	maps.Copy(req.Header, r.header)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}
