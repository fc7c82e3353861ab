package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

// ErrOtherKey says that a value was sealed with a key that is not known.
var ErrOtherKey = errors.New("store: sealed with another SECRET_KEY_BASE")

// Sealer encrypts what must not be readable in the database file: channel
// settings, tokens, installation secrets. AES-256-GCM with a key derived from
// SECRET_KEY_BASE; the purpose is authenticated, so that a sealed value cannot be
// moved to another column.
//
// It knows several keys while one takes the place of another. A sealed value does
// not say which is its own: that is the one that opens it.
type Sealer struct {
	ring atomic.Pointer[ring]
	mu   sync.Mutex // changes the ring
}

// ring is the keys at one moment. It is never changed.
type ring struct {
	keys  []*sealKey // as they were given, the one to be used from now on first
	write *sealKey   // seals, digests and signs
	bare  string     // the key whose digests are written without its id
	// kept are digest keys whose SECRET_KEY_BASE is gone, by id: of what is known by its
	// digest only.
	kept map[string][]byte
}

// sealKey is what one SECRET_KEY_BASE gives.
type sealKey struct {
	id   string
	aead cipher.AEAD
	mac  []byte
}

// KeyID names a SECRET_KEY_BASE without giving it away.
func KeyID(secretKeyBase string) (string, error) {
	id, err := hkdf.Key(sha256.New, []byte(secretKeyBase), nil, "tributary key id v1", 4)
	if err != nil {
		return "", fmt.Errorf("store: derive key: %w", err)
	}
	return hex.EncodeToString(id), nil
}

