package desk

import (
	"context"
	"fmt"

	"tributary/store"
)

// JobSearchIndex builds what the search index lacks.
const JobSearchIndex = "search_index"

// TendSearch orders the search index to be looked after: one job does it for all
// processes.
func (d *Desk) TendSearch(ctx context.Context) error {
	err := d.Store.Transact(ctx, func(tx *store.Tx) error {
		return tx.OrderJobs(ctx, []store.Job{{Kind: JobSearchIndex, Lane: store.LaneBulk, UniqueKey: JobSearchIndex}}, 0)
	})
	if err != nil {
		return fmt.Errorf("desk: order the search index: %w", err)
	}
	d.WakeJobs()
	return nil
}

// searchIndex carries out JobSearchIndex.
func (d *Desk) searchIndex(ctx context.Context, _ store.Job) error {
	work, err := d.Store.SearchWork(ctx)
	if err != nil || len(work) == 0 {
		return err
	}
	return d.inChunks(ctx, func() (bool, error) {
		if err := d.Store.BuildSearch(ctx, work[0]); err != nil {
			return false, err
		}
		work = work[1:]
		return len(work) == 0, nil
	})
}
