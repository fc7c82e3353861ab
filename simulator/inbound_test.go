package simulator_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/simulator"
)

const public = "https://desk.example.test"

func start(t *testing.T, o simulator.Options) *simulator.Simulator {
	t.Helper()
	s, err := simulator.Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
	})
	return s
}

// secrets reads what a channel's inbox is created with, flattened by key.
func secrets(t *testing.T, c *simulator.Channel) map[string]string {
	t.Helper()
	out := map[string]string{}
	var walk func(any)
	walk = func(v any) {
		m, ok := v.(map[string]any)
		if !ok {
			return
		}
		for k, v := range m {
			if s, ok := v.(string); ok {
				out[k] = s
			}
			walk(v)
		}
	}
	var v any
	if err := json.Unmarshal(c.Params(), &v); err != nil {
		t.Fatal(err)
	}
	walk(v)
	return out
}

// register plays what the program does when it creates the inbox of a kind
// whose proof it sets itself, and returns that proof.
func register(t *testing.T, s *simulator.Simulator, c *simulator.Channel) string {
	t.Helper()
	p, set := secrets(t, c), s.Settings()
	switch c.Kind {
	case simulator.Telegram:
		form := url.Values{"url": {public + "/webhooks/telegram/" + p["bot_token"]}, "secret_token": {"tg-secret_1"}}
		res, err := http.PostForm(set["TELEGRAM_API_URL"]+"/bot"+p["bot_token"]+"/setWebhook", form)
		wantStatus(t, res, err, http.StatusOK)
		return "tg-secret_1"
	case simulator.WhatsApp360:
		body := `{"url":"` + public + `/webhooks/whatsapp/` + c.Address + `","headers":{"Authorization":"Bearer d360-proof"}}`
		res := do(t, http.MethodPost, set["WHATSAPP_360_BASE_URL"]+"/configs/webhook", body, "D360-API-KEY", p["api_key"])
		if res.status != http.StatusOK {
			t.Fatalf("configs/webhook = %d %s", res.status, res.body)
		}
		return "Bearer d360-proof"
	default:
		return ""
	}
}

func wantStatus(t *testing.T, res *http.Response, err error, want int) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != want {
		t.Fatalf("status = %d, want %d", res.StatusCode, want)
	}
}

func hexMAC(h func() hash.Hash, key, text string) string {
	m := hmac.New(h, []byte(key))
	m.Write([]byte(text))
	return hex.EncodeToString(m.Sum(nil))
}

func base64MAC(h func() hash.Hash, key, text string) string {
	b, _ := hex.DecodeString(hexMAC(h, key, text)) // it was encoded just now
	return base64.StdEncoding.EncodeToString(b)
}

// proven checks a webhook the way a careful receiver does, from the contract of
// each provider.
func proven(set, p map[string]string, own string, c *simulator.Channel, d *simulator.Delivery) bool {
	body, h := string(d.Body), d.Header
	switch c.Kind {
	case simulator.Facebook:
		return h.Get("X-Hub-Signature-256") == "sha256="+hexMAC(sha256.New, set["FB_APP_SECRET"], body) &&
			h.Get("X-Hub-Signature") == "sha1="+hexMAC(sha1.New, set["FB_APP_SECRET"], body)
	case simulator.InstagramPage:
		return h.Get("X-Hub-Signature-256") == "sha256="+hexMAC(sha256.New, set["FB_APP_SECRET"], body)
	case simulator.InstagramLogin:
		return h.Get("X-Hub-Signature-256") == "sha256="+hexMAC(sha256.New, set["INSTAGRAM_APP_SECRET"], body)
	case simulator.WhatsAppCloud:
		return h.Get("X-Hub-Signature-256") == "sha256="+hexMAC(sha256.New, set["WHATSAPP_APP_SECRET"], body)
	case simulator.Twitter:
		return h.Get("X-Twitter-Webhooks-Signature") == "sha256="+base64MAC(sha256.New, set["TWITTER_CONSUMER_SECRET"], body)
	case simulator.Line:
		return h.Get("X-Line-Signature") == base64MAC(sha256.New, p["line_channel_secret"], body)
	case simulator.Telegram:
		return h.Get("X-Telegram-Bot-Api-Secret-Token") == own
	case simulator.WhatsApp360:
		return h.Get("Authorization") == own
	case simulator.SMS:
		r := http.Request{Header: h}
		user, password, ok := r.BasicAuth()
		return ok && user == p["webhook_username"] && password == p["webhook_password"]
	case simulator.TwilioSMS, simulator.TwilioWhatsApp:
		form, err := url.ParseQuery(body)
		if err != nil {
			return false
		}
		text := public + d.Path
		keys := make([]string, 0, len(form))
		for k := range form {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			text += k + form.Get(k)
		}
		return h.Get("X-Twilio-Signature") == base64MAC(sha1.New, p["auth_token"], text)
	}
	return false
}

