package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"tributary/chat"
	"tributary/store"
)

const (
	// JobAssign gives conversations of an inbox that have nobody to its members.
	JobAssign = "conversation.assign"
	// JobSweepInbox does so for what waits in an inbox, however long.
	JobSweepInbox = "inbox.assign"
	// JobLeftInbox gives what a member who left an inbox had in it to others.
	JobLeftInbox = "inbox.left"
)

// assignJob is the payload of JobAssign.
type assignJob struct {
	InboxID       int64   `json:"inbox_id"`
	Conversations []int64 `json:"conversations"`
}

// leftJob is the payload of JobLeftInbox.
type leftJob struct {
	InboxID int64 `json:"inbox_id"`
	UserID  int64 `json:"user_id"`
}

// assignChunk is how many conversations one transaction gives away.
const assignChunk = 50

// sweepLimit is how many conversations of an inbox one sweep gives away (contract 02
// §2.8).
const sweepLimit = 100

// chosen marks conversation.opened of an Edit, which gave the conversation away itself.
const chosen = "assignment_considered"

// markChosen marks the events of an Edit.
func markChosen(events []store.OutboxRow) []store.OutboxRow {
	for i, event := range events {
		if event.Kind == "conversation.opened" {
			payload := map[string]any{}
			if event.Payload != "" {
				payload = parse(event.Payload)
			}
			payload[chosen] = true
			events[i].Payload = object(payload)
		}
	}
	return events
}

// orderAssignments orders that conversations which were made, or opened by their
// contacts, are given to somebody.
func orderAssignments(ctx context.Context, tx *store.Tx, rows []store.OutboxRow) (ordered bool, err error) {
	var ids []int64
	for _, row := range rows {
		if row.Kind == "conversation.created" || row.Kind == "conversation.opened" && parse(row.Payload)[chosen] != true {
			ids = append(ids, row.ConversationID)
		}
	}
	if len(ids) == 0 {
		return false, nil
	}
	slices.Sort(ids)
	waiting, err := tx.WaitingForAgents(ctx, slices.Compact(ids))
	if err != nil {
		return false, err
	}
	for len(waiting) > 0 {
		in := assignJob{InboxID: waiting[0].InboxID}
		account := waiting[0].AccountID
		for len(waiting) > 0 && waiting[0].InboxID == in.InboxID {
			in.Conversations, waiting = append(in.Conversations, waiting[0].ID), waiting[1:]
		}
		payload, err := json.Marshal(in)
		if err != nil {
			return false, fmt.Errorf("desk: assign: %w", err)
		}
		if err := tx.InsertJob(ctx, store.Job{Kind: JobAssign, Lane: store.LaneNumbers, AccountID: account, Payload: payload}); err != nil {
			return false, err
		}
		ordered = true
	}
	return ordered, nil
}

// assign carries out JobAssign.
func (d *Desk) assign(ctx context.Context, j store.Job) error {
	var in assignJob
	if err := readJob(j, &in); err != nil {
		return err
	}
	return d.giveAway(ctx, j.AccountID, in.Conversations, waits)
}

// waits wishes for somebody who takes the conversation.
func waits(e *Edit) error {
	e.waits = true
	return nil
}

