package api_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestCustomAttributes(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		const all = "{A}/custom_attribute_definitions"
		w.call("agent", "GET", all, "").want(200, "[]")
		made := w.call("agent", "POST", all, `{"attribute_display_name":"Plan","attribute_key":"plan","attribute_display_type":"list","attribute_values":["a","b"],
			"attribute_description":"d","regex_pattern":"^a","regex_cue":"letters","attribute_model":"contact_attribute","default_value":7,"id":99}`).object()
		one := id(made["id"])
		for _, key := range []string{"created_at", "updated_at"} {
			if s, _ := made[key].(string); !strings.HasPrefix(s, "2025-01-31T10:00:") || !strings.HasSuffix(s, "Z") {
				t.Errorf("%s %v", key, made[key])
			}
			delete(made, key)
		}
		same(t, "made", made, fmt.Sprintf(`{"id":%d,"attribute_display_name":"Plan","attribute_display_type":"list","attribute_description":"d","attribute_key":"plan",
			"regex_pattern":"^a","regex_cue":"letters","attribute_values":["a","b"],"attribute_model":"contact_attribute","default_value":null}`, one))
		two := w.call("admin", "POST", all, `{"custom_attribute_definition":{"attribute_display_name":"Plan","attribute_key":"plan"}}`).object()
		compare(t, "defaults", two, `{"attribute_display_type":"text","attribute_model":"conversation_attribute","attribute_values":[],"attribute_description":null,"regex_pattern":null,"regex_cue":null,"default_value":null}`)
		three := w.call("admin", "POST", all, `{"attribute_display_name":"Seats","attribute_key":"seats","attribute_display_type":1,"attribute_model":1}`).object()
		compare(t, "by number", three, `{"attribute_display_type":"number","attribute_model":"contact_attribute"}`)
		form := w.send("admin", "POST", all, "application/x-www-form-urlencoded",
			"custom_attribute_definition[attribute_display_name]=F&custom_attribute_definition[attribute_key]=f&custom_attribute_definition[attribute_values][]=x").object()
		compare(t, "of a form", form, `{"attribute_values":["x"]}`)
		path := fmt.Sprintf("%s/%d", all, id(form["id"]))
		w.call("agent", "DELETE", path, "").want(204, "")
		w.call("agent", "DELETE", path, "").want(404, missingText)

		for query, want := range map[string]string{
			"":                                   fmt.Sprintf("[%d,%d,%d]", one, id(two["id"]), id(three["id"])),
			"?attribute_model=":                  fmt.Sprintf("[%d,%d,%d]", one, id(two["id"]), id(three["id"])),
			"?attribute_model=0":                 fmt.Sprintf("[%d]", id(two["id"])),
			"?attribute_model=1":                 fmt.Sprintf("[%d,%d]", one, id(three["id"])),
			"?attribute_model=contact_attribute": fmt.Sprintf("[%d,%d]", one, id(three["id"])),
		} {
			same(t, query, ids(any(w.call("agent", "GET", all+query, "").list())), want)
		}
		w.call("agent", "GET", all+"?attribute_model=x", "").want(422, invalidText("attribute_model", "Attribute model is not included in the list"))

		path = fmt.Sprintf("%s/%d", all, one)
		w.now.Add(60_000_000)
		changed := w.call("agent", "PATCH", path, `{"attribute_display_name":"Tier","attribute_values":["c"],"regex_pattern":null}`).object()
		compare(t, "changed", changed, `{"attribute_display_name":"Tier","attribute_key":"plan","attribute_values":["c"],"regex_pattern":null,"regex_cue":"letters"}`)
		if changed["updated_at"] == changed["created_at"] {
			t.Errorf("updated_at %v", changed["updated_at"])
		}
		compare(t, "put", w.call("agent", "PUT", path, `{"custom_attribute_definition":{"attribute_description":null}}`).object(), `{"attribute_description":null,"attribute_display_name":"Tier"}`)
		same(t, "shown", w.call("agent", "GET", path, "").object(), raw(t, w.call("agent", "GET", all, "").list()[0]))

		// Values stay with the records of what is no longer defined.
		w.receive(w.line("L", true), "U", "hi")
		w.exec(`UPDATE conversations SET custom_attributes = '{"plan":"a"}'`)
		w.call("agent", "DELETE", fmt.Sprintf("%s/%d", all, id(two["id"])), "").want(204, "")
		same(t, "kept", at(w.call("admin", "GET", "{A}/conversations/1", "").object(), "custom_attributes"), `{"plan":"a"}`)
	})
}

