package api_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// graph stands for graph.facebook.com: a person with a short-lived token "short" and
// three pages, listed in two parts.
type graph struct {
	*httptest.Server
	mu    sync.Mutex
	calls []string
	// refused are paths that are answered with an error.
	refused string
}

const longToken = "long-token"

func newGraph(t *testing.T) *graph {
	t.Helper()
	g := &graph{}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("body: %v", err)
		}
		g.mu.Lock()
		g.calls = append(g.calls, strings.TrimSpace(r.Method+" "+r.URL.Path+" "+r.URL.Query().Get("access_token")+" "+string(body)))
		refused := g.refused
		g.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		if refused != "" && strings.HasSuffix(r.URL.Path, refused) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprintf(w, `{"error":{"message":"Invalid OAuth access token short of app sekret","type":"OAuthException","code":190}}`)
			return
		}
		g.answer(t, w, r, string(body))
	}))
	t.Cleanup(g.Close)
	return g
}

func (g *graph) answer(t *testing.T, w http.ResponseWriter, r *http.Request, body string) {
	t.Helper()
	token := r.URL.Query().Get("access_token")
	switch path := r.URL.Path; {
	case path == "/v21.0/oauth/access_token":
		if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || r.URL.RawQuery != "" {
			t.Errorf("exchange: %s %s, query %q", r.Method, r.Header.Get("Content-Type"), r.URL.RawQuery)
		}
		if body != "client_id=app&client_secret=sekret&fb_exchange_token=short&grant_type=fb_exchange_token" {
			t.Errorf("exchange: %s", body)
		}
		_, _ = io.WriteString(w, `{"access_token":"`+longToken+`","token_type":"bearer"}`)
	case path == "/v21.0/me/accounts" && token == longToken && r.URL.Query().Get("after") == "":
		_, _ = io.WriteString(w, `{"data":[{"access_token":"p1","category":"Shop","category_list":[{"id":"1","name":"Shop"}],"name":"One","id":"101","tasks":["MANAGE"]},
			{"access_token":"p2","name":"Two","id":"102"}],
			"paging":{"cursors":{"before":"A","after":"B"},"next":"https://elsewhere.example/v21.0/me/accounts?access_token=x&limit=25&after=B"}}`)
	case path == "/v21.0/me/accounts" && token == longToken:
		if r.URL.Query().Get("limit") != "25" {
			t.Errorf("the next part: %s", r.URL.RawQuery)
		}
		_, _ = io.WriteString(w, `{"data":[{"access_token":"p3","name":"Three","id":"103"}],"paging":{"cursors":{"before":"C","after":"D"}}}`)
	case path == "/v21.0/me" && r.URL.Query().Get("fields") != "":
		_, _ = io.WriteString(w, `{"name":"One","instagram_business_account":{"id":"ig-`+token+`"}}`)
	case strings.HasSuffix(path, "/me/subscribed_apps"):
		_, _ = io.WriteString(w, `{"success":true}`)
	default:
		t.Errorf("unknown call %s %s", r.Method, r.URL.Path)
		w.WriteHeader(http.StatusNotFound)
	}
}

func (g *graph) take() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := g.calls
	g.calls = nil
	return out
}

func (g *graph) refuse(path string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refused = path
}

func (w *world) graph() *graph {
	w.t.Helper()
	g := newGraph(w.t)
	w.settings["FACEBOOK_GRAPH_URL"], w.settings["FACEBOOK_API_VERSION"] = g.URL, "v21.0"
	w.settings["FB_APP_ID"], w.settings["FB_APP_SECRET"] = "app", "sekret"
	return g
}

const registerPage = "{A}/callbacks/register_facebook_page"

