package sniff

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestName is what file systems take, in bytes.
const longestName = 255

// longestExtension is what is still taken for an extension, in bytes, its point
// included.
const longestExtension = 16

// Filename makes a name that can be shown, stored and offered for download out of
// what somebody claims a file is called: without folders, control and
// direction-changing characters, at most 255 bytes of valid UTF-8 with the
// extension kept. A name of which nothing is left becomes fallback.
func Filename(claimed, fallback string) string {
	name := strings.ToValidUTF8(claimed, "")
	name = path.Base("/" + strings.ReplaceAll(name, `\`, "/"))
	name = strings.Map(func(r rune) rune {
		// Cf are invisible: marks that let "exe.jpg" be read backwards among them.
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != zeroWidthJoiner || r == '/' || r == utf8.RuneError {
			return -1
		}
		return r
	}, name)
	name = strings.TrimFunc(name, unicode.IsSpace)
	if strings.Trim(name, ".") == "" {
		return fallback
	}
	return shorten(name)
}

// zeroWidthJoiner makes one emoji of several.
const zeroWidthJoiner = '\u200d'

// shorten cuts before the extension, between characters.
func shorten(name string) string {
	if len(name) <= longestName {
		return name
	}
	ext := path.Ext(name)
	if len(ext) > longestExtension {
		ext = ""
	}
	stem := name[:longestName-len(ext)]
	for !utf8.ValidString(stem) {
		stem = stem[:len(stem)-1]
	}
	return strings.TrimRightFunc(stem, unicode.IsSpace) + ext
}
