package wacloud

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"tributary/channels"
	"tributary/chat"
)

// mediaLife is how long the media id of a webhook can be downloaded (Cloud API,
// "Media": seven days).
const mediaLife = 7 * 24 * time.Hour

type contact struct {
	WaID    text `json:"wa_id"`
	UserID  text `json:"user_id"`
	Profile struct {
		Name     text `json:"name"`
		Username text `json:"username"`
	} `json:"profile"`
}

type message struct {
	From       text `json:"from"`
	FromUserID text `json:"from_user_id"`
	To         text `json:"to"`         // echoes
	ToUserID   text `json:"to_user_id"` // echoes
	ID         text `json:"id"`
	Timestamp  text `json:"timestamp"`
	Type       text `json:"type"`
	GroupID    text `json:"group_id"`

	Text *struct {
		Body text `json:"body"`
	} `json:"text"`
	Image       *media          `json:"image"`
	Video       *media          `json:"video"`
	Audio       *media          `json:"audio"`
	Voice       *media          `json:"voice"` // version 1
	Document    *media          `json:"document"`
	Sticker     *media          `json:"sticker"`
	Location    *location       `json:"location"`
	Contacts    []card          `json:"contacts"`
	Button      *button         `json:"button"`
	Interactive *interactive    `json:"interactive"`
	Reaction    *reaction       `json:"reaction"`
	Order       json.RawMessage `json:"order"`
	System      *system         `json:"system"`
	Edit        *struct {
		Original text            `json:"original_message_id"`
		Message  json.RawMessage `json:"message"`
	} `json:"edit"`
	Revoke *struct {
		Original text `json:"original_message_id"`
	} `json:"revoke"`
	Errors   []providerError `json:"errors"`
	Context  *quoted         `json:"context"`
	Referral json.RawMessage `json:"referral"`
}

type reaction struct {
	MessageID text `json:"message_id"`
	Emoji     text `json:"emoji"`
}

type system struct {
	Body    text `json:"body"`
	Type    text `json:"type"`
	WaID    text `json:"wa_id"`
	NewWaID text `json:"new_wa_id"` // version 1
	UserID  text `json:"user_id"`
}

// messageEvents normalises one message, or one echo of what the owner wrote in the
// WhatsApp Business app.
func messageEvents(raw json.RawMessage, contacts []contact, echo bool) []chat.Event {
	var m message
	lenient(raw, &m)
	ev := chat.Event{
		Key:        "msg:" + string(m.ID),
		Kind:       chat.KindMessage,
		OccurredAt: chat.ProviderTime(string(m.Timestamp)),
		Contact:    m.contact(contacts, echo),
		Raw:        raw,
	}
	if m.ID == "" {
		ev.Key = "raw:" + channels.Digest(string(raw))
	}
	switch {
	case m.GroupID != "":
		return ignored(ev, "group")
	case ev.Contact == nil:
		return ignored(ev, "no_sender")
	}
	return channels.Guard(ev, func() []chat.Event {
		events := m.content(ev)
		if echo {
			return echoes(events, &m)
		}
		return events
	})
}

func ignored(ev chat.Event, reason string) []chat.Event {
	ev.Kind, ev.Reason = chat.KindIgnored, reason
	return []chat.Event{ev}
}

// echoes turns what was decoded as if it came in into what the owner sent out.
func echoes(events []chat.Event, m *message) []chat.Event {
	for i := range events {
		ev := &events[i]
		switch ev.Kind {
		case chat.KindMessage, chat.KindInteraction:
			ev.Kind = chat.KindEcho
			ev.Message.Direction = "outgoing"
		case chat.KindEdit:
			ev.Message.Direction = "outgoing"
		case chat.KindDelete, chat.KindIgnored:
		default:
			return ignored(*ev, "echo_"+string(m.Type))
		}
	}
	return events
}

// contact finds the person: the sender, for echoes the receiver. Nil when the
// message names nobody.
func (m *message) contact(known []contact, echo bool) *chat.Contact {
	number, userID := digits(string(m.From)), string(m.FromUserID)
	if echo {
		number, userID = digits(string(m.To)), string(m.ToUserID)
	}
	c := &chat.Contact{}
	for i := range known {
		k := &known[i]
		waID := digits(string(k.WaID))
		if number != "" && waID != "" && sameNumber(number, waID) || userID != "" && string(k.UserID) == userID {
			c.Name = channels.Clean(string(k.Profile.Name))
			c.Username = channels.Clean(string(k.Profile.Username))
			number, userID = firstOf(number, waID), firstOf(userID, string(k.UserID))
			break
		}
	}
	switch {
	case number != "":
		c.SourceID, c.Phone = number, phoneOf(number)
		if userID != "" {
			c.AltIDs = []chat.AltID{{Scheme: "wa_bsuid", Value: userID}}
		}
	case userID != "":
		c.SourceID = userID
	default:
		return nil
	}
	return c
}

