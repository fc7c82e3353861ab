package desk

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"tributary/chat"
	"tributary/store"
)

// choose gives a conversation that has nobody to somebody, where its inbox or its new
// team wants that (contract 02 §2.8). Nobody who could take it: it stays as it is.
func (e *Edit) choose(ctx context.Context) error {
	if e.assignee != nil {
		return nil // somebody was named
	}
	team := number64(e.now.TeamID)
	switch {
	case team != 0 && number64(e.was.TeamID) != team && e.now.AssigneeID == nil:
		if !e.team.AllowAutoAssign {
			return nil
		}
	case e.opens():
		wanted, err := e.wantsAgent(ctx)
		if err != nil || !wanted {
			return err
		}
		if team != 0 {
			t, err := e.tx.HoldTeam(ctx, e.now.AccountID, team)
			switch {
			case errors.Is(err, store.ErrNotFound):
				team = 0 // deleted: it is being taken off its conversations
			case err != nil || !t.AllowAutoAssign:
				return err
			}
		}
	default:
		return nil
	}
	q, err := e.queue(ctx)
	if err != nil {
		return err
	}
	to, err := q.next(ctx, team)
	if err != nil || to == nil {
		return err
	}
	e.now.AssigneeID, e.assignee = &to.UserID, &store.Assignee{ID: to.UserID, Name: to.Name, Inbox: true}
	return nil
}

// opens tells that the conversation becomes open, or was just made and is.
func (e *Edit) opens() bool {
	open := chat.Open.Code()
	return e.now.Status == open && (e.was.Status != open || e.waits)
}

// wantsAgent tells whether a conversation that opens is to be given away: its inbox
// gives conversations away, and nobody has it who is a member there.
func (e *Edit) wantsAgent(ctx context.Context) (bool, error) {
	if a := e.now.AssigneeID; a != nil {
		member, err := e.tx.IsInboxMember(ctx, e.now.InboxID, *a)
		if err != nil || member {
			return false, err
		}
	}
	if q := e.queues[e.now.InboxID]; q != nil {
		return q.inbox.Auto, nil
	}
	inbox, err := e.tx.AssignmentInbox(ctx, e.now.InboxID)
	return inbox.Auto, err
}

func number64(id *int64) int64 {
	if id == nil {
		return 0
	}
	return *id
}

// queue is the one of the conversation's inbox: that of the transaction, where several
// conversations are given away in it.
func (e *Edit) queue(ctx context.Context) (*assignment, error) {
	if q := e.queues[e.now.InboxID]; q != nil {
		return q, nil
	}
	q, err := e.desk.holdQueue(ctx, e.tx, e.now.InboxID)
	if err == nil && e.queues != nil {
		e.queues[e.now.InboxID] = q
	}
	return q, err
}

// assignment chooses among the members of an inbox. While it lives no other
// transaction does. What members have is counted once and then kept up.
type assignment struct {
	desk    *Desk
	tx      *store.Tx
	inbox   store.AssignmentInbox
	inboxID int64
	limit   int64 // max_assignment_limit; 0: none
	rules   store.AssignmentRules
	members map[int64][]store.Candidate // by team; 0: all
	open    counts                      // conversations that they have
	recent  counts                      // what they were given lately
	counted counts                      // what counts against the limits of capacity policies
}

// counts are numbers of conversations by user.
type counts struct {
	known map[int64]bool
	by    map[int64]int64
}

// of gives the number of each of the users; ask is asked about those that are unknown.
func (c *counts) of(list []int64, ask func(list []int64) (map[int64]int64, error)) (map[int64]int64, error) {
	var unknown []int64
	for _, user := range list {
		if !c.known[user] {
			unknown = append(unknown, user)
		}
	}
	if len(unknown) == 0 {
		return c.by, nil
	}
	found, err := ask(unknown)
	if err != nil {
		return nil, err
	}
	for _, user := range unknown {
		c.known[user], c.by[user] = true, found[user]
	}
	return c.by, nil
}

// holdQueue begins to give conversations of an inbox away.
func (d *Desk) holdQueue(ctx context.Context, tx *store.Tx, inboxID int64) (*assignment, error) {
	inbox, err := tx.AssignmentInbox(ctx, inboxID)
	if err != nil {
		return nil, err
	}
	if _, err := tx.HoldAssignment(ctx, inboxID); err != nil {
		return nil, err
	}
	none := func() counts { return counts{known: map[int64]bool{}, by: map[int64]int64{}} }
	q := &assignment{
		desk: d, tx: tx, inbox: inbox, inboxID: inboxID, limit: assignmentLimit(inbox.Config), members: map[int64][]store.Candidate{},
		open: none(), recent: none(), counted: none(),
	}
	q.rules, err = tx.AssignmentRules(ctx, inboxID)
	return q, err
}

// assignmentLimit reads max_assignment_limit, which clients send as a number or as
// text; 0: none.
func assignmentLimit(config string) int64 {
	var in struct {
		Max any `json:"max_assignment_limit"`
	}
	if json.Unmarshal([]byte(config), &in) != nil {
		return 0
	}
	n, _ := integer(in.Max)
	return max(n, 0)
}

