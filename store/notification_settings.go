package store

import (
	"context"
	"fmt"

	"tributary/chat"
)

// NotificationSettings says what a member of an account wants to hear of. Bit n-1
// of the flags is notification type n of package chat.
type NotificationSettings struct {
	ID         int64
	AccountID  int64
	UserID     int64
	EmailFlags int64
	PushFlags  int64
}

const notificationSettingsColumns = `id, account_id, user_id, email_flags, push_flags`

func (n *NotificationSettings) fields() []any {
	return []any{&n.ID, &n.AccountID, &n.UserID, &n.EmailFlags, &n.PushFlags}
}

// wantsCreation is the condition of an index: who wants to hear of new
// conversations, one way or another. It has the text of the index.
const wantsCreation = `((email_flags | push_flags) & 1) = 1`

// DefaultNotificationSettings are those of a new member: they hear of conversations
// that become theirs, by mail and by push.
func DefaultNotificationSettings(accountID, userID int64) NotificationSettings {
	flags := chat.NotifyAssignment.Flag()
	return NotificationSettings{AccountID: accountID, UserID: userID, EmailFlags: flags, PushFlags: flags}
}

// NotificationSettings reads what a member wants to hear of; ErrNotFound when
// nothing was ever noted.
func (s *Store) NotificationSettings(ctx context.Context, accountID, userID int64) (NotificationSettings, error) {
	var n NotificationSettings
	err := s.r.QueryRowContext(ctx, `SELECT `+notificationSettingsColumns+` FROM notification_settings WHERE account_id = $1 AND user_id = $2`,
		accountID, userID).Scan(n.fields()...)
	if isNoRows(err) {
		return n, ErrNotFound
	}
	if err != nil {
		return n, fmt.Errorf("store: notification settings: %w", err)
	}
	return n, nil
}

// InsertNotificationSettings notes what a new member wants to hear of; settings that
// are there stay as they are.
func (t *Tx) InsertNotificationSettings(ctx context.Context, n NotificationSettings) error {
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO notification_settings (account_id, user_id, email_flags, push_flags, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (account_id, user_id) DO NOTHING`,
		n.AccountID, n.UserID, n.EmailFlags, n.PushFlags, t.now()); err != nil {
		return fmt.Errorf("store: insert notification settings: %w", err)
	}
	return nil
}

// PutNotificationSettings replaces what a member wants to hear of.
func (t *Tx) PutNotificationSettings(ctx context.Context, n NotificationSettings) error {
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO notification_settings (account_id, user_id, email_flags, push_flags, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $5)
		ON CONFLICT (account_id, user_id) DO UPDATE SET email_flags = excluded.email_flags, push_flags = excluded.push_flags, updated_at = excluded.updated_at`,
		n.AccountID, n.UserID, n.EmailFlags, n.PushFlags, t.now()); err != nil {
		return fmt.Errorf("store: put notification settings: %w", err)
	}
	return nil
}

// DeleteNotificationSettings forgets what a user who left an account wanted to hear
// of.
func (t *Tx) DeleteNotificationSettings(ctx context.Context, accountID, userID int64) error {
	if _, err := t.tx.ExecContext(ctx, `DELETE FROM notification_settings WHERE account_id = $1 AND user_id = $2`, accountID, userID); err != nil {
		return fmt.Errorf("store: delete notification settings: %w", err)
	}
	return nil
}
