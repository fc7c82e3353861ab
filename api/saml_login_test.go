package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/crewjam/saml"
)

// From the dashboard to the company's service and back, for somebody who is a member.
func TestSAMLLogin(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		c := w.singleSignOn()
		b := w.surfer()
		page := b.login(" Bo@Example.com")
		w.eq("the way", b.path(), `POST /api/v1/auth/saml_login 307
POST /auth/saml 307
POST /omniauth/saml 302
GET /sso 200
POST /omniauth/saml/callback 303
GET /auth/saml/callback 302`)
		user := w.entered(page, "bo@example.com")
		if id(user["id"]) != w.agent || user["provider"] != "saml" || user["name"] != "Bo" || user["display_name"] != nil {
			t.Errorf("user %v", user)
		}
		if len(b.cookies) != 0 {
			t.Errorf("cookies are left: %v", b.cookies)
		}
		if n := w.count(`SELECT COUNT(*) FROM audits WHERE action = 'sign_in' AND user_id = $1`, w.agent); n != 2 {
			t.Errorf("%d entries in the audit logs of two accounts", n)
		}
		if len(c.requests()) != 1 {
			t.Errorf("requests %v", c.requests())
		}
		// A link to the start is as good.
		w.entered(b.open("GET", publicURL+fmt.Sprintf("/auth/saml?account_id=%d", w.account), nil), "bo@example.com")
		w.eq("the way", b.steps[0]+" "+b.steps[1], "GET /auth/saml 307 GET /omniauth/saml 302")
		// Two windows at once.
		var request url.Values
		b.tamper = func(form url.Values) { request = form }
		b.stop = func(address string) bool { return strings.Contains(address, "/omniauth/saml/callback") }
		b.login("bo@example.com")
		first := request
		b.login("bo@example.com")
		second := request
		b.stop = nil
		for _, form := range []url.Values{first, second} {
			w.entered(b.answer(acs(w.account), form), "bo@example.com")
		}
	})
}

// answer submits a form of a service.
func (b *surfer) answer(address string, form url.Values) string {
	b.w.t.Helper()
	u, err := url.Parse(address)
	b.w.must(err)
	res, _ := b.send(http.MethodPost, u, form, true, true)
	to, err := u.Parse(res.Header.Get("Location"))
	b.w.must(err)
	return b.open("GET", to.String(), nil)
}

// What starts and ends a sign-in, said in single answers.
func TestSAMLLoginAnswers(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		const path, failed = "/api/v1/auth/saml_login", publicURL + "/app/login/sso?error=saml-authentication-failed"
		for _, body := range []string{"", "{}", `{"email":" "}`, "email=", `{"email":null}`} {
			w.visit("POST", path, body).want(400, `{"error":"Please enter a valid email address"}`)
		}
		to := func(what string, v visited, status int, location string) {
			t.Helper()
			if v.status != status || v.header.Get("Location") != location || v.body != "" {
				t.Errorf("%s: got %d %s %s, want %d %s", what, v.status, v.header.Get("Location"), v.body, status, location)
			}
		}
		to("no settings", w.visit("POST", path, `{"email":"bo@example.com"}`), 302, failed)
		to("nobody", w.visit("POST", path, "email=nobody%40example.com"), 302, failed)
		start := fmt.Sprintf("/omniauth/saml?account_id=%d", w.account)
		back := fmt.Sprintf("/omniauth/saml/callback?account_id=%d", w.account)
		for _, closed := range []string{start, "/omniauth/saml", "/omniauth/saml?account_id=999", "/omniauth/saml?account_id=x"} {
			to(closed, w.visit("POST", closed, ""), 302, samlOff)
		}
		for _, closed := range []string{back, "/omniauth/saml/callback", "/omniauth/saml/callback?account_id=999"} {
			w.eq(closed, w.surfer().open("POST", publicURL+closed, url.Values{"SAMLResponse": {"x"}}), samlOff)
		}
		to("nobody was there", w.visit("GET", "/auth/saml/callback", ""), 302, samlOff)

		w.singleSignOn()
		where := fmt.Sprintf("/auth/saml?account_id=%d", w.account)
		to("a form", w.visit("POST", path, "email=BO%40example.com"), 307, where)
		to("JSON", w.visit("POST", path, `{"email":"bo@example.com"}`), 307, where)
		to("on", w.visit("POST", where, ""), 307, fmt.Sprintf("/omniauth/saml?account_id=%d&resource_class=User", w.account))
		to("somebody else", w.visit("POST", path, `{"email":"di@example.com"}`), 302, failed)
		w.exec(`UPDATE accounts SET features = 0`)
		to("the feature is off", w.visit("POST", path, `{"email":"bo@example.com"}`), 302, failed)
		to("the feature is off", w.visit("POST", start, ""), 302, samlOff)
		for _, method := range []string{"GET", "POST"} {
			for _, unknown := range []string{"/auth/github", "/omniauth/github", "/omniauth/github/callback", "/auth/github/callback", "/auth/google_oauth2", "/omniauth/google_oauth2", "/omniauth/google_oauth2/callback"} {
				w.visit(method, unknown, "").want(404, noRoute)
			}
		}
	})
}

