package simulator_test

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tributary/simulator"
)

type result struct {
	status int
	header http.Header
	body   string
}

// do sends a request; pairs are headers.
func do(t *testing.T, method, address, body string, pairs ...string) result {
	t.Helper()
	r, err := try(t.Context(), method, address, body, pairs...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func try(ctx context.Context, method, address, body string, pairs ...string) (result, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return result{}, err
	}
	if strings.HasPrefix(body, "{") || strings.HasPrefix(body, "[") {
		req.Header.Set("Content-Type", "application/json")
	} else if body != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(pairs); i += 2 {
		req.Header.Set(pairs[i], pairs[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return result{}, err
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	return result{status: res.StatusCode, header: res.Header, body: string(b)}, err
}

func basicAuth(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// sendText sends one message as the program must; token spoils the credential
// when it is not empty.
func sendText(ctx context.Context, s *simulator.Simulator, c *simulator.Channel, p map[string]string, to, text, spoil string) (result, error) {
	set := s.Settings()
	quoted, _ := json.Marshal(text) // strings always encode
	graph := fmt.Sprintf(`{"recipient":{"id":%q},"message":{"text":%s},"messaging_type":"RESPONSE"}`, to, quoted)
	switch c.Kind {
	case simulator.Facebook, simulator.InstagramPage:
		token := p["page_access_token"]
		q := url.Values{"access_token": {token + spoil}, "appsecret_proof": {hexMAC(sha256.New, set["FB_APP_SECRET"], token)}}
		return try(ctx, http.MethodPost, set["FACEBOOK_GRAPH_URL"]+"/v18.0/me/messages?"+q.Encode(), graph)
	case simulator.InstagramLogin:
		return try(ctx, http.MethodPost, set["INSTAGRAM_GRAPH_URL"]+"/v22.0/"+c.Address+"/messages", graph,
			"Authorization", "Bearer "+p["access_token"]+spoil)
	case simulator.WhatsAppCloud:
		body := fmt.Sprintf(`{"messaging_product":"whatsapp","recipient_type":"individual","to":%q,"type":"text","text":{"body":%s}}`, to, quoted)
		return try(ctx, http.MethodPost, set["WHATSAPP_CLOUD_BASE_URL"]+"/v22.0/"+p["phone_number_id"]+"/messages", body,
			"Authorization", "Bearer "+p["api_key"]+spoil)
	case simulator.WhatsApp360:
		return try(ctx, http.MethodPost, set["WHATSAPP_360_BASE_URL"]+"/messages",
			fmt.Sprintf(`{"to":%q,"type":"text","text":{"body":%s}}`, to, quoted), "D360-API-KEY", p["api_key"]+spoil)
	case simulator.Telegram:
		form := url.Values{"chat_id": {to}, "text": {text}, "parse_mode": {"HTML"}}
		return try(ctx, http.MethodPost, set["TELEGRAM_API_URL"]+"/bot"+p["bot_token"]+spoil+"/sendMessage", form.Encode())
	case simulator.Line:
		return try(ctx, http.MethodPost, set["LINE_API_URL"]+"/v2/bot/message/push",
			fmt.Sprintf(`{"to":%q,"messages":[{"type":"text","text":%s}]}`, to, quoted),
			"Authorization", "Bearer "+p["line_channel_token"]+spoil)
	case simulator.SMS:
		return try(ctx, http.MethodPost, set["BANDWIDTH_MESSAGING_URL"]+"/api/v2/users/"+p["account_id"]+"/messages",
			fmt.Sprintf(`{"to":[%q],"from":%q,"text":%s,"applicationId":%q}`, to, c.Address, quoted, p["application_id"]),
			"Authorization", basicAuth(p["api_key"], p["api_secret"]+spoil))
	case simulator.TwilioSMS, simulator.TwilioWhatsApp:
		form := url.Values{"To": {to}, "From": {c.Address}, "Body": {text}, "StatusCallback": {public + "/twilio/delivery_status"}}
		return try(ctx, http.MethodPost, set["TWILIO_API_URL"]+"/2010-04-01/Accounts/"+p["account_sid"]+"/Messages.json", form.Encode(),
			"Authorization", basicAuth(p["account_sid"], p["auth_token"]+spoil))
	case simulator.Twitter:
		address := set["TWITTER_API_URL"] + "/1.1/direct_messages/events/new.json"
		body := fmt.Sprintf(`{"event":{"type":"message_create","message_create":{"target":{"recipient_id":%q},"message_data":{"text":%s}}}}`, to, quoted)
		return try(ctx, http.MethodPost, address, body, "Authorization", oauth(set, p, address, spoil))
	default:
		body := fmt.Sprintf(`{"event":"message_created","id":77,"message_type":"outgoing","private":false,"content":%s,`+
			`"conversation":{"id":1,"contact_inbox":{"source_id":%q}}}`, quoted, to)
		return try(ctx, http.MethodPost, p["webhook_url"]+spoil, body)
	}
}

// oauth signs a call without parameters by the letter of RFC 5849.
func oauth(set, p map[string]string, address, spoil string) string {
	escape := func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
	params := "oauth_consumer_key=" + set["TWITTER_CONSUMER_KEY"] + "&oauth_nonce=n0nce&oauth_signature_method=HMAC-SHA1" +
		"&oauth_timestamp=1760200000&oauth_token=" + escape(p["twitter_access_token"]) + "&oauth_version=1.0"
	text := "POST&" + escape(address) + "&" + escape(params)
	signature := base64MAC(sha1.New, set["TWITTER_CONSUMER_SECRET"]+"&"+p["twitter_access_token_secret"]+spoil, text)
	return `OAuth oauth_consumer_key="` + set["TWITTER_CONSUMER_KEY"] + `", oauth_nonce="n0nce", oauth_signature="` + escape(signature) +
		`", oauth_signature_method="HMAC-SHA1", oauth_timestamp="1760200000", oauth_token="` + escape(p["twitter_access_token"]) +
		`", oauth_version="1.0"`
}

func TestProvidersAcceptWhatIsRight(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{PerKind: 2})
	for _, c := range s.Channels() {
		if c.Index != 1 {
			continue
		}
		p, to, text := secrets(t, c), c.Person(5).From, "Sí, \"de 8 a 13\" 🥖 & más"
		r, err := sendText(t.Context(), s, c, p, to, text, "spoiled")
		if err != nil || r.status < 400 || r.status > 404 {
			t.Errorf("%s with a wrong credential: %d %s %v", c.Kind, r.status, r.body, err)
		}
		r, err = sendText(t.Context(), s, c, p, to, text, "")
		if err != nil || r.status < 200 || r.status > 299 {
			t.Errorf("%s: %d %s %v", c.Kind, r.status, r.body, err)
			continue
		}
		sent, err := s.WaitSent(t.Context(), func(x *simulator.Sent) bool { return x.Channel == c })
		if err != nil {
			t.Fatal(err)
		}
		if sent.To != to || sent.Text != text || sent.ProviderID == "" || sent.Attempt != 1 || !sent.Accepted() {
			t.Errorf("%s: recorded %+v", c.Kind, sent)
		}
		if c.Kind != simulator.API && !strings.Contains(r.body, sent.ProviderID) {
			t.Errorf("%s: id %s is not in the answer %s", c.Kind, sent.ProviderID, r.body)
		}
		if got := s.Accepted(c.Kind); got != 1 {
			t.Errorf("Accepted(%s) = %d, want 1", c.Kind, got)
		}
	}
}

func TestFacebookNeedsTheProof(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{})
	p := secrets(t, s.Channel(simulator.Facebook))
	address := s.Settings()["FACEBOOK_GRAPH_URL"] + "/v18.0/me/messages?access_token=" + p["page_access_token"]
	for _, proof := range []string{"", "&appsecret_proof=00"} {
		r := do(t, http.MethodPost, address+proof, `{"recipient":{"id":"1"},"message":{"text":"x"}}`)
		if r.status != http.StatusBadRequest || !strings.Contains(r.body, "appsecret_proof") {
			t.Errorf("proof %q: %d %s", proof, r.status, r.body)
		}
	}
	if got := len(s.Sent()); got != 0 {
		t.Errorf("%d sends recorded, want none", got)
	}
}

func TestLineIdempotency(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{})
	c := s.Channel(simulator.Line)
	p, to := secrets(t, c), c.Person(1).From
	push := func() result {
		return do(t, http.MethodPost, s.Settings()["LINE_API_URL"]+"/v2/bot/message/push",
			fmt.Sprintf(`{"to":%q,"messages":[{"type":"text","text":"once"}]}`, to),
			"Authorization", "Bearer "+p["line_channel_token"], "X-Line-Retry-Key", "0f0e0d0c-aaaa-4bbb-8ccc-1234567890ab")
	}
	s.Fail(simulator.Line, simulator.Outage(http.StatusBadGateway, 1))
	want := []int{http.StatusBadGateway, http.StatusOK, http.StatusConflict}
	for i, status := range want {
		if r := push(); r.status != status {
			t.Errorf("push %d = %d %s, want %d", i+1, r.status, r.body, status)
		}
	}
	list := s.Sent()
	if len(list) != 3 || list[2].ProviderID != list[1].ProviderID || !list[2].Duplicate || list[2].Attempt != 3 {
		t.Errorf("recorded %+v", list)
	}
}

func TestLineReplyTokenServesOnce(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{})
	c := s.Channel(simulator.Line)
	p, who := secrets(t, c), c.Person(1)
	d, err := s.Build(c, simulator.Incoming{From: who.From, Name: who.Name, Text: "hi"}, public)
	if err != nil {
		t.Fatal(err)
	}
	var body struct {
		Events []struct {
			ReplyToken string `json:"replyToken"`
		} `json:"events"`
	}
	if err := json.Unmarshal(d.Body, &body); err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{http.StatusOK, http.StatusBadRequest} {
		r := do(t, http.MethodPost, s.Settings()["LINE_API_URL"]+"/v2/bot/message/reply",
			fmt.Sprintf(`{"replyToken":%q,"messages":[{"type":"text","text":"yes"}]}`, body.Events[0].ReplyToken),
			"Authorization", "Bearer "+p["line_channel_token"])
		if r.status != want {
			t.Errorf("reply %d = %d %s, want %d", i+1, r.status, r.body, want)
		}
	}
	if list := s.Sent(); len(list) != 1 || list[0].To != who.From {
		t.Errorf("recorded %+v, want one reply to %s", list, who.From)
	}
	r := do(t, http.MethodGet, s.Settings()["LINE_API_URL"]+"/v2/bot/profile/"+who.From, "", "Authorization", "Bearer "+p["line_channel_token"])
	if !strings.Contains(r.body, who.Name) {
		t.Errorf("profile = %d %s, want the name %s", r.status, r.body, who.Name)
	}
}

func TestFailuresOfEveryKind(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{})
	for _, c := range s.Channels() {
		p, to := secrets(t, c), c.Person(2).From
		tests := []struct {
			name    string
			failure simulator.Failure
			low, hi int
		}{
			{"outage", simulator.Outage(http.StatusServiceUnavailable, 1), 503, 503},
			{"throttle", simulator.Throttle(1500*time.Millisecond, 1), 429, 429},
			{"refusal", simulator.Failure{Refuse: true, Times: 1}, 400, 422},
			{"dead token", simulator.Failure{Unauthorised: true, Times: 1}, 400, 401},
		}
		for _, tt := range tests {
			s.Fail(c.Kind, tt.failure)
			r, err := sendText(t.Context(), s, c, p, to, tt.name, "")
			if err != nil || r.status < tt.low || r.status > tt.hi {
				t.Errorf("%s %s: %d %s %v", c.Kind, tt.name, r.status, r.body, err)
			}
			if after := r.header.Get("Retry-After"); tt.name == "throttle" && after != "2" {
				t.Errorf("%s: Retry-After = %q, want 2", c.Kind, after)
			}
			if r, err = sendText(t.Context(), s, c, p, to, tt.name, ""); err != nil || r.status > 299 {
				t.Errorf("%s after the %s: %d %v", c.Kind, tt.name, r.status, err)
			}
		}
	}
}

