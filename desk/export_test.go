package desk

import (
	"context"

	"tributary/store"
)

// Drain hands what happened up to now to its followers.
func (d *Dispatcher) Drain(ctx context.Context) error {
	for {
		news := make(chan []store.OutboxRow, 1)
		n, err := d.drain(ctx, news)
		close(news)
		for rows := range news {
			d.tell(ctx, rows)
		}
		if err != nil || n < dispatchBatch {
			return err
		}
	}
}
