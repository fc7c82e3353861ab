package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"tributary/chat"
	"tributary/chat/filter"
)

// ConversationFilter chooses conversations of an account. Zero fields do not
// filter.
type ConversationFilter struct {
	AccountID int64
	// Statuses are the stored numbers; nil: any, empty: none.
	Statuses []int
	// InboxIDs are the inboxes that the caller may see; nil: all.
	InboxIDs []int64
	InboxID  int64
	TeamID   int64
	// ContactID is whose conversations they are.
	ContactID int64
	// Labels: the conversation has one of them.
	Labels []string
	// Unattended: not answered yet, or waiting for an answer.
	Unattended bool
	// Among are the only conversations that are considered, as Sayings finds them;
	// nil: all.
	Among []int64
	// Unread: the contact wrote something that nobody here has seen.
	Unread   bool
	SourceID string // of the contact inbox
	// Mentioned and Participating: UserID was named in it, takes part in it.
	Mentioned     bool
	Participating bool
	// UpdatedAfter is in microseconds.
	UpdatedAfter int64
	// Matching is what else is asked of them.
	Matching filter.Query
	// Visible narrows to what a custom role may see.
	Visible Visibility
	UserID  int64 // whose Visible and Assignee "me" are
	// Assignee is "me", "unassigned", "assigned" or empty. Counts ignore it.
	Assignee string
}

// Visibility is how far a member sees the conversations of their inboxes.
type Visibility int

// Visibilities.
const (
	VisibleAll           Visibility = iota
	VisibleMineAndNobody            // assigned to me or to nobody
	VisibleMine                     // assigned to me
	VisibleNone
)

// ConversationOrder is the order of a list.
type ConversationOrder string

// Orders. Missing values come last.
const (
	ByActivityDesc ConversationOrder = "last_activity_at_desc"
	ByActivityAsc  ConversationOrder = "last_activity_at_asc"
	ByCreatedDesc  ConversationOrder = "created_at_desc"
	ByCreatedAsc   ConversationOrder = "created_at_asc"
	ByPriorityDesc ConversationOrder = "priority_desc"
	ByPriorityAsc  ConversationOrder = "priority_asc"
	ByWaitingDesc  ConversationOrder = "waiting_since_desc"
	ByWaitingAsc   ConversationOrder = "waiting_since_asc"
)

func (o ConversationOrder) sql() string {
	switch o {
	case ByActivityAsc:
		return "c.last_activity_at ASC, c.id ASC"
	case ByCreatedDesc:
		return "c.created_at DESC, c.id DESC"
	case ByCreatedAsc:
		return "c.created_at ASC, c.id ASC"
	case ByPriorityDesc:
		return "c.priority IS NULL, c.priority DESC, c.last_activity_at DESC, c.id DESC"
	case ByPriorityAsc:
		return "c.priority IS NULL, c.priority ASC, c.last_activity_at DESC, c.id DESC"
	case ByWaitingDesc:
		return "c.waiting_since IS NULL, c.waiting_since DESC, c.created_at ASC, c.id ASC"
	case ByWaitingAsc:
		return "c.waiting_since IS NULL, c.waiting_since ASC, c.created_at ASC, c.id ASC"
	}
	return "c.last_activity_at DESC, c.id DESC"
}

// numbers writes a list for IN, so that the index on the status serves it; an
// empty list holds nothing.
func numbers[T int | int64](list []T) string {
	if len(list) == 0 {
		return "NULL"
	}
	texts := make([]string, len(list))
	for i, n := range list {
		texts[i] = strconv.FormatInt(int64(n), 10)
	}
	return strings.Join(texts, ", ")
}

// clause collects conditions and their arguments.
type clause struct {
	d    dialect
	text []string
	args []any
}

// add appends a condition in which ? stands for the argument.
func (c *clause) add(condition string, arg any) {
	c.args = append(c.args, arg)
	c.text = append(c.text, strings.ReplaceAll(condition, "?", "$"+strconv.Itoa(len(c.args))))
}