// The feature, or the settings, may go while somebody signs in.
func TestSAMLEndsMeanwhile(t *testing.T) {
	t.Parallel()
	eachStore(t, func(_ *testing.T, w *world) {
		w.singleSignOn()
		b := w.surfer()
		b.stop = func(address string) bool { return strings.HasSuffix(address, "/auth/saml/callback") }
		next := b.login("bo@example.com")
		b.stop = nil
		w.call("admin", "DELETE", "{A}/saml_settings", "").want(204, "")
		w.eq("without settings", b.open("GET", next, nil), samlOff)
	})
}

func TestSAMLNewUser(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		role := id(w.call("admin", "POST", "{A}/custom_roles", `{"name":"R","permissions":["report_manage"]}`).object()["id"])
		gone := id(w.call("admin", "POST", "{A}/custom_roles", `{"name":"G","permissions":["report_manage"]}`).object()["id"])
		c := w.singleSignOn(fmt.Sprintf(`"role_mappings":{"Bosses":{"role":1,"custom_role_id":%d},"Staff":{"role":"agent"},"Few":{"custom_role_id":%d},"Gone":{"custom_role_id":"%d"}}`, role, role, gone))
		w.call("admin", "DELETE", fmt.Sprintf("{A}/custom_roles/%d", gone), "").want(200, "")
		as := func(email string, attributes map[string][]string) map[string]any {
			t.Helper()
			if attributes["email"] == nil {
				attributes["email"] = []string{email}
			}
			c.set(func(c *company) { c.person, c.nameID = attributes, "other-"+email })
			user := w.entered(w.surfer().open("GET", publicURL+fmt.Sprintf("/auth/saml?account_id=%d", w.account), nil), email)
			if user["provider"] != "saml" || user["confirmed"] != true || id(at(user, "accounts", 0, "id")) != w.account {
				t.Errorf("user %v", user)
			}
			return user
		}
		eva := as("eva@example.com", map[string][]string{"email": {" Eva@Example.com "}, "first_name": {"Eva"}, "last_name": {"Luator"}, "name": {"No"}, "groups": {"Unknown", "Bosses", "Staff"}})
		compare(t, "eva", eva, `{"name":"Eva Luator","display_name":"Eva","role":"administrator","email":"eva@example.com"}`)
		compare(t, "fay", as("fay@example.com", map[string][]string{"name": {"Fay"}, "Group": {"Few"}}), `{"name":"Fay","display_name":null,"role":"agent"}`)
		w.eq("custom role", w.text(`SELECT CAST(custom_role_id AS TEXT) FROM account_users m JOIN users u ON u.id = m.user_id WHERE u.email = 'fay@example.com'`), fmt.Sprint(role))
		compare(t, "gil", as("gil@example.com", map[string][]string{"memberOf": {"Gone"}}), `{"name":"gil","role":"agent"}`)
		// Roles follow the groups; who is in none stays what they are.
		compare(t, "eva is agent", as("eva@example.com", map[string][]string{"Group": {"Staff"}, "first_name": {"Other"}}), `{"name":"Eva Luator","role":"agent"}`)
		compare(t, "eva stays", as("eva@example.com", map[string][]string{}), `{"role":"agent"}`)
		first, _, _ := strings.Cut(w.audits("AccountUser"), "\nupdate")
		if !strings.HasSuffix(w.audits("AccountUser"), `update {"role":[1,0]}`) || !strings.Contains(first, `"role":0`) {
			t.Errorf("audit %s", w.audits("AccountUser"))
		}
		if n := w.count(`SELECT COUNT(*) FROM outbox WHERE kind = 'agent.added' AND account_id = $1`, w.account); n != 3 {
			t.Errorf("%d events", n)
		}
		if n := len(w.heldMails()); n != 0 {
			t.Errorf("%d mails", n)
		}
		// Who is a user of other accounts becomes a member.
		compare(t, "di", at(as("di@example.com", map[string][]string{"first_name": {"Diana"}}), "accounts", 0).(map[string]any), `{"name":"Acme","role":"agent"}`)
		// Without the attribute the name is taken, where it is an address.
		c.set(func(c *company) { c.person, c.nameID = map[string][]string{}, "hal@example.com" })
		w.entered(w.surfer().open("GET", publicURL+fmt.Sprintf("/auth/saml?account_id=%d", w.account), nil), "hal@example.com")

		// Nobody can be made who has no address, or no seat.
		refused := func(what string, attributes map[string][]string) {
			t.Helper()
			c.set(func(c *company) { c.person, c.nameID = attributes, "x" })
			w.eq(what, w.surfer().open("GET", publicURL+fmt.Sprintf("/auth/saml?account_id=%d", w.account), nil), samlRefused)
		}
		refused("no address", map[string][]string{})
		refused("half an address", map[string][]string{"email": {"eva@example"}})
		refused("a long address", map[string][]string{"email": {strings.Repeat("x", 3000) + "@example.com"}})
		w.exec(`UPDATE accounts SET limits = '{"agents":1}' WHERE id = $1`, w.account)
		refused("no seat", map[string][]string{"email": {"ian@example.com"}})
		if n := w.count(`SELECT COUNT(*) FROM users WHERE email LIKE 'ian%'`); n != 0 {
			t.Error("somebody without a seat is a user")
		}
		as("eva@example.com", map[string][]string{"first_name": {strings.Repeat("é", 300)}, "last_name": {strings.Repeat("💡", 300)}})
	})
}

