package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"tributary/chat"
	"tributary/store"
)

// JobDeleteConversation deletes a conversation with what belongs to it.
const JobDeleteConversation = "conversation.delete"

// conversationJob is the payload of JobDeleteConversation.
type conversationJob struct {
	ConversationID int64 `json:"conversation_id"`
	By             Actor `json:"by"`
}

// DeleteConversation orders the deletion of a conversation: its messages go in small
// shares. store.ErrNotFound when there is no such conversation.
func (d *Desk) DeleteConversation(ctx context.Context, by Actor, accountID, displayID int64) error {
	err := d.again(ctx, func(tx *store.Tx) error {
		c, err := tx.LockConversation(ctx, accountID, displayID)
		if err != nil {
			return err
		}
		payload, err := json.Marshal(conversationJob{ConversationID: c.ID, By: by})
		if err != nil {
			return fmt.Errorf("desk: delete conversation: %w", err)
		}
		return tx.InsertJob(ctx, store.Job{
			Kind: JobDeleteConversation, Lane: store.LaneBulk, AccountID: accountID, Payload: payload,
			UniqueKey: JobDeleteConversation + ":" + strconv.FormatInt(c.ID, 10),
		})
	})
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// deleteConversation carries out JobDeleteConversation.
func (d *Desk) deleteConversation(ctx context.Context, j store.Job) error {
	var in conversationJob
	if err := readJob(j, &in); err != nil {
		return err
	}
	if err := d.inChunks(ctx, func() (bool, error) { return d.Store.EmptyConversationChunk(ctx, in.ConversationID, deleteChunk) }); err != nil {
		return err
	}
	err := d.again(ctx, func(tx *store.Tx) error {
		c, err := tx.ConversationByID(ctx, in.ConversationID)
		if err != nil {
			return err
		}
		if err := tx.DeleteConversation(ctx, c.ID); err != nil {
			return err
		}
		return insertAudit(ctx, tx, in.By, c.AccountID, "Conversation", c.ID, auditDestroy, conversationValues(c))
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil // deleted by a run before this one, or with its inbox
	}
	return err
}

// conversationValues are the attributes of a conversation that the audit log tells.
func conversationValues(c store.ConversationRow) map[string]any {
	return map[string]any{
		"account_id": c.AccountID, "inbox_id": c.InboxID, "contact_id": c.ContactID, "contact_inbox_id": c.ContactInboxID, "display_id": c.DisplayID,
		"status": c.Status, "priority": c.Priority, "assignee_id": c.AssigneeID, "team_id": c.TeamID, "campaign_id": c.CampaignID,
		"additional_attributes": document(c.Attributes), "custom_attributes": document(c.CustomAttributes),
	}
}

// EraseMessage takes what a message says away, and tells so in its place. What waits to
// be sent is not sent any more. store.ErrNotFound when the conversation has no such
// message.
func (d *Desk) EraseMessage(ctx context.Context, accountID, displayID, messageID int64, by Author) error {
	err := d.again(ctx, func(tx *store.Tx) error {
		c, err := tx.LockConversation(ctx, accountID, displayID)
		if err != nil {
			return err
		}
		m, err := tx.LockMessage(ctx, c.ID, messageID)
		if err != nil {
			return err
		}
		if err := tx.EraseMessage(ctx, m.ID, d.Directory.Locale(c.InboxID).Say(erased())); err != nil {
			return err
		}
		return tx.InsertOutbox(ctx, by.sign([]store.OutboxRow{about("message.updated", c, m.ID)}))
	})
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// Translation is what a message says in a language, as it was stored before: asked for
// once more it is not told again. known tells that there is one. store.ErrNotFound when
// the conversation has no such message.
func (d *Desk) Translation(ctx context.Context, accountID, conversationID, messageID int64, language string) (known bool, err error) {
	list, err := d.Store.MessagesByID(ctx, accountID, []int64{messageID})
	if err != nil {
		return false, err
	}
	m, ok := list[messageID]
	if !ok || m.ConversationID != conversationID {
		return false, chat.NotFound()
	}
	translations, _ := parse(m.Attributes)["translations"].(map[string]any)
	text, _ := translations[language].(string)
	return text != "", nil
}
