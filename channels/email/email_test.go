package email_test

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/channels"
	"tributary/channels/email"
	"tributary/chat"
	"tributary/internal/httpx"
)

type dial func(ctx context.Context, network, address string) (net.Conn, error)

func newDriver(domain string, connect dial, roots *x509.CertPool) channels.Driver {
	return email.New(&channels.Env{
		Setting: func(name string) string { return map[string]string{"MAILER_INBOUND_EMAIL_DOMAIN": domain}[name] }, PublicURL: "https://desk.example",
		Dial: connect, Roots: roots, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
}

func load(t *testing.T, d channels.Driver, settings json.RawMessage) *channels.Channel {
	t.Helper()
	config, err := d.Parse(settings)
	if err != nil {
		t.Fatal(err)
	}
	return &channels.Channel{ID: 1, InboxID: 1, AccountID: 1, Type: "Channel::Email", Settings: settings, Config: config, AccountActive: true}
}

func create(t *testing.T, d channels.Driver, domain, params string) *channels.Channel {
	t.Helper()
	draft, err := d.(channels.AccountCreator).CreateFor(t.Context(), channels.Account{ID: 1, InboundDomain: domain}, json.RawMessage(params))
	if err != nil {
		t.Fatalf("%s: %v", params, err)
	}
	return load(t, d, draft.Settings)
}

// shown is what clients see, as JSON.
func shown(t *testing.T, d channels.Driver, ch *channels.Channel, admin bool) map[string]any {
	t.Helper()
	b, err := json.Marshal(d.(channels.Presenter).Present(ch, admin))
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func same(t *testing.T, name string, got any, want string) {
	t.Helper()
	var wanted any
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if !reflect.DeepEqual(got, wanted) {
		b, _ := json.Marshal(got)
		t.Errorf("%s: got\n%s\nwant\n%s", name, b, want)
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	d := newDriver("", nil, nil)
	ch := create(t, d, "in.acme.test", `{"type":"email","email":" Help@Acme.test "}`)
	agents, admins := shown(t, d, ch, false), shown(t, d, ch, true)
	forward, _ := agents["forward_to_email"].(string)
	if !regexp.MustCompile(`^[0-9a-f]{32}@in\.acme\.test$`).MatchString(forward) {
		t.Errorf("forward_to_email %q", forward)
	}
	same(t, "agents", agents, fmt.Sprintf(`{"email":"Help@Acme.test","forward_to_email":%q,"provider":null}`, forward))
	same(t, "administrators", admins, fmt.Sprintf(`{"email":"Help@Acme.test","forward_to_email":%q,"provider":null,
		"imap_login":"","imap_password":"","imap_address":"","imap_port":0,"imap_enabled":false,"imap_enable_ssl":true,
		"smtp_login":"","smtp_password":"","smtp_address":"","smtp_port":0,"smtp_enabled":false,"smtp_domain":"","smtp_enable_ssl_tls":false,
		"smtp_enable_starttls_auto":true,"smtp_openssl_verify_mode":"none","smtp_authentication":"login"}`, forward))
	want := []channels.Binding{{Address: chat.Address{Kind: "email", Value: "help@acme.test"}}, {Address: chat.Address{Kind: "email", Value: forward}}}
	if got := d.Addresses(ch); !slices.Equal(got, want) {
		t.Errorf("addresses %v, want %v", got, want)
	}
	if other := shown(t, d, create(t, d, "in.acme.test", `{"email":"a@b.test"}`), false)["forward_to_email"]; other == forward {
		t.Error("two inboxes have the same address for forwarding")
	}
}

// Without a domain that takes mail there is no address for forwarding; it comes with
// the first change after there is one.
func TestForwardingComesLater(t *testing.T) {
	t.Parallel()
	d := newDriver("", nil, nil)
	ch := create(t, d, "", `{"email":"help@acme.test"}`)
	same(t, "without a domain", shown(t, d, ch, false), `{"email":"help@acme.test","forward_to_email":"","provider":null}`)
	if got := d.Addresses(ch); len(got) != 1 {
		t.Errorf("addresses %v, want one", got)
	}
	later := newDriver("mail.test", nil, nil)
	settings, err := later.(channels.Creator).Update(t.Context(), ch, json.RawMessage(`{"smtp_domain":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := shown(t, later, load(t, later, settings), false)["forward_to_email"].(string); !regexp.MustCompile(`^[0-9a-f]{32}@mail\.test$`).MatchString(got) {
		t.Errorf("forward_to_email %q", got)
	}
}

const everything = `{"email":"help@acme.test","provider":"other","verified_for_sending":true,
	"imap_enabled":"true","imap_login":"il","imap_password":" ip ","imap_address":" imap.acme.test ","imap_port":"993","imap_enable_ssl":"false",
	"smtp_enabled":1,"smtp_login":"sl","smtp_password":"sp","smtp_address":"smtp.acme.test","smtp_port":465,"smtp_domain":"acme.test",
	"smtp_enable_starttls_auto":false,"smtp_enable_ssl_tls":true,"smtp_openssl_verify_mode":"peer","smtp_authentication":"plain"}`

// Creation asks no server.
func TestEverythingGiven(t *testing.T) {
	t.Parallel()
	d := newDriver("", func(context.Context, string, string) (net.Conn, error) {
		t.Error("a server was called")
		return nil, errors.New("no")
	}, nil)
	ch := create(t, d, "in.test", everything)
	got := shown(t, d, ch, true)
	delete(got, "forward_to_email")
	const want = `{"email":"help@acme.test","provider":"other",
		"imap_login":"il","imap_password":" ip ","imap_address":"imap.acme.test","imap_port":993,"imap_enabled":true,"imap_enable_ssl":false,
		"smtp_login":"sl","smtp_password":"sp","smtp_address":"smtp.acme.test","smtp_port":465,"smtp_enabled":true,"smtp_domain":"acme.test","smtp_enable_ssl_tls":true,
		"smtp_enable_starttls_auto":false,"smtp_openssl_verify_mode":"peer","smtp_authentication":"plain"}`
	same(t, "created", got, want)
	settings, err := d.(channels.Creator).Update(t.Context(), ch, json.RawMessage(`{"imap_enabled":false,"smtp_enabled":"0","smtp_port":null,"smtp_authentication":"","provider":null}`))
	if err != nil {
		t.Fatal(err)
	}
	after := shown(t, d, load(t, d, settings), true)
	if after["forward_to_email"] != shown(t, d, ch, true)["forward_to_email"] {
		t.Error("the address for forwarding changed")
	}
	delete(after, "forward_to_email")
	same(t, "changed", after, strings.NewReplacer(`"imap_enabled":true`, `"imap_enabled":false`, `"smtp_enabled":true`, `"smtp_enabled":false`, `"smtp_port":465`, `"smtp_port":0`,
		`"plain"`, `"login"`, `"provider":"other"`, `"provider":null`).Replace(want))
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	d := newDriver("", nil, nil)
	ch := create(t, d, "", `{"email":"help@acme.test"}`)
	long := strings.Repeat("x", 256)
	for _, c := range []struct{ params, message, attribute string }{
		{`{"email":""}`, "Email can't be blank", "email"},
		{`{"email":null}`, "Email can't be blank", "email"},
		{`{"email":"help"}`, "Email is invalid, Email is not an email", "email"},
		{`{"email":"a@b.test","imap_port":"x"}`, "Imap port is not a number", "imap_port"},
		{`{"email":"a@b.test","smtp_port":65536}`, "Smtp port must be less than or equal to 65535", "smtp_port"},
		{`{"email":"a@b.test","smtp_port":-1}`, "Smtp port must be greater than or equal to 0", "smtp_port"},
		{`{"email":"a@b.test","smtp_authentication":"magic"}`, "Smtp authentication is not included in the list", "smtp_authentication"},
		{`{"email":"a@b.test","smtp_openssl_verify_mode":"x"}`, "Smtp openssl verify mode is not included in the list", "smtp_openssl_verify_mode"},
		{`{"email":"a@b.test","imap_address":"` + long + `"}`, "Imap address is too long (maximum is 255 characters)", "imap_address"},
		{`{"email":"a@b.test","provider":"` + long + `"}`, "Provider is too long (maximum is 255 characters)", "provider"},
		{`"x"`, "Channel is invalid", "channel"},
	} {
		_, made := d.(channels.Creator).Create(t.Context(), json.RawMessage(c.params))
		_, changed := d.(channels.Creator).Update(t.Context(), ch, json.RawMessage(c.params))
		for _, err := range []error{made, changed} {
			var e *chat.Error
			if !errors.As(err, &e) || e.Code != chat.CodeInvalid || e.Message != c.message || !slices.Equal(e.Attributes, []string{c.attribute}) {
				t.Errorf("%.60s: got %v, want %q", c.params, err, c.message)
			}
		}
	}
	if _, err := d.(channels.Creator).Create(t.Context(), json.RawMessage(`{}`)); err == nil {
		t.Error("an inbox without an address was made")
	}
}

func TestReauthorization(t *testing.T) {
	t.Parallel()
	d := newDriver("", nil, nil)
	const tokens = `,"provider_config":{"access_token":"a"}`
	for _, c := range []struct {
		settings string
		flagged  bool
		want     any // nil: the key is not there
	}{
		{`"provider":null`, true, nil},
		{`"provider":"other","imap_enabled":true,"imap_address":"imap.acme.test"`, true, nil},
		{`"imap_enabled":false,"imap_address":"imap.gmail.com"`, true, nil},
		{`"imap_enabled":true,"imap_address":"imap.gmail.com"`, false, true},
		{`"imap_enabled":true,"imap_address":"imap.gmail.com"` + tokens, false, false},
		{`"provider":"google"`, false, true},
		{`"provider":"google"` + tokens, false, false},
		{`"provider":"google"` + tokens, true, true},
		{`"provider":"microsoft"`, false, true},
		{`"provider":"microsoft"` + tokens, false, false},
	} {
		ch := load(t, d, json.RawMessage(`{"email":"a@b.test",`+c.settings+`}`))
		ch.ReauthorizationRequired = c.flagged
		if got := shown(t, d, ch, true)["reauthorization_required"]; got != c.want {
			t.Errorf("%s, flagged %t: got %v, want %v", c.settings, c.flagged, got, c.want)
		}
		for _, hidden := range []string{"reauthorization_required", "provider_config", "imap_password", "smtp_password", "imap_login"} {
			if v, seen := shown(t, d, ch, false)[hidden]; seen {
				t.Errorf("an agent sees %s: %v", hidden, v)
			}
		}
		if _, seen := shown(t, d, ch, true)["provider_config"]; seen {
			t.Error("provider_config is shown")
		}
	}
}

func TestSourceFor(t *testing.T) {
	t.Parallel()
	d := newDriver("", nil, nil).(channels.SourceMaker)
	if got, err := d.SourceFor(nil, "+1", " ana@acme.test "); err != nil || got != "ana@acme.test" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := d.SourceFor(nil, "+1", " "); err == nil {
		t.Error("a contact without an address got one")
	}
}

// connect reaches the test's servers, which are on the loopback address.
var connect = httpx.NewGuardedDialer(true).DialContext

// try updates an inbox.
func try(ctx context.Context, t *testing.T, d channels.Driver, params string) error {
	t.Helper()
	ch := create(t, d, "", `{"email":"help@acme.test"}`)
	settings, err := d.(channels.Creator).Update(ctx, ch, json.RawMessage(params))
	if (err == nil) != (settings != nil) {
		t.Errorf("%s: settings %s, error %v", params, settings, err)
	}
	return err
}

// refused demands a text without attributes that shows no password.
func refused(t *testing.T, name string, err error, part string) {
	t.Helper()
	var e *chat.Error
	if !errors.As(err, &e) || e.Code != chat.CodeInvalid || len(e.Attributes) != 0 || !strings.Contains(e.Message, part) || strings.Contains(e.Message, password) {
		t.Errorf("%s: got %v, want %q", name, err, part)
	}
}

func imapParams(port, pass, more string) string {
	return fmt.Sprintf(`{"imap_enabled":true,"imap_address":"127.0.0.1","imap_port":%s,"imap_login":%q,"imap_password":%q%s}`, port, user, pass, more)
}

func TestIMAP(t *testing.T) {
	t.Parallel()
	certificate, roots := authority(t)
	d, stranger := newDriver("", connect, roots), newDriver("", connect, nil)
	secure, clear := mailbox(t, &certificate), mailbox(t, nil)
	const plain = `,"imap_enable_ssl":false`
	for name, params := range map[string]string{"TLS": imapParams(secure, password, ""), "in clear text": imapParams(clear, password, plain)} {
		if err := try(t.Context(), t, d, params); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	refused(t, "wrong password", try(t.Context(), t, d, imapParams(secure, "wrong", "")), "IMAP: the server refused the login or the password: ")
	refused(t, "unknown authority", try(t.Context(), t, stranger, imapParams(secure, password, "")), "IMAP: the certificate of 127.0.0.1 is not valid")
	refused(t, "TLS towards clear text", try(t.Context(), t, d, imapParams(clear, password, "")), "IMAP: ")
	refused(t, "no address", try(t.Context(), t, d, `{"imap_enabled":true,"imap_port":1}`), "IMAP: the address of the server is missing")
	refused(t, "no port", try(t.Context(), t, d, `{"imap_enabled":true,"imap_address":"127.0.0.1"}`), "IMAP: the port of the server is missing")
	echo := answering(t, func(conn net.Conn) {
		_, _ = fmt.Fprint(conn, "* OK hello\r\n")
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			tag, command, _ := strings.Cut(lines.Text(), " ")
			if strings.HasPrefix(command, "LOGIN") {
				_, _ = fmt.Fprintf(conn, "%s NO not with %s\r\n", tag, password)
			} else {
				_, _ = fmt.Fprintf(conn, "* CAPABILITY IMAP4rev1\r\n%s OK\r\n", tag)
			}
		}
	})
	refused(t, "a server that repeats the password", try(t.Context(), t, d, imapParams(echo, password, plain)), "not with [password]")
}

// The values of the request are tried, not those that are stored.
func TestIMAPOfTheRequest(t *testing.T) {
	t.Parallel()
	d := newDriver("", connect, nil)
	port := mailbox(t, nil)
	ch := create(t, d, "", strings.Replace(imapParams(port, password, `,"imap_enable_ssl":false`), "{", `{"email":"help@acme.test",`, 1))
	update := func(params string) error {
		_, err := d.(channels.Creator).Update(t.Context(), ch, json.RawMessage(params))
		return err
	}
	refused(t, "only switched on", update(`{"imap_enabled":true}`), "the address of the server is missing")
	for _, params := range []string{`{"imap_enabled":false,"imap_address":"nowhere.invalid"}`, `{"imap_enabled":"","imap_port":1}`, `{"imap_address":"nowhere.invalid"}`} {
		if err := update(params); err != nil {
			t.Errorf("%s: %v", params, err)
		}
	}
}

func smtpParams(port, pass, more string) string {
	return fmt.Sprintf(`{"smtp_enabled":true,"smtp_address":"127.0.0.1","smtp_port":%s,"smtp_login":%q,"smtp_password":%q,"smtp_domain":"acme.test"%s}`, port, user, pass, more)
}

func TestSMTP(t *testing.T) {
	t.Parallel()
	certificate, roots := authority(t)
	d, stranger := newDriver("", connect, roots), newDriver("", connect, nil)
	starttls, implicit, clear := post(t, &certificate, false), post(t, &certificate, true), post(t, nil, false)
	for _, c := range []struct {
		name   string
		server *outgoing
		more   string
		want   string
	}{
		{"STARTTLS, any certificate", starttls, ``, "acme.test LOGIN tls=true"},
		{"STARTTLS, checked", starttls, `,"smtp_openssl_verify_mode":"peer"`, "acme.test LOGIN tls=true"},
		{"plain", starttls, `,"smtp_authentication":"plain"`, "acme.test PLAIN tls=true"},
		{"no STARTTLS", starttls, `,"smtp_enable_starttls_auto":false`, "acme.test LOGIN tls=false"},
		{"implicit TLS", implicit, `,"smtp_enable_ssl_tls":true`, "acme.test LOGIN tls=true"},
		{"clear text", clear, `,"smtp_enable_starttls_auto":false,"smtp_authentication":"plain"`, "acme.test PLAIN tls=false"},
	} {
		if err := try(t.Context(), t, d, smtpParams(c.server.port, password, c.more)); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if got := c.server.seen(); !slices.Equal(got, []string{c.want}) {
			t.Errorf("%s: signed in as %v, want %q", c.name, got, c.want)
		}
	}
	if err := try(t.Context(), t, d, fmt.Sprintf(`{"smtp_enabled":"1","smtp_address":"127.0.0.1","smtp_port":%s}`, starttls.port)); err != nil {
		t.Errorf("without a login: %v", err)
	}
	refused(t, "wrong password", try(t.Context(), t, d, smtpParams(starttls.port, "wrong", "")), "SMTP: ")
	refused(t, "unknown authority", try(t.Context(), t, stranger, smtpParams(starttls.port, password, `,"smtp_openssl_verify_mode":"peer"`)), "SMTP: the certificate of 127.0.0.1 is not valid")
	refused(t, "a mechanism that the server has not", try(t.Context(), t, d, smtpParams(starttls.port, password, `,"smtp_authentication":"cram_md5"`)), "SMTP: ")
	refused(t, "no address", try(t.Context(), t, d, `{"smtp_enabled":true,"smtp_port":25}`), "SMTP: the address of the server is missing")
	refused(t, "no port", try(t.Context(), t, d, `{"smtp_enabled":true,"smtp_address":"127.0.0.1"}`), "SMTP: the port of the server is missing")
	for _, s := range []*outgoing{starttls, implicit, clear} {
		if got := s.seen(); len(got) != 0 {
			t.Errorf("somebody signed in who should not: %v", got)
		}
	}
}

// Both servers are tried when both are switched on; none is when one of them is wrong.
func TestBoth(t *testing.T) {
	t.Parallel()
	d := newDriver("", connect, nil)
	box, out := mailbox(t, nil), post(t, nil, false)
	both := func(pass string) string {
		return strings.TrimSuffix(imapParams(box, pass, `,"imap_enable_ssl":false`), "}") + "," +
			strings.TrimPrefix(smtpParams(out.port, password, `,"smtp_enable_starttls_auto":false`), "{")
	}
	if err := try(t.Context(), t, d, both(password)); err != nil || len(out.seen()) != 1 {
		t.Errorf("got %v", err)
	}
	refused(t, "IMAP fails", try(t.Context(), t, d, both("wrong")), "IMAP: ")
	if got := out.seen(); len(got) != 0 {
		t.Errorf("SMTP was tried: %v", got)
	}
}

// Servers that are not there, or not what they should be.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	closed, port := listen(t)
	_ = closed.Close()
	d := newDriver("", connect, nil)
	guarded := newDriver("", httpx.NewGuardedDialer(false).DialContext, nil)
	silent := answering(t, func(conn net.Conn) { _, _ = conn.Read(make([]byte, 1)) })
	gone := answering(t, func(net.Conn) {})
	endless := answering(t, chatter)
	nameless := newDriver("", func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "127.0.0.1", IsNotFound: true}}
	}, nil)
	for kind, params := range map[string]func(port string) string{
		"IMAP": func(port string) string { return imapParams(port, password, `,"imap_enable_ssl":false`) },
		"SMTP": func(port string) string { return smtpParams(port, password, "") },
	} {
		refused(t, "closed", try(t.Context(), t, d, params(port)), kind+": 127.0.0.1:"+port+" takes no connections")
		refused(t, "unknown name", try(t.Context(), t, nameless, params(port)), kind+": no server is known as 127.0.0.1")
		refused(t, "private", try(t.Context(), t, guarded, params(silent)), kind+": 127.0.0.1 leads to an address that is not allowed")
		refused(t, "goes at once", try(t.Context(), t, d, params(gone)), kind+": ")
		refused(t, "talks for ever", try(t.Context(), t, d, params(endless)), kind+": ")
		soon, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		refused(t, "silent", try(soon, t, d, params(silent)), kind+": no answer in time from 127.0.0.1:"+silent)
		cancel()
	}
}

// A request has fifteen seconds, and may try two servers.
func TestTimeLimit(t *testing.T) {
	t.Parallel()
	var limits []time.Duration
	d := newDriver("", func(ctx context.Context, _, _ string) (net.Conn, error) {
		if deadline, ok := ctx.Deadline(); ok {
			limits = append(limits, time.Until(deadline))
		}
		return nil, context.DeadlineExceeded
	}, nil)
	refused(t, "IMAP", try(t.Context(), t, d, imapParams("993", password, "")), "IMAP: no answer in time from 127.0.0.1:993")
	refused(t, "SMTP", try(t.Context(), t, d, smtpParams("25", password, "")), "SMTP: no answer in time from 127.0.0.1:25")
	if len(limits) != 2 || limits[0]+limits[1] > 13*time.Second {
		t.Errorf("limits %v, want two of six seconds", limits)
	}
}
