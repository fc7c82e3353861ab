package desk

import (
	"encoding/json"

	"tributary/chat"
)

// withReaction applies a reaction to content_attributes: one emoji per person,
// which the next one replaces. Telegram has a set, and tells its differences.
func withReaction(attributes string, e *chat.Event) string {
	m := map[string]any{}
	_ = json.Unmarshal([]byte(attributes), &m) // not an object: start a new one
	list, _ := m["reactions"].([]any)
	replaces := e.Reaction.Action == "add" && !reactionSets(e)
	kept := make([]any, 0, len(list)+1)
	for _, x := range list {
		r, ok := x.(map[string]any)
		if !ok || (r["source_id"] == e.Contact.SourceID && (replaces || e.Reaction.Emoji == "" || r["emoji"] == e.Reaction.Emoji)) {
			continue
		}
		kept = append(kept, x)
	}
	if e.Reaction.Action == "add" {
		kept = append(kept, map[string]any{"source_id": e.Contact.SourceID, "emoji": e.Reaction.Emoji})
	}
	if len(kept) == 0 {
		delete(m, "reactions")
	} else {
		m["reactions"] = kept
	}
	return object(m)
}

// reactionSets tells whether a person may have several reactions to a message.
func reactionSets(e *chat.Event) bool { return e.Channel == "telegram" }
