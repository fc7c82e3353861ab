package files_test

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // the checksum of the protocol
	"encoding/base64"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"tributary/blob"
	"tributary/blob/disk"
	"tributary/blob/s3"
	"tributary/chat"
	"tributary/files"
	"tributary/store"
	"tributary/store/storetest"
)

const publicURL = "https://desk.example"

func TestMain(m *testing.M) { os.Exit(storetest.Prepared.Around(m).Run()) }

// world is an installation's files.
type world struct {
	*files.Service
	db     *storetest.DB
	dir    string
	bucket *httptest.Server // nil: files are on the disk
	signer *blob.Signer
	local  *disk.Service
}

func onDisk(t *testing.T) *world {
	t.Helper()
	w := &world{db: storetest.New(t, ""), dir: t.TempDir()}
	var err error
	if w.local, err = disk.Open(disk.Options{Dir: w.dir, MaxBytes: 128 << 20}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.local.Close() })
	if w.signer, err = blob.NewSigner("secret", w.db.Clock.Now); err != nil {
		t.Fatal(err)
	}
	w.Service = w.with(w.local)
	return w
}

func (w *world) with(current blob.Service, others ...blob.Service) *files.Service {
	return files.New(files.Options{Store: w.db.Store, Current: current, Others: others, Signer: w.signer, PublicURL: publicURL, Now: w.db.Clock.Now})
}

// inBucket is an installation whose new files go to S3, with older ones on the disk.
func inBucket(t *testing.T) *world {
	t.Helper()
	w := onDisk(t)
	backend := s3mem.New()
	if err := backend.CreateBucket("files"); err != nil {
		t.Fatal(err)
	}
	w.bucket = httptest.NewTLSServer(gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server())
	t.Cleanup(w.bucket.Close)
	remote, err := s3.New(s3.Options{
		Name: s3.Compatible, Endpoint: w.bucket.URL, Bucket: "files", AccessKeyID: "a", SecretAccessKey: "b", PathStyle: true,
		Transport: w.bucket.Client().Transport,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Service = w.with(remote, w.local)
	return w
}

func each(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	t.Run("disk", func(t *testing.T) { t.Parallel(); f(t, onDisk(t)) })
	t.Run("bucket", func(t *testing.T) { t.Parallel(); f(t, inBucket(t)) })
}

func (w *world) create(t *testing.T, account int64, name, body string) files.File {
	t.Helper()
	f, err := w.Create(t.Context(), files.NewFile{AccountID: account, Filename: name, Reader: strings.NewReader(body)})
	if err != nil {
		t.Fatalf("Create %s: %v", name, err)
	}
	return f
}

func (w *world) attach(t *testing.T, account, id int64) {
	t.Helper()
	if err := w.db.Transact(t.Context(), func(tx *store.Tx) error { return tx.AttachBlob(t.Context(), account, id) }); err != nil {
		t.Fatalf("AttachBlob: %v", err)
	}
}

// last is the n-th last part of an address's path.
func last(t *testing.T, address string, n int) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(u.EscapedPath(), "/")
	return parts[len(parts)-n]
}

// load fetches what a redirect leads to, as a client does.
func (w *world) load(t *testing.T, address string) (body, disposition, contentType string) {
	t.Helper()
	if rest, ok := strings.CutPrefix(address, publicURL+"/rails/active_storage/disk/"); ok {
		token, _, _ := strings.Cut(rest, "/")
		s, err := w.Fetch(token)
		if err != nil {
			t.Fatalf("Fetch: %v", err)
		}
		return content(t, s), s.ContentDisposition, s.ContentType
	}
	res, err := w.bucket.Client().Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s %v", address, res.StatusCode, b, err)
	}
	return string(b), res.Header.Get("Content-Disposition"), res.Header.Get("Content-Type")
}

func content(t *testing.T, s files.Served) string {
	t.Helper()
	r, size, err := s.Open(t.Context())
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	defer func() { _ = r.Close() }()
	b, err := io.ReadAll(r)
	if err != nil || int64(len(b)) != size {
		t.Fatalf("read %d of %d bytes: %v", len(b), size, err)
	}
	return string(b)
}

