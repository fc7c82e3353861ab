package api_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"tributary/desk"
	"tributary/store"
)

const (
	refusedText = `{"error":"You are not authorized to do this action"}`
	missingText = `{"error":"Resource could not be found"}`
)

// invalidText is the answer to one attribute that fails.
func invalidText(attribute, text string) string {
	return fmt.Sprintf(`{"message":%q,"attributes":[%q]}`, text, attribute)
}

func paramText(key string) string {
	return `{"error":"param is missing or the value is empty: ` + key + `"}`
}

// list decodes a 200 whose body is a list.
func (a answer) list() []any {
	a.t.Helper()
	var l []any
	if err := json.Unmarshal([]byte(a.body), &l); err != nil || a.status != http.StatusOK {
		a.t.Fatalf("%s: got %d %s: %v", a.name, a.status, a.body, err)
	}
	return l
}

// ids are the ids of a list of records.
func ids(list any) []int64 {
	out := []int64{}
	for _, e := range list.([]any) {
		out = append(out, id(at(e, "id")))
	}
	return out
}

// bulk runs the bulk jobs that wait, until there are none.
func (w *world) bulk() {
	w.t.Helper()
	for {
		jobs, err := w.store.ClaimJobs(w.t.Context(), store.LaneBulk, "test", time.Minute, 10)
		w.must(err)
		if len(jobs) == 0 {
			return
		}
		for _, j := range jobs {
			handler, ok := w.desk.Handlers()[j.Kind]
			if !ok {
				w.t.Fatalf("no handler for %s", j.Kind)
			}
			if err := handler(w.t.Context(), j); errors.Is(err, desk.ErrAgain) {
				w.must(w.store.ContinueJob(w.t.Context(), j.ID, time.UnixMicro(w.now.Load())))
				continue
			} else if err != nil {
				w.t.Fatalf("%s: %v", j.Kind, err)
			}
			w.must(w.store.FinishJob(w.t.Context(), j.ID))
		}
	}
}

// audits are the entries of the audit log, oldest first.
func (w *world) audits(kind string) string {
	w.t.Helper()
	return strings.Join(w.texts(`SELECT action || ' ' || audited_changes FROM audits WHERE auditable_type = $1 AND account_id = $2 ORDER BY id`, kind, w.account), "\n")
}

// member makes a user, who joins the account, and gives their id; the role is the
// name by which they call.
func (w *world) member(role, email string, administrator bool) int64 {
	w.t.Helper()
	made, err := w.store.Bootstrap(w.t.Context(), email, role, "hash", "Account of "+role)
	w.must(err)
	number := 0
	if administrator {
		number = 1
	}
	w.exec(`INSERT INTO account_users (account_id, user_id, role, active_at, created_at, updated_at) VALUES ($1, $2, $3, 1, 1, 1)`, w.account, made.UserID, number)
	w.tokens[role] = made.AccessToken
	return made.UserID
}

const defaultFeatures = `{"inbound_emails":true,"channel_email":true,"channel_facebook":true,"channel_twitter":true,"help_center":true,
	"agent_bots":true,"macros":true,"agent_management":true,"team_management":true,"inbox_management":true,"labels":true,"custom_attributes":true,
	"automations":true,"canned_responses":true,"integrations":true,"voice_recorder":true,"channel_website":true,"campaigns":true,"reports":true,
	"crm":true,"auto_resolve_conversations":true,"chatwoot_v4":true,"report_v4":true,"contact_chatwoot_support_team":true,"channel_instagram":true}`

