package api

import (
	"context"

	"tributary/api/route"
	"tributary/desk"
	"tributary/store"
)

// The client API of API inboxes: a customer's own system speaks for its contacts.
// Nobody signs in. The inbox is named by its identifier, a contact by the source
// id of its session, which only its owner knows; whether the account is
// suspended does not matter.
const (
	publicInbox        = "/public/api/v1/inboxes/{inbox_id}"
	publicContact      = publicInbox + "/contacts/{contact_id}"
	publicConversation = publicContact + "/conversations/{conversation_id}"
)

func (a *API) publicInboxes() []route.Row {
	return []route.Row{
		route.Get("/public/api/v1/inboxes/{id}", route.Public, a.showPublicInbox),
	}
}

// publicInboxOut is what an inbox tells its contacts.
type publicInboxOut struct {
	Identifier          string           `json:"identifier"`
	IdentityValidation  bool             `json:"identity_validation_enabled"`
	Name                string           `json:"name"`
	Timezone            string           `json:"timezone"`
	WorkingHours        []workingHourOut `json:"working_hours"`
	WorkingHoursEnabled bool             `json:"working_hours_enabled"`
	CSATSurveyEnabled   bool             `json:"csat_survey_enabled"`
	GreetingEnabled     bool             `json:"greeting_enabled"`
}

type showPublicInboxIn struct {
	Identifier string `path:"id"`
}

func (a *API) showPublicInbox(ctx context.Context, _ *route.Call, in showPublicInboxIn) (publicInboxOut, error) {
	inbox, err := a.Desk.PublicInbox(in.Identifier)
	if err != nil {
		return publicInboxOut{}, err
	}
	row, err := a.Store.Inbox(ctx, inbox.AccountID, inbox.ID)
	if err != nil {
		return publicInboxOut{}, found(err)
	}
	out := publicInboxOut{
		Identifier: inbox.Identifier, IdentityValidation: inbox.HMACMandatory, Name: row.Name, Timezone: row.Timezone,
		WorkingHoursEnabled: row.WorkingHoursEnabled, CSATSurveyEnabled: row.CSATSurveyEnabled, GreetingEnabled: row.GreetingEnabled,
	}
	for _, h := range row.WorkingHours {
		out.WorkingHours = append(out.WorkingHours, newWorkingHourOut(h))
	}
	return out, nil
}

// publicPath names a session.
type publicPath struct {
	InboxID   string `path:"inbox_id"`   // identifier of the inbox
	ContactID string `path:"contact_id"` // source id
}

// session finds the session of a path. A source id of another inbox is not
// found.
func (a *API) session(ctx context.Context, in publicPath) (desk.PublicInbox, store.Session, error) {
	inbox, err := a.Desk.PublicInbox(in.InboxID)
	if err != nil {
		return inbox, store.Session{}, err
	}
	s, err := a.Store.Session(ctx, inbox.ID, in.ContactID)
	return inbox, s, found(err)
}
