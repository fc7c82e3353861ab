package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"tributary/channels"
	"tributary/desk"
	"tributary/store"
)

const notFoundByNumber = `{"status":404,"error":"Not Found"}`

// shop makes an API inbox from settings as they are stored and gives its id
// and the path of its contacts.
func (w *world) shop(settings string, change func(*store.Inbox)) (inboxID int64, contacts string) {
	w.t.Helper()
	driver, ok := w.desk.Directory.DriverOf("Channel::Api")
	if !ok {
		w.t.Fatal("no driver")
	}
	inbox := store.DefaultInbox()
	inbox.AccountID, inbox.Name = w.account, "Shop"
	if change != nil {
		change(&inbox)
	}
	inboxID, err := w.desk.CreateInbox(w.t.Context(), driver, desk.NewInbox{Inbox: inbox, Settings: json.RawMessage(settings)})
	w.must(err)
	var s struct {
		Identifier string `json:"identifier"`
	}
	w.must(json.Unmarshal([]byte(settings), &s))
	return inboxID, "/public/api/v1/inboxes/" + s.Identifier + "/contacts"
}

const shop = `{"identifier":"shop","hmac_token":"key"}`

// hash is the proof of an identifier in the inboxes whose hmac_token is "key".
func hash(identifier string) string { return channels.HexSHA256("key", []byte(identifier)) }

// public calls without any credentials.
func (w *world) public(method, path, body string) answer {
	w.t.Helper()
	return w.call("", method, path, body)
}

// text reads one column of all rows, joined by spaces.
func (w *world) text(query string, args ...any) string {
	w.t.Helper()
	rows, err := w.db.QueryContext(w.t.Context(), query, args...)
	w.must(err)
	defer func() { _ = rows.Close() }()
	var list []string
	for rows.Next() {
		var s string
		w.must(rows.Scan(&s))
		list = append(list, s)
	}
	w.must(rows.Err())
	return strings.Join(list, " ")
}

func (w *world) eq(name, got, want string) {
	w.t.Helper()
	if got != want {
		w.t.Errorf("%s: got %q, want %q", name, got, want)
	}
}

