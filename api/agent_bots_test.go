package api_test

import (
	"fmt"
	"strings"
	"testing"

	"tributary/store"
)

const (
	bots         = "{A}/agent_bots"
	strangerText = `{"error":"You are not authorized to access this account"}`
	forBotsText  = `{"error":"Access to this endpoint is not authorized for bots"}`
	unlinkedText = `{"error":"Bot is not authorized to access this account"}`
)

// bot makes an agent bot, who calls by the name role, and gives its id.
func (w *world) bot(role string) int64 {
	w.t.Helper()
	made := w.call("admin", "POST", bots, fmt.Sprintf(`{"name":%q}`, role)).object()
	w.tokens[role], _ = made["access_token"].(string)
	return id(made["id"])
}

// systemBot makes a bot of the installation, who calls as "system".
func (w *world) systemBot() int64 {
	w.t.Helper()
	name, url := "System", "https://system.example/hook"
	made, err := w.desk.CreateBot(w.t.Context(), store.AgentBotRow{Name: &name, OutgoingURL: &url}, 0)
	w.must(err)
	w.tokens["system"], err = w.store.AccessToken(w.t.Context(), store.OwnerBot, made)
	w.must(err)
	return made
}

func (w *world) linkBot(inbox, bot int64) {
	w.t.Helper()
	w.call("admin", "POST", fmt.Sprintf("{A}/inboxes/%d/set_agent_bot", inbox), fmt.Sprintf(`{"agent_bot":%d}`, bot)).want(200, "")
}

func (w *world) botText(id int64, name, description, url, config, token string) string {
	return fmt.Sprintf(`{"id":%d,"name":%s,"description":%s,"thumbnail":"","outgoing_url":%s,"bot_type":"webhook","bot_config":%s,"account_id":%d,"access_token":%q,"system_bot":false}`,
		id, name, description, url, config, w.account, token)
}

func TestAgentBots(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.call("agent", "GET", bots, "").want(200, "[]")
		system := w.systemBot()
		systemText := fmt.Sprintf(`{"id":%d,"name":"System","description":null,"thumbnail":"","bot_type":"webhook","bot_config":{},"account_id":null,"system_bot":true}`, system)
		w.call("agent", "GET", bots, "").want(200, "["+systemText+"]")

		empty := w.call("admin", "POST", bots, `{"unknown":1}`).object()
		token, _ := empty["access_token"].(string)
		if len(token) != 24 {
			t.Errorf("access_token %q", token)
		}
		first := id(empty["id"])
		firstText := w.botText(first, "null", "null", "null", "{}", token)
		w.call("agent", "GET", fmt.Sprintf("%s/%d", bots, first), "").want(200, firstText)
		filled := w.call("admin", "POST", bots, `{"name":"Max","description":"d","outgoing_url":"https://bot.example/hook?a=1","bot_type":0,"bot_config":{"a":{"b":[1,null]}}}`).object()
		second, secondToken := id(filled["id"]), filled["access_token"].(string)
		secondText := func(name, description, url, config string) string {
			return w.botText(second, name, description, url, config, secondToken)
		}
		whole := secondText(`"Max"`, `"d"`, `"https://bot.example/hook?a=1"`, `{"a":{"b":[1,null]}}`)
		same(t, "created", filled, whole)
		w.call("agent", "GET", bots, "").want(200, "["+systemText+","+firstText+","+whole+"]")
		w.call("agent", "GET", fmt.Sprintf("%s/%d", bots, system), "").want(200, systemText)

		path := fmt.Sprintf("%s/%d", bots, second)
		w.call("admin", "PATCH", path, `{"name":"Moritz","bot_type":"webhook"}`).want(200, secondText(`"Moritz"`, `"d"`, `"https://bot.example/hook?a=1"`, `{"a":{"b":[1,null]}}`))
		w.call("admin", "PUT", path, `{"description":null,"outgoing_url":"","bot_config":null}`).want(200, secondText(`"Moritz"`, `null`, `""`, `{}`))
		w.call("admin", "PUT", path, `{}`).want(200, secondText(`"Moritz"`, `null`, `""`, `{}`))
		w.send("admin", "PATCH", path, "application/x-www-form-urlencoded", "name=F&outgoing_url=http://localhost:8080/x&bot_config[k]=v").
			want(200, secondText(`"F"`, `null`, `"http://localhost:8080/x"`, `{"k":"v"}`))

		// Another account sees the system bot, and none of these.
		w.account, w.tokens["admin"], w.tokens["stranger"] = w.account+1, w.tokens["stranger"], w.tokens["admin"]
		w.exec(`INSERT INTO account_users (account_id, user_id, role, created_at, updated_at) SELECT $1, $2, 1, 1, 1
			WHERE NOT EXISTS (SELECT 1 FROM account_users WHERE account_id = $1 AND user_id = $2)`, w.account, w.stranger)
		w.call("admin", "GET", bots, "").want(200, "["+systemText+"]")
		for _, method := range []string{"GET", "PATCH", "DELETE"} {
			w.call("admin", method, path, "{}").want(404, missingText)
		}
		if n := w.count(`SELECT COUNT(*) FROM audits`); n != 0 {
			t.Errorf("%d audits", n)
		}
	})
}

