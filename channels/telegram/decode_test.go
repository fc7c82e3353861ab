package telegram_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"tributary/channels"
	"tributary/chat"
)

func decode(t *testing.T, body string) []chat.Event {
	t.Helper()
	b := newBot(t)
	events, err := b.driver().Decode(request(body))
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return events
}

func request(body string) *channels.Request {
	return &channels.Request{
		Param:  func(string) string { return token },
		Header: func(string) string { return "" },
		Body:   []byte(body),
	}
}

// message is an update with a message of these extra fields.
func message(fields string) string {
	return `{"update_id":1,"message":{"message_id":7,"date":1760400000,"from":{"id":5,"first_name":"Ann"},"chat":{"id":5,"type":"private","first_name":"Ann"},` + fields + `}}`
}

func TestDecodeContent(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, fields, want string }{
		{
			"photo", `"photo":[{"file_id":"s"},{"file_id":"l","file_size":9}]`,
			`{"kind":"image","mime":"image/jpeg","size":9,"fetch":{"strategy":"telegram_file_id","ref":"l"}}`,
		},
		{
			"video", `"video":{"file_id":"v","mime_type":"video/mp4","file_name":"v.mp4","duration":3}`,
			`{"kind":"video","mime":"video/mp4","filename":"v.mp4","duration_ms":3000,"fetch":{"strategy":"telegram_file_id","ref":"v"}}`,
		},
		{
			"video note", `"video_note":{"file_id":"n","length":240}`,
			`{"kind":"video","mime":"video/mp4","fetch":{"strategy":"telegram_file_id","ref":"n"}}`,
		},
		{
			"animation", `"animation":{"file_id":"g","mime_type":"video/mp4"},"document":{"file_id":"g","mime_type":"video/mp4"}`,
			`{"kind":"video","mime":"video/mp4","fetch":{"strategy":"telegram_file_id","ref":"g"}}`,
		},
		{
			"voice", `"voice":{"file_id":"o","duration":2,"mime_type":"audio/ogg"}`,
			`{"kind":"audio","mime":"audio/ogg","duration_ms":2000,"fetch":{"strategy":"telegram_file_id","ref":"o"}}`,
		},
		{
			"document", `"document":{"file_id":"d","mime_type":"application/pdf","file_name":"a.pdf"}`,
			`{"kind":"file","mime":"application/pdf","filename":"a.pdf","fetch":{"strategy":"telegram_file_id","ref":"d"}}`,
		},
		{
			"picture as document", `"document":{"file_id":"d","mime_type":"image/png"}`,
			`{"kind":"image","mime":"image/png","fetch":{"strategy":"telegram_file_id","ref":"d"}}`,
		},
		{
			"static sticker", `"sticker":{"file_id":"st","is_animated":false,"is_video":false,"thumbnail":{"file_id":"th"}}`,
			`{"kind":"sticker","mime":"image/webp","fetch":{"strategy":"telegram_file_id","ref":"st"}}`,
		},
		{
			"old video sticker", `"sticker":{"file_id":"st","is_video":true,"thumb":{"file_id":"th"}}`,
			`{"kind":"sticker","fetch":{"strategy":"telegram_file_id","ref":"th"}}`,
		},
		{
			"contact", `"contact":{"phone_number":"+1","first_name":"Al"}`,
			`{"kind":"contact","title":"+1","contact_card":{"first_name":"Al","formatted_name":"Al","phones":["+1"]}}`,
		},
		{
			"contact whose vCard is cut off", `"contact":{"phone_number":"+1","first_name":"Al","vcard":"BEGIN:VCARD\nEMAIL:al@example.test\nPHOTO:AAA"}`,
			`{"kind":"contact","title":"+1","contact_card":{"first_name":"Al","formatted_name":"Al","phones":["+1"],"emails":["al@example.test"],"vcard":"BEGIN:VCARD\nEMAIL:al@example.test\nPHOTO:AAA"}}`,
		},
		{
			"contact whose vCard is none", `"contact":{"phone_number":"+1","first_name":"Al","vcard":"\ud800 x"}`,
			`{"kind":"contact","title":"+1","contact_card":{"first_name":"Al","formatted_name":"Al","phones":["+1"],"vcard":"� x"}}`,
		},
		{"location", `"location":{"latitude":1.5,"longitude":-2}`, `{"kind":"location","lat":1.5,"long":-2}`},
	}
	for _, test := range tests {
		events := decode(t, message(test.fields))
		if len(events) != 1 || events[0].Kind != chat.KindMessage || events[0].Message.Unsupported() {
			t.Errorf("%s: got %+v", test.name, events)
			continue
		}
		got, err := json.Marshal(events[0].Message.Attachments)
		if err != nil || string(got) != "["+test.want+"]" {
			t.Errorf("%s:\n got %s\nwant [%s]", test.name, got, test.want)
		}
	}
}

