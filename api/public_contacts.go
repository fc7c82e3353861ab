package api

import (
	"context"
	"encoding/json"
	"net/http"

	"tributary/api/route"
	"tributary/desk"
	"tributary/store"
)

func (a *API) publicContacts() []route.Row {
	return []route.Row{
		route.Get(publicInbox+"/contacts/{id}", route.Public, a.showPublicContact).Fails(http.StatusUnauthorized),
		route.Post(publicInbox+"/contacts", route.Public, a.createPublicContact).Fails(http.StatusUnauthorized),
		route.Patch(publicInbox+"/contacts/{id}", route.Public, a.updatePublicContact).Fails(http.StatusUnauthorized),
	}
}

// publicContactOut is a session with what the contact told of themselves.
type publicContactOut struct {
	SourceID    string  `json:"source_id"`
	PubsubToken string  `json:"pubsub_token"`
	ID          int64   `json:"id"`
	Name        string  `json:"name"`
	Email       *string `json:"email"`
	PhoneNumber *string `json:"phone_number"`
}

func newPublicContactOut(s store.Session) publicContactOut {
	return publicContactOut{
		SourceID: s.SourceID, PubsubToken: s.PubsubToken, ID: s.Contact.ID, Name: s.Contact.Name, Email: s.Contact.Email, PhoneNumber: s.Contact.Phone,
	}
}

// rawContactOut is the record of a contact.
type rawContactOut struct {
	ID                   int64           `json:"id"`
	AccountID            int64           `json:"account_id"`
	Name                 string          `json:"name"`
	Email                *string         `json:"email"`
	PhoneNumber          *string         `json:"phone_number"`
	Identifier           *string         `json:"identifier"`
	AdditionalAttributes json.RawMessage `json:"additional_attributes"`
	CustomAttributes     json.RawMessage `json:"custom_attributes"`
	CreatedAt            route.ISO       `json:"created_at"`
	UpdatedAt            route.ISO       `json:"updated_at"`
	LastActivityAt       route.ISO       `json:"last_activity_at"`
	ContactType          string          `json:"contact_type"`
	MiddleName           string          `json:"middle_name"`
	LastName             string          `json:"last_name"`
	Location             string          `json:"location"`
	CountryCode          string          `json:"country_code"`
	Blocked              bool            `json:"blocked"`
}

func newRawContactOut(c store.ContactRecord) rawContactOut {
	return rawContactOut{
		ID: c.ID, AccountID: c.AccountID, Name: c.Name, Email: c.Email, PhoneNumber: c.Phone, Identifier: c.Identifier,
		AdditionalAttributes: object(c.AdditionalAttributes), CustomAttributes: object(c.CustomAttributes), CreatedAt: iso(&c.CreatedAt),
		UpdatedAt: iso(&c.UpdatedAt), LastActivityAt: iso(c.LastActivityAt), ContactType: nameAt(store.ContactTypes, c.Type), Blocked: c.Blocked,
		Location: c.Location, CountryCode: c.CountryCode,
	}
}

// proof says that the inbox's owner vouches for an identifier.
type proof struct {
	Identifier     string `json:"identifier"`
	IdentifierHash string `json:"identifier_hash"`
}

// proven finds the session of a path and checks the proof; a session whose
// identity is proven is marked.
func (a *API) proven(ctx context.Context, path publicPath, p proof) (desk.PublicInbox, store.Session, error) {
	inbox, s, err := a.session(ctx, path)
	if err != nil {
		return inbox, s, err
	}
	ok, err := inbox.Prove(p.Identifier, p.IdentifierHash)
	if err != nil || !ok {
		return inbox, s, err
	}
	return inbox, s, a.Desk.VerifySession(ctx, s, p.Identifier)
}

type showPublicContactIn struct {
	InboxID string `path:"inbox_id"` // identifier of the inbox
	ID      string `path:"id"`       // source id
	proof
}

func (a *API) showPublicContact(ctx context.Context, _ *route.Call, in showPublicContactIn) (publicContactOut, error) {
	_, s, err := a.proven(ctx, publicPath{in.InboxID, in.ID}, in.proof)
	return newPublicContactOut(s), err
}

// publicContactValues are what a client tells about a contact.
type publicContactValues struct {
	Name             string         `json:"name"`
	Email            string         `json:"email"`
	PhoneNumber      string         `json:"phone_number"`
	AvatarURL        string         `json:"avatar_url"`
	CustomAttributes map[string]any `json:"custom_attributes"`
}

func (v publicContactValues) identity() desk.Identity {
	return desk.Identity{Name: v.Name, Email: v.Email, Phone: v.PhoneNumber, AvatarURL: v.AvatarURL, CustomAttributes: v.CustomAttributes}
}

type createPublicContactIn struct {
	InboxID  string            `path:"inbox_id"`
	SourceID route.Opt[string] `json:"source_id"`
	proof
	publicContactValues
}

func (a *API) createPublicContact(ctx context.Context, _ *route.Call, in createPublicContactIn) (publicContactOut, error) {
	inbox, err := a.Desk.PublicInbox(in.InboxID)
	if err != nil {
		return publicContactOut{}, err
	}
	// The proof lets the identifier in; the session itself is verified by a call
	// that names it.
	if _, err := inbox.Prove(in.Identifier, in.IdentifierHash); err != nil {
		return publicContactOut{}, err
	}
	who := in.identity()
	who.Identifier = in.Identifier
	sourceID, err := a.Desk.OpenSession(ctx, inbox, in.SourceID, who)
	if err != nil {
		return publicContactOut{}, err
	}
	s, err := a.Store.Session(ctx, inbox.ID, sourceID)
	return newPublicContactOut(s), err
}

type updatePublicContactIn struct {
	showPublicContactIn
	publicContactValues
}

func (a *API) updatePublicContact(ctx context.Context, _ *route.Call, in updatePublicContactIn) (rawContactOut, error) {
	path := publicPath{in.InboxID, in.ID}
	inbox, _, err := a.proven(ctx, path, in.proof)
	if err != nil {
		return rawContactOut{}, err
	}
	if err := a.Desk.Identify(ctx, inbox, in.ID, in.identity()); err != nil {
		return rawContactOut{}, found(err)
	}
	_, s, err := a.session(ctx, path) // its contact may be another now
	return newRawContactOut(s.Contact), err
}
