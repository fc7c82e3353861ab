package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"strings"
	"testing"
)

// raw writes decoded JSON again.
func raw(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const messagesOf1 = "{A}/conversations/1/messages"

func TestMessageList(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox := w.line("l", true)
		for i := range 25 {
			w.receive(inbox, "U1", fmt.Sprint(i))
		}
		w.call("agent", "POST", messagesOf1, `{"content":"note","private":true}`).object()
		ids := w.ids()
		list := func(query string) string {
			return contents(w.call("agent", "GET", messagesOf1+query, "").object()["payload"])
		}
		for _, c := range []struct{ query, want string }{
			{"", "6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 note"},
			{"?filter_internal_messages=true", "5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24"},
			{fmt.Sprint("?before=", ids[3]), "0 1 2"},
			{fmt.Sprint("?before=", ids[22]), "2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21"},
			{fmt.Sprint("?after=", ids[22]), "23 24 note"},
			{fmt.Sprint("?after=", ids[22], "&filter_internal_messages"), "23 24"},
			{fmt.Sprint("?after=", ids[20], "&before=", ids[23]), "20 21 22"},
			{"?before=&after=", "6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 note"},
			{"?after=99999999", ""},
		} {
			if got := list(c.query); got != c.want {
				t.Errorf("%s: got %q, want %q", c.query, got, c.want)
			}
		}
		w.call("agent", "GET", messagesOf1+"?before=x", "").want(422, `{"message":"Before is not a number","attributes":["before"]}`)

		w.exec(`UPDATE conversations SET assignee_id = $1, agent_last_seen_at = 1738317600123000, additional_attributes = '{"type":"x"}'`, w.agent)
		w.exec(`INSERT INTO conversation_labels (conversation_id, account_id, label) SELECT id, account_id, 'vip' FROM conversations`)
		meta := w.call("admin", "GET", messagesOf1+"?after=99999999", "").object()
		contact := id(at(meta, "meta", "contact", "id"))
		same(t, "meta", meta, fmt.Sprintf(`{"meta":{"labels":["vip"],"additional_attributes":{"type":"x"},"contact":{"additional_attributes":{},
			"custom_attributes":{},"email":null,"id":%d,"identifier":null,"name":"Contact U1","phone_number":null,"thumbnail":"","blocked":false,
			"type":"contact"},"assignee":{"id":%d,"name":"Bo","available_name":"Bo","avatar_url":"","type":"user","availability_status":"online",
			"thumbnail":""},"agent_last_seen_at":"2025-01-31T10:00:00.123Z","assignee_last_seen_at":null},"payload":[]}`, contact, w.agent))
	})
}

// ids are the ids of all messages of the account in order.
func (w *world) ids() []int64 {
	w.t.Helper()
	rows, err := w.db.QueryContext(w.t.Context(), `SELECT id FROM messages ORDER BY id`)
	w.must(err)
	defer func() { _ = rows.Close() }()
	var out []int64
	for rows.Next() {
		var one int64
		w.must(rows.Scan(&one))
		out = append(out, one)
	}
	w.must(rows.Err())
	return out
}

func contents(list any) string {
	var out []string
	l, _ := list.([]any)
	for _, m := range l {
		out = append(out, fmt.Sprint(at(m, "content")))
	}
	return strings.Join(out, " ")
}

func TestCreateMessage(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox := w.line("l", true)
		w.receive(inbox, "U1", "hello")
		first := w.ids()[0]
		got := w.call("agent", "POST", messagesOf1, `{"content":"Hi <b> & you","echo_id":"e-1"}`).object()
		created := id(got["created_at"])
		same(t, "reply", got, fmt.Sprintf(`{"id":%d,"content":"Hi <b> & you","inbox_id":%d,"echo_id":"e-1","conversation_id":1,"message_type":1,
			"content_type":"text","status":"sent","content_attributes":{},"created_at":%d,"private":false,"source_id":null,
			"sender":{"id":%d,"name":"Bo","available_name":"Bo","avatar_url":"","type":"user","availability_status":"online","thumbnail":""}}`,
			id(got["id"]), inbox, created, w.agent))
		if n := w.count(`SELECT COUNT(*) FROM deliveries WHERE message_id = $1`, id(got["id"])); n != 1 {
			t.Errorf("%d orders to send the reply", n)
		}

		for _, c := range []struct{ name, body, want string }{
			{"private note", `{"content":"n","private":"true"}`, `{"private":true,"message_type":1}`},
			{
				"attributes are filtered", fmt.Sprintf(`{"content":"r","content_attributes":{"in_reply_to":%d,"deleted":true,"external_error":"x"}}`, first),
				fmt.Sprintf(`{"content_attributes":{"in_reply_to":%d,"in_reply_to_external_id":"p-U1-hello"}}`, first),
			},
			{"attributes as text", `{"content":"r","content_attributes":"{\"automation_rule_id\":3,\"x\":1}"}`, `{"content_attributes":{"automation_rule_id":3}}`},
			{"empty attributes", `{"content":"r","content_attributes":""}`, `{"content_attributes":{}}`},
			{
				"options", `{"content":"pick","content_type":"input_select","content_attributes":{"items":[{"title":"A","value":"a"}]}}`,
				`{"content_type":"input_select","content_attributes":{"items":[{"title":"A","value":"a"}]}}`,
			},
			{"type by number", `{"content":"r","message_type":1,"content_type":0}`, `{"message_type":1,"content_type":"text"}`},
			{"no content", `{}`, `{"content":null}`},
			{"delivered already", `{"content":"r","source_id":"mine"}`, `{"source_id":"mine"}`},
			{"template", `{"content":"r","message_type":"template"}`, `{"message_type":3}`},
			{"number as echo", `{"content":"r","echo_id":17}`, `{"echo_id":17}`},
			{"null as echo", `{"content":"r","echo_id":null}`, `{"echo_id":null}`},
			{"external time", `{"content":"r","external_created_at":1700000000}`, `{"content_attributes":{"external_created_at":1700000000}}`},
		} {
			compare(t, c.name, w.call("agent", "POST", messagesOf1, c.body).object(), c.want)
		}
		if n := w.count(`SELECT COUNT(*) FROM deliveries d JOIN messages m ON m.id = d.message_id WHERE m.private = TRUE OR m.source_id IS NOT NULL`); n != 0 {
			t.Errorf("%d notes or delivered messages are to be sent", n)
		}
		w.call("agent", "POST", messagesOf1, `{"content":"r","template_params":{"name":"t","processed_params":{"1":"x"}},"campaign_id":"4"}`).object()
		if n := w.count(`SELECT COUNT(*) FROM messages WHERE additional_attributes = '{"campaign_id":4,"template_params":{"name":"t","processed_params":{"1":"x"}}}'`); n != 1 {
			t.Errorf("%d messages keep the template", n)
		}
	})
}

