package twitter

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

// activity is the Account Activity API of the installation's environment.
func (d driver) activity(ctx context.Context, ch *channels.Channel) (*client, string, error) {
	environment := d.env.Setting("TWITTER_ENVIRONMENT")
	if environment == "" {
		return nil, "", &channels.SendError{Class: chat.Config, Code: "no_environment", Say: wording.FailureSettingMissing.With("setting", "TWITTER_ENVIRONMENT")}
	}
	c, err := d.client(ctx, ch)
	if err != nil {
		return nil, "", err
	}
	return c, c.api("/1.1/account_activity/all/" + url.PathEscape(environment)), nil
}

// Register implements channels.Registrar. An environment has one webhook: one
// that is not ours is replaced; then the profile is subscribed to it.
func (d driver) Register(ctx context.Context, ch *channels.Channel) error {
	c, base, err := d.activity(ctx, ch)
	if err != nil {
		return err
	}
	if err := c.ensureWebhook(ctx, base, d.env.PublicURL+hookPath); err != nil {
		return err
	}
	subscribed, err := c.subscription(ctx, http.MethodGet, base)
	if err != nil || subscribed {
		return err
	}
	if subscribed, err = c.subscription(ctx, http.MethodPost, base); err != nil {
		return err
	}
	if !subscribed {
		return &channels.SendError{Class: chat.Permanent, Code: "subscription", Text: "X did not accept the subscription"}
	}
	return nil
}

// Unregister implements channels.Registrar: it ends the subscription. The
// webhook stays, because other profiles use it.
func (d driver) Unregister(ctx context.Context, ch *channels.Channel) error {
	c, base, err := d.activity(ctx, ch)
	if err != nil {
		return err
	}
	_, err = c.subscription(ctx, http.MethodDelete, base)
	return err
}

func (c *client) ensureWebhook(ctx context.Context, base, ours string) error {
	var installed []struct {
		ID  id     `json:"id"`
		URL string `json:"url"`
	}
	if err := c.get(ctx, base+"/webhooks.json", &installed); err != nil {
		return err
	}
	if len(installed) > 0 {
		if installed[0].URL == ours {
			return nil
		}
		a, err := c.env.JSON(ctx, http.MethodDelete, base+"/webhooks/"+url.PathEscape(string(installed[0].ID))+".json", nil, nil)
		if err := c.read(a, err, nil); err != nil {
			return err
		}
	}
	a, err := c.env.JSON(ctx, http.MethodPost, base+"/webhooks.json?"+url.Values{"url": {ours}}.Encode(), nil, nil)
	return c.read(a, err, nil)
}

// subscription asks for, makes or ends the profile's subscription; ok is X's
// 204.
func (c *client) subscription(ctx context.Context, method, base string) (ok bool, err error) {
	a, err := c.env.JSON(ctx, method, base+"/subscriptions.json", nil, nil)
	if err := c.read(a, err, nil); err != nil {
		var refused *channels.SendError
		// Not being subscribed is an answer, not a failure.
		if method == http.MethodGet && errors.As(err, &refused) && refused.Class == chat.Permanent {
			return false, nil
		}
		return false, err
	}
	return a.Status == http.StatusNoContent, nil
}
