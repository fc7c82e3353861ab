package api_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

const (
	numberedText = `{"status":404,"error":"Not Found"}`
	foreignText  = `{"error":"Non permissible resource"}`
	badAppText   = `{"error":"Invalid access_token"}`
)

// app makes a platform app that calls as role.
func (w *world) app(role string) int64 {
	w.t.Helper()
	id, token, err := w.desk.CreatePlatformApp(w.t.Context(), role)
	w.must(err)
	w.tokens[role] = token
	return id
}

// platformUser makes a user as an app and gives their id.
func (w *world) platformUser(role, email string) int64 {
	w.t.Helper()
	return id(w.call(role, "POST", "/platform/api/v1/users", fmt.Sprintf(`{"name":"N","email":%q,"password":"Passw0rd!"}`, email)).object()["id"])
}

func (w *world) platformAccount(role, name string) int64 {
	w.t.Helper()
	return id(w.call(role, "POST", "/platform/api/v1/accounts", fmt.Sprintf(`{"name":%q}`, name)).object()["id"])
}

func TestPlatformUsers(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		const users = "/platform/api/v1/users"
		made := w.call("platform", "POST", users, `{"name":"Eva","display_name":"E","email":" EVA@Shop.example ","password":"Passw0rd!","custom_attributes":{"a":1},"unknown":2}`).object()
		eva := id(made["id"])
		token, pubsub := made["access_token"], made["pubsub_token"]
		if len(fmt.Sprint(token)) != 24 || len(fmt.Sprint(pubsub)) != 24 {
			t.Errorf("tokens: %v, %v", token, pubsub)
		}
		text := func(name, display, email, attributes, rest string) string {
			return fmt.Sprintf(`{"id":%d,"name":%q,"display_name":%s,"available_name":%q,"email":%q,"uid":%q,"provider":"email","confirmed":true,
				"avatar_url":"","message_signature":null,"access_token":%q,"pubsub_token":%q,"ui_settings":{}%s%s}`,
				eva, name, display, name, email, email, token, pubsub, attributes, rest)
		}
		const nowhere = `,"account_id":null,"role":null,"accounts":[]`
		same(t, "made", made, strings.Replace(text("Eva", `"E"`, "eva@shop.example", `,"custom_attributes":{"a":1}`, nowhere), `"available_name":"Eva"`, `"available_name":"E"`, 1))
		if list, _ := w.store.HeldMails(t.Context(), 9); len(list) != 0 {
			t.Errorf("a mail was written: %+v", list)
		}
		path := fmt.Sprintf("%s/%d", users, eva)
		same(t, "shown", w.call("platform", "GET", path, "").object(), mustText(t, made))

		account := w.platformAccount("platform", "Shop")
		w.call("platform", "POST", fmt.Sprintf("/platform/api/v1/accounts/%d/account_users", account), fmt.Sprintf(`{"user_id":%d,"role":"administrator"}`, eva)).object()
		in := fmt.Sprintf(`,"account_id":%d,"role":"administrator","accounts":[{"id":%d,"name":"Shop","active_at":null,"role":"administrator"}]`, account, account)
		same(t, "changed", w.call("platform", "PATCH", path, `{"display_name":null,"email":"eva@new.example","custom_attributes":{"b":[2]}}`).object(),
			text("Eva", "null", "eva@new.example", `,"custom_attributes":{"a":1,"b":[2]}`, in))
		same(t, "renamed by form", w.send("platform", "PUT", path, "application/x-www-form-urlencoded", "name=Eva+B&custom_attributes[a]=x").object(),
			text("Eva B", "null", "eva@new.example", `,"custom_attributes":{"a":"x","b":[2]}`, in))
		w.visit("POST", "/auth/sign_in", `{"email":"eva@new.example","password":"Passw0rd!"}`).object()
		w.call("platform", "PATCH", path, `{"password":"0ther-Pass"}`).object()
		if v := w.visit("POST", "/auth/sign_in", `{"email":"eva@new.example","password":"0ther-Pass"}`); v.status != 200 {
			t.Errorf("the other password: %d %s", v.status, v.body)
		}

		same(t, "token", w.call("platform", "POST", path+"/token", "").object(), fmt.Sprintf(
			`{"access_token":%q,"expiry":null,"user":{"id":%d,"name":"Eva B","display_name":null,"email":"eva@new.example","pubsub_token":%q}}`,
			token, eva, at(w.call("platform", "GET", path, "").object(), "pubsub_token")))
		w.call("platform", "PATCH", path, `{"email":"eva+1@new.example"}`).object()
		address, _ := w.call("platform", "GET", path+"/login", "").object()["url"].(string)
		u, err := url.Parse(address)
		w.must(err)
		sso := u.Query().Get("sso_auth_token")
		if !strings.HasPrefix(address, publicURL+"/app/login?email=eva%2B1%40new.example&sso_auth_token=") || len(sso) != 64 {
			t.Errorf("login: %s", address)
		}
		body := fmt.Sprintf(`{"email":"eva+1@new.example","sso_auth_token":%q}`, sso)
		if v := w.visit("POST", "/auth/sign_in", body); v.status != 200 {
			t.Errorf("login once: %d %s", v.status, v.body)
		}
		if v := w.visit("POST", "/auth/sign_in", body); v.status != 401 {
			t.Errorf("login twice: %d %s", v.status, v.body)
		}
	})
}

