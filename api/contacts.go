package api

import (
	"context"

	"tributary/api/route"
)

func (a *API) contacts() []route.Row {
	return []route.Row{
		route.Get(account+"/contacts/{id}", route.Member, a.showContact),
	}
}

// contactInboxOut is the address of a contact in an inbox.
type contactInboxOut struct {
	SourceID string    `json:"source_id"`
	Inbox    inboxSlim `json:"inbox"`
}

type showContactIn struct {
	ID      int64             `path:"id"`
	Inboxes route.Opt[string] `query:"include_contact_inboxes"`
}

func (a *API) showContact(ctx context.Context, c *route.Call, in showContactIn) (payload[contactOut], error) {
	row, err := a.Store.Contact(ctx, c.Account.ID, in.ID)
	if err != nil {
		return payload[contactOut]{}, found(err)
	}
	out := a.newContactOut(ctx, c.Account.ID, row)
	if !in.Inboxes.Sent || in.Inboxes.V == "true" {
		if out.ContactInboxes, err = a.contactInboxes(ctx, row.ID); err != nil {
			return payload[contactOut]{}, err
		}
	}
	return payload[contactOut]{out}, nil
}

func (a *API) contactInboxes(ctx context.Context, contactID int64) ([]contactInboxOut, error) {
	of, err := a.Store.InboxesOfContacts(ctx, []int64{contactID})
	if err != nil {
		return nil, err
	}
	rows := of[contactID]
	out := make([]contactInboxOut, len(rows))
	for i, r := range rows {
		out[i] = contactInboxOut{SourceID: r.SourceID, Inbox: inboxSlim{
			ID: r.InboxID, AvatarURL: a.Desk.InboxAvatarURL(r.AvatarBlobID), ChannelID: r.ChannelID, Name: r.InboxName,
			ChannelType: r.ChannelType, Provider: a.provider(r.InboxID),
		}}
	}
	return out, nil
}