// Somebody else may have signed up with an address that they do not have: what they know
// does not let them in once its owner comes.
func TestSAMLTakesOver(t *testing.T) {
	t.Parallel()
	eachStore(t, func(_ *testing.T, w *world) {
		w.settings["ENABLE_ACCOUNT_SIGNUP"] = "true"
		v := w.visit("POST", "/api/v1/accounts", `{"account_name":"Trap","user_full_name":"T","email":"eva@shop.example","password":"Passw0rd!"}`)
		squatter := v.tokens()
		token, _ := at(v.object(), "data", "access_token").(string)
		c := w.singleSignOn()
		c.set(func(c *company) { c.person = map[string][]string{"email": {"eva@shop.example"}} })
		w.entered(w.surfer().open("GET", publicURL+fmt.Sprintf("/auth/saml?account_id=%d", w.account), nil), "eva@shop.example")
		w.visit("GET", "/api/v1/profile", "", squatter...).want(401, textSignIn)
		w.visit("GET", "/api/v1/profile", "", "api_access_token: "+token).want(401, `{"error":"Invalid Access Token"}`)
		w.eq("no password", w.text(`SELECT password_hash || provider FROM users WHERE email = 'eva@shop.example'`), "saml")
		// Who was confirmed keeps what they have.
		w.visit("GET", "/api/v1/profile", "", "api_access_token: "+w.tokens["agent"]).object()
	})
}

// An answer that was not asked for (the tile of a portal) makes us ask.
func TestSAMLUnasked(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		c := w.singleSignOn()
		tile := c.server.URL + "/tile?account=" + fmt.Sprint(w.account)
		b := w.surfer()
		c.set(func(c *company) { c.change = c.nameUs(fmt.Sprintf("%s/saml/sp/%d", publicURL, w.account)) })
		w.entered(b.open("GET", tile, nil), "bo@example.com")
		w.eq("the way", b.path(), `GET /tile 200
POST /omniauth/saml/callback 303
GET /omniauth/saml 302
GET /sso 200
POST /omniauth/saml/callback 303
GET /auth/saml/callback 302`)
		// One that is not to be believed does not.
		c.set(func(c *company) { c.change = nil })
		w.eq("for somebody else", b.open("GET", tile, nil), samlRefused)
		// Nor does one that claims to answer us, or that came in the place of an answer.
		c.set(func(c *company) { c.change = c.nameUs(fmt.Sprintf("%s/saml/sp/%d", publicURL, w.account)) })
		w.eq("with our mark", b.open("GET", tile+"&relay=id-1", nil), samlRefused)
		c.set(func(c *company) { c.unasked = true })
		w.eq("a service that never says what it answers", b.login("bo@example.com"), samlRefused)
		if _, open := b.cookies["__Host-tributary_sign_in"]; !open {
			t.Error("the request is answered")
		}
		w.eq("while we wait for an answer", b.open("GET", tile, nil), samlRefused)
	})
}

