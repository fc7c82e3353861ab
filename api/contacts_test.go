package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"strings"
	"testing"
	"time"

	"tributary/presence"
	"tributary/store"
)

func unmarshal(t *testing.T, text string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// contact makes a contact of the account and gives its id.
func (w *world) contact(body string) int64 {
	w.t.Helper()
	return id(at(w.call("agent", "POST", "{A}/contacts", body).object(), "payload", "contact", "id"))
}

// contactText is a contact as the API shows it; more replaces what is usual.
func (w *world) contactText(id int64, more string) string {
	created := w.text(`SELECT CAST(created_at / 1000000 AS TEXT) FROM contacts WHERE id = $1`, id)
	base := fmt.Sprintf(`{"additional_attributes":{},"availability_status":"offline","email":null,"id":%d,"name":"","phone_number":null,`+
		`"blocked":false,"identifier":null,"thumbnail":"","custom_attributes":{},"created_at":%s}`, id, created)
	return overlay(w.t, base, more)
}

// overlay puts the members of one JSON object over those of another.
func overlay(t *testing.T, base, more string) string {
	t.Helper()
	merged := map[string]any{}
	for _, text := range []string{base, more} {
		parsed := map[string]any{}
		unmarshal(t, text, &parsed)
		for k, v := range parsed {
			merged[k] = v
		}
	}
	return raw(t, merged)
}

// contactNews are the events about contacts since the last call.
func (w *world) contactNews() string {
	w.t.Helper()
	var out []string
	for _, e := range w.news() {
		if !strings.HasPrefix(e.Kind, "contact.") && e.Kind != "conversation.contact_changed" {
			continue
		}
		payload := map[string]any{}
		unmarshal(w.t, e.Payload, &payload)
		var changed []string
		list, _ := payload["changed_attributes"].([]any)
		for _, one := range list {
			for column := range one.(map[string]any) {
				changed = append(changed, column)
			}
		}
		out = append(out, fmt.Sprintf("%s %v by %v %v", e.Kind, payload["contact_id"], payload["performer_id"], changed))
	}
	return strings.Join(out, "\n")
}

func TestContactCreation(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.news()
		got := w.call("agent", "POST", "{A}/contacts", `{"name":"Ana","email":" ","unknown":1}`).object()
		bare := id(at(got, "payload", "contact", "id"))
		same(t, "bare", got, fmt.Sprintf(`{"payload":{"contact":%s,"contact_inbox":{"inbox":null,"source_id":null}}}`,
			w.contactText(bare, `{"name":"Ana","contact_inboxes":[]}`)))
		got = w.call("agent", "POST", "{A}/contacts", `{"name":"Bo","email":"Bo@Example.COM","phone_number":"+4930123","identifier":"Id-1","blocked":true,
			"additional_attributes":{"city":"Bonn","country":"Germany","company_name":"Acme","a":{"b":1}},"custom_attributes":{"tier":"gold","n":1.5}}`).object()
		full := id(at(got, "payload", "contact", "id"))
		const values = `{"name":"Bo","email":"bo@example.com","phone_number":"+4930123","identifier":"Id-1","blocked":true,
			"additional_attributes":{"city":"Bonn","country":"Germany","company_name":"Acme","a":{"b":1}},"custom_attributes":{"tier":"gold","n":1.5}}`
		same(t, "full", at(got, "payload", "contact"), w.contactText(full, overlay(t, values, `{"contact_inboxes":[]}`)))
		w.eq("derived", w.text(`SELECT contact_type || '|' || location || '|' || country_code || '|' || company_name FROM contacts WHERE id = $1`, full), "1|Bonn|Germany|Acme")
		w.eq("a visitor", w.text(`SELECT CAST(contact_type AS TEXT) FROM contacts WHERE id = $1`, bare), "0")
		w.eq("events", w.contactNews(), fmt.Sprintf("contact.created %d by %d []\ncontact.created %d by %d []", bare, w.agent, full, w.agent))
		form := w.send("agent", "POST", "{A}/contacts", "application/x-www-form-urlencoded", "name=Form&custom_attributes[a]=b&phone_number=%2B491").object()
		compare(t, "by form", at(form, "payload", "contact").(map[string]any), `{"name":"Form","custom_attributes":{"a":"b"},"phone_number":"+491"}`)
		for _, social := range []struct{ attributes, kind string }{
			{`{"social_profiles":{}}`, "0"}, {`{"social_profiles":{"facebook":""}}`, "1"}, {`{"social_x":""}`, "0"}, {`{"social_x":null}`, "0"}, {`{"social_x":"y"}`, "1"}, {`{"social_x":5}`, "1"},
		} {
			made := w.contact(`{"additional_attributes":` + social.attributes + `}`)
			w.eq("type with "+social.attributes, w.text(`SELECT CAST(contact_type AS TEXT) FROM contacts WHERE id = $1`, made), social.kind)
		}
		const path = "{A}/contacts"
		for body, want := range map[string]string{
			`{"email":"BO@example.com"}`:                        invalidText("email", "Email has already been taken"),
			`{"email":"x"}`:                                     invalidText("email", "Email Invalid email"),
			`{"email":"a b@x"}`:                                 invalidText("email", "Email Invalid email"),
			`{"email":"a@b@c"}`:                                 invalidText("email", "Email Invalid email"),
			`{"identifier":"Id-1"}`:                             invalidText("identifier", "Identifier has already been taken"),
			`{"phone_number":"+4930123"}`:                       invalidText("phone_number", "Phone number has already been taken"),
			`{"phone_number":"4930123"}`:                        invalidText("phone_number", "Phone number should be in e164 format"),
			`{"phone_number":"abc+1234"}`:                       invalidText("phone_number", "Phone number should be in e164 format"),
			`{"phone_number":"+0123"}`:                          invalidText("phone_number", "Phone number should be in e164 format"),
			`{"name":"` + strings.Repeat("x", 256) + `"}`:       invalidText("name", "Name is too long (maximum is 255 characters)"),
			`{"identifier":"` + strings.Repeat("x", 256) + `"}`: invalidText("identifier", "Identifier is too long (maximum is 255 characters)"),
			`{"blocked":null}`:                                  invalidText("blocked", "Blocked can't be blank"),
			`{"additional_attributes":"x"}`:                     invalidText("additional_attributes", "Additional attributes is invalid"),
			`{"avatar":"nobody's"}`:                             invalidText("avatar", "Avatar is invalid"),
			`{"email":"bo@example.com","phone_number":"x"}`:     `{"message":"Email has already been taken, Phone number should be in e164 format","attributes":["email","phone_number"]}`,
		} {
			w.call("agent", "POST", path, body).want(422, want)
			w.call("agent", "PATCH", fmt.Sprintf("{A}/contacts/%d", bare), body).want(422, want)
		}
		// Another account's values are free, as are another case's, and none at all.
		w.call("stranger", "POST", strings.Replace(path, "{A}", "/api/v1/accounts/"+w.text(`SELECT CAST(account_id AS TEXT) FROM account_users WHERE user_id = $1`, w.stranger), 1), values).object()
		w.contact(`{"identifier":"id-1"}`)
		w.contact(`{"identifier":"","phone_number":"","email":""}`)
		w.contact(`{"identifier":"","phone_number":"","email":null}`)
		w.call("stranger", "POST", path, `{}`).want(401, `{"error":"You are not authorized to access this account"}`)
		w.call("", "POST", path, `{}`).want(401, signInFirst.body)
		w.call("agent", "POST", path, `{"inbox_id":999}`).want(404, missingText)
		w.call("agent", "POST", path, `{"inbox_id":"x"}`).want(422, invalidText("inbox_id", "Inbox is not a number"))
	})
}

