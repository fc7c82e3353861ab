package api_test

import (
	"bytes"
	"crypto/md5" //nolint:gosec // the checksum of the protocol
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"tributary/files"
	"tributary/store"
)

// loaded is the answer to a request for a file.
type loaded struct {
	status int
	header http.Header
	body   string
}

// load sends a request without credentials and follows no redirect.
func (w *world) load(method, address, body string, headers ...string) loaded {
	w.t.Helper()
	req, err := http.NewRequest(method, "http://desk.test"+strings.TrimPrefix(address, publicURL), strings.NewReader(body))
	w.must(err)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	client := *w.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Do(req)
	w.must(err)
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	w.must(err)
	return loaded{res.StatusCode, res.Header, string(b)}
}

// stored takes a file in and uses it.
func (w *world) stored(name, body string) files.File {
	w.t.Helper()
	f, err := w.files.Create(w.t.Context(), files.NewFile{AccountID: w.account, Filename: name, Reader: strings.NewReader(body)})
	w.must(err)
	w.must(w.store.Transact(w.t.Context(), func(tx *store.Tx) error { return tx.AttachBlob(w.t.Context(), w.account, f.ID) }))
	return f
}

func (w *world) picture(width, height int) string {
	var b bytes.Buffer
	w.must(png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height))))
	return b.String()
}

const notFound = `{"error":"Resource could not be found"}`

func TestFiles(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		f := w.stored("voice note.ogg", "OggS\x00\x02 0123456789")
		address := w.files.URL(f.ID, f.Filename)
		short := strings.Replace(address, "/blobs/redirect/", "/blobs/", 1)
		var at string
		for _, a := range []string{address, short, strings.Replace(address, "voice%20note.ogg", "other", 1), strings.Replace(address, "voice%20note.ogg", "a/b", 1)} {
			got := w.load("GET", a, "")
			at = got.header.Get("Location")
			if got.status != 302 || !strings.HasPrefix(at, publicURL+"/rails/active_storage/disk/") || got.body != "" {
				t.Errorf("GET %s: %d %s %q", a, got.status, at, got.body)
			}
		}
		for _, x := range []struct {
			method, address string
			headers         []string
			status          int
			body            string
		}{
			{"GET", at, nil, 200, "OggS\x00\x02 0123456789"},
			{"HEAD", at, nil, 200, ""},
			{"GET", at, []string{"Range: bytes=7-9"}, 206, "012"},
			{"GET", at, []string{"Range: bytes=-2"}, 206, "89"},
			{"GET", at, []string{"Range: bytes=99-"}, 416, ""},
			{"GET", w.files.ProviderURL(f.ID, f.Filename), nil, 200, "OggS\x00\x02 0123456789"},
			{"GET", w.files.ProviderURL(f.ID, f.Filename), []string{"Range: bytes=0-3"}, 206, "OggS"},
		} {
			got := w.load(x.method, x.address, "", x.headers...)
			if got.status != x.status || got.body != x.body {
				t.Errorf("%s %s %v: got %d %q, want %d %q", x.method, x.address, x.headers, got.status, got.body, x.status, x.body)
			}
			for name, want := range map[string]string{
				"Content-Disposition":    `inline; filename="voice note.ogg"; filename*=UTF-8''voice%20note.ogg`,
				"X-Content-Type-Options": "nosniff", "Accept-Ranges": "bytes", "Content-Security-Policy": "",
			} {
				if got := got.header.Get(name); got != want {
					t.Errorf("%s %v: %s %q, want %q", x.method, x.headers, name, got, want)
				}
			}
			if kind := got.header.Get("Content-Type"); x.status != 416 && kind != "audio/ogg" {
				t.Errorf("%s %v: Content-Type %q", x.method, x.headers, kind)
			}
			if tag := got.header.Get("ETag"); x.status == 200 && w.load("GET", x.address, "", "If-None-Match: "+tag).status != 304 {
				t.Errorf("%s: not 304 for its own ETag %s", x.address, tag)
			}
		}
		w.now.Add(int64(6 * time.Minute / time.Microsecond))
		if got := w.load("GET", at, ""); got.status != 404 || got.body != notFound {
			t.Errorf("after six minutes: %d %s", got.status, got.body)
		}
		if got := w.load("GET", address, ""); got.status != 302 {
			t.Errorf("the permanent address after six minutes: %d", got.status)
		}
	})
}

