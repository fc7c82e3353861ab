package desk

import (
	"context"

	"tributary/store"
)

// Drain hands what happened up to now to its followers.
func (d *Dispatcher) Drain(ctx context.Context) error {
	for {
		n, err := d.drain(ctx, func(rows []store.OutboxRow) { d.tell(ctx, rows) })
		if err != nil || n < dispatchBatch {
			return err
		}
	}
}
