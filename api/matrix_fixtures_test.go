package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"tributary/api/route"
)

// matrix is a world in which every route can be called by everybody: the records that
// paths name exist.
type matrix struct {
	*world
	inbox, insider, custom, bot int64
	superAdmin                  int64
	botLinked                   bool
	rows                        []route.Row
	ids                         map[string]string // of records, by resource
}

// Who calls. All but the stranger, the bot of nobody and the platform app are members
// of the account.
const (
	asNobody   = ""
	asGarbage  = "garbage"  // a token that nobody has
	asStranger = "stranger" // administrator of another account
	asAgent    = "agent"    // member of no inbox
	asInsider  = "insider"  // agent who is a member of the inbox
	asCustom   = "custom"   // the same with a custom role that has every permission
	asAdmin    = "admin"
	asSession  = "session" // the administrator, by a session
	asBot      = "bot"
	asPlatform = "platform"
	asOperator = "operator" // a super admin, member of no account
)

var everybody = []string{asNobody, asGarbage, asStranger, asAgent, asInsider, asCustom, asAdmin, asSession, asBot, asPlatform, asOperator}

func newMatrix(t *testing.T, w *world) *matrix {
	t.Helper()
	m := &matrix{world: w, ids: map[string]string{}}
	for _, r := range w.api.Rows() {
		// Pages for people in a browser have callers and refusals of their own, and tests.
		if !strings.HasPrefix(r.Path, "/super_admin") && !strings.HasPrefix(r.Path, "/installation") {
			m.rows = append(m.rows, r)
		}
	}
	made, err := w.store.Bootstrap(t.Context(), "op@example.com", "Op", "hash", "Of the operator")
	w.must(err)
	m.superAdmin, w.tokens[asOperator] = made.UserID, made.AccessToken
	w.exec(`UPDATE users SET type = 'SuperAdmin' WHERE id = $1`, made.UserID)
	w.encryptionKeys() // second factors are possible
	w.settings["ENABLE_ACCOUNT_SIGNUP"] = "true"
	w.password(w.admin, adaPassword)
	m.inbox = w.line("matrix", false)
	w.exec(`UPDATE accounts SET features = features | $1 WHERE id = $2`, 1<<53, w.account) // single sign-on
	m.insider, m.custom = w.member(asInsider, "in@example.com", false), w.member(asCustom, "custom@example.com", false)
	role := w.call(asAdmin, "POST", "{A}/custom_roles", `{"name":"all","permissions":["conversation_manage","contact_manage","report_manage","knowledge_base_manage"]}`).object()
	w.exec(`UPDATE account_users SET custom_role_id = $1 WHERE account_id = $2 AND user_id = $3`, id(role["id"]), w.account, m.custom)
	for _, user := range []int64{m.insider, m.custom} {
		w.exec(`INSERT INTO inbox_members (inbox_id, user_id, created_at) VALUES ($1, $2, 1)`, m.inbox, user)
	}
	for _, text := range []string{"one", "two"} {
		w.receive(m.inbox, "U", text)
	}
	w.tokens[asGarbage] = "nobody-has-this-token-00"
	m.makeBot()
	return m
}

// makeBot makes an agent bot, linked to the inbox where routes for that are there.
func (m *matrix) makeBot() {
	m.t.Helper()
	if m.row("POST", "/api/v1/accounts/{account_id}/agent_bots") == nil {
		made, err := m.store.Bootstrap(m.t.Context(), "bot@example.com", "bot", "hash", "Of a bot")
		m.must(err)
		m.bot, m.tokens[asBot] = made.UserID, made.AccessToken
		m.exec(`UPDATE access_tokens SET owner_type = 'AgentBot' WHERE owner_type = 'User' AND owner_id = $1`, made.UserID)
		return
	}
	made := m.call(asAdmin, "POST", "{A}/agent_bots", `{"name":"Bo"}`).object()
	m.bot = id(made["id"])
	m.tokens[asBot], _ = made["access_token"].(string)
	m.botLinked = m.row("POST", "/api/v1/accounts/{account_id}/inboxes/{id}/set_agent_bot") != nil
	m.linkBot()
}

