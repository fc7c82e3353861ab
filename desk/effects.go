package desk

import (
	"context"
	"encoding/json"
	"fmt"

	"tributary/channels"
	"tributary/chat"
	"tributary/store"
)

// JobAcknowledge tells a provider that an event was taken in (Telegram shows a
// spinner on a button until then).
const JobAcknowledge = "event.acknowledge"

// acknowledgement orders the job for an event whose driver wants it.
func (r *reception) acknowledgement(ctx context.Context, a *arrival) error {
	if a.event.Kind != chat.KindInteraction {
		return nil
	}
	if _, ok := a.driver.(channels.Acknowledger); !ok {
		return nil
	}
	payload, err := json.Marshal(a.event)
	if err != nil {
		return fmt.Errorf("desk: acknowledge: %w", err)
	}
	return r.tx.InsertJob(ctx, store.Job{Kind: JobAcknowledge, AccountID: a.event.AccountID, Payload: payload, MaxAttempts: 2})
}

// Acknowledge is the handler of JobAcknowledge.
func (d *Desk) Acknowledge(ctx context.Context, j store.Job) error {
	var e chat.Event
	if err := json.Unmarshal(j.Payload, &e); err != nil {
		return Final{fmt.Errorf("desk: acknowledge: %w", err)}
	}
	driver, ch, ok := d.Directory.Inbox(e.InboxID)
	if !ok {
		return nil
	}
	ack, ok := driver.(channels.Acknowledger)
	if !ok {
		return nil
	}
	return ack.Acknowledge(ctx, ch, &e)
}
