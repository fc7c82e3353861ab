package desk

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

// contactName is what a new contact is called: its name, else how the provider
// addresses it.
func contactName(a *arrival) string {
	c := a.event.Contact
	if name := told(c); name != "" {
		return name
	}
	if c.Phone != "" {
		return limit(channels.Clean(c.Phone))
	}
	return madeUp(a.driver, c.SourceID, a.channel.Locale)
}

// told is the name that the provider tells; empty when it tells none.
func told(c *chat.Contact) string {
	for _, name := range []string{c.Name, strings.TrimSpace(c.FirstName + " " + c.LastName), c.Username} {
		if name != "" {
			return limit(channels.Clean(name))
		}
	}
	return ""
}

// madeUp is what somebody is called whom the provider tells nothing about.
func madeUp(d channels.Driver, sourceID string, l wording.Locale) string {
	text := wording.ContactUser.With("channel", d.Info().Title, "id", sourceID)
	if p, ok := d.(channels.Placeholder); ok {
		text = p.Placeholder(sourceID)
	}
	return limit(channels.Clean(l.Say(text)))
}

// isMadeUp tells whether a name is one that the desk made up. It may be in another
// language than the account's: that can change, and names stay.
func isMadeUp(name string, d channels.Driver, sourceID string, l wording.Locale) bool {
	// Every name that is made up has the source id in it, as far as there is room.
	if !strings.Contains(name, channels.Clip(channels.Clean(sourceID), 100, channels.Runes)) {
		return false
	}
	return name == madeUp(d, sourceID, l) || slices.ContainsFunc(wording.Locales(), func(other wording.Locale) bool {
		return name == madeUp(d, sourceID, other)
	})
}

// limit keeps short-text columns at 255 characters.
func limit(s string) string { return channels.Clip(s, 255, channels.Runes) }

// nameIsNumber tells whether the contact still has a number for a name; then the
// name that the provider tells replaces it (contract 09 §10.3).
func nameIsNumber(a *arrival) bool {
	return isNumber(a.contact.Name, a.contact.Phone, a.source.SourceID)
}

// isNumber tells whether a name is nothing but the phone number or the source id.
func isNumber(name, phone, sourceID string) bool {
	number := digits(name)
	return number != "" && !hasLetter(name) && (number == digits(phone) || number == digits(sourceID))
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

func hasLetter(s string) bool { return strings.IndexFunc(s, unicode.IsLetter) >= 0 }

// contactAttributes are the additional_attributes of a new contact.
func contactAttributes(c *chat.Contact) string {
	out := map[string]any{}
	maps.Copy(out, c.Attributes)
	if c.Username != "" {
		out["username"] = c.Username
	}
	if c.Language != "" {
		out["language_code"] = c.Language
	}
	for _, alt := range c.AltIDs {
		out[alt.Scheme] = alt.Value
	}
	if c.AvatarURL != "" {
		out["provider_avatar_url"] = c.AvatarURL
	}
	if c.Avatar != nil {
		out["provider_avatar"] = c.Avatar
	}
	return object(out)
}

// conversationAttributes merges what the event says about its thread into
// additional_attributes. The result is the input, to the letter, when nothing
// changed.
func conversationAttributes(current string, e *chat.Event) string {
	add := map[string]any{}
	if t := e.Thread; t != nil {
		maps.Copy(add, t.Attributes)
		if t.ChatID != "" {
			add["chat_id"] = t.ChatID
		}
		if t.BusinessConnectionID != "" {
			add["business_connection_id"] = t.BusinessConnectionID
		}
	}
	if e.Referral != nil {
		add["referral"] = e.Referral
	}
	if len(add) == 0 {
		return current
	}
	merged := map[string]any{}
	if err := json.Unmarshal([]byte(current), &merged); err != nil {
		merged = map[string]any{} // not an object: contract 02 §2.1 makes it one
	}
	before := object(merged)
	maps.Copy(merged, add)
	if after := object(merged); after != before {
		return after
	}
	return current
}

// threadState is what the driver needs to answer and no client sees; empty when
// the event brings nothing new.
func threadState(e *chat.Event) string {
	if e.Thread == nil || e.Thread.ReplyToken == "" {
		return ""
	}
	return object(map[string]any{"reply_token": e.Thread.ReplyToken, "reply_token_expires_at": int64(e.Thread.ReplyTokenExpiresAt)})
}

// object encodes a map, nil as an empty one; its values are JSON by construction.
func object(m map[string]any) string {
	if m == nil {
		return "{}"
	}
	b, err := json.Marshal(m)
	if err != nil {
		return "{}"
	}
	return string(b)
}
