package store

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// NotificationRow tells a member of an account of something in a conversation.
// Moments are in microseconds.
type NotificationRow struct {
	ID             int64
	AccountID      int64
	UserID         int64
	Type           int // a chat.NotificationType
	ConversationID int64
	// ActorType and ActorID are the secondary actor: the "Message" that it is about,
	// else the "User" who did it; nil: nobody.
	ActorType      *string
	ActorID        *int64
	ReadAt         *int64
	SnoozedUntil   *int64
	LastSnoozedAt  *int64
	LastActivityAt int64
	CreatedAt      int64
	UpdatedAt      int64
}

const notificationColumns = `id, account_id, user_id, notification_type, conversation_id, secondary_actor_type, secondary_actor_id, read_at, snoozed_until,
	last_snoozed_at, last_activity_at, created_at, updated_at`

func (n *NotificationRow) fields() []any {
	return []any{
		&n.ID, &n.AccountID, &n.UserID, &n.Type, &n.ConversationID, &n.ActorType, &n.ActorID, &n.ReadAt, &n.SnoozedUntil,
		&n.LastSnoozedAt, &n.LastActivityAt, &n.CreatedAt, &n.UpdatedAt,
	}
}

// NotificationFilter chooses notifications of a user in an account: those that wait,
// and more where it says so.
type NotificationFilter struct {
	UserID    int64
	AccountID int64
	Read      bool // those that were read, too
	Snoozed   bool // those that were put off, too
}

func (s *Store) notificationClause(f NotificationFilter) *clause {
	c := &clause{d: s.d}
	c.add("user_id = ?", f.UserID)
	c.add("account_id = ?", f.AccountID)
	if !f.Read {
		c.text = append(c.text, "read_at IS NULL")
	}
	if !f.Snoozed {
		c.text = append(c.text, "snoozed_until IS NULL")
	}
	return c
}

// Notifications reads a page of notifications by their last activity, the newest
// first unless ascending.
func (s *Store) Notifications(ctx context.Context, f NotificationFilter, ascending bool, limit, offset int) ([]NotificationRow, error) {
	c := s.notificationClause(f)
	order := "last_activity_at DESC, id DESC"
	if ascending {
		order = "last_activity_at, id"
	}
	rows, err := s.r.QueryContext(ctx, `SELECT `+notificationColumns+` FROM notifications WHERE `+c.where()+`
		ORDER BY `+order+` LIMIT `+strconv.Itoa(limit)+` OFFSET `+strconv.Itoa(offset), c.args...)
	if err != nil {
		return nil, fmt.Errorf("store: notifications: %w", err)
	}
	return collect(rows, "notifications", (*NotificationRow).fields)
}

// CountNotifications counts notifications, and those among them that were not read.
func (s *Store) CountNotifications(ctx context.Context, f NotificationFilter) (all, unread int64, err error) {
	count := func(f NotificationFilter) (n int64) {
		if err != nil {
			return 0
		}
		c := s.notificationClause(f)
		err = s.r.QueryRowContext(ctx, `SELECT COUNT(*) FROM notifications WHERE `+c.where(), c.args...).Scan(&n)
		return n
	}
	all = count(f)
	unread = all
	if f.Read {
		f.Read = false
		unread = count(f)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("store: count notifications: %w", err)
	}
	return all, unread, nil
}

// Notification reads one, whoever's it is; ErrNotFound when it is gone.
func (s *Store) Notification(ctx context.Context, id int64) (NotificationRow, error) {
	return readNotification(ctx, s.r, `SELECT `+notificationColumns+` FROM notifications WHERE id = $1`, id)
}

// LockNotification reads a notification of a user, in whichever account, for a
// change; ErrNotFound when they have none of that id.
func (t *Tx) LockNotification(ctx context.Context, userID, id int64) (NotificationRow, error) {
	return readNotification(ctx, t.tx, `SELECT `+notificationColumns+` FROM notifications WHERE id = $1 AND user_id = $2 `+t.s.d.lock, id, userID)
}

func readNotification(ctx context.Context, q queryer, query string, args ...any) (NotificationRow, error) {
	var n NotificationRow
	err := q.QueryRowContext(ctx, query, args...).Scan(n.fields()...)
	if isNoRows(err) {
		return n, ErrNotFound
	}
	if err != nil {
		return n, fmt.Errorf("store: notification: %w", err)
	}
	return n, nil
}

