package twitter

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"tributary/channels"
	"tributary/chat"
)

func directThread() *chat.Thread {
	return &chat.Thread{Type: "direct", Attributes: map[string]any{"type": typeDirect}}
}

// unescape undoes the three entities that X writes into texts.
var unescape = strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">")

func text(s string) string { return channels.Clean(unescape.Replace(s)) }

func (x *decoding) direct(ev chat.Event, raw json.RawMessage) []chat.Event {
	var in directMessage
	if tolerant(raw, &in) != nil || in.Type != "message_create" || in.ID == "" || in.Create.Sender == "" {
		return ignored(ev, "unknown_event")
	}
	sender, recipient := string(in.Create.Sender), string(in.Create.Target.Recipient)
	ev.Key, ev.OccurredAt, ev.Kind = "msg:"+string(in.ID), chat.ProviderTime(string(in.Created)), chat.KindMessage
	other, direction := sender, "incoming"
	if sender == x.profile {
		other, direction, ev.Kind = recipient, "outgoing", chat.KindEcho
		if x.app != "" && string(in.Create.SourceApp) == x.app {
			return ignored(ev, "own_echo")
		}
	}
	if other == "" {
		return ignored(ev, "no_contact")
	}
	ev.Contact, ev.Thread = x.person(other), directThread()
	m := &chat.Message{SourceID: string(in.ID), Direction: direction, Content: text(in.Create.Data.Text)}
	ev.Message = m
	if ev.Kind == chat.KindEcho && in.Create.SourceApp != "" {
		m.Flags = &chat.Flags{AppID: string(in.Create.SourceApp)}
	}
	if q := in.Create.Data.QuickReply; q != nil {
		m.Interaction = &chat.Interaction{Kind: "quick_reply", Title: m.Content, Payload: channels.Clean(q.Metadata)}
	}
	switch a := &in.Create.Data.Attachment; a.Type {
	case "media":
		x.directMedia(m, &a.Media)
	case "location":
		if at := place(a.Location); at != nil {
			m.Attachments = append(m.Attachments, *at)
		}
	}
	if m.Content == "" && len(m.Attachments) == 0 {
		unsupported(m)
	}
	if len(m.Attachments) == 0 && m.Interaction == nil && m.Flags == nil {
		ev.Raw = nil
	}
	return []chat.Event{ev}
}

func unsupported(m *chat.Message) {
	if m.Flags == nil {
		m.Flags = &chat.Flags{}
	}
	m.Flags.Unsupported = true
}

// directMedia adds the file of a direct message, which only the two parties may
// download.
func (x *decoding) directMedia(m *chat.Message, in *media) {
	a := in.attachment()
	if a == nil {
		unsupported(m)
		return
	}
	a.Fetch.Auth = "oauth1"
	m.Attachments = append(m.Attachments, *a)
	m.Attributes = map[string]any{"media_url": a.Fetch.Ref, "display_url": channels.Clean(in.Display)}
}

// attachment is the file of a media entity, nil without an address.
func (in *media) attachment() *chat.Attachment {
	a := &chat.Attachment{Kind: "image", Fetch: &chat.Fetch{Strategy: "url", Ref: channels.Clean(in.URLHTTPS)}}
	if a.Fetch.Ref == "" {
		a.Fetch.Ref = channels.Clean(in.URL)
	}
	best := -1.0
	for _, v := range in.Video.Variants {
		if v.ContentType == "video/mp4" && v.URL != "" && v.Bitrate > best {
			best = v.Bitrate
			a.Kind, a.MIME, a.Fetch.Ref = "video", v.ContentType, channels.Clean(v.URL)
			a.DurationMS = int64(in.Video.Duration)
		}
	}
	if a.Fetch.Ref == "" {
		return nil
	}
	a.ExternalURL = a.Fetch.Ref
	return a
}

