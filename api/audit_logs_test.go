package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// auditFlag turns the account's audit log on.
func (w *world) auditFlag() {
	w.t.Helper()
	w.exec(`UPDATE accounts SET features = features + $2 WHERE id = $1`, w.account, 1<<27)
}

func (w *world) auditLog(query string) map[string]any {
	w.t.Helper()
	return w.call("admin", "GET", "{A}/audit_logs"+query, "").object()
}

func TestAuditLog(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		const path = "{A}/audit_logs"
		team := id(w.call("admin", "POST", "{A}/teams", `{"name":"sales"}`).object()["id"])
		w.call("admin", "GET", path+"?page=3", "").want(200, `{"per_page":15,"total_entries":0,"current_page":3,"audit_logs":[]}`)
		w.auditFlag()
		w.call("agent", "GET", path, "").want(401, refusedText)
		w.call("stranger", "GET", path, "").want(401, `{"error":"You are not authorized to access this account"}`)
		w.call("", "GET", path, "").want(401, `{"errors":["You need to sign in or sign up before continuing."]}`)

		created := time.UnixMicro(w.now.Load()).Unix()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, fmt.Sprintf("http://desk.test/api/v1/accounts/%d/teams/%d", w.account, team),
			strings.NewReader(`{"name":"trade"}`))
		w.must(err)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Request-Id", "request-7")
		req.Header["api_access_token"] = []string{w.tokens["admin"]}
		res, err := w.client.Do(req)
		w.must(err)
		w.must(res.Body.Close())
		log := w.auditLog("")
		list, _ := log["audit_logs"].([]any)
		if len(list) != 2 {
			t.Fatalf("entries: %v", log)
		}
		for i, e := range list {
			if at(e, "request_uuid") == "" {
				t.Errorf("entry %d is of no request", i)
			}
		}
		auditable := fmt.Sprintf(`{"id":%d,"name":"trade"}`, team)
		entry := func(number int64, action, changes string, version int, request any) string {
			return fmt.Sprintf(`{"id":%d,"auditable_id":%d,"auditable_type":"Team","auditable":%s,"associated_id":%d,"associated_type":"Account",
				"user_id":%d,"user_type":"User","username":"ada@example.com","action":%q,"audited_changes":%s,"version":%d,"comment":null,
				"request_uuid":%q,"created_at":%d,"remote_address":"0.0.0.0"}`, number, team, auditable, w.account, w.admin, action, changes, version, request, created)
		}
		first, second := id(at(list[1], "id")), id(at(list[0], "id"))
		wanted := fmt.Sprintf(`{"per_page":15,"total_entries":2,"current_page":1,"audit_logs":[%s,%s]}`,
			entry(second, "update", `{"name":["sales","trade"]}`, 2, "request-7"),
			entry(first, "create", fmt.Sprintf(`{"account_id":%d,"allow_auto_assign":true,"description":null,"name":"sales"}`, w.account), 1, at(list[1], "request_uuid")))
		same(t, "log", log, wanted)
		if second <= first {
			t.Error("not the newest first")
		}
		auditable = "null"
		w.call("admin", "DELETE", fmt.Sprintf("{A}/teams/%d", team), "").want(200, "")
		same(t, "the record is gone", at(w.auditLog(""), "audit_logs", 1, "auditable"), "null")
		same(t, "its versions go on", at(w.auditLog(""), "audit_logs", 0, "version"), "3")
	})
}

func TestAuditLogPages(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.auditFlag()
		for i := range 17 {
			w.call("admin", "POST", "{A}/teams", fmt.Sprintf(`{"name":"t%d"}`, i)).object()
		}
		page := func(query, current string, entries int) {
			t.Helper()
			log := w.auditLog(query)
			list, _ := log["audit_logs"].([]any)
			delete(log, "audit_logs")
			same(t, "page "+query, log, fmt.Sprintf(`{"per_page":15,"total_entries":17,"current_page":%s}`, current))
			same(t, "entries of "+query, len(list), fmt.Sprint(entries))
		}
		page("", "1", 15)
		page("?page=1", "1", 15)
		page("?page=2", "2", 2)
		page("?page=3", "3", 0)
		page("?page=2147483647", "2147483647", 0)
		for _, odd := range []string{"0", "-1", "x", "", "99999999999999999999", "1.5"} {
			page("?page="+odd, "1", 15)
		}
		same(t, "the last", at(w.auditLog("?page=2"), "audit_logs", 1, "audited_changes", "name"), `"t0"`)
		same(t, "the first of the second page", at(w.auditLog("?page=2"), "audit_logs", 0, "audited_changes", "name"), `"t1"`)
	})
}

