package app

import (
	"context"
	"os"
	"slices"
	"sync"
	"time"

	"tributary/blob"
	"tributary/store"
)

// keys follows what happens to SECRET_KEY_BASE: which of the keys that are known writes,
// and what the files in DATA_DIR say by now.
type keys struct {
	cfg    *Config
	sealer *store.Sealer

	mu      sync.Mutex
	secrets map[string]string // by their id
	writes  string            // the key that the signer of files uses
	files   [2]time.Time      // when they were written
	signer  *blob.Signer      // nil: there is none yet
}

func newKeys(cfg *Config) (*keys, error) {
	k := &keys{cfg: cfg}
	return k, k.read()
}

// read takes the keys from where they are.
func (k *keys) read() error {
	k.files = k.written()
	list, err := secretKeys(k.cfg)
	if err != nil {
		return err
	}
	secrets := map[string]string{}
	for _, secret := range list {
		id, err := store.KeyID(secret)
		if err != nil {
			return err
		}
		secrets[id] = secret
	}
	if k.sealer == nil {
		k.sealer, err = store.NewSealer(list[0], list[1:]...)
	} else {
		err = k.sealer.Replace(list[0], list[1:]...)
	}
	if err == nil {
		k.secrets, k.writes = secrets, ""
	}
	return err
}

// written is when the files in DATA_DIR were; zero where nobody looks at them.
func (k *keys) written() (at [2]time.Time) {
	if k.cfg.SecretKey != "" {
		return at
	}
	for i, path := range []string{keyPath(k.cfg), previousKeyPath(k.cfg)} {
		if info, err := os.Stat(path); err == nil {
			at[i] = info.ModTime()
		}
	}
	return at
}

// reread takes the keys again when their files changed.
func (k *keys) reread() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.written() != k.files {
		if err := k.read(); err != nil {
			return err
		}
	}
	return k.resign()
}

// newSigner makes the signer of files.
func (k *keys) newSigner(now func() time.Time) (*blob.Signer, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s, err := blob.NewSigner(k.secrets[k.sealer.Writes()], now)
	if err != nil {
		return nil, err
	}
	k.signer = s
	return s, k.resign()
}

// resign makes the signer use the key that writes.
func (k *keys) resign() error {
	writes := k.sealer.Writes()
	if k.signer == nil || writes == k.writes {
		return nil
	}
	var previous []string
	for _, id := range k.sealer.Keys() {
		if id != writes {
			previous = append(previous, k.secrets[id])
		}
	}
	if err := k.signer.Rekey(k.secrets[writes], previous...); err != nil {
		return err
	}
	k.writes = writes
	return nil
}

// follow reads the files again, and what the installation writes with.
func (k *keys) follow(ctx context.Context, s *store.Store) error {
	if err := k.reread(); err != nil {
		return err
	}
	if err := checkKey(ctx, s); err != nil {
		return err
	}
	return k.reread()
}

// knows tells whether a key is among those that are known.
func (k *keys) knows(id string) bool { return slices.Contains(k.sealer.Keys(), id) }
