package telegram

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"tributary/channels"
	"tributary/chat"
)

// decoder turns one update into events.
type decoder struct {
	update  *update
	address chat.Address
	botID   string // from the token in the path; empty when it has none
}

// Decode implements channels.Driver.
func (d *driver) Decode(r *channels.Request) ([]chat.Event, error) {
	u, err := parseUpdate(r.Body)
	if err != nil {
		return nil, err
	}
	token := r.Param("bot_token")
	dec := &decoder{update: u, address: address(token)}
	if id, _, ok := strings.Cut(token, ":"); ok {
		dec.botID = id
	}
	// The Bot API promises one payload; should there ever be more, none is lost.
	var events []chat.Event
	for _, name := range slices.Sorted(maps.Keys(u.payloads)) {
		events = append(events, dec.payload(name, u.payloads[name])...)
	}
	if len(events) == 0 {
		events = dec.ignored("unknown_event", nil)
	}
	return events, nil
}

// payload decodes one payload of the update.
func (d *decoder) payload(name string, raw json.RawMessage) []chat.Event {
	switch name {
	case "message", "business_message":
		return decodeAs(d, raw, d.message)
	case "edited_message", "edited_business_message":
		return decodeAs(d, raw, d.edit)
	case "deleted_business_messages":
		return decodeAs(d, raw, d.deleted)
	case "callback_query":
		return decodeAs(d, raw, d.callback)
	case "message_reaction":
		return decodeAs(d, raw, d.reaction)
	case "my_chat_member":
		return decodeAs(d, raw, d.member)
	case "business_connection":
		return decodeAs(d, raw, d.connection)
	case "channel_post", "edited_channel_post", "inline_query", "chosen_inline_result", "shipping_query",
		"pre_checkout_query", "purchased_paid_media", "poll", "poll_answer", "chat_member",
		"chat_join_request", "chat_boost", "removed_chat_boost", "message_reaction_count":
		return d.ignored(name, nil)
	}
	return d.ignored("unknown_event", raw)
}

// decodeAs decodes raw for handle. What does not have the documented shape is
// kept as an ignored event.
func decodeAs[T any](d *decoder, raw json.RawMessage, handle func(*T, json.RawMessage) []chat.Event) []chat.Event {
	v := new(T)
	if err := json.Unmarshal(raw, v); err != nil || string(raw) == "null" {
		return d.ignored("malformed", raw)
	}
	return handle(v, raw)
}

// event starts an event of the update.
func (d *decoder) event(kind chat.Kind, key string, at int64) chat.Event {
	return chat.Event{
		Key: key, Channel: slug, Transport: "telegram_bot", Address: d.address, Kind: kind,
		OccurredAt: chat.Millis(max(at, 0) * 1000),
	}
}

func (d *decoder) ignored(reason string, raw json.RawMessage) []chat.Event {
	ev := d.event(chat.KindIgnored, "up:"+d.updateID(), 0)
	ev.Reason, ev.Raw = reason, raw
	return []chat.Event{ev}
}

// updateID tells changes of one message within the same second apart.
func (d *decoder) updateID() string { return decimal(d.update.ID) }

// message decodes a message to the bot or, through the bot, to a business.
func (d *decoder) message(m *message, raw json.RawMessage) []chat.Event {
	if m.Chat.ID == 0 || m.ID == 0 {
		return d.ignored("malformed", raw)
	}
	if !m.Chat.private() {
		return d.ignored("group", nil)
	}
	who, own := m.sender()
	if own && m.SenderBusinessBot != nil && (d.botID == "" || d.botID == decimal(m.SenderBusinessBot.ID)) {
		return d.ignored("own_message", nil)
	}
	ev := d.event(chat.KindMessage, "msg:"+decimal(m.Chat.ID)+":"+decimal(m.ID), m.Date)
	ev.Thread = d.thread(&ev, m.Chat.ID, m.BusinessConnectionID)
	ev.Contact = contact(who)
	ev.Message = content(m)
	if own {
		ev.Kind, ev.Message.Direction = chat.KindEcho, "outgoing"
	} else {
		ev.Contact.Lookup = "needed"
	}
	if m.WebApp != nil {
		ev.Kind = chat.KindInteraction
	}
	if ev.Message.Unsupported() {
		ev.Reason, ev.Raw = contentKind(raw), raw
	}
	if m.Text != nil && !own {
		ev.Referral = start(*m.Text)
	}
	return []chat.Event{ev}
}