func TestAccountObject(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		got := w.call("agent", "GET", "{A}", "").object()
		created, _ := got["created_at"].(string)
		if !regexp.MustCompile(`^2025-01-31T10:00:00\.\d{3}Z$`).MatchString(created) {
			t.Errorf("created_at %q", created)
		}
		same(t, "account", got, fmt.Sprintf(`{"id":%d,"name":"Acme","locale":"en","status":"active","domain":null,"support_email":null,
			"created_at":%q,"settings":{},"features":%s,"cache_keys":{"label":"0000000000","inbox":"0000000000","team":"0000000000"},
			"latest_chatwoot_version":null,"subscribed_features":[]}`, w.account, created, defaultFeatures))

		w.exec(`UPDATE accounts SET status = 1, locale = 16, domain = 'acme.example', settings = '{"auto_resolve_label":null}', features = 4294967296,
			custom_attributes = '{"plan_name":"Startups","industry":"Shoes","logo":"","stripe_customer_id":"cus_1","onboarding_step":"invite_team","timezone":null}'
			WHERE id = $1`, w.account)
		w.settings["MAILER_SUPPORT_EMAIL"] = "support@example.com"
		w.settings["CHATWOOT_CLOUD_PLAN_FEATURES"] = `{"Startups":["labels","sla"]}`
		got = w.call("agent", "GET", "{A}", "").object()
		compare(t, "filled and suspended", got, `{"status":"suspended","locale":"pt_BR","domain":"acme.example","support_email":"support@example.com",
			"settings":{"auto_resolve_label":null},"features":{"sla":true},"custom_attributes":{"plan_name":"Startups","subscribed_quantity":null,
			"subscription_status":null,"subscription_ends_on":null,"industry":"Shoes","onboarding_step":"invite_team"},"subscribed_features":["labels","sla"]}`)
		w.settings["MAILER_SENDER_EMAIL"] = "Acme <sender@example.com>"
		w.exec(`UPDATE accounts SET custom_attributes = '{"x":1}' WHERE id = $1`, w.account)
		compare(t, "an unknown plan", w.call("agent", "GET", "{A}", "").object(), `{"support_email":"Acme <sender@example.com>","subscribed_features":null,
			"custom_attributes":{"plan_name":null,"subscribed_quantity":null,"subscription_status":null,"subscription_ends_on":null}}`)
		w.exec(`UPDATE accounts SET support_email = 'own@example.com' WHERE id = $1`, w.account)
		compare(t, "its own address", w.call("agent", "GET", "{A}", "").object(), `{"support_email":"own@example.com"}`)
	})
}

func TestAccountAccess(t *testing.T) {
	t.Parallel()
	eachStore(t, func(_ *testing.T, w *world) {
		for _, r := range [][2]string{{"GET", "{A}"}, {"PUT", "{A}"}, {"PATCH", "{A}"}, {"POST", "{A}/update_active_at"}, {"GET", "{A}/cache_keys"}} {
			w.call("", r[0], r[1], "{}").want(401, `{"errors":["You need to sign in or sign up before continuing."]}`)
			w.call("stranger", r[0], r[1], "{}").want(404, missingText)
			w.call("admin", r[0], strings.Replace(r[1], "{A}", "/api/v1/accounts/999", 1), "{}").want(404, missingText)
			w.call("admin", r[0], strings.Replace(r[1], "{A}", "/api/v1/accounts/x", 1), "{}").want(404, missingText)
			w.call("platform", r[0], r[1], "{}").want(401, `{"error":"Access to this endpoint is not authorized for bots"}`)
		}
		w.call("agent", "PATCH", "{A}", `{"name":"x"}`).want(401, refusedText)
		w.call("agent", "PUT", "{A}", `{"auto_resolve_after":1}`).want(401, refusedText)
		w.exec(`UPDATE accounts SET status = 1 WHERE id = $1`, w.account)
		w.call("agent", "POST", "{A}/update_active_at", "").want(200, "")
		w.call("admin", "PATCH", "{A}", `{"name":"x"}`).object()
	})
}

