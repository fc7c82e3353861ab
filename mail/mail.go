// Package mail sends mails of the installation over SMTP, with the settings that
// Chatwoot has for it.
package mail

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"
)

// Settings are the installation settings that Sender reads.
var Settings = []string{
	"SMTP_ADDRESS", "SMTP_PORT", "SMTP_DOMAIN", "SMTP_USERNAME", "SMTP_PASSWORD", "SMTP_AUTHENTICATION", "SMTP_ENABLE_STARTTLS_AUTO",
	"SMTP_OPENSSL_VERIFY_MODE", "SMTP_TLS", "SMTP_SSL", "MAILER_SENDER_EMAIL",
}

// ErrNotConfigured says that the installation has no mail server.
var ErrNotConfigured = errors.New("mail: SMTP_ADDRESS is not set")

// Refused wraps a mail that no further attempt will deliver: the server said no for
// good, or the address is none.
type Refused struct{ Err error }

// Error implements error.
func (r Refused) Error() string { return r.Err.Error() }

// Unwrap gives the cause.
func (r Refused) Unwrap() error { return r.Err }

// Message is a mail to one person. Whoever writes to several sends several: then a
// failure concerns one, and another attempt reaches nobody twice.
type Message struct {
	To      string
	Subject string
	Text    string
	HTML    string // optional
	// Key is the same in every attempt to send a mail, so that mail programs show one
	// once that the server took without our hearing of it. Optional.
	Key string
}

// Sender sends mails. It reads the settings for each mail, so that a change of them
// needs no restart.
type Sender struct {
	setting func(name string) string
	now     func() time.Time
}

// New makes a sender.
func New(setting func(name string) string, now func() time.Time) *Sender {
	return &Sender{setting: setting, now: now}
}

// Configured tells whether there is a mail server.
func (s *Sender) Configured() bool { return s.setting("SMTP_ADDRESS") != "" }

// timeout bounds the conversation with the mail server.
const timeout = 30 * time.Second

// Send hands a mail to the mail server, within half a minute. Its error is
// ErrNotConfigured, Refused, or something that may pass, as wrong settings do. None
// shows the password.
func (s *Sender) Send(ctx context.Context, m Message) error {
	if !s.Configured() {
		return ErrNotConfigured
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	c := &connection{}
	server, err := s.server()
	if err != nil {
		return fmt.Errorf("mail: settings: %w", err)
	}
	client, err := server.client(c, timeout)
	if err != nil {
		return fmt.Errorf("mail: settings: %w", err)
	}
	msg, err := s.message(m)
	if err != nil {
		return err
	}
	// The library watches the clock, not the context, and leaves a connection open on
	// which it got no further than the greeting.
	defer c.close()
	defer context.AfterFunc(ctx, c.close)()
	err = client.DialAndSendWithContext(ctx, msg)
	if err == nil || msg.IsDelivered() {
		return nil // what goes wrong after the server took it does not concern the mail
	}
	refused := final(err)
	if ctx.Err() != nil {
		err = fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	err = fmt.Errorf("mail: %w", server.conceal(err))
	if refused {
		return Refused{err}
	}
	return err
}

// final tells whether the server will say the same of this mail again.
func final(err error) bool {
	said, ok := errors.AsType[*gomail.SendError](err)
	return ok && said.ErrorCode() >= 500
}

func (s *Sender) message(m Message) (*gomail.Msg, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	from := s.setting("MAILER_SENDER_EMAIL")
	if from == "" {
		from = "Tributary <tributary@" + s.domain() + ">"
	}
	address, err := netmail.ParseAddress(from)
	if err != nil {
		return nil, fmt.Errorf("mail: settings: MAILER_SENDER_EMAIL: %w", err)
	}
	msg.FromMailAddress(address)
	if err := msg.To(m.To); err != nil {
		return nil, Refused{fmt.Errorf("mail: recipient: %w", err)}
	}
	msg.Subject(oneLine(m.Subject))
	msg.SetMessageIDWithValue(messageID(m.Key, address.Address))
	msg.SetDateWithValue(s.now())
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // nobody's absence answers it (RFC 3834)
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	return msg, nil
}

// oneLine makes a line of words that somebody chose.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}

// messageID names a mail in the sender's domain.
func messageID(key, sender string) string {
	name := rand.Text()
	if key != "" {
		sum := sha256.Sum256([]byte(key))
		name = hex.EncodeToString(sum[:16])
	}
	return name + sender[strings.LastIndexByte(sender, '@'):]
}