// in appends a condition in which ? stands for a set of values.
func (c *clause) in(condition, sqlType, set string) {
	c.args = append(c.args, set)
	c.text = append(c.text, strings.ReplaceAll(condition, "?", c.d.choices("$"+strconv.Itoa(len(c.args)), sqlType)))
}

func (c *clause) where() string { return strings.Join(c.text, " AND ") }

// escapeLike makes text literal inside a LIKE pattern with ESCAPE '!'.
func escapeLike(text string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(text)
}

// Sight is what the filter lets somebody see.
func (f ConversationFilter) Sight() Sight {
	return Sight{AccountID: f.AccountID, UserID: f.UserID, InboxIDs: f.InboxIDs, Visible: f.Visible}
}

func (s *Store) conversationClause(f ConversationFilter) *clause {
	c := &clause{d: s.d}
	c.add("c.account_id = ?", f.AccountID)
	if f.Statuses != nil {
		c.text = append(c.text, "c.status IN ("+numbers(f.Statuses)+")")
	}
	if f.InboxIDs != nil {
		c.in("c.inbox_id IN ?", "bigint", ids(f.InboxIDs))
	}
	if f.InboxID != 0 {
		c.add("c.inbox_id = ?", f.InboxID)
	}
	if f.TeamID != 0 {
		c.add("c.team_id = ?", f.TeamID)
	}
	if f.ContactID != 0 {
		c.add("c.contact_id = ?", f.ContactID)
	}
	if f.Labels != nil {
		c.in("c.id IN (SELECT l.conversation_id FROM conversation_labels l WHERE l.account_id = $1 AND l.label IN ?)", "text", ids(f.Labels))
	}
	if f.Unattended {
		c.text = append(c.text, "(c.first_reply_created_at IS NULL OR c.waiting_since IS NOT NULL)")
	}
	if f.Unread {
		c.text = append(c.text, unreadCondition)
	}
	if f.Among != nil {
		c.text = append(c.text, "c.id IN (SELECT x.id FROM "+s.d.list(c.arg(numberList(f.Among)))+")")
	}
	if f.SourceID != "" {
		// Inbox by inbox, as the index on source ids wants it; $1 is the account.
		c.add("c.contact_inbox_id IN (SELECT s.id FROM inboxes n CROSS JOIN contact_inboxes s WHERE n.account_id = $1 AND s.inbox_id = n.id AND s.source_id = ?)",
			f.SourceID)
	}
	if f.UpdatedAfter != 0 {
		c.add("c.updated_at > ?", f.UpdatedAfter)
	}
	if f.Mentioned {
		c.add("c.id IN (SELECT n.conversation_id FROM mentions n WHERE n.account_id = $1 AND n.user_id = ?)", f.UserID)
	}
	if f.Participating {
		c.add("c.id IN (SELECT n.conversation_id FROM conversation_participants n WHERE n.account_id = $1 AND n.user_id = ?)", f.UserID)
	}
	c.matching(f.Matching, conversationTerrain)
	f.Sight().see(c)
	return c
}

func (c *clause) assignee(f ConversationFilter) {
	switch f.Assignee {
	case "me":
		c.add("c.assignee_id = ?", f.UserID)
	case "unassigned":
		c.text = append(c.text, "c.assignee_id IS NULL")
	case "assigned":
		c.text = append(c.text, "c.assignee_id IS NOT NULL")
	}
}

// ConversationCounts are how many conversations a filter finds, without its
// Assignee.
type ConversationCounts struct{ Mine, Assigned, Unassigned, All int }

// ConversationPage is ListConversations and CountConversations of the same filter, read at
// once.
func (s *Store) ConversationPage(
	ctx context.Context, f ConversationFilter, order ConversationOrder, limit, offset int,
) (list []ConversationListed, counts ConversationCounts, err error) {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		list, err = s.ListConversations(ctx, f, order, limit, offset)
		return err
	})
	g.Go(func() (err error) {
		counts, err = s.CountConversations(ctx, f)
		return err
	})
	err = g.Wait()
	return list, counts, err
}

