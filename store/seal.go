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
)

// Sealer encrypts what must not be readable in the database file: channel
// settings, tokens, installation secrets. AES-256-GCM with a key derived from
// SECRET_KEY_BASE; the purpose is authenticated, so that a sealed value cannot be
// moved to another column.
type Sealer struct {
	aead cipher.AEAD
	mac  []byte
}

// NewSealer derives its keys from the installation's secret.
func NewSealer(secretKeyBase string) (*Sealer, error) {
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
	return &Sealer{aead: aead, mac: mac}, nil
}

const sealPrefix = "v1:"

// Seal encrypts plain for one purpose ("channel").
func (s *Sealer) Seal(purpose string, plain []byte) string {
	nonce := make([]byte, s.aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails, see crypto/rand
	return sealPrefix + base64.RawStdEncoding.EncodeToString(s.aead.Seal(nonce, nonce, plain, []byte(purpose)))
}

// Open decrypts what Seal made for the same purpose.
func (s *Sealer) Open(purpose, sealed string) ([]byte, error) {
	if len(sealed) < len(sealPrefix) || sealed[:len(sealPrefix)] != sealPrefix {
		return nil, errors.New("store: not a sealed value")
	}
	b, err := base64.RawStdEncoding.DecodeString(sealed[len(sealPrefix):])
	if err != nil || len(b) < s.aead.NonceSize() {
		return nil, errors.New("store: damaged sealed value")
	}
	plain, err := s.aead.Open(nil, b[:s.aead.NonceSize()], b[s.aead.NonceSize():], []byte(purpose))
	if err != nil {
		return nil, errors.New("store: sealed with another SECRET_KEY_BASE")
	}
	return plain, nil
}

// Digest is a keyed hash by which a token is found.
func (s *Sealer) Digest(token string) string {
	m := hmac.New(sha256.New, s.mac)
	m.Write([]byte(token))
	return hex.EncodeToString(m.Sum(nil))
}

// SigningKey is a key for one purpose ("tokens in mails"), for signatures that
// nothing but the program checks.
func (s *Sealer) SigningKey(purpose string) []byte {
	m := hmac.New(sha256.New, s.mac)
	m.Write([]byte("signing key: " + purpose))
	return m.Sum(nil)
}

// SigningKey is the Sealer's.
func (s *Store) SigningKey(purpose string) []byte { return s.sealer.SigningKey(purpose) }
