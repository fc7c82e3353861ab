package e2e_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/simulator"
	"tributary/store/storetest"
)

// inside is a server that users must not reach. It counts who connects.
type inside struct {
	address string
	reached atomic.Int64
}

func listenInside(t testing.TB) *inside {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	in := &inside{address: "https://" + l.Addr().String() + "/hook"}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			in.reached.Add(1)
			_ = conn.Close()
		}
	}()
	return in
}

// TestUsersReachNothingInside: an address in the operator's own network, typed in
// wherever users may type one in, is never connected to. With OUTBOUND_ALLOW_PRIVATE
// the same story connects to each, which proves that the story gets there.
func TestUsersReachNothingInside(t *testing.T) {
	t.Parallel()
	for _, allowed := range []bool{true, false} {
		t.Run(fmt.Sprintf("allowed %t", allowed), func(t *testing.T) {
			t.Parallel()
			p := start(t, testkit.Backend{Name: "embedded"}, options{
				sim:      simulator.Options{Kinds: []simulator.Kind{simulator.Line}},
				settings: map[string]string{"OUTBOUND_ALLOW_PRIVATE": fmt.Sprint(allowed), "DISABLE_GRAVATAR": "true"},
			})
			all := map[string]*inside{}
			for _, name := range []string{"webhook", "API inbox", "bot", "rule", "macro", "avatar", "upload"} {
				all[name] = listenInside(t)
			}
			p.typeIn(all)
			if allowed {
				for name, in := range all {
					testkit.Wait(t, 30*time.Second, "the address of the "+name+" to be called", func() bool { return in.reached.Load() > 0 })
				}
				return
			}
			testkit.Wait(t, 30*time.Second, "every address to be refused", func() bool {
				_, metrics := p.request(http.MethodGet, "/metrics", nil)
				refused := 0
				for _, m := range regexp.MustCompile(`tributary_webhook_attempts_total\{[^}]*outcome="failed"[^}]*\} (\d+)`).FindAllStringSubmatch(string(metrics), -1) {
					var n int
					_, _ = fmt.Sscan(m[1], &n)
					refused += n
				}
				waiting := texts(t, p.database(), `SELECT kind FROM jobs WHERE state <> 'dead' AND attempts = 0`)
				return refused >= 4 && len(waiting) == 0
			})
			for name, in := range all {
				if n := in.reached.Load(); n != 0 {
					t.Errorf("the address of the %s was connected to %d times", name, n)
				}
			}
		})
	}
}

// typeIn enters an address inside wherever there is one to enter, and has each called.
func (p *program) typeIn(all map[string]*inside) {
	p.t.Helper()
	ch := p.sim.Channel(simulator.Line)
	inbox := p.connect(ch)
	p.want(http.MethodPost, "webhooks", map[string]any{"webhook": map[string]any{
		"url": all["webhook"].address, "subscriptions": []string{"message_created"},
	}}, http.StatusOK, nil)
	p.want(http.MethodPost, "inboxes", map[string]any{"name": "API", "channel": map[string]any{"type": "api", "webhook_url": all["API inbox"].address}}, http.StatusOK, nil)
	var made struct {
		ID int64 `json:"id"`
	}
	p.want(http.MethodPost, "agent_bots", map[string]any{"name": "Bot", "outgoing_url": all["bot"].address}, http.StatusOK, &made)
	p.want(http.MethodPost, fmt.Sprintf("inboxes/%d/set_agent_bot", inbox), map[string]any{"agent_bot": made.ID}, http.StatusOK, nil)
	p.want(http.MethodPost, "automation_rules", map[string]any{
		"name": "r", "event_name": "message_created", "active": true,
		"conditions": []any{map[string]any{"attribute_key": "message_type", "filter_operator": "equal_to", "values": []string{"incoming"}, "query_operator": nil}},
		"actions":    []any{map[string]any{"action_name": "send_webhook_event", "action_params": []string{all["rule"].address}}},
	}, http.StatusOK, nil)
	var macro struct {
		Payload struct {
			ID int64 `json:"id"`
		} `json:"payload"`
	}
	p.want(http.MethodPost, "macros", map[string]any{
		"name": "m", "visibility": "global",
		"actions": []any{map[string]any{"action_name": "send_webhook_event", "action_params": []string{all["macro"].address}}},
	}, http.StatusOK, &macro)
	conversation := p.deliver(ch, incoming(ch, 0, "hello"))
	p.want(http.MethodPost, fmt.Sprintf("macros/%d/execute", macro.Payload.ID), map[string]any{"conversation_ids": []int64{conversation}}, http.StatusOK, nil)
	p.want(http.MethodPost, "contacts", map[string]any{"name": "A", "avatar_url": all["avatar"].address}, http.StatusOK, nil)
	_, _ = p.call(http.MethodPost, "upload", map[string]any{"external_url": all["upload"].address})
	var api struct {
		Payload []struct {
			ID         int64  `json:"id"`
			Identifier string `json:"inbox_identifier"`
			Name       string `json:"name"`
		} `json:"payload"`
	}
	p.want(http.MethodGet, "inboxes", nil, http.StatusOK, &api)
	for _, one := range api.Payload {
		if one.Name != "API" {
			continue
		}
		base := p.base + "/public/api/v1/inboxes/" + one.Identifier + "/contacts"
		_, _, body := visit(p.t, "POST", base, `{"name":"Ana"}`, nil)
		var contact struct {
			Source string `json:"source_id"`
		}
		if err := json.Unmarshal(body, &contact); err != nil {
			p.t.Fatalf("contact: %v %s", err, body)
		}
		_, _, body = visit(p.t, "POST", base+"/"+contact.Source+"/conversations", `{}`, nil)
		var opened struct {
			ID int64 `json:"id"`
		}
		if err := json.Unmarshal(body, &opened); err != nil {
			p.t.Fatalf("conversation: %v %s", err, body)
		}
		if status, _, body := visit(p.t, "POST", fmt.Sprintf("%s/%s/conversations/%d/messages", base, contact.Source, opened.ID), `{"content":"hi"}`, nil); status != http.StatusOK {
			p.t.Fatalf("message: %d %s", status, body)
		}
		p.reply(opened.ID, "hi")
	}
}

