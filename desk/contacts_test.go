package desk_test

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"tributary/chat"
	"tributary/desk"
	"tributary/internal/optional"
	"tributary/internal/testkit"
	"tributary/store/storetest"
)

// The picture of an e-mail address is fetched half a minute after the address is
// told, for a contact who has none; and one that somebody names at once.
func TestContactPictures(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		o := &outside{}
		runner := w.fetching(o)
		serve := func(out http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/none.png" || r.URL.RawQuery != "" && r.URL.RawQuery != "d=404" {
				out.WriteHeader(http.StatusNotFound)
				return
			}
			gives("image/png", pngOf(t, 9, 9))(out, r)
		}
		o.serve("www.gravatar.com", serve)
		o.serve("cdn.example.test", serve)
		create := func(values desk.ContactValues) int64 {
			t.Helper()
			id, _, err := w.desk.CreateContact(t.Context(), desk.NewContact{AccountID: w.account, ContactValues: values})
			if err != nil {
				t.Fatal(err)
			}
			return id
		}
		ana := create(desk.ContactValues{Email: optional.Of("Ana@Example.test")})
		bo := create(desk.ContactValues{Email: optional.Of("bo@example.test"), AvatarURL: "https://cdn.example.test/bo.png"})
		gone := create(desk.ContactValues{Email: optional.Of("gone@example.test")})
		w.fetched(runner)
		if n := len(o.called("www.gravatar.com")); n != 0 {
			t.Fatalf("%d looks at once", n)
		}
		if n := len(o.called("cdn.example.test")); n != 1 {
			t.Fatalf("%d fetches of the picture that was named", n)
		}
		if err := w.desk.ChangeContact(t.Context(), desk.Actor{}, w.account, gone, desk.ContactValues{Email: optional.Null[string]()}); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(31 * time.Second)
		w.fetched(runner)
		sum := md5.Sum([]byte("ana@example.test"))
		calls := o.called("www.gravatar.com")
		if len(calls) != 1 || calls[0].URL.String() != "https://www.gravatar.com/avatar/"+hex.EncodeToString(sum[:])+"?d=404" {
			t.Errorf("looks: %v", calls)
		}
		w.want(fmt.Sprintf(`SELECT CAST(id AS TEXT) FROM contacts WHERE avatar_blob_id IS NOT NULL AND id IN (%d, %d) ORDER BY id`, ana, bo), fmt.Sprint(ana), fmt.Sprint(bo))
	})
}

