package api_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"tributary/store"
)

// visited is an answer with its headers.
type visited struct {
	answer
	header http.Header
}

// tokens are the headers of a session in an answer, as a client sends them back.
func (v visited) tokens() []string {
	v.t.Helper()
	var out []string
	for _, name := range []string{"access-token", "client", "uid"} {
		value := v.header.Get(name)
		if value == "" {
			v.t.Fatalf("%s: no header %s: %d %s", v.name, name, v.status, v.body)
		}
		out = append(out, name+": "+value)
	}
	return out
}

// without fails when an answer carries tokens.
func (v visited) without() {
	v.t.Helper()
	for _, name := range []string{"access-token", "client", "uid", "expiry", "token-type", "authorization"} {
		if value := v.header.Get(name); value != "" {
			v.t.Errorf("%s: header %s: %q", v.name, name, value)
		}
	}
}

// visit calls without an API token, with headers "name: value". A body that begins
// with a brace is JSON, any other a form.
func (w *world) visit(method, path, body string, headers ...string) visited {
	w.t.Helper()
	req, err := http.NewRequest(method, "http://desk.test"+path, strings.NewReader(body))
	w.must(err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if strings.HasPrefix(body, "{") {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header[name] = []string{value}
	}
	client := *w.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Do(req)
	w.must(err)
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	w.must(err)
	return visited{answer{w.t, method + " " + path, res.StatusCode, string(b)}, res.Header}
}

const adaPassword = "Passw0rd!"

// password gives a user a password.
func (w *world) password(user int64, password string) {
	w.t.Helper()
	hash, err := w.desk.HashPassword(w.t.Context(), password)
	w.must(err)
	w.exec(`UPDATE users SET password_hash = $2 WHERE id = $1`, user, hash)
}

// signIn signs Ada in, who has a password then, and gives her tokens.
func (w *world) signIn() visited {
	w.t.Helper()
	w.password(w.admin, adaPassword)
	v := w.visit("POST", "/auth/sign_in", `{"email":"ada@example.com","password":"`+adaPassword+`"}`)
	if v.status != http.StatusOK {
		w.t.Fatalf("sign-in: %d %s", v.status, v.body)
	}
	return v
}

// pass lets time go by.
func (w *world) pass(d time.Duration) { w.now.Add(d.Microseconds()) }

// work runs the jobs that wait now.
func (w *world) work() {
	w.t.Helper()
	handlers := w.desk.Handlers()
	for _, lane := range []string{store.LaneDeferred} {
		for {
			jobs, err := w.store.ClaimJobs(w.t.Context(), lane, "test", time.Minute, 10)
			w.must(err)
			if len(jobs) == 0 {
				break
			}
			for _, j := range jobs {
				if h := handlers[j.Kind]; h != nil {
					w.must(h(w.t.Context(), j))
				}
				w.must(w.store.FinishJob(w.t.Context(), j.ID))
			}
		}
	}
}

// mail is the newest mail that is held; the test ends when there are not so many.
func (w *world) mail(number int) store.HeldMail {
	w.t.Helper()
	w.work()
	list, err := w.store.HeldMails(w.t.Context(), 100)
	w.must(err)
	if len(list) != number {
		w.t.Fatalf("%d mails are held, want %d: %+v", len(list), number, list)
	}
	m, err := w.store.HeldMail(w.t.Context(), list[0].ID)
	w.must(err)
	return m
}

var linkPattern = regexp.MustCompile(`https://desk\.example\S+`)

// link is the path and the token of the link in a mail.
func (w *world) link(m store.HeldMail, parameter string) (path, token string) {
	w.t.Helper()
	u, err := url.Parse(linkPattern.FindString(m.Text))
	w.must(err)
	token = u.Query().Get(parameter)
	if token == "" {
		w.t.Fatalf("no %s in the mail:\n%s", parameter, m.Text)
	}
	return u.Path, token
}

// code is what an authenticator shows at a moment from now.
func (w *world) code(secret string, from time.Duration) string {
	w.t.Helper()
	at := time.UnixMicro(w.now.Load()).Add(from)
	code, err := totp.GenerateCodeCustom(secret, at, totp.ValidateOpts{Period: 30, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	w.must(err)
	return code
}

// field is a member of an answer's object, whatever its status.
func (v visited) field(path ...any) any {
	v.t.Helper()
	var m any
	if err := json.Unmarshal([]byte(v.body), &m); err != nil {
		v.t.Fatalf("%s: %v: %s", v.name, err, v.body)
	}
	return at(m, path...)
}
