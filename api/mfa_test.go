package api_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"tributary/desk"
)

func (w *world) encryptionKeys() {
	for _, name := range desk.MFASettings {
		w.settings[name] = "key " + name
	}
}

// secondFactor turns the second factor on for Ada, and gives her secret and backup
// codes. The code of this moment is used up.
func (w *world) secondFactor(tokens []string) (secret string, codes []any) {
	w.t.Helper()
	w.encryptionKeys()
	secret, _ = w.visit("POST", "/api/v1/profile/mfa", "", tokens...).object()["secret"].(string)
	v := w.visit("POST", "/api/v1/profile/mfa/verify", `{"otp_code":"`+w.code(secret, 0)+`"}`, tokens...)
	codes, _ = v.object()["backup_codes"].([]any)
	return secret, codes
}

func TestMFANeedsKeys(t *testing.T) {
	t.Parallel()
	eachStore(t, func(_ *testing.T, w *world) {
		tokens := w.signIn().tokens()
		rows := [][2]string{
			{"GET", ""},
			{"POST", ""},
			{"POST", "/verify"},
			{"POST", "/backup_codes"},
			{"DELETE", ""},
		}
		for i := range desk.MFASettings {
			w.encryptionKeys()
			delete(w.settings, desk.MFASettings[i])
			for _, row := range rows {
				w.visit(row[0], "/api/v1/profile/mfa"+row[1], `{}`, tokens...).
					want(403, `{"error":"MFA feature is not available. Please configure encryption keys."}`)
			}
		}
		for _, row := range rows {
			w.visit(row[0], "/api/v1/profile/mfa"+row[1], `{}`).want(401, textSignIn)
		}
	})
}

func TestMFA(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		const mfa = "/api/v1/profile/mfa"
		tokens := w.signIn().tokens()
		w.encryptionKeys()
		call := func(method, path, body string) visited { return w.visit(method, mfa+path, body, tokens...) }
		status := func(enabled, codes bool) {
			t.Helper()
			call("GET", "", "").want(200, fmt.Sprintf(`{"feature_available":true,"enabled":%t,"backup_codes_generated":%t}`, enabled, codes))
		}
		status(false, false)
		call("POST", "/verify", `{"otp_code":"123456"}`).want(422, badMFACode)
		call("POST", "/backup_codes", `{"otp_code":"123456"}`).want(422, `{"error":"MFA is not enabled"}`)
		call("DELETE", "", `{"otp_code":"123456","password":"x"}`).want(422, `{"error":"MFA is not enabled"}`)

		old, _ := call("POST", "", "").object()["secret"].(string)
		made := call("POST", "", "").object()
		secret, _ := made["secret"].(string)
		u, err := url.Parse(made["provisioning_url"].(string))
		w.must(err)
		if !regexp.MustCompile(`^[A-Z2-7]{32}$`).MatchString(secret) || secret == old ||
			made["provisioning_url"] != "otpauth://totp/Chatwoot:ada@example.com?secret="+secret+"&issuer=Chatwoot" || u.Query().Get("secret") != secret {
			t.Errorf("got %v", made)
		}
		status(false, false)
		var stored string
		w.must(w.db.QueryRowContext(t.Context(), `SELECT totp_secret FROM users WHERE id = $1`, w.admin).Scan(&stored))
		if stored == "" || strings.Contains(stored, secret) {
			t.Error("the secret is stored as it is")
		}
		for _, bad := range []string{w.code(old, 0), w.code(secret, 61*time.Second), w.code(secret, -61*time.Second), "", "12345", "1234567", "abcdef"} {
			call("POST", "/verify", `{"otp_code":"`+bad+`"}`).want(422, badMFACode)
		}
		on := call("POST", "/verify", `{"otp_code":"`+w.code(secret, 0)+`"}`).object()
		codes, _ := on["backup_codes"].([]any)
		if on["enabled"] != true || len(codes) != 10 || !regexp.MustCompile(`^[0-9A-F]{8}$`).MatchString(codes[0].(string)) {
			t.Errorf("got %v", on)
		}
		status(true, true)
		call("POST", "", "").want(422, `{"error":"MFA is already enabled"}`)
		call("POST", "/verify", `{"otp_code":"`+w.code(secret, 30*time.Second)+`"}`).want(422, `{"error":"MFA is already enabled"}`)

		call("POST", "/backup_codes", `{"otp_code":"`+w.code(secret, 0)+`"}`).want(422, badMFACode) // used
		renewed, _ := call("POST", "/backup_codes", `{"otp_code":"`+w.code(secret, 30*time.Second)+`"}`).object()["backup_codes"].([]any)
		if len(renewed) != 10 || renewed[0] == codes[0] {
			t.Errorf("renewed %v", renewed)
		}
		w.pass(90 * time.Second)
		call("DELETE", "", `{"otp_code":"000000","password":"`+adaPassword+`"}`).want(422, badMFACode)
		code := w.code(secret, -30*time.Second)
		call("DELETE", "", `{"otp_code":"`+code+`","password":"wrong"}`).want(422, `{"error":"Invalid credentials or verification code"}`)
		call("DELETE", "", `{"otp_code":"`+code+`","password":"`+adaPassword+`"}`).want(422, badMFACode) // spent
		call("DELETE", "", `{"otp_code":"`+w.code(secret, 0)+`","password":"`+adaPassword+`"}`).want(200, `{"enabled":false}`)
		status(false, false)
		if v := w.visit("POST", "/auth/sign_in", `{"email":"ada@example.com","password":"`+adaPassword+`"}`); v.status != 200 {
			t.Errorf("sign-in afterwards: got %d %s", v.status, v.body)
		}
	})
}

