package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tributary/internal/grams"
)

// ContactSearch looks for contacts of an account by name, e-mail address, phone number
// and identifier.
type ContactSearch struct {
	AccountID int64
	Text      string
	// Company looks at the company's name, too.
	Company bool
	// ExactIdentifier minds the case of identifiers.
	ExactIdentifier bool
	// Resolution says which contacts count; who is deleted never does.
	Resolution Resolution
}

// in tells whether texts, in the order of contactTexts, contain the text.
func (q ContactSearch) in(needle *grams.Needle, texts []string) bool {
	if q.ExactIdentifier && strings.Contains(texts[3], q.Text) || !q.ExactIdentifier && needle.In(texts[3]) {
		return true
	}
	return needle.In(texts[0]) || needle.In(texts[1]) || needle.In(texts[2]) || q.Company && needle.In(companyOf(texts[4]))
}

const contactTextColumns = `r.name, COALESCE(r.email, ''), COALESCE(r.phone_number, ''), COALESCE(r.identifier, ''), r.additional_attributes`

func (s *Store) contactFinder(q ContactSearch) finder {
	f := finder{
		kind: contactTexts, needle: grams.NewNeedle(q.Text), scopes: []int64{gramOfAccount(q.AccountID)},
		columns: `r.id, COALESCE(r.last_activity_at, -1), ` + contactTextColumns, where: &clause{d: s.d},
	}
	f.where.add("r.account_id = ?", q.AccountID)
	f.where.text = append(f.where.text, "r.deleted_at IS NULL")
	switch q.Resolution {
	case AnyContact:
	case ResolvedContacts:
		f.where.text = append(f.where.text, strings.ReplaceAll(resolved, "p.", "r."))
	case LeadContacts:
		f.where.text = append(f.where.text, "r.contact_type = "+strconv.Itoa(ContactLead))
	}
	texts := make([]string, 5)
	f.accept = func(rows *sql.Rows) (hit, bool, error) {
		var h hit
		err := rows.Scan(&h.id, &h.at, &texts[0], &texts[1], &texts[2], &texts[3], &texts[4])
		return h, err == nil && q.in(f.needle, texts), err
	}
	return f
}

// MatchContacts finds contacts, the one that was active last at first. all is false
// where the text is so frequent that there may be more.
func (s *Store) MatchContacts(ctx context.Context, q ContactSearch) (found []int64, all bool, err error) {
	f, cut := s.contactFinder(q), false
	f.cut = &cut
	hits, err := s.find(ctx, f, 0)
	found = make([]int64, len(hits))
	for i, h := range hits {
		found[i] = h.id
	}
	return found, !cut, err
}

// SearchContacts reads a page of what MatchContacts finds.
func (s *Store) SearchContacts(ctx context.Context, q ContactSearch, limit, offset int) ([]ContactRow, error) {
	keys, _, err := s.MatchContacts(ctx, q)
	if err != nil {
		return nil, err
	}
	keys = keys[min(offset, len(keys)):]
	keys = keys[:min(limit, len(keys))]
	found, err := s.Contacts(ctx, q.AccountID, keys)
	var out []ContactRow
	for _, id := range keys {
		if c, there := found[id]; there {
			out = append(out, c)
		}
	}
	return out, err
}

// ConversationHit is a conversation that a search found by its number or its contact.
type ConversationHit struct {
	ID                   int64
	DisplayID            int64
	CreatedAt            int64 // microseconds
	AdditionalAttributes string
	AssigneeID           *int64
	InboxID              int64
	InboxName            string
	ChannelID            int64
	ChannelType          string
	OldestMessageID      int64 // 0: none
	Contact              ContactRow
}

func (c *ConversationHit) fields() []any {
	return append([]any{
		&c.ID, &c.DisplayID, &c.CreatedAt, &c.AdditionalAttributes, &c.AssigneeID, &c.InboxID, &c.InboxName, &c.ChannelID, &c.ChannelType,
		&c.OldestMessageID,
	}, c.Contact.fields()...)
}