func picture(t *testing.T, w, h int) string {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, w, h))
	m.SetGray(0, 0, color.Gray{Y: 255})
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestCreate(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		image := picture(t, 30, 20)
		for _, c := range []struct {
			name, declared, body, wantName, wantType string
			wantFile                                 string
		}{
			{"../../photo", "image/jpeg", image, "photo.png", "image/png", "image"},
			{"", "", "", "file", "application/octet-stream", "file"},
			{"notes.txt", "text/html", "hello", "notes.txt", "text/plain", "file"},
			{"a.html", "image/png", "<html><script>", "a.html", "text/html", "file"},
			{"voice", "audio/ogg; codecs=opus", "OggS\x00\x02", "voice.oga", "audio/ogg", "audio"},
		} {
			for _, sized := range []bool{true, false} {
				f, err := w.Create(t.Context(), files.NewFile{
					AccountID: 7, Filename: c.name, ContentType: c.declared, Reader: iotest.OneByteReader(strings.NewReader(c.body)),
					Size: int64(len(c.body)), Sized: sized,
				})
				if err != nil {
					t.Errorf("%q: %v", c.name, err)
					continue
				}
				if f.Filename != c.wantName || f.ContentType != c.wantType || chat.FileTypes[f.FileType] != c.wantFile || f.Size != int64(len(c.body)) {
					t.Errorf("%q: got %q %s %d, %d bytes", c.name, f.Filename, f.ContentType, f.FileType, f.Size)
				}
				sum := md5.Sum([]byte(c.body)) //nolint:gosec // see above
				if f.Checksum != base64.StdEncoding.EncodeToString(sum[:]) || len(f.SHA256) != 64 || f.AccountID != 7 {
					t.Errorf("%q: %+v", c.name, f.Blob)
				}
				if isImage := c.wantFile == "image"; isImage != (f.Width != nil) || isImage && (*f.Width != 30 || *f.Height != 20) {
					t.Errorf("%q: width %v", c.name, f.Width)
				}
				r, again, err := w.Open(t.Context(), f.ID)
				if err != nil {
					t.Fatal(err)
				}
				b, err := io.ReadAll(r)
				if err := errors.Join(err, r.Close()); err != nil || string(b) != c.body || again.ID != f.ID {
					t.Errorf("%q: read %q, %v", c.name, b, err)
				}
			}
		}
	})
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		gone := errors.New("gone")
		for name, c := range map[string]struct {
			file files.NewFile
			want error
		}{
			"announced too long": {files.NewFile{Reader: strings.NewReader("x"), Size: 41 << 20, Sized: true}, blob.ErrTooLarge},
			"too long":           {files.NewFile{Reader: strings.NewReader(strings.Repeat("x", 10_001)), MaxBytes: 10_000}, blob.ErrTooLarge},
			"short and too long": {files.NewFile{Reader: strings.NewReader("abc"), MaxBytes: 2}, blob.ErrTooLarge},
			"not as announced":   {files.NewFile{Reader: strings.NewReader("abc"), Size: 2, Sized: true}, blob.ErrSize},
			"broken at once":     {files.NewFile{Reader: iotest.ErrReader(gone)}, gone},
			"broken later":       {files.NewFile{Reader: io.MultiReader(strings.NewReader(strings.Repeat("x", 5000)), iotest.ErrReader(gone))}, gone},
		} {
			if _, err := w.Create(t.Context(), c.file); !errors.Is(err, c.want) {
				t.Errorf("%s: got %v, want %v", name, err, c.want)
			}
		}
		var rows int
		if err := w.db.SQL.QueryRow(`SELECT COUNT(*) FROM blobs`).Scan(&rows); err != nil || rows != 0 {
			t.Errorf("%d rows are left, %v", rows, err)
		}
		if got := w.onDisk(t); got != 0 {
			t.Errorf("%d files are left", got)
		}
	})
}