// linkBot links the bot to the inbox, if it can be.
func (m *matrix) linkBot() {
	m.t.Helper()
	if !m.botLinked {
		return
	}
	if a := m.call(asAdmin, "POST", fmt.Sprintf("{A}/inboxes/%d/set_agent_bot", m.inbox), fmt.Sprintf(`{"agent_bot":%d}`, m.bot)); a.status >= 300 {
		m.t.Fatalf("link the bot: %d %s", a.status, a.body)
	}
}

// row finds a mounted row, whatever its parameters are called.
func (m *matrix) row(method, path string) *route.Row {
	shape := func(p string) string { return sameRoute(strings.NewReplacer("{", ":", "}", "").Replace(p)) }
	for i := range m.rows {
		if slices.Contains(m.rows[i].Methods, method) && shape(m.rows[i].Template()) == shape(path) {
			return &m.rows[i]
		}
	}
	return nil
}

// fixtures make the records that paths name, by the resource before the parameter;
// outside of /api with the first segment of the path in front. What is not here is
// made by the POST of its collection, with the body that generic gives.
func fixtures() map[string]func(m *matrix) string {
	return map[string]func(m *matrix) string{
		"agents": func(m *matrix) string { return fmt.Sprint(m.member("victim", "victim@example.com", false)) },
		"users":  func(m *matrix) string { return fmt.Sprint(m.member("other victim", "victim2@example.com", false)) },
		// The stored number, not that of the conversation in the account: there is one.
		"conversations": func(m *matrix) string { return m.text(`SELECT CAST(MAX(display_id) AS TEXT) FROM conversations`) },
		"contacts":      func(m *matrix) string { return m.text(`SELECT CAST(MAX(id) AS TEXT) FROM contacts`) },
		"messages":      func(m *matrix) string { return m.text(`SELECT CAST(MAX(id) AS TEXT) FROM messages`) },
		"inboxes":       func(m *matrix) string { return fmt.Sprint(m.inbox) },
		"inbox_members": func(m *matrix) string { return fmt.Sprint(m.inbox) },
		"working_hours": func(m *matrix) string {
			return fmt.Sprint((m.inbox-1)*7 + 1) // Sunday's
		},
		"webhooks": func(m *matrix) string {
			path, _ := m.hook("https://matrix.example/hook")
			return path[strings.LastIndexByte(path, '/')+1:]
		},
		"deliveries": func(m *matrix) string {
			made := m.call(asAdmin, "POST", "{A}/webhooks/"+m.record("webhooks", nil)+"/test", "").object()
			m.exec(`UPDATE webhook_deliveries SET state = 'delivered'`)
			return fmt.Sprint(id(at(made, "payload", "delivery", "id")))
		},
		"notifications": func(m *matrix) string {
			m.exec(`INSERT INTO notifications (account_id, user_id, notification_type, conversation_id, last_activity_at, created_at, updated_at)
				SELECT account_id, $1, 1, id, 1, 1, 1 FROM conversations WHERE inbox_id = $2`, m.admin, m.inbox)
			return m.text(`SELECT CAST(MAX(id) AS TEXT) FROM notifications`)
		},
		"macros":           func(m *matrix) string { return fmt.Sprint(m.macro(asAdmin, "matrix", "global", "[]")) },
		"automation_rules": func(m *matrix) string { return fmt.Sprint(m.rule("matrix", "message_created", "[]", "[]")) },
		"bulk_actions": func(m *matrix) string {
			m.call(asAdmin, "POST", "{A}/bulk_actions", `{"type":"Conversation"}`).want(200, "")
			return fmt.Sprint(m.number(`SELECT MAX(id) FROM bulk_actions`))
		},
		"events": func(m *matrix) string { return m.bury(letter{inbox: m.inbox, text: "x", reason: "y"})[0] },
		"public/inboxes": func(m *matrix) string {
			m.shop(shop, nil)
			return "shop"
		},
		"public/contacts": func(m *matrix) string {
			source, _ := m.public("POST", "/public/api/v1/inboxes/"+m.record("public/inboxes", nil)+"/contacts", `{}`).object()["source_id"].(string)
			return source
		},
		"public/conversations": func(m *matrix) string {
			made := m.public("POST", "/public/api/v1/inboxes/shop/contacts/"+m.record("public/contacts", nil)+"/conversations", `{}`).object()
			return fmt.Sprint(id(made["id"]))
		},
		"public/messages": func(m *matrix) string {
			path := "/public/api/v1/inboxes/shop/contacts/" + m.record("public/contacts", nil) + "/conversations/" + m.record("public/conversations", nil)
			return fmt.Sprint(id(m.public("POST", path+"/messages", `{"content":"x"}`).object()["id"]))
		},
	}
}

