package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"testing"
	"time"

	"tributary/chat"
	"tributary/store"
)

// World is a database with two accounts in it; the second one is there to be
// kept apart from the first.
type World struct {
	*DB
	t      testing.TB
	Mine   Tenant
	Theirs Tenant
}

// Tenant is an account with a user.
type Tenant struct {
	Account int64
	User    int64
	Email   string
	Token   string
}

// Line is an inbox with its channel.
type Line struct {
	Account, Inbox, Channel int64
}

// Chat is a conversation with its contact.
type Chat struct {
	Line
	Contact, ContactInbox, Conversation, Display int64
	SourceID                                     string
}

func newWorld(t testing.TB, d *DB) *World { return &World{DB: d, t: t} }

// tenants makes the two accounts.
func (w *World) tenants() {
	w.t.Helper()
	w.Mine, w.Theirs = w.tenant("mine"), w.tenant("theirs")
}

func (w *World) tenant(name string) Tenant {
	w.t.Helper()
	email := name + "@example.test"
	b, err := w.Bootstrap(w.t.Context(), email, "User "+name, "$2a$hash", "Account "+name)
	if err != nil {
		w.t.Fatalf("Bootstrap: %v", err)
	}
	return Tenant{Account: b.AccountID, User: b.UserID, Email: email, Token: b.AccessToken}
}

// line makes an inbox with a channel that has one address.
func (w *World) line(account int64, name string) Line {
	w.t.Helper()
	return in(w, func(ctx context.Context, tx *store.Tx) (Line, error) {
		settings, err := json.Marshal(map[string]string{"line_channel_id": name, "line_channel_secret": "secret of " + name})
		if err != nil {
			return Line{}, err
		}
		channel, err := tx.InsertChannel(ctx, store.NewChannel{
			AccountID: account, Type: "Channel::Line", Settings: settings,
			Addresses: []store.Address{{Address: chat.Address{Kind: "line", Value: name}}},
		})
		if err != nil {
			return Line{}, err
		}
		i := store.DefaultInbox()
		i.AccountID, i.ChannelID, i.ChannelType, i.Name = account, channel, "Channel::Line", name
		id, err := tx.InsertInbox(ctx, i)
		return Line{Account: account, Inbox: id, Channel: channel}, err
	})
}

// chat makes a contact in an inbox with an open conversation.
func (w *World) chat(l Line, source string) Chat {
	w.t.Helper()
	return in(w, func(ctx context.Context, tx *store.Tx) (Chat, error) {
		c := Chat{Line: l, SourceID: source}
		refs, _, err := tx.EnsureContacts(ctx, []store.NewContact{{AccountID: l.Account, Name: "Name of " + source}})
		if err != nil {
			return c, err
		}
		c.Contact = refs[0].ContactID
		key := store.SourceKey{InboxID: l.Inbox, SourceID: source}
		links, err := tx.InsertContactInboxes(ctx, []store.NewContactInbox{{SourceKey: key, ContactID: c.Contact, Token: store.NewToken()}})
		if err != nil {
			return c, err
		}
		c.ContactInbox = links[key]
		return w.converse(ctx, tx, c, "")
	})
}

// converse makes one more conversation of a contact.
func (w *World) converse(ctx context.Context, tx *store.Tx, c Chat, thread string) (Chat, error) {
	list, err := tx.InsertConversations(ctx, []store.NewConversation{{
		ThreadKey: store.ThreadKey{ContactInboxID: c.ContactInbox, Thread: thread}, AccountID: c.Account, InboxID: c.Inbox,
		ContactID: c.Contact, UUID: store.NewToken(), At: tx.Now.UnixMicro(),
	}})
	if err != nil {
		return c, err
	}
	c.Conversation, c.Display = list[0].ID, list[0].DisplayID
	return c, nil
}

// incoming stores a message of the contact; key is its ingest key and provider
// id.
func (w *World) incoming(c Chat, key, text string) int64 {
	w.t.Helper()
	return in(w, func(ctx context.Context, tx *store.Tx) (int64, error) {
		m := store.NewMessage{
			IngestKey: store.IngestKey{InboxID: c.Inbox, Key: key}, AccountID: c.Account, ConversationID: c.Conversation,
			Type: int(chat.Incoming), Content: &text, SourceID: key, SenderType: "Contact", SenderID: c.Contact, At: tx.Now.UnixMicro(),
		}
		made, err := tx.InsertMessages(ctx, []store.NewMessage{m})
		return made[m.IngestKey], err
	})
}

// outgoing stores a message of an agent.
func (w *World) outgoing(c Chat, user int64, text string) int64 {
	w.t.Helper()
	return in(w, func(ctx context.Context, tx *store.Tx) (int64, error) {
		return tx.InsertWritten(ctx, store.Written{
			AccountID: c.Account, InboxID: c.Inbox, ConversationID: c.Conversation,
			Type: int(chat.Outgoing), Content: &text, SenderType: "User", SenderID: user,
		})
	})
}

// deliver orders the sending of a message.
func (w *World) deliver(c Chat, message int64, at time.Time) store.Delivery {
	w.t.Helper()
	return in(w, func(ctx context.Context, tx *store.Tx) (store.Delivery, error) {
		d := store.Delivery{
			MessageID: message, AccountID: c.Account, InboxID: c.Inbox, ChannelID: c.Channel,
			ConversationID: c.Conversation, JobID: fmt.Sprintf("job-%d", message), NextAt: at, Deadline: at.Add(time.Hour),
		}
		return d, tx.InsertDelivery(ctx, d)
	})
}

// exec changes the tables directly, for states that no method makes.
func (w *World) exec(query string, args ...any) {
	w.t.Helper()
	if _, err := w.SQL.ExecContext(w.t.Context(), query, args...); err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
}

// number reads one number from the tables.
func (w *World) number(query string, args ...any) int64 {
	w.t.Helper()
	var n int64
	if err := w.SQL.QueryRowContext(w.t.Context(), query, args...).Scan(&n); err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// in runs f in a transaction that must succeed. f must not end the test: on
// SQLite it runs on the writer's goroutine.
func in[T any](w *World, f func(context.Context, *store.Tx) (T, error)) T {
	w.t.Helper()
	var out T
	err := w.Transact(w.t.Context(), func(tx *store.Tx) error {
		var err error
		out, err = f(w.t.Context(), tx)
		return err
	})
	if err != nil {
		w.t.Fatalf("transaction: %v", err)
	}
	return out
}

// do is in without a result.
func (w *World) do(f func(context.Context, *store.Tx) error) {
	w.t.Helper()
	in(w, func(ctx context.Context, tx *store.Tx) (struct{}, error) { return struct{}{}, f(ctx, tx) })
}

// fails runs f in a transaction that must fail with target.
func (w *World) fails(what string, target error, f func(context.Context, *store.Tx) error) {
	w.t.Helper()
	err := w.Transact(w.t.Context(), func(tx *store.Tx) error { return f(w.t.Context(), tx) })
	wantErr(w.t, what, err, target)
}

func want[T any](t testing.TB, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s\n got %s\nwant %s", what, show(got), show(want))
	}
}

// show prints what pointers point to.
func show(v any) string {
	if b, err := json.Marshal(v); err == nil {
		return string(b)
	}
	return fmt.Sprintf("%+v", v)
}

func wantErr(t testing.TB, what string, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("%s: error %v, want %v", what, err, target)
	}
}

func noErr(t testing.TB, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func ptr[T any](v T) *T { return &v }

func itoa[N int | int64](n N) string { return strconv.FormatInt(int64(n), 10) }
