package blob

import (
	"net/url"
	"strings"
)

// ContentDisposition is the header that gives a file its name (RFC 6266): once in
// ASCII for old clients and once in UTF-8.
func ContentDisposition(disposition, filename string) string {
	if disposition != Inline {
		disposition = Attachment
	}
	if filename == "" {
		return disposition
	}
	plain := strings.Map(func(r rune) rune {
		switch {
		case r == '"', r == '\\', r == '%', r < ' ', r > '~':
			return '_'
		}
		return r
	}, filename)
	return disposition + `; filename="` + plain + `"; filename*=UTF-8''` + strings.ReplaceAll(url.QueryEscape(filename), "+", "%20")
}
