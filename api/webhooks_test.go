package api_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

const firstEvents = `["conversation_status_changed","conversation_updated","conversation_created","contact_created","contact_updated",` +
	`"message_created","message_updated","webwidget_triggered"]`

func TestWebhooks(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.call("admin", "GET", "{A}/webhooks", "").want(200, `{"payload":{"webhooks":[]}}`)
		inbox := w.line("Line", false)
		secret := func(a answer) string {
			t.Helper()
			s, _ := at(a.object(), "payload", "webhook", "secret").(string)
			if !regexp.MustCompile(`^[0-9a-f]{48}$`).MatchString(s) {
				t.Errorf("the secret is %q", s)
			}
			return s
		}
		text := func(id int64, url, events, secret, inbox string) string {
			return fmt.Sprintf(`{"id":%d,"url":%q,"account_id":%d,"subscriptions":%s,"secret":%q%s}`, id, url, w.account, events, secret, inbox)
		}
		one := w.call("admin", "POST", "{A}/webhooks", `{"url":" https://one.example/hook?a=b ","unknown":1}`)
		first := secret(one)
		one.want(200, `{"payload":{"webhook":`+text(1, "https://one.example/hook?a=b", firstEvents, first, "")+`}}`)
		inboxText := fmt.Sprintf(`,"inbox":{"id":%d,"name":"Line"}`, inbox)
		two := w.call("admin", "POST", "{A}/webhooks", fmt.Sprintf(
			`{"webhook":{"url":"http://two.example","subscriptions":["inbox_updated","conversation_typing_on","inbox_updated"],"inbox_id":%d}}`, inbox))
		second := secret(two)
		two.want(200, `{"payload":{"webhook":`+text(2, "http://two.example", `["inbox_updated","conversation_typing_on"]`, second, inboxText)+`}}`)
		if first == second {
			t.Error("two webhooks share a secret")
		}
		w.call("admin", "GET", "{A}/webhooks", "").want(200, `{"payload":{"webhooks":[`+text(1, "https://one.example/hook?a=b", firstEvents, first, "")+`,`+
			text(2, "http://two.example", `["inbox_updated","conversation_typing_on"]`, second, inboxText)+`]}}`)

		changed := `{"payload":{"webhook":` + text(2, "http://two.example", `["message_created"]`, second, "") + `}}`
		w.call("admin", "PATCH", "{A}/webhooks/2", `{"subscriptions":["message_created"],"inbox_id":null}`).want(200, changed)
		w.call("admin", "PUT", "{A}/webhooks/2", `{"webhook":{"subscriptions":null}}`).want(200, changed)
		w.call("admin", "PATCH", "{A}/webhooks/2", `{"url":"http://two.example"}`).want(200, changed)
		form := w.send("admin", "PATCH", "{A}/webhooks/2", "application/x-www-form-urlencoded", "webhook[url]=https://form.example&webhook[subscriptions][]=contact_created")
		form.want(200, `{"payload":{"webhook":`+text(2, "https://form.example", `["contact_created"]`, second, "")+`}}`)
		w.call("admin", "DELETE", "{A}/webhooks/1", "").want(200, "")
		w.call("admin", "DELETE", "{A}/webhooks/1", "").want(404, missingText)
		values := func(inbox any, events, url string) string {
			return fmt.Sprintf(`{"account_id":%d,"inbox_id":%v,"subscriptions":%s,"url":%q,"webhook_type":0}`, w.account, inbox, events, url)
		}
		w.eq("audit", w.audits("Webhook"), strings.Join([]string{
			"create " + values("null", firstEvents, "https://one.example/hook?a=b"),
			"create " + values(inbox, `["inbox_updated","conversation_typing_on"]`, "http://two.example"),
			fmt.Sprintf(`update {"inbox_id":[%d,null],"subscriptions":[["inbox_updated","conversation_typing_on"],["message_created"]]}`, inbox),
			`update {"subscriptions":[["message_created"],["contact_created"]],"url":["http://two.example","https://form.example"]}`,
			"destroy " + values("null", firstEvents, "https://one.example/hook?a=b"),
		}, "\n"))

		// The webhooks of an inbox go with it.
		three := w.call("admin", "POST", "{A}/webhooks", fmt.Sprintf(`{"url":"https://three.example","inbox_id":%d}`, inbox))
		three.object()
		w.call("admin", "DELETE", fmt.Sprintf("{A}/inboxes/%d", inbox), "")
		w.bulk()
		w.eq("left", w.text(`SELECT url FROM webhooks`), "https://form.example")
	})
}