func TestAgentBotRefusals(t *testing.T) {
	t.Parallel()
	eachStore(t, func(_ *testing.T, w *world) {
		system, own := w.systemBot(), w.bot("robot")
		path := fmt.Sprintf("%s/%d", bots, own)
		for _, c := range []struct{ body, want string }{
			{`{"name":"` + strings.Repeat("x", 256) + `"}`, invalidText("name", "Name is too long (maximum is 255 characters)")},
			{`{"name":["x"]}`, invalidText("name", "Name is invalid")},
			{`{"description":"` + strings.Repeat("x", 20001) + `"}`, invalidText("description", "Description is too long (maximum is 20000 characters)")},
			{`{"outgoing_url":"https://x.example/` + strings.Repeat("x", 2048) + `"}`, invalidText("outgoing_url", "Outgoing url is too long (maximum is 2048 characters)")},
			{`{"outgoing_url":"ftp://x.example"}`, invalidText("outgoing_url", "Outgoing url is invalid")},
			{`{"outgoing_url":"x"}`, invalidText("outgoing_url", "Outgoing url is invalid")},
			{`{"outgoing_url":"https://"}`, invalidText("outgoing_url", "Outgoing url is invalid")},
			{`{"avatar_url":"file:///etc/passwd"}`, invalidText("avatar_url", "Avatar url is invalid")},
			{`{"avatar":"no signed id"}`, invalidText("avatar", "Avatar is invalid")},
			{`{"bot_type":"human"}`, invalidText("bot_type", "Bot type is not included in the list")},
			{`{"bot_type":1}`, invalidText("bot_type", "Bot type is not included in the list")},
			{`{"bot_type":null}`, invalidText("bot_type", "Bot type is not included in the list")},
			{`{"bot_config":[]}`, invalidText("bot_config", "Bot config is invalid")},
			{`{"bot_config":"x"}`, invalidText("bot_config", "Bot config is invalid")},
			{`{"outgoing_url":"x","bot_type":"y"}`, `{"message":"Outgoing url is invalid, Bot type is not included in the list","attributes":["outgoing_url","bot_type"]}`},
		} {
			w.call("admin", "POST", bots, c.body).want(422, c.want)
			w.call("admin", "PATCH", path, c.body).want(422, c.want)
		}
		w.call("admin", "POST", bots, `{`).want(400, `{"status":400,"error":"Bad Request"}`)
		w.call("admin", "POST", bots, `{"outgoing_url":"https://x.example/`+strings.Repeat("x", 2030)+`"}`).object()

		w.exec(`INSERT INTO agent_bots (id, account_id, created_at, updated_at) VALUES (77, (SELECT MAX(id) FROM accounts), 1, 1)`)
		for _, r := range []struct{ method, rest string }{
			{"GET", ""}, {"PUT", ""}, {"PATCH", ""}, {"DELETE", ""}, {"DELETE", "/avatar"}, {"POST", "/reset_access_token"},
		} {
			for _, missing := range []string{"999", "77", "x", "-1", "0", fmt.Sprint(system)} {
				if r.method == "GET" && missing == fmt.Sprint(system) {
					continue
				}
				w.call("admin", r.method, bots+"/"+missing+r.rest, `{}`).want(404, missingText)
				w.call("agent", r.method, bots+"/"+missing+r.rest, `{}`).want(404, missingText)
			}
			w.call("stranger", r.method, path+r.rest, `{}`).want(401, strangerText)
			w.call("robot", r.method, path+r.rest, `{}`).want(401, forBotsText)
			w.call("platform", r.method, path+r.rest, `{}`).want(401, forBotsText)
			w.call("", r.method, path+r.rest, `{}`).want(401, `{"errors":["You need to sign in or sign up before continuing."]}`)
			if r.method != "GET" {
				w.call("agent", r.method, path+r.rest, `{}`).want(401, refusedText)
			}
		}
		w.call("agent", "POST", bots, `{"name":"x"}`).want(401, refusedText)
		w.call("robot", "GET", bots, "").want(401, forBotsText)
		w.call("robot", "POST", bots, "").want(401, forBotsText)
	})
}

