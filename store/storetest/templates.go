package storetest

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"tributary/store"
)

func templateCases() []Case {
	return []Case{
		{"templates due", []string{"Store.TemplatesDue", "Store.StampTemplates"}, testTemplatesDue},
		{"settings swapped", []string{"Tx.SwapSettings"}, testSwapSettings},
		{"presence", []string{"Store.LoadPresence"}, testLoadPresence},
		{"typing shown", []string{"Tx.ShowTyping", "Tx.EndTyping"}, testTyping},
		{"read marks", []string{"Tx.MarkRead"}, testMarkRead},
		{"seen by agents", []string{"Tx.SeenByAgent", "Tx.UnseenByAgents"}, testSeenByAgents},
	}
}

func testTemplatesDue(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	a, b, c := w.line(w.Mine.Account, "a"), w.line(w.Mine.Account, "b"), w.line(w.Theirs.Account, "c")
	due := func(limit int, channels ...int64) []int64 {
		t.Helper()
		list, err := w.TemplatesDue(ctx, channels, w.Clock.Now().Add(-3*time.Hour), limit)
		noErr(t, "TemplatesDue", err)
		return list
	}
	want(t, "due of none", len(due(9)), 0)
	want(t, "never asked for", due(9, a.Channel, c.Channel, 999), []int64{a.Channel, c.Channel})
	noErr(t, "StampTemplates", w.StampTemplates(ctx, b.Channel))
	w.Clock.Advance(time.Second)
	noErr(t, "StampTemplates", w.StampTemplates(ctx, a.Channel))
	noErr(t, "StampTemplates of none", w.StampTemplates(ctx, 999))
	want(t, "just asked for", due(9, a.Channel, b.Channel, c.Channel), []int64{c.Channel})
	w.Clock.Advance(3*time.Hour - time.Second)
	want(t, "three hours later", due(9, a.Channel, b.Channel, c.Channel), []int64{c.Channel, b.Channel})
	w.Clock.Advance(time.Second)
	want(t, "the oldest first", due(9, a.Channel, b.Channel, c.Channel), []int64{c.Channel, b.Channel, a.Channel})
	want(t, "not more than the limit", due(2, a.Channel, b.Channel, c.Channel), []int64{c.Channel, b.Channel})
}

func testSwapSettings(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	w.do(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.CountAuthorizationError(ctx, l.Channel, 1)
		return err
	})
	noErr(t, "SetRegistration", w.SetRegistration(ctx, l.Channel, "registered", ""))
	before, err := w.ChannelOfInbox(ctx, l.Inbox)
	noErr(t, "ChannelOfInbox", err)
	version, err := w.Version(ctx, store.TopicChannels)
	noErr(t, "Version", err)
	swap := func(channel int64, was, settings string) bool {
		return in(w, func(ctx context.Context, tx *store.Tx) (bool, error) {
			return tx.SwapSettings(ctx, channel, json.RawMessage(was), json.RawMessage(settings))
		})
	}
	want(t, "swapped from other settings", swap(l.Channel, `{"line_channel_id":"l"}`, `{"n":1}`), false)
	want(t, "swapped where there is none", swap(999, `{}`, `{"n":1}`), false)
	want(t, "swapped", swap(l.Channel, string(before.Settings), `{"n":2}`), true)
	want(t, "swapped a second time", swap(l.Channel, string(before.Settings), `{"n":3}`), false)
	after, err := w.ChannelOfInbox(ctx, l.Inbox)
	noErr(t, "ChannelOfInbox", err)
	before.Settings = json.RawMessage(`{"n":2}`)
	want(t, "the channel", after, before)
	now, err := w.Version(ctx, store.TopicChannels)
	noErr(t, "Version", err)
	want(t, "version", now, version+1)
}

func testLoadPresence(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	c := w.chat(w.line(w.Mine.Account, "l"), "U1")
	p, err := w.LoadPresence(ctx, c.Conversation)
	noErr(t, "LoadPresence", err)
	want(t, "LastIncomingID at first", p.LastIncomingID, "")
	want(t, "SourceID", p.Conversation.SourceID, "U1")
	want(t, "ids", []int64{p.AccountID, p.InboxID, p.ConversationID, p.MessageID}, []int64{c.Account, c.Inbox, c.Conversation, 0})
	w.incoming(c, "m1", "one")
	w.incoming(c, "m2", "two")
	w.exec(`UPDATE messages SET content_attributes = '{"token":2}' WHERE source_id = 'm2'`)
	w.outgoing(c, w.Mine.User, "answer")
	w.exec(`UPDATE conversations SET additional_attributes = '{"chat_id":5}', last_incoming_at = 7 WHERE id = $1`, c.Conversation)
	p, err = w.LoadPresence(ctx, c.Conversation)
	noErr(t, "LoadPresence", err)
	want(t, "LastIncomingID", p.LastIncomingID, "m2")
	want(t, "LastAttributes", p.LastAttributes, `{"token":2}`)
	want(t, "Attributes", p.Conversation.Attributes, `{"chat_id":5}`)
	want(t, "LastIncomingAt", p.Conversation.LastIncomingAt, ptr(int64(7)))
	_, err = w.LoadPresence(ctx, 999)
	wantErr(t, "LoadPresence of none", err, store.ErrNotFound)
}

