package facebook

import (
	"context"
	"net/http"
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

// typingLasts is how long Messenger shows the indicator ("Sender actions",
// Messenger Platform).
const typingLasts = 20 * time.Second

// TypingPace implements channels.TypingPace.
func (driver) TypingPace(*channels.Channel) (lasts time.Duration, ends bool) {
	return typingLasts, true
}

// Typing implements channels.Typist, also for the linked Instagram account.
func (d driver) Typing(ctx context.Context, ch *channels.Channel, m *chat.Outbound, on bool) error {
	if on {
		return d.act(ctx, ch, m, "typing_on")
	}
	return d.act(ctx, ch, m, "typing_off")
}

// MarkRead implements channels.MarkReader, also for the linked Instagram account
// ("Sender Actions", Messenger Platform and Instagram Messaging).
func (d driver) MarkRead(ctx context.Context, ch *channels.Channel, m *chat.Outbound) error {
	return d.act(ctx, ch, m, "mark_seen")
}

func (d driver) act(ctx context.Context, ch *channels.Channel, m *chat.Outbound, name string) error {
	body := map[string]any{"recipient": map[string]any{"id": m.To}, "sender_action": name}
	return meta.Page(d.env, config(ch).PageToken).Call(ctx, http.MethodPost, "/me/messages", nil, body, nil)
}
