package mail_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"tributary/mail"
)

func TestEncryption(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		server    kind
		settings  []string
		fails     bool
		encrypted bool
	}{
		"no TLS":                       {kind{}, nil, false, false},
		"STARTTLS, unproven":           {kind{tls: true}, nil, true, false},
		"STARTTLS, peer":               {kind{tls: true}, []string{"SMTP_OPENSSL_VERIFY_MODE", "peer"}, true, false},
		"STARTTLS, none":               {kind{tls: true}, []string{"SMTP_OPENSSL_VERIFY_MODE", "none"}, false, true},
		"STARTTLS is not wanted":       {kind{tls: true}, []string{"SMTP_ENABLE_STARTTLS_AUTO", "false"}, false, false},
		"TLS, peer":                    {kind{implicit: true}, []string{"SMTP_TLS", "true"}, true, false},
		"TLS, none":                    {kind{implicit: true}, []string{"SMTP_TLS", "true", "SMTP_OPENSSL_VERIFY_MODE", "none"}, false, true},
		"SSL, none":                    {kind{implicit: true}, []string{"SMTP_SSL", "1", "SMTP_OPENSSL_VERIFY_MODE", "none"}, false, true},
		"TLS with a server without it": {kind{}, []string{"SMTP_TLS", "true", "SMTP_OPENSSL_VERIFY_MODE", "none"}, true, false},
		"TLS is not wanted":            {kind{}, []string{"SMTP_TLS", "false", "SMTP_SSL", "0"}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, c.server)
			err := sender(s.settings(c.settings...)).Send(t.Context(), mail.Message{To: "ada@acme.test", Subject: "s", Text: "t"})
			if _, refused := errors.AsType[mail.Refused](err); (err != nil) != c.fails || refused {
				t.Fatalf("%v, refused %t", err, refused)
			}
			took := s.mails()
			if c.fails {
				if len(took) != 0 {
					t.Errorf("took %+v", took)
				}
				return
			}
			if len(took) != 1 || took[0].encrypted != c.encrypted {
				t.Errorf("took %+v, want one, encrypted %t", took, c.encrypted)
			}
		})
	}
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	// remote is no loopback address as far as the library knows.
	starttls, remote := kind{tls: true}, kind{address: "127.0.0.2", forgiving: true}
	for name, c := range map[string]struct {
		server     kind
		mechanisms []string
		settings   []string
		fails      bool
	}{
		"plain":            {starttls, nil, []string{"SMTP_AUTHENTICATION", "plain"}, false},
		"login":            {starttls, nil, []string{"SMTP_AUTHENTICATION", "LOGIN"}, false},
		"the server's":     {starttls, nil, nil, false},
		"only login":       {starttls, []string{"LOGIN"}, nil, false},
		"over TLS":         {kind{implicit: true}, nil, []string{"SMTP_TLS", "true"}, false},
		"not offered":      {starttls, []string{"LOGIN"}, []string{"SMTP_AUTHENTICATION", "plain"}, true},
		"none is offered":  {kind{}, nil, nil, true},
		"in clear":         {remote, nil, []string{"SMTP_AUTHENTICATION", "plain"}, true},
		"in clear, login":  {remote, nil, []string{"SMTP_AUTHENTICATION", "login"}, true},
		"in clear, any":    {remote, nil, []string{"SMTP_ENABLE_STARTTLS_AUTO", "false"}, true},
		"in clear, wanted": {remote, nil, []string{"SMTP_AUTHENTICATION", "plain", "SMTP_ENABLE_STARTTLS_AUTO", "false"}, false},
		"in clear by login, wanted": {
			remote, nil, []string{"SMTP_AUTHENTICATION", "login", "SMTP_ENABLE_STARTTLS_AUTO", "false"}, false,
		},
		"the digest is not offered": {starttls, nil, []string{"SMTP_AUTHENTICATION", "cram_md5"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, c.server)
			if c.mechanisms != nil {
				s.mechanisms = c.mechanisms
			}
			settings := s.settings(append(c.settings, "SMTP_USERNAME", user, "SMTP_PASSWORD", password, "SMTP_OPENSSL_VERIFY_MODE", "none")...)
			err := sender(settings).Send(t.Context(), mail.Message{To: "ada@acme.test", Subject: "s", Text: "t"})
			if (err != nil) != c.fails {
				t.Fatal(err)
			}
			if took := s.mails(); c.fails && len(took) != 0 || !c.fails && (len(took) != 1 || took[0].user != user) {
				t.Errorf("took %+v", took)
			}
			secretless(t, err, password)
		})
	}
}

// A password that the server does not take may be mended, and shows in no error: not
// even where the server repeats it.
func TestWrongPassword(t *testing.T) {
	t.Parallel()
	const wrong = "a password of another server"
	for _, mechanism := range []string{"plain", "login"} {
		for name, echo := range map[string]bool{mechanism: false, mechanism + ", repeated": true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := serve(t, kind{tls: true})
				s.echo = echo
				settings := s.settings("SMTP_USERNAME", user, "SMTP_PASSWORD", wrong, "SMTP_AUTHENTICATION", mechanism, "SMTP_OPENSSL_VERIFY_MODE", "none")
				err := sender(settings).Send(t.Context(), mail.Message{To: "ada@acme.test", Subject: "s", Text: "t"})
				if _, refused := errors.AsType[mail.Refused](err); err == nil || refused || !strings.Contains(err.Error(), "535") {
					t.Fatalf("%v, refused %t", err, refused)
				}
				if echo != strings.Contains(err.Error(), "[password]") {
					t.Errorf("%v", err)
				}
				secretless(t, err, wrong)
				if len(s.mails()) != 0 {
					t.Errorf("took %+v", s.mails())
				}
			})
		}
	}
}

// secretless looks for a password in an error and all that it wraps.
func secretless(t *testing.T, err error, secret string) {
	t.Helper()
	for ; err != nil; err = errors.Unwrap(err) {
		for _, form := range []string{secret, base64.StdEncoding.EncodeToString([]byte(secret)), encode([]byte("\x00" + user + "\x00" + secret))} {
			if strings.Contains(err.Error(), form) {
				t.Errorf("an error shows the password: %v", err)
			}
		}
	}
}