// TestRefusalInItsOwnWords: a refusal may be another than the usual one.
func TestRefusalInItsOwnWords(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{})
	numbered := []simulator.Kind{simulator.Facebook, simulator.InstagramLogin, simulator.WhatsAppCloud, simulator.TwilioSMS, simulator.Twitter}
	for _, c := range s.Channels() {
		p, to := secrets(t, c), c.Person(1).From
		s.FailChannel(c, simulator.Failure{Refuse: true, Code: 4711, Text: "Not on a Sunday", Times: 1})
		r, err := sendText(t.Context(), s, c, p, to, "hello", "")
		if err != nil || r.status < 400 || r.status > 422 || !strings.Contains(r.body, "Not on a Sunday") {
			t.Errorf("%s: %d %s %v", c.Kind, r.status, r.body, err)
		}
		if slices.Contains(numbered, c.Kind) && !strings.Contains(r.body, "4711") {
			t.Errorf("%s: no code: %s", c.Kind, r.body)
		}
	}
}

func TestHangResetAndHeal(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{PerKind: 2})
	c := s.Channel(simulator.SMS)
	p, to := secrets(t, c), c.Person(1).From

	s.FailChannel(c, simulator.Failure{Reset: true, Times: 1})
	if r, err := sendText(t.Context(), s, c, p, to, "reset", ""); err == nil {
		t.Errorf("a reset call was answered: %+v", r)
	}
	s.FailChannel(c, simulator.Failure{Hang: true})
	type answer struct {
		result
		err error
	}
	done := make(chan answer, 1)
	go func() {
		r, err := sendText(t.Context(), s, c, p, to, "hang", "")
		done <- answer{r, err}
	}()
	if _, err := s.WaitSent(t.Context(), func(x *simulator.Sent) bool { return x.Text == "hang" && x.Status == 0 }); err != nil {
		t.Fatal(err)
	}
	other := s.Channels()[slices.Index(s.Channels(), c)+1]
	if r, err := sendText(t.Context(), s, other, secrets(t, other), to, "beside", ""); err != nil || r.status != http.StatusAccepted {
		t.Errorf("another number beside the hanging one: %d %v", r.status, err)
	}
	s.HealChannel(c)
	if a := <-done; a.err != nil || a.status != http.StatusAccepted {
		t.Errorf("the hanging call after healing: %d %v", a.status, a.err)
	}
	// A caller who gives up, and one who is cut off by Close.
	s.FailChannel(c, simulator.Failure{Hang: true})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		r, err := sendText(ctx, s, c, p, to, "gives up", "")
		done <- answer{r, err}
	}()
	if _, err := s.WaitSent(t.Context(), func(x *simulator.Sent) bool { return x.Text == "gives up" }); err != nil {
		t.Fatal(err)
	}
	cancel()
	if a := <-done; !errors.Is(a.err, context.Canceled) {
		t.Errorf("the caller who gave up got %d %v", a.status, a.err)
	}
}

