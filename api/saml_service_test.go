package api_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"html"
	"io"
	"log"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crewjam/saml"
	dsig "github.com/russellhaering/goxmldsig"

	"tributary/api"
	"tributary/desk"
)

// company is a stand-in for a company's service: it signs everybody in as the person
// that it has.
type company struct {
	w           *world
	server      *httptest.Server
	key         *ecdsa.PrivateKey
	certificate *x509.Certificate

	mu      sync.Mutex
	person  map[string][]string // attributes by name
	nameID  string
	change  func(*saml.IdpAuthnRequest)
	asked   []string // ids of requests
	unasked bool     // its answers name no request
}

// newCompany makes the service, whose certificate ran out before the test begins.
func (w *world) newCompany() *company {
	w.t.Helper()
	c := &company{w: w, person: map[string][]string{"email": {"bo@example.com"}}, nameID: "bo@example.com"}
	c.key, c.certificate = keyPair(w.t)
	c.server = httptest.NewServer(c)
	w.t.Cleanup(c.server.Close)
	return c
}

func keyPair(t testing.TB) (*ecdsa.PrivateKey, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "idp"},
		NotBefore: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return key, certificate
}

func pemText(c *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
}

func (c *company) entity() string { return c.server.URL + "/metadata" }

// ServeHTTP implements http.Handler.
func (c *company) ServeHTTP(out http.ResponseWriter, req *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	metadata, _ := url.Parse(c.entity())
	sso, _ := url.Parse(c.server.URL + "/sso")
	idp := &saml.IdentityProvider{
		Key: c.key, Signer: c.key, Certificate: c.certificate, MetadataURL: *metadata, SSOURL: *sso, SignatureMethod: dsig.ECDSASHA256SignatureMethod, Logger: log.New(io.Discard, "", 0),
		ServiceProviderProvider: c, SessionProvider: c, AssertionMaker: c,
		Clock: dsig.NewFakeClockAt(time.UnixMicro(c.w.now.Load()).UTC()),
	}
	if req.URL.Path == "/tile" {
		idp.ServeIDPInitiated(out, req, req.URL.Query().Get("account"), req.URL.Query().Get("relay"))
		return
	}
	idp.ServeSSO(out, req)
}

// GetServiceProvider implements saml.ServiceProviderProvider: the account's number is
// in our name.
func (c *company) GetServiceProvider(_ *http.Request, name string) (*saml.EntityDescriptor, error) {
	account := name[strings.LastIndexByte(name, '/')+1:]
	if _, custom, ok := strings.Cut(name, "custom-"); ok {
		account = custom
	}
	out := &saml.EntityDescriptor{EntityID: name, SPSSODescriptors: []saml.SPSSODescriptor{{
		AssertionConsumerServices: []saml.IndexedEndpoint{{Binding: saml.HTTPPostBinding, Location: acs(account), Index: 1}},
	}}}
	return out, nil
}

func acs(account any) string {
	return publicURL + "/omniauth/saml/callback?account_id=" + fmt.Sprint(account)
}

// GetSession implements saml.SessionProvider.
func (c *company) GetSession(_ http.ResponseWriter, _ *http.Request, req *saml.IdpAuthnRequest) *saml.Session {
	c.asked = append(c.asked, req.Request.ID)
	s := &saml.Session{ID: "s", NameID: c.nameID, NameIDFormat: string(saml.EmailAddressNameIDFormat), CreateTime: req.Now, Index: "1"}
	for name, values := range c.person {
		a := saml.Attribute{Name: name, NameFormat: "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"}
		for _, v := range values {
			a.Values = append(a.Values, saml.AttributeValue{Type: "xs:string", Value: v})
		}
		s.CustomAttributes = append(s.CustomAttributes, a)
	}
	return s
}

// MakeAssertion implements saml.AssertionMaker.
func (c *company) MakeAssertion(req *saml.IdpAuthnRequest, s *saml.Session) error {
	if c.unasked {
		req.Request.ID = ""
	}
	if err := (saml.DefaultAssertionMaker{}).MakeAssertion(req, s); err != nil {
		return err
	}
	if c.change != nil {
		c.change(req)
	}
	return nil
}

// set changes the service between two sign-ins.
func (c *company) set(f func(*company)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(c)
}

// settings are the account's, as they are sent.
func (c *company) settings(more ...string) string {
	b, err := json.Marshal(map[string]string{"sso_url": c.server.URL + "/sso", "certificate": pemText(c.certificate), "idp_entity_id": c.entity()})
	c.w.must(err)
	fields := strings.TrimSuffix(string(b), "}")
	for _, m := range more {
		fields += "," + m
	}
	return `{"saml_settings":` + fields + `}}`
}

// singleSignOn opens the account to a company.
func (w *world) singleSignOn(more ...string) *company {
	w.t.Helper()
	c := w.newCompany()
	w.samlOn(w.account)
	w.call("admin", "POST", "{A}/saml_settings", c.settings(more...)).object()
	w.bulk()
	return c
}

func (w *world) samlOn(account int64) {
	w.t.Helper()
	w.exec(`UPDATE accounts SET features = features | 9007199254740992 WHERE id = $1`, account)
}

