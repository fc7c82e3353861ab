package live

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/valyala/fasthttp"
)

// Protocol is the subprotocol that is spoken.
const Protocol = "actioncable-v1-json"

// Options of NewServer. What is 0 has the default that stands beside it.
type Options struct {
	Hub  *Hub
	Wire Wire
	Gate Gate
	Log  *slog.Logger
	Now  func() time.Time

	PingEvery       time.Duration // 3 s: clients give up after 6 s of silence
	ProbeEvery      time.Duration // 30 s: pings of the websocket, which its other end answers
	IdleTimeout     time.Duration // 75 s without anything from the client: it is gone
	RecheckEvery    time.Duration // 30 s: who listens is asked about again
	CallTimeout     time.Duration // 10 s for what one command does
	WriteTimeout    time.Duration // 10 s for one write
	FarewellTimeout time.Duration // 1 s for the last one

	MaxFrames        int   // 2,048 frames may wait for a client
	MaxBytes         int   // 8 MiB of frames may wait for a client
	MaxSubscriptions int   // 100 on one connection
	MaxRefused       int   // 20 refused subscriptions: the client is told to stay away
	MaxCommand       int64 // 16 KiB of one command
}

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		value    *time.Duration
		standard time.Duration
	}{
		{&o.PingEvery, 3 * time.Second},
		{&o.ProbeEvery, 30 * time.Second},
		{&o.IdleTimeout, 75 * time.Second},
		{&o.RecheckEvery, 30 * time.Second},
		{&o.CallTimeout, 10 * time.Second},
		{&o.WriteTimeout, 10 * time.Second},
		{&o.FarewellTimeout, time.Second},
	} {
		if *d.value == 0 {
			*d.value = d.standard
		}
	}
	for _, d := range []struct {
		value    *int
		standard int
	}{{&o.MaxFrames, 2048}, {&o.MaxBytes, 8 << 20}, {&o.MaxSubscriptions, 100}, {&o.MaxRefused, 20}} {
		if *d.value == 0 {
			*d.value = d.standard
		}
	}
	if o.MaxCommand == 0 {
		o.MaxCommand = 16 << 10
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Stats are counted since the process started, but Open.
type Stats struct {
	Open     atomic.Int64 // sockets
	Opened   atomic.Int64
	Frames   atomic.Int64
	Bytes    atomic.Int64
	Slow     atomic.Int64 // clients that were dropped because they were too slow
	Refused  atomic.Int64 // subscriptions
	Received atomic.Int64 // commands
}

// Server holds the sockets of one process.
type Server struct {
	opt      Options
	Stats    Stats
	upgrader websocket.FastHTTPUpgrader
	life     context.Context //nolint:containedctx // of the commands; Close ends it
	kill     context.CancelFunc

	buffers sync.Pool // of what is written
	mu      sync.Mutex
	conns   map[*conn]struct{}
	closing bool
	running sync.WaitGroup
}

// NewServer makes it; ctx is the parent of what its clients cause.
func NewServer(ctx context.Context, opt Options) *Server {
	s := &Server{opt: opt.withDefaults(), conns: map[*conn]struct{}{}}
	s.buffers.New = func() any { return new([]byte) }
	s.life, s.kill = context.WithCancel(ctx)
	s.upgrader = websocket.FastHTTPUpgrader{
		ReadBufferSize: 512, WriteBufferSize: 256, WriteBufferPool: &sync.Pool{}, Subprotocols: []string{Protocol},
		CheckOrigin: func(*fasthttp.RequestCtx) bool { return true }, // tokens are no cookies: no page has somebody else's
	}
	return s
}

// Handle answers a request that wants a websocket; notFound answers others.
func (s *Server) Handle(ctx *fasthttp.RequestCtx, notFound fasthttp.RequestHandler) {
	if !ctx.IsGet() || !websocket.FastHTTPIsWebSocketUpgrade(ctx) {
		notFound(ctx)
		return
	}
	if !s.enter() {
		ctx.SetStatusCode(fasthttp.StatusServiceUnavailable)
		return
	}
	if err := s.upgrader.Upgrade(ctx, func(ws *websocket.Conn) {
		defer s.running.Done()
		s.serve(ws)
	}); err != nil {
		s.running.Done() // the upgrader has answered
	}
}

// enter counts a connection. false: there shall be no more.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	s.running.Add(1)
	return true
}

// serve is one client, until it goes.
func (s *Server) serve(ws *websocket.Conn) {
	socket := ws.NetConn()
	if hijacked, ok := socket.(interface{ UnsafeConn() net.Conn }); ok {
		socket = hijacked.UnsafeConn() // the server uses its wrapper again as soon as we return
	}
	c := newConn(socket, &s.opt, &s.Stats, &s.buffers)
	s.mu.Lock()
	s.conns[c] = struct{}{}
	closing := s.closing
	s.mu.Unlock()
	s.Stats.Open.Add(1)
	s.Stats.Opened.Add(1)
	c.push(frame{payload: []byte(welcome)})
	if closing {
		c.end(endRestart)
	}
	writer := make(chan struct{})
	go func() {
		defer close(writer)
		c.write()
	}()
	s.read(ws, c)
	c.end(endGone)
	<-writer
	for _, sub := range c.all() {
		s.opt.Hub.remove(sub)
	}
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	s.Stats.Open.Add(-1)
}

