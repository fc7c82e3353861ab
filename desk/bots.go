package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"tributary/chat"
	"tributary/internal/validate"
	"tributary/store"
)

// Jobs of an agent bot.
const (
	// JobBotAvatar fetches the picture of a bot from where it is to be had.
	JobBotAvatar = "agent_bot.avatar"
	// JobBotDeleted takes a bot that is deleted off its messages.
	JobBotDeleted = "agent_bot.deleted"
)

// BotJob is the payload of the jobs above.
type BotJob struct {
	BotID int64 `json:"bot_id"`
}

// botAvatarTypes are the pictures that a bot may have.
var botAvatarTypes = []string{"image/jpeg", "image/png", "image/gif"}

func insertBotJob(ctx context.Context, tx *store.Tx, kind, lane string, b store.AgentBotRow, attempts int) error {
	payload, err := json.Marshal(BotJob{BotID: b.ID})
	if err != nil {
		return fmt.Errorf("desk: bot job: %w", err)
	}
	j := store.Job{Kind: kind, Lane: lane, UniqueKey: kind + ":" + strconv.FormatInt(b.ID, 10), Payload: payload, MaxAttempts: attempts}
	if b.AccountID != nil {
		j.AccountID = *b.AccountID
	}
	return tx.InsertJob(ctx, j)
}

// CreateBot stores a bot, with the picture avatarID where that is not 0, and gives
// its id. Without that, a picture is fetched from in.AvatarFrom.
func (d *Desk) CreateBot(ctx context.Context, in store.AgentBotRow, avatarID int64) (int64, error) {
	return d.createBot(ctx, in, avatarID, func(*store.Tx, int64) error { return nil })
}

// createBot is CreateBot; then runs in the transaction.
func (d *Desk) createBot(ctx context.Context, in store.AgentBotRow, avatarID int64, then func(tx *store.Tx, id int64) error) (int64, error) {
	if avatarID != 0 {
		in.AvatarFrom = nil
	}
	err := d.again(ctx, func(tx *store.Tx) (err error) {
		if in.ID, err = tx.InsertAgentBot(ctx, in); err != nil {
			return err
		}
		if err := then(tx, in.ID); err != nil {
			return err
		}
		if in.AvatarFrom != nil {
			return insertBotJob(ctx, tx, JobBotAvatar, store.LaneMedia, in, preparingTries)
		}
		return wearBot(ctx, tx, in, avatarID)
	})
	if err == nil {
		d.WakeJobs()
	}
	return in.ID, err
}

// wearBot gives a bot a picture, 0: it keeps what it has.
func wearBot(ctx context.Context, tx *store.Tx, b store.AgentBotRow, avatarID int64) error {
	if avatarID == 0 {
		return nil
	}
	err := setBotAvatar(ctx, tx, b, avatarID)
	if errors.Is(err, store.ErrNotFound) { // the bot is there: the file is not, or is somebody else's
		return validate.Fail("avatar", validate.Invalid)
	}
	return err
}

func setBotAvatar(ctx context.Context, tx *store.Tx, b store.AgentBotRow, avatarID int64) error {
	var account int64
	if b.AccountID != nil {
		account = *b.AccountID
	}
	return tx.SetAvatar(ctx, store.AvatarBot, account, b.ID, avatarID)
}

// ChangeBot lets change alter a bot of an account, of the installation with
// accountID 0, and stores it; store.ErrNotFound when there is none of that id. An
// error of change's is given back, and nothing is stored. A picture is fetched when
// change sets AvatarFrom, unless avatarID is the picture.
func (d *Desk) ChangeBot(ctx context.Context, accountID, id, avatarID int64, change func(*store.AgentBotRow) error) error {
	return d.changeBot(ctx, accountID, id, func(tx *store.Tx, b store.AgentBotRow) error {
		pending := b.AvatarFrom
		if err := change(&b); err != nil {
			return err
		}
		if avatarID != 0 {
			b.AvatarFrom = nil // what is still being fetched is out of date
		}
		if err := tx.UpdateAgentBot(ctx, b); err != nil {
			return err
		}
		// Not what it says is compared: the same address may have another picture now.
		if b.AvatarFrom != nil && b.AvatarFrom != pending {
			if err := insertBotJob(ctx, tx, JobBotAvatar, store.LaneMedia, b, preparingTries); err != nil {
				return err
			}
		}
		return wearBot(ctx, tx, b, avatarID)
	})
}