// surfer is a browser: it goes where it is sent, submits the forms of services, and sends cookies as
// browsers do: along with a form of another site only those that say so.
type surfer struct {
	w       *world
	cookies map[string]*http.Cookie
	steps   []string                  // "POST /auth/saml 307"
	form    url.Values                // the last one that a service had submitted
	tamper  func(url.Values)          // changes such a form
	stop    func(address string) bool // where to stop before going on
}

func (w *world) surfer() *surfer { return &surfer{w: w, cookies: map[string]*http.Cookie{}} }

var (
	formAction = regexp.MustCompile(`<form method="post" action="([^"]+)"`)
	formInput  = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)
)

const ours = "desk.example"

// open gives the first page of the dashboard, or the text of a page.
func (b *surfer) open(method, address string, form url.Values) string {
	b.w.t.Helper()
	b.steps = nil
	foreign := false
	for range 15 {
		u, err := url.Parse(address)
		b.w.must(err)
		isOurs := u.Host == ours
		if isOurs && strings.HasPrefix(u.Path, "/app/") || b.stop != nil && b.stop(address) {
			return address
		}
		res, body := b.send(method, u, form, isOurs, foreign)
		b.steps = append(b.steps, fmt.Sprintf("%s %s %d", method, u.Path, res.StatusCode))
		switch res.StatusCode {
		case http.StatusFound, http.StatusSeeOther:
			method, form = http.MethodGet, nil
			fallthrough
		case http.StatusTemporaryRedirect:
			to, err := u.Parse(res.Header.Get("Location"))
			b.w.must(err)
			address = to.String()
			continue
		}
		m := formAction.FindStringSubmatch(body)
		if m == nil {
			return body
		}
		method, address, form, foreign = http.MethodPost, html.UnescapeString(m[1]), url.Values{}, true
		for _, i := range formInput.FindAllStringSubmatch(body, -1) {
			form.Set(i[1], html.UnescapeString(i[2]))
		}
		b.form = form
		if b.tamper != nil {
			b.tamper(form)
		}
	}
	b.w.t.Fatalf("no end: %v", b.steps)
	return ""
}

func (b *surfer) send(method string, u *url.URL, form url.Values, isOurs, foreign bool) (*http.Response, string) {
	b.w.t.Helper()
	to, client := *u, http.DefaultClient
	if isOurs {
		to.Scheme, to.Host, client = "http", "desk.test", b.w.client
	}
	req, err := http.NewRequestWithContext(b.w.t.Context(), method, to.String(), strings.NewReader(form.Encode()))
	b.w.must(err)
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if isOurs {
		for _, c := range b.cookies {
			if !foreign || method == http.MethodGet || c.SameSite == http.SameSiteNoneMode {
				req.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
			}
		}
	}
	once := *client
	once.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := once.Do(req)
	b.w.must(err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	b.w.must(err)
	if !isOurs {
		return res, string(body)
	}
	for _, c := range res.Cookies() {
		if !c.HttpOnly || !c.Secure || c.Path != "/" || !strings.HasPrefix(c.Name, "__Host-") {
			b.w.t.Errorf("cookie %v", c)
		}
		if len(c.Value) > 4000 {
			b.w.t.Errorf("cookie %s of %d bytes", c.Name, len(c.Value))
		}
		if b.cookies[c.Name] = c; c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	return res, string(body)
}

// login begins as the dashboard does.
func (b *surfer) login(email string) string {
	b.w.t.Helper()
	return b.open("POST", publicURL+"/api/v1/auth/saml_login", url.Values{"email": {email}})
}

// path is where the steps have led.
func (b *surfer) path() string { return strings.Join(b.steps, "\n") }

const (
	samlRefused = publicURL + "/app/login?error=saml-authentication-failed"
	samlOff     = publicURL + "/app/login?error=saml-not-enabled"
)

var ssoPage = regexp.MustCompile(`^https://desk\.example/app/login\?email=([^&]+)&sso_auth_token=([0-9a-f]{64})$`)

// entered signs in with the token of a page, and gives the user.
func (w *world) entered(page, email string) map[string]any {
	w.t.Helper()
	m := ssoPage.FindStringSubmatch(page)
	if m == nil || m[1] != url.QueryEscape(url.QueryEscape(email)) {
		w.t.Fatalf("not signed in: %s", page)
	}
	body := fmt.Sprintf(`{"email":%q,"sso_auth_token":%q}`, email, m[2])
	v := w.visit("POST", "/auth/sign_in", body)
	v.tokens()
	user, _ := v.object()["data"].(map[string]any)
	if again := w.visit("POST", "/auth/sign_in", body); again.status != http.StatusUnauthorized {
		w.t.Errorf("a token works twice: %d %s", again.status, again.body)
	}
	return user
}

// xml changes the text of an answer.
func xmlOf(t *testing.T, form url.Values, change func(string) string) {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(form.Get("SAMLResponse"))
	if err != nil {
		t.Fatal(err)
	}
	form.Set("SAMLResponse", base64.StdEncoding.EncodeToString([]byte(change(string(b)))))
}

// requests are the ids that the service was asked with.
func (c *company) requests() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.asked)
}

// restart makes another process of the program, on the same database.
func (w *world) restart() {
	w.t.Helper()
	w.client.CloseIdleConnections()
	deps := w.api.Deps
	deps.Desk = desk.New(w.desk.Options)
	w.desk, w.api = deps.Desk, api.New(deps)
	w.serve(slog.New(slog.NewTextHandler(&testLog{w.t}, nil)), deps.Desk.Now)
}