func TestFileOddities(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	for name, body := range map[string]string{"empty.txt": "", "page.html": "<!DOCTYPE html><script>alert(1)</script>", "a.svg": `<svg xmlns="http://www.w3.org/2000/svg"/>`} {
		f := w.stored(name, body)
		for _, address := range []string{w.load("GET", w.files.URL(f.ID, name), "").header.Get("Location"), w.files.ProviderURL(f.ID, name)} {
			got := w.load("GET", address, "")
			if got.status != 200 || got.body != body || !strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment; ") ||
				strings.Contains(got.header.Get("Content-Type"), "html") || strings.Contains(got.header.Get("Content-Type"), "svg") ||
				got.header.Get("Content-Security-Policy") != "default-src 'none'; sandbox" || got.header.Get("Content-Length") != fmt.Sprint(len(body)) {
				t.Errorf("%s: %d %q %v", name, got.status, got.body, got.header)
			}
		}
	}
}

func TestForgedFileAddresses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	f := w.stored("a.txt", "hello")
	unused, err := w.files.Create(t.Context(), files.NewFile{AccountID: w.account, Filename: "u.txt", Reader: strings.NewReader("hello")})
	w.must(err)
	good := w.files.URL(f.ID, "a.txt")
	disk := w.load("GET", good, "").header.Get("Location")
	const storage = "/rails/active_storage"
	token := strings.Split(strings.TrimPrefix(disk, publicURL+storage), "/")[2]
	signed := strings.Split(strings.TrimPrefix(good, publicURL+storage), "/")[3]
	for _, path := range []string{
		storage + "/disk/" + token[1:] + "/a.txt", storage + "/disk/" + token + "A/a.txt", storage + "/disk/" + signed + "/a.txt",
		storage + "/disk/..%2f..%2fetc%2fpasswd/a.txt", storage + "/disk/%2e%2e/a.txt", storage + "/disk/" + f.Key + "/a.txt",
		storage + "/blobs/redirect/" + token + "/a.txt", storage + "/blobs/redirect/" + fmt.Sprint(f.ID) + "/a.txt", storage + "/blobs/proxy/" + signed + "/a.txt",
		storage + "/representations/redirect/" + signed + "/thumb/a.txt", // no picture
		strings.TrimPrefix(w.files.URL(unused.ID, "u.txt"), publicURL),
		strings.TrimPrefix(w.files.ProviderURL(unused.ID, "u.txt"), publicURL),
		strings.TrimPrefix(w.files.URL(999, "a.txt"), publicURL),
	} {
		if got := w.load("GET", path, ""); got.status != 404 || got.body != notFound {
			t.Errorf("GET %s: got %d %s", path, got.status, got.body)
		}
	}
	if got := w.load("PUT", storage+"/disk/"+token, "hello"); got.status != 404 {
		t.Errorf("PUT with a token to fetch: %d", got.status)
	}
	if got := w.load("GET", storage+"/disk/../../../etc/passwd", ""); got.status != 404 {
		t.Errorf("traversal: %d", got.status)
	}
}

func TestThumbnails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	f := w.stored("a.png", w.picture(800, 400))
	address := w.files.ThumbURL(f.ID, f.Filename)
	for range 2 {
		got := w.load("GET", address, "")
		if got.status != 302 {
			t.Fatalf("GET %s: %d %s", address, got.status, got.body)
		}
		small := w.load("GET", got.header.Get("Location"), "")
		c, _, err := image.DecodeConfig(strings.NewReader(small.body))
		if err != nil || c.Width != 250 || c.Height != 125 || small.header.Get("Content-Type") != "image/jpeg" {
			t.Errorf("%+v, %v, %s", c, err, small.header.Get("Content-Type"))
		}
	}
	if got := w.load("GET", strings.Replace(address, "/thumb/", "/huge/", 1), ""); got.status != 404 {
		t.Errorf("another variation: %d", got.status)
	}
}