func newSealKey(secretKeyBase string) (*sealKey, error) {
	if secretKeyBase == "" {
		return nil, errors.New("store: SECRET_KEY_BASE is empty")
	}
	key, err := hkdf.Key(sha256.New, []byte(secretKeyBase), nil, "tributary store seal v1", 32)
	if err != nil {
		return nil, fmt.Errorf("store: derive key: %w", err)
	}
	mac, err := hkdf.Key(sha256.New, []byte(secretKeyBase), nil, "tributary store digest v1", 32)
	if err != nil {
		return nil, fmt.Errorf("store: derive key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("store: cipher: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("store: cipher: %w", err)
	}
	id, err := KeyID(secretKeyBase)
	if err != nil {
		return nil, err
	}
	return &sealKey{id: id, aead: aead, mac: mac}, nil
}

// NewSealer derives its keys from the installation's secret. previous are secrets
// whose place it takes: what they sealed is read, too.
func NewSealer(secretKeyBase string, previous ...string) (*Sealer, error) {
	s := &Sealer{}
	return s, s.Replace(secretKeyBase, previous...)
}

// Replace gives the sealer other secrets. It goes on to write with the key that it
// wrote with, where that is still among them.
func (s *Sealer) Replace(secretKeyBase string, previous ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := &ring{}
	for _, secret := range append([]string{secretKeyBase}, previous...) {
		key, err := newSealKey(secret)
		if err != nil {
			return err
		}
		if next.key(key.id) == nil {
			next.keys = append(next.keys, key)
		}
	}
	next.write = next.keys[0]
	next.bare = next.write.id
	if was := s.ring.Load(); was != nil {
		next.bare, next.kept = was.bare, was.kept
		if key := next.key(was.write.id); key != nil {
			next.write = key
		}
	}
	s.ring.Store(next)
	return nil
}

// adopt makes the installation's state that of the sealer: writer is the key that
// sealed it.
func (s *Sealer) adopt(writer *sealKey, bare string, kept map[string][]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.ring.Load()
	next := &ring{keys: was.keys, write: was.write, bare: bare, kept: kept}
	if key := was.key(writer.id); key != nil {
		next.write = key
	}
	s.ring.Store(next)
}

func (r *ring) key(id string) *sealKey {
	for _, k := range r.keys {
		if k.id == id {
			return k
		}
	}
	return nil
}

// Keys are the ids of the keys that are known, the one that is to be used first.
func (s *Sealer) Keys() []string {
	var ids []string
	for _, k := range s.ring.Load().keys {
		ids = append(ids, k.id)
	}
	return ids
}

// Writes is the id of the key that seals at this moment.
func (s *Sealer) Writes() string { return s.ring.Load().write.id }

const sealPrefix = "v1:"

// Seal encrypts plain for one purpose ("channel").
func (s *Sealer) Seal(purpose string, plain []byte) string {
	return s.ring.Load().write.seal(purpose, plain)
}

func (k *sealKey) seal(purpose string, plain []byte) string {
	nonce := make([]byte, k.aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails, see crypto/rand
	return sealPrefix + base64.RawStdEncoding.EncodeToString(k.aead.Seal(nonce, nonce, plain, []byte(purpose)))
}

// Open decrypts what Seal made for the same purpose.
func (s *Sealer) Open(purpose, sealed string) ([]byte, error) {
	plain, _, err := s.ring.Load().open(purpose, sealed)
	return plain, err
}

// open also gives the key that it was sealed with.
func (r *ring) open(purpose, sealed string) ([]byte, *sealKey, error) {
	if len(sealed) < len(sealPrefix) || sealed[:len(sealPrefix)] != sealPrefix {
		return nil, nil, errors.New("store: not a sealed value")
	}
	b, err := base64.RawStdEncoding.DecodeString(sealed[len(sealPrefix):])
	size := r.write.aead.NonceSize()
	if err != nil || len(b) < size {
		return nil, nil, errors.New("store: damaged sealed value")
	}
	for _, k := range r.order() {
		if plain, err := k.aead.Open(nil, b[:size], b[size:], []byte(purpose)); err == nil {
			return plain, k, nil
		}
	}
	return nil, nil, ErrOtherKey
}

// order is the keys, the one that writes first: it made what is read most.
func (r *ring) order() []*sealKey {
	if len(r.keys) == 1 {
		return r.keys
	}
	list := []*sealKey{r.write}
	for _, k := range r.keys {
		if k != r.write {
			list = append(list, k)
		}
	}
	return list
}

// Digest is a keyed hash by which a token is found.
func (s *Sealer) Digest(token string) string {
	r := s.ring.Load()
	return r.digest(r.write.id, r.write.mac, token)
}

func (r *ring) digest(id string, key []byte, token string) string {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(token))
	d := hex.EncodeToString(m.Sum(nil))
	if id == r.bare {
		return d
	}
	return id + ":" + d
}

// Digests are what Digest may have made of a token: with each key that is known, what
// it makes now first.
func (s *Sealer) Digests(token string) []string {
	r := s.ring.Load()
	var list []string
	for _, k := range r.order() {
		list = append(list, r.digest(k.id, k.mac, token))
	}
	return list
}

// digestsOnly is Digests of what is kept as a digest alone, which nobody can make anew
// with another key: the keys of such digests outlive their SECRET_KEY_BASE.
func (s *Sealer) digestsOnly(token string) []string {
	r := s.ring.Load()
	list := s.Digests(token)
	for id, key := range r.kept {
		if r.key(id) == nil {
			list = append(list, r.digest(id, key, token))
		}
	}
	return list
}

// SigningKey is a key for one purpose ("tokens in mails"), for signatures that
// nothing but the program checks.
func (s *Sealer) SigningKey(purpose string) []byte { return s.ring.Load().write.signing(purpose) }

func (k *sealKey) signing(purpose string) []byte {
	m := hmac.New(sha256.New, k.mac)
	m.Write([]byte("signing key: " + purpose))
	return m.Sum(nil)
}

// SigningKeys are the keys with which a signature may have been made, SigningKey first.
func (s *Sealer) SigningKeys(purpose string) [][]byte {
	var list [][]byte
	for _, k := range s.ring.Load().order() {
		list = append(list, k.signing(purpose))
	}
	return list
}

// SigningKeyOf is the SigningKey of a time at which another key wrote; nil: it is not
// known any more.
func (s *Sealer) SigningKeyOf(id, purpose string) []byte {
	r := s.ring.Load()
	if id == "" { // from before there were ids
		id = r.bare
	}
	if k := r.key(id); k != nil {
		return k.signing(purpose)
	}
	return nil
}

// SigningKey is the Sealer's.
func (s *Store) SigningKey(purpose string) []byte { return s.sealer.SigningKey(purpose) }

// SigningKeys is the Sealer's.
func (s *Store) SigningKeys(purpose string) [][]byte { return s.sealer.SigningKeys(purpose) }

// SigningKeyOf is the Sealer's.
func (s *Store) SigningKeyOf(id, purpose string) []byte { return s.sealer.SigningKeyOf(id, purpose) }

// SigningKeyID names the key of SigningKey, for SigningKeyOf.
func (s *Store) SigningKeyID() string { return s.sealer.Writes() }
