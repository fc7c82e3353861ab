package whatsapp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"tributary/desk"
	"tributary/store"
	"tributary/whatsapp/management"
)

// patchTemplate changes a message template in the settings of every inbox that has
// it; inboxes that do not know it read their list anew.
func (e *Engine) patchTemplate(ctx context.Context, tx *store.Tx, list []store.WhatsAppNumber, t *management.Template) error {
	for _, n := range list {
		_, ch, ok := e.Directory.Inbox(n.InboxID)
		if !ok {
			continue
		}
		settings, found, err := patched(ch.Settings, t)
		if err != nil {
			return err
		}
		if found && bytes.Equal(settings, ch.Settings) {
			continue
		}
		if found {
			swapped, err := tx.SwapSettings(ctx, ch.ID, ch.Settings, settings)
			if err != nil {
				return err
			}
			if swapped {
				continue
			}
		}
		if err := desk.OrderTemplates(ctx, tx, n.AccountID, n.InboxID); err != nil {
			return err
		}
	}
	return nil
}

// patched is a channel's settings with the template changed, and whether they have
// it.
func patched(settings json.RawMessage, t *management.Template) (json.RawMessage, bool, error) {
	all := map[string]json.RawMessage{}
	if err := json.Unmarshal(settings, &all); err != nil {
		return nil, false, fmt.Errorf("whatsapp: settings: %w", err)
	}
	var templates []map[string]json.RawMessage
	if json.Unmarshal(all["message_templates"], &templates) != nil {
		return settings, false, nil //nolint:nilerr // there is no list yet
	}
	found := false
	for _, m := range templates {
		if !named(m, t) {
			continue
		}
		found = true
		for key, value := range map[string]string{"status": t.Status, "category": t.Category} {
			if value != "" {
				m[key] = quoted(value)
			}
		}
		if t.Reason != "" && t.Status != "" {
			m["rejected_reason"] = quoted(t.Reason)
		}
		if t.Quality != "" {
			m["quality_score"] = json.RawMessage(`{"score":` + string(quoted(t.Quality)) + `}`)
		}
	}
	if !found {
		return settings, false, nil
	}
	raw, err := json.Marshal(templates)
	if err != nil {
		return nil, false, fmt.Errorf("whatsapp: templates: %w", err)
	}
	all["message_templates"] = raw
	out, err := json.Marshal(all)
	if err != nil {
		return nil, false, fmt.Errorf("whatsapp: settings: %w", err)
	}
	return out, true, nil
}

// named tells whether a stored template is the one that Meta tells of.
func named(m map[string]json.RawMessage, t *management.Template) bool {
	word := func(key string) string {
		var s string
		if json.Unmarshal(m[key], &s) == nil {
			return s
		}
		return string(m[key]) // an id that is a number
	}
	if id := word("id"); t.ID != "" && id != "" && id != "null" {
		return id == t.ID
	}
	return t.Name != "" && word("name") == t.Name &&
		strings.EqualFold(strings.ReplaceAll(word("language"), "-", "_"), strings.ReplaceAll(t.Language, "-", "_"))
}

func quoted(s string) json.RawMessage {
	b, _ := json.Marshal(s) //nolint:errchkjson // a string always encodes
	return b
}
