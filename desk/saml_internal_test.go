package desk

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/crewjam/saml"
	dsig "github.com/russellhaering/goxmldsig"

	"tributary/store"
)

const (
	samlUs      = "https://desk.example"
	samlCompany = "https://idp.example/metadata"
	samlAsked   = "id-1234"
)

var samlNow = time.Date(2025, 1, 31, 10, 0, 0, 0, time.UTC)

// samlKey is the same in every process, so that what one has found another one finds
// again.
func samlKey(tb testing.TB) (*ecdsa.PrivateKey, *x509.Certificate) {
	tb.Helper()
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), []byte(strings.Repeat("k", 32)))
	if err != nil {
		tb.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: samlNow, NotAfter: samlNow.Add(time.Hour)}
	der, err := x509.CreateCertificate(nil, template, template, &key.PublicKey, key) // without randomness
	if err != nil {
		tb.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatal(err)
	}
	return key, certificate
}

// samlAnswer is what the company's service says of Bo.
func samlAnswer(tb testing.TB) (store.SAMLSettings, string) {
	tb.Helper()
	key, certificate := samlKey(tb)
	settings := store.SAMLSettings{
		AccountID: 7, SSOURL: "https://idp.example/sso", IDPEntityID: samlCompany, SPEntityID: samlUs + "/saml/sp/7", RoleMappings: `{"Staff":{"role":1}}`,
		Certificate: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})),
	}
	company, err := url.Parse(samlCompany)
	if err != nil {
		tb.Fatal(err)
	}
	req := &saml.IdpAuthnRequest{
		IDP: &saml.IdentityProvider{
			Key: key, Signer: key, Certificate: certificate, MetadataURL: *company, SignatureMethod: dsig.ECDSASHA256SignatureMethod,
			Clock: dsig.NewFakeClockAt(samlNow),
		},
		HTTPRequest: httptest.NewRequestWithContext(tb.Context(), "GET", "/", nil), Now: samlNow, Request: saml.AuthnRequest{ID: samlAsked, IssueInstant: samlNow},
		ServiceProviderMetadata: &saml.EntityDescriptor{EntityID: settings.SPEntityID},
		SPSSODescriptor:         &saml.SPSSODescriptor{},
		ACSEndpoint:             &saml.IndexedEndpoint{Binding: saml.HTTPPostBinding, Location: samlUs + "/omniauth/saml/callback?account_id=7"},
	}
	attribute := func(name string, values ...string) saml.Attribute {
		a := saml.Attribute{Name: name}
		for _, v := range values {
			a.Values = append(a.Values, saml.AttributeValue{Type: "xs:string", Value: v})
		}
		return a
	}
	if err := (saml.DefaultAssertionMaker{}).MakeAssertion(req, &saml.Session{
		NameID: "bo", CreateTime: samlNow, CustomAttributes: []saml.Attribute{
			attribute("email", "bo@example.com"), attribute("first_name", "Bo"), attribute("last_name", "B"), attribute("groups", "Other", "Staff"),
		},
	}); err != nil {
		tb.Fatal(err)
	}
	form, err := req.PostBinding()
	if err != nil {
		tb.Fatal(err)
	}
	return settings, form.SAMLResponse
}

func TestReadSAML(t *testing.T) {
	t.Parallel()
	settings, answer := samlAnswer(t)
	taken := ""
	person, answered, err := readSAML(settings, SAMLAnswer{AccountID: 7, Response: answer}, samlUs, samlNow, []string{"id-other", samlAsked},
		func(assertion string, until time.Time) error {
			taken = assertion
			if !until.After(samlNow) || until.After(samlNow.Add(10*time.Minute)) {
				t.Errorf("until %v", until)
			}
			return nil
		})
	want := Person{Provider: ServiceSAML, AccountID: 7, Email: "bo@example.com", Verified: true, Name: "Bo B", FirstName: "Bo", Group: "Staff"}
	if err != nil || person != want || answered != samlAsked || !strings.HasPrefix(taken, "id-") {
		t.Errorf("got %+v, %q, %v", person, answered, err)
	}
	trouble := errors.New("the database is away")
	_, _, err = readSAML(settings, SAMLAnswer{Response: answer}, samlUs, samlNow, []string{samlAsked}, func(string, time.Time) error { return unavailable{trouble} })
	if !errors.Is(err, trouble) || errors.Is(err, ErrSAMLResponse) {
		t.Errorf("our own trouble: %v", err)
	}
	// Another certificate beside the right one, as while a service changes it.
	template := &x509.Certificate{SerialNumber: big.NewInt(2)}
	other, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), []byte(strings.Repeat("o", 32)))
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(nil, template, template, &other.PublicKey, other)
	if err != nil {
		t.Fatal(err)
	}
	two := settings
	two.Certificate = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})) + settings.Certificate
	if _, _, err := readSAML(two, SAMLAnswer{Response: answer}, samlUs, samlNow, []string{samlAsked}, nil); err != nil {
		t.Errorf("of two certificates: %v", err)
	}
	two.Certificate = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	if _, _, err := readSAML(two, SAMLAnswer{Response: answer}, samlUs, samlNow, []string{samlAsked}, nil); !errors.Is(err, ErrSAMLResponse) {
		t.Errorf("of another certificate: %v", err)
	}
}

// FuzzReadSAML: nothing makes it panic or fail otherwise than by refusing, and nobody
// is believed to be anybody but whom the service has signed.
func FuzzReadSAML(f *testing.F) {
	settings, answer := samlAnswer(f)
	text, err := base64.StdEncoding.DecodeString(answer)
	if err != nil {
		f.Fatal(err)
	}
	whole := string(text)
	signature := whole[strings.Index(whole, "<ds:Signature") : strings.Index(whole, "</ds:Signature>")+len("</ds:Signature>")]
	for _, seed := range []string{
		whole, strings.Replace(whole, signature, "", 1), strings.ReplaceAll(whole, "bo@example.com", "ada@example.com"),
		strings.ReplaceAll(whole, "bo@example.com", "ada@example.com<!---->"), strings.ReplaceAll(whole, samlAsked, ""), "<x/>", "",
		`<!DOCTYPE x [<!ENTITY a "b">]><samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol">&a;</samlp:Response>`,
	} {
		f.Add(seed, "")
		f.Add(seed, samlAsked)
	}
	f.Fuzz(func(t *testing.T, xml, relay string) {
		in := SAMLAnswer{AccountID: 7, Response: base64.StdEncoding.EncodeToString([]byte(xml)), RelayState: relay}
		for _, asked := range [][]string{{samlAsked}, nil} {
			person, answered, err := readSAML(settings, in, samlUs, samlNow, asked, func(string, time.Time) error { return nil })
			if err != nil && !errors.Is(err, ErrSAMLResponse) {
				t.Fatalf("failed: %v", err)
			}
			if err == nil && (person.Email != "bo@example.com" || answered != "" && answered != samlAsked) {
				t.Fatalf("believed %+v, %q", person, answered)
			}
		}
	})
}
