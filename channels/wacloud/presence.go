package wacloud

import (
	"context"
	"net/http"
	"strings"
	"time"

	"tributary/channels"
	"tributary/chat"
)

var (
	_ channels.Typist     = (*Driver)(nil)
	_ channels.TypingPace = (*Driver)(nil)
	_ channels.MarkReader = (*Driver)(nil)
)

// typingLasts is how long the indicator is shown, unless a reply ends it (Cloud
// API, "Typing indicators").
const typingLasts = 25 * time.Second

// TypingPace implements channels.TypingPace.
func (d *Driver) TypingPace(*channels.Channel) (lasts time.Duration, ends bool) {
	return typingLasts, false
}

// Typing implements channels.Typist. The indicator belongs to a message of the
// contact, which it also marks as read.
func (d *Driver) Typing(ctx context.Context, ch *channels.Channel, m *chat.Outbound, on bool) error {
	if !on {
		return nil
	}
	return d.readUpTo(ctx, ch, m, map[string]any{"typing_indicator": map[string]any{"type": "text"}})
}

// MarkRead implements channels.MarkReader: earlier messages count as read too.
func (d *Driver) MarkRead(ctx context.Context, ch *channels.Channel, m *chat.Outbound) error {
	return d.readUpTo(ctx, ch, m, map[string]any{})
}

func (d *Driver) readUpTo(ctx context.Context, ch *channels.Channel, m *chat.Outbound, body map[string]any) error {
	if m.LastIncomingID == "" {
		return nil
	}
	cfg := config(ch)
	address, header, err := d.endpoint(cfg)
	if err != nil {
		return err
	}
	body["status"], body["message_id"] = "read", m.LastIncomingID
	if cfg.Provider == ProviderCloud || !strings.HasSuffix(d.dialog(), "/v1") {
		body["messaging_product"] = "whatsapp"
	}
	answer, err := d.env.JSON(ctx, http.MethodPost, address, header, body)
	if err != nil {
		return err
	}
	if !answer.OK() {
		return d.sendError(answer, cfg)
	}
	return nil
}
