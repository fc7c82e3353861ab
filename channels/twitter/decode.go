package twitter

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"tributary/channels"
	"tributary/chat"
)

// member is a key of the envelope with its value, in the order of the body.
type member struct {
	key string
	raw json.RawMessage
}

// members splits a JSON object. Go's maps would lose the order, and events of
// one delivery happened in it.
func members(body []byte) ([]member, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, channels.ErrFormat
	}
	var out []member
	for d.More() {
		t, err := d.Token()
		key, ok := t.(string)
		if err != nil || !ok {
			return nil, channels.ErrFormat
		}
		var raw json.RawMessage
		if d.Decode(&raw) != nil {
			return nil, channels.ErrFormat
		}
		out = append(out, member{key, raw})
	}
	if _, err := d.Token(); err != nil {
		return nil, channels.ErrFormat
	}
	return out, nil
}

// tolerant decodes what has the documented type and leaves out the rest; it
// fails only on what is no JSON.
func tolerant(raw []byte, into any) error {
	err := json.Unmarshal(raw, into)
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return nil
	}
	return err
}

// decoding is the work on one request.
type decoding struct {
	profile string // for_user_id
	app     string // TWITTER_APP_ID
	users   map[string]user
	blocked bool // the profile has blocked the author of the tweets
}

// Decode implements channels.Driver: every element of every array.
func (d driver) Decode(r *channels.Request) ([]chat.Event, error) {
	all, err := members(r.Body)
	if err != nil {
		return nil, err
	}
	x := decoding{app: d.env.Setting("TWITTER_APP_ID")}
	for _, m := range all {
		var err error
		switch m.key {
		case "for_user_id":
			var profile id
			err = json.Unmarshal(m.raw, &profile)
			x.profile = string(profile)
		case "users":
			err = tolerant(m.raw, &x.users)
		case "user_has_blocked":
			err = tolerant(m.raw, &x.blocked)
		}
		if err != nil {
			return nil, channels.ErrFormat
		}
	}
	var events []chat.Event
	for _, m := range all {
		events = append(events, x.family(m)...)
	}
	return events, nil
}

// family decodes all events of one key of the envelope.
func (x *decoding) family(m member) []chat.Event {
	switch m.key {
	case "for_user_id", "users", "apps", "user_has_blocked":
		return nil
	}
	var elements []json.RawMessage
	if json.Unmarshal(m.raw, &elements) != nil {
		return x.one(m.key, "/"+m.key, m.raw)
	}
	var events []chat.Event
	for i, raw := range elements {
		events = append(events, x.one(m.key, "/"+m.key+"/"+strconv.Itoa(i), raw)...)
	}
	return events
}

// one decodes one event on its own.
func (x *decoding) one(family, path string, raw json.RawMessage) []chat.Event {
	base := chat.Event{
		Key:       "ev:" + channels.Digest(x.profile+family+string(raw)),
		Channel:   slug,
		Transport: transport,
		Address:   chat.Address{Kind: slug, Value: x.profile},
		Path:      channels.Clean(path),
		Raw:       raw,
	}
	return channels.Guard(base, func() []chat.Event {
		switch family {
		case "direct_message_events":
			return x.direct(base, raw)
		case "tweet_create_events":
			return x.tweet(base, raw)
		case "tweet_delete_events":
			return x.tweetDeleted(base, raw)
		case "direct_message_mark_read_events":
			return x.markRead(base, raw)
		case "direct_message_indicate_typing_events":
			return x.typing(base, raw)
		case "block_events":
			return x.block(base, raw)
		case "user_event":
			return x.revoked(base, raw)
		case "favorite_events", "follow_events", "unfollow_events", "mute_events", "unmute_events", "unblock_events":
			return ignored(base, strings.TrimSuffix(family, "_events"))
		}
		return ignored(base, "unknown_event")
	})
}

func ignored(ev chat.Event, reason string) []chat.Event {
	ev.Kind, ev.Reason = chat.KindIgnored, reason
	return []chat.Event{ev}
}

// person is the contact of a profile id, with what the payload knows of it.
func (x *decoding) person(profile string) *chat.Contact {
	if u, ok := x.users[profile]; ok {
		u.IDStr = id(profile)
		return x.contact(&u)
	}
	return &chat.Contact{SourceID: profile, Self: profile == x.profile}
}

