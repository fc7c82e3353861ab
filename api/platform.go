package api

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"tributary/api/route"
	"tributary/internal/validate"
	"tributary/store"
)

// platform is the prefix of what platform apps call.
const platform = "/platform/api/v1"

// maxPlatform is how long a body may be that describes a user or an account, in
// bytes.
const maxPlatform = 1 << 20

// errNotPermitted is what a platform app reads about a record that is none of its
// own.
var errNotPermitted = &route.Problem{Status: http.StatusUnauthorized, Body: errorOut{"Non permissible resource"}}

// permitted tells whether the app that calls may act on a record, which exists.
func (a *API) permitted(ctx context.Context, c *route.Call, kind store.GrantKind, id int64) error {
	may, err := a.Store.Granted(ctx, c.App.ID, kind, id)
	if err == nil && !may {
		return errNotPermitted
	}
	return err
}

// rawObject reads an object: null and nothing are empty. ok is false for anything
// else.
func rawObject(sent json.RawMessage) (map[string]json.RawMessage, bool) {
	out := map[string]json.RawMessage{}
	switch string(sent) {
	case "", "null", `""`:
		return out, true
	}
	err := json.Unmarshal(sent, &out)
	return out, err == nil
}

// platformUserOut is a user as platform apps see them.
type platformUserOut struct {
	ID               int64                   `json:"id"`
	Name             string                  `json:"name"`
	DisplayName      *string                 `json:"display_name"`
	AvailableName    string                  `json:"available_name"`
	Email            string                  `json:"email"`
	UID              string                  `json:"uid"`
	Provider         string                  `json:"provider"`
	Confirmed        bool                    `json:"confirmed"`
	AvatarURL        string                  `json:"avatar_url"`
	MessageSignature *string                 `json:"message_signature"`
	AccessToken      string                  `json:"access_token"`
	PubsubToken      string                  `json:"pubsub_token"`
	UISettings       json.RawMessage         `json:"ui_settings"`
	AccountID        *int64                  `json:"account_id"`
	Role             *string                 `json:"role"`
	CustomAttributes json.RawMessage         `json:"custom_attributes,omitempty"`
	Accounts         []platformMembershipOut `json:"accounts"`
}

type platformMembershipOut struct {
	ID       int64     `json:"id"`
	Name     string    `json:"name"`
	ActiveAt route.ISO `json:"active_at"`
	Role     string    `json:"role"`
}

// accountUserOut is a membership as platform apps see it.
type accountUserOut struct {
	ID               int64     `json:"id"`
	AccountID        int64     `json:"account_id"`
	UserID           int64     `json:"user_id"`
	Role             string    `json:"role"`
	InviterID        *int64    `json:"inviter_id"`
	CreatedAt        route.ISO `json:"created_at"`
	UpdatedAt        route.ISO `json:"updated_at"`
	ActiveAt         route.ISO `json:"active_at"`
	Availability     string    `json:"availability"`
	AutoOffline      bool      `json:"auto_offline"`
	CustomRoleID     *int64    `json:"custom_role_id"`
	CapacityPolicyID *int64    `json:"agent_capacity_policy_id"`
}

// platformAccountOut is an account as platform apps see it.
type platformAccountOut struct {
	ID               int64           `json:"id"`
	Name             string          `json:"name"`
	Locale           string          `json:"locale"`
	Domain           *string         `json:"domain"`
	SupportEmail     *string         `json:"support_email"`
	Features         map[string]bool `json:"features"`
	CustomAttributes json.RawMessage `json:"custom_attributes"`
	Limits           json.RawMessage `json:"limits"`
	Status           string          `json:"status"`
}

// limitNames are what an account can be limited to.
var limitNames = []string{"agents", "inboxes", "captain_responses", "captain_documents"}

// textLimits continues the name of limits that are none.
const textLimits = ": Invalid data"

// putLimits replaces the limits of an account: numbers under the names above.
func putLimits(r *store.AccountRow, sent json.RawMessage, errs *validate.Errors) {
	limits, ok := rawObject(sent)
	for name, v := range limits {
		var n *float64
		ok = ok && slices.Contains(limitNames, name) && json.Unmarshal(v, &n) == nil && n != nil
	}
	if !ok {
		errs.Add("limits", textLimits)
		return
	}
	r.Limits = "{}"
	if len(limits) > 0 {
		r.Limits = string(sent)
	}
}