func TestCloseEndsHangingCalls(t *testing.T) {
	t.Parallel()
	s, err := simulator.Start(context.Background(), simulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := s.Channel(simulator.Line)
	s.Fail(simulator.Line, simulator.Failure{Hang: true})
	p, done := secrets(t, c), make(chan error, 1)
	go func() {
		_, err := sendText(context.Background(), s, c, p, c.Person(1).From, "stuck", "")
		done <- err
	}()
	if _, err := s.WaitSent(t.Context(), func(*simulator.Sent) bool { return true }); err != nil {
		t.Fatal(err)
	}
	if got := s.LastSeq(); got != 1 {
		t.Errorf("LastSeq() = %d, want 1", got)
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close() = %v", err)
	}
	if err := <-done; err == nil {
		t.Error("the hanging call was answered by Close")
	}
	if _, err := s.WaitSent(t.Context(), func(*simulator.Sent) bool { return false }); err == nil {
		t.Error("WaitSent() outlives the simulator")
	}
}

func TestRegistrations(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{})
	set := s.Settings()
	post := func(c *simulator.Channel, address, body string, pairs ...string) {
		t.Helper()
		if r := do(t, http.MethodPost, address, body, pairs...); r.status != http.StatusOK {
			t.Errorf("%s: %d %s", c.Kind, r.status, r.body)
		}
	}
	fb := s.Channel(simulator.Facebook)
	post(fb, set["FACEBOOK_GRAPH_URL"]+"/v18.0/me/subscribed_apps",
		fmt.Sprintf(`{"access_token":%q,"subscribed_fields":["messages","message_reads"]}`, secrets(t, fb)["page_access_token"]))
	ig := s.Channel(simulator.InstagramLogin)
	post(ig, set["INSTAGRAM_GRAPH_URL"]+"/v22.0/"+ig.Address+"/subscribed_apps?subscribed_fields=messages,messaging_seen&access_token="+
		secrets(t, ig)["access_token"], "")
	tw := s.Channel(simulator.TwilioSMS)
	p := secrets(t, tw)
	auth := basicAuth(p["account_sid"], p["auth_token"])
	numbers := set["TWILIO_API_URL"] + "/2010-04-01/Accounts/" + p["account_sid"] + "/IncomingPhoneNumbers"
	r := do(t, http.MethodGet, numbers+".json?PhoneNumber="+url.QueryEscape(tw.Address), "", "Authorization", auth)
	var found struct {
		Numbers []struct {
			SID string `json:"sid"`
		} `json:"incoming_phone_numbers"`
	}
	if err := json.Unmarshal([]byte(r.body), &found); err != nil || len(found.Numbers) != 1 {
		t.Fatalf("numbers = %s", r.body)
	}
	post(tw, numbers+"/"+found.Numbers[0].SID+".json", url.Values{"SmsUrl": {public + "/twilio/callback"}, "SmsMethod": {"POST"}}.Encode(),
		"Authorization", auth)
	tg := s.Channel(simulator.Telegram)
	register(t, s, tg)
	for c, want := range map[*simulator.Channel]simulator.Registration{
		fb: {Fields: []string{"messages", "message_reads"}},
		ig: {Fields: []string{"messages", "messaging_seen"}},
		tw: {URL: public + "/twilio/callback"},
		tg: {URL: public + "/webhooks/telegram/" + secrets(t, tg)["bot_token"], Secret: "tg-secret_1"},
	} {
		got, ok := c.Registration()
		if !ok || got.URL != want.URL || got.Secret != want.Secret || !slices.Equal(got.Fields, want.Fields) {
			t.Errorf("%s: registration = %+v, want %+v", c.Kind, got, want)
		}
	}
	if got := s.Public(tw, "http://127.0.0.1:3000"); got != public {
		t.Errorf("Public() = %s, want what was registered", got)
	}
	post(tg, set["TELEGRAM_API_URL"]+"/bot"+secrets(t, tg)["bot_token"]+"/deleteWebhook", "")
	if _, ok := tg.Registration(); ok {
		t.Error("telegram is still registered after deleteWebhook")
	}
}

