package meta

import (
	"encoding/json"
)

// messaging is one element of entry[].messaging.
type messaging struct {
	Sender    party           `json:"sender"`
	Recipient party           `json:"recipient"`
	Timestamp ID              `json:"timestamp"` // mostly ms, sometimes s, sometimes text
	Message   *message        `json:"message"`
	Edit      *edit           `json:"message_edit"`
	Reaction  *reaction       `json:"reaction"`
	Postback  *postback       `json:"postback"`
	Referral  json.RawMessage `json:"referral"`
	OptIn     *optIn          `json:"optin"`
	Delivery  *delivery       `json:"delivery"`
	Read      *read           `json:"read"`
	Feedback  json.RawMessage `json:"messaging_feedback"`

	PassControl    json.RawMessage `json:"pass_thread_control"`
	TakeControl    json.RawMessage `json:"take_thread_control"`
	RequestControl json.RawMessage `json:"request_thread_control"`
	AppRoles       json.RawMessage `json:"app_roles"`
	Policy         json.RawMessage `json:"policy_enforcement"`
	AccountLinking json.RawMessage `json:"account_linking"`
	GamePlay       json.RawMessage `json:"game_play"`
	Payment        json.RawMessage `json:"payment"`
}

type party struct {
	ID      ID `json:"id"`
	UserRef ID `json:"user_ref"` // opt-in of somebody who has not written yet
}

type message struct {
	MID           ID              `json:"mid"`
	Text          string          `json:"text"`
	IsEcho        bool            `json:"is_echo"`
	IsDeleted     bool            `json:"is_deleted"`
	IsUnsupported bool            `json:"is_unsupported"`
	AppID         ID              `json:"app_id"`
	QuickReply    *quickReply     `json:"quick_reply"`
	ReplyTo       *replyTo        `json:"reply_to"`
	Attachments   []attachment    `json:"attachments"`
	Referral      json.RawMessage `json:"referral"`
}

type quickReply struct {
	Payload string `json:"payload"`
}

type replyTo struct {
	MID   ID     `json:"mid"`
	Story *story `json:"story"`
}

type story struct {
	ID  ID     `json:"id"`
	URL string `json:"url"`
}

type edit struct {
	MID    ID     `json:"mid"`
	Text   string `json:"text"`
	Number ID     `json:"num_edit"`
}

type reaction struct {
	MID    ID     `json:"mid"`
	Action string `json:"action"` // react | unreact
	Emoji  string `json:"emoji"`
	Name   string `json:"reaction"`
}

type postback struct {
	MID      ID              `json:"mid"`
	Title    string          `json:"title"`
	Payload  string          `json:"payload"`
	Referral json.RawMessage `json:"referral"`
}

type optIn struct {
	Type string `json:"type"`
	Ref  string `json:"ref"`
}

type delivery struct {
	MIDs      []ID `json:"mids"`
	Watermark ID   `json:"watermark"`
}

type read struct {
	MID       ID `json:"mid"`       // Instagram
	Watermark ID `json:"watermark"` // Messenger
}

// sides tells our own id from the contact's, and whether the event is about
// something that our side did. Echoes are marked; other events that our side
// causes are known by their sender.
func (m *messaging) sides(entry string) (own, contact string, outgoing bool) {
	sender, recipient := string(m.Sender.ID), string(m.Recipient.ID)
	if sender == "" {
		sender = string(m.Sender.UserRef)
	}
	outgoing = m.Message != nil && m.Message.IsEcho ||
		entry != "" && sender == entry && recipient != "" && recipient != entry
	own, contact = recipient, sender
	if outgoing {
		own, contact = sender, recipient
	}
	if own == "" {
		own = entry
	}
	return own, contact, outgoing
}