// sender is the contact of a message, and whether the other side wrote it: the
// owner of a business account, whose chats are named after the customer.
func (m *message) sender() (who user, own bool) {
	if m.From == nil || m.From.ID == 0 {
		return m.Chat.user(), false
	}
	if m.BusinessConnectionID != "" && m.From.ID != m.Chat.ID {
		return m.Chat.user(), true
	}
	return *m.From, false
}

// start reads the payload of a deep link (t.me/bot?start=payload).
func start(s string) *chat.Referral {
	command, payload, ok := strings.Cut(s, " ")
	name, _, _ := strings.Cut(command, "@")
	payload = channels.Clean(strings.TrimSpace(payload))
	if !ok || name != "/start" || payload == "" {
		return nil
	}
	return &chat.Referral{Ref: payload}
}

// edit decodes a changed text or caption.
func (d *decoder) edit(m *message, raw json.RawMessage) []chat.Event {
	if m.Chat.ID == 0 || m.ID == 0 {
		return d.ignored("malformed", raw)
	}
	if !m.Chat.private() {
		return d.ignored("group", nil)
	}
	if m.Text == nil && m.Caption == nil && m.Location != nil {
		return d.ignored("live_location", nil) // moves every few seconds
	}
	who, own := m.sender()
	at := max(m.EditDate, m.Date)
	key := "ed:" + decimal(m.Chat.ID) + ":" + decimal(m.ID) + ":" + decimal(at) + "-" + d.updateID()
	ev := d.event(chat.KindEdit, key, at)
	ev.Thread = d.thread(&ev, m.Chat.ID, m.BusinessConnectionID)
	ev.Contact = contact(who)
	ev.Message = content(m)
	ev.Message.Flags = nil
	if own {
		ev.Message.Direction = "outgoing"
	}
	ev.Target = &chat.Target{SourceIDs: []string{decimal(m.ID)}}
	return []chat.Event{ev}
}

// deleted decodes messages that somebody deleted in a business chat.
func (d *decoder) deleted(m *deletedMessages, raw json.RawMessage) []chat.Event {
	if m.Chat.ID == 0 || len(m.MessageIDs) == 0 {
		return d.ignored("malformed", raw)
	}
	if !m.Chat.private() {
		return d.ignored("group", nil)
	}
	ids := make([]string, len(m.MessageIDs))
	for i, id := range m.MessageIDs {
		ids[i] = decimal(id)
	}
	ev := d.event(chat.KindDelete, "del:"+decimal(m.Chat.ID)+":"+ids[0]+"-"+d.updateID(), 0)
	ev.Thread = d.thread(&ev, m.Chat.ID, m.BusinessConnectionID)
	ev.Contact = contact(m.Chat.user())
	ev.Target = &chat.Target{SourceIDs: ids}
	return []chat.Event{ev}
}

// callback decodes a pressed inline button.
func (d *decoder) callback(q *callbackQuery, raw json.RawMessage) []chat.Event {
	if q.ID == "" || q.From.ID == 0 {
		return d.ignored("malformed", raw)
	}
	chatID, connectionID, title := q.From.ID, "", ""
	if m := q.Message; m != nil {
		if m.Chat.ID != 0 && !m.Chat.private() {
			return d.ignored("group", nil)
		}
		if m.Chat.ID != 0 {
			chatID = m.Chat.ID
		}
		connectionID, title = m.BusinessConnectionID, m.buttonTitle(q.Data)
	}
	data := q.Data
	if data == "" {
		data = q.Game
	}
	data = channels.Clean(data)
	ev := d.event(chat.KindInteraction, "cb:"+q.ID, 0) // queries carry no date
	ev.Thread = d.thread(&ev, chatID, connectionID)
	ev.Contact = contact(q.From)
	ev.Contact.Lookup = "needed"
	ev.Message = &chat.Message{
		SourceID:    q.ID,
		Content:     data,
		Interaction: &chat.Interaction{Kind: "callback", ID: q.ID, Title: title, Payload: data},
	}
	return []chat.Event{ev}
}

// buttonTitle is what the pressed button says.
func (m *message) buttonTitle(data string) string {
	if m.ReplyMarkup == nil || data == "" {
		return ""
	}
	for _, row := range m.ReplyMarkup.Keyboard {
		for _, b := range row {
			if b.Data == data {
				return channels.Clean(b.Text)
			}
		}
	}
	return ""
}

