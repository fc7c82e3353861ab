package live_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/valyala/fasthttp"
	"go.uber.org/goleak"

	"tributary/internal/testkit"
	"tributary/live"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"))
}

// gate admits members of accounts and contacts by tokens in memory.
type gate struct {
	wire live.Wire

	mu     sync.Mutex
	tokens map[string]live.Listener
	down   bool
}

func (g *gate) Admit(ctx context.Context, c live.Claim) (live.Listener, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	who, ok := g.tokens[c.Token]
	switch {
	case g.down:
		return live.Listener{}, io.ErrUnexpectedEOF
	case !ok, c.User != (who.UserID != 0), c.User && (c.UserID != who.UserID || c.AccountID != who.AccountID):
		return live.Listener{}, live.ErrRefused
	}
	return who, ctx.Err()
}

func (g *gate) Valid(_ context.Context, list []live.Listener) ([]bool, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.down {
		return nil, io.ErrUnexpectedEOF
	}
	out := make([]bool, len(list))
	for i, l := range list {
		out[i] = g.tokens[l.Token] == l
	}
	return out, nil
}

func (g *gate) Beat(ctx context.Context, l live.Listener) error {
	p := live.Packet{AccountID: l.AccountID, Users: []int64{l.UserID}, Payload: []byte(`{"event":"presence.update","data":{}}`)}
	if l.UserID == 0 {
		p.Users, p.Contacts = nil, []int64{l.ContactInboxID}
	}
	return g.wire.Publish(ctx, []live.Packet{p})
}

func (g *gate) revoke(token string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.tokens, token)
}

// place is a process that serves clients.
type place struct {
	t       *testing.T
	gate    *gate
	hub     *live.Hub
	wire    live.Wire
	server  *live.Server
	address string
}

var now = func() time.Time { return time.Unix(1738317600, 0) }

func start(t *testing.T, opt live.Options, wire func(*live.Hub) live.Wire) *place {
	t.Helper()
	p := &place{t: t, hub: live.NewHub()}
	if wire == nil {
		wire = func(h *live.Hub) live.Wire { return live.NewLocal(h) }
	}
	p.wire = wire(p.hub)
	p.gate = &gate{wire: p.wire, tokens: map[string]live.Listener{
		"ada": {AccountID: 1, UserID: 7, Token: "ada"}, "bo": {AccountID: 1, UserID: 8, Token: "bo"},
		"visitor": {AccountID: 1, ContactInboxID: 31, ContactID: 3, Token: "visitor"},
	}}
	opt.Hub, opt.Wire, opt.Gate, opt.Now = p.hub, p.wire, p.gate, now
	opt.Log = slog.New(slog.DiscardHandler)
	p.server = live.NewServer(context.WithoutCancel(t.Context()), opt)
	if r, ok := p.wire.(*live.Redis); ok {
		r.OnMissed(p.server.EndAll)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var workers sync.WaitGroup
	for _, run := range []func(context.Context) error{p.wire.Run, p.server.Run} {
		workers.Go(func() {
			if err := run(ctx); err != nil {
				t.Errorf("worker: %v", err)
			}
		})
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.address = listener.Addr().String()
	server := &fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) {
		p.server.Handle(ctx, func(ctx *fasthttp.RequestCtx) { ctx.SetStatusCode(http.StatusNotFound) })
	}}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		bounded, stop := context.WithTimeout(context.WithoutCancel(t.Context()), 20*time.Second)
		defer stop()
		if err := p.server.Close(bounded); err != nil {
			t.Errorf("close: %v", err)
		}
		if err := server.Shutdown(); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		<-served
		cancel()
		workers.Wait()
	})
	return p
}

// client is a socket.
type client struct {
	t  *testing.T
	ws *websocket.Conn
}

