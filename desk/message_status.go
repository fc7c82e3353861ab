package desk

import (
	"context"

	"tributary/chat"
	"tributary/store"
)

// ReportStatus sets what the customer's own system says became of a message of an
// API inbox; reason says why it failed. A state that is not known or would lead
// backwards changes nothing. A failed message may recover: the system tried
// again.
func (d *Desk) ReportStatus(ctx context.Context, accountID, displayID, messageID int64, status chat.MessageStatus, reason string) error {
	err := d.Store.Transact(ctx, func(tx *store.Tx) error {
		c, err := tx.LockConversation(ctx, accountID, displayID)
		if err != nil {
			return err
		}
		if _, ch, ok := d.Directory.Inbox(c.InboxID); !ok || ch.Type != "Channel::Api" {
			return &chat.Error{Code: chat.CodeForbidden, Message: "Message status update is only allowed for API inboxes"}
		}
		m, err := tx.LockMessage(ctx, c.ID, messageID)
		if err != nil {
			return err
		}
		before, err := tx.MessageAttributes(ctx, messageID)
		if err != nil {
			return err
		}
		code := status.Code()
		if !reports(m.Status, code) {
			return nil
		}
		if code != chat.StatusFailed.Code() {
			reason = ""
		}
		after := before
		if parse(before)["external_error"] != nil || reason != "" {
			after = withAttribute(before, "external_error", reason)
		}
		if code == m.Status && after == before {
			return nil
		}
		if err := tx.SetStatus(ctx, messageID, code, after); err != nil {
			return err
		}
		return tx.InsertOutbox(ctx, []store.OutboxRow{
			messageChanged(about("message.updated", c, messageID), movedStatus(m.Status, code), movedAttributes(before, after)),
		})
	})
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// reports tells whether a message may move from one state to another by report.
func reports(from, to int) bool {
	switch {
	case to < 0:
		return false
	case from == chat.StatusRead.Code():
		return to == from
	case from == chat.StatusDelivered.Code():
		return to != chat.StatusSent.Code()
	}
	return true
}
