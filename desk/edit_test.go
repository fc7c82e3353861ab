package desk_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tributary/chat"
	"tributary/desk"
	"tributary/internal/testkit"
	"tributary/store"
	"tributary/store/storetest"
)

// editing is a world with one conversation, and what edits leave behind.
type editing struct {
	*world
	inbox, member, outsider, team int64
}

func newEditing(t *testing.T, b testkit.Backend) *editing {
	t.Helper()
	e := &editing{world: newWorld(t, b)}
	e.inbox = e.line(1)
	e.receive(e.message(e.inbox, "U1", "1", "hello"))
	e.member, e.outsider = e.joined("mia@example.test", "Mia"), e.joined("otto@example.test", "Otto")
	e.sql(`INSERT INTO inbox_members (inbox_id, user_id, created_at) VALUES ($1, $2, 1)`, e.inbox, e.member)
	e.sql(`INSERT INTO teams (account_id, name, allow_auto_assign, created_at, updated_at) VALUES ($1, 'help', FALSE, 1, 1)`, e.account)
	e.team = e.one(`SELECT MAX(id) FROM teams`)
	e.sql(`INSERT INTO team_members (team_id, user_id, created_at) VALUES ($1, $2, 1)`, e.team, e.member)
	e.forget()
	return e
}

func (e *editing) sql(query string, args ...any) {
	e.t.Helper()
	if _, err := e.db.ExecContext(e.t.Context(), query, args...); err != nil {
		e.t.Fatalf("%s: %v", query, err)
	}
}

func (e *editing) one(query string, args ...any) (n int64) {
	e.t.Helper()
	if err := e.db.QueryRowContext(e.t.Context(), query, args...).Scan(&n); err != nil {
		e.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// joined makes an agent of the account.
func (e *editing) joined(email, name string) int64 {
	e.t.Helper()
	made, err := e.store.Bootstrap(e.t.Context(), email, name, "x", "Of "+name)
	if err != nil {
		e.t.Fatal(err)
	}
	e.sql(`INSERT INTO account_users (account_id, user_id, role, created_at, updated_at) VALUES ($1, $2, 0, 1, 1)`, e.account, made.UserID)
	return made.UserID
}

func (e *editing) forget() {
	e.t.Helper()
	e.sql(`DELETE FROM outbox`)
	e.sql(`DELETE FROM messages WHERE message_type = 2`)
}

// as edits the conversation, and gives the kinds of the events with who did it, what
// changed, and the notes.
func (e *editing) as(by desk.Author, f func(context.Context, *desk.Edit) error) (events, changed, notes string) {
	e.t.Helper()
	e.forget()
	e.clock.Advance(time.Second)
	if err := e.desk.Edit(e.t.Context(), e.account, 1, by, func(x *desk.Edit) error { return f(e.t.Context(), x) }); err != nil {
		e.t.Fatal(err)
	}
	var kinds, columns []string
	for _, row := range e.rows(`SELECT kind || ' ' || payload FROM outbox ORDER BY id`) {
		kind, text, _ := strings.Cut(row, " ")
		payload := map[string]any{}
		if err := json.Unmarshal([]byte(text), &payload); err != nil {
			e.t.Fatal(err)
		}
		list, _ := payload["changed_attributes"].([]any)
		for _, one := range list {
			for column := range one.(map[string]any) {
				columns = append(columns, column)
			}
		}
		delete(payload, "changed_attributes")
		delete(payload, "assignment_considered") // told to the assignment alone
		for name, id := range payload {
			kind += fmt.Sprintf(" %s=%v", name, id)
		}
		kinds = append(kinds, kind)
	}
	return strings.Join(kinds, ", "), strings.Join(columns, " "), strings.Join(e.rows(`SELECT content FROM messages WHERE message_type = 2 ORDER BY id`), "|")
}

func (e *editing) eq(what, got, want string) {
	e.t.Helper()
	if got != want {
		e.t.Errorf("%s\n got %s\nwant %s", what, got, want)
	}
}

func TestEditByEverybody(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		e := newEditing(t, b)
		contact := e.one(`SELECT contact_id FROM conversations`)
		resolve := func(_ context.Context, x *desk.Edit) error { x.Status(chat.Resolved, nil); return nil }
		open := func(_ context.Context, x *desk.Edit) error { x.Status(chat.Open, nil); return nil }
		for _, c := range []struct {
			name, signed, notes, reopened string
			by                            desk.Author
		}{
			{"a user", fmt.Sprintf(" performer_id=%d", e.user), "Conversation was resolved by Ada", "Conversation was reopened by Ada", desk.Author{UserID: e.user, Name: "Ada"}},
			{"a bot", " bot_id=7", "Conversation was resolved by Robo", "Conversation was reopened by Robo", desk.Author{BotID: 7, Name: "Robo"}},
			{"a rule", " rule_id=8", "Conversation was resolved by Automation System", "Conversation was reopened by Automation System", desk.Author{RuleID: 8}},
			{"the contact", fmt.Sprintf(" contact_id=%d", contact), "Conversation was resolved by Name of U1", "", desk.Author{ContactID: contact}},
			{"the program", "", "", "", desk.Author{}},
		} {
			e.sql(`UPDATE conversations SET waiting_since = 5`)
			said := func(notes string) string {
				if notes == "" {
					return ""
				}
				return ", message.created" + c.signed
			}
			events, changed, notes := e.as(c.by, resolve)
			e.eq(c.name+" resolves", events, strings.ReplaceAll("conversation.resolved@, conversation.status_changed@, conversation.updated@", "@", c.signed)+said(c.notes))
			e.eq(c.name+" changes", changed, "status waiting_since updated_at")
			e.eq(c.name+" is noted", notes, c.notes)
			events, changed, notes = e.as(c.by, open)
			e.eq(c.name+" opens", events, strings.ReplaceAll("conversation.opened@, conversation.status_changed@, conversation.updated@", "@", c.signed)+said(c.reopened))
			e.eq(c.name+" changes", changed, "status updated_at")
			e.eq(c.name+" is noted", notes, c.reopened)
			events, _, notes = e.as(c.by, open)
			e.eq(c.name+" changes nothing", events+notes, "")
		}
		_, _, notes := e.as(desk.Author{}, func(_ context.Context, x *desk.Edit) error {
			x.Idle(48 * time.Hour)
			x.Status(chat.Resolved, nil)
			return nil
		})
		e.eq("nobody wrote", notes, "Conversation was resolved after 2 days without activity")
	})
}