func (p *place) dial(protocols ...string) *client {
	p.t.Helper()
	dialer := websocket.Dialer{Subprotocols: protocols, HandshakeTimeout: 20 * time.Second}
	ws, res, err := dialer.DialContext(p.t.Context(), "ws://"+p.address+"/cable", http.Header{"Origin": {"https://elsewhere.example"}})
	if err != nil {
		p.t.Fatalf("dial: %v", err)
	}
	_ = res.Body.Close()
	c := &client{p.t, ws}
	p.t.Cleanup(func() { _ = ws.Close() })
	c.want(`{"type":"welcome"}`)
	return c
}

// next is the next message that is no ping.
func (c *client) next() string {
	c.t.Helper()
	for {
		_ = c.ws.SetReadDeadline(time.Now().Add(20 * time.Second))
		_, b, err := c.ws.ReadMessage()
		if err != nil {
			return "error: " + err.Error()
		}
		if !strings.HasPrefix(string(b), `{"type":"ping"`) {
			return string(b)
		}
	}
}

func (c *client) want(text string) {
	c.t.Helper()
	if got := c.next(); got != text {
		c.t.Errorf("got  %s\nwant %s", got, text)
	}
}

func (c *client) send(text string) {
	c.t.Helper()
	if err := c.ws.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		c.t.Fatalf("send: %v", err)
	}
}

func (c *client) command(command, identifier, data string) {
	c.t.Helper()
	in := map[string]string{"command": command, "identifier": identifier}
	if data != "" {
		in["data"] = data
	}
	b, err := json.Marshal(in)
	if err != nil {
		c.t.Fatal(err)
	}
	c.send(string(b))
}

const (
	ada     = `{"channel":"RoomChannel","pubsub_token":"ada","account_id":1,"user_id":7}`
	visitor = `{"channel":"RoomChannel","pubsub_token":"visitor"}`
	beat    = `{"action":"update_presence"}`
)

func frame(identifier, rest string) string {
	b, _ := json.Marshal(identifier)
	return `{"identifier":` + string(b) + `,` + rest + `}`
}

const present = `"message":{"event":"presence.update","data":{}}`

// subscribe subscribes and takes what comes first.
func (c *client) subscribe(identifier string) {
	c.t.Helper()
	c.command("subscribe", identifier, "")
	c.want(frame(identifier, `"type":"confirm_subscription"`))
	c.want(frame(identifier, present))
}

func (p *place) publish(list ...live.Packet) {
	p.t.Helper()
	if err := p.wire.Publish(p.t.Context(), list); err != nil {
		p.t.Fatal(err)
	}
}

func news(n int) []byte { return fmt.Appendf(nil, `{"event":"message.created","data":{"id":%d}}`, n) }

func told(n int) string { return `"message":` + string(news(n)) }

