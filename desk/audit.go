package desk

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"tributary/channels"
	"tributary/store"
)

// Actor is who changes something, for the audit log. The zero Actor is the server.
type Actor struct {
	UserID int64  `json:"user_id,omitempty"`
	Email  string `json:"email,omitempty"`
	IP     string `json:"ip,omitempty"`
	// RequestID is of the request by which they do it.
	RequestID string `json:"request_id,omitempty"`
}

// Actions of the audit log.
const (
	auditCreate  = "create"
	auditUpdate  = "update"
	auditDestroy = "destroy"
)

// audited is an entry of what the actor did to record id of a kind: the values of
// one that was made or destroyed, [old, new] of those that changed. Enums are
// numbers.
func audited(by Actor, accountID int64, kind string, id int64, action string, changes map[string]any) (store.Audit, error) {
	b, err := json.Marshal(changes)
	if err != nil {
		return store.Audit{}, fmt.Errorf("desk: audit: %w", err)
	}
	return store.Audit{
		AccountID: accountID, Type: kind, ID: id, Action: action, Changes: b, UserID: by.UserID, Username: by.Email, RemoteAddress: by.IP,
		RequestID: by.RequestID,
	}, nil
}

// insertAudit writes such an entry.
func insertAudit(ctx context.Context, tx *store.Tx, by Actor, accountID int64, kind string, id int64, action string, changes map[string]any) error {
	entry, err := audited(by, accountID, kind, id, action, changes)
	if err != nil {
		return err
	}
	return tx.InsertAudit(ctx, entry)
}

// place names a membership in the audit log: its kind, and the attribute that tells of
// what it is one.
type place struct{ kind, of string }

var (
	inboxPlace = place{"InboxMember", "inbox_id"}
	teamPlace  = place{"TeamMember", "team_id"}
)

// auditPlaces writes that users became members of inboxes or teams, or are none any
// more.
func auditPlaces(ctx context.Context, tx *store.Tx, by Actor, accountID int64, p place, action string, list []store.Place) error {
	entries := make([]store.Audit, len(list))
	for i, m := range list {
		var err error
		entries[i], err = audited(by, accountID, p.kind, m.ID, action, map[string]any{p.of: m.In, "user_id": m.UserID})
		if err != nil {
			return err
		}
	}
	return tx.InsertAudits(ctx, entries)
}

// inboxValues are the attributes of an inbox that the audit log tells.
func inboxValues(i store.Inbox) map[string]any {
	return map[string]any{
		"account_id": i.AccountID, "channel_id": i.ChannelID, "channel_type": i.ChannelType, "name": i.Name,
		"greeting_enabled": i.GreetingEnabled, "greeting_message": i.GreetingMessage, "enable_email_collect": i.EnableEmailCollect,
		"csat_survey_enabled": i.CSATSurveyEnabled, "csat_config": document(i.CSATConfig), "enable_auto_assignment": i.EnableAutoAssignment,
		"auto_assignment_config": document(i.AutoAssignmentConfig), "out_of_office_message": i.OutOfOfficeMessage,
		"working_hours_enabled": i.WorkingHoursEnabled, "timezone": i.Timezone, "allow_messages_after_resolved": i.AllowMessagesAfterResolved,
		"lock_to_single_conversation": i.LockToSingleConversation, "sender_name_type": i.SenderNameType, "business_name": i.BusinessName,
		"portal_id": i.PortalID,
	}
}

// document is a stored JSON object; what is none is empty.
func document(stored string) map[string]any {
	m := map[string]any{}
	_ = json.Unmarshal([]byte(stored), &m) // not an object: it has no members
	return m
}

// valueChanges are the values that differ, each as [old, new].
func valueChanges(before, after map[string]any) map[string]any {
	out := map[string]any{}
	for name, now := range after {
		if was := before[name]; !reflect.DeepEqual(was, now) {
			out[name] = [2]any{was, now}
		}
	}
	for name, was := range before {
		if _, stays := after[name]; !stays {
			out[name] = [2]any{was, nil}
		}
	}
	return out
}

