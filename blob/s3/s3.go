// Package s3 keeps files in a bucket of Amazon S3 or of anything that speaks its
// protocol.
package s3

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"tributary/blob"
)

// Names of the service, as ACTIVE_STORAGE_SERVICE spells them.
const (
	Amazon     = "amazon"
	Compatible = "s3_compatible"
)

// Options of New.
type Options struct {
	// Name is Amazon or Compatible.
	Name string
	// Endpoint is the address of an S3-compatible service; empty: Amazon's of Region.
	Endpoint string
	Region   string
	Bucket   string
	// AccessKeyID and SecretAccessKey; both empty: the credentials of the machine
	// (instance role, container role, web identity).
	AccessKeyID     string
	SecretAccessKey string
	// PathStyle puts the bucket into the path instead of the host name.
	PathStyle bool
	// MaxBytes is the longest file; 0: no limit.
	MaxBytes int64
	// Transport carries the calls; nil: one of its own.
	Transport http.RoundTripper
}

// Service is a bucket. It implements blob.Service.
type Service struct {
	name, bucket string
	maxBytes     int64
	client       *minio.Client
}

var _ blob.Service = (*Service)(nil)

// partSize is what an upload holds in memory; S3 takes no parts under 5 MiB.
const partSize = 8 << 20

const (
	defaultRegion = "us-east-1"
	retries       = 3
)

// New makes the service. It calls nobody: Ping does.
func New(opt Options) (*Service, error) {
	if opt.Bucket == "" {
		return nil, errors.New("s3: the bucket has no name")
	}
	if opt.Region == "" {
		opt.Region = defaultRegion
	}
	host, secure, err := endpoint(opt)
	if err != nil {
		return nil, err
	}
	lookup := minio.BucketLookupAuto
	if opt.PathStyle {
		lookup = minio.BucketLookupPath
	}
	who := credentials.NewStaticV4(opt.AccessKeyID, opt.SecretAccessKey, "")
	if opt.AccessKeyID == "" && opt.SecretAccessKey == "" {
		who = credentials.NewIAM("")
	}
	if opt.Transport == nil {
		opt.Transport = transport()
	}
	client, err := minio.New(host, &minio.Options{
		Creds: who, Secure: secure, Region: opt.Region, BucketLookup: lookup, Transport: opt.Transport, MaxRetries: retries,
	})
	if err != nil {
		return nil, fmt.Errorf("s3: %w", err)
	}
	return &Service{name: opt.Name, bucket: opt.Bucket, maxBytes: opt.MaxBytes, client: client}, nil
}

// endpoint is the host to call and whether by TLS.
func endpoint(opt Options) (host string, secure bool, err error) {
	if opt.Endpoint == "" {
		return "s3." + opt.Region + ".amazonaws.com", true, nil
	}
	u, err := url.Parse(opt.Endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.Path != "" && u.Path != "/" {
		return "", false, errors.New("s3: the endpoint is not an http or https address without a path")
	}
	return u.Host, u.Scheme == "https", nil
}

// transport is net/http's with bounds on each phase of a call. Bodies are taken
// as they are: a compressed object must not be unpacked on the way.
func transport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // net/http says so
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	t.ResponseHeaderTimeout = time.Minute
	t.MaxIdleConnsPerHost = 16
	t.DisableCompression = true
	return t
}

// Name implements blob.Service.
func (s *Service) Name() string { return s.name }

// Put implements blob.Service.
func (s *Service) Put(ctx context.Context, key string, r io.Reader, size int64, contentType string) (blob.Stored, error) {
	if err := blob.CheckKey(key); err != nil {
		return blob.Stored{}, err
	}
	if s.maxBytes > 0 && size > s.maxBytes {
		return blob.Stored{}, blob.ErrTooLarge
	}
	meter := blob.NewMeter(r, size, s.maxBytes)
	in := &tail{r: meter}
	in.next()
	if !in.have {
		size = 0 // not every bucket takes an upload whose only part is empty
	}
	if in.failed() == nil {
		_, err := s.client.PutObject(ctx, s.bucket, key, in, size, minio.PutObjectOptions{ContentType: contentType, PartSize: partSize})
		if err != nil && in.failed() == nil {
			return blob.Stored{}, fmt.Errorf("s3: put: %w", err)
		}
	}
	if err := in.failed(); err != nil {
		return blob.Stored{}, fmt.Errorf("s3: put: %w", err)
	}
	return meter.Stored(), nil
}

