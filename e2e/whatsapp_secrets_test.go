package e2e_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/store/storetest"
)

// keepJobs keeps the payloads of all jobs that are ordered from now on: done ones are
// removed.
func (s *stage) keepJobs() {
	s.t.Helper()
	s.exec(`CREATE TABLE kept_jobs (payload TEXT)`)
	if s.backend.DatabaseURL == "" {
		s.exec(`CREATE TRIGGER keep_jobs AFTER INSERT ON jobs BEGIN INSERT INTO kept_jobs VALUES (NEW.payload); END`)
		return
	}
	s.exec(`CREATE FUNCTION keep_job() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO kept_jobs VALUES (NEW.payload); RETURN NEW; END'`)
	s.exec(`CREATE TRIGGER keep_jobs AFTER INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION keep_job()`)
}

// everything is every value of every table, as text.
func (s *stage) everything() map[string]string {
	s.t.Helper()
	list := `SELECT name FROM sqlite_master WHERE type = 'table'`
	if s.backend.DatabaseURL != "" {
		list = `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()`
	}
	out := map[string]string{}
	for _, table := range texts(s.t, s.db, list) {
		rows, err := s.db.QueryContext(s.t.Context(), `SELECT * FROM "`+table+`"`)
		if err != nil {
			s.t.Fatal(err)
		}
		out[table] = values(s.t, rows)
	}
	return out
}