func TestActiveAccount(t *testing.T) {
	t.Parallel()
	eachStore(t, func(_ *testing.T, w *world) {
		w.now.Add(int64(time.Hour / time.Microsecond))
		w.call("agent", "POST", "{A}/update_active_at", "").want(200, "")
		me := w.call("agent", "GET", "/api/v1/profile", "").object()
		if id(me["account_id"]) != w.account || me["role"] != "agent" {
			w.t.Errorf("the account that was used last: %v %v", me["account_id"], me["role"])
		}
	})
}

func TestUpdateAccount(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.exec(`UPDATE accounts SET custom_attributes = '{"onboarding_step":"account_update","stripe_id":9007199254740993,"industry":"old"}' WHERE id = $1`, w.account)
		got := w.call("admin", "PUT", "{A}", `{"name":"New","locale":"de","domain":"acme.example","support_email":"help@acme.example","industry":"Shoes",
			"company_size":"1-10","timezone":"Europe/Berlin","auto_resolve_after":10,"auto_resolve_message":"bye","auto_resolve_ignore_waiting":true,
			"audio_transcriptions":false,"auto_resolve_label":"old","status":"suspended","features":{},"limits":{"agents":1}}`).object()
		compare(t, "changed", got, `{"name":"New","locale":"de","status":"active","domain":"acme.example","support_email":"help@acme.example",
			"settings":{"auto_resolve_after":10,"auto_resolve_message":"bye","auto_resolve_ignore_waiting":true,"audio_transcriptions":false,"auto_resolve_label":"old"},
			"custom_attributes":{"plan_name":null,"subscribed_quantity":null,"subscription_status":null,"subscription_ends_on":null,"industry":"Shoes",
			"company_size":"1-10","timezone":"Europe/Berlin","onboarding_step":"invite_team"}}`)
		for _, key := range []string{"latest_chatwoot_version", "subscribed_features"} {
			if _, there := got[key]; there {
				t.Errorf("%s is shown after a change", key)
			}
		}
		if stored := w.text(`SELECT custom_attributes FROM accounts WHERE id = $1`, w.account); !strings.Contains(stored, `"stripe_id":9007199254740993`) {
			t.Errorf("a hidden attribute was changed: %s", stored)
		}
		first := w.audits("Account")
		for _, part := range []string{`update {`, `"name":["Acme","New"]`, `"locale":[0,4]`, `"domain":[null,"acme.example"]`, `"settings":[{},{"audio_transcriptions":false,`} {
			if !strings.Contains(first, part) {
				t.Errorf("audit %s lacks %s", first, part)
			}
		}

		got = w.call("admin", "PATCH", "{A}", `{"auto_resolve_after":null,"auto_resolve_message":"","domain":null,"support_email":"","locale":6,"company_size":null}`).object()
		compare(t, "cleared", got, `{"name":"New","locale":"it","domain":null,"support_email":null,
			"settings":{"auto_resolve_after":null,"auto_resolve_message":"","auto_resolve_ignore_waiting":true,"audio_transcriptions":false,"auto_resolve_label":"old"},
			"custom_attributes":{"plan_name":null,"subscribed_quantity":null,"subscription_status":null,"subscription_ends_on":null,"industry":"Shoes",
			"timezone":"Europe/Berlin","onboarding_step":"invite_team"}}`)
		before := w.audits("Account")
		w.call("admin", "PATCH", "{A}", `{"name":"New","auto_resolve_after":null,"unknown":1}`).object()
		w.call("admin", "PATCH", "{A}", ``).object()
		w.eq("entries of changes that change nothing", w.audits("Account"), before)
		w.call("admin", "PATCH", "{A}", `{"auto_resolve_after":1439856}`).object()
		w.send("admin", "PATCH", "{A}", "application/x-www-form-urlencoded", "name=Form&auto_resolve_message=7").object()
		compare(t, "of a form", w.call("admin", "GET", "{A}", "").object(), `{"name":"Form","settings":{"auto_resolve_after":1439856,"auto_resolve_message":"7",
			"auto_resolve_ignore_waiting":true,"audio_transcriptions":false,"auto_resolve_label":"old"}}`)
	})
}

