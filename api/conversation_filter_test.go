package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// one is a filter of one condition.
func one(key, operator, values string) string {
	return fmt.Sprintf(`{"payload":[{"attribute_key":%q,"filter_operator":%q,"values":%s,"query_operator":null,"custom_attribute_type":"","attribute_model":"standard"}]}`, key, operator, values)
}

// filtered are the conversations that a filter finds, as role sees them, by number.
func (w *world) filtered(role, body string) []int64 {
	w.t.Helper()
	got := w.call(role, "POST", "{A}/conversations/filter", body).object()
	out := []int64{}
	for _, c := range at(got, "payload").([]any) {
		out = append(out, id(at(c, "id")))
	}
	slices.Sort(out)
	if all := at(got, "meta", "all_count"); id(all) != int64(len(out)) && len(out) < 25 {
		w.t.Errorf("%s: all_count %v, listed %v", body, all, out)
	}
	return out
}

// define makes custom attributes of a conversation, one of each kind.
func (w *world) define(model string) {
	w.t.Helper()
	for _, kind := range []string{"text", "number", "currency", "percent", "link", "date", "list", "checkbox"} {
		w.call("admin", "POST", "{A}/custom_attribute_definitions",
			fmt.Sprintf(`{"attribute_display_name":%q,"attribute_key":"my_%s","attribute_display_type":%q,"attribute_model":%q}`, kind, kind, kind, model)).object()
	}
}

