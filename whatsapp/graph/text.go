package graph

import (
	"encoding/json"
	"errors"
	"math"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxText is how many bytes of a text of Meta's are kept.
	maxText  = 1000
	redacted = "[redacted]"
	// shortSecret is the length below which a secret (a PIN) may be part of another
	// number by chance.
	shortSecret = 8
)

// tokens are the forms of Meta's access tokens, and of parameters that carry a
// secret: texts may quote one that is not that of the call. A page of a system
// user or a business begins with EAA; an app's is id|secret.
var tokens = regexp.MustCompile(`\bEAA[0-9A-Za-z_\-.]{8,}` +
	`|\b\d{6,}(?:\||%7[Cc])[0-9A-Za-z_\-.]{8,}` +
	`|(?i:\b((?:access_token|input_token|client_secret|appsecret_proof|fb_exchange_token|code|verify_token)=)[^&\s"'<>]+)`)

// trace is what fbtrace_id looks like; it goes into logs.
var trace = regexp.MustCompile(`^[0-9A-Za-z_\-+/=.]{0,100}$`)

// redact takes every secret out of the texts.
func (e *Error) redact(secrets []string) {
	for _, text := range []*string{&e.Title, &e.UserText, &e.Message, &e.Details} {
		*text = clip(scrub(*text, secrets))
	}
	if scrub(e.Trace, secrets) != e.Trace || !trace.MatchString(e.Trace) {
		e.Trace = ""
	}
	if e.Err != nil {
		if text := e.Err.Error(); scrub(text, secrets) != text {
			e.Err = &quiet{text: scrub(text, secrets), err: e.Err}
		}
	}
}

// quiet is an error whose text held a secret.
type quiet struct {
	text string
	err  error
}

// Error gives the text without the secret.
func (q *quiet) Error() string { return q.text }

// Is looks at the cause, which Unwrap would hand out with its text.
func (q *quiet) Is(target error) bool { return errors.Is(q.err, target) }

// scrub replaces what must not be seen in text: the secrets of the call in any
// spelling that an URL gives them, and whatever looks like a token.
func scrub(text string, secrets []string) string {
	if text == "" {
		return ""
	}
	for _, secret := range secrets {
		for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
			switch {
			case form == "":
			case len(form) >= shortSecret:
				text = strings.ReplaceAll(text, form, redacted)
			default:
				text = replaceWord(text, form)
			}
		}
	}
	return tokens.ReplaceAllString(text, "${1}"+redacted)
}

// replaceWord replaces a short secret where it stands alone. "(#133005)" stays: it
// is a code, and replacing it would say that the PIN is the same.
func replaceWord(text, word string) string {
	var out strings.Builder
	for {
		i := strings.Index(text, word)
		if i < 0 {
			out.WriteString(text)
			return out.String()
		}
		before, _ := utf8.DecodeLastRuneInString(text[:i])
		after, _ := utf8.DecodeRuneInString(text[i+len(word):])
		out.WriteString(text[:i])
		if before == '#' || partOfWord(before) || partOfWord(after) {
			out.WriteString(word)
		} else {
			out.WriteString(redacted)
		}
		text = text[i+len(word):]
	}
}

func partOfWord(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// clean takes out what a database or a terminal stumbles over.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return ' '
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// clip shortens a text to maxText bytes, at a character.
func clip(s string) string {
	if len(s) <= maxText {
		return s
	}
	end := maxText - len("…")
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}

// text reads a JSON string, or a number as its digits. ok is false for anything
// else but null.
func text(raw json.RawMessage) (s *string, ok bool) {
	if absent(raw) {
		return nil, true
	}
	switch c := raw[0]; {
	case c == '"':
		var v string
		if json.Unmarshal(raw, &v) != nil {
			return nil, false
		}
		v = clean(v)
		return &v, true
	case c == '-', c >= '0' && c <= '9':
		v := string(raw)
		return &v, true
	}
	return nil, false
}

// words is text with "" for what is not there or is no text.
func words(raw json.RawMessage) string {
	if s, _ := text(raw); s != nil {
		return *s
	}
	return ""
}

// number reads a JSON number, or a string that holds one.
func number(raw json.RawMessage) (n float64, ok bool) {
	s := words(raw)
	if s == "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	return n, err == nil && !math.IsNaN(n)
}

// integer is number without a fraction, within what a code can be.
func integer(raw json.RawMessage) (n int, ok bool) {
	f, ok := number(raw)
	if !ok || math.Abs(f) > math.MaxInt32 || f != math.Trunc(f) {
		return 0, false
	}
	return int(f), true
}

// boolean reads true, false and their spellings as strings and numbers. ok is
// false for anything else but null.
func boolean(raw json.RawMessage) (b *bool, ok bool) {
	if absent(raw) {
		return nil, true
	}
	switch strings.ToLower(strings.Trim(string(raw), `"`)) {
	case "true", "1":
		return new(true), true
	case "false", "0":
		return new(false), true
	}
	return nil, false
}

// object gives a JSON object as it is, nil for null. ok is false for anything
// else.
func object(raw json.RawMessage) (o json.RawMessage, ok bool) {
	switch {
	case absent(raw):
		return nil, true
	case raw[0] == '{':
		return raw, true
	}
	return nil, false
}

func absent(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }
