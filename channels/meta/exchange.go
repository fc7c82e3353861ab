package meta

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

// Exchange gives a long-lived user token for the short-lived one that a browser got:
// "Get Long-Lived Access Tokens" of Meta's Facebook Login documentation. Tokens and
// the app's secret travel in the body only. Its errors are those of Graph.Call.
func Exchange(ctx context.Context, env *channels.Env, token string) (string, error) {
	id, secret := env.Setting("FB_APP_ID"), env.Setting("FB_APP_SECRET")
	for _, s := range []struct{ name, value string }{{"FB_APP_ID", id}, {"FB_APP_SECRET", secret}} {
		if s.value == "" {
			return "", &channels.SendError{Class: chat.Config, Code: "setting", Say: wording.FailureSettingMissing.With("setting", s.name)}
		}
	}
	answer, err := env.Form(ctx, "POST", Page(env, token).base+"/oauth/access_token", nil, url.Values{
		"client_id": {id}, "client_secret": {secret}, "grant_type": {"fb_exchange_token"}, "fb_exchange_token": {token},
	})
	if err != nil {
		return "", err
	}
	if refused := Classify(answer, env.Now()); refused != nil {
		for _, hidden := range []string{token, secret} {
			refused.Text = strings.ReplaceAll(refused.Text, hidden, "[redacted]")
		}
		return "", refused
	}
	var out struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(answer.Body, &out); err != nil || out.AccessToken == "" {
		return "", &channels.SendError{Class: chat.Permanent, Code: "answer", Say: wording.FailureUnreadable.Text(), Err: err}
	}
	return out.AccessToken, nil
}
