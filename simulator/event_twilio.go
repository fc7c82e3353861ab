package simulator

import "strings"

// Events of Twilio numbers beside texts.

func (s *Simulator) twilioEvent(b *batch, ev *Event) (*Delivery, error) {
	c := b.channel
	id := b.fresh(ev, s.hexID("SM"))
	form := twilioForm(c, id, "received", ev.From, c.Address)
	set := func(name, value string) { form[name] = []string{value} }
	set("Body", ev.Text)
	set("NumMedia", "0")
	set("NumSegments", "1")
	// answered names the message of ours that the person replies to or taps on.
	answered := func() {
		if ev.Target != "" {
			set("OriginalRepliedMessageSid", ev.Target)
			set("OriginalRepliedMessageSender", c.Address)
		}
	}
	kind := "text"
	switch ev.Kind {
	case EventLocation:
		kind = "location"
		set("Latitude", "41.1496")
		set("Longitude", "-8.6065")
		set("Label", "Mercado do Bolhão")
	case EventReply:
		answered()
	case EventButton:
		kind = "button"
		set("ButtonText", ev.Text)
		set("ButtonPayload", ev.Payload)
		answered()
	case EventList:
		kind = "interactive"
		set("ListId", ev.Payload)
		set("ListTitle", ev.Text)
		answered()
	case EventFlow:
		kind = "interactive"
		set("InteractiveData", `{"loaves":"2"}`)
	case EventReferral:
		set("ReferralSourceType", "ad")
		set("ReferralSourceId", "120200001")
		set("ReferralSourceUrl", "https://fb.example.test/ad")
		set("ReferralHeadline", "Fresh at six")
	case EventOptOut:
		set("Body", "STOP")
		set("OptOutType", "STOP")
	case EventOptIn:
		set("Body", "START")
		set("OptOutType", "START")
	default:
		kind = string(ev.Kind)
		media := ev.Media
		if media == "" {
			media = s.base + "/twilio/2010-04-01/Accounts/" + c.account + "/Messages/" + id + "/Media/ME" + fileDigit(ev.Kind) + token(16)
		}
		set("NumMedia", "1")
		set("MediaUrl0", media)
		set("MediaContentType0", mediaType(ev.Kind))
	}
	if c.Kind == TwilioWhatsApp {
		set("ProfileName", ev.Name)
		set("WaId", strings.TrimPrefix(ev.From, "whatsapp:+"))
		set("MessageType", kind)
	}
	return twilioClose(b, "/twilio/callback", form), nil
}
