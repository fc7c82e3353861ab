package store

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// sealCheck is the setting that says which key the installation writes with: the one
// that seals it. Every process follows it.
const sealCheck = "TRIBUTARY_SEAL_CHECK"

// keyState is what the setting says. The text "ok", of an installation whose key has
// never been another, stands for {"bare": the key that opens it}.
type keyState struct {
	// Bare is the first key of the installation. Its digests are written without its id,
	// as they were before there were ids.
	Bare string `json:"bare"`
	// From are the keys whose values are being sealed again.
	From []string `json:"from,omitempty"`
	// Digests are the digest keys of keys that do not write any more, in hex, by id.
	Digests map[string]string `json:"digests,omitempty"`
}

func (s *Store) readKeyState(ctx context.Context, q queryer, lock string) (keyState, *sealKey, error) {
	var sealed string
	err := q.QueryRowContext(ctx, `SELECT sealed FROM installation_settings WHERE name = $1 `+lock, sealCheck).Scan(&sealed)
	if isNoRows(err) {
		return keyState{}, nil, ErrNotFound
	}
	if err != nil {
		return keyState{}, nil, fmt.Errorf("store: key of the installation: %w", err)
	}
	plain, key, err := s.sealer.ring.Load().open("setting", sealed)
	if err != nil {
		return keyState{}, nil, fmt.Errorf("store: key of the installation: %w", err)
	}
	var state keyState
	if string(plain) == "ok" {
		return keyState{Bare: key.id}, key, nil
	}
	if err := json.Unmarshal(plain, &state); err != nil {
		return keyState{}, nil, fmt.Errorf("store: key of the installation: %w", err)
	}
	return state, key, nil
}

// AdoptedKey is AdoptKey for those who only look: a database without a key stays so.
func (s *Store) AdoptedKey(ctx context.Context) error {
	state, key, err := s.readKeyState(ctx, s.r, "")
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.follow(state, key)
}

// AdoptKey makes the key that the installation writes with the one that this process
// writes with, and proves that it is known. A database without one gets ours.
func (s *Store) AdoptKey(ctx context.Context) error {
	state, key, err := s.readKeyState(ctx, s.r, "")
	if errors.Is(err, ErrNotFound) {
		if _, err := s.InitSetting(ctx, sealCheck, "ok"); err != nil {
			return err
		}
		state, key, err = s.readKeyState(ctx, s.r, "")
	}
	if err != nil {
		return err
	}
	return s.follow(state, key)
}

func (s *Store) follow(state keyState, key *sealKey) error {
	known := s.sealer.Keys()
	for _, id := range state.From {
		if !slices.Contains(known, id) {
			return fmt.Errorf("store: values may still be sealed with key %s, which has to stay in SECRET_KEY_BASE_PREVIOUS "+
				"until `tributary secrets rotate` has come to its end", id)
		}
	}
	kept := map[string][]byte{}
	for id, text := range state.Digests {
		mac, err := hex.DecodeString(text)
		if err != nil {
			return fmt.Errorf("store: key of the installation: %w", err)
		}
		kept[id] = mac
	}
	s.sealer.adopt(key, state.Bare, kept)
	return nil
}

// changeKeyState reads the state, has it changed, and seals it with a key.
func (s *Store) changeKeyState(ctx context.Context, change func(*keyState, *sealKey) (*sealKey, error)) error {
	var state keyState
	var writer *sealKey
	err := s.Transact(ctx, func(t *Tx) error {
		var is *sealKey
		var err error
		if state, is, err = s.readKeyState(ctx, t.tx, s.d.lock); err != nil {
			return err
		}
		if writer, err = change(&state, is); err != nil {
			return err
		}
		text, err := json.Marshal(state)
		if err != nil {
			return fmt.Errorf("store: key of the installation: %w", err)
		}
		if _, err := t.tx.ExecContext(ctx, `UPDATE installation_settings SET sealed = $2, updated_at = $3 WHERE name = $1`,
			sealCheck, writer.seal("setting", text), t.now()); err != nil {
			return fmt.Errorf("store: key of the installation: %w", err)
		}
		return t.bump(ctx, TopicSettings)
	})
	if err != nil {
		return err
	}
	return s.follow(state, writer)
}

