package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// LiveMember is a user in an account who listens at the live wire.
type LiveMember struct{ AccountID, UserID int64 }

// LiveMemberTokens reads by which token each of these members is known at the live
// wire. Those who are no members (any more) are absent.
func (s *Store) LiveMemberTokens(ctx context.Context, list []LiveMember) (map[LiveMember]string, error) {
	out := make(map[LiveMember]string, len(list))
	if len(list) == 0 {
		return out, nil
	}
	set := make([][]any, len(list))
	for i, m := range list {
		set[i] = []any{m.AccountID, m.UserID}
	}
	arg, err := rowSet(set)
	if err != nil {
		return nil, fmt.Errorf("store: live members: %w", err)
	}
	rows, err := s.r.QueryContext(ctx, `SELECT m.account_id, m.user_id, u.pubsub_token
		FROM `+s.d.rows("$1", "account_id bigint", "user_id bigint")+` CROSS JOIN account_users m JOIN users u ON u.id = m.user_id
		WHERE m.account_id = x.account_id AND m.user_id = x.user_id`, arg)
	if err != nil {
		return nil, fmt.Errorf("store: live members: %w", err)
	}
	type member struct {
		LiveMember
		token string
	}
	found, err := collect(rows, "live members", func(m *member) []any { return []any{&m.AccountID, &m.UserID, &m.token} })
	for _, m := range found {
		out[m.LiveMember] = m.token
	}
	return out, err
}

// LiveSession is a contact inbox that listens at the live wire.
type LiveSession struct {
	ID        int64 // of the contact inbox
	ContactID int64
	AccountID int64
	Token     string
}

func (l *LiveSession) fields() []any { return []any{&l.ID, &l.ContactID, &l.AccountID, &l.Token} }

const liveSessionColumns = `SELECT l.id, l.contact_id, i.account_id, l.pubsub_token `

// LiveSessionOf finds a contact inbox by its token; ErrNotFound when there is none.
func (s *Store) LiveSessionOf(ctx context.Context, token string) (LiveSession, error) {
	var l LiveSession
	err := s.r.QueryRowContext(ctx, liveSessionColumns+`FROM contact_inboxes l JOIN inboxes i ON i.id = l.inbox_id WHERE l.pubsub_token = $1`, token).
		Scan(l.fields()...)
	if isNoRows(err) {
		return l, ErrNotFound
	}
	if err != nil {
		return l, fmt.Errorf("store: live session: %w", err)
	}
	return l, nil
}

// LiveSessions reads contact inboxes by their ids. Those that are gone are absent.
func (s *Store) LiveSessions(ctx context.Context, contactInboxIDs []int64) (map[int64]LiveSession, error) {
	out := make(map[int64]LiveSession, len(contactInboxIDs))
	if len(contactInboxIDs) == 0 {
		return out, nil
	}
	rows, err := s.r.QueryContext(ctx, liveSessionColumns+`FROM `+s.d.rows("$1", "id bigint")+` CROSS JOIN contact_inboxes l
		JOIN inboxes i ON i.id = l.inbox_id WHERE l.id = x.id`, ids(contactInboxIDs))
	if err != nil {
		return nil, fmt.Errorf("store: live sessions: %w", err)
	}
	list, err := collect(rows, "live sessions", (*LiveSession).fields)
	for _, l := range list {
		out[l.ID] = l
	}
	return out, err
}

// VerifiedSessions reads the ids of the contact inboxes of contacts that are proven to
// be theirs, by contact.
func (s *Store) VerifiedSessions(ctx context.Context, contactIDs []int64) (map[int64][]int64, error) {
	out := make(map[int64][]int64, len(contactIDs))
	if len(contactIDs) == 0 {
		return out, nil
	}
	rows, err := s.r.QueryContext(ctx, `SELECT l.contact_id, l.id FROM `+s.d.rows("$1", "id bigint")+` CROSS JOIN contact_inboxes l
		WHERE l.contact_id = x.id AND l.hmac_verified = TRUE ORDER BY l.id`, ids(contactIDs))
	if err != nil {
		return nil, fmt.Errorf("store: verified sessions: %w", err)
	}
	list, err := collect(rows, "verified sessions", func(p *[2]int64) []any { return []any{&p[0], &p[1]} })
	for _, p := range list {
		out[p[0]] = append(out[p[0]], p[1])
	}
	return out, err
}

// InboxAudience reads who hears what happens in inboxes of an account: the members of
// each inbox who are members of the account, and the account's administrators.
func (s *Store) InboxAudience(ctx context.Context, accountID int64, inboxIDs []int64) (members map[int64][]int64, administrators []int64, err error) {
	rows, err := s.r.QueryContext(ctx, `SELECT m.user_id FROM account_users m WHERE m.account_id = $1 AND m.role = 1 ORDER BY m.user_id`, accountID)
	if err != nil {
		return nil, nil, fmt.Errorf("store: administrators: %w", err)
	}
	administrators, err = collect(rows, "administrators", func(id *int64) []any { return []any{id} })
	if err != nil || len(inboxIDs) == 0 {
		return nil, administrators, err
	}
	// A list for each inbox, so that PostgreSQL looks each of them up whatever it thinks
	// of their number.
	rows, err = s.r.QueryContext(ctx, `SELECT x.id, COALESCE((SELECT string_agg(CAST(t.user_id AS TEXT), ',') FROM inbox_members t
			JOIN account_users m ON m.account_id = $1 AND m.user_id = t.user_id WHERE t.inbox_id = x.id), '')
		FROM `+s.d.rows("$2", "id bigint"), accountID, ids(inboxIDs))
	if err != nil {
		return nil, nil, fmt.Errorf("store: members of inboxes: %w", err)
	}
	type inbox struct {
		id    int64
		users string
	}
	list, err := collect(rows, "members of inboxes", func(i *inbox) []any { return []any{&i.id, &i.users} })
	if err != nil {
		return nil, nil, err
	}
	members = make(map[int64][]int64, len(list))
	for _, i := range list {
		for text := range strings.SplitSeq(i.users, ",") {
			if id, err := strconv.ParseInt(text, 10, 64); err == nil { // nobody: empty
				members[i.id] = append(members[i.id], id)
			}
		}
		slices.Sort(members[i.id])
	}
	return members, administrators, nil
}

