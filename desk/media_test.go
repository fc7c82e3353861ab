package desk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"tributary/chat"
	"tributary/desk"
	"tributary/internal/httpx"
	"tributary/internal/testkit"
	"tributary/store"
	"tributary/store/storetest"
)

// outside is everything that can be reached: hosts by name, answered in process;
// what it does not know goes to next, or is unreachable.
type outside struct {
	next  http.RoundTripper
	limit time.Duration // of a download; 0: as usual

	mu    sync.Mutex
	hosts map[string]http.HandlerFunc
	calls []*http.Request
}

func (o *outside) serve(host string, h http.HandlerFunc) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.hosts[host] = h
}

// called gives the requests that hosts of this name got.
func (o *outside) called(host string) []*http.Request {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []*http.Request
	for _, r := range o.calls {
		if r.URL.Host == host {
			out = append(out, r)
		}
	}
	return out
}

// RoundTrip implements http.RoundTripper.
func (o *outside) RoundTrip(r *http.Request) (*http.Response, error) {
	o.mu.Lock()
	o.calls = append(o.calls, r)
	h, ok := o.hosts[r.URL.Host]
	o.mu.Unlock()
	if !ok {
		if o.next != nil {
			return o.next.RoundTrip(r)
		}
		return nil, errors.New("no such host")
	}
	w := httptest.NewRecorder()
	h(w, r)
	res := w.Result()
	res.Request = r
	return res, nil
}

// gives answers with a body.
func gives(contentType string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(body)
	}
}

func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

func pngOf(t testing.TB, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// fetching makes the outside of a world and a runner of its downloads.
func (w *world) fetching(o *outside) *desk.Runner {
	w.t.Helper()
	if o.hosts == nil {
		o.hosts = map[string]http.HandlerFunc{}
	}
	client := &http.Client{Transport: o, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	w.env.HTTP, w.env.Guarded = client, client
	fetcher := desk.NewFetcher(w.desk, w.env, o.limit)
	runner := desk.NewRunner(desk.RunnerOptions{
		Store: w.store, Log: w.desk.Log, Lane: store.LaneMedia, Owner: "test", Now: w.clock.Now, Timeout: fetcher.JobTimeout(),
		Handlers: fetcher.Handlers(),
	})
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	go func() { done <- runner.Run(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("runner: %v", err)
		}
	})
	return runner
}

// fetched runs the downloads that are due.
func (w *world) fetched(r *desk.Runner) {
	w.t.Helper()
	r.Wake()
	testkit.Wait(w.t, 30*time.Second, "the downloads to be done", func() bool {
		return len(w.rows(fmt.Sprintf(`SELECT kind FROM jobs WHERE state = 'ready' AND lane = 'media' AND (run_at <= %d OR lease_owner <> '')`,
			w.clock.Now().UnixMicro()))) == 0
	})
}

// fetchedAll runs all downloads, those too that come later because their inbox has
// many.
func (w *world) fetchedAll(r *desk.Runner) {
	w.t.Helper()
	for range 20 {
		if w.fetched(r); len(w.rows(`SELECT kind FROM jobs WHERE state = 'ready' AND lane = 'media'`)) == 0 {
			return
		}
		w.clock.Advance(3 * time.Second)
	}
	w.t.Error("the downloads do not end")
}

// file is a message with one attachment.
func (w *world) file(inbox int64, key string, a chat.Attachment) *chat.Event {
	e := w.message(inbox, "U"+key, key, "")
	e.Message.Attachments = []chat.Attachment{a}
	return e
}

// link is an attachment that everybody may load.
func link(kind, address string) chat.Attachment {
	return chat.Attachment{Kind: kind, ExternalURL: address, Fetch: &chat.Fetch{Strategy: "url", Ref: address}}
}

// attachments are type, state, name, title and link of all, in order.
const attachments = `SELECT file_type || ' ' || state || ' ' || COALESCE(file_name, '-') || ' ' || COALESCE(fallback_title, '-') || ' ' ||
	COALESCE(external_url, '-') || ' ' || CASE WHEN blob_id IS NULL THEN '-' ELSE 'stored' END FROM attachments ORDER BY id`

func TestMediaIsFetched(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		o := &outside{}
		runner := w.fetching(o)
		inbox := w.line(1)
		o.serve("cdn.example.test", func(out http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/named":
				out.Header().Set("Content-Disposition", `attachment; filename="../menu.png"`)
				fallthrough
			case "/photo.png", "/plain":
				gives("application/octet-stream", pngOf(t, 3, 2))(out, r)
			case "/clip", "/reel":
				gives("video/mp4", []byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"))(out, r)
			case "/page":
				gives("image/png", []byte("<html><body>log in</body></html>"))(out, r)
			}
		})
		at := func(kind, path string) chat.Attachment { return link(kind, "https://cdn.example.test"+path) }
		declared := at("file", "/plain")
		declared.MIME, declared.Filename = "image/png", "scan\u202e.png"
		w.receive(
			w.file(inbox, "1", at("image", "/photo.png?token=x")), w.file(inbox, "2", at("image", "/named")), w.file(inbox, "3", at("share", "/clip")),
			w.file(inbox, "4", at("ig_reel", "/reel")), w.file(inbox, "5", at("audio", "/clip")), w.file(inbox, "6", at("story_mention", "/plain")),
			w.file(inbox, "7", declared), w.file(inbox, "8", at("image", "/page")), w.file(inbox, "9", chat.Attachment{Kind: "location", Title: "here"}),
		)
		w.want(`SELECT state FROM attachments ORDER BY id`, "pending", "pending", "pending", "pending", "pending", "pending", "pending", "pending", "ready")
		w.clock.Advance(time.Second)
		w.fetched(runner)
		const cdn = " - https://cdn.example.test"
		w.want(attachments,
			"0 ready photo.png"+cdn+"/photo.png?token=x stored", "0 ready menu.png"+cdn+"/named stored", "2 ready share.mp4"+cdn+"/clip stored",
			"9 ready ig_reel.mp4"+cdn+"/reel stored", "1 ready audio.mp4"+cdn+"/clip stored", "0 ready story_mention.png"+cdn+"/plain stored",
			"3 ready scan.png"+cdn+"/plain stored", "3 ready image.html"+cdn+"/page stored", "4 ready - here - -")
		w.want(`SELECT CAST(width AS TEXT) FROM attachments WHERE id = (SELECT MIN(id) FROM attachments)`, "3")
		w.want(`SELECT COUNT(*) || ' ' || COUNT(DISTINCT message_id) FROM outbox WHERE kind = 'message.updated'`, "8 8")
		w.want(`SELECT COUNT(*) || '' FROM jobs WHERE lane = 'media'`, "0")
		w.want(fmt.Sprintf(`SELECT COUNT(*) || '' FROM messages WHERE updated_at = %d`, w.clock.Now().UnixMicro()), "8")
		w.want(`SELECT COUNT(*) || '' FROM blobs WHERE expires_unattached_at IS NOT NULL`, "0")
		// The same events once more change nothing.
		w.receive(w.file(inbox, "1", at("image", "/photo.png?token=x")))
		w.want(`SELECT COUNT(*) || '' FROM jobs WHERE lane = 'media'`, "0")
	})
}

