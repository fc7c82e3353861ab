package route_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"tributary/api/route"
	"tributary/chat"
)

// book is a source that counts how often it is open.
type book struct {
	io.ReadSeeker
	ctx  context.Context //nolint:containedctx // it is the stream's life
	open *atomic.Int64
}

// Read fails once the stream's context has ended, as a remote source does.
func (b book) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	return b.ReadSeeker.Read(p)
}

func (b book) Close() error {
	b.open.Add(-1)
	return nil
}

func streamOf(text string, open *atomic.Int64) route.Stream {
	return route.Stream{ContentType: "text/x", ETag: "v1", Open: func(ctx context.Context) (io.ReadSeekCloser, int64, error) {
		open.Add(1)
		return book{strings.NewReader(text), ctx, open}, int64(len(text)), nil
	}}
}

func get(path string, s route.Stream) route.Row {
	return route.Get(path, route.Public, func(_ context.Context, c *route.Call, _ none) (route.Stream, error) {
		c.SetHeader("X-Extra", "1")
		return s, nil
	})
}

func TestStream(t *testing.T) {
	t.Parallel()
	var open atomic.Int64
	missing := route.Stream{Open: func(context.Context) (io.ReadSeekCloser, int64, error) { return nil, 0, chat.NotFound() }}
	broken := route.Stream{Open: func(context.Context) (io.ReadSeekCloser, int64, error) { return nil, 0, errors.New("disk on fire") }}
	s := start(t, []route.Row{
		get("/digits", streamOf("0123456789", &open)), get("/empty", streamOf("", &open)), get("/public/missing", missing), get("/public/broken", broken),
	})
	const tag = `"v1"`
	for _, c := range []struct {
		name, method, path string
		headers            []string
		status             int
		body, contentRange string
	}{
		{"whole", "GET", "/digits", nil, 200, "0123456789", ""},
		{"head", "HEAD", "/digits", nil, 200, "", ""},
		{"empty", "GET", "/empty", nil, 200, "", ""},
		{"first", "GET", "/digits", []string{"Range: bytes=0-0"}, 206, "0", "bytes 0-0/10"},
		{"middle", "GET", "/digits", []string{"Range: bytes=3-5"}, 206, "345", "bytes 3-5/10"},
		{"open end", "GET", "/digits", []string{"Range: bytes=7-"}, 206, "789", "bytes 7-9/10"},
		{"beyond the end", "GET", "/digits", []string{"Range: bytes=8-99"}, 206, "89", "bytes 8-9/10"},
		{"suffix", "GET", "/digits", []string{"Range: bytes=-3"}, 206, "789", "bytes 7-9/10"},
		{"long suffix", "GET", "/digits", []string{"Range: bytes=-99"}, 206, "0123456789", "bytes 0-9/10"},
		{"head of a range", "HEAD", "/digits", []string{"Range: bytes=3-5"}, 206, "", "bytes 3-5/10"},
		{"outside", "GET", "/digits", []string{"Range: bytes=10-"}, 416, "", "bytes */10"},
		{"no suffix", "GET", "/digits", []string{"Range: bytes=-0"}, 416, "", "bytes */10"},
		{"of nothing", "GET", "/empty", []string{"Range: bytes=0-"}, 416, "", "bytes */0"},
		{"backwards", "GET", "/digits", []string{"Range: bytes=5-3"}, 200, "0123456789", ""},
		{"several", "GET", "/digits", []string{"Range: bytes=0-1,3-4"}, 200, "0123456789", ""},
		{"another unit", "GET", "/digits", []string{"Range: lines=0-1"}, 200, "0123456789", ""},
		{"nonsense", "GET", "/digits", []string{"Range: bytes=a-b"}, 200, "0123456789", ""},
		{"signs", "GET", "/digits", []string{"Range: bytes=+1-2"}, 200, "0123456789", ""},
		{"overflow", "GET", "/digits", []string{"Range: bytes=0-99999999999999999999999"}, 200, "0123456789", ""},
		{"if the same", "GET", "/digits", []string{"Range: bytes=3-5", "If-Range: " + tag}, 206, "345", "bytes 3-5/10"},
		{"if another", "GET", "/digits", []string{"Range: bytes=3-5", `If-Range: "v0"`}, 200, "0123456789", ""},
		{"unchanged", "GET", "/digits", []string{"If-None-Match: " + tag}, 304, "", ""},
		{"changed", "GET", "/digits", []string{`If-None-Match: "v0"`}, 200, "0123456789", ""},
	} {
		a := s.do(t, c.method, c.path, "", c.headers...)
		a.want(t, c.name, c.status, c.body)
		if got := a.header.Get("Content-Range"); got != c.contentRange {
			t.Errorf("%s: Content-Range %q, want %q", c.name, got, c.contentRange)
		}
		if a.header.Get("Accept-Ranges") != "bytes" || a.header.Get("ETag") != tag || a.header.Get("X-Extra") != "1" {
			t.Errorf("%s: headers %v", c.name, a.header)
		}
		if got := a.header.Get("Content-Type"); c.status < 300 && got != "text/x" {
			t.Errorf("%s: Content-Type %q", c.name, got)
		}
	}
	if got := s.do(t, "HEAD", "/digits", "").header.Get("Content-Length"); got != "10" {
		t.Errorf("HEAD: Content-Length %q, want 10", got)
	}
	s.do(t, "GET", "/public/missing", "").want(t, "missing", 404, `{"status":404,"error":"Not Found"}`)
	s.do(t, "GET", "/public/broken", "").want(t, "broken", 500, `{"status":500,"error":"Internal Server Error"}`)
	if got := open.Load(); got != 0 {
		t.Errorf("%d sources were left open", got)
	}
}

