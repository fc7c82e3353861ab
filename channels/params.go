package channels

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"math/big"
	"strconv"
	"strings"

	"tributary/chat"
	"tributary/internal/validate"
)

// Params are the parameters of a channel, for Creator. They may come from a form,
// where everything is text. What has another shape than the parameter has (an object
// where a text belongs) counts as not sent.
type Params map[string]any

// ReadParams decodes parameters; none at all are an empty object.
func ReadParams(raw json.RawMessage) (Params, error) {
	p := Params{}
	if len(bytes.TrimSpace(raw)) == 0 {
		return p, nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&p); err != nil || p == nil {
		return nil, &chat.Error{Code: chat.CodeInvalid, Message: "Channel is invalid", Attributes: []string{"channel"}, Err: err}
	}
	return p, nil
}

// scalar is a parameter as text; sent is false for what is not there, and for lists
// and objects.
func (p Params) scalar(name string) (text string, null, sent bool) {
	switch v := p[name].(type) {
	case nil:
		_, sent = p[name]
		return "", true, sent
	case string:
		return v, false, true
	case json.Number:
		return v.String(), false, true
	case bool:
		return strconv.FormatBool(v), false, true
	}
	return "", false, false
}

// Text sets *dst when the parameter was sent; null is the empty text.
func (p Params) Text(name string, dst *string) {
	if text, _, sent := p.scalar(name); sent {
		*dst = text
	}
}

// Line is Text without the white space around it.
func (p Params) Line(name string, dst *string) {
	p.Text(name, dst)
	*dst = strings.TrimSpace(*dst)
}

// NullableText sets *dst when the parameter was sent; null is nil.
func (p Params) NullableText(name string, dst **string) {
	text, null, sent := p.scalar(name)
	switch {
	case !sent:
	case null:
		*dst = nil
	default:
		*dst = &text
	}
}

// Bool sets *dst when the parameter was sent. Null and the empty text are no value,
// and so false.
func (p Params) Bool(name string, dst *bool) {
	if _, _, sent := p.scalar(name); sent {
		*dst = p.True(name)
	}
}

// True tells whether the parameter was sent and is true: anything but null, the empty
// text and the usual words for false.
func (p Params) True(name string) bool {
	text, null, sent := p.scalar(name)
	if n, ok := p[name].(json.Number); ok {
		f, err := n.Float64()
		return err != nil || f != 0
	}
	switch text {
	case "", "0", "f", "F", "false", "FALSE", "off", "OFF":
		return false
	}
	return sent && !null
}

// Number sets *dst when the parameter was sent; null and the empty text are 0. What is
// no whole number from 0 to most is noted.
func (p Params) Number(name string, dst *int, most int, errs *validate.Errors) {
	text, _, sent := p.scalar(name)
	if !sent {
		return
	}
	if text = strings.TrimSpace(text); text == "" {
		*dst = 0
		return
	}
	n, err := strconv.Atoi(text)
	switch {
	case err != nil:
		errs.Add(name, validate.NotNumber)
	case n < 0:
		errs.Add(name, "must be greater than or equal to 0")
	case n > most:
		errs.Add(name, "must be less than or equal to "+strconv.Itoa(most))
	default:
		*dst = n
	}
}

// Object gives the parameter when it is an object.
func (p Params) Object(name string) (Params, bool) {
	m, ok := p[name].(map[string]any)
	return m, ok
}

// List gives the parameter when it was sent as a list; one value is a list of one,
// null an empty one.
func (p Params) List(name string) (list []any, sent bool) {
	switch v := p[name].(type) {
	case []any:
		return v, true
	case map[string]any:
		return nil, false
	case nil:
		_, sent = p[name]
		return nil, sent
	default:
		return []any{v}, true
	}
}

const (
	// alphabet is base58: no 0, O, I or l.
	alphabet    = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	tokenLength = 24
)

// ShortToken makes a random public or secret name of 24 characters (140 bits) that can
// be read out.
func ShortToken() string {
	size := big.NewInt(int64(len(alphabet)))
	b := make([]byte, tokenLength)
	for i := range b {
		n, _ := rand.Int(rand.Reader, size) // never fails, see crypto/rand
		b[i] = alphabet[n.Int64()]
	}
	return string(b)
}
