package telegram

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

// Profile implements channels.Profiler. Updates name the user; only the photo has
// to be asked for (Bot API, getUserProfilePhotos). Its address would hold the
// bot token, so it is given by file id, for MediaRequest. A user without a photo,
// or who hides it, has an empty profile.
func (d *driver) Profile(ctx context.Context, ch *channels.Channel, sourceID, _ string) (chat.Contact, error) {
	token := configOf(ch).BotToken
	if token == "" {
		return chat.Contact{}, &channels.SendError{Class: chat.Config, Code: "config", Say: wording.FailureSettingMissing.With("setting", "bot_token")}
	}
	address := d.endpoint(token, "getUserProfilePhotos") + "?" + url.Values{"user_id": {sourceID}, "limit": {"1"}}.Encode()
	answer, err := d.env.JSON(ctx, http.MethodGet, address, nil, nil)
	if err != nil {
		return chat.Contact{}, err
	}
	result, err := d.result(answer, token)
	if err != nil {
		return chat.Contact{}, err
	}
	var album struct {
		Photos [][]struct {
			FileID string `json:"file_id"`
		} `json:"photos"`
	}
	out := chat.Contact{SourceID: sourceID}
	if json.Unmarshal(result, &album) != nil {
		return out, &channels.SendError{Class: chat.Permanent, Code: "answer", Text: "Telegram's answer cannot be read"}
	}
	if len(album.Photos) > 0 && len(album.Photos[0]) > 0 {
		sizes := album.Photos[0]
		out.Avatar = &chat.Fetch{Strategy: "telegram_file_id", Ref: sizes[len(sizes)-1].FileID}
	}
	return out, nil
}