// Whose session it is after somebody told more about themselves.
func TestIdentifyContact(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		inbox := w.line(1)
		session := 0
		// visit makes a contact who wrote, and knows this of them already.
		visit := func(values desk.ContactValues) (source string, id int64) {
			t.Helper()
			session++
			source = fmt.Sprint("U", session)
			w.receive(w.message(inbox, source, fmt.Sprint("m", session), "hello"))
			s, err := w.store.Session(t.Context(), inbox, source)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.desk.ChangeContact(t.Context(), desk.Actor{}, w.account, s.Contact.ID, values); err != nil {
				t.Fatal(err)
			}
			return source, s.Contact.ID
		}
		identify := func(source string, in desk.Identification) (int64, error) {
			in.AccountID, in.InboxID, in.SourceID = w.account, inbox, source
			return w.desk.IdentifyContact(t.Context(), in)
		}
		_, known := visit(desk.ContactValues{Name: optional.Of("Known"), Identifier: optional.Of("k"), Email: optional.Of("k@example.test"), Phone: optional.Of("+491")})
		same := func(what string, got int64, err error, want int64) {
			t.Helper()
			if err != nil || got != want {
				t.Errorf("%s: %d %v, want %d", what, got, err, want)
			}
		}
		// By the identifier, and the name is kept where that is wished.
		source, _ := visit(desk.ContactValues{})
		got, err := identify(source, desk.Identification{Identity: desk.Identity{Identifier: "k", Name: "Written"}, RetainName: true})
		same("by identifier", got, err, known)
		w.want(fmt.Sprintf(`SELECT name FROM contacts WHERE id = %d`, known), "Known")
		// Another identifier than the one who has the e-mail and the number: they stay apart.
		source, other := visit(desk.ContactValues{})
		got, err = identify(source, desk.Identification{Identity: desk.Identity{Identifier: "other", Email: "k@example.test", Phone: "+491", Name: "Other"}})
		same("another identifier", got, err, other)
		w.want(fmt.Sprintf(`SELECT name || '|' || identifier || '|' || COALESCE(email, '') || '|' || COALESCE(phone_number, '') FROM contacts WHERE id = %d`, other), "Other|other||")
		// The same number with another e-mail: apart, too.
		source, third := visit(desk.ContactValues{})
		got, err = identify(source, desk.Identification{Identity: desk.Identity{Email: "third@example.test", Phone: "+491"}})
		same("another e-mail", got, err, third)
		// What is no address is left alone, or refused.
		got, err = identify(source, desk.Identification{Identity: desk.Identity{Email: "x", Phone: "12", Name: "Third"}, DiscardInvalid: true})
		same("discarded", got, err, third)
		w.want(fmt.Sprintf(`SELECT name || '|' || email FROM contacts WHERE id = %d`, third), "Third|third@example.test")
		for _, in := range []desk.Identity{{Email: "x"}, {Phone: "12"}} {
			if _, err := identify(source, desk.Identification{Identity: in}); chat.CodeOf(err) != chat.CodeInvalid {
				t.Errorf("%+v: %v", in, err)
			}
		}
		// Objects are merged deeply.
		for _, more := range []map[string]any{{"a": map[string]any{"x": 1}, "city": "Bonn"}, {"a": map[string]any{"y": 2}}} {
			if _, err := identify(source, desk.Identification{Identity: desk.Identity{AdditionalAttributes: more, CustomAttributes: more}}); err != nil {
				t.Fatal(err)
			}
		}
		for _, column := range []string{"additional_attributes", "custom_attributes"} {
			attributes := w.attributes(fmt.Sprintf(`SELECT %s FROM contacts WHERE id = %d`, column, third))
			if fmt.Sprint(attributes["a"]) != "map[x:1 y:2]" || attributes["city"] != "Bonn" {
				t.Errorf("%s %v", column, attributes)
			}
		}
		w.want(fmt.Sprintf(`SELECT location FROM contacts WHERE id = %d`, third), "Bonn")
		if kinds := w.rows(`SELECT kind FROM outbox WHERE kind IN ('contact.merged', 'contact.deleted', 'conversation.contact_changed')`); !slices.Equal(kinds, []string{"conversation.contact_changed", "contact.deleted", "contact.merged"}) {
			t.Errorf("events %v", kinds)
		}
	})
}

// Addresses that nobody used for 90 days go.
func TestStaleContactInboxes(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		inbox := w.line(1)
		w.receive(w.message(inbox, "used", "m", "hello"))
		id, _, err := w.desk.CreateContact(t.Context(), desk.NewContact{AccountID: w.account, InboxID: inbox, SourceID: optional.Of("old")})
		if err != nil {
			t.Fatal(err)
		}
		remove := func(want int) {
			t.Helper()
			if n, err := w.desk.RemoveStaleContactInboxes(t.Context()); err != nil || n != want {
				t.Errorf("removed %d %v, want %d", n, err, want)
			}
		}
		w.clock.Advance(89 * 24 * time.Hour)
		if _, err := w.desk.LinkContact(t.Context(), w.account, id, desk.ContactAddress{InboxID: inbox, SourceID: optional.Of("young")}); err != nil {
			t.Fatal(err)
		}
		remove(0)
		w.clock.Advance(25 * time.Hour)
		remove(1)
		w.want(`SELECT source_id FROM contact_inboxes ORDER BY id`, "used", "young")
	})
}