// CountConversations counts them. The grouping is answered from the index on
// the assignee.
func (s *Store) CountConversations(ctx context.Context, f ConversationFilter) (ConversationCounts, error) {
	c := s.conversationClause(f)
	if s.d.name == "sqlite" && (f.InboxID != 0 || f.Labels != nil) {
		// Few of the account's are counted: its index is not the one to use, which
		// SQLite does not know.
		c.text[0] = "+" + c.text[0]
	}
	rows, err := s.reading(f.Matching)(ctx, `SELECT COALESCE(c.assignee_id, 0), COUNT(*) FROM conversations c WHERE `+c.where()+`
		GROUP BY c.assignee_id`, c.args...)
	if err != nil {
		return ConversationCounts{}, fmt.Errorf("store: count conversations: %w", err)
	}
	type group struct {
		assignee int64
		n        int
	}
	list, err := collect(rows, "count conversations", func(g *group) []any { return []any{&g.assignee, &g.n} })
	var out ConversationCounts
	for _, g := range list {
		out.All += g.n
		switch g.assignee {
		case 0:
			out.Unassigned += g.n
		case f.UserID:
			out.Mine += g.n
			out.Assigned += g.n
		default:
			out.Assigned += g.n
		}
	}
	return out, err
}

// ConversationListed is a conversation as lists show it, with what belongs to it
// named by id.
type ConversationListed struct {
	ConversationView
	AccountID          int64
	InboxID            int64
	ChannelType        string
	UUID               string
	TeamID             *int64
	AssigneeLastSeenAt *int64
	InboxName          string
	SourceID           string
	HMACVerified       bool
	Contact            ContactRow
	LastMessageID      sql.NullInt64
	LastNonActivityID  sql.NullInt64
	Labels             []string
}

// unreadColumn counts the unread messages of c. They are looked for among the
// newest 200 only, and clients are shown at most maxUnread.
const unreadColumn = `CASE WHEN COALESCE(c.last_incoming_at, 0) <= COALESCE(c.agent_last_seen_at, 0) THEN 0 ELSE
		(SELECT COUNT(*) FROM (SELECT u.message_type, u.created_at FROM messages u WHERE u.conversation_id = c.id ORDER BY u.id DESC LIMIT 200) AS newest
			WHERE newest.message_type = 0 AND newest.created_at > COALESCE(c.agent_last_seen_at, 0)) END`

// The newest message of a conversation is the one stored last.
const conversationColumns = `c.id, c.display_id, c.status, c.priority, c.additional_attributes, c.custom_attributes, c.snoozed_until,
	c.first_reply_created_at, c.waiting_since, c.agent_last_seen_at, c.contact_last_seen_at, c.last_activity_at, c.last_incoming_at,
	c.created_at, c.updated_at, c.assignee_id,
	` + unreadColumn + `,
	c.account_id, c.inbox_id, i.channel_type, i.name, c.uuid, c.team_id, c.assignee_last_seen_at, ci.source_id, ci.hmac_verified,
	(SELECT m.id FROM messages m WHERE m.conversation_id = c.id ORDER BY m.id DESC LIMIT 1),
	(SELECT m.id FROM messages m WHERE m.conversation_id = c.id AND m.message_type <> 2 ORDER BY m.id DESC LIMIT 1),
	` + contactColumns

const conversationJoins = ` JOIN inboxes i ON i.id = c.inbox_id JOIN contact_inboxes ci ON ci.id = c.contact_inbox_id
	JOIN contacts p ON p.id = c.contact_id `

func (c *ConversationListed) fields() []any {
	return append([]any{
		&c.ID, &c.DisplayID, &c.Status, &c.Priority, &c.AdditionalAttributes, &c.CustomAttributes, &c.SnoozedUntil,
		&c.FirstReplyCreatedAt, &c.WaitingSince, &c.AgentLastSeenAt, &c.ContactLastSeenAt, &c.LastActivityAt, &c.LastIncomingAt,
		&c.CreatedAt, &c.UpdatedAt, &c.AssigneeID, &c.UnreadCount,
		&c.AccountID, &c.InboxID, &c.ChannelType, &c.InboxName, &c.UUID, &c.TeamID, &c.AssigneeLastSeenAt, &c.SourceID, &c.HMACVerified,
		&c.LastMessageID, &c.LastNonActivityID,
	}, c.Contact.fields()...)
}