func values(t testing.TB, rows *sql.Rows) string {
	t.Helper()
	defer func() { _ = rows.Close() }()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for rows.Next() {
		row := make([]any, len(names))
		for i := range row {
			row[i] = new(any)
		}
		if err := rows.Scan(row...); err != nil {
			t.Fatal(err)
		}
		for i, v := range row {
			value := *v.(*any) //nolint:forcetypeassert // made above
			if raw, ok := value.([]byte); ok {
				value = string(raw)
			}
			fmt.Fprintln(&b, names[i], value)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestWhatsAppSecretsStaySecret: through a signup, attempts, failures, news and the
// end of an inbox, tokens, the app's secret, PINs and signup codes are shown, logged,
// counted and stored nowhere in plain text, and are in no address but where Meta wants
// them.
func TestWhatsAppSecretsStaySecret(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		s := whatsappStage(t, b, map[string]string{"LOG_LEVEL": "debug"}, 49, 50, 52)
		s.keepJobs()
		s.secretLife()

		secrets := map[string]*regexp.Regexp{}
		add := func(what, secret string) {
			secrets[what] = regexp.MustCompile(`(^|[^0-9A-Za-z])` + regexp.QuoteMeta(secret) + `($|[^0-9A-Za-z])`)
		}
		add("the token", "EAAfixtureEmbedded48")
		add("the new token", "EAAfixtureRenewed48")
		add("the manual token", "EAAfixtureManual50")
		add("the app's secret", "fixture-wa-app-secret")
		add("the manual app's secret", "fixture-manual-app-secret")
		add("the signup code", "AQfixtureSignupCode01")
		add("the second signup code", "AQfixtureSignupCode02")
		used := pins(s.meta.all(0))
		for i, pin := range append(used, "004821", "999999") {
			add(fmt.Sprintf("PIN %d", i), pin)
		}
		if len(used) < 4 {
			t.Fatalf("%d PINs were used; the story is not what it was", len(used))
		}
		find := func(where, text string) {
			for what, secret := range secrets {
				if at := secret.FindStringIndex(text); at != nil {
					t.Errorf("%s is in %s: …%s…", what, where, text[max(0, at[0]-120):min(len(text), at[1]+40)])
				}
			}
		}
		find("an answer of the API", strings.Join(s.answers, "\n"))
		find("the log", s.log.String())
		status, metrics := s.ask("", http.MethodGet, "/metrics", nil)
		if status != http.StatusOK || !strings.Contains(string(metrics), "tributary_whatsapp_graph_calls_total") {
			t.Fatalf("metrics: %d", status)
		}
		find("a metric", string(metrics))
		for table, text := range s.everything() {
			find("table "+table, text)
		}
		if kept := texts(t, s.db, `SELECT payload FROM kept_jobs`); len(kept) < 5 {
			t.Errorf("%d jobs were ordered; the story is not what it was", len(kept))
		}
		for _, c := range s.meta.all(0) {
			switch c.Name {
			case "GET /oauth/access_token": // Meta documents no other way
				c.Query.Del("client_secret")
				c.Query.Del("code")
			case "GET /debug_token":
				c.Query.Del("input_token")
			default:
				find("an address", c.URL)
			}
			find("the address of "+c.Name, c.Query.Encode())
		}
	})
}

// secretLife is what a number goes through.
func (s *stage) secretLife() {
	s.t.Helper()
	s.signup("graph-phone-numbers-one.json")
	s.meta.play("graph-phone-d12-name-pending.json")
	s.meta.play("graph-register-error-2388001-display-name.json")
	s.connected(48, "api-authorization-success-new-pending.json", free{"registration": anything, "id": anything})
	// Meta quotes what it does not understand.
	quoted := func(secret string) answerOption {
		return func(a *graphAnswer) {
			a.body = []byte(`{"error":{"message":"Malformed ` + secret + `","type":"OAuthException","code":100,"fbtrace_id":"A",` +
				`"error_user_title":"` + secret + `","error_user_msg":"About ` + secret + `","error_data":{"details":"` + secret + ` is odd"}}}`)
		}
	}
	for _, body := range []string{`{"pin":"004821"}`, `{"reset_pin":true}`, `{}`, `{"pin":"999999"}`, `{"pin":"12"}`} {
		s.clock.advance(61 * time.Second)
		s.press(48, body)
		s.clock.advance(61 * time.Second)
		used := pins(s.meta.all(0))
		s.meta.play("graph-register-error-133005.json", quoted(used[len(used)-1]))
		s.press(48, body)
		s.meta.play("graph-register-error-502-html.json")
	}
	for _, file := range []string{"graph-error-190.json", "graph-error-1.json", "graph-phone-d12-name-pending.json"} {
		s.clock.advance(time.Minute)
		if strings.Contains(file, "error") {
			s.meta.play(file, quoted("EAAfixtureEmbedded48"))
		} else {
			s.meta.play(file, cut)
		}
		s.ask("admin", http.MethodGet, s.path(48, "/health"), nil)
	}
	s.meta.play("graph-subscribe-error-2200.json", quoted("EAAfixtureEmbedded48"))
	s.ask("admin", http.MethodPost, s.path(48, "/register_webhook"), nil)
	s.meta.play("graph-message-templates-error-190.json", quoted("EAAfixtureEmbedded48"))
	s.ask("admin", http.MethodPost, s.path(48, "/sync_templates"), nil)
	s.hook("webhook-wrong-url-message-at-app.json")
	conversation := s.stored(48, "hello")
	s.meta.play("graph-register-error-133010.json", quoted("EAAfixtureEmbedded48")) // the answer to a send
	s.state(conversation, s.reply(conversation, "anybody there?").ID, "failed")
	s.ask("admin", http.MethodGet, fmt.Sprintf("/api/v1/accounts/%d/conversations/%d/messages", s.account, conversation), nil)
	for _, c := range []struct{ exchange, secret string }{
		{"graph-oauth-token-error-secret.json", "fixture-wa-app-secret"}, {"graph-oauth-token-error-code-used.json", "AQfixtureSignupCode02"},
	} {
		s.meta.play(c.exchange, quoted(c.secret))
		s.send(payloadFile(s.t, "api-authorization-reauthorized-waiting.json"))
	}
	s.meta.play("graph-oauth-token.json", with("EAAfixtureEmbedded48", "EAAfixtureRenewed48"))
	s.meta.play("graph-debug-token-invalid.json", quoted("EAAfixtureRenewed48"))
	s.meta.play("graph-phone-numbers-error-100-33.json", quoted("EAAfixtureRenewed48"))
	s.send(payloadFile(s.t, "api-authorization-reauthorized-waiting.json"))
	s.meta.play("graph-phone-numbers-one.json")
	s.meta.play("graph-phone-d11-approved.json")
	s.clock.advance(2 * time.Minute)
	s.send(payloadFile(s.t, "api-authorization-reauthorized-waiting.json"))
	for _, file := range []string{
		"webhook-name-update-approved.json", "webhook-security-pin-changed.json", "webhook-account-update-partner-removed.json",
		"webhook-template-status-rejected.json", "webhook-bad-signature.json", "webhook-unknown-field.json",
	} {
		s.hook(file)
	}
	s.exec(`INSERT INTO inbox_members (inbox_id, user_id, created_at) VALUES ($1, $2, 1)`, s.ids[48], s.users["agent"])
	s.ask("agent", http.MethodGet, s.path(48, ""), nil)
	for _, route := range []string{"/health", "/health?refresh=false", "/registration_attempts"} {
		s.ask("admin", http.MethodGet, s.path(48, route), nil)
	}
	s.ask("admin", http.MethodDelete, s.path(48, ""), nil)
	testkit.Wait(s.t, 20*time.Second, "the inbox to be gone", func() bool {
		return s.count(`SELECT COUNT(*) FROM inboxes WHERE id = $1`, s.ids[48]) == 0
	})
	delete(s.ids, 48)
	s.quiet()
}
