// Package vcard reads contact cards the way phones and carriers really send them:
// vCard 2.1 with quoted-printable, 3.0 (RFC 2426) and 4.0 (RFC 6350), in whatever
// character set, cut off, several in one file.
//
// The grammar of a property is read by emersion/go-vcard. It wants lines of vCard
// 3.0 in UTF-8, and joins folded lines at a cost that grows with the square of their
// number, which a photo makes large; so the lines are put in order first, and only
// those are handed over that a Card is made of.
package vcard

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	govcard "github.com/emersion/go-vcard"
)

// Limits of what is read.
const (
	// MaxBytes is the longest file, in bytes. A card with a photo has about a
	// million.
	MaxBytes = 4 << 20
	// MaxCards is how many cards of a file are read, from its beginning.
	MaxCards = 15
	// MaxValues is how many phone numbers and how many e-mail addresses are read of
	// one card.
	MaxValues = 10

	maxText  = 200 // characters of a name
	maxPhone = 64
	maxEmail = 254 // RFC 5321, erratum 1690
)

// Errors of Parse.
var (
	ErrNoCard   = errors.New("vcard: no card in it that says anything")
	ErrTooLarge = errors.New("vcard: too large")
)

// Card is what a card says about a person or an organisation. All texts are valid
// UTF-8 of one line, without control characters.
type Card struct {
	// FirstName and LastName are given and family name; both are empty where the
	// card only says how the whole name is written.
	FirstName, LastName string
	// FormattedName is the name as the card wants it to be shown, else what can be
	// made of the others.
	FormattedName string
	Organization  string
	// Phones and Emails are without repetitions, the preferred one first and faxes
	// last.
	Phones, Emails []string
}

// empty tells whether a card says nothing that anybody could use.
func (c *Card) empty() bool { return c.FormattedName == "" && len(c.Phones) == 0 && len(c.Emails) == 0 }

// Parse reads the cards of a file, at most MaxCards. charset is what the source says
// about text that is not UTF-8 and whose card says nothing itself; empty: unknown,
// which is read as Windows-1252. Lines that make no sense are left out; ErrNoCard
// when nothing is left, ErrTooLarge when the file is longer than MaxBytes.
func Parse(file []byte, charset string) ([]Card, error) {
	if len(file) > MaxBytes {
		return nil, ErrTooLarge
	}
	var cards []Card
	for text := range normalized(file, charset) {
		decoded, err := govcard.NewDecoder(strings.NewReader(text)).Decode()
		if err != nil {
			continue
		}
		if c := cardOf(decoded); !c.empty() {
			cards = append(cards, c)
		}
		if len(cards) == MaxCards {
			break
		}
	}
	if len(cards) == 0 {
		return nil, ErrNoCard
	}
	return cards, nil
}

func cardOf(from govcard.Card) Card {
	name := components(from.PreferredValue(govcard.FieldName))
	c := Card{
		FirstName:     line(at(name, 1), maxText),
		LastName:      line(at(name, 0), maxText),
		FormattedName: line(from.PreferredValue(govcard.FieldFormattedName), maxText),
		Phones:        values(from[govcard.FieldTelephone], phone, digits),
		Emails:        values(from[govcard.FieldEmail], email, strings.ToLower),
	}
	var organization []string
	for _, unit := range components(from.PreferredValue(govcard.FieldOrganization)) {
		if unit = line(unit, maxText); unit != "" {
			organization = append(organization, unit)
		}
	}
	c.Organization = line(strings.Join(organization, ", "), maxText)
	for _, other := range []string{c.FirstName + " " + c.LastName, c.Organization, from.PreferredValue(govcard.FieldNickname)} {
		if c.FormattedName == "" {
			c.FormattedName = line(other, maxText)
		}
	}
	return c
}

// components cuts a structured value at semicolons that are not escaped, which
// go-vcard leaves as they are.
func components(value string) []string {
	var out []string
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		switch {
		case value[i] == '\\' && i+1 < len(value) && value[i+1] == ';':
			b.WriteByte(';')
			i++
		case value[i] == ';':
			out = append(out, b.String())
			b.Reset()
		default:
			b.WriteByte(value[i])
		}
	}
	return append(out, b.String())
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

// values are the readable values of a property in the order of their rank, without
// those whose key was seen.
func values(fields []*govcard.Field, read func(string) string, key func(string) string) []string {
	fields = slices.Clone(fields)
	slices.SortStableFunc(fields, func(a, b *govcard.Field) int { return rank(a) - rank(b) })
	var out []string
	seen := map[string]bool{}
	for _, f := range fields {
		v := read(f.Value)
		if v == "" || seen[key(v)] {
			continue
		}
		seen[key(v)] = true
		if out = append(out, v); len(out) == MaxValues {
			break
		}
	}
	return out
}

// rank is how far back a value belongs: 4.0 counts from 1 to 100, older versions
// mark one value; nobody wants to be called on a fax.
func rank(f *govcard.Field) int {
	const marked, unmarked, machine = 1, 101, 102
	switch n, err := strconv.Atoi(f.Params.Get(govcard.ParamPreferred)); {
	case f.Params.HasType(govcard.TypeFax), f.Params.HasType(govcard.TypePager):
		return machine
	case err == nil && n >= marked && n < unmarked:
		return n
	case f.Params.HasType("pref"):
		return marked
	}
	return unmarked
}

// phone reads a number or a tel: address; empty when it is none.
func phone(value string) string {
	if v, ok := cutPrefixFold(value, "tel:"); ok {
		value = v
	}
	value = line(visible(value), maxPhone)
	if digits(value) == "" {
		return ""
	}
	return value
}

// email reads an address or a mailto: address; empty when it is none.
func email(value string) string {
	value = strings.TrimSpace(value)
	if v, ok := cutPrefixFold(value, "mailto:"); ok {
		value = v
	}
	value = line(visible(value), maxEmail+1)
	name, host, ok := strings.Cut(value, "@")
	if !ok || name == "" || host == "" || utf8.RuneCountInString(value) > maxEmail || strings.ContainsAny(value, " ;<>") {
		return ""
	}
	return value
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

func cutPrefixFold(s, prefix string) (string, bool) {
	s = strings.TrimSpace(s)
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return "", false
	}
	return s[len(prefix):], true
}

// visible drops the invisible marks that phones put around numbers in texts that
// run from right to left.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, s)
}

// line is a text on one line, of at most so many characters.
func line(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == 0:
			return -1
		case unicode.IsControl(r):
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.Join(strings.Fields(s), " ")
	n := 0
	for i := range s {
		if n == limit {
			return strings.TrimSpace(s[:i])
		}
		n++
	}
	return s
}