func TestContactChange(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		made := w.contact(`{"name":"Ana","email":"ana@example.com","phone_number":"+491","additional_attributes":{"a":{"x":1,"y":2},"b":1},"custom_attributes":{"c":{"x":1},"d":1}}`)
		path := fmt.Sprintf("{A}/contacts/%d", made)
		w.news()
		same(t, "merged shallowly", w.call("agent", "PATCH", path, `{"additional_attributes":{"a":{"z":3}},"custom_attributes":{"c":{"y":2},"e":null},"name":"Anna"}`).object(),
			`{"payload":`+w.contactText(made, `{"name":"Anna","email":"ana@example.com","phone_number":"+491","contact_inboxes":[],
			"additional_attributes":{"a":{"z":3},"b":1},"custom_attributes":{"c":{"y":2},"d":1,"e":null}}`)+`}`)
		w.eq("events", w.contactNews(), fmt.Sprintf("contact.updated %d by %d [name additional_attributes custom_attributes updated_at]", made, w.agent))
		w.call("agent", "PUT", path, `{"name":"Anna"}`).object()
		w.eq("nothing changed", w.contactNews(), "")
		got := w.call("agent", "PUT", path+"?include_contact_inboxes=false", `{"email":"","phone_number":null,"blocked":true,"identifier":"i"}`).object()
		same(t, "cleared", got, `{"payload":`+w.contactText(made, `{"name":"Anna","identifier":"i","blocked":true,
			"additional_attributes":{"a":{"z":3},"b":1},"custom_attributes":{"c":{"y":2},"d":1,"e":null}}`)+`}`)
		w.eq("events of that", w.contactNews(), fmt.Sprintf("contact.updated %d by %d [email phone_number identifier blocked updated_at]", made, w.agent))
		w.eq("a lead stays one", w.text(`SELECT CAST(contact_type AS TEXT) FROM contacts WHERE id = $1`, made), "1")

		drop := path + "/destroy_custom_attributes"
		same(t, "dropped", at(w.call("agent", "POST", drop, `{"custom_attributes":["c","unknown"]}`).object(), "payload", "custom_attributes"), `{"d":1,"e":null}`)
		w.eq("events of dropping", w.contactNews(), fmt.Sprintf("contact.updated %d by %d [custom_attributes updated_at]", made, w.agent))
		same(t, "dropped by text", w.call("agent", "POST", drop, `{"custom_attributes":"e"}`).object(), `{"payload":`+w.contactText(made, `{"name":"Anna","identifier":"i","blocked":true,
			"additional_attributes":{"a":{"z":3},"b":1},"custom_attributes":{"d":1},"contact_inboxes":[]}`)+`}`)
		same(t, "dropped nothing", at(w.call("agent", "POST", drop, `{}`).object(), "payload", "custom_attributes"), `{"d":1}`)
		w.call("agent", "POST", drop, `{"custom_attributes":[{}]}`).want(422, invalidText("custom_attributes", "Custom attributes is invalid"))

		theirs := w.contact(`{"name":"theirs"}`)
		w.exec(`UPDATE contacts SET account_id = (SELECT MAX(id) FROM accounts) WHERE id = $1`, theirs)
		for _, missing := range []string{"999", "x", "-1", fmt.Sprint(theirs)} {
			for _, call := range []string{"GET ", "PATCH ", "PUT ", "DELETE /avatar", "POST /destroy_custom_attributes", "GET /contactable_inboxes", "GET /conversations", "GET /labels", "POST /labels", "GET /notes", "POST /notes", "POST /contact_inboxes"} {
				method, rest, _ := strings.Cut(call, " ")
				w.call("agent", method, "{A}/contacts/"+missing+rest, `{}`).want(404, missingText)
				w.call("stranger", method, "{A}/contacts/"+missing+rest, `{}`).want(401, `{"error":"You are not authorized to access this account"}`)
			}
			w.call("admin", "DELETE", "{A}/contacts/"+missing, "").want(404, missingText)
			w.call("agent", "DELETE", "{A}/contacts/"+missing, "").want(401, refusedText)
		}
	})
}

