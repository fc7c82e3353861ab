package dashboard_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/fasthttp/router"
	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttputil"

	"tributary/dashboard"
)

// site is a server with the dashboard and an /api beside it.
type site struct {
	t        *testing.T
	client   *http.Client
	settings map[string]string
}

func serve(t *testing.T, change func(*dashboard.Options)) *site {
	t.Helper()
	s := &site{t: t, settings: map[string]string{}}
	opts := dashboard.Options{
		Setting: func(name string) string { return s.settings[name] }, PublicURL: "https://desk.example", Locale: "en", Version: "4.6.0", Release: "0.1.0",
		SignupOpen: func() bool { return s.settings["ENABLE_ACCOUNT_SIGNUP"] == "true" }, MFA: func() bool { return s.settings["mfa"] == "on" }, PushKey: func() string { return s.settings["push"] },
	}
	if change != nil {
		change(&opts)
	}
	d, err := dashboard.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	r := router.New()
	r.GET("/api", func(ctx *fasthttp.RequestCtx) { ctx.SetBodyString("the API") })
	d.Mount(r)
	ln := fasthttputil.NewInmemoryListener()
	srv := &fasthttp.Server{Handler: r.Handler}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ln) }()
	s.client = &http.Client{
		Transport:     &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return ln.Dial() }, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.Cleanup(func() {
		s.client.CloseIdleConnections()
		if err := srv.Shutdown(); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		<-done
	})
	return s
}

// page is an answer.
type page struct {
	status int
	header http.Header
	body   string
}

func (s *site) call(method, path string, header map[string]string) page {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, "http://desk.test"+path, http.NoBody)
	if err != nil {
		s.t.Fatal(err)
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	res, err := s.client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return page{res.StatusCode, res.Header, string(body)}
}

// browse asks like a browser does.
func (s *site) browse(path string) page {
	s.t.Helper()
	return s.call("GET", path, map[string]string{"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"})
}

var configBlock = regexp.MustCompile(`<script type="application/json" id="config">(.*?)</script>`)

// config reads the data block of a page.
func (p page) config(t *testing.T) (chatwoot, global map[string]any, all map[string]json.RawMessage) {
	t.Helper()
	m := configBlock.FindStringSubmatch(p.body)
	if m == nil {
		t.Fatalf("no data block: %s", p.body)
	}
	if err := json.Unmarshal([]byte(m[1]), &all); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(json.Unmarshal(all["chatwootConfig"], &chatwoot), json.Unmarshal(all["globalConfig"], &global)); err != nil {
		t.Fatal(err)
	}
	return chatwoot, global, all
}

func TestEveryPathIsTheShell(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	for _, path := range []string{
		"/app", "/app/login?error=access-denied", "/app/login/sso", "/app/auth/password/edit?reset_password_token=x", "/app/accounts/1/dashboard",
		"/app/accounts/1/conversations/7", "/app/accounts/1/settings/inboxes/new/whatsapp", "/app/anything/else.html",
	} {
		p := s.browse(path)
		if p.status != 200 || p.header.Get("Content-Type") != "text/html; charset=utf-8" || !strings.Contains(p.body, `<div id="app"></div>`) {
			t.Errorf("%s: got %d %s %s", path, p.status, p.header.Get("Content-Type"), p.body)
		}
		if head := s.call("HEAD", path, nil); head.status != 200 || head.body != "" || head.header.Get("ETag") != p.header.Get("ETag") {
			t.Errorf("HEAD %s: got %d %q", path, head.status, head.body)
		}
	}
	if p := s.browse("/"); p.status != 302 || p.header.Get("Location") != "/app" || p.header.Get("Cache-Control") != "no-store" {
		t.Errorf("/: got %d %v", p.status, p.header)
	}
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
		if p := s.call(method, "/app/accounts/1/dashboard", nil); p.status != 404 || p.body != `{"status":404,"error":"Not Found"}` {
			t.Errorf("%s: got %d %s", method, p.status, p.body)
		}
	}
}

