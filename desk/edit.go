package desk

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"tributary/chat"
	"tributary/store"
)

// Author is who changes a conversation: at most one of the ids is set. The zero value
// is the program itself.
type Author struct {
	UserID int64 // a member of the account
	BotID  int64
	// RuleID is of an automation rule. What it does triggers no rules.
	RuleID    int64
	ContactID int64 // the conversation's own
	// Name is what activity messages call a user or a bot.
	Name string
}

// in puts who did it into the payload of an event.
func (by Author) in(payload map[string]any) map[string]any {
	for key, id := range map[string]int64{"performer_id": by.UserID, "bot_id": by.BotID, "rule_id": by.RuleID, "contact_id": by.ContactID} {
		if id != 0 {
			payload[key] = id
		}
	}
	return payload
}

// Edit is a conversation while an author changes it, in a transaction and locked.
// Whatever changes a conversation other than a message goes through one: what follows
// (events, activity messages, participants, a new assignee) is the same whoever does
// it. Its methods change the wish; it is stored, and its consequences drawn, when the
// function that got the Edit returns.
type Edit struct {
	desk *Desk
	tx   *store.Tx
	by   Author

	was store.ConversationRow // as it was
	now store.ConversationRow // as it shall be

	labels  []string // as they were; nil before they were asked for
	add     []string
	remove  []string
	blocked *bool // what the contact shall be

	assignee *store.Assignee   // of now, when it was looked up
	team     *store.TeamRow    // of now, likewise
	events   []store.OutboxRow // that follow beside those of the change
	notes    []note
	idle     time.Duration // how long nobody wrote
	// waits: open as it is, it shall be given to somebody. queues are those of the
	// transaction by inbox, where several conversations are given away in it.
	waits  bool
	queues map[int64]*assignment
}

