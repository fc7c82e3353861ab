package store

import (
	"context"
	"fmt"
)

// InboxRow is an inbox with its opening hours, from Sunday.
type InboxRow struct {
	Inbox
	WorkingHours []WorkingHour
}

const inboxColumns = `SELECT i.id, i.account_id, i.channel_id, i.channel_type, i.name, i.greeting_enabled, i.greeting_message, i.enable_email_collect,
	i.csat_survey_enabled, i.csat_config, i.enable_auto_assignment, i.auto_assignment_config, i.out_of_office_message, i.working_hours_enabled,
	i.timezone, i.allow_messages_after_resolved, i.lock_to_single_conversation, i.sender_name_type, i.business_name, i.portal_id, COALESCE(i.avatar_blob_id, 0),
	i.created_at, i.updated_at
	FROM inboxes i `

func (i *InboxRow) fields() []any {
	return []any{
		&i.ID, &i.AccountID, &i.ChannelID, &i.ChannelType, &i.Name, &i.GreetingEnabled, &i.GreetingMessage, &i.EnableEmailCollect,
		&i.CSATSurveyEnabled, &i.CSATConfig, &i.EnableAutoAssignment, &i.AutoAssignmentConfig, &i.OutOfOfficeMessage, &i.WorkingHoursEnabled,
		&i.Timezone, &i.AllowMessagesAfterResolved, &i.LockToSingleConversation, &i.SenderNameType, &i.BusinessName, &i.PortalID, &i.AvatarBlobID,
		&i.CreatedAt, &i.UpdatedAt,
	}
}

// Inboxes reads the inboxes of an account by id: all of them, or, when memberID
// is not 0, those that the user is a member of.
func (s *Store) Inboxes(ctx context.Context, accountID, memberID int64) ([]InboxRow, error) {
	c := &clause{d: s.d}
	c.add("i.account_id = ?", accountID)
	if memberID != 0 {
		c.add("EXISTS (SELECT 1 FROM inbox_members m WHERE m.inbox_id = i.id AND m.user_id = ?)", memberID)
	}
	rows, err := s.r.QueryContext(ctx, inboxColumns+`WHERE `+c.where()+` ORDER BY i.id`, c.args...)
	if err != nil {
		return nil, fmt.Errorf("store: inboxes: %w", err)
	}
	list, err := collect(rows, "inboxes", (*InboxRow).fields)
	if err != nil {
		return nil, err
	}
	return list, s.addWorkingHours(ctx, s.r, list)
}

// Inbox reads one; ErrNotFound when the account has none of that id.
func (s *Store) Inbox(ctx context.Context, accountID, id int64) (InboxRow, error) {
	return s.inbox(ctx, s.r, accountID, id)
}

// Inbox is Store.Inbox inside the transaction.
func (t *Tx) Inbox(ctx context.Context, accountID, id int64) (InboxRow, error) {
	return t.s.inbox(ctx, t.tx, accountID, id)
}

func (s *Store) inbox(ctx context.Context, q queryer, accountID, id int64) (InboxRow, error) {
	var i InboxRow
	err := q.QueryRowContext(ctx, inboxColumns+`WHERE i.account_id = $1 AND i.id = $2`, accountID, id).Scan(i.fields()...)
	if isNoRows(err) {
		return i, ErrNotFound
	}
	if err != nil {
		return i, fmt.Errorf("store: inbox: %w", err)
	}
	one := []InboxRow{i}
	err = s.addWorkingHours(ctx, q, one)
	return one[0], err
}

// addWorkingHours fills WorkingHours of all inboxes with one query.
func (s *Store) addWorkingHours(ctx context.Context, q queryer, list []InboxRow) error {
	if len(list) == 0 {
		return nil
	}
	at := make(map[int64]int, len(list))
	keys := make([]int64, len(list))
	for i := range list {
		at[list[i].ID], keys[i] = i, list[i].ID
	}
	rows, err := q.QueryContext(ctx, `SELECT w.inbox_id, w.day_of_week, w.closed_all_day, w.open_all_day, w.open_hour, w.open_minutes,
			w.close_hour, w.close_minutes
		FROM `+s.d.rows("$1", "id bigint")+` CROSS JOIN working_hours w
		WHERE w.inbox_id = x.id ORDER BY w.inbox_id, w.day_of_week`, ids(keys))
	if err != nil {
		return fmt.Errorf("store: working hours: %w", err)
	}
	type hour struct {
		inboxID int64
		WorkingHour
	}
	hours, err := collect(rows, "working hours", func(w *hour) []any {
		return []any{&w.inboxID, &w.DayOfWeek, &w.ClosedAllDay, &w.OpenAllDay, &w.OpenHour, &w.OpenMinutes, &w.CloseHour, &w.CloseMinutes}
	})
	if err != nil {
		return err
	}
	for _, w := range hours {
		i := at[w.inboxID]
		list[i].WorkingHours = append(list[i].WorkingHours, w.WorkingHour)
	}
	return nil
}

// InboxMember tells whether a user is a member of an inbox.
func (s *Store) InboxMember(ctx context.Context, inboxID, userID int64) (bool, error) {
	found, err := exists(ctx, s.r, `SELECT 1 FROM inbox_members WHERE inbox_id = $1 AND user_id = $2`, inboxID, userID)
	if err != nil {
		return false, fmt.Errorf("store: inbox member: %w", err)
	}
	return found, nil
}

// InboxIDs are the inboxes of an account that a user is a member of.
func (s *Store) InboxIDs(ctx context.Context, accountID, userID int64) ([]int64, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT i.id FROM inbox_members m JOIN inboxes i ON i.id = m.inbox_id
		WHERE m.user_id = $1 AND i.account_id = $2 ORDER BY i.id`, userID, accountID)
	if err != nil {
		return nil, fmt.Errorf("store: inboxes of member: %w", err)
	}
	return collect(rows, "inboxes of member", func(id *int64) []any { return []any{id} })
}