func (w *world) count(query string, args ...any) int {
	w.t.Helper()
	var n int
	w.must(w.db.QueryRowContext(w.t.Context(), query, args...).Scan(&n))
	return n
}

func TestCreateMessageByForm(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.receive(w.line("l", true), "U1", "hello")
		var form bytes.Buffer
		mw := multipart.NewWriter(&form)
		for _, kv := range [][2]string{{"content", "Hi"}, {"private", "false"}, {"echo_id", "42"}, {"content_attributes", `{"automation_rule_id":1}`}} {
			w.must(mw.WriteField(kv[0], kv[1]))
		}
		w.must(mw.Close())
		compare(t, "multipart", w.send("agent", "POST", messagesOf1, mw.FormDataContentType(), form.String()).object(),
			`{"content":"Hi","private":false,"echo_id":"42","content_attributes":{"automation_rule_id":1}}`)
	})
}

func TestCreateMessageRefusals(t *testing.T) {
	t.Parallel()
	eachStore(t, func(_ *testing.T, w *world) {
		w.receive(w.line("l", true), "U1", "hello")
		for _, c := range []struct{ body, want string }{
			{`{"message_type":"incoming","content":"x"}`, "Incoming messages are only allowed in Api inboxes"},
			{`{"message_type":"shout"}`, "'shout' is not a valid message_type"},
			{`{"content_type":"fax"}`, "'fax' is not a valid content_type"},
			{`{"content":["x"]}`, "Validation failed: Content is invalid"},
			{`{"content":"` + strings.Repeat("x", 150001) + `"}`, "Validation failed: Content is too long (maximum is 150000 characters)"},
			{`{"content_attributes":"{"}`, "content_attributes is not a JSON object"},
			{`{"content_type":"input_select"}`, "Validation failed: Content attributes At least one item is required."},
			{`{"content_type":"form","content_attributes":{"items":["x"]}}`, "Validation failed: Content attributes Items should be a hash."},
			{`{"content_type":"article","content_attributes":{"items":[{"titel":"x"}]}}`, "Validation failed: Content attributes contains invalid keys for items: [titel]"},
			{`{"content_type":"cards","content_attributes":{"items":[{"title":"x"}]}}`, "Validation failed: Content attributes contains items missing actions"},
			{`{"content_type":"cards","content_attributes":{"items":[{"title":"x","actions":[{"tap":1}]}]}}`, "Validation failed: Content attributes contains invalid keys for items: [tap]"},
			{`{"template_params":{"language":"en"}}`, "Validation failed: Additional attributes template_params is invalid"},
			{`{"template_params":{"name":"t","category":1}}`, "Validation failed: Additional attributes template_params is invalid"},
			{`{"template_params":{"name":"t","processed_params":[1]}}`, "Validation failed: Additional attributes template_params is invalid"},
			{`{"template_params":"t"}`, "Validation failed: Template params is invalid"},
			{`{"attachments":["signed-id"]}`, "Validation failed: Attachments signed id is invalid"},
		} {
			w.call("agent", "POST", messagesOf1, c.body).want(422, `{"error":"`+c.want+`"}`)
		}
		w.call("agent", "POST", messagesOf1, `{`).want(400, `{"status":400,"error":"Bad Request"}`)
		if n := w.count(`SELECT COUNT(*) FROM messages`); n != 1 {
			w.t.Errorf("refusals stored %d messages", n-1)
		}
		for range 199 {
			w.call("agent", "POST", messagesOf1, `{"content":"x"}`).object()
		}
		w.call("agent", "POST", messagesOf1, `{"content":"x"}`).want(422, `{"error":"Validation failed: Too many messages"}`)
	})
}