func (x *decoding) contact(u *user) *chat.Contact {
	c := &chat.Contact{
		SourceID: u.id(), Name: channels.Clean(u.Name), Username: channels.Clean(u.ScreenName),
		AvatarURL: channels.Clean(u.ImageHTTPS), Self: u.id() == x.profile,
		Attributes: map[string]any{},
	}
	if c.AvatarURL == "" {
		c.AvatarURL = channels.Clean(u.Image)
	}
	for key, value := range map[string]string{
		"screen_name": u.ScreenName, "location": u.Location, "url": u.URL, "description": u.Description,
	} {
		if value != "" {
			c.Attributes[key] = channels.Clean(value)
		}
	}
	c.Attributes["followers_count"], c.Attributes["friends_count"] = u.Followers, u.Friends
	return c
}

// markRead is a watermark: everything up to that moment was read.
func (x *decoding) markRead(ev chat.Event, raw json.RawMessage) []chat.Event {
	var in struct {
		Sender  id     `json:"sender_id"`
		Target  target `json:"target"`
		Created id     `json:"created_timestamp"`
	}
	if tolerant(raw, &in) != nil || in.Sender == "" {
		return ignored(ev, "unknown_event")
	}
	if string(in.Sender) == x.profile {
		return ignored(ev, "own_read")
	}
	at := chat.ProviderTime(string(in.Created))
	ev.Kind, ev.OccurredAt, ev.Contact = chat.KindWatermark, at, x.person(string(in.Sender))
	ev.Key = "wm:read:" + string(in.Sender) + ":" + string(in.Created)
	ev.Thread = directThread()
	ev.Status = &chat.Status{State: chat.StatusRead, WatermarkAt: at}
	return []chat.Event{ev}
}

func (x *decoding) typing(ev chat.Event, raw json.RawMessage) []chat.Event {
	var in struct {
		Sender  id `json:"sender_id"`
		Created id `json:"created_timestamp"`
	}
	if tolerant(raw, &in) != nil || in.Sender == "" {
		return ignored(ev, "unknown_event")
	}
	if string(in.Sender) == x.profile {
		return ignored(ev, "own_typing")
	}
	ev.Kind, ev.OccurredAt = chat.KindTyping, chat.ProviderTime(string(in.Created))
	ev.Contact, ev.Thread = x.person(string(in.Sender)), directThread()
	ev.Typing = &chat.Typing{State: "on"}
	return []chat.Event{ev}
}

// block tells that one side blocked the other; lifting a block is not told
// apart by the desk.
func (x *decoding) block(ev chat.Event, raw json.RawMessage) []chat.Event {
	var in struct {
		Type    string `json:"type"`
		Created id     `json:"created_timestamp"`
		Source  user   `json:"source"`
		Target  user   `json:"target"`
	}
	if tolerant(raw, &in) != nil || in.Type == "unblock" {
		return ignored(ev, "unblock")
	}
	other := &in.Source
	if other.id() == x.profile {
		other = &in.Target
	}
	if other.id() == "" {
		return ignored(ev, "unknown_event")
	}
	ev.Kind, ev.OccurredAt, ev.Contact = chat.KindBlock, chat.ProviderTime(string(in.Created)), x.contact(other)
	return []chat.Event{ev}
}

// revoked tells that the profile withdrew our access. It is the one event
// without for_user_id.
func (x *decoding) revoked(ev chat.Event, raw json.RawMessage) []chat.Event {
	var in struct {
		Revoke json.RawMessage `json:"revoke"`
	}
	var revoke struct {
		At     string `json:"date_time"`
		Source struct {
			User id `json:"user_id"`
		} `json:"source"`
	}
	if tolerant(raw, &in) != nil || len(in.Revoke) == 0 || tolerant(in.Revoke, &revoke) != nil {
		return ignored(ev, "unknown_event")
	}
	if revoke.Source.User != "" {
		ev.Address.Value = string(revoke.Source.User)
	}
	ev.Kind, ev.OccurredAt = chat.KindAccountEvent, chat.ProviderTime(revoke.At)
	ev.Account = &chat.Account{Field: "revoke", Value: in.Revoke}
	return []chat.Event{ev}
}
