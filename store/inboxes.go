package store

import (
	"context"
	"database/sql"
	"fmt"
)

// Inbox is an inbox's own settings; its channel is a ChannelRow.
type Inbox struct {
	ID                         int64
	AccountID                  int64
	ChannelID                  int64
	ChannelType                string
	Name                       string
	GreetingEnabled            bool
	GreetingMessage            *string
	EnableEmailCollect         bool
	CSATSurveyEnabled          bool   `db:"csat_survey_enabled"`
	CSATConfig                 string `db:"csat_config"` // JSON
	EnableAutoAssignment       bool
	AutoAssignmentConfig       string // JSON
	OutOfOfficeMessage         *string
	WorkingHoursEnabled        bool
	Timezone                   string
	AllowMessagesAfterResolved bool
	LockToSingleConversation   bool
	SenderNameType             int
	BusinessName               *string
	PortalID                   *int64
	AvatarBlobID               int64 // 0: none; Tx.SetAvatar changes it
	CreatedAt                  int64
	UpdatedAt                  int64
}

// DefaultInbox is what an inbox has when nothing was said (contract 05 §1.1).
func DefaultInbox() Inbox {
	return Inbox{
		EnableEmailCollect: true, CSATConfig: "{}", EnableAutoAssignment: true, AutoAssignmentConfig: "{}",
		Timezone: "UTC", AllowMessagesAfterResolved: true,
	}
}

// WorkingHour is one day of an inbox's opening hours.
type WorkingHour struct {
	DayOfWeek    int // 0 Sunday … 6
	ClosedAllDay bool
	OpenAllDay   bool
	OpenHour     *int
	OpenMinutes  *int
	CloseHour    *int
	CloseMinutes *int
}

// InsertInbox stores an inbox for a channel, with the usual opening hours:
// Monday to Friday 9 to 17.
func (t *Tx) InsertInbox(ctx context.Context, i Inbox) (int64, error) {
	var id int64
	err := t.tx.QueryRowContext(ctx, `INSERT INTO inboxes (account_id, channel_id, channel_type, name, greeting_enabled, greeting_message,
			enable_email_collect, csat_survey_enabled, csat_config, enable_auto_assignment, auto_assignment_config, out_of_office_message,
			working_hours_enabled, timezone, allow_messages_after_resolved, lock_to_single_conversation, sender_name_type, business_name,
			portal_id, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $20) RETURNING id`,
		i.AccountID, i.ChannelID, i.ChannelType, i.Name, i.GreetingEnabled, i.GreetingMessage, i.EnableEmailCollect, i.CSATSurveyEnabled,
		jsonObject(i.CSATConfig), i.EnableAutoAssignment, jsonObject(i.AutoAssignmentConfig), i.OutOfOfficeMessage, i.WorkingHoursEnabled,
		i.Timezone, i.AllowMessagesAfterResolved, i.LockToSingleConversation, i.SenderNameType, i.BusinessName, i.PortalID, t.now()).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("store: insert inbox: %w", err)
	}
	nine, five, zero := 9, 17, 0
	for day := range 7 {
		h := WorkingHour{DayOfWeek: day, ClosedAllDay: true}
		if day > 0 && day < 6 {
			h = WorkingHour{DayOfWeek: day, OpenHour: &nine, OpenMinutes: &zero, CloseHour: &five, CloseMinutes: &zero}
		}
		if err := t.PutWorkingHour(ctx, id, h); err != nil {
			return 0, err
		}
	}
	return id, t.bump(ctx, TopicChannels)
}

// PutWorkingHour sets the hours of one day.
func (t *Tx) PutWorkingHour(ctx context.Context, inboxID int64, h WorkingHour) error {
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO working_hours (inbox_id, day_of_week, closed_all_day, open_all_day, open_hour, open_minutes,
			close_hour, close_minutes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (inbox_id, day_of_week) DO UPDATE SET closed_all_day = excluded.closed_all_day, open_all_day = excluded.open_all_day,
			open_hour = excluded.open_hour, open_minutes = excluded.open_minutes, close_hour = excluded.close_hour,
			close_minutes = excluded.close_minutes`,
		inboxID, h.DayOfWeek, h.ClosedAllDay, h.OpenAllDay, h.OpenHour, h.OpenMinutes, h.CloseHour, h.CloseMinutes); err != nil {
		return fmt.Errorf("store: put working hour: %w", err)
	}
	return nil
}

// UpdateInbox writes all settings of an inbox.
func (t *Tx) UpdateInbox(ctx context.Context, i Inbox) error {
	if _, err := t.tx.ExecContext(ctx, `UPDATE inboxes SET name = $2, greeting_enabled = $3, greeting_message = $4, enable_email_collect = $5,
			csat_survey_enabled = $6, csat_config = $7, enable_auto_assignment = $8, auto_assignment_config = $9, out_of_office_message = $10,
			working_hours_enabled = $11, timezone = $12, allow_messages_after_resolved = $13, lock_to_single_conversation = $14,
			sender_name_type = $15, business_name = $16, portal_id = $17, updated_at = $18 WHERE id = $1`,
		i.ID, i.Name, i.GreetingEnabled, i.GreetingMessage, i.EnableEmailCollect, i.CSATSurveyEnabled, jsonObject(i.CSATConfig),
		i.EnableAutoAssignment, jsonObject(i.AutoAssignmentConfig), i.OutOfOfficeMessage, i.WorkingHoursEnabled, i.Timezone,
		i.AllowMessagesAfterResolved, i.LockToSingleConversation, i.SenderNameType, i.BusinessName, i.PortalID, t.now()); err != nil {
		return fmt.Errorf("store: update inbox: %w", err)
	}
	return t.bump(ctx, TopicChannels)
}

// CountInboxes counts an account's inboxes.
func (t *Tx) CountInboxes(ctx context.Context, accountID int64) (int, error) {
	var n int
	if err := t.tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM inboxes WHERE account_id = $1`, accountID).Scan(&n); err != nil {
		return 0, fmt.Errorf("store: count inboxes: %w", err)
	}
	return n, nil
}