// auditInboxUpdate writes what changed of an inbox's own settings, if anything did.
func auditInboxUpdate(ctx context.Context, tx *store.Tx, by Actor, before, after store.Inbox) error {
	changes := valueChanges(inboxValues(before), inboxValues(after))
	if len(changes) == 0 {
		return nil
	}
	return insertAudit(ctx, tx, by, before.AccountID, "Inbox", before.ID, auditUpdate, changes)
}

// Filtered stands in the audit log for a secret.
const Filtered = "[FILTERED]"

// unaudited are members of a channel's settings that the provider tells, not a
// person: the log does not follow them.
var unaudited = []string{"message_templates", "message_templates_last_updated", "content_templates", "content_templates_last_updated"}

// auditChannelUpdate writes what changed of a channel's settings, as a change of its
// inbox. That a secret changed is told, the secret is not.
func auditChannelUpdate(ctx context.Context, tx *store.Tx, by Actor, driver channels.Driver, ch *channels.Channel, settings json.RawMessage) error {
	if bytes.Equal(ch.Settings, settings) {
		return nil
	}
	changes := valueChanges(document(string(ch.Settings)), document(string(settings)))
	for _, name := range unaudited {
		delete(changes, name)
	}
	if len(changes) == 0 {
		return nil
	}
	secrets := driver.Info().Secrets
	for name, change := range changes {
		pair, _ := change.([2]any)
		changes[name] = [2]any{filtered(name, pair[0], secrets), filtered(name, pair[1], secrets)}
	}
	return insertAudit(ctx, tx, by, ch.AccountID, "Inbox", ch.InboxID, auditUpdate, changes)
}

// secretWords mark a member as a secret whatever the driver lists: what people may
// put into free objects is not known beforehand.
var secretWords = []string{"secret", "token", "password", "api_key", "pin", "authorization", "private"}

// secret tells whether the member at a path ("provider_config.api_key") is one.
func secret(path string, listed []string) bool {
	name := path[strings.LastIndexByte(path, '.')+1:]
	return slices.Contains(listed, path) || slices.Contains(listed, name) ||
		slices.ContainsFunc(secretWords, func(word string) bool { return strings.Contains(strings.ToLower(name), word) })
}

// filtered is a value without its secrets.
func filtered(path string, v any, listed []string) any {
	if secret(path, listed) {
		if v == nil || v == "" {
			return v
		}
		return Filtered
	}
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, member := range v {
			out[k] = filtered(path+"."+k, member, listed)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, member := range v {
			out[i] = filtered(path, member, listed)
		}
		return out
	}
	return v
}

// Actions of operators on events in the queue, which are written at their inboxes.
const (
	AuditReplay  = "replay"
	AuditDiscard = "discard"
)

// QueuedEvent is an event of an inbox in the queue.
type QueuedEvent struct {
	ID      string
	InboxID int64
}

// AuditQueue writes what an operator did with events, one entry for each inbox. Those
// of inboxes that are gone have no log to be in.
func (d *Desk) AuditQueue(ctx context.Context, by Actor, action, reason string, list []QueuedEvent) error {
	byInbox := map[int64][]string{}
	for _, e := range list {
		byInbox[e.InboxID] = append(byInbox[e.InboxID], e.ID)
	}
	var entries []store.Audit
	for _, inboxID := range slices.Sorted(maps.Keys(byInbox)) {
		row, ok := d.Directory.Row(inboxID)
		if !ok {
			continue
		}
		changes := map[string]any{"queue_entries": byInbox[inboxID]}
		if reason != "" {
			changes["reason"] = reason
		}
		entry, err := audited(by, row.AccountID, "Inbox", inboxID, action, changes)
		if err != nil {
			return err
		}
		entries = append(entries, entry)
	}
	if len(entries) == 0 {
		return nil
	}
	return d.Store.Transact(ctx, func(tx *store.Tx) error { return tx.InsertAudits(ctx, entries) })
}
