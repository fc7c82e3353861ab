package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"strings"
	"testing"

	"tributary/store"
)

// upload is a file in a form.
type upload struct{ field, name, contentType, body string }

// form makes a multipart form.
func (w *world) form(fields map[string]string, list ...upload) (contentType, body string) {
	w.t.Helper()
	var b bytes.Buffer
	mw := multipart.NewWriter(&b)
	for name, value := range fields {
		w.must(mw.WriteField(name, value))
	}
	for _, u := range list {
		part, err := mw.CreatePart(map[string][]string{
			"Content-Disposition": {fmt.Sprintf(`form-data; name=%q; filename=%q`, u.field, u.name)}, "Content-Type": {u.contentType},
		})
		w.must(err)
		_, err = part.Write([]byte(u.body))
		w.must(err)
	}
	w.must(mw.Close())
	return mw.FormDataContentType(), b.String()
}

// object is a decoded JSON object, nil when it is none.
func object(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

// show is JSON again.
func show(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// served follows the redirect of an address.
func (w *world) served(address any) loaded {
	w.t.Helper()
	url, _ := address.(string)
	return w.load("GET", w.load("GET", url, "").header.Get("Location"), "")
}

func TestMessageWithFiles(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.receive(w.line("l", true), "U1", "hello")
		picture := w.picture(300, 20)
		contentType, body := w.form(map[string]string{"content": "two files", "echo_id": "e"},
			upload{"attachments[]", "my photo.png", "application/octet-stream", picture}, upload{"attachments[]", "../../notes.csv", "text/csv", "a,b\n1,2\n"})
		made := w.send("agent", "POST", messagesOf1, contentType, body).object()
		if at(made, "content") != "two files" || at(made, "echo_id") != "e" {
			t.Errorf("made %v", made)
		}
		first, second := at(made, "attachments", 0), at(made, "attachments", 1)
		compare(t, "a picture", object(first), fmt.Sprintf(`{"file_type":"image","extension":"png","width":300,"height":20,"file_size":%d,"account_id":%d,"message_id":%d}`,
			len(picture), w.account, id(made["id"])))
		compare(t, "a table", object(second), `{"file_type":"file","extension":"csv","width":null,"height":null,"file_size":8,"thumb_url":""}`)
		if got := w.served(at(first, "data_url")); got.body != picture || got.header.Get("Content-Type") != "image/png" {
			t.Errorf("data_url: %d %s", got.status, got.header)
		}
		if got := w.served(at(first, "thumb_url")); got.status != 200 || got.body == picture {
			t.Errorf("thumb_url: %d, %d bytes", got.status, len(got.body))
		}
		if url, _ := at(second, "data_url").(string); !strings.HasSuffix(url, "/notes.csv") || w.served(url).body != "a,b\n1,2\n" {
			t.Errorf("data_url %s", url)
		}
		if n := w.count(`SELECT COUNT(*) FROM deliveries WHERE message_id = $1`, id(made["id"])); n != 1 {
			t.Errorf("%d deliveries", n)
		}

		// The lists show the same.
		list := w.call("agent", "GET", messagesOf1, "").object()
		same(t, "in the list of messages", at(list, "payload", 1, "attachments"), show(t, made["attachments"]))
		conversations := w.call("agent", "GET", "{A}/conversations", "").object()
		same(t, "in the list of conversations", at(conversations, "data", "payload", 0, "messages", 0, "attachments"), show(t, made["attachments"]))
		same(t, "as the last message", at(conversations, "data", "payload", 0, "last_non_activity_message", "attachments"), show(t, made["attachments"]))
	})
}

