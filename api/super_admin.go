package api

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tributary/api/pages"
	"tributary/api/route"
	"tributary/chat"
	"tributary/store"
)

// console is the prefix of the operators' console.
const console = "/super_admin"

// flashCookie carries what the next page tells, sealed.
const flashCookie = "_tributary_flash"

// flashLife is how long that waits for the next page.
const flashLife = time.Minute

// consoleIn is what every page of the console reads.
type consoleIn struct {
	Cookies string `header:"Cookie"`
}

// cookie is one of the cookies; empty: there is none.
func (in consoleIn) cookie(name string) string {
	list, err := http.ParseCookie(in.Cookies)
	if err != nil {
		return ""
	}
	for _, c := range list {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// consoleForm is what every form of the console reads.
type consoleForm struct {
	consoleIn
	CSRF string `json:"authenticity_token"`
}

// formID is consoleForm about one record.
type formID struct {
	ID int64 `path:"id"`
	consoleForm
}

// pageID is consoleIn about one record.
type pageID struct {
	ID int64 `path:"id"`
	consoleIn
}

// consoleMAC proves that a text is ours, for one purpose of the console.
func (a *API) consoleMAC(purpose, text string) string {
	return macOf(a.Store.SigningKey("console: "+purpose), text)
}

func macOf(key []byte, text string) string {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// provenByMAC tells whether consoleMAC gave mac for a text, also with a key whose place
// another is taking.
func (a *API) provenByMAC(purpose, text, mac string) bool {
	for _, key := range a.Store.SigningKeys("console: " + purpose) {
		if hmac.Equal([]byte(mac), []byte(macOf(key, text))) {
			return true
		}
	}
	return false
}

// signedToken is a token as its cookie has it.
func (a *API) signedToken(token string) string { return token + "." + a.consoleMAC("cookie", token) }

// readToken gives the token of a cookie that we made; empty: it is none.
func (a *API) readToken(cookie string) string {
	token, mac, _ := strings.Cut(cookie, ".")
	if token == "" || !a.provenByMAC("cookie", token, mac) {
		return ""
	}
	return token
}

// byConsole finds the super admin of a cookie.
func (a *API) byConsole(ctx context.Context, cookie string) (route.Caller, error) {
	token := a.readToken(cookie)
	if token == "" {
		return route.Caller{}, route.ErrNotSignedIn
	}
	u, err := a.Store.ConsoleUser(ctx, token)
	if errors.Is(err, store.ErrNotFound) {
		return route.Caller{}, route.ErrNotSignedIn
	}
	if err != nil {
		return route.Caller{}, err
	}
	return route.Caller{User: &route.User{ID: u.UserID, Name: u.Name, Email: u.Email, Locale: chosenLocale(u.UISettings)}}, nil
}

// setCookie adds a cookie to the answer. life 0: until the browser ends; less: it is
// taken away.
func (a *API) setCookie(c *route.Call, name, value string, life time.Duration) {
	cookie := http.Cookie{ //nolint:gosec // without https there is no other way
		Name: name, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: strings.HasPrefix(a.Desk.PublicURL, "https://"), MaxAge: int(life.Seconds()),
	}
	c.SetHeader("Set-Cookie", cookie.String())
}

// flash is what the next page tells.
type flash struct {
	Notice string            `json:"notice,omitempty"`
	Alert  string            `json:"alert,omitempty"`
	Values map[string]string `json:"values,omitempty"` // of a form that is shown again
	Until  int64             `json:"until"`            // unix seconds
}

// maxAlert is how long an alert may be, in bytes: a cookie has 4 KB.
const maxAlert = 800

// clip is the beginning of a text.
func clip(text string, bytes int) string {
	return strings.ToValidUTF8(text[:min(len(text), bytes)], "")
}

func (a *API) flashSealer() (*store.Sealer, error) {
	var keys []string
	for _, key := range a.Store.SigningKeys("console: flash") {
		keys = append(keys, string(key))
	}
	return store.NewSealer(keys[0], keys[1:]...)
}

// redirect sends the browser to a page that tells f.
func (a *API) redirect(c *route.Call, to string, f flash) (any, error) {
	if f.Notice != "" || f.Alert != "" {
		sealer, err := a.flashSealer()
		if err != nil {
			return nil, err
		}
		f.Alert = clip(f.Alert, maxAlert)
		f.Until = c.Now.Add(flashLife).Unix()
		b, err := json.Marshal(f)
		if err != nil {
			return nil, err
		}
		a.setCookie(c, flashCookie, sealer.Seal("flash", b), flashLife)
	}
	return route.Redirect{URL: to}, nil
}

// takeFlash reads what is to be told, and takes it away. What cannot be read is
// nothing.
func (a *API) takeFlash(c *route.Call, in consoleIn) flash {
	var f flash
	value := in.cookie(flashCookie)
	if value == "" {
		return f
	}
	a.setCookie(c, flashCookie, "", -time.Second)
	sealer, err := a.flashSealer()
	if err != nil {
		return f
	}
	b, err := sealer.Open("flash", value)
	if err != nil || json.Unmarshal(b, &f) != nil || f.Until < c.Now.Unix() {
		return flash{}
	}
	return f
}

// page shows a page. What the frame does not say is filled in: who is signed in, the
// proof for forms, what is to be told.
func (a *API) page(c *route.Call, in consoleIn, status int, name string, f pages.Frame) (any, error) {
	return a.pageAfter(c, in, a.takeFlash(c, in), status, name, f)
}

// pageAfter is page for those who have read what is to be told.
func (a *API) pageAfter(c *route.Call, in consoleIn, told flash, status int, name string, f pages.Frame) (any, error) {
	token := a.readToken(in.cookie(route.ConsoleCookie))
	if token == "" {
		token = rand.Text()
		a.setCookie(c, route.ConsoleCookie, a.signedToken(token), 0)
	}
	f.CSRF, f.Operator = a.consoleMAC("form", token), c.User.Email
	if f.Notice == "" {
		f.Notice = told.Notice
	}
	if f.Alert == "" {
		f.Alert = told.Alert
	}
	html, err := pages.Render(name, f)
	if err != nil {
		return nil, err
	}
	var targets []string
	if u, err := url.Parse(a.Desk.PublicURL); err == nil && u.Host != "" {
		targets = append(targets, u.Scheme+"://"+u.Host)
	}
	a.pageHeaders(c, pages.Policy(targets...), "DENY")
	return route.HTML(status, html), nil
}

func (a *API) pageHeaders(c *route.Call, policy, frames string) {
	c.SetHeader("Content-Security-Policy", policy)
	c.SetHeader("X-Frame-Options", frames)
	c.SetHeader("Referrer-Policy", "same-origin") // links in mails are secrets; forms need their origin
	c.SetHeader("Cross-Origin-Opener-Policy", "same-origin")
	c.SetHeader("Cache-Control", "no-store")
}

// genuine tells whether a form is ours: it proves that it was shown to the browser
// that sends it.
func (a *API) genuine(in consoleForm) bool {
	token := a.readToken(in.cookie(route.ConsoleCookie))
	return token != "" && a.provenByMAC("form", token, in.CSRF)
}

// changes tells whether the method that a form means, which can send one only, changes
// a record.
func changes(method string) bool {
	return strings.EqualFold(method, http.MethodPatch) || strings.EqualFold(method, http.MethodPut)
}

// textExpired is what people read whose form is not ours, or not any more.
const textExpired = "The form had expired. Please try again."

// missing is the page about a record that is not there.
func (a *API) missing(c *route.Call, in consoleIn) (any, error) {
	return a.page(c, in, http.StatusNotFound, "problem", pages.Frame{Title: "Not found", Data: "There is no such record, or none any more."})
}

// told makes an error that people can mend the alert of the next page; other errors
// are given back.
func (a *API) told(c *route.Call, in consoleIn, back string, err error) (any, error) {
	shown, ok := errors.AsType[*chat.Error](err)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return a.missing(c, in)
	case ok && (shown.Code == chat.CodeInvalid || shown.Code == chat.CodeUnprocessable):
		return a.redirect(c, back, flash{Alert: shown.Message})
	}
	return nil, err
}
