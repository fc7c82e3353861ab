package desk_test

import (
	"net/http"
	"strings"
	"testing"

	"tributary/chat"
	"tributary/internal/testkit"
	"tributary/store/storetest"
)

const inesCard = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Prado;Inês;;;\r\nFN:Inês Prado\r\nORG:Mill\\, Inc.;Flour\r\nTEL;TYPE=CELL:+351 912 000 222\r\n" +
	"TEL;TYPE=WORK:+351 210 000 001\r\nEMAIL:ines@example.test\r\nEND:VCARD\r\n"

const inesMeta = `{"emails":["ines@example.test"],"firstName":"Inês","formattedName":"Inês Prado","lastName":"Prado","org":"Mill, Inc., Flour",` +
	`"phones":["+351 912 000 222","+351 210 000 001"]}`

// cards are type, name, title and meta of all attachments, in order.
const cards = `SELECT file_type || ' ' || COALESCE(file_name, '-') || ' ' || COALESCE(fallback_title, '-') || ' ' || meta FROM attachments WHERE state = 'ready' AND blob_id IS NOT NULL ORDER BY id`

// TestFetchedCards: a vCard that came as a file is a contact card with that file
// and what is in it; one that nobody can read is the file alone.
func TestFetchedCards(t *testing.T) {
	t.Parallel()
	photo := strings.Repeat(" "+strings.Repeat("QUJD", 18)+"\r\n", 1<<20/74)
	type answer struct{ contentType, body string }
	sources := map[string]answer{
		"/good":      {"text/x-vcard", inesCard},
		"/generic":   {"application/octet-stream", inesCard},
		"/several":   {"text/vcard", inesCard + "BEGIN:VCARD\r\nVERSION:2.1\r\nFN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=BCrgen=\r\n M=C3=BCller\r\nTEL;CELL:1\r\nEND:VCARD\r\n"},
		"/cyrillic":  {"text/x-vcard; charset=windows-1251", "BEGIN:VCARD\nVERSION:3.0\nFN:\xc8\xe2\xe0\xed\nEND:VCARD\n"},
		"/photo":     {"text/x-vcard", strings.Replace(inesCard, "ORG", "PHOTO;ENCODING=b:\r\n"+photo+"ORG", 1)},
		"/broken":    {"text/x-vcard", "BEGIN:VCARD\r\nVERSION:3.0\r\n\xff\xfe\x00nothing to see\r\n"},
		"/picture":   {"text/x-vcard", string(pngOf(t, 2, 2))},
		"/page":      {"text/x-vcard", "<!DOCTYPE html><html><body>FN:log in</body></html>"},
		"/endless":   {"text/x-vcard", inesCard + strings.Repeat("\r\n", 2<<20)},
		"/blank":     {"text/x-vcard", "\r\n\r\n" + inesCard},
		"/utf16":     {"text/x-vcard", "\xff\xfe" + strings.Join(strings.Split("BEGIN:VCARD\r\nTEL:77\r\nEND:VCARD\r\n", ""), "\x00") + "\x00"},
		"/ines.vcf":  {"text/vcard", inesCard},
		"/plain.txt": {"text/plain", "call me: 5"},
	}
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		o := &outside{}
		runner := w.fetching(o)
		serve := func(out http.ResponseWriter, r *http.Request) {
			s := sources[r.URL.Path]
			gives(s.contentType, []byte(s.body))(out, r)
		}
		o.serve("api.twilio.com", serve)
		o.serve("messaging.bandwidth.com", serve)
		o.serve("cdn.example.test", serve)
		twilio := w.inbox("Channel::TwilioSms", "MMS", map[string]any{
			"account_sid": "AC1", "auth_token": "token", "phone_number": "+15005550006", "medium": "sms",
		}, nil)
		bandwidth := w.inbox("Channel::Sms", "SMS", map[string]any{
			"phone_number": "+15035550100", "provider_config": map[string]any{
				"account_id": "1", "application_id": "a", "api_key": "k", "api_secret": "s", "callback_username": "u", "callback_password": "p",
			},
		}, nil)
		line := w.line(1)
		media := func(kind, mime, path string) chat.Attachment {
			return chat.Attachment{Kind: kind, MIME: mime, Fetch: &chat.Fetch{Strategy: "url", Ref: "https://api.twilio.com" + path, Auth: "basic"}}
		}
		named := chat.Attachment{Kind: "contact", Filename: "ines.vcf", Fetch: &chat.Fetch{Strategy: "url", Ref: "https://messaging.bandwidth.com/ines.vcf", Auth: "basic"}}
		lost := named
		lost.Fetch = &chat.Fetch{Strategy: "url", Ref: "https://elsewhere.example.test/ines.vcf", Auth: "basic"}
		const contact = "text/x-vcard"
		w.receive(
			w.file(twilio, "good", media("contact", contact, "/good")), w.file(twilio, "generic", media("file", "application/octet-stream", "/generic")),
			w.file(twilio, "several", media("contact", "text/vcard", "/several")), w.file(twilio, "cyrillic", media("contact", contact, "/cyrillic")),
			w.file(twilio, "photo", media("contact", contact, "/photo")), w.file(twilio, "broken", media("contact", contact, "/broken")),
			w.file(twilio, "picture", media("contact", contact, "/picture")), w.file(twilio, "page", media("contact", contact, "/page")),
			w.file(twilio, "endless", media("contact", contact, "/endless")), w.file(twilio, "blank", media("contact", contact, "/blank")),
			w.file(twilio, "utf16", media("contact", contact, "/utf16")), w.file(twilio, "plain", media("file", "text/plain", "/plain.txt")),
			w.file(bandwidth, "named", named), w.file(bandwidth, "lost", lost),
			w.file(line, "document", link("file", "https://cdn.example.test/ines.vcf")),
		)
		w.fetchedAll(runner)
		const title = " +351 912 000 222 "
		w.want(cards,
			"8 contact.vcf"+title+inesMeta, "8 file.vcf"+title+inesMeta,
			"8 contact.vcf"+title+`{"cards":[{"firstName":"Jürgen Müller","formattedName":"Jürgen Müller","lastName":"","phones":["1"]}],`+inesMeta[1:],
			`8 contact.vcf Phone number is not available {"firstName":"Иван","formattedName":"Иван","lastName":""}`,
			"8 contact.vcf"+title+inesMeta, "3 contact.vcf - {}", "0 contact.png - {}", "3 contact.html - {}", "3 contact.vcf - {}",
			"8 contact.vcf"+title+inesMeta, `8 contact.vcf 77 {"firstName":"","formattedName":"","lastName":"","phones":["77"]}`, "3 plain.txt - {}",
			"8 ines.vcf"+title+inesMeta, "3 ines.vcf - {}",
		)
		w.want(`SELECT COALESCE(fallback_title, '-') FROM attachments WHERE blob_id IS NULL`, "ines.vcf")
		w.want(`SELECT COUNT(*) || '' FROM blobs WHERE expires_unattached_at IS NOT NULL`, "0")
		w.want(`SELECT COUNT(*) || '' FROM outbox WHERE kind = 'message.updated'`, "15")
		w.want(`SELECT COUNT(*) || '' FROM jobs WHERE lane = 'media'`, "0")
	})
}

// TestCardsOfEvents: a card that the provider describes itself.
func TestCardsOfEvents(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		inbox := w.line(1)
		card := func(key, channel string, c chat.Card) *chat.Event {
			e := w.file(inbox, key, chat.Attachment{Kind: "contact", Title: "+1", Card: &c})
			e.Channel = channel
			return e
		}
		full := chat.Card{FirstName: "Ada", LastName: "B", FormattedName: "Ada B", Org: "Mill", Phones: []string{"+1", "+2"}, Emails: []string{"a@example.test"}}
		plain, shared := chat.Card{FirstName: "Ada"}, full
		shared.VCard = "BEGIN:VCARD…"
		w.receive(card("1", "whatsapp", plain), card("2", "whatsapp", full), card("3", "telegram", plain), card("4", "telegram", shared))
		w.want(`SELECT meta FROM attachments ORDER BY id`,
			`{"firstName":"Ada","lastName":""}`,
			`{"emails":["a@example.test"],"firstName":"Ada","lastName":"B","org":"Mill"}`,
			`{"first_name":"Ada","last_name":""}`,
			`{"emails":["a@example.test"],"first_name":"Ada","last_name":"B","org":"Mill","phones":["+1","+2"]}`)
	})
}