// read carries out what the client says, one command after the other.
func (s *Server) read(ws *websocket.Conn, c *conn) {
	ws.SetReadLimit(s.opt.MaxCommand)
	listen := func() bool {
		_ = ws.SetReadDeadline(time.Now().Add(s.opt.IdleTimeout))
		return !c.ended() // end came after this, or is seen here
	}
	ws.SetPongHandler(func(string) error { listen(); return nil })
	ws.SetPingHandler(func(data string) error {
		c.push(frame{op: opPong, payload: []byte(data)})
		listen()
		return nil
	})
	ws.SetCloseHandler(func(int, string) error { return nil })
	refused := 0
	for listen() {
		kind, text, err := ws.ReadMessage()
		if err != nil {
			if errors.Is(err, websocket.ErrReadLimit) {
				c.end(endTooBig)
			}
			return
		}
		if kind != websocket.TextMessage {
			continue
		}
		s.Stats.Received.Add(1)
		var in command
		if json.Unmarshal(text, &in) != nil {
			continue
		}
		switch in.Command {
		case "subscribe":
			if !s.subscribe(c, in.Identifier) {
				s.Stats.Refused.Add(1)
				if refused++; refused >= s.opt.MaxRefused {
					c.end(endUnauthorized)
				}
			}
		case "unsubscribe":
			if sub := c.subscribed(in.Identifier); sub != nil {
				s.opt.Hub.remove(sub)
				c.drop(sub)
			}
		case "message":
			s.message(c, in)
		}
	}
}

// subscribe tells whether the client may hear what it wants to. Where that cannot be
// learned the connection ends, so that the client comes back.
func (s *Server) subscribe(c *conn, identifier string) bool {
	if c.subscribed(identifier) != nil {
		return true
	}
	ctx, cancel := context.WithTimeout(s.life, s.opt.CallTimeout)
	defer cancel()
	wanted, ok := claim(identifier)
	var who Listener
	err := ErrRefused
	if ok {
		who, err = s.opt.Gate.Admit(ctx, wanted)
	}
	sub := &subscription{conn: c, who: who, identifier: identifier, prefix: prefixOf(identifier)}
	if errors.Is(err, ErrRefused) || err == nil && !c.hold(sub) {
		c.push(frame{payload: about(identifier, typeReject)})
		return false
	}
	if err == nil {
		err = s.opt.Wire.Listen(ctx, who)
	}
	if err != nil {
		s.failed("subscription", err)
		c.drop(sub)
		c.end(endMissed)
		return true
	}
	s.opt.Hub.add(sub, about(identifier, typeConfirm))
	s.beat(ctx, who)
	return true
}

// message is an action of a subscription.
func (s *Server) message(c *conn, in command) {
	sub := c.subscribed(in.Identifier)
	var data struct {
		Action string `json:"action"`
	}
	if sub == nil || json.Unmarshal([]byte(in.Data), &data) != nil || data.Action != "update_presence" {
		return
	}
	ctx, cancel := context.WithTimeout(s.life, s.opt.CallTimeout)
	defer cancel()
	s.recheck(ctx, []*subscription{sub})
	if c.subscribed(in.Identifier) == sub {
		s.beat(ctx, sub.who)
	}
}

func (s *Server) beat(ctx context.Context, who Listener) {
	if err := s.opt.Gate.Beat(ctx, who); err != nil {
		s.failed("presence", err)
	}
}

func (s *Server) failed(what string, err error) {
	if s.life.Err() == nil {
		s.opt.Log.Warn("live wire: "+what+" failed", "error", err)
	}
}

// recheckChunk is how many listeners are asked about at once.
const recheckChunk = 500

// recheck ends the subscriptions of those who may not listen any more. Where that
// cannot be learned they go on.
func (s *Server) recheck(ctx context.Context, list []*subscription) {
	for len(list) > 0 {
		n := min(len(list), recheckChunk)
		chunk := list[:n]
		list = list[n:]
		listeners := make([]Listener, n)
		for i, sub := range chunk {
			listeners[i] = sub.who
		}
		valid, err := s.opt.Gate.Valid(ctx, listeners)
		if err != nil {
			s.failed("looking who may listen", err)
			return
		}
		for i, sub := range chunk {
			if !valid[i] {
				s.expel(sub)
			}
		}
	}
}

func (s *Server) expel(sub *subscription) {
	if !s.opt.Hub.remove(sub) {
		return
	}
	sub.conn.push(frame{payload: about(sub.identifier, typeReject)})
	if sub.conn.drop(sub) == 0 {
		sub.conn.end(endUnauthorized)
	}
}

// Name implements the worker contract.
func (s *Server) Name() string { return "live listeners" }

// Run looks after who listens until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	all := time.NewTicker(s.opt.RecheckEvery)
	defer all.Stop()
	for {
		var list []*subscription
		select {
		case <-ctx.Done():
			return nil
		case <-all.C:
			list = s.opt.Hub.subscriptions(0, nil)
		case p := <-s.opt.Hub.rechecks:
			list = s.opt.Hub.subscriptions(p.AccountID, p.Users)
		}
		call, cancel := context.WithTimeout(ctx, s.opt.RecheckEvery)
		s.recheck(call, list)
		cancel()
	}
}

// EndAll ends all connections because events may have been missed: their clients come
// back and ask for what they have not.
func (s *Server) EndAll() { s.endAll(endMissed) }

func (s *Server) endAll(why *ending) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.end(why)
	}
}

// Close tells the clients that the server goes, after what waits for them, and waits
// until they are gone. No more are taken.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closing = true
	s.mu.Unlock()
	s.endAll(endRestart)
	defer s.kill()
	done := make(chan struct{})
	go func() { s.running.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