// unnamed are the parameters that name no record that has to be there: tokens of
// files, providers and the like, which answer 404.
var unnamed = map[string]string{
	"signed_id": "x", "filename": "x.png", "variation": "x", "token": "x", "path": "start.js", "provider": "saml",
}

// generic is a body by which most things can be made.
func (m *matrix) generic() string {
	return fmt.Sprintf(`{"name":"matrix","title":"matrix","email":"matrix@example.com","password":"Passw0rd!","inbox_id":%d,"user_id":%d,"account_id":%d,`+
		`"conversation_limit":5,"content":"x","short_code":"x","url":"https://example.com/hook","attribute_display_name":"matrix","attribute_key":"matrix"}`, m.inbox, m.insider, m.account)
}

// record is the number of a resource's record, made when it is first wanted; row is
// for whose path.
func (m *matrix) record(resource string, row *route.Row) string {
	m.t.Helper()
	if known, ok := m.ids[resource]; ok {
		return known
	}
	made := ""
	if f, ok := fixtures()[resource]; ok {
		made = f(m)
	} else if row != nil {
		made = m.byPost(resource, row)
	}
	m.ids[resource] = made
	return made
}

// byPost makes a record by the POST of its collection.
func (m *matrix) byPost(resource string, row *route.Row) string {
	m.t.Helper()
	name := resource[strings.LastIndexByte(resource, '/')+1:]
	collection, _, ok := strings.Cut(row.Template(), "/"+name+"/{")
	collection += "/" + name
	if !ok || m.row("POST", collection) == nil {
		return ""
	}
	path, missing := m.path(&route.Row{Path: collection, Auth: row.Auth}, "")
	if missing != "" {
		return ""
	}
	as := asAdmin
	if row.Auth == route.AuthPlatform {
		as = asPlatform
	}
	a := m.call(as, "POST", path, m.generic())
	var made struct {
		ID int64 `json:"id"`
	}
	if a.status >= http.StatusMultipleChoices || json.Unmarshal([]byte(a.body), &made) != nil || made.ID == 0 {
		m.t.Logf("%s: %d %s", a.name, a.status, a.body)
		return ""
	}
	return fmt.Sprint(made.ID)
}

// path is a row's path with the records in it; instead stands for that of the record
// that the row looks up, when it is not empty. missing names the resource of which
// there is no record.
func (m *matrix) path(row *route.Row, instead string) (path, missing string) {
	m.t.Helper()
	segments := strings.Split(row.Template(), "/")
	top := segments[1]
	for i, s := range segments {
		name, is := strings.CutPrefix(s, "{")
		if !is {
			continue
		}
		name = strings.TrimSuffix(name, "}")
		resource := segments[i-1]
		if top != "api" {
			resource = top + "/" + resource
		}
		switch fixed, ok := unnamed[name]; {
		case instead != "" && name == row.Finder():
			segments[i] = instead
		case name == "account_id" && row.Auth == route.AuthAccount, name == "id" && row.Auth == route.AuthOwnAccount:
			segments[i] = fmt.Sprint(m.account)
		case ok:
			segments[i] = fixed
		default:
			if segments[i] = m.record(resource, row); segments[i] == "" {
				return "", resource
			}
		}
	}
	return strings.Join(segments, "/"), ""
}