func TestEditPlaces(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		e := newEditing(t, b)
		ada := desk.Author{UserID: e.user, Name: "Ada"}
		by := fmt.Sprintf(" performer_id=%d", e.user)
		assign := func(user int64) func(context.Context, *desk.Edit) error {
			return func(ctx context.Context, x *desk.Edit) error { return x.Assign(ctx, user) }
		}
		team := func(id int64) func(context.Context, *desk.Edit) error {
			return func(ctx context.Context, x *desk.Edit) error { return x.Team(ctx, id) }
		}
		const assigned = "conversation.updated@, assignee.changed@, message.created@"
		for _, c := range []struct {
			name                   string
			f                      func(context.Context, *desk.Edit) error
			events, changed, notes string
		}{
			{"an agent of another inbox", assign(e.outsider), assigned, "assignee_id updated_at", "Ada assigned the conversation to Otto"},
			{"a member", assign(e.member), assigned, "assignee_id updated_at", "Ada assigned the conversation to Mia"},
			{"again", assign(e.member), "", "", ""},
			{"a team of the assignee's", team(e.team), "conversation.updated@, team.changed@, message.created@", "team_id updated_at", "Ada assigned the conversation to team help"},
			{"no team", team(0), "conversation.updated@, team.changed@, message.created@", "team_id updated_at", "Ada removed the team"},
			{"myself", assign(e.user), assigned, "assignee_id updated_at", "Ada took the conversation"},
			{
				"a team of others", team(e.team), "conversation.updated@, assignee.changed@, team.changed@, message.created@", "assignee_id team_id updated_at",
				"Ada assigned the conversation to team help",
			},
			{"nobody", assign(0), "", "", ""},
		} {
			events, changed, notes := e.as(ada, c.f)
			e.eq(c.name, events, strings.ReplaceAll(c.events, "@", by))
			e.eq(c.name+" changes", changed, c.changed)
			e.eq(c.name+" is noted", notes, c.notes)
		}
		// Whoever was assigned and sees the inbox takes part.
		e.want(`SELECT CAST(user_id AS TEXT) FROM conversation_participants ORDER BY user_id`, fmt.Sprint(e.user), fmt.Sprint(e.member))
		for what, f := range map[string]func(context.Context, *desk.Edit) error{"user": assign(999), "team": team(999)} {
			err := e.desk.Edit(t.Context(), e.account, 1, ada, func(x *desk.Edit) error { return f(t.Context(), x) })
			if !errors.Is(err, store.ErrNotFound) {
				t.Errorf("no such %s: %v", what, err)
			}
		}
		if err := e.desk.Edit(t.Context(), e.account, 99, ada, func(*desk.Edit) error { return nil }); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("no such conversation: %v", err)
		}
	})
}

