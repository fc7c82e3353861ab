package blob

import (
	"crypto/md5" //nolint:gosec // the checksum of the protocol, not a proof
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"io"
)

// Limit reads from r and fails with ErrTooLarge when it has more than most bytes.
func Limit(r io.Reader, most int64) io.Reader { return &limited{r, most} }

type limited struct {
	r    io.Reader
	left int64
}

// Read implements io.Reader.
func (l *limited) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, ErrTooLarge
	}
	return n, err
}

// Meter counts and digests what is read through it, and stops a file that is not
// as long as it should be.
type Meter struct {
	r        io.Reader
	size     int64
	n        int64
	md5, sha hash.Hash
}

// NewMeter reads from r. More than most bytes are ErrTooLarge (most 0: no limit),
// other than size bytes are ErrSize (size -1: any number).
func NewMeter(r io.Reader, size, most int64) *Meter {
	if most > 0 {
		r = Limit(r, most)
	}
	return &Meter{r: r, size: size, md5: md5.New(), sha: sha256.New()} //nolint:gosec // see above
}

// Read implements io.Reader.
func (m *Meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.n += int64(n)
	if m.size >= 0 && (m.n > m.size || err == io.EOF && m.n < m.size) { //nolint:errorlint // readers give io.EOF itself
		return 0, ErrSize
	}
	m.md5.Write(p[:n])
	m.sha.Write(p[:n])
	return n, err
}

// Stored is what was read so far.
func (m *Meter) Stored() Stored {
	return Stored{
		Size: m.n, MD5: base64.StdEncoding.EncodeToString(m.md5.Sum(nil)), SHA256: hex.EncodeToString(m.sha.Sum(nil)),
	}
}