func TestProtocol(t *testing.T) {
	t.Parallel()
	p := start(t, live.Options{}, nil)
	c := p.dial("actioncable-v1-json", "actioncable-unsupported")
	if got := c.ws.Subprotocol(); got != "actioncable-v1-json" {
		t.Errorf("subprotocol %q", got)
	}
	c.subscribe(ada)
	for _, nothing := range []string{
		`{"command":"subscribe","identifier":` + quote(ada) + `}`, `{"command":"dance","identifier":"x"}`, `{`, `[]`, `null`, `7`,
		`{"command":"message","identifier":"none","data":"{}"}`, `{"command":"message","identifier":` + quote(ada) + `,"data":"{"}`,
		`{"command":"message","identifier":` + quote(ada) + `,"data":"{\"action\":\"other\"}"}`, `{"command":"unsubscribe","identifier":"none"}`,
		`{"command":7}`,
	} {
		c.send(nothing)
	}
	c.command("message", ada, beat)
	c.want(frame(ada, present))

	// The identifier comes back to the letter, whatever it looks like.
	odd := "{ \"pubsub_token\":\"ada\", \"user_id\":\"7\",\n\"account_id\":\"1\", \"channel\":\"RoomChannel\", \"x\":\"<&>é\u2028\" }"
	c.command("subscribe", odd, "")
	var got struct{ Identifier, Type string }
	if err := json.Unmarshal([]byte(c.next()), &got); err != nil || got.Identifier != odd || got.Type != "confirm_subscription" {
		t.Errorf("got %+v, %v", got, err)
	}
	for range 2 { // both subscriptions are the user's
		if message := c.next(); !strings.HasSuffix(message, `,`+present+`}`) {
			t.Errorf("got %s", message)
		}
	}
	c.command("unsubscribe", odd, "")
	c.command("message", odd, beat) // is over
	c.command("message", ada, beat)
	c.want(frame(ada, present))

	p.publish(live.Packet{AccountID: 1, Users: []int64{7, 8}, Payload: news(1)}, live.Packet{AccountID: 2, Users: []int64{7}, Payload: news(2)},
		live.Packet{AccountID: 1, Contacts: []int64{7}, Payload: news(3)}, live.Packet{AccountID: 1, Users: []int64{8}, Payload: news(4)},
		live.Packet{AccountID: 1, Everyone: true, Payload: news(5)})
	c.want(frame(ada, told(1)))
	c.want(frame(ada, told(5)))
	if n := p.server.Stats.Open.Load(); n != 1 {
		t.Errorf("%d sockets", n)
	}
	_ = c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Second))
	testkit.Wait(t, 20*time.Second, "the socket to go", func() bool { return p.server.Stats.Open.Load() == 0 })
	if i, err := p.wire.Interest(t.Context(), []int64{1}); err != nil || len(i) != 0 {
		t.Errorf("interest of nobody: %v, %v", i, err)
	}
}

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func TestWhatIsNoWebsocket(t *testing.T) {
	t.Parallel()
	p := start(t, live.Options{}, nil)
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		req, err := http.NewRequestWithContext(t.Context(), method, "http://"+p.address+"/cable", nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", method, res.StatusCode)
		}
	}
	http.DefaultClient.CloseIdleConnections()
	p.dial().subscribe(visitor) // a client that offers no protocol
}

func TestPings(t *testing.T) {
	t.Parallel()
	p := start(t, live.Options{PingEvery: 5 * time.Millisecond, ProbeEvery: 5 * time.Millisecond}, nil)
	c := p.dial()
	probes := 0
	pong := c.ws.PingHandler()
	c.ws.SetPingHandler(func(data string) error { probes++; return pong(data) })
	for range 20 {
		_, b, err := c.ws.ReadMessage()
		if err != nil || string(b) != `{"type":"ping","message":1738317600}` {
			t.Fatalf("got %s, %v", b, err)
		}
	}
	if probes == 0 {
		t.Error("nobody asked whether the client is there")
	}
	answered := make(chan string, 1)
	c.ws.SetPongHandler(func(data string) error { answered <- data; return nil })
	if err := c.ws.WriteControl(websocket.PingMessage, []byte("there?"), time.Now().Add(10*time.Second)); err != nil {
		t.Fatal(err)
	}
	for {
		if _, _, err := c.ws.ReadMessage(); err != nil {
			t.Fatal(err)
		}
		select {
		case data := <-answered:
			if data != "there?" {
				t.Errorf("pong %q", data)
			}
			return
		default:
		}
	}
}

