package mail_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"iter"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"net/textproto"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"tributary/mail"
)

func split(b []byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		for part := range bytes.SplitSeq(b, []byte{0}) {
			if !yield(string(part)) {
				return
			}
		}
	}
}

func encode(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// read takes a mail apart: its header, and its parts by their type.
func read(t *testing.T, data string) (netmail.Header, map[string]string) {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]string{}
	add := func(header textproto.MIMEHeader, r io.Reader) {
		kind, _, err := mime.ParseMediaType(header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		if header.Get("Content-Transfer-Encoding") == "quoted-printable" {
			r = quotedprintable.NewReader(r)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		parts[kind] = strings.ReplaceAll(strings.TrimRight(string(text), "\r\n"), "\r\n", "\n")
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(kind, "multipart/") {
		add(textproto.MIMEHeader(m.Header), m.Body)
		return m.Header, parts
	}
	for r := multipart.NewReader(m.Body, params["boundary"]); ; {
		part, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return m.Header, parts
		}
		if err != nil {
			t.Fatal(err)
		}
		add(part.Header, part)
	}
}

func subject(t *testing.T, h netmail.Header) string {
	t.Helper()
	s, err := new(mime.WordDecoder).DecodeHeader(h.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestMail(t *testing.T) {
	t.Parallel()
	s := serve(t, kind{})
	long := strings.Repeat("naïve façade ", 30)
	if err := sender(s.settings()).Send(t.Context(), mail.Message{
		To: "ada@acme.test", Subject: "Grüße, 日本 and " + long, Text: "Zeile eins\n.\n" + long + "\nEnde", HTML: "<p>Zeile &lt;eins&gt;</p>",
	}); err != nil {
		t.Fatal(err)
	}
	took := s.mails()
	if len(took) != 1 || took[0].from != "bot@acme.test" || !slices.Equal(took[0].to, []string{"ada@acme.test"}) {
		t.Fatalf("took %+v", took)
	}
	h, parts := read(t, took[0].data)
	for name, want := range map[string]string{
		"From": `"Tributary" <bot@acme.test>`, "To": "<ada@acme.test>", "Auto-Submitted": "auto-generated", "X-Mailer": "", "User-Agent": "",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got, want := subject(t, h), "Grüße, 日本 and "+strings.TrimSpace(long); got != want {
		t.Errorf("subject %q, want %q", got, want)
	}
	if at, err := h.Date(); err != nil || !at.Equal(now) {
		t.Errorf("date %v %v, want %v", at, err, now)
	}
	if id := h.Get("Message-ID"); !strings.HasPrefix(id, "<") || !strings.HasSuffix(id, "@acme.test>") {
		t.Errorf("message id %q", id)
	}
	if parts["text/plain"] != "Zeile eins\n.\n"+long+"\nEnde" || parts["text/html"] != "<p>Zeile &lt;eins&gt;</p>" {
		t.Errorf("parts %q", parts)
	}
	for line := range strings.SplitSeq(took[0].data, "\r\n") {
		if len(line) > 998 || strings.ContainsRune(line, '\n') {
			t.Errorf("line %q", line)
		}
	}
}

func TestPlainTextMail(t *testing.T) {
	t.Parallel()
	s := serve(t, kind{})
	settings := s.settings("MAILER_SENDER_EMAIL", "", "SMTP_DOMAIN", "acme.test")
	if err := sender(settings).Send(t.Context(), mail.Message{To: "Ada Lovelace <ada@acme.test>", Subject: "s", Text: "t"}); err != nil {
		t.Fatal(err)
	}
	h, parts := read(t, s.mails()[0].data)
	if len(parts) != 1 || parts["text/plain"] != "t" {
		t.Errorf("parts %q", parts)
	}
	if from, err := h.AddressList("From"); err != nil || from[0].Address != "tributary@acme.test" || from[0].Name != "Tributary" {
		t.Errorf("from %v %v", from, err)
	}
}

// Whoever writes to several sends several mails: a retry of one reaches no other,
// and nobody reads who else was told.
func TestSeveralRecipients(t *testing.T) {
	t.Parallel()
	s := serve(t, kind{})
	s.says["busy@acme.test"] = &smtp.SMTPError{Code: 451, Message: "later"}
	out := sender(s.settings())
	for _, to := range []string{"ada@acme.test", "busy@acme.test", "eve@acme.test"} {
		err := out.Send(t.Context(), mail.Message{To: to, Subject: "s", Text: "t", Key: "k " + to})
		if (err != nil) != (to == "busy@acme.test") {
			t.Errorf("%s: %v", to, err)
		}
	}
	delete(s.says, "busy@acme.test")
	for range 2 {
		if err := out.Send(t.Context(), mail.Message{To: "busy@acme.test", Subject: "s", Text: "t", Key: "k busy@acme.test"}); err != nil {
			t.Error(err)
		}
	}
	var to, ids []string
	for _, m := range s.mails() {
		h, _ := read(t, m.data)
		if len(m.to) != 1 || h.Get("To") != "<"+m.to[0]+">" || h.Get("Cc") != "" {
			t.Errorf("to %v, header %q", m.to, h.Get("To"))
		}
		to, ids = append(to, m.to...), append(ids, h.Get("Message-ID"))
	}
	if !slices.Equal(to, []string{"ada@acme.test", "eve@acme.test", "busy@acme.test", "busy@acme.test"}) {
		t.Fatalf("mails to %v", to)
	}
	if ids[2] != ids[3] || ids[0] == ids[1] || ids[1] == ids[2] {
		t.Errorf("message ids %v", ids)
	}
}

func TestNotConfigured(t *testing.T) {
	t.Parallel()
	s := serve(t, kind{})
	settings := s.settings()
	out := sender(settings)
	delete(settings, "SMTP_ADDRESS")
	if err := out.Send(t.Context(), mail.Message{To: "ada@acme.test"}); !errors.Is(err, mail.ErrNotConfigured) || out.Configured() {
		t.Errorf("%v, configured %t", err, out.Configured())
	}
	// A setting that comes later needs no restart.
	settings["SMTP_ADDRESS"] = s.host
	if err := out.Send(t.Context(), mail.Message{To: "ada@acme.test"}); err != nil || !out.Configured() {
		t.Errorf("%v, configured %t", err, out.Configured())
	}
}

// A subject or an address that somebody chose adds no line to the header.
func TestHeaderInjection(t *testing.T) {
	t.Parallel()
	s := serve(t, kind{})
	out := sender(s.settings())
	for _, c := range []struct{ subject, want string }{
		{"Hello\r\nBcc: eve@evil.test", "Hello Bcc: eve@evil.test"},
		{"Hello\nX: y\n\nBody", "Hello X: y Body"},
		{"Hello\rBcc: eve@evil.test", "Hello Bcc: eve@evil.test"},
		{"Grüße\r\nBcc: eve@evil.test", "Grüße Bcc: eve@evil.test"},
		{"Hello\u2028Bcc: eve@evil.test\x00", "Hello Bcc: eve@evil.test"},
	} {
		before := len(s.mails())
		if err := out.Send(t.Context(), mail.Message{To: "ada@acme.test", Subject: c.subject, Text: "t", Key: "a\r\nBcc: eve@evil.test"}); err != nil {
			t.Errorf("%q: %v", c.subject, err)
			continue
		}
		m := s.mails()[before]
		h, parts := read(t, m.data)
		if len(h) != 9 || h.Get("Bcc") != "" || h.Get("X") != "" || parts["text/plain"] != "t" || !slices.Equal(m.to, []string{"ada@acme.test"}) {
			t.Errorf("%q: header %v, to %v, parts %q", c.subject, h, m.to, parts)
		}
		if got := subject(t, h); got != c.want {
			t.Errorf("%q: subject %q, want %q", c.subject, got, c.want)
		}
	}
	before := len(s.mails())
	for _, to := range []string{
		"", "ada", "ada@acme.test\r\nBcc: eve@evil.test", "ada@acme.test, eve@evil.test", "ada@acme.test>\r\nRCPT TO:<eve@evil.test",
		"\"a\r\nb\"@acme.test",
	} {
		err := out.Send(t.Context(), mail.Message{To: to, Subject: "s", Text: "t"})
		if _, refused := errors.AsType[mail.Refused](err); !refused {
			t.Errorf("to %q: %v", to, err)
		}
	}
	evil := sender(s.settings("MAILER_SENDER_EMAIL", "a@b.test\r\nBcc: eve@evil.test"))
	if err := evil.Send(t.Context(), mail.Message{To: "ada@acme.test", Subject: "s", Text: "t"}); err == nil {
		t.Error("a sender of two lines was taken")
	}
	if len(s.mails()) != before {
		t.Errorf("mails went out: %+v", s.mails()[before:])
	}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		step    string
		code    int
		refused bool
	}{
		"sender later":       {"mail", 421, false},
		"sender refused":     {"mail", 553, true},
		"recipient later":    {"ada@acme.test", 450, false},
		"mailbox full":       {"ada@acme.test", 452, false},
		"recipient unknown":  {"ada@acme.test", 550, true},
		"content later":      {"data", 451, false},
		"content refused":    {"data", 554, true},
		"message is too big": {"data", 552, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, kind{})
			s.says[c.step] = &smtp.SMTPError{Code: c.code, Message: "says the server"}
			err := sender(s.settings()).Send(t.Context(), mail.Message{To: "ada@acme.test", Subject: "s", Text: "t"})
			_, refused := errors.AsType[mail.Refused](err)
			if err == nil || refused != c.refused || !strings.Contains(err.Error(), "says the server") {
				t.Errorf("%v, refused %t, want %t", err, refused, c.refused)
			}
			if len(s.mails()) != 0 {
				t.Errorf("took %+v", s.mails())
			}
		})
	}
}

// What is wrong with the server or the settings passes when somebody mends it.
func TestMayPass(t *testing.T) {
	t.Parallel()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = gone.Close()
	_, port, err := net.SplitHostPort(gone.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	greets := func(line string) map[string]string {
		return script(t, func(c *textproto.Conn) { _ = c.PrintfLine("%s", line) }).settings()
	}
	for name, settings := range map[string]map[string]string{
		"nobody listens":      {"SMTP_ADDRESS": "127.0.0.1", "SMTP_PORT": port, "MAILER_SENDER_EMAIL": "a@b.test"},
		"no service":          greets("554 no service for you"),
		"too many":            greets("421 too many connections"),
		"no SMTP":             greets("HTTP/1.1 400 Bad Request"),
		"nothing":             greets(""),
		"the port is a word":  {"SMTP_ADDRESS": "127.0.0.1", "SMTP_PORT": "smtp"},
		"the port is too big": {"SMTP_ADDRESS": "127.0.0.1", "SMTP_PORT": "99999"},
		"the sender is none":  serve(t, kind{}).settings("MAILER_SENDER_EMAIL", "nobody"),
		"a HELO of two lines": serve(t, kind{}).settings("SMTP_DOMAIN", "a\r\nQUIT"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := sender(settings).Send(t.Context(), mail.Message{To: "ada@acme.test", Subject: "s", Text: "t"})
			if _, refused := errors.AsType[mail.Refused](err); err == nil || refused {
				t.Errorf("%v, refused %t", err, refused)
			}
		})
	}
}

// converse greets a client and answers its commands until one begins with a word; "."
// is the end of the mail.
func converse(c *textproto.Conn, until string) {
	_ = c.PrintfLine("220 mail.test")
	for {
		line, err := c.ReadLine()
		if err != nil || strings.HasPrefix(line, until) {
			return
		}
		switch {
		case strings.HasPrefix(line, "DATA"):
			_ = c.PrintfLine("354 go on")
			if _, err := c.ReadDotLines(); err != nil || until == "." {
				return
			}
			_ = c.PrintfLine("250 taken")
		default:
			_ = c.PrintfLine("250 fine")
		}
	}
}

// A mail that the server took is sent, whatever becomes of the connection: to send it
// again would deliver it twice.
func TestTakenIsSent(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]func(*textproto.Conn){
		"connection ends":  func(*textproto.Conn) {},
		"server is upset":  func(c *textproto.Conn) { _ = c.PrintfLine("421 going down") },
		"nonsense":         func(c *textproto.Conn) { _ = c.PrintfLine("RSET? what RSET?") },
		"unknown commands": func(c *textproto.Conn) { _ = c.PrintfLine("502 what?") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := script(t, func(c *textproto.Conn) { converse(c, "RSET"); after(c) })
			if err := sender(s.settings()).Send(t.Context(), mail.Message{To: "ada@acme.test", Subject: "s", Text: "t"}); err != nil {
				t.Error(err)
			}
		})
	}
}

