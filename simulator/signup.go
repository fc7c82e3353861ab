package simulator

import (
	"net/http"
	"slices"
	"time"
)

// Tokens and the code of Embedded Signup (WhatsApp Business Platform, "Embedded
// Signup"; Facebook Login, "Access tokens").

// grant is an access token: what it opens, and whether it is dead.
type grant struct {
	wabas  []*WABA
	dead   *Fault
	issued time.Time
}

func (g *grant) opens(w *WABA) bool {
	return slices.Contains(g.wabas, w)
}

// open finds what a token opens, or says why it opens nothing.
func (m *metaWorld) open(token string) (*grant, *Fault) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	g := m.grants[token]
	if g == nil {
		return nil, known("190")
	}
	return g, g.dead
}

// NewToken grants one more token to the account; those before it stay as they are.
func (w *WABA) NewToken() string {
	v := "EAAW" + token(24)
	w.grant(v)
	return v
}

func (w *WABA) grant(v string) {
	w.mu.Lock()
	w.tokens = append(w.tokens, v)
	w.mu.Unlock()
	m := w.sim.meta
	m.mu.Lock()
	defer m.mu.Unlock()
	m.grants[v] = &grant{wabas: []*WABA{w}, issued: w.sim.now()}
}

// Share lets a token of one account open another one, too, as that of a system user
// does.
func (w *WABA) Share(v string) {
	m := w.sim.meta
	m.mu.Lock()
	defer m.mu.Unlock()
	g := m.grants[v]
	if g == nil || g.opens(w) {
		return
	}
	shared := *g // readers hold the old one without a lock
	shared.wabas = append(append([]*WABA(nil), g.wabas...), w)
	m.grants[v] = &shared
}

// Token is the latest token of the account.
func (w *WABA) Token() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.tokens[len(w.tokens)-1]
}

// KillTokens makes Meta answer every call with a token of the account so far with f;
// usually one of the faults 190-….
func (w *WABA) KillTokens(f Fault) {
	w.mu.Lock()
	tokens := append([]string(nil), w.tokens...)
	w.mu.Unlock()
	m := w.sim.meta
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, v := range tokens {
		dead := *m.grants[v]
		dead.dead = &f
		m.grants[v] = &dead
	}
}

// signupCode is the code that Embedded Signup gives to the browser.
type signupCode struct {
	waba  *WABA
	until time.Time
	used  bool
}

// codeLife is how long a code can be exchanged.
const codeLife = 30 * time.Second

// SignupCode is a code that a browser brings from Embedded Signup: it can be
// exchanged for a token of the account once, within 30 s.
func (s *Simulator) SignupCode(w *WABA) string {
	v := "AQ" + token(32)
	s.meta.mu.Lock()
	defer s.meta.mu.Unlock()
	s.meta.codes[v] = &signupCode{waba: w, until: s.now().Add(codeLife)}
	return v
}

// Signup is what Embedded Signup gives to the browser: the code, and the message
// about what was chosen.
type Signup struct {
	Code, Event                       string
	BusinessID, WABAID, PhoneNumberID string
}

// Signup finishes Embedded Signup for a number. A number that a phone app shares
// brings the account only.
func (s *Simulator) Signup(n *Number) Signup {
	out := Signup{Code: s.SignupCode(n.waba), Event: "FINISH", WABAID: n.waba.ID}
	if n.Facts().OnBizApp {
		out.Event = "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING"
		return out
	}
	out.BusinessID, out.PhoneNumberID = n.waba.PortfolioID, n.ID
	return out
}

// exchangeCode gives a token for a code.
func (s *Simulator) exchangeCode(c *call) {
	switch {
	case c.param("client_id") != s.settings["WHATSAPP_APP_ID"]:
		c.fault(known("100"))
		return
	case c.param("client_secret") != s.settings["WHATSAPP_APP_SECRET"]:
		c.fault(known("app-secret"))
		return
	}
	s.meta.mu.Lock()
	code := s.meta.codes[c.param("code")]
	var f *Fault
	switch {
	case code == nil:
		f = known("code-unknown")
	case code.used:
		f = known("code-used")
	case s.now().After(code.until):
		f = known("code-expired")
	default:
		code.used = true
	}
	s.meta.mu.Unlock()
	if f != nil {
		c.fault(f)
		return
	}
	c.json(http.StatusOK, map[string]any{"access_token": code.waba.NewToken(), "token_type": "bearer"})
}

// Scopes is how much debug_token tells of what a token may do. Meta has changed it
// over time.
type Scopes int

// What debug_token tells.
const (
	ScopesTargets   Scopes = iota // granular scopes with the accounts
	ScopesGranular                // granular scopes without accounts
	ScopesPlain                   // no granular scopes
	ScopesMessaging               // the token may only send
)

// SetScopes changes what debug_token tells.
func (s *Simulator) SetScopes(v Scopes) {
	s.meta.mu.Lock()
	defer s.meta.mu.Unlock()
	s.meta.scopes = v
}

// debugToken tells about a token to the app that it belongs to.
func (s *Simulator) debugToken(c *call) {
	id := s.settings["WHATSAPP_APP_ID"]
	if c.bearer() != id+"|"+s.settings["WHATSAPP_APP_SECRET"] {
		c.fault(known("app-token"))
		return
	}
	g, dead := s.meta.open(c.param("input_token"))
	if dead != nil {
		e := map[string]any{"code": dead.Code, "message": dead.Message}
		if dead.Subcode != 0 {
			e["subcode"] = dead.Subcode
		}
		c.json(http.StatusOK, map[string]any{"data": map[string]any{
			"app_id": id, "is_valid": false, "error": e, "scopes": []string{},
		}})
		return
	}
	s.meta.mu.RLock()
	scopes := s.meta.scopes
	s.meta.mu.RUnlock()
	names := []string{"whatsapp_business_management", "whatsapp_business_messaging"}
	if scopes == ScopesMessaging {
		names = names[1:]
	}
	targets := make([]string, 0, len(g.wabas))
	for _, w := range g.wabas {
		targets = append(targets, w.ID)
	}
	data := map[string]any{
		"app_id": id, "type": "SYSTEM_USER", "application": "Tributary", "data_access_expires_at": 0, "expires_at": 0,
		"is_valid": true, "issued_at": g.issued.Unix(), "scopes": append(slices.Clip(names), "public_profile"),
		"user_id": "61" + targets[0],
	}
	if scopes != ScopesPlain {
		var granular []map[string]any
		for _, name := range names {
			v := map[string]any{"scope": name}
			if scopes != ScopesGranular {
				v["target_ids"] = targets
			}
			granular = append(granular, v)
		}
		data["granular_scopes"] = granular
	}
	c.json(http.StatusOK, map[string]any{"data": data})
}
