package api_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestPlatformBots(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		const list = "/platform/api/v1/agent_bots"
		w.call("platform", "GET", list, "").want(200, "[]")
		text := func(made map[string]any, name, description, url, account string) string {
			return fmt.Sprintf(`{"id":%d,"name":%s,"description":%s,"outgoing_url":%s,"account_id":%s,"access_token":%q}`,
				id(made["id"]), name, description, url, account, made["access_token"])
		}
		system := w.call("platform", "POST", list, `{"unknown":1,"bot_type":"x"}`).object()
		same(t, "a system bot", system, text(system, "null", "null", "null", "null"))
		if len(fmt.Sprint(system["access_token"])) != 24 {
			t.Errorf("token: %v", system)
		}
		account := fmt.Sprint(w.account)
		own := w.call("platform", "POST", list, `{"name":"Max","description":"d","outgoing_url":"https://bot.example/hook","account_id":`+account+`}`).object()
		same(t, "an account's", own, text(own, `"Max"`, `"d"`, `"https://bot.example/hook"`, account))
		same(t, "listed", w.call("platform", "GET", list, "").list(), "["+mustText(t, system)+","+mustText(t, own)+"]")
		path := fmt.Sprintf("%s/%d", list, id(own["id"]))
		same(t, "shown", w.call("platform", "GET", path, "").object(), mustText(t, own))
		same(t, "seen by the account", w.call("agent", "GET", fmt.Sprintf("{A}/agent_bots/%d", id(own["id"])), "").object()["name"], `"Max"`)

		same(t, "changed", w.call("platform", "PATCH", path, `{"name":"Moritz","description":null}`).object(),
			text(own, `"Moritz"`, "null", `"https://bot.example/hook"`, account))
		w.linkBot(w.line("a", false), id(own["id"]))
		same(t, "the installation's", w.call("platform", "PUT", path, `{"account_id":null}`).object(), text(own, `"Moritz"`, "null", `"https://bot.example/hook"`, "null"))
		if w.count(`SELECT COUNT(*) FROM agent_bot_inboxes`) != 1 {
			t.Error("the inbox lost its bot")
		}
		other := fmt.Sprint(w.platformAccount("platform", "Shop"))
		same(t, "another account's", w.call("platform", "PATCH", path, `{"account_id":"`+other+`","name":"M"}`).object(), text(own, `"M"`, "null", `"https://bot.example/hook"`, other))
		if w.count(`SELECT COUNT(*) FROM agent_bot_inboxes`) != 0 {
			t.Error("the inbox of the other account has the bot")
		}

		contentType, body := w.form(map[string]string{"name": "Pic"}, upload{"avatar", "me.png", "image/png", w.picture(4, 4)})
		w.send("platform", "PATCH", path, contentType, body).object()
		pictures := func() int {
			return w.count(`SELECT COUNT(*) FROM agent_bots WHERE avatar_blob_id IS NOT NULL AND id = $1`, id(own["id"]))
		}
		if pictures() != 1 {
			t.Error("no picture")
		}
		same(t, "without the picture", w.call("platform", "DELETE", path+"/avatar", "").object(), text(own, `"Pic"`, "null", `"https://bot.example/hook"`, other))
		if pictures() != 0 {
			t.Error("the picture stays")
		}
		w.call("platform", "DELETE", path, "").want(200, "")
		w.call("platform", "GET", path, "").want(404, numberedText)
		w.bulk()
		w.call("platform", "DELETE", fmt.Sprintf("%s/%d", list, id(system["id"])), "").want(200, "")
		w.call("platform", "GET", list, "").want(200, "[]")
		if n := w.count(`SELECT COUNT(*) FROM platform_permissions WHERE kind = 'AgentBot'`); n != 0 {
			t.Errorf("%d grants are left", n)
		}
	})
}

func TestPlatformBotRefusals(t *testing.T) {
	t.Parallel()
	eachStore(t, func(_ *testing.T, w *world) {
		const list = "/platform/api/v1/agent_bots"
		made := id(w.call("platform", "POST", list, `{"name":"Max"}`).object()["id"])
		foreign := w.bot("bot")
		path := fmt.Sprintf("%s/%d", list, made)
		for _, c := range []struct{ body, want string }{
			{`{"outgoing_url":"https://x.example/` + strings.Repeat("x", 2048) + `"}`, invalidText("outgoing_url", "Outgoing url is too long (maximum is 2048 characters)")},
			{`{"outgoing_url":"x"}`, invalidText("outgoing_url", "Outgoing url is invalid")},
			{`{"name":"` + strings.Repeat("x", 256) + `"}`, invalidText("name", "Name is too long (maximum is 255 characters)")},
			{`{"account_id":999}`, invalidText("account", "Account must exist")},
			{`{"account_id":"x"}`, invalidText("account_id", "Account is not a number")},
			{`{"avatar":"x"}`, invalidText("avatar", "Avatar is invalid")},
			{`{"name":["x"]}`, invalidText("name", "Name is invalid")},
		} {
			w.call("platform", "POST", list, c.body).want(422, c.want)
			w.call("platform", "PATCH", path, c.body).want(422, c.want)
		}
		w.app("other")
		for _, c := range []struct{ method, suffix string }{{"GET", ""}, {"PATCH", ""}, {"PUT", ""}, {"DELETE", ""}, {"DELETE", "/avatar"}} {
			w.call("other", c.method, path+c.suffix, `{}`).want(401, foreignText)
			w.call("platform", c.method, fmt.Sprintf("%s/%d%s", list, foreign, c.suffix), `{}`).want(401, foreignText)
			for _, missing := range []string{"999", "x", "0"} {
				w.call("platform", c.method, list+"/"+missing+c.suffix, `{}`).want(404, numberedText)
			}
			for _, role := range []string{"nobody", "admin", "bot"} {
				w.call(role, c.method, path+c.suffix, `{}`).want(401, badAppText)
			}
		}
		w.call("nobody", "POST", list, `{}`).want(401, badAppText)
		w.call("nobody", "GET", list, "").want(401, badAppText)
	})
}
