package desk

import (
	"context"
	"slices"
	"strconv"

	"tributary/chat"
	"tributary/store"
	"tributary/wording"
)

// written is a message that was stored.
type written struct {
	id    int64
	sends bool // it waits for the relay
}

// eventReplied is the event of an answer that is not the first: its payload has
// waiting_since, the unix second since which the contact waited.
const eventReplied = "reply.created"

// write stores a message in a conversation that the transaction has locked, with what
// follows from it (contract 02 §2.3, §2.4): clocks, a new status, mentions, the order to
// send it, templates, events. Call wakeFor after the commit.
//
//nolint:cyclop // one transaction, step by step
func (d *Desk) write(ctx context.Context, tx *store.Tx, c store.ConversationRow, in Reply) (written, error) {
	var w written
	if err := in.check(); err != nil {
		return w, err
	}
	in.DisplayID = c.DisplayID
	// Who posts a message again gets the one there is.
	id, err := in.posted(ctx, tx, c.InboxID)
	if err != nil || id != 0 {
		return written{id: id}, err
	}
	if !in.own {
		if err := d.mayWrite(ctx, tx, c, in); err != nil {
			return w, err
		}
	}
	if err := holdSender(ctx, tx, in); err != nil {
		return w, err
	}
	m, err := d.letter(ctx, tx, c, in)
	if err != nil {
		return w, err
	}
	if w.id, err = tx.InsertWritten(ctx, m); err != nil {
		return w, err
	}
	if err := attachFiles(ctx, tx, in, w.id); err != nil {
		return w, err
	}
	touched, err := d.replied(ctx, tx, c, in, w.id)
	if err != nil {
		return w, err
	}
	if err := tx.TouchReplied(ctx, touched); err != nil {
		return w, err
	}
	var active []store.OutboxRow
	if in.Type == chat.Incoming {
		if active, err = touchContact(ctx, tx, c); err != nil {
			return w, err
		}
	}
	if w.sends = leaves(in); w.sends {
		if err := d.deliver(ctx, tx, c, w.id, 0); err != nil {
			return w, err
		}
	}
	events := append(repliedMessage(c, in, touched, w.id), active...)
	named, err := d.mentions(ctx, tx, c, in, m.Content, w.id)
	if err != nil {
		return w, err
	}
	events = append(events, in.author(c).sign(append(repliedEvents(c, touched, tx.Now), named...))...)
	if touched.Reopen {
		note, err := d.reopenedNote(ctx, tx, c, touched)
		if err != nil {
			return w, err
		}
		events = append(events, note...)
	}
	if err := tx.InsertOutbox(ctx, events); err != nil {
		return w, err
	}
	if in.Type == chat.Incoming || in.Type == chat.Outgoing {
		sent, err := d.templates(ctx, tx, c, in.Type)
		w.sends = w.sends || sent
		return w, err
	}
	return w, nil
}

// letter is the row of a message.
func (d *Desk) letter(ctx context.Context, tx *store.Tx, c store.ConversationRow, in Reply) (store.Written, error) {
	attributes, err := replyAttributes(ctx, tx, c, in.Attributes)
	if err != nil {
		return store.Written{}, err
	}
	content, additional, err := d.fill(ctx, tx, c, in)
	if err != nil {
		return store.Written{}, err
	}
	m := store.Written{
		AccountID: c.AccountID, InboxID: c.InboxID, ConversationID: c.ID, Type: int(in.Type), Content: clean(content),
		Attributes: object(attributes), AdditionalAttributes: object(additional), Private: in.Private, SourceID: in.SourceID,
		IngestKey: in.ingestKey(), SenderType: in.SenderType, SenderID: in.SenderID,
	}
	if in.ContentType != "" {
		m.ContentType = chat.IndexOf(chat.ContentTypes, in.ContentType)
	}
	if in.Type == chat.Incoming {
		m.SenderType, m.SenderID = "Contact", c.ContactID
	}
	return m, nil
}

// author is who wrote a message, for its events.
func (in *Reply) author(c store.ConversationRow) Author {
	if rule, ok := integer(in.Attributes["automation_rule_id"]); ok {
		return Author{RuleID: rule}
	}
	switch {
	case in.Type == chat.Incoming:
		return Author{ContactID: c.ContactID}
	case in.SenderType == store.OwnerUser:
		return Author{UserID: in.SenderID}
	case in.SenderType == store.OwnerBot:
		return Author{BotID: in.SenderID}
	}
	return Author{}
}