func TestSignInWithMFA(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		secret, codes := w.secondFactor(w.signIn().tokens())
		signIn := func(body string) visited { return w.visit("POST", "/auth/sign_in", body) }
		before := w.count(`SELECT sign_in_count FROM users WHERE id = $1`, w.admin)
		step1 := func() string {
			t.Helper()
			v := signIn(`{"email":"ada@example.com","password":"` + adaPassword + `"}`)
			token, _ := v.field("mfa_token").(string)
			if v.status != 206 || v.field("mfa_required") != true || token == "" || v.field("data") != nil {
				t.Fatalf("got %d %s", v.status, v.body)
			}
			v.without()
			return token
		}
		token := step1()
		claims := jwt.MapClaims{}
		parsed, _, err := jwt.NewParser().ParseUnverified(token, claims)
		w.must(err)
		if parsed.Method.Alg() != "HS256" || len(claims) != 2 || claims["user_id"] != float64(w.admin) ||
			claims["exp"] != float64(time.UnixMicro(w.now.Load()).Add(5*time.Minute).Unix()) {
			t.Errorf("claims %v", claims)
		}
		if got := w.count(`SELECT sign_in_count FROM users WHERE id = $1`, w.admin); got != before {
			t.Error("the password alone is counted as a sign-in")
		}
		signIn(`{"email":"ada@example.com","password":"wrong"}`).want(401, badLogin)

		w.pass(30 * time.Second)
		code := w.code(secret, 0)
		for name, body := range map[string]string{
			"no code": `{"mfa_token":"` + token + `"}`, "a wrong code": `{"mfa_token":"` + token + `","otp_code":"000000"}`,
			"a wrong backup code":              `{"mfa_token":"` + token + `","backup_code":"00000000"}`,
			"the code of the step before":      `{"mfa_token":"` + token + `","otp_code":"` + w.code(secret, -30*time.Second) + `"}`,
			"a backup code beside a wrong one": `{"mfa_token":"` + token + `","otp_code":"000000","backup_code":"` + codes[0].(string) + `"}`,
		} {
			v := signIn(body)
			v.name = name
			v.want(400, badMFACode)
			v.without()
		}
		forged, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"user_id": w.admin, "exp": time.UnixMicro(w.now.Load()).Unix() + 100}).SignedString([]byte("secret"))
		w.must(err)
		none, err := jwt.NewWithClaims(jwt.SigningMethodNone, claims).SignedString(jwt.UnsafeAllowNoneSignatureType)
		w.must(err)
		for name, bad := range map[string]string{"rubbish": "x", "forged": forged, "unsigned": none, "cut": token[:len(token)-4]} {
			v := signIn(`{"mfa_token":"` + bad + `","otp_code":"` + code + `"}`)
			v.name = name
			v.want(401, badMFAToken)
		}
		in := signIn(`{"mfa_token":"` + token + `","otp_code":"` + code + `"}`)
		if in.status != 200 || in.field("data", "email") != "ada@example.com" {
			t.Fatalf("got %d %s", in.status, in.body)
		}
		if v := w.visit("GET", "/api/v1/profile", "", in.tokens()...); v.status != 200 {
			t.Errorf("the session: got %d", v.status)
		}
		signIn(`{"mfa_token":"`+token+`","otp_code":"`+code+`"}`).want(400, badMFACode)

		backup := strings.ToLower(codes[3].(string))
		if v := signIn(`{"mfa_token":"` + step1() + `","backup_code":" ` + backup + `"}`); v.status != 200 {
			t.Errorf("a backup code: got %d %s", v.status, v.body)
		}
		signIn(`{"mfa_token":"`+step1()+`","backup_code":"`+backup+`"}`).want(400, badMFACode)

		late := step1()
		w.pass(5 * time.Minute)
		signIn(`{"mfa_token":"`+late+`","otp_code":"`+w.code(secret, 0)+`"}`).want(401, badMFAToken)

		// With other keys no authenticator is right; backup codes still are.
		was := w.settings[desk.MFASettings[0]] + ":" + w.settings[desk.MFASettings[1]] + ":" + w.settings[desk.MFASettings[2]]
		w.settings[desk.MFASettings[0]] = "another key"
		signIn(`{"mfa_token":"`+step1()+`","otp_code":"`+w.code(secret, 0)+`"}`).want(400, badMFACode)
		if v := signIn(`{"mfa_token":"` + step1() + `","backup_code":"` + codes[4].(string) + `"}`); v.status != 200 {
			t.Errorf("a backup code with other keys: got %d %s", v.status, v.body)
		}
		w.settings[desk.MFAPrevious] = "not:three, " + was
		signIn(`{"mfa_token":"`+step1()+`","otp_code":"`+w.code(secret, 0)+`"}`).want(500, `{"status":500,"error":"Internal Server Error"}`)
		w.settings[desk.MFAPrevious] = "a:b:c, " + was
		if v := signIn(`{"mfa_token":"` + step1() + `","otp_code":"` + w.code(secret, 0) + `"}`); v.status != 200 {
			t.Errorf("a code with the keys before: got %d %s", v.status, v.body)
		}
	})
}

// Of many who show the same code at once, one gets in.
func TestCodesWorkOnce(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		secret, codes := w.secondFactor(w.signIn().tokens())
		w.pass(30 * time.Second)
		var first struct {
			Token string `json:"mfa_token"`
		}
		v := w.visit("POST", "/auth/sign_in", `{"email":"ada@example.com","password":"`+adaPassword+`"}`)
		w.must(json.Unmarshal([]byte(v.body), &first))
		for _, second := range []string{`"otp_code":"` + w.code(secret, 0) + `"`, `"backup_code":"` + codes[0].(string) + `"`} {
			var wg sync.WaitGroup
			answers := make([]visited, 8)
			for i := range answers {
				wg.Go(func() { answers[i] = w.visit("POST", "/auth/sign_in", `{"mfa_token":"`+first.Token+`",`+second+`}`) })
			}
			wg.Wait()
			in := 0
			for _, a := range answers {
				if a.status == 200 {
					in++
				} else {
					a.want(400, badMFACode)
				}
			}
			if in != 1 {
				t.Errorf("%s let %d in", second, in)
			}
		}
	})
}
