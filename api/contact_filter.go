package api

import (
	"context"

	"tributary/api/route"
	"tributary/chat/filter"
	"tributary/store"
)

func (a *API) contactFilters() []route.Row {
	return []route.Row{
		route.Post(account+"/contacts/filter", route.Member, a.filterContacts),
	}
}

type filterContactsIn struct {
	contactQuery
	Payload any `json:"payload"`
}

func (a *API) filterContacts(ctx context.Context, c *route.Call, in filterContactsIn) (contactList, error) {
	q, err := a.parseFilter(ctx, c, &filter.Contacts, in.Payload)
	if err != nil {
		return contactList{}, err
	}
	return a.contactPage(ctx, c, store.ContactFilter{Resolution: resolved(c), Conditions: []store.Condition{store.ContactsMatching(q)}}, in.contactQuery)
}