func TestContactAvatar(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		var picture bytes.Buffer
		w.must(png.Encode(&picture, image.NewRGBA(image.Rect(0, 0, 300, 200))))
		contentType, body := fileForm(t, "avatar", "me.png", "image/png", picture.Bytes(), [2]string{"name", "Ana"})
		got := w.send("agent", "POST", "{A}/contacts", contentType, body).object()
		made := id(at(got, "payload", "contact", "id"))
		address, _ := at(got, "payload", "contact", "thumbnail").(string)
		if !strings.HasPrefix(address, publicURL+"/rails/active_storage/representations/redirect/") {
			t.Fatalf("got %v", got)
		}
		path := fmt.Sprintf("{A}/contacts/%d", made)
		for name, c := range map[string]struct {
			kind, want string
			content    []byte
		}{
			"a text":    {"image/png", invalidText("avatar", "Avatar filetype not supported"), []byte("not a picture")},
			"too large": {"image/png", invalidText("avatar", "Avatar is too big"), append(picture.Bytes(), make([]byte, 15<<20)...)},
		} {
			contentType, body := fileForm(t, "avatar", "x", c.kind, c.content)
			a := w.send("agent", "PATCH", path, contentType, body)
			a.name = name
			a.want(422, c.want)
		}
		// A picture that came with a refused contact is not kept.
		contentType, body = fileForm(t, "avatar", "me.png", "image/png", picture.Bytes(), [2]string{"email", "x"})
		w.send("agent", "PATCH", path, contentType, body).want(422, invalidText("email", "Email Invalid email"))
		w.send("agent", "POST", "{A}/contacts", contentType, body).want(422, invalidText("email", "Email Invalid email"))
		w.eq("pictures", w.text(`SELECT CAST(COUNT(*) AS TEXT) FROM blobs`), "1")
		w.news()
		contentType, body = fileForm(t, "avatar", "other.png", "image/png", picture.Bytes())
		other := at(w.send("agent", "PATCH", path, contentType, body).object(), "payload", "thumbnail")
		if other == address || other == "" {
			t.Errorf("another picture: %v", other)
		}
		same(t, "without", w.call("agent", "DELETE", path+"/avatar", "").object(), `{"payload":`+w.contactText(made, `{"name":"Ana"}`)+`}`)
		event := fmt.Sprintf("contact.updated %d by %d [updated_at]", made, w.agent)
		w.eq("events", w.contactNews(), event+"\n"+event)
		w.call("agent", "DELETE", path+"/avatar", "").object()
		w.eq("no event", w.contactNews(), "")

		// An address is fetched in the background; what is none is ignored.
		w.exec(`DELETE FROM jobs`)
		w.call("agent", "PATCH", path, `{"avatar_url":"https://cdn.example/a.png"}`).object()
		w.call("agent", "PATCH", path, `{"avatar_url":"javascript:alert(1)"}`).object()
		w.eq("fetches", w.text(`SELECT payload FROM jobs`), fmt.Sprintf(`{"contact_id":%d,"inbox_id":0,"url":"https://cdn.example/a.png"}`, made))
		// The picture of an e-mail address is looked for half a minute later.
		w.exec(`DELETE FROM jobs`)
		w.call("agent", "PATCH", path, `{"email":"ana@example.com"}`).object()
		w.call("agent", "PATCH", path, `{"email":"ANA@example.com"}`).object()
		w.eq("looks", w.text(`SELECT payload || ' ' || (run_at - created_at) FROM jobs`), fmt.Sprintf(`{"contact_id":%d,"inbox_id":0,"email":"ana@example.com"} 30000000`, made))
		w.exec(`DELETE FROM jobs`)
		w.settings["DISABLE_GRAVATAR"] = "true"
		w.call("agent", "PATCH", path, `{"email":"anna@example.com"}`).object()
		w.eq("no looks", w.text(`SELECT payload FROM jobs`), "")
	})
}

