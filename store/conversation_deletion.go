package store

import (
	"context"
	"fmt"
)

// EmptyConversationChunk deletes a share of a conversation's messages, at most limit,
// in a transaction of its own. done tells that none is left; the conversation itself
// is DeleteConversation's.
func (s *Store) EmptyConversationChunk(ctx context.Context, id int64, limit int) (done bool, err error) {
	err = s.Transact(ctx, func(t *Tx) error {
		n, err := t.deleteMessages(ctx, []int64{id}, limit)
		done = n < limit
		return err
	})
	return done, err
}

// DeleteConversation deletes a conversation with what belongs to it: the last of its
// messages, notifications, participants, mentions. ErrNotFound when there is none of
// that id.
func (t *Tx) DeleteConversation(ctx context.Context, id int64) error {
	files, err := t.blobsOf(ctx, `a.message_id IN (SELECT m.id FROM messages m WHERE m.conversation_id = $1)`, id)
	if err != nil {
		return err
	}
	gone, err := t.changed(ctx, "delete conversation", `DELETE FROM conversations WHERE id = $1`, id)
	if err != nil {
		return err
	}
	if !gone {
		return ErrNotFound
	}
	return t.releaseBlobs(ctx, files)
}

// deleteMessages deletes at most limit messages of conversations with their files, and
// tells how many it did.
func (t *Tx) deleteMessages(ctx context.Context, conversations []int64, limit int) (int, error) {
	list, err := t.idsOf(ctx, `SELECT m.id FROM `+t.s.d.rows("$1", "id bigint")+` CROSS JOIN messages m WHERE m.conversation_id = x.id LIMIT $2`,
		ids(conversations), limit)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	files, err := t.blobsOf(ctx, `a.message_id IN (SELECT x.id FROM `+t.s.d.rows("$1", "id bigint")+`)`, ids(list))
	if err != nil {
		return 0, err
	}
	if _, err := t.deleteIDs(ctx, "messages", list); err != nil {
		return 0, err
	}
	return len(list), t.releaseBlobs(ctx, files)
}

// EraseMessage takes everything out of a message but a text that says so, and gives up
// sending it.
func (t *Tx) EraseMessage(ctx context.Context, id int64, content string) error {
	if _, err := t.tx.ExecContext(ctx, `UPDATE messages SET content = $2, content_type = 0, content_attributes = '{"deleted":true}', updated_at = $3
		WHERE id = $1`, id, content, t.now()); err != nil {
		return fmt.Errorf("store: erase message: %w", err)
	}
	if err := t.dropAttachments(ctx, id); err != nil {
		return err
	}
	return t.FinishDelivery(ctx, id)
}