// endless gives size bytes and watches the memory in use.
type endless struct {
	at, size   int64
	base, most *atomic.Uint64
}

func (e *endless) Read(p []byte) (int, error) {
	if e.at%(4<<20) == 0 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		e.base.CompareAndSwap(0, m.HeapAlloc)
		if now := m.HeapAlloc; now > e.base.Load() && now-e.base.Load() > e.most.Load() {
			e.most.Store(now - e.base.Load())
		}
	}
	n := min(int64(len(p)), e.size-e.at, 4096)
	if n <= 0 {
		return 0, io.EOF
	}
	e.at += n
	return int(n), nil
}

func (e *endless) Seek(int64, int) (int64, error) { return 0, nil }

func (e *endless) Close() error { return nil }

// A body of 64 MiB goes through less than 8 MiB of memory.
func TestStreamMemory(t *testing.T) { //nolint:paralleltest // it measures memory
	const size, bound = 64 << 20, 8 << 20
	var base, most atomic.Uint64
	s := start(t, []route.Row{get("/file", route.Stream{Open: func(context.Context) (io.ReadSeekCloser, int64, error) {
		return &endless{size: size, base: &base, most: &most}, size, nil
	}})})
	res, err := s.client.Get("http://desk.test/file")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if n, err := io.Copy(io.Discard, res.Body); err != nil || n != size {
		t.Fatalf("got %d bytes, %v", n, err)
	}
	if got := most.Load(); got > bound {
		t.Errorf("%d MiB of memory for a body of %d MiB", got>>20, size>>20)
	}
}

// A source that ends early breaks the connection: the client does not take it for
// the whole.
func TestStreamCutShort(t *testing.T) {
	t.Parallel()
	s := start(t, []route.Row{get("/file", route.Stream{Open: func(ctx context.Context) (io.ReadSeekCloser, int64, error) {
		return book{strings.NewReader("abc"), ctx, &atomic.Int64{}}, 10, nil
	}})})
	res, err := s.client.Get("http://desk.test/file")
	if err != nil {
		return // broken before the first byte arrived
	}
	defer func() { _ = res.Body.Close() }()
	if b, err := io.ReadAll(res.Body); err == nil {
		t.Errorf("got %q and no error", b)
	}
}

// A body of bytes arrives as it is, whatever it calls itself.
func TestBytes(t *testing.T) {
	t.Parallel()
	row := route.Put("/file/{name}", route.Public, func(_ context.Context, _ *route.Call, in struct {
		Name string `path:"name"`
		Body route.Body
	},
	) (string, error) {
		return in.Name + ":" + string(in.Body), nil
	}).Bytes().Limit(20)
	s := start(t, []route.Row{row})
	for _, contentType := range []string{
		"application/json", "application/x-www-form-urlencoded", "text/plain", "application/octet-stream", "image/svg+xml", "application/ld+json", "nonsense",
	} {
		for body, want := range map[string]string{"{not json": `"n:{not json"`, "a=1&b[=2": `"n:a=1\u0026b[=2"`, "": `"n:"`} {
			a := s.do(t, "PUT", "/file/n", body, "Content-Type: "+contentType)
			if unescaped := strings.ReplaceAll(a.body, "&", `\u0026`); a.status != http.StatusOK || unescaped != want {
				t.Errorf("%s %q: got %d %s, want %s", contentType, body, a.status, a.body, want)
			}
		}
	}
	s.do(t, "PUT", "/file/n", strings.Repeat("x", 21), "Content-Type: text/plain").
		want(t, "too large", 413, `{"status":413,"error":"Content Too Large"}`)
}
