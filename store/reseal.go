package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// sealedKind is a column of sealed values.
type sealedKind struct {
	name, table, key, column string
	purpose                  func(key string) string
	// digests gives the digests that stand beside the value, by column.
	digests func(s *Sealer, plain []byte) (map[string]string, error)
	// single is the column of digests whose value may exist once.
	single string
}

func always(purpose string) func(string) string { return func(string) string { return purpose } }

// sealedKinds are all columns that this store seals. A test holds the list against the
// schema.
var sealedKinds = []sealedKind{
	{name: "settings of channels", table: "channels", key: "id", column: "settings", purpose: always("channel")},
	{
		name: "access tokens", table: "access_tokens", key: "id", column: "sealed", purpose: always("token"),
		digests: func(s *Sealer, plain []byte) (map[string]string, error) {
			return map[string]string{"digest": s.Digest(string(plain))}, nil
		},
	},
	{name: "settings of the installation", table: "installation_settings", key: "name", column: "sealed", purpose: always("setting")},
	{
		name: "devices for pushes", table: "notification_subscriptions", key: "id", column: "content", purpose: always(subscriptionPurpose),
		digests: subscriptionDigests, single: "identifier_digest",
	},
	{name: "texts of held mails", table: "mails_held", key: "id", column: "content", purpose: always(mailPurpose)},
	{name: "pages of held mails", table: "mails_held", key: "id", column: "html", purpose: always(mailPurpose)},
	{name: "PINs of WhatsApp numbers", table: "whatsapp_numbers", key: "phone_number_id", column: "pin", purpose: always("pin")},
	{name: "secrets of webhooks", table: "webhooks", key: "id", column: "secret", purpose: always(webhookPurpose)},
}

func subscriptionDigests(s *Sealer, plain []byte) (map[string]string, error) {
	var c subscriptionContent
	if err := json.Unmarshal(plain, &c); err != nil {
		return nil, fmt.Errorf("store: notification subscription: %w", err)
	}
	out := map[string]string{"identifier_digest": s.Digest(c.Identifier)}
	if c.PushToken != "" {
		out["push_token_digest"] = s.Digest(c.PushToken)
	}
	return out, nil
}

// Foreign are sealed values whose keys are not SECRET_KEY_BASE: the secrets of second
// factors.
type Foreign struct {
	Sealer  *Sealer
	Purpose func(userID int64) string
}

// TOTPKind is the name of the secrets of second factors.
const TOTPKind = "secrets of second factors"

func (f Foreign) kind() sealedKind {
	return sealedKind{name: TOTPKind, table: "users", key: "id", column: "totp_secret", purpose: func(key string) string {
		id, _ := strconv.ParseInt(key, 10, 64) // it is one
		return f.Purpose(id)
	}}
}

// resealChunk is how many values one transaction seals again.
const resealChunk = 100

// sealedValue is one of them.
type sealedValue struct{ key, sealed string }

// pageOf reads the values after one, by key.
func (s *Store) pageOf(ctx context.Context, k sealedKind, after string) ([]sealedValue, error) {
	key, where := `CAST(`+k.key+` AS TEXT)`, k.key+` > CAST($1 AS BIGINT)`
	if k.key != "id" {
		key, where = k.key, k.key+` > $1`
	}
	if after == "" && k.key == "id" {
		after = "0"
	}
	rows, err := s.r.QueryContext(ctx, `SELECT `+key+`, COALESCE(`+k.column+`, '') FROM `+k.table+` WHERE `+where+`
		ORDER BY `+k.key+` LIMIT $2`, after, resealChunk)
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", k.name, err)
	}
	return collect(rows, k.name, func(v *sealedValue) []any { return []any{&v.key, &v.sealed} })
}

// Resealed is what Reseal did with one kind.
type Resealed struct {
	Kind       string `json:"kind"`
	Current    int64  `json:"current"`  // were sealed with the key that writes
	Resealed   int64  `json:"resealed"` // are now
	Unreadable int64  `json:"unreadable"`
}

