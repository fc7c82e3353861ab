package app_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"tributary/app"
	"tributary/files"
	"tributary/store"
)

func TestStorageConfiguration(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ environ, want string }{
		{"", ""},
		{"ACTIVE_STORAGE_SERVICE=local", ""},
		{"ACTIVE_STORAGE_SERVICE=google", `ACTIVE_STORAGE_SERVICE: "google" is none of local, amazon, s3_compatible`},
		{"ACTIVE_STORAGE_SERVICE=amazon", "S3_BUCKET_NAME: needed with ACTIVE_STORAGE_SERVICE=amazon"},
		{"ACTIVE_STORAGE_SERVICE=amazon S3_BUCKET_NAME=b", "AWS_REGION: needed with ACTIVE_STORAGE_SERVICE=amazon"},
		{"ACTIVE_STORAGE_SERVICE=amazon S3_BUCKET_NAME=b AWS_REGION=r", ""},
		{
			"ACTIVE_STORAGE_SERVICE=amazon S3_BUCKET_NAME=b AWS_REGION=r AWS_ACCESS_KEY_ID=hush",
			"AWS_ACCESS_KEY_ID: is of use only together with AWS_SECRET_ACCESS_KEY",
		},
		{"ACTIVE_STORAGE_SERVICE=s3_compatible", "STORAGE_BUCKET_NAME: needed with ACTIVE_STORAGE_SERVICE=s3_compatible"},
		{"ACTIVE_STORAGE_SERVICE=s3_compatible STORAGE_BUCKET_NAME=b STORAGE_ENDPOINT=s3.example", "STORAGE_ENDPOINT: not an http or https address"},
		{
			"ACTIVE_STORAGE_SERVICE=s3_compatible STORAGE_BUCKET_NAME=b STORAGE_ENDPOINT=https://s3.example STORAGE_ACCESS_KEY_ID=hush",
			"STORAGE_ACCESS_KEY_ID and STORAGE_SECRET_ACCESS_KEY: needed with ACTIVE_STORAGE_SERVICE=s3_compatible",
		},
	} {
		got := ""
		if _, err := app.LoadConfig(strings.Fields(c.environ), nil); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.environ, got, c.want)
		}
	}
}

// serve starts the program and takes a file in.
func serve(t *testing.T, environ ...string) (a *app.App, address string) {
	t.Helper()
	cfg, err := app.LoadConfig(append([]string{"PORT=0"}, environ...), nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Log = slog.New(slog.DiscardHandler)
	if a, err = app.New(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(t.Context()); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	f, err := a.Files().Create(t.Context(), files.NewFile{Filename: "note.txt", Reader: strings.NewReader("hello"), Size: 5, Sized: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Store().Transact(t.Context(), func(tx *store.Tx) error { return tx.AttachBlob(t.Context(), 0, f.ID) }); err != nil {
		t.Fatal(err)
	}
	return a, a.Files().URL(f.ID, f.Filename)
}

// read follows redirects and tells where they ended.
func read(t *testing.T, address string) (body, at string) {
	t.Helper()
	res, err := http.Get(address) //nolint:noctx // the test's own server
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %d %s, %v", address, res.StatusCode, b, err)
	}
	return string(b), res.Request.URL.String()
}

func TestFilesAreKeptInDataDir(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, address := serve(t, "DATA_DIR="+dir)
	if body, at := read(t, address); body != "hello" || !strings.HasPrefix(at, a.URL()+"/rails/active_storage/disk/") {
		t.Errorf("got %q from %s", body, at)
	}
	names, err := filepath.Glob(filepath.Join(dir, "storage", "??", "??", "*"))
	if err != nil || len(names) != 1 {
		t.Fatalf("files %v, %v", names, err)
	}
	if b, err := os.ReadFile(names[0]); err != nil || string(b) != "hello" {
		t.Errorf("got %q, %v", b, err)
	}
}

func TestFilesAreKeptInBucket(t *testing.T) {
	t.Parallel()
	backend := s3mem.New()
	if err := backend.CreateBucket("files"); err != nil {
		t.Fatal(err)
	}
	bucket := httptest.NewServer(gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server())
	defer bucket.Close()
	_, address := serve(t, "DATA_DIR="+t.TempDir(), "ACTIVE_STORAGE_SERVICE=s3_compatible", "STORAGE_BUCKET_NAME=files",
		"STORAGE_ENDPOINT="+bucket.URL, "STORAGE_ACCESS_KEY_ID=a", "STORAGE_SECRET_ACCESS_KEY=b", "STORAGE_FORCE_PATH_STYLE=true")
	if body, at := read(t, address); body != "hello" || !strings.HasPrefix(at, bucket.URL+"/files/") {
		t.Errorf("got %q from %s", body, at)
	}
}