func TestCredentialChecks(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{})
	set := s.Settings()
	cloud, tg, tw := s.Channel(simulator.WhatsAppCloud), s.Channel(simulator.Telegram), s.Channel(simulator.TwilioWhatsApp)
	pc, pt := secrets(t, cloud), secrets(t, tw)
	for _, tt := range []struct {
		name, address, auth string
		want                int
	}{
		{"templates", set["WHATSAPP_CLOUD_BASE_URL"] + "/v14.0/" + pc["business_account_id"] + "/message_templates?access_token=" + pc["api_key"], "", 200},
		{"templates, wrong token", set["WHATSAPP_CLOUD_BASE_URL"] + "/v14.0/" + pc["business_account_id"] + "/message_templates?access_token=x", "", 401},
		{"health", set["WHATSAPP_CLOUD_BASE_URL"] + "/v22.0/" + pc["phone_number_id"] + "?fields=status", "Bearer " + pc["api_key"], 200},
		{"getMe", set["TELEGRAM_API_URL"] + "/bot" + secrets(t, tg)["bot_token"] + "/getMe", "", 200},
		{"getMe, wrong token", set["TELEGRAM_API_URL"] + "/bot1:x/getMe", "", 401},
		{"twilio", set["TWILIO_API_URL"] + "/2010-04-01/Accounts/" + pt["account_sid"] + "/Messages.json?PageSize=1", basicAuth(pt["account_sid"], pt["auth_token"]), 200},
		{"twilio, wrong token", set["TWILIO_API_URL"] + "/2010-04-01/Accounts/" + pt["account_sid"] + "/Messages.json", basicAuth(pt["account_sid"], "x"), 401},
	} {
		if r := do(t, http.MethodGet, tt.address, "", "Authorization", tt.auth); r.status != tt.want {
			t.Errorf("%s = %d %s, want %d", tt.name, r.status, r.body, tt.want)
		}
	}
}

