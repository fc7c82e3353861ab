package chat

// MessageStatus is the delivery state of an outgoing message.
type MessageStatus string

// Delivery states. They only ever move forward, see CanMove.
const (
	StatusSent      MessageStatus = "sent"
	StatusDelivered MessageStatus = "delivered"
	StatusRead      MessageStatus = "read"
	StatusFailed    MessageStatus = "failed"
)

var statusCodes = map[MessageStatus]int{StatusSent: 0, StatusDelivered: 1, StatusRead: 2, StatusFailed: 3}

// Code is the number that is stored; unknown states are -1.
func (s MessageStatus) Code() int {
	if c, ok := statusCodes[s]; ok {
		return c
	}
	return -1
}

// MessageStatusOf is the inverse of Code.
func MessageStatusOf(code int) MessageStatus { return nameOf(statusCodes, code) }

// MessageType says who wrote a message.
type MessageType int

// Message types, with the numbers that clients see.
const (
	Incoming MessageType = iota
	Outgoing
	Activity
	Template
)

// String is the name used on input and in webhooks.
func (t MessageType) String() string {
	names := [...]string{"incoming", "outgoing", "activity", "template"}
	if int(t) < 0 || int(t) >= len(names) {
		return ""
	}
	return names[t]
}

// ConversationStatus is the state of a conversation.
type ConversationStatus string

// States of a conversation.
const (
	Open     ConversationStatus = "open"
	Resolved ConversationStatus = "resolved"
	Pending  ConversationStatus = "pending"
	Snoozed  ConversationStatus = "snoozed"
)

var conversationCodes = map[ConversationStatus]int{Open: 0, Resolved: 1, Pending: 2, Snoozed: 3}

// Code is the number that is stored; unknown states are -1.
func (s ConversationStatus) Code() int {
	if c, ok := conversationCodes[s]; ok {
		return c
	}
	return -1
}

// ConversationStatusOf is the inverse of Code.
func ConversationStatusOf(code int) ConversationStatus { return nameOf(conversationCodes, code) }

// ContentTypes are the content_type names in the order of their stored numbers.
var ContentTypes = []string{
	"text", "input_text", "input_textarea", "input_email", "input_select", "cards", "form",
	"article", "incoming_email", "input_csat", "integrations", "sticker", "voice_call",
}

// FileTypes are the attachment file_type names in the order of their stored numbers.
var FileTypes = []string{
	"image", "audio", "video", "file", "location", "fallback", "share", "story_mention", "contact", "ig_reel",
}

// IndexOf is the stored number of name in one of the lists above, -1 when absent.
func IndexOf(names []string, name string) int {
	for i, n := range names {
		if n == name {
			return i
		}
	}
	return -1
}

// Roles of a member of an account.
const (
	RoleAgent         = "agent"
	RoleAdministrator = "administrator"
)

func nameOf[T comparable](codes map[T]int, code int) T {
	for name, c := range codes {
		if c == code {
			return name
		}
	}
	var none T
	return none
}