func TestProgramsAreSentToTheAPI(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	const refusal = `{"error":"Please use API routes instead of dashboard routes for JSON requests"}`
	for _, path := range []string{"/", "/app", "/app/accounts/1/dashboard"} {
		for _, accept := range []string{"application/json", "application/json, text/plain, */*", "text/json"} {
			p := s.call("GET", path, map[string]string{"Accept": accept})
			if p.status != 406 || p.body != refusal || p.header.Get("Content-Type") != "application/json; charset=utf-8" {
				t.Errorf("%s as %s: got %d %s", path, accept, p.status, p.body)
			}
		}
		for _, accept := range []string{"*/*", "", "text/html, application/json;q=0.5"} {
			if p := s.call("GET", path, map[string]string{"Accept": accept}); p.status != 200 && p.status != 302 {
				t.Errorf("%s as %q: got %d", path, accept, p.status)
			}
		}
	}
	if p := s.browse("/app/accounts/1.json"); p.status != 406 || p.body != refusal {
		t.Errorf(".json: got %d %s", p.status, p.body)
	}
}

func TestAPIOnly(t *testing.T) {
	t.Parallel()
	s := serve(t, func(o *dashboard.Options) { o.APIOnly = true })
	if p := s.browse("/"); p.status != 200 || p.body != "the API" {
		t.Errorf("/: got %d %s", p.status, p.body)
	}
	for _, path := range []string{"/app", "/app/login", "/manifest.json", "/app/theme.js"} {
		if p := s.browse(path); p.status != 404 {
			t.Errorf("%s: got %d", path, p.status)
		}
	}
}

// loaded are the addresses of scripts and styles in a page.
var loaded = regexp.MustCompile(`(?:src|href)="(/app/[^"]+)"`)

func TestFilesAreKeptByBrowsers(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	shell := s.browse("/app")
	kinds := map[string]int{}
	for _, m := range loaded.FindAllStringSubmatch(shell.body, -1) {
		p := s.browse(m[1])
		kinds[p.header.Get("Content-Type")]++
		if p.status != 200 || p.header.Get("Cache-Control") != "public, max-age=31536000, immutable" || p.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: got %d %v", m[1], p.status, p.header)
		}
		zipped := s.call("GET", m[1], map[string]string{"Accept-Encoding": "gzip"})
		r, err := gzip.NewReader(strings.NewReader(zipped.body))
		if err != nil {
			t.Fatalf("%s: %v", m[1], err)
		}
		plain, err := io.ReadAll(r)
		if err != nil || string(plain) != p.body || zipped.header.Get("Content-Encoding") != "gzip" || zipped.header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s as gzip: %v, %v", m[1], err, zipped.header)
		}
		smaller := s.call("GET", m[1], map[string]string{"Accept-Encoding": "gzip, deflate, br"})
		plain, err = io.ReadAll(brotli.NewReader(strings.NewReader(smaller.body)))
		if err != nil || string(plain) != p.body || smaller.header.Get("Content-Encoding") != "br" || len(smaller.body) > len(zipped.body)+16 {
			t.Errorf("%s as brotli: %v, %v, %d bytes, %d as gzip", m[1], err, smaller.header, len(smaller.body), len(zipped.body))
		}
		if again := s.call("GET", m[1], map[string]string{"If-None-Match": p.header.Get("ETag")}); again.status != 304 || again.body != "" {
			t.Errorf("%s again: got %d", m[1], again.status)
		}
	}
	if kinds["text/javascript; charset=utf-8"] < 2 || kinds["text/css; charset=utf-8"] != 1 || kinds["image/svg+xml"] != 1 {
		t.Errorf("the page loads %v", kinds)
	}
	if p := s.browse("/app/theme.js"); p.header.Get("Cache-Control") != "public, no-cache" {
		t.Errorf("a file by its bare name: got %v", p.header)
	}
	// What a former build had is gone, and no page in its place.
	for _, path := range []string{"/app/assets/index-00000000.js", "/app/assets/", "/brand-assets/nothing.svg", "/brand-assets/theme.js"} {
		if p := s.browse(path); p.status != 404 || p.body != `{"status":404,"error":"Not Found"}` {
			t.Errorf("%s: got %d %s", path, p.status, p.body)
		}
	}
	for _, path := range []string{"/brand-assets/logo.svg", "/brand-assets/logo_dark.svg", "/brand-assets/logo_thumbnail.svg", "/app/favicon.svg"} {
		if p := s.browse(path); p.status != 200 || p.header.Get("Content-Type") != "image/svg+xml" || p.header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s: got %d %v", path, p.status, p.header)
		}
	}
}

