package e2e_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/simulator"
	"tributary/store/storetest"
)

// TestAnswersOfTheEdge: who gets which answer, and that refusals are counted and
// queue nothing.
func TestAnswersOfTheEdge(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.Backend{Name: "embedded"}, options{})
	for _, kind := range []simulator.Kind{simulator.Facebook, simulator.InstagramLogin, simulator.Line, simulator.WhatsAppCloud, simulator.SMS, simulator.TwilioSMS, simulator.Twitter} {
		p.connect(p.sim.Channel(kind))
	}
	line := p.sim.Channel(simulator.Line).Address
	wa := p.sim.Channel(simulator.WhatsAppCloud).Address
	for _, c := range []struct {
		name, method, path, body string
		header                   map[string]string
		want                     int
		text                     string
	}{
		{"LINE without signature", "POST", "/webhooks/line/" + line, `{"events":[]}`, nil, 401, ""},
		{"LINE with another's signature", "POST", "/webhooks/line/" + line, `{"events":[]}`, map[string]string{"X-Line-Signature": "bm8="}, 401, ""},
		{"unknown LINE channel", "POST", "/webhooks/line/404", `{"events":[]}`, nil, 404, ""},
		{"unknown Telegram token", "POST", "/webhooks/telegram/1:unknown", `{"update_id":1}`, nil, 404, ""},
		{"unknown SMS number", "POST", "/webhooks/sms/10000000000", `[]`, nil, 404, ""},
		{"unknown WhatsApp number", "POST", "/webhooks/whatsapp/+10000000000", `{}`, nil, 404, ""},
		{"WhatsApp number, plus escaped", "POST", "/webhooks/whatsapp/" + strings.Replace(wa, "+", "%2B", 1), `{}`, nil, 401, ""},
		{"SMS without credentials", "POST", "/webhooks/sms/" + strings.TrimPrefix(p.sim.Channel(simulator.SMS).Address, "+"), `[]`, nil, 401, ""},
		{"Facebook without signature", "POST", "/bot", `{"object":"page"}`, nil, 400, "Error getting integrity signature"},
		{"Facebook with a wrong one", "POST", "/bot", `{"object":"page"}`, map[string]string{"X-Hub-Signature-256": "sha256=" + strings.Repeat("0", 64)}, 400, "Error checking message integrity"},
		{"Instagram without signature", "POST", "/webhooks/instagram", `{"object":"instagram"}`, nil, 401, ""},
		{"Twitter without signature", "POST", "/webhooks/twitter", `{}`, nil, 401, ""},
		{"Twilio for an unknown number", "POST", "/twilio/callback", "AccountSid=AC1&To=%2B1999&From=%2B1888&Body=x", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, 204, ""},
		{"wrong verify token", "GET", "/bot?hub.mode=subscribe&hub.verify_token=no&hub.challenge=1", "", nil, 401, "Error; wrong verify token"},
		{"wrong WhatsApp verify token", "GET", "/webhooks/whatsapp/" + wa + "?hub.mode=subscribe&hub.verify_token=&hub.challenge=1", "", nil, 401, `{"error":"Error; wrong verify token"}`},
		{"CRC without token", "GET", "/webhooks/twitter", "", nil, 400, ""},
		{"wrong method", "DELETE", "/webhooks/line/" + line, "", nil, 405, ""},
		{"wrong method on /bot", "PUT", "/bot", "", nil, 405, ""},
		{"no such path", "GET", "/api/v1/nothing", "", nil, 404, `{"status":404,"error":"Not Found"}`},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, p.base+c.path, bytes.NewReader([]byte(c.body)))
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range c.header {
			req.Header.Set(k, v)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode != c.want || !strings.Contains(string(body), c.text) {
			t.Errorf("%s: got %d %q, want %d %q", c.name, res.StatusCode, body, c.want, c.text)
		}
	}
	if status := p.announce("/webhooks/line/"+line, 2<<20); status != http.StatusRequestEntityTooLarge {
		t.Errorf("a body of 2 MiB: got %d, want 413", status)
	}
	stats, err := p.app.Queue().Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range stats.Partitions {
		if part.Waiting+part.Pending != 0 {
			t.Errorf("a refused webhook was queued: %+v", part)
		}
	}
	_, metrics := p.request(http.MethodGet, "/metrics", nil)
	for _, want := range []string{
		`tributary_webhooks_rejected_total{channel="line",reason="missing"} 1`,
		`tributary_webhooks_rejected_total{channel="line",reason="bad"} 1`,
		`tributary_webhooks_rejected_total{channel="line",reason="unknown_channel"} 1`,
		`tributary_webhooks_rejected_total{channel="telegram",reason="unknown_channel"} 1`,
		`tributary_webhooks_rejected_total{channel="facebook",reason="missing"} 1`,
		`reason="too_large"} 1`, `reason="method"} 2`,
	} {
		if !strings.Contains(string(metrics), want) {
			t.Errorf("/metrics lacks %s", want)
		}
	}
}

// announce sends only the head of a request with a body of that size and gives
// the status. A client that goes on writing may see its connection reset before
// it reads the answer.
func (p *program) announce(path string, size int) int {
	p.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.base, "http://"))
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n\r\n", path, size); err != nil {
		p.t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		p.t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

// TestHandshakes: the providers' GET challenges.
func TestHandshakes(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.Backend{Name: "embedded"}, options{})
	for _, kind := range []simulator.Kind{simulator.Facebook, simulator.InstagramLogin, simulator.WhatsAppCloud, simulator.Twitter} {
		ch := p.sim.Channel(kind)
		p.connect(ch)
		if err := p.sim.Handshake(t.Context(), p.base, ch); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// TestMetricsAndHealth: what an SRE watches is there, and nothing secret in it.
func TestMetricsAndHealth(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		p := start(t, b, options{})
		ch := p.sim.Channel(simulator.Telegram)
		p.connect(ch)
		conversation := p.deliver(ch, incoming(ch, 1, "hello"))
		p.reply(conversation, "hi")
		p.sent(ch, "hi")
		metrics := ""
		testkit.Wait(t, 10*time.Second, "the send to be counted", func() bool {
			_, body := p.request(http.MethodGet, "/metrics", nil)
			metrics = string(body)
			return strings.Contains(metrics, `tributary_relay_attempts_total{channel="telegram",outcome="sent"} 1`) &&
				strings.Contains(metrics, "tributary_relay_send_seconds_count") // counted a moment later
		})
		for _, name := range []string{
			"webhooks_received_total", "webhook_append_seconds_count", "queue_depth", "queue_oldest_seconds", "queue_pending",
			"worker_batch_seconds_count", "receipt_to_visible_seconds_count", "relay_attempts_total", "relay_breaker_state",
			"relay_send_seconds_count", "api_requests_total", "api_request_seconds_count", "database_connections", "build_info",
		} {
			if !regexp.MustCompile(`(?m)^tributary_` + name + `[{ ]`).MatchString(metrics) {
				t.Errorf("/metrics lacks tributary_%s", name)
			}
		}
		for _, secret := range []string{p.token, ch.Address + ":"} {
			if strings.Contains(metrics, secret) {
				t.Errorf("/metrics shows a secret")
			}
		}
		for path, want := range map[string]string{"/livez": "ok", "/readyz": `"status":"ready"`, "/api": `"queue_services":"ok","data_services":"ok"`} {
			status, body := p.request(http.MethodGet, path, nil)
			if status != http.StatusOK || !strings.Contains(string(body), want) {
				t.Errorf("%s: %d %s", path, status, body)
			}
		}
	})
}