// TestMediaOfPrivateHosts: whatever a link from outside says, and wherever it
// leads, nothing private is called, and no link to it is shown.
func TestMediaOfPrivateHosts(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		guarded := httpx.NewGuarded(false, httpx.Resolver(testkit.Resolver(map[string]string{
			"loop.example.test.": "127.0.0.1", "meta.example.test.": "169.254.169.254", "six.example.test.": "::1", "lan.example.test.": "192.168.7.7",
			"ten.example.test.": "10.1.2.3", "cgnat.example.test.": "100.64.1.1", "mapped.example.test.": "::ffff:127.0.0.1", "unique.example.test.": "fd00:ec2::254",
		})))
		o := &outside{next: guarded.Transport}
		runner := w.fetching(o)
		inside := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a private server was reached") }))
		t.Cleanup(inside.Close)
		_, port, _ := strings.Cut(strings.TrimPrefix(inside.URL, "https://"), ":")
		o.serve("public.example.test", func(out http.ResponseWriter, r *http.Request) {
			http.Redirect(out, r, r.URL.Query().Get("to"), http.StatusFound)
		})
		inbox := w.line(1)
		var events []*chat.Event
		for i, to := range []string{
			"https://loop.example.test:" + port + "/a.png", "https://meta.example.test/latest/meta-data", "https://six.example.test:" + port, "https://lan.example.test/",
			"https://ten.example.test/", "https://cgnat.example.test/", "https://mapped.example.test:" + port, "https://unique.example.test/",
			"https://127.0.0.1:" + port, "https://[::1]:" + port, "https://169.254.169.254/", "http://loop.example.test/", "file:///etc/passwd",
			"https://public.example.test/?to=https://public.example.test/?to=https://loop.example.test:" + port,
		} {
			events = append(events, w.file(inbox, fmt.Sprint("direct", i), link("image", to)),
				w.file(inbox, fmt.Sprint("redirect", i), link("image", "https://public.example.test/pic.png?to="+to)))
		}
		w.receive(events...)
		w.fetchedAll(runner)
		for _, got := range w.rows(attachments) {
			if got != "5 ready - pic.png - -" && got != "5 ready - image - -" && got != "5 ready - a.png - -" {
				t.Errorf("attachment %q, want one that shows no link", got)
			}
		}
		w.want(`SELECT COUNT(*) || ' ' || COUNT(DISTINCT state) FROM attachments`, fmt.Sprint(len(events), " 1"))
		w.want(`SELECT COUNT(*) || '' FROM jobs WHERE lane = 'media'`, "0")
		w.want(`SELECT COUNT(*) || '' FROM blobs`, "0")
	})
}

