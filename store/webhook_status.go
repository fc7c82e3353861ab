package store

import (
	"context"
	"fmt"
	"time"
)

// WebhookNews is what was learned of an inbox's webhooks. Times are microseconds, 0
// where there is nothing to say.
type WebhookNews struct {
	InboxID int64
	// VerifiedAt is when the provider first proved that it knows our address and
	// secret; FirstEventAt and LastEventAt are of events that were applied.
	VerifiedAt   int64
	FirstEventAt int64
	LastEventAt  int64
	// LastSentAt is when a provider last took a message.
	LastSentAt int64
	// ConversationID is the conversation of the last message.
	ConversationID int64
	// AnnouncedAt is when administrators were last told.
	AnnouncedAt int64
}

// Refusals is how many webhooks of an inbox were refused for a cause.
type Refusals struct {
	InboxID int64
	Cause   string
	Count   int64
}

// refusalSlice is how finely refusals are counted in time.
const refusalSlice = 10 * time.Minute

// refusalsKept is how long they are counted.
const refusalsKept = 24 * time.Hour

// LockWebhooks reads what is known of inboxes' webhooks for a change, by inbox. Of
// inboxes that are absent nothing is known.
func (t *Tx) LockWebhooks(ctx context.Context, inboxIDs []int64) (map[int64]WebhookNews, error) {
	rows, err := t.tx.QueryContext(ctx, `SELECT w.inbox_id, COALESCE(w.verified_at, 0), COALESCE(w.first_event_at, 0), COALESCE(w.last_event_at, 0),
			COALESCE(w.last_sent_at, 0), COALESCE(w.last_conversation_id, 0), w.announced_at
		FROM `+t.s.d.rows("$1", "id bigint")+` CROSS JOIN inbox_webhooks w WHERE w.inbox_id = x.id ORDER BY w.inbox_id `+t.s.d.lockOf("w"), ids(inboxIDs))
	if err != nil {
		return nil, fmt.Errorf("store: lock webhooks: %w", err)
	}
	list, err := collect(rows, "lock webhooks", func(w *WebhookNews) []any {
		return []any{&w.InboxID, &w.VerifiedAt, &w.FirstEventAt, &w.LastEventAt, &w.LastSentAt, &w.ConversationID, &w.AnnouncedAt}
	})
	out := make(map[int64]WebhookNews, len(list))
	for _, w := range list {
		out[w.InboxID] = w
	}
	return out, err
}

// NoteWebhooks adds news to what is known: the first of firsts and the last of lasts
// stay. News of inboxes that are gone is dropped.
func (t *Tx) NoteWebhooks(ctx context.Context, list []WebhookNews) error {
	if len(list) == 0 {
		return nil
	}
	rows := make([][]any, len(list))
	for i, w := range list {
		rows[i] = []any{
			w.InboxID, nilIfZero(w.VerifiedAt), nilIfZero(w.FirstEventAt), nilIfZero(w.LastEventAt), nilIfZero(w.LastSentAt),
			nilIfZero(w.ConversationID), w.AnnouncedAt,
		}
	}
	set, err := rowSet(rows)
	if err != nil {
		return fmt.Errorf("store: note webhooks: %w", err)
	}
	names := []string{"id", "verified", "first_event", "last_event", "last_sent", "conversation", "announced"}
	for i := range names {
		names[i] += " bigint"
	}
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO inbox_webhooks
			(inbox_id, verified_at, first_event_at, last_event_at, last_sent_at, last_conversation_id, announced_at)
		SELECT i.id, x.verified, x.first_event, x.last_event, x.last_sent, x.conversation, x.announced
		FROM `+t.s.d.rows("$1", names...)+`
		CROSS JOIN inboxes i WHERE i.id = x.id ORDER BY i.id
		ON CONFLICT (inbox_id) DO UPDATE SET
			verified_at = COALESCE(inbox_webhooks.verified_at, excluded.verified_at),
			first_event_at = COALESCE(inbox_webhooks.first_event_at, excluded.first_event_at),
			last_event_at = CASE WHEN COALESCE(excluded.last_event_at, 0) > COALESCE(inbox_webhooks.last_event_at, 0)
				THEN excluded.last_event_at ELSE inbox_webhooks.last_event_at END,
			last_sent_at = CASE WHEN COALESCE(excluded.last_sent_at, 0) > COALESCE(inbox_webhooks.last_sent_at, 0)
				THEN excluded.last_sent_at ELSE inbox_webhooks.last_sent_at END,
			last_conversation_id = COALESCE(excluded.last_conversation_id, inbox_webhooks.last_conversation_id),
			announced_at = CASE WHEN excluded.announced_at > inbox_webhooks.announced_at
				THEN excluded.announced_at ELSE inbox_webhooks.announced_at END`, set); err != nil {
		return fmt.Errorf("store: note webhooks: %w", err)
	}
	return nil
}

// CountRefusals adds refusals to those of this moment. Those of inboxes that are gone
// are dropped.
func (t *Tx) CountRefusals(ctx context.Context, list []Refusals) error {
	if len(list) == 0 {
		return nil
	}
	rows := make([][]any, len(list))
	for i, r := range list {
		rows[i] = []any{r.InboxID, r.Cause, r.Count}
	}
	set, err := rowSet(rows)
	if err != nil {
		return fmt.Errorf("store: count refusals: %w", err)
	}
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO inbox_webhook_refusals (inbox_id, slice, cause, refused)
		SELECT i.id, CAST($2 AS BIGINT), x.cause, x.refused
		FROM `+t.s.d.rows("$1", "id bigint", "cause text", "refused bigint")+` CROSS JOIN inboxes i WHERE i.id = x.id ORDER BY i.id, x.cause
		ON CONFLICT (inbox_id, slice, cause) DO UPDATE SET refused = inbox_webhook_refusals.refused + excluded.refused`,
		set, micros(t.Now.Truncate(refusalSlice))); err != nil {
		return fmt.Errorf("store: count refusals: %w", err)
	}
	return nil
}