// Reseal seals again, with the key that writes, whatever is sealed with another that is
// known. It goes through the tables in small transactions and never overwrites what
// changed meanwhile, so that it may run beside everything, and again after it broke off.
func (s *Store) Reseal(ctx context.Context, foreign *Foreign) ([]Resealed, error) {
	var all []Resealed
	for _, k := range sealedKinds {
		r, err := s.reseal(ctx, k, s.sealer)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	if foreign == nil {
		return all, nil
	}
	r, err := s.reseal(ctx, foreign.kind(), foreign.Sealer)
	return append(all, r), err
}

func (s *Store) reseal(ctx context.Context, k sealedKind, with *Sealer) (Resealed, error) {
	out := Resealed{Kind: k.name}
	for after := ""; ; {
		page, err := s.pageOf(ctx, k, after)
		if err != nil || len(page) == 0 {
			return out, err
		}
		after = page[len(page)-1].key
		var old []sealedValue
		r := with.ring.Load()
		for _, v := range page {
			if v.sealed == "" {
				continue
			}
			switch _, key, err := r.open(k.purpose(v.key), v.sealed); {
			case err != nil:
				out.Unreadable++
			case key == r.write:
				out.Current++
			default:
				old = append(old, v)
			}
		}
		if len(old) == 0 {
			continue
		}
		var moved int64
		if err := s.Transact(ctx, func(t *Tx) error {
			moved = 0
			for _, v := range old {
				done, err := t.resealOne(ctx, k, with, v)
				if err != nil {
					return err
				}
				if done {
					moved++
				}
			}
			return nil
		}); err != nil {
			return out, err
		}
		out.Resealed += moved
	}
}

// resealOne does one value; false: it is not what it was any more.
func (t *Tx) resealOne(ctx context.Context, k sealedKind, with *Sealer, v sealedValue) (bool, error) {
	purpose := k.purpose(v.key)
	plain, err := with.Open(purpose, v.sealed)
	if err != nil {
		return false, err
	}
	args := []any{v.key, v.sealed, with.Seal(purpose, plain)}
	set := k.column + ` = $3`
	if k.digests != nil {
		digests, err := k.digests(with, plain)
		if err != nil {
			return false, err
		}
		for _, column := range slices.Sorted(maps.Keys(digests)) {
			args = append(args, digests[column])
			set += `, ` + column + ` = $` + strconv.Itoa(len(args))
		}
		if k.single != "" {
			// A process that did not know yet that another key writes may have stored the same
			// a second time.
			if _, err := t.tx.ExecContext(ctx, `DELETE FROM `+k.table+` WHERE `+t.whereKey(k)+` AND EXISTS (SELECT 1 FROM `+k.table+` o
				WHERE o.`+k.single+` = $2 AND o.id <> `+k.table+`.id)`, v.key, digests[k.single]); err != nil {
				return false, fmt.Errorf("store: %s: %w", k.name, err)
			}
		}
	}
	return t.changed(ctx, "seal again: "+k.name, `UPDATE `+k.table+` SET `+set+` WHERE `+t.whereKey(k)+` AND `+k.column+` = $2`, args...)
}

func (t *Tx) whereKey(k sealedKind) string {
	if k.key == "id" {
		return k.key + ` = CAST($1 AS BIGINT)`
	}
	return k.key + ` = $1`
}

// UnknownKey stands for any key that is not known.
const UnknownKey = "unknown"

// KeyUse counts what each key has sealed, and what is known by a digest of it only.
func (s *Store) KeyUse(ctx context.Context, foreign *Foreign) ([]KeyUse, error) {
	var all []KeyUse
	kinds, sealers := slices.Clone(sealedKinds), []*Sealer{}
	for range kinds {
		sealers = append(sealers, s.sealer)
	}
	if foreign != nil {
		kinds, sealers = append(kinds, foreign.kind()), append(sealers, foreign.Sealer)
	}
	for i, k := range kinds {
		list, err := s.keyUse(ctx, k, sealers[i])
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	digests, err := s.digestUse(ctx)
	return append(all, digests...), err
}

func (s *Store) keyUse(ctx context.Context, k sealedKind, with *Sealer) ([]KeyUse, error) {
	count := map[string]int64{}
	for after := ""; ; {
		page, err := s.pageOf(ctx, k, after)
		if err != nil {
			return nil, err
		}
		if len(page) == 0 {
			break
		}
		after = page[len(page)-1].key
		r := with.ring.Load()
		for _, v := range page {
			if v.sealed == "" {
				continue
			}
			_, key, err := r.open(k.purpose(v.key), v.sealed)
			if err != nil {
				count[UnknownKey]++
				continue
			}
			count[key.id]++
		}
	}
	var out []KeyUse
	for _, id := range slices.Sorted(maps.Keys(count)) {
		out = append(out, KeyUse{Kind: k.name, Key: id, Values: count[id]})
	}
	return out, nil
}
