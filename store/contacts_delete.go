package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// DeleteContact makes a contact that is locked disappear: nobody finds it, its values
// and addresses are free for others, and nothing is sent to it any more. What it
// leaves, and its row, are EmptyContactChunk's.
func (t *Tx) DeleteContact(ctx context.Context, id int64) error {
	for _, query := range []string{
		`UPDATE contacts SET deleted_at = $2, email = NULL, phone_number = NULL, identifier = NULL, contact_type = 0, updated_at = $2 WHERE id = $1`,
		`UPDATE contact_inboxes SET source_id = 'deleted:' || id, pubsub_token = 'deleted:' || id, opted_out_at = COALESCE(opted_out_at, $2), updated_at = $2
			WHERE contact_id = $1`,
	} {
		if _, err := t.tx.ExecContext(ctx, query, id, t.now()); err != nil {
			return fmt.Errorf("store: delete contact: %w", err)
		}
	}
	if _, err := t.tx.ExecContext(ctx, `DELETE FROM deliveries WHERE conversation_id IN (SELECT id FROM conversations WHERE contact_id = $1)`, id); err != nil {
		return fmt.Errorf("store: delete contact: %w", err)
	}
	return nil
}

// EmptyContactChunk deletes a share of what a deleted contact left, in a short
// transaction of its own: at most limit messages, the conversations that have none,
// and when there is nothing else the contact's row. A conversation that somebody
// works on is left for another time. done tells that nothing is left.
func (s *Store) EmptyContactChunk(ctx context.Context, id int64, limit int) (done bool, err error) {
	err = s.Transact(ctx, func(t *Tx) error {
		if gone, err := exists(ctx, t.tx, `SELECT 1 FROM contacts WHERE id = $1 AND deleted_at IS NOT NULL`, id); err != nil || !gone {
			done = err == nil
			return err
		}
		conversations, err := t.idsOf(ctx, `SELECT id FROM conversations WHERE contact_id = $1 LIMIT $2 `+t.s.d.skipLocked, id, limit)
		if err != nil {
			return err
		}
		if len(conversations) > 0 {
			return t.deleteConversations(ctx, conversations, limit)
		}
		if busy, err := exists(ctx, t.tx, `SELECT 1 FROM conversations WHERE contact_id = $1 LIMIT 1`, id); err != nil || busy {
			return err
		}
		done = true
		var avatar sql.NullInt64
		err = t.tx.QueryRowContext(ctx, `DELETE FROM contacts WHERE id = $1 RETURNING avatar_blob_id`, id).Scan(&avatar)
		if err != nil {
			return fmt.Errorf("store: empty contact: %w", err)
		}
		if !avatar.Valid {
			return nil
		}
		return t.DetachBlob(ctx, avatar.Int64)
	})
	return done, err
}

// DeleteStaleContactInboxes looks at the next limit addresses of contacts behind the
// address after, in the order in which they were made, and deletes those that were
// made before a moment and have no conversation. last is where to go on; 0: all that
// are old enough were looked at.
func (s *Store) DeleteStaleContactInboxes(ctx context.Context, before time.Time, after int64, limit int) (last int64, deleted int, err error) {
	type address struct {
		id, made int64
		used     bool
	}
	err = s.Transact(ctx, func(t *Tx) error {
		last, deleted = 0, 0
		rows, err := t.tx.QueryContext(ctx, `SELECT ci.id, ci.created_at, EXISTS (SELECT 1 FROM conversations c WHERE c.contact_inbox_id = ci.id)
			FROM contact_inboxes ci WHERE ci.id > $1 ORDER BY ci.id LIMIT $2`, after, limit)
		if err != nil {
			return fmt.Errorf("store: stale contact inboxes: %w", err)
		}
		list, err := collect(rows, "stale contact inboxes", func(a *address) []any { return []any{&a.id, &a.made, &a.used} })
		if err != nil {
			return err
		}
		var unused []int64
		more := len(list) == limit
		for _, a := range list {
			if a.made >= before.UnixMicro() {
				more = false
				break
			}
			if !a.used {
				unused = append(unused, a.id)
			}
		}
		if more {
			last = list[len(list)-1].id
		}
		if len(unused) == 0 {
			return nil
		}
		// One that gets its first conversation now is locked by that.
		free, err := t.idsOf(ctx, `SELECT ci.id FROM contact_inboxes ci WHERE ci.id IN (SELECT x.id FROM `+t.s.d.rows("$1", "id bigint")+`)
			ORDER BY ci.id `+t.s.d.skipLocked, ids(unused))
		if err != nil || len(free) == 0 {
			return err
		}
		gone, err := t.idsOf(ctx, `DELETE FROM contact_inboxes WHERE id IN (SELECT x.id FROM `+t.s.d.rows("$1", "id bigint")+`)
			AND NOT EXISTS (SELECT 1 FROM conversations c WHERE c.contact_inbox_id = contact_inboxes.id) RETURNING id`, ids(free))
		deleted = len(gone)
		return err
	})
	return last, deleted, err
}
