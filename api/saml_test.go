package api_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha1"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"
)

const samlClosed = `{"error":"SAML feature not enabled for this account"}`

func TestSAMLSettings(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		c := w.newCompany()
		w.samlOn(w.account)
		const path = "{A}/saml_settings"
		nothing := fmt.Sprintf(`{"id":null,"account_id":%d,"sso_url":null,"certificate":null,"fingerprint":null,"idp_entity_id":null,"sp_entity_id":null,
			"role_mappings":{},"created_at":null,"updated_at":null}`, w.account)
		same(t, "none", w.call("admin", "GET", path, "").object(), nothing)
		w.call("admin", "DELETE", path, "").want(204, "")

		sum := sha1.Sum(c.certificate.Raw)
		fingerprint := strings.ToUpper(strings.TrimSuffix(strings.ReplaceAll(fmt.Sprintf("% x ", sum), " ", ":"), ":"))
		text := func(m map[string]any, sso, sp, mappings string) string {
			certificate, err := json.Marshal(strings.TrimSpace(pemText(c.certificate)))
			w.must(err)
			return fmt.Sprintf(`{"id":%d,"account_id":%d,"sso_url":%q,"certificate":%s,"fingerprint":%q,"idp_entity_id":%q,"sp_entity_id":%q,"role_mappings":%s,
				"created_at":%q,"updated_at":%q}`, id(m["id"]), w.account, sso, certificate, fingerprint, c.entity(), sp, mappings, m["created_at"], m["updated_at"])
		}
		sso, sp := c.server.URL+"/sso", fmt.Sprintf("%s/saml/sp/%d", publicURL, w.account)
		made := w.call("admin", "POST", path, c.settings()).object()
		same(t, "made", made, text(made, sso, sp, "{}"))
		if s, _ := made["created_at"].(string); !strings.HasPrefix(s, "2025-01-31T10:00:00.") || !strings.HasSuffix(s, "Z") || id(made["id"]) == 0 {
			t.Errorf("made %v", made)
		}
		same(t, "shown", w.call("admin", "GET", path, "").object(), text(made, sso, sp, "{}"))
		role := id(w.call("admin", "POST", "{A}/custom_roles", `{"name":"R","permissions":["report_manage"]}`).object()["id"])
		mappings := fmt.Sprintf(`{"Bosses":{"role":"administrator"},"Staff":{"role":0},"Few":{"custom_role_id":%d},"None":{}}`, role)
		changed := w.call("admin", "PATCH", path, `{"saml_settings":{"sp_entity_id":"urn:us","role_mappings":`+mappings+`}}`).object()
		same(t, "changed", changed, text(changed, sso, "urn:us", mappings))
		changed = w.call("admin", "PUT", path, `{"saml_settings":{"sso_url":"https://idp.example/in?a=b"}}`).object()
		same(t, "changed again", changed, text(changed, "https://idp.example/in?a=b", "urn:us", mappings))
		changed = w.call("admin", "PUT", path, `{"saml_settings":{"sp_entity_id":"","role_mappings":null}}`).object()
		same(t, "taken away", changed, text(changed, "https://idp.example/in?a=b", sp, "{}"))
		w.call("admin", "PUT", path, `{"saml_settings":{"sp_entity_id":"urn:us"}}`).object()
		anew := w.call("admin", "POST", path, c.settings()).object()
		same(t, "replaced", anew, text(anew, sso, sp, "{}"))
		form := w.send("admin", "PATCH", path, "application/x-www-form-urlencoded", "saml_settings[sp_entity_id]=urn:form&saml_settings[role_mappings][A][role]=1").object()
		same(t, "of a form", form, text(form, sso, "urn:form", `{"A":{"role":"1"}}`))
		w.call("admin", "DELETE", path, "").want(204, "")
		same(t, "deleted", w.call("admin", "GET", path, "").object(), nothing)
		put := w.call("admin", "PUT", path, c.settings()).object()
		same(t, "made by PUT", put, text(put, sso, sp, "{}"))
		if n := w.count(`SELECT COUNT(*) FROM saml_settings`); n != 1 {
			t.Errorf("%d settings", n)
		}
	})
}

