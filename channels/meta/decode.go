package meta

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"tributary/channels"
	"tributary/chat"
	"tributary/internal/fastjson"
)

// decoding is the work on one messaging event.
type decoding struct {
	Decoder
	in       *messaging
	base     chat.Event
	own      string // page or account id
	outgoing bool
}

// events decides what happened. The order matters: a message may carry a
// referral, and an echo may be a deletion.
func (x *decoding) events() []chat.Event {
	switch in := x.in; {
	case present(in.Policy):
		return x.account("policy_enforcement", in.Policy)
	case x.base.Contact == nil:
		return x.ignored("no_contact")
	case in.Message != nil:
		return x.message(in.Message)
	case in.Edit != nil:
		return x.edit(in.Edit)
	case in.Reaction != nil:
		return x.reaction(in.Reaction)
	case in.Postback != nil:
		return x.postback(in.Postback)
	case present(in.Feedback):
		return x.feedback(in.Feedback)
	case in.OptIn != nil:
		return x.optIn(in.OptIn)
	case in.Delivery != nil:
		return x.delivery(in.Delivery)
	case in.Read != nil:
		return x.read(in.Read)
	case present(in.Referral):
		ev := x.base
		ev.Kind, ev.Referral = chat.KindReferral, referral(in.Referral)
		return []chat.Event{ev}
	default:
		return x.other()
	}
}

// other decodes what concerns the thread or the app rather than a message.
func (x *decoding) other() []chat.Event {
	in := x.in
	for _, c := range []struct {
		field string
		value json.RawMessage
	}{
		{"pass_thread_control", in.PassControl},
		{"take_thread_control", in.TakeControl},
		{"request_thread_control", in.RequestControl},
		{"app_roles", in.AppRoles},
	} {
		if present(c.value) {
			ev := x.base
			ev.Kind, ev.Account = chat.KindThreadControl, &chat.Account{Field: c.field, Value: c.value}
			return []chat.Event{ev}
		}
	}
	switch {
	case present(in.AccountLinking):
		return x.ignored("account_linking")
	case present(in.GamePlay):
		return x.ignored("game_play")
	case present(in.Payment):
		return x.ignored("payment")
	}
	return x.ignored("unknown_event")
}

func (x *decoding) ignored(reason string) []chat.Event {
	ev := x.base
	ev.Kind, ev.Reason = chat.KindIgnored, reason
	return []chat.Event{ev}
}

func (x *decoding) account(field string, value json.RawMessage) []chat.Event {
	ev := x.base
	ev.Kind, ev.Account = chat.KindAccountEvent, &chat.Account{Field: field, Value: value}
	return []chat.Event{ev}
}

func (x *decoding) message(in *message) []chat.Event {
	ev, mid := x.base, string(in.MID)
	if in.IsDeleted {
		if mid == "" {
			return x.ignored("no_message_id")
		}
		ev.Key, ev.Kind = "del:"+mid, chat.KindDelete
		ev.Target = &chat.Target{SourceIDs: []string{mid}}
		return []chat.Event{ev}
	}
	if mid != "" {
		ev.Key = "msg:" + mid
	}
	if x.outgoing && x.OwnApp != "" && string(in.AppID) == x.OwnApp {
		ev.Kind, ev.Reason = chat.KindIgnored, "own_echo"
		return []chat.Event{ev}
	}
	ev.Kind = chat.KindMessage
	ev.Message = x.content(in)
	if x.outgoing {
		ev.Kind, ev.Message.Direction = chat.KindEcho, "outgoing"
		if in.AppID != "" {
			flags(ev.Message).AppID = string(in.AppID)
		}
	}
	ev.Referral = referral(in.Referral)
	if plain(ev.Message) && ev.Referral == nil {
		ev.Raw = nil
	}
	return []chat.Event{ev}
}

// plain tells that nothing but text arrived, so that the raw event adds nothing.
func plain(m *chat.Message) bool {
	return len(m.Attachments) == 0 && m.Interaction == nil && m.Flags == nil && m.ReplyTo == nil
}

