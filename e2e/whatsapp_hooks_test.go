package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/store/storetest"
)

// TestWhatsAppHandshake: Meta's question whether an address is ours is answered for
// the app and for each number, and for nobody else.
func TestWhatsAppHandshake(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		s := whatsappStage(t, b, nil, 48)
		verify := func(s *stage, file string) {
			t.Helper()
			p := payloadFile(t, file)
			query := url.Values{}
			for k, v := range p.Request.Query {
				query.Set(k, v)
			}
			res, err := http.Get(s.base + p.Request.Path + "?" + query.Encode())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = res.Body.Close() }()
			var body strings.Builder
			if err := res.Write(&body); err != nil {
				t.Fatal(err)
			}
			_, text, _ := strings.Cut(body.String(), "\r\n\r\n")
			want := string(compactOr(t, p))
			if res.StatusCode != p.Status || text != want || res.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%s: got %d %s %q, want %d %q", file, res.StatusCode, res.Header.Get("Content-Type"), text, p.Status, want)
			}
		}
		for _, file := range payloadFiles(t, "webhook-verify-") {
			verify(s, file)
		}
		unset := whatsappStage(t, other(t, b), map[string]string{"WHATSAPP_WEBHOOK_VERIFY_TOKEN": ""}, 48)
		verify(unset, "webhook-verify-app-wrong-token.json")
	})
}

// other is a second, empty back end of the same kind.
func other(t *testing.T, b testkit.Backend) testkit.Backend {
	t.Helper()
	if b.DatabaseURL != "" {
		b.DatabaseURL, b.RedisPrefix = storetest.Prepared.Postgres(t), b.RedisPrefix+"second"
	}
	return b
}

// compactOr is the answer of a payload: JSON, or text as it is.
func compactOr(t testing.TB, p *payload) []byte {
	t.Helper()
	if p.BodyRaw != nil {
		return []byte(*p.BodyRaw)
	}
	return compact(t, p.Body)
}

// TestWhatsAppInactiveNumber: a number that the operator switched off takes nothing.
func TestWhatsAppInactiveNumber(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		s := whatsappStage(t, b, map[string]string{"INACTIVE_WHATSAPP_NUMBERS": "+15035550142"}, 48, 49)
		p := payloadFile(t, "webhook-inactive-number.json")
		status, got := s.hook("webhook-inactive-number.json")
		if status != p.Status || got != string(compact(t, p.Body)) {
			t.Errorf("got %d %s, want %d %s", status, got, p.Status, compact(t, p.Body))
		}
		if status, got := s.hook("webhook-wrong-url-message-at-app.json"); status != http.StatusOK {
			t.Errorf("another number: %d %s", status, got)
		}
		s.stored(48, "hello")
		if list := s.conversations(s.ids[49]); len(list) > 0 {
			t.Errorf("the number that is off has %v", list)
		}
	})
}

// stored waits until an agent sees a message of a given inbox, and gives its
// conversation.
func (s *stage) stored(inbox int, text string) int64 {
	s.t.Helper()
	var found int64
	testkit.Wait(s.t, 20*time.Second, fmt.Sprintf("%q in inbox %d", text, inbox), func() bool {
		for _, c := range s.conversations(s.ids[inbox]) {
			for _, m := range s.messages(c.ID) {
				if m.Content == text {
					found = c.ID
					return true
				}
			}
		}
		return false
	})
	return found
}

// TestWhatsAppMessagesBesideNews: messages are stored wherever they arrive, and with
// whatever arrives beside them.
func TestWhatsAppMessagesBesideNews(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		s := whatsappStage(t, b, nil)
		for _, c := range []struct {
			file  string
			inbox int
			text  string
		}{
			{"webhook-wrong-url-message-at-app.json", 48, "hello"},
			{"webhook-batch-message-and-management.json", 50, "Is my bike ready? Olá 😊"},
			{"webhook-smb-message-echoes.json", 51, "typed in the app"},
		} {
			if status, got := s.hook(c.file); status != http.StatusOK || got != "" {
				t.Errorf("%s: %d %q", c.file, status, got)
			}
			s.stored(c.inbox, c.text)
		}
		waiting, err := s.app.Queue().Stats(t.Context())
		if err != nil || len(waiting.Dead) > 0 {
			t.Errorf("dead letters: %v %v", waiting.Dead, err)
		}
	})
}

