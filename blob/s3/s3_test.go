package s3_test

import (
	"crypto/md5" //nolint:gosec // the checksum of the protocol
	"encoding/base64"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"tributary/blob"
	"tributary/blob/blobtest"
	"tributary/blob/s3"
)

const secret = "SECRETSECRETSECRET"

// bucket is a service over a stand-in of S3, and the stand-in.
func bucket(t *testing.T) (*s3.Service, *httptest.Server) {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("files"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewTLSServer(gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server())
	t.Cleanup(server.Close)
	return service(t, server, "files"), server
}

func service(t *testing.T, server *httptest.Server, name string) *s3.Service {
	t.Helper()
	s, err := s3.New(s3.Options{
		Name: s3.Compatible, Endpoint: server.URL, Region: "eu-west-1", Bucket: name, AccessKeyID: "AKID", SecretAccessKey: secret,
		PathStyle: true, MaxBytes: blobtest.MaxBytes, Transport: server.Client().Transport,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConformance(t *testing.T) { //nolint:paralleltest // it measures memory
	blobtest.Run(t, func(t *testing.T) blob.Service {
		s, _ := bucket(t)
		return s
	})
}

func TestBoundedMemory(t *testing.T) { //nolint:paralleltest // it measures memory
	server := httptest.NewTLSServer(http.HandlerFunc(drain))
	defer server.Close()
	blobtest.Bounded(t, service(t, server, "files"))
}

// drain is a bucket that takes uploads of several parts and keeps nothing.
func drain(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("ETag", `"d41d8cd98f00b204e9800998ecf8427e"`)
	switch q := r.URL.Query(); {
	case q.Has("uploads"):
		_, _ = io.WriteString(w, `<InitiateMultipartUploadResult><Bucket>files</Bucket><Key>k</Key><UploadId>1</UploadId></InitiateMultipartUploadResult>`)
	case r.Method == http.MethodPost:
		_, _ = io.WriteString(w, `<CompleteMultipartUploadResult><Bucket>files</Bucket><Key>k</Key><ETag>"x"</ETag></CompleteMultipartUploadResult>`)
	}
}

func fetch(t *testing.T, server *httptest.Server, method, address, body string, header http.Header) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(req.Header, header)
	res, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}

func TestPresignGet(t *testing.T) {
	t.Parallel()
	s, server := bucket(t)
	key := blob.NewKey()
	if _, err := s.Put(t.Context(), key, strings.NewReader("<script>"), 8, "text/html"); err != nil {
		t.Fatal(err)
	}
	as := blob.Presentation{Filename: `a "ü".html`, ContentType: "application/octet-stream", Disposition: blob.Attachment}
	address, ok, err := s.PresignGet(t.Context(), key, as, 5*time.Minute)
	if err != nil || !ok {
		t.Fatalf("%v, %v", ok, err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if !strings.HasPrefix(address, server.URL+"/files/"+key+"?") || q.Get("X-Amz-Expires") != "300" || len(q.Get("X-Amz-Signature")) != 64 {
		t.Errorf("address %s", address)
	}
	if strings.Contains(address, secret) {
		t.Error("the address holds the secret")
	}
	res, body := fetch(t, server, http.MethodGet, address, "", http.Header{"Range": {"bytes=1-6"}})
	if body != "script" || res.StatusCode != http.StatusPartialContent {
		t.Errorf("got %d %q", res.StatusCode, body)
	}
	if got, want := res.Header.Get("Content-Disposition"), `attachment; filename="a ___.html"; filename*=UTF-8''a%20%22%C3%BC%22.html`; got != want {
		t.Errorf("Content-Disposition %s, want %s", got, want)
	}
	if got := res.Header.Get("Content-Type"); got != "application/octet-stream" {
		t.Errorf("Content-Type %s", got)
	}
}

func TestPresignPut(t *testing.T) {
	t.Parallel()
	s, server := bucket(t)
	key := blob.NewKey()
	sum := md5.Sum([]byte("hello")) //nolint:gosec // see above
	target, ok, err := s.PresignPut(t.Context(), key, blob.Upload{
		Size: 5, MD5: base64.StdEncoding.EncodeToString(sum[:]), ContentType: "text/plain",
	}, time.Minute)
	if err != nil || !ok {
		t.Fatalf("%v, %v", ok, err)
	}
	u, err := url.Parse(target.URL)
	if err != nil {
		t.Fatal(err)
	}
	// The bucket holds the client to what was announced.
	if got := u.Query().Get("X-Amz-SignedHeaders"); got != "content-md5;content-type;host" {
		t.Errorf("signed headers %s", got)
	}
	if res, body := fetch(t, server, http.MethodPut, target.URL, "other", target.Header); res.StatusCode != http.StatusBadRequest {
		t.Errorf("other bytes: got %d %s, want 400", res.StatusCode, body)
	}
	if res, body := fetch(t, server, http.MethodPut, target.URL, "hello", target.Header); res.StatusCode != http.StatusOK {
		t.Errorf("got %d %s", res.StatusCode, body)
	}
	r, info, err := s.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if b, err := io.ReadAll(r); err != nil || string(b) != "hello" || info.ContentType != "text/plain" {
		t.Errorf("got %q, %v, %+v", b, err, info)
	}
}

func TestPresignRefusesKeys(t *testing.T) {
	t.Parallel()
	s, _ := bucket(t)
	if _, _, err := s.PresignGet(t.Context(), "../x", blob.Presentation{}, time.Minute); !errors.Is(err, blob.ErrKey) {
		t.Errorf("PresignGet: %v", err)
	}
	if _, _, err := s.PresignPut(t.Context(), "../x", blob.Upload{}, time.Minute); !errors.Is(err, blob.ErrKey) {
		t.Errorf("PresignPut: %v", err)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]s3.Options{
		"no bucket": {Endpoint: "https://s3.example"},
		"no scheme": {Endpoint: "s3.example", Bucket: "files"},
		"other":     {Endpoint: "ftp://s3.example", Bucket: "files"},
		"path":      {Endpoint: "https://s3.example/files", Bucket: "files"},
	} {
		if _, err := s3.New(opt); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	// Amazon's own address, with the bucket in the host name.
	s, err := s3.New(s3.Options{Name: s3.Amazon, Region: "sa-east-1", Bucket: "files", AccessKeyID: "AKID", SecretAccessKey: secret})
	if err != nil {
		t.Fatal(err)
	}
	address, _, err := s.PresignGet(t.Context(), "abcdefgh", blob.Presentation{}, time.Minute)
	if err != nil || !strings.HasPrefix(address, "https://files.s3.") || !strings.Contains(address, "sa-east-1") {
		t.Errorf("%s, %v", address, err)
	}
	if s.Name() != "amazon" {
		t.Errorf("name %q", s.Name())
	}
}

func TestNoBucket(t *testing.T) {
	t.Parallel()
	_, server := bucket(t)
	if err := service(t, server, "elsewhere").Ping(t.Context()); err == nil {
		t.Error("Ping of a bucket that does not exist: no error")
	}
}
