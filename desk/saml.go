package desk

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/crewjam/saml"
	dsig "github.com/russellhaering/goxmldsig"

	"tributary/chat"
	"tributary/store"
)

// Refusals of sign-ins at a company's service.
var (
	ErrSAMLOff      = errors.New("desk: the account has no single sign-on")
	ErrSAMLResponse = errors.New("desk: the service's answer is not believed")
)

// samlRequestPrefix begins the ids of our requests, which come back as RelayState.
const samlRequestPrefix = "id-"

// maxSAMLResponse is how long an answer of a service may be, in bytes.
const maxSAMLResponse = 512 << 10

// SAMLAccount finds the account whose service signs a user in; ErrSAMLOff when there is
// no such user or account.
func (d *Desk) SAMLAccount(ctx context.Context, email string) (int64, error) {
	user, err := d.Store.LoginByEmail(ctx, NormalEmail(email))
	if err == nil {
		var id int64
		if id, err = d.Store.SAMLAccount(ctx, user.UserID, samlFeatures()); err == nil {
			return id, nil
		}
	}
	if errors.Is(err, store.ErrNotFound) {
		err = ErrSAMLOff
	}
	return 0, err
}

// samlSettings reads those of an account that may use them; ErrSAMLOff when it may not.
func (d *Desk) samlSettings(ctx context.Context, accountID int64) (store.SAMLSettings, error) {
	a, err := d.Store.Account(ctx, accountID)
	if errors.Is(err, store.ErrNotFound) || err == nil && !chat.Features(a.Features).Has(FeatureSAML) { //nolint:gosec // a bit set
		return store.SAMLSettings{}, ErrSAMLOff
	}
	if err != nil {
		return store.SAMLSettings{}, err
	}
	s, err := d.Store.SAMLSettings(ctx, accountID)
	if errors.Is(err, store.ErrNotFound) {
		err = ErrSAMLOff
	}
	return s, err
}

// StartSAML gives where a browser has to go to sign in to an account, and the request
// that it takes along. ErrSAMLOff: nowhere.
func (d *Desk) StartSAML(ctx context.Context, accountID int64) (address string, request SignInRequest, err error) {
	s, err := d.samlSettings(ctx, accountID)
	if err != nil {
		return "", request, err
	}
	now := d.Now()
	sp, err := samlProvider(s, d.PublicURL, now, nil)
	if err != nil {
		return "", request, err
	}
	r, err := sp.MakeAuthenticationRequest(s.SSOURL, saml.HTTPRedirectBinding, saml.HTTPPostBinding)
	if err != nil {
		return "", request, fmt.Errorf("desk: saml request: %w", err)
	}
	to, err := r.Redirect(r.ID, sp)
	if err != nil {
		return "", request, fmt.Errorf("desk: saml request: %w", err)
	}
	return to.String(), SignInRequest{Provider: ServiceSAML, ID: r.ID, AccountID: accountID, Until: now.Add(requestLife).Unix()}, nil
}

// SAMLAnswer is what a service sent along with a browser.
type SAMLAnswer struct {
	AccountID  int64
	Response   string // base64
	RelayState string
	// Requests are those of this browser that wait for an answer.
	Requests []SignInRequest
}

// AnswerSAML reads who the service says that the browser's user is, and which request
// it has answered. Nobody's request was answered when that is empty: the answer is to
// be believed, but was not asked for; then we ask. ErrSAMLOff, ErrSAMLResponse.
func (d *Desk) AnswerSAML(ctx context.Context, in SAMLAnswer) (Person, string, error) {
	s, err := d.samlSettings(ctx, in.AccountID)
	if err != nil {
		return Person{}, "", err
	}
	var asked []string
	for _, r := range in.Requests {
		if r.Provider == ServiceSAML && r.AccountID == in.AccountID {
			asked = append(asked, r.ID)
		}
	}
	id, answered, err := readSAML(s, in, d.PublicURL, d.Now(), asked, func(assertion string, until time.Time) error {
		return d.takeAssertion(ctx, in.AccountID, assertion, until)
	})
	if errors.Is(err, ErrSAMLResponse) {
		d.Log.Info("a sign-in by SAML was refused", "account_id", in.AccountID, "reason", shorten(err.Error(), maxReason))
	}
	return id, answered, err
}

// maxReason is how much of a reason is logged, in bytes: some of it is the sender's.
const maxReason = 300

func shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "…"
}

// takeAssertion is saml.AssertionReplayCache's Consume, for all processes.
func (d *Desk) takeAssertion(ctx context.Context, accountID int64, assertion string, until time.Time) error {
	fresh := false
	err := d.again(ctx, func(tx *store.Tx) error {
		var err error
		fresh, err = tx.TakeAssertion(ctx, accountID, assertion, until)
		return err
	})
	if err != nil {
		return unavailable{err}
	}
	if !fresh {
		return saml.ErrAssertionReplayed
	}
	return nil
}

// unavailable is our own trouble, in the middle of judging an answer.
type unavailable struct{ error }

// Unwrap gives the cause.
func (u unavailable) Unwrap() error { return u.error }

// consumer implements saml.AssertionReplayCache.
type consumer func(assertion string, until time.Time) error

// Consume implements saml.AssertionReplayCache.
func (c consumer) Consume(assertion string, until time.Time) error { return c(assertion, until) }

