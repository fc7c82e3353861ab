package email

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"tributary/channels"
	"tributary/chat"
	"tributary/internal/httpx"
	"tributary/mail"
)

const (
	// checkTimeout bounds the trial of one server: a request has fifteen seconds, and may
	// try two.
	checkTimeout = 6 * time.Second
	// maxTalk is how many bytes a server may say while it is tried.
	maxTalk = 1 << 20
	// maxWords is how much of what a server says is shown, in bytes.
	maxWords = 300
)

// checkIMAP connects and signs in, and goes again.
func (d *driver) checkIMAP(ctx context.Context, c *config) error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	server := trial{kind: "IMAP", host: c.IMAPAddress, port: c.IMAPPort, secrets: []string{c.IMAPPassword}}
	if err := server.named(); err != nil {
		return err
	}
	conn, err := d.env.Dial(ctx, "tcp", server.address())
	if err != nil {
		return server.failed(ctx, err)
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if c.IMAPEnableSSL {
		secure := tls.Client(conn, &tls.Config{ServerName: c.IMAPAddress, MinVersion: tls.VersionTLS12, RootCAs: d.env.Roots})
		if err := secure.HandshakeContext(ctx); err != nil {
			return server.failed(ctx, err)
		}
		conn = secure
	}
	client := imapclient.New(&brief{Conn: conn, left: maxTalk}, nil)
	defer func() { _ = client.Close() }()
	if err := client.WaitGreeting(); err != nil {
		return server.failed(ctx, err)
	}
	if err := client.Login(c.IMAPLogin, c.IMAPPassword).Wait(); err != nil {
		return server.failed(ctx, err)
	}
	_ = client.Logout().Wait() // whoever was let in needs no goodbye
	return nil
}

// checkSMTP connects and signs in, and goes again.
func (d *driver) checkSMTP(ctx context.Context, c *config) error {
	server := trial{kind: "SMTP", host: c.SMTPAddress, port: c.SMTPPort, secrets: []string{c.SMTPPassword}}
	if err := server.named(); err != nil {
		return err
	}
	domain := c.SMTPDomain
	if domain == "" {
		domain = "localhost"
	}
	err := mail.Server{
		Host: c.SMTPAddress, Port: c.SMTPPort, Domain: domain, TLS: c.SMTPEnableTLS, StartTLS: c.SMTPStartTLS,
		AnyCertificate: c.SMTPVerifyMode == defaultVerifyMode, Roots: d.env.Roots, User: c.SMTPLogin, Password: c.SMTPPassword,
		Authentication: c.SMTPAuthentication,
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := d.env.Dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &brief{Conn: conn, left: maxTalk}, nil
		},
	}.Check(ctx, checkTimeout)
	if err != nil {
		return server.failed(ctx, err)
	}
	return nil
}

// brief is a connection to somebody who must not talk for ever.
type brief struct {
	net.Conn
	left int
}

// Read implements net.Conn.
func (b *brief) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errors.New("email: the server talks too much")
	}
	n, err := b.Conn.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// trial is a server that is tried.
type trial struct {
	kind    string // "IMAP"
	host    string
	port    int
	secrets []string
}

func (t trial) address() string { return net.JoinHostPort(t.host, strconv.Itoa(t.port)) }

// refuse is what administrators read.
func (t trial) refuse(text string, err error) error {
	return &chat.Error{Code: chat.CodeInvalid, Message: t.kind + ": " + text, Err: err}
}

// named demands that there is a server to try.
func (t trial) named() error {
	switch {
	case t.host == "":
		return t.refuse("the address of the server is missing", nil)
	case t.port == 0:
		return t.refuse("the port of the server is missing", nil)
	}
	return nil
}

// failed words why the server did not let us in.
func (t trial) failed(ctx context.Context, err error) error {
	var unknown *net.DNSError
	var refused *imap.Error
	var invalid *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var late net.Error
	switch {
	case errors.Is(err, httpx.ErrForbidden):
		return t.refuse(t.host+" leads to an address that is not allowed", err)
	case errors.As(err, &unknown) && !unknown.IsTimeout:
		return t.refuse("no server is known as "+t.host, err)
	case errors.Is(ctx.Err(), context.DeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.As(err, &late) && late.Timeout():
		return t.refuse("no answer in time from "+t.address(), err)
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return t.refuse(t.address()+" cannot be reached", err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return t.refuse(t.address()+" takes no connections", err)
	case errors.As(err, &invalid), errors.As(err, &authority):
		return t.refuse("the certificate of "+t.host+" is not valid", err)
	case errors.As(err, &refused) && refused.Type == imap.StatusResponseTypeNo:
		return t.refuse("the server refused the login or the password: "+t.words(refused.Text), nil)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.Is(err, syscall.ECONNRESET):
		return t.refuse(t.address()+" closed the connection", err)
	}
	return t.refuse(t.words(err.Error()), nil)
}

// words are what a server said, or a library about it, as it can be shown.
func (t trial) words(text string) string {
	for _, secret := range t.secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[password]")
		}
	}
	text = strings.Join(strings.Fields(channels.Clean(text)), " ")
	if len(text) > maxWords {
		text = strings.ToValidUTF8(text[:maxWords], "") + "…"
	}
	return text
}
