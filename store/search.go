package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strconv"

	"tributary/internal/grams"
)

// maxChecked bounds how many records a search reads because of its index: the newest
// ones. Only a text that occurs more often than that in what the caller may see can
// have older matches that are not found.
const maxChecked = 5_000

// maxScopes bounds the inboxes by which the index narrows a search; of members with
// more it finds what is said anywhere in the account, and then looks where that was.
const maxScopes = 16

// hit is a record that contains the text.
type hit struct {
	id           int64
	conversation int64 // of a message
	at           int64 // what newest is about: creation, or last activity
}

// finder looks for a text in one kind of records.
type finder struct {
	kind   searchKind
	needle *grams.Needle
	scopes []int64 // the record has one of these grams
	since  int64   // created, in microseconds
	// columns of r, which accept reads; where are its conditions.
	columns string
	where   *clause
	accept  func(rows *sql.Rows) (h hit, ok bool, err error)
	// cut is told whether there were more candidates than are looked at; nil: nobody
	// asks.
	cut *bool
}

// find gives records that contain the text, the latest at first: the first need of
// them, or 0: all. Where at is not the creation of the record, need must be 0.
func (s *Store) find(ctx context.Context, f finder, need int) ([]hit, error) {
	// A segment that is built anew meanwhile hides its records: then once more.
	for {
		built, err := s.searchSegments(ctx, f.kind)
		if err != nil {
			return nil, err
		}
		hits, err := s.findIn(ctx, f, built, need)
		if err != nil {
			return nil, err
		}
		after, err := s.searchSegments(ctx, f.kind)
		if err != nil {
			return nil, err
		}
		still := make(map[int64]int64, len(after))
		for _, b := range after {
			still[b.segment] = b.builtAt
		}
		if !slices.ContainsFunc(built, func(b builtSegment) bool { return still[b.segment] != b.builtAt }) {
			return hits, nil
		}
	}
}

func (s *Store) findIn(ctx context.Context, f finder, built []builtSegment, need int) ([]hit, error) {
	hits, err := s.findUnbuilt(ctx, f, built)
	if err != nil {
		return nil, err
	}
	newest := func() {
		slices.SortFunc(hits, func(a, b hit) int { return cmp.Or(cmp.Compare(b.at, a.at), cmp.Compare(b.id, a.id)) })
		hits = slices.CompactFunc(hits, func(a, b hit) bool { return a.id == b.id })
	}
	newest()
	// Those with the latest records first, so that a page of a frequent word needs few.
	order := slices.DeleteFunc(slices.Clone(built), func(b builtSegment) bool { return b.newest < f.since })
	slices.SortFunc(order, func(a, b builtSegment) int {
		return cmp.Or(cmp.Compare(b.newest, a.newest), cmp.Compare(b.segment, a.segment))
	})
	checked := 0
	for size := 2; len(order) > 0 && checked < maxChecked; size *= 4 {
		if need > 0 && len(hits) >= need && order[0].newest < hits[need-1].at {
			break // whatever comes now is older
		}
		part := order[:min(size, len(order))]
		order = order[len(part):]
		sets, err := s.candidates(ctx, f, part)
		if err != nil {
			return nil, err
		}
		var wanted []int64
		for _, b := range part {
			if set := sets[b.segment]; set != nil {
				for _, place := range set.Places() {
					wanted = append(wanted, b.segment*grams.Size+int64(place))
				}
			}
			// A segment after the other where there is much, together where there is little.
			if len(wanted) < grams.Size/8 && b != part[len(part)-1] {
				continue
			}
			wanted = wanted[:min(len(wanted), maxChecked-checked)]
			checked += len(wanted)
			more, err := s.check(ctx, f, wanted)
			if err != nil {
				return nil, err
			}
			wanted = wanted[:0]
			hits = append(hits, more...)
			if need > 0 {
				newest()
			}
		}
	}
	newest()
	if f.cut != nil {
		*f.cut = checked >= maxChecked
	}
	if need > 0 {
		hits = hits[:min(need, len(hits))]
	}
	return hits, nil
}

