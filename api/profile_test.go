package api_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"tributary/presence"
)

func TestUpdateProfile(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		const me = "/api/v1/profile"
		for _, body := range []string{`{}`, `{"profile":{}}`, ``} {
			w.call("admin", "PUT", me, body).want(422, `{"error":"param is missing or the value is empty: profile"}`)
		}
		got := w.call("admin", "PUT", me, `{"profile":{"name":"Ada L.","display_name":"Countess","message_signature":"-- \nAda",
			"ui_settings":{"locale":"fr","a":{"b":[1]}},"phone_number":"+1","account_id":99,"type":"SuperAdmin","role":"agent"}}`).object()
		same(t, "changed", []any{got["name"], got["display_name"], got["available_name"], got["message_signature"], got["ui_settings"], got["custom_attributes"], got["type"]},
			`["Ada L.","Countess","Countess","-- \nAda",{"locale":"fr","a":{"b":[1]}},{"phone_number":"+1"},null]`)
		// Flat, by form; what is not sent stays, the settings are replaced as a whole.
		w.exec(`UPDATE users SET custom_attributes = '{"phone_number":"+1","x":1}' WHERE id = $1`, w.admin)
		got = w.call("admin", "PATCH", me, `{"ui_settings":{"c":true},"phone_number":"+2","display_name":null}`).object()
		same(t, "flat", []any{got["name"], got["display_name"], got["message_signature"], got["ui_settings"], got["custom_attributes"]},
			`["Ada L.",null,"-- \nAda",{"c":true},{"phone_number":"+2","x":1}]`)
		got = w.send("admin", "PUT", me, "application/x-www-form-urlencoded", "profile[name]=Ada&profile[email]=ada@example.com&profile[ui_settings][d]=e").object()
		same(t, "by form", []any{got["name"], got["ui_settings"], got["email"]}, `["Ada",{"d":"e"},"ada@example.com"]`)
		for body, want := range map[string]string{
			`{"name":"` + strings.Repeat("x", 256) + `"}`:                  `{"message":"Name is too long (maximum is 255 characters)","attributes":["name"]}`,
			`{"ui_settings":["a"]}`:                                        `{"message":"Ui settings is invalid","attributes":["ui_settings"]}`,
			`{"ui_settings":{"a":"` + strings.Repeat("x", 256<<10) + `"}}`: `{"message":"Ui settings is invalid","attributes":["ui_settings"]}`,
			`{"avatar":"https://a.example/a.png"}`:                         `{"message":"Avatar is invalid","attributes":["avatar"]}`,
		} {
			w.call("admin", "PUT", me, body).want(422, want)
		}
	})
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		const me = "/api/v1/profile"
		first := w.signIn()
		w.pass(time.Minute)
		second := w.signIn()
		pubsub := at(first.object(), "data", "pubsub_token")
		const fresh = `"password":"N3w password!","password_confirmation":"N3w password!"`
		w.visit("PUT", me, `{"profile":{"name":"X",`+fresh+`,"current_password":"wrong"}}`, first.tokens()...).want(422, `{"error":"Invalid current password"}`)
		w.visit("PUT", me, `{"name":"X",`+fresh+`}`, first.tokens()...).want(422, `{"error":"Invalid current password"}`)
		w.visit("PUT", me, `{"name":"X","password":"weak","current_password":"`+adaPassword+`"}`, first.tokens()...).want(422, weak)
		w.visit("PUT", me, `{"name":"X","email":"x","`+fresh[1:]+`,"current_password":"`+adaPassword+`"}`, first.tokens()...).
			want(422, `{"message":"Email is invalid, Email is not an email","attributes":["email"]}`)
		if v := w.visit("GET", me, "", first.tokens()...); v.field("name") != "Ada" {
			t.Errorf("a refused change left %s", v.body)
		}
		// The device whose session lasts longest stays, also when another one asks.
		v := w.visit("PUT", me, `{"name":"X",`+fresh+`,"current_password":"`+adaPassword+`"}`, first.tokens()...)
		if v.status != 200 || v.field("name") != "X" || v.field("pubsub_token") == pubsub {
			t.Fatalf("got %d %s", v.status, v.body)
		}
		v.without()
		w.visit("GET", me, "", first.tokens()...).want(401, textSignIn)
		kept := w.visit("PUT", me, `{"profile":{"password":"Passw0rd!","current_password":"N3w password!"}}`, second.tokens()...)
		if kept.status != 200 || kept.header.Get("access-token") != second.header.Get("access-token") {
			t.Errorf("got %d %s, headers %v", kept.status, kept.body, kept.header)
		}
		if v := w.visit("POST", "/auth/sign_in", `{"email":"ada@example.com","password":"Passw0rd!"}`); v.status != 200 {
			t.Errorf("the new password: got %d %s", v.status, v.body)
		}
	})
}

