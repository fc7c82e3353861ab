package api

import (
	"cmp"
	"context"
	"encoding/json"

	"tributary/api/route"
	"tributary/internal/validate"
	"tributary/store"
)

func (a *API) notificationSubscriptions() []route.Row {
	const subscriptions = "/api/v1/notification_subscriptions"
	const key = "notification_subscription"
	return []route.Row{
		route.Post(subscriptions, route.SignedIn, a.createSubscription).Flat(key).Require(key),
		route.Delete(subscriptions, route.SignedIn, a.deleteSubscription),
	}
}

// subscriptionOut is a device as it is stored.
type subscriptionOut struct {
	ID                     int64           `json:"id"`
	UserID                 int64           `json:"user_id"`
	SubscriptionType       string          `json:"subscription_type"`
	SubscriptionAttributes json.RawMessage `json:"subscription_attributes"`
	Identifier             string          `json:"identifier"`
	CreatedAt              route.ISO       `json:"created_at"`
	UpdatedAt              route.ISO       `json:"updated_at"`
}

// subscriptionTypes are the names of the types, by number.
var subscriptionTypes = map[int]string{store.SubscriptionBrowser: "browser_push", store.SubscriptionFCM: "fcm"}

type subscriptionIn struct {
	Type       string         `json:"subscription_type"` // its name or number
	Attributes route.Opt[any] `json:"subscription_attributes"`
}

type createSubscriptionIn struct {
	Subscription subscriptionIn `json:"notification_subscription"`
}

func (in subscriptionIn) row(userID int64) (store.SubscriptionRow, error) {
	var errs validate.Errors
	out := store.SubscriptionRow{UserID: userID}
	for number, name := range subscriptionTypes {
		if in.Type == name || in.Type == string(rune('0'+number)) {
			out.Type = number
		}
	}
	switch {
	case in.Type == "":
		errs.Add("subscription_type", validate.Blank)
	case out.Type == 0:
		errs.Add("subscription_type", validate.NotListed)
	}
	attributes, ok := in.Attributes.V.(map[string]any)
	if !ok {
		if in.Attributes.Sent && in.Attributes.V != nil {
			errs.Add("subscription_attributes", validate.Invalid)
		}
		attributes = map[string]any{}
	}
	for _, name := range []string{"device_id", "endpoint"} {
		switch v := attributes[name].(type) {
		case string:
			out.Identifier = cmp.Or(v, out.Identifier)
		case json.Number:
			out.Identifier = v.String()
		}
	}
	out.PushToken, _ = attributes["push_token"].(string)
	errs.Present("identifier", out.Identifier)
	errs.MaxLen("identifier", out.Identifier, maxIdentifier)
	b, err := json.Marshal(attributes)
	if err != nil {
		errs.Add("subscription_attributes", validate.Invalid)
	}
	errs.MaxLen("subscription_attributes", string(b), validate.LongText)
	out.Attributes = b
	return out, errs.Err()
}

// maxIdentifier is the longest address of a push service that is taken, in
// characters.
const maxIdentifier = 4096

func (a *API) createSubscription(ctx context.Context, c *route.Call, in createSubscriptionIn) (subscriptionOut, error) {
	row, err := in.Subscription.row(c.User.ID)
	if err != nil {
		return subscriptionOut{}, err
	}
	err = a.Store.Transact(ctx, func(tx *store.Tx) error {
		row, err = tx.PutSubscription(ctx, row)
		return err
	})
	return subscriptionOut{
		ID: row.ID, UserID: row.UserID, SubscriptionType: subscriptionTypes[row.Type], SubscriptionAttributes: row.Attributes, Identifier: row.Identifier,
		CreatedAt: iso(&row.CreatedAt), UpdatedAt: iso(&row.UpdatedAt),
	}, err
}

type deleteSubscriptionIn struct {
	PushToken route.Opt[any] `json:"push_token"`
}

// deleteSubscription takes a device of the caller's off; whoever has none of that
// token is told the same.
func (a *API) deleteSubscription(ctx context.Context, c *route.Call, in deleteSubscriptionIn) (route.Empty, error) {
	token, _ := in.PushToken.V.(string)
	if token == "" {
		return route.Empty{}, nil
	}
	return route.Empty{}, a.Store.Transact(ctx, func(tx *store.Tx) error { return tx.DeletePushToken(ctx, c.User.ID, token) })
}