func TestCustomAttributeRefusals(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		const all = "{A}/custom_attribute_definitions"
		one := id(w.call("admin", "POST", all, `{"attribute_display_name":"Plan","attribute_key":"plan"}`).object()["id"])
		w.call("admin", "POST", all, `{"attribute_display_name":"Other","attribute_key":"other"}`).object()
		const conflicts = "Attribute key The provided key is not allowed as it might conflict with default attributes."
		both := func(name, key, more string) string {
			return fmt.Sprintf(`{"attribute_display_name":%q,"attribute_key":%q%s}`, name, key, more)
		}
		for _, c := range []struct{ body, want string }{
			{`{}`, paramText("custom_attribute_definition")},
			{`{"custom_attribute_definition":{}}`, paramText("custom_attribute_definition")},
			{`{"attribute_display_name":"x"}`, invalidText("attribute_key", "Attribute key can't be blank")},
			{`{"attribute_key":"x"}`, invalidText("attribute_display_name", "Attribute display name can't be blank")},
			{both("x", "plan", ""), invalidText("attribute_key", "Attribute key has already been taken")},
			{both("x", "status", ""), invalidText("attribute_key", conflicts)},
			{both("x", "display_id", ""), invalidText("attribute_key", conflicts)},
			{both("x", "blocked", `,"attribute_model":1`), invalidText("attribute_key", conflicts)},
			{both("x", "k", `,"attribute_display_type":"colour"`), invalidText("attribute_display_type", "Attribute display type is not included in the list")},
			{both("x", "k", `,"attribute_display_type":8`), invalidText("attribute_display_type", "Attribute display type is not included in the list")},
			{both("x", "k", `,"attribute_model":"user"`), invalidText("attribute_model", "Attribute model is not included in the list")},
			{both(strings.Repeat("x", 256), "k", ""), invalidText("attribute_display_name", "Attribute display name is too long (maximum is 255 characters)")},
			{both("x", strings.Repeat("k", 256), ""), invalidText("attribute_key", "Attribute key is too long (maximum is 255 characters)")},
			{both("x", "k", `,"attribute_values":"a"`), invalidText("custom_attribute_definition", "Custom attribute definition is invalid")},
		} {
			got := w.call("agent", "POST", all, c.body)
			if strings.Contains(c.body, "attribute_values") {
				if got.status != 422 {
					t.Errorf("%s: %d %s", c.body, got.status, got.body)
				}
				continue
			}
			got.want(422, c.want)
		}
		// What conflicts for one model does not for the other.
		w.call("agent", "POST", all, both("x", "status", `,"attribute_model":1`)).object()
		w.call("agent", "POST", all, both("x", "blocked", "")).object()
		path := fmt.Sprintf("%s/%d", all, one)
		w.call("agent", "PATCH", path, `{}`).want(422, paramText("custom_attribute_definition"))
		w.call("agent", "PATCH", path, `{"attribute_key":"other"}`).want(422, invalidText("attribute_key", "Attribute key has already been taken"))
		w.call("agent", "PATCH", path, `{"attribute_key":""}`).want(422, invalidText("attribute_key", "Attribute key can't be blank"))
		w.call("agent", "PATCH", path, `{"attribute_key":"status"}`).object() // only when it is made
		for _, method := range []string{"GET", "PATCH", "DELETE"} {
			w.call("agent", method, all+"/999", `{"attribute_display_name":"x"}`).want(404, missingText)
		}
		w.exec(`UPDATE custom_attribute_definitions SET account_id = (SELECT MAX(id) FROM accounts) WHERE id = $1`, one)
		for _, method := range []string{"GET", "PATCH", "DELETE"} {
			w.call("agent", method, path, `{"attribute_display_name":"x"}`).want(404, missingText)
		}
	})
}

// A form before a chat that asks for an attribute follows its definition.
func TestCustomAttributesInForms(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		const all = "{A}/custom_attribute_definitions"
		one := id(w.call("admin", "POST", all, `{"attribute_display_name":"Plan","attribute_key":"plan","attribute_display_type":"list","attribute_values":["a"]}`).object()["id"])
		website := func(field string) int64 {
			return id(w.call("admin", "POST", "{A}/inboxes", `{"name":"Web","channel":{"type":"web_widget","website_url":"https://x.example","pre_chat_form_enabled":true,
				"pre_chat_form_options":{"pre_chat_message":"M","pre_chat_fields":[{"name":"emailAddress","label":"E","type":"email","field_type":"standard","enabled":true,"required":true},
				{"name":"`+field+`","label":"Old","placeholder":"Old","type":"select","field_type":"conversation_attribute","enabled":true,"required":false,"values":["a"]}]}}}`).object()["id"])
		}
		with, without := website("plan"), website("other")
		fields := func(inbox int64) any {
			return at(w.call("admin", "GET", fmt.Sprintf("{A}/inboxes/%d", inbox), "").object(), "pre_chat_form_options", "pre_chat_fields")
		}
		before := raw(t, fields(without))
		w.call("agent", "PATCH", fmt.Sprintf("%s/%d", all, one), `{"attribute_display_name":"Tier","attribute_values":["b","c"],"regex_pattern":"^x","regex_cue":"cue"}`).object()
		same(t, "followed", fields(with), `[{"name":"emailAddress","label":"E","type":"email","field_type":"standard","enabled":true,"required":true},
			{"name":"plan","label":"Tier","placeholder":"Tier","type":"select","field_type":"conversation_attribute","enabled":true,"required":false,"values":["b","c"],
			"regex_pattern":"^x","regex_cue":"cue"}]`)
		same(t, "another's", fields(without), before)
		w.call("agent", "DELETE", fmt.Sprintf("%s/%d", all, one), "").want(204, "")
		same(t, "gone", fields(with), `[{"name":"emailAddress","label":"E","type":"email","field_type":"standard","enabled":true,"required":true}]`)
		same(t, "another's", fields(without), before)
	})
}

