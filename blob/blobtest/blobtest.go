// Package blobtest is what every blob.Service has to do.
package blobtest

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // the checksum of the protocol
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"tributary/blob"
)

// MaxBytes is the longest file that the service under test takes.
const MaxBytes = 64 << 20

// Run tests a service; open gives an empty one that takes files of up to MaxBytes.
func Run(t *testing.T, open func(t *testing.T) blob.Service) {
	t.Helper()
	for name, f := range map[string]func(*testing.T, blob.Service){
		"round trip":   roundTrip,
		"replace":      replace,
		"missing":      missing,
		"keys":         keys,
		"sizes":        sizes,
		"broken":       broken,
		"cancelled":    cancelled,
		"seek":         seek,
		"same key":     sameKey,
		"large files":  large,
		"ready to use": ready,
	} {
		t.Run(name, func(t *testing.T) { f(t, open(t)) })
	}
}

func sums(b []byte) blob.Stored {
	m, s := md5.Sum(b), sha256.Sum256(b) //nolint:gosec // see above
	return blob.Stored{Size: int64(len(b)), MD5: base64.StdEncoding.EncodeToString(m[:]), SHA256: hex.EncodeToString(s[:])}
}

func put(t *testing.T, s blob.Service, key string, b []byte, size int64) {
	t.Helper()
	got, err := s.Put(t.Context(), key, iotest.OneByteReader(bytes.NewReader(b)), size, "text/plain")
	if err != nil {
		t.Fatalf("Put of %d bytes, announced %d: %v", len(b), size, err)
	}
	if want := sums(b); got != want {
		t.Errorf("Put of %d bytes, announced %d: got %+v, want %+v", len(b), size, got, want)
	}
}

func wantFile(t *testing.T, s blob.Service, key string, want []byte) {
	t.Helper()
	r, info, err := s.Open(t.Context(), key)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	got, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatalf("read: %v", err)
	}
	if !bytes.Equal(got, want) || info.Size != int64(len(want)) {
		t.Errorf("got %d bytes %.40q, size %d, want %d bytes %.40q", len(got), got, info.Size, len(want), want)
	}
	if info.ModifiedAt.IsZero() || info.ContentType != "" && info.ContentType != "text/plain" {
		t.Errorf("info %+v", info)
	}
}

func wantNone(t *testing.T, s blob.Service, key string) {
	t.Helper()
	if _, _, err := s.Open(t.Context(), key); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("Open: got %v, want ErrNotFound", err)
	}
	if _, err := s.Stat(t.Context(), key); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("Stat: got %v, want ErrNotFound", err)
	}
}

func roundTrip(t *testing.T, s blob.Service) {
	for _, text := range []string{"", "x", "olá, mundo", strings.Repeat("0123456789", 1000)} {
		for _, size := range []int64{int64(len(text)), -1} {
			key := blob.NewKey()
			put(t, s, key, []byte(text), size)
			wantFile(t, s, key, []byte(text))
			info, err := s.Stat(t.Context(), key)
			if err != nil || info.Size != int64(len(text)) {
				t.Errorf("Stat: got %+v, %v, want size %d", info, err, len(text))
			}
			if err := s.Delete(t.Context(), key); err != nil {
				t.Errorf("Delete: %v", err)
			}
			wantNone(t, s, key)
		}
	}
}

func replace(t *testing.T, s blob.Service) {
	key := blob.NewKey()
	put(t, s, key, []byte("first, and longer"), -1)
	put(t, s, key, []byte("second"), 6)
	wantFile(t, s, key, []byte("second"))
}

func missing(t *testing.T, s blob.Service) {
	wantNone(t, s, blob.NewKey())
	if err := s.Delete(t.Context(), blob.NewKey()); err != nil {
		t.Errorf("Delete of nothing: %v", err)
	}
}

// keys that lead elsewhere are refused by every method.
func keys(t *testing.T, s blob.Service) {
	ctx := t.Context()
	for _, key := range []string{
		"", "abc", "../../../etc/passwd", "ab/../../../etc/passwd", "abcd/efgh", "/etc/passwd", `..\..\x`, "abcd\x00", "....", "abcd.txt",
		"abcd%2e", "ab cd", strings.Repeat("a", 129), "äbcd",
	} {
		_, put := s.Put(ctx, key, strings.NewReader("x"), 1, "")
		_, _, open := s.Open(ctx, key)
		_, stat := s.Stat(ctx, key)
		for name, err := range map[string]error{"Put": put, "Open": open, "Stat": stat, "Delete": s.Delete(ctx, key)} {
			if !errors.Is(err, blob.ErrKey) {
				t.Errorf("%s(%q): got %v, want ErrKey", name, key, err)
			}
		}
	}
}

