package desk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"tributary/channels"
	"tributary/chat"
	"tributary/internal/httpx"
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

// inboxWebhookTimeout bounds one call of a customer's endpoint (contract 09 §12).
const inboxWebhookTimeout = 5 * time.Second

// InboxWebhook makes the handler of JobInboxWebhook. client must be guarded: the
// address is the customer's.
func (d *Desk) InboxWebhook(client *http.Client) Handler {
	return func(ctx context.Context, j store.Job) error {
		var in InboxWebhookJob
		if err := json.Unmarshal(j.Payload, &in); err != nil {
			return Final{fmt.Errorf("desk: inbox webhook: %w", err)}
		}
		_, ch, ok := d.Directory.Inbox(in.InboxID)
		if !ok {
			return nil
		}
		address, _ := parse(string(ch.Settings))["webhook_url"].(string)
		if address == "" {
			return nil
		}
		body, err := d.MessageWebhook(ctx, in.Event, in.MessageID)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return post(ctx, client, address, body)
	}
}

func post(ctx context.Context, client *http.Client, address string, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, inboxWebhookTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return Final{errors.New("desk: inbox webhook: the address is invalid")}
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := httpx.Do(client, req)
	if err != nil {
		if errors.Is(err, httpx.ErrForbidden) {
			return Final{err}
		}
		return fmt.Errorf("desk: inbox webhook: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<16)) // only the status counts
	switch {
	case res.StatusCode < 300:
		return nil
	case res.StatusCode >= 500, res.StatusCode == http.StatusTooManyRequests:
		return fmt.Errorf("desk: inbox webhook: the endpoint answered %d", res.StatusCode)
	}
	return Final{fmt.Errorf("desk: inbox webhook: the endpoint answered %d", res.StatusCode)}
}