func TestContactLists(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox := w.line("shop", false)
		list := func(query string) string {
			t.Helper()
			return fmt.Sprint(ids(at(w.call("agent", "GET", "{A}/contacts"+query, "").object(), "payload")))
		}
		w.call("agent", "GET", "{A}/contacts", "").want(200, `{"meta":{"count":0,"current_page":1},"payload":[]}`)
		ana := w.contact(`{"name":"ana","email":"z@example.com","additional_attributes":{"company_name":"Beta","city":"Bonn","country":"Peru"}}`)
		bo := w.contact(`{"name":"Bo","phone_number":"+492","additional_attributes":{"company_name":"Alpha","city":"Aachen"}}`)
		cy := w.contact(`{"name":"cy","identifier":"CY-7","email":"a@example.com","phone_number":"+491","additional_attributes":{"country":"Chile"}}`)
		w.contact(`{"name":"nobody"}`)
		w.receive(inbox, "U1", "hello")
		w.exec(`UPDATE contacts SET last_activity_at = $1 WHERE id = $2`, w.now.Load()-9e6, bo)
		w.exec(`UPDATE contacts SET last_activity_at = $1 WHERE id = $2`, w.now.Load()-5e6, cy)
		show := func(list ...int64) string { return fmt.Sprint(list) }
		for query, want := range map[string]string{
			"": show(ana, bo, cy), "?sort=": show(ana, bo, cy), "?sort=shoe": show(ana, bo, cy),
			"?sort=name": show(ana, bo, cy), "?sort=-name": show(cy, bo, ana),
			"?sort=email": show(cy, ana, bo), "?sort=-email": show(bo, ana, cy), "?sort=phone_number": show(cy, bo, ana), "?sort=-phone_number": show(ana, bo, cy),
			"?sort=last_activity_at": show(bo, cy, ana), "?sort=-last_activity_at": show(cy, bo, ana),
			"?sort=created_at": show(ana, bo, cy), "?sort=-created_at": show(cy, bo, ana),
			"?sort=company": show(bo, ana, cy), "?sort=-company": show(ana, bo, cy), "?sort=city": show(bo, ana, cy), "?sort=-city": show(ana, bo, cy),
			"?sort=country": show(cy, ana, bo), "?sort=-country": show(ana, cy, bo),
			"?sort=-created_at,%20-email": show(bo, ana, cy), "?sort=-created_at&page=2": "[]",
		} {
			w.eq("contacts"+query, list(query), want)
		}
		got := w.call("agent", "GET", "{A}/contacts?page=1&sort=-last_activity_at", "").object()
		same(t, "meta", got["meta"], `{"count":3,"current_page":"1"}`)
		same(t, "listed", at(got, "payload", 2), w.contactText(ana, `{"name":"ana","email":"z@example.com","additional_attributes":{"company_name":"Beta","city":"Bonn","country":"Peru"},"contact_inboxes":[]}`))
		if _, shown := at(got, "payload", 0).(map[string]any)["last_activity_at"].(float64); !shown {
			t.Errorf("no last_activity_at: %v", got)
		}
		if v := at(w.call("agent", "GET", "{A}/contacts?include_contact_inboxes=false", "").object(), "payload", 0); strings.Contains(raw(t, v), "contact_inboxes") {
			t.Errorf("with inboxes: %v", v)
		}
		for query, echoed := range map[string]string{"?page=0": `"0"`, "?page=x": `"x"`, "?page=-3": `"-3"`, "?page=99999999999": `"99999999999"`} {
			got := w.call("agent", "GET", "{A}/contacts"+query, "").object()
			same(t, query, []any{got["meta"], len(got["payload"].([]any))}, `[{"count":3,"current_page":`+echoed+`},3]`)
		}

		// Labels: any of them, whatever their case.
		w.call("agent", "POST", fmt.Sprintf("{A}/contacts/%d/labels", ana), `{"labels":["VIP","x"]}`).object()
		w.call("agent", "POST", fmt.Sprintf("{A}/contacts/%d/labels", cy), `{"labels":["old"]}`).object()
		for query, want := range map[string]string{
			"?labels[]=vip": show(ana), "?labels=vip,old": show(ana, cy), "?labels[]=old&labels[]=x": show(ana, cy), "?labels=none": "[]", "?labels=": show(ana, bo, cy),
		} {
			w.eq("contacts"+query, list(query), want)
			w.eq("search"+query, list("/search"+strings.Replace(query, "?", "?q=e&", 1)), map[bool]string{true: show(ana, cy), false: want}[want == show(ana, bo, cy)])
		}

		// Search.
		for q, want := range map[string]string{
			"AN": show(ana), "%20bo%20": show(bo), "example.COM": show(ana, cy), "%2B49": show(bo, cy), "alpha": show(bo), "CY-7": show(cy), "cy-7": "[]",
			"nobody": "[]", "100%25": "[]", "_": "[]", "Bonn": "[]",
		} {
			w.eq("search "+q, list("/search?q="+q), want)
		}
		same(t, "sorted and without inboxes", ids(at(w.call("agent", "GET", "{A}/contacts/search?q=example&sort=email&include_contact_inboxes=0&page=1", "").object(), "payload")), raw(t, []int64{cy, ana}))
		for _, query := range []string{"", "?q=", "?q=%20&page=3"} {
			w.call("agent", "GET", "{A}/contacts/search"+query, "").want(200, `{"meta":{"count":null,"current_page":1},"payload":[]}`)
		}

		// Who is online, resolved or not.
		w.call("agent", "GET", "{A}/contacts/active", "").want(200, `{"meta":{"count":0,"current_page":1},"payload":[]}`)
		visitor := w.number(`SELECT contact_id FROM contact_inboxes`)
		w.must(w.desk.ContactBeat(t.Context(), w.account, visitor))
		w.must(w.desk.ContactBeat(t.Context(), w.account, bo))
		w.must(w.desk.ContactBeat(t.Context(), w.account, 999))
		got = w.call("agent", "GET", "{A}/contacts/active?sort=-name&labels=none&page=1", "").object()
		same(t, "active", []any{got["meta"], ids(got["payload"]), at(got, "payload", 0, "availability_status")}, fmt.Sprintf(`[{"count":2,"current_page":"1"},[%d,%d],"online"]`, visitor, bo))
		same(t, "addresses", at(got, "payload", 0, "contact_inboxes"), fmt.Sprintf(`[{"source_id":"U1","inbox":{"id":%d,"avatar_url":"","channel_id":%s,"name":"shop","channel_type":"Channel::Line","provider":null}}]`,
			inbox, w.text(`SELECT CAST(channel_id AS TEXT) FROM inboxes WHERE id = $1`, inbox)))
		w.now.Add(int64(presence.Duration / time.Microsecond))
		w.call("agent", "GET", "{A}/contacts/active", "").want(200, `{"meta":{"count":0,"current_page":1},"payload":[]}`)

		// With leads: who can be reached, or is known in a social network.
		social := w.contact(`{"name":"so","additional_attributes":{"social_x":"y"}}`)
		known := w.contact(`{"name":"known","identifier":"k"}`)
		w.eq("resolved", list(""), show(ana, bo, cy, known))
		w.exec(`UPDATE accounts SET features = features | $1 WHERE id = $2`, 1<<49, w.account)
		w.eq("leads", list(""), show(ana, bo, cy, social))
		for _, role := range []string{"", "stranger", "platform"} {
			for _, path := range []string{"", "/active", "/search"} {
				if a := w.call(role, "GET", "{A}/contacts"+path, ""); a.status != 401 {
					t.Errorf("%s: %d", a.name, a.status)
				}
			}
		}
	})
}