// onDisk counts the files in the storage directory.
func (w *world) onDisk(t *testing.T) int {
	t.Helper()
	n := 0
	err := filepath.WalkDir(w.dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestURLs(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		f := w.create(t, 7, "résumé 1.pdf", "%PDF-1.7 x")
		address := w.URL(f.ID, f.Filename)
		if !strings.HasPrefix(address, publicURL+"/rails/active_storage/blobs/redirect/") || !strings.HasSuffix(address, "/r%C3%A9sum%C3%A9%201.pdf") {
			t.Errorf("URL %s", address)
		}
		signed, provider := last(t, address, 2), last(t, w.ProviderURL(f.ID, f.Filename), 2)
		// Nothing is shown before something uses it.
		if _, err := w.Redirect(ctx, signed); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Redirect before it is attached: %v", err)
		}
		if _, err := w.Proxy(ctx, provider); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Proxy before it is attached: %v", err)
		}
		w.attach(t, 7, f.ID)
		to, err := w.Redirect(ctx, signed)
		if err != nil {
			t.Fatal(err)
		}
		body, disposition, contentType := w.load(t, to)
		if body != "%PDF-1.7 x" || !strings.HasPrefix(disposition, "inline; ") || contentType != "application/pdf" {
			t.Errorf("got %q, %s, %s", body, disposition, contentType)
		}
		for _, bad := range []string{"", "x", signed + "A", provider, last(t, to, 2)} {
			if _, err := w.Redirect(ctx, bad); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("Redirect %q: %v", bad, err)
			}
			if _, err := w.Fetch(bad); bad != last(t, to, 2) && !errors.Is(err, store.ErrNotFound) {
				t.Errorf("Fetch %q: %v", bad, err)
			}
		}
		if _, err := w.Proxy(ctx, signed); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Proxy of a signed id: %v", err)
		}
		w.db.Clock.Advance(5 * time.Minute)
		if w.bucket == nil {
			if _, err := w.Fetch(last(t, to, 2)); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("Fetch after five minutes: %v", err)
			}
		}
		w.db.Clock.Advance(7*24*time.Hour - 6*time.Minute)
		s, err := w.Proxy(ctx, provider)
		if err != nil {
			t.Fatalf("Proxy within seven days: %v", err)
		}
		if got := content(t, s); got != "%PDF-1.7 x" {
			t.Errorf("Proxy: %q", got)
		}
		w.db.Clock.Advance(time.Minute)
		if _, err := w.Proxy(ctx, provider); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Proxy after seven days: %v", err)
		}
		if to, err := w.Redirect(ctx, signed); err != nil {
			t.Errorf("Redirect later: %v, %s", err, to)
		}
	})
}

// What could run in a page is never shown in it.
func TestPresentation(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		for body, want := range map[string][2]string{
			picture(t, 1, 1):                            {"inline", "image/png"},
			"<!DOCTYPE html><script>1</script>":         {"attachment", "application/octet-stream"},
			`<svg xmlns="http://www.w3.org/2000/svg"/>`: {"attachment", "application/octet-stream"},
			`<?xml version="1.0"?><a/>`:                 {"attachment", "application/octet-stream"},
			"hello":                                     {"attachment", "text/plain"},
		} {
			f := w.create(t, 0, "x", body)
			w.attach(t, 0, f.ID)
			to, err := w.Redirect(t.Context(), w.signer.SignedID(f.ID))
			if err != nil {
				t.Fatal(err)
			}
			got, disposition, contentType := w.load(t, to)
			kind, _, _ := strings.Cut(disposition, ";")
			if got != body || kind != want[0] || contentType != want[1] {
				t.Errorf("%.20q: got %s %s, want %v", body, kind, contentType, want)
			}
			s, err := w.Proxy(t.Context(), w.signer.SignProvider(f.ID, time.Hour))
			if err != nil || s.ContentType != want[1] || !strings.HasPrefix(s.ContentDisposition, want[0]) || s.Inline != (want[0] == "inline") {
				t.Errorf("%.20q for a provider: %+v, %v", body, s, err)
			}
		}
	})
}

