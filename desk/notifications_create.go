package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"tributary/chat"
	"tributary/store"
)

const (
	// JobNotify notifies members of events in conversations.
	JobNotify = "notify"
	// JobNotifyCreation notifies members of an inbox of a new conversation, a share of
	// them at a time.
	JobNotifyCreation = "notify.creation"
)

// notifyJob is the payload of JobNotify.
type notifyJob struct {
	Events []notice `json:"events"`
}

// notice is an event of the outbox that people may have to be told of.
type notice struct {
	Row            int64  `json:"row"` // of the outbox
	Kind           string `json:"kind"`
	ConversationID int64  `json:"conversation_id"`
	MessageID      int64  `json:"message_id,omitempty"`
	By             int64  `json:"performer_id,omitempty"` // the user who did it; 0: nobody
}

// notifyCreationJob is the payload of JobNotifyCreation.
type notifyCreationJob struct {
	ConversationID int64 `json:"conversation_id"`
	By             int64 `json:"performer_id,omitempty"`
	After          int64 `json:"after,omitempty"` // the last user who was told
}

const (
	noticeMessage    = "message.created"
	noticeCreation   = "conversation.created"
	noticeHandoff    = "conversation.bot_handoff"
	noticeAssignment = "assignee.changed"
)

const (
	// noticesPerJob is how many events are looked at together.
	noticesPerJob = 200
	// creationChunk is how many members of an inbox one transaction notifies.
	creationChunk = 500
	// maxMentions is how many users and teams one note can call.
	maxMentions = 100
)

// AssigneeChanged is the event of a conversation that was given to somebody, or taken
// off them. by is the user who did it; 0: nobody. Whoever has the conversation then is
// notified, unless they took it themselves.
func AssigneeChanged(c store.ConversationRow, by int64) store.OutboxRow {
	event := about(noticeAssignment, c, 0)
	if by != 0 {
		event.Payload = object(map[string]any{"performer_id": by})
	}
	return event
}

// orderNotices orders the notifications that follow from events, and tells whether
// there are any to order.
func orderNotices(ctx context.Context, tx *store.Tx, rows []store.OutboxRow) (bool, error) {
	var events []notice
	for _, row := range rows {
		switch row.Kind {
		case noticeMessage, noticeCreation, noticeHandoff, noticeAssignment:
			n := notice{Row: row.ID, Kind: row.Kind, ConversationID: row.ConversationID, MessageID: row.MessageID}
			if row.Payload != "" {
				var details struct {
					By int64 `json:"performer_id"`
				}
				if err := json.Unmarshal([]byte(row.Payload), &details); err != nil {
					return false, fmt.Errorf("desk: notify: %w", err)
				}
				n.By = details.By
			}
			events = append(events, n)
		}
	}
	for chunk := range slices.Chunk(events, noticesPerJob) {
		payload, err := json.Marshal(notifyJob{Events: chunk})
		if err != nil {
			return false, fmt.Errorf("desk: notify: %w", err)
		}
		if err := tx.InsertJob(ctx, store.Job{Kind: JobNotify, Lane: store.LaneNumbers, Payload: payload}); err != nil {
			return false, err
		}
	}
	return len(events) > 0, nil
}

// notices are what a JobNotify leads to.
type notices struct {
	list []store.NewNotification
	// creations are jobs for conversations whose inbox has members who want to hear of
	// them.
	creations []store.Job
}

