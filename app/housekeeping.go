package app

import (
	"context"
	"log/slog"
	"time"

	"tributary/desk"
	"tributary/files"
	"tributary/queue"
	"tributary/store"
	"tributary/whatsapp"
)

// housekeeping applies retention and keeps message templates fresh.
type housekeeping struct {
	store    *store.Store
	desk     *desk.Desk
	queue    queue.Log
	files    *files.Service
	log      *slog.Logger
	maxAge   time.Duration
	maxBytes int64
}

// Name implements the worker contract.
func (h *housekeeping) Name() string { return "housekeeping" }

// changesKept is how long it is remembered which changes were applied: twice as
// long as the most patient provider repeats one (WhatsApp, seven days).
const changesKept = 14 * 24 * time.Hour

// mailsKept is how long mails are held that no server took.
const mailsKept = 14 * 24 * time.Hour

// templatesRound is how often channels are looked for whose templates are old.
const templatesRound = 5 * time.Minute

// notificationsRound is how often notifications that were put off are looked at, and
// old ones.
const notificationsRound = 5 * time.Minute

// Run trims once a minute.
func (h *housekeeping) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	templates := time.NewTicker(templatesRound)
	defer templates.Stop()
	notifications := time.NewTicker(notificationsRound)
	defer notifications.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-templates.C:
			if n, err := h.desk.ScheduleTemplates(ctx); err != nil && ctx.Err() == nil {
				h.log.Warn("message templates not ordered", "error", err)
			} else if n > 0 {
				h.log.Debug("message templates ordered", "channels", n)
			}
		case <-notifications.C:
			if err := h.desk.TendNotifications(ctx); err != nil && ctx.Err() == nil {
				h.log.Warn("notifications not tended", "error", err)
			}
		case <-tick.C:
			h.trim(ctx)
		}
	}
}

// trim removes what is old.
func (h *housekeeping) trim(ctx context.Context) {
	if n, err := h.queue.Trim(ctx, h.maxAge, h.maxBytes); err != nil && ctx.Err() == nil {
		h.log.Warn("queue not trimmed", "error", err)
	} else if n > 0 {
		h.log.Debug("queue trimmed", "entries", n)
	}
	if n, err := h.files.Sweep(ctx); err != nil && ctx.Err() == nil {
		h.log.Warn("unused files not removed", "error", err)
	} else if n > 0 {
		h.log.Debug("unused files removed", "files", n)
	}
	if err := h.store.PruneWhatsApp(ctx, whatsapp.KeepHistory, whatsapp.KeepEvents); err != nil && ctx.Err() == nil {
		h.log.Warn("history of WhatsApp numbers not trimmed", "error", err)
	}
	if err := h.store.PruneSignIn(ctx, mailsKept); err != nil && ctx.Err() == nil {
		h.log.Warn("old sessions and mails not removed", "error", err)
	}
	if _, err := h.store.PruneRefusals(ctx); err != nil && ctx.Err() == nil {
		h.log.Warn("old counts of refused webhooks not removed", "error", err)
	}
	if err := h.desk.TendWebhooks(ctx); err != nil && ctx.Err() == nil {
		h.log.Warn("old deliveries of webhooks not removed", "error", err)
	}
	if _, err := h.store.ExpireParked(ctx); err != nil && ctx.Err() == nil {
		h.log.Warn("parked receipts not expired", "error", err)
	}
	if _, err := h.store.ForgetChanges(ctx, time.Now().Add(-changesKept)); err != nil && ctx.Err() == nil {
		h.log.Warn("old changes not forgotten", "error", err)
	}
}