// TestSilentClient: a peer that answers nothing at all is given up.
func TestSilentClient(t *testing.T) {
	t.Parallel()
	p := start(t, live.Options{IdleTimeout: 50 * time.Millisecond, ProbeEvery: time.Hour}, nil)
	c := p.dial()
	if got := c.next(); !strings.HasPrefix(got, "error: ") {
		t.Errorf("got %s", got)
	}
	testkit.Wait(t, 20*time.Second, "the socket to go", func() bool { return p.server.Stats.Open.Load() == 0 })
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	p := start(t, live.Options{MaxRefused: 10, MaxSubscriptions: 2}, nil)
	c := p.dial()
	for _, identifier := range []string{
		`{"channel":"RoomChannel","pubsub_token":"nobody","account_id":1,"user_id":7}`, `{"channel":"RoomChannel","pubsub_token":"ada","account_id":2,"user_id":7}`,
		`{"channel":"RoomChannel","pubsub_token":"ada","account_id":1,"user_id":8}`, `{"channel":"RoomChannel","pubsub_token":"ada"}`,
		`{"channel":"RoomChannel","pubsub_token":"visitor","account_id":1,"user_id":"x"}`, `{"channel":"OtherChannel","pubsub_token":"visitor"}`, ``, `no JSON`,
	} {
		c.command("subscribe", identifier, "")
		c.want(frame(identifier, `"type":"reject_subscription"`))
	}
	c.subscribe(ada)
	c.subscribe(visitor)
	more := `{"channel":"RoomChannel","pubsub_token":"bo","account_id":1,"user_id":8}`
	c.command("subscribe", more, "")
	c.want(frame(more, `"type":"reject_subscription"`))
	c.command("subscribe", more, "")
	c.want(frame(more, `"type":"reject_subscription"`))
	c.want(`{"type":"disconnect","reason":"unauthorized","reconnect":false}`)
	c.want("error: websocket: close 1008 (policy violation): unauthorized")

	c = p.dial()
	// The server may be gone before it has all of it.
	_ = c.ws.WriteMessage(websocket.TextMessage, []byte(`{"command":"`+strings.Repeat("x", 20<<10)+`"}`))
	if got := c.next(); !strings.HasPrefix(got, "error: ") {
		t.Errorf("a command that is too long: got %s", got)
	}
}

// TestGateAway: where it cannot be learned who somebody is the client shall come back.
func TestGateAway(t *testing.T) {
	t.Parallel()
	p := start(t, live.Options{}, nil)
	c := p.dial()
	p.gate.mu.Lock()
	p.gate.down = true
	p.gate.mu.Unlock()
	c.command("subscribe", ada, "")
	c.want(`{"type":"disconnect","reason":"remote","reconnect":true}`)
	c.want("error: websocket: close 1013: events were missed")
}

func TestRevoked(t *testing.T) {
	t.Parallel()
	p := start(t, live.Options{}, nil)
	c, d := p.dial(), p.dial()
	c.subscribe(ada)
	c.subscribe(visitor)
	d.subscribe(visitor)
	c.want(frame(visitor, present)) // d's is of the same contact
	p.gate.revoke("ada")
	p.publish(live.Packet{Users: []int64{7}, Recheck: true})
	c.want(frame(ada, `"type":"reject_subscription"`))
	p.publish(live.Packet{AccountID: 1, Everyone: true, Contacts: []int64{31}, Payload: news(1)})
	c.want(frame(visitor, told(1)))
	d.want(frame(visitor, told(1)))
	p.gate.revoke("visitor")
	d.command("message", visitor, beat)
	d.want(frame(visitor, `"type":"reject_subscription"`))
	d.want(`{"type":"disconnect","reason":"unauthorized","reconnect":false}`)
}

// TestLooksAgain: who may not listen any more is found without anybody saying so.
func TestLooksAgain(t *testing.T) {
	t.Parallel()
	p := start(t, live.Options{RecheckEvery: 20 * time.Millisecond}, nil)
	c := p.dial()
	c.subscribe(ada)
	p.gate.revoke("ada")
	c.want(frame(ada, `"type":"reject_subscription"`))
	c.want(`{"type":"disconnect","reason":"unauthorized","reconnect":false}`)
}

// TestSlowClient: one that reads nothing is dropped, and holds up nobody.
func TestSlowClient(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]live.Options{
		"by frames": {MaxFrames: 50}, "by bytes": {MaxBytes: 4 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, opt, nil)
			slow, quick := p.dial(), p.dial()
			slow.subscribe(ada)
			quick.subscribe(visitor)
			big := `{"event":"message.created","data":"` + strings.Repeat("x", 1<<20) + `"}`
			for n := 0; p.server.Stats.Slow.Load() == 0; n++ {
				if n == 2000 {
					t.Fatal("2000 MiB wait for a client that reads nothing")
				}
				p.publish(live.Packet{AccountID: 1, Users: []int64{7}, Payload: []byte(big)},
					live.Packet{AccountID: 1, Contacts: []int64{31}, Payload: news(n)})
				quick.want(frame(visitor, told(n)))
			}
			testkit.Wait(t, 20*time.Second, "the slow one to go", func() bool { return p.server.Stats.Open.Load() == 1 })
		})
	}
}