// notify carries out JobNotify. The job goes in the transaction that stores the
// notifications: whoever runs it again finds nothing to do.
func (d *Desk) notify(ctx context.Context, j store.Job) error {
	var in notifyJob
	if err := readJob(j, &in); err != nil {
		return err
	}
	plan, err := d.planNotices(ctx, in.Events)
	if err != nil {
		return err
	}
	if len(plan.list)+len(plan.creations) == 0 {
		return nil
	}
	err = d.again(ctx, func(tx *store.Tx) error {
		taken, err := tx.TakeJob(ctx, j.ID)
		if err != nil || !taken {
			return err
		}
		if err := tx.OrderJobs(ctx, plan.creations, 0); err != nil {
			return err
		}
		var conversations []int64
		for _, n := range plan.list {
			conversations = append(conversations, n.ConversationID)
		}
		slices.Sort(conversations)
		if err := tx.LockNotified(ctx, slices.Compact(conversations)); err != nil {
			return err
		}
		made, err := tx.InsertNotifications(ctx, plan.list)
		if err != nil {
			return err
		}
		return orderTold(ctx, tx, made)
	})
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// planNotices decides who is notified of what, each user once for each conversation:
// of the latest.
func (d *Desk) planNotices(ctx context.Context, events []notice) (notices, error) {
	var plan notices
	var messages, conversations []int64
	for _, e := range events {
		if e.Kind == noticeMessage {
			messages = append(messages, e.MessageID)
		} else {
			conversations = append(conversations, e.ConversationID)
		}
	}
	if err := d.planConversations(ctx, &plan, events, conversations); err != nil {
		return plan, err
	}
	if err := d.planMessages(ctx, &plan, messages); err != nil {
		return plan, err
	}
	type place struct{ user, conversation int64 }
	latest := map[place]int{}
	for i, n := range plan.list {
		latest[place{n.UserID, n.ConversationID}] = i
	}
	var list []store.NewNotification
	for i, n := range plan.list {
		if latest[place{n.UserID, n.ConversationID}] == i {
			list = append(list, n)
		}
	}
	plan.list = list
	return plan, nil
}

// planConversations plans what is about conversations that are new or somebody's.
func (d *Desk) planConversations(ctx context.Context, plan *notices, events []notice, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	list, err := d.Store.NotifiedConversations(ctx, ids)
	if err != nil {
		return err
	}
	known := make(map[int64]store.NotifiedConversation, len(list))
	for _, c := range list {
		known[c.ID] = c
	}
	for _, e := range events {
		c, ok := known[e.ConversationID]
		if !ok || e.Kind == noticeMessage || c.Blocked || c.Status == chat.Pending.Code() {
			continue
		}
		if e.Kind == noticeAssignment {
			if c.AssigneeID != 0 && c.AssigneeID != e.By {
				plan.list = append(plan.list, doneBy(e.By, store.NewNotification{
					UserID: c.AssigneeID, Type: int(chat.NotifyAssignment), ConversationID: c.ID,
				}))
			}
			continue
		}
		if !c.Awaited {
			continue
		}
		job, err := creationJob(c.AccountID, e.Row, notifyCreationJob{ConversationID: c.ID, By: e.By})
		if err != nil {
			return err
		}
		plan.creations = append(plan.creations, job)
	}
	return nil
}

func doneBy(user int64, n store.NewNotification) store.NewNotification {
	if user != 0 {
		n.ActorType, n.ActorID = store.OwnerUser, user
	}
	return n
}

// creationJob is the job of the next share of the members, for a row of the outbox.
func creationJob(accountID, row int64, in notifyCreationJob) (store.Job, error) {
	payload, err := json.Marshal(in)
	if err != nil {
		return store.Job{}, fmt.Errorf("desk: notify of a conversation: %w", err)
	}
	key := JobNotifyCreation
	for _, n := range []int64{in.ConversationID, row, in.After} {
		key += ":" + strconv.FormatInt(n, 10)
	}
	return store.Job{Kind: JobNotifyCreation, Lane: store.LaneNumbers, UniqueKey: key, AccountID: accountID, Payload: payload}, nil
}

// planMessages plans what is about messages: whoever is named in a note hears of that,
// else whoever follows the conversation hears of the message.
func (d *Desk) planMessages(ctx context.Context, plan *notices, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	list, err := d.Store.NotifiedMessages(ctx, ids)
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(m store.NotifiedMessage) bool {
		return m.Type != int(chat.Incoming) && m.Type != int(chat.Outgoing)
	})
	named, err := d.named(ctx, list)
	if err != nil {
		return err
	}
	var conversations []int64
	for _, m := range list {
		if !m.Blocked {
			conversations = append(conversations, m.ConversationID)
		}
	}
	slices.Sort(conversations)
	followers := map[int64][]store.Follower{}
	if len(conversations) > 0 {
		all, err := d.Store.Followers(ctx, slices.Compact(conversations))
		if err != nil {
			return err
		}
		for _, f := range all {
			followers[f.ConversationID] = append(followers[f.ConversationID], f)
		}
	}
	for _, m := range list {
		tell := func(user int64, what chat.NotificationType) {
			plan.list = append(plan.list, store.NewNotification{
				UserID: user, Type: int(what), ConversationID: m.ConversationID, ActorType: "Message", ActorID: m.ID,
			})
		}
		for _, user := range named[m.ID] {
			tell(user, chat.NotifyMention)
		}
		if m.Blocked {
			continue
		}
		for _, f := range followers[m.ConversationID] {
			switch {
			case f.UserID == m.SenderID || slices.Contains(named[m.ID], f.UserID):
			case f.Assigned:
				tell(f.UserID, chat.NotifyAssignedMessage)
			default:
				tell(f.UserID, chat.NotifyParticipating)
			}
		}
	}
	return nil
}