// fileForm is a multipart body with one file.
func fileForm(t *testing.T, field, filename, contentType string, content []byte, values ...[2]string) (contentTypeHeader, body string) {
	t.Helper()
	var b bytes.Buffer
	mw := multipart.NewWriter(&b)
	for _, kv := range values {
		if err := mw.WriteField(kv[0], kv[1]); err != nil {
			t.Fatal(err)
		}
	}
	part, err := mw.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {fmt.Sprintf(`form-data; name=%q; filename=%q`, field, filename)}, "Content-Type": {contentType},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = part.Write(content)
	if err := mw.Close(); err != nil {
		t.Fatal(err)
	}
	return mw.FormDataContentType(), b.String()
}

func TestProfileAvatar(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		const me = "/api/v1/profile"
		var picture bytes.Buffer
		w.must(png.Encode(&picture, image.NewRGBA(image.Rect(0, 0, 300, 200))))
		contentType, body := fileForm(t, "profile[avatar]", "me.png", "image/png", picture.Bytes(), [2]string{"profile[name]", "Ada P."})
		got := w.send("admin", "PUT", me, contentType, body).object()
		address, _ := got["avatar_url"].(string)
		if got["name"] != "Ada P." || !strings.HasPrefix(address, publicURL+"/rails/active_storage/representations/redirect/") {
			t.Fatalf("got %v", got)
		}
		if v := w.visit("GET", strings.TrimPrefix(address, publicURL), ""); v.status != http.StatusFound {
			t.Errorf("the picture is not there: got %d", v.status)
		}
		list := w.call("admin", "GET", "{A}/agents", "")
		if !strings.Contains(list.body, address) {
			t.Errorf("colleagues do not see it: %s", list.body)
		}
		for name, c := range map[string]struct {
			kind, want string
			content    []byte
		}{
			"a text":    {"image/png", `{"message":"Avatar filetype not supported","attributes":["avatar"]}`, []byte("not a picture")},
			"a webpage": {"text/html", `{"message":"Avatar filetype not supported","attributes":["avatar"]}`, []byte("<html><script>alert(1)</script></html>")},
			"too large": {"image/png", `{"message":"Avatar is too big","attributes":["avatar"]}`, append(picture.Bytes(), make([]byte, 15<<20)...)},
		} {
			contentType, body := fileForm(t, "profile[avatar]", "x", c.kind, c.content)
			a := w.send("admin", "PUT", me, contentType, body)
			a.name = name
			a.want(422, c.want)
		}
		if v := w.call("admin", "GET", me, "").object(); v["avatar_url"] != address {
			t.Errorf("refused pictures left %v", v["avatar_url"])
		}
		if v := w.call("admin", "DELETE", me+"/avatar", "").object(); v["avatar_url"] != "" || v["name"] != "Ada P." {
			t.Errorf("without: %v", v)
		}
		if v := w.call("admin", "DELETE", me+"/avatar", "").object(); v["avatar_url"] != "" {
			t.Errorf("again: %v", v)
		}
	})
}

