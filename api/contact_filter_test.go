package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestContactFilter(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.define("contact_attribute")
		ids := map[string]int64{}
		for _, c := range []struct{ name, more string }{
			{"Ada", `,"email":"ada@x.example","phone_number":"+4930123","identifier":"Id-1","blocked":true,
				"additional_attributes":{"country_code":"DE","city":"Berlin","company":"Acme Corp","company_name":"Other"},
				"custom_attributes":{"my_text":"Gold","my_number":7.5,"my_date":"2024-03-01","my_checkbox":true}`},
			{"Bo Ähre", `,"email":"bo@y.example","custom_attributes":{"my_number":"3"}`},
			{"Cy", `,"phone_number":"+4930999"`},
			{"Nobody", ``},
		} {
			ids[c.name] = id(at(w.call("agent", "POST", "{A}/contacts", fmt.Sprintf(`{"name":%q%s}`, c.name, c.more)).object(), "payload", "contact", "id"))
		}
		w.call("agent", "POST", fmt.Sprintf("{A}/contacts/%d/labels", ids["Ada"]), `{"labels":["VIP"]}`).object()
		w.exec(`UPDATE contacts SET created_at = $1, last_activity_at = $1 WHERE id = $2`, int64(1_700_000_000_000_000), ids["Ada"])
		names := func(body string) string {
			t.Helper()
			got := w.call("agent", "POST", "{A}/contacts/filter", body).object()
			var out []string
			for _, c := range got["payload"].([]any) {
				name, _ := at(c, "name").(string)
				out = append(out, name[:1])
			}
			slices.Sort(out)
			if n := id(at(got, "meta", "count")); n != int64(len(out)) {
				t.Errorf("%s: count %d of %v", body, n, out)
			}
			return strings.Join(out, "")
		}
		for _, c := range []struct{ key, operator, values, want string }{
			{"name", "equal_to", `["ADA"]`, "A"},
			{"name", "equal_to", `["cy","ada"]`, "C"},
			{"name", "not_equal_to", `["ada"]`, "BC"},
			{"name", "contains", `["äH","cy"]`, "BC"},
			{"name", "contains", `" äH "`, "B"},
			{"name", "does_not_contain", `["a","y"]`, "B"},
			{"email", "equal_to", `["ADA@X.example"]`, "A"},
			{"email", "not_equal_to", `["ada@x.example"]`, "B"},
			{"email", "contains", `["x.example"]`, "A"},
			{"email", "does_not_contain", `["x.example"]`, "B"},
			{"identifier", "equal_to", `["iD-1"]`, "A"},
			{"phone_number", "equal_to", `["4930123"]`, "A"},
			{"phone_number", "equal_to", `["+4930123"]`, "A"},
			{"phone_number", "equal_to", `[4930123]`, "A"},
			{"phone_number", "contains", `["30"]`, "AC"},
			{"phone_number", "starts_with", `["49309"]`, "C"},
			{"phone_number", "starts_with", `["9309"]`, ""},
			{"phone_number", "not_equal_to", `["4930123"]`, "C"},
			{"country_code", "equal_to", `["de"]`, "A"},
			{"city", "contains", `["ERL"]`, "A"},
			{"city", "not_equal_to", `["x"]`, "A"},
			{"company", "equal_to", `["acme corp"]`, "A"},
			{"company", "equal_to", `["other"]`, ""},
			{"labels", "equal_to", `["vip"]`, "A"},
			{"labels", "equal_to", `["x","Vip"]`, "A"},
			{"labels", "not_equal_to", `["vip"]`, "BC"},
			{"labels", "is_present", `[]`, "A"},
			{"labels", "is_not_present", `[]`, "BC"},
			{"created_at", "is_less_than", `["2023-11-15"]`, "A"},
			{"created_at", "is_greater_than", `["2023-11-14"]`, "BC"},
			{"last_activity_at", "days_before", `[10]`, "A"},
			{"blocked", "equal_to", `[true]`, "A"},
			{"blocked", "equal_to", `["false"]`, "BC"},
			{"blocked", "not_equal_to", `[true]`, "BC"},
			{"my_text", "equal_to", `["gold"]`, "A"},
			{"my_text", "not_equal_to", `["gold"]`, "BC"},
			{"my_number", "is_greater_than", `[3]`, "A"},
			{"my_number", "is_less_than", `["7.5"]`, "B"},
			{"my_date", "equal_to", `["2024-03-01"]`, "A"},
			{"my_checkbox", "equal_to", `[true]`, "A"},
			{"my_checkbox", "is_not_present", `[]`, "BC"},
		} {
			if got := names(one(c.key, c.operator, c.values)); got != c.want {
				t.Errorf("%s %s %s: %q, want %q", c.key, c.operator, c.values, got, c.want)
			}
		}
		for body, want := range map[string]string{`{}`: "ABC", `{"payload":[]}`: "ABC"} {
			if got := names(body); got != want {
				t.Errorf("%s: %q", body, got)
			}
		}
		// The envelope is that of the list.
		list := w.call("agent", "GET", "{A}/contacts?sort=-name", "").object()
		same(t, "as the list", w.call("agent", "POST", "{A}/contacts/filter?sort=-name", `{}`).object(), raw(t, list))
		same(t, "meta", w.call("agent", "POST", "{A}/contacts/filter?page=2", `{}`).object(), `{"meta":{"count":3,"current_page":"2"},"payload":[]}`)
		if at(w.call("agent", "POST", "{A}/contacts/filter", `{"include_contact_inboxes":false}`).object(), "payload", 0, "contact_inboxes") != nil {
			t.Error("addresses that nobody wanted")
		}
		const keys = "name,phone_number,email,identifier,country_code,city,company,labels,created_at,last_activity_at,blocked"
		for _, c := range []struct{ body, want string }{
			{one("nothing", "equal_to", `["x"]`), fmt.Sprintf(`{"error":"Invalid attribute key - [nothing]. The key should be one of [%s] or a custom attribute defined in the account."}`, keys)},
			{one("status", "equal_to", `["open"]`), fmt.Sprintf(`{"error":"Invalid attribute key - [status]. The key should be one of [%s] or a custom attribute defined in the account."}`, keys)},
			{one("email", "starts_with", `["x"]`), `{"error":"Invalid operator. The allowed operators for email are [equal_to,not_equal_to,contains,does_not_contain]."}`},
			{one("blocked", "equal_to", `["maybe"]`), `{"error":"Invalid value. The values provided for blocked are invalid"}`},
			{one("email", "equal_to", `[]`), `{"error":"Invalid value. The values provided for email are invalid"}`},
			{`{"payload":[{"attribute_key":"x","query_operator":"not"}]}`, `{"error":"Query operator must be either \"AND\" or \"OR\"."}`},
		} {
			w.call("agent", "POST", "{A}/contacts/filter", c.body).want(422, c.want)
		}
	})
}