// announcement is the body of a request for a direct upload.
func announcement(name, contentType, body string) string {
	sum := md5.Sum([]byte(body)) //nolint:gosec // see above
	b, _ := json.Marshal(map[string]any{"blob": map[string]any{
		"filename": name, "content_type": contentType, "byte_size": len(body), "checksum": base64.StdEncoding.EncodeToString(sum[:]),
		"metadata": map[string]any{"identified": true},
	}})
	return string(b)
}

func TestDirectUploads(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox := w.line("Shop", true)
		hidden := w.line("Hidden", false)
		w.receive(inbox, "U1", "hello")
		w.receive(hidden, "U2", "hello")
		const content = `{"not":"parsed"`
		for _, x := range []struct {
			role, path string
			account    int64
		}{{"", "/rails/active_storage/direct_uploads", 0}, {"agent", "{A}/conversations/1/direct_uploads", w.account}} {
			out := w.call(x.role, "POST", x.path, announcement("a b.json", "application/json", content)).object()
			if key, _ := out["key"].(string); len(key) != 28 || out["attachable_sgid"] != out["signed_id"] {
				t.Errorf("%s: %v", x.path, out)
			}
			signed, _ := out["signed_id"].(string)
			for _, key := range []string{"id", "key", "signed_id", "attachable_sgid", "created_at"} {
				delete(out, key)
			}
			upload, _ := at(out, "direct_upload", "url").(string)
			if !strings.HasPrefix(upload, publicURL+"/rails/active_storage/disk/") {
				t.Errorf("%s: url %s", x.path, upload)
			}
			delete(out, "direct_upload")
			same(t, x.path, out, `{"filename":"a b.json","content_type":"application/json","metadata":{"identified":true},"service_name":"local",
				"byte_size":15,"checksum":"`+md5Of(content)+`"}`)
			for _, c := range []struct {
				body   string
				status int
			}{{"other", 422}, {content, 204}, {content, 204}} {
				if got := w.load("PUT", upload, c.body, "Content-Type: application/json"); got.status != c.status {
					t.Errorf("PUT %q: got %d %s, want %d", c.body, got.status, got.body, c.status)
				}
			}
			f, err := w.files.Attachable(t.Context(), signed)
			if err != nil || f.Size != int64(len(content)) || f.AccountID != x.account || f.ExpiresAt.IsZero() {
				t.Errorf("%s: %+v, %v", x.path, f, err)
			}
			// Not before it is used.
			if got := w.load("GET", w.files.URL(f.ID, "a"), ""); got.status != 404 {
				t.Errorf("%s: GET before it is attached: %d", x.path, got.status)
			}
		}
		body := announcement("a.txt", "text/plain", "x")
		w.call("", "POST", "{A}/conversations/1/direct_uploads", body).
			want(401, `{"errors":["You need to sign in or sign up before continuing."]}`)
		w.call("stranger", "POST", "{A}/conversations/1/direct_uploads", body).want(401, `{"error":"You are not authorized to access this account"}`)
		w.call("agent", "POST", "{A}/conversations/99/direct_uploads", body).want(404, notFound)
		if got := w.call("agent", "POST", "{A}/conversations/2/direct_uploads", body); got.status != 401 {
			t.Errorf("a conversation of an inbox that is not the agent's: %d %s", got.status, got.body)
		}
		w.call("", "POST", "/rails/active_storage/direct_uploads", `{}`).want(422, `{"error":"param is missing or the value is empty: blob"}`)
		w.call("", "POST", "/rails/active_storage/direct_uploads", `{"blob":{"filename":"a","byte_size":1,"checksum":"x"}}`).
			want(422, `{"error":"checksum is not the base64 of an MD5"}`)
		w.call("", "POST", "/rails/active_storage/direct_uploads", strings.Replace(body, `"identified":true`, `"a":"`+strings.Repeat("x", 9000)+`"`, 1)).
			want(422, `{"error":"metadata is not a small JSON object"}`)
	})
}

func md5Of(text string) string {
	sum := md5.Sum([]byte(text)) //nolint:gosec // see above
	return base64.StdEncoding.EncodeToString(sum[:])
}
