package desk

import (
	"context"

	"tributary/store"
)

// follower is a part of the desk that follows what happens: it writes down what follows
// from the rows of the outbox, which it gets in their order, in the transaction that
// removes them. ordered says that there are jobs to run.
type follower func(ctx context.Context, tx *store.Tx, rows []store.OutboxRow) (ordered bool, err error)

// followers are all of them, in the order in which they are called.
func (d *Desk) followers() []follower {
	return []follower{
		oneByOne(d.apiInboxWebhook),
		oneByOne(d.contactAvatar),
		orderNotices,
	}
}

// oneByOne is a follower that looks at each row alone.
func oneByOne(f func(context.Context, *store.Tx, store.OutboxRow) (bool, error)) follower {
	return func(ctx context.Context, tx *store.Tx, rows []store.OutboxRow) (ordered bool, err error) {
		for _, row := range rows {
			made, err := f(ctx, tx, row)
			if err != nil {
				return false, err
			}
			ordered = ordered || made
		}
		return ordered, nil
	}
}
