package files

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/url"

	"tributary/blob"
	"tributary/internal/sniff"
	"tributary/store"
)

const prefix = "/rails/active_storage"

// Thumb is the name of the one form in which pictures are shown small: 250 pixels
// wide.
const Thumb = "thumb"

// URL is where clients fetch a file: absolute, for good, by a redirect. It asks
// nobody.
func (s *Service) URL(blobID int64, filename string) string {
	return s.PublicURL + prefix + "/blobs/redirect/" + s.Signer.SignedID(blobID) + "/" + url.PathEscape(filename)
}

// ThumbURL is where clients fetch the thumbnail of a picture, like URL.
func (s *Service) ThumbURL(blobID int64, filename string) string {
	return s.PublicURL + prefix + "/representations/redirect/" + s.Signer.SignedID(blobID) + "/" + Thumb + "/" + url.PathEscape(filename)
}

// ProviderURL is where a provider fetches a file: without redirect, cookies or
// headers, for ProviderTTL from now.
func (s *Service) ProviderURL(blobID int64, filename string) string {
	return s.PublicURL + prefix + "/blobs/proxy/" + s.Signer.SignProvider(blobID, s.ProviderTTL) + "/" + url.PathEscape(filename)
}

// Redirect is where the file of a signed id can be fetched for the next five
// minutes. store.ErrNotFound: the id is not ours, or nothing uses the file.
func (s *Service) Redirect(ctx context.Context, signedID string) (string, error) {
	f, err := s.shown(ctx, signedID)
	if err != nil {
		return "", err
	}
	return s.fetchURL(ctx, f.ServiceName, f.Key, present(f.Filename, f.ContentType))
}

// shown is the file of a signed id, if it may be fetched.
func (s *Service) shown(ctx context.Context, signedID string) (File, error) {
	id, err := s.Signer.VerifyID(signedID)
	if err != nil {
		return File{}, store.ErrNotFound
	}
	return s.inUse(ctx, id)
}

func (s *Service) inUse(ctx context.Context, blobID int64) (File, error) {
	f, err := s.Get(ctx, blobID)
	if err == nil && (f.StoredAt.IsZero() || !f.ExpiresAt.IsZero()) {
		err = store.ErrNotFound
	}
	return f, err
}

// present is how a file shows itself: a browser opens only what can do no harm in
// the page's name, and does not learn that the rest is HTML.
func present(filename, contentType string) blob.Presentation {
	p := blob.Presentation{Filename: filename, ContentType: contentType, Disposition: blob.Attachment}
	switch {
	case sniff.Inline(contentType):
		p.Disposition = blob.Inline
	case sniff.Active(contentType):
		p.ContentType = sniff.Binary
	}
	return p
}

// fetchURL is where bytes can be fetched for a while: at the service, or here.
func (s *Service) fetchURL(ctx context.Context, serviceName, key string, as blob.Presentation) (string, error) {
	from, err := s.service(serviceName)
	if err != nil {
		return "", err
	}
	address, ok, err := from.PresignGet(ctx, key, as, fetchTTL)
	if err != nil || ok {
		return address, err
	}
	token := s.Signer.SignFetch(blob.Fetch{Service: serviceName, Key: key, Presentation: as}, fetchTTL)
	return s.PublicURL + prefix + "/disk/" + token + "/" + url.PathEscape(as.Filename), nil
}

// Served is a file about to be sent.
type Served struct {
	ContentType        string
	ContentDisposition string
	// Inline tells that a browser may show it.
	Inline bool
	// ETag changes when the bytes do; without quotes.
	ETag string
	// Open gives the bytes and their number; they may be read while ctx lives.
	Open func(ctx context.Context) (io.ReadSeekCloser, int64, error)
}

// Fetch gives what a token of a redirect names, store.ErrNotFound when the token is
// not ours or has expired.
func (s *Service) Fetch(token string) (Served, error) {
	f, err := s.Signer.VerifyFetch(token)
	if err != nil {
		return Served{}, store.ErrNotFound
	}
	return s.served(f.Service, f.Key, f.Presentation), nil
}

// Proxy gives the file of a provider's token, store.ErrNotFound when the token is
// not ours or has expired, or nothing uses the file.
func (s *Service) Proxy(ctx context.Context, token string) (Served, error) {
	id, err := s.Signer.VerifyProvider(token)
	if err != nil {
		return Served{}, store.ErrNotFound
	}
	f, err := s.inUse(ctx, id)
	if err != nil {
		return Served{}, err
	}
	return s.served(f.ServiceName, f.Key, present(f.Filename, f.ContentType)), nil
}

func (s *Service) served(serviceName, key string, as blob.Presentation) Served {
	const half = sha256.Size / 2
	sum := sha256.Sum256([]byte(key)) // the bytes of a key never change
	return Served{
		ContentType: as.ContentType, ContentDisposition: blob.ContentDisposition(as.Disposition, as.Filename),
		Inline: as.Disposition == blob.Inline, ETag: hex.EncodeToString(sum[:half]),
		Open: func(ctx context.Context) (io.ReadSeekCloser, int64, error) { return s.read(ctx, serviceName, key) },
	}
}
