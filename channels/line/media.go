package line

import (
	"context"
	"net/http"
	"net/url"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

const publicData = "https://api-data.line.me"

// MediaRequest implements channels.MediaFetcher ("Get content"). LINE deletes
// content after a while, and answers 202 while it still prepares a long video or
// recording: the caller asks again later.
func (d *Driver) MediaRequest(ctx context.Context, ch *channels.Channel, f *chat.Fetch) (*http.Request, error) {
	token := configOf(ch).ChannelToken
	switch {
	case f.Strategy != "line_content_id" || f.Ref == "":
		return nil, &channels.SendError{Class: chat.Permanent, Text: "the attachment is no LINE content"}
	case token == "":
		return nil, &channels.SendError{Class: chat.Config, Say: wording.FailureSettingMissing.With("setting", "line_channel_token")}
	}
	address := d.env.Base("LINE_DATA_API_URL", publicData) + "/v2/bot/message/" + url.PathEscape(f.Ref) + "/content"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, &channels.SendError{Class: chat.Config, Say: wording.FailureProviderAddress.Text()}
	}
	req.Header.Set("Authorization", "Bearer "+string(token))
	return req, nil
}