func TestConversationFilter(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		mine, other := w.line("Mine", true), w.line("Other", false)
		for i, inbox := range []int64{mine, mine, other, other} {
			w.receive(inbox, fmt.Sprint("U", i+1), "hello")
		}
		w.define("conversation_attribute")
		w.exec(`UPDATE conversations SET status = 1, priority = 3, assignee_id = $1, team_id = 7, campaign_id = 9,
			additional_attributes = '{"browser_language":"de","conversation_language":"fr","country_code":"DE","referer":"https://Shop.example/a","mail_subject":"Offer 100%"}',
			custom_attributes = '{"my_text":"Gold","my_number":7.5,"my_currency":100,"my_percent":"12","my_link":"https://x.example","my_date":"2024-03-01","my_list":"A","my_checkbox":true}',
			created_at = $2, last_activity_at = $2 WHERE display_id = 2 AND account_id = $3`, w.agent, int64(1_700_000_000_000_000), w.account) // 14 November 2023, 22:13
		w.exec(`UPDATE conversations SET assignee_id = $1, custom_attributes = '{"my_number":"x","my_text":null}' WHERE display_id = 1 AND account_id = $2`, w.admin, w.account)
		w.exec(`INSERT INTO conversation_labels (conversation_id, account_id, label) SELECT id, account_id, 'vip' FROM conversations WHERE display_id = 2`)
		w.exec(`INSERT INTO conversation_labels (conversation_id, account_id, label) SELECT id, account_id, 'new' FROM conversations WHERE display_id = 3`)
		for _, c := range []struct {
			key, operator, values string
			want                  string
		}{
			{"status", "equal_to", `["resolved"]`, `[2]`},
			{"status", "equal_to", `["open","resolved"]`, `[1,2,3,4]`},
			{"status", "equal_to", `["all"]`, `[1,2,3,4]`},
			{"status", "not_equal_to", `["open"]`, `[2]`},
			{"status", "equal_to", `["no such"]`, `[]`},
			{"status", "equal_to", `[1]`, `[2]`},
			{"priority", "equal_to", `["urgent"]`, `[2]`},
			{"priority", "not_equal_to", `["low"]`, `[2]`},
			{"assignee_id", "equal_to", fmt.Sprintf("[%d,%d]", w.agent, w.admin), `[1,2]`},
			{"assignee_id", "equal_to", fmt.Sprintf("[%q]", fmt.Sprint(w.agent)), `[2]`},
			{"assignee_id", "not_equal_to", fmt.Sprintf("[%d]", w.agent), `[1]`},
			{"assignee_id", "is_present", `[]`, `[1,2]`},
			{"assignee_id", "is_not_present", `[]`, `[3,4]`},
			{"inbox_id", "equal_to", fmt.Sprintf("[%d]", other), `[3,4]`},
			{"inbox_id", "not_equal_to", fmt.Sprintf("%d", other), `[1,2]`},
			{"team_id", "equal_to", `[7]`, `[2]`},
			{"team_id", "is_not_present", `null`, `[1,3,4]`},
			{"campaign_id", "is_present", `[]`, `[2]`},
			{"campaign_id", "not_equal_to", `[8]`, `[2]`},
			{"display_id", "equal_to", `["3"]`, `[3]`},
			{"display_id", "not_equal_to", `[3]`, `[1,2,4]`},
			{"display_id", "contains", `["2"]`, `[2]`},
			{"display_id", "does_not_contain", `["2"]`, `[1,3,4]`},
			{"labels", "equal_to", `["vip","new"]`, `[2,3]`},
			{"labels", "not_equal_to", `["vip"]`, `[1,3,4]`},
			{"labels", "is_present", `[]`, `[2,3]`},
			{"labels", "is_not_present", `[]`, `[1,4]`},
			{"browser_language", "equal_to", `["en","de"]`, `[2]`},
			{"browser_language", "equal_to", `["DE"]`, `[]`},
			{"browser_language", "not_equal_to", `["en"]`, `[2]`},
			{"conversation_language", "equal_to", `["fr"]`, `[2]`},
			{"country_code", "equal_to", `["DE"]`, `[2]`},
			{"referer", "contains", `["SHOP.example"]`, `[2]`},
			{"referer", "contains", `"SHOP.example"`, `[2]`},
			{"referer", "does_not_contain", `["nothing"]`, `[2]`},
			{"referer", "equal_to", `["https://Shop.example/a"]`, `[2]`},
			{"mail_subject", "contains", `["100%"]`, `[2]`},
			{"mail_subject", "contains", `["100_"]`, `[]`},
			{"mail_subject", "contains", `["nothing"," OFFER "]`, `[2]`},
			{"mail_subject", "does_not_contain", `["nothing","offer"]`, `[]`},
			{"created_at", "is_greater_than", `["2023-11-14"]`, `[1,3,4]`},
			{"created_at", "is_greater_than", `["2023-11-13"]`, `[1,2,3,4]`},
			{"created_at", "is_less_than", `["2023-11-14"]`, `[]`},
			{"created_at", "is_less_than", `["2023-11-15"]`, `[2]`},
			{"last_activity_at", "days_before", `["3"]`, `[2]`},
			{"last_activity_at", "days_before", `[3]`, `[2]`},
			{"my_text", "equal_to", `["gOLD","x"]`, `[2]`},
			{"my_text", "not_equal_to", `["gold"]`, `[1,3,4]`},
			{"my_text", "contains", `["OL"]`, `[2]`},
			{"my_text", "does_not_contain", `["zz"]`, `[2]`},
			{"my_text", "is_present", `[]`, `[2]`},
			{"my_text", "is_not_present", `[]`, `[1,3,4]`},
			{"my_link", "equal_to", `["https://x.example"]`, `[2]`},
			{"my_list", "equal_to", `["a"]`, `[2]`},
			{"my_number", "equal_to", `["7.50"]`, `[2]`},
			{"my_number", "is_greater_than", `[7]`, `[2]`},
			{"my_number", "is_less_than", `[7]`, `[]`},
			{"my_number", "not_equal_to", `[8]`, `[1,2,3,4]`},
			{"my_currency", "equal_to", `["100"]`, `[2]`},
			{"my_percent", "is_less_than", `[12.5]`, `[2]`},
			{"my_date", "equal_to", `["2024-03-01"]`, `[2]`},
			{"my_date", "is_greater_than", `["2024-02-29"]`, `[2]`},
			{"my_date", "is_less_than", `["2024-03-01"]`, `[]`},
			{"my_date", "days_before", `[300]`, `[2]`},
			{"my_date", "days_before", `[400]`, `[]`},
			{"my_checkbox", "equal_to", `[true]`, `[2]`},
			{"my_checkbox", "equal_to", `["false"]`, `[]`},
			{"my_checkbox", "not_equal_to", `["true"]`, `[1,3,4]`},
		} {
			same(t, c.key+" "+c.operator+" "+c.values, w.filtered("admin", one(c.key, c.operator, c.values)), c.want)
		}
		// AND binds tighter than OR; the operator of the last condition means nothing.
		joined := func(list ...string) string { return `{"payload":[` + strings.Join(list, ",") + `]}` }
		condition := func(key, values, join string) string {
			return fmt.Sprintf(`{"attribute_key":%q,"filter_operator":"equal_to","values":%s,"query_operator":%s}`, key, values, join)
		}
		for body, want := range map[string]string{
			joined(condition("display_id", "[1]", `"OR"`), condition("status", `["resolved"]`, `"and"`), condition("labels", `["vip"]`, `"AND"`)):                                      `[1,2]`,
			joined(condition("display_id", "[1]", `"or"`), condition("status", `["resolved"]`, `"AND"`), condition("labels", `["new"]`, `null`)):                                       `[1]`,
			joined(condition("status", `["open"]`, `""`), condition("labels", `["new"]`, `null`)):                                                                                      `[3]`,
			joined(condition("status", `["open"]`, `"AND"`), condition("display_id", "[4]", `"OR"`), condition("display_id", "[1]", `"AND"`), condition("status", `["open"]`, `"or"`)): `[1,4]`,
			`{}`:               `[1,2,3,4]`,
			`{"payload":[]}`:   `[1,2,3,4]`,
			`{"payload":null}`: `[1,2,3,4]`,
			`{"page":2}`:       `[]`,
			`{"page":"x"}`:     `[1,2,3,4]`,
			`{"payload":{"0":` + condition("display_id", "[1]", `null`) + `}}`: `[1]`,
		} {
			got := w.call("admin", "POST", "{A}/conversations/filter", body).object()
			list := []int64{}
			for _, c := range at(got, "payload").([]any) {
				list = append(list, id(at(c, "id")))
			}
			slices.Sort(list)
			same(t, body, list, want)
		}
		form := w.send("admin", "POST", "{A}/conversations/filter", "application/x-www-form-urlencoded",
			"payload[0][attribute_key]=status&payload[0][filter_operator]=equal_to&payload[0][values][]=resolved").object()
		same(t, "a form", at(form, "meta"), `{"mine_count":0,"unassigned_count":0,"all_count":1}`)

		// What it shows is what the list shows, with its own counts beside it.
		got := w.call("admin", "POST", "{A}/conversations/filter", one("status", "equal_to", `["open"]`)).object()
		same(t, "counts", got["meta"], `{"mine_count":1,"unassigned_count":2,"all_count":3}`)
		same(t, "rows", got["payload"], raw(t, at(w.call("admin", "GET", "{A}/conversations", "").object(), "data", "payload")))

		// An agent sees the conversations of their inboxes, a custom role what it opens.
		same(t, "agent", w.filtered("agent", `{}`), `[1,2]`)
		same(t, "agent elsewhere", w.filtered("agent", one("inbox_id", "equal_to", fmt.Sprintf("[%d]", other))), `[]`)
		role := id(w.call("admin", "POST", "{A}/custom_roles", `{"name":"r","permissions":["conversation_participating_manage"]}`).object()["id"])
		w.call("admin", "PATCH", fmt.Sprintf("{A}/agents/%d", w.agent), fmt.Sprintf(`{"custom_role_id":%d}`, role)).object()
		same(t, "mine alone", w.filtered("agent", `{}`), `[2]`)
		w.call("admin", "PATCH", fmt.Sprintf("{A}/custom_roles/%d", role), `{"permissions":[]}`).object()
		same(t, "none", w.filtered("agent", `{}`), `[]`)
	})
}

