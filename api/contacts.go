package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"tributary/api/route"
	"tributary/chat"
	"tributary/desk"
	"tributary/internal/validate"
	"tributary/store"
)

func (a *API) contacts() []route.Row {
	const contacts = account + "/contacts"
	return []route.Row{
		route.Get(contacts, route.Member, a.listContacts),
		route.Get(contacts+"/active", route.Member, a.listActiveContacts),
		route.Get(contacts+"/search", route.Member, a.searchContacts),
		route.Get(contacts+"/{id}", route.Member, a.showContact),
		route.Get(contacts+"/{id}/contactable_inboxes", route.Member, a.listContactableInboxes),
		route.Get(contacts+"/{contact_id}/conversations", route.Member, a.listContactConversations),
		route.Post(contacts, route.Member, a.createContact).Limit(maxProfile),
		route.Patch(contacts+"/{id}", route.Member, a.updateContact).Limit(maxProfile),
		route.Delete(contacts+"/{id}", route.Admin, a.deleteContact).Answers(http.StatusUnprocessableEntity, messageText{}),
		route.Delete(contacts+"/{id}/avatar", route.Member, a.deleteContactAvatar),
		route.Post(contacts+"/{id}/destroy_custom_attributes", route.Member, a.dropContactAttributes),
		route.Post(account+"/actions/contact_merge", route.Member, a.mergeContacts),
	}
}

// contactsPerPage is how many contacts a page has.
const contactsPerPage = 15

// withInboxes is the parameter that leaves the addresses of contacts out.
type withInboxes struct {
	Inboxes route.Opt[string] `query:"include_contact_inboxes"`
}

func (w withInboxes) wanted() bool { return !w.Inboxes.Sent || w.Inboxes.V == "true" }

// contactQuery is what lists of contacts have in common.
type contactQuery struct {
	Page route.Page `query:"page"`
	Sort string     `query:"sort"`
	withInboxes
}

// contactList is a page of contacts.
type contactList struct {
	Meta    contactListMeta `json:"meta"`
	Payload []contactOut    `json:"payload"`
}

type contactListMeta struct {
	// Count is of all pages; null: nothing was asked for.
	Count       *int `json:"count"`
	CurrentPage any  `json:"current_page" schema:"string,integer"`
}

// contactSorts are the names of the keys by which contacts can be sorted.
var contactSorts = map[string]store.ContactKey{
	"email": store.SortEmail, "name": store.SortName, "phone_number": store.SortPhone, "last_activity_at": store.SortActivity,
	"created_at": store.SortCreated, "company": store.SortCompany, "city": store.SortCity, "country": store.SortCountry,
}

// contactOrder reads the sort parameter: names behind commas, those with a minus in
// front descending. Who sorts by nothing known gets them by id.
func contactOrder(text string) store.ContactOrder {
	order := store.ContactOrder{}
	for name := range strings.SplitSeq(text, ",") {
		name, descending := strings.CutPrefix(strings.TrimSpace(name), "-")
		if key, known := contactSorts[name]; known {
			order[key] = store.Direction(descending)
		}
	}
	return order
}

// resolved is which contacts an account's lists show.
func resolved(c *route.Call) store.Resolution {
	if chat.Features(c.Account.Features).Has("crm_v2") {
		return store.LeadContacts
	}
	return store.ResolvedContacts
}

// contactPage reads a page of what a filter finds.
func (a *API) contactPage(ctx context.Context, c *route.Call, f store.ContactFilter, q contactQuery) (contactList, error) {
	var out contactList
	f.AccountID = c.Account.ID
	count, err := a.Store.CountContacts(ctx, f)
	if err != nil {
		return out, err
	}
	out.Meta = contactListMeta{Count: &count, CurrentPage: q.Page.Echo()}
	list, err := a.Store.ListContacts(ctx, f, contactOrder(q.Sort), contactsPerPage, q.Page.Offset(contactsPerPage))
	if err != nil {
		return out, err
	}
	out.Payload, err = a.contactsOut(ctx, c, list, q.wanted())
	return out, err
}

// contactsOut presents contacts; their addresses are read for all of them together.
func (a *API) contactsOut(ctx context.Context, c *route.Call, list []store.ContactRow, inboxes bool) ([]contactOut, error) {
	out := make([]contactOut, len(list))
	ids := make([]int64, len(list))
	for i, row := range list {
		out[i], ids[i] = a.newContactOut(ctx, c.Account.ID, row), row.ID
	}
	if !inboxes {
		return out, nil
	}
	of, err := a.Store.InboxesOfContacts(ctx, ids)
	for i, id := range ids {
		out[i].ContactInboxes = make([]contactInboxOut, len(of[id]))
		for n, r := range of[id] {
			out[i].ContactInboxes[n] = a.newContactInboxOut(r)
		}
	}
	return out, err
}