// UpdateNotification stores when a notification was read and until when it is put
// off, and gives the row as it is then.
func (t *Tx) UpdateNotification(ctx context.Context, n NotificationRow) (NotificationRow, error) {
	return readNotification(ctx, t.tx, `UPDATE notifications SET read_at = $2, snoozed_until = $3, last_snoozed_at = $4, updated_at = $5
		WHERE id = $1 RETURNING `+notificationColumns, n.ID, n.ReadAt, n.SnoozedUntil, n.LastSnoozedAt, t.now())
}

// DeleteNotification deletes one.
func (t *Tx) DeleteNotification(ctx context.Context, id int64) error {
	if _, err := t.tx.ExecContext(ctx, `DELETE FROM notifications WHERE id = $1`, id); err != nil {
		return fmt.Errorf("store: delete notification: %w", err)
	}
	return nil
}

// ReadNotifications marks what a user has not read in an account as read: all of it,
// or, when conversationID is not 0, what is about that conversation.
func (s *Store) ReadNotifications(ctx context.Context, userID, accountID, conversationID int64) error {
	return s.Transact(ctx, func(t *Tx) error {
		query := `UPDATE notifications SET read_at = $3, updated_at = $3 WHERE user_id = $1 AND account_id = $2 AND read_at IS NULL`
		args := []any{userID, accountID, t.now()}
		if conversationID != 0 {
			query += ` AND conversation_id = $4`
			args = append(args, conversationID)
		}
		if _, err := t.tx.ExecContext(ctx, query, args...); err != nil {
			return fmt.Errorf("store: read notifications: %w", err)
		}
		return nil
	})
}

// DeleteNotifications deletes at most limit notifications of a user in all accounts,
// of those up to an id, and gives them: all of them, or those that were read.
func (t *Tx) DeleteNotifications(ctx context.Context, userID, upTo int64, onlyRead bool, limit int) ([]NotificationRow, error) {
	condition := ""
	if onlyRead {
		condition = " AND read_at IS NOT NULL"
	}
	return t.notifications(ctx, "delete notifications", `DELETE FROM notifications WHERE id IN (SELECT id FROM notifications
			WHERE user_id = $1 AND id <= $2`+condition+` ORDER BY account_id, last_activity_at, id LIMIT `+strconv.Itoa(limit)+` `+t.s.d.lock+`)
		RETURNING `+notificationColumns, userID, upTo)
}

// LastNotification is the id of the newest notification of all; 0: there is none.
func (t *Tx) LastNotification(ctx context.Context) (id int64, err error) {
	if err := t.tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(id), 0) FROM notifications`).Scan(&id); err != nil {
		return 0, fmt.Errorf("store: last notification: %w", err)
	}
	return id, nil
}

// ReopenNotifications brings at most limit notifications back that were put off until
// now, and gives them as they are then.
func (t *Tx) ReopenNotifications(ctx context.Context, limit int) ([]NotificationRow, error) {
	return t.notifications(ctx, "reopen notifications", `UPDATE notifications SET read_at = NULL, last_snoozed_at = snoozed_until, snoozed_until = NULL,
			last_activity_at = $1, updated_at = $1
		WHERE id IN (SELECT id FROM notifications WHERE snoozed_until <= $1 ORDER BY snoozed_until LIMIT `+strconv.Itoa(limit)+` `+t.s.d.skipLocked+`)
		RETURNING `+notificationColumns, t.now())
}

// ExpireNotifications deletes at most limit notifications that were made before a
// moment, the oldest first, and gives them.
func (t *Tx) ExpireNotifications(ctx context.Context, before time.Time, limit int) ([]NotificationRow, error) {
	return t.notifications(ctx, "expire notifications", `DELETE FROM notifications
		WHERE id IN (SELECT id FROM notifications WHERE created_at < $1 ORDER BY created_at LIMIT `+strconv.Itoa(limit)+` `+t.s.d.skipLocked+`)
		RETURNING `+notificationColumns, micros(before))
}

func (t *Tx) notifications(ctx context.Context, what, query string, args ...any) ([]NotificationRow, error) {
	rows, err := t.tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", what, err)
	}
	return collect(rows, what, (*NotificationRow).fields)
}

// TakeJob takes a job off its lane in the transaction that does its work, so that
// the work is done once. taken is false when it was done already.
func (t *Tx) TakeJob(ctx context.Context, id int64) (taken bool, err error) {
	return t.changed(ctx, "take job", `DELETE FROM jobs WHERE id = $1`, id)
}