// Somebody who is a user already is confirmed, and nothing else of theirs changes.
func TestPlatformKnownUser(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.exec(`UPDATE users SET confirmed_at = NULL WHERE id = $1`, w.agent)
		path := fmt.Sprintf("/platform/api/v1/users/%d", w.agent)
		w.call("platform", "GET", path, "").want(401, foreignText)
		got := w.call("platform", "POST", "/platform/api/v1/users", `{"name":"Other","display_name":"Other","email":"BO@example.com","password":"x","custom_attributes":{"a":1}}`).object()
		if id(got["id"]) != w.agent || got["name"] != "Bo" || got["display_name"] != nil || got["confirmed"] != true || got["custom_attributes"] != nil {
			t.Errorf("known: %v", got)
		}
		w.call("platform", "GET", path, "").object()
	})
}

func TestPlatformUserRefusals(t *testing.T) {
	t.Parallel()
	eachStore(t, func(_ *testing.T, w *world) {
		const users = "/platform/api/v1/users"
		eva := w.platformUser("platform", "eva@shop.example")
		path := fmt.Sprintf("%s/%d", users, eva)
		const short = "Password must contain at least 6 characters, Password must contain at least 1 uppercase character  (A..Z), Password must contain at least 1 number character  (0..9), Password must contain at least 1 special character  ( !@#$%^&*()_+-=[]{}|\"/\\.,`<>:;?~')"
		for _, c := range []struct{ body, want string }{
			{`{"email":"x@y.example","password":"abc"}`, invalidText("password", short)},
			{`{"email":"x@y.example"}`, invalidText("password", "Password can't be blank")},
			{`{"email":"x","password":"Passw0rd!"}`, invalidText("email", "Email is invalid, Email is not an email")},
			{`{"password":"Passw0rd!"}`, invalidText("email", "Email can't be blank")},
			{`{"email":"x@y.example","password":"Passw0rd!","custom_attributes":[1]}`, invalidText("custom_attributes", "Custom attributes is invalid")},
			{`{"email":"x@y.example","password":"Passw0rd!","name":["a"]}`, invalidText("name", "Name is invalid")},
			{`{"email":"x@y.example","password":"Passw0rd!","name":"` + strings.Repeat("x", 256) + `"}`, invalidText("name", "Name is too long (maximum is 255 characters)")},
			{`{}`, `{"message":"Email can't be blank, Password can't be blank","attributes":["email","password"]}`},
		} {
			w.call("platform", "POST", users, c.body).want(422, c.want)
		}
		w.call("platform", "PATCH", path, `{"email":"bo@example.com"}`).want(422, invalidText("email", "Email has already been taken"))
		w.call("platform", "PATCH", path, `{"email":null}`).want(422, invalidText("email", "Email can't be blank"))
		w.call("platform", "PATCH", path, `{"password":""}`).want(422, invalidText("password", "Password can't be blank"))
		w.call("platform", "PATCH", path, `{"password":null}`).object()
		w.call("platform", "POST", users, `{"email":`).want(400, `{"status":400,"error":"Bad Request"}`)

		w.app("other")
		for _, c := range []struct{ method, path string }{
			{"GET", path}, {"PATCH", path}, {"PUT", path}, {"DELETE", path}, {"GET", path + "/login"}, {"POST", path + "/token"},
		} {
			w.call("other", c.method, c.path, `{}`).want(401, foreignText)
			for _, missing := range []string{"999", "x", "-1", "99999999999999999999"} {
				w.call("platform", c.method, strings.Replace(c.path, fmt.Sprintf("/%d", eva), "/"+missing, 1), `{}`).want(404, numberedText)
			}
		}
		for _, c := range []struct{ method, path string }{
			{"POST", users},
			{"GET", path},
			{"PATCH", path},
			{"PUT", path},
			{"DELETE", path},
			{"GET", path + "/login"},
			{"POST", path + "/token"},
			{"GET", "/platform/api/v1/accounts"},
			{"POST", "/platform/api/v1/accounts"},
			{"GET", "/platform/api/v1/accounts/1"},
			{"PATCH", "/platform/api/v1/accounts/1"},
			{"PUT", "/platform/api/v1/accounts/1"},
			{"DELETE", "/platform/api/v1/accounts/1"},
			{"GET", "/platform/api/v1/accounts/1/account_users"},
			{"POST", "/platform/api/v1/accounts/1/account_users"},
			{"DELETE", "/platform/api/v1/accounts/1/account_users"},
		} {
			for _, role := range []string{"nobody", "admin", "agent"} {
				w.call(role, c.method, c.path, `{}`).want(401, badAppText)
			}
		}
		session := w.signIn().tokens()
		w.visit("GET", path, "", session...).want(401, badAppText)
		w.call("platform", "GET", "{A}/agents", "").want(401, `{"error":"Access to this endpoint is not authorized for bots"}`)
		w.call("platform", "GET", users, "").want(404, numberedText)
	})
}

