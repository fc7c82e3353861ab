package twilio

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"tributary/channels"
	"tributary/chat"
)

var (
	_ channels.Typist     = (*Driver)(nil)
	_ channels.TypingPace = (*Driver)(nil)
)

// typingLasts is how long WhatsApp shows the indicator, unless a reply ends it
// ("Typing indicators with WhatsApp").
const typingLasts = 25 * time.Second

const typingAddress = "https://messaging.twilio.com/v3/Indicators/Typing.json"

// TypingPace implements channels.TypingPace; SMS has no indicator.
func (d *Driver) TypingPace(ch *channels.Channel) (lasts time.Duration, ends bool) {
	if !config(ch).whatsApp() {
		return 0, false
	}
	return typingLasts, false
}

// Typing implements channels.Typist. The indicator belongs to a message of the
// contact, which it also marks as read; there is no way to mark one without it.
func (d *Driver) Typing(ctx context.Context, ch *channels.Channel, m *chat.Outbound, on bool) error {
	cfg := config(ch)
	if !on || !cfg.whatsApp() || m.LastIncomingID == "" {
		return nil
	}
	body, err := json.Marshal(map[string]string{"channel": "WHATSAPP", "messageId": m.LastIncomingID})
	if err != nil {
		return fmt.Errorf("twilio: typing: %w", err)
	}
	_, s := d.handler(ctx, cfg)
	answer, err := s.SendRequest(http.MethodPost, typingAddress, nil, map[string]any{"Content-Type": "application/json"}, body...)
	if err != nil {
		return verdict(err)
	}
	return answer.Body.Close()
}