func TestThumb(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		large, text := w.create(t, 0, "a.png", picture(t, 1000, 400)), w.create(t, 0, "a.txt", "hello")
		damaged := w.create(t, 0, "b.png", picture(t, 1000, 400)[:100])
		for _, f := range []files.File{large, text, damaged} {
			w.attach(t, 0, f.ID)
		}
		if address := w.ThumbURL(large.ID, "a.png"); !strings.HasPrefix(address, publicURL+"/rails/active_storage/representations/redirect/") ||
			last(t, address, 3) != w.signer.SignedID(large.ID) || last(t, address, 2) != files.Thumb {
			t.Errorf("ThumbURL %s", address)
		}
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				to, err := w.RedirectThumb(ctx, w.signer.SignedID(large.ID), files.Thumb)
				if err != nil {
					t.Errorf("RedirectThumb: %v", err)
					return
				}
				body, disposition, contentType := w.load(t, to)
				c, format, err := image.DecodeConfig(strings.NewReader(body))
				if err != nil || c.Width != 250 || c.Height != 100 || "image/"+format != contentType || !strings.HasPrefix(disposition, "inline") {
					t.Errorf("thumbnail: %+v %s %s %s, %v", c, format, contentType, disposition, err)
				}
			})
		}
		all.Wait()
		for _, c := range [][2]string{{w.signer.SignedID(text.ID), files.Thumb}, {w.signer.SignedID(large.ID), "huge"}, {"x", files.Thumb}} {
			if _, err := w.RedirectThumb(ctx, c[0], c[1]); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("RedirectThumb of %v: %v", c, err)
			}
		}
		for range 2 {
			to, err := w.RedirectThumb(ctx, w.signer.SignedID(damaged.ID), files.Thumb)
			if err != nil {
				t.Fatal(err)
			}
			if body, _, _ := w.load(t, to); len(body) != 100 {
				t.Errorf("a picture that cannot be read is shown with %d bytes, want its own 100", len(body))
			}
		}
		// Removing a picture removes its thumbnail.
		if err := w.Delete(ctx, large.ID); err != nil {
			t.Fatal(err)
		}
		if err := w.Delete(ctx, large.ID); err != nil {
			t.Errorf("Delete again: %v", err)
		}
		if _, err := w.RedirectThumb(ctx, w.signer.SignedID(large.ID), files.Thumb); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("RedirectThumb after Delete: %v", err)
		}
		if w.bucket == nil {
			if got := w.onDisk(t); got != 2 {
				t.Errorf("%d files are left, want 2", got)
			}
		}
	})
}

func announcement(account int64, body string) files.Announcement {
	sum := md5.Sum([]byte(body)) //nolint:gosec // see above
	return files.Announcement{
		AccountID: account, Filename: "a.png", ContentType: "image/png", Size: int64(len(body)), MD5: base64.StdEncoding.EncodeToString(sum[:]),
	}
}

// send stores the bytes as the client does.
func (w *world) send(t *testing.T, d files.Direct, body string) error {
	t.Helper()
	if w.bucket == nil {
		return w.Receive(t.Context(), last(t, d.Target.URL, 1), []byte(body))
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, d.Target.URL, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = d.Target.Header.Clone()
	res, err := w.bucket.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return errors.New(res.Status)
	}
	return nil
}

func TestDirectUpload(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		body := picture(t, 8, 4)
		d, err := w.Announce(ctx, announcement(7, body))
		if err != nil {
			t.Fatal(err)
		}
		if d.SignedID != w.signer.SignedID(d.ID) || d.Target.Header.Get("Content-Type") != "image/png" {
			t.Errorf("got %+v", d)
		}
		if _, err := w.Attachable(ctx, d.SignedID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Attachable before the bytes came: %v", err)
		}
		if err := w.send(t, d, strings.Repeat("x", len(body))); err == nil {
			t.Error("other bytes were taken")
		}
		if err := w.send(t, d, body+"x"); err == nil {
			t.Error("more bytes were taken")
		}
		for range 2 {
			if err := w.send(t, d, body); err != nil {
				t.Fatalf("send: %v", err)
			}
		}
		for range 2 {
			f, err := w.Attachable(ctx, d.SignedID)
			if err != nil || f.ContentType != "image/png" || *f.Width != 8 || *f.Height != 4 || f.Checksum != d.Checksum || f.StoredAt.IsZero() {
				t.Fatalf("Attachable: %+v, %v", f, err)
			}
		}
		w.attach(t, 7, d.ID)
		to, err := w.Redirect(ctx, d.SignedID)
		if err != nil {
			t.Fatal(err)
		}
		if got, _, _ := w.load(t, to); got != body {
			t.Errorf("got %d bytes, want %d", len(got), len(body))
		}
	})
}

