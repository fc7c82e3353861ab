package app

import (
	"context"
	"log/slog"
	"time"

	"tributary/queue"
	"tributary/store"
)

// housekeeping applies retention.
type housekeeping struct {
	store    *store.Store
	queue    queue.Log
	log      *slog.Logger
	maxAge   time.Duration
	maxBytes int64
}

// Name implements the worker contract.
func (h *housekeeping) Name() string { return "housekeeping" }

// Run trims once a minute.
func (h *housekeeping) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if n, err := h.queue.Trim(ctx, h.maxAge, h.maxBytes); err != nil && ctx.Err() == nil {
				h.log.Warn("queue not trimmed", "error", err)
			} else if n > 0 {
				h.log.Debug("queue trimmed", "entries", n)
			}
			if _, err := h.store.ExpireParked(ctx); err != nil && ctx.Err() == nil {
				h.log.Warn("parked receipts not expired", "error", err)
			}
		}
	}
}
