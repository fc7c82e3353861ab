package instagram

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"tributary/channels"
	"tributary/channels/meta"
	"tributary/chat"
)

var (
	_ channels.Typist     = driver{}
	_ channels.TypingPace = driver{}
)

// typingLasts is how long the indicator is shown ("Sender actions").
const typingLasts = 20 * time.Second

// TypingPace implements channels.TypingPace.
func (driver) TypingPace(*channels.Channel) (lasts time.Duration, ends bool) {
	return typingLasts, true
}

// Typing implements channels.Typist.
func (d driver) Typing(ctx context.Context, ch *channels.Channel, m *chat.Outbound, on bool) error {
	s, action := config(ch), "typing_off"
	if on {
		action = "typing_on"
	}
	path := "/" + url.PathEscape(string(s.InstagramID)) + "/messages"
	body := map[string]any{"recipient": map[string]any{"id": m.To}, "sender_action": action}
	return meta.Login(d.env, s.Token).Call(ctx, http.MethodPost, path, nil, body, nil)
}
