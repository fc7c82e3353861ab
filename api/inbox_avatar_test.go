package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestInboxAvatar(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		picture := w.picture(300, 200)
		contentType, body := w.form(map[string]string{
			"name": "Line", "greeting_message": "null", "channel[type]": "line", "channel[line_channel_id]": "c1", "channel[line_channel_secret]": "s", "channel[line_channel_token]": "t",
		}, upload{"avatar", "me.png", "application/octet-stream", picture})
		made := w.send("admin", "POST", "{A}/inboxes", contentType, body).object()
		path := fmt.Sprintf("{A}/inboxes/%d", id(made["id"]))
		address, _ := made["avatar_url"].(string)
		if !strings.HasPrefix(address, publicURL+"/rails/active_storage/representations/redirect/") || made["greeting_message"] != nil {
			t.Fatalf("made %v", made)
		}
		if got := w.served(address); got.status != 200 || got.header.Get("Content-Type") != "image/jpeg" || got.body == picture {
			t.Errorf("the picture: %d %s", got.status, got.header)
		}
		same(t, "listed", at(w.call("admin", "GET", "{A}/inboxes", "").object(), "payload", 0, "avatar_url"), fmt.Sprintf("%q", address))
		w.exec(`INSERT INTO inbox_members (inbox_id, user_id, created_at) VALUES ($1, $2, 1)`, id(made["id"]), w.agent)
		w.receive(id(made["id"]), "U1", "hello")
		contact := w.text(`SELECT CAST(id AS TEXT) FROM contacts`)
		same(t, "of a contact", at(w.call("agent", "GET", "{A}/contacts/"+contact, "").object(), "payload", "contact_inboxes", 0, "inbox", "avatar_url"), fmt.Sprintf("%q", address))

		avatar := func() any { return w.call("admin", "GET", path, "").object()["avatar_url"] }
		put := func(u upload) answer {
			contentType, body := w.form(map[string]string{"name": "Renamed"}, u)
			return w.send("admin", "PATCH", path, contentType, body)
		}
		for _, c := range []struct {
			u    upload
			want string
		}{
			{upload{"avatar", "a.png", "image/png", "no picture"}, invalidText("avatar", "Avatar filetype not supported")},
			{upload{"avatar", "a.png", "image/png", "<html><script>alert(1)</script></html>"}, invalidText("avatar", "Avatar filetype not supported")},
			{upload{"avatar", "a.png", "image/png", picture + strings.Repeat("\x00", 15<<20)}, invalidText("avatar", "Avatar is too big")},
		} {
			put(c.u).want(422, c.want)
		}
		w.call("admin", "PATCH", path, `{"avatar":"forged"}`).want(422, invalidText("avatar", "Avatar is invalid"))
		w.call("admin", "PATCH", path, `{"avatar":[1]}`).want(422, invalidText("avatar", "Avatar is invalid"))
		compare(t, "after the refusals", w.call("admin", "PATCH", path, `{"greeting_enabled":true}`).object(), fmt.Sprintf(`{"name":"Line","avatar_url":%q}`, address))
		if n := w.count(`SELECT COUNT(*) FROM blobs`); n != 1 {
			t.Errorf("%d files are kept, want one", n)
		}

		// Another picture takes the place of the first, which is given up.
		second, _ := put(upload{"avatar", "b.gif", "image/gif", "GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"}).object()["avatar_url"].(string)
		if second == "" || second == address {
			t.Errorf("avatar_url %q after another picture", second)
		}
		if n := w.count(`SELECT COUNT(*) FROM blobs WHERE expires_unattached_at IS NULL`); n != 1 {
			t.Errorf("%d files are in use, want one", n)
		}
		for _, empty := range []string{`{"avatar":null}`, `{"avatar":"null"}`, `{"avatar":""}`} {
			put(upload{"avatar", "a.png", "image/png", picture}).object()
			if got := w.call("admin", "PUT", path, empty).object()["avatar_url"]; got != "" {
				t.Errorf("%s left %v", empty, got)
			}
		}

		// A file that was uploaded before is named by its signed id.
		signed := func() string {
			out := w.call("", "POST", "/rails/active_storage/direct_uploads", announcement("a.png", "image/png", picture)).object()
			url, _ := at(out, "direct_upload", "url").(string)
			if got := w.load("PUT", url, picture, "Content-Type: image/png"); got.status != 204 {
				t.Fatalf("PUT: %d %s", got.status, got.body)
			}
			name, _ := out["signed_id"].(string)
			return name
		}
		one := signed()
		if got := w.call("admin", "PATCH", path, fmt.Sprintf(`{"avatar":%q}`, one)).object()["avatar_url"]; got == "" {
			t.Error("a file by its signed id was not taken")
		}
		other := w.call("admin", "POST", "{A}/inboxes", fmt.Sprintf(`{"name":"Site","avatar":%q,"channel":{"type":"web_widget","website_url":"x"}}`, signed())).object()
		if other["avatar_url"] == "" {
			t.Error("a new inbox has no picture")
		}

		// Away.
		before := w.cacheKey("inbox")
		w.pass(5 * time.Second)
		w.call("agent", "DELETE", path+"/avatar", "").want(401, refusedText)
		w.call("agent", "DELETE", "{A}/inboxes/999/avatar", "").want(404, missingText)
		w.call("admin", "DELETE", "{A}/inboxes/999/avatar", "").want(404, missingText)
		w.call("admin", "DELETE", path+"/avatar", "").want(200, "")
		if got := avatar(); got != "" {
			t.Errorf("avatar_url %v", got)
		}
		if after := w.cacheKey("inbox"); after == before {
			t.Error("clients are not told that the inbox changed")
		}
		w.call("admin", "DELETE", path+"/avatar", "").want(200, "")
		w.call("stranger", "DELETE", path+"/avatar", "").want(401, `{"error":"You are not authorized to access this account"}`)
		w.exec(`UPDATE inboxes SET account_id = (SELECT MAX(id) FROM accounts) WHERE id = $1`, id(other["id"]))
		w.call("admin", "DELETE", fmt.Sprintf("{A}/inboxes/%d/avatar", id(other["id"])), "").want(404, missingText)
		if n := w.count(`SELECT COUNT(*) FROM inboxes WHERE avatar_blob_id IS NOT NULL`); n != 1 {
			t.Errorf("%d inboxes have a picture, want the other account's", n)
		}
	})
}

// cacheKey is when a list of the account was changed.
func (w *world) cacheKey(kind string) any {
	w.t.Helper()
	return at(w.call("admin", "GET", "{A}/cache_keys", "").object(), "cache_keys", kind)
}

// A picture of an inbox that could not be made is not kept.
func TestAvatarOfNoInbox(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		contentType, body := w.form(map[string]string{"name": "Site", "channel[type]": "web_widget"}, upload{"avatar", "a.png", "image/png", w.picture(10, 10)})
		w.send("admin", "POST", "{A}/inboxes", contentType, body).want(422, invalidText("website_url", "Website url can't be blank"))
		if n := w.count(`SELECT COUNT(*) FROM blobs`); n != 0 {
			t.Errorf("%d files are kept, want none", n)
		}
	})
}