func TestAvailability(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		const me = "/api/v1/profile"
		membership := func(v map[string]any) any { return at(v, "accounts", 0, "availability") }
		for _, status := range []string{"busy", "offline", "online", "online"} {
			got := w.call("admin", "POST", me+"/availability", fmt.Sprintf(`{"profile":{"availability":%q,"account_id":%d}}`, status, w.account)).object()
			if membership(got) != status {
				t.Errorf("got %v", got)
			}
		}
		w.call("admin", "POST", me+"/availability", fmt.Sprintf(`{"availability":"away","account_id":"%d"}`, w.account)).
			want(422, `{"message":"Availability is not included in the list","attributes":["availability"]}`)
		const missing = `{"error":"Resource could not be found"}`
		w.call("stranger", "POST", me+"/availability", fmt.Sprintf(`{"availability":"away","account_id":%d}`, w.account)).want(404, missing)
		w.call("admin", "POST", me+"/availability", `{"availability":"busy"}`).want(404, missing)
		w.call("admin", "POST", me+"/availability", `{}`).want(422, `{"error":"param is missing or the value is empty: profile"}`)
		seen := func() any {
			return at(w.call("admin", "GET", me, "").object(), "accounts", 0, "availability_status")
		}
		w.eq("status without a heartbeat", fmt.Sprint(seen()), "offline")
		w.must(w.desk.UserBeat(t.Context(), w.account, w.admin))
		w.eq("status with one", fmt.Sprint(seen()), "online")
		w.call("admin", "POST", me+"/availability", fmt.Sprintf(`{"availability":"busy","account_id":%d}`, w.account))
		w.eq("another choice", fmt.Sprint(seen()), "busy")
		w.call("admin", "POST", me+"/availability", fmt.Sprintf(`{"availability":"online","account_id":%d}`, w.account))
		w.now.Add(int64(presence.Duration / time.Microsecond))
		w.eq("20 seconds later", fmt.Sprint(seen()), "offline")
		if n := w.count(`SELECT COUNT(*) FROM audits WHERE auditable_type = 'AccountUser' AND action = 'update' AND audited_changes LIKE '%availability%'`); n != 5 {
			t.Errorf("%d entries in the audit log", n)
		}

		for body, want := range map[string]bool{`"auto_offline":true,`: true, `"auto_offline":"false",`: false, ``: false} {
			got := w.call("admin", "POST", me+"/auto_offline", fmt.Sprintf(`{"profile":{%s"account_id":%d}}`, body, w.account)).object()
			if at(got, "accounts", 0, "auto_offline") != want {
				t.Errorf("auto_offline %s: got %v", body, got)
			}
		}
		got := w.call("admin", "POST", me+"/auto_offline", fmt.Sprintf(`{"account_id":%d}`, w.account)).object()
		if at(got, "accounts", 0, "availability_status") != "online" {
			t.Errorf("seen as %v", at(got, "accounts", 0, "availability_status"))
		}
		w.call("stranger", "POST", me+"/auto_offline", fmt.Sprintf(`{"account_id":%d}`, w.account)).want(404, missing)
	})
}

func TestSetActiveAccount(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		const path = "/api/v1/profile/set_active_account"
		before := w.call("agent", "GET", "/api/v1/profile", "").object()
		if id(before["account_id"]) == w.account {
			t.Fatal("the account is the active one already")
		}
		w.call("agent", "PUT", path, fmt.Sprintf(`{"profile":{"account_id":%d}}`, w.account)).want(200, "")
		after := w.call("agent", "GET", "/api/v1/profile", "").object()
		if id(after["account_id"]) != w.account || after["role"] != "agent" {
			t.Errorf("got %v %v", after["account_id"], after["role"])
		}
		w.call("stranger", "PUT", path, fmt.Sprintf(`{"account_id":%d}`, w.account)).want(404, `{"error":"Resource could not be found"}`)
		w.call("agent", "PUT", path, `{"account_id":999}`).want(404, `{"error":"Resource could not be found"}`)
		w.call("agent", "POST", path, `{"account_id":1}`).want(404, noRoute)
	})
}

func TestResendConfirmation(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		const path = "/api/v1/profile/resend_confirmation"
		w.call("admin", "POST", path, "").want(200, "")
		if n := len(w.heldMails()); n != 0 {
			t.Errorf("%d mails to somebody confirmed", n)
		}
		w.exec(`UPDATE users SET confirmed_at = NULL WHERE id = $1`, w.admin)
		w.call("admin", "POST", path, "").want(200, "")
		_, first := w.link(w.mail(1), "confirmation_token")
		w.call("admin", "POST", path, "").want(200, "")
		w.mail(2)
		// The link in the first mail still works.
		if v := w.visit("POST", "/auth/confirmation", "confirmation_token="+first); v.status != 200 {
			t.Errorf("got %d %s", v.status, v.body)
		}
	})
}

func TestResetAccessToken(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		old := w.tokens["admin"]
		got := w.call("admin", "POST", "/api/v1/profile/reset_access_token", "").object()
		fresh, _ := got["access_token"].(string)
		if len(fresh) != 24 || fresh == old {
			t.Errorf("token %q after %q", fresh, old)
		}
		w.call("admin", "GET", "/api/v1/profile", "").want(401, `{"error":"Invalid Access Token"}`)
		w.tokens["admin"] = fresh
		w.call("admin", "GET", "/api/v1/profile", "").object()
	})
}