func TestDecodeUnsupported(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"poll", "dice", "game", "story", "checklist", "paid_media", "gift", "invoice", "successful_payment", "users_shared", "pinned_message", "brand_new"} {
		events := decode(t, message(`"`+kind+`":{"x":1}`))
		if len(events) != 1 || events[0].Kind != chat.KindMessage || !events[0].Message.Unsupported() || events[0].Reason != kind || len(events[0].Raw) == 0 {
			t.Errorf("%s: got %+v", kind, events)
		}
	}
}

func TestDecodeIgnored(t *testing.T) {
	t.Parallel()
	for body, reason := range map[string]string{
		`{"update_id":1,"channel_post":{"message_id":1}}`:                                                         "channel_post",
		`{"update_id":1,"poll_answer":{}}`:                                                                        "poll_answer",
		`{"update_id":1}`:                                                                                         "unknown_event",
		`{"update_id":1,"message":null}`:                                                                          "malformed",
		`{"update_id":1,"message":"x"}`:                                                                           "malformed",
		`{"update_id":1,"message":{"chat":{"id":1,"type":"private"}}}`:                                            "malformed",
		`{"update_id":1,"message_reaction":{"chat":{"id":-1,"type":"group"},"message_id":1}}`:                     "group",
		`{"update_id":1,"my_chat_member":{"chat":{"id":-1,"type":"supergroup"}}}`:                                 "group",
		`{"update_id":1,"edited_message":{"message_id":1,"chat":{"id":1,"type":"private"},"location":{}}}`:        "live_location",
		`{"update_id":1,"callback_query":{"id":"1","from":{"id":1},"message":{"chat":{"id":-1,"type":"group"}}}}`: "group",
	} {
		events := decode(t, body)
		if len(events) != 1 || events[0].Kind != chat.KindIgnored || events[0].Reason != reason || events[0].Key != "up:1" {
			t.Errorf("%s: got %+v, want ignored: %s", body, events, reason)
		}
	}
	for _, body := range []string{"", "null", "[]", `"x"`, "{", "7"} {
		if events, err := newBot(t).driver().Decode(request(body)); !errors.Is(err, channels.ErrFormat) {
			t.Errorf("%q: got %v, %v, want ErrFormat", body, events, err)
		}
	}
}

func TestDecodeInteractions(t *testing.T) {
	t.Parallel()
	web := decode(t, message(`"web_app_data":{"data":"{\"slot\":9}","button_text":"Book"}`))[0]
	if i := web.Message.Interaction; web.Kind != chat.KindInteraction || web.Key != "msg:5:7" || i.Kind != "web_app" || i.Title != "Book" || string(i.Form) != `{"slot":9}` {
		t.Errorf("web app: %+v, %+v", web, web.Message.Interaction)
	}
	tap := decode(t, `{"update_id":1,"callback_query":{"id":"q1","from":{"id":5,"first_name":"Ann"},"data":"ten","message":{"message_id":3,"date":1,
		"business_connection_id":"bc","chat":{"id":5,"type":"private"},"reply_markup":{"inline_keyboard":[[{"text":"10:00","callback_data":"ten"}]]}}}}`)[0]
	if i := tap.Message.Interaction; i.Title != "10:00" || i.Payload != "ten" || tap.Thread.BusinessConnectionID != "bc" || tap.Transport != "telegram_business" {
		t.Errorf("button: %+v, %+v", tap, i)
	}
	inline := decode(t, `{"update_id":1,"callback_query":{"id":"q2","from":{"id":5},"inline_message_id":"x","data":"y"}}`)[0]
	if inline.Kind != chat.KindInteraction || inline.Thread.ChatID != "5" {
		t.Errorf("button without message: %+v", inline)
	}
}

