package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"
)

const managementScope = "whatsapp_business_management"

// app is the token with which the app speaks for itself, "id|secret"; e says that a
// setting is missing.
func (c *Client) app() (id, token string, e *Error) {
	id, secret := value(c.opts.AppID), value(c.opts.AppSecret)
	if !sendable(id) || !sendable(secret) {
		return "", "", &Error{Class: OurRequest, Message: "WHATSAPP_APP_ID or WHATSAPP_APP_SECRET is not set"}
	}
	return id, id + "|" + secret, nil
}

// Exchange turns the code of Embedded Signup into a business token. The code lives
// 30 s and works once, so the call is never repeated; whatever fails, the person has
// to sign in again. An answer without a token is ErrNoToken.
//
// Meta documents this call as a GET with the secret and the code in its query
// ("Onboarding business customers as a Tech Provider", 2026). No error shows the
// URL.
func (c *Client) Exchange(ctx context.Context, code string) (token string, err error) {
	id, _, e := c.app()
	if e != nil {
		return "", e
	}
	if code == "" {
		return "", &Error{Class: OurRequest, Message: "there is no code"}
	}
	secret := value(c.opts.AppSecret)
	err = c.do(ctx, &request{
		call: "exchange", method: http.MethodGet, path: []string{"oauth", "access_token"},
		query:   url.Values{"client_id": {id}, "client_secret": {secret}, "code": {code}},
		secrets: []string{secret, code},
	}, func(body []byte) error {
		if token = member(body, "access_token"); token == "" {
			return &Error{Class: Unknown, Message: "there is no access token in the answer", Err: ErrNoToken}
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

// Scopes is what Meta tells of a token. It is advisory: since June 2026 Meta
// leaves out which accounts a token is for, and listing an account's numbers proves
// more.
type Scopes struct {
	AppID   string
	Expires time.Time // zero: never
	Scopes  []string
	// WABAs are the accounts that whatsapp_business_management is granted for, nil
	// when Meta does not say.
	WABAs []string
}

// Access is what Scopes say about one WABA.
type Access string

// What can be said about a WABA.
const (
	Named    Access = "named"     // the token is for it
	NotSaid  Access = "not_said"  // Meta does not tell the accounts
	NotNamed Access = "not_named" // the token is for others, or may not manage any
)

// For tells what the scopes say about a WABA.
func (s Scopes) For(waba string) Access {
	switch {
	case slices.Contains(s.WABAs, waba):
		return Named
	case len(s.WABAs) > 0, !slices.Contains(s.Scopes, managementScope):
		return NotNamed
	}
	return NotSaid
}

// TokenScopes asks Meta about a token, as the app. A token that is no longer valid
// is an error of class Credentials.
//
// The app's own token travels in the header; the one that is asked about can only
// stand in the query (Graph API reference, "Debug-Token"). No error shows the URL.
func (c *Client) TokenScopes(ctx context.Context, token string) (Scopes, error) {
	_, app, e := c.app()
	if e != nil {
		return Scopes{}, e
	}
	if !sendable(token) {
		return Scopes{}, &Error{Class: Credentials, Message: "there is no access token, or it has characters that none has"}
	}
	var s Scopes
	err := c.do(ctx, &request{
		call: "debug_token", method: http.MethodGet, path: []string{"debug_token"}, token: app,
		query:   url.Values{"input_token": {token}},
		secrets: []string{token, value(c.opts.AppSecret)},
	}, s.decode)
	if err != nil {
		return Scopes{}, err
	}
	return s, nil
}

func (s *Scopes) decode(body []byte) error {
	var answer struct {
		Data *struct {
			AppID    json.RawMessage            `json:"app_id"`
			Valid    *bool                      `json:"is_valid"`
			Expires  json.RawMessage            `json:"expires_at"`
			Scopes   []string                   `json:"scopes"`
			Error    map[string]json.RawMessage `json:"error"`
			Granular []struct {
				Scope   string            `json:"scope"`
				Targets []json.RawMessage `json:"target_ids"`
			} `json:"granular_scopes"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return fmt.Errorf("graph: debug token: %w", err)
	}
	d := answer.Data
	if d == nil || d.Valid == nil {
		return errors.New("graph: debug token: it does not say whether the token is valid")
	}
	if !*d.Valid {
		e := &Error{Class: Credentials, Message: words(d.Error["message"])}
		e.Code, _ = integer(d.Error["code"])
		e.Subcode, _ = integer(d.Error["subcode"])
		return e
	}
	*s = Scopes{AppID: words(d.AppID), Scopes: d.Scopes}
	if at, ok := number(d.Expires); ok && at > 0 {
		s.Expires = time.Unix(int64(at), 0).UTC()
	}
	for _, g := range d.Granular {
		if g.Scope != managementScope {
			continue
		}
		for _, id := range g.Targets {
			s.WABAs = append(s.WABAs, words(id))
		}
	}
	for _, g := range d.Granular {
		if g.Scope == managementScope && !slices.Contains(s.Scopes, g.Scope) {
			s.Scopes = append(s.Scopes, g.Scope)
		}
	}
	return nil
}