func TestShellIsAskedForAgain(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	p := s.browse("/app")
	etag := p.header.Get("ETag")
	if !strings.HasPrefix(etag, `W/"`) || p.header.Get("Cache-Control") != "no-cache, private" || p.header.Get("Vary") != "Accept, Accept-Encoding" {
		t.Errorf("got %v", p.header)
	}
	if again := s.call("GET", "/app", map[string]string{"If-None-Match": `"other", ` + etag}); again.status != 304 || again.body != "" {
		t.Errorf("unchanged: got %d %s", again.status, again.body)
	}
	s.settings["INSTALLATION_NAME"] = "Desk <One> & \"Two\""
	changed := s.call("GET", "/app", map[string]string{"If-None-Match": etag, "Accept-Encoding": "gzip"})
	if changed.status != 200 || changed.header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("changed: got %d %v", changed.status, changed.header)
	}
	r, err := gzip.NewReader(strings.NewReader(changed.body))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r)
	if err != nil || !bytes.Contains(body, []byte("<title>Desk &lt;One&gt; &amp; &#34;Two&#34;</title>")) {
		t.Errorf("changed: %v %s", err, body)
	}
}

func TestPolicy(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	p := s.browse("/app")
	policy := p.header.Get("Content-Security-Policy")
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "nonce") {
		t.Errorf("the policy allows more than it should: %s", policy)
	}
	for _, part := range []string{
		"default-src 'none'", "script-src 'self';", "style-src 'self';", "connect-src 'self'", "base-uri 'none'", "frame-ancestors 'self'", "form-action 'self' https:",
	} {
		if !strings.Contains(policy, part) {
			t.Errorf("the policy lacks %s: %s", part, policy)
		}
	}
	// Nothing inline but data.
	if rest := configBlock.ReplaceAllString(p.body, ""); regexp.MustCompile(`<script(?:\s[^>]*)?>[^<]|<style|\son\w+=|\sstyle=`).MatchString(rest) {
		t.Errorf("something is inline: %s", rest)
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"} {
		if got := p.header.Get(name); got != want {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

// Meta's script is let in where an app of Meta's is set, and nowhere else.
func TestPolicyOfDialogs(t *testing.T) {
	t.Parallel()
	of := func(path string, settings map[string]string) string {
		s := serve(t, nil)
		maps.Copy(s.settings, settings)
		return s.browse(path).header.Get("Content-Security-Policy")
	}
	signup := map[string]string{"WHATSAPP_APP_ID": "1", "WHATSAPP_CONFIGURATION_ID": "2"}
	for _, settings := range []map[string]string{nil, {"WHATSAPP_APP_ID": "1"}, {"WHATSAPP_CONFIGURATION_ID": "2"}} {
		if got := of("/app", settings); strings.Contains(got, "facebook") || strings.Contains(got, "frame-src") {
			t.Errorf("%v: %s", settings, got)
		}
	}
	if got := of("/app/auth/password/edit", signup); strings.Contains(got, "facebook") {
		t.Errorf("a page whose address holds a secret lets others in: %s", got)
	}
	for _, settings := range []map[string]string{signup, {"FB_APP_ID": "3"}} {
		got := of("/app", settings)
		for _, part := range []string{
			"default-src 'none'", "script-src 'self' https://connect.facebook.net;", "frame-src https://www.facebook.com https://web.facebook.com;",
			"connect-src 'self' https://www.facebook.com https://graph.facebook.com;", "style-src 'self';", "base-uri 'none'",
		} {
			if !strings.Contains(got, part) {
				t.Errorf("%v: the policy lacks %s: %s", settings, part, got)
			}
		}
		if strings.Contains(got, "unsafe") || strings.Contains(got, "nonce") {
			t.Errorf("%v: the policy allows more than it should: %s", settings, got)
		}
	}
}

func TestScriptsOfTheOperator(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	s.settings["DASHBOARD_SCRIPTS"] = `<script>window.help = 1</script><SCRIPT src="https://help.example/x.js" async></SCRIPT>`
	nonce := func(p page) string {
		m := regexp.MustCompile(`'nonce-([A-Z2-7]{26})' 'strict-dynamic'`).FindStringSubmatch(p.header.Get("Content-Security-Policy"))
		if m == nil {
			t.Fatalf("no nonce: %s", p.header.Get("Content-Security-Policy"))
		}
		return m[1]
	}
	first, second := s.browse("/app/login"), s.browse("/app/login")
	if a, b := nonce(first), nonce(second); a == b {
		t.Error("a nonce comes twice")
	}
	if first.header.Get("ETag") != "" || first.header.Get("Cache-Control") != "no-store" {
		t.Errorf("a page with a nonce is kept: %v", first.header)
	}
	scripts, with := strings.Count(strings.ToLower(first.body), "<script"), strings.Count(first.body, `<script nonce="`+nonce(first)+`"`)
	if scripts < 5 || scripts != with || !strings.Contains(first.body, ">window.help = 1</script>") || !strings.Contains(first.body, `src="https://help.example/x.js" async`) {
		t.Errorf("%d of %d scripts have the nonce: %s", with, scripts, first.body)
	}
	p := s.browse("/app/auth/password/edit?reset_password_token=secret")
	if strings.Contains(p.body, "help") && strings.Contains(p.body, "help.example") || strings.Contains(p.header.Get("Content-Security-Policy"), "nonce") {
		t.Errorf("the page with a secret in its address runs them: %s", p.body)
	}
}

func TestWhatThePageIsTold(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	chatwoot, global, all := s.browse("/app").config(t)
	want := map[string]string{
		"hostURL": "https://desk.example", "helpCenterURL": "", "fbAppId": "", "instagramAppId": "", "googleOAuthClientId": "",
		"googleOAuthCallbackUrl": "https://desk.example/omniauth/google_oauth2/callback", "fbApiVersion": "v18.0", "whatsappAppId": "",
		"whatsappConfigurationId": "", "whatsappApiVersion": "v22.0", "signupEnabled": "false", "isEnterprise": "true", "isMfaEnabled": "false",
		"enterprisePlanName": "community", "vapidPublicKey": "", "selectedLocale": "en",
	}
	for key, value := range want {
		if chatwoot[key] != value {
			t.Errorf("chatwootConfig.%s: got %v, want %q", key, chatwoot[key], value)
		}
	}
	if list, _ := chatwoot["enabledLanguages"].([]any); len(list) != 39 || list[14].(map[string]any)["iso_639_1_code"] != "pt_BR" {
		t.Errorf("enabledLanguages: got %v", list)
	}
	if help, _ := chatwoot["helpUrls"].(map[string]any); len(help) != 13 || help["sla"] != "https://chwt.app/hc/sla" {
		t.Errorf("helpUrls: got %v", help)
	}
	if len(chatwoot) != len(want)+2 {
		t.Errorf("chatwootConfig has %d keys", len(chatwoot))
	}
	told := map[string]string{
		"LOGO": "/brand-assets/logo.svg", "LOGO_DARK": "/brand-assets/logo_dark.svg", "LOGO_THUMBNAIL": "/brand-assets/logo_thumbnail.svg",
		"INSTALLATION_NAME": "Tributary", "BRAND_NAME": "Tributary", "WIDGET_BRAND_URL": "", "TERMS_URL": "", "BRAND_URL": "", "PRIVACY_URL": "",
		"DISPLAY_MANIFEST": "true", "CREATE_NEW_ACCOUNT_FROM_DASHBOARD": "false", "CHATWOOT_INBOX_TOKEN": "", "API_CHANNEL_NAME": "",
		"API_CHANNEL_THUMBNAIL": "", "ANALYTICS_TOKEN": "", "DIRECT_UPLOADS_ENABLED": "false", "HCAPTCHA_SITE_KEY": "",
		"LOGOUT_REDIRECT_LINK": "/app/login", "DISABLE_USER_PROFILE_UPDATE": "false", "DEPLOYMENT_ENV": "self-hosted",
		"INSTALLATION_PRICING_PLAN": "community", "APP_VERSION": "4.6.0", "VAPID_PUBLIC_KEY": "", "ENABLE_ACCOUNT_SIGNUP": "false", "FB_APP_ID": "",
		"INSTAGRAM_APP_ID": "", "FACEBOOK_API_VERSION": "v18.0", "WHATSAPP_APP_ID": "", "WHATSAPP_CONFIGURATION_ID": "", "IS_ENTERPRISE": "true",
		"AZURE_APP_ID": "", "GIT_SHA": "0.1.0",
	}
	for key, value := range told {
		if global[key] != value {
			t.Errorf("globalConfig.%s: got %v, want %q", key, global[key], value)
		}
	}
	if len(global) != len(told) {
		t.Errorf("globalConfig has %d keys, want %d", len(global), len(told))
	}
	if _, ok := all["analyticsConfig"]; ok || string(all["errorLoggingConfig"]) != `""` {
		t.Errorf("got %s", all)
	}
}

func TestSettingsReachThePage(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	maps.Copy(s.settings, map[string]string{
		"ENABLE_ACCOUNT_SIGNUP": "true", "mfa": "on", "DISABLE_ENTERPRISE": "true", "ANALYTICS_TOKEN": "an", "GOOGLE_OAUTH_CLIENT_ID": "g.apps",
		"GOOGLE_OAUTH_CALLBACK_URL": "https://desk.example/cb", "INSTALLATION_NAME": "</script><b>", "IOS_APP_IDENTIFIER": `1"2`,
		"push": "BPx-_w", "TERMS_URL": "https://desk.example/terms",
	})
	p := s.call("GET", "/app?locale=ar", map[string]string{"User-Agent": "Mozilla/5.0 Chrome/140.0 Safari/537.36 Edg/140.0"})
	chatwoot, global, all := p.config(t)
	for key, value := range map[string]any{
		"signupEnabled": "true", "isMfaEnabled": "true", "isEnterprise": "false", "googleOAuthClientId": "g.apps",
		"googleOAuthCallbackUrl": "https://desk.example/cb", "vapidPublicKey": "BPx-_w", "selectedLocale": "ar", "enterprisePlanName": nil,
	} {
		if chatwoot[key] != value {
			t.Errorf("chatwootConfig.%s: got %v, want %v", key, chatwoot[key], value)
		}
	}
	if global["INSTALLATION_NAME"] != "</script><b>" || global["TERMS_URL"] != "https://desk.example/terms" || global["VAPID_PUBLIC_KEY"] != "BPx-_w" {
		t.Errorf("globalConfig: got %v", global)
	}
	if string(all["analyticsConfig"]) != `{"token":"an"}` || string(all["browserConfig"]) != `{"browser_name":"Microsoft Edge"}` {
		t.Errorf("got %s %s", all["analyticsConfig"], all["browserConfig"])
	}
	for _, wanted := range []string{`<html lang="ar" dir="rtl">`, `content="app-id=1&#34;2"`, `<link rel="manifest" href="/manifest.json">`} {
		if !strings.Contains(p.body, wanted) {
			t.Errorf("%s is missing: %s", wanted, p.body)
		}
	}
	s.settings["DISPLAY_MANIFEST"] = "false"
	if p := s.browse("/app?locale=xx"); strings.Contains(p.body, "manifest.json") || !strings.Contains(p.body, `<html lang="en" dir="ltr">`) {
		t.Errorf("without a manifest, in no known language: %s", p.body)
	}
	var manifest map[string]any
	m := s.browse("/manifest.json")
	if m.status != 406 { // the suffix does not make it a program's request
		if err := json.Unmarshal([]byte(m.body), &manifest); err != nil || manifest["name"] != "</script><b>" || manifest["start_url"] != "/app" {
			t.Errorf("manifest: %v %s", err, m.body)
		}
	}
	if again := s.call("GET", "/manifest.json", map[string]string{"If-None-Match": m.header.Get("ETag")}); again.status != 304 {
		t.Errorf("manifest again: got %d", again.status)
	}
}