const (
	// fewPeople is how many contacts, or numbers, are looked up one by one. What more
	// of them contain is frequent: it is met among the latest conversations.
	fewPeople = 2000
	// walkedConversations bounds how many of them are looked at.
	walkedConversations = 100_000
)

// SearchConversations reads conversations whose number contains a text, or whose
// contact has it in the name, the address, the phone number or the identifier; the
// newest first.
func (s *Store) SearchConversations(ctx context.Context, sight Sight, text string, limit, offset int) ([]ConversationHit, error) {
	if sight.Visible == VisibleNone || sight.InboxIDs != nil && len(sight.InboxIDs) == 0 {
		return nil, nil
	}
	need := offset + limit
	found, few, err := s.conversationsOfFew(ctx, sight, text, need)
	if err == nil && !few {
		found, err = s.walkConversations(ctx, sight, text, need)
	}
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b hit) int { return cmp.Or(cmp.Compare(b.at, a.at), cmp.Compare(b.id, a.id)) })
	found = slices.CompactFunc(found, func(a, b hit) bool { return a.id == b.id })
	found = found[min(offset, len(found)):]
	found = found[:min(limit, len(found))]
	keys := make([]int64, len(found))
	for i, h := range found {
		keys[i] = h.id
	}
	rows, err := s.r.QueryContext(ctx, `SELECT c.id, c.display_id, c.created_at, c.additional_attributes, c.assignee_id, c.inbox_id, i.name,
			i.channel_id, i.channel_type, COALESCE((SELECT m.id FROM messages m WHERE m.conversation_id = c.id ORDER BY m.id LIMIT 1), 0), `+contactColumns+`
		FROM `+s.d.list("$1")+` CROSS JOIN conversations c JOIN inboxes i ON i.id = c.inbox_id JOIN contacts p ON p.id = c.contact_id
		WHERE c.id = x.id ORDER BY c.created_at DESC, c.id DESC`, numberList(keys))
	if err != nil {
		return nil, fmt.Errorf("store: found conversations: %w", err)
	}
	return collect(rows, "found conversations", (*ConversationHit).fields)
}

// seen begins a condition on c, a conversation, with what is seen.
func (s *Store) seen(v Sight) *clause {
	c := &clause{d: s.d}
	c.add("c.account_id = ?", v.AccountID)
	if v.InboxIDs != nil {
		c.in("c.inbox_id IN ?", "bigint", ids(v.InboxIDs))
	}
	v.see(c)
	return c
}

// conversationsOfFew finds them where few contacts and numbers contain the text.
func (s *Store) conversationsOfFew(ctx context.Context, sight Sight, text string, need int) (found []hit, few bool, err error) {
	if text == "" {
		return nil, false, nil
	}
	f := s.contactFinder(ContactSearch{AccountID: sight.AccountID, Text: text})
	built, err := s.searchSegments(ctx, f.kind)
	if err != nil {
		return nil, false, err
	}
	if len(built) > 0 {
		sets, err := s.candidates(ctx, f, built)
		if err != nil {
			return nil, false, err
		}
		people := 0
		for _, set := range sets {
			people += set.Len()
		}
		if people > fewPeople {
			return nil, false, nil
		}
	}
	var last sql.NullInt64
	if err := s.r.QueryRowContext(ctx, `SELECT MAX(display_id) FROM conversations WHERE account_id = $1`, sight.AccountID).Scan(&last); err != nil {
		return nil, false, fmt.Errorf("store: last conversation: %w", err)
	}
	displayed, few := numbersWith(text, last.Int64, fewPeople)
	if !few {
		return nil, false, nil
	}
	contacts, err := s.find(ctx, f, 0)
	if err != nil {
		return nil, false, err
	}
	people := make([]int64, len(contacts))
	for i, h := range contacts {
		people[i] = h.id
	}
	for _, by := range []struct {
		column string
		keys   []int64
	}{{"contact_id", people}, {"display_id", displayed}} {
		if len(by.keys) == 0 {
			continue
		}
		c := s.seen(sight)
		n := len(c.args)
		rows, err := s.r.QueryContext(ctx, `SELECT c.id, c.created_at FROM `+s.d.list("$"+strconv.Itoa(n+1))+` CROSS JOIN conversations c
			WHERE c.`+by.column+` = x.id AND `+c.where()+` ORDER BY c.created_at DESC, c.id DESC LIMIT $`+strconv.Itoa(n+2),
			append(c.args, numberList(by.keys), need)...)
		if err != nil {
			return nil, false, fmt.Errorf("store: conversations of contacts: %w", err)
		}
		more, err := collect(rows, "conversations of contacts", func(h *hit) []any { return []any{&h.id, &h.at} })
		if err != nil {
			return nil, false, err
		}
		found = append(found, more...)
	}
	return found, true, nil
}

