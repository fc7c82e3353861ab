package api_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestInfo(t *testing.T) {
	t.Parallel()
	eachStore(t, func(_ *testing.T, w *world) {
		w.call("", "GET", "/api", "").want(200, `{"version":"4.6.0","timestamp":"2025-01-31 10:00:00","queue_services":"ok","data_services":"ok"}`)
		w.settings["queue"] = "down"
		w.call("", "GET", "/api.json", "").want(200, `{"version":"4.6.0","timestamp":"2025-01-31 10:00:00","queue_services":"failing","data_services":"ok"}`)
	})
}

func TestProfile(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.call("", "GET", "/api/v1/profile", "").want(401, `{"errors":["You need to sign in or sign up before continuing."]}`)
		w.call("platform", "GET", "/api/v1/profile", "").want(401, `{"error":"Access to this endpoint is not authorized for bots"}`)

		me := w.call("admin", "GET", "/api/v1/profile", "").object()
		if me["access_token"] != w.tokens["admin"] || len(me["pubsub_token"].(string)) != 24 {
			t.Errorf("tokens %v, %v", me["access_token"], me["pubsub_token"])
		}
		active := at(me, "accounts", 0, "active_at")
		if s, _ := active.(string); !strings.HasPrefix(s, "2025-01-31T10:00:00.") || !strings.HasSuffix(s, "Z") {
			t.Errorf("active_at %v", active)
		}
		for _, k := range []string{"access_token", "pubsub_token"} {
			delete(me, k)
		}
		at(me, "accounts", 0).(map[string]any)["active_at"] = "then"
		same(t, "profile", me, fmt.Sprintf(`{"id":%d,"name":"Ada","display_name":null,"available_name":"Ada","email":"ada@example.com",
			"uid":"ada@example.com","provider":"email","confirmed":true,"type":null,"avatar_url":"","message_signature":null,"ui_settings":{},
			"account_id":%d,"role":"administrator","inviter_id":null,"accounts":[{"id":%d,"name":"Acme","status":"active","active_at":"then",
			"role":"administrator","permissions":["administrator"],"availability":"online","availability_status":"offline","auto_offline":true,
			"custom_role_id":null,"custom_role":null}]}`, w.admin, w.account, w.account))

		w.exec(`UPDATE users SET display_name = 'Countess', type = 'SuperAdmin', ui_settings = '{"locale":"fr"}', custom_attributes = '{"phone_number":"1"}' WHERE id = $1`, w.admin)
		w.exec(`UPDATE accounts SET status = 1 WHERE id = $1`, w.account)
		w.exec(`UPDATE account_users SET custom_role_id = 3 WHERE account_id = $1 AND user_id = $2`, w.account, w.admin)
		w.settings["CHATWOOT_INBOX_HMAC_KEY"] = "key"
		me = w.call("admin", "GET", "/api/v1/profile", "").object()
		same(t, "filled", []any{
			me["available_name"], me["type"], me["ui_settings"], me["custom_attributes"], me["hmac_identifier"],
			at(me, "accounts", 0, "status"), at(me, "accounts", 0, "permissions"), at(me, "accounts", 0, "custom_role_id"),
		},
			`["Countess","SuperAdmin",{"locale":"fr"},{"phone_number":"1"},"20caa94149b865c2f3a23002c8ca0b02e3dba113236448a96eae078e7e3a6cc0","suspended",["custom_role"],3]`)

		latest := w.call("agent", "GET", "/api/v1/profile", "").object()
		if id(latest["account_id"]) == w.account || latest["role"] != "administrator" {
			t.Errorf("the membership used last: %v %v", latest["account_id"], latest["role"])
		}
	})
}

func TestAccountDoors(t *testing.T) {
	t.Parallel()
	eachStore(t, func(_ *testing.T, w *world) {
		w.call("stranger", "GET", "{A}/inboxes", "").want(401, `{"error":"You are not authorized to access this account"}`)
		w.call("agent", "GET", "/api/v1/accounts/99/inboxes", "").want(404, `{"error":"Resource could not be found"}`)
		w.call("agent", "GET", "{A}/inboxes/", "").want(200, `{"payload":[]}`)
		w.exec(`UPDATE account_users SET role = 0 WHERE account_id = $1`, w.account)
		w.call("admin", "POST", "{A}/inboxes", "{}").want(401, `{"error":"You are not authorized to do this action"}`)
		w.exec(`UPDATE accounts SET status = 1 WHERE id = $1`, w.account)
		w.call("agent", "GET", "{A}/inboxes", "").want(401, `{"error":"Account is suspended"}`)
		w.exec(`UPDATE access_tokens SET owner_type = 'AgentBot' WHERE owner_id = $1`, w.agent)
		w.call("agent", "GET", "{A}/inboxes", "").want(401, `{"error":"Invalid Access Token"}`) // of a bot that is gone
		w.exec(`INSERT INTO agent_bots (id, created_at, updated_at) VALUES ($1, 1, 1)`, w.agent)
		w.call("agent", "GET", "{A}/inboxes", "").want(401, `{"error":"Access to this endpoint is not authorized for bots"}`)
		w.exec(`UPDATE accounts SET status = 0 WHERE id = $1`, w.account)
		w.call("agent", "POST", "{A}/conversations/1/messages", "{}").want(401, `{"error":"Bot is not authorized to access this account"}`)
	})
}
