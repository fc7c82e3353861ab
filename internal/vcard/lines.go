package vcard

import (
	"bytes"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
)

// Limits of what is kept, so that a file takes no more memory than a few times its
// size: bytes of a logical line and properties of a card. No real card has as many.
const (
	maxLine       = 16 << 10
	maxProperties = 200
)

// wanted are the properties that a Card is made of.
var wanted = map[string]bool{"N": true, "FN": true, "NICKNAME": true, "ORG": true, "TEL": true, "EMAIL": true}

// normalized gives each card of a file as lines of vCard 3.0 in UTF-8 that hold the
// wanted properties. A card that does not end ends where the next one begins, or
// with the file; one inside another (AGENT) is left out.
func normalized(file []byte, charset string) iter.Seq[string] {
	return func(yield func(string) bool) {
		const begin, end = "BEGIN:VCARD\r\n", "END:VCARD\r\n"
		s := scanner{rest: utf8Of(file)}
		var card strings.Builder
		var agent, inside bool // an AGENT is expected, is being read
		properties := 0
		flush := func() bool {
			text := card.String()
			card.Reset()
			s.oldFolds, agent, properties = false, false, 0
			return len(text) <= len(begin) || yield(text+end)
		}
		for {
			p, ok := s.next()
			if !ok {
				break
			}
			value := bytes.TrimSpace(p.value)
			isCard := bytes.EqualFold(value, []byte("VCARD"))
			switch {
			case p.name == "BEGIN" && isCard && agent:
				agent, inside = false, true
			case p.name == "BEGIN" && isCard:
				if !flush() {
					return
				}
				inside = false
				card.WriteString(begin)
			case p.name == "END" && isCard && inside:
				inside = false
			case p.name == "END" && isCard:
				if !flush() {
					return
				}
			case p.name == "AGENT":
				agent, inside = len(value) == 0, bytes.EqualFold(value, []byte("BEGIN:VCARD"))
			case card.Len() == 0 || inside:
			case p.name == "VERSION":
				s.oldFolds = string(value) == "2.1"
			case wanted[p.name] && properties < maxProperties:
				agent = false
				properties++
				p.write(&card, charset)
			}
		}
		flush()
	}
}

// utf8Of is a file without the mark of its encoding, from UTF-16 where it is that.
func utf8Of(file []byte) []byte {
	var from encoding.Encoding
	switch {
	case bytes.HasPrefix(file, []byte{0xef, 0xbb, 0xbf}):
		return file[3:]
	case len(file) < 2:
	case file[0] == 0xff && file[1] == 0xfe, file[1] == 0 && file[0] != 0:
		from = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case file[0] == 0xfe && file[1] == 0xff, file[0] == 0 && file[1] != 0:
		from = unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	}
	if from == nil {
		return file
	}
	decoded, err := from.NewDecoder().Bytes(file)
	if err != nil {
		return file
	}
	return decoded
}

// scanner reads the logical lines of a file.
type scanner struct {
	rest []byte
	// oldFolds: a folded line goes on with the space that it begins with (vCard 2.1,
	// section 2.1.3), which later versions take away.
	oldFolds bool
}

// physical cuts off the next line, which ends with CR LF, LF or CR.
func (s *scanner) physical() []byte {
	i := slices.IndexFunc(s.rest, func(c byte) bool { return c == '\r' || c == '\n' })
	if i < 0 {
		l := s.rest
		s.rest = nil
		return l
	}
	l := s.rest[:i]
	if s.rest[i] == '\r' && i+1 < len(s.rest) && s.rest[i+1] == '\n' {
		i++
	}
	s.rest = s.rest[i+1:]
	return l
}

// next gives the next line that is a property; of those that nobody wants the name
// only. False at the end.
func (s *scanner) next() (property, bool) {
	for len(s.rest) > 0 {
		l := s.physical()
		l = l[:min(len(l), maxLine)]
		name := nameOf(l)
		keep := wanted[name]
		quoted := keep && isQuoted(l)
		if keep {
			l = bytes.Clone(l)
		}
		for {
			more, ok := s.more(l, quoted)
			if !ok {
				break
			}
			if keep {
				l = bytes.TrimSuffix(l, more.broken)
				l = append(l, more.text[:min(len(more.text), max(maxLine-len(l), 0))]...)
			}
		}
		if p, ok := parse(name, l); ok {
			return p, true
		}
	}
	return property{}, false
}

// continuation is a line that goes on with the one before it, from which the mark of
// the break goes.
type continuation struct{ broken, text []byte }

// more gives the line that goes on with line: one after a soft break of
// quoted-printable, or one that begins with a space.
func (s *scanner) more(line []byte, quoted bool) (continuation, bool) {
	soft := []byte("=")
	switch {
	case len(s.rest) == 0:
		return continuation{}, false
	case quoted && bytes.HasSuffix(line, soft) && !s.atBoundary():
		return continuation{soft, s.physical()}, true
	case s.rest[0] != ' ' && s.rest[0] != '\t':
		return continuation{}, false
	}
	text := s.physical()
	if !s.oldFolds {
		text = text[1:]
	}
	return continuation{nil, text}, true
}

