package route

import "tributary/wording"

// LocaleName is the language behind an account's stored number, English when
// there is none.
func LocaleName(number int) string { return wording.LocaleOf(number).Code() }

// localeOf takes the first wish that was made; an unknown xx_YY becomes xx, an
// unknown xx English.
func localeOf(wishes ...string) string { return wording.Match(wishes...).Code() }
