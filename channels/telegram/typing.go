package telegram

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

var (
	_ channels.Typist     = (*driver)(nil)
	_ channels.TypingPace = (*driver)(nil)
	_ channels.MarkReader = (*driver)(nil)
)

// typingLasts is how long a chat action is shown, unless a message ends it (Bot
// API, sendChatAction).
const typingLasts = 5 * time.Second

// TypingPace implements channels.TypingPace.
func (d *driver) TypingPace(*channels.Channel) (lasts time.Duration, ends bool) {
	return typingLasts, false
}

// Typing implements channels.Typist.
func (d *driver) Typing(ctx context.Context, ch *channels.Channel, m *chat.Outbound, on bool) error {
	if !on {
		return nil
	}
	fields := map[string]any{"chat_id": chatID(m), "action": "typing"}
	if m.BusinessConnectionID != "" {
		fields["business_connection_id"] = m.BusinessConnectionID
	}
	return d.tell(ctx, ch, "sendChatAction", fields)
}

// MarkRead implements channels.MarkReader. Only the chats of a business account
// have something to mark (readBusinessMessage); bots have no read marks.
func (d *driver) MarkRead(ctx context.Context, ch *channels.Channel, m *chat.Outbound) error {
	id, err := strconv.ParseInt(m.LastIncomingID, 10, 64)
	if m.BusinessConnectionID == "" || err != nil {
		return nil //nolint:nilerr // an id of another form is no message of Telegram's
	}
	return d.tell(ctx, ch, "readBusinessMessage", map[string]any{
		"business_connection_id": m.BusinessConnectionID, "chat_id": chatID(m), "message_id": id,
	})
}

func (d *driver) tell(ctx context.Context, ch *channels.Channel, method string, fields map[string]any) error {
	token := configOf(ch).BotToken
	if token == "" {
		return &channels.SendError{Class: chat.Config, Code: "config", Say: wording.FailureSettingMissing.With("setting", "bot_token")}
	}
	answer, err := d.env.JSON(ctx, http.MethodPost, d.endpoint(token, method), nil, fields)
	if err != nil {
		return err
	}
	_, err = d.result(answer, token)
	return err
}