func place(in *location) *chat.Attachment {
	if in == nil {
		return nil
	}
	title := channels.Clean(in.Place.Place.FullName)
	if title == "" {
		title = channels.Clean(in.Place.Place.Name)
	}
	point := in.Coordinate.Coordinates.Values
	if len(point) != 2 {
		point = in.Place.Place.Centroid
	}
	a := &chat.Attachment{Kind: "location", Title: title}
	switch {
	case len(point) == 2:
		a.Long, a.Lat = point[0], point[1]
	case title == "":
		return nil
	}
	return a
}

func (x *decoding) tweet(ev chat.Event, raw json.RawMessage) []chat.Event {
	var in tweet
	if tolerant(raw, &in) != nil || in.id() == "" || in.User.id() == "" {
		return ignored(ev, "unknown_event")
	}
	ev.Key, ev.OccurredAt = "msg:"+in.id(), in.at()
	own := in.User.id() == x.profile
	switch {
	case x.blocked:
		return ignored(ev, "author_blocked")
	// The "RT @us:" of a retweet mentions us too: what counts is the text that
	// was retweeted.
	case in.Retweeted != nil && (own || !slices.Contains(in.Retweeted.mentioned(), x.profile)):
		return ignored(ev, "retweet")
	case in.Quoted != nil && !own && !slices.Contains(in.mentioned(), x.profile):
		return ignored(ev, "quote")
	}
	m := &chat.Message{SourceID: in.id(), Direction: "incoming", Content: text(in.text())}
	ev.Kind, ev.Message, ev.Contact = chat.KindMessage, m, x.contact(&in.User)
	if own {
		ev.Kind, m.Direction = chat.KindEcho, "outgoing"
		ev.Contact = x.addressee(&in)
	}
	key := in.id()
	if in.ParentID != "" {
		key = string(in.ParentID)
		m.ReplyTo = &chat.ReplyTo{SourceID: key}
	} else if in.Quoted != nil && in.Quoted.id() != "" {
		m.ReplyTo = &chat.ReplyTo{SourceID: in.Quoted.id(), Quote: text(in.Quoted.text())}
	}
	ev.Thread = &chat.Thread{Type: typeTweet, Key: key, Attributes: map[string]any{
		"type": typeTweet, "tweet_id": key, "tweet_source": channels.Clean(in.Source),
	}}
	for _, file := range in.media() {
		if a := file.attachment(); a != nil {
			m.Attachments = append(m.Attachments, *a)
		}
	}
	return []chat.Event{ev}
}

// addressee is whom an own tweet talks to: whoever it answers or mentions first,
// else nobody but the profile itself; the desk finds the thread by its key.
func (x *decoding) addressee(in *tweet) *chat.Contact {
	for _, profile := range in.mentioned() {
		if profile != "" && profile != x.profile {
			return x.person(profile)
		}
	}
	return x.contact(&in.User)
}

// at is the moment of a tweet; created_at has the format of Ruby's Time#to_s.
func (t *tweet) at() chat.Millis {
	if t.Stamp != "" {
		return chat.ProviderTime(string(t.Stamp))
	}
	if at, err := time.Parse(time.RubyDate, t.CreatedAt); err == nil {
		return chat.MillisOf(at)
	}
	return chat.ProviderTime(t.CreatedAt)
}

func (x *decoding) tweetDeleted(ev chat.Event, raw json.RawMessage) []chat.Event {
	var in struct {
		Status struct {
			ID   id `json:"id"`
			User id `json:"user_id"`
		} `json:"status"`
		Stamp id `json:"timestamp_ms"`
	}
	if tolerant(raw, &in) != nil || in.Status.ID == "" || in.Status.User == "" {
		return ignored(ev, "unknown_event")
	}
	ev.Key, ev.Kind, ev.OccurredAt = "del:"+string(in.Status.ID), chat.KindDelete, chat.ProviderTime(string(in.Stamp))
	ev.Contact = x.person(string(in.Status.User))
	ev.Thread = &chat.Thread{Type: typeTweet}
	ev.Target = &chat.Target{SourceIDs: []string{string(in.Status.ID)}}
	return []chat.Event{ev}
}
