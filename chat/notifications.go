package chat

// NotificationType says what a member is notified of. Its number is what is stored
// and, less one, its bit in the flags of notification settings.
type NotificationType int

// Notification types, with the numbers that are stored.
const (
	NotifyCreation         NotificationType = 1 + iota // a conversation is new, or a bot handed it over
	NotifyAssignment                                   // a conversation is theirs now
	NotifyAssignedMessage                              // a message in a conversation of theirs
	NotifyMention                                      // somebody named them in a note
	NotifyParticipating                                // a message in a conversation that they follow
	NotifySLAFirstResponse                             // a conversation waited too long for its first answer
	NotifySLANextResponse                              // … for a further one
	NotifySLAResolution                                // … for its end
)

// NotificationTypes are the names of the types in the order of their numbers, from 1.
func NotificationTypes() []string {
	return []string{
		"conversation_creation", "conversation_assignment", "assigned_conversation_new_message", "conversation_mention",
		"participating_conversation_new_message", "sla_missed_first_response", "sla_missed_next_response", "sla_missed_resolution",
	}
}

// String is the name of the type; empty when there is no such.
func (n NotificationType) String() string {
	names := NotificationTypes()
	if n < 1 || int(n) > len(names) {
		return ""
	}
	return names[n-1]
}

// Flag is the bit of the type in the flags of notification settings.
func (n NotificationType) Flag() int64 { return 1 << (n - 1) }