func TestEditTheRest(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		e := newEditing(t, b)
		ada := desk.Author{UserID: e.user, Name: "Ada"}
		by := fmt.Sprintf(" performer_id=%d", e.user)
		high, low := 2, 0
		until := e.clock.Now().Add(time.Hour)
		for _, c := range []struct {
			name                   string
			by                     desk.Author
			f                      func(context.Context, *desk.Edit) error
			events, changed, notes string
		}{
			{
				"priority", ada, func(_ context.Context, x *desk.Edit) error { x.Priority(&high); return nil },
				"conversation.updated@, message.created@", "priority updated_at", "Ada set the priority to high",
			},
			{
				"another priority",
				desk.Author{},
				func(_ context.Context, x *desk.Edit) error { x.Priority(&low); return nil },
				"conversation.updated, message.created", "priority updated_at", "System changed the priority from high to low",
			},
			{
				"no priority", ada, func(_ context.Context, x *desk.Edit) error { x.Priority(nil); return nil },
				"conversation.updated@, message.created@", "priority updated_at", "Ada removed the priority",
			},
			{
				"attributes", ada, func(_ context.Context, x *desk.Edit) error { x.CustomAttributes(`{"a":1}`); return nil },
				"conversation.updated@", "custom_attributes updated_at", "",
			},
			{"the same attributes", ada, func(_ context.Context, x *desk.Edit) error { x.CustomAttributes(`{ "a": 1 }`); return nil }, "", "", ""},
			{
				"labels", ada, func(ctx context.Context, x *desk.Edit) error {
					return x.SetLabels(ctx, desk.ParseLabels([]string{"b, a", "b"}))
				},
				"conversation.updated@, message.created@", "label_list updated_at", "Ada added b, a",
			},
			{
				"other labels", ada, func(ctx context.Context, x *desk.Edit) error {
					return x.ChangeLabels(ctx, []string{"c", "a"}, []string{"b", "z"})
				},
				"conversation.updated@, message.created@, message.created@", "label_list updated_at", "Ada added c|Ada removed b",
			},
			{"added and taken back", ada, func(ctx context.Context, x *desk.Edit) error {
				if err := x.ChangeLabels(ctx, []string{"d"}, []string{"a"}); err != nil {
					return err
				}
				return x.ChangeLabels(ctx, []string{"a"}, []string{"d"})
			}, "", "", ""},
			{
				"snooze", ada, func(_ context.Context, x *desk.Edit) error { x.Status(chat.Snoozed, &until); return nil },
				"conversation.status_changed@, conversation.updated@, message.created@", "status snoozed_until updated_at", "Conversation was snoozed by Ada",
			},
			{
				"mute", ada, func(_ context.Context, x *desk.Edit) error { x.Mute(); return nil },
				"conversation.resolved@, conversation.status_changed@, conversation.updated@, contact.updated contact, message.created@, message.created@",
				"status snoozed_until waiting_since updated_at blocked", "Conversation was resolved by Ada|Ada muted the conversation",
			},
			{"mute again", ada, func(_ context.Context, x *desk.Edit) error { x.Mute(); return nil }, "", "", ""},
			{
				"unmute", ada, func(_ context.Context, x *desk.Edit) error { x.Unmute(); return nil },
				"contact.updated contact, message.created@", "blocked", "Ada unmuted the conversation",
			},
			{
				"an event", ada, func(_ context.Context, x *desk.Edit) error {
					x.Tell("conversation.bot_handoff", map[string]any{})
					return nil
				},
				"conversation.bot_handoff@", "", "",
			},
		} {
			events, changed, notes := e.as(c.by, c.f)
			if i := strings.Index(events, "contact.updated "); i >= 0 { // it has two ids
				rest := events[i:]
				end := strings.Index(rest, ", ")
				if !strings.Contains(rest[:end], "contact_id=") || !strings.Contains(rest[:end], strings.TrimSpace(by)) {
					t.Errorf("%s: %s", c.name, rest[:end])
				}
				events = events[:i] + "contact.updated contact" + rest[end:]
			}
			e.eq(c.name, events, strings.ReplaceAll(c.events, "@", by))
			e.eq(c.name+" changes", changed, c.changed)
			e.eq(c.name+" is noted", notes, c.notes)
		}
		e.want(`SELECT label FROM conversation_labels ORDER BY label`, "a", "c")
	})
}

// Whatever the clock says, a change is later than the one before it; and one that is
// given up leaves nothing.
func TestEditClockAndFailure(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		e := newEditing(t, b)
		ada := desk.Author{UserID: e.user, Name: "Ada"}
		high := 2
		e.sql(`UPDATE conversations SET updated_at = $1, last_activity_at = $1`, e.clock.Now().Add(time.Hour).UnixMicro())
		before := e.one(`SELECT updated_at FROM conversations`)
		e.as(ada, func(_ context.Context, x *desk.Edit) error { x.Priority(&high); return nil })
		if after := e.one(`SELECT updated_at FROM conversations`); after != before+1 {
			t.Errorf("updated_at %d after %d", after, before)
		}
		if at := e.one(`SELECT last_activity_at FROM conversations`); at != before {
			t.Errorf("last_activity_at went from %d to %d", before, at)
		}
		e.forget()
		broken := errors.New("given up")
		err := e.desk.EditByID(t.Context(), e.one(`SELECT id FROM conversations`), ada, func(x *desk.Edit) error {
			x.Priority(nil)
			x.Mute()
			return broken
		})
		if !errors.Is(err, broken) {
			t.Errorf("error %v", err)
		}
		e.want(`SELECT kind FROM outbox`)
		e.want(`SELECT CAST(priority AS TEXT) FROM conversations`, "2")
	})
}
