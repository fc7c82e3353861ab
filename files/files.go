// Package files joins what the database knows of files with where their bytes are:
// it takes files in, names the URLs under which clients and providers fetch them,
// and removes what nothing uses.
//
// A file that was taken in is removed after a while unless something uses it: in
// the transaction that stores what uses it, call store.Tx.AttachBlob,
// FillAttachment or SetAvatar. Until then nobody can fetch it. So a process may die
// at any moment and no file is left behind that nobody knows of; at most a
// thumbnail is.
package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/singleflight"

	"tributary/blob"
	"tributary/blob/thumb"
	"tributary/chat"
	"tributary/internal/sniff"
	"tributary/store"
)

// DefaultMaxBytes is the longest file where NewFile says nothing else: what a
// message may carry.
const DefaultMaxBytes = 40 << 20

// How long things live.
const (
	unattached          = 24 * time.Hour // a file that an account's user or a job took in
	unattachedAnonymous = time.Hour      // a file that somebody unknown stored
	fetchTTL            = 5 * time.Minute
	storeTTL            = 5 * time.Minute
	defaultProviderTTL  = 7 * 24 * time.Hour
)

// Options of New.
type Options struct {
	Store *store.Store
	// Current takes new files.
	Current blob.Service
	// Others hold files from before Current was chosen.
	Others []blob.Service
	Signer *blob.Signer
	// PublicURL is FRONTEND_URL without a trailing slash.
	PublicURL string
	// Now is the clock; nil: time.Now.
	Now func() time.Time
	// ProviderTTL is how long a provider may fetch a file; 0: 7 days.
	ProviderTTL time.Duration
}

// Service is all files of an installation. It is safe for concurrent use.
type Service struct {
	Options
	services map[string]blob.Service
	making   singleflight.Group // thumbnails by blob
	makers   chan struct{}      // how many are made at once
}

// thumbnails bounds the memory that decoded pictures take.
const thumbnails = 2

// New makes the service.
func New(opt Options) *Service {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.ProviderTTL == 0 {
		opt.ProviderTTL = defaultProviderTTL
	}
	s := &Service{Options: opt, services: map[string]blob.Service{}, makers: make(chan struct{}, thumbnails)}
	for _, one := range append(slices.Clone(opt.Others), opt.Current) {
		s.services[one.Name()] = one
	}
	return s
}

// Ping tells whether new files can be stored.
func (s *Service) Ping(ctx context.Context) error { return s.Current.Ping(ctx) }

// service finds where a file is.
func (s *Service) service(name string) (blob.Service, error) {
	if one, ok := s.services[name]; ok {
		return one, nil
	}
	return nil, fmt.Errorf("files: the storage service %q is not configured", name)
}

// File is a file and what it is shown as.
type File struct {
	store.Blob
	// FileType is the number of the attachment type (chat.FileTypes): image, audio,
	// video or file.
	FileType int
}

func fileOf(b store.Blob) File {
	return File{b, chat.IndexOf(chat.FileTypes, sniff.FileType(b.ContentType))}
}

// NewFile is a file to be taken in.
type NewFile struct {
	// AccountID is whose file it is; 0: of no account, such as a user's picture.
	AccountID int64
	// Filename is what the sender calls it; it is cleaned. Empty: a name is made from
	// what it is.
	Filename string
	// ContentType is what the sender says; what the bytes show has more weight.
	ContentType string
	Reader      io.Reader
	// Size is the number of bytes where Sized is set. Otherwise Reader is read to its
	// end.
	Size  int64
	Sized bool
	// MaxBytes is the longest that it may be; 0: DefaultMaxBytes. One that is longer
	// is cut off and refused with blob.ErrTooLarge.
	MaxBytes int64
}

// Create takes a file in, with memory use that does not depend on its size. It
// removes itself after 24 hours unless it is attached, see the package.
// blob.ErrTooLarge: it is longer than MaxBytes; blob.ErrSize: it is not as long as
// announced; an error of Reader is in the chain.
func (s *Service) Create(ctx context.Context, n NewFile) (File, error) {
	most, size := n.MaxBytes, int64(-1)
	if most == 0 {
		most = DefaultMaxBytes
	}
	if n.Sized {
		size = n.Size
	}
	if size > most {
		return File{}, fmt.Errorf("files: %d bytes: %w", size, blob.ErrTooLarge)
	}
	head, err := io.ReadAll(io.LimitReader(n.Reader, sniff.HeadSize))
	if err != nil {
		return File{}, fmt.Errorf("files: read: %w", err)
	}
	contentType := sniff.ContentType(head, n.ContentType, n.Filename)
	b, err := s.Store.InsertBlob(ctx, store.Blob{
		Key: blob.NewKey(), Filename: nameOf(n.Filename, contentType), ContentType: contentType, ServiceName: s.Current.Name(),
		AccountID: n.AccountID, ExpiresAt: s.Now().Add(unattached),
	})
	if err != nil {
		return File{}, err
	}
	begin := &beginning{}
	body := blob.Limit(io.MultiReader(bytes.NewReader(head), n.Reader), most)
	stored, err := s.Current.Put(ctx, b.Key, io.TeeReader(body, begin), size, contentType)
	if err != nil {
		return File{}, errors.Join(fmt.Errorf("files: store: %w", err), s.Store.DeleteBlob(context.WithoutCancel(ctx), b.ID))
	}
	return s.complete(ctx, b, stored, begin.b)
}