func TestUpdateAccountRefusals(t *testing.T) {
	t.Parallel()
	eachStore(t, func(_ *testing.T, w *world) {
		for _, c := range []struct{ body, attribute, text string }{
			{`{"auto_resolve_after":9}`, "auto_resolve_after", "Auto resolve after must be greater than or equal to 10"},
			{`{"auto_resolve_after":-1}`, "auto_resolve_after", "Auto resolve after must be greater than or equal to 10"},
			{`{"auto_resolve_after":1439857}`, "auto_resolve_after", "Auto resolve after must be less than or equal to 1439856"},
			{`{"auto_resolve_after":1e30}`, "auto_resolve_after", "Auto resolve after must be of type integer"},
			{`{"auto_resolve_after":"60"}`, "auto_resolve_after", "Auto resolve after must be of type integer"},
			{`{"auto_resolve_after":10.5}`, "auto_resolve_after", "Auto resolve after must be of type integer"},
			{`{"auto_resolve_after":true}`, "auto_resolve_after", "Auto resolve after must be of type integer"},
			{`{"auto_resolve_after":[60]}`, "auto_resolve_after", "Auto resolve after must be of type integer"},
			{`{"auto_resolve_message":5}`, "auto_resolve_message", "Auto resolve message must be of type string"},
			{`{"auto_resolve_label":["a"]}`, "auto_resolve_label", "Auto resolve label must be of type string"},
			{`{"auto_resolve_ignore_waiting":"true"}`, "auto_resolve_ignore_waiting", "Auto resolve ignore waiting must be of type boolean"},
			{`{"audio_transcriptions":1}`, "audio_transcriptions", "Audio transcriptions must be of type boolean"},
			{`{"industry":{}}`, "industry", "Industry must be of type string"},
			{`{"locale":"xx"}`, "locale", "Locale is not included in the list"},
			{`{"locale":5}`, "locale", "Locale is not included in the list"},
			{`{"locale":-1}`, "locale", "Locale is not included in the list"},
			{`{"locale":null}`, "locale", "Locale is not included in the list"},
			{`{"locale":{}}`, "locale", "Locale is invalid"},
			{`{"name":null}`, "name", "Name can't be blank"},
			{`{"name":[1]}`, "name", "Name is invalid"},
			{`{"name":"` + strings.Repeat("é", 256) + `"}`, "name", "Name is too long (maximum is 255 characters)"},
			{`{"domain":"` + strings.Repeat("d", 101) + `"}`, "domain", "Domain is too long (maximum is 100 characters)"},
			{`{"support_email":"` + strings.Repeat("d", 256) + `"}`, "support_email", "Support email is too long (maximum is 255 characters)"},
		} {
			w.call("admin", "PUT", "{A}", c.body).want(422, invalidText(c.attribute, c.text))
		}
		w.send("admin", "PATCH", "{A}", "application/x-www-form-urlencoded", "auto_resolve_after=60").
			want(422, invalidText("auto_resolve_after", "Auto resolve after must be of type integer"))
		w.call("admin", "PUT", "{A}", `{"name":`).want(400, `{"status":400,"error":"Bad Request"}`)
		w.eq("nothing was changed", w.text(`SELECT name || settings FROM accounts WHERE id = $1`, w.account), "Acme{}")
		w.eq("no entry was made", w.audits("Account"), "")
	})
}

// The language of an account is what its channels speak, also in other processes.
func TestAccountLocaleReachesChannels(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox := w.line("l", false)
		before, err := w.store.Version(t.Context(), store.TopicChannels)
		w.must(err)
		w.call("admin", "PATCH", "{A}", `{"name":"Other"}`).object()
		same, err := w.store.Version(t.Context(), store.TopicChannels)
		w.must(err)
		w.call("admin", "PATCH", "{A}", `{"locale":"fr"}`).object()
		after, err := w.store.Version(t.Context(), store.TopicChannels)
		w.must(err)
		if same != before || after == before {
			t.Errorf("versions of the change feed: %d, with another name %d, with another language %d", before, same, after)
		}
		if got := w.desk.Directory.Locale(inbox).Code(); got != "fr" {
			t.Errorf("the inbox speaks %s", got)
		}
	})
}