func TestPlatformDeletesUsers(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		eva := w.platformUser("platform", "eva@shop.example")
		account := w.platformAccount("platform", "Shop")
		members := fmt.Sprintf("/platform/api/v1/accounts/%d/account_users", account)
		w.call("platform", "POST", members, fmt.Sprintf(`{"user_id":%d}`, eva)).object()
		inbox := w.line("a", false)
		w.receive(inbox, "c1", "hello")
		w.exec(`UPDATE conversations SET assignee_id = $1`, eva)
		w.exec(`UPDATE users SET type = 'SuperAdmin' WHERE id = $1`, eva)
		path := fmt.Sprintf("/platform/api/v1/users/%d", eva)
		w.call("platform", "DELETE", path, "").want(200, "")
		w.bulk()
		w.call("platform", "GET", path, "").want(404, numberedText)
		for _, query := range []string{
			`SELECT COUNT(*) FROM users WHERE id = $1`, `SELECT COUNT(*) FROM account_users WHERE user_id = $1`,
			`SELECT COUNT(*) FROM access_tokens WHERE owner_type = 'User' AND owner_id = $1`,
			`SELECT COUNT(*) FROM platform_permissions WHERE kind = 'User' AND record_id = $1`, `SELECT COUNT(*) FROM conversations WHERE assignee_id = $1`,
		} {
			if n := w.count(query, eva); n != 0 {
				t.Errorf("%s: %d", query, n)
			}
		}
		if w.count(`SELECT COUNT(*) FROM conversations`) != 1 || w.count(`SELECT COUNT(*) FROM outbox WHERE kind = 'agent.removed'`) != 1 {
			t.Error("the conversation, or the event")
		}
		w.call("platform", "GET", members, "").want(200, "[]")
	})
}