// human tells whether somebody in person answers the contact.
func (in *Reply) human() bool {
	return in.Type == chat.Outgoing && !in.Private && in.SenderType == store.OwnerUser &&
		in.Attributes["automation_rule_id"] == nil && in.Additional["campaign_id"] == nil
}

// replied says how a message moves the conversation's clocks (contract 02 §2.4).
func (d *Desk) replied(ctx context.Context, tx *store.Tx, c store.ConversationRow, in Reply, id int64) (store.ConversationReplied, error) {
	out := store.ConversationReplied{ID: c.ID, ReopenAs: d.reopenedStatus(c.InboxID, c.Status).Code()}
	switch {
	case in.human():
		out.ClearWaiting = true
		if c.FirstReplyAt == nil {
			before, err := tx.AnsweredBefore(ctx, c.ID, id)
			if err != nil {
				return out, err
			}
			out.FirstReply = !before
		}
	case in.Type == chat.Incoming:
		out.Incoming = true
		out.Reopen = !c.ContactBlocked && (c.Status == chat.Resolved.Code() || c.Status == chat.Snoozed.Code())
	}
	return out, nil
}

// repliedMessage are the events of a message that somebody wrote.
func repliedMessage(c store.ConversationRow, in Reply, touched store.ConversationReplied, id int64) []store.OutboxRow {
	by := in.author(c)
	created := about("message.created", c, id)
	details := by.in(map[string]any{})
	if len(in.Echo) > 0 && string(in.Echo) != "null" {
		details["echo_id"] = in.Echo
	}
	created.Payload = object(details)
	events := []store.OutboxRow{created}
	switch {
	case touched.FirstReply:
		event := about(eventFirstReply, c, id)
		event.Payload = object(by.in(map[string]any{}))
		events = append(events, event)
	case touched.ClearWaiting && c.WaitingSince != nil:
		event := about(eventReplied, c, id)
		event.Payload = object(by.in(map[string]any{"waiting_since": *c.WaitingSince / 1e6}))
		events = append(events, event)
	}
	return events
}

// reopenedNote tells the agents why a conversation of an API inbox is open again, which
// nobody opened.
func (d *Desk) reopenedNote(ctx context.Context, tx *store.Tx, c store.ConversationRow, touched store.ConversationReplied) ([]store.OutboxRow, error) {
	_, ch, ok := d.Directory.Inbox(c.InboxID)
	if !ok || ch.Type != "Channel::Api" || c.Status != chat.Resolved.Code() || touched.ReopenAs != chat.Open.Code() {
		return nil, nil
	}
	text := ch.Locale.Say(wording.ActivityReopenedByMessage.Text())
	id, err := tx.InsertWritten(ctx, store.Written{
		AccountID: c.AccountID, InboxID: c.InboxID, ConversationID: c.ID, Type: int(chat.Activity), Content: &text,
	})
	return []store.OutboxRow{about("message.created", c, id)}, err
}

// mentions notes who is named in a private message: they take part from then on. It
// gives the events.
func (d *Desk) mentions(ctx context.Context, tx *store.Tx, c store.ConversationRow, in Reply, content *string, id int64) ([]store.OutboxRow, error) {
	if !in.Private || content == nil {
		return nil, nil
	}
	var list []store.Mention
	for _, link := range mentionLink.FindAllStringSubmatch(*content, maxMentions) {
		who, err := strconv.ParseInt(link[2], 10, 64)
		if err != nil {
			continue
		}
		list = append(list, store.Mention{MessageID: id, AccountID: c.AccountID, InboxID: c.InboxID, Team: link[1] == "team", ID: who})
	}
	if len(list) == 0 {
		return nil, nil
	}
	found, err := tx.MentionedUsers(ctx, list)
	if err != nil {
		return nil, err
	}
	users := make([]int64, len(found))
	for i, f := range found {
		users[i] = f.UserID
	}
	slices.Sort(users)
	users = slices.Compact(users)
	if err := tx.InsertMentions(ctx, c, users); err != nil {
		return nil, err
	}
	if _, err := tx.AddParticipants(ctx, c, users); err != nil {
		return nil, err
	}
	events := make([]store.OutboxRow, len(users))
	for i, user := range users {
		events[i] = about(eventMentioned, c, id)
		events[i].Payload = object(map[string]any{"user_id": user})
	}
	return events, nil
}
