package email_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	user     = "box@acme.test"
	password = "not for anybody's eyes"
)

// authority makes a certificate for the loopback address, and who believes it.
func authority(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(certificate)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// listen opens a port of the loopback address.
func listen(t *testing.T) (net.Listener, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return l, port
}

// quiet is where a server complains of clients that break the connection off.
type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

// mailbox serves IMAP with one user and gives its port; certificate nil: in clear text.
func mailbox(t *testing.T, certificate *tls.Certificate) string {
	t.Helper()
	memory := imapmemserver.New()
	memory.AddUser(imapmemserver.NewUser(user, password))
	server := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return memory.NewSession(), nil, nil
		},
		Logger: quiet{}, InsecureAuth: true,
	})
	l, port := listen(t)
	if certificate != nil {
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{*certificate}, MinVersion: tls.VersionTLS12})
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
	return port
}

// outgoing is an SMTP server.
type outgoing struct {
	port string

	mu    sync.Mutex
	hello []string // what those who signed in called themselves, and how they came
}

// seen gives who signed in since the last time.
func (o *outgoing) seen() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := o.hello
	o.hello = nil
	return out
}

// post serves SMTP; certificate nil: in clear text. implicit speaks TLS from the
// beginning.
func post(t *testing.T, certificate *tls.Certificate, implicit bool) *outgoing {
	t.Helper()
	o := &outgoing{}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &visit{o, c}, nil }))
	server.Domain, server.AllowInsecureAuth, server.ErrorLog = "mail.test", true, quiet{}
	l, port := listen(t)
	o.port = port
	if certificate != nil {
		config := &tls.Config{Certificates: []tls.Certificate{*certificate}, MinVersion: tls.VersionTLS12}
		if implicit {
			l = tls.NewListener(l, config)
		} else {
			server.TLSConfig = config
		}
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
	return o
}

// visit is one connection.
type visit struct {
	*outgoing
	conn *smtp.Conn
}

func (v *visit) AuthMechanisms() []string { return []string{"PLAIN", "LOGIN"} }

func (v *visit) Auth(mechanism string) (sasl.Server, error) {
	check := func(name, secret string) error {
		if name != user || secret != password {
			return &smtp.SMTPError{Code: 535, Message: "no such user, or not with " + secret}
		}
		_, encrypted := v.conn.TLSConnectionState()
		v.mu.Lock()
		defer v.mu.Unlock()
		v.hello = append(v.hello, fmt.Sprintf("%s %s tls=%t", v.conn.Hostname(), mechanism, encrypted))
		return nil
	}
	if mechanism == "LOGIN" {
		return &login{check: check}, nil
	}
	return sasl.NewPlainServer(func(_, name, secret string) error { return check(name, secret) }), nil
}

func (v *visit) Mail(string, *smtp.MailOptions) error {
	return errors.New("nobody is to send anything")
}

func (v *visit) Rcpt(string, *smtp.RcptOptions) error {
	return errors.New("nobody is to send anything")
}
func (v *visit) Data(io.Reader) error { return errors.New("nobody is to send anything") }
func (v *visit) Reset()               {}
func (v *visit) Logout() error        { return nil }

// login is the server's side of the mechanism LOGIN.
type login struct {
	check func(name, secret string) error
	step  int
	name  string
}

func (l *login) Next(response []byte) (challenge []byte, done bool, err error) {
	l.step++
	switch l.step {
	case 1:
		return []byte("Username:"), false, nil
	case 2:
		l.name = string(response)
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(l.name, string(response))
}

// answering takes connections and hands each to answer.
func answering(t *testing.T, answer func(net.Conn)) string {
	t.Helper()
	l, port := listen(t)
	var open sync.WaitGroup
	open.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			open.Go(func() { defer func() { _ = conn.Close() }(); answer(conn) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); open.Wait() })
	return port
}

// chatter says the same for ever.
func chatter(conn net.Conn) {
	for text := []byte(strings.Repeat("* OK [", 1000)); ; {
		if _, err := conn.Write(text); err != nil {
			return
		}
	}
}