// What a client stores is what it is, not what the client said.
func TestDirectUploadIsLookedAt(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		const body = "<html><script>alert(1)</script>"
		d, err := w.Announce(t.Context(), announcement(0, body))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.send(t, d, body); err != nil {
			t.Fatal(err)
		}
		f, err := w.Attachable(t.Context(), d.SignedID)
		if err != nil || f.ContentType != "text/html" {
			t.Fatalf("got %s, %v, want text/html", f.ContentType, err)
		}
		w.attach(t, 0, f.ID)
		to, err := w.Redirect(t.Context(), d.SignedID)
		if err != nil {
			t.Fatal(err)
		}
		if _, disposition, contentType := w.load(t, to); !strings.HasPrefix(disposition, "attachment") || contentType != "application/octet-stream" {
			t.Errorf("shown as %s %s", disposition, contentType)
		}
	})
}

func TestAnnounceRefuses(t *testing.T) {
	t.Parallel()
	w := onDisk(t)
	for name, change := range map[string]func(*files.Announcement){
		"no checksum": func(a *files.Announcement) { a.MD5 = "" }, "hexadecimal": func(a *files.Announcement) { a.MD5 = strings.Repeat("0", 32) },
		"negative": func(a *files.Announcement) { a.Size = -1 }, "too long": func(a *files.Announcement) { a.Size = files.DefaultMaxBytes + 1 },
	} {
		a := announcement(7, "x")
		change(&a)
		if _, err := w.Announce(t.Context(), a); chat.CodeOf(err) != chat.CodeUnprocessable {
			t.Errorf("%s: %v", name, err)
		}
	}
	d, err := w.Announce(t.Context(), announcement(7, "x"))
	if err != nil {
		t.Fatal(err)
	}
	token := last(t, d.Target.URL, 1)
	if err := w.Receive(t.Context(), token, []byte("y")); chat.CodeOf(err) != chat.CodeUnprocessable {
		t.Errorf("other bytes: %v", err)
	}
	w.db.Clock.Advance(5 * time.Minute)
	for _, bad := range []string{token, "", d.SignedID} {
		if err := w.Receive(t.Context(), bad, []byte("x")); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("token %q: %v", bad, err)
		}
	}
}

