package api

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"

	"tributary/api/route"
	"tributary/desk"
	"tributary/store"
)

func (a *API) profile() []route.Row {
	const me, key = "/api/v1/profile", "profile"
	return []route.Row{
		route.Get(me, route.SignedIn, a.showProfile),
		route.Patch(me, route.SignedIn, a.updateProfile).Flat(key).Require(key).Limit(maxProfile),
		route.Delete(me+"/avatar", route.SignedIn, a.deleteProfileAvatar),
		route.Post(me+"/availability", route.SignedIn, a.setAvailability).Flat(key).Require(key).Fails(http.StatusNotFound),
		route.Post(me+"/auto_offline", route.SignedIn, a.setAutoOffline).Flat(key).Require(key).Fails(http.StatusNotFound),
		route.Put(me+"/set_active_account", route.SignedIn, a.setActiveAccount).Flat(key).Require(key).Fails(http.StatusNotFound),
		route.Post(me+"/resend_confirmation", route.SignedIn, a.resendConfirmation),
		route.Post(me+"/reset_access_token", route.SignedIn, a.resetAccessToken),
	}
}

// userOut is a person's own view of themselves.
type userOut struct {
	ID               int64           `json:"id"`
	Name             string          `json:"name"`
	DisplayName      *string         `json:"display_name"`
	AvailableName    string          `json:"available_name"`
	Email            string          `json:"email"`
	UID              string          `json:"uid"`
	Provider         string          `json:"provider"`
	Confirmed        bool            `json:"confirmed"`
	Type             *string         `json:"type"`
	AvatarURL        string          `json:"avatar_url"`
	MessageSignature *string         `json:"message_signature"`
	AccessToken      string          `json:"access_token"`
	PubsubToken      string          `json:"pubsub_token"`
	UISettings       json.RawMessage `json:"ui_settings"`
	AccountID        *int64          `json:"account_id"`
	Role             *string         `json:"role"`
	InviterID        *int64          `json:"inviter_id"`
	CustomAttributes json.RawMessage `json:"custom_attributes,omitempty"`
	HMACIdentifier   string          `json:"hmac_identifier,omitempty"`
	Accounts         []membershipOut `json:"accounts"`
}

type membershipOut struct {
	ID                 int64           `json:"id"`
	Name               string          `json:"name"`
	Status             string          `json:"status"`
	ActiveAt           route.ISO       `json:"active_at"`
	Role               string          `json:"role"`
	Permissions        []string        `json:"permissions"`
	Availability       string          `json:"availability"`
	AvailabilityStatus string          `json:"availability_status"`
	AutoOffline        bool            `json:"auto_offline"`
	CustomRoleID       *int64          `json:"custom_role_id"`
	CustomRole         *membershipRole `json:"custom_role"`
}

// membershipRole is a custom role as who has it sees it.
type membershipRole struct {
	ID          int64    `json:"id"`
	Name        string   `json:"name"`
	Description *string  `json:"description"`
	Permissions []string `json:"permissions"`
}

func (a *API) showProfile(ctx context.Context, c *route.Call, _ none) (userOut, error) {
	return a.user(ctx, c.User.ID)
}

// user reads a person as they see themselves.
func (a *API) user(ctx context.Context, id int64) (userOut, error) {
	u, err := a.Store.User(ctx, id)
	if err != nil {
		return userOut{}, err
	}
	return a.userOf(ctx, u)
}

func (a *API) userOf(ctx context.Context, u store.UserRow) (userOut, error) {
	memberships, err := a.Store.Memberships(ctx, u.ID)
	if err != nil {
		return userOut{}, err
	}
	token, err := a.Store.AccessToken(ctx, store.OwnerUser, u.ID)
	if err != nil {
		return userOut{}, err
	}
	return a.newUserOut(ctx, u, memberships, token), nil
}

func (a *API) newUserOut(ctx context.Context, u store.UserRow, memberships []store.MembershipRow, token string) userOut {
	out := userOut{
		ID: u.ID, Name: u.Name, DisplayName: u.DisplayName, AvailableName: desk.AvailableName(u.DisplayName, u.Name), Email: u.Email, UID: u.Email,
		Provider: u.Provider, Confirmed: u.Confirmed, Type: u.Type, AvatarURL: a.Desk.UserAvatarURL(u.AvatarBlobID),
		MessageSignature: u.MessageSignature, AccessToken: token,
		PubsubToken: u.PubsubToken, UISettings: object(u.UISettings), CustomAttributes: filled(u.CustomAttributes),
		HMACIdentifier: identifier(a.Setting("CHATWOOT_INBOX_HMAC_KEY"), u.Email),
	}
	latest := -1
	for i, m := range memberships {
		out.Accounts = append(out.Accounts, a.newMembershipOut(ctx, u.ID, m))
		if latest < 0 || m.ActiveAt.Valid && m.ActiveAt.Int64 > memberships[latest].ActiveAt.Int64 {
			latest = i
		}
	}
	if latest >= 0 {
		m := memberships[latest]
		role := roleName(m.Role)
		out.AccountID, out.Role, out.InviterID = &m.AccountID, &role, m.InviterID
	}
	return out
}

func (a *API) newMembershipOut(ctx context.Context, userID int64, m store.MembershipRow) membershipOut {
	out := membershipOut{
		ID: m.AccountID, Name: m.AccountName, Status: "active", Role: roleName(m.Role), Permissions: []string{roleName(m.Role)},
		Availability: desk.AvailabilityName(m.Availability), AvailabilityStatus: a.Desk.AvailabilityStatus(ctx, m.AccountID, userID, m.Availability, m.AutoOffline),
		AutoOffline: m.AutoOffline, CustomRoleID: m.CustomRoleID,
	}
	if m.AccountStatus != accountActive {
		out.Status = "suspended"
	}
	if m.ActiveAt.Valid {
		out.ActiveAt = iso(&m.ActiveAt.Int64)
	}
	if m.CustomRoleID != nil {
		out.Permissions = append(slices.Clone(m.RolePermissions), "custom_role")
	}
	if m.RoleName != nil {
		out.CustomRole = &membershipRole{ID: *m.CustomRoleID, Name: *m.RoleName, Description: m.RoleDescription, Permissions: m.RolePermissions}
	}
	return out
}

// identifier proves a person's e-mail to the installation's own support inbox;
// empty without a key.
func identifier(key, email string) string {
	if key == "" {
		return ""
	}
	m := hmac.New(sha256.New, []byte(key))
	m.Write([]byte(email))
	return hex.EncodeToString(m.Sum(nil))
}
