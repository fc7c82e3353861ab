package simulator

import (
	"encoding/json"
	"time"
)

// Events of X profiles beside direct messages of text.

func (s *Simulator) twitterEvent(b *batch, ev *Event) (*Delivery, error) {
	c := b.channel
	at := decimal(ev.At.UnixMilli())
	array := "direct_message_events"
	var element object
	person := func(id, name string) object { return object{"id": id, "name": name, "screen_name": "user_" + id} }
	switch ev.Kind {
	case EventMention, EventReply:
		array, element = "tweet_create_events", s.tweet(b, ev)
	case EventDelete:
		array, element = "tweet_delete_events", object{"status": object{"id": ev.Target, "user_id": ev.From}, "timestamp_ms": at}
	case EventTyping:
		array = "direct_message_indicate_typing_events"
		element = object{"created_timestamp": at, "sender_id": ev.From, "target": object{"recipient_id": c.Address}}
	case EventRead:
		array = "direct_message_mark_read_events"
		element = object{"created_timestamp": at, "sender_id": ev.From, "target": object{"recipient_id": c.Address}, "last_read_event_id": ev.Target}
	case EventBlock:
		array = "block_events"
		element = object{"type": "block", "created_timestamp": at, "source": person(ev.From, ev.Name), "target": person(c.Address, c.Name)}
	default:
		from, to := ev.From, c.Address
		if ev.Kind == EventEcho {
			from, to = to, from
		}
		element = object{"type": "message_create", "id": b.fresh(ev, s.decimalID(1_000_000)), "created_timestamp": at, "message_create": object{
			"target": object{"recipient_id": to}, "sender_id": from, "message_data": s.directContent(ev),
		}}
	}
	body := appendObject(twitterOpen(c, array, 1024), element, false)
	body = append(body, `],"users":{`...)
	body = append(twitterUser(body, ev.From, ev.Name), ',')
	body = append(twitterUser(body, c.Address, c.Name), '}')
	return s.twitterClose(b, body), nil
}

// directContent is message_data of a direct message.
func (s *Simulator) directContent(ev *Event) object {
	data := object{"text": ev.Text, "entities": object{"hashtags": []any{}, "symbols": []any{}, "user_mentions": []any{}, "urls": []any{}}}
	media := func(v object) {
		v["id"], v["id_str"], v["display_url"] = json.Number(ev.ID), ev.ID, "pic.example/x"
		data["attachment"] = object{"type": "media", "media": v}
	}
	switch ev.Kind {
	case EventImage:
		media(object{"type": "photo", "media_url_https": s.file(ev, ev.ID, ".png")})
	case EventVideo:
		media(object{"type": "video", "media_url_https": s.base + "/media/" + ev.ID + ".png", "video_info": object{"duration_millis": 4_000, "variants": []any{
			object{"bitrate": 832_000, "content_type": "video/mp4", "url": s.file(ev, ev.ID, ".mp4")},
		}}})
	case EventLocation:
		data["attachment"] = object{"type": "location", "location": object{
			"type": "shared_coordinate", "shared_coordinate": object{"coordinates": object{"type": "Point", "coordinates": []float64{-8.6065, 41.1496}}},
		}}
	case EventQuickReply:
		data["quick_reply_response"] = object{"type": "options", "metadata": ev.Payload}
	case EventUnsupported:
		data["text"], data["attachment"] = "", object{"type": "hologram"}
	}
	return data
}

// tweet is one that mentions the profile, or answers Target.
func (s *Simulator) tweet(b *batch, ev *Event) object {
	c := b.channel
	id := b.fresh(ev, s.decimalID(1_000_000))
	handle := "user_" + c.Address
	t := object{
		"id": json.Number(id), "id_str": id, "created_at": ev.At.UTC().Format(time.RubyDate), "timestamp_ms": decimal(ev.At.UnixMilli()),
		"text": "@" + handle + " " + ev.Text, "source": "web", "truncated": false, "is_quote_status": false,
		"user":     object{"id": json.Number(ev.From), "id_str": ev.From, "name": ev.Name, "screen_name": "user_" + ev.From},
		"entities": object{"user_mentions": []any{object{"id": json.Number(c.Address), "id_str": c.Address, "screen_name": handle}}},
	}
	if ev.Kind == EventReply {
		t["in_reply_to_status_id"], t["in_reply_to_status_id_str"], t["in_reply_to_user_id_str"] = json.Number(ev.Target), ev.Target, c.Address
	}
	return t
}
