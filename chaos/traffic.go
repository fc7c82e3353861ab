package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"tributary/internal/trial"
	"tributary/simulator"
)

const (
	// writers reply in conversations of their own, whose customers are silent: a reply to
	// a customer of the last minute goes out under LINE's reply token, which has no key
	// against repetition. Those are promised to be counted, not to be unique.
	writers     = 8
	writerPause = 60 * time.Millisecond
	// longAgo is older than a reply token lives.
	longAgo     = -5 * time.Minute
	slowClients = 12
)

// traffic is what goes on meanwhile: contacts write, each one message after the other,
// again until it is answered 2xx, as providers do; agents reply, each again under the
// same echo_id until it is answered, as our clients do; and some clients take their time.
type traffic struct {
	c    *cluster
	stop context.CancelFunc
	done sync.WaitGroup

	acked    []atomic.Int64 // by contact: how many were answered 2xx
	accepted []atomic.Int64 // by writer: how many replies were answered 2xx
	talks    []int64        // by writer: the conversation's number
	refused  atomic.Int64   // answers that were not 2xx, or none
	broken   atomic.Pointer[error]
}

func inText(contact int, n int64) string { return fmt.Sprintf("%d/%d", contact, n) }
func outText(writer int, n int64) string { return fmt.Sprintf("reply %d/%d", writer, n) }

// begin makes the conversations of the writers and starts everything.
func (c *cluster) begin(ctx context.Context) (*traffic, error) {
	ctx, stop := context.WithCancel(ctx)
	t := &traffic{c: c, stop: stop, acked: make([]atomic.Int64, c.contacts+writers), accepted: make([]atomic.Int64, writers), talks: make([]int64, writers)}
	if err := c.clocks("edge", longAgo); err != nil {
		return nil, err
	}
	for w := range writers {
		if !t.deliver(ctx, c.contacts+w, 0) {
			return nil, errors.New("the first messages were not taken")
		}
	}
	if err := c.clocks("edge", 0); err != nil {
		return nil, err
	}
	for w := range writers {
		err := await(ctx, 30*time.Second, "the first conversations", func() bool {
			return c.db.QueryRowContext(ctx, `SELECT c.display_id FROM conversations c JOIN contact_inboxes i ON i.id = c.contact_inbox_id
				WHERE i.source_id = $1`, c.channel.Person(c.contacts+w).From).Scan(&t.talks[w]) == nil
		})
		if err != nil {
			return nil, err
		}
	}
	for contact := range c.contacts {
		t.done.Go(func() { t.contact(ctx, contact) })
	}
	for w := range writers {
		t.done.Go(func() { t.writer(ctx, w) })
	}
	for i := range slowClients {
		t.done.Go(func() { t.slow(ctx, i) })
	}
	return t, nil
}

// end stops it, and waits until nobody sends any more.
func (t *traffic) end() {
	t.stop()
	t.done.Wait()
}

func (t *traffic) fail(err error) { t.broken.CompareAndSwap(nil, &err) }

func (t *traffic) contact(ctx context.Context, contact int) {
	for n := int64(0); t.deliver(ctx, contact, n); n++ {
		if trial.Sleep(ctx, t.c.pause) != nil {
			return
		}
	}
}

// deliver posts one message until it is taken; false when the traffic ends first.
func (t *traffic) deliver(ctx context.Context, contact int, n int64) bool {
	person := t.c.channel.Person(contact)
	d, err := t.c.sim.Build(t.c.channel, simulator.Incoming{From: person.From, Name: person.Name, Text: inText(contact, n)}, t.c.public)
	if err != nil {
		t.fail(err)
		return false
	}
	edges := t.c.of("edge")
	for try := contact; ; try++ {
		// A balancer's way: the other one when the first does not take it.
		one, cancel := context.WithTimeout(ctx, 10*time.Second)
		answer, err := t.c.sim.Post(one, edges[try%len(edges)].base(), d)
		cancel()
		if err == nil && answer.OK() {
			t.acked[contact].Add(1)
			return true
		}
		t.refused.Add(1)
		if trial.Sleep(ctx, 50*time.Millisecond) != nil {
			return false
		}
	}
}

// probe asks each edge to take a message, which it may refuse for a while only.
func (t *traffic) probe(ctx context.Context) error {
	person := t.c.channel.Person(t.c.contacts + writers)
	for _, edge := range t.c.of("edge") {
		err := await(ctx, 30*time.Second, edge.name+" to take webhooks", func() bool {
			d, err := t.c.sim.Build(t.c.channel, simulator.Incoming{From: person.From, Name: person.Name, Text: "probe"}, t.c.public)
			if err != nil {
				return false
			}
			answer, err := t.c.sim.Post(ctx, edge.base(), d)
			return err == nil && answer.OK()
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *traffic) writer(ctx context.Context, w int) {
	apis := t.c.of("api")
	path := fmt.Sprintf("conversations/%d/messages", t.talks[w])
	for n := int64(0); ; n++ {
		text := outText(w, n)
		for try := w; ; try++ {
			status, _, err := t.c.call(ctx, apis[try%len(apis)], http.MethodPost, path, map[string]string{"content": text, "echo_id": "chaos " + text})
			if err == nil && status == http.StatusOK {
				t.accepted[w].Add(1)
				break
			}
			if err == nil && status < 500 && status != http.StatusTooManyRequests {
				t.fail(fmt.Errorf("a reply was answered %d", status))
				return
			}
			t.refused.Add(1)
			if trial.Sleep(ctx, 50*time.Millisecond) != nil {
				return
			}
		}
		if trial.Sleep(ctx, writerPause) != nil {
			return
		}
	}
}

// slow is a client that begins a request and sends a byte now and then, or asks for
// much and does not read it. It comes again when it is shown the door.
func (t *traffic) slow(ctx context.Context, i int) {
	nodes := append(t.c.of("edge"), t.c.of("api")...)
	for ctx.Err() == nil {
		c, err := net.DialTimeout("tcp", "127.0.0.1:"+nodes[i%len(nodes)].port, time.Second)
		if err != nil {
			_ = trial.Sleep(ctx, 100*time.Millisecond)
			continue
		}
		request := "POST /bot HTTP/1.1\r\nHost: chaos\r\nContent-Length: 100000\r\n\r\n"
		if i%2 == 0 {
			request = fmt.Sprintf("GET /api/v1/accounts/%d/conversations HTTP/1.1\r\nHost: chaos\r\napi_access_token: %s\r\n\r\n", t.c.account, t.c.token)
		}
		for k := 0; ctx.Err() == nil; k++ {
			piece := request[k%len(request):][:1]
			if i%2 == 0 {
				piece = request // pipelined, and none of the answers is read
			}
			_ = c.SetWriteDeadline(time.Now().Add(5 * time.Second))
			if _, err := c.Write([]byte(piece)); err != nil {
				break
			}
			_ = trial.Sleep(ctx, 200*time.Millisecond)
		}
		_ = c.Close()
	}
}

type counts struct{ in, out, refused int64 }

func (t *traffic) counts() (n counts) {
	for i := range t.acked {
		n.in += t.acked[i].Load()
	}
	for i := range t.accepted {
		n.out += t.accepted[i].Load()
	}
	n.refused = t.refused.Load()
	return n
}
