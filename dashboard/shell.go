package dashboard

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"regexp"
	"strings"

	"github.com/valyala/fasthttp"
)

const shellFile = "index.html"

// shell is the built page, cut where the page of a request gets its own parts.
type shell struct {
	start, head, body []byte // up to <html …>, up to </head>, the rest without </body></html>
}

var (
	htmlTag  = regexp.MustCompile(`<html[^>]*>`)
	titleTag = regexp.MustCompile(`\s*<title>[^<]*</title>`)
)

// readShell reads the page. Files whose names carry no hash get the version of
// their content into their address, so that browsers may keep them.
func readShell(files fs.FS, assets map[string]*asset) (shell, error) {
	page, err := fs.ReadFile(files, shellFile)
	if err != nil {
		return shell{}, err
	}
	for path, a := range assets {
		if !a.immutable {
			page = bytes.ReplaceAll(page, []byte(`"`+path+`"`), []byte(`"`+path+`?v=`+a.version+`"`))
		}
	}
	page = titleTag.ReplaceAll(page, nil)
	tag := htmlTag.FindIndex(page)
	head, end := bytes.Index(page, []byte("</head>")), bytes.LastIndex(page, []byte("</body>"))
	if tag == nil || head < 0 || end < 0 {
		return shell{}, errors.New("dashboard: the built page has no html, head or body")
	}
	return shell{start: page[:tag[0]], head: page[tag[1]:head], body: page[head:end]}, nil
}

// policy is the Content-Security-Policy of the page: its own scripts and styles,
// nothing inline. Pictures come from wherever files are kept; a form leads to a
// company's sign-in page. nonce lets an operator's scripts in, which may load and
// call what they like.
//
// dialogs lets Meta's own in: numbers of WhatsApp and pages of Facebook are connected
// by a window that only Meta's script can open, and that answers by its frames. The
// page loads the script when somebody presses that button, not before; an installation
// that names no app of Meta's never lets it in.
func policy(nonce string, dialogs bool) string {
	script, connect, frame := "", "", ""
	if dialogs {
		script, connect = " "+metaScript, " "+metaPages+" https://graph.facebook.com"
		frame = "frame-src " + metaPages + " https://web.facebook.com; "
	}
	if nonce == "" {
		return "default-src 'none'; script-src 'self'" + script + "; style-src 'self'; img-src 'self' data: blob: https:; font-src 'self'; " +
			"media-src 'self' blob: https:; connect-src 'self'" + connect + "; " + frame + "manifest-src 'self'; worker-src 'self'; " +
			"form-action 'self' https:; base-uri 'none'; frame-ancestors 'self'"
	}
	return "default-src 'none'; script-src 'self' 'nonce-" + nonce + "' 'strict-dynamic'; style-src 'self' 'unsafe-inline' https:; " +
		"img-src 'self' data: blob: https:; font-src 'self' data: https:; media-src 'self' blob: https:; connect-src 'self' https: wss:; " +
		"frame-src https:; manifest-src 'self'; worker-src 'self' blob:; form-action 'self' https:; base-uri 'none'; frame-ancestors 'self'"
}

const (
	metaScript = "https://connect.facebook.net"
	metaPages  = "https://www.facebook.com"
)

// dialogs tells whether a page can open a dialog of Meta's: one of its apps is set.
func (d *Dashboard) dialogs() bool {
	signup := d.opts.Setting("WHATSAPP_APP_ID") != "" && d.opts.Setting("WHATSAPP_CONFIGURATION_ID") != ""
	return signup || d.opts.Setting("FB_APP_ID") != ""
}

// passwordPage never carries an operator's scripts: its address holds a secret.
const passwordPage = "/app/auth/password/edit"