func TestMessageWithDirectUploads(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.receive(w.line("l", true), "U1", "hello")
		announce := func(role, path, body string) string {
			out := w.call(role, "POST", path, announcement("a.txt", "text/plain", body)).object()
			signed, _ := out["signed_id"].(string)
			url, _ := at(out, "direct_upload", "url").(string)
			if body != "never stored" {
				if got := w.load("PUT", url, body, "Content-Type: text/plain"); got.status != 204 {
					t.Fatalf("PUT: %d %s", got.status, got.body)
				}
			}
			return signed
		}
		mine, anonymous := announce("agent", "{A}/conversations/1/direct_uploads", "mine"), announce("", "/rails/active_storage/direct_uploads", "anonymous")
		made := w.call("agent", "POST", messagesOf1, fmt.Sprintf(`{"attachments":[%q,%q]}`, mine, anonymous)).object()
		for i, want := range []string{"mine", "anonymous"} {
			if got := w.served(at(made, "attachments", i, "data_url")); got.body != want {
				t.Errorf("attachment %d: %d %q, want %q", i, got.status, got.body, want)
			}
		}
		// Sent again it is the same file.
		w.call("agent", "POST", messagesOf1, fmt.Sprintf(`{"attachments":[%q]}`, mine)).object()
		if n := w.count(`SELECT COUNT(*) FROM attachments WHERE blob_id = (SELECT MIN(blob_id) FROM attachments)`); n != 2 {
			t.Errorf("%d attachments have the file, want 2", n)
		}
		missing := announce("agent", "{A}/conversations/1/direct_uploads", "never stored")
		foreign, err := w.store.InsertBlob(t.Context(), store.Blob{Key: "foreign", Filename: "f", ServiceName: "local", AccountID: w.account + 1})
		w.must(err)
		w.exec(`UPDATE blobs SET stored_at = 1 WHERE id = $1`, foreign.ID)
		for what, x := range map[string]struct{ signed, want string }{
			"not stored":        {missing, "signed id is invalid"},
			"tampered with":     {"A" + mine[1:], "signed id is invalid"},
			"another account's": {w.files.Signer.SignedID(foreign.ID), "file is not there any more"},
		} {
			got := w.call("agent", "POST", messagesOf1, fmt.Sprintf(`{"content":"x","attachments":[%q]}`, x.signed))
			if want := `{"error":"Validation failed: Attachments ` + x.want + `"}`; got.status != 422 || got.body != want {
				t.Errorf("%s: got %d %s, want %s", what, got.status, got.body, want)
			}
		}
		many := strings.Repeat(fmt.Sprintf("%q,", mine), 15)
		w.call("agent", "POST", messagesOf1, fmt.Sprintf(`{"attachments":[%s%q]}`, many, mine)).
			want(422, `{"error":"Validation failed: Attachments exceeded maximum allowed"}`)
		if n := len(w.call("agent", "POST", messagesOf1, fmt.Sprintf(`{"attachments":[%s]}`, strings.TrimSuffix(many, ","))).object()["attachments"].([]any)); n != 15 {
			t.Errorf("%d attachments of fifteen", n)
		}
		w.call("agent", "POST", messagesOf1, `{"content":"x","attachments":[]}`).object()
	})
}

func TestPublicMessageWithFiles(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		_, contacts := w.shop(shop, nil)
		w.public("POST", contacts, `{"source_id":"s1","name":"Ann"}`).object()
		w.public("POST", contacts+"/s1/conversations", "").object()
		path := contacts + "/s1/conversations/1/messages"
		contentType, body := w.form(map[string]string{"content": "look"}, upload{"attachments[]", "a.png", "image/png", w.picture(2, 2)})
		made := w.send("", "POST", path, contentType, body).object()
		compare(t, "made", object(at(made, "attachments", 0)), `{"file_type":"image","extension":"png","width":2,"height":2}`)
		if got := w.served(at(made, "attachments", 0, "data_url")); got.body != w.picture(2, 2) {
			t.Errorf("data_url: %d", got.status)
		}
		list := w.public("GET", path, "").array()
		same(t, "listed", at(list, 0, "attachments"), show(t, made["attachments"]))
		sixteen := make([]upload, 16)
		for i := range sixteen {
			sixteen[i] = upload{"attachments[]", "a.txt", "text/plain", "x"}
		}
		contentType, body = w.form(nil, sixteen...)
		w.send("", "POST", path, contentType, body).want(422, `{"message":"Attachments exceeded maximum allowed","attributes":["base"]}`)
		if n := w.count(`SELECT COUNT(*) FROM blobs`); n != 1 {
			t.Errorf("%d files were taken in, want one", n)
		}
	})
}

// TestContactAvatars: our copy is shown wherever a contact is.
func TestContactAvatars(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.receive(w.line("l", true), "U1", "hello")
		contact := int64(w.count(`SELECT MIN(id) FROM contacts`))
		f := w.stored("a.png", w.picture(4, 4))
		w.must(w.store.Transact(t.Context(), func(tx *store.Tx) error {
			return tx.SetAvatar(t.Context(), store.AvatarContact, w.account, contact, f.ID)
		}))
		want := w.files.ThumbURL(f.ID, "avatar")
		messages := w.call("agent", "GET", messagesOf1, "").object()
		conversations := w.call("agent", "GET", "{A}/conversations", "").object()
		for where, got := range map[string]any{
			"the contact":        at(w.call("agent", "GET", fmt.Sprintf("{A}/contacts/%d", contact), "").object(), "payload", "thumbnail"),
			"a message":          at(messages, "payload", 0, "sender", "thumbnail"),
			"a list's head":      at(messages, "meta", "contact", "thumbnail"),
			"a conversation":     at(conversations, "data", "payload", 0, "meta", "sender", "thumbnail"),
			"a pushed message's": at(conversations, "data", "payload", 0, "messages", 0, "sender", "thumbnail"),
		} {
			if got != want {
				t.Errorf("%s: thumbnail %v, want %s", where, got, want)
			}
		}
		if got := w.served(want); got.status != 200 {
			t.Errorf("GET %s: %d", want, got.status)
		}
	})
}
