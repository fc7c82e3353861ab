package mail

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"net"
	"strconv"
	"strings"
	"sync"

	gomail "github.com/wneessen/go-mail"
)

// client reads the settings of the mail server. It connects through c.
func (s *Sender) client(c *connection) (*gomail.Client, error) {
	host := s.setting("SMTP_ADDRESS")
	port := 587
	if text := s.setting("SMTP_PORT"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, errors.New("SMTP_PORT is not a number")
		}
		port = n
	}
	config := &tls.Config{
		ServerName: host, MinVersion: tls.VersionTLS12,
		InsecureSkipVerify: s.setting("SMTP_OPENSSL_VERIFY_MODE") == "none", //nolint:gosec // the operator's explicit wish
	}
	policy := gomail.TLSOpportunistic
	switch {
	case s.on("SMTP_TLS", false), s.on("SMTP_SSL", false):
		c.tls = config
	case !s.on("SMTP_ENABLE_STARTTLS_AUTO", true):
		policy = gomail.NoTLS
	}
	options := []gomail.Option{
		gomail.WithPort(port), gomail.WithTimeout(timeout), gomail.WithHELO(s.domain()), gomail.WithTLSConfig(config),
		gomail.WithTLSPolicy(policy), gomail.WithDialContextFunc(c.dial),
	}
	if user := s.setting("SMTP_USERNAME"); user != "" {
		options = append(options, gomail.WithUsername(user), gomail.WithPassword(s.setting("SMTP_PASSWORD")),
			gomail.WithSMTPAuth(s.authentication(policy == gomail.NoTLS && c.tls == nil)))
	}
	return gomail.NewClient(host, options...)
}

// authentication is the mechanism; without one set, the best that the server has. A
// password goes over a network in clear text only where the settings ask for both:
// no encryption, and a mechanism that shows it.
func (s *Sender) authentication(clear bool) gomail.SMTPAuthType {
	switch strings.ToLower(s.setting("SMTP_AUTHENTICATION")) {
	case "plain":
		if clear {
			return gomail.SMTPAuthPlainNoEnc
		}
		return gomail.SMTPAuthPlain
	case "login":
		if clear {
			return gomail.SMTPAuthLoginNoEnc
		}
		return gomail.SMTPAuthLogin
	case "cram_md5", "cram-md5":
		return gomail.SMTPAuthCramMD5
	}
	return gomail.SMTPAuthAutoDiscover
}

// domain is what we call ourselves.
func (s *Sender) domain() string {
	if d := s.setting("SMTP_DOMAIN"); d != "" {
		return d
	}
	return "localhost"
}

func (s *Sender) on(name string, otherwise bool) bool {
	switch strings.ToLower(s.setting(name)) {
	case "":
		return otherwise
	case "0", "f", "false", "off", "no":
		return false
	}
	return true
}

// conceal takes the password out of an error: a server may answer with what it was
// sent.
func (s *Sender) conceal(err error) error {
	user, password := s.setting("SMTP_USERNAME"), s.setting("SMTP_PASSWORD")
	if password == "" {
		return err
	}
	text, encoding := err.Error(), base64.StdEncoding
	for _, secret := range []string{
		password, encoding.EncodeToString([]byte(password)), encoding.EncodeToString([]byte("\x00" + user + "\x00" + password)),
	} {
		text = strings.ReplaceAll(text, secret, "[password]")
	}
	if text == err.Error() {
		return err
	}
	return errors.New(text)
}

// connection is the connection of one client, which may be closed at any time.
type connection struct {
	tls *tls.Config // of a server that speaks TLS from the beginning

	mu     sync.Mutex
	conn   net.Conn
	closed bool
}

// dial connects; the first byte of TLS is sent by whoever reads or writes first.
func (c *connection) dial(ctx context.Context, network, address string) (net.Conn, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn = conn; c.closed {
		_ = conn.Close()
	}
	if c.tls != nil {
		conn = tls.Client(conn, c.tls)
	}
	return conn, nil
}

func (c *connection) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if c.conn != nil {
		_ = c.conn.Close()
	}
}
