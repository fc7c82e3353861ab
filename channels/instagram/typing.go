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
	_ channels.MarkReader = driver{}
)

// typingLasts is how long the indicator is shown ("Sender Actions").
const typingLasts = 20 * time.Second

// TypingPace implements channels.TypingPace.
func (driver) TypingPace(*channels.Channel) (lasts time.Duration, ends bool) {
	return typingLasts, true
}

// Typing implements channels.Typist.
func (d driver) Typing(ctx context.Context, ch *channels.Channel, m *chat.Outbound, on bool) error {
	if on {
		return d.act(ctx, ch, m, "typing_on")
	}
	return d.act(ctx, ch, m, "typing_off")
}

// MarkRead implements channels.MarkReader: the newest message is shown as seen, and
// with it what came before ("Sender Actions", Instagram API with Instagram Login,
// December 2025).
func (d driver) MarkRead(ctx context.Context, ch *channels.Channel, m *chat.Outbound) error {
	return d.act(ctx, ch, m, "mark_seen")
}

func (d driver) act(ctx context.Context, ch *channels.Channel, m *chat.Outbound, name string) error {
	s := config(ch)
	path := "/" + url.PathEscape(string(s.InstagramID)) + "/messages"
	body := map[string]any{"recipient": map[string]any{"id": m.To}, "sender_action": name}
	return meta.Login(d.env, s.Token).Call(ctx, http.MethodPost, path, nil, body, nil)
}