func TestSAMLSettingsRefusals(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		c := w.newCompany()
		const path = "{A}/saml_settings"
		_, key, err := ed25519.GenerateKey(rand.Reader)
		w.must(err)
		template := &x509.Certificate{SerialNumber: big.NewInt(1)}
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		w.must(err)
		certificate := func(text string) string {
			b, err := json.Marshal(text)
			w.must(err)
			return fmt.Sprintf(`{"saml_settings":{"sso_url":"https://idp.example","certificate":%s,"idp_entity_id":"i"}}`, b)
		}
		block := func(kind string, bytes []byte) string {
			return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}))
		}
		errors := func(list ...string) string {
			b, err := json.Marshal(map[string][]string{"errors": list})
			w.must(err)
			return string(b)
		}
		blank := errors("Sso url can't be blank", "Certificate can't be blank", "Idp entity can't be blank")
		noPEM := errors("Certificate is not a valid X.509 certificate in PEM")
		badMappings := errors("Role mappings is invalid")
		mappings := func(text string) string { return c.settings(`"role_mappings":` + text) }
		// The feature comes before the role and the parameters.
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
			for _, role := range []string{"admin", "agent"} {
				w.call(role, method, path, `{}`).want(403, samlClosed)
			}
			w.call("stranger", method, path, `{}`).want(401, `{"error":"You are not authorized to access this account"}`)
			w.call("platform", method, path, `{}`).want(401, `{"error":"Access to this endpoint is not authorized for bots"}`)
			w.call("", method, path, `{}`).want(401, `{"errors":["You need to sign in or sign up before continuing."]}`)
		}
		w.samlOn(w.account)
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
			w.call("agent", method, path, c.settings()).want(401, refusedText)
		}
		w.call("stranger", "POST", strings.Replace(path, "{A}", "/api/v1/accounts/999", 1), c.settings()).want(404, missingText)
		for _, x := range []struct{ body, want string }{
			{`{}`, paramText("saml_settings")},
			{`{"saml_settings":{}}`, paramText("saml_settings")},
			{`{"saml_settings":null}`, paramText("saml_settings")},
			{`{"sso_url":"https://idp.example"}`, paramText("saml_settings")}, // flat
			{`{"saml_settings":"x"}`, invalidText("saml_settings", "Saml settings is invalid")},
			{`{"saml_settings":{"sp_entity_id":"x"}}`, blank},
			{`{"saml_settings":{"sso_url":null,"certificate":" ","idp_entity_id":""}}`, blank},
			{`{"saml_settings":{"sso_url":"javascript:alert(1)","certificate":"","idp_entity_id":"i"}}`, errors("Sso url is invalid", "Certificate can't be blank")},
			{`{"saml_settings":{"sso_url":"https://","certificate":"","idp_entity_id":"i"}}`, errors("Sso url is invalid", "Certificate can't be blank")},
			{`{"saml_settings":{"sso_url":["x"]}}`, invalidText("sso_url", "Sso url is invalid")},
			{certificate("x"), noPEM},
			{certificate(block("CERTIFICATE", []byte("x"))), noPEM},
			{certificate(block("PUBLIC KEY", c.certificate.Raw)), noPEM},
			{certificate(pemText(c.certificate) + "more"), noPEM},
			{certificate(block("CERTIFICATE", der)), errors("Certificate must have an RSA or ECDSA key")},
			{c.settings(`"sp_entity_id":"` + strings.Repeat("x", 256) + `"`), errors("Sp entity is too long (maximum is 255 characters)")},
			{mappings(`"x"`), badMappings},
			{mappings(`[]`), badMappings},
			{mappings(`{"A":1}`), badMappings},
			{mappings(`{"A":{"role":2}}`), badMappings},
			{mappings(`{"A":{"role":"owner"}}`), badMappings},
			{mappings(`{"A":{"role":[1]}}`), badMappings},
			{mappings(`{"A":{"role":true}}`), badMappings},
			{mappings(`{"A":{"custom_role_id":"x"}}`), badMappings},
			{mappings(`{"A":{"custom_role_id":0}}`), badMappings},
			{mappings(`{"A":{"custom_role_id":99}}`), badMappings},
			{mappings(`{"` + strings.Repeat("x", 256) + `":{"role":1}}`), badMappings},
		} {
			w.call("admin", "POST", path, x.body).want(422, x.want)
			w.call("admin", "PATCH", path, x.body).want(422, x.want)
		}
		if n := w.count(`SELECT COUNT(*) FROM saml_settings`); n != 0 {
			t.Errorf("%d settings", n)
		}
		w.call("admin", "POST", path, c.settings()).object()
		w.call("admin", "PATCH", path, `{"saml_settings":{"certificate":"x"}}`).want(422, noPEM)
		// A service that changes from one certificate to the next has both.
		_, next := keyPair(t)
		w.call("admin", "POST", path, certificate(pemText(c.certificate)+pemText(next))).object()
	})
}