func TestAgentBotAvatar(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		contentType, body := w.form(map[string]string{"name": "Pic", "bot_config[a]": "b"}, upload{"avatar", "../me.png", "image/png", w.picture(300, 20)})
		made := w.send("admin", "POST", bots, contentType, body).object()
		path := fmt.Sprintf("%s/%d", bots, id(made["id"]))
		first, _ := made["thumbnail"].(string)
		if got := w.served(first); got.status != 200 || !strings.HasPrefix(got.header.Get("Content-Type"), "image/") {
			t.Errorf("thumbnail %q: %d", first, got.status)
		}
		same(t, "the rest of the form", []any{made["name"], made["bot_config"]}, `["Pic",{"a":"b"}]`)
		w.eq("whose file it is", w.text(`SELECT CAST(account_id AS TEXT) FROM blobs WHERE expires_unattached_at IS NULL`), fmt.Sprint(w.account))

		for what, c := range map[string]struct{ body, want string }{
			"a text":    {"not a picture", "filetype not supported"},
			"too large": {w.picture(1, 1) + strings.Repeat("x", 15<<20), "is too big"},
		} {
			contentType, body := w.form(nil, upload{"avatar", "x.png", "image/png", c.body})
			w.send("admin", "PATCH", path, contentType, body).want(422, invalidText("avatar", "Avatar "+c.want))
			if got := w.call("admin", "GET", path, "").object()["thumbnail"]; got != first {
				t.Errorf("%s left %v", what, got)
			}
		}
		// A refused bot leaves no file.
		contentType, body = w.form(map[string]string{"outgoing_url": "x"}, upload{"avatar", "x.png", "image/png", w.picture(2, 2)})
		w.send("admin", "POST", bots, contentType, body).want(422, invalidText("outgoing_url", "Outgoing url is invalid"))
		w.send("admin", "PATCH", path, contentType, body).want(422, invalidText("outgoing_url", "Outgoing url is invalid"))
		if n := w.count(`SELECT COUNT(*) FROM blobs`); n != 1 {
			t.Errorf("%d files, want one", n)
		}

		// Another picture, uploaded before, takes the place of the first.
		out := w.call("admin", "POST", "/rails/active_storage/direct_uploads", announcement("a.png", "image/png", w.picture(3, 3))).object()
		signed, _ := out["signed_id"].(string)
		address, _ := at(out, "direct_upload", "url").(string)
		if got := w.load("PUT", address, w.picture(3, 3), "Content-Type: image/png"); got.status != 204 {
			t.Fatalf("PUT: %d %s", got.status, got.body)
		}
		changed := w.call("admin", "PATCH", path, fmt.Sprintf(`{"avatar":%q}`, signed)).object()
		if second := changed["thumbnail"]; second == first || second == "" {
			t.Errorf("thumbnail %v", second)
		}
		// What is in use already is nobody's to give: it would go with the next picture.
		w.call("admin", "POST", bots, fmt.Sprintf(`{"avatar":%q}`, signed)).want(422, invalidText("avatar", "Avatar is invalid"))

		removed := w.call("admin", "DELETE", path+"/avatar", "").object()
		same(t, "without a picture", []any{removed["thumbnail"], removed["name"]}, `["","Pic"]`)
		same(t, "once more", w.call("admin", "DELETE", path+"/avatar", "").object()["thumbnail"], `""`)
		if n := w.count(`SELECT COUNT(*) FROM blobs WHERE expires_unattached_at IS NULL`); n != 0 {
			t.Errorf("%d files are still in use", n)
		}

		// A picture elsewhere is fetched later; one that is given here counts more.
		w.call("admin", "PATCH", path, `{"avatar_url":"https://cdn.example/a.png"}`).object()
		const waiting = `SELECT COALESCE(avatar_from, 'nothing') || ' ' || (SELECT COUNT(*) FROM jobs WHERE kind = 'agent_bot.avatar' AND lane = 'media') FROM agent_bots WHERE id = $1`
		w.eq("to be fetched", w.text(waiting, id(made["id"])), "https://cdn.example/a.png 1")
		contentType, body = w.form(map[string]string{"avatar_url": "https://cdn.example/b.png"}, upload{"avatar", "x.png", "image/png", w.picture(2, 2)})
		w.send("admin", "PATCH", path, contentType, body).object()
		w.eq("to be fetched", w.text(waiting, id(made["id"])), "nothing 1")
		w.call("admin", "PATCH", path, `{"avatar_url":""}`).object()
		w.eq("to be fetched", w.text(waiting, id(made["id"])), "nothing 1")
		both := w.send("admin", "POST", bots, contentType, body).object()
		if both["thumbnail"] == "" {
			t.Error("no picture")
		}
		w.eq("to be fetched", w.text(waiting, id(both["id"])), "nothing 1")
		later := w.call("admin", "POST", bots, `{"avatar_url":"https://cdn.example/c.png"}`).object()
		w.eq("to be fetched", w.text(waiting, id(later["id"])), "https://cdn.example/c.png 2")
	})
}