func sizes(t *testing.T, s blob.Service) {
	for name, c := range map[string]struct {
		body string
		size int64
		want error
	}{
		"shorter than announced":     {"abc", 4, blob.ErrSize},
		"longer than announced":      {"abcde", 4, blob.ErrSize},
		"nothing announced, one":     {"a", 0, blob.ErrSize},
		"one announced, nothing":     {"", 1, blob.ErrSize},
		"announced over the limit":   {"abc", MaxBytes + 1, blob.ErrTooLarge},
		"many more than were meant":  {strings.Repeat("x", 100_000), 10, blob.ErrSize},
		"many fewer than were meant": {strings.Repeat("x", 100_000), 200_000, blob.ErrSize},
	} {
		key := blob.NewKey()
		if _, err := s.Put(t.Context(), key, strings.NewReader(c.body), c.size, ""); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
		wantNone(t, s, key)
	}
	key := blob.NewKey()
	endless := &counter{}
	if _, err := s.Put(t.Context(), key, endless, -1, ""); !errors.Is(err, blob.ErrTooLarge) {
		t.Errorf("endless: got %v, want ErrTooLarge", err)
	}
	if got := endless.n; got > MaxBytes+1<<20 {
		t.Errorf("endless: %d bytes were taken of a file that may have %d", got, MaxBytes)
	}
	wantNone(t, s, key)
}

// counter is an endless file.
type counter struct{ n, end int64 }

func (c *counter) Read(p []byte) (int, error) {
	if c.end > 0 && c.n >= c.end {
		return 0, io.EOF
	}
	if c.end > 0 {
		p = p[:min(int64(len(p)), c.end-c.n)]
	}
	for i := range p {
		p[i] = byte((c.n + int64(i)) % 251)
	}
	c.n += int64(len(p))
	return len(p), nil
}

func broken(t *testing.T, s blob.Service) {
	gone := errors.New("the sender hung up")
	for _, size := range []int64{-1, 10} {
		key := blob.NewKey()
		put(t, s, key, []byte("before"), 6)
		r := io.MultiReader(strings.NewReader("after"), iotest.ErrReader(gone))
		if _, err := s.Put(t.Context(), key, r, size, ""); !errors.Is(err, gone) {
			t.Errorf("announced %d: got %v, want %v", size, err, gone)
		}
		wantFile(t, s, key, []byte("before"))
	}
}

func cancelled(t *testing.T, s blob.Service) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	key := blob.NewKey()
	if _, err := s.Put(ctx, key, strings.NewReader("x"), 1, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want Canceled", err)
	}
	wantNone(t, s, key)
}

func seek(t *testing.T, s blob.Service) {
	key := blob.NewKey()
	put(t, s, key, []byte("0123456789"), 10)
	r, _, err := s.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	for _, c := range []struct {
		offset int64
		want   string
	}{{7, "789"}, {0, "0123456789"}, {10, ""}} {
		at, err := r.Seek(c.offset, io.SeekStart)
		if err != nil || at != c.offset {
			t.Fatalf("Seek(%d): %d, %v", c.offset, at, err)
		}
		if got, err := io.ReadAll(r); err != nil || string(got) != c.want {
			t.Errorf("from %d: got %q, %v, want %q", c.offset, got, err, c.want)
		}
	}
}

// sameKey: of files stored at once under one key, one is there, whole.
func sameKey(t *testing.T, s blob.Service) {
	key := blob.NewKey()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			body := strings.Repeat(string(rune('a'+i)), 10_000)
			if _, err := s.Put(t.Context(), key, strings.NewReader(body), int64(len(body)), ""); err != nil {
				t.Errorf("Put: %v", err)
			}
		})
	}
	all.Wait()
	r, _, err := s.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	got, err := io.ReadAll(r)
	if err != nil || len(got) != 10_000 || strings.Trim(string(got), string(got[:1])) != "" {
		t.Errorf("got %d bytes %.20q, %v", len(got), got, err)
	}
}

// large: a file of many parts comes back as it was.
func large(t *testing.T, s blob.Service) {
	const size = 20<<20 + 1
	for _, announced := range []int64{size, -1} {
		key := blob.NewKey()
		stored, err := s.Put(t.Context(), key, &counter{end: size}, announced, "")
		if err != nil || stored.Size != size {
			t.Fatalf("announced %d: got %+v, %v", announced, stored, err)
		}
		r, _, err := s.Open(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.New()
		if n, err := io.Copy(sum, r); err != nil || n != size || hex.EncodeToString(sum.Sum(nil)) != stored.SHA256 {
			t.Errorf("announced %d: read %d bytes, %v, or other bytes", announced, n, err)
		}
		_ = r.Close()
	}
}

// Bounded tests that a file of 60 MiB is stored within 24 MiB of memory, whether
// its size was announced or not. What stands in for the service must not keep the
// file in memory.
func Bounded(t *testing.T, s blob.Service) {
	t.Helper()
	const size, bound = 60 << 20, 24 << 20
	for _, announced := range []int64{size, -1} {
		in := &watched{counter: counter{end: size}}
		runtime.GC()
		in.base = live()
		stored, err := s.Put(t.Context(), blob.NewKey(), in, announced, "")
		if err != nil || stored.Size != size {
			t.Fatalf("announced %d: got %+v, %v", announced, stored, err)
		}
		if in.most > bound {
			t.Errorf("announced %d: %d MiB of memory for a file of %d MiB", announced, in.most>>20, size>>20)
		}
	}
}

// watched looks at the live memory after every few MiB that are read from it.
type watched struct {
	counter
	base, most uint64
	next       int64
}

func (w *watched) Read(p []byte) (int, error) {
	if w.n >= w.next {
		w.next = w.n + 8<<20
		runtime.GC()
		if now := live(); now > w.base {
			w.most = max(w.most, now-w.base)
		}
	}
	return w.counter.Read(p)
}

func live() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func ready(t *testing.T, s blob.Service) {
	if s.Name() == "" {
		t.Error("no name")
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("Ping: %v", err)
	}
}
