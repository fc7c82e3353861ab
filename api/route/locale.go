package route

import (
	"slices"
	"strings"
)

// locales are the languages that an account can have, at their stored numbers;
// 5 and 11 were never given out.
var locales = [...]string{
	0: "en", 1: "ar", 2: "nl", 3: "fr", 4: "de", 6: "it", 7: "ja", 8: "ko", 9: "pt", 10: "ru", 12: "es", 13: "ml", 14: "ca", 15: "el",
	16: "pt_BR", 17: "ro", 18: "ta", 19: "fa", 20: "zh_TW", 21: "vi", 22: "da", 23: "tr", 24: "cs", 25: "fi", 26: "id", 27: "sv", 28: "hu",
	29: "no", 30: "zh_CN", 31: "pl", 32: "sk", 33: "uk", 34: "th", 35: "lv", 36: "is", 37: "he", 38: "lt", 39: "sr", 40: "bg",
}

const defaultLocale = "en"

// LocaleName is the language behind an account's stored number, English when
// there is none.
func LocaleName(number int) string {
	if number < 0 || number >= len(locales) || locales[number] == "" {
		return defaultLocale
	}
	return locales[number]
}

// localeOf takes the first wish that was made; an unknown xx_YY becomes xx, an
// unknown xx English.
func localeOf(wishes ...string) string {
	for _, wish := range wishes {
		if wish == "" {
			continue
		}
		if slices.Contains(locales[:], wish) {
			return wish
		}
		if language, _, _ := strings.Cut(wish, "_"); slices.Contains(locales[:], language) {
			return language
		}
		return defaultLocale
	}
	return defaultLocale
}
