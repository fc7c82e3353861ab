package simulator

import (
	"strconv"
	"sync"
)

// Events of Messenger and Instagram beside texts.

func (s *Simulator) metaEvents(b *batch, ev *Event) (*Delivery, error) {
	c := b.channel
	from, to := ev.From, c.Address
	if ev.Kind == EventEcho {
		from, to = to, from
	}
	event := object{"sender": object{"id": from}, "recipient": object{"id": to}, "timestamp": ev.At.UnixMilli()}
	switch ev.Kind {
	case EventReaction, EventUnreact:
		reaction := object{"mid": ev.Target, "action": "unreact"}
		if ev.Kind == EventReaction {
			reaction["action"], reaction["emoji"], reaction["reaction"] = "react", ev.Payload, "other"
		}
		event["reaction"] = reaction
	case EventEdit:
		event["message_edit"] = object{"mid": ev.Target, "text": ev.Text, "num_edit": s.edits.next(ev.Target)}
	case EventDelete:
		event["message"] = object{"mid": ev.Target, "is_deleted": true}
	case EventRead:
		event["read"] = object{"mid": ev.Target}
		if c.Kind == Facebook {
			event["read"] = object{"watermark": ev.At.UnixMilli()}
		}
	case EventPostback:
		event["postback"] = object{"mid": b.fresh(ev, s.hexID(metaIDPrefix(c.Kind))), "title": ev.Text, "payload": ev.Payload}
	case EventReferral:
		event["referral"] = object{"ref": ev.Payload, "source": "SHORTLINK", "type": "OPEN_THREAD"}
	case EventOptIn:
		event["optin"] = object{"type": "notification_messages", "ref": ev.Payload, "notification_messages_token": s.hexID("n")}
	case EventFlow:
		event["messaging_feedback"] = object{"feedback_screens": []any{object{
			"screen_id": 0, "questions": object{"visit": object{"type": "CSAT", "payload": "5", "follow_up": object{"type": "FREE_FORM", "payload": ev.Text}}},
		}}}
	default:
		event["message"] = s.metaMessage(b, ev)
	}
	return s.metaClose(b, appendObject(s.metaOpen(c, 512), event, true)), nil
}

// metaMessage is the content of a new message.
func (s *Simulator) metaMessage(b *batch, ev *Event) object {
	id := b.fresh(ev, s.hexID(metaIDPrefix(b.channel.Kind)))
	m := object{"mid": id}
	if ev.Text != "" {
		m["text"] = ev.Text
	}
	attach := func(kind string, payload object) { m["attachments"] = []any{object{"type": kind, "payload": payload}} }
	story := object{"id": "1790" + strconv.Itoa(len(id)), "url": s.file(ev, id, ".png")}
	switch ev.Kind {
	case EventImage, EventAudio, EventVideo, EventFile, EventShare:
		attach(string(ev.Kind), object{"url": s.file(ev, id, extension(ev.Kind))})
	case EventLocation:
		m["attachments"] = []any{object{
			"type": "location", "title": "Mercado do Bolhão", "url": "https://maps.example.test/?q=bolhao",
			"payload": object{"coordinates": object{"lat": 41.1496, "long": -8.6065}},
		}}
	case EventSticker:
		if b.channel.Kind == Facebook {
			m["sticker_id"] = 369239263222822
			attach("image", object{"url": s.file(ev, id, ".png"), "sticker_id": 369239263222822})
		} else {
			m["attachments"] = []any{object{"type": "like_heart"}}
		}
	case EventReply:
		m["reply_to"] = object{"mid": ev.Target}
	case EventQuickReply:
		m["quick_reply"] = object{"payload": ev.Payload}
	case EventStoryMention:
		attach("story_mention", object{"url": s.file(ev, id, ".png")})
	case EventStoryReply:
		m["reply_to"] = object{"story": story}
	case EventEcho:
		m["is_echo"], m["app_id"] = true, 263902037430900 // the provider's own inbox
	case EventUnsupported:
		if b.channel.Kind == Facebook {
			attach("unsupported_type", object{})
		} else {
			m["is_unsupported"] = true
		}
	}
	return m
}

// edits counts how often each message was edited.
type edits struct {
	mu    sync.Mutex
	count map[string]int
}

func (e *edits) next(id string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.count == nil {
		e.count = map[string]int{}
	}
	e.count[id]++
	return e.count[id]
}