func (d *Dashboard) serveShell(ctx *fasthttp.RequestCtx) {
	locale := d.locale(ctx)
	config, err := json.Marshal(d.config(locale, string(ctx.UserAgent()))) // escapes <, > and &
	if err != nil {
		panic(err) // never: texts and lists of texts
	}
	scripts, nonce, dialogs := d.opts.Setting("DASHBOARD_SCRIPTS"), "", d.dialogs()
	if string(ctx.Path()) == passwordPage {
		scripts, dialogs = "", false
	}
	if strings.TrimSpace(scripts) != "" {
		nonce = rand.Text()
		scripts = scriptTag.ReplaceAllString(scripts, `<script nonce="`+nonce+`"`)
	}

	h := &ctx.Response.Header
	h.Set("Content-Security-Policy", policy(nonce, dialogs))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(self), payment=(), usb=()")
	h.Set("Vary", "Accept, Accept-Encoding")

	var page bytes.Buffer
	page.Write(d.shell.start)
	fmt.Fprintf(&page, `<html lang="%s" dir="%s">`, strings.ReplaceAll(locale, "_", "-"), direction(locale))
	page.Write(d.shell.head)
	d.writeHead(&page)
	fmt.Fprintf(&page, `<script type="application/json" id="config">%s</script>`, config)
	if nonce == "" {
		page.Write(d.shell.body)
	} else {
		// Trust spreads from a nonce only: the page's own scripts need it, too.
		out := page.Bytes()
		out = scriptTag.ReplaceAll(append(out, d.shell.body...), []byte(`<script nonce="`+nonce+`"`))
		page = *bytes.NewBuffer(out)
		page.WriteString(scripts)
	}
	page.WriteString("</body></html>\n")

	if nonce != "" {
		h.Set("Cache-Control", "no-store")
	} else {
		h.Set("Cache-Control", "no-cache, private")
		if unchanged(ctx, `W/"`+version(page.Bytes())+`"`) {
			return
		}
	}
	ctx.SetContentType("text/html; charset=utf-8")
	if ctx.Request.Header.HasAcceptEncoding("gzip") {
		h.Set("Content-Encoding", "gzip")
		ctx.SetBody(fasthttp.AppendGzipBytesLevel(nil, page.Bytes(), fasthttp.CompressDefaultCompression))
		return
	}
	ctx.SetBody(page.Bytes())
}

var scriptTag = regexp.MustCompile(`(?i)<script\b`)

// writeHead writes what the installation's settings say about the page.
func (d *Dashboard) writeHead(page *bytes.Buffer) {
	fmt.Fprintf(page, "<title>%s</title>", html.EscapeString(d.brand("INSTALLATION_NAME")))
	if !on(d.brand("DISPLAY_MANIFEST")) {
		return
	}
	page.WriteString(`<link rel="manifest" href="/manifest.json"><meta name="theme-color" content="` + themeColour + `">`)
	if id := d.opts.Setting("IOS_APP_IDENTIFIER"); id != "" {
		fmt.Fprintf(page, `<meta name="apple-itunes-app" content="app-id=%s">`, html.EscapeString(id))
	}
}

const themeColour = "#0b5cad"

type manifestIcon struct {
	Src   string `json:"src"`
	Sizes string `json:"sizes"`
	Type  string `json:"type"`
}

type manifest struct {
	Name            string         `json:"name"`
	ShortName       string         `json:"short_name"`
	Icons           []manifestIcon `json:"icons"`
	StartURL        string         `json:"start_url"`
	Scope           string         `json:"scope"`
	Display         string         `json:"display"`
	BackgroundColor string         `json:"background_color"`
	ThemeColor      string         `json:"theme_color"`
}

// serveManifest tells a phone how the page looks among its apps.
func (d *Dashboard) serveManifest(ctx *fasthttp.RequestCtx) {
	name := d.brand("INSTALLATION_NAME")
	body, err := json.Marshal(manifest{
		Name: name, ShortName: name, Icons: []manifestIcon{{"/app/favicon.svg", "any", contentTypes[".svg"]}},
		StartURL: "/app", Scope: "/app", Display: "standalone", BackgroundColor: "#ffffff", ThemeColor: themeColour,
	})
	if err != nil {
		panic(err) // never: texts
	}
	ctx.Response.Header.Set("Cache-Control", "public, no-cache")
	if unchanged(ctx, `"`+version(body)+`"`) {
		return
	}
	ctx.SetContentType("application/manifest+json")
	ctx.SetBody(body)
}
