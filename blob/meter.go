package blob

import (
	"crypto/md5" //nolint:gosec // the checksum of the protocol, not a proof
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"io"
)

// Meter counts and digests what is read through it, and stops a file that is
// longer than it may be.
type Meter struct {
	r         io.Reader
	max, size int64
	n         int64
	md5, sha  hash.Hash
}

// NewMeter reads from r. More than max bytes are ErrTooLarge (max 0: no limit);
// other than size bytes are ErrSize (size -1: any number). A size over max fails at
// the first Read.
func NewMeter(r io.Reader, size, max int64) *Meter {
	return &Meter{r: r, max: max, size: size, md5: md5.New(), sha: sha256.New()} //nolint:gosec // see above
}

// Read implements io.Reader.
func (m *Meter) Read(p []byte) (int, error) {
	if m.max > 0 && m.size > m.max {
		return 0, ErrTooLarge
	}
	n, err := m.r.Read(p)
	m.n += int64(n)
	switch {
	case m.max > 0 && m.n > m.max:
		return 0, ErrTooLarge
	case m.size >= 0 && m.n > m.size, err == io.EOF && m.size >= 0 && m.n < m.size: //nolint:errorlint // readers give io.EOF itself
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