// findUnbuilt reads what no segment knows, or knows as it was.
func (s *Store) findUnbuilt(ctx context.Context, f finder, built []builtSegment) ([]hit, error) {
	var hits []hit
	from := int64(0)
	for i := 0; i <= len(built); i++ {
		end := int64(math.MaxInt64)
		if i < len(built) {
			end = built[i].segment * grams.Size
		}
		if from < end {
			c := *f.where
			c.text, c.args = slices.Clone(c.text), slices.Clone(c.args)
			c.add("r.id >= ?", from)
			c.add("r.id < ?", end)
			more, err := s.accepted(ctx, f, `SELECT `+f.columns+` FROM `+f.kind.table+` r WHERE `+c.where(), c.args)
			if err != nil {
				return nil, err
			}
			hits = append(hits, more...)
		}
		if i < len(built) {
			from = end + grams.Size
		}
	}
	n := len(f.where.args)
	changed, err := s.accepted(ctx, f, `SELECT `+f.columns+` FROM (SELECT record_id FROM search_changes WHERE kind = $`+strconv.Itoa(n+1)+`
			ORDER BY record_id DESC LIMIT `+strconv.Itoa(maxChecked)+`) AS x CROSS JOIN `+f.kind.table+` r
		WHERE r.id = x.record_id AND `+f.where.where(), append(slices.Clone(f.where.args), f.kind.code))
	return append(hits, changed...), err
}

