package simulator

// Events of LINE accounts beside texts.

func (s *Simulator) lineHappening(b *batch, ev *Event) (*Delivery, error) {
	id := b.fresh(ev, s.decimalID(100_000))
	kind, content := "message", object{"id": id}
	switch ev.Kind {
	case EventImage, EventAudio, EventVideo:
		content["type"], content["contentProvider"] = string(ev.Kind), object{"type": "line"}
		if ev.Media != "" {
			content["contentProvider"] = object{"type": "external", "originalContentUrl": ev.Media, "previewImageUrl": ev.Media}
		}
		if ev.Kind != EventImage {
			content["duration"] = 4_000
		}
	case EventFile:
		content["type"], content["fileName"], content["fileSize"] = "file", "menu.pdf", 20_480
	case EventLocation:
		content["type"], content["title"], content["address"] = "location", "東京駅", "千代田区丸の内"
		content["latitude"], content["longitude"] = 35.6812, 139.7671
	case EventSticker:
		content["type"], content["packageId"], content["stickerId"], content["stickerResourceType"] = "sticker", "446", "1988", "STATIC"
	case EventReply:
		content["type"], content["text"], content["quotedMessageId"], content["quoteToken"] = "text", ev.Text, ev.Target, "q"+id
	case EventDelete:
		kind, content = "unsend", object{"messageId": ev.Target}
	case EventPostback:
		kind, content = "postback", object{"data": ev.Payload}
	case EventFollow:
		kind, content = "follow", object{"isUnblocked": false}
	case EventBlock:
		kind = "unfollow"
	case EventUnsupported:
		content["type"] = "hologram"
	}
	body := s.lineEvent(lineOpen(b.channel, 512), kind, ev.From, id, ev.At)
	if kind != "unfollow" {
		if kind != "unsend" {
			body = append(body, `,"replyToken":"`...)
			body = appendReplyToken(body, s.tick(), ev.At, ev.From)
			body = append(body, '"')
		}
		body = append(body, `,"`+kind+`":`...)
		body = appendObject(body, content, false)
	}
	return lineClose(b, append(body, '}')), nil
}
