package live

import (
	"errors"
	"net"
	"os"
	"slices"
	"sync"
	"time"
)

// conn is the sending half of a client's socket: a queue with a bound, and the
// goroutine that empties it.
type conn struct {
	socket  net.Conn
	opt     *Options
	stats   *Stats
	buffers *sync.Pool // of what is written, *[]byte

	mu    sync.Mutex
	queue []frame
	bytes int
	why   *ending // nil: it lives
	subs  map[string]*subscription

	wake chan struct{} // there is something in the queue
	over chan struct{} // closed with why
}

// ending is why a connection is over.
type ending struct {
	// reason is told to the client; empty: the client went.
	reason    string
	reconnect bool
	code      uint16 // of the websocket's close frame; 0: none is sent
	text      string // of it
	flush     bool   // what waits is sent first
}

// Codes of close frames (RFC 6455 §7.4.1, and 1013 of the IANA registry).
const (
	closeNormal = 1000
	closeAway   = 1001
	closePolicy = 1008
	closeLater  = 1013
)

var (
	endGone         = &ending{code: closeNormal}
	endRestart      = &ending{reason: "server_restart", reconnect: true, code: closeAway, text: "server restart", flush: true}
	endSlow         = &ending{reason: "remote", reconnect: true, code: closeLater, text: "slow client"}
	endMissed       = &ending{reason: "remote", reconnect: true, code: closeLater, text: "events were missed"}
	endUnauthorized = &ending{reason: "unauthorized", code: closePolicy, text: "unauthorized", flush: true}
	endTooBig       = &ending{} // the reader has said so
)

func newConn(socket net.Conn, opt *Options, stats *Stats, buffers *sync.Pool) *conn {
	return &conn{
		socket: socket, opt: opt, stats: stats, buffers: buffers, subs: map[string]*subscription{},
		wake: make(chan struct{}, 1), over: make(chan struct{}),
	}
}

// push puts a frame into the queue. A client for whom there is no place any more is
// too slow: its connection ends.
func (c *conn) push(f frame) {
	c.mu.Lock()
	if c.why != nil {
		c.mu.Unlock()
		return
	}
	if len(c.queue) >= c.opt.MaxFrames || c.bytes+f.size() > c.opt.MaxBytes {
		c.mu.Unlock()
		if c.end(endSlow) {
			c.stats.Slow.Add(1)
		}
		return
	}
	c.queue = append(c.queue, f)
	c.bytes += f.size()
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// end ends the connection, and tells whether it had not ended before.
func (c *conn) end(why *ending) bool {
	c.mu.Lock()
	if c.why != nil {
		c.mu.Unlock()
		return false
	}
	c.why = why
	if !why.flush {
		c.queue, c.bytes = nil, 0
	}
	c.mu.Unlock()
	close(c.over)
	// A write that hangs gets a moment, and the reader wakes up.
	_ = c.socket.SetWriteDeadline(time.Now().Add(c.opt.FarewellTimeout))
	return true
}

func (c *conn) ended() bool {
	select {
	case <-c.over:
		return true
	default:
		return false
	}
}

// take empties the queue into b, as far as one write shall be long, and tells whether
// there is more.
func (c *conn) take(b []byte) (out []byte, frames int, more bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for frames < len(c.queue) && len(b) < writeSize {
		f := &c.queue[frames]
		c.bytes -= f.size()
		b = f.appendTo(b)
		frames++
	}
	c.queue = slices.Delete(c.queue, 0, frames)
	if len(c.queue) == 0 && cap(c.queue) > 64 {
		c.queue = nil
	}
	return b, frames, len(c.queue) > 0
}

// writeSize is about how much is written at once. A frame that is longer is written
// whole.
const writeSize = 32 << 10

// write sends what is in the queue, and the pings, until the connection ends.
func (c *conn) write() {
	pings := time.NewTicker(c.opt.PingEvery)
	defer pings.Stop()
	probes := time.NewTicker(c.opt.ProbeEvery)
	defer probes.Stop()
	for {
		var extra frame
		select {
		case <-c.over:
			c.farewell()
			return
		case <-c.wake:
		case <-pings.C:
			extra = frame{payload: ping(c.opt.Now().Unix())}
		case <-probes.C:
			extra = frame{op: opPing}
		}
		if !c.flush(extra, c.opt.WriteTimeout) {
			c.end(endGone)
			_ = c.socket.SetReadDeadline(time.Now())
			return
		}
	}
}

// flush writes extra, when it is something, and the queue. false: the socket is dead.
func (c *conn) flush(extra frame, within time.Duration) bool {
	buffer := c.buffers.Get().(*[]byte) //nolint:forcetypeassert,errcheck // the pool holds nothing else
	defer func() {
		if cap(*buffer) <= 4*writeSize {
			c.buffers.Put(buffer)
		}
	}()
	b := (*buffer)[:0]
	if extra.op != 0 || extra.payload != nil {
		b = extra.appendTo(b)
		c.stats.Frames.Add(1)
	}
	for more := true; more; {
		var frames int
		b, frames, more = c.take(b)
		if len(b) == 0 {
			return true
		}
		_ = c.socket.SetWriteDeadline(time.Now().Add(within))
		if _, err := c.socket.Write(b); err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) && c.end(endSlow) {
				c.stats.Slow.Add(1)
			}
			return false
		}
		c.stats.Frames.Add(int64(frames))
		c.stats.Bytes.Add(int64(len(b)))
		*buffer = b
		b = b[:0]
	}
	return true
}

// farewell says why the connection ends, where that is of use, and makes the reader
// end.
func (c *conn) farewell() {
	why := c.why // closing over published it
	var b []byte
	alive := true
	if why.flush {
		alive = c.flush(frame{}, c.opt.FarewellTimeout)
	}
	if alive && why.code != 0 {
		if why.reason != "" {
			f := frame{payload: disconnect(why.reason, why.reconnect)}
			b = f.appendTo(b)
		}
		f := frame{op: opClose, payload: append([]byte{byte(why.code >> 8), byte(why.code)}, why.text...)}
		_ = c.socket.SetWriteDeadline(time.Now().Add(c.opt.FarewellTimeout))
		_, _ = c.socket.Write(f.appendTo(b)) // who does not hear it finds out
	}
	_ = c.socket.SetReadDeadline(time.Now())
}

func disconnect(reason string, reconnect bool) []byte {
	if reconnect {
		return []byte(`{"type":"disconnect","reason":"` + reason + `","reconnect":true}`)
	}
	return []byte(`{"type":"disconnect","reason":"` + reason + `","reconnect":false}`)
}

// subscribed gives the subscription of an identifier; nil: there is none.
func (c *conn) subscribed(identifier string) *subscription {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.subs[identifier]
}

// hold notes a subscription. false: the connection has as many as it may have.
func (c *conn) hold(s *subscription) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.subs) >= c.opt.MaxSubscriptions {
		return false
	}
	c.subs[s.identifier] = s
	return true
}

// drop forgets a subscription, and tells how many are left.
func (c *conn) drop(s *subscription) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.subs[s.identifier] == s {
		delete(c.subs, s.identifier)
	}
	return len(c.subs)
}

// all gives its subscriptions.
func (c *conn) all() []*subscription {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]*subscription, 0, len(c.subs))
	for _, s := range c.subs {
		out = append(out, s)
	}
	return out
}
