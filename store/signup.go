package store

import (
	"context"
	"fmt"
)

// NewAccount is an account to be made.
type NewAccount struct {
	Name             string
	Locale           int   // the stored number of its language
	Features         int64 // bit n-1 is feature n
	CustomAttributes string
}

// InsertAccount makes an account without members.
func (t *Tx) InsertAccount(ctx context.Context, a NewAccount) (int64, error) {
	var id int64
	if err := t.tx.QueryRowContext(ctx, `INSERT INTO accounts (name, locale, features, custom_attributes, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $5) RETURNING id`, a.Name, a.Locale, a.Features, jsonObject(a.CustomAttributes), t.now()).Scan(&id); err != nil {
		return 0, fmt.Errorf("store: insert account: %w", err)
	}
	return id, nil
}