type listContactsIn struct {
	contactQuery
	Labels route.Many `query:"labels"`
}

// wantedLabels are the labels of a list's query, each text holding some behind commas;
// nil: any.
func wantedLabels(texts []string) (labels []string) {
	for _, text := range texts {
		for label := range strings.SplitSeq(text, ",") {
			if label = strings.TrimSpace(label); label != "" {
				labels = append(labels, label)
			}
		}
	}
	return labels
}

func (a *API) listContacts(ctx context.Context, c *route.Call, in listContactsIn) (contactList, error) {
	return a.contactPage(ctx, c, store.ContactFilter{Resolution: resolved(c), Labels: wantedLabels(in.Labels)}, in.contactQuery)
}

type searchContactsIn struct {
	listContactsIn
	Q string `query:"q"`
}

func (a *API) searchContacts(ctx context.Context, c *route.Call, in searchContactsIn) (contactList, error) {
	q := strings.TrimSpace(in.Q)
	if q == "" {
		return contactList{Meta: contactListMeta{CurrentPage: 1}}, nil
	}
	return a.contactPage(ctx, c, store.ContactFilter{Resolution: resolved(c), Labels: wantedLabels(in.Labels), Text: q}, in.contactQuery)
}

// listActiveContacts gives those who are online, whether anything is known of them or
// not.
func (a *API) listActiveContacts(ctx context.Context, c *route.Call, in contactQuery) (contactList, error) {
	present := append([]int64{}, a.Desk.PresentContacts(ctx, c.Account.ID)...)
	return a.contactPage(ctx, c, store.ContactFilter{IDs: present}, in)
}

type showContactIn struct {
	ID int64 `path:"id"`
	withInboxes
}

func (a *API) showContact(ctx context.Context, c *route.Call, in showContactIn) (payload[contactOut], error) {
	out, err := a.contact(ctx, c, in.ID, in.wanted())
	return payload[contactOut]{out}, err
}

// contact reads one contact of the account.
func (a *API) contact(ctx context.Context, c *route.Call, id int64, inboxes bool) (contactOut, error) {
	row, err := a.Store.Contact(ctx, c.Account.ID, id)
	if err != nil {
		return contactOut{}, found(err)
	}
	list, err := a.contactsOut(ctx, c, []store.ContactRow{row}, inboxes)
	return list[0], err
}

// contactIn is what is told about a contact.
type contactIn struct {
	Name                 route.Opt[string] `json:"name"`
	Email                route.Opt[string] `json:"email"`
	PhoneNumber          route.Opt[string] `json:"phone_number"`
	Identifier           route.Opt[string] `json:"identifier"`
	Blocked              route.Opt[bool]   `json:"blocked"`
	Avatar               route.Upload      `json:"avatar"`
	AvatarURL            string            `json:"avatar_url"`
	AdditionalAttributes map[string]any    `json:"additional_attributes"`
	CustomAttributes     map[string]any    `json:"custom_attributes"`
}

// values takes the picture in: the caller drops it when nothing comes to use it.
func (a *API) contactValues(ctx context.Context, in contactIn) (desk.ContactValues, error) {
	if in.Blocked.Null {
		return desk.ContactValues{}, validate.Fail("blocked", validate.Blank)
	}
	avatar, err := a.avatar(ctx, in.Avatar)
	return desk.ContactValues{
		Name: in.Name, Email: in.Email, Phone: in.PhoneNumber, Identifier: in.Identifier, Blocked: in.Blocked, AvatarID: avatar, AvatarURL: in.AvatarURL,
		AdditionalAttributes: in.AdditionalAttributes, CustomAttributes: in.CustomAttributes,
	}, err
}

type createContactIn struct {
	contactIn
	InboxID  route.Opt[int64]  `json:"inbox_id"`
	SourceID route.Opt[string] `json:"source_id"`
}

// createdContact is a contact with the address that it was made with.
type createdContact struct {
	Contact      contactOut     `json:"contact"`
	ContactInbox createdAddress `json:"contact_inbox"`
}

type createdAddress struct {
	Inbox    *inboxRecord `json:"inbox"`
	SourceID *string      `json:"source_id"`
}

