package vcard_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"tributary/internal/vcard"
)

// file joins the lines of a file as RFC 6350 wants them.
func file(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n" }

// cardOf is a file with one card of version 3.0.
func cardOf(lines ...string) string {
	return file("BEGIN:VCARD", "VERSION:3.0", strings.Join(lines, "\r\n"), "END:VCARD")
}

func utf16Of(s string, high, low int, bom bool) string {
	var b []byte
	units := utf16.Encode([]rune(s))
	if bom {
		units = append([]uint16{0xfeff}, units...)
	}
	for _, u := range units {
		pair := [2]byte{}
		pair[high], pair[low] = byte(u>>8), byte(u)
		b = append(b, pair[:]...)
	}
	return string(b)
}

// photo is a PHOTO of so many bytes in folded lines.
func photo(size int) string {
	text := base64.StdEncoding.EncodeToString(make([]byte, size))
	var b strings.Builder
	b.WriteString("PHOTO;ENCODING=b;TYPE=JPEG:")
	for len(text) > 74 {
		b.WriteString("\r\n " + text[:74])
		text = text[74:]
	}
	b.WriteString("\r\n " + text)
	return b.String()
}

type expectation struct {
	name, file, charset string
	want                []vcard.Card
}

func expectations() []expectation {
	ines := vcard.Card{FirstName: "Inês", LastName: "Prado", FormattedName: "Inês Prado", Phones: []string{"+351 912 000 222"}}
	inesFile := cardOf("N:Prado;Inês;;;", "FN:Inês Prado", "TEL;TYPE=CELL:+351 912 000 222")
	one := func(c vcard.Card) []vcard.Card { return []vcard.Card{c} }
	named := func(name string) []vcard.Card { return one(vcard.Card{FormattedName: name}) }
	phones := func(list ...string) []vcard.Card { return one(vcard.Card{Phones: list}) }
	return []expectation{
		{"3.0", inesFile, "", one(ines)},
		{"line feeds only", strings.ReplaceAll(inesFile, "\r", ""), "", one(ines)},
		{"carriage returns only", strings.ReplaceAll(inesFile, "\n", ""), "", one(ines)},
		{"lower case", strings.NewReplacer("BEGIN:VCARD", "begin:vcard", "END:VCARD", "end:vcard", "FN:", "fn:", "TEL;TYPE=CELL", "tel;type=cell").Replace(inesFile), "", one(ines)},
		{"UTF-8 with its mark", "\ufeff" + inesFile, "", one(ines)},
		{"UTF-16, little end first", utf16Of(inesFile, 1, 0, true), "", one(ines)},
		{"UTF-16, big end first", utf16Of(inesFile, 0, 1, true), "", one(ines)},
		{"UTF-16 without its mark", utf16Of(inesFile, 1, 0, false), "", one(ines)},
		{"text around it", "Sent from my phone\r\n\r\n" + inesFile + "\r\nbye: now\r\n", "", one(ines)},
		{"blank lines and rubbish", cardOf("", "no colon here", "=;=:", ":", ";:", "N:Prado;Inês", "FN:Inês Prado", "\x00\x01\x02", "TEL:+351 912 000 222"), "", one(ines)},
		{"cut off", inesFile[:strings.Index(inesFile, "END:")-2], "", one(ines)},
		{"the next begins where one has no end", strings.ReplaceAll(inesFile, "END:VCARD\r\n", "") + cardOf("FN:B"), "", append(one(ines), named("B")...)},
		{
			"everything of 4.0", file("BEGIN:VCARD", "VERSION:4.0", `FN;LANGUAGE=de;SORT-AS="Muster,Erika":Erika Muster`, "N:Muster;Erika;Anna,Maria;Dr.;",
				"ORG;TYPE=work:Mühle\\; Söhne;Einkauf", `TEL;VALUE=uri;PREF=2;TYPE="voice,home":tel:+49-30-555-0101`, `TEL;VALUE=uri;PREF=1;TYPE="cell":tel:+49-170-555-0102`,
				"TEL;TYPE=fax:+49 30 555 0103", "EMAIL;PREF=1:erika@example.test", "EMAIL:mailto:e.muster@example.test", "KIND:individual", "END:VCARD"),
			"", one(vcard.Card{
				FirstName: "Erika", LastName: "Muster", FormattedName: "Erika Muster", Organization: "Mühle; Söhne, Einkauf",
				Phones: []string{"+49-170-555-0102", "+49-30-555-0101", "+49 30 555 0103"}, Emails: []string{"erika@example.test", "e.muster@example.test"},
			}),
		},
		{
			"2.1 with quoted-printable", file("BEGIN:VCARD", "VERSION:2.1", "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=BCrgen;;;",
				"FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=BCrgen =", "M=C3=", "=BCller", "TEL;CELL;PREF:+49 170 5550101", "TEL;HOME;VOICE:030 5550102",
				"EMAIL;INTERNET;HOME:jm@example.test", "ORG;QUOTED-PRINTABLE:B=E4ckerei", "NOTE;ENCODING=QUOTED-PRINTABLE:two=0D=0A=", "TEL:1", "END:VCARD"),
			"", one(vcard.Card{
				FirstName: "Jürgen", LastName: "Müller", FormattedName: "Jürgen Müller", Organization: "Bäckerei",
				Phones: []string{"+49 170 5550101", "030 5550102", "1"}, Emails: []string{"jm@example.test"},
			}),
		},
		{"2.1 in ISO 8859-1", file("BEGIN:VCARD", "VERSION:2.1", "FN;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:Jos=E9", "END:VCARD"), "", named("José")},
		{"2.1 in Shift JIS", file("BEGIN:VCARD", "VERSION:2.1", "FN;CHARSET=Shift_JIS:\x93c\x92\x86", "END:VCARD"), "", named("田中")},
		{"2.1 in GB 2312", file("BEGIN:VCARD", "VERSION:2.1", "FN;ENCODING=QUOTED-PRINTABLE;CHARSET=GB2312:=CD=F5", "END:VCARD"), "", named("王")},
		{"an unknown character set", file("BEGIN:VCARD", "FN;CHARSET=x-none:Zoë", "END:VCARD"), "", named("Zoë")},
		{"2.1 folds keep the space", file("BEGIN:VCARD", "VERSION:2.1", "FN:Ana", " Prieto", "END:VCARD"), "", named("Ana Prieto")},
		{"3.0 folds do not", cardOf("FN:Ana P", " rie", "\tto"), "", named("Ana Prieto")},
		{"a soft break before the end", file("BEGIN:VCARD", "VERSION:2.1", "FN;ENCODING=QUOTED-PRINTABLE:Ana=", "END:VCARD", "BEGIN:VCARD", "FN:B", "END:VCARD"), "", append(named("Ana="), named("B")...)},
		{"broken quoted-printable", file("BEGIN:VCARD", "FN;ENCODING=QUOTED-PRINTABLE:A=ZZ=4", "END:VCARD"), "", named("A=ZZ=4")},
		{"a line in quoted-printable that breaks", file("BEGIN:VCARD", "FN;QUOTED-PRINTABLE:A=0D=0AEND:VCARD=0AB", "TEL:1", "END:VCARD"), "", one(vcard.Card{FormattedName: "A END:VCARD B", Phones: []string{"1"}})},
		{"the source's character set", cardOf("FN:\xc8\xe2\xe0\xed"), "windows-1251", named("Иван")},
		{"the source's character set, but it is UTF-8", cardOf("FN:Иван"), "windows-1251", named("Иван")},
		{"the source's nonsense", cardOf("FN:Jos\xe9"), "utf-16", named("José")},
		{"no character set at all", cardOf("FN:Jos\xe9 \x80"), "", named("José €")},
		{"Apple's groups", cardOf("item1.TEL;type=pref;waid=351912000222:+351 912 000 222", "item1.X-ABLabel:_$!<Mobile>!$_"), "", phones("+351 912 000 222")},
		{"invisible marks of a number", cardOf("TEL:\u202a+972 50\u00a0555\u202c"), "", phones("+972 50 555")},
		{"a fax is last, a mark is first", cardOf("TEL;TYPE=FAX,PREF:1", "TEL:2", "TEL;TYPE=work,pref:3", "TEL;PAGER:4"), "", phones("3", "2", "1", "4")},
		{"repetitions", cardOf("TEL:+1 (202) 555-0101", "TEL:12025550101", "EMAIL:A@example.test", "EMAIL:a@EXAMPLE.test"), "", one(vcard.Card{Phones: []string{"+1 (202) 555-0101"}, Emails: []string{"A@example.test"}})},
		{"no numbers, no addresses", cardOf("FN:X", "TEL:unknown", "TEL:", "EMAIL:nobody", "EMAIL:@x", "EMAIL:<a@b>", "EMAIL:a b@c"), "", named("X")},
		{"an organisation", cardOf("N:;;;;", "ORG:Mill\\, Inc.;"), "", one(vcard.Card{FormattedName: "Mill, Inc.", Organization: "Mill, Inc."})},
		{"a nickname", cardOf("N:;;;;", "NICKNAME:Bo"), "", named("Bo")},
		{"no formatted name", cardOf("N:Prado;Inês"), "", one(vcard.Card{FirstName: "Inês", LastName: "Prado", FormattedName: "Inês Prado"})},
		{"breaks and control characters", cardOf("FN:A\\nB\x07\x00C\x7f \t D"), "", named("A B C D")},
		{"quotes that do not close", cardOf(`TEL;TYPE="cell:5`), "", phones("5")},
		{"a colon in quotes", cardOf(`TEL;X="a:b;c":6`), "", phones("6")},
		{"a backslash in quotes", cardOf(`TEL;TYPE="a\x":7`), "", phones("7")},
		{"an agent", file("BEGIN:VCARD", "VERSION:2.1", "FN:Boss", "AGENT:", "BEGIN:VCARD", "FN:Secretary", "TEL:1", "END:VCARD", "TEL:2", "END:VCARD"), "", one(vcard.Card{FormattedName: "Boss", Phones: []string{"2"}})},
		{"an agent on its line", file("BEGIN:VCARD", "FN:Boss", "AGENT:BEGIN:VCARD", "FN:Secretary", "END:VCARD", "TEL:2", "END:VCARD"), "", one(vcard.Card{FormattedName: "Boss", Phones: []string{"2"}})},
		{"an agent that does not come", file("BEGIN:VCARD", "FN:Boss", "AGENT:", "END:VCARD", "BEGIN:VCARD", "FN:Next", "END:VCARD"), "", append(named("Boss"), named("Next")...)},
		{"a photo of a megabyte", cardOf("N:Prado;Inês", "FN:Inês Prado", photo(1<<20), "TEL:+351 912 000 222"), "", one(ines)},
		{"a photo on one line", cardOf("N:Prado;Inês", "FN:Inês Prado", "PHOTO:"+strings.Repeat("A", 1<<20), "TEL:+351 912 000 222"), "", one(ines)},
		{"a photo of 2.1 that is not indented", file("BEGIN:VCARD", "N:Prado;Inês", "FN:Inês Prado", "PHOTO;BASE64:", strings.Repeat("QUJDREVG\r\n", 99), "TEL:+351 912 000 222", "END:VCARD"), "", one(ines)},
		{"a name without end", cardOf("FN:" + strings.Repeat("ab ", 1<<18) + "\r\n " + strings.Repeat("c", 1<<18)), "", named(strings.TrimSpace(strings.Repeat("ab ", 66) + "ab"))},
		{"a calendar", file("BEGIN:VCALENDAR", "FN:x", "END:VCALENDAR"), "", nil},
		{"nothing said", cardOf("NOTE:x") + cardOf(), "", nil},
		{"empty", "", "", nil},
		{"a page", "<!DOCTYPE html><html><body>log in: here</body></html>", "", nil},
		{"only a beginning", "BEGIN:VCARD", "", nil},
		{"bytes", "\x00\xff\xfe\x00\x01BEGIN:VCARD", "", nil},
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range expectations() {
		got, err := vcard.Parse([]byte(c.file), c.charset)
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n got %+q\nwant %+q", c.name, got, c.want)
		}
		if want := c.want == nil; errors.Is(err, vcard.ErrNoCard) != want || (err != nil) != want {
			t.Errorf("%s: error %v", c.name, err)
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	var many strings.Builder
	for i := range 1000 {
		many.WriteString(cardOf(fmt.Sprint("FN:", i)))
	}
	cards, err := vcard.Parse([]byte(many.String()), "")
	if err != nil || len(cards) != vcard.MaxCards || cards[vcard.MaxCards-1].FormattedName != "14" {
		t.Errorf("many cards: %d, %v", len(cards), err)
	}
	var numbers []string
	for i := range 1000 {
		numbers = append(numbers, fmt.Sprint("TEL:", i), fmt.Sprintf("EMAIL:%d@example.test", i))
	}
	cards, err = vcard.Parse([]byte(cardOf(numbers...)), "")
	if err != nil || len(cards[0].Phones) != vcard.MaxValues || len(cards[0].Emails) != vcard.MaxValues || cards[0].Phones[9] != "9" {
		t.Errorf("many numbers: %+v, %v", cards, err)
	}
	large := []byte(cardOf("FN:x") + strings.Repeat("\n", vcard.MaxBytes))
	if _, err := vcard.Parse(large, ""); !errors.Is(err, vcard.ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	if cards, err := vcard.Parse(large[:vcard.MaxBytes], ""); err != nil || len(cards) != 1 {
		t.Errorf("as large as may be: %+v, %v", cards, err)
	}
	long := strings.Repeat("é", 300)
	cards, err = vcard.Parse([]byte(cardOf("FN:"+long, "ORG:"+long+";"+long, "TEL:1"+long, "EMAIL:a@"+long)), "")
	if err != nil {
		t.Fatal(err)
	}
	within(t, cards)
	if c := cards[0]; utf8.RuneCountInString(c.FormattedName) != 200 || utf8.RuneCountInString(c.Phones[0]) != 64 || c.Emails != nil {
		t.Errorf("long values: %+v", c)
	}
}

// within tells that cards keep to what the package promises of them.
func within(t *testing.T, cards []vcard.Card) {
	t.Helper()
	text := func(what, s string, limit int) {
		if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) || utf8.RuneCountInString(s) > limit || strings.TrimSpace(s) != s {
			t.Errorf("%s: %q", what, s)
		}
	}
	list := func(what string, values []string, limit int) {
		if len(values) > vcard.MaxValues {
			t.Errorf("%d %s", len(values), what)
		}
		for _, v := range values {
			if text(what, v, limit); v == "" {
				t.Errorf("an empty one of the %s", what)
			}
		}
	}
	if len(cards) > vcard.MaxCards {
		t.Errorf("%d cards", len(cards))
	}
	for _, c := range cards {
		text("first name", c.FirstName, 200)
		text("last name", c.LastName, 200)
		text("formatted name", c.FormattedName, 200)
		text("organisation", c.Organization, 200)
		list("phones", c.Phones, 64)
		list("emails", c.Emails, 254)
		if c.FormattedName == "" && c.FirstName+c.LastName+c.Organization != "" {
			t.Errorf("a name that is not shown: %+v", c)
		}
		if c.FormattedName == "" && len(c.Phones)+len(c.Emails) == 0 {
			t.Error("a card that says nothing")
		}
	}
}

// FuzzParse: whatever a file holds, reading it ends, panics never, and gives cards
// that can be stored and shown, twice the same.
func FuzzParse(f *testing.F) {
	for _, c := range expectations() {
		if len(c.file) < 64<<10 {
			f.Add([]byte(c.file), c.charset)
		}
	}
	f.Add([]byte(cardOf("FN:x", photo(2000))), "gb18030")
	f.Add([]byte(file("BEGIN:VCARD", "VERSION:2.1", "N;CHARSET=iso-2022-jp;ENCODING=quoted-printable:=1B$B=", "ED=1B(B;;", "END:VCARD")), "big5")
	f.Fuzz(func(t *testing.T, file []byte, charset string) {
		cards, err := vcard.Parse(file, charset)
		if (err == nil) != (len(cards) > 0) {
			t.Fatalf("%d cards and error %v", len(cards), err)
		}
		within(t, cards)
		if again, _ := vcard.Parse(file, charset); !reflect.DeepEqual(again, cards) {
			t.Errorf("first %+v, then %+v", cards, again)
		}
	})
}