// InboxCount is CountInboxes outside a transaction.
func (s *Store) InboxCount(ctx context.Context, accountID int64) (int, error) {
	var n int
	if err := s.r.QueryRowContext(ctx, `SELECT COUNT(*) FROM inboxes WHERE account_id = $1`, accountID).Scan(&n); err != nil {
		return 0, fmt.Errorf("store: count inboxes: %w", err)
	}
	return n, nil
}

// EmptyInboxChunk deletes a share of what an inbox holds, in a transaction of its own
// that is short whatever the sizes of its conversations: at most limit messages, the
// conversations that have none, then at most limit addresses of contacts. It stays
// out of the way of live traffic: a conversation that somebody works on is left for
// another time. done tells that nothing is left; the inbox itself is DeleteInbox's.
func (s *Store) EmptyInboxChunk(ctx context.Context, inboxID int64, limit int) (done bool, err error) {
	err = s.Transact(ctx, func(t *Tx) error {
		conversations, err := t.idsOf(ctx, `SELECT id FROM conversations WHERE inbox_id = $1 LIMIT $2 `+t.s.d.skipLocked, inboxID, limit)
		if err != nil {
			return err
		}
		if len(conversations) > 0 {
			return t.deleteConversations(ctx, conversations, limit)
		}
		if busy, err := exists(ctx, t.tx, `SELECT 1 FROM conversations WHERE inbox_id = $1 LIMIT 1`, inboxID); err != nil || busy {
			return err // somebody works on all that are left
		}
		addresses, err := t.idsOf(ctx, `SELECT id FROM contact_inboxes WHERE inbox_id = $1 LIMIT $2 `+t.s.d.skipLocked, inboxID, limit)
		if err != nil {
			return err
		}
		if len(addresses) > 0 {
			_, err := t.deleteIDs(ctx, "contact_inboxes", addresses)
			return err
		}
		some, err := exists(ctx, t.tx, `SELECT 1 FROM contact_inboxes WHERE inbox_id = $1 LIMIT 1`, inboxID)
		if err != nil {
			return fmt.Errorf("store: empty inbox: %w", err)
		}
		done = !some // what is there is being worked on
		return nil
	})
	return done, err
}

// deleteConversations deletes at most limit messages of conversations, and the
// conversations once none is left.
func (t *Tx) deleteConversations(ctx context.Context, conversations []int64, limit int) error {
	n, err := t.deleteMessages(ctx, conversations, limit)
	if err != nil || n == limit {
		return err // there may be more
	}
	_, err = t.deleteIDs(ctx, "conversations", conversations)
	return err
}

func (t *Tx) idsOf(ctx context.Context, query string, args ...any) ([]int64, error) {
	rows, err := t.tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("store: empty inbox: %w", err)
	}
	return collect(rows, "empty inbox", func(id *int64) []any { return []any{id} })
}

func (t *Tx) deleteIDs(ctx context.Context, table string, list []int64) (bool, error) {
	return t.changed(ctx, "empty inbox", `DELETE FROM `+table+` WHERE id IN (SELECT x.id FROM `+t.s.d.rows("$1", "id bigint")+`)`, ids(list))
}

// LockInbox reads an inbox's own settings for a change; ErrNotFound when there is
// none of that id.
func (t *Tx) LockInbox(ctx context.Context, id int64) (Inbox, error) {
	var i InboxRow
	err := t.tx.QueryRowContext(ctx, inboxColumns+`WHERE i.id = $1 `+t.s.d.lockRow, id).Scan(i.fields()...)
	if isNoRows(err) {
		return i.Inbox, ErrNotFound
	}
	if err != nil {
		return i.Inbox, fmt.Errorf("store: inbox: %w", err)
	}
	return i.Inbox, nil
}

// DeleteInbox deletes an inbox with its channel, and gives what was a member of it.
// What it still holds goes with it, see EmptyInboxChunk. ErrNotFound when there is
// none of that id.
func (t *Tx) DeleteInbox(ctx context.Context, id int64) ([]Place, error) {
	var channelID int64
	var avatar sql.NullInt64
	err := t.tx.QueryRowContext(ctx, `SELECT channel_id, avatar_blob_id FROM inboxes WHERE id = $1 `+t.s.d.lock, id).Scan(&channelID, &avatar)
	if isNoRows(err) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("store: delete inbox: %w", err)
	}
	// After the lock: nobody becomes a member now.
	members, err := t.changePlaces(ctx, "delete inbox members", `DELETE FROM inbox_members WHERE inbox_id = $1`+inboxPlaces.returning(), id)
	if err != nil {
		return nil, err
	}
	for _, statement := range []struct {
		query string
		id    int64
	}{{`DELETE FROM inboxes WHERE id = $1`, id}, {`DELETE FROM channels WHERE id = $1`, channelID}} {
		if _, err := t.tx.ExecContext(ctx, statement.query, statement.id); err != nil {
			return nil, fmt.Errorf("store: delete inbox: %w", err)
		}
	}
	if avatar.Valid {
		if err := t.DetachBlob(ctx, avatar.Int64); err != nil {
			return nil, err
		}
	}
	return members, t.bump(ctx, TopicChannels)
}