// giveAway gives conversations of one inbox to its members, as far as they are open and
// have nobody there. before is called with each before somebody is chosen.
func (d *Desk) giveAway(ctx context.Context, accountID int64, ids []int64, before func(*Edit) error) error {
	for chunk := range slices.Chunk(ids, assignChunk) {
		// Asked outside of the transaction, which would wait for the answer.
		d.AvailabilityStatus(ctx, accountID, 0, 0, true)
		err := d.again(ctx, func(tx *store.Tx) error {
			list, err := tx.LockConversations(ctx, chunk)
			if err != nil {
				return err
			}
			queues := map[int64]*assignment{}
			for _, c := range list {
				err := d.edit(ctx, tx, c, Author{}, func(e *Edit) error {
					e.queues = queues
					return before(e)
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		d.WakeJobs()
	}
	return nil
}

// SweepAssignments orders that what waits for somebody is given away, in the inboxes
// whose account has the feature assignment_v2 or whose policy is enabled, and tells in
// how many. Any process may do it: an inbox that waits for it, or in which it is being
// done, is passed over.
func (d *Desk) SweepAssignments(ctx context.Context) (int, error) {
	feature, _ := chat.Features(0).Set("assignment_v2", true)
	list, err := d.Store.InboxesToSweep(ctx, int64(feature))
	if err != nil || len(list) == 0 {
		return 0, err
	}
	jobs := make([]store.Job, len(list))
	for i, in := range list {
		payload, err := json.Marshal(InboxJob{InboxID: in.InboxID})
		if err != nil {
			return 0, fmt.Errorf("desk: sweep: %w", err)
		}
		jobs[i] = store.Job{
			Kind: JobSweepInbox, Lane: store.LaneBulk, UniqueKey: JobSweepInbox + ":" + strconv.FormatInt(in.InboxID, 10),
			AccountID: in.AccountID, Payload: payload, MaxAttempts: 1,
		}
	}
	if err := d.again(ctx, func(tx *store.Tx) error { return tx.OrderJobs(ctx, jobs, 0) }); err != nil {
		return 0, err
	}
	d.WakeJobs()
	return len(list), nil
}

// longestWaiting is the conversation_priority by which the conversation that nobody
// touched for longest comes first.
const longestWaiting = 1

// sweepInbox carries out JobSweepInbox.
func (d *Desk) sweepInbox(ctx context.Context, j store.Job) error {
	var in InboxJob
	if err := readJob(j, &in); err != nil {
		return err
	}
	rules, err := d.Store.AssignmentRules(ctx, in.InboxID)
	if err != nil {
		return err
	}
	ids, err := d.Store.Unassigned(ctx, in.InboxID, rules.Policy != nil && rules.Policy.ConversationPriority == longestWaiting, sweepLimit)
	if err != nil {
		return err
	}
	// One by one: those that come first are the first to be given away.
	for _, id := range ids {
		if err := d.giveAway(ctx, j.AccountID, []int64{id}, waits); err != nil {
			return err
		}
	}
	return nil
}

// orderLeftInbox orders that what members who left an inbox had in it goes to others.
func orderLeftInbox(ctx context.Context, tx *store.Tx, accountID int64, left []store.Place) error {
	for _, m := range left {
		payload, err := json.Marshal(leftJob{InboxID: m.In, UserID: m.UserID})
		if err != nil {
			return fmt.Errorf("desk: left inbox: %w", err)
		}
		key := JobLeftInbox + ":" + strconv.FormatInt(m.In, 10) + ":" + strconv.FormatInt(m.UserID, 10)
		if err := tx.InsertJob(ctx, store.Job{Kind: JobLeftInbox, Lane: store.LaneBulk, AccountID: accountID, UniqueKey: key, Payload: payload}); err != nil {
			return err
		}
	}
	return nil
}

// leftInbox carries out JobLeftInbox. Where nobody can take a conversation it stays
// with whoever left; it opens to somebody else once it is opened again.
func (d *Desk) leftInbox(ctx context.Context, j store.Job) error {
	var in leftJob
	if err := readJob(j, &in); err != nil {
		return err
	}
	return d.handOver(ctx, j.AccountID, in.InboxID, in.UserID, waits)
}

// handOver gives the open conversations that a user has in an account, or in an inbox
// of it, to others.
func (d *Desk) handOver(ctx context.Context, accountID, inboxID, userID int64, before func(*Edit) error) error {
	var after int64
	return d.inChunks(ctx, func() (bool, error) {
		ids, err := d.Store.LeftBehind(ctx, accountID, inboxID, userID, after, assignChunk)
		if err != nil || len(ids) == 0 {
			return true, err
		}
		// One by one, so that no transaction holds the queues of two inboxes.
		for _, id := range ids {
			err := d.giveAway(ctx, accountID, []int64{id}, func(e *Edit) error {
				if number64(e.was.AssigneeID) != userID {
					return nil
				}
				return before(e)
			})
			if err != nil {
				return false, err
			}
		}
		left, err := d.Store.LeftBehind(ctx, accountID, inboxID, userID, after, assignChunk)
		if err != nil || slices.Equal(left, ids) {
			return true, err // there is nobody who takes any
		}
		after = ids[len(ids)-1]
		return len(ids) < assignChunk, nil
	})
}