func TestCustomFilters(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		const all = "{A}/custom_filters"
		w.call("agent", "GET", all, "").want(200, "[]")
		const query = `{"payload":[{"attribute_key":"status","filter_operator":"equal_to","values":["open"],"query_operator":null}]}`
		made := w.call("agent", "POST", all, `{"name":"Open","filter_type":"conversation","query":`+query+`}`).object()
		one := id(made["id"])
		for _, key := range []string{"created_at", "updated_at"} {
			if s, _ := made[key].(string); !strings.HasPrefix(s, "2025-01-31T10:00:") || !strings.HasSuffix(s, "Z") {
				t.Errorf("%s %v", key, made[key])
			}
			delete(made, key)
		}
		same(t, "made", made, fmt.Sprintf(`{"id":%d,"name":"Open","filter_type":"conversation","query":%s}`, one, query))
		two := id(w.call("agent", "POST", all, `{"custom_filter":{"name":"C","filter_type":1}}`).object()["id"])
		three := id(w.call("agent", "POST", all, `{"name":"R","filter_type":"report","query":{"x":1}}`).object()["id"])
		w.call("admin", "POST", all, `{"name":"Mine"}`).object()
		for query, want := range map[string]string{
			"": fmt.Sprintf("[%d]", one), "?filter_type=conversation": fmt.Sprintf("[%d]", one), "?filter_type=contact": fmt.Sprintf("[%d]", two),
			"?filter_type=2": fmt.Sprintf("[%d]", three),
		} {
			same(t, query, ids(any(w.call("agent", "GET", all+query, "").list())), want)
		}
		w.call("agent", "GET", all+"?filter_type=x", "").want(422, invalidText("filter_type", "Filter type is not included in the list"))
		path := fmt.Sprintf("%s/%d", all, one)
		w.now.Add(60_000_000)
		changed := w.call("agent", "PATCH", path, `{"name":"Other","query":{"payload":[]}}`).object()
		compare(t, "changed", changed, `{"name":"Other","filter_type":"conversation","query":{"payload":[]}}`)
		if changed["updated_at"] == changed["created_at"] {
			t.Errorf("updated_at %v", changed["updated_at"])
		}
		compare(t, "put", w.call("agent", "PUT", path, `{"custom_filter":{"query":null}}`).object(), `{"query":{}}`)
		compare(t, "shown", w.call("agent", "GET", path, "").object(), `{"name":"Other"}`)

		for _, c := range []struct{ body, want string }{
			{`{}`, paramText("custom_filter")},
			{`{"query":{}}`, invalidText("name", "Name can't be blank")},
			{`{"name":" "}`, invalidText("name", "Name can't be blank")},
			{`{"name":"` + strings.Repeat("x", 256) + `"}`, invalidText("name", "Name is too long (maximum is 255 characters)")},
			{`{"name":"x","filter_type":"odd"}`, invalidText("filter_type", "Filter type is not included in the list")},
		} {
			w.call("agent", "POST", all, c.body).want(422, c.want)
		}
		w.call("agent", "PATCH", path, `{}`).want(422, paramText("custom_filter"))
		w.call("agent", "PATCH", path, `{"name":""}`).want(422, invalidText("name", "Name can't be blank"))
		// Nobody sees another's.
		for _, method := range []string{"GET", "PATCH", "DELETE"} {
			w.call("admin", method, path, `{"name":"x"}`).want(404, missingText)
			w.call("agent", method, all+"/999", `{"name":"x"}`).want(404, missingText)
		}
		w.call("agent", "DELETE", path, "").want(204, "")
		w.call("agent", "GET", path, "").want(404, missingText)
		for range 48 {
			w.call("agent", "POST", all, `{"name":"x"}`).object()
		}
		w.call("agent", "POST", all, `{"name":"x"}`).want(422,
			invalidText("account_id", "Account Limit reached. The maximum number of allowed custom filters for a user per account is 50."))
		w.call("agent", "PATCH", fmt.Sprintf("%s/%d", all, two), `{"name":"y"}`).object()
		w.call("admin", "POST", all, `{"name":"x"}`).object()
	})
}