// Files in use are named by addresses that many people see.
func TestAvatarIsNoFileInUse(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		for _, f := range []struct{ name, body string }{{"a.txt", "a text"}, {"a.png", w.picture(2, 2)}} {
			used := w.stored(f.name, f.body)
			body := fmt.Sprintf(`{"avatar":%q}`, w.files.Signer.SignedID(used.ID))
			w.call("agent", "PATCH", "/api/v1/profile", body).want(422, invalidText("avatar", "Avatar is invalid"))
			w.call("admin", "POST", bots, body).want(422, invalidText("avatar", "Avatar is invalid"))
			if got := w.served(w.files.URL(used.ID, f.name)); got.status != 200 || got.body != f.body {
				t.Errorf("the file is gone: %d", got.status)
			}
		}
	})
}

func TestAgentBotToken(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox := w.line("l", true)
		w.receive(inbox, "U1", "hello")
		robot := w.bot("robot")
		w.linkBot(inbox, robot)
		w.call("robot", "POST", messagesOf1, `{"content":"one"}`).object()
		old := w.tokens["robot"]
		renewed := w.call("admin", "POST", fmt.Sprintf("%s/%d/reset_access_token", bots, robot), "").object()
		token, _ := renewed["access_token"].(string)
		same(t, "renewed", renewed, w.botText(robot, `"robot"`, "null", "null", "{}", token))
		if token == old || len(token) != 24 {
			t.Errorf("token %q", token)
		}
		w.call("robot", "POST", messagesOf1, `{"content":"two"}`).want(401, `{"error":"Invalid Access Token"}`)
		w.tokens["robot"] = token
		w.call("robot", "POST", messagesOf1, `{"content":"two"}`).object()
	})
}

func TestDeleteAgentBot(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox, other := w.line("l", true), w.line("m", true)
		w.receive(inbox, "U1", "hello")
		contentType, body := w.form(map[string]string{"name": "robot"}, upload{"avatar", "x.png", "image/png", w.picture(2, 2)})
		made := w.send("admin", "POST", bots, contentType, body).object()
		robot, kept := id(made["id"]), w.bot("kept")
		w.tokens["robot"], _ = made["access_token"].(string)
		w.linkBot(inbox, robot)
		w.linkBot(other, kept)
		for i := range 3 {
			w.call("robot", "POST", messagesOf1, fmt.Sprintf(`{"content":"%d"}`, i)).object()
		}
		w.call("kept", "POST", messagesOf1, `{"content":"kept"}`).object()

		w.call("admin", "DELETE", fmt.Sprintf("%s/%d", bots, robot), "").want(200, "")
		w.call("robot", "POST", messagesOf1, `{"content":"x"}`).want(401, `{"error":"Invalid Access Token"}`)
		w.call("agent", "GET", fmt.Sprintf("%s/%d", bots, robot), "").want(404, missingText)
		w.call("agent", "GET", fmt.Sprintf("{A}/inboxes/%d/agent_bot", inbox), "").want(200, "{}")
		senders := func() (out []any) {
			for _, m := range w.call("agent", "GET", messagesOf1, "").object()["payload"].([]any)[1:] {
				out = append(out, at(m, "sender", "name"))
			}
			return out
		}
		same(t, "senders at once", senders(), `[null,null,null,"kept"]`)
		w.bulk()
		same(t, "senders", senders(), `[null,null,null,"kept"]`)
		const left = `SELECT COUNT(*) FROM messages WHERE sender_type = 'AgentBot' AND sender_id = $1`
		if a, b := w.count(left, robot), w.count(left, kept); a != 0 || b != 1 {
			t.Errorf("%d messages of the deleted bot, %d of the other", a, b)
		}
		for _, rows := range []string{
			"agent_bot_inboxes WHERE agent_bot_id", "access_tokens WHERE owner_type = 'AgentBot' AND owner_id", "agent_bots WHERE id",
		} {
			if n := w.count(`SELECT COUNT(*) FROM `+rows+` = $1`, robot); n != 0 {
				t.Errorf("%d of %s", n, rows)
			}
		}
		if n := w.count(`SELECT COUNT(*) FROM blobs WHERE expires_unattached_at IS NULL`); n != 0 {
			t.Errorf("%d files are still in use", n)
		}
		w.receive(inbox, "U2", "hello") // nobody waits for the bot
		w.receive(other, "U3", "hello")
		w.eq("statuses", w.text(`SELECT CAST(status AS TEXT) FROM conversations ORDER BY display_id`), "0 0 2")
	})
}

