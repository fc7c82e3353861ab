package api

import (
	"context"
	"encoding/json"

	"tributary/api/route"
	"tributary/desk"
	"tributary/store"
)

// agentOut is a member as colleagues see it.
type agentOut struct {
	ID                 int64           `json:"id"`
	AccountID          *int64          `json:"account_id"`
	AvailabilityStatus *string         `json:"availability_status"`
	AutoOffline        *bool           `json:"auto_offline"`
	Confirmed          bool            `json:"confirmed"`
	Email              string          `json:"email"`
	Provider           string          `json:"provider"`
	AvailableName      string          `json:"available_name"`
	CustomAttributes   json.RawMessage `json:"custom_attributes,omitempty"`
	Name               string          `json:"name"`
	Role               *string         `json:"role"`
	Thumbnail          string          `json:"thumbnail"`
	CustomRoleID       *int64          `json:"custom_role_id"`
}

func (a *API) newAgentOut(ctx context.Context, accountID int64, u store.AgentRow) agentOut {
	out := agentOut{
		ID: u.ID, Confirmed: u.Confirmed, Email: u.Email, Provider: u.Provider, AvailableName: desk.AvailableName(u.DisplayName, u.Name),
		CustomAttributes: filled(u.CustomAttributes), Name: u.Name, Thumbnail: a.Desk.UserAvatarURL(u.AvatarBlobID), CustomRoleID: u.CustomRoleID,
	}
	if u.Member {
		role, status := roleName(u.Role), a.Desk.AvailabilityStatus(ctx, accountID, u.ID, u.Availability, u.AutoOffline)
		out.AccountID, out.AutoOffline, out.Role, out.AvailabilityStatus = &accountID, &u.AutoOffline, &role, &status
	}
	return out
}

// userPush is a user inside messages and events.
type userPush struct {
	ID                 int64   `json:"id"`
	Name               string  `json:"name"`
	AvailableName      string  `json:"available_name"`
	AvatarURL          string  `json:"avatar_url"`
	Type               string  `json:"type"`
	AvailabilityStatus *string `json:"availability_status"`
	Thumbnail          string  `json:"thumbnail"`
}

func (a *API) newUserPush(ctx context.Context, accountID int64, u store.AgentRow) userPush {
	avatar := a.Desk.UserAvatarURL(u.AvatarBlobID)
	out := userPush{
		ID: u.ID, Name: u.Name, AvailableName: desk.AvailableName(u.DisplayName, u.Name), AvatarURL: avatar, Type: "user", Thumbnail: avatar,
	}
	if u.Member {
		status := a.Desk.AvailabilityStatus(ctx, accountID, u.ID, u.Availability, u.AutoOffline)
		out.AvailabilityStatus = &status
	}
	return out
}

// contactPush is a contact inside messages and events.
type contactPush struct {
	AdditionalAttributes json.RawMessage `json:"additional_attributes"`
	CustomAttributes     json.RawMessage `json:"custom_attributes"`
	Email                *string         `json:"email"`
	ID                   int64           `json:"id"`
	Identifier           *string         `json:"identifier"`
	Name                 string          `json:"name"`
	PhoneNumber          *string         `json:"phone_number"`
	Thumbnail            string          `json:"thumbnail"`
	Blocked              bool            `json:"blocked"`
	Type                 string          `json:"type"`
}

func (a *API) newContactPush(c store.ContactView) contactPush {
	return contactPush{
		AdditionalAttributes: object(c.AdditionalAttributes), CustomAttributes: object(c.CustomAttributes), Email: c.Email, ID: c.ID,
		Identifier: c.Identifier, Name: c.Name, PhoneNumber: c.Phone, Thumbnail: a.Desk.AvatarURL(c), Blocked: c.Blocked, Type: "contact",
	}
}

// contactOut is a contact.
type contactOut struct {
	AdditionalAttributes json.RawMessage   `json:"additional_attributes"`
	AvailabilityStatus   string            `json:"availability_status"`
	Email                *string           `json:"email"`
	ID                   int64             `json:"id"`
	Name                 string            `json:"name"`
	PhoneNumber          *string           `json:"phone_number"`
	Blocked              bool              `json:"blocked"`
	Identifier           *string           `json:"identifier"`
	Thumbnail            string            `json:"thumbnail"`
	CustomAttributes     json.RawMessage   `json:"custom_attributes"`
	LastActivityAt       route.Unix        `json:"last_activity_at,omitzero"`
	CreatedAt            route.Unix        `json:"created_at"`
	ContactInboxes       []contactInboxOut `json:"contact_inboxes,omitzero"`
}

func (a *API) newContactOut(ctx context.Context, accountID int64, c store.ContactRow) contactOut {
	return contactOut{
		AdditionalAttributes: object(c.AdditionalAttributes), AvailabilityStatus: a.Desk.ContactStatus(ctx, accountID, c.ID), Email: c.Email, ID: c.ID, Name: c.Name,
		PhoneNumber: c.Phone, Blocked: c.Blocked, Identifier: c.Identifier, Thumbnail: a.Desk.AvatarURL(c.ContactView), CustomAttributes: object(c.CustomAttributes),
		LastActivityAt: unix(c.LastActivityAt), CreatedAt: unix(&c.CreatedAt),
	}
}

// filled is a stored object, nil when it is empty.
func filled(stored string) json.RawMessage {
	if len(members(stored)) == 0 {
		return nil
	}
	return json.RawMessage(stored)
}