// numbersWith gives the numbers up to last whose digits contain text; few is false
// when there are more than limit.
func numbersWith(text string, last int64, limit int) (out []int64, few bool) {
	digits := len(strconv.FormatInt(last, 10))
	if last <= 0 || len(text) > digits || strings.Trim(text, "0123456789") != "" {
		return nil, true
	}
	middle, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, true
	}
	power := func(n int) int64 {
		p := int64(1)
		for range n {
			p *= 10
		}
		return p
	}
	seen := map[int64]bool{}
	for after := range digits - len(text) + 1 {
		scale := power(after)
		for before := int64(0); ; before++ {
			if before == 0 && text[0] == '0' {
				continue // no number begins with it
			}
			first := (before*power(len(text)) + middle) * scale
			if first > last {
				break
			}
			for n := first; n < first+scale && n <= last; n++ {
				seen[n] = true
				if len(seen) > limit {
					return nil, false
				}
			}
		}
	}
	for n := range seen {
		out = append(out, n)
	}
	slices.Sort(out)
	return out, true
}

// walkConversations looks at the latest conversations one after the other.
func (s *Store) walkConversations(ctx context.Context, sight Sight, text string, need int) ([]hit, error) {
	var last sql.NullInt64
	if err := s.r.QueryRowContext(ctx, `SELECT MAX(display_id) FROM conversations WHERE account_id = $1`, sight.AccountID).Scan(&last); err != nil {
		return nil, fmt.Errorf("store: last conversation: %w", err)
	}
	type row struct {
		hit
		display int64
		texts   [5]string
	}
	needle, q := grams.NewNeedle(text), ContactSearch{Text: text}
	var out []hit
	size := int64(256)
	for end := last.Int64 + 1; end > 1 && len(out) < need && last.Int64-end < walkedConversations; end, size = end-size, min(size*4, 16_384) {
		c := s.seen(sight)
		c.add("c.display_id < ?", end)
		c.add("c.display_id >= ?", end-size)
		rows, err := s.r.QueryContext(ctx, `SELECT c.id, c.created_at, c.display_id, `+contactTextColumns+`
			FROM conversations c JOIN contacts r ON r.id = c.contact_id WHERE r.deleted_at IS NULL AND `+c.where(), c.args...)
		if err != nil {
			return nil, fmt.Errorf("store: walk conversations: %w", err)
		}
		list, err := collect(rows, "walk conversations", func(r *row) []any {
			return []any{&r.id, &r.at, &r.display, &r.texts[0], &r.texts[1], &r.texts[2], &r.texts[3], &r.texts[4]}
		})
		if err != nil {
			return nil, err
		}
		for _, r := range list {
			if strings.Contains(strconv.FormatInt(r.display, 10), text) || q.in(needle, r.texts[:]) {
				out = append(out, r.hit)
			}
		}
	}
	return out, nil
}