func TestReceiptsFollowASendAndPersist(t *testing.T) {
	t.Parallel()
	got := make(chan string, 8)
	var calls atomic.Int32
	program := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable) // the provider must come back
			return
		}
		b, _ := io.ReadAll(r.Body) // a short read fails the comparison below
		got <- string(b)
	}))
	defer program.Close()
	s := start(t, simulator.Options{Receipts: true, Target: program.URL})
	c := s.Channel(simulator.WhatsAppCloud)
	if r, err := sendText(t.Context(), s, c, secrets(t, c), c.Person(1).From, "hi", ""); err != nil || r.status != http.StatusOK {
		t.Fatalf("send = %d %v", r.status, err)
	}
	id := s.Sent()[0].ProviderID
	for _, state := range []string{simulator.Delivered, simulator.Read} {
		select {
		case body := <-got:
			if !strings.Contains(body, `"status":"`+state+`"`) || !strings.Contains(body, id) {
				t.Errorf("receipt = %s, want %s of %s", body, state, id)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("no receipt %q", state)
		}
	}
	if n := s.ReceiptErrors(); n != 0 {
		t.Errorf("ReceiptErrors() = %d", n)
	}
}

func TestJournalKeepsAndStreams(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{Keep: 3})
	c := s.Channel(simulator.SMS)
	p := secrets(t, c)
	calls, cancel := s.Subscribe(16)
	for i := range 9 {
		if _, err := sendText(t.Context(), s, c, p, c.Person(1).From, fmt.Sprint("text ", i), ""); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 9 {
		if x := <-calls; x.Text != fmt.Sprint("text ", i) || x.Seq != uint64(i+1) {
			t.Errorf("streamed %d: %q", x.Seq, x.Text)
		}
	}
	cancel()
	cancel()
	list := s.Sent()
	if len(list) < 3 || len(list) > 5 || list[len(list)-1].Text != "text 8" {
		t.Errorf("kept %d records, the last is %+v", len(list), list[len(list)-1])
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := s.WaitSent(ctx, func(x *simulator.Sent) bool { return x.Text == "never" }); !errors.Is(err, context.Canceled) {
		t.Errorf("WaitSent() = %v, want canceled", err)
	}
}

func BenchmarkSend(b *testing.B) {
	s, err := simulator.Start(context.Background(), simulator.Options{Keep: 1000})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	c := s.Channel(simulator.Line)
	var p struct {
		Channel struct {
			Token string `json:"line_channel_token"`
		} `json:"channel"`
	}
	if err := json.Unmarshal(c.Params(), &p); err != nil {
		b.Fatal(err)
	}
	secrets := map[string]string{"line_channel_token": p.Channel.Token}
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if r, err := sendText(context.Background(), s, c, secrets, c.Person(1).From, "hi", ""); err != nil || r.status != http.StatusOK {
				b.Errorf("%d %v", r.status, err)
			}
		}
	})
}
