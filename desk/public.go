package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"tributary/channels"
	"tributary/chat"
	"tributary/internal/validate"
	"tributary/store"
)

// PublicInbox is an API inbox as the clients of the public API find it.
type PublicInbox struct {
	ID        int64
	AccountID int64
	// Identifier is its public name.
	Identifier string
	// HMACMandatory refuses contacts whose identity is not proven.
	HMACMandatory bool

	hmacToken string
}

// PublicInbox finds an API inbox by its identifier.
func (d *Desk) PublicInbox(identifier string) (PublicInbox, error) {
	list := d.Directory.Find(chat.Address{Kind: "api", Value: identifier})
	if len(list) == 0 {
		return PublicInbox{}, chat.NotFound()
	}
	ch := list[0] // an identifier exists once per installation
	var settings struct {
		HMACToken     string `json:"hmac_token"`
		HMACMandatory bool   `json:"hmac_mandatory"`
	}
	if err := json.Unmarshal(ch.Settings, &settings); err != nil {
		return PublicInbox{}, fmt.Errorf("desk: settings of inbox %d: %w", ch.InboxID, err)
	}
	return PublicInbox{
		ID: ch.InboxID, AccountID: ch.AccountID, Identifier: identifier,
		HMACMandatory: settings.HMACMandatory, hmacToken: settings.HMACToken,
	}, nil
}

// Prove checks the proof that the owner of the inbox vouches for an identifier:
// hash is the lower-case hex HMAC-SHA256 of it under the inbox's hmac_token. It
// is demanded when the inbox says so, and checked whenever it is given. proven is
// false when nothing was given or demanded.
func (p PublicInbox) Prove(identifier, hash string) (proven bool, err error) {
	if hash == "" && !p.HMACMandatory {
		return false, nil
	}
	if p.hmacToken == "" || !channels.Equal(hash, channels.HexSHA256(p.hmacToken, []byte(identifier))) {
		return false, &chat.Error{Code: chat.CodeUnauthorized, Message: "HMAC failed: Invalid Identifier Hash Provided"}
	}
	return true, nil
}

// VerifySession records that the identity of a session was proven. It does
// nothing when the contact has another identifier: the proof is about somebody
// else then, and must not open the contact's conversations.
func (d *Desk) VerifySession(ctx context.Context, s store.Session, identifier string) error {
	if s.HMACVerified || s.Contact.Identifier != nil && *s.Contact.Identifier != identifier {
		return nil
	}
	return d.Store.Transact(ctx, func(tx *store.Tx) error { return tx.VerifySession(ctx, s.ID) })
}

// transactions is how often again tries.
const transactions = 3

// again runs f in a transaction, and once more from the start when a concurrent
// one was in its way.
func (d *Desk) again(ctx context.Context, f func(*store.Tx) error) error {
	var err error
	for range transactions {
		if err = d.Store.Transact(ctx, f); !errors.Is(err, store.ErrConflict) && !store.Transient(err) {
			return err
		}
	}
	return err
}

// lockSession reads a session and locks its contact, which orders everything
// that is made for the contact.
func lockSession(ctx context.Context, tx *store.Tx, inbox PublicInbox, sourceID string) (store.Session, error) {
	s, err := tx.Session(ctx, inbox.ID, sourceID)
	if err != nil {
		return s, err
	}
	locked, err := tx.LockContacts(ctx, inbox.AccountID, s.Contact.ID)
	if err != nil {
		return s, err
	}
	contact, ok := locked[s.Contact.ID]
	if !ok {
		return s, store.ErrConflict // absorbed by another contact before we had it
	}
	s.Contact = contact
	return s, nil
}

// OpenConversation makes a conversation of a session and gives its display id.
// An inbox that is locked to a single conversation gives the newest one there is.
func (d *Desk) OpenConversation(ctx context.Context, inbox PublicInbox, sourceID string, customAttributes map[string]any) (int64, error) {
	var errs validate.Errors
	checkAttributes(&errs, "custom_attributes", customAttributes)
	if err := errs.Err(); err != nil {
		return 0, err
	}
	row, _ := d.Directory.Row(inbox.ID)
	var displayID int64
	err := d.again(ctx, func(tx *store.Tx) error {
		s, err := lockSession(ctx, tx, inbox, sourceID)
		if err != nil {
			return err
		}
		thread := store.ThreadKey{ContactInboxID: s.ID}
		if row.LockToSingle {
			found, err := tx.CurrentConversations(ctx, []store.ThreadKey{thread}, []bool{true})
			if err != nil {
				return err
			}
			if c, ok := found[thread]; ok {
				displayID = c.DisplayID
				return nil
			}
		}
		made, err := tx.InsertConversations(ctx, []store.NewConversation{{
			ThreadKey: thread, AccountID: inbox.AccountID, InboxID: inbox.ID, ContactID: s.Contact.ID, UUID: uuid.NewString(),
			Status: d.initialStatus(inbox.ID, s.Contact.Blocked), At: tx.Now.UnixMicro(),
		}})
		if err != nil {
			return err
		}
		displayID = made[0].DisplayID
		if len(customAttributes) > 0 {
			if err := tx.SetConversationCustomAttributes(ctx, made[0].ID, object(customAttributes)); err != nil {
				return err
			}
		}
		return tx.InsertOutbox(ctx, []store.OutboxRow{{
			AccountID: inbox.AccountID, Kind: "conversation.created",
			InboxID: inbox.ID, ConversationID: made[0].ID,
		}})
	})
	if err != nil {
		return 0, err
	}
	d.WakeJobs()
	return displayID, nil
}

