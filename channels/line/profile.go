package line

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

// Profile implements channels.Profiler ("Get profile"). LINE answers 404 for
// users who are no friends of the account or have blocked it.
func (d *Driver) Profile(ctx context.Context, ch *channels.Channel, sourceID, _ string) (chat.Contact, error) {
	if configOf(ch).ChannelToken == "" {
		return chat.Contact{}, &channels.SendError{Class: chat.Config, Say: wording.FailureSettingMissing.With("setting", "line_channel_token")}
	}
	answer, err := d.call(ctx, ch, http.MethodGet, "/v2/bot/profile/"+url.PathEscape(sourceID), nil, nil)
	if err != nil {
		return chat.Contact{}, err
	}
	if !answer.OK() {
		return chat.Contact{}, refused(answer, d.env.Now())
	}
	var profile struct {
		UserID   string `json:"userId"`
		Name     string `json:"displayName"`
		Picture  string `json:"pictureUrl"`
		Language string `json:"language"`
	}
	if json.Unmarshal(answer.Body, &profile) != nil || profile.UserID == "" {
		return chat.Contact{}, &channels.SendError{Class: chat.Permanent, Code: "answer", Text: "LINE tells nothing about this user"}
	}
	return chat.Contact{
		SourceID: sourceID, Name: channels.Clean(profile.Name), AvatarURL: channels.Clean(profile.Picture),
		Language: channels.Clean(profile.Language), Attributes: map[string]any{"social_line_user_id": sourceID},
	}, nil
}