func (a *API) createContact(ctx context.Context, c *route.Call, in createContactIn) (payload[createdContact], error) {
	var out payload[createdContact]
	wanted := desk.NewContact{By: actor(c), AccountID: c.Account.ID, SourceID: in.SourceID}
	address := &out.Payload.ContactInbox
	if id, ok := in.InboxID.Get(); ok {
		inbox, err := a.Store.Inbox(ctx, c.Account.ID, id)
		if err != nil {
			return out, found(err)
		}
		record := newInboxRecord(inbox)
		wanted.InboxID, address.Inbox = id, &record
	}
	var err error
	if wanted.ContactValues, err = a.contactValues(ctx, in.contactIn); err != nil {
		return out, err
	}
	id, link, err := a.Desk.CreateContact(ctx, wanted)
	if err != nil {
		return payload[createdContact]{}, errors.Join(found(err), a.dropAvatar(ctx, wanted.AvatarID))
	}
	if wanted.InboxID != 0 {
		address.SourceID = &link.SourceID
	}
	out.Payload.Contact, err = a.contact(ctx, c, id, true)
	return out, err
}

type updateContactIn struct {
	ID int64 `path:"id"`
	withInboxes
	contactIn
}

func (a *API) updateContact(ctx context.Context, c *route.Call, in updateContactIn) (payload[contactOut], error) {
	if err := a.contactExists(ctx, c, in.ID); err != nil {
		return payload[contactOut]{}, err
	}
	values, err := a.contactValues(ctx, in.contactIn)
	if err != nil {
		return payload[contactOut]{}, err
	}
	if err := a.Desk.ChangeContact(ctx, actor(c), c.Account.ID, in.ID, values); err != nil {
		return payload[contactOut]{}, errors.Join(found(err), a.dropAvatar(ctx, values.AvatarID))
	}
	return a.showContact(ctx, c, showContactIn{in.ID, in.withInboxes})
}

func (a *API) contactExists(ctx context.Context, c *route.Call, id int64) error {
	_, err := a.Store.Contact(ctx, c.Account.ID, id)
	return found(err)
}

func (a *API) deleteContact(ctx context.Context, c *route.Call, in byID) (route.Empty, error) {
	return route.Empty{}, found(a.Desk.DeleteContact(ctx, actor(c), c.Account.ID, in.ID))
}

func (a *API) deleteContactAvatar(ctx context.Context, c *route.Call, in byID) (payload[contactOut], error) {
	if err := a.Desk.RemoveContactAvatar(ctx, actor(c), c.Account.ID, in.ID); err != nil {
		return payload[contactOut]{}, found(err)
	}
	out, err := a.contact(ctx, c, in.ID, false)
	return payload[contactOut]{out}, err
}

type dropAttributesIn struct {
	ID               int64      `path:"id"`
	CustomAttributes route.Many `json:"custom_attributes"`
}

func (a *API) dropContactAttributes(ctx context.Context, c *route.Call, in dropAttributesIn) (payload[contactOut], error) {
	if err := a.Desk.DropContactAttributes(ctx, actor(c), c.Account.ID, in.ID, in.CustomAttributes); err != nil {
		return payload[contactOut]{}, found(err)
	}
	out, err := a.contact(ctx, c, in.ID, true)
	return payload[contactOut]{out}, err
}

type mergeContactsIn struct {
	Base   int64 `json:"base_contact_id"`
	Mergee int64 `json:"mergee_contact_id"`
}

func (a *API) mergeContacts(ctx context.Context, c *route.Call, in mergeContactsIn) (contactOut, error) {
	if err := a.Desk.MergeContacts(ctx, actor(c), c.Account.ID, in.Base, in.Mergee); err != nil {
		return contactOut{}, found(err)
	}
	return a.contact(ctx, c, in.Base, false)
}

type byContact struct {
	ContactID int64 `path:"contact_id"`
}

// contactConversations is how many conversations of a contact are shown.
const contactConversations = 20

func (a *API) listContactConversations(ctx context.Context, c *route.Call, in byContact) (payload[[]conversationOut], error) {
	if err := a.contactExists(ctx, c, in.ContactID); err != nil {
		return payload[[]conversationOut]{}, err
	}
	f := store.ConversationFilter{AccountID: c.Account.ID, UserID: c.User.ID, ContactID: in.ContactID, Visible: visibility(c)}
	if !c.Admin() {
		inboxes, err := a.Store.InboxIDs(ctx, c.Account.ID, c.User.ID)
		if err != nil {
			return payload[[]conversationOut]{}, err
		}
		f.InboxIDs = append([]int64{}, inboxes...)
	}
	list, err := a.Store.ListConversations(ctx, f, store.ByActivityDesc, contactConversations, 0)
	if err != nil {
		return payload[[]conversationOut]{}, err
	}
	out, err := a.conversationsOut(ctx, c, list)
	return payload[[]conversationOut]{out}, err
}
