package desk

import "context"

// Drain hands what happened up to now to its followers.
func (d *Dispatcher) Drain(ctx context.Context) error {
	for {
		if n, err := d.drain(ctx); err != nil || n < dispatchBatch {
			return err
		}
	}
}