// nameUs lets assertions be for us.
func (c *company) nameUs(audience string) func(*saml.IdpAuthnRequest) {
	return func(req *saml.IdpAuthnRequest) {
		req.Assertion.Conditions.AudienceRestrictions = []saml.AudienceRestriction{{Audience: saml.Audience{Value: audience}}}
	}
}

func TestSAMLRefusals(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		c := w.singleSignOn()
		key, certificate := c.key, c.certificate
		login := func(f func(*surfer)) string {
			t.Helper()
			b := w.surfer()
			if f != nil {
				f(b)
			}
			return b.login("bo@example.com")
		}
		w.entered(login(nil), "bo@example.com")

		// What the service itself signs.
		first := func(req *saml.IdpAuthnRequest) *saml.SubjectConfirmationData {
			return req.Assertion.Subject.SubjectConfirmations[0].SubjectConfirmationData
		}
		for what, change := range map[string]func(*company){
			"another certificate": func(c *company) { c.key, c.certificate = keyPair(t) },
			"another audience":    func(c *company) { c.change = c.nameUs("urn:others") },
			"no audience": func(c *company) {
				c.change = func(r *saml.IdpAuthnRequest) { r.Assertion.Conditions.AudienceRestrictions = nil }
			},
			"another recipient": func(c *company) { c.change = func(r *saml.IdpAuthnRequest) { first(r).Recipient = acs(w.account + 1) } },
			"no recipient":      func(c *company) { c.change = func(r *saml.IdpAuthnRequest) { first(r).Recipient = "" } },
			"another request":   func(c *company) { c.change = func(r *saml.IdpAuthnRequest) { first(r).InResponseTo = "id-other" } },
			"another issuer":    func(c *company) { c.change = func(r *saml.IdpAuthnRequest) { r.Assertion.Issuer.Value = "urn:others" } },
			"issued too early": func(c *company) {
				c.change = func(r *saml.IdpAuthnRequest) { r.Assertion.IssueInstant = r.Now.Add(-10 * time.Minute) }
			},
			"answered too early": func(c *company) { c.change = func(r *saml.IdpAuthnRequest) { r.Now = r.Now.Add(-10 * time.Minute) } },
			"issued in the future": func(c *company) {
				c.change = func(r *saml.IdpAuthnRequest) { r.Assertion.IssueInstant = r.Now.Add(10 * time.Minute) }
			},
			"answered in the future": func(c *company) { c.change = func(r *saml.IdpAuthnRequest) { r.Now = r.Now.Add(10 * time.Minute) } },
			"expired conditions": func(c *company) {
				c.change = func(r *saml.IdpAuthnRequest) { r.Assertion.Conditions.NotOnOrAfter = r.Now.Add(-time.Hour) }
			},
			"not yet valid": func(c *company) {
				c.change = func(r *saml.IdpAuthnRequest) { r.Assertion.Conditions.NotBefore = r.Now.Add(time.Hour) }
			},
			"expired confirmation": func(c *company) {
				c.change = func(r *saml.IdpAuthnRequest) { first(r).NotOnOrAfter = r.Now.Add(-time.Hour) }
			},
			"no authentication": func(c *company) { c.change = func(r *saml.IdpAuthnRequest) { r.Assertion.AuthnStatements = nil } },
			"no subject":        func(c *company) { c.change = func(r *saml.IdpAuthnRequest) { r.Assertion.Subject = nil } },
			"an assertion of others": func(c *company) {
				c.change = func(r *saml.IdpAuthnRequest) {
					r.Assertion.Subject.SubjectConfirmations[0].Method = "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"
				}
			},
		} {
			c.set(change)
			if got := login(nil); got != samlRefused {
				t.Errorf("%s: %s", what, got)
			}
			c.set(func(c *company) { c.key, c.certificate, c.change = key, certificate, nil })
		}

		// What somebody does to it on the way. That the response is not signed harms
		// nothing, since the assertion is: what follows fails for what else is done.
		w.entered(login(func(b *surfer) {
			b.tamper = func(form url.Values) { xmlOf(t, form, unsignedResponse) }
		}), "bo@example.com")
		for what, tamper := range samlTampering {
			if got := login(func(b *surfer) { b.tamper = func(form url.Values) { xmlOf(t, form, tamper) } }); got != samlRefused {
				t.Errorf("%s: %s", what, got)
			}
		}
		for what, tamper := range map[string]func(url.Values){
			"no answer":   func(form url.Values) { form.Del("SAMLResponse") },
			"no base64":   func(form url.Values) { form.Set("SAMLResponse", "<x>") },
			"an artifact": func(form url.Values) { form.Set("SAMLart", "AAQAAA"); form.Del("SAMLResponse") },
			"too long":    func(form url.Values) { form.Set("SAMLResponse", strings.Repeat("QUFB", 200_000)) },
		} {
			if got := login(func(b *surfer) { b.tamper = tamper }); got != samlRefused {
				t.Errorf("%s: %s", what, got)
			}
		}
		if n := w.count(`SELECT COUNT(*) FROM users WHERE email LIKE '%ada@%' AND provider = 'saml'`); n != 1 {
			t.Errorf("%d administrators", n)
		}
		if n := w.count(`SELECT COUNT(*) FROM user_tokens WHERE user_id = $1`, w.admin); n != 0 {
			t.Error("somebody became the administrator")
		}
		w.entered(login(nil), "bo@example.com")
	})
}