// atBoundary tells whether a card begins or ends here, which a value that is broken
// off must not swallow.
func (s *scanner) atBoundary() bool {
	ahead := bytes.ToUpper(s.rest[:min(len(s.rest), len("BEGIN:VCARD"))])
	return bytes.HasPrefix(ahead, []byte("END:VCARD")) || bytes.HasPrefix(ahead, []byte("BEGIN:VCARD"))
}

// nameOf is the name of a property in upper case, without its group; empty when the
// line begins none.
func nameOf(line []byte) string {
	const longest = 64
	i := bytes.IndexAny(line[:min(len(line), longest)], ";:")
	if i < 0 {
		return ""
	}
	name := line[:i]
	if dot := bytes.LastIndexByte(name, '.'); dot >= 0 {
		name = name[dot+1:]
	}
	return strings.ToUpper(string(bytes.TrimSpace(name)))
}

func isQuoted(line []byte) bool {
	head, _, _ := cutHead(line)
	return bytes.Contains(bytes.ToUpper(head), []byte("QUOTED-PRINTABLE"))
}

// property is one line.
type property struct {
	name    string
	types   []string // of TYPE
	pref    string   // of PREF
	quoted  bool     // quoted-printable
	charset string
	value   []byte
}

// parse reads a logical line.
func parse(name string, line []byte) (property, bool) {
	head, value, ok := cutHead(line)
	if name == "" || !ok {
		return property{}, false
	}
	p := property{name: name, value: value}
	for i, param := range bytes.Split(head, []byte(";")) {
		if i > 0 {
			p.param(string(param))
		}
	}
	return p, true
}

// cutHead cuts a line at the first colon outside of quotes; at the first of all
// where the quotes do not close.
func cutHead(line []byte) (head, value []byte, ok bool) {
	quotes := false
	for i, c := range line {
		switch {
		case c == '"':
			quotes = !quotes
		case c == ':' && !quotes:
			return line[:i], line[i+1:], true
		}
	}
	return bytes.Cut(line, []byte(":"))
}

// param reads a parameter; vCard 2.1 writes values without a name.
func (p *property) param(text string) {
	key, value, named := strings.Cut(text, "=")
	key, value = strings.ToUpper(strings.TrimSpace(key)), strings.Trim(strings.TrimSpace(value), `"`)
	switch {
	case !named && key == "QUOTED-PRINTABLE", key == "ENCODING" && strings.EqualFold(value, "QUOTED-PRINTABLE"):
		p.quoted = true
	case !named:
		p.types = append(p.types, token(key))
	case key == "CHARSET":
		p.charset = value
	case key == "PREF":
		p.pref = token(value)
	case key == "TYPE":
		for t := range strings.SplitSeq(value, ",") {
			p.types = append(p.types, token(t))
		}
	}
}

// token keeps of a parameter's value what needs no quotes.
func token(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, s)
}

// write adds the property to a card. charset is that of text whose property names
// none.
func (p *property) write(card *strings.Builder, charset string) {
	value := p.value
	if p.quoted {
		value = unquoted(value)
	}
	card.WriteString(p.name)
	if len(p.types) > 0 {
		card.WriteString(";TYPE=" + strings.Join(p.types, ","))
	}
	if p.pref != "" {
		card.WriteString(";PREF=" + p.pref)
	}
	card.WriteString(":" + strings.NewReplacer("\r", " ", "\n", " ").Replace(decoded(value, p.charset, charset)) + "\r\n")
}

// unquoted decodes quoted-printable; what is none stays as it is.
func unquoted(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == '=' && i+2 < len(b) {
			high, low := hexOf(b[i+1]), hexOf(b[i+2])
			if high >= 0 && low >= 0 {
				out = append(out, byte(high<<4|low))
				i += 2
				continue
			}
		}
		out = append(out, b[i])
	}
	return out
}

// hexOf is the value of a hexadecimal digit, negative when c is none.
func hexOf(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}

// decoded makes UTF-8 of a value: by the character set that its property names; as
// it is when it is UTF-8; by the one that the source names; else by the one that
// most cards have that name none.
func decoded(value []byte, own, charset string) string {
	if text, ok := decodeBy(value, own); ok {
		return text
	}
	if utf8.Valid(value) {
		return string(value)
	}
	if text, ok := decodeBy(value, charset); ok {
		return text
	}
	text, _ := charmap.Windows1252.NewDecoder().Bytes(value) // has a character for every byte
	return string(text)
}

// decodeBy decodes a value by a named character set. Those of Unicode are none here:
// UTF-8 needs no decoding, and UTF-16 is a matter of the whole file.
func decodeBy(value []byte, name string) (string, bool) {
	from, err := htmlindex.Get(name)
	if err != nil {
		return "", false
	}
	if name, err = htmlindex.Name(from); err != nil || strings.HasPrefix(name, "utf-") || name == "replacement" {
		return "", false
	}
	text, err := from.NewDecoder().Bytes(value)
	return string(text), err == nil
}