// candidates tells for segments which of their records may contain the text.
func (s *Store) candidates(ctx context.Context, f finder, segments []builtSegment) (map[int64]*grams.Set, error) {
	needed := f.needle.Grams()
	keys := make([]int64, len(segments))
	for i, b := range segments {
		keys[i] = b.segment
	}
	slices.Sort(keys)
	args := []any{numberList(keys), f.kind.code}
	wanted := ""
	for i, gram := range slices.Concat(f.scopes, needed) {
		if i > 0 {
			wanted += ", "
		}
		args = append(args, gram)
		wanted += "$" + strconv.Itoa(len(args))
	}
	rows, err := s.r.QueryContext(ctx, `SELECT g.segment, g.gram, g.places FROM `+s.d.list("$1")+`
		CROSS JOIN search_grams g WHERE g.kind = $2 AND g.segment = x.id AND g.gram IN (`+wanted+`)`, args...)
	if err != nil {
		return nil, fmt.Errorf("store: grams: %w", err)
	}
	defer func() { _ = rows.Close() }()
	type found struct {
		text, scope *grams.Set
		pieces      int
	}
	all := make(map[int64]*found, len(segments))
	for rows.Next() {
		var segment, gram int64
		var places string
		if err := rows.Scan(&segment, &gram, &places); err != nil {
			return nil, fmt.Errorf("store: grams: %w", err)
		}
		of := all[segment]
		if of == nil {
			of = &found{}
			all[segment] = of
		}
		set, err := grams.Decode(places)
		if err != nil {
			return nil, fmt.Errorf("store: grams: %w", err)
		}
		switch {
		case gram < 0 && of.scope == nil:
			of.scope = set
		case gram < 0:
			of.scope.Or(set)
		case of.text == nil:
			of.text, of.pieces = set, 1
		default:
			of.text.And(set)
			of.pieces++
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: grams: %w", err)
	}
	out := make(map[int64]*grams.Set, len(all))
	for segment, of := range all {
		if of.scope == nil || of.pieces < len(needed) {
			continue
		}
		if of.text != nil { // every text contains the empty one
			of.scope.And(of.text)
		}
		out[segment] = of.scope
	}
	return out, nil
}

// check reads candidates.
func (s *Store) check(ctx context.Context, f finder, candidates []int64) ([]hit, error) {
	if len(candidates) == 0 {
		return nil, nil
	}
	n := len(f.where.args)
	return s.accepted(ctx, f, `SELECT `+f.columns+` FROM `+s.d.list("$"+strconv.Itoa(n+1))+` CROSS JOIN `+f.kind.table+` r
		WHERE r.id = x.id AND `+f.where.where(), append(slices.Clone(f.where.args), numberList(candidates)))
}

func (s *Store) accepted(ctx context.Context, f finder, query string, args []any) ([]hit, error) {
	rows, err := s.r.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("store: search in %s: %w", f.kind.table, err)
	}
	defer func() { _ = rows.Close() }()
	var hits []hit
	for rows.Next() {
		h, ok, err := f.accept(rows)
		if err != nil {
			return nil, fmt.Errorf("store: search in %s: %w", f.kind.table, err)
		}
		if ok {
			hits = append(hits, h)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: search in %s: %w", f.kind.table, err)
	}
	return hits, nil
}

// Sight is what somebody may see of an account's conversations.
type Sight struct {
	AccountID int64
	UserID    int64
	// InboxIDs are the inboxes whose conversations they see; nil: all.
	InboxIDs []int64
	Visible  Visibility
}

// scopes are the grams of the inboxes, or of the account.
func (v Sight) scopes() []int64 {
	if v.InboxIDs == nil || len(v.InboxIDs) > maxScopes {
		return []int64{gramOfAccount(v.AccountID)}
	}
	out := make([]int64, len(v.InboxIDs))
	for i, id := range v.InboxIDs {
		out[i] = gramOfInbox(id)
	}
	return out
}

// see adds the conditions under which c, a conversation, is seen.
func (v Sight) see(c *clause) {
	switch v.Visible {
	case VisibleAll:
	case VisibleMineAndNobody:
		c.add("(c.assignee_id = ? OR c.assignee_id IS NULL)", v.UserID)
	case VisibleMine:
		c.add("c.assignee_id = ?", v.UserID)
	case VisibleNone:
		c.text = append(c.text, "FALSE")
	}
}

// MessageSearch looks for messages.
type MessageSearch struct {
	Sight
	Text string
	// Since bounds when they were created, in microseconds; 0: ever.
	Since int64
	// Said: only what contacts and the desk said.
	Said bool
}

func (s *Store) messageFinder(q MessageSearch) finder {
	f := finder{
		kind: messageTexts, needle: grams.NewNeedle(q.Text), scopes: q.scopes(), since: q.Since,
		columns: `r.id, r.conversation_id, r.created_at, r.content`, where: &clause{d: s.d},
	}
	c := f.where
	c.add("r.account_id = ?", q.AccountID)
	if q.InboxIDs != nil {
		c.in("r.inbox_id IN ?", "bigint", ids(q.InboxIDs))
	}
	if q.Since != 0 {
		c.add("r.created_at >= ?", q.Since)
	}
	if q.Said {
		c.text = append(c.text, "r.message_type IN (0, 1)")
	}
	if q.Visible != VisibleAll {
		narrow := &clause{d: s.d, args: c.args}
		q.see(narrow)
		c.args = narrow.args
		c.text = append(c.text, "EXISTS (SELECT 1 FROM conversations c WHERE c.id = r.conversation_id AND "+narrow.where()+")")
	}
	f.accept = func(rows *sql.Rows) (hit, bool, error) {
		var h hit
		var content *string
		err := rows.Scan(&h.id, &h.conversation, &h.at, &content)
		return h, content != nil && f.needle.In(*content), err
	}
	return f
}

// SearchMessages reads messages that contain a text, the newest first.
func (s *Store) SearchMessages(ctx context.Context, q MessageSearch, limit, offset int) ([]MessageRow, error) {
	if q.Visible == VisibleNone || q.InboxIDs != nil && len(q.InboxIDs) == 0 {
		return nil, nil
	}
	hits, err := s.find(ctx, s.messageFinder(q), offset+limit)
	if err != nil {
		return nil, err
	}
	hits = hits[min(offset, len(hits)):]
	keys := make([]int64, len(hits))
	for i, h := range hits {
		keys[i] = h.id
	}
	found, err := s.MessagesByID(ctx, q.AccountID, keys)
	var out []MessageRow
	for _, id := range keys {
		if m, there := found[id]; there {
			out = append(out, m)
		}
	}
	return out, err
}

// DisplayIDs are the numbers under which an account knows its conversations.
func (s *Store) DisplayIDs(ctx context.Context, accountID int64, conversationIDs []int64) (map[int64]int64, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT c.id, c.display_id FROM `+s.d.rows("$2", "id bigint")+` CROSS JOIN conversations c
		WHERE c.id = x.id AND c.account_id = $1`, accountID, ids(conversationIDs))
	if err != nil {
		return nil, fmt.Errorf("store: display ids: %w", err)
	}
	list, err := collect(rows, "display ids", func(p *[2]int64) []any { return []any{&p[0], &p[1]} })
	out := make(map[int64]int64, len(list))
	for _, p := range list {
		out[p[0]] = p[1]
	}
	return out, err
}

// Sayings are the messages that contain a text, by conversation, each conversation's
// in the order in which they were written.
type Sayings map[int64][]int64

// Conversations are the numbers of the conversations, never nil.
func (s Sayings) Conversations() []int64 {
	out := make([]int64, 0, len(s))
	for id := range s {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

// Sayings finds conversations in which a text was said.
func (s *Store) Sayings(ctx context.Context, q MessageSearch) (Sayings, error) {
	out := Sayings{}
	if q.Visible == VisibleNone || q.InboxIDs != nil && len(q.InboxIDs) == 0 {
		return out, nil
	}
	q.Said = true
	hits, err := s.find(ctx, s.messageFinder(q), 0)
	for _, h := range slices.Backward(hits) {
		out[h.conversation] = append(out[h.conversation], h.id)
	}
	return out, err
}