func TestListFacebookPages(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		g := w.graph()
		const path = "{A}/callbacks/facebook_pages"
		w.call("admin", "POST", registerPage, `{"page_id":"102","page_access_token":"p2","user_access_token":"u","inbox_name":"Two"}`).object()
		elsewhere := id(w.call("admin", "POST", registerPage, `{"page_id":"103","page_access_token":"p3","user_access_token":"u","inbox_name":"Three"}`).object()["id"])
		// A page that another account has is free in this one.
		w.exec(`UPDATE channels SET account_id = (SELECT MAX(id) FROM accounts) WHERE id = (SELECT channel_id FROM inboxes WHERE id = $1)`, elsewhere)
		w.exec(`UPDATE inboxes SET account_id = (SELECT MAX(id) FROM accounts) WHERE id = $1`, elsewhere)
		w.exec(`UPDATE change_versions SET version = version + 1 WHERE topic = 'channels'`)
		g.take()
		got := w.call("admin", "POST", path, `{"omniauth_token":"short"}`).object()
		same(t, "pages", got, `{"data":{"page_details":[
			{"access_token":"p1","category":"Shop","category_list":[{"id":"1","name":"Shop"}],"name":"One","id":"101","tasks":["MANAGE"],"exists":false},
			{"access_token":"p2","name":"Two","id":"102","exists":true},
			{"access_token":"p3","name":"Three","id":"103","exists":false}],"user_access_token":"long-token"}}`)
		same(t, "calls", len(g.take()), "3")

		w.call("admin", "POST", path, `{}`).want(422, paramText("omniauth_token"))
		w.call("admin", "POST", path, `{"omniauth_token":""}`).want(422, paramText("omniauth_token"))
		w.call("agent", "POST", path, `{"omniauth_token":"short"}`).want(401, refusedText)
		w.call("stranger", "POST", path, `{"omniauth_token":"short"}`).want(401, `{"error":"You are not authorized to access this account"}`)
		w.call("", "POST", path, `{"omniauth_token":"short"}`).want(401, `{"errors":["You need to sign in or sign up before continuing."]}`)
		same(t, "no calls", len(g.take()), "0")
		for _, refused := range []string{"/oauth/access_token", "/me/accounts"} {
			g.refuse(refused)
			a := w.call("admin", "POST", path, `{"omniauth_token":"short"}`)
			if a.status != 422 || !strings.HasPrefix(a.body, `{"error":"190 - `) || refused == "/oauth/access_token" && (strings.Contains(a.body, "short") || strings.Contains(a.body, "sekret")) {
				t.Errorf("%s refused: got %d %s", refused, a.status, a.body)
			}
		}
		g.refuse("")
		g.Close()
		if a := w.call("admin", "POST", path, `{"omniauth_token":"short"}`); a.status != 422 || strings.Contains(a.body, "short") || strings.Contains(a.body, "127.0.0.1") {
			t.Errorf("Facebook away: got %d %s", a.status, a.body)
		}
		w.settings["FB_APP_SECRET"] = ""
		if a := w.call("admin", "POST", path, `{"omniauth_token":"short"}`); a.status != 422 || !strings.Contains(a.body, "FB_APP_SECRET") {
			t.Errorf("without the app's secret: got %d %s", a.status, a.body)
		}
	})
}

func TestRegisterFacebookPage(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		g := w.graph()
		made := w.call("admin", "POST", registerPage, `{"page_id":101,"page_access_token":"p1","user_access_token":"long-token","inbox_name":" My page "}`).object()
		inbox := id(made["id"])
		same(t, "made", made, fmt.Sprintf(`{"id":%d,"channel_id":%d,"name":"My page","channel_type":"Channel::FacebookPage","avatar_url":"","page_id":"101",
			"enable_auto_assignment":true}`, inbox, id(made["channel_id"])))
		compare(t, "the inbox", w.call("admin", "GET", fmt.Sprintf("{A}/inboxes/%d", inbox), "").object(),
			`{"page_id":"101","instagram_id":"ig-p1","reauthorization_required":false}`)
		same(t, "looked up", g.take(), `["GET /v21.0/me p1"]`)
		// The subscription and the picture follow by jobs.
		jobs := w.texts(`SELECT kind || ' ' || payload FROM jobs WHERE kind IN ('channel.register', 'inbox.avatar') ORDER BY kind`)
		same(t, "jobs", jobs, raw(t, []string{
			fmt.Sprintf(`channel.register {"inbox_id":%d}`, inbox),
			fmt.Sprintf(`inbox.avatar {"inbox_id":%d,"url":"%s/101/picture?type=large"}`, inbox, g.URL),
		}))
		w.eq("audit", strings.Fields(w.audits("Inbox"))[0], "create")
		if text := w.audits("Inbox"); strings.Contains(text, "p1") || strings.Contains(text, "long-token") {
			t.Errorf("tokens in the audit log: %s", text)
		}

		w.call("admin", "POST", registerPage, `{"page_id":"101","page_access_token":"p1","user_access_token":"u","inbox_name":"again"}`).
			want(422, `{"error":"Validation failed: Page has already been taken"}`)
		w.call("admin", "GET", registerPage+"?page_id=101&page_access_token=p1&user_access_token=u&inbox_name=again", "").
			want(422, `{"error":"Validation failed: Page has already been taken"}`)
		w.call("admin", "POST", registerPage, `{}`).want(422, `{"error":"Validation failed: Page can't be blank"}`)
		w.call("admin", "POST", registerPage, `{"page_id":"5"}`).want(422, `{"error":"Validation failed: Page access token can't be blank"}`)
		w.call("admin", "POST", registerPage, `{"page_id":"5","page_access_token":"p"}`).want(422, `{"error":"Validation failed: User access token can't be blank"}`)
		w.call("agent", "POST", registerPage, `{"page_id":"102"}`).want(401, refusedText)
		w.call("agent", "GET", registerPage, "").want(401, refusedText)
		same(t, "by GET", w.call("admin", "GET", registerPage+"?page_id=102&page_access_token=p2&user_access_token=u&inbox_name=Two", "").object()["name"], `"Two"`)
		g.refuse("/me")
		same(t, "a page that does not answer", w.call("admin", "POST", registerPage, `{"page_id":"103","page_access_token":"p3","user_access_token":"u"}`).object()["name"], `"Facebook"`)
	})
}