func flags(m *chat.Message) *chat.Flags {
	if m.Flags == nil {
		m.Flags = &chat.Flags{}
	}
	return m.Flags
}

// content normalises text, attachments, quick reply and quote of a message.
func (x *decoding) content(in *message) *chat.Message {
	m := &chat.Message{SourceID: string(in.MID), Direction: "incoming", Content: channels.Clean(in.Text)}
	unsupported := in.IsUnsupported
	for i := range in.Attachments {
		a := in.Attachments[i].convert()
		unsupported = unsupported || a.unsupported
		if a.attachment != nil {
			m.Attachments = append(m.Attachments, *a.attachment)
		}
		// A thumb is the message only where nothing else was said.
		if m.Content == "" && len(in.Attachments) == 1 {
			m.Content = a.text
		}
	}
	if in.QuickReply != nil {
		m.Interaction = &chat.Interaction{
			Kind: "quick_reply", Title: m.Content, Payload: channels.Clean(in.QuickReply.Payload),
		}
	}
	if r := in.ReplyTo; r != nil && (r.MID != "" || r.Story != nil) {
		m.ReplyTo = &chat.ReplyTo{SourceID: string(r.MID)}
		if r.Story != nil {
			m.ReplyTo.Story = &chat.Story{ID: string(r.Story.ID), URL: r.Story.URL}
			m.Attributes = map[string]any{
				"story_id": string(r.Story.ID), "story_url": r.Story.URL, "story_sender": x.own,
			}
		}
	}
	// Whatever arrived, the agent must see that something did.
	if unsupported || m.Content == "" && len(m.Attachments) == 0 {
		flags(m).Unsupported = true
	}
	return m
}

func (x *decoding) edit(in *edit) []chat.Event {
	if in.MID == "" {
		return x.ignored("no_message_id")
	}
	ev, mid := x.base, string(in.MID)
	stamp := string(in.Number)
	if stamp == "" {
		stamp = string(x.in.Timestamp)
	}
	ev.Key, ev.Kind = "ed:"+mid+":"+stamp, chat.KindEdit
	ev.Target = &chat.Target{SourceIDs: []string{mid}}
	ev.Message = &chat.Message{SourceID: mid, Direction: x.direction(), Content: channels.Clean(in.Text)}
	return []chat.Event{ev}
}

func (x *decoding) direction() string {
	if x.outgoing {
		return "outgoing"
	}
	return "incoming"
}

func (x *decoding) reaction(in *reaction) []chat.Event {
	if in.MID == "" {
		return x.ignored("no_message_id")
	}
	ev, mid := x.base, string(in.MID)
	actor := string(x.in.Sender.ID)
	// The action belongs to it: put on and taken off within a millisecond are two events.
	ev.Key, ev.Kind = "re:"+mid+":"+actor+":"+string(x.in.Timestamp)+":"+in.Action+in.Emoji, chat.KindReaction
	ev.Target = &chat.Target{SourceIDs: []string{mid}}
	ev.Reaction = &chat.Reaction{Emoji: channels.Clean(in.Emoji), Action: "add", Name: channels.Clean(in.Name)}
	if in.Action == "unreact" {
		ev.Reaction.Action = "remove"
	}
	return []chat.Event{ev}
}

func (x *decoding) postback(in *postback) []chat.Event {
	ev := x.base
	if in.MID != "" {
		ev.Key = "msg:" + string(in.MID)
	}
	title, payload := channels.Clean(in.Title), channels.Clean(in.Payload)
	ev.Kind = chat.KindInteraction
	ev.Message = &chat.Message{
		SourceID: string(in.MID), Direction: x.direction(), Content: title,
		Interaction: &chat.Interaction{Kind: "postback", Title: title, Payload: payload},
	}
	ev.Referral = referral(in.Referral)
	return []chat.Event{ev}
}