// TestMediaWithCredentials: they go to the provider's hosts and no further.
func TestMediaWithCredentials(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		o := &outside{}
		runner := w.fetching(o)
		inbox := w.inbox("Channel::TwilioSms", "SMS", map[string]any{
			"account_sid": "AC1", "auth_token": "token", "phone_number": "+15005550006", "medium": "sms",
		}, nil)
		o.serve("api.twilio.com", func(out http.ResponseWriter, r *http.Request) {
			user, password, _ := r.BasicAuth()
			switch {
			case user != "AC1" || password != "token":
				out.WriteHeader(http.StatusUnauthorized)
			case r.URL.Path == "/first":
				http.Redirect(out, r, "/second", http.StatusTemporaryRedirect)
			default:
				http.Redirect(out, r, "https://cdn.example.test/ME1?signature=x", http.StatusTemporaryRedirect)
			}
		})
		o.serve("cdn.example.test", gives("image/png", pngOf(t, 2, 2)))
		media := func(address string) chat.Attachment {
			return chat.Attachment{Kind: "image", MIME: "image/png", Fetch: &chat.Fetch{Strategy: "url", Ref: address, Auth: "basic"}}
		}
		w.receive(w.file(inbox, "1", media("https://api.twilio.com/first")), w.file(inbox, "2", media("https://thief.example.test/a.png")))
		w.fetched(runner)
		w.want(attachments, "0 ready image.png - - stored", "5 ready - a.png - -")
		for _, host := range []string{"cdn.example.test", "thief.example.test"} {
			for _, r := range o.called(host) {
				if len(r.Header) != 0 {
					t.Errorf("%s was sent %v", host, r.Header)
				}
			}
		}
		if n := len(o.called("api.twilio.com")); n != 2 {
			t.Errorf("Twilio was called %d times, want 2", n)
		}
		if n := len(o.called("thief.example.test")); n != 0 {
			t.Errorf("the foreign host was called %d times", n)
		}
	})
}

func TestMediaRetries(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		o := &outside{}
		runner := w.fetching(o)
		inbox := w.line(1)
		refuse := map[string]http.HandlerFunc{
			"down": status(503), "busy": status(429, "Retry-After", "500"), "gone": status(404), "forbidden": status(403), "nobody": status(401),
			"loop": func(out http.ResponseWriter, r *http.Request) {
				http.Redirect(out, r, r.URL.String(), http.StatusFound)
			},
		}
		for name, h := range refuse {
			o.serve(name+".example.test", h)
		}
		var recovers int
		o.serve("flaky.example.test", func(out http.ResponseWriter, r *http.Request) {
			if recovers++; recovers < 3 {
				out.WriteHeader(http.StatusBadGateway)
				return
			}
			gives("image/png", pngOf(t, 1, 1))(out, r)
		})
		names := []string{"down", "busy", "gone", "forbidden", "nobody", "loop", "away", "flaky"}
		var events []*chat.Event
		for _, name := range names {
			events = append(events, w.file(inbox, name, link("image", "https://"+name+".example.test/"+name+".png")))
		}
		w.receive(events...)
		for range 12 {
			w.fetched(runner)
			w.clock.Advance(5 * time.Minute)
		}
		w.fetched(runner)
		for name, want := range map[string]int{"down": 4, "busy": 4, "gone": 1, "forbidden": 1, "nobody": 1, "loop": 4, "away": 4, "flaky": 3} {
			if got := len(o.called(name + ".example.test")); got != want {
				t.Errorf("%s was called %d times, want %d", name, got, want)
			}
		}
		var want []string
		for _, name := range names {
			line := "5 ready - " + name + ".png https://" + name + ".example.test/" + name + ".png -"
			if name == "flaky" {
				line = "0 ready flaky.png - https://flaky.example.test/flaky.png stored"
			}
			want = append(want, line)
		}
		w.want(attachments, want...)
		w.want(`SELECT COUNT(*) || '' FROM jobs WHERE lane = 'media'`, "0")
		w.want(`SELECT COUNT(*) || '' FROM outbox WHERE kind = 'message.updated'`, fmt.Sprint(len(names)))
	})
}

