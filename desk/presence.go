package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"tributary/channels"
	"tributary/chat"
	"tributary/store"
)

// Jobs that tell a contact about the agents.
const (
	JobTyping   = "conversation.typing"    // an agent is typing, or stopped
	JobMarkRead = "conversation.mark_read" // the conversation was read
)

// PresenceJob is the payload of the jobs above.
type PresenceJob struct {
	InboxID        int64       `json:"inbox_id"`
	ConversationID int64       `json:"conversation_id"`
	On             bool        `json:"on,omitempty"` // typing
	At             chat.Millis `json:"at"`
}

const (
	// typingStale is when news of typing is none any more.
	typingStale = 10 * time.Second
	// presenceTimeout bounds the call of a provider: nobody waits for it.
	presenceTimeout = 5 * time.Second
	// defaultPace is how long a typing indicator lasts where the driver does not
	// say.
	defaultPace = 5 * time.Second
)

// Typing says that an agent types in a conversation, or stopped.
type Typing struct {
	AccountID int64
	DisplayID int64 // of the conversation
	UserID    int64
	On        bool
	// Private: a note to other agents, which the contact must not learn of.
	Private bool
}

// TypingByAgent tells the other agents, and the contact where the provider can
// show it: not while it still shows the last time, and not in private.
func (d *Desk) TypingByAgent(ctx context.Context, in Typing) error {
	err := d.again(ctx, func(tx *store.Tx) error {
		c, err := tx.LockConversation(ctx, in.AccountID, in.DisplayID)
		if err != nil {
			return err
		}
		event := about("conversation.typing_off", c, 0)
		if in.On {
			event.Kind = "conversation.typing_on"
		}
		event.Payload = object(map[string]any{"user_id": in.UserID, "is_private": in.Private})
		if err := tx.InsertOutbox(ctx, []store.OutboxRow{event}); err != nil {
			return err
		}
		if in.Private {
			return nil
		}
		return d.orderTyping(ctx, tx, c, in.On)
	})
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// reachable gives the driver and channel of a conversation whose contact can be
// told something now.
func (d *Desk) reachable(c store.ConversationRow) (channels.Driver, *channels.Channel, bool) {
	driver, ch, ok := d.Directory.Inbox(c.InboxID)
	if !ok || c.OptedOut || ch.ReauthorizationRequired {
		return nil, nil, false
	}
	return driver, ch, true
}

func (d *Desk) orderTyping(ctx context.Context, tx *store.Tx, c store.ConversationRow, on bool) error {
	driver, ch, ok := d.reachable(c)
	if !ok || !d.CanReply(c.InboxID, c.LastIncomingAt) {
		return nil
	}
	if _, can := driver.(channels.Typist); !can {
		return nil
	}
	lasts, ends := defaultPace, true
	if p, told := driver.(channels.TypingPace); told {
		lasts, ends = p.TypingPace(ch)
	}
	if lasts == 0 || !on && !ends {
		return nil
	}
	note := tx.EndTyping
	if on {
		note = tx.ShowTyping
	}
	if due, err := note(ctx, c.ID, lasts); err != nil || !due {
		return err
	}
	return insertPresenceJob(ctx, tx, JobTyping, c, on)
}

// insertPresenceJob orders a call that is made once: the newest order of a
// conversation stands for those before it.
func insertPresenceJob(ctx context.Context, tx *store.Tx, kind string, c store.ConversationRow, on bool) error {
	payload, err := json.Marshal(PresenceJob{InboxID: c.InboxID, ConversationID: c.ID, On: on, At: chat.MillisOf(tx.Now)})
	if err != nil {
		return fmt.Errorf("desk: presence: %w", err)
	}
	return tx.InsertJob(ctx, store.Job{
		Kind: kind, UniqueKey: kind + ":" + strconv.FormatInt(c.ID, 10), AccountID: c.AccountID, Payload: payload, MaxAttempts: 1,
	})
}

// SeenByAgent notes that an agent has read a conversation up to now. The provider
// is told when a message came in since it was told last.
func (d *Desk) SeenByAgent(ctx context.Context, accountID, displayID, userID int64) error {
	ordered := false
	err := d.again(ctx, func(tx *store.Tx) error {
		c, err := tx.LockConversation(ctx, accountID, displayID)
		if err != nil {
			return err
		}
		if err := tx.SeenByAgent(ctx, c.ID, c.AssigneeID != nil && *c.AssigneeID == userID); err != nil {
			return err
		}
		ordered, err = d.orderReadMark(ctx, tx, c)
		return err
	})
	if err == nil && ordered {
		d.WakeJobs()
	}
	return err
}

func (d *Desk) orderReadMark(ctx context.Context, tx *store.Tx, c store.ConversationRow) (bool, error) {
	driver, _, ok := d.reachable(c)
	if !ok {
		return false, nil
	}
	if _, can := driver.(channels.MarkReader); !can {
		return false, nil
	}
	if due, err := tx.MarkRead(ctx, c.ID); err != nil || !due {
		return false, err
	}
	return true, insertPresenceJob(ctx, tx, JobMarkRead, c, false)
}

// UnseenByAgents makes a conversation unread for its agents. Its contact is not
// told.
func (d *Desk) UnseenByAgents(ctx context.Context, accountID, displayID int64) error {
	return d.again(ctx, func(tx *store.Tx) error {
		c, err := tx.LockConversation(ctx, accountID, displayID)
		if err != nil {
			return err
		}
		return tx.UnseenByAgents(ctx, c.ID)
	})
}

// typing carries out JobTyping.
func (d *Desk) typing(ctx context.Context, j store.Job) error {
	return d.tell(ctx, j, func(ctx context.Context, driver channels.Driver, ch *channels.Channel, in PresenceJob, out *chat.Outbound) error {
		typist, ok := driver.(channels.Typist)
		if !ok || d.Now().Sub(in.At.Time()) > typingStale {
			return nil
		}
		return typist.Typing(ctx, ch, out, in.On)
	})
}

// markRead carries out JobMarkRead.
func (d *Desk) markRead(ctx context.Context, j store.Job) error {
	return d.tell(ctx, j, func(ctx context.Context, driver channels.Driver, ch *channels.Channel, _ PresenceJob, out *chat.Outbound) error {
		reader, ok := driver.(channels.MarkReader)
		if !ok {
			return nil
		}
		return reader.MarkRead(ctx, ch, out)
	})
}

// tell makes one call about a conversation. What fails is noted in the log and not
// tried again: by then it would be no news.
func (d *Desk) tell(ctx context.Context, j store.Job,
	call func(context.Context, channels.Driver, *channels.Channel, PresenceJob, *chat.Outbound) error,
) error {
	var in PresenceJob
	if err := readJob(j, &in); err != nil {
		return err
	}
	driver, ch, ok := d.Directory.Inbox(in.InboxID)
	if !ok {
		return nil
	}
	p, err := d.Store.LoadPresence(ctx, in.ConversationID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	var out *chat.Outbound
	if err == nil {
		out, err = d.Outbound(ctx, p.Outgoing)
	}
	if err != nil {
		d.Log.Warn("the contact was not told", "job", j.Kind, "conversation_id", in.ConversationID, "error", err)
		return nil
	}
	out.ReadToken = text(parse(p.LastAttributes)["mark_as_read_token"])
	ctx, cancel := context.WithTimeout(ctx, presenceTimeout)
	defer cancel()
	if err := call(ctx, driver, ch, in, out); err != nil {
		d.Log.Info("the contact was not told", "job", j.Kind, "conversation_id", in.ConversationID, "channel", driver.Info().Slug,
			"error", channels.AsSendError(err))
	}
	return nil
}
