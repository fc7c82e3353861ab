package desk

import (
	"context"
	"unicode/utf8"

	"tributary/internal/validate"
	"tributary/store"
)

// ParticipantStep is what happens to those who take part in a conversation.
type ParticipantStep int

// Steps.
const (
	ParticipantsAdd    ParticipantStep = iota // these take part, too
	ParticipantsSet                           // these take part, and nobody else
	ParticipantsRemove                        // these take part no longer
)

// ChangeParticipants changes who takes part in a conversation, and gives those who are
// new. Users who do not see its inbox are left out. store.ErrNotFound when there is no
// such conversation.
func (d *Desk) ChangeParticipants(ctx context.Context, accountID, displayID int64, step ParticipantStep, users []int64) (added []int64, err error) {
	err = d.again(ctx, func(tx *store.Tx) error {
		c, err := tx.LockConversation(ctx, accountID, displayID)
		if err != nil {
			return err
		}
		switch step {
		case ParticipantsRemove:
			return tx.RemoveParticipants(ctx, c.ID, users)
		case ParticipantsSet:
			if err := tx.KeepParticipants(ctx, c.ID, users); err != nil {
				return err
			}
		case ParticipantsAdd:
		}
		added, err = tx.AddParticipants(ctx, c, users)
		return err
	})
	return added, err
}

// SaveDraft keeps what somebody has begun to write in a conversation, for all its
// agents; store.ErrNotFound when there is no such conversation.
func (d *Desk) SaveDraft(ctx context.Context, accountID, displayID int64, message string) error {
	if utf8.RuneCountInString(message) > maxContent {
		return validate.Fail("message", "is too long (maximum is 150000 characters)")
	}
	return d.again(ctx, func(tx *store.Tx) error {
		c, err := tx.LockConversation(ctx, accountID, displayID)
		if err != nil {
			return err
		}
		return tx.PutDraft(ctx, c.ID, message)
	})
}

// DropDraft forgets it.
func (d *Desk) DropDraft(ctx context.Context, accountID, displayID int64) error {
	return d.again(ctx, func(tx *store.Tx) error {
		c, err := tx.LockConversation(ctx, accountID, displayID)
		if err != nil {
			return err
		}
		return tx.DropDraft(ctx, c.ID)
	})
}