func testTyping(t *testing.T, w *World) {
	w.tenants()
	c := w.chat(w.line(w.Mine.Account, "l"), "U1")
	other := w.chat(c.Line, "U2")
	const lasts = 20 * time.Second
	show := func(id int64) bool {
		return in(w, func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.ShowTyping(ctx, id, lasts) })
	}
	end := func(id int64) bool {
		return in(w, func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.EndTyping(ctx, id, lasts) })
	}
	updated := w.number(`SELECT updated_at FROM conversations WHERE id = $1`, c.Conversation)
	want(t, "end before a begin", end(c.Conversation), false)
	want(t, "show", show(c.Conversation), true)
	w.Clock.Advance(lasts - time.Second)
	want(t, "show while it is shown", show(c.Conversation), false)
	want(t, "show in another conversation", show(other.Conversation), true)
	w.Clock.Advance(time.Second)
	want(t, "show when it has gone", show(c.Conversation), true)
	w.Clock.Advance(time.Second)
	want(t, "end", end(c.Conversation), true)
	want(t, "end again", end(c.Conversation), false)
	want(t, "show after the end", show(c.Conversation), true)
	w.Clock.Advance(lasts)
	want(t, "end when it has gone", end(c.Conversation), false)
	want(t, "show", show(c.Conversation), true)
	w.Clock.Advance(time.Second)
	w.incoming(c, "m1", "hello")
	want(t, "show after a message of the contact", show(c.Conversation), false)
	w.outgoing(c, w.Mine.User, "answer")
	want(t, "show after a reply", show(c.Conversation), true)
	want(t, "show once more", show(c.Conversation), false)
	w.outgoing(c, w.Mine.User, "note")
	w.Clock.Advance(time.Second)
	w.exec(`UPDATE messages SET private = TRUE, created_at = $1 WHERE content = 'note'`, w.Clock.Now().UnixMicro())
	want(t, "show after a private note", show(c.Conversation), false)
	want(t, "show where there is none", show(999), false)
	want(t, "updated_at", w.number(`SELECT updated_at FROM conversations WHERE id = $1`, c.Conversation), updated)
}

func testMarkRead(t *testing.T, w *World) {
	w.tenants()
	c := w.chat(w.line(w.Mine.Account, "l"), "U1")
	other := w.chat(c.Line, "U2")
	w.incoming(other, "x", "elsewhere")
	mark := func() bool {
		return in(w, func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.MarkRead(ctx, c.Conversation) })
	}
	updated := w.number(`SELECT updated_at FROM conversations WHERE id = $1`, c.Conversation)
	want(t, "without a message", mark(), false)
	w.outgoing(c, w.Mine.User, "ours")
	want(t, "with a message of ours only", mark(), false)
	w.incoming(c, "m1", "one")
	want(t, "with a message", mark(), true)
	want(t, "again", mark(), false)
	w.outgoing(c, w.Mine.User, "answer")
	want(t, "after our answer", mark(), false)
	w.incoming(c, "m2", "two") // the clock stands: in the same moment
	want(t, "with a newer message", mark(), true)
	want(t, "other conversations", w.number(`SELECT COUNT(*) FROM conversations WHERE read_marked_id IS NOT NULL`), 1)
	want(t, "updated_at", w.number(`SELECT updated_at FROM conversations WHERE id = $1`, c.Conversation), updated)
}

func testSeenByAgents(t *testing.T, w *World) {
	w.tenants()
	c := w.chat(w.line(w.Mine.Account, "l"), "U1")
	other := w.chat(c.Line, "U2")
	seen := func(column string) int64 {
		return w.number(`SELECT COALESCE(`+column+`, -1) FROM conversations WHERE id = $1`, c.Conversation)
	}
	both := func() []int64 { return []int64{seen("agent_last_seen_at"), seen("assignee_last_seen_at")} }
	updated := seen("updated_at")
	see := func(assignee bool) {
		w.Clock.Advance(time.Second)
		w.do(func(ctx context.Context, tx *store.Tx) error { return tx.SeenByAgent(ctx, c.Conversation, assignee) })
	}
	unsee := func() {
		w.do(func(ctx context.Context, tx *store.Tx) error { return tx.UnseenByAgents(ctx, c.Conversation) })
	}
	want(t, "at first", both(), []int64{-1, -1})
	see(false)
	first := w.Clock.Now().UnixMicro()
	want(t, "seen by somebody", both(), []int64{first, -1})
	see(true)
	second := w.Clock.Now().UnixMicro()
	want(t, "seen by the assignee", both(), []int64{second, second})
	see(false)
	want(t, "seen by somebody else", both(), []int64{w.Clock.Now().UnixMicro(), second})
	unsee()
	want(t, "unread without a message", both(), []int64{-1, -1})
	w.incoming(c, "m1", "one")
	at := w.Clock.Now().UnixMicro()
	see(true)
	w.outgoing(c, w.Mine.User, "answer")
	unsee()
	want(t, "unread", both(), []int64{at - 1_000_000, at - 1_000_000})
	want(t, "updated_at", seen("updated_at"), updated)
	want(t, "the other conversation", w.number(`SELECT COUNT(*) FROM conversations WHERE id = $1 AND agent_last_seen_at IS NULL`, other.Conversation), 1)
}
