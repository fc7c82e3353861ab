package store

import (
	"context"
	"time"

	"tributary/chat"
)

// planFar is a moment that nobody reaches, in microseconds.
const planFar = "9000000000000000"

// fillNotifications makes a notification of each conversation, for five users by turns:
// two of three are read, each eleventh is put off.
func (p *planned) fillNotifications() {
	p.t.Helper()
	p.exec(`INSERT INTO notification_settings (account_id, user_id, email_flags, push_flags, created_at, updated_at)
		SELECT account_id, user_id, CASE WHEN id % 50 = 0 THEN 3 ELSE 2 END, 2, 1, 1 FROM account_users`)
	p.exec(`INSERT INTO notification_subscriptions (user_id, subscription_type, identifier_digest, push_token_digest, content, created_at, updated_at)
		SELECT u.id, k.n, 'i' || u.id || ' ' || k.n, 't' || u.id || ' ' || k.n, 'c', u.id, u.id FROM users u CROSS JOIN (SELECT 1 AS n UNION ALL SELECT 2) AS k`)
	p.exec(`INSERT INTO notifications (account_id, user_id, notification_type, conversation_id, secondary_actor_type, secondary_actor_id, read_at, snoozed_until,
			last_activity_at, created_at, updated_at)
		SELECT account_id, (id / 10) % 5 + 5, 3, id, 'Message', id, CASE WHEN id % 3 > 0 THEN 1 END, CASE WHEN id % 11 = 0 THEN ` + planFar + ` END,
			id, id + 1700000000000000, id FROM conversations`)
}

func notificationPlans() []planCase {
	read := func(f func(ctx context.Context, s *Store) error) func(context.Context, *planned) error {
		return func(ctx context.Context, p *planned) error { return f(ctx, p.s) }
	}
	list := func(ascending bool, f NotificationFilter) func(context.Context, *planned) error {
		return read(func(ctx context.Context, s *Store) error {
			f.UserID, f.AccountID = 7, 1
			if _, _, err := s.CountNotifications(ctx, f); err != nil {
				return err
			}
			_, err := s.Notifications(ctx, f, ascending, 15, 30)
			return err
		})
	}
	some := keys(30, func(i int) int64 { return int64(i * 17) })
	made := keys(30, func(i int) MadeNotification {
		return MadeNotification{NotificationRow: NotificationRow{ID: int64(i * 17), ConversationID: int64(i * 17), UserID: int64(i%50 + 1)}}
	})
	return []planCase{
		{name: "notifications that wait", page: true, call: list(false, NotificationFilter{})},
		{name: "notifications that wait, the oldest first", page: true, call: list(true, NotificationFilter{})},
		{name: "notifications that were read, too", page: true, call: list(false, NotificationFilter{Read: true})},
		{name: "notifications that were put off, too", page: true, call: list(false, NotificationFilter{Snoozed: true})},
		{name: "all notifications", page: true, call: list(false, NotificationFilter{Read: true, Snoozed: true})},
		{name: "change a notification", call: inTx(func(ctx context.Context, t *Tx) error {
			n, err := t.LockNotification(ctx, 2, 18)
			if err == ErrNotFound { //nolint:errorlint // returned as it is
				n, err = NotificationRow{ID: 18}, nil
			}
			if err != nil {
				return err
			}
			if _, err := t.UpdateNotification(ctx, n); err != nil {
				return err
			}
			return t.DeleteNotification(ctx, n.ID)
		})},
		{name: "ReadNotifications", call: read(func(ctx context.Context, s *Store) error {
			if err := s.ReadNotifications(ctx, 49, 1, 0); err != nil {
				return err
			}
			return s.ReadNotifications(ctx, 48, 1, 17)
		})},
		{name: "DeleteNotifications", call: inTx(func(ctx context.Context, t *Tx) error {
			last, err := t.LastNotification(ctx)
			if err != nil {
				return err
			}
			if _, err := t.DeleteNotifications(ctx, 7, last, true, 100); err != nil {
				return err
			}
			_, err = t.DeleteNotifications(ctx, 7, last, false, 100)
			return err
		})},
		{name: "ReopenNotifications", page: true, call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.ReopenNotifications(ctx, 100)
			return err
		})},
		{name: "ExpireNotifications", page: true, call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.ExpireNotifications(ctx, time.UnixMicro(1700000000000000), 100)
			return err
		})},
		{name: "who is notified", call: read(func(ctx context.Context, s *Store) error {
			if _, err := s.NotifiedMessages(ctx, some); err != nil {
				return err
			}
			if _, err := s.NotifiedConversations(ctx, some); err != nil {
				return err
			}
			_, err := s.Followers(ctx, some)
			return err
		})},
		{name: "MentionedUsers", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.MentionedUsers(ctx, []Mention{
				{MessageID: 1, AccountID: 1, InboxID: 1, ID: 7}, {MessageID: 2, AccountID: 1, InboxID: 1, Team: true, ID: 1},
			})
			return err
		})},
		{name: "InsertNotifications", call: inTx(func(ctx context.Context, t *Tx) error {
			if err := t.LockNotified(ctx, some); err != nil {
				return err
			}
			list, err := t.InsertNotifications(ctx, keys(30, func(i int) NewNotification {
				return NewNotification{
					UserID: int64(i%50 + 1), Type: int(chat.NotifyAssignedMessage), ConversationID: int64(i * 17), ActorType: "Message", ActorID: 900_000,
				}
			}))
			if err != nil {
				return err
			}
			_, err = t.DropOlderNotifications(ctx, append(list, made...))
			return err
		})},
		{name: "InsertCreationNotifications", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.InsertCreationNotifications(ctx, NewNotification{Type: int(chat.NotifyCreation), ConversationID: 17}, chat.Pending.Code(), 0, 500)
			return err
		})},
		{name: "subscriptions", call: inTx(func(ctx context.Context, t *Tx) error {
			if _, err := t.SubscriptionIDs(ctx, []int64{7, 9}, SubscriptionBrowser); err != nil {
				return err
			}
			if _, err := t.PutSubscription(ctx, SubscriptionRow{UserID: 7, Type: SubscriptionFCM, Identifier: "new", PushToken: "t"}); err != nil {
				return err
			}
			return t.DeletePushToken(ctx, 7, "t")
		})},
		{name: "notification settings", call: inTx(func(ctx context.Context, t *Tx) error {
			if err := t.PutNotificationSettings(ctx, NotificationSettings{AccountID: 1, UserID: 7}); err != nil {
				return err
			}
			return t.DeleteNotificationSettings(ctx, 1, 7)
		})},
		{name: "what notifications are about", call: read(func(ctx context.Context, s *Store) error {
			if _, err := s.ThreadViews(ctx, 1, some); err != nil {
				return err
			}
			quotes := map[int64]int{}
			for i, id := range some {
				quotes[id] = i%2 + 1
			}
			_, err := s.QuotedMessages(ctx, 1, quotes)
			return err
		})},
	}
}