func TestPlatformAccounts(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		const accounts = "/platform/api/v1/accounts"
		w.call("platform", "GET", accounts, "").want(200, "[]")
		text := func(id int64, name, locale, domain, support, features, attributes, limits, status string) string {
			return fmt.Sprintf(`{"id":%d,"name":%q,"locale":%q,"domain":%s,"support_email":%s,"features":%s,"custom_attributes":%s,"limits":%s,"status":%q}`,
				id, name, locale, domain, support, features, attributes, limits, status)
		}
		first := w.call("platform", "POST", accounts, `{"name":"Shop"}`).object()
		shop := id(first["id"])
		plain := text(shop, "Shop", "en", "null", "null", defaultFeatures, "{}", "{}", "active")
		same(t, "made", first, plain)
		second := w.call("platform", "POST", accounts, `{"name":"Café","locale":"fr","domain":"cafe.example","support_email":"help@cafe.example","status":"suspended",
			"features":{"sla":true,"labels":false,"macros":null,"crm":"","saml":"false","reports":{}},"limits":{"agents":3,"inboxes":2.0},"custom_attributes":{"plan":{"a":[1]}}}`).object()
		cafe := id(second["id"])
		features := strings.NewReplacer(`"labels":true,`, "", `"macros":true,`, "", `"crm":true,`, `"sla":true,"saml":true,`, `"reports":true,`, "").Replace(defaultFeatures)
		same(t, "made with all", second, text(cafe, "Café", "fr", `"cafe.example"`, `"help@cafe.example"`, features, `{"plan":{"a":[1]}}`, `{"agents":3,"inboxes":2.0}`, "suspended"))
		same(t, "listed", w.call("platform", "GET", accounts, "").list(), "["+plain+","+mustText(t, second)+"]")
		if w.count(`SELECT COUNT(*) FROM outbox WHERE kind = 'account.created'`) != 2 {
			t.Error("account.created was not raised")
		}
		path := fmt.Sprintf("%s/%d", accounts, cafe)
		same(t, "shown", w.call("platform", "GET", path, "").object(), mustText(t, second))
		same(t, "changed", w.call("platform", "PATCH", path, `{"name":"Bar","locale":16,"domain":null,"support_email":null,"status":0,"features":{"sla":false},"limits":{"agents":1},"custom_attributes":{"b":1}}`).object(),
			text(cafe, "Bar", "pt_BR", "null", "null", strings.Replace(features, `"sla":true,`, "", 1), `{"b":1}`, `{"agents":1}`, "active"))
		same(t, "emptied", w.call("platform", "PUT", path, `{"limits":null,"custom_attributes":{}}`).object(),
			text(cafe, "Bar", "pt_BR", "null", "null", strings.Replace(features, `"sla":true,`, "", 1), "{}", "{}", "active"))
		same(t, "by form", w.send("platform", "PATCH", path, "application/x-www-form-urlencoded", "features[sla]=true&custom_attributes[a]=1").object(),
			text(cafe, "Bar", "pt_BR", "null", "null", features, `{"a":"1"}`, "{}", "active"))
		w.settings["MAILER_SUPPORT_EMAIL"] = "support@desk.example"
		if got := w.call("platform", "GET", path, "").object()["support_email"]; got != "support@desk.example" {
			t.Errorf("support_email: %v", got)
		}
	})
}

func TestPlatformAccountRefusals(t *testing.T) {
	t.Parallel()
	eachStore(t, func(_ *testing.T, w *world) {
		const accounts = "/platform/api/v1/accounts"
		shop := w.platformAccount("platform", "Shop")
		path := fmt.Sprintf("%s/%d", accounts, shop)
		for _, c := range []struct{ body, want string }{
			{`{"name":""}`, invalidText("name", "Name can't be blank")},
			{`{"name":null}`, invalidText("name", "Name can't be blank")},
			{`{"name":"x","status":"closed"}`, invalidText("status", "Status is not included in the list")},
			{`{"name":"x","status":2}`, invalidText("status", "Status is not included in the list")},
			{`{"name":"x","status":null}`, invalidText("status", "Status is not included in the list")},
			{`{"name":"x","locale":"xx"}`, invalidText("locale", "Locale is not included in the list")},
			{`{"name":"x","domain":"` + strings.Repeat("x", 101) + `"}`, invalidText("domain", "Domain is too long (maximum is 100 characters)")},
			{`{"name":"x","features":{"fly":true}}`, invalidText("features", "Features is not included in the list")},
			{`{"name":"x","features":["labels"]}`, invalidText("features", "Features is invalid")},
			{`{"name":"x","limits":{"agents":"3"}}`, invalidText("limits", "Limits : Invalid data")},
			{`{"name":"x","limits":{"agents":null}}`, invalidText("limits", "Limits : Invalid data")},
			{`{"name":"x","limits":{"cars":3}}`, invalidText("limits", "Limits : Invalid data")},
			{`{"name":"x","limits":"x"}`, invalidText("limits", "Limits : Invalid data")},
			{`{"name":"x","limits":[1]}`, invalidText("limits", "Limits : Invalid data")},
			{`{"name":"x","custom_attributes":[1]}`, invalidText("custom_attributes", "Custom attributes is invalid")},
		} {
			w.call("platform", "POST", accounts, c.body).want(422, c.want)
			w.call("platform", "PATCH", path, c.body).want(422, c.want)
		}
		w.call("platform", "POST", accounts, `{}`).want(422, invalidText("name", "Name can't be blank"))
		w.app("other")
		for _, c := range []struct{ method, path string }{
			{"GET", path},
			{"PATCH", path},
			{"PUT", path},
			{"DELETE", path},
			{"GET", path + "/account_users"},
			{"POST", path + "/account_users"},
			{"DELETE", path + "/account_users"},
		} {
			w.call("other", c.method, c.path, `{}`).want(401, foreignText)
			for _, missing := range []string{"999", "x", "0"} {
				w.call("platform", c.method, strings.Replace(c.path, fmt.Sprintf("/%d", shop), "/"+missing, 1), `{}`).want(404, numberedText)
			}
		}
		w.call("other", "GET", accounts, "").want(200, "[]")
	})
}

