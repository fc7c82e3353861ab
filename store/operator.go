package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// countedTo is how far what operators look at is counted: beyond it is "many".
const countedTo = 10_000

// JobLane is how the deferred work of a lane is doing. Counts end at 10,000.
type JobLane struct {
	Lane    string
	Due     int64 // could run now, the running ones among them
	Running int64
	Later   int64 // wait for their moment
	Dead    int64 // given up
	// OldestDue is since when the first that is due could run; zero: none is due.
	OldestDue time.Time
}

// JobLanes reads some lanes.
func (s *Store) JobLanes(ctx context.Context, lanes []string) ([]JobLane, error) {
	// In the order of the index: it is read, and no further than it is counted.
	of := func(what, where string) string {
		return fmt.Sprintf(`COALESCE((SELECT %s FROM (SELECT j.run_at, j.lease_until FROM jobs j WHERE j.lane = x.lane AND %s ORDER BY j.run_at LIMIT %d) n), 0)`,
			what, where, countedTo)
	}
	const due = `j.state = 'ready' AND j.run_at <= $2`
	rows, err := s.r.QueryContext(ctx, `SELECT x.lane, `+of(`COUNT(*)`, due)+`, `+of(`SUM(CASE WHEN n.lease_until > $2 THEN 1 ELSE 0 END)`, due)+`,
			`+of(`COUNT(*)`, `j.state = 'ready' AND j.run_at > $2`)+`, `+of(`COUNT(*)`, `j.state = 'dead'`)+`,
			`+of(`MIN(CASE WHEN n.lease_until <= $2 THEN n.run_at END)`, due)+`
		FROM `+s.d.rows("$1", "lane text")+` ORDER BY x.lane`, ids(lanes), micros(s.now()))
	if err != nil {
		return nil, fmt.Errorf("store: job lanes: %w", err)
	}
	type read struct {
		JobLane
		oldest int64
	}
	list, err := collect(rows, "job lanes", func(l *read) []any {
		return []any{&l.Lane, &l.Due, &l.Running, &l.Later, &l.Dead, &l.oldest}
	})
	out := make([]JobLane, len(list))
	for i, l := range list {
		if l.oldest != 0 {
			l.OldestDue = time.UnixMicro(l.oldest).UTC()
		}
		out[i] = l.JobLane
	}
	return out, err
}

// DeliveryCounts is how the messages that wait for their provider are doing. Counts
// end at 10,000, of the oldest.
type DeliveryCounts struct {
	Waiting  int64
	Retrying int64 // tried before
	// Overdue are due and nobody sends them, since OverdueSince.
	Overdue      int64
	OverdueSince time.Time
	Oldest       time.Time // when the oldest was accepted; zero: none waits
}

// DeliveryCounts reads them.
func (s *Store) DeliveryCounts(ctx context.Context) (DeliveryCounts, error) {
	var c DeliveryCounts
	var since, oldest int64
	err := s.r.QueryRowContext(ctx, fmt.Sprintf(`SELECT COUNT(*), COALESCE(SUM(n.retry), 0), COALESCE(SUM(n.overdue), 0),
			COALESCE(MIN(CASE WHEN n.overdue = 1 THEN n.next_at END), 0), COALESCE(MIN(n.created_at), 0)
		FROM (SELECT d.next_at, d.created_at, CASE WHEN d.attempts > 0 THEN 1 ELSE 0 END AS retry,
				CASE WHEN d.next_at <= $1 AND d.lease_until <= $1
					AND NOT EXISTS (SELECT 1 FROM deliveries o WHERE o.conversation_id = d.conversation_id AND o.message_id < d.message_id) THEN 1 ELSE 0 END AS overdue
			FROM deliveries d ORDER BY d.message_id LIMIT %d) n`, countedTo), micros(s.now())).
		Scan(&c.Waiting, &c.Retrying, &c.Overdue, &since, &oldest)
	if err != nil {
		return c, fmt.Errorf("store: count deliveries: %w", err)
	}
	if since != 0 {
		c.OverdueSince = time.UnixMicro(since).UTC()
	}
	if oldest != 0 {
		c.Oldest = time.UnixMicro(oldest).UTC()
	}
	return c, nil
}

// OpenDelivery is a message that waits for its provider, as operators see it.
type OpenDelivery struct {
	Delivery
	DisplayID int64  // of the conversation in its account
	Owner     string // who sends it now; empty: nobody
}