var uuidText = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// The recorded requests of the API channel.
func TestPublicPayloads(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/public/*.json")
	if err != nil || len(files) != 8 {
		t.Fatalf("got %d files, %v, want 8", len(files), err)
	}
	eachStore(t, func(t *testing.T, w *world) {
		for i, file := range files {
			playPayload(t, w, i, file)
		}
	})
}

func playPayload(t *testing.T, w *world, n int, file string) {
	raw, err := os.ReadFile(file)
	w.must(err)
	// Each file has an inbox of its own.
	identifier := fmt.Sprintf("apiFixtureIdentifier%04d", n+100)
	raw = bytes.ReplaceAll(raw, []byte("apiFixtureIdentifier0001"), []byte(identifier))
	var p struct {
		Given struct {
			Inboxes []json.RawMessage `json:"inboxes"`
		} `json:"given"`
		Request struct {
			Method, Path string
			Headers      map[string]string
			Body         json.RawMessage
		} `json:"request"`
		Expect struct {
			Status       any `json:"status"`
			Stored       *int
			ContactInbox map[string]string `json:"contact_inbox"`
			Message      map[string]any    `json:"message"`
			Events       []struct {
				Kind      string
				IngestKey string            `json:"ingest_key"`
				Message   map[string]string `json:"message"`
				Typing    map[string]string `json:"typing"`
			} `json:"events"`
		} `json:"expect"`
	}
	w.must(json.Unmarshal(raw, &p))
	inbox, contacts := w.shop(string(p.Given.Inboxes[0]), nil)
	path := strings.Replace(p.Request.Path, "/accounts/7/", fmt.Sprintf("/accounts/%d/", w.account), 1)
	if strings.Contains(path, "/conversations/12") {
		w.public("POST", contacts, `{"source_id":"ext-77","name":"Ngozi"}`).object()
		conversation := id(w.public("POST", contacts+"/ext-77/conversations", "").object()["id"])
		path = strings.Replace(path, "/conversations/12", fmt.Sprintf("/conversations/%d", conversation), 1)
		if strings.Contains(path, "/messages/555") {
			made := id(w.call("admin", "POST", fmt.Sprintf("{A}/conversations/%d/messages", conversation), `{"content":"x"}`).object()["id"])
			path = strings.Replace(path, "/messages/555", fmt.Sprintf("/messages/%d", made), 1)
		}
	}
	role := ""
	if p.Request.Headers["api_access_token"] != "" {
		role = "admin"
	}
	before := w.text(`SELECT COUNT(*) FROM contacts`)
	got := w.call(role, p.Request.Method, path, string(p.Request.Body))
	if status, isNumber := p.Expect.Status.(float64); isNumber && got.status != int(status) || !isNumber && got.status != 401 {
		t.Errorf("%s: got %d %s, want %v", file, got.status, got.body, p.Expect.Status)
		return
	}
	if p.Expect.Stored != nil {
		w.eq(file+" contacts", w.text(`SELECT COUNT(*) FROM contacts`), before)
	}
	switch want := p.Expect.ContactInbox["source_id"]; want {
	case "":
	case "<uuid>":
		if sourceID, _ := got.object()["source_id"].(string); !uuidText.MatchString(sourceID) {
			t.Errorf("%s: got source id %q", file, sourceID)
		}
	default:
		w.eq(file+" source id", fmt.Sprint(got.object()["source_id"]), want)
	}
	for key, want := range p.Expect.Message {
		if fmt.Sprint(got.object()[key]) != fmt.Sprint(want) {
			t.Errorf("%s: got %s %v, want %v", file, key, got.object()[key], want)
		}
	}
	for _, e := range p.Expect.Events {
		if want := e.Message["content"]; want != "" {
			w.eq(file+" content", w.text(`SELECT content FROM messages WHERE inbox_id = $1 AND message_type = 0 AND sender_type = 'Contact'`, inbox), want)
		}
		if e.IngestKey != "" {
			w.eq(file+" key", w.text(`SELECT ingest_key FROM messages WHERE inbox_id = $1`, inbox), e.IngestKey)
		}
		if state := e.Typing["state"]; state != "" {
			w.eq(file+" typing", w.text(`SELECT kind FROM outbox WHERE inbox_id = $1 AND kind LIKE 'conversation.typing%'`, inbox), "conversation.typing_"+state)
		}
	}
}

func TestPublicInbox(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.shop(`{"identifier":"shop","hmac_token":"key","hmac_mandatory":true}`, nil)
		closed := `"closed_all_day":true,"open_hour":null,"open_minutes":null,"close_hour":null,"close_minutes":null,"open_all_day":false`
		open := `"closed_all_day":false,"open_hour":9,"open_minutes":0,"close_hour":17,"close_minutes":0,"open_all_day":false`
		var hours []string
		for day, text := range []string{closed, open, open, open, open, open, closed} {
			hours = append(hours, fmt.Sprintf(`{"day_of_week":%d,%s}`, day, text))
		}
		same(t, "inbox", w.public("GET", "/public/api/v1/inboxes/shop", "").object(), `{"identifier":"shop","identity_validation_enabled":true,"name":"Shop",
			"timezone":"UTC","working_hours":[`+strings.Join(hours, ",")+`],"working_hours_enabled":false,"csat_survey_enabled":false,"greeting_enabled":false}`)
		w.exec(`UPDATE accounts SET status = 1`)
		if got := w.public("GET", "/public/api/v1/inboxes/shop", ""); got.status != 200 {
			t.Errorf("suspended account: got %d", got.status)
		}
		for _, r := range [][2]string{
			{"GET", "/nobody"},
			{"GET", "/new"},
			{"GET", "/shop/edit"},
			{"GET", ""},
			{"POST", ""},
			{"PATCH", "/shop"},
			{"DELETE", "/shop"},
			{"POST", "/nobody/contacts"},
			{"GET", "/shop/contacts/x"},
			{"GET", "/shop/contacts/x/conversations"},
		} {
			w.public(r[0], "/public/api/v1/inboxes"+r[1], "").want(404, notFoundByNumber)
		}
	})
}

func TestPublicContacts(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox, contacts := w.shop(shop, nil)
		_, elsewhere := w.shop(`{"identifier":"else","hmac_token":"other"}`, nil)
		made := w.public("POST", contacts, `{"source_id":"s1","identifier":"c1","email":"Ann@Example.com","phone_number":"+4930123","name":"Ann","custom_attributes":{"tier":"gold"}}`).object()
		token, _ := made["pubsub_token"].(string)
		same(t, "made", made, fmt.Sprintf(`{"source_id":"s1","pubsub_token":%q,"id":%d,"name":"Ann","email":"ann@example.com","phone_number":"+4930123"}`, token, id(made["id"])))
		if len(token) != 24 {
			t.Errorf("got token %q", token)
		}
		w.eq("custom attributes", w.text(`SELECT custom_attributes FROM contacts`), `{"tier":"gold"}`)
		w.eq("events", w.text(`SELECT kind FROM outbox WHERE kind LIKE 'contact.%'`), "contact.created")
		same(t, "shown", w.public("GET", contacts+"/s1", "").object(), toJSON(t, made))

		// A known source id wins and changes nothing; without one, the contact is
		// found by identifier, e-mail or phone, and is not changed either.
		same(t, "again", w.public("POST", contacts, `{"source_id":"s1","name":"Eve","email":"nonsense"}`).object(), toJSON(t, made))
		for _, body := range []string{
			`{"identifier":"c1","email":"x@y","name":"Eve"}`, `{"email":"ANN@example.com","name":"Eve"}`, `{"phone_number":"+4930123"}`,
			`{"source_id":null,"identifier":"new","email":"ann@example.com"}`,
		} {
			got := w.public("POST", contacts, body).object()
			if got["id"] != made["id"] || got["name"] != "Ann" || !uuidText.MatchString(fmt.Sprint(got["source_id"])) {
				t.Errorf("%s: got %v", body, got)
			}
		}
		w.eq("identifier", w.text(`SELECT identifier FROM contacts`), "c1")
		nameless := w.public("POST", contacts, `{"identifier":""}`).object()
		if name, _ := nameless["name"].(string); !regexp.MustCompile(`^[a-z]+-[a-z]+-\d+$`).MatchString(name) || nameless["email"] != nil {
			t.Errorf("nameless: got %v", nameless)
		}
		if got := w.send("", "POST", contacts, "application/x-www-form-urlencoded", "source_id=form&custom_attributes[a]=b").object(); got["source_id"] != "form" {
			t.Errorf("form: got %v", got)
		}

		// Source ids are the client's own and may hold anything.
		for _, source := range []string{"ä +:@&?#%", "https://x.example/u/1", "a.b"} {
			w.public("POST", contacts, toJSON(t, map[string]string{"source_id": source})).object()
			if got := w.public("GET", contacts+"/"+url.PathEscape(source), ""); got.status != 200 {
				t.Errorf("%s: got %d %s", source, got.status, got.body)
			}
		}

		for body, want := range map[string]string{
			`{"email":"nonsense"}`:                                            `{"message":"Email Invalid email","attributes":["email"]}`,
			`{"phone_number":"0301"}`:                                         `{"message":"Phone number should be in e164 format","attributes":["phone_number"]}`,
			`{"source_id":" "}`:                                               `{"message":"Source can't be blank","attributes":["source_id"]}`,
			`{"custom_attributes":"x"}`:                                       `{"message":"Custom attributes is invalid","attributes":["custom_attributes"]}`,
			`{"name":"` + strings.Repeat("é", 256) + `"}`:                     `{"message":"Name is too long (maximum is 255 characters)","attributes":["name"]}`,
			`{"custom_attributes":{"k":"` + strings.Repeat("x", 1501) + `"}}`: `{"message":"Custom attributes k length should be < 1500","attributes":["custom_attributes"]}`,
			`{"custom_attributes":{"k":10000000000}}`:                         `{"message":"Custom attributes k value should be < 9999999999","attributes":["custom_attributes"]}`,
		} {
			w.public("POST", contacts, body).want(422, want)
		}
		w.public("POST", contacts, `{"name":`).want(400, `{"status":400,"error":"Bad Request"}`)

		// A source id counts in its inbox only.
		w.public("GET", elsewhere+"/s1", "").want(404, notFoundByNumber)
		w.public("PATCH", elsewhere+"/s1", `{"name":"Eve"}`).want(404, notFoundByNumber)
		w.public("POST", elsewhere+"/s1/conversations", "").want(404, notFoundByNumber)
		w.eq("sessions", w.text(`SELECT COUNT(*) FROM contact_inboxes WHERE inbox_id = $1`, inbox), "10")
	})
}

func TestPublicProof(t *testing.T) {
	t.Parallel()
	const refused = `{"error":"HMAC failed: Invalid Identifier Hash Provided"}`
	eachStore(t, func(_ *testing.T, w *world) {
		_, contacts := w.shop(shop, nil)
		_, strict := w.shop(`{"identifier":"strict","hmac_token":"key","hmac_mandatory":true}`, nil)
		_, broken := w.shop(`{"identifier":"broken","hmac_token":""}`, nil)
		verified := func(source string) string {
			return w.text(`SELECT CASE WHEN hmac_verified THEN 'yes' ELSE 'no' END FROM contact_inboxes WHERE source_id = $1`, source)
		}
		for _, proof := range []string{`"identifier_hash":"00"`, `"identifier_hash":"` + strings.ToUpper(hash("c1")) + `"`, `"identifier_hash":"` + hash("c2") + `"`} {
			w.public("POST", contacts, `{"source_id":"x","identifier":"c1",`+proof+`}`).want(401, refused)
		}
		w.public("POST", strict, `{"source_id":"x","identifier":"c1"}`).want(401, refused)
		w.public("POST", strict, `{}`).want(401, refused)
		w.public("POST", broken, `{"identifier":"c1","identifier_hash":"`+channels.HexSHA256("", []byte("c1"))+`"}`).want(401, refused)
		w.eq("contacts", w.text(`SELECT COUNT(*) FROM contacts`), "0")

		good := fmt.Sprintf(`{"source_id":"s1","identifier":"c1","identifier_hash":%q}`, hash("c1"))
		w.public("POST", contacts, good).object()
		w.public("POST", strict, strings.Replace(good, "s1", "t1", 1)).object()
		w.eq("after create", verified("s1")+verified("t1"), "nono")
		w.public("GET", strict+"/t1", "").want(401, refused)
		w.public("PATCH", strict+"/t1", `{"name":"x"}`).want(401, refused)
		w.public("GET", contacts+"/s1?identifier=c1&identifier_hash=00", "").want(401, refused)
		// A proof about somebody else opens nothing.
		w.public("GET", contacts+"/s1?identifier=c2&identifier_hash="+hash("c2"), "").object()
		w.eq("somebody else", verified("s1"), "no")
		w.public("GET", contacts+"/s1?identifier=c1&identifier_hash="+hash("c1"), "").object()
		w.public("PATCH", strict+"/t1", fmt.Sprintf(`{"identifier":"c1","identifier_hash":%q}`, hash("c1"))).object()
		w.eq("after proof", verified("s1")+verified("t1"), "yesyes")
	})
}

func TestPublicContactUpdate(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		_, contacts := w.shop(shop, nil)
		w.public("POST", contacts, `{"source_id":"s1","name":"Ann","custom_attributes":{"a":{"x":1,"y":1},"b":1}}`).object()
		first := w.public("PATCH", contacts+"/s1", `{"identifier":"ignored","name":" ","avatar_url":"https://x.example/a.png"}`).object()
		same(t, "raw", first, fmt.Sprintf(`{"id":%d,"account_id":%d,"name":"Ann","email":null,"phone_number":null,"identifier":null,
			"additional_attributes":{},"custom_attributes":{"a":{"x":1,"y":1},"b":1},
			"created_at":%q,"updated_at":%q,"last_activity_at":null,"contact_type":"visitor","middle_name":"","last_name":"","location":"","country_code":"","blocked":false}`,
			id(first["id"]), w.account, first["created_at"], first["updated_at"]))
		got := w.public("PUT", contacts+"/s1", `{"name":"Anna","email":"ANNA@example.com","custom_attributes":{"a":{"y":2},"c":3}}`).object()
		same(t, "changed", []any{got["name"], got["email"], got["contact_type"], got["custom_attributes"]}, `["Anna","anna@example.com","lead",{"a":{"x":1,"y":2},"b":1,"c":3}]`)
		for body, want := range map[string]string{
			`{"email":"no"}`: `{"message":"Email Invalid email","attributes":["email"]}`, `{"phone_number":"1"}`: `{"message":"Phone number should be in e164 format","attributes":["phone_number"]}`,
		} {
			w.public("PATCH", contacts+"/s1", body).want(422, want)
		}

		// The owner of the e-mail absorbs the contact, with all that it has.
		w.public("POST", contacts, `{"source_id":"s2","name":"Visitor","phone_number":"+4930222","custom_attributes":{"b":9,"d":4}}`).object()
		conversation := id(w.public("POST", contacts+"/s2/conversations", "").object()["id"])
		w.public("POST", fmt.Sprintf("%s/s2/conversations/%d/messages", contacts, conversation), `{"content":"hello"}`).object()
		got = w.public("PATCH", contacts+"/s2", `{"email":"anna@example.com"}`).object()
		same(t, "merged", []any{got["id"], got["name"], got["phone_number"], got["custom_attributes"]},
			fmt.Sprintf(`[%d,"Anna","+4930222",{"a":{"x":1,"y":2},"b":1,"c":3,"d":4}]`, id(first["id"])))
		w.eq("contacts", w.text(`SELECT name FROM contacts`), "Anna")
		if shown := w.public("GET", contacts+"/s2", "").object(); shown["id"] != first["id"] || shown["source_id"] != "s2" {
			t.Errorf("the session did not move: %v", shown)
		}
		w.eq("sender", w.text(`SELECT CASE WHEN sender_id = $1 THEN 'moved' ELSE 'lost' END FROM messages`, id(first["id"])), "moved")
		w.eq("events", w.text(`SELECT kind FROM outbox WHERE kind LIKE 'contact.%' AND kind NOT IN ('contact.created', 'contact.updated') ORDER BY id`), "contact.deleted contact.merged")

		// Told the e-mail of one and the phone number of another with a different
		// e-mail, the number stays where it is.
		w.public("POST", contacts, `{"source_id":"s3","name":"Bob","phone_number":"+4930333","email":"bob@example.com"}`).object()
		w.public("POST", contacts, `{"source_id":"s4","name":"Cid"}`).object()
		got = w.public("PATCH", contacts+"/s4", `{"email":"cid@example.com","phone_number":"+4930333"}`).object()
		same(t, "kept apart", []any{got["name"], got["email"], got["phone_number"]}, `["Cid","cid@example.com",null]`)
		// Its own number and the e-mail of another: one contact in the end.
		w.public("POST", contacts, `{"source_id":"s5","name":"Dee","phone_number":"+4930555"}`).object()
		got = w.public("PATCH", contacts+"/s5", `{"email":"cid@example.com","phone_number":"+4930555"}`).object()
		same(t, "joined", []any{got["name"], got["email"], got["phone_number"]}, `["Cid","cid@example.com","+4930555"]`)
	})
}

func toJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// form is a multipart body with an optional file.
func form(t *testing.T, values map[string]string, file string) (contentType, body string) {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for k, v := range values {
		if err := m.WriteField(k, v); err != nil {
			t.Fatal(err)
		}
	}
	if file != "" {
		part, err := m.CreateFormFile("attachments[]", file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write([]byte("bytes")); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	return m.FormDataContentType(), b.String()
}

// after lets days go by.
func (w *world) after(days int) {
	w.now.Add(int64(time.Duration(days) * 24 * time.Hour / time.Microsecond))
}