// TestWhatsAppTemplateWebhooks: news of a template change it in every inbox of its
// account; of one that nobody knows the list is read anew.
func TestWhatsAppTemplateWebhooks(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		s := whatsappStage(t, b, nil)
		listed := func(inbox int) map[string]any {
			_, got := s.ask("admin", http.MethodGet, s.path(inbox, ""), nil)
			var in struct {
				Templates []map[string]any `json:"message_templates"`
			}
			if json.Unmarshal(got, &in) != nil {
				return nil // no list yet
			}
			for _, m := range in.Templates {
				if m["id"] == "410100200300401" {
					return m
				}
			}
			return nil
		}
		for _, inbox := range []int{48, 49, 50} {
			testkit.Wait(t, 20*time.Second, "the templates to be listed", func() bool { return listed(inbox) != nil })
		}
		const list = "GET /900100200300401/message_templates"
		for _, file := range payloadFiles(t, "webhook-template-") {
			var e struct {
				Template *struct{ ID, Name, Language, Status string }
				Category string
				Quality  string `json:"template_quality"`
				Sync     bool   `json:"queue_sync"`
			}
			if err := json.Unmarshal(payloadFile(t, file).Expect, &e); err != nil {
				t.Fatal(err)
			}
			before := s.meta.mark()
			if status, got := s.hook(file); status != http.StatusOK || got != "" {
				t.Errorf("%s: %d %q", file, status, got)
			}
			if e.Sync {
				testkit.Wait(t, 20*time.Second, "the list to be read anew", func() bool { return slices.Contains(s.meta.seen(before, nil), list) })
				continue
			}
			for _, inbox := range []int{48, 49} {
				got := listed(inbox)
				if e.Template != nil && (got["status"] != e.Template.Status || got["name"] != e.Template.Name || got["language"] != e.Template.Language) {
					t.Errorf("%s: inbox %d has %v, want %+v", file, inbox, got, *e.Template)
				}
				if e.Category != "" && got["category"] != e.Category {
					t.Errorf("%s: inbox %d has %v, want category %s", file, inbox, got, e.Category)
				}
				if score, _ := got["quality_score"].(map[string]any); e.Quality != "" && score["score"] != e.Quality {
					t.Errorf("%s: inbox %d has %v, want quality %s", file, inbox, got, e.Quality)
				}
				if strings.Contains(file, "reject") && got["rejected_reason"] != "INVALID_FORMAT" {
					t.Errorf("%s: inbox %d has %v, want the reason", file, inbox, got)
				}
			}
			if got := listed(50); got["status"] != "APPROVED" || got["category"] != "UTILITY" {
				t.Errorf("%s: another account's template is %v", file, got)
			}
			if got := s.meta.reads(before); len(got) > 0 {
				t.Errorf("%s: the health of %v was read", file, got)
			}
		}
	})
}

// TestWhatsAppForeignSecret: whoever has a number in an account of his own can sign
// for it, with his own app's secret; he cannot speak of others' numbers with it.
func TestWhatsAppForeignSecret(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		s := whatsappStage(t, b, nil)
		const secret = "the stranger's own secret"
		given := givenInboxes(t)[2]
		given.ID, given.Phone, given.AppSecret = 60, "+15035550160", secret
		given.Config = json.RawMessage(`{"api_key":"EAAstranger","phone_number_id":"500100200300460","business_account_id":"900100200300460",
			"webhook_verify_token":"00000000000000000000000000000000"}`)
		mine := s.account
		s.account = int64(s.count(`SELECT account_id FROM account_users WHERE user_id = $1 AND role = 1`, s.users["stranger"]))
		for _, file := range []string{
			"graph-phone-d6-healthy-live.json", "graph-waba.json", "graph-subscribe-success.json", "graph-subscribe-override-success.json",
			"graph-message-templates.json",
		} {
			s.meta.playAs(given.ID, file)
		}
		s.inbox(given)
		s.quiet()
		s.account = mine

		sign := func(file string, path, secret string) int {
			t.Helper()
			body := payloadFile(t, file).sent(t)
			status, _ := s.signed(path, body, secret)
			return status
		}
		_, _, was := s.registration(48)
		before := s.meta.mark()
		for _, file := range []string{
			"webhook-account-update-disabled-disable.json", "webhook-account-update-deleted.json", "webhook-account-update-partner-removed.json",
			"webhook-name-update-rejected-unknown.json", "webhook-security-pin-changed.json", "webhook-template-status-disabled.json",
			"webhook-wrong-url-message-at-app.json", "webhook-batch-several-entries.json",
		} {
			if status := sign(file, "/webhooks/whatsapp/+15035550160", secret); status != http.StatusOK {
				t.Errorf("%s at the stranger's number: %d, want it taken and ignored", file, status)
			}
			for _, path := range []string{"/webhooks/whatsapp", "/webhooks/whatsapp/+15035550141"} {
				if status := sign(file, path, secret); status != http.StatusUnauthorized {
					t.Errorf("%s at %s with the stranger's secret: %d", file, path, status)
				}
			}
		}
		s.quiet()
		if got := s.meta.reads(before); len(got) > 0 {
			t.Errorf("the health of %v was read", got)
		}
		if _, _, is := s.registration(48); string(is) != string(was) {
			t.Errorf("health: got %s, want %s", is, was)
		}
		if s.banner(48) || len(s.conversations(s.ids[48])) > 0 {
			t.Errorf("the stranger changed inbox 48: %v", s.conversations(s.ids[48]))
		}
		if got := texts(t, s.db, `SELECT pin_state FROM whatsapp_numbers WHERE inbox_id = $1`, s.ids[48]); got[0] != "" {
			t.Errorf("the stranger made the PIN %s", got)
		}
		// The same from Meta, with the installation's secret, counts.
		s.meta.play("graph-phone-d1-banned.json")
		s.meta.playAs(49, "graph-phone-d1-banned.json")
		s.hook("webhook-account-update-disabled-disable.json")
		if state, _, _ := s.registration(48); state != "needs_admin" {
			t.Errorf("Meta's own: %v", state)
		}
	})
}
