package telegram

import (
	"bytes"
	"encoding/json"

	"tributary/channels"
)

// The types below are the parts of the Bot API's objects that are read. Ids have
// at most 52 significant bits.

// update is one webhook request. Exactly one of its payloads is set; a map keeps
// the payloads that are not known.
type update struct {
	ID       int64
	payloads map[string]json.RawMessage
}

func parseUpdate(body []byte) (*update, error) {
	u := &update{payloads: map[string]json.RawMessage{}}
	if err := json.Unmarshal(body, &u.payloads); err != nil {
		return nil, channels.ErrFormat
	}
	// null is valid JSON and leaves the map nil.
	if u.payloads == nil {
		return nil, channels.ErrFormat
	}
	if json.Unmarshal(u.payloads["update_id"], &u.ID) != nil {
		u.ID = 0
	}
	delete(u.payloads, "update_id")
	return u, nil
}

type user struct {
	ID           int64  `json:"id"`
	IsBot        bool   `json:"is_bot"`
	FirstName    string `json:"first_name"`
	LastName     string `json:"last_name"`
	Username     string `json:"username"`
	LanguageCode string `json:"language_code"`
}

// chatInfo is a Chat. Its names are those of the person in private chats.
type chatInfo struct {
	ID        int64  `json:"id"`
	Type      string `json:"type"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
	Username  string `json:"username"`
}

func (c *chatInfo) private() bool { return c.Type == "private" }

// user gives the person of a private chat.
func (c *chatInfo) user() user {
	return user{ID: c.ID, FirstName: c.FirstName, LastName: c.LastName, Username: c.Username}
}

type message struct {
	ID                   int64           `json:"message_id"`
	From                 *user           `json:"from"`
	Chat                 chatInfo        `json:"chat"`
	Date                 int64           `json:"date"`
	EditDate             int64           `json:"edit_date"`
	BusinessConnectionID string          `json:"business_connection_id"`
	SenderBusinessBot    *user           `json:"sender_business_bot"`
	MediaGroupID         string          `json:"media_group_id"`
	ForwardOrigin        json.RawMessage `json:"forward_origin"`
	Text                 *string         `json:"text"`
	Caption              *string         `json:"caption"`
	ReplyToMessage       *struct {
		ID int64 `json:"message_id"`
	} `json:"reply_to_message"`
	Quote *struct {
		Text string `json:"text"`
	} `json:"quote"`
	ReplyToStory *struct {
		ID   int64    `json:"id"`
		Chat chatInfo `json:"chat"`
	} `json:"reply_to_story"`

	Photo     []file      `json:"photo"`
	Video     *file       `json:"video"`
	VideoNote *file       `json:"video_note"`
	Animation *file       `json:"animation"`
	Voice     *file       `json:"voice"`
	Audio     *file       `json:"audio"`
	Document  *file       `json:"document"`
	Sticker   *sticker    `json:"sticker"`
	Location  *location   `json:"location"`
	Venue     *venue      `json:"venue"`
	Contact   *sharedCard `json:"contact"`
	WebApp    *struct {
		Data       string `json:"data"`
		ButtonText string `json:"button_text"`
	} `json:"web_app_data"`
	ReplyMarkup *struct {
		Keyboard [][]struct {
			Text string `json:"text"`
			Data string `json:"callback_data"`
		} `json:"inline_keyboard"`
	} `json:"reply_markup"`
}

// file is any of PhotoSize, Video, VideoNote, Animation, Voice, Audio, Document.
type file struct {
	ID       string `json:"file_id"`
	Name     string `json:"file_name"`
	MIME     string `json:"mime_type"`
	Size     int64  `json:"file_size"`
	Duration int64  `json:"duration"` // seconds
}

type sticker struct {
	file
	Animated  bool   `json:"is_animated"`
	Video     bool   `json:"is_video"`
	Emoji     string `json:"emoji"`
	Thumbnail *file  `json:"thumbnail"`
	Thumb     *file  `json:"thumb"` // name of Thumbnail before Bot API 6.6
}

type location struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
}

type venue struct {
	Location location `json:"location"`
	Title    string   `json:"title"`
	Address  string   `json:"address"`
}

type sharedCard struct {
	Phone     string `json:"phone_number"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
	VCard     string `json:"vcard"`
}

type callbackQuery struct {
	ID      string   `json:"id"`
	From    user     `json:"from"`
	Message *message `json:"message"` // may be inaccessible: chat, id and date 0 only
	Data    string   `json:"data"`
	Game    string   `json:"game_short_name"`
}

type deletedMessages struct {
	BusinessConnectionID string   `json:"business_connection_id"`
	Chat                 chatInfo `json:"chat"`
	MessageIDs           []int64  `json:"message_ids"`
}

type reactionUpdate struct {
	Chat      chatInfo   `json:"chat"`
	MessageID int64      `json:"message_id"`
	User      *user      `json:"user"`
	Date      int64      `json:"date"`
	Old       []reaction `json:"old_reaction"`
	New       []reaction `json:"new_reaction"`
}

type reaction struct {
	Type        string `json:"type"` // emoji | custom_emoji | paid
	Emoji       string `json:"emoji"`
	CustomEmoji string `json:"custom_emoji_id"`
}

type memberUpdate struct {
	Chat chatInfo `json:"chat"`
	From user     `json:"from"`
	Date int64    `json:"date"`
	New  struct {
		Status string `json:"status"`
	} `json:"new_chat_member"`
}

type connection struct {
	ID   string `json:"id"`
	Date int64  `json:"date"`
}

// envelope are the keys of a message that say nothing about what it contains.
var envelope = map[string]bool{
	"message_id": true, "message_thread_id": true, "direct_messages_topic": true, "from": true,
	"sender_chat": true, "sender_boost_count": true, "sender_business_bot": true, "date": true,
	"edit_date": true, "business_connection_id": true, "chat": true, "forward_origin": true,
	"is_topic_message": true, "is_automatic_forward": true, "reply_to_message": true,
	"external_reply": true, "quote": true, "reply_to_story": true, "reply_to_checklist_task_id": true,
	"via_bot": true, "has_protected_content": true, "is_from_offline": true, "is_paid_post": true,
	"media_group_id": true, "author_signature": true, "paid_star_count": true, "entities": true,
	"link_preview_options": true, "effect_id": true, "caption_entities": true,
	"show_caption_above_media": true, "has_media_spoiler": true, "reply_markup": true,
}

// contentKind names what a message contains, by the first key in the order of
// the provider that is no envelope.
func contentKind(raw json.RawMessage) string {
	d := json.NewDecoder(bytes.NewReader(raw))
	if _, err := d.Token(); err != nil {
		return ""
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return ""
		}
		if name, ok := key.(string); ok && !envelope[name] {
			return name
		}
		var skipped json.RawMessage
		if d.Decode(&skipped) != nil {
			return ""
		}
	}
	return ""
}