func TestConversationFilterRefusals(t *testing.T) {
	t.Parallel()
	eachStore(t, func(_ *testing.T, w *world) {
		w.define("conversation_attribute")
		w.call("admin", "POST", "{A}/custom_attribute_definitions",
			`{"attribute_display_name":"c","attribute_key":"of_contact","attribute_model":"contact_attribute"}`).object()
		const keys = "status,assignee_id,inbox_id,team_id,priority,display_id,campaign_id,labels,browser_language,conversation_language,country_code,referer,created_at,last_activity_at,mail_subject"
		noKey := func(k string) string {
			return fmt.Sprintf(`{"error":"Invalid attribute key - [%s]. The key should be one of [%s] or a custom attribute defined in the account."}`, k, keys)
		}
		noValue := func(k string) string {
			return fmt.Sprintf(`{"error":"Invalid value. The values provided for %s are invalid"}`, k)
		}
		noOperator := func(k, allowed string) string {
			return fmt.Sprintf(`{"error":"Invalid operator. The allowed operators for %s are [%s]."}`, k, allowed)
		}
		const noJoin = `{"error":"Query operator must be either \"AND\" or \"OR\"."}`
		for _, c := range []struct{ body, want string }{
			{one("nothing", "equal_to", `["x"]`), noKey("nothing")},
			{one("of_contact", "equal_to", `["x"]`), noKey("of_contact")},
			{one("", "equal_to", `["x"]`), noKey("")},
			{one("nothing", "equal_to", `[]`), noValue("nothing")},
			{one("nothing", "is_present", `[]`), noKey("nothing")},
			{one("status", "contains", `["x"]`), noOperator("status", "equal_to,not_equal_to")},
			{one("status", "contains", `[]`), noOperator("status", "equal_to,not_equal_to")},
			{one("status", "", `["open"]`), noOperator("status", "equal_to,not_equal_to")},
			{one("labels", "contains", `["x"]`), noOperator("labels", "equal_to,not_equal_to,is_present,is_not_present")},
			{one("created_at", "equal_to", `["2024-01-01"]`), noOperator("created_at", "is_greater_than,is_less_than,days_before")},
			{one("display_id", "starts_with", `["1"]`), noOperator("display_id", "equal_to,not_equal_to,contains,does_not_contain")},
			{one("status", "equal_to", `[]`), noValue("status")},
			{one("status", "equal_to", `""`), noValue("status")},
			{one("status", "equal_to", `null`), noValue("status")},
			{one("status", "equal_to", `{"a":1}`), noValue("status")},
			{one("status", "equal_to", `[null]`), noValue("status")},
			{one("assignee_id", "equal_to", `["me"]`), noValue("assignee_id")},
			{one("assignee_id", "equal_to", `[1.5]`), noValue("assignee_id")},
			{one("assignee_id", "equal_to", `[99999999999999999999]`), noValue("assignee_id")},
			{one("inbox_id", "equal_to", `[{"id":1}]`), noValue("inbox_id")},
			{one("created_at", "is_greater_than", `["yesterday"]`), noValue("created_at")},
			{one("created_at", "is_greater_than", `["2024-02-30"]`), noValue("created_at")},
			{one("created_at", "days_before", `["2024-01-01"]`), noValue("created_at")},
			{one("created_at", "days_before", `[-1]`), noValue("created_at")},
			{one("my_number", "equal_to", `["7; DROP TABLE accounts"]`), noValue("my_number")},
			{one("my_number", "is_greater_than", `["0x10"]`), noValue("my_number")},
			{one("my_currency", "equal_to", `["x"]`), noValue("my_currency")},
			{one("my_percent", "equal_to", `["1e999"]`), noValue("my_percent")},
			{one("my_date", "equal_to", `["2024-13-01"]`), noValue("my_date")},
			{one("my_checkbox", "equal_to", `["maybe"]`), noValue("my_checkbox")},
			{`{"payload":"x"}`, noValue("payload")},
			{`{"payload":[1]}`, noValue("payload")},
			{`{"payload":{"a":1}}`, noValue("payload")},
			// Joins come first, then condition by condition: operator, value, key.
			{`{"payload":[{"attribute_key":"nothing","filter_operator":"x","values":[]},{"query_operator":"xor"}]}`, noJoin},
			{`{"payload":[{"attribute_key":"status","filter_operator":"equal_to","values":["open"],"query_operator":"nand"}]}`, noJoin},
			{`{"payload":[{"attribute_key":"status","filter_operator":"equal_to","values":["open"],"query_operator":1}]}`, noJoin},
			{`{"payload":[{"attribute_key":"nothing","filter_operator":"equal_to","values":["x"],"query_operator":"and"},{"attribute_key":"status","filter_operator":"x"}]}`, noKey("nothing")},
			{`{"payload":[` + strings.Repeat(`{"attribute_key":"status","filter_operator":"equal_to","values":["open"],"query_operator":"or"},`, 100) + `{}]}`, `{"error":"Too many conditions. At most 100 can be combined."}`},
		} {
			w.call("admin", "POST", "{A}/conversations/filter", c.body).want(422, c.want)
			w.call("agent", "POST", "{A}/conversations/filter", c.body).want(422, c.want)
		}
		hundred := `{"payload":[` + strings.TrimSuffix(strings.Repeat(`{"attribute_key":"my_text","filter_operator":"contains","values":["a","b"],"query_operator":"or"},`, 100), ",") + `]}`
		w.call("admin", "POST", "{A}/conversations/filter", hundred).object()
		long := one("mail_subject", "contains", `["`+strings.Repeat("%_!", 30_000)+`"]`)
		w.call("admin", "POST", "{A}/conversations/filter", long).object()
		w.call("stranger", "POST", "{A}/conversations/filter", `{}`).want(401, `{"error":"You are not authorized to access this account"}`)
		w.call("", "POST", "{A}/conversations/filter", `{}`).want(401, `{"errors":["You need to sign in or sign up before continuing."]}`)
	})
}
