package store

import (
	"context"
	"fmt"
)

// unreadCondition is true of conversations in which the contact wrote something that
// nobody here has seen. It is word for word that of the index conversations_unread,
// which has no other rows.
const unreadCondition = `c.last_incoming_at > COALESCE(c.agent_last_seen_at, 0)`

// UnreadCounts are how many conversations somebody sees that are unread: those that
// are open, and those that wait for something else.
type UnreadCounts struct {
	All, Mine, Unassigned, Unattended int
	// Mentioned counts those of them in which the user is mentioned, Participating those
	// in which they take part, whatever else they see.
	Mentioned, Participating int
	Pending, Snoozed         int
	// Of the open ones, by inbox, by team and by label; without those that have none.
	Inboxes, Teams map[int64]int
	Labels         map[string]int
}

// CountUnread counts them, reading no others.
func (s *Store) CountUnread(ctx context.Context, sight Sight) (UnreadCounts, error) {
	out := UnreadCounts{Inboxes: map[int64]int{}, Teams: map[int64]int{}, Labels: map[string]int{}}
	c := s.seen(sight)
	c.text = append(c.text, unreadCondition)
	labels := *c
	mine := c.arg(sight.UserID)
	rows, err := s.r.QueryContext(ctx, `SELECT c.status, c.inbox_id, COALESCE(c.team_id, 0),
			CASE WHEN c.assignee_id IS NULL THEN 0 WHEN c.assignee_id = `+mine+` THEN 1 ELSE 2 END,
			CASE WHEN c.first_reply_created_at IS NULL OR c.waiting_since IS NOT NULL THEN 1 ELSE 0 END, COUNT(*)
		FROM conversations c WHERE c.status IN (0, 2, 3) AND `+c.where()+` GROUP BY 1, 2, 3, 4, 5`, c.args...)
	if err != nil {
		return out, fmt.Errorf("store: count unread: %w", err)
	}
	type group struct {
		status                      int
		inbox, team                 int64
		assigned, unattended, count int
	}
	list, err := collect(rows, "count unread", func(g *group) []any {
		return []any{&g.status, &g.inbox, &g.team, &g.assigned, &g.unattended, &g.count}
	})
	if err != nil {
		return out, err
	}
	for _, g := range list {
		switch g.status {
		case 2:
			out.Pending += g.count
			continue
		case 3:
			out.Snoozed += g.count
			continue
		}
		out.All += g.count
		out.Inboxes[g.inbox] += g.count
		if g.team != 0 {
			out.Teams[g.team] += g.count
		}
		switch g.assigned {
		case 0:
			out.Unassigned += g.count
		case 1:
			out.Mine += g.count
		}
		if g.unattended == 1 {
			out.Unattended += g.count
		}
	}
	if err := s.r.QueryRowContext(ctx, `SELECT COUNT(*) FROM conversation_participants p JOIN conversations c ON c.id = p.conversation_id
		WHERE p.account_id = $1 AND p.user_id = $2 AND c.status = 0 AND `+unreadCondition, sight.AccountID, sight.UserID).Scan(&out.Participating); err != nil {
		return out, fmt.Errorf("store: count unread of a participant: %w", err)
	}
	if err := s.r.QueryRowContext(ctx, `SELECT COUNT(*) FROM mentions n JOIN conversations c ON c.id = n.conversation_id
		WHERE n.account_id = $1 AND n.user_id = `+mine+` AND c.status = 0 AND `+c.where(), c.args...).Scan(&out.Mentioned); err != nil {
		return out, fmt.Errorf("store: count unread of who is mentioned: %w", err)
	}
	rows, err = s.r.QueryContext(ctx, `SELECT l.label, COUNT(*) FROM conversations c JOIN conversation_labels l ON l.conversation_id = c.id
		WHERE c.status = 0 AND `+labels.where()+` GROUP BY l.label`, labels.args...)
	if err != nil {
		return out, fmt.Errorf("store: count unread by label: %w", err)
	}
	type label struct {
		text  string
		count int
	}
	byLabel, err := collect(rows, "count unread by label", func(l *label) []any { return []any{&l.text, &l.count} })
	for _, l := range byLabel {
		out.Labels[l.text] = l.count
	}
	return out, err
}
