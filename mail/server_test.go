package mail_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"net/textproto"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"go.uber.org/goleak"

	"tributary/mail"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	user     = "postman"
	password = "not for anybody's eyes"
)

var (
	// now is when all mails are written.
	now = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	// patience is for what must happen and normally does at once.
	patience = 20 * time.Second
)

// server is a mail server. What it is like is set before the first mail.
type server struct {
	host, port string

	mechanisms []string
	// echo answers a wrong password with what it was sent.
	echo bool
	// says is the answer to a step ("mail", "data"), or to a recipient's address.
	says map[string]*smtp.SMTPError

	mu   sync.Mutex
	took []envelope
}

// envelope is a mail that the server took.
type envelope struct {
	from      string
	to        []string
	data      string
	user      string
	encrypted bool
}

// kind of server.
type kind struct {
	address   string // "127.0.0.1" when empty
	tls       bool   // offers STARTTLS
	implicit  bool   // speaks TLS from the beginning
	forgiving bool   // takes passwords over a connection in clear text
}

func serve(t *testing.T, k kind) *server {
	t.Helper()
	s := &server{mechanisms: []string{"PLAIN", "LOGIN"}, says: map[string]*smtp.SMTPError{}}
	if k.address == "" {
		k.address = "127.0.0.1"
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(k.address, "0"))
	if err != nil {
		t.Fatal(err)
	}
	s.host, s.port, err = net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	srv := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{server: s, conn: c}, nil
	}))
	srv.Domain, srv.AllowInsecureAuth, srv.ErrorLog = "mail.test", k.forgiving, quiet{}
	if k.tls || k.implicit {
		config := &tls.Config{Certificates: []tls.Certificate{selfSigned(t)}, MinVersion: tls.VersionTLS12}
		if k.implicit {
			listener = tls.NewListener(listener, config)
		} else {
			srv.TLSConfig = config
		}
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(listener) }()
	t.Cleanup(func() { _ = srv.Close(); <-done })
	return s
}

// quiet is where a server complains of clients that break the connection off.
type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

// selfSigned makes a certificate that nobody has reason to trust.
func selfSigned(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// mails gives what the server took.
func (s *server) mails() []envelope {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.took)
}

// settings lead to the server; more are names and values.
func (s *server) settings(more ...string) map[string]string {
	m := map[string]string{"SMTP_ADDRESS": s.host, "SMTP_PORT": s.port, "MAILER_SENDER_EMAIL": "Tributary <bot@acme.test>"}
	for i := 1; i < len(more); i += 2 {
		m[more[i-1]] = more[i]
	}
	return m
}

func sender(settings map[string]string) *mail.Sender {
	return mail.New(func(name string) string { return settings[name] }, func() time.Time { return now })
}

// session is one connection.
type session struct {
	*server
	conn *smtp.Conn
	user string
	got  envelope
}

func (s *session) AuthMechanisms() []string { return s.mechanisms }

func (s *session) Auth(mechanism string) (sasl.Server, error) {
	check := func(name, pass, sent string) error {
		if name == user && pass == password {
			s.user = name
			return nil
		}
		if s.echo {
			return &smtp.SMTPError{Code: 535, Message: "wrong: " + name + " " + pass + " " + sent}
		}
		return smtp.ErrAuthFailed
	}
	switch mechanism {
	case "PLAIN":
		return plain(check), nil
	case "LOGIN":
		return &login{check: check}, nil
	}
	return nil, smtp.ErrAuthUnknownMechanism
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	_, encrypted := s.conn.TLSConnectionState()
	s.got = envelope{from: from, user: s.user, encrypted: encrypted}
	return s.say("mail")
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.got.to = append(s.got.to, to)
	return s.say(to)
}

func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.say("data"); err != nil {
		return err
	}
	s.got.data = string(data)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.took = append(s.took, s.got)
	return nil
}

func (s *session) say(step string) error {
	if said := s.says[step]; said != nil {
		return said
	}
	return nil
}

func (*session) Reset()        {}
func (*session) Logout() error { return nil }

// plain is the server's side of the mechanism PLAIN.
type plain func(name, pass, sent string) error

func (p plain) Next(response []byte) ([]byte, bool, error) {
	if response == nil {
		return []byte{}, false, nil
	}
	parts := slices.Collect(split(response))
	if len(parts) != 3 {
		return nil, true, errors.New("malformed")
	}
	return nil, true, p(parts[1], parts[2], encode(response))
}

// login is the server's side of the mechanism LOGIN.
type login struct {
	check func(name, pass, sent string) error
	asked int
	name  string
}

func (l *login) Next(response []byte) ([]byte, bool, error) {
	l.asked++
	switch l.asked {
	case 1:
		return []byte("Username:"), false, nil
	case 2:
		l.name = string(response)
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(l.name, string(response), encode(response))
}

// script is a mail server that says what a test wants, to one client.
func script(t *testing.T, say func(c *textproto.Conn)) *server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{}
	s.host, s.port, err = net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		_ = conn.SetDeadline(time.Now().Add(patience))
		say(textproto.NewConn(conn))
	}()
	t.Cleanup(func() { _ = listener.Close(); <-done })
	return s
}
