package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"tributary/api/route"
	"tributary/desk"
	"tributary/store"
)

func (a *API) contactInboxes() []route.Row {
	return []route.Row{
		route.Post(account+"/contacts/{contact_id}/contact_inboxes", route.Member, a.createContactInbox),
		route.Post(account+"/contact_inboxes/filter", route.Member, a.findContact).Answers(http.StatusNotFound),
	}
}

// contactInboxOut is the address of a contact in an inbox.
type contactInboxOut struct {
	SourceID string    `json:"source_id"`
	Inbox    inboxSlim `json:"inbox"`
}

func (a *API) newContactInboxOut(r store.ContactInboxRow) contactInboxOut {
	return contactInboxOut{SourceID: r.SourceID, Inbox: inboxSlim{
		ID: r.InboxID, AvatarURL: a.Desk.InboxAvatarURL(r.AvatarBlobID), ChannelID: r.ChannelID, Name: r.InboxName,
		ChannelType: r.ChannelType, Provider: a.provider(r.InboxID),
	}}
}

func (a *API) newLinkOut(i store.Inbox, link desk.ContactLink) contactInboxOut {
	return a.newContactInboxOut(store.ContactInboxRow{
		SourceID: link.SourceID, InboxID: i.ID, ChannelID: i.ChannelID, InboxName: i.Name, ChannelType: i.ChannelType, AvatarBlobID: i.AvatarBlobID,
	})
}

// inboxRecord is an inbox as it is stored, without its channel.
type inboxRecord struct {
	ID                         int64           `json:"id"`
	ChannelID                  int64           `json:"channel_id"`
	AccountID                  int64           `json:"account_id"`
	Name                       string          `json:"name"`
	CreatedAt                  route.ISO       `json:"created_at"`
	UpdatedAt                  route.ISO       `json:"updated_at"`
	ChannelType                string          `json:"channel_type"`
	EnableAutoAssignment       bool            `json:"enable_auto_assignment"`
	GreetingEnabled            bool            `json:"greeting_enabled"`
	GreetingMessage            *string         `json:"greeting_message"`
	EmailAddress               *string         `json:"email_address"`
	WorkingHoursEnabled        bool            `json:"working_hours_enabled"`
	OutOfOfficeMessage         *string         `json:"out_of_office_message"`
	Timezone                   string          `json:"timezone"`
	EnableEmailCollect         bool            `json:"enable_email_collect"`
	CSATSurveyEnabled          bool            `json:"csat_survey_enabled"`
	AllowMessagesAfterResolved bool            `json:"allow_messages_after_resolved"`
	AutoAssignmentConfig       json.RawMessage `json:"auto_assignment_config"`
	LockToSingleConversation   bool            `json:"lock_to_single_conversation"`
	PortalID                   *int64          `json:"portal_id"`
	SenderNameType             string          `json:"sender_name_type" enum:"friendly,professional"`
	BusinessName               *string         `json:"business_name"`
	CSATConfig                 json.RawMessage `json:"csat_config"`
}

func newInboxRecord(i store.InboxRow) inboxRecord {
	return inboxRecord{
		ID: i.ID, ChannelID: i.ChannelID, AccountID: i.AccountID, Name: i.Name, CreatedAt: iso(&i.CreatedAt), UpdatedAt: iso(&i.UpdatedAt),
		ChannelType: i.ChannelType, EnableAutoAssignment: i.EnableAutoAssignment, GreetingEnabled: i.GreetingEnabled, GreetingMessage: i.GreetingMessage,
		WorkingHoursEnabled: i.WorkingHoursEnabled, OutOfOfficeMessage: i.OutOfOfficeMessage, Timezone: i.Timezone, EnableEmailCollect: i.EnableEmailCollect,
		CSATSurveyEnabled: i.CSATSurveyEnabled, AllowMessagesAfterResolved: i.AllowMessagesAfterResolved, AutoAssignmentConfig: object(i.AutoAssignmentConfig),
		LockToSingleConversation: i.LockToSingleConversation, PortalID: i.PortalID, SenderNameType: nameAt(senderNameTypes, i.SenderNameType),
		BusinessName: i.BusinessName, CSATConfig: object(i.CSATConfig),
	}
}

// listContactableInboxes gives the inboxes, of those that the caller sees, by which a
// conversation with the contact can be begun.
func (a *API) listContactableInboxes(ctx context.Context, c *route.Call, in byID) (payload[[]contactInboxOut], error) {
	var out payload[[]contactInboxOut]
	contact, err := a.Store.Contact(ctx, c.Account.ID, in.ID)
	if err != nil {
		return out, found(err)
	}
	if err := a.current(ctx); err != nil {
		return out, err
	}
	var member int64
	if !c.Admin() {
		member = c.User.ID
	}
	links, err := a.Desk.Contactable(ctx, c.Account.ID, member, contact)
	if err != nil || len(links) == 0 {
		return out, err
	}
	inboxes, err := a.Store.Inboxes(ctx, c.Account.ID, member)
	if err != nil {
		return out, err
	}
	byInbox := make(map[int64]store.Inbox, len(inboxes))
	for _, i := range inboxes {
		byInbox[i.ID] = i.Inbox
	}
	for _, link := range links {
		if i, there := byInbox[link.InboxID]; there {
			out.Payload = append(out.Payload, a.newLinkOut(i, link))
		}
	}
	return out, nil
}

type createContactInboxIn struct {
	ContactID    int64             `path:"contact_id"`
	InboxID      int64             `json:"inbox_id"`
	SourceID     route.Opt[string] `json:"source_id"`
	HMACVerified bool              `json:"hmac_verified"`
}

// visibleInbox reads an inbox that the caller sees.
func (a *API) visibleInbox(ctx context.Context, c *route.Call, id int64) (store.Inbox, error) {
	i, err := a.Store.Inbox(ctx, c.Account.ID, id)
	if err != nil {
		return i.Inbox, found(err)
	}
	return i.Inbox, a.seesInbox(ctx, c, id)
}

func (a *API) createContactInbox(ctx context.Context, c *route.Call, in createContactInboxIn) (contactInboxOut, error) {
	if err := a.contactExists(ctx, c, in.ContactID); err != nil {
		return contactInboxOut{}, err
	}
	inbox, err := a.visibleInbox(ctx, c, in.InboxID)
	if err != nil {
		return contactInboxOut{}, err
	}
	link, err := a.Desk.LinkContact(ctx, c.Account.ID, in.ContactID, desk.ContactAddress{InboxID: in.InboxID, SourceID: in.SourceID, Verified: in.HMACVerified})
	if err != nil {
		return contactInboxOut{}, found(err)
	}
	return a.newLinkOut(inbox, link), nil
}

type findContactIn struct {
	InboxID  int64  `json:"inbox_id"`
	SourceID string `json:"source_id"`
}

// findContact gives whose address it is in an inbox.
func (a *API) findContact(ctx context.Context, c *route.Call, in findContactIn) (contactOut, error) {
	if _, err := a.visibleInbox(ctx, c, in.InboxID); err != nil {
		return contactOut{}, err
	}
	s, err := a.Store.Session(ctx, in.InboxID, in.SourceID)
	if errors.Is(err, store.ErrNotFound) {
		return contactOut{}, &route.Problem{Status: http.StatusNotFound}
	}
	if err != nil {
		return contactOut{}, err
	}
	return a.contact(ctx, c, s.Contact.ID, true)
}
