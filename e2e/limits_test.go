package e2e_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/simulator"
)

// rawRequest sends bytes as they are and gives the status of the answer; 0: there was
// none.
func (p *program) rawRequest(head string) int {
	p.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.base, "http://"))
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		p.t.Fatal(err)
	}
	_, _ = conn.Write([]byte(head)) // it may be refused before it has been read
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0
	}
	_ = res.Body.Close()
	return res.StatusCode
}

// TestLimitsOfRequests: what is too large is refused before it is read.
func TestLimitsOfRequests(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.Backend{Name: "embedded"}, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.Line}}})
	ch := p.sim.Channel(simulator.Line)
	p.connect(ch)
	hook := "/webhooks/line/" + ch.Address
	for _, c := range []struct {
		name, path string
		size       int
		want       int
	}{
		{"a webhook of 1 MiB and a byte", hook, 1<<20 + 1, http.StatusRequestEntityTooLarge},
		{"a call of more than 48 MiB", "/api/v1/profile", 48<<20 + 1, http.StatusRequestEntityTooLarge},
	} {
		if got := p.announce(c.path, c.size); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
	long := strings.Repeat("x", 9<<10)
	for name, head := range map[string]string{
		"a header of 9 KiB":   "GET /livez HTTP/1.1\r\nHost: t\r\nX-Long: " + long + "\r\n\r\n",
		"many headers":        "GET /livez HTTP/1.1\r\nHost: t\r\n" + strings.Repeat("X-One: 1\r\n", 1000) + "\r\n",
		"an address of 9 KiB": "GET /" + long + " HTTP/1.1\r\nHost: t\r\n\r\n",
	} {
		if got := p.rawRequest(head); got != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("%s: got %d, want 431", name, got)
		}
	}
	if got := p.rawRequest("GET /livez HTTP/1.1\r\nHost: t\r\n\r\n"); got != http.StatusOK {
		t.Errorf("afterwards: got %d", got)
	}
}

// TestSlowClients: hundreds of clients that never finish their webhook keep nobody else
// waiting, and are cut off.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.Backend{Name: "embedded"}, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.Line}}})
	ch := p.sim.Channel(simulator.Line)
	p.connect(ch)
	const number = 300
	var group sync.WaitGroup
	began := time.Now()
	cut := make(chan time.Duration, number)
	for i := range number {
		conn, err := net.Dial("tcp", strings.TrimPrefix(p.base, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		head := "POST /webhooks/line/" + ch.Address + " HTTP/1.1\r\nHost: t\r\n" // half of the headers
		if i%2 == 0 {
			head += "Content-Length: 1000\r\n\r\n{" // or one byte of the body
		}
		if _, err := fmt.Fprint(conn, head); err != nil {
			t.Fatal(err)
		}
		group.Go(func() {
			_ = conn.SetReadDeadline(began.Add(60 * time.Second))
			for b := make([]byte, 512); ; {
				if _, err := conn.Read(b); err != nil {
					cut <- time.Since(began)
					return
				}
			}
		})
	}
	conversation := p.deliver(ch, incoming(ch, 0, "beside slow clients"))
	p.sent(ch, p.reply(conversation, "still here").Content)
	group.Wait()
	close(cut)
	for after := range cut {
		if after > 45*time.Second {
			t.Errorf("a slow client was cut off after %s", after)
		}
	}
}
