package simulator

import (
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"
)

// Events of Telegram bots beside texts. Deletions and what the owner writes come
// from a business account that the bot is connected to.

const (
	telegramBusiness   = "bc_simulator_1"
	telegramFilePrefix = "AgAC"
)

func (s *Simulator) telegramEvent(b *batch, ev *Event) (*Delivery, error) {
	for name, id := range map[string]string{"user": ev.From, "message": ev.ID, "target": ev.Target} {
		if _, err := strconv.ParseInt(id, 10, 64); err != nil && (id != "" || name == "user") {
			return nil, fmt.Errorf("simulator: a Telegram %s id is a number: %w", name, err)
		}
	}
	first, last, _ := strings.Cut(ev.Name, " ")
	who := object{"id": json.Number(ev.From), "is_bot": false, "first_name": first, "last_name": last, "language_code": "en"}
	chat := object{"id": json.Number(ev.From), "first_name": first, "last_name": last, "type": "private"}
	update := "message"
	var payload object
	switch ev.Kind {
	case EventReaction, EventUnreact:
		set := []any{object{"type": "emoji", "emoji": ev.Payload}}
		update = "message_reaction"
		payload = object{"chat": chat, "message_id": json.Number(ev.Target), "user": who, "date": ev.At.Unix(), "old_reaction": []any{}, "new_reaction": set}
		if ev.Kind == EventUnreact {
			payload["old_reaction"], payload["new_reaction"] = set, []any{}
		}
	case EventEdit:
		update = "edited_message"
		payload = object{
			"message_id": json.Number(ev.Target), "from": who, "chat": chat,
			"date": ev.At.Unix() - 60, "edit_date": ev.At.Unix(), "text": ev.Text,
		}
	case EventDelete:
		update = "deleted_business_messages"
		payload = object{"business_connection_id": telegramBusiness, "chat": chat, "message_ids": []any{json.Number(ev.Target)}}
	case EventEcho:
		update = "business_message"
		owner := object{"id": 4_440_001, "is_bot": false, "first_name": "Maja"}
		payload = object{
			"message_id": json.Number(b.fresh(ev, decimal(s.telegramID()))), "business_connection_id": telegramBusiness,
			"from": owner, "chat": chat, "date": ev.At.Unix(), "text": ev.Text,
		}
	case EventCallback:
		update = "callback_query"
		payload = object{"id": b.fresh(ev, decimal(s.telegramID())), "from": who, "chat_instance": "1", "data": ev.Payload}
		if ev.Target != "" {
			payload["message"] = object{
				"message_id": json.Number(ev.Target), "chat": chat, "date": ev.At.Unix(), "text": ev.Text,
				"reply_markup": object{"inline_keyboard": []any{[]any{object{"text": ev.Text, "callback_data": ev.Payload}}}},
			}
		}
	case EventOptOut, EventOptIn:
		update = "my_chat_member"
		status := "kicked"
		if ev.Kind == EventOptIn {
			status = "member"
		}
		bot := object{"id": json.Number(b.channel.Address), "is_bot": true, "first_name": b.channel.Name}
		payload = object{
			"chat": chat, "from": who, "date": ev.At.Unix(),
			"old_chat_member": object{"user": bot, "status": "member"}, "new_chat_member": object{"user": bot, "status": status},
		}
	default:
		payload = object{"message_id": json.Number(b.fresh(ev, decimal(s.telegramID()))), "from": who, "chat": chat, "date": ev.At.Unix()}
		s.telegramContent(ev, payload)
	}
	body := append(s.telegramOpen(), `"`+update+`":`...)
	return telegramClose(b, append(appendObject(body, payload, false), '}'))
}

// telegramContent completes a message.
func (s *Simulator) telegramContent(ev *Event, m object) {
	file := func(more object) object {
		id := ev.Media
		if id == "" {
			id = s.hexID(telegramFilePrefix + fileDigit(ev.Kind))
		}
		out := object{"file_id": id, "file_unique_id": "u" + id, "file_size": len(content(ev.Kind))}
		maps.Copy(out, more)
		return out
	}
	text := "text"
	switch ev.Kind {
	case EventImage:
		text = "caption"
		m["photo"] = []any{file(object{"width": 90, "height": 90}), file(object{"width": 640, "height": 640})}
	case EventVideo:
		text = "caption"
		m["video"] = file(object{"width": 640, "height": 360, "duration": 9, "mime_type": "video/mp4"})
	case EventAudio:
		text = "caption"
		m["voice"] = file(object{"duration": 4, "mime_type": "audio/ogg"})
	case EventFile:
		text = "caption"
		m["document"] = file(object{"mime_type": "application/pdf", "file_name": "menu.pdf"})
	case EventLocation:
		place := object{"latitude": 41.1496, "longitude": -8.6065}
		m["location"], m["venue"] = place, object{"location": place, "title": "Mercado do Bolhão", "address": "R. Formosa"}
	case EventContact:
		m["contact"] = object{"phone_number": "+351912000222", "first_name": "Inês", "last_name": "Prado", "vcard": string(content(EventContact))}
	case EventSticker:
		m["sticker"] = file(object{"type": "regular", "width": 512, "height": 512, "is_animated": false, "is_video": false, "emoji": "🥐"})
		return
	case EventReply:
		m["reply_to_message"] = object{"message_id": json.Number(ev.Target), "chat": m["chat"], "date": ev.At.Unix() - 60}
	case EventFlow:
		m["web_app_data"] = object{"data": `{"loaves":2}`, "button_text": ev.Text}
		return
	case EventReferral:
		m["text"] = "/start " + ev.Payload
		return
	case EventStoryReply:
		m["reply_to_story"] = object{"id": 12, "chat": object{"id": -1001, "type": "channel", "title": "Maple & Rye", "username": "mapleandrye"}}
	case EventUnsupported:
		m["poll"] = object{"id": "1", "question": "Rye or corn?", "options": []any{object{"text": "Rye", "voter_count": 0}}}
		return
	}
	if ev.Text != "" {
		m[text] = ev.Text
	}
}
