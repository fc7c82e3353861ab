package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Server is a mail server, and how to sign in to it.
type Server struct {
	Host string
	Port int
	// Domain is what we call ourselves.
	Domain string
	// TLS speaks it from the first byte. Else StartTLS turns it on where the server has
	// it.
	TLS, StartTLS bool
	// AnyCertificate takes a certificate that proves nothing.
	AnyCertificate bool
	// Roots are who certificates are believed from; nil: whom the system believes.
	Roots *x509.CertPool
	// User signs in; empty: nobody does.
	User, Password string
	// Authentication is plain, login or cram_md5; empty: the best that the server has. A
	// password goes over a network in clear text only where the settings ask for both:
	// no encryption, and a mechanism that shows it.
	Authentication string
	// Dial connects; nil: a plain net.Dialer does.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Check connects and signs in, within timeout, and sends nothing. Its error does not
// show the password.
func (s Server) Check(ctx context.Context, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	c := &connection{}
	client, err := s.client(c, timeout)
	if err != nil {
		return fmt.Errorf("mail: settings: %w", err)
	}
	defer c.close()
	defer context.AfterFunc(ctx, c.close)()
	if err := client.DialWithContext(ctx); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("%w: %w", ctx.Err(), err)
		}
		return fmt.Errorf("mail: %w", s.conceal(err))
	}
	_ = client.Close() // whoever was let in needs no goodbye
	return nil
}

// Check connects to the configured server, over TLS and signed in as mails would be, and
// sends nothing.
func (s *Sender) Check(ctx context.Context, timeout time.Duration) error {
	if !s.Configured() {
		return ErrNotConfigured
	}
	server, err := s.server()
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	return server.Check(ctx, timeout)
}

// server reads the settings of the installation's mail server.
func (s *Sender) server() (Server, error) {
	port := 587
	if text := s.setting("SMTP_PORT"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			return Server{}, errors.New("SMTP_PORT is not a number")
		}
		port = n
	}
	return Server{
		Host: s.setting("SMTP_ADDRESS"), Port: port, Domain: s.domain(), TLS: s.on("SMTP_TLS", false) || s.on("SMTP_SSL", false),
		StartTLS: s.on("SMTP_ENABLE_STARTTLS_AUTO", true), AnyCertificate: s.setting("SMTP_OPENSSL_VERIFY_MODE") == "none",
		User: s.setting("SMTP_USERNAME"), Password: s.setting("SMTP_PASSWORD"), Authentication: s.setting("SMTP_AUTHENTICATION"),
	}, nil
}

// client makes what connects through c.
func (s Server) client(c *connection, timeout time.Duration) (*gomail.Client, error) {
	config := &tls.Config{
		ServerName: s.Host, MinVersion: tls.VersionTLS12, RootCAs: s.Roots,
		InsecureSkipVerify: s.AnyCertificate, //nolint:gosec // the explicit wish of whose server it is
	}
	c.dialer = s.Dial
	policy := gomail.TLSOpportunistic
	switch {
	case s.TLS:
		c.tls = config
	case !s.StartTLS:
		policy = gomail.NoTLS
	}
	options := []gomail.Option{
		gomail.WithPort(s.Port), gomail.WithTimeout(timeout), gomail.WithHELO(s.Domain), gomail.WithTLSConfig(config),
		gomail.WithTLSPolicy(policy), gomail.WithDialContextFunc(c.dial),
	}
	if s.User != "" {
		options = append(options, gomail.WithUsername(s.User), gomail.WithPassword(s.Password),
			gomail.WithSMTPAuth(s.authentication(policy == gomail.NoTLS && !s.TLS)))
	}
	return gomail.NewClient(s.Host, options...)
}

// authentication is the mechanism.
func (s Server) authentication(clear bool) gomail.SMTPAuthType {
	switch strings.ToLower(s.Authentication) {
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
func (s Server) conceal(err error) error {
	user, password := s.User, s.Password
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
	tls    *tls.Config // of a server that speaks TLS from the beginning
	dialer func(ctx context.Context, network, address string) (net.Conn, error)

	mu     sync.Mutex
	conn   net.Conn
	closed bool
}

// dial connects; the first byte of TLS is sent by whoever reads or writes first.
func (c *connection) dial(ctx context.Context, network, address string) (net.Conn, error) {
	connect := c.dialer
	if connect == nil {
		connect = new(net.Dialer).DialContext
	}
	conn, err := connect(ctx, network, address)
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