// AvailableMembers reads what these members of an account chose to be, and what those
// did who are never shown as away, by user.
func (s *Store) AvailableMembers(ctx context.Context, accountID int64, userIDs []int64) (map[int64]int, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT m.user_id, m.availability FROM account_users m
		WHERE m.account_id = $1 AND (m.auto_offline = FALSE OR m.user_id IN (SELECT x.id FROM `+s.d.rows("$2", "id bigint")+`))`,
		accountID, ids(userIDs))
	if err != nil {
		return nil, fmt.Errorf("store: available members: %w", err)
	}
	type member struct {
		user         int64
		availability int
	}
	list, err := collect(rows, "available members", func(m *member) []any { return []any{&m.user, &m.availability} })
	out := make(map[int64]int, len(list))
	for _, m := range list {
		out[m.user] = m.availability
	}
	return out, err
}

// NotificationsByID reads notifications of an account by id. Those that are gone are
// absent.
func (s *Store) NotificationsByID(ctx context.Context, accountID int64, notificationIDs []int64) (map[int64]NotificationRow, error) {
	out := make(map[int64]NotificationRow, len(notificationIDs))
	if len(notificationIDs) == 0 {
		return out, nil
	}
	rows, err := s.r.QueryContext(ctx, `SELECT `+notificationColumns+` FROM notifications
		WHERE account_id = $1 AND id IN (SELECT x.id FROM `+s.d.rows("$2", "id bigint")+`)`, accountID, ids(notificationIDs))
	if err != nil {
		return nil, fmt.Errorf("store: notifications by id: %w", err)
	}
	list, err := collect(rows, "notifications by id", (*NotificationRow).fields)
	for _, n := range list {
		out[n.ID] = n
	}
	return out, err
}

// NotificationOwner is somebody who is notified in an account.
type NotificationOwner struct {
	UserID     int64
	UISettings string // JSON
	// Waiting are the notifications that were neither read nor put off.
	Waiting int64
}

// NotificationOwners reads members of an account by id.
func (s *Store) NotificationOwners(ctx context.Context, accountID int64, userIDs []int64) (map[int64]NotificationOwner, error) {
	out := make(map[int64]NotificationOwner, len(userIDs))
	if len(userIDs) == 0 {
		return out, nil
	}
	rows, err := s.r.QueryContext(ctx, `SELECT u.id, u.ui_settings, (SELECT COUNT(*) FROM notifications n
			WHERE n.user_id = u.id AND n.account_id = $1 AND n.read_at IS NULL AND n.snoozed_until IS NULL)
		FROM `+s.d.rows("$2", "id bigint")+` CROSS JOIN account_users m JOIN users u ON u.id = m.user_id
		WHERE m.account_id = $1 AND m.user_id = x.id`, accountID, ids(userIDs))
	if err != nil {
		return nil, fmt.Errorf("store: owners of notifications: %w", err)
	}
	list, err := collect(rows, "owners of notifications", func(o *NotificationOwner) []any { return []any{&o.UserID, &o.UISettings, &o.Waiting} })
	for _, o := range list {
		out[o.UserID] = o
	}
	return out, err
}

// BotPlace is a bot in an inbox.
type BotPlace struct{ BotID, InboxID int64 }

// BotsInInboxes reads bots as they are shown where they work: one without a picture has
// the inbox's. Those that are gone are absent.
func (s *Store) BotsInInboxes(ctx context.Context, list []BotPlace) (map[BotPlace]BotView, error) {
	out := make(map[BotPlace]BotView, len(list))
	if len(list) == 0 {
		return out, nil
	}
	set := make([][]any, len(list))
	for i, p := range list {
		set[i] = []any{p.BotID, p.InboxID}
	}
	arg, err := rowSet(set)
	if err != nil {
		return nil, fmt.Errorf("store: bots in inboxes: %w", err)
	}
	rows, err := s.r.QueryContext(ctx, `SELECT x.inbox_id, b.id, b.name, COALESCE(b.avatar_blob_id, i.avatar_blob_id, 0)
		FROM `+s.d.rows("$1", "bot_id bigint", "inbox_id bigint")+` CROSS JOIN agent_bots b LEFT JOIN inboxes i ON i.id = x.inbox_id
		WHERE b.id = x.bot_id`, arg)
	if err != nil {
		return nil, fmt.Errorf("store: bots in inboxes: %w", err)
	}
	type placed struct {
		inbox int64
		BotView
	}
	found, err := collect(rows, "bots in inboxes", func(p *placed) []any { return append([]any{&p.inbox}, p.fields()...) })
	for _, p := range found {
		out[BotPlace{p.ID, p.inbox}] = p.BotView
	}
	return out, err
}