// OpenDeliveries reads a page of them, oldest first; channelID 0: of all channels.
func (s *Store) OpenDeliveries(ctx context.Context, channelID int64, limit, offset int) ([]OpenDelivery, error) {
	where, args := "", []any{micros(s.now()), limit, offset}
	if channelID != 0 {
		where, args = `WHERE d.channel_id = $4`, append(args, channelID)
	}
	rows, err := s.r.QueryContext(ctx, `SELECT d.message_id, d.account_id, d.inbox_id, d.channel_id, d.conversation_id, d.parts_sent, d.attempts, d.crashes,
			d.last_error, d.next_at, d.deadline, d.created_at, CASE WHEN d.lease_until > $1 THEN d.lease_owner ELSE '' END,
			COALESCE((SELECT c.display_id FROM conversations c WHERE c.id = d.conversation_id), 0)
		FROM deliveries d `+where+` ORDER BY d.message_id LIMIT $2 OFFSET $3`, args...)
	if err != nil {
		return nil, fmt.Errorf("store: open deliveries: %w", err)
	}
	type read struct {
		OpenDelivery
		next, deadline, created int64
	}
	list, err := collect(rows, "open deliveries", func(d *read) []any {
		return []any{
			&d.MessageID, &d.AccountID, &d.InboxID, &d.ChannelID, &d.ConversationID, &d.PartsSent, &d.Attempts, &d.Crashes,
			&d.LastError, &d.next, &d.deadline, &d.created, &d.Owner, &d.DisplayID,
		}
	})
	out := make([]OpenDelivery, len(list))
	for i, d := range list {
		d.NextAt, d.Deadline, d.CreatedAt = time.UnixMicro(d.next).UTC(), time.UnixMicro(d.deadline).UTC(), time.UnixMicro(d.created).UTC()
		out[i] = d.OpenDelivery
	}
	return out, err
}

// FailedMessage is a message that its provider did not take, or did not deliver.
type FailedMessage struct {
	MessageID, AccountID, InboxID, ConversationID int64
	DisplayID                                     int64 // of the conversation in its account
	Error                                         string
	CreatedAt, UpdatedAt                          int64 // microseconds
}

// FailedMessages reads a page of them, newest first; inboxID 0: of all inboxes.
func (s *Store) FailedMessages(ctx context.Context, inboxID int64, limit, offset int) ([]FailedMessage, error) {
	where, args := "", []any{limit, offset}
	if inboxID != 0 {
		where, args = ` AND m.inbox_id = $3`, append(args, inboxID)
	}
	rows, err := s.r.QueryContext(ctx, `SELECT m.id, m.account_id, m.inbox_id, m.conversation_id, m.content_attributes, m.created_at, m.updated_at,
			COALESCE((SELECT c.display_id FROM conversations c WHERE c.id = m.conversation_id), 0)
		FROM messages m WHERE m.status = 3 AND m.message_type = 1`+where+` ORDER BY m.id DESC LIMIT $1 OFFSET $2`, args...)
	if err != nil {
		return nil, fmt.Errorf("store: failed messages: %w", err)
	}
	type read struct {
		FailedMessage
		attributes string
	}
	list, err := collect(rows, "failed messages", func(m *read) []any {
		return []any{&m.MessageID, &m.AccountID, &m.InboxID, &m.ConversationID, &m.attributes, &m.CreatedAt, &m.UpdatedAt, &m.DisplayID}
	})
	out := make([]FailedMessage, len(list))
	for i, m := range list {
		var told struct {
			Error string `json:"external_error"`
		}
		_ = json.Unmarshal([]byte(m.attributes), &told) // what cannot be read tells nothing
		m.Error = told.Error
		out[i] = m.FailedMessage
	}
	return out, err
}

// InboxTraffic is when something last came to an inbox and went out of it, in
// microseconds; 0: never, as far as is known.
type InboxTraffic struct {
	InboxID            int64
	VerifiedAt, LastIn int64
	LastOut            int64
}

// InboxTraffic reads it by inbox; those of which nothing is known are absent.
func (s *Store) InboxTraffic(ctx context.Context, inboxIDs []int64) (map[int64]InboxTraffic, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT w.inbox_id, COALESCE(w.verified_at, 0), COALESCE(w.last_event_at, 0), COALESCE(w.last_sent_at, 0)
		FROM `+s.d.rows("$1", "id bigint")+` CROSS JOIN inbox_webhooks w WHERE w.inbox_id = x.id`, ids(inboxIDs))
	if err != nil {
		return nil, fmt.Errorf("store: traffic of inboxes: %w", err)
	}
	list, err := collect(rows, "traffic of inboxes", func(t *InboxTraffic) []any {
		return []any{&t.InboxID, &t.VerifiedAt, &t.LastIn, &t.LastOut}
	})
	out := make(map[int64]InboxTraffic, len(list))
	for _, t := range list {
		out[t.InboxID] = t
	}
	return out, err
}

// AllRefusals are the refusals of the last day of all inboxes, to within ten minutes.
func (s *Store) AllRefusals(ctx context.Context) ([]Refusals, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT r.inbox_id, r.cause, CAST(SUM(r.refused) AS BIGINT) FROM inbox_webhook_refusals r
		WHERE r.slice > $1 GROUP BY r.inbox_id, r.cause ORDER BY r.inbox_id, r.cause`, micros(s.now().Add(-refusalsKept-refusalSlice)))
	if err != nil {
		return nil, fmt.Errorf("store: all refusals: %w", err)
	}
	return collect(rows, "all refusals", func(r *Refusals) []any { return []any{&r.InboxID, &r.Cause, &r.Count} })
}
