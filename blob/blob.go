// Package blob keeps the bytes of files: what contacts sent, what agents attach,
// avatars, thumbnails. Service is where they are: a directory (blob/disk) or a
// bucket (blob/s3). A key names one file for good; what it is called, what is in
// it and to whom it belongs is in the database.
package blob

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"time"
)

// What a Service reports besides failures of its own.
var (
	// ErrNotFound says that no file has this key.
	ErrNotFound = errors.New("blob: no such file")
	// ErrTooLarge says that a file has more bytes than it may; nothing was kept.
	ErrTooLarge = errors.New("blob: file too large")
	// ErrSize says that a file had fewer or more bytes than were announced;
	// nothing was kept.
	ErrSize = errors.New("blob: file is not as long as announced")
	// ErrKey says that a key is not one that NewKey could have made.
	ErrKey = errors.New("blob: invalid key")
)

// Service stores files. Implementations are safe for concurrent use and agree on
// what package blobtest tests.
type Service interface {
	// Name is how the database remembers where a file is: "local", "amazon".
	Name() string
	// Put stores what r gives under key, replacing what was there, and returns
	// once it is durable. size is the number of bytes, -1 when it is not known;
	// another number of bytes is ErrSize. Memory use does not depend on the size.
	// When it fails nothing of the file is visible and what was there before stays.
	Put(ctx context.Context, key string, r io.Reader, size int64, contentType string) (Stored, error)
	// Open reads a file, ErrNotFound when there is none. The reader may be used
	// while ctx lives.
	Open(ctx context.Context, key string) (io.ReadSeekCloser, Info, error)
	// Stat describes a file, ErrNotFound when there is none.
	Stat(ctx context.Context, key string) (Info, error)
	// Delete removes a file; that there is none is no error.
	Delete(ctx context.Context, key string) error
	// PresignGet gives an URL at which anybody can fetch the file for ttl, without
	// further redirects. ok is false when there is no such URL and the caller has
	// to serve the file itself.
	PresignGet(ctx context.Context, key string, as Presentation, ttl time.Duration) (url string, ok bool, err error)
	// PresignPut lets a client store the file itself with one PUT. ok is false
	// when the caller has to take the bytes itself.
	PresignPut(ctx context.Context, key string, u Upload, ttl time.Duration) (t Target, ok bool, err error)
	// Ping tells whether the service can be used.
	Ping(ctx context.Context) error
}

// Stored is what Put learnt of a file.
type Stored struct {
	Size   int64  // bytes
	MD5    string // base64, as in a Content-MD5 header
	SHA256 string // hexadecimal
}

// Info describes a stored file.
type Info struct {
	Size        int64     // bytes
	ContentType string    // as given to Put; empty where the service does not keep it
	ModifiedAt  time.Time // when it was stored
}

// Presentation is how a fetched file shows itself.
type Presentation struct {
	Filename    string
	ContentType string
	// Disposition is Inline or Attachment.
	Disposition string
}

// Dispositions of a file that a browser fetches.
const (
	Inline     = "inline"
	Attachment = "attachment"
)

// Upload is what a client announces about a file that it wants to store itself.
type Upload struct {
	Size        int64  // bytes
	MD5         string // base64
	ContentType string
}

// Target is where and with which headers a client stores a file.
type Target struct {
	URL    string
	Header http.Header
}

const (
	keyAlphabet = "0123456789abcdefghijklmnopqrstuvwxyz"
	keyLength   = 28
	longestKey  = 128
	shortestKey = 4
)

// NewKey makes the key of a new file: 28 random letters and digits, which say
// nothing about it and cannot be guessed.
func NewKey() string {
	const fair = 256 - 256%len(keyAlphabet) // bytes from here on would favour some letters
	key := make([]byte, 0, keyLength)
	var random [2 * keyLength]byte
	for len(key) < keyLength {
		_, _ = rand.Read(random[:]) // never fails, see crypto/rand
		for _, b := range random {
			if int(b) < fair && len(key) < keyLength {
				key = append(key, keyAlphabet[int(b)%len(keyAlphabet)])
			}
		}
	}
	return string(key)
}

// CheckKey refuses what is no key with ErrKey: a key is 4 to 128 letters, digits,
// hyphens and underscores, so that it can be part of a path and leads nowhere else.
func CheckKey(key string) error {
	if len(key) < shortestKey || len(key) > longestKey {
		return ErrKey
	}
	for _, c := range []byte(key) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return ErrKey
		}
	}
	return nil
}