// Edit lets f change a conversation of an account for an author. An error of f's is
// given back, and nothing is stored; store.ErrNotFound when there is no conversation of
// that display id. f may be called more than once.
func (d *Desk) Edit(ctx context.Context, accountID, displayID int64, by Author, f func(*Edit) error) error {
	err := d.again(ctx, func(tx *store.Tx) error {
		c, err := tx.LockConversation(ctx, accountID, displayID)
		if err != nil {
			return err
		}
		return d.edit(ctx, tx, c, by, f)
	})
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// EditByID is Edit for the id that the database knows a conversation by.
func (d *Desk) EditByID(ctx context.Context, id int64, by Author, f func(*Edit) error) error {
	err := d.again(ctx, func(tx *store.Tx) error {
		c, err := tx.ConversationByID(ctx, id)
		if err != nil {
			return err
		}
		return d.edit(ctx, tx, c, by, f)
	})
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// edit is Edit inside a transaction that has the conversation locked. The caller wakes
// the jobs after it.
func (d *Desk) edit(ctx context.Context, tx *store.Tx, c store.ConversationRow, by Author, f func(*Edit) error) error {
	e := &Edit{desk: d, tx: tx, by: by, was: c, now: c}
	if err := f(e); err != nil {
		return err
	}
	return e.store(ctx)
}

// Tx is the transaction, for what else belongs to the change.
func (e *Edit) Tx() *store.Tx { return e.tx }

// Conversation is the conversation as it shall be.
func (e *Edit) Conversation() store.ConversationRow { return e.now }

// Was is the conversation as it was.
func (e *Edit) Was() store.ConversationRow { return e.was }

// Status gives the conversation a status. until is when a snoozed one opens by itself;
// nil: with the contact's next message.
func (e *Edit) Status(to chat.ConversationStatus, until *time.Time) {
	e.now.Status, e.now.SnoozedUntil = to.Code(), nil
	if to == chat.Snoozed && until != nil {
		at := until.UnixMicro()
		e.now.SnoozedUntil = &at
	}
	if to == chat.Resolved {
		e.now.WaitingSince = nil
	}
}

// Priority sets one of the four, from 0; nil: none.
func (e *Edit) Priority(p *int) { e.now.Priority = p }

// CustomAttributes replaces all of them by a JSON object.
func (e *Edit) CustomAttributes(object string) { e.now.CustomAttributes = object }

// Assign gives the conversation to a member of the account; 0: to nobody. A user who is
// no member is store.ErrNotFound.
func (e *Edit) Assign(ctx context.Context, userID int64) error {
	if userID == 0 {
		e.now.AssigneeID, e.assignee = nil, nil
		return nil
	}
	a, err := e.tx.Assignee(ctx, e.now.AccountID, e.now.InboxID, userID)
	if err != nil {
		return err
	}
	e.now.AssigneeID, e.assignee = &userID, &a
	return nil
}

// Team gives the conversation to a team of the account; 0: to none. A team that is not
// there is store.ErrNotFound. An assignee who is not in it gives the conversation back,
// and where the team wants that, one of its members gets it.
func (e *Edit) Team(ctx context.Context, teamID int64) error {
	if teamID == 0 {
		e.now.TeamID, e.team = nil, nil
		return nil
	}
	t, err := e.tx.HoldTeam(ctx, e.now.AccountID, teamID)
	if err != nil {
		return err
	}
	e.now.TeamID, e.team = &teamID, &t
	if a := e.now.AssigneeID; a != nil {
		in, err := e.tx.TeamHas(ctx, teamID, *a)
		if err != nil {
			return err
		}
		if !in {
			e.now.AssigneeID, e.assignee = nil, nil
		}
	}
	return nil
}

// NewTeam is the team that the conversation was given to in this change; the zero value:
// to none.
func (e *Edit) NewTeam() store.TeamRow {
	if e.team == nil {
		return store.TeamRow{}
	}
	return *e.team
}

// ParseLabels reads labels as clients send them: each may be a list with commas, blanks
// and repetitions count for nothing.
func ParseLabels(given []string) []string {
	out := []string{}
	for _, text := range given {
		for label := range strings.SplitSeq(text, ",") {
			if label = strings.TrimSpace(label); label != "" && !slices.Contains(out, label) {
				out = append(out, label)
			}
		}
	}
	return out
}

// Labels are those of the conversation as it was.
func (e *Edit) Labels(ctx context.Context) ([]string, error) {
	if e.labels == nil {
		list, err := e.tx.ConversationLabels(ctx, e.was.ID)
		if err != nil {
			return nil, err
		}
		e.labels = append([]string{}, list...)
	}
	return e.labels, nil
}

// ChangeLabels adds labels and takes others off.
func (e *Edit) ChangeLabels(ctx context.Context, add, remove []string) error {
	had, err := e.Labels(ctx)
	if err != nil {
		return err
	}
	for _, label := range add {
		e.remove = slices.DeleteFunc(e.remove, func(l string) bool { return l == label })
		if !slices.Contains(had, label) && !slices.Contains(e.add, label) {
			e.add = append(e.add, label)
		}
	}
	for _, label := range remove {
		e.add = slices.DeleteFunc(e.add, func(l string) bool { return l == label })
		if slices.Contains(had, label) && !slices.Contains(e.remove, label) {
			e.remove = append(e.remove, label)
		}
	}
	return nil
}

// SetLabels replaces all labels.
func (e *Edit) SetLabels(ctx context.Context, list []string) error {
	had, err := e.Labels(ctx)
	if err != nil {
		return err
	}
	e.add, e.remove = nil, nil
	gone := slices.DeleteFunc(slices.Clone(had), func(l string) bool { return slices.Contains(list, l) })
	return e.ChangeLabels(ctx, list, gone)
}

// Mute ends the conversation and blocks its contact; muting twice changes nothing.
func (e *Edit) Mute() {
	e.Status(chat.Resolved, nil)
	e.block(true)
}

// Unmute lets the contact write again. The conversation stays as it is.
func (e *Edit) Unmute() { e.block(false) }

func (e *Edit) block(blocked bool) {
	e.blocked = nil
	if blocked != e.was.ContactBlocked {
		e.blocked = &blocked
	}
}

// Tell adds an event about the conversation to those that follow from the change.
func (e *Edit) Tell(kind string, payload map[string]any) {
	event := about(kind, e.now, 0)
	event.Payload = object(e.by.in(payload))
	e.events = append(e.events, event)
}

// store writes the conversation and what follows from its change.
func (e *Edit) store(ctx context.Context) error {
	if err := e.choose(ctx); err != nil {
		return err
	}
	changes, err := e.changes()
	if err != nil {
		return err
	}
	texts := e.texts()
	if len(changes)+len(texts) > 0 {
		at := e.tx.Now.UnixMicro()
		e.now.UpdatedAt = max(at, e.was.UpdatedAt+1)
		if len(texts) > 0 {
			e.now.LastActivityAt = max(at, e.was.LastActivityAt)
		}
		if err := e.tx.UpdateConversation(ctx, e.now); err != nil {
			return err
		}
		if err := e.tx.ChangeConversationLabels(ctx, e.was, e.add, e.remove); err != nil {
			return err
		}
	}
	if e.blocked != nil {
		if err := e.tx.BlockContact(ctx, e.was.ContactID, *e.blocked); err != nil {
			return err
		}
	}
	if e.assignee != nil && e.assignee.Inbox && !equal(e.was.AssigneeID, e.now.AssigneeID) {
		if _, err := e.tx.AddParticipants(ctx, e.was, []int64{e.assignee.ID}); err != nil {
			return err
		}
	}
	events := markChosen(e.withAuthor(conversationEvents(e.was, time.UnixMicro(e.now.UpdatedAt), changes...)))
	for _, x := range changes {
		switch x.column {
		case "assignee_id":
			events = append(events, e.withAuthor([]store.OutboxRow{AssigneeChanged(e.was, e.by.UserID)})...)
		case "team_id":
			events = append(events, e.withAuthor([]store.OutboxRow{about("team.changed", e.was, 0)})...)
		}
	}
	if e.blocked != nil {
		events = append(events, e.contactBlocked(*e.blocked))
	}
	events = append(events, e.events...)
	told, err := e.tell(ctx, texts)
	if err != nil {
		return err
	}
	return e.tx.InsertOutbox(ctx, append(events, told...))
}

// changes are the columns that differ.
func (e *Edit) changes() ([]change, error) {
	was, now := e.was, e.now
	custom := func(text string) (v any, err error) {
		if err = json.Unmarshal([]byte(text), &v); err != nil {
			return nil, errors.New("desk: custom attributes are no JSON")
		}
		return v, nil
	}
	before, err := custom(was.CustomAttributes)
	if err != nil {
		return nil, err
	}
	after, err := custom(now.CustomAttributes)
	if err != nil {
		return nil, err
	}
	list := []change{
		changedStatus(was, chat.ConversationStatusOf(now.Status)), changedTime("snoozed_until", was.SnoozedUntil, now.SnoozedUntil),
		{"priority", priority(was.Priority), priority(now.Priority)},
		{"assignee_id", number(was.AssigneeID), number(now.AssigneeID)},
		{"team_id", number(was.TeamID), number(now.TeamID)},
		{"custom_attributes", before, after},
		changedTime("waiting_since", was.WaitingSince, now.WaitingSince),
	}
	if len(e.add)+len(e.remove) > 0 {
		list = append(list, change{"label_list", e.labels, e.labelsNow()})
	}
	return slices.DeleteFunc(list, func(x change) bool { return x.same() }), nil
}

// labelsNow are the labels as they shall be.
func (e *Edit) labelsNow() []string {
	list := slices.DeleteFunc(slices.Clone(e.labels), func(l string) bool { return slices.Contains(e.remove, l) })
	return append(list, e.add...)
}

// withAuthor notes in events who did it.
func (e *Edit) withAuthor(events []store.OutboxRow) []store.OutboxRow { return e.by.sign(events) }

// sign notes in events who did it.
func (by Author) sign(events []store.OutboxRow) []store.OutboxRow {
	for i, event := range events {
		payload := map[string]any{}
		if event.Payload != "" {
			var given map[string]json.RawMessage
			if json.Unmarshal([]byte(event.Payload), &given) == nil { // it is ours
				for key, value := range given {
					payload[key] = value
				}
			}
		}
		if payload = by.in(payload); len(payload) > 0 {
			events[i].Payload = object(payload)
		}
	}
	return events
}

// contactBlocked is the event of a contact who was blocked or let in again.
func (e *Edit) contactBlocked(blocked bool) store.OutboxRow {
	payload := e.by.in(map[string]any{"changed_attributes": []any{change{"blocked", !blocked, blocked}.attribute()}})
	payload["contact_id"] = e.was.ContactID
	return store.OutboxRow{AccountID: e.was.AccountID, Kind: "contact.updated", Payload: object(payload)}
}

// number is an id as events show it.
func number(id *int64) any {
	if id == nil {
		return nil
	}
	return *id
}

func equal(a, b *int64) bool { return number(a) == number(b) }
