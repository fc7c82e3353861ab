package line

import (
	"context"
	"net/http"
	"time"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

var (
	_ channels.Typist     = (*Driver)(nil)
	_ channels.TypingPace = (*Driver)(nil)
	_ channels.MarkReader = (*Driver)(nil)
)

// typingLasts is how long we have LINE show its loading animation: a multiple of
// five seconds up to 60 ("Display a loading animation"). A reply ends it.
const typingLasts = 20 * time.Second

// TypingPace implements channels.TypingPace.
func (d *Driver) TypingPace(*channels.Channel) (lasts time.Duration, ends bool) {
	return typingLasts, false
}

// Typing implements channels.Typist.
func (d *Driver) Typing(ctx context.Context, ch *channels.Channel, m *chat.Outbound, on bool) error {
	if !on {
		return nil
	}
	return d.tell(ctx, ch, "/v2/bot/chat/loading/start",
		map[string]any{"chatId": m.To, "loadingSeconds": int(typingLasts / time.Second)})
}

// MarkRead implements channels.MarkReader ("Mark messages as read"). Messages
// without a token are of channels that have LINE's own chat switched on: there
// LINE shows by itself what was read.
func (d *Driver) MarkRead(ctx context.Context, ch *channels.Channel, m *chat.Outbound) error {
	if m.ReadToken == "" {
		return nil
	}
	return d.tell(ctx, ch, "/v2/bot/chat/markAsRead", map[string]any{"markAsReadToken": m.ReadToken})
}

func (d *Driver) tell(ctx context.Context, ch *channels.Channel, path string, body any) error {
	if configOf(ch).ChannelToken == "" {
		return &channels.SendError{Class: chat.Config, Say: wording.FailureSettingMissing.With("setting", "line_channel_token")}
	}
	answer, err := d.call(ctx, ch, http.MethodPost, path, nil, body)
	if err != nil {
		return err
	}
	if !answer.OK() {
		return refused(answer, d.env.Now())
	}
	return nil
}