// Each kind of record is shown as events show it.
func TestAuditables(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.auditFlag()
		inbox := w.line("desk", false)
		w.call("admin", "POST", "{A}/inbox_members", fmt.Sprintf(`{"inbox_id":%d,"user_ids":[%d]}`, inbox, w.agent)).object()
		w.call("admin", "PATCH", "{A}", `{"name":"Renamed"}`).object()
		w.call("admin", "PATCH", fmt.Sprintf("{A}/agents/%d", w.agent), `{"role":"administrator","availability":"busy"}`).object()
		w.exec(`INSERT INTO audits (account_id, auditable_type, auditable_id, action, created_at) VALUES ($1, 'User', $2, 'sign_in', 1)`, w.account, w.agent)
		list, _ := w.auditLog("")["audit_logs"].([]any)
		records := map[string]string{}
		for _, e := range list {
			b, err := json.Marshal(at(e, "auditable"))
			w.must(err)
			records[fmt.Sprint(at(e, "auditable_type"))] = string(b)
		}
		var membership int64
		w.must(w.db.QueryRowContext(t.Context(), `SELECT id FROM account_users WHERE account_id = $1 AND user_id = $2`, w.account, w.agent).Scan(&membership))
		want := map[string]string{
			"Inbox":       fmt.Sprintf(`{"id":%d,"name":"desk"}`, inbox),
			"InboxMember": "null",
			"Account":     fmt.Sprintf(`{"id":%d,"name":"Renamed"}`, w.account),
			"AccountUser": fmt.Sprintf(`{"id":%d,"availability":"busy","role":"administrator","user_id":%d}`, membership, w.agent),
			"User": fmt.Sprintf(`{"id":%d,"name":"Bo","available_name":"Bo","avatar_url":"","type":"user","availability_status":"busy","thumbnail":""}`,
				w.agent),
		}
		for kind, record := range want {
			var v any
			w.must(json.Unmarshal([]byte(records[kind]), &v))
			same(t, kind, v, record)
		}
		server := list[0]
		same(t, "an entry of nobody", []any{at(server, "user_id"), at(server, "user_type"), at(server, "username"), at(server, "remote_address")}, `[null,null,null,null]`)
		same(t, "without changes", at(server, "audited_changes"), "{}")
	})
}

// The log follows an inbox and its channel, and keeps their secrets.
func TestInboxAudits(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox := w.line("l", true)
		w.eq("created", strings.Join(strings.Fields(w.text(`SELECT action FROM audits WHERE auditable_type = 'Inbox' AND auditable_id = $1`, inbox)), " "), "create")
		made := map[string]any{}
		w.must(json.Unmarshal([]byte(w.texts(`SELECT audited_changes FROM audits WHERE auditable_type = 'Inbox'`)[0]), &made))
		compare(t, "its values", made, fmt.Sprintf(`{"account_id":%d,"name":"l","channel_type":"Channel::Line","timezone":"UTC","sender_name_type":0,
			"enable_auto_assignment":false,"csat_config":{},"greeting_message":null}`, w.account))
		if text := w.audits("Inbox"); strings.Contains(text, "line_channel") {
			t.Errorf("the channel's settings are in the log: %s", text)
		}
		path := fmt.Sprintf("{A}/inboxes/%d", inbox)
		before := w.cacheKeys()
		w.call("admin", "PATCH", path, `{"name":"renamed","sender_name_type":"professional","auto_assignment_config":{"max_assignment_limit":3}}`).object()
		w.call("admin", "PATCH", path, `{"name":"renamed"}`).object()
		w.call("admin", "PATCH", path, `{"greeting_message":"hi","channel":{"line_channel_secret":"s2","line_channel_token":"t"}}`).object()
		if w.cacheKeys()-before < 3 {
			t.Error("changes of an inbox do not tell clients to read it again")
		}
		got := strings.Split(w.audits("Inbox"), "\n")[1:]
		want := []string{
			`update {"auto_assignment_config":[{},{"max_assignment_limit":3}],"name":["l","renamed"],"sender_name_type":[0,1]}`,
			`update {"greeting_message":[null,"hi"]}`,
			`update {"line_channel_secret":["[FILTERED]","[FILTERED]"]}`,
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("audit:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		w.eq("whose", w.text(`SELECT DISTINCT CAST(user_id AS TEXT) || ' ' || username || ' ' || remote_address FROM audits WHERE auditable_type = 'Inbox'`), fmt.Sprintf("%d ada@example.com 0.0.0.0", w.admin))
		w.eq("versions", w.text(`SELECT CAST(version AS TEXT) FROM audits WHERE auditable_type = 'Inbox' ORDER BY id`), "1 2 3 4")

		before = w.cacheKeys()
		w.call("admin", "DELETE", path, "").object()
		w.bulk()
		w.call("admin", "GET", path, "").want(404, missingText)
		w.eq("destroyed by", w.text(`SELECT auditable_type || ' ' || CAST(user_id AS TEXT) || ' ' || username || ' ' || remote_address FROM audits
			WHERE action = 'destroy' ORDER BY auditable_type`), fmt.Sprintf("Inbox %d ada@example.com 0.0.0.0 InboxMember %d ada@example.com 0.0.0.0", w.admin, w.admin))
		same(t, "cache keys of the deletion", w.cacheKeys()-before, "1")
		last := w.texts(`SELECT audited_changes FROM audits WHERE action = 'destroy' AND auditable_type = 'Inbox'`)[0]
		w.must(json.Unmarshal([]byte(last), &made))
		compare(t, "the values of the deleted", made, `{"name":"renamed","greeting_message":"hi"}`)
		w.eq("requests", w.text(`SELECT CAST(COUNT(DISTINCT request_uuid) AS TEXT) FROM audits WHERE action = 'destroy'`), "1")
	})
}