// TestSecretsAreNotTold: providers that answer with the credentials that they were
// called with, a database that fails, refused webhooks and sign-ins: nothing of it
// brings a secret into the log, the metrics or what agents read.
func TestSecretsAreNotTold(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		kinds := []simulator.Kind{simulator.Line, simulator.Telegram, simulator.SMS, simulator.TwilioSMS, simulator.WhatsAppCloud}
		p := prepare(t, b, options{sim: simulator.Options{Kinds: kinds}})
		settings := map[string]string{
			"LOG_LEVEL": "debug", "LOG_FORMAT": "json", "SECRET_KEY_BASE": "a marker of a key 0123456789",
			"SMTP_ADDRESS": "127.0.0.1", "SMTP_PORT": "1", "SMTP_USERNAME": "mailer", "SMTP_PASSWORD": "a-marker-of-smtp", "HCAPTCHA_SERVER_KEY": "a-marker-of-hcaptcha",
		}
		c := p.spawn(settings)
		session := p.owner(settings)
		secrets := map[string]string{"token": p.token, "password": "Passw0rd!", "session": session.Get("access-token")}
		for name, value := range settings {
			if strings.HasPrefix(value, "a marker") || strings.HasPrefix(value, "a-marker") {
				secrets[name] = value
			}
		}
		for name, value := range p.sim.Settings() {
			if regexp.MustCompile(`SECRET|TOKEN`).MatchString(name) && len(value) > 8 {
				secrets[name] = value
			}
		}
		conversations := map[*simulator.Channel]int64{}
		for _, kind := range kinds {
			ch := p.sim.Channel(kind)
			p.connect(ch)
			for name, value := range textsOf("", ch.Params()) {
				if regexp.MustCompile(`token|secret|key|password`).MatchString(name) && len(value) > 8 {
					secrets[string(kind)+" "+name] = value
				}
			}
			conversations[ch] = p.deliver(ch, incoming(ch, 1, "hello "+string(kind)))
		}
		for _, kind := range []string{string(simulator.SMS), string(simulator.TwilioSMS)} { // as a header has them
			for user, password := range map[string]string{"api_key": "api_secret", "account_sid": "auth_token"} {
				if texts := textsOf("", p.sim.Channel(simulator.Kind(kind)).Params()); texts[password] != "" {
					secrets[kind+" credentials"] = base64.StdEncoding.EncodeToString([]byte(texts[user] + ":" + texts[password]))
				}
			}
		}
		for what, secret := range secrets {
			if len(secret) < 8 {
				t.Fatalf("%s is %q", what, secret)
			}
		}
		if len(secrets) < 14 {
			t.Fatalf("only %d secrets are looked for: the story is not what it was", len(secrets))
		}

		echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			said, _ := json.Marshal(fmt.Sprintf("no: %s %s %s %s", r.URL, r.Header, r.Header.Get("Authorization"), body)) //nolint:errchkjson // a text
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprintf(w, `{"ok":false,"error_code":400,"code":21211,"status":400,"type":"x","description":%[1]s,"message":%[1]s,"more_info":%[1]s,`+
				`"details":[{"message":%[1]s}],"error":{"message":%[1]s,"type":"OAuthException","code":100,"error_user_msg":%[1]s,"error_data":{"details":%[1]s}}}`, said)
		}))
		defer echo.Close()
		c.restart(map[string]string{
			"TELEGRAM_API_URL": echo.URL, "LINE_API_URL": echo.URL, "TWILIO_API_URL": echo.URL, "BANDWIDTH_MESSAGING_URL": echo.URL, "WHATSAPP_CLOUD_BASE_URL": echo.URL,
		})
		var answers []string
		for ch, conversation := range conversations {
			m := p.state(conversation, p.reply(conversation, "hi").ID, "failed")
			answers = append(answers, fmt.Sprint(m.Attributes))
			_, list := p.call(http.MethodGet, fmt.Sprintf("conversations?status=all&inbox_id=%d", p.inboxes[ch]), nil)
			answers = append(answers, string(list))
		}
		// A database that refuses, and says what with.
		stop, mend := `CREATE TRIGGER refuse BEFORE INSERT ON messages BEGIN SELECT RAISE(ABORT, 'refused'); END`, `DROP TRIGGER refuse`
		db := p.database()
		if b.DatabaseURL != "" {
			stop = `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''refused''; END'; ` +
				`CREATE TRIGGER refuse BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION refuse()`
			mend = `DROP TRIGGER refuse ON messages`
		}
		if _, err := db.ExecContext(t.Context(), stop); err != nil {
			t.Fatal(err)
		}
		status, body := p.call(http.MethodPost, fmt.Sprintf("conversations/%d/messages?api_access_token=%s", conversations[p.sim.Channel(simulator.Line)], p.token), map[string]any{"content": "x"})
		if status != http.StatusInternalServerError || strings.Contains(string(body), "refused") {
			t.Errorf("a reply that the database refuses: %d %s", status, body)
		}
		answers = append(answers, string(body))
		if _, err := db.ExecContext(t.Context(), mend); err != nil {
			t.Fatal(err)
		}
		// Refusals of what holds a secret itself.
		telegram := secrets["telegram bot_token"]
		for _, one := range [][2]string{
			{"/webhooks/telegram/" + telegram, `{"update_id":1}`},
			{"/webhooks/telegram/" + telegram + "x", `not json`},
			{"/auth/sign_in", `{"email":"eva@example.test","password":"Passw0rd!x"}`},
			{"/auth/password", `{"email":"eva@example.test"}`},
			{"/api/v1/accounts/99/conversations?api_access_token=" + p.token, `{}`},
			{"/super_admin/sign_in", `password=Passw0rd!`},
		} {
			_, _, body := visit(t, http.MethodPost, p.base+one[0], one[1], nil)
			answers = append(answers, string(body))
		}
		_, metrics := p.request(http.MethodGet, "/metrics", nil)
		log, err := os.ReadFile(c.log)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(log), `"level":"ERROR"`) || strings.Count(string(log), "\n") < 20 {
			t.Errorf("the log is not what it was:\n%s", log)
		}
		for where, text := range map[string]string{"an answer": strings.Join(answers, "\n"), "the metrics": string(metrics), "the log": string(log)} {
			for what, secret := range secrets {
				if at := strings.Index(text, secret); at >= 0 {
					t.Errorf("%s is in %s: …%s…", what, where, text[max(0, at-200):min(len(text), at+len(secret)+40)])
				}
			}
		}
	})
}

// textsOf are the texts of a value by the names of their members.
func textsOf(name string, v any) map[string]string {
	out := map[string]string{}
	raw, err := json.Marshal(v)
	if err != nil {
		return out
	}
	var walk func(name string, v any)
	walk = func(name string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, one := range v {
				walk(k, one)
			}
		case []any:
			for _, one := range v {
				walk(name, one)
			}
		case string:
			out[name] = v
		}
	}
	var plain any
	if json.Unmarshal(raw, &plain) == nil {
		walk(name, plain)
	}
	return out
}