var mentionLink = regexp.MustCompile(`\(mention://(user|team)/([0-9]{1,18})/[^)]*\)`)

// named finds who is named in notes, by message.
func (d *Desk) named(ctx context.Context, list []store.NotifiedMessage) (map[int64][]int64, error) {
	var mentions []store.Mention
	for _, m := range list {
		if !m.Private {
			continue
		}
		for _, link := range mentionLink.FindAllStringSubmatch(m.Note, maxMentions) {
			id, err := strconv.ParseInt(link[2], 10, 64)
			if err != nil {
				continue
			}
			mentions = append(mentions, store.Mention{
				MessageID: m.ID, AccountID: m.AccountID, InboxID: m.InboxID, Team: link[1] == "team", ID: id,
			})
		}
	}
	out := map[int64][]int64{}
	if len(mentions) == 0 {
		return out, nil
	}
	found, err := d.Store.MentionedUsers(ctx, mentions)
	if err != nil {
		return nil, err
	}
	for _, f := range found {
		if !slices.Contains(out[f.MessageID], f.UserID) {
			out[f.MessageID] = append(out[f.MessageID], f.UserID)
		}
	}
	return out, nil
}

// notifyCreation carries out JobNotifyCreation; like JobNotify's, its job goes with
// its work.
func (d *Desk) notifyCreation(ctx context.Context, j store.Job) error {
	var in notifyCreationJob
	if err := readJob(j, &in); err != nil {
		return err
	}
	err := d.again(ctx, func(tx *store.Tx) error {
		taken, err := tx.TakeJob(ctx, j.ID)
		if err != nil || !taken {
			return err
		}
		if err := tx.LockNotified(ctx, []int64{in.ConversationID}); err != nil {
			return err
		}
		made, err := tx.InsertCreationNotifications(ctx, doneBy(in.By, store.NewNotification{
			Type: int(chat.NotifyCreation), ConversationID: in.ConversationID,
		}), chat.Pending.Code(), in.After, creationChunk)
		if err != nil {
			return err
		}
		if len(made) == creationChunk {
			next := in
			for _, n := range made {
				next.After = max(next.After, n.UserID)
			}
			job, err := creationJob(j.AccountID, j.ID, next)
			if err != nil {
				return err
			}
			if err := tx.InsertJob(ctx, job); err != nil {
				return err
			}
		}
		return orderTold(ctx, tx, made)
	})
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// orderTold tells users of notifications that were stored: those that they had of the
// same conversation go, their clients learn of it, and mails and pushes are ordered
// for those who want them.
func orderTold(ctx context.Context, tx *store.Tx, made []store.MadeNotification) error {
	if len(made) == 0 {
		return nil
	}
	older, err := tx.DropOlderNotifications(ctx, made)
	if err != nil {
		return err
	}
	rows := make([]store.NotificationRow, len(made))
	var pushed []int64
	for i, n := range made {
		rows[i] = n.NotificationRow
		if n.Push {
			pushed = append(pushed, n.UserID)
		}
	}
	events := append(notificationEvents(eventNotificationDeleted, 0, older...), notificationEvents(eventNotificationCreated, 0, rows...)...)
	if err := tx.InsertOutbox(ctx, events); err != nil {
		return err
	}
	devices := map[int64][]int64{}
	if len(pushed) > 0 {
		slices.Sort(pushed)
		if devices, err = tx.SubscriptionIDs(ctx, slices.Compact(pushed), store.SubscriptionBrowser); err != nil {
			return err
		}
	}
	var jobs []store.Job
	for _, n := range made {
		if n.Email {
			job, err := notificationMailJob(n.NotificationRow)
			if err != nil {
				return err
			}
			jobs = append(jobs, job)
		}
		if !n.Push {
			continue
		}
		for _, device := range devices[n.UserID] {
			job, err := pushJob(n.NotificationRow, device)
			if err != nil {
				return err
			}
			jobs = append(jobs, job)
		}
	}
	return tx.OrderJobs(ctx, jobs, 0)
}