// ListConversations reads a page; limit 0 reads all. The page is chosen before
// anything is joined to it.
func (s *Store) ListConversations(ctx context.Context, f ConversationFilter, order ConversationOrder, limit, offset int) ([]ConversationListed, error) {
	c := s.conversationClause(f)
	c.assignee(f)
	page := ``
	if limit > 0 {
		// The offset is an argument, since each text is a statement that stays
		// prepared; the limit is not, since plans depend on it.
		c.args = append(c.args, offset)
		page = ` LIMIT ` + strconv.Itoa(limit) + ` OFFSET $` + strconv.Itoa(len(c.args))
	}
	rows, err := s.reading(f.Matching)(ctx, `SELECT `+conversationColumns+`
		FROM (SELECT c.id FROM conversations c WHERE `+c.where()+` ORDER BY `+order.sql()+page+`) AS page
		JOIN conversations c ON c.id = page.id`+conversationJoins+`ORDER BY `+order.sql(), c.args...)
	if err != nil {
		return nil, fmt.Errorf("store: list conversations: %w", err)
	}
	list, err := collect(rows, "list conversations", (*ConversationListed).fields)
	if err != nil {
		return nil, err
	}
	return list, s.addLabels(ctx, list)
}

// ConversationListedBy reads one by its display id.
func (s *Store) ConversationListedBy(ctx context.Context, accountID, displayID int64) (ConversationListed, error) {
	var c ConversationListed
	err := s.r.QueryRowContext(ctx, `SELECT `+conversationColumns+` FROM conversations c`+conversationJoins+`
		WHERE c.account_id = $1 AND c.display_id = $2`, accountID, displayID).Scan(c.fields()...)
	if isNoRows(err) {
		return c, ErrNotFound
	}
	if err != nil {
		return c, fmt.Errorf("store: conversation: %w", err)
	}
	one := []ConversationListed{c}
	err = s.addLabels(ctx, one)
	return one[0], err
}

func (s *Store) addLabels(ctx context.Context, list []ConversationListed) error {
	if len(list) == 0 {
		return nil
	}
	at := make(map[int64]int, len(list))
	keys := make([]int64, len(list))
	for i := range list {
		list[i].UnreadCount = min(list[i].UnreadCount, maxUnread)
		at[list[i].ID], keys[i] = i, list[i].ID
	}
	labels, err := conversationLabels(ctx, s.r, s.d, ids(keys))
	for _, l := range labels {
		i := at[l.conversation]
		list[i].Labels = append(list[i].Labels, l.text)
	}
	return err
}

// maxUnread is as far as unread messages are counted.
const maxUnread = 10

// StatusCodes are the stored numbers of status names; unknown names find
// nothing.
func StatusCodes(names []string) []int {
	codes := make([]int, len(names))
	for i, n := range names {
		codes[i] = chat.ConversationStatus(n).Code()
	}
	return codes
}

// ConversationHead is what has to be known of a conversation before anything is
// done in it.
type ConversationHead struct {
	ID         int64
	InboxID    int64
	ContactID  int64
	AssigneeID *int64
}

// ConversationHead reads it by display id; ErrNotFound when the account has none.
func (s *Store) ConversationHead(ctx context.Context, accountID, displayID int64) (ConversationHead, error) {
	var c ConversationHead
	err := s.r.QueryRowContext(ctx, `SELECT id, inbox_id, contact_id, assignee_id FROM conversations WHERE account_id = $1 AND display_id = $2`,
		accountID, displayID).Scan(&c.ID, &c.InboxID, &c.ContactID, &c.AssigneeID)
	if isNoRows(err) {
		return c, ErrNotFound
	}
	if err != nil {
		return c, fmt.Errorf("store: conversation head: %w", err)
	}
	return c, nil
}