// next chooses who gets the next conversation, notes that they do, and gives nil when
// there is nobody.
func (q *assignment) next(ctx context.Context, teamID int64) (*store.Candidate, error) {
	able, err := q.able(ctx, teamID)
	if err != nil || len(able) == 0 {
		return nil, err
	}
	to := able[0]
	policy := q.rules.Policy
	if policy != nil && policy.AssignmentOrder == balancedOrder {
		open, err := q.opened(ctx, able)
		if err != nil {
			return nil, err
		}
		for _, c := range able[1:] { // of those who have as many, the one whose turn it is
			if open[c.UserID] < open[to.UserID] {
				to = c
			}
		}
	}
	if err := q.tx.TakeTurn(ctx, q.inboxID, to.UserID, policy != nil); err != nil {
		return nil, err
	}
	q.open.by[to.UserID]++
	q.recent.by[to.UserID]++
	q.counted.known[to.UserID] = false // whether this one counts its rules tell
	for team, list := range q.members {
		if at := slices.IndexFunc(list, func(c store.Candidate) bool { return c.UserID == to.UserID }); at >= 0 {
			q.members[team] = append(slices.Delete(list, at, at+1), to)
		}
	}
	return &to, nil
}

// balancedOrder is the assignment_order by which whoever has least comes first.
const balancedOrder = 1

func users(list []store.Candidate) []int64 {
	out := make([]int64, len(list))
	for i, c := range list {
		out[i] = c.UserID
	}
	return out
}

// able are those who are online and may have one more conversation, whose turn it is
// first.
func (q *assignment) able(ctx context.Context, teamID int64) ([]store.Candidate, error) {
	list, known := q.members[teamID]
	if !known {
		var err error
		if list, err = q.tx.Candidates(ctx, q.inbox.AccountID, q.inboxID, teamID); err != nil {
			return nil, err
		}
		q.members[teamID] = list
	}
	list = slices.DeleteFunc(slices.Clone(list), func(c store.Candidate) bool {
		return q.desk.AvailabilityStatus(ctx, q.inbox.AccountID, c.UserID, c.Availability, c.AutoOffline) != AvailabilityName(0)
	})
	drop := func(counts map[int64]int64, limit func(user int64) (int64, bool)) {
		list = slices.DeleteFunc(list, func(c store.Candidate) bool {
			n, limited := limit(c.UserID)
			return limited && counts[c.UserID] >= n
		})
	}
	if q.limit > 0 && len(list) > 0 {
		open, err := q.opened(ctx, list)
		if err != nil {
			return nil, err
		}
		drop(open, func(int64) (int64, bool) { return q.limit, true })
	}
	if p := q.rules.Policy; p != nil && len(list) > 0 {
		window := time.Duration(min(p.FairDistributionWindow, maxWindow)) * time.Second
		recent, err := q.recent.of(users(list), func([]int64) (map[int64]int64, error) {
			return q.tx.CountRecents(ctx, q.inboxID, q.tx.Now.Add(-window))
		})
		if err != nil {
			return nil, err
		}
		drop(recent, func(int64) (int64, bool) { return p.FairDistributionLimit, true })
	}
	limited := slices.DeleteFunc(users(list), func(user int64) bool {
		_, limited := q.rules.Capacity[user]
		return !limited
	})
	counted, err := q.counted.of(limited, func(list []int64) (map[int64]int64, error) { return q.count(ctx, list) })
	if err != nil {
		return nil, err
	}
	drop(counted, func(user int64) (int64, bool) {
		c, limited := q.rules.Capacity[user]
		return c.ConversationLimit, limited
	})
	return list, nil
}

// maxWindow bounds fair_distribution_window, in seconds: a hundred years.
const maxWindow = 100 * 365 * 24 * 3600

// opened counts the open conversations of the inbox that members have.
func (q *assignment) opened(ctx context.Context, list []store.Candidate) (map[int64]int64, error) {
	return q.open.of(users(list), func(list []int64) (map[int64]int64, error) {
		return q.tx.CountAssigned(ctx, q.inbox.AccountID, q.inboxID, list, store.ExclusionRules{})
	})
}

// count counts what users have whom a capacity policy limits, by the rules of their
// policy: one query for all who have the same.
func (q *assignment) count(ctx context.Context, list []int64) (map[int64]int64, error) {
	groups := map[string][]int64{}
	for _, user := range list {
		key, err := json.Marshal(q.rules.Capacity[user].Excluded)
		if err != nil {
			return nil, err
		}
		groups[string(key)] = append(groups[string(key)], user)
	}
	out := map[int64]int64{}
	for _, members := range groups {
		found, err := q.tx.CountAssigned(ctx, q.inbox.AccountID, q.inboxID, members, q.rules.Capacity[members[0]].Excluded)
		if err != nil {
			return nil, err
		}
		maps.Copy(out, found)
	}
	return out, nil
}