// part is an element of a text, from its first tag to its last.
func part(text, tag string) string {
	from := strings.Index(text, "<"+tag)
	to := strings.LastIndex(text, "</"+tag+">")
	if from < 0 || to < 0 {
		return ""
	}
	return text[from : to+len("</"+tag+">")]
}

// forge is an assertion that says that its bearer is the administrator.
func forge(assertion string) string {
	from, to := strings.Index(assertion, "<ds:Signature"), strings.Index(assertion, "</ds:Signature>")
	unsigned := assertion[:from] + assertion[to+len("</ds:Signature>"):]
	return strings.ReplaceAll(strings.Replace(unsigned, `ID="`, `ID="evil`, 1), "bo@example.com", "ada@example.com")
}

// unsignedResponse takes the signature of the response away, not of what is in it.
func unsignedResponse(text string) string {
	from, to := strings.Index(text, "<ds:Signature"), strings.Index(text, "</ds:Signature>")
	if before := strings.Index(text, "<saml:Assertion"); before >= 0 && before < from {
		return text
	}
	return text[:from] + text[to+len("</ds:Signature>"):]
}

// samlTampering is what an attacker who is Bo does to become the administrator.
var samlTampering = map[string]func(string) string{
	"another address": func(s string) string { return strings.ReplaceAll(s, "bo@example.com", "ada@example.com") },
	"no signature": func(s string) string {
		return unsignedResponse(strings.Replace(s, part(s, "saml:Assertion"), forge(part(s, "saml:Assertion")), 1))
	},
	"a second assertion before": func(s string) string {
		a := part(s, "saml:Assertion")
		return strings.Replace(unsignedResponse(s), a, forge(a)+a, 1)
	},
	"a second assertion behind": func(s string) string {
		a := part(s, "saml:Assertion")
		return strings.Replace(unsignedResponse(s), a, a+forge(a), 1)
	},
	"the signed one as an extension": func(s string) string {
		a := part(s, "saml:Assertion")
		return strings.Replace(unsignedResponse(s), a, "<samlp:Extensions>"+a+"</samlp:Extensions>"+forge(a), 1)
	},
	"the signed one in the forged one": func(s string) string {
		a := part(s, "saml:Assertion")
		return strings.Replace(unsignedResponse(s), a, strings.Replace(forge(a), "<saml:Subject>", "<saml:Advice>"+a+"</saml:Advice><saml:Subject>", 1), 1)
	},
	"the signed one in the signature": func(s string) string {
		a := part(s, "saml:Assertion")
		signature := part(a, "ds:Signature")
		object := strings.Replace(signature, "</ds:Signature>", "<ds:Object>"+strings.Replace(a, signature, "", 1)+"</ds:Object></ds:Signature>", 1)
		forged := strings.Replace(forge(a), "<saml:Subject>", object+"<saml:Subject>", 1)
		return strings.Replace(unsignedResponse(s), a, forged, 1)
	},
	"another response around it": func(s string) string {
		a := part(s, "saml:Assertion")
		return strings.Replace(strings.Replace(s, `ID="`, `ID="evil`, 1), a, forge(a), 1)
	},
	"a document type": func(s string) string {
		return `<!DOCTYPE x [<!ENTITY a "ada@example.com"><!ENTITY b "&a;&a;&a;">]>` + strings.ReplaceAll(s, "bo@example.com", "&a;")
	},
	"no XML":    func(string) string { return "SAML" },
	"nothing":   func(string) string { return "" },
	"deep":      func(string) string { return strings.Repeat("<a>", 50_000) + strings.Repeat("</a>", 50_000) },
	"a failure": func(s string) string { return strings.ReplaceAll(s, "status:Success", "status:AuthnFailed") },
	"only a mac": func(s string) string {
		return strings.ReplaceAll(s, "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", "http://www.w3.org/2000/09/xmldsig#hmac-sha1")
	},
}