// feedback keeps a customer feedback form; its answers become the text.
func (x *decoding) feedback(raw json.RawMessage) []chat.Event {
	type answer struct {
		Type     string `json:"type"`
		Payload  ID     `json:"payload"`
		FollowUp *struct {
			Payload ID `json:"payload"`
		} `json:"follow_up"`
	}
	var form struct {
		Screens []struct {
			Questions map[string]answer `json:"questions"`
		} `json:"feedback_screens"`
	}
	ev := x.base
	ev.Kind = chat.KindInteraction
	ev.Message = &chat.Message{Direction: "incoming", Interaction: &chat.Interaction{Kind: "flow", Form: raw}}
	if lenient(fastjson.Unmarshal(raw, &form)) == nil {
		var lines []string
		for _, screen := range form.Screens {
			for _, name := range slices.Sorted(maps.Keys(screen.Questions)) {
				a := screen.Questions[name]
				lines = append(lines, channels.Clean(name)+": "+string(a.Payload))
				if a.FollowUp != nil && a.FollowUp.Payload != "" {
					lines = append(lines, string(a.FollowUp.Payload))
				}
			}
		}
		ev.Message.Content = strings.Join(lines, "\n")
	}
	return []chat.Event{ev}
}

func (x *decoding) optIn(in *optIn) []chat.Event {
	ev := x.base
	ev.Kind = chat.KindOptIn
	if in.Ref != "" {
		ev.Referral = &chat.Referral{Ref: channels.Clean(in.Ref), Type: channels.Clean(in.Type)}
	}
	return []chat.Event{ev}
}

// delivery becomes one status per message id, so that each is known by its own
// key; pages without ids fall back on the watermark.
func (x *decoding) delivery(in *delivery) []chat.Event {
	var out []chat.Event
	for _, mid := range in.MIDs {
		if mid != "" {
			out = append(out, x.status(string(mid), chat.StatusDelivered))
		}
	}
	if len(out) == 0 {
		return x.watermark("delivery", chat.StatusDelivered, in.Watermark)
	}
	return out
}

func (x *decoding) read(in *read) []chat.Event {
	if in.MID == "" {
		return x.watermark("read", chat.StatusRead, in.Watermark)
	}
	ev := x.status(string(in.MID), chat.StatusRead)
	ev.Target.AndEarlier = true
	return []chat.Event{ev}
}

func (x *decoding) status(mid string, state chat.MessageStatus) chat.Event {
	ev := x.base
	ev.Key, ev.Kind = "st:"+mid+":"+string(state), chat.KindStatus
	ev.Target = &chat.Target{SourceIDs: []string{mid}}
	ev.Status = &chat.Status{State: state}
	return ev
}

func (x *decoding) watermark(name string, state chat.MessageStatus, at ID) []chat.Event {
	mark := chat.ProviderTime(string(at))
	if mark == 0 {
		return x.ignored("no_watermark")
	}
	ev := x.base
	ev.Key = "wm:" + name + ":" + ev.Contact.SourceID + ":" + string(at)
	ev.Kind, ev.Status = chat.KindWatermark, &chat.Status{State: state, WatermarkAt: mark}
	return []chat.Event{ev}
}

// referral reads what brought the contact; nil when there is none.
func referral(raw json.RawMessage) *chat.Referral {
	if !present(raw) {
		return nil
	}
	var in struct {
		Ref     string `json:"ref"`
		Source  string `json:"source"`
		Type    string `json:"type"`
		AdID    ID     `json:"ad_id"`
		Referer string `json:"referer_uri"`
		Ad      struct {
			Title string `json:"ad_title"`
			Photo string `json:"photo_url"`
			Video string `json:"video_url"`
		} `json:"ads_context_data"`
	}
	if lenient(fastjson.Unmarshal(raw, &in)) != nil {
		return nil
	}
	media := in.Ad.Photo
	if media == "" {
		media = in.Ad.Video
	}
	return &chat.Referral{
		Ref: channels.Clean(in.Ref), Source: channels.Clean(in.Source), Type: channels.Clean(in.Type),
		AdID: string(in.AdID), SourceURL: channels.Clean(in.Referer),
		Headline: channels.Clean(in.Ad.Title), MediaURL: channels.Clean(media), Raw: raw,
	}
}
