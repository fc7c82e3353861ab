package files

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // the checksum of the protocol, not a proof
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"

	"tributary/blob"
	"tributary/chat"
	"tributary/internal/sniff"
	"tributary/store"
)

// Announcement is a file that a client wants to store by itself, before it says
// what it is for.
type Announcement struct {
	AccountID   int64 // 0: nobody knows who it is
	Filename    string
	ContentType string
	Size        int64  // bytes
	MD5         string // base64
	Metadata    string // JSON object
}

// Direct is where the client stores it.
type Direct struct {
	File
	SignedID string // what the client sends where a file is expected
	Target   blob.Target
}

// Announce prepares a direct upload. The file is removed after a day, or after an
// hour where nobody knows who stores it, unless it is attached. A file that is too
// long or has no checksum is refused with a *chat.Error.
func (s *Service) Announce(ctx context.Context, a Announcement) (Direct, error) {
	if sum, err := base64.StdEncoding.Strict().DecodeString(a.MD5); err != nil || len(sum) != md5.Size {
		return Direct{}, chat.Unprocessable("checksum is not the base64 of an MD5")
	}
	switch {
	case a.Size < 0:
		return Direct{}, chat.Unprocessable("byte_size must not be negative")
	case a.Size > DefaultMaxBytes:
		return Direct{}, chat.Unprocessable(fmt.Sprintf("byte_size is over %d", DefaultMaxBytes))
	}
	ttl := unattached
	if a.AccountID == 0 {
		ttl = unattachedAnonymous
	}
	contentType := sniff.ContentType(nil, a.ContentType, a.Filename)
	b, err := s.Store.InsertBlob(ctx, store.Blob{
		Key: blob.NewKey(), Filename: nameOf(a.Filename, contentType), ContentType: contentType, Size: a.Size, Checksum: a.MD5,
		ServiceName: s.Current.Name(), Metadata: a.Metadata, AccountID: a.AccountID, ExpiresAt: s.Now().Add(ttl),
	})
	if err != nil {
		return Direct{}, err
	}
	d := Direct{File: fileOf(b), SignedID: s.Signer.SignedID(b.ID)}
	up := blob.Upload{Size: b.Size, MD5: b.Checksum, ContentType: b.ContentType}
	target, ok, err := s.Current.PresignPut(ctx, b.Key, up, storeTTL)
	if err != nil {
		return Direct{}, err
	}
	if !ok {
		target = blob.Target{
			URL:    s.PublicURL + prefix + "/disk/" + s.Signer.SignStore(blob.Store{BlobID: b.ID, Upload: up}, storeTTL),
			Header: http.Header{"Content-Type": {b.ContentType}},
		}
	}
	d.Target = target
	return d, nil
}

// Receive takes the bytes of a direct upload to a service without URLs. store.ErrNotFound:
// the token is not ours or has expired. Bytes that are not those announced
// are refused with a *chat.Error.
func (s *Service) Receive(ctx context.Context, token string, body []byte) error {
	u, err := s.Signer.VerifyStore(token)
	if err != nil {
		return store.ErrNotFound
	}
	sum := md5.Sum(body) //nolint:gosec // see above
	if int64(len(body)) != u.Size || base64.StdEncoding.EncodeToString(sum[:]) != u.MD5 {
		return chat.Unprocessable("The file is not the one that was announced")
	}
	b, err := s.Store.Blob(ctx, u.BlobID)
	if err != nil || !b.StoredAt.IsZero() {
		return err // a second time: it is the same bytes
	}
	to, err := s.service(b.ServiceName)
	if err != nil {
		return err
	}
	b.ContentType = sniff.ContentType(body[:min(len(body), sniff.HeadSize)], b.ContentType, b.Filename)
	stored, err := to.Put(ctx, b.Key, bytes.NewReader(body), u.Size, b.ContentType)
	if err != nil {
		return fmt.Errorf("files: store: %w", err)
	}
	_, err = s.complete(ctx, b, stored, body[:min(len(body), beginningSize)])
	return err
}

// Attachable is the file of a signed id that a client sends to have it attached,
// once its bytes are there; the caller attaches it with store.Tx.AttachBlob or one
// of its siblings, which also say whether it may be used in the account.
// store.ErrNotFound: the id is not ours, or the client has not stored the bytes.
func (s *Service) Attachable(ctx context.Context, signedID string) (File, error) {
	id, err := s.Signer.VerifyID(signedID)
	if err != nil {
		return File{}, store.ErrNotFound
	}
	b, err := s.Store.Blob(ctx, id)
	if err != nil {
		return File{}, err
	}
	if !b.StoredAt.IsZero() {
		return fileOf(b), nil
	}
	// The client may have stored them at the service itself.
	from, err := s.service(b.ServiceName)
	if err != nil {
		return File{}, err
	}
	r, info, err := from.Open(ctx, b.Key)
	if errors.Is(err, blob.ErrNotFound) {
		return File{}, store.ErrNotFound
	}
	if err != nil {
		return File{}, err
	}
	begin := make([]byte, min(info.Size, beginningSize))
	_, err = io.ReadFull(r, begin)
	if err = errors.Join(err, r.Close()); err != nil {
		return File{}, fmt.Errorf("files: read: %w", err)
	}
	if info.Size != b.Size {
		return File{}, store.ErrNotFound
	}
	b.ContentType = sniff.ContentType(begin[:min(len(begin), sniff.HeadSize)], b.ContentType, b.Filename)
	return s.complete(ctx, b, blob.Stored{Size: info.Size, MD5: b.Checksum}, begin)
}