// readSAML judges an answer at a moment: asked are the requests that it may answer,
// consume uses an assertion up.
func readSAML(s store.SAMLSettings, in SAMLAnswer, publicURL string, now time.Time, asked []string, consume consumer) (Person, string, error) {
	sp, err := samlProvider(s, publicURL, now, consume)
	if err != nil {
		return Person{}, "", err
	}
	if len(in.Response) > maxSAMLResponse {
		return Person{}, "", fmt.Errorf("%w: too long", ErrSAMLResponse)
	}
	text, err := base64.StdEncoding.DecodeString(in.Response)
	if err != nil {
		return Person{}, "", fmt.Errorf("%w: no base64", ErrSAMLResponse)
	}
	a, err := sp.ParseXMLResponse(text, asked, sp.AcsURL)
	answered := ""
	switch {
	case err == nil:
		answered = answeredRequest(a, asked)
	case len(asked) == 0 && !strings.HasPrefix(in.RelayState, samlRequestPrefix) && errors.Is(err, saml.ErrRequestIDMismatch):
		sp.AllowIDPInitiated = true
		a, err = sp.ParseXMLResponse(text, nil, sp.AcsURL)
	}
	if err != nil {
		return Person{}, "", refusedResponse(err)
	}
	return samlPerson(s, a), answered, nil
}

// answeredRequest is the request that the library has found in an assertion: the one
// of its confirmations that is one of ours.
func answeredRequest(a *saml.Assertion, asked []string) string {
	for _, c := range a.Subject.SubjectConfirmations {
		if data := c.SubjectConfirmationData; data != nil && slices.Contains(asked, data.InResponseTo) {
			return data.InResponseTo
		}
	}
	return ""
}

// refusedResponse says why an answer is not believed; our own trouble stays what it is.
func refusedResponse(err error) error {
	if e, ok := errors.AsType[unavailable](err); ok {
		return e.error
	}
	// The library's text says nothing, so that nobody shows more by accident.
	if e, ok := errors.AsType[*saml.InvalidResponseError](err); ok {
		err = e.PrivateErr
	}
	return fmt.Errorf("%w: %w", ErrSAMLResponse, err)
}

// samlProvider is us, as the service of an account knows us.
func samlProvider(s store.SAMLSettings, publicURL string, now time.Time, consume consumer) (*saml.ServiceProvider, error) {
	acs, err := url.Parse(publicURL + "/omniauth/saml/callback?account_id=" + strconv.FormatInt(s.AccountID, 10))
	if err != nil {
		return nil, fmt.Errorf("desk: saml: %w", err)
	}
	certificates, err := samlCertificates(s.Certificate)
	if err != nil {
		return nil, fmt.Errorf("desk: saml: the certificate of account %d %w", s.AccountID, err)
	}
	sp := &saml.ServiceProvider{
		EntityID: s.SPEntityID, AcsURL: *acs, AuthnNameIDFormat: saml.EmailAddressNameIDFormat, IDPMetadata: samlMetadata(s, certificates),
		Clock: dsig.NewFakeClockAt(now),
		// The administrator chose the certificate, which stands for its key. A service
		// whose certificate has run out would lock everybody out who could change that.
		IgnoreCertificateExpiry: true,
		RejectSHA1Signatures:    true,
		RejectUnknownConditions: true,
		LimitRelayStateLength:   true,
	}
	if consume != nil {
		sp.ReplayCache = consume
	}
	return sp, nil
}

// samlMetadata is what the library knows a service by.
func samlMetadata(s store.SAMLSettings, certificates []*x509.Certificate) *saml.EntityDescriptor {
	var keys []saml.KeyDescriptor
	for _, c := range certificates {
		key := saml.KeyDescriptor{Use: "signing"}
		key.KeyInfo.X509Data.X509Certificates = []saml.X509Certificate{{Data: base64.StdEncoding.EncodeToString(c.Raw)}}
		keys = append(keys, key)
	}
	sso := saml.IDPSSODescriptor{SingleSignOnServices: []saml.Endpoint{{Binding: saml.HTTPRedirectBinding, Location: s.SSOURL}}}
	sso.KeyDescriptors = keys
	return &saml.EntityDescriptor{EntityID: s.IDPEntityID, IDPSSODescriptors: []saml.IDPSSODescriptor{sso}}
}

// samlPerson reads an assertion that is believed.
func samlPerson(s store.SAMLSettings, a *saml.Assertion) Person {
	first := func(name string) string {
		for _, v := range samlValues(a, name) {
			if v = strings.TrimSpace(v); v != "" {
				return v
			}
		}
		return ""
	}
	id := Person{
		Provider: ServiceSAML, AccountID: s.AccountID, Email: NormalEmail(first("email")), Verified: true,
		FirstName: first("first_name"), Name: strings.TrimSpace(first("first_name") + " " + first("last_name")),
	}
	if n := a.Subject.NameID; id.Email == "" && n != nil && n.Format == string(saml.EmailAddressNameIDFormat) {
		id.Email = NormalEmail(n.Value)
	}
	id.Name = cmp.Or(id.Name, first("name"))
	mappings, err := readMappings(s.RoleMappings)
	if err != nil {
		return id // of an older version: nobody becomes anything
	}
	for _, name := range []string{"groups", "Group", "memberOf"} {
		for _, group := range samlValues(a, name) {
			if _, ok := mappings[group]; ok && id.Group == "" {
				id.Group = group
			}
		}
	}
	return id
}

// samlValues are the values of an attribute, by its name, else by the one for people.
func samlValues(a *saml.Assertion, name string) []string {
	var named, friendly []string
	for _, statement := range a.AttributeStatements {
		for _, attribute := range statement.Attributes {
			to := &named
			switch {
			case attribute.Name == name:
			case attribute.FriendlyName == name:
				to = &friendly
			default:
				continue
			}
			for _, v := range attribute.Values {
				*to = append(*to, v.Value)
			}
		}
	}
	if len(named) > 0 {
		return named
	}
	return friendly
}