func TestCacheKeys(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		keys := func() map[string]any {
			got := w.call("agent", "GET", "{A}/cache_keys", "").object()
			return got["cache_keys"].(map[string]any)
		}
		now := func() string { return fmt.Sprint(w.now.Load() / 1e6) }
		const never = "0000000000"
		same(t, "at first", keys(), `{"label":"0000000000","inbox":"0000000000","team":"0000000000"}`)
		moved := func(what, list, method, path, body string) {
			t.Helper()
			w.now.Add(int64(time.Minute / time.Microsecond))
			w.exec(`DELETE FROM outbox`)
			w.call("admin", method, path, body)
			w.bulk()
			if got := keys()[list]; got != now() {
				t.Errorf("%s: key of %s is %v, want %s", what, list, got, now())
			}
			if n := w.text(`SELECT CAST(COUNT(*) AS TEXT) FROM outbox WHERE kind = 'account.cache_invalidated'`); n != "1" {
				t.Errorf("%s: %s events", what, n)
			}
		}
		moved("a new team", "team", "POST", "{A}/teams", `{"name":"sales"}`)
		moved("a renamed team", "team", "PATCH", "{A}/teams/1", `{"name":"trade"}`)
		moved("a member", "team", "POST", "{A}/teams/1/team_members", fmt.Sprintf(`{"user_ids":[%d]}`, w.agent))
		moved("other members", "team", "PATCH", "{A}/teams/1/team_members", `{"user_ids":[]}`)
		team := keys()["team"]
		moved("a new inbox", "inbox", "POST", "{A}/inboxes", lineInbox)
		moved("a renamed inbox", "inbox", "PATCH", "{A}/inboxes/1", `{"name":"Other"}`)
		if got := keys(); got["team"] != team || got["label"] != never {
			t.Errorf("keys of other lists: %v", got)
		}
		moved("a deleted inbox", "inbox", "DELETE", "{A}/inboxes/1", ``)
		moved("a deleted team", "team", "DELETE", "{A}/teams/1", ``)
		w.exec(`DELETE FROM outbox`)
		w.call("admin", "PATCH", "{A}/teams/1", `{"name":"gone"}`)
		w.eq("events of what failed", w.text(`SELECT kind FROM outbox`), "")
		same(t, "shown with the account", w.call("agent", "GET", "{A}", "").object()["cache_keys"], raw(t, keys()))
		w.now.Add(int64(72 * time.Hour / time.Microsecond))
		same(t, "after three days", keys(), `{"label":"0000000000","inbox":"0000000000","team":"0000000000"}`)

		req, err := http.NewRequest(http.MethodGet, fmt.Sprintf("http://desk.test/api/v1/accounts/%d/cache_keys", w.account), nil)
		w.must(err)
		req.Header["api_access_token"] = []string{w.tokens["agent"]}
		res, err := w.client.Do(req)
		w.must(err)
		w.must(res.Body.Close())
		if got := res.Header.Values("Cache-Control"); len(got) != 1 || got[0] != "max-age=10, private, stale-while-revalidate=300" {
			t.Errorf("Cache-Control %q", got)
		}
	})
}

func TestAccountLimits(t *testing.T) {
	t.Parallel()
	eachStore(t, func(_ *testing.T, w *world) {
		limits := fmt.Sprintf("/enterprise/api/v1/accounts/%d/limits", w.account)
		w.call("agent", "GET", limits, "").want(404, `{"error":"Not found"}`)
		w.call("stranger", "GET", limits, "").want(404, `{"error":"Resource could not be found"}`)
		w.call("", "GET", limits, "").want(401, textSignIn)
	})
}