// What an assertion says is what was signed: a comment, which no signature covers, does
// not cut an address.
func TestSAMLComment(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		c := w.singleSignOn()
		c.set(func(c *company) { c.person = map[string][]string{"email": {"ada@example.com.evil.example"}} })
		b := w.surfer()
		b.tamper = func(form url.Values) {
			xmlOf(t, form, func(s string) string {
				return strings.ReplaceAll(s, "ada@example.com.evil", "ada@example.com<!---->.evil")
			})
		}
		if page := b.login("bo@example.com"); page != samlRefused {
			w.entered(page, "ada@example.com.evil.example")
		}
		if n := w.count(`SELECT COUNT(*) FROM user_tokens WHERE user_id = $1`, w.admin); n != 0 {
			t.Error("somebody became the administrator")
		}
	})
}

// An assertion signs in once, and at the account that it is for.
func TestSAMLReplay(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.singleSignOn()
		b := w.surfer()
		b.stop = func(address string) bool { return strings.Contains(address, "/omniauth/saml/callback") }
		b.login("bo@example.com")
		b.stop = nil
		form, waiting := b.form, b.cookies["__Host-tributary_sign_in"]
		if waiting == nil || waiting.SameSite != http.SameSiteNoneMode {
			t.Fatalf("cookie %v", waiting)
		}
		other := w.surfer()
		w.eq("in a browser that has not asked", other.answer(acs(w.account), form), samlRefused)
		w.eq("of an account that has none", b.answer(acs(w.account+1), form), samlOff)
		w.entered(b.answer(acs(w.account), form), "bo@example.com")
		w.eq("again", b.answer(acs(w.account), form), samlRefused)
		b.cookies["__Host-tributary_sign_in"] = waiting // as if it had not been answered
		w.eq("again, with the request", b.answer(acs(w.account), form), samlRefused)
		// Another process knows, too.
		w.restart()
		w.eq("after a restart", b.answer(acs(w.account), form), samlRefused)

		// Later than the service allows, and later than a browser waits.
		b.stop = func(address string) bool { return strings.Contains(address, "/omniauth/saml/callback") }
		b.login("bo@example.com")
		b.stop = nil
		w.pass(5 * time.Minute)
		w.eq("late", b.answer(acs(w.account), b.form), samlRefused)
	})
}

// A browser cannot make up who it is.
func TestSAMLCookie(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.singleSignOn()
		b := w.surfer()
		b.stop = func(address string) bool { return strings.HasSuffix(address, "/auth/saml/callback") }
		next := b.login("bo@example.com")
		b.stop = nil
		const name = "__Host-tributary_person"
		person := b.cookies[name]
		if person == nil || person.SameSite != http.SameSiteLaxMode {
			t.Fatalf("cookie %v", person)
		}
		parts := strings.Split(person.Value, ".")
		none := "eyJhbGciOiJub25lIn0." + parts[1] + "."
		for what, value := range map[string]string{
			"another signature": parts[0] + "." + parts[1] + ".AAAA", "no signature": none, "odd": "%%;;=;",
		} {
			v := w.visit("GET", "/auth/saml/callback", "", "Cookie: "+name+"="+value)
			if v.status != 302 || v.header.Get("Location") != samlOff {
				t.Errorf("%s: %d %s", what, v.status, v.header.Get("Location"))
			}
		}
		v := w.visit("GET", "/auth/google_oauth2/callback", "", "Cookie: "+name+"="+person.Value)
		if v.status != 302 || v.header.Get("Location") != publicURL+"/app/login?error=access-denied" {
			t.Errorf("at another service: %d %s", v.status, v.header.Get("Location"))
		}
		w.pass(3 * time.Minute)
		w.eq("later", b.open("GET", next, nil), samlOff)
	})
}