func TestIncomingMessageOfAPIInbox(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox := id(w.call("admin", "POST", "{A}/inboxes", `{"name":"Api","channel":{"type":"api","additional_attributes":{"agent_reply_time_window":1}}}`).object()["id"])
		w.receive(inbox, "U1", "hello")
		got := w.call("admin", "POST", messagesOf1, `{"content":"more","message_type":"incoming"}`).object()
		compare(t, "incoming", got, `{"message_type":0,"content":"more"}`)
		if at(got, "sender", "type") != "contact" {
			t.Errorf("the sender is %v", got["sender"])
		}
		if can := w.call("admin", "GET", "{A}/conversations/1", "").object()["can_reply"]; can != true {
			t.Errorf("within the window can_reply is %v", can)
		}
		w.now.Add(2 * 3600 * 1e6)
		if can := w.call("admin", "GET", "{A}/conversations/1", "").object()["can_reply"]; can != false {
			t.Errorf("after the window can_reply is %v", can)
		}
	})
}

func TestAttachments(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.receive(w.line("l", true), "U1", "hello")
		message := w.ids()[0]
		file := func(kind int, columns, values string) {
			w.exec(fmt.Sprintf(`INSERT INTO attachments (account_id, message_id, file_type, created_at, updated_at%s) VALUES (%d, %d, %d, 1, 1%s)`, columns, w.account, message, kind, values))
		}
		file(0, ", external_url, file_name, file_size, width, height", ", 'https://f.example/a.png', 'a.png', 12, 3, 4")
		file(1, ", external_url", ", 'https://f.example/b'")
		file(3, ", state", ", 'pending'")
		file(4, ", external_url, fallback_title, coordinates_lat, coordinates_long", ", 'https://maps.example', 'Ulm', 48.4, 9.9")
		file(5, ", external_url, fallback_title", ", 'https://l.example', 'Link'")
		file(8, ", fallback_title, meta", `, '+1', '{"first_name":"Ada"}'`)
		card := w.stored("ada.vcf", "BEGIN:VCARD\nTEL:+1\nEND:VCARD\n")
		file(8, ", fallback_title, meta, file_name, blob_id", fmt.Sprintf(`, '+1', '{"firstName":"Ada"}', 'ada.vcf', %d`, card.ID))
		list := at(w.call("agent", "GET", messagesOf1, "").object(), "payload", 0, "attachments").([]any)
		for i, want := range []string{
			`"file_type":"image","data_url":"https://f.example/a.png","thumb_url":"https://f.example/a.png","extension":"png","file_size":12,"width":3,"height":4`,
			`"file_type":"audio","data_url":"https://f.example/b","thumb_url":"","extension":null,"file_size":0,"width":null,"height":null,"transcribed_text":""`,
			`"file_type":"file","data_url":"","thumb_url":"","extension":null,"file_size":0,"width":null,"height":null`,
			`"file_type":"location","coordinates_lat":48.4,"coordinates_long":9.9,"fallback_title":"Ulm","data_url":"https://maps.example"`,
			`"file_type":"fallback","fallback_title":"Link","data_url":"https://l.example"`,
			`"file_type":"contact","fallback_title":"+1","meta":{"first_name":"Ada"}`,
			fmt.Sprintf(`"file_type":"contact","fallback_title":"+1","meta":{"firstName":"Ada"},"data_url":%q`, w.files.URL(card.ID, "ada.vcf")),
		} {
			same(t, want, list[i], fmt.Sprintf(`{"id":%d,"message_id":%d,"account_id":%d,%s}`, id(at(list[i], "id")), message, w.account, want))
		}
	})
}

func TestRetry(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.receive(w.line("l", true), "U1", "hello")
		sent := id(w.call("agent", "POST", messagesOf1, `{"content":"r"}`).object()["id"])
		path := fmt.Sprintf("%s/%d/retry", messagesOf1, sent)
		w.call("agent", "POST", path, "").want(422, `{"error":"Only failed messages can be sent again"}`)
		w.exec(`UPDATE messages SET status = 3, content_attributes = '{"external_error":"boom"}' WHERE id = $1`, sent)
		w.exec(`DELETE FROM deliveries`)
		compare(t, "retry", w.call("agent", "POST", path, "").object(), `{"status":"sent","content_attributes":{},"content":"r"}`)
		if n := w.count(`SELECT COUNT(*) FROM deliveries WHERE message_id = $1`, sent); n != 1 {
			t.Errorf("%d orders to send it again", n)
		}
		w.call("agent", "POST", messagesOf1+"/99/retry", "").want(422, `{"error":"Couldn't find Message with 'id'=99"}`)
		w.call("agent", "POST", fmt.Sprintf("%s/%d/retry", messagesOf1, w.ids()[0]), "").want(422, `{"error":"Only outgoing messages can be sent again"}`)
	})
}