func TestInboxBot(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox, hidden := w.line("l", true), w.line("m", false)
		robot, system := w.bot("robot"), w.systemBot()
		get, set := fmt.Sprintf("{A}/inboxes/%d/agent_bot", inbox), fmt.Sprintf("{A}/inboxes/%d/set_agent_bot", inbox)
		w.call("agent", "GET", get, "").want(200, "{}")
		w.call("admin", "POST", set, fmt.Sprintf(`{"agent_bot":%d}`, robot)).want(200, "")
		w.call("agent", "GET", get, "").want(200, `{"agent_bot":`+w.botText(robot, `"robot"`, "null", "null", "{}", w.tokens["robot"])+"}")
		w.call("admin", "POST", set, fmt.Sprintf(`{"agent_bot":"%d"}`, system)).want(200, "")
		w.call("admin", "GET", get, "").want(200, fmt.Sprintf(
			`{"agent_bot":{"id":%d,"name":"System","description":null,"thumbnail":"","bot_type":"webhook","bot_config":{},"account_id":null,"system_bot":true}}`, system))
		w.eq("one link", w.text(`SELECT CAST(status AS TEXT) FROM agent_bot_inboxes`), "0")
		for _, none := range []string{`{"agent_bot":null}`, `{}`, `{"agent_bot":"null"}`, `{"agent_bot":""}`} {
			w.linkBot(inbox, robot)
			w.call("admin", "POST", set, none).want(200, "")
			w.call("agent", "GET", get, "").want(200, "{}")
			w.call("admin", "POST", set, none).want(200, "")
		}
		w.send("admin", "POST", set, "application/x-www-form-urlencoded", fmt.Sprintf("agent_bot=%d", robot)).want(200, "")

		w.exec(`INSERT INTO agent_bots (id, account_id, created_at, updated_at) VALUES (77, (SELECT MAX(id) FROM accounts), 1, 1)`)
		for _, missing := range []string{`999`, `77`, `0`, `-1`, `"x"`, `true`, `1.5`} {
			body := `{"agent_bot":` + missing + `}`
			w.call("admin", "POST", set, body).want(404, missingText)
			w.call("agent", "POST", set, body).want(404, missingText)
		}
		w.call("admin", "POST", set, `{"agent_bot":[1]}`).want(422, invalidText("agent_bot", "Agent bot is invalid"))
		w.call("agent", "POST", set, fmt.Sprintf(`{"agent_bot":%d}`, robot)).want(401, refusedText)
		w.call("agent", "POST", set, `{}`).want(401, refusedText)
		w.call("agent", "POST", set, `{"agent_bot":null}`).want(401, refusedText)
		w.call("agent", "GET", fmt.Sprintf("{A}/inboxes/%d/agent_bot", hidden), "").want(401, refusedText)
		w.call("admin", "GET", fmt.Sprintf("{A}/inboxes/%d/agent_bot", hidden), "").want(200, "{}")
		for _, role := range []string{"admin", "agent"} {
			for _, missing := range []string{"999", "x", "0"} {
				w.call(role, "GET", "{A}/inboxes/"+missing+"/agent_bot", "").want(404, missingText)
				w.call(role, "POST", "{A}/inboxes/"+missing+"/set_agent_bot", fmt.Sprintf(`{"agent_bot":%d}`, robot)).want(404, missingText)
			}
		}
		w.call("stranger", "GET", get, "").want(401, strangerText)
		w.call("stranger", "POST", set, "{}").want(401, strangerText)
		w.call("robot", "GET", get, "").want(401, forBotsText)
		w.call("robot", "POST", set, "{}").want(401, forBotsText)

		// The link goes with the inbox.
		w.call("admin", "DELETE", fmt.Sprintf("{A}/inboxes/%d", inbox), "").object()
		w.bulk()
		if n := w.count(`SELECT COUNT(*) FROM agent_bot_inboxes`); n != 0 {
			t.Errorf("%d links", n)
		}
	})
}
