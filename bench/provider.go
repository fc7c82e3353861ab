package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// provider stands in for LINE's API: it notes when a reply arrives.
type provider struct {
	address string
	server  *fasthttp.Server
	served  chan error

	mu      sync.Mutex
	current *flight
}

// flight is one measurement: when each reply was accepted and when it arrived.
type flight struct {
	start    time.Time
	accepted []atomic.Int64 // since start, in ns
	called   []atomic.Int64
	left     atomic.Int64
	done     chan struct{}
	hint     []byte
	release  chan struct{} // ends the calls that hang
}

func startProvider() (*provider, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &provider{address: l.Addr().String(), served: make(chan error, 1)}
	p.server = &fasthttp.Server{Handler: p.answer, NoDefaultServerHeader: true}
	go func() { p.served <- p.server.Serve(l) }()
	return p, nil
}

func (p *provider) close() error { return errors.Join(p.server.Shutdown(), <-p.served) }

func (p *provider) set(r *flight) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.current = r
}

// mark begins the text of a reply, followed by its number in eight digits.
const mark = "reply "

func (p *provider) answer(ctx *fasthttp.RequestCtx) {
	now := time.Now()
	p.mu.Lock()
	r := p.current
	p.mu.Unlock()
	ctx.SetContentType("application/json")
	number := 0
	if r != nil {
		if len(r.hint) > 0 && bytes.HasSuffix(ctx.Request.Header.Peek("Authorization"), r.hint) {
			<-r.release
			ctx.SetStatusCode(fasthttp.StatusServiceUnavailable)
			return
		}
		number = r.arrived(ctx.PostBody(), now)
	}
	ctx.SetBodyString(fmt.Sprintf(`{"sentMessages":[{"id":"%d%08d"}]}`, now.UnixNano(), number))
}

func (r *flight) arrived(body []byte, now time.Time) int {
	_, rest, ok := bytes.Cut(body, []byte(mark))
	if !ok || len(rest) < 8 {
		return 0
	}
	n, err := strconv.Atoi(string(rest[:8]))
	if err != nil || n < 0 || n >= len(r.called) {
		return 0
	}
	if r.called[n].CompareAndSwap(0, int64(max(now.Sub(r.start), 1))) && r.left.Add(-1) == 0 {
		close(r.done)
	}
	return n
}

// arrivalBound is how long the last replies may take.
const arrivalBound = 30 * time.Second

// run writes the replies and waits until all have arrived. The latency is from
// the API's answer to the provider being called.
func (o *replies) run(p *provider) (outcome, error) {
	r := &flight{
		start: time.Now(), accepted: make([]atomic.Int64, o.Count), called: make([]atomic.Int64, o.Count),
		done: make(chan struct{}), hint: []byte(o.HangingHint), release: make(chan struct{}),
	}
	r.left.Store(int64(o.Count))
	p.set(r)
	defer p.set(nil)
	defer close(r.release)
	if err := o.hang(); err != nil {
		return outcome{}, err
	}
	r.start = time.Now()
	if err := o.write(r); err != nil {
		return outcome{}, err
	}
	select {
	case <-r.done:
	case <-time.After(arrivalBound):
		return outcome{}, fmt.Errorf("%d of %d replies did not arrive within %s", r.left.Load(), o.Count, arrivalBound)
	}
	latencies := make([]time.Duration, o.Count)
	var last time.Duration
	for i := range latencies {
		called := time.Duration(r.called[i].Load())
		// The provider may be called before the API's answer is read.
		latencies[i] = max(called-time.Duration(r.accepted[i].Load()), 0)
		last = max(last, called)
	}
	return summary(latencies, 0, last), nil
}

// hang writes to the inbox whose provider does not answer.
func (o *replies) hang() error {
	if len(o.Hanging) == 0 {
		return nil
	}
	c, err := dial(o.Address)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	for _, path := range o.Hanging {
		if err := c.must(o.request(path, "this one hangs")); err != nil {
			return fmt.Errorf("reply to %s: %w", path, err)
		}
	}
	return nil
}

func (o *replies) write(r *flight) error {
	var next atomic.Int64
	var mu sync.Mutex
	var failure error
	var workers sync.WaitGroup
	for range o.Connections {
		c, err := dial(o.Address)
		if err != nil {
			return err
		}
		defer func() { _ = c.Close() }()
		workers.Go(func() {
			for {
				i := int(next.Add(1) - 1)
				if i >= o.Count {
					return
				}
				if o.Rate > 0 {
					time.Sleep(time.Until(r.start.Add(time.Duration(float64(i) / o.Rate * float64(time.Second)))))
				}
				path := o.Paths[i%len(o.Paths)]
				if err := c.must(o.request(path, fmt.Sprintf("%s%08d", mark, i))); err != nil {
					mu.Lock()
					failure = fmt.Errorf("reply to %s: %w", path, err)
					mu.Unlock()
					return
				}
				r.accepted[i].Store(int64(time.Since(r.start)))
			}
		})
	}
	workers.Wait()
	return failure
}

func (o *replies) request(path, text string) []byte {
	body := `{"content":"` + text + `","message_type":"outgoing","private":false}`
	return []byte("POST " + path + " HTTP/1.1\r\nHost: " + o.Address + "\r\nApi_access_token: " + o.Token +
		"\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
}