func TestReauthorizePage(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		g := w.graph()
		const path = "{A}/callbacks/reauthorize_page"
		inbox := id(w.call("admin", "POST", registerPage, `{"page_id":"103","page_access_token":"old","user_access_token":"u","inbox_name":"Three"}`).object()["id"])
		theirs := id(w.call("admin", "POST", registerPage, `{"page_id":"777","page_access_token":"other","user_access_token":"u","inbox_name":"Not hers"}`).object()["id"])
		line := w.line("l", false)
		w.exec(`UPDATE channels SET reauthorization_required = TRUE, authorization_errors = 2 WHERE id = (SELECT channel_id FROM inboxes WHERE id = $1)`, inbox)
		w.exec(`UPDATE change_versions SET version = version + 1 WHERE topic = 'channels'`)
		compare(t, "flagged", w.call("admin", "GET", fmt.Sprintf("{A}/inboxes/%d", inbox), "").object(), `{"reauthorization_required":true}`)
		body := func(inbox int64) string { return fmt.Sprintf(`{"inbox_id":%d,"omniauth_token":"short"}`, inbox) }
		before := w.cacheKeys()
		got := w.call("admin", "POST", path, body(inbox)).object()
		same(t, "the inbox", got, fmt.Sprintf(`{"data":%s}`, raw(t, w.call("admin", "GET", fmt.Sprintf("{A}/inboxes/%d", inbox), "").object())))
		data, _ := got["data"].(map[string]any)
		compare(t, "no longer flagged", data, `{"reauthorization_required":false,"instagram_id":"ig-p3","page_id":"103","name":"Three"}`)
		same(t, "cache keys", w.cacheKeys()-before, "1")
		var stored map[string]any
		_, ch, _ := w.desk.Driver(inbox)
		w.must(json.Unmarshal(ch.Settings, &stored))
		same(t, "settings", stored, `{"page_id":"103","page_access_token":"p3","user_access_token":"long-token","instagram_id":"ig-p3"}`)
		audits := strings.Split(w.audits("Inbox"), "\n")
		w.eq("audit", audits[len(audits)-1], `update {"instagram_id":["ig-old","ig-p3"],"page_access_token":["[FILTERED]","[FILTERED]"],"user_access_token":["[FILTERED]","[FILTERED]"]}`)

		for _, in := range []string{body(theirs), body(line), body(999), `{}`, fmt.Sprintf(`{"inbox_id":%d}`, inbox), `{"omniauth_token":"short"}`} {
			w.call("admin", "POST", path, in).want(422, "")
		}
		g.refuse("/oauth/access_token")
		w.call("admin", "POST", path, body(inbox)).want(422, "")
		w.call("agent", "POST", path, body(inbox)).want(401, refusedText)
		w.call("stranger", "POST", path, body(inbox)).want(401, `{"error":"You are not authorized to access this account"}`)
	})
}