func TestWebhooksAreProven(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{})
	for _, kind := range simulator.Kinds() {
		if kind == simulator.API {
			continue
		}
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			c := s.Channel(kind)
			own := register(t, s, c)
			p, who := secrets(t, c), c.Person(3)
			text := "“Grüße” \\ / 👩‍👩‍👧\n日本 & = +"
			in := simulator.Incoming{From: who.From, Name: who.Name, Text: text}

			d, err := s.Build(c, in, public)
			if err != nil {
				t.Fatal(err)
			}
			if !proven(s.Settings(), p, own, c, d) {
				t.Errorf("the message is not proven: %v %s", d.Header, d.Body)
			}
			if got := texts(t, d); !slices.Contains(got, text) || !slices.Contains(got, who.From) {
				t.Errorf("neither text nor sender in %s", d.Body)
			}
			if len(d.IDs) != 1 || d.IDs[0] == "" {
				t.Errorf("IDs = %v, want one", d.IDs)
			}
			if d, err = s.BuildUnknown(c, public); err != nil || !proven(s.Settings(), p, own, c, d) {
				t.Errorf("the unknown event is not proven: %v", err)
			}
			if d, err = s.BuildBadSignature(c, in, public); err != nil || proven(s.Settings(), p, own, c, d) {
				t.Errorf("the forged message is proven: %v", err)
			}
			for _, state := range kind.Receipts() {
				d, err = s.BuildStatus(c, simulator.Receipt{ID: "out-1", To: who.From, State: state}, public)
				if err != nil || !proven(s.Settings(), p, own, c, d) {
					t.Errorf("the receipt %s is not proven: %v", state, err)
				}
			}
			if _, err = s.BuildStatus(c, simulator.Receipt{ID: "out-1", State: "vanished"}, public); !errors.Is(err, simulator.ErrUnplayable) {
				t.Errorf("BuildStatus(vanished) error = %v, want ErrUnplayable", err)
			}
		})
	}
}

// texts lists all string values of a webhook body.
func texts(t *testing.T, d *simulator.Delivery) []string {
	t.Helper()
	if strings.HasPrefix(d.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		form, err := url.ParseQuery(string(d.Body))
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, v := range form {
			out = append(out, v...)
		}
		return out
	}
	var v any
	dec := json.NewDecoder(strings.NewReader(string(d.Body)))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, d.Body)
	}
	var out []string
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, x := range v {
				walk(x)
			}
		case []any:
			for _, x := range v {
				walk(x)
			}
		case string:
			out = append(out, v)
		case json.Number:
			out = append(out, v.String())
		}
	}
	walk(v)
	return out
}