// TestClientThatTakesNothing is dropped for that, however much may wait for it.
func TestClientThatTakesNothing(t *testing.T) {
	t.Parallel()
	p := start(t, live.Options{WriteTimeout: 50 * time.Millisecond, MaxBytes: 1 << 30}, nil)
	p.dial().subscribe(ada)
	big := []byte(`{"event":"message.created","data":"` + strings.Repeat("x", 1<<20) + `"}`)
	for range 64 {
		p.publish(live.Packet{AccountID: 1, Users: []int64{7}, Payload: big})
	}
	testkit.Wait(t, 20*time.Second, "the client to be dropped", func() bool { return p.server.Stats.Slow.Load() == 1 && p.server.Stats.Open.Load() == 0 })
}

// TestSlowClientIsTold: one that reads again in time learns why.
func TestSlowClientIsTold(t *testing.T) {
	t.Parallel()
	p := start(t, live.Options{MaxFrames: 3}, nil)
	c := p.dial()
	c.subscribe(ada)
	packets := make([]live.Packet, 500)
	for i := range packets {
		packets[i] = live.Packet{AccountID: 1, Users: []int64{7}, Payload: news(i)}
	}
	for p.server.Stats.Slow.Load() == 0 {
		p.publish(packets...)
	}
	for {
		got := c.next()
		if strings.HasPrefix(got, `{"identifier"`) {
			continue
		}
		if got != `{"type":"disconnect","reason":"remote","reconnect":true}` {
			t.Errorf("got %s", got)
		}
		break
	}
	c.want("error: websocket: close 1013: slow client")
}

// TestRestart: what waits is sent before the server says that it goes.
func TestRestart(t *testing.T) {
	t.Parallel()
	p := start(t, live.Options{}, nil)
	c := p.dial()
	c.subscribe(ada)
	for n := range 500 {
		p.publish(live.Packet{AccountID: 1, Users: []int64{7}, Payload: news(n)})
	}
	if err := p.server.Close(t.Context()); err != nil {
		t.Error(err)
	}
	for n := range 500 {
		c.want(frame(ada, told(n)))
	}
	c.want(`{"type":"disconnect","reason":"server_restart","reconnect":true}`)
	c.want("error: websocket: close 1001 (going away): server restart")
	_, res, err := websocket.DefaultDialer.DialContext(t.Context(), "ws://"+p.address+"/cable", nil)
	if err == nil || res == nil || res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a server that goes answers %v, %v", res, err)
	}
}

func TestMissed(t *testing.T) {
	t.Parallel()
	p := start(t, live.Options{}, nil)
	c := p.dial()
	c.subscribe(ada)
	p.publish(live.Packet{AccountID: 2, Missed: true}, live.Packet{AccountID: 1, Missed: true})
	c.want(`{"type":"disconnect","reason":"remote","reconnect":true}`)
}

// TestSizes: lengths around those at which a frame's head changes.
func TestSizes(t *testing.T) {
	t.Parallel()
	p := start(t, live.Options{}, nil)
	c := p.dial()
	c.subscribe(ada)
	for _, n := range []int{1, 100, 60_000, 65_500, 65_536, 70_000, 300_000} {
		text := `"` + strings.Repeat("y", n) + `"`
		p.publish(live.Packet{AccountID: 1, Users: []int64{7}, Payload: []byte(text)})
		c.want(frame(ada, `"message":`+text))
	}
	for n := range 400 { // every length around 126
		text := `"` + strings.Repeat("z", n) + `"`
		p.hub.Deliver([]live.Packet{{AccountID: 1, Users: []int64{7}, Payload: []byte(text)}})
		c.want(frame(ada, `"message":`+text))
	}
}