// reaction decodes the difference between two sets of reactions.
func (d *decoder) reaction(u *reactionUpdate, raw json.RawMessage) []chat.Event {
	if u.Chat.ID == 0 || u.MessageID == 0 {
		return d.ignored("malformed", raw)
	}
	if !u.Chat.private() {
		return d.ignored("group", nil)
	}
	who := u.Chat.user()
	if u.User != nil && u.User.ID != 0 {
		who = *u.User
	}
	var events []chat.Event
	add := func(action string, list, other []reaction) {
		for _, r := range list {
			if slices.Contains(other, r) {
				continue
			}
			key := strings.Join([]string{
				"re", decimal(u.Chat.ID), decimal(u.MessageID), decimal(who.ID), decimal(u.Date) + "-" + d.updateID(), decimal(int64(len(events))),
			}, ":")
			ev := d.event(chat.KindReaction, key, u.Date)
			ev.Thread = d.thread(&ev, u.Chat.ID, "")
			ev.Contact = contact(who)
			ev.Target = &chat.Target{SourceIDs: []string{decimal(u.MessageID)}}
			ev.Reaction = &chat.Reaction{Emoji: channels.Clean(r.Emoji), Action: action}
			if r.Type != "emoji" {
				ev.Reaction.Name = channels.Clean(r.Type)
			}
			events = append(events, ev)
		}
	}
	add("remove", u.Old, u.New)
	add("add", u.New, u.Old)
	if len(events) == 0 {
		return d.ignored("no_change", nil)
	}
	return events
}

// member decodes that a person blocked the bot or let it back in.
func (d *decoder) member(u *memberUpdate, raw json.RawMessage) []chat.Event {
	if u.Chat.ID == 0 {
		return d.ignored("malformed", raw)
	}
	if !u.Chat.private() {
		return d.ignored("group", nil)
	}
	kind := chat.KindOptOut
	switch u.New.Status {
	case "kicked":
	case "member":
		kind = chat.KindOptIn
	default:
		return d.ignored("unknown_status", raw)
	}
	who := u.From
	if who.ID != u.Chat.ID {
		who = u.Chat.user()
	}
	ev := d.event(kind, "member:"+decimal(u.Chat.ID)+":"+decimal(u.Date)+"-"+d.updateID(), u.Date)
	ev.Thread = d.thread(&ev, u.Chat.ID, "")
	ev.Contact = contact(who)
	return []chat.Event{ev}
}

// connection decodes that a business connected or disconnected the bot.
func (d *decoder) connection(c *connection, raw json.RawMessage) []chat.Event {
	if c.ID == "" {
		return d.ignored("malformed", raw)
	}
	ev := d.event(chat.KindAccountEvent, "bc:"+c.ID+":"+d.updateID(), c.Date)
	ev.Transport = "telegram_business"
	ev.Account = &chat.Account{Field: "business_connection", Value: raw}
	return []chat.Event{ev}
}

// thread names the chat; a business connection also changes the transport.
func (d *decoder) thread(ev *chat.Event, chatID int64, connectionID string) *chat.Thread {
	t := &chat.Thread{ChatID: decimal(chatID), Attributes: map[string]any{"chat_id": chatID}}
	if connectionID != "" {
		ev.Transport = "telegram_business"
		t.BusinessConnectionID = connectionID
		t.Attributes["business_connection_id"] = connectionID
	}
	return t
}

func contact(u user) *chat.Contact {
	first, last := strings.TrimSpace(channels.Clean(u.FirstName)), strings.TrimSpace(channels.Clean(u.LastName))
	username := channels.Clean(u.Username)
	c := &chat.Contact{
		SourceID:   decimal(u.ID),
		Name:       strings.TrimSpace(first + " " + last),
		FirstName:  first,
		LastName:   last,
		Username:   username,
		Language:   channels.Clean(u.LanguageCode),
		Attributes: map[string]any{"social_telegram_user_id": u.ID},
	}
	if username != "" {
		c.Attributes["username"], c.Attributes["social_telegram_user_name"] = username, username
	}
	if c.Language != "" {
		c.Attributes["language_code"] = c.Language
	}
	if c.Name == "" {
		c.Name = username
	}
	return c
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