// TestMediaBeingPrepared: LINE says 202 while it prepares a long video.
func TestMediaBeingPrepared(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		o := &outside{}
		runner := w.fetching(o)
		inbox := w.line(1)
		var asked int
		o.serve("api-data.line.me", func(out http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer t" {
				t.Errorf("Authorization %q", r.Header.Get("Authorization"))
			}
			if asked++; asked < 7 || strings.Contains(r.URL.Path, "/never/") {
				out.WriteHeader(http.StatusAccepted)
				return
			}
			gives("video/mp4", []byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"))(out, r)
		})
		content := func(id string) chat.Attachment {
			return chat.Attachment{Kind: "video", Fetch: &chat.Fetch{Strategy: "line_content_id", Ref: id, Auth: "bearer"}}
		}
		w.receive(w.file(inbox, "1", content("long")))
		for range 10 {
			w.fetched(runner)
			w.clock.Advance(30 * time.Minute)
		}
		w.receive(w.file(inbox, "2", content("never")))
		for range 10 {
			w.fetched(runner)
			w.clock.Advance(30 * time.Minute)
		}
		w.want(attachments, "2 ready media-long.mp4 - - stored", "5 ready - video - -")
		if asked != 7+8 {
			t.Errorf("LINE was asked %d times, want 15", asked)
		}
	})
}

// endless is a body of 10 GB that counts what was read of it.
type endless struct{ left, read int64 }

// Read implements io.Reader.
func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), e.left)
	clear(p[:n])
	e.left, e.read = e.left-n, e.read+n
	return int(n), nil
}

// Close implements io.Closer.
func (e *endless) Close() error { return nil }

// endlessly answers with bodies of 10 GB, whose size one of the hosts announces.
type endlessly struct {
	mu     sync.Mutex
	bodies map[string]*endless
}

// RoundTrip implements http.RoundTripper.
func (e *endlessly) RoundTrip(r *http.Request) (*http.Response, error) {
	body := &endless{left: 10 << 30}
	e.mu.Lock()
	e.bodies[r.URL.Host] = body
	e.mu.Unlock()
	res := &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"video/mp4"}}, Body: body, ContentLength: -1, Request: r}
	if r.URL.Host == "announced.example.test" {
		res.ContentLength = body.left
	}
	return res, nil
}

func TestMediaWithoutEnd(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		source := &endlessly{bodies: map[string]*endless{}}
		runner := w.fetching(&outside{next: source})
		inbox := w.line(1)
		w.receive(w.file(inbox, "1", link("video", "https://announced.example.test/film.mp4")), w.file(inbox, "2", link("video", "https://silent.example.test/film.mp4")))
		w.fetched(runner)
		w.want(attachments, "5 ready - film.mp4 https://announced.example.test/film.mp4 -", "5 ready - film.mp4 https://silent.example.test/film.mp4 -")
		w.want(`SELECT COUNT(*) || '' FROM blobs`, "0")
		if n := source.bodies["announced.example.test"].read; n != 0 {
			t.Errorf("%d bytes were read of a file that is announced as too large", n)
		}
		if n := source.bodies["silent.example.test"].read; n < 40<<20 || n > 41<<20 {
			t.Errorf("%d bytes were read, want to be cut at 40 MiB", n)
		}
	})
}