// content decodes by type. What it does not know becomes a message marked as
// unsupported.
func (m *message) content(ev chat.Event) []chat.Event { //nolint:cyclop // one case per type of message
	msg := &chat.Message{SourceID: string(m.ID)}
	ev.Message = msg
	m.common(&ev)
	if len(m.Errors) > 0 {
		msg.Flags = &chat.Flags{Unsupported: true}
		if m.Type != "unsupported" {
			msg.Content = m.Errors[0].line()
		}
		return []chat.Event{ev}
	}
	switch kind := m.kind(); {
	case kind == "text" && m.Text != nil:
		msg.Content = channels.Clean(string(m.Text.Body))
		if msg.ReplyTo == nil && ev.Referral == nil {
			ev.Raw = nil
		}
	case m.media(kind) != nil:
		m.media(kind).attach(attachmentKinds[kind], &ev)
	case kind == "location" && m.Location != nil:
		msg.Attachments = []chat.Attachment{m.Location.attachment()}
	case kind == "contacts" && len(m.Contacts) > 0:
		return cards(m.Contacts, ev)
	case kind == "button" && m.Button != nil:
		m.Button.fill(&ev)
	case kind == "interactive" && m.Interactive.fill(&ev):
	case kind == "order" && len(m.Order) > 0:
		msg.Content, msg.Order = orderText(m.Order), m.Order
	case kind == "reaction" && m.Reaction != nil && m.Reaction.MessageID != "":
		return m.reacted(ev)
	case kind == "system" && m.System != nil:
		return m.System.changed(ev)
	case kind == "edit" && m.Edit != nil && m.Edit.Original != "":
		return m.edited(ev)
	case kind == "revoke" && m.Revoke != nil && m.Revoke.Original != "":
		ev.Kind, ev.Message = chat.KindDelete, nil
		ev.Key = "del:" + string(m.Revoke.Original)
		ev.Target = &chat.Target{SourceIDs: []string{string(m.Revoke.Original)}}
	case kind == "ephemeral":
		ev.Message = nil
		return ignored(ev, "ephemeral")
	case kind == "request_welcome":
		ev.Kind, ev.Message = chat.KindOptIn, nil
	default:
		msg.Flags = &chat.Flags{Unsupported: true}
	}
	return []chat.Event{ev}
}

// kind is the type, guessed from the content when Meta leaves it out.
func (m *message) kind() string {
	switch {
	case m.Type != "":
		return string(m.Type)
	case m.Text != nil:
		return "text"
	case m.Location != nil:
		return "location"
	case m.Interactive != nil:
		return "interactive"
	}
	for _, kind := range []string{"image", "video", "audio", "voice", "document", "sticker"} {
		if m.media(kind) != nil {
			return kind
		}
	}
	return ""
}

// reacted has one key per reaction message: adding and taking off an emoji can
// happen within one second.
func (m *message) reacted(ev chat.Event) []chat.Event {
	target := string(m.Reaction.MessageID)
	ev.Kind, ev.Message = chat.KindReaction, nil
	ev.Key = strings.Join([]string{"re", target, ev.Contact.SourceID, string(m.ID)}, ":")
	ev.Target = &chat.Target{SourceIDs: []string{target}}
	ev.Reaction = &chat.Reaction{Emoji: channels.Clean(string(m.Reaction.Emoji)), Action: "add"}
	if m.Reaction.Emoji == "" {
		ev.Reaction.Action = "remove"
	}
	return []chat.Event{ev}
}

// changed reads a customer's new number or user id; other notices (a changed
// security code) concern nobody here.
func (s *system) changed(ev chat.Event) []chat.Event {
	number := firstOf(digits(string(s.WaID)), digits(string(s.NewWaID)))
	ev.Message = nil
	switch {
	case number != "" && number != ev.Contact.SourceID:
		ev.Contact.AltIDs = append(ev.Contact.AltIDs, chat.AltID{Scheme: "wa_id", Value: number})
	case s.UserID != "" && string(s.UserID) != ev.Contact.SourceID:
		ev.Contact.AltIDs = append(ev.Contact.AltIDs, chat.AltID{Scheme: "wa_bsuid", Value: string(s.UserID)})
	default:
		return ignored(ev, "system_"+string(s.Type))
	}
	ev.Kind = chat.KindContactChanged
	ev.Message = &chat.Message{SourceID: strings.TrimPrefix(ev.Key, "msg:"), Content: channels.Clean(string(s.Body))}
	return []chat.Event{ev}
}

// edited decodes the new content as if it were a message of its own.
func (m *message) edited(ev chat.Event) []chat.Event {
	var inner message
	lenient(m.Edit.Message, &inner)
	inner.ID = m.Edit.Original
	ev.Message = nil
	var content *chat.Message
	if inner.kind() != "edit" {
		content = inner.content(ev)[0].Message
	}
	ev.Kind = chat.KindEdit
	ev.Key = "ed:" + string(m.Edit.Original) + ":" + string(m.ID)
	ev.Target = &chat.Target{SourceIDs: []string{string(m.Edit.Original)}}
	if ev.Message = content; content == nil {
		ev.Message = &chat.Message{SourceID: string(m.Edit.Original), Flags: &chat.Flags{Unsupported: true}}
	}
	return []chat.Event{ev}
}

// orderText is what the customer wrote with an order, else its items.
func orderText(raw json.RawMessage) string {
	var o struct {
		Text  text `json:"text"`
		Items []struct {
			ID       text `json:"product_retailer_id"`
			Quantity text `json:"quantity"`
			Price    text `json:"item_price"`
			Currency text `json:"currency"`
		} `json:"product_items"`
	}
	lenient(raw, &o)
	if o.Text != "" || len(o.Items) == 0 {
		return channels.Clean(string(o.Text))
	}
	lines := make([]string, len(o.Items))
	for i, item := range o.Items {
		lines[i] = strings.TrimSpace(strings.Join([]string{string(item.Quantity), "×", string(item.ID), string(item.Price), string(item.Currency)}, " "))
	}
	return channels.Clean(strings.Join(lines, "\n"))
}

// cards makes one message per contact card: Chatwoot's clients show one card a
// message. They share the provider's id.
func cards(list []card, ev chat.Event) []chat.Event {
	events := make([]chat.Event, 0, len(list))
	for i := range list {
		one, msg := ev, *ev.Message
		one.Key = ev.Key + "#" + strconv.Itoa(i)
		msg.Content, msg.Attachments = list[i].name(), list[i].attachments()
		one.Message = &msg
		events = append(events, one)
	}
	return events
}
