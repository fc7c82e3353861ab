package desk

import (
	"context"
	"errors"

	"tributary/internal/validate"
	"tributary/store"
)

// holdAccount keeps an account from being deleted, so that a bot can be its; nil: the
// installation's.
func holdAccount(ctx context.Context, tx *store.Tx, accountID *int64) error {
	if accountID == nil {
		return nil
	}
	_, err := tx.LockAccount(ctx, *accountID)
	if errors.Is(err, store.ErrNotFound) {
		return validate.Fail("account", validate.MustExist)
	}
	return err
}

// CreatePlatformBot makes a bot for a platform app, of an account or of the
// installation, and lets it act on the bot.
func (d *Desk) CreatePlatformBot(ctx context.Context, appID int64, in store.AgentBotRow, avatarID int64) (int64, error) {
	if in.AccountID != nil {
		if _, err := d.Store.Account(ctx, *in.AccountID); errors.Is(err, store.ErrNotFound) {
			return 0, validate.Fail("account", validate.MustExist)
		}
	}
	return d.createBot(ctx, in, avatarID, func(tx *store.Tx, id int64) error {
		if err := holdAccount(ctx, tx, in.AccountID); err != nil {
			return err
		}
		return tx.Grant(ctx, appID, store.GrantBot, id)
	})
}

// MoveBot gives a bot to another account, nil: to the installation. store.ErrNotFound
// as ChangeBot.
func (d *Desk) MoveBot(ctx context.Context, from, id int64, to *int64) error {
	err := d.changeBot(ctx, from, id, func(tx *store.Tx, b store.AgentBotRow) error {
		if err := holdAccount(ctx, tx, to); err != nil {
			return err
		}
		return tx.MoveAgentBot(ctx, b, to)
	})
	if err == nil {
		d.changed(ctx)
	}
	return err
}
