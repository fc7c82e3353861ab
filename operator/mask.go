package operator

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"tributary/desk"
)

// secretWords mark the names of values that nobody is to read, whoever chose them.
var secretWords = []string{
	"secret", "token", "password", "passwd", "api_key", "apikey", "api-key", "authorization", "signature", "credential", "private_key", "cookie",
}

// secretNames are names that are secret as a whole: "pin" is, "pinned" is not.
var secretNames = []string{"pin", "sig", "hmac", "key"}

var (
	// secretParameter is a parameter of an address within a text.
	secretParameter = regexp.MustCompile(`(?i)([?&][a-z_.-]*(?:token|sig|signature|secret|password|key|hmac|credential)=)[^&\s"'<>\\]+`)
	// botToken is in the addresses of Telegram's files.
	botToken = regexp.MustCompile(`\d{5,}:[A-Za-z0-9_-]{25,}`)
	// bearer is what a header carries.
	bearer = regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}`)
)

// mask keeps secrets out of what operators read: values of secret names, and values
// that the settings of the event's inbox hold.
type mask struct{ values []string }

// minSecret is how long a value is that is looked for everywhere: shorter ones are
// words.
const minSecret = 6

// newMask knows the secrets of an inbox's settings.
func newMask(settings json.RawMessage, listed []string) mask {
	var m mask
	var v any
	if json.Unmarshal(settings, &v) == nil {
		m.gather("", v, listed, false)
	}
	// A value that holds another one goes first.
	slices.SortFunc(m.values, func(a, b string) int { return len(b) - len(a) })
	return m
}

func (m *mask) gather(path string, v any, listed []string, within bool) {
	name := path[strings.LastIndexByte(path, '.')+1:]
	within = within || path != "" && (slices.Contains(listed, path) || slices.Contains(listed, name) || secretName(name))
	switch v := v.(type) {
	case map[string]any:
		for k, member := range v {
			m.gather(strings.TrimPrefix(path+"."+k, "."), member, listed, within)
		}
	case []any:
		for _, member := range v {
			m.gather(path, member, listed, within)
		}
	case string:
		if within && len(v) >= minSecret {
			m.values = append(m.values, v, url.QueryEscape(v))
		}
	}
}

func secretName(name string) bool {
	name = strings.ToLower(name)
	return slices.Contains(secretNames, name) || slices.ContainsFunc(secretWords, func(w string) bool { return strings.Contains(name, w) })
}

// text masks what is in the middle of a text.
func (m mask) text(s string) string {
	for _, v := range m.values {
		s = strings.ReplaceAll(s, v, desk.Filtered)
	}
	s = secretParameter.ReplaceAllString(s, "${1}"+desk.Filtered)
	s = botToken.ReplaceAllString(s, desk.Filtered)
	return bearer.ReplaceAllString(s, "${1} "+desk.Filtered)
}

// body masks a webhook's body: JSON, a form, or any text.
func (m mask) body(b []byte) string {
	if out, err := m.json(b); err == nil {
		return string(out)
	}
	if form := m.form(string(b)); form != "" {
		return form
	}
	return m.text(strings.ToValidUTF8(string(b), "\uFFFD"))
}

// form masks a form, whose order stays; empty: it is none.
func (m mask) form(body string) string {
	var pairs []string
	for pair := range strings.SplitSeq(body, "&") {
		name, value, ok := strings.Cut(pair, "=")
		plain, err := url.QueryUnescape(name)
		if !ok || err != nil || strings.ContainsAny(name, " \n{") {
			return ""
		}
		if value != "" && secretName(plain) {
			value = url.QueryEscape(desk.Filtered)
		} else if text, err := url.QueryUnescape(value); err == nil {
			if masked := m.text(text); masked != text {
				value = url.QueryEscape(masked)
			}
		}
		pairs = append(pairs, name+"="+value)
	}
	return strings.Join(pairs, "&")
}

var errNoJSON = errors.New("operator: not one JSON value")

// json masks JSON; the order of its members stays.
func (m mask) json(b []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var out bytes.Buffer
	if err := m.value(d, &out, false); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errNoJSON
	}
	return out.Bytes(), nil
}

// value copies the next value; secret: what it holds is masked.
func (m mask) value(d *json.Decoder, out *bytes.Buffer, secret bool) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	switch t := token.(type) {
	case json.Delim:
		return m.container(d, out, t, secret)
	case string:
		if secret && t != "" {
			t = desk.Filtered
		}
		return encode(out, m.text(t))
	case json.Number:
		if secret {
			return encode(out, desk.Filtered)
		}
		out.WriteString(t.String())
		return nil
	default: // true, false, null
		return encode(out, t)
	}
}

func (m mask) container(d *json.Decoder, out *bytes.Buffer, open json.Delim, secret bool) error {
	out.WriteString(open.String())
	for first := true; d.More(); first = false {
		if !first {
			out.WriteByte(',')
		}
		within := secret
		if open == '{' {
			token, err := d.Token()
			if err != nil {
				return err
			}
			name, _ := token.(string)
			within = within || secretName(name)
			if err := encode(out, m.text(name)); err != nil {
				return err
			}
			out.WriteByte(':')
		}
		if err := m.value(d, out, within); err != nil {
			return err
		}
	}
	end, err := d.Token()
	if err != nil {
		return err
	}
	if delim, ok := end.(json.Delim); ok {
		out.WriteString(delim.String())
	}
	return nil
}

// encode writes a plain value; signs of HTML stay readable.
func encode(out *bytes.Buffer, v any) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	out.Truncate(out.Len() - 1) // the encoder's new line
	return nil
}