// A list costs the same number of queries whatever its length.
func TestContactPages(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		for i := range 17 {
			w.contact(fmt.Sprintf(`{"name":"c%02d","email":"c%02d@example.com"}`, i, i))
		}
		first := w.call("agent", "GET", "{A}/contacts?sort=-name", "").object()
		second := w.call("agent", "GET", "{A}/contacts?sort=-name&page=2", "").object()
		same(t, "pages", []any{len(first["payload"].([]any)), len(second["payload"].([]any)), at(second, "meta"), at(second, "payload", 1, "name")}, `[15,2,{"count":17,"current_page":"2"},"c00"]`)
	})
}

func TestContactDeletion(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox := w.line("shop", true)
		for _, text := range []string{"one", "two"} {
			w.receive(inbox, "U1", text)
		}
		w.receive(inbox, "U2", "stays")
		gone := w.number(`SELECT contact_id FROM contact_inboxes WHERE source_id = 'U1'`)
		path := fmt.Sprintf("{A}/contacts/%d", gone)
		w.call("agent", "PATCH", path, `{"name":"éLA  M","email":"ela@example.com","phone_number":"+491","identifier":"e"}`).object()
		w.call("agent", "POST", path+"/notes", `{"content":"x"}`).object()
		w.call("agent", "POST", path+"/labels", `{"labels":["x"]}`).object()
		w.call("agent", "POST", "{A}/conversations/1/messages", `{"content":"answer"}`).object()
		w.call("agent", "DELETE", path, "").want(401, refusedText)
		w.must(w.desk.ContactBeat(t.Context(), w.account, gone))
		w.call("admin", "DELETE", path, "").want(422, `{"message":"Éla  m is Online, please try again later"}`)
		w.now.Add(int64(presence.Duration / time.Microsecond))
		w.news()
		w.call("admin", "DELETE", path, "").want(200, "")
		w.call("admin", "DELETE", path, "").want(404, missingText)
		w.call("admin", "GET", path, "").want(404, missingText)
		w.call("admin", "GET", "{A}/contacts", "").want(200, `{"meta":{"count":0,"current_page":1},"payload":[]}`)
		w.eq("nothing is sent any more", w.text(`SELECT CAST(COUNT(*) AS TEXT) FROM deliveries`), "0")
		events := w.news()
		if len(events) != 1 || events[0].Kind != "contact.deleted" {
			t.Fatalf("events %+v", events)
		}
		payload := map[string]any{}
		unmarshal(t, events[0].Payload, &payload)
		same(t, "who is gone", payload, fmt.Sprintf(`{"contact_id":%d,"performer_id":%d,"contact":{"additional_attributes":{},"custom_attributes":{},"email":"ela@example.com","id":%d,
			"identifier":"e","name":"éLA  M","phone_number":"+491","thumbnail":"","blocked":false,"type":"contact"}}`, gone, w.admin, gone))
		// Their values are free at once, and whoever writes from the address is somebody new.
		w.contact(`{"email":"ela@example.com","phone_number":"+491","identifier":"e"}`)
		w.receive(inbox, "U1", "three")
		fresh := w.number(`SELECT contact_id FROM contact_inboxes WHERE source_id = 'U1'`)
		if fresh == gone {
			t.Error("the address is still theirs")
		}
		w.run(store.LaneBulk)
		w.eq("what is left of them", w.text(fmt.Sprintf(`SELECT CAST((SELECT COUNT(*) FROM contacts WHERE id = %[1]d) + (SELECT COUNT(*) FROM conversations WHERE contact_id = %[1]d)
			+ (SELECT COUNT(*) FROM contact_inboxes WHERE contact_id = %[1]d) + (SELECT COUNT(*) FROM contact_notes) + (SELECT COUNT(*) FROM contact_labels) AS TEXT)`, gone)), "0")
		w.eq("what stays", w.text(`SELECT content FROM messages ORDER BY id`), "stays three")
	})
}

func TestContactConversations(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		mine, others := w.line("mine", true), w.line("others", false)
		w.receive(mine, "U1", "one")
		contact := w.number(`SELECT contact_id FROM contact_inboxes`)
		w.receive(others, "V1", "two")
		w.exec(`UPDATE contact_inboxes SET contact_id = $1`, contact)
		w.exec(`UPDATE conversations SET contact_id = $1`, contact)
		for i := range 20 {
			w.receive(mine, "U1", fmt.Sprint("text ", i))
			w.exec(`UPDATE conversations SET status = 1`)
		}
		path := fmt.Sprintf("{A}/contacts/%d/conversations", contact)
		list := func(role string) string {
			return fmt.Sprint(ids(at(w.call(role, "GET", path, "").object(), "payload")))
		}
		all := strings.Fields(strings.Trim(list("admin"), "[]"))
		if len(all) != 20 || all[0] != "21" {
			t.Errorf("the newest 20: %v", all)
		}
		w.exec(`DELETE FROM conversations WHERE display_id > 3`)
		w.eq("an administrator's", list("admin"), "[3 1 2]")
		w.eq("an agent's", list("agent"), "[3 1]")
		same(t, "shown as everywhere", at(w.call("admin", "GET", path, "").object(), "payload", 1), raw(t, w.call("admin", "GET", "{A}/conversations/1", "").object()))
		w.exec(`UPDATE conversations SET assignee_id = $1 WHERE display_id = 1`, w.agent)
		w.exec(`UPDATE conversations SET assignee_id = $1 WHERE display_id = 3`, w.admin)
		for permissions, want := range map[string]string{
			`["conversation_manage"]`: "[3 1]", `["conversation_unassigned_manage"]`: "[1]", `["conversation_participating_manage"]`: "[1]", `["contact_manage"]`: "[]",
		} {
			role := id(w.call("admin", "POST", "{A}/custom_roles", `{"name":"r","permissions":`+permissions+`}`).object()["id"])
			w.exec(`UPDATE account_users SET custom_role_id = $1 WHERE account_id = $2 AND user_id = $3`, role, w.account, w.agent)
			w.eq(permissions, list("agent"), want)
		}
	})
}