// WebhookStatus is how an inbox's webhooks are doing.
type WebhookStatus struct {
	WebhookNews
	// DisplayID is the number of the last message's conversation in its account; 0
	// when there is none, or it is gone.
	DisplayID int64
	// Refused are the refusals of the last day by cause, to within ten minutes.
	Refused map[string]int64
}

// WebhookStatus reads it; an inbox of which nothing is known has an empty one.
func (s *Store) WebhookStatus(ctx context.Context, inboxID int64) (WebhookStatus, error) {
	out := WebhookStatus{WebhookNews: WebhookNews{InboxID: inboxID}, Refused: map[string]int64{}}
	err := s.r.QueryRowContext(ctx, `SELECT COALESCE(w.verified_at, 0), COALESCE(w.first_event_at, 0), COALESCE(w.last_event_at, 0),
			COALESCE(c.id, 0), COALESCE(c.display_id, 0), w.announced_at
		FROM inbox_webhooks w LEFT JOIN conversations c ON c.id = w.last_conversation_id AND c.inbox_id = w.inbox_id WHERE w.inbox_id = $1`, inboxID).
		Scan(&out.VerifiedAt, &out.FirstEventAt, &out.LastEventAt, &out.ConversationID, &out.DisplayID, &out.AnnouncedAt)
	if err != nil && !isNoRows(err) {
		return out, fmt.Errorf("store: webhook status: %w", err)
	}
	rows, err := s.r.QueryContext(ctx, `SELECT cause, CAST(SUM(refused) AS BIGINT) FROM inbox_webhook_refusals
		WHERE inbox_id = $1 AND slice > $2 GROUP BY cause`, inboxID, micros(s.now().Add(-refusalsKept-refusalSlice)))
	if err != nil {
		return out, fmt.Errorf("store: webhook refusals: %w", err)
	}
	list, err := collect(rows, "webhook refusals", func(r *Refusals) []any { return []any{&r.Cause, &r.Count} })
	for _, r := range list {
		out.Refused[r.Cause] = r.Count
	}
	return out, err
}

// PruneRefusals drops refusals that no status shows any more.
func (s *Store) PruneRefusals(ctx context.Context) (int64, error) {
	res, err := s.w.ExecContext(ctx, `DELETE FROM inbox_webhook_refusals WHERE slice <= $1`, micros(s.now().Add(-refusalsKept-refusalSlice)))
	if err != nil {
		return 0, fmt.Errorf("store: prune refusals: %w", err)
	}
	return res.RowsAffected()
}
