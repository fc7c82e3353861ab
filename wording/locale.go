package wording

import (
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// Locale is a language that accounts and users can choose. Its value is the number
// that accounts are stored with, and which Chatwoot's API knows; the zero value is
// English.
type Locale uint8

// English is the language of whoever has not chosen one.
const English Locale = 0

// codes are the languages at their numbers; 5 and 11 were never given out.
var codes = [...]string{
	0: "en", 1: "ar", 2: "nl", 3: "fr", 4: "de", 6: "it", 7: "ja", 8: "ko", 9: "pt", 10: "ru", 12: "es", 13: "ml", 14: "ca", 15: "el",
	16: "pt_BR", 17: "ro", 18: "ta", 19: "fa", 20: "zh_TW", 21: "vi", 22: "da", 23: "tr", 24: "cs", 25: "fi", 26: "id", 27: "sv", 28: "hu",
	29: "no", 30: "zh_CN", 31: "pl", 32: "sk", 33: "uk", 34: "th", 35: "lv", 36: "is", 37: "he", 38: "lt", 39: "sr", 40: "bg",
}

// Locales are all languages, by number.
func Locales() []Locale {
	var list []Locale
	for number, code := range codes {
		if code != "" {
			list = append(list, LocaleOf(number))
		}
	}
	return list
}

// LocaleOf is the language with a stored number, English when there is none.
func LocaleOf(number int) Locale {
	if number < 0 || number >= len(codes) || codes[number] == "" {
		return English
	}
	return Locale(number) //nolint:gosec // an index of codes
}

// ParseLocale is the language with a code ("pt_BR"); ok is false when there is
// none.
func ParseLocale(code string) (l Locale, ok bool) {
	number := slices.Index(codes[:], code)
	if code == "" || number < 0 {
		return English, false
	}
	return LocaleOf(number), true
}

// Match takes the first wish that was made: an unknown xx_YY becomes xx, an unknown
// xx English.
func Match(wishes ...string) Locale {
	for _, wish := range wishes {
		if wish == "" {
			continue
		}
		if l, ok := ParseLocale(wish); ok {
			return l
		}
		base, _, _ := strings.Cut(wish, "_")
		l, _ := ParseLocale(base)
		return l
	}
	return English
}

// Number is what accounts are stored with.
func (l Locale) Number() int { return int(l.known()) }

// Code is the language in the API: "pt_BR".
func (l Locale) Code() string { return codes[l.known()] }

// String implements fmt.Stringer.
func (l Locale) String() string { return l.Code() }

// Tag is the language as the rest of the world writes it: "pt-BR".
func (l Locale) Tag() language.Tag {
	return language.Make(strings.ReplaceAll(l.Code(), "_", "-"))
}

// known makes English of a number that is none.
func (l Locale) known() Locale { return LocaleOf(int(l)) }
