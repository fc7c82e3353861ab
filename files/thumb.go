package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"tributary/blob"
	"tributary/blob/thumb"
	"tributary/chat"
	"tributary/store"
)

// thumbPatience bounds the making of one thumbnail, the wait for its turn included.
const thumbPatience = 12 * time.Second

// RedirectThumb is where the thumbnail of a picture can be fetched for the next
// five minutes; it is made when it is asked for first. A picture that cannot be
// read, or only with too much memory, is its own thumbnail. store.ErrNotFound as
// Redirect, and for files that are no pictures.
func (s *Service) RedirectThumb(ctx context.Context, signedID, variation string) (string, error) {
	f, err := s.shown(ctx, signedID)
	if err != nil {
		return "", err
	}
	if variation != Thumb || chat.FileTypes[f.FileType] != "image" {
		return "", store.ErrNotFound
	}
	v, err := s.Store.BlobVariant(ctx, f.ID, Thumb)
	if errors.Is(err, store.ErrNotFound) {
		v, err = s.makeThumb(ctx, f)
	}
	if err != nil {
		return "", err
	}
	return s.fetchURL(ctx, v.ServiceName, v.Key, present(f.Filename, v.ContentType))
}

// makeThumb makes it once for all who ask at the same time.
func (s *Service) makeThumb(ctx context.Context, f File) (store.BlobVariant, error) {
	// Who asked first may go away before the others.
	work := context.WithoutCancel(ctx)
	result := s.making.DoChan(strconv.FormatInt(f.ID, 10), func() (any, error) {
		work, cancel := context.WithTimeout(work, thumbPatience)
		defer cancel()
		return s.drawThumb(work, f)
	})
	select {
	case <-ctx.Done():
		return store.BlobVariant{}, fmt.Errorf("files: thumbnail: %w", ctx.Err())
	case r := <-result:
		v, _ := r.Val.(store.BlobVariant)
		return v, r.Err
	}
}

func (s *Service) drawThumb(ctx context.Context, f File) (store.BlobVariant, error) {
	select {
	case s.makers <- struct{}{}:
		defer func() { <-s.makers }()
	case <-ctx.Done():
		return store.BlobVariant{}, fmt.Errorf("files: thumbnail: %w", ctx.Err())
	}
	source, _, err := s.read(ctx, f.ServiceName, f.Key)
	if err != nil {
		return store.BlobVariant{}, err
	}
	defer func() { _ = source.Close() }()
	v := store.BlobVariant{BlobID: f.ID, Variation: Thumb, Key: f.Key, ServiceName: f.ServiceName, ContentType: f.ContentType, Size: f.Size}
	picture, err := thumb.Make(ctx, source)
	switch {
	case errors.Is(err, thumb.ErrFormat), errors.Is(err, thumb.ErrTooLarge):
		if f.Width != nil && f.Height != nil {
			v.Width, v.Height = *f.Width, *f.Height
		}
	case err != nil:
		return store.BlobVariant{}, err
	default:
		v.Key, v.ServiceName, v.ContentType = blob.NewKey(), s.Current.Name(), picture.ContentType
		v.Size, v.Width, v.Height = int64(len(picture.Bytes)), picture.Width, picture.Height
		if _, err := s.Current.Put(ctx, v.Key, bytes.NewReader(picture.Bytes), v.Size, v.ContentType); err != nil {
			return store.BlobVariant{}, fmt.Errorf("files: store thumbnail: %w", err)
		}
	}
	made, err := s.Store.InsertBlobVariant(ctx, v)
	if err != nil || made {
		return v, err
	}
	// Another process was first; its thumbnail counts.
	if v.Key != f.Key {
		if err := s.Current.Delete(ctx, v.Key); err != nil {
			return v, err
		}
	}
	return s.Store.BlobVariant(ctx, f.ID, Thumb)
}