func TestPlatformAccountUsers(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		account := w.platformAccount("platform", "Shop")
		path := fmt.Sprintf("/platform/api/v1/accounts/%d/account_users", account)
		row := func(m map[string]any, role string) string {
			return fmt.Sprintf(`{"id":%d,"account_id":%d,"user_id":%d,"role":%q,"inviter_id":null,"created_at":%q,"updated_at":%q,"active_at":null,
				"availability":"online","auto_offline":true,"custom_role_id":null,"agent_capacity_policy_id":null}`,
				id(m["id"]), account, w.agent, role, m["created_at"], m["updated_at"])
		}
		first := w.call("platform", "POST", path, fmt.Sprintf(`{"user_id":%d,"role":"agent"}`, w.agent)).object()
		same(t, "a member", first, row(first, "agent"))
		if _, err := time.Parse("2006-01-02T15:04:05.000Z", fmt.Sprint(first["created_at"])); err != nil {
			t.Error(err)
		}
		again := w.call("platform", "POST", path, fmt.Sprintf(`{"user_id":"%d","role":1}`, w.agent)).object()
		same(t, "an administrator", again, row(again, "administrator"))
		if id(again["id"]) != id(first["id"]) || w.count(`SELECT COUNT(*) FROM account_users WHERE account_id = $1`, account) != 1 {
			t.Error("two memberships")
		}
		kept := w.call("platform", "POST", path, fmt.Sprintf(`{"user_id":%d}`, w.agent)).object()
		same(t, "without a role", kept, row(kept, "administrator"))
		same(t, "listed", w.call("platform", "GET", path, "").list(), "["+mustText(t, kept)+"]")
		own := w.account
		w.account = account
		w.eq("audit", w.audits("AccountUser"), fmt.Sprintf(
			`create {"account_id":%d,"availability":0,"inviter_id":null,"role":0,"user_id":%d}`+"\n"+`update {"role":[0,1]}`, account, w.agent))
		w.account = own
		for body, want := range map[string]string{
			`{"user_id":999}`: invalidText("user", "User must exist"), `{}`: invalidText("user", "User must exist"),
			fmt.Sprintf(`{"user_id":%d,"role":"chief"}`, w.agent): invalidText("role", "Role is not included in the list"),
			`{"user_id":"x"}`: invalidText("user_id", "User is not a number"),
		} {
			w.call("platform", "POST", path, body).want(422, want)
		}
		w.call("platform", "DELETE", path, fmt.Sprintf(`{"user_id":%d}`, w.admin)).want(200, "")
		eva := w.platformUser("platform", "eva@shop.example")
		w.call("platform", "POST", path, fmt.Sprintf(`{"user_id":%d}`, eva)).object()
		w.call("platform", "DELETE", fmt.Sprintf("%s?user_id=%d", path, eva), "").want(200, "")
		w.call("platform", "DELETE", path, fmt.Sprintf(`{"user_id":%d}`, w.agent)).want(200, "")
		w.call("platform", "GET", path, "").want(200, "[]")
		w.bulk()
		w.call("platform", "GET", fmt.Sprintf("/platform/api/v1/users/%d", eva), "").object() // who has no account stays
	})
}

