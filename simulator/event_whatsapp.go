package simulator

import "strconv"

// Events of WhatsApp numbers beside texts.

func (s *Simulator) whatsappEvent(b *batch, ev *Event) (*Delivery, error) {
	c := b.channel
	value, field := object{}, "messages"
	contacts := []any{object{"profile": object{"name": ev.Name}, "wa_id": ev.From}}
	at := strconv.FormatInt(ev.At.Unix(), 10)
	switch ev.Kind {
	case EventEcho:
		field = "smb_message_echoes"
		value["message_echoes"] = []any{object{
			"from": c.digits(), "to": ev.From, "id": b.fresh(ev, s.hexID(whatsappIDPrefix(c))),
			"timestamp": at, "type": "text", "text": object{"body": ev.Text},
		}}
	case EventOptOut, EventOptIn:
		field, value["contacts"] = "user_preferences", contacts
		wish := "stop"
		if ev.Kind == EventOptIn {
			wish = "resume"
		}
		value["user_preferences"] = []any{object{"wa_id": ev.From, "category": "marketing_messages", "value": wish, "timestamp": ev.At.Unix()}}
	case EventContactChanged:
		// The one message that comes without its contact.
		value["messages"] = []any{object{
			"from": ev.From, "id": b.fresh(ev, s.hexID(whatsappIDPrefix(c))), "timestamp": at, "type": "system",
			"system": object{"type": "user_changed_number", "wa_id": ev.Payload, "body": ev.Name + " changed from " + ev.From + " to " + ev.Payload},
		}}
	default:
		m := object{"from": ev.From, "id": b.fresh(ev, s.hexID(whatsappIDPrefix(c))), "timestamp": at}
		s.whatsappContent(c, ev, m)
		value["contacts"], value["messages"] = contacts, []any{m}
	}
	fields := appendObject(nil, value, c.Kind == WhatsAppCloud)
	body := append(whatsappOpen(c, len(fields)), fields[1:len(fields)-1]...)
	return s.whatsappClose(b, body, field)
}

// whatsappContent completes a message. Kind and key of its content are the same
// word.
func (s *Simulator) whatsappContent(c *Channel, ev *Event, m object) {
	content := func(kind string, v any) { m["type"], m[kind] = kind, v }
	interactive := func(kind string, v object) { content("interactive", object{"type": kind, kind: v}) }
	switch ev.Kind {
	case EventImage, EventAudio, EventVideo, EventFile, EventSticker:
		kind := string(ev.Kind)
		file := object{"id": ev.Media, "mime_type": mediaType(ev.Kind), "sha256": token(32)}
		if ev.Media == "" {
			file["id"] = s.fileID(ev.Kind)
		}
		switch ev.Kind {
		case EventFile:
			kind, file["filename"] = "document", "menu.pdf"
		case EventSticker:
			file["animated"] = false
		case EventAudio:
			file["mime_type"], file["voice"] = "audio/ogg; codecs=opus", true
		default:
			if ev.Text != "" {
				file["caption"] = ev.Text
			}
		}
		content(kind, file)
	case EventLocation:
		content("location", object{"latitude": 41.1496, "longitude": -8.6065, "name": "Mercado do Bolhão", "address": "R. Formosa, Porto"})
	case EventContact:
		content("contacts", []any{object{
			"name":   object{"formatted_name": "Inês Prado", "first_name": "Inês", "last_name": "Prado"},
			"phones": []any{object{"phone": "+351 912 000 222", "wa_id": "351912000222", "type": "CELL"}},
		}})
	case EventReaction:
		content("reaction", object{"message_id": ev.Target, "emoji": ev.Payload})
	case EventUnreact:
		content("reaction", object{"message_id": ev.Target})
	case EventReply:
		m["context"] = object{"from": c.digits(), "id": ev.Target}
		content("text", object{"body": ev.Text})
	case EventEdit:
		content("edit", object{"original_message_id": ev.Target, "message": object{"type": "text", "text": object{"body": ev.Text}}})
	case EventDelete:
		content("revoke", object{"original_message_id": ev.Target})
	case EventButton:
		if ev.Target == "" {
			interactive("button_reply", object{"id": ev.Payload, "title": ev.Text})
			return
		}
		// A quick reply of a template.
		m["context"] = object{"from": c.digits(), "id": ev.Target}
		content("button", object{"payload": ev.Payload, "text": ev.Text})
	case EventList:
		interactive("list_reply", object{"id": ev.Payload, "title": ev.Text, "description": "900 g"})
	case EventFlow:
		interactive("nfm_reply", object{"name": "flow", "body": "Sent", "response_json": `{"flow_token":"t1","loaves":"2"}`})
	case EventOrder:
		content("order", object{"catalog_id": "c1", "text": ev.Text, "product_items": []any{
			object{"product_retailer_id": "rye-900", "quantity": 2, "item_price": 4.5, "currency": "EUR"},
		}})
	case EventReferral:
		content("text", object{"body": ev.Text})
		m["referral"] = object{
			"source_url": "https://fb.example.test/ad", "source_id": "120200001", "source_type": "ad",
			"headline": "Fresh at six", "body": "Bread, delivered", "media_type": "image", "ctwa_clid": token(16),
		}
	case EventUnsupported:
		content("unsupported", object{"type": "poll_creation"})
		m["errors"] = []any{object{
			"code": 131051, "title": "Message type unknown", "message": "Message type unknown",
			"error_data": object{"details": "Message type is currently not supported."},
		}}
	}
}