// complete records what was stored. head is how it begins.
func (s *Service) complete(ctx context.Context, b store.Blob, stored blob.Stored, head []byte) (File, error) {
	b.Size, b.Checksum, b.SHA256 = stored.Size, stored.MD5, stored.SHA256
	if strings.HasPrefix(b.ContentType, "image/") {
		if w, h, ok := thumb.Size(head); ok {
			b.Width, b.Height = &w, &h
		}
	}
	done, err := s.Store.CompleteBlob(ctx, b)
	if err != nil {
		return File{}, err
	}
	return fileOf(done), nil
}

// Get describes a file, store.ErrNotFound when there is none.
func (s *Service) Get(ctx context.Context, blobID int64) (File, error) {
	b, err := s.Store.Blob(ctx, blobID)
	if err != nil {
		return File{}, err
	}
	return fileOf(b), nil
}

// Open reads a file, store.ErrNotFound when there is none or it is not stored. The
// reader may be used while ctx lives.
func (s *Service) Open(ctx context.Context, blobID int64) (io.ReadSeekCloser, File, error) {
	f, err := s.Get(ctx, blobID)
	if err != nil {
		return nil, f, err
	}
	if f.StoredAt.IsZero() {
		return nil, f, store.ErrNotFound
	}
	r, _, err := s.read(ctx, f.ServiceName, f.Key)
	return r, f, err
}

// read opens bytes; that they are gone is store.ErrNotFound like a missing row.
func (s *Service) read(ctx context.Context, serviceName, key string) (io.ReadSeekCloser, int64, error) {
	from, err := s.service(serviceName)
	if err != nil {
		return nil, 0, err
	}
	r, info, err := from.Open(ctx, key)
	if errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrKey) {
		return nil, 0, store.ErrNotFound
	}
	return r, info.Size, err
}

// Delete removes a file that nothing uses, with its thumbnail.
func (s *Service) Delete(ctx context.Context, blobID int64) error {
	b, err := s.Store.Blob(ctx, blobID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.remove(ctx, b)
}

// remove deletes the bytes first: what fails is found and tried again by the row.
func (s *Service) remove(ctx context.Context, b store.Blob) error {
	variants, err := s.Store.BlobVariants(ctx, b.ID)
	if err != nil {
		return err
	}
	for _, v := range append(variants, store.BlobVariant{Key: b.Key, ServiceName: b.ServiceName}) {
		from, err := s.service(v.ServiceName)
		if err == nil {
			err = from.Delete(ctx, v.Key)
		}
		if err != nil {
			return err
		}
	}
	return s.Store.DeleteBlob(ctx, b.ID)
}

// sweepBatch is how many files Sweep removes at most.
const sweepBatch = 200

// Sweep removes files that nothing used in time, up to 200 of them, and tells how
// many. What cannot be removed is left for the next time.
func (s *Service) Sweep(ctx context.Context) (removed int, err error) {
	list, err := s.Store.ExpiredBlobs(ctx, sweepBatch)
	if err != nil {
		return 0, err
	}
	var failed error
	for _, b := range list {
		if err := s.remove(ctx, b); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		removed++
	}
	return removed, failed
}

// nameOf is the name of a file: as claimed, with an extension where it has none.
func nameOf(claimed, contentType string) string {
	name := sniff.Filename(claimed, "file")
	if path.Ext(name) == "" {
		name = sniff.Filename(name+sniff.Extension(contentType), "file")
	}
	return name
}

// beginning keeps the first bytes of what is written to it: enough for the size of
// most pictures.
type beginning struct{ b []byte }

const beginningSize = 256 << 10

// Write implements io.Writer.
func (b *beginning) Write(p []byte) (int, error) {
	if room := beginningSize - len(b.b); room > 0 {
		b.b = append(b.b, p[:min(room, len(p))]...)
	}
	return len(p), nil
}