func TestPlatformDeletesAccounts(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.exec(`INSERT INTO platform_permissions (platform_app_id, kind, record_id, created_at) SELECT id, 'Account', $1, 1 FROM platform_apps`, w.account)
		other := w.platformAccount("platform", "Other")
		inbox, second := w.line("a", true), w.line("b", false)
		for i := range 5 {
			w.receive(inbox, fmt.Sprint("c", i), "hello")
			w.receive(second, fmt.Sprint("d", i), "hello")
		}
		w.call("admin", "POST", "{A}/teams", `{"name":"sales"}`).object()
		path := fmt.Sprintf("/platform/api/v1/accounts/%d", w.account)
		w.call("platform", "DELETE", path, "").want(200, "")
		w.call("admin", "GET", "{A}/inboxes", "").want(401, `{"error":"Account is suspended"}`)
		w.bulk()
		w.call("platform", "GET", path, "").want(404, numberedText)
		w.call("admin", "GET", "{A}/inboxes", "").want(404, missingText)
		for _, table := range []string{"inboxes", "channels", "contacts", "conversations", "messages", "attachments", "teams", "account_users", "audits", "account_cache_keys", "deliveries", "custom_roles"} {
			if n := w.count(`SELECT COUNT(*) FROM `+table+` WHERE account_id = $1`, w.account); n != 0 {
				t.Errorf("%d rows are left in %s", n, table)
			}
		}
		if n := w.count(`SELECT COUNT(*) FROM users WHERE id IN ($1, $2)`, w.admin, w.agent); n != 2 {
			t.Errorf("%d of its users are left", n)
		}
		if list := w.call("platform", "GET", "/platform/api/v1/accounts", "").list(); len(list) != 1 || id(at(list, 0, "id")) != other {
			t.Errorf("accounts: %v", list)
		}
		if _, _, ok := w.desk.Driver(inbox); ok {
			t.Error("the inbox still takes messages")
		}
	})
}

// Whatever is sent to the routes of the platform, the server does not fail.
func TestPlatformOddInput(t *testing.T) {
	t.Parallel()
	values := []string{`null`, `""`, `"x"`, `-1`, `0`, `1.5`, `1e400`, `99999999999999999999`, `true`, `[]`, `[null]`, `{}`, `{"a":{"b":[1]}}`, `["\u0000"]`, `"\ud800"`}
	eachStore(t, func(t *testing.T, w *world) {
		eva, account := w.platformUser("platform", "eva@shop.example"), w.platformAccount("platform", "Shop")
		for _, r := range []struct {
			method, path string
			fields       []string
		}{
			{"POST", "/users", []string{"name", "display_name", "email", "password", "custom_attributes"}},
			{"PATCH", fmt.Sprintf("/users/%d", eva), []string{"name", "display_name", "email", "password", "custom_attributes"}},
			{"POST", "/accounts", []string{"name", "locale", "domain", "support_email", "status", "features", "limits", "custom_attributes"}},
			{"PATCH", fmt.Sprintf("/accounts/%d", account), []string{"name", "locale", "domain", "support_email", "status", "features", "limits", "custom_attributes"}},
			{"POST", fmt.Sprintf("/accounts/%d/account_users", account), []string{"user_id", "role"}},
			{"DELETE", fmt.Sprintf("/accounts/%d/account_users", account), []string{"user_id"}},
		} {
			for _, v := range values {
				for _, f := range r.fields {
					body := fmt.Sprintf(`{%q:%s}`, f, v)
					if r.method == "POST" && f != "name" && r.path == "/accounts" {
						body = fmt.Sprintf(`{"name":"x",%q:%s}`, f, v)
					}
					if a := w.call("platform", r.method, "/platform/api/v1"+r.path, body); a.status >= 500 {
						t.Errorf("%s %s: %d %s", a.name, body, a.status, a.body)
					}
				}
			}
		}
	})
}

// mustText is a decoded value as JSON.
func mustText(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
