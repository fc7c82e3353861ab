package api

import (
	"context"
	"encoding/json"
	"reflect"
	"strconv"
	"time"

	"tributary/api/route"
	"tributary/chat"
	"tributary/desk"
	"tributary/internal/validate"
)

type createConversationIn struct {
	SourceID             route.Opt[string]         `json:"source_id"`
	InboxID              route.Opt[int64]          `json:"inbox_id"`
	ContactID            route.Opt[int64]          `json:"contact_id"`
	AdditionalAttributes any                       `json:"additional_attributes"`
	CustomAttributes     route.Opt[map[string]any] `json:"custom_attributes"`
	Status               string                    `json:"status"`
	AssigneeID           any                       `json:"assignee_id"`
	TeamID               any                       `json:"team_id"`
	SnoozedUntil         any                       `json:"snoozed_until"`
	HMACVerified         bool                      `json:"hmac_verified"`
	Message              *messageIn                `json:"message"`
}

func (a *API) createConversation(ctx context.Context, c *route.Call, in createConversationIn) (conversationOut, error) {
	start := desk.NewConversation{
		AccountID: c.Account.ID, By: author(c), InboxID: in.InboxID.V, ContactID: in.ContactID.V, SourceID: in.SourceID, Verified: in.HMACVerified,
		Custom: in.CustomAttributes.V, AssigneeID: idOf(in.AssigneeID), TeamID: idOf(in.TeamID),
	}
	if start.InboxID == 0 || start.ContactID == 0 {
		// The address alone says who and where.
		start.ContactID = 0
		var err error
		if start.InboxID, err = a.Store.InboxOfSource(ctx, c.Account.ID, in.SourceID.V); err != nil {
			return conversationOut{}, found(err)
		}
	} else if err := a.inboxExists(ctx, c, start.InboxID); err != nil {
		return conversationOut{}, err
	}
	if err := a.seesInbox(ctx, c, start.InboxID); err != nil {
		return conversationOut{}, err
	}
	start.Additional, _ = in.AdditionalAttributes.(map[string]any)
	var err error
	if start.Status, start.Until, err = in.status(); err != nil {
		return conversationOut{}, err
	}
	if m := in.Message; m != nil && !reflect.DeepEqual(*m, messageIn{}) {
		contact := start.ContactID
		if contact == 0 {
			s, err := a.Store.Session(ctx, start.InboxID, in.SourceID.V)
			if err != nil {
				return conversationOut{}, found(err)
			}
			contact = s.Contact.ID
		}
		reply, err := a.reply(ctx, c, *m, start.InboxID, contact)
		if err != nil {
			return conversationOut{}, err
		}
		if reply.Files, err = a.uploads(ctx, c.Account.ID, m.Attachments); err != nil {
			return conversationOut{}, err
		}
		start.Message = &reply
	}
	id, err := a.Desk.StartConversation(ctx, start)
	if err != nil {
		return conversationOut{}, found(err)
	}
	return a.showConversation(ctx, c, byID{ID: id})
}

// status reads which status a new conversation shall have, and until when.
func (in createConversationIn) status() (chat.ConversationStatus, *time.Time, error) {
	if in.Status == "" {
		return "", nil, nil
	}
	i, known := listed(statusNames, in.Status)
	if !known {
		return "", nil, validate.Fail("status", validate.NotListed)
	}
	status := chat.ConversationStatus(statusNames[i])
	if status != chat.Snoozed {
		return status, nil, nil
	}
	until, err := dateOf(in.SnoozedUntil)
	return status, until, err
}

// dateFormats are how clients write moments.
var dateFormats = []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05 MST", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly}

// dateOf reads a moment as a date in text, or as unix seconds; nil: none.
func dateOf(v any) (*time.Time, error) {
	const name = "snoozed_until"
	var text string
	switch v := v.(type) {
	case nil:
		return nil, nil //nolint:nilnil // no moment is one
	case string:
		text = v
	case json.Number:
		text = v.String()
	default:
		return nil, validate.Fail(name, validate.Invalid)
	}
	if text == "" {
		return nil, nil //nolint:nilnil // no moment is one
	}
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		at, err := momentOf(name, seconds)
		return &at, err
	}
	for _, format := range dateFormats {
		at, err := time.Parse(format, text)
		if err == nil && at.Year() > 1970 && at.Year() < 9999 {
			at = at.UTC()
			return &at, nil
		}
	}
	return nil, validate.Fail(name, validate.Invalid)
}