// tail reads one byte ahead of the client, which stops after the announced size:
// a file that is longer shows before its last byte was given. It keeps the error
// that ended the file, which the client does not always pass on.
type tail struct {
	r     io.Reader
	ahead [1]byte
	have  bool
	err   error
}

func (t *tail) next() {
	_, t.err = io.ReadFull(t.r, t.ahead[:])
	t.have = t.err == nil
}

// failed is what ended the file, unless that was its end.
func (t *tail) failed() error {
	if errors.Is(t.err, io.EOF) {
		return nil
	}
	return t.err
}

// Read implements io.Reader.
func (t *tail) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if !t.have {
		return 0, t.err
	}
	p[0], t.have = t.ahead[0], false
	n, err := 0, error(nil)
	if len(p) > 1 {
		n, err = t.r.Read(p[1:])
	}
	if t.err = err; err == nil {
		t.next()
	}
	if err := t.failed(); err != nil {
		return 0, err
	}
	return n + 1, nil
}

// Open implements blob.Service.
func (s *Service) Open(ctx context.Context, key string) (io.ReadSeekCloser, blob.Info, error) {
	if err := blob.CheckKey(key); err != nil {
		return nil, blob.Info{}, err
	}
	o, err := s.client.GetObject(ctx, s.bucket, key, minio.GetObjectOptions{})
	if err != nil {
		return nil, blob.Info{}, wrap("get", err)
	}
	info, err := o.Stat()
	if err != nil {
		return nil, blob.Info{}, errors.Join(wrap("get", err), o.Close())
	}
	return o, infoOf(info), nil
}

// Stat implements blob.Service.
func (s *Service) Stat(ctx context.Context, key string) (blob.Info, error) {
	if err := blob.CheckKey(key); err != nil {
		return blob.Info{}, err
	}
	info, err := s.client.StatObject(ctx, s.bucket, key, minio.StatObjectOptions{})
	if err != nil {
		return blob.Info{}, wrap("stat", err)
	}
	return infoOf(info), nil
}

// Delete implements blob.Service.
func (s *Service) Delete(ctx context.Context, key string) error {
	if err := blob.CheckKey(key); err != nil {
		return err
	}
	err := wrap("delete", s.client.RemoveObject(ctx, s.bucket, key, minio.RemoveObjectOptions{}))
	if errors.Is(err, blob.ErrNotFound) {
		return nil
	}
	return err
}

// PresignGet implements blob.Service.
func (s *Service) PresignGet(ctx context.Context, key string, as blob.Presentation, ttl time.Duration) (string, bool, error) {
	if err := blob.CheckKey(key); err != nil {
		return "", false, err
	}
	q := url.Values{"response-content-disposition": {blob.ContentDisposition(as.Disposition, as.Filename)}}
	if as.ContentType != "" {
		q.Set("response-content-type", as.ContentType)
	}
	u, err := s.client.PresignedGetObject(ctx, s.bucket, key, ttl, q)
	if err != nil {
		return "", false, fmt.Errorf("s3: presign: %w", err)
	}
	return u.String(), true, nil
}

// PresignPut implements blob.Service. The headers are part of the signature: the
// bucket refuses another type, length or content.
func (s *Service) PresignPut(ctx context.Context, key string, up blob.Upload, ttl time.Duration) (blob.Target, bool, error) {
	if err := blob.CheckKey(key); err != nil {
		return blob.Target{}, false, err
	}
	h := http.Header{"Content-Type": {up.ContentType}, "Content-Md5": {up.MD5}}
	u, err := s.client.PresignHeader(ctx, http.MethodPut, s.bucket, key, ttl, nil, h)
	if err != nil {
		return blob.Target{}, false, fmt.Errorf("s3: presign: %w", err)
	}
	return blob.Target{URL: u.String(), Header: h}, true, nil
}

// Ping implements blob.Service.
func (s *Service) Ping(ctx context.Context) error {
	ok, err := s.client.BucketExists(ctx, s.bucket)
	if err != nil {
		return fmt.Errorf("s3: bucket: %w", err)
	}
	if !ok {
		return errors.New("s3: the bucket does not exist")
	}
	return nil
}

func infoOf(o minio.ObjectInfo) blob.Info {
	return blob.Info{Size: o.Size, ContentType: o.ContentType, ModifiedAt: o.LastModified}
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	if code := minio.ToErrorResponse(err); code.Code == minio.NoSuchKey || code.StatusCode == http.StatusNotFound && code.Code != minio.NoSuchBucket {
		return blob.ErrNotFound
	}
	return fmt.Errorf("s3: %s: %w", what, err)
}