func TestDecodeBusinessEchoes(t *testing.T) {
	t.Parallel()
	echo := func(bot string) chat.Event {
		return decode(t, `{"update_id":1,"business_message":{"message_id":8,"date":1,"business_connection_id":"bc","from":{"id":4},
			"chat":{"id":5,"type":"private","first_name":"Ann"},"text":"hi"`+bot+`}}`)[0]
	}
	if ev := echo(""); ev.Kind != chat.KindEcho || ev.Message.Direction != "outgoing" || ev.Contact.SourceID != "5" || ev.Contact.Name != "Ann" {
		t.Errorf("owner: %+v", ev)
	}
	if ev := echo(`,"sender_business_bot":{"id":7000000009}`); ev.Kind != chat.KindIgnored || ev.Reason != "own_message" {
		t.Errorf("own bot: %+v", ev)
	}
	if ev := echo(`,"sender_business_bot":{"id":1}`); ev.Kind != chat.KindEcho {
		t.Errorf("another bot: %+v", ev)
	}
	ev := decode(t, `{"update_id":1,"business_connection":{"id":"bc","date":9,"is_enabled":true,"user":{"id":4}}}`)[0]
	if ev.Kind != chat.KindAccountEvent || ev.Account.Field != "business_connection" || !strings.Contains(string(ev.Account.Value), `"is_enabled":true`) {
		t.Errorf("connection: %+v", ev)
	}
}

func TestDecodeDetails(t *testing.T) {
	t.Parallel()
	ev := decode(t, message(`"text":"a\u0000b\ud800","forward_origin":{"type":"user"},"reply_to_story":{"id":3,"chat":{"id":9,"username":"maple"}}`))[0]
	if ev.Message.Content != "ab\uFFFD" || ev.Message.Forwarded != "once" || ev.Message.ReplyTo.Story.URL != "https://t.me/maple/s/3" {
		t.Errorf("got %+v, %+v", ev.Message, ev.Message.ReplyTo)
	}
	if ev.Contact.Attributes["social_telegram_user_id"] != int64(5) || ev.Thread.Attributes["chat_id"] != int64(5) || ev.OccurredAt != 1760400000000 {
		t.Errorf("got %+v, %+v at %d", ev.Contact, ev.Thread, ev.OccurredAt)
	}
	for text, ref := range map[string]string{"/start": "", "/start x": "x", "/start@maple_bot y": "y", "/started z": "", "go /start z": ""} {
		ev := decode(t, message(`"text":"`+text+`"`))[0]
		if got := ev.Referral; (got == nil) != (ref == "") || got != nil && got.Ref != ref {
			t.Errorf("%s: referral %+v, want %q", text, got, ref)
		}
	}
	first := decode(t, `{"update_id":1,"edited_message":{"message_id":7,"edit_date":5,"chat":{"id":5,"type":"private"},"text":"a"}}`)[0]
	second := decode(t, `{"update_id":2,"edited_message":{"message_id":7,"edit_date":5,"chat":{"id":5,"type":"private"},"text":"b"}}`)[0]
	if first.Key == second.Key {
		t.Errorf("two edits of one second have the same key %s", first.Key)
	}
	same := decode(t, `{"update_id":1,"message_reaction":{"chat":{"id":5,"type":"private"},"message_id":7,"old_reaction":[{"type":"custom_emoji","custom_emoji_id":"1"}],"new_reaction":[{"type":"custom_emoji","custom_emoji_id":"2"}]}}`)
	if len(same) != 2 || same[0].Key == same[1].Key || same[1].Reaction.Name != "custom_emoji" {
		t.Errorf("reactions %+v", same)
	}
}