func TestWebhookRefusals(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.hook("https://one.example/hook")
		path, _ := w.hook("https://two.example")
		const invalid = "Url is invalid"
		for _, c := range []struct{ body, want string }{
			{`{"url":""}`, invalidText("url", invalid)}, {`{"url":null}`, invalidText("url", invalid)}, {`{"url":"one.example"}`, invalidText("url", invalid)},
			{`{"url":"ftp://one.example"}`, invalidText("url", invalid)}, {`{"url":"https://"}`, invalidText("url", invalid)},
			{`{"url":"https://:80/x"}`, invalidText("url", invalid)}, {`{"url":"javascript:alert(1)"}`, invalidText("url", invalid)},
			{`{"url":["x"]}`, invalidText("url", invalid)}, {`{"url":{"a":1}}`, invalidText("url", invalid)},
			{`{"url":"https://x.example/` + strings.Repeat("x", 20000) + `"}`, invalidText("url", "Url is too long (maximum is 20000 characters)")},
			{`{"url":"https://one.example/hook"}`, invalidText("url", "Url has already been taken")},
			{`{"url":"https://x.example","subscriptions":[]}`, invalidText("subscriptions", "Subscriptions Invalid events")},
			{`{"url":"https://x.example","subscriptions":["message_created","nothing"]}`, invalidText("subscriptions", "Subscriptions Invalid events")},
			{`{"url":"https://x.example","subscriptions":[""]}`, invalidText("subscriptions", "Subscriptions Invalid events")},
			{`{"url":"x","subscriptions":["x"]}`, `{"message":"Url is invalid, Subscriptions Invalid events","attributes":["url","subscriptions"]}`},
			{`{"url":"https://x.example","inbox_id":999}`, invalidText("inbox", "Inbox must exist")},
			{`{"url":"https://x.example","inbox_id":"x"}`, invalidText("inbox_id", "Inbox is not a number")},
			{`{}`, paramText("webhook")}, {`{"webhook":{}}`, paramText("webhook")}, {`{"foo":1}`, paramText("webhook")},
		} {
			w.call("admin", "POST", "{A}/webhooks", c.body).want(422, c.want)
			w.call("admin", "PATCH", path, c.body).want(422, c.want)
		}
		w.call("admin", "POST", "{A}/webhooks", `{"subscriptions":["message_created"]}`).want(422, invalidText("url", invalid))
		elsewhere := w.number(`SELECT MAX(id) FROM accounts`)
		w.exec(`INSERT INTO webhooks (account_id, url, url_digest, secret, created_at, updated_at) VALUES ($1, 'https://x.example', 'x', 'x', 1, 1)`, elsewhere)
		theirs := fmt.Sprint(w.number(`SELECT MAX(id) FROM webhooks`))
		for _, missing := range []string{"999", "x", "-1", theirs} {
			for _, route := range []string{"PATCH ", "PUT ", "DELETE ", "POST /test", "GET /deliveries", "GET /deliveries/1", "POST /deliveries/1/redeliver"} {
				method, rest, _ := strings.Cut(route, " ")
				w.call("admin", method, "{A}/webhooks/"+missing+rest, `{"url":"https://y.example"}`).want(404, missingText)
			}
		}
		for _, route := range []string{
			"GET {A}/webhooks", "POST {A}/webhooks", "PATCH " + path, "PUT " + path, "DELETE " + path, "POST " + path + "/test", "GET " + path + "/deliveries",
			"GET " + path + "/deliveries/1", "POST " + path + "/deliveries/1/redeliver",
		} {
			method, address, _ := strings.Cut(route, " ")
			w.call("agent", method, address, `{"url":"https://y.example"}`).want(401, refusedText)
			w.call("stranger", method, address, `{"url":"https://y.example"}`).want(401, `{"error":"You are not authorized to access this account"}`)
			w.call("", method, address, `{}`).want(401, `{"errors":["You need to sign in or sign up before continuing."]}`)
		}
		for _, missing := range []string{"999", "x", "0"} {
			w.call("admin", "GET", path+"/deliveries/"+missing, "").want(404, missingText)
			w.call("admin", "POST", path+"/deliveries/"+missing+"/redeliver", "").want(404, missingText)
		}
		w.call("admin", "GET", path+"/deliveries?state=lost", "").want(422, invalidText("state", "State is not included in the list"))
		w.call("admin", "GET", path+"/deliveries?cursor=x", "").want(422, invalidText("cursor", "Cursor is not a number"))
		w.call("admin", "GET", path+"/deliveries?cursor=-5&state=", "").want(200, `{"payload":{"deliveries":[]},"meta":{"next_cursor":null}}`)
	})
}