func (d *Desk) changeBot(ctx context.Context, accountID, id int64, change func(*store.Tx, store.AgentBotRow) error) error {
	err := d.again(ctx, func(tx *store.Tx) error {
		b, err := tx.LockAgentBot(ctx, accountID, id)
		if err != nil {
			return err
		}
		return change(tx, b)
	})
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// RemoveBotAvatar takes its picture off a bot; store.ErrNotFound as ChangeBot.
func (d *Desk) RemoveBotAvatar(ctx context.Context, accountID, id int64) error {
	return d.changeBot(ctx, accountID, id, func(tx *store.Tx, b store.AgentBotRow) error {
		b.AvatarFrom = nil
		if err := tx.UpdateAgentBot(ctx, b); err != nil {
			return err
		}
		return setBotAvatar(ctx, tx, b, 0)
	})
}

// RenewBotToken gives a bot another API token; the old one ends. store.ErrNotFound
// as ChangeBot.
func (d *Desk) RenewBotToken(ctx context.Context, accountID, id int64) error {
	return d.changeBot(ctx, accountID, id, func(tx *store.Tx, _ store.AgentBotRow) error {
		_, err := tx.RotateAccessToken(ctx, store.OwnerBot, id)
		return err
	})
}

// DeleteBot deletes a bot with its token, its picture and its links to inboxes; its
// messages lose their sender in the background. store.ErrNotFound as ChangeBot.
func (d *Desk) DeleteBot(ctx context.Context, accountID, id int64) error {
	err := d.changeBot(ctx, accountID, id, func(tx *store.Tx, b store.AgentBotRow) error {
		if err := tx.DeleteAgentBot(ctx, b); err != nil {
			return err
		}
		return insertBotJob(ctx, tx, JobBotDeleted, store.LaneBulk, b, 0)
	})
	if err == nil {
		d.changed(ctx)
	}
	return err
}

// botDeleted carries out JobBotDeleted.
func (d *Desk) botDeleted(ctx context.Context, j store.Job) error {
	var in BotJob
	if err := readJob(j, &in); err != nil {
		return err
	}
	return d.inChunks(func() (bool, error) { return d.Store.ClearBotMessages(ctx, in.BotID, releaseChunk) })
}

// SetInboxBot makes a bot work in an inbox instead of the one that did, 0: none.
// store.ErrNotFound when the account has no such inbox, or may not use such a bot.
func (d *Desk) SetInboxBot(ctx context.Context, accountID, inboxID, botID int64) error {
	err := d.again(ctx, func(tx *store.Tx) error {
		if err := tx.HoldInbox(ctx, accountID, inboxID); err != nil {
			return err
		}
		if botID == 0 {
			return tx.UnlinkAgentBot(ctx, inboxID)
		}
		if err := tx.HoldAgentBot(ctx, accountID, botID); err != nil {
			return err
		}
		return tx.LinkAgentBot(ctx, accountID, inboxID, botID)
	})
	if err == nil {
		d.changed(ctx)
	}
	return err
}

// botActive tells whether a bot works in an inbox: then what is new in it waits for
// the bot, not for agents.
func (d *Desk) botActive(inboxID int64) bool {
	row, _ := d.Directory.Row(inboxID)
	return row.BotActive
}

// initialStatus is the status of a new conversation.
func (d *Desk) initialStatus(inboxID int64, blocked bool) int {
	switch {
	case blocked:
		return chat.Resolved.Code()
	case d.botActive(inboxID):
		return chat.Pending.Code()
	}
	return chat.Open.Code()
}

// reopenedStatus is the status that a conversation gets when its contact writes: a
// resolved one is the bot's again where one works.
func (d *Desk) reopenedStatus(inboxID int64, from int) chat.ConversationStatus {
	if from == chat.Resolved.Code() && d.botActive(inboxID) {
		return chat.Pending
	}
	return chat.Open
}

// botAvatar is the handler of JobBotAvatar.
func (f *Fetcher) botAvatar(ctx context.Context, j store.Job) error {
	var in BotJob
	if err := readJob(j, &in); err != nil {
		return err
	}
	from, accountID, err := f.desk.Store.BotPicture(ctx, in.BotID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	leave, err := f.enter(0) // what belongs to no inbox shares the places of one
	if err != nil {
		return err
	}
	defer leave()
	file, err := f.download(ctx, j, wanted{
		Fetch: chat.Fetch{Strategy: "url", Ref: from}, accountID: accountID, kind: "avatar", maxBytes: maxAvatar,
	})
	if e, ok := errors.AsType[*fetchError](err); ok {
		if err := f.failed(ctx, j, 0, e); err != nil {
			return done(err)
		}
		if err := f.wearBot(ctx, in.BotID, from, 0); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		return Declined{e}
	}
	if err != nil {
		return done(err)
	}
	picture := file.ID
	if !slices.Contains(botAvatarTypes, file.ContentType) {
		picture = 0
	}
	err = f.wearBot(ctx, in.BotID, from, picture)
	if errors.Is(err, store.ErrNotFound) || err == nil && picture == 0 {
		return f.desk.Files.Delete(ctx, file.ID)
	}
	return err
}

// wearBot ends the fetching of a bot's picture; store.ErrNotFound when somebody chose
// another one meanwhile.
func (f *Fetcher) wearBot(ctx context.Context, botID int64, from string, picture int64) error {
	return f.desk.again(ctx, func(tx *store.Tx) error { return tx.SetBotPicture(ctx, botID, from, picture) })
}
