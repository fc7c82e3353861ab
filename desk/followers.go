package desk

import (
	"context"

	"tributary/store"
)

// follower is a part of the desk that follows what happens. It gets the rows of the outbox in
// their order.
type follower struct {
	// order writes down what follows from the rows, in the transaction that removes
	// them; ordered says that there are jobs to run. nil: nothing does.
	order func(ctx context.Context, tx *store.Tx, rows []store.OutboxRow) (ordered bool, err error)
	// tell is called beside that transaction, with no second chance: for news that are
	// worth nothing later. Of a batch it may be called once more when the process of
	// another dispatcher ends in the middle of it. nil: nobody is told.
	tell func(ctx context.Context, rows []store.OutboxRow)
}

// followers are all of them, in the order in which they are called.
func (d *Desk) followers() []follower {
	return []follower{
		{order: d.orderWebhooks},
		{order: oneByOne(d.contactAvatar)},
		{order: orderNotices},
		{order: orderAssignments},
		{order: report},
		{order: orderSurveys},
		{tell: d.wire.tell},
		{order: d.orderRules},
	}
}

// oneByOne is an order of what looks at each row alone.
func oneByOne(
	f func(context.Context, *store.Tx, store.OutboxRow) (bool, error),
) func(context.Context, *store.Tx, []store.OutboxRow) (bool, error) {
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
