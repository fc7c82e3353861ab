package desk_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"tributary/channels"
	"tributary/chat"
	"tributary/desk"
	"tributary/internal/testkit"
	"tributary/store"
	"tributary/store/storetest"
)

// dispatching runs a dispatcher until the test ends.
func (w *world) dispatching() {
	w.t.Helper()
	d := desk.NewDispatcher(w.desk, w.desk.Log, func() {})
	w.desk.WakeJobs = d.Wake
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("dispatcher: %v", err)
		}
	})
}

// dispatched waits until nothing is left to be dispatched.
func (w *world) dispatched() {
	w.t.Helper()
	testkit.Wait(w.t, 20*time.Second, "the outbox to be empty", func() bool { return len(w.rows(`SELECT kind FROM outbox`)) == 0 })
}

// told is what a profile look-up stores: the contact has another picture.
func (w *world) told(attributes string) {
	w.t.Helper()
	err := w.store.Transact(w.t.Context(), func(tx *store.Tx) error {
		locked, err := tx.LockContacts(w.t.Context(), w.account, 1)
		if err != nil {
			return err
		}
		c := locked[1].ContactView
		c.AdditionalAttributes = attributes
		if err := tx.UpdateContact(w.t.Context(), c); err != nil {
			return err
		}
		_, ch, _ := w.desk.Directory.Inbox(1)
		return tx.InsertOutbox(w.t.Context(), []store.OutboxRow{{AccountID: w.account, Kind: "contact.updated", InboxID: ch.InboxID, Payload: `{"contact_id":1}`}})
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.dispatched()
}

func TestAvatar(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		o := &outside{}
		runner := w.fetching(o)
		w.dispatching()
		inbox := w.line(1)
		o.serve("cdn.example.test", func(out http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/page":
				gives("image/png", []byte("<html>no picture</html>"))(out, r)
			case "/big":
				gives("image/png", append(pngOf(t, 1, 1), make([]byte, 15<<20)...))(out, r)
			default:
				gives("image/png", pngOf(t, 9, 9))(out, r)
			}
		})
		e := w.message(inbox, "U1", "1", "hello")
		e.Contact.AvatarURL = "https://cdn.example.test/one"
		w.receive(e)
		w.fetched(runner)
		w.dispatched()
		w.fetched(runner)
		const state = `SELECT CASE WHEN avatar_blob_id IS NULL THEN 'none' ELSE 'set' END FROM contacts`
		w.want(state, "set")
		attributes := w.attributes(`SELECT additional_attributes FROM contacts`)
		if attributes["avatar_url_hash"] != channels.Digest("https://cdn.example.test/one") || attributes["last_avatar_sync_at"] != w.clock.Now().Format(time.RFC3339) {
			t.Errorf("attributes %v", attributes)
		}
		row, err := w.store.Contact(t.Context(), w.account, 1)
		if err != nil {
			t.Fatal(err)
		}
		if url := w.desk.AvatarURL(row.ContactView); !strings.HasPrefix(url, "https://desk.example.test/rails/active_storage/representations/redirect/") {
			t.Errorf("AvatarURL %q", url)
		}
		first := row.AvatarBlobID

		// The same picture is not fetched again, whatever changes.
		w.clock.Advance(2 * time.Minute)
		w.told(`{"provider_avatar_url":"https://cdn.example.test/one","city":"Porto"}`)
		w.fetched(runner)
		if n := len(o.called("cdn.example.test")); n != 1 {
			t.Errorf("the picture was fetched %d times, want once", n)
		}

		// Another one is, at most once in a minute.
		w.told(`{"provider_avatar_url":"https://cdn.example.test/two"}`)
		w.fetched(runner)
		w.told(`{"provider_avatar_url":"https://cdn.example.test/three"}`)
		w.clock.Advance(30 * time.Second)
		w.fetched(runner)
		if n := len(o.called("cdn.example.test")); n != 2 {
			t.Errorf("%d pictures were fetched within the minute, want one more", n-1)
		}
		w.clock.Advance(31 * time.Second)
		w.fetched(runner)
		if n := len(o.called("cdn.example.test")); n != 3 {
			t.Errorf("%d pictures were fetched after the minute, want two more", n-1)
		}
		w.dispatched()
		w.want(`SELECT COUNT(*) || '' FROM blobs WHERE expires_unattached_at IS NULL`, "1")
		if row, err = w.store.Contact(t.Context(), w.account, 1); err != nil || row.AvatarBlobID == first {
			t.Errorf("avatar %d, %v, want another than %d", row.AvatarBlobID, err, first)
		}

		// What is no picture, or too large, leaves the old one.
		for _, path := range []string{"/page", "/big"} {
			w.clock.Advance(2 * time.Minute)
			w.told(`{"provider_avatar_url":"https://cdn.example.test` + path + `"}`)
			w.fetched(runner)
		}
		w.want(state, "set")
		w.want(`SELECT COUNT(*) || '' FROM blobs WHERE expires_unattached_at IS NULL`, "1")
	})
}

// TestAvatarOfTelegram: a picture that only the bot may load.
func TestAvatarOfTelegram(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		o := &outside{}
		runner := w.fetching(o)
		inbox := w.inbox("Channel::Telegram", "Bot", map[string]any{"bot_token": "7:secret", "bot_name": "b"}, nil)
		o.serve("api.telegram.org", func(out http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/getFile") {
				_, _ = io.WriteString(out, `{"ok":true,"result":{"file_id":"AgAC","file_path":"photos/file_0.png"}}`)
				return
			}
			if r.URL.Path != "/file/bot7:secret/photos/file_0.png" {
				t.Errorf("loaded %s", r.URL.Path)
			}
			gives("image/png", pngOf(t, 5, 5))(out, r)
		})
		e := w.message(inbox, "42", "1", "hello")
		e.Contact.Avatar = &chat.Fetch{Strategy: "telegram_file_id", Ref: "AgAC"}
		w.receive(e)
		w.fetched(runner)
		w.want(`SELECT CASE WHEN avatar_blob_id IS NULL THEN 'none' ELSE 'set' END FROM contacts`, "set")
		w.want(`SELECT COUNT(*) || '' FROM contacts WHERE additional_attributes LIKE '%secret%'`, "0")
	})
}