// A server that falls silent holds up nobody longer than the context allows.
func TestSilence(t *testing.T) {
	t.Parallel()
	for name, until := range map[string]string{"greeting": "", "hello": "EHLO", "sender": "MAIL", "recipient": "RCPT", "content": "DATA", "verdict": "."} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancelCause(t.Context())
			s := script(t, func(c *textproto.Conn) {
				if until != "" {
					converse(c, until)
				}
				cancel(errors.New("that is long enough"))
				for err := error(nil); err == nil; { // until the client hangs up
					if _, err = c.ReadLine(); errors.Is(err, os.ErrDeadlineExceeded) {
						t.Error("the client stays")
					}
				}
			})
			err := sender(s.settings()).Send(ctx, mail.Message{To: "ada@acme.test", Subject: "s", Text: "t"})
			if _, refused := errors.AsType[mail.Refused](err); !errors.Is(err, context.Canceled) || refused {
				t.Errorf("%v, refused %t", err, refused)
			}
		})
	}
}

// A check signs in and sends nothing; what it says shows no password.
func TestCheck(t *testing.T) {
	t.Parallel()
	s := serve(t, kind{tls: true})
	s.echo = true
	port, err := strconv.Atoi(s.port)
	if err != nil {
		t.Fatal(err)
	}
	server := mail.Server{Host: s.host, Port: port, Domain: "acme.test", StartTLS: true, AnyCertificate: true, User: user, Password: password, Authentication: "login"}
	if err := server.Check(t.Context(), patience); err != nil {
		t.Error(err)
	}
	wrong := server
	wrong.Password = "s3cret"
	if err := wrong.Check(t.Context(), patience); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("with the wrong password: %v", err)
	}
	strict := server
	strict.AnyCertificate = false
	if err := strict.Check(t.Context(), patience); err == nil {
		t.Error("a certificate was taken that nobody vouches for")
	}
	elsewhere := server
	elsewhere.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, errors.ErrUnsupported }
	if err := elsewhere.Check(t.Context(), patience); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("by a way of its own: %v", err)
	}
	if got := s.mails(); len(got) != 0 {
		t.Errorf("took %+v", got)
	}
}
