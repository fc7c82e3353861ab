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

// MediaRequest implements channels.MediaFetcher. Bots may download up to 20 MB
// (Bot API, getFile); the link holds the bot token and is valid for an hour.
func (d *driver) MediaRequest(ctx context.Context, ch *channels.Channel, f *chat.Fetch) (*http.Request, error) {
	token := configOf(ch).BotToken
	if token == "" {
		return nil, &channels.SendError{Class: chat.Config, Code: "config", Say: wording.FailureSettingMissing.With("setting", "bot_token")}
	}
	address := d.endpoint(token, "getFile") + "?" + url.Values{"file_id": {f.Ref}}.Encode()
	answer, err := d.env.JSON(ctx, http.MethodGet, address, nil, nil)
	if err != nil {
		return nil, err
	}
	result, err := d.result(answer, token)
	if err != nil {
		return nil, err
	}
	var file struct {
		Path string `json:"file_path"`
	}
	if json.Unmarshal(result, &file) != nil || file.Path == "" {
		return nil, &channels.SendError{Class: chat.Permanent, Code: "media", Text: "Telegram does not give the file"}
	}
	path := (&url.URL{Path: "/file/bot" + token + "/" + file.Path}).EscapedPath()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.env.Base(baseSetting, publicAPI)+path, nil)
	if err != nil {
		return nil, &channels.SendError{Class: chat.Config, Say: wording.FailureProviderAddress.Text()}
	}
	return req, nil
}