func TestBatches(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{})
	for _, kind := range simulator.Kinds() {
		c := s.Channel(kind)
		own := register(t, s, c)
		var in []simulator.Incoming
		for i := range 5 {
			who := c.Person(i)
			in = append(in, simulator.Incoming{From: who.From, Name: who.Name, Text: fmt.Sprint("message ", i)})
		}
		d, err := s.BuildBatch(c, in, public)
		if !kind.Batches() {
			if !errors.Is(err, simulator.ErrUnplayable) {
				t.Errorf("%s: error = %v, want ErrUnplayable", kind, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		got := texts(t, d)
		for _, m := range in {
			if !slices.Contains(got, m.Text) {
				t.Errorf("%s: %q is missing in %s", kind, m.Text, d.Body)
			}
		}
		if ids := slices.Compact(slices.Sorted(slices.Values(d.IDs))); len(ids) != 5 {
			t.Errorf("%s: ids = %v, want 5 different ones", kind, d.IDs)
		}
		if !proven(s.Settings(), secrets(t, c), own, c, d) {
			t.Errorf("%s: the batch is not proven", kind)
		}
	}
}

func TestNothingIsDeliveredBeforeRegistration(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{})
	for _, kind := range []simulator.Kind{simulator.Telegram, simulator.WhatsApp360, simulator.API} {
		c := s.Channel(kind)
		if _, err := s.Build(c, simulator.Incoming{From: c.Person(0).From, Text: "x"}, public); !errors.Is(err, simulator.ErrNotRegistered) {
			t.Errorf("%s: error = %v, want ErrNotRegistered", kind, err)
		}
	}
}

func TestDeliverAndHandshake(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{})
	set := s.Settings()
	program := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		switch {
		case r.Method == http.MethodPost:
			w.WriteHeader(http.StatusOK)
		case q.Get("crc_token") != "":
			_, _ = fmt.Fprintf(w, `{"response_token":"sha256=%s"}`, base64MAC(sha256.New, set["TWITTER_CONSUMER_SECRET"], q.Get("crc_token")))
		case r.URL.Path == "/bot" && q.Get("hub.verify_token") == set["FB_VERIFY_TOKEN"]:
			_, _ = fmt.Fprint(w, q.Get("hub.challenge"))
		default:
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer program.Close()
	ctx := t.Context()
	for kind, want := range map[simulator.Kind]error{
		simulator.Facebook: nil, simulator.Twitter: nil, simulator.Line: nil, simulator.SMS: nil,
		simulator.InstagramLogin: simulator.ErrHandshake, simulator.WhatsAppCloud: simulator.ErrHandshake,
	} {
		if err := s.Handshake(ctx, program.URL, s.Channel(kind)); !errors.Is(err, want) {
			t.Errorf("Handshake(%s) = %v, want %v", kind, err, want)
		}
	}
	line := s.Channel(simulator.Line)
	a, err := s.Deliver(ctx, program.URL, line, simulator.Incoming{From: line.Person(0).From, Text: "hi", At: time.UnixMilli(1760300000001)})
	if err != nil || !a.OK() || len(a.IDs) != 1 {
		t.Errorf("Deliver() = %+v, %v", a, err)
	}
}

func TestIdentitiesAreDistinct(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{PerKind: 300})
	seen := map[string]bool{}
	for _, c := range s.Channels() {
		if seen[c.Address] {
			t.Fatalf("address %s of %s is used twice", c.Address, c.Name)
		}
		seen[c.Address] = true
		if !json.Valid(c.Params()) {
			t.Errorf("%s: invalid parameters", c.Name)
		}
	}
	if got, want := len(s.Channels()), 300*len(simulator.Kinds()); got != want {
		t.Errorf("%d channels, want %d", got, want)
	}
}

func BenchmarkBuild(b *testing.B) {
	s, err := simulator.Start(context.Background(), simulator.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	for _, kind := range []simulator.Kind{
		simulator.Facebook, simulator.WhatsAppCloud, simulator.Line, simulator.SMS, simulator.TwilioSMS, simulator.Twitter,
	} {
		b.Run(string(kind), func(b *testing.B) {
			c := s.Channel(kind)
			who := c.Person(1)
			for b.Loop() {
				if _, err := s.Build(c, simulator.Incoming{From: who.From, Name: who.Name, Text: "Is the sourdough ready? ✅"}, public); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestTwilioReportsToTheCallbackOfTheSend(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{})
	c := s.Channel(simulator.TwilioWhatsApp)
	r := simulator.Receipt{ID: "SM1", To: c.Person(1).From, State: simulator.Read, Callback: public + "/twilio/delivery_status?inbox=9"}
	d, err := s.BuildStatus(c, r, "http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	if d.Path != "/twilio/delivery_status?inbox=9" || !proven(s.Settings(), secrets(t, c), "", c, d) {
		t.Errorf("receipt to %s is not proven for the callback address", d.Path)
	}
}