// UseFirstKey makes the first key that is known the one with which the installation
// writes, in every process. What is there stays sealed with the others, until Reseal.
func (s *Store) UseFirstKey(ctx context.Context) error {
	return s.changeKeyState(ctx, func(state *keyState, _ *sealKey) (*sealKey, error) {
		r := s.sealer.ring.Load()
		first := r.keys[0]
		if state.Digests == nil {
			state.Digests = map[string]string{}
		}
		for _, k := range r.keys[1:] {
			state.Digests[k.id] = hex.EncodeToString(k.mac)
			if !slices.Contains(state.From, k.id) {
				state.From = append(state.From, k.id)
			}
		}
		delete(state.Digests, first.id)
		state.From = slices.DeleteFunc(state.From, func(id string) bool { return id == first.id })
		return first, nil
	})
}

// EndKeyChange notes that nothing is sealed with the keys before this one any more, and
// forgets the digest keys that no digest needs.
func (s *Store) EndKeyChange(ctx context.Context) error {
	digests, err := s.digestUse(ctx)
	if err != nil {
		return err
	}
	used := map[string]bool{}
	for _, u := range digests {
		used[u.Key] = true
	}
	return s.changeKeyState(ctx, func(state *keyState, is *sealKey) (*sealKey, error) {
		state.From = nil
		maps.DeleteFunc(state.Digests, func(id, _ string) bool { return !used[id] })
		return is, nil
	})
}

// KeyChange is how far the installation is from one key to another.
type KeyChange struct {
	Writes string   // the key that seals
	From   []string // those whose values are being sealed again
}

// KeyChange reads it.
func (s *Store) KeyChange(ctx context.Context) (KeyChange, error) {
	state, key, err := s.readKeyState(ctx, s.r, "")
	if err != nil {
		return KeyChange{}, err
	}
	return KeyChange{Writes: key.id, From: state.From}, nil
}

// digestTables are those of what is known by its digest only.
var digestTables = []struct{ kind, table, expires string }{
	{"sessions", "user_sessions", "expires_at"},
	{"sessions of the console", "console_sessions", "expires_at"},
	{"links in mails", "user_tokens", "expires_at"},
	{"backup codes", "mfa_backup_codes", ""},
	{"answers of sign-in services", "saml_assertions", "expires_at"},
}

// KeyUse is how many values of a kind one key has.
type KeyUse struct {
	Kind   string `json:"kind"`
	Key    string `json:"key"` // "unknown" is any other than those that are known
	Digest bool   `json:"digest,omitempty"`
	Values int64  `json:"values"`
}

// digestUse counts digests by their key; those that are over do not count.
func (s *Store) digestUse(ctx context.Context) ([]KeyUse, error) {
	state, _, err := s.readKeyState(ctx, s.r, "")
	if err != nil {
		return nil, err
	}
	var all []KeyUse
	for _, d := range digestTables {
		where := ` WHERE (` + d.expires + ` IS NULL OR ` + d.expires + ` > $1)`
		if d.expires == "" {
			where = ` WHERE CAST($1 AS BIGINT) IS NOT NULL AND used_at IS NULL`
		}
		rows, err := s.r.QueryContext(ctx, `SELECT CASE WHEN digest LIKE '________:%' THEN substr(digest, 1, 8) ELSE '' END AS k, COUNT(*)
			FROM `+d.table+where+` GROUP BY k ORDER BY k`, micros(s.now()))
		if err != nil {
			return nil, fmt.Errorf("store: digests: %w", err)
		}
		list, err := collect(rows, "digests", func(u *KeyUse) []any { return []any{&u.Key, &u.Values} })
		if err != nil {
			return nil, err
		}
		for _, u := range list {
			u.Kind, u.Digest = d.kind, true
			if u.Key == "" {
				u.Key = state.Bare
			}
			all = append(all, u)
		}
	}
	slices.SortStableFunc(all, func(a, b KeyUse) int { return strings.Compare(a.Kind, b.Kind) })
	return all, nil
}

// firstOf looks for a row by each of its possible digests; like find, it gives
// sql.ErrNoRows when there is none.
func firstOf(digests []string, find func(digest string) error) error {
	var err error
	for _, d := range digests {
		if err = find(d); !isNoRows(err) {
			return err
		}
	}
	return err
}

// anyOf changes what has one of the digests.
func anyOf(digests []string, change func(digest string) (bool, error)) (bool, error) {
	for _, d := range digests {
		if done, err := change(d); done || err != nil {
			return done, err
		}
	}
	return false, nil
}