// TestWhatsAppDocument: documents of WhatsApp may be larger than other files.
func TestWhatsAppDocument(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.Backend{Name: "sqlite"})
	o := &outside{}
	runner := w.fetching(o)
	inbox := w.inbox("Channel::Whatsapp", "WA", map[string]any{
		"phone_number": "+15035550122", "provider": "whatsapp_cloud",
		"provider_config": map[string]any{"api_key": "key", "phone_number_id": "33", "business_account_id": "99"},
	}, nil)
	o.serve("graph.facebook.com", func(out http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer key" || r.URL.Query().Get("phone_number_id") != "33" {
			t.Errorf("asked with %v %s", r.Header, r.URL)
		}
		_, _ = io.WriteString(out, `{"url":"https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=7","mime_type":"application/pdf"}`)
	})
	o.serve("lookaside.fbsbx.com", func(out http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer key" {
			t.Errorf("loaded with %v", r.Header)
		}
		out.Header().Set("Content-Type", "application/pdf")
		_, _ = io.WriteString(out, "%PDF-1.4\n")
		_, _ = out.Write(make([]byte, 50<<20))
	})
	media := func(kind string) chat.Attachment {
		return chat.Attachment{Kind: kind, MIME: "application/pdf", Filename: "plan.pdf", Fetch: &chat.Fetch{Strategy: "meta_media_id", Ref: "7", Auth: "bearer"}}
	}
	w.receive(w.file(inbox, "1", media("file")), w.file(inbox, "2", media("video")))
	w.fetched(runner)
	w.want(attachments, "3 ready plan.pdf - - stored", "5 ready - plan.pdf - -")
}

// TestMediaWaitsForAuthorization: a token that is dead costs no file.
func TestMediaWaitsForAuthorization(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		o := &outside{}
		runner := w.fetching(o)
		inbox := w.line(1)
		o.serve("api-data.line.me", status(401))
		w.receive(w.file(inbox, "1", chat.Attachment{Kind: "image", Fetch: &chat.Fetch{Strategy: "line_content_id", Ref: "9", Auth: "bearer"}}),
			w.file(inbox, "2", link("image", "https://cdn.example.test/a.png")))
		o.serve("cdn.example.test", gives("image/png", pngOf(t, 1, 1)))
		for range 8 {
			w.fetched(runner)
			w.clock.Advance(30 * time.Minute)
		}
		w.fetched(runner)
		w.want(`SELECT CASE WHEN reauthorization_required THEN 'flagged' ELSE '' END FROM channels`, "flagged")
		w.want(attachments, "0 pending - - - -", "0 ready a.png - https://cdn.example.test/a.png stored")
		if n := len(o.called("api-data.line.me")); n > 4 {
			t.Errorf("LINE was called %d times although the token is dead", n)
		}
		o.serve("api-data.line.me", gives("image/png", pngOf(t, 1, 1)))
		if _, err := w.db.ExecContext(t.Context(), `UPDATE channels SET reauthorization_required = FALSE`); err != nil {
			t.Fatal(err)
		}
		if err := w.desk.Directory.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := w.db.ExecContext(t.Context(), `UPDATE change_versions SET version = version + 1`); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(2 * time.Hour)
		w.fetched(runner)
		w.want(attachments, "0 ready media-9.png - - stored", "0 ready a.png - https://cdn.example.test/a.png stored")
	})
}

// TestMediaOfDeletedMessages: nothing is fetched, or nothing is kept.
func TestMediaOfDeletedMessages(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		o := &outside{}
		inbox := w.line(1)
		remove := func(key string) *chat.Event {
			e := w.message(inbox, "U"+key, key, "")
			e.Key, e.Kind, e.Message, e.Target = "del:"+key, chat.KindDelete, nil, &chat.Target{SourceIDs: []string{key}}
			return e
		}
		w.receive(w.file(inbox, "before", link("image", "https://cdn.example.test/before.png")), remove("before"))
		runner := w.fetching(o)
		o.serve("cdn.example.test", func(out http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "during") {
				w.receive(remove("during"))
			}
			gives("image/png", pngOf(t, 1, 1))(out, r)
		})
		w.fetched(runner)
		if n := len(o.called("cdn.example.test")); n != 0 {
			t.Errorf("the file of a deleted message was asked for %d times", n)
		}
		w.receive(w.file(inbox, "during", link("image", "https://cdn.example.test/during.png")), w.file(inbox, "after", link("image", "https://cdn.example.test/after.png")))
		w.fetched(runner)
		w.want(attachments, "0 ready after.png - https://cdn.example.test/after.png stored")
		w.want(`SELECT COUNT(*) || '' FROM blobs`, "1")
		w.receive(remove("after"))
		w.want(attachments)
		w.want(`SELECT COUNT(*) || '' FROM blobs WHERE expires_unattached_at IS NOT NULL`, "1")
		if n, err := w.files.Sweep(t.Context()); err != nil || n != 1 {
			t.Errorf("Sweep removed %d: %v", n, err)
		}
	})
}
