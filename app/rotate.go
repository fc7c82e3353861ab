package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"

	"tributary/desk"
	"tributary/store"
)

// Secrets is the installation's key and what it seals, for who changes it.
type Secrets struct {
	cfg   *Config
	keys  *keys
	store *store.Store
}

// OpenSecrets opens the configured database with the keys that are known. It works
// beside processes that serve.
func OpenSecrets(ctx context.Context, cfg *Config) (*Secrets, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	k, err := newKeys(cfg)
	if err != nil {
		return nil, err
	}
	s, err := openStore(ctx, cfg, k)
	if err != nil {
		return nil, err
	}
	if err = s.Migrate(ctx); err == nil {
		err = k.follow(ctx, s)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return &Secrets{cfg, k, s}, nil
}

// Close closes the database.
func (s *Secrets) Close() error { return s.store.Close() }

// SecretsStatus is what each key is still needed for.
type SecretsStatus struct {
	// Writes is the key that seals, Known are those that were given, SECRET_KEY_BASE first.
	Writes string   `json:"writes"`
	Known  []string `json:"known"`
	// From are keys whose values are being sealed again: a change that has not come to
	// its end.
	From []string       `json:"from"`
	Use  []store.KeyUse `json:"use"`
	// Removable are known keys that nothing needs any more.
	Removable []string `json:"removable"`
}

// Status counts what every key has sealed.
func (s *Secrets) Status(ctx context.Context) (SecretsStatus, error) {
	change, err := s.store.KeyChange(ctx)
	if err != nil {
		return SecretsStatus{}, err
	}
	foreign, err := s.secondFactors(ctx)
	if err != nil {
		return SecretsStatus{}, err
	}
	use, err := s.store.KeyUse(ctx, foreign)
	if err != nil {
		return SecretsStatus{}, err
	}
	out := SecretsStatus{Writes: change.Writes, Known: s.keys.sealer.Keys(), From: []string{}, Use: use, Removable: []string{}}
	out.From = append(out.From, change.From...)
	needed := map[string]bool{change.Writes: true, out.Known[0]: true}
	for _, id := range change.From {
		needed[id] = true
	}
	for _, u := range use {
		// A digest is found without the key of its secret, see store.AdoptKey.
		needed[u.Key] = needed[u.Key] || !u.Digest
	}
	for _, id := range out.Known {
		if !needed[id] {
			out.Removable = append(out.Removable, id)
		}
	}
	return out, nil
}

// secondFactors are the values that other keys seal.
func (s *Secrets) secondFactors(ctx context.Context) (*store.Foreign, error) {
	stored, err := s.store.Settings(ctx)
	if err != nil {
		return nil, err
	}
	return desk.TOTPs(func(name string) string {
		if v, ok := stored[name]; ok {
			return v
		}
		return s.cfg.Settings[name]
	})
}

// Rotation is what Rotate did.
type Rotation struct {
	Writes string           `json:"writes"` // the key that seals from now on
	Made   bool             `json:"made"`   // it was made into DATA_DIR
	Kinds  []store.Resealed `json:"kinds"`
}

// Unreadable are values that no key opens.
func (r Rotation) Unreadable() (n int64) {
	for _, k := range r.Kinds {
		n += k.Unreadable
	}
	return n
}

// Rotate makes the first key that is known the one that the installation writes with,
// and seals everything again with it. Where the key lies in DATA_DIR, a new one is made.
// It may break off at any moment and be run again. settle is how long other processes
// may take to learn that another key writes.
func (s *Secrets) Rotate(ctx context.Context, settle time.Duration) (Rotation, error) {
	var out Rotation
	change, err := s.store.KeyChange(ctx)
	if err != nil {
		return out, err
	}
	if s.cfg.SecretKey == "" && len(s.keys.sealer.Keys()) == 1 && len(change.From) == 0 {
		if err := s.makeKey(); err != nil {
			return out, err
		}
		out.Made = true
	}
	first := s.keys.sealer.Keys()[0]
	if err := s.tell(ctx, first); err != nil {
		return out, err
	}
	if change.Writes != first {
		if s.cfg.SecretKey == "" && !s.cfg.Embedded() {
			// Processes that share DATA_DIR look at its files as often as at settings.
			if err := pause(ctx, settle); err != nil {
				return out, err
			}
		}
		if err := s.store.UseFirstKey(ctx); err != nil {
			return out, err
		}
	}
	out.Writes = first
	if out.Kinds, err = s.reseal(ctx, settle); err != nil {
		return out, err
	}
	if err := s.store.EndKeyChange(ctx); err != nil {
		return out, err
	}
	return out, s.forgetKey(ctx)
}

// reseal goes on until nothing is left, also of what processes wrote that did not know
// yet that another key writes.
func (s *Secrets) reseal(ctx context.Context, settle time.Duration) ([]store.Resealed, error) {
	foreign, err := s.secondFactors(ctx)
	if err != nil {
		return nil, err
	}
	var all []store.Resealed
	began := time.Now()
	for {
		late := time.Since(began) >= settle
		pass, err := s.store.Reseal(ctx, foreign)
		if err != nil {
			return nil, err
		}
		moved := int64(0)
		for i := range pass {
			moved += pass[i].Resealed
			if all != nil {
				pass[i].Resealed += all[i].Resealed
				pass[i].Current -= pass[i].Resealed
			}
		}
		all = pass
		switch {
		case moved > 0:
		case late:
			return all, nil
		default:
			if err := pause(ctx, settle-time.Since(began)); err != nil {
				return nil, err
			}
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(max(d, 0))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// makeKey makes a key into DATA_DIR. The old one is in its place before the new one is.
func (s *Secrets) makeKey() error {
	old, err := secretKey(s.cfg)
	if err != nil {
		return err
	}
	if err := writeKey(previousKeyPath(s.cfg), old); err != nil {
		return err
	}
	if err := writeKey(keyPath(s.cfg), generateKey()); err != nil {
		return err
	}
	return s.keys.reread()
}

// forgetKey removes the old key from DATA_DIR.
func (s *Secrets) forgetKey(ctx context.Context) error {
	if s.cfg.SecretKey != "" {
		return nil
	}
	if err := os.Remove(previousKeyPath(s.cfg)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("DATA_DIR: %w", err)
	}
	return s.tell(ctx, s.keys.sealer.Keys()[0])
}

// tell makes the process that serves in DATA_DIR look at its keys, and makes sure that
// it knows one.
func (s *Secrets) tell(ctx context.Context, id string) error {
	client, err := dialControl(ctx, s.cfg)
	if errors.Is(err, ErrNoProcess) {
		return nil
	}
	if err != nil {
		return err
	}
	var knows bool
	if err := client.ask(ctx, http.MethodPost, "/keys", url.Values{"id": {id}}, &knows); err != nil {
		return err
	}
	if !knows {
		return errors.New("SECRET_KEY_BASE: the process that serves in DATA_DIR does not know the new key: restart every process with " +
			"SECRET_KEY_BASE and SECRET_KEY_BASE_PREVIOUS first")
	}
	return nil
}