// What nothing uses goes away, bytes first: an hour after somebody unknown stored
// it, a day after others did.
func TestSweep(t *testing.T) {
	t.Parallel()
	w := onDisk(t)
	ctx := t.Context()
	kept, unused := w.create(t, 7, "kept", "x"), w.create(t, 7, "unused", "x")
	w.attach(t, 7, kept.ID)
	anonymous, err := w.Announce(ctx, announcement(0, "x"))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.send(t, anonymous, "x"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Announce(ctx, announcement(7, "never sent")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		after         time.Duration
		removed, left int
	}{{59 * time.Minute, 0, 3}, {time.Minute, 1, 2}, {22 * time.Hour, 0, 2}, {time.Hour, 2, 1}, {1000 * time.Hour, 0, 1}} {
		w.db.Clock.Advance(c.after)
		n, err := w.Sweep(ctx)
		if err != nil || n != c.removed || w.onDisk(t) != c.left {
			t.Errorf("after %s: removed %d, %v, %d files are left; want %d and %d", c.after, n, err, w.onDisk(t), c.removed, c.left)
		}
	}
	if _, err := w.Get(ctx, unused.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Get of what was removed: %v", err)
	}
	if _, _, err := w.Open(ctx, kept.ID); err != nil {
		t.Errorf("Open of what is used: %v", err)
	}
}

// After a change of service, old files are where they were and new ones go to the
// new one; a service that is no longer configured is said so, and keeps the row.
func TestServices(t *testing.T) {
	t.Parallel()
	w := inBucket(t)
	ctx := t.Context()
	before := w.with(w.local)
	old, err := before.Create(ctx, files.NewFile{Filename: "old", Reader: strings.NewReader("old")})
	if err != nil {
		t.Fatal(err)
	}
	fresh := w.create(t, 0, "new", "new")
	if old.ServiceName != "local" || fresh.ServiceName != "s3_compatible" {
		t.Errorf("services %s and %s", old.ServiceName, fresh.ServiceName)
	}
	for _, f := range []files.File{old, fresh} {
		w.attach(t, 0, f.ID)
		to, err := w.Redirect(ctx, w.signer.SignedID(f.ID))
		if err != nil {
			t.Fatal(err)
		}
		if got, _, _ := w.load(t, to); got+".txt" != f.Filename {
			t.Errorf("%s: got %q", f.Filename, got)
		}
	}
	if _, _, err := before.Open(ctx, fresh.ID); err == nil || errors.Is(err, store.ErrNotFound) || !strings.Contains(err.Error(), "s3_compatible") {
		t.Errorf("a service that is not configured: %v", err)
	}
	if err := before.Delete(ctx, fresh.ID); err == nil {
		t.Error("a file was forgotten whose bytes are out of reach")
	}
	if err := w.Ping(ctx); err != nil {
		t.Errorf("Ping: %v", err)
	}
}

// Bytes that are gone are not found; they do not break anything.
func TestBytesGone(t *testing.T) {
	t.Parallel()
	w := onDisk(t)
	f := w.create(t, 0, "a.png", picture(t, 3, 3))
	w.attach(t, 0, f.ID)
	if err := w.local.Delete(t.Context(), f.Key); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.Open(t.Context(), f.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Open: %v", err)
	}
	if _, err := w.RedirectThumb(t.Context(), w.signer.SignedID(f.ID), files.Thumb); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("RedirectThumb: %v", err)
	}
	if err := w.Delete(t.Context(), f.ID); err != nil {
		t.Errorf("Delete: %v", err)
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	w := onDisk(t)
	ctx, cancel := context.WithCancel(t.Context())
	r, in := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, err := w.Create(ctx, files.NewFile{Reader: r})
		done <- err
	}()
	if _, err := in.Write(bytes.Repeat([]byte("x"), 5000)); err != nil {
		t.Fatal(err)
	}
	cancel()
	go func() { _, _ = in.Write([]byte("x")); _ = in.Close() }()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want Canceled", err)
	}
	_ = r.Close()
	if got := w.onDisk(t); got != 0 {
		t.Errorf("%d files are left", got)
	}
}

// zeros is a file of that many bytes which notes the memory in use while it is read.
type zeros struct {
	left       int64
	base, most uint64
}

func (z *zeros) Read(p []byte) (int, error) {
	if z.left%(8<<20) == 0 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if z.base == 0 {
			z.base = m.HeapAlloc
		}
		if m.HeapAlloc > z.base {
			z.most = max(z.most, m.HeapAlloc-z.base)
		}
	}
	if z.left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), z.left, 4096)
	z.left -= n
	return int(n), nil
}

func TestCreateMemory(t *testing.T) { //nolint:paralleltest // it measures memory
	w := onDisk(t)
	const size, bound = 96 << 20, 8 << 20
	in := &zeros{left: size}
	f, err := w.Create(t.Context(), files.NewFile{Reader: in, MaxBytes: 100 << 20})
	if err != nil || f.Size != size {
		t.Fatalf("got %d bytes, %v", f.Size, err)
	}
	if in.most > bound {
		t.Errorf("%d MiB of memory for a file of %d MiB", in.most>>20, size>>20)
	}
	// A file without end is cut off at the limit.
	in = &zeros{left: 1 << 40}
	if _, err := w.Create(t.Context(), files.NewFile{Reader: in}); !errors.Is(err, blob.ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
	if taken := int64(1<<40) - in.left; taken > files.DefaultMaxBytes+1<<20 {
		t.Errorf("%d bytes were read of a file that may have %d", taken, files.DefaultMaxBytes)
	}
}