// Members sign in at the company's service as long as there is one.
func TestSAMLMembers(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		providers := func(what, want string) {
			t.Helper()
			w.bulk()
			w.eq(what, w.text(`SELECT email || ' ' || provider FROM users ORDER BY email`), want)
		}
		c := w.singleSignOn()
		providers("all members", "ada@example.com saml bo@example.com saml di@example.com email")
		v := w.visit("POST", "/auth/sign_in", `{"email":"ada@example.com","password":"x"}`)
		if v.status != 401 || v.field("success") != false || v.field("message") == nil || v.field("message") != v.field("errors", 0) {
			t.Errorf("sign-in: %d %s", v.status, v.body)
		}
		if v := w.visit("POST", "/auth/password", `{"email":"ada@example.com"}`); v.status != 403 {
			t.Errorf("password: %d %s", v.status, v.body)
		}

		di := w.call("admin", "POST", "{A}/agents", `{"email":"di@example.com","name":"Di"}`).object()
		eva := w.call("admin", "POST", "{A}/agents", `{"email":"eva@example.com","name":"Eva"}`).object()
		compare(t, "who was a user", di, `{"provider":"saml"}`)
		compare(t, "who was none", eva, `{"provider":"saml"}`)
		w.call("admin", "POST", "{A}/agents/bulk_create", `{"emails":["fay@example.com"]}`).want(200, "")
		m := w.mail(2)
		if m.To != "fay@example.com" || !strings.Contains(m.Text, "company's account") || linkPattern.FindString(m.Text) != publicURL+"/app/login/sso" {
			t.Errorf("mail %+v", m)
		}
		if n := w.count(`SELECT COUNT(*) FROM user_tokens WHERE kind = 'invite'`); n != 0 {
			t.Errorf("%d tokens", n)
		}
		providers("all invited", "ada@example.com saml bo@example.com saml di@example.com saml eva@example.com saml fay@example.com saml")

		// Who leaves has a password again, and who is gone is gone.
		w.call("admin", "DELETE", fmt.Sprintf("{A}/agents/%d", w.stranger), "").want(200, "")
		w.call("admin", "DELETE", fmt.Sprintf("{A}/agents/%d", id(eva["id"])), "").want(200, "")
		providers("who left", "ada@example.com saml bo@example.com saml di@example.com email fay@example.com saml")

		// Bo has another account with single sign-on.
		other := w.count(`SELECT MIN(account_id) FROM account_users WHERE user_id = $1 AND account_id <> $2`, w.agent, w.account)
		w.samlOn(int64(other))
		w.call("agent", "POST", fmt.Sprintf("/api/v1/accounts/%d/saml_settings", other), c.settings()).object()
		w.bulk()
		w.call("admin", "DELETE", "{A}/saml_settings", "").want(204, "")
		providers("one is left", "ada@example.com email bo@example.com saml di@example.com email fay@example.com email")
		w.call("agent", "DELETE", fmt.Sprintf("/api/v1/accounts/%d/saml_settings", other), "").want(204, "")
		providers("none is left", "ada@example.com email bo@example.com email di@example.com email fay@example.com email")

		// With the feature turned off nobody could sign in who is invited as such.
		w.call("admin", "POST", "{A}/saml_settings", c.settings()).object()
		w.exec(`UPDATE accounts SET features = 0 WHERE id = $1`, w.account)
		compare(t, "without the feature", w.call("admin", "POST", "{A}/agents", `{"email":"gil@example.com","name":"Gil"}`).object(), `{"provider":"email"}`)
	})
}

// A link that chose a password before does not let in any more.
func TestSAMLAndOldLinks(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.visit("POST", "/auth/password", `{"email":"bo@example.com"}`)
		_, token := w.link(w.mail(1), "reset_password_token")
		w.singleSignOn()
		v := w.visit("PUT", "/auth/password", `{"reset_password_token":"`+token+`","password":"Passw0rd!"}`)
		if v.status != 403 || v.field("success") != false || v.field("message") != v.field("errors", 0) {
			t.Errorf("got %d %s", v.status, v.body)
		}
		v.without()
		w.call("stranger", "PATCH", "/api/v1/profile", `{"email":"new@example.com"}`).object()
		_, token = w.link(w.mail(2), "confirmation_token")
		w.exec(`UPDATE users SET provider = 'saml' WHERE id = $1`, w.stranger)
		v = w.visit("POST", "/auth/confirmation", `{"confirmation_token":"`+token+`"}`)
		if v.status != 401 || v.field("success") != false || v.field("message") != v.field("errors", 0) {
			t.Errorf("got %d %s", v.status, v.body)
		}
		v.without()
	})
}