// inConversation runs f on a conversation that the session may see, locked; f
// gives the events that follow.
func (d *Desk) inConversation(ctx context.Context, s store.Session, displayID int64,
	f func(tx *store.Tx, c store.ConversationRow) ([]store.OutboxRow, error),
) error {
	err := d.again(ctx, func(tx *store.Tx) error {
		c, err := tx.LockConversation(ctx, s.Contact.AccountID, displayID)
		if err != nil {
			return err
		}
		if !s.Sees(c) {
			return chat.NotFound()
		}
		events, err := f(tx, c)
		if err != nil {
			return err
		}
		return tx.InsertOutbox(ctx, events)
	})
	if err == nil {
		d.WakeJobs()
	}
	return err
}

func about(kind string, c store.ConversationRow, messageID int64) store.OutboxRow {
	return store.OutboxRow{AccountID: c.AccountID, Kind: kind, InboxID: c.InboxID, ConversationID: c.ID, MessageID: messageID}
}

// ResolveByContact ends a conversation for its contact, and leaves a note for the
// agents. A conversation that is resolved stays as it is.
func (d *Desk) ResolveByContact(ctx context.Context, s store.Session, displayID int64) error {
	return d.inConversation(ctx, s, displayID, func(tx *store.Tx, c store.ConversationRow) ([]store.OutboxRow, error) {
		return nil, d.edit(ctx, tx, c, Author{ContactID: c.ContactID}, func(e *Edit) error {
			e.Status(chat.Resolved, nil)
			return nil
		})
	})
}

// TypingByContact tells the agents that the contact began or stopped to type.
func (d *Desk) TypingByContact(ctx context.Context, s store.Session, displayID int64, on bool) error {
	return d.inConversation(ctx, s, displayID, func(_ *store.Tx, c store.ConversationRow) ([]store.OutboxRow, error) {
		kind := "conversation.typing_off"
		if on {
			kind = "conversation.typing_on"
		}
		event := about(kind, c, 0)
		event.Payload = object(map[string]any{"contact_id": c.ContactID, "is_private": false})
		return []store.OutboxRow{event}, nil
	})
}

// SeenByContact notes that the contact has read everything up to now.
func (d *Desk) SeenByContact(ctx context.Context, s store.Session, displayID int64) error {
	return d.inConversation(ctx, s, displayID, func(tx *store.Tx, c store.ConversationRow) ([]store.OutboxRow, error) {
		moved, err := tx.SeenByContact(ctx, c.ID)
		if err != nil {
			return nil, err
		}
		events := []store.OutboxRow{about("conversation.read", c, 0)}
		for _, id := range moved {
			events = append(events, about("message.updated", c, id))
		}
		return events, nil
	})
}

// surveyDays is how long a satisfaction survey can be answered.
const surveyDays = 14

// Answer is what a contact fills into a message that asks for something.
type Answer struct {
	// Values are the submitted_values, a list or an object; nil: unchanged.
	Values any
	// Email is the submitted_email; empty: unchanged.
	Email string
}

// AnswerMessage stores the contact's answer in the content_attributes of a
// message.
func (d *Desk) AnswerMessage(ctx context.Context, s store.Session, displayID, messageID int64, in Answer) error {
	if in.Email != "" && !validEmail(in.Email) {
		return validate.Fail("submitted_email", validate.Invalid)
	}
	return d.inConversation(ctx, s, displayID, func(tx *store.Tx, c store.ConversationRow) ([]store.OutboxRow, error) {
		m, err := tx.LockAnswerable(ctx, c.ID, messageID)
		if err != nil {
			return nil, err
		}
		if chat.ContentTypes[m.ContentType] == "input_csat" && days(time.UnixMicro(m.CreatedAt), tx.Now) > surveyDays {
			return nil, chat.Unprocessable("You cannot update the CSAT survey after 14 days")
		}
		attributes := m.Attributes
		if in.Values != nil {
			attributes = withAttribute(attributes, "submitted_values", in.Values)
		}
		if in.Email != "" {
			attributes = withAttribute(attributes, "submitted_email", strings.ToLower(in.Email))
		}
		if attributes == m.Attributes {
			return nil, nil
		}
		if err := tx.RewriteMessage(ctx, m.ID, nil, attributes, false); err != nil {
			return nil, err
		}
		return []store.OutboxRow{messageChanged(about("message.updated", c, m.ID), movedAttributes(m.Attributes, attributes))}, nil
	})
}

// days counts the midnights, in UTC, between two moments.
func days(from, to time.Time) int {
	const day = 24 * time.Hour
	return int(to.UTC().Truncate(day).Sub(from.UTC().Truncate(day)) / day)
}
