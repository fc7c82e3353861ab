package desk

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"golang.org/x/sync/errgroup"

	"tributary/chat"
	"tributary/live"
	"tributary/store"
)

// liveBatch makes the packets of what happened in one account. Everything is read with a
// query for each kind of row, however many events there are.
type liveBatch struct {
	desk    *Desk
	account int64
	heard   live.Interest
	rows    []liveRow
	packets []live.Packet

	threads  map[int64]store.ThreadView
	messages map[int64]store.MessageRow
	contacts map[int64]store.ContactRow
	agents   map[int64]store.AgentRow
	bots     map[store.BotPlace]store.BotView
	verified map[int64][]int64 // contact inboxes by contact
	members  map[int64][]int64 // of inboxes
	admins   []int64
	inside   map[int64][]int64 // members and administrators by inbox
	notices  map[int64]notificationNewsItem
}

func (b *liveBatch) build(ctx context.Context) error {
	if !b.heard.Users { // of much only members hear
		b.rows = slices.DeleteFunc(b.rows, func(r liveRow) bool { return !r.contacts })
	}
	if err := b.load(ctx); err != nil {
		return err
	}
	for i := range b.rows {
		if err := b.tell(ctx, &b.rows[i]); err != nil {
			return err
		}
	}
	return nil
}

// distinct sorts ids and gives each once, without 0.
func distinct(ids []int64) []int64 {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if len(ids) > 0 && ids[0] == 0 {
		return ids[1:]
	}
	return ids
}

// load reads what the events are about.
func (b *liveBatch) load(ctx context.Context) (err error) {
	var conversations, messages, contacts, users, inboxes []int64
	var notices []store.OutboxRow
	var admins bool
	for _, r := range b.rows {
		users = append(users, r.PerformerID)
		switch r.liveSubject {
		case aboutMessage:
			conversations, messages = append(conversations, r.ConversationID), append(messages, r.MessageID)
		case aboutConversation, aboutViewers:
			conversations = append(conversations, r.ConversationID)
		case aboutTyping:
			conversations, users = append(conversations, r.ConversationID), append(users, r.UserID)
		case aboutContact:
			contacts = append(contacts, r.ContactID)
		case aboutNotification:
			notices = append(notices, r.OutboxRow)
		case aboutInbox:
			admins = true
		case aboutCache:
		}
	}
	s := b.desk.Store
	b.inside = map[int64][]int64{}
	err = together(ctx, func(ctx context.Context) (err error) {
		b.messages, err = s.MessagesByID(ctx, b.account, distinct(messages))
		return err
	}, func(ctx context.Context) (err error) {
		if list := distinct(conversations); len(list) > 0 {
			b.threads, err = s.ThreadViews(ctx, b.account, list)
		}
		return err
	}, func(ctx context.Context) (err error) {
		b.contacts, err = s.Contacts(ctx, b.account, distinct(contacts))
		return err
	}, func(ctx context.Context) error {
		if len(notices) == 0 {
			return nil
		}
		news, err := b.desk.notificationNews(ctx, b.account, notices)
		b.notices = make(map[int64]notificationNewsItem, len(news))
		for i, n := range news {
			b.notices[notices[i].ID] = n
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, t := range b.threads {
		inboxes = append(inboxes, t.InboxID)
	}
	return together(ctx, func(ctx context.Context) error { return b.loadPeople(ctx, users) }, func(ctx context.Context) (err error) {
		if len(inboxes) > 0 || admins {
			b.members, b.admins, err = s.InboxAudience(ctx, b.account, distinct(inboxes))
		}
		return err
	})
}

// together reads several things at once: those who wait for the news wait for the longest
// of them only.
func together(ctx context.Context, reads ...func(ctx context.Context) error) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, read := range reads {
		g.Go(func() error { return read(ctx) })
	}
	return g.Wait()
}

// loadPeople reads who did it, who wrote, and which sessions a contact has besides.
func (b *liveBatch) loadPeople(ctx context.Context, users []int64) (err error) {
	var proven []int64
	var bots []store.BotPlace
	for _, m := range b.messages {
		switch {
		case m.SenderType == nil || m.SenderID == nil:
		case *m.SenderType == store.OwnerUser:
			users = append(users, *m.SenderID)
		case *m.SenderType == store.OwnerBot:
			bots = append(bots, store.BotPlace{BotID: *m.SenderID, InboxID: m.InboxID})
		}
	}
	if b.heard.Contacts {
		for _, t := range b.threads {
			if t.ContactInbox.HMACVerified {
				proven = append(proven, t.Contact.ID)
			}
		}
	}
	if b.agents, err = b.desk.Store.Agents(ctx, b.account, distinct(users)); err != nil {
		return err
	}
	if b.bots, err = b.desk.Store.BotsInInboxes(ctx, bots); err != nil {
		return err
	}
	b.verified, err = b.desk.Store.VerifiedSessions(ctx, distinct(proven))
	return err
}

// agentsOf are the members of an inbox and the administrators (I of contract 02 §11.3).
func (b *liveBatch) agentsOf(inbox int64) []int64 {
	if !b.heard.Users {
		return nil
	}
	list, ok := b.inside[inbox]
	if !ok {
		list = distinct(slices.Concat(b.members[inbox], b.admins))
		b.inside[inbox] = list
	}
	return list
}

// sessionsOf are the contact inboxes that hear of a conversation (C of it).
func (b *liveBatch) sessionsOf(t store.ThreadView) []int64 {
	switch {
	case !b.heard.Contacts:
		return nil
	case t.ContactInbox.HMACVerified:
		return b.verified[t.Contact.ID]
	}
	return []int64{t.ContactInbox.ID}
}

// send makes a packet for those who are named, when there are any; data is asked for
// only then.
func (b *liveBatch) send(event string, users, contacts []int64, everyone bool, data func() map[string]any) error {
	if len(users)+len(contacts) == 0 && !everyone {
		return nil
	}
	content := data()
	content["account_id"] = b.account
	p, err := packet(event, b.account, content)
	if err != nil {
		return err
	}
	p.Users, p.Contacts, p.Everyone = users, contacts, everyone
	b.packets = append(b.packets, p)
	return nil
}

// performed adds who did it.
func (b *liveBatch) performed(ctx context.Context, r *liveRow, data map[string]any) map[string]any {
	if u, ok := b.agents[r.PerformerID]; ok && !r.latest {
		data["performer"] = b.desk.userPush(ctx, b.account, u)
	}
	return data
}

func (b *liveBatch) tell(ctx context.Context, r *liveRow) error {
	t, there := b.threads[r.ConversationID]
	switch r.liveSubject {
	case aboutMessage:
		m, ok := b.messages[r.MessageID]
		if !ok || !there {
			return nil
		}
		return b.message(ctx, r, m, t)
	case aboutConversation:
		if !there {
			return nil
		}
		return b.conversation(ctx, r, t)
	case aboutTyping:
		if !there {
			return nil
		}
		return b.typing(ctx, r, t)
	case aboutViewers:
		if !there {
			return nil
		}
		return b.send(r.Kind, b.agentsOf(t.InboxID), nil, false, func() map[string]any {
			data := parse(r.Payload)
			data["conversation_id"] = t.Conversation.DisplayID
			return data
		})
	case aboutContact:
		return b.contact(ctx, r)
	case aboutNotification:
		n := b.notices[r.ID]
		if n.data == nil {
			return nil
		}
		return b.send(r.Kind, []int64{n.userID}, nil, false, func() map[string]any { return n.data })
	case aboutCache:
		keys, err := b.desk.CacheKeys(ctx, b.account)
		if err != nil {
			return err
		}
		return b.send(r.Kind, nil, nil, true, func() map[string]any { return map[string]any{"cache_keys": keys} })
	case aboutInbox:
		return b.send(r.Kind, b.admins, nil, false, func() map[string]any {
			data := parse(r.Payload)
			delete(data, "audience")
			return data
		})
	}
	return nil
}

// message tells of a message. Notes and activities are for agents only.
func (b *liveBatch) message(ctx context.Context, r *liveRow, m store.MessageRow, t store.ThreadView) error {
	var sessions []int64
	if r.contacts && !m.Private && m.Type != int(chat.Activity) {
		sessions = b.sessionsOf(t)
	}
	return b.send(r.Kind, b.agentsOf(t.InboxID), sessions, false, func() map[string]any {
		shown := t
		shown.Agents, shown.Bot = b.agents, nil
		if m.SenderID != nil {
			if bot, ok := b.bots[store.BotPlace{BotID: *m.SenderID, InboxID: m.InboxID}]; ok {
				shown.Bot = &bot
			}
		}
		data := b.desk.messagePush(ctx, m, shown)
		if len(r.Echo) > 0 && string(r.Echo) != "null" {
			data["echo_id"] = r.Echo
		}
		if r.Kind == "message.updated" {
			data["previous_changes"] = map[string]any{}
			if len(r.Previous) > 0 && string(r.Previous) != "null" {
				data["previous_changes"] = r.Previous
			}
		}
		return b.performed(ctx, r, data)
	})
}

func (b *liveBatch) conversation(ctx context.Context, r *liveRow, t store.ThreadView) error {
	users, sessions := []int64(nil), []int64(nil)
	if r.Kind == eventMentioned {
		if b.heard.Users && r.UserID != 0 {
			users = []int64{r.UserID}
		}
	} else {
		users = b.agentsOf(t.InboxID)
	}
	if r.contacts {
		sessions = b.sessionsOf(t)
	}
	return b.send(r.Kind, users, sessions, false, func() map[string]any {
		return b.performed(ctx, r, b.desk.conversationPush(ctx, t))
	})
}

// typing tells everybody but who types. What an agent writes in private is no business
// of the contact's.
func (b *liveBatch) typing(ctx context.Context, r *liveRow, t store.ThreadView) error {
	var who map[string]any
	users, sessions := b.agentsOf(t.InboxID), []int64(nil)
	if r.UserID != 0 {
		u, ok := b.agents[r.UserID]
		if !ok {
			return nil
		}
		who = b.desk.userPush(ctx, b.account, u)
		users = slices.DeleteFunc(slices.Clone(users), func(id int64) bool { return id == r.UserID })
		if !r.Private && b.heard.Contacts {
			sessions = []int64{t.ContactInbox.ID}
		}
	} else {
		who = b.desk.contactPush(t.Contact)
	}
	return b.send(r.Kind, users, sessions, false, func() map[string]any {
		data := map[string]any{"conversation": b.desk.conversationPush(ctx, t), "user": who, "is_private": r.Private}
		if r.UserID != 0 {
			data["performer"] = who
		}
		return data
	})
}

func (b *liveBatch) contact(ctx context.Context, r *liveRow) error {
	data := map[string]any{}
	switch c, ok := b.contacts[r.ContactID]; {
	case ok:
		data = b.desk.contactPush(c.ContactView)
	case r.Kind != "contact.deleted":
		return nil
	case len(r.Contact) > 0:
		if err := json.Unmarshal(r.Contact, &data); err != nil {
			return err
		}
	default:
		data = b.desk.contactPush(store.ContactView{ID: r.ContactID, AdditionalAttributes: "{}", CustomAttributes: "{}"})
	}
	return b.send(r.Kind, nil, nil, true, func() map[string]any { return b.performed(ctx, r, data) })
}

// CacheKeys says when each list that clients keep was last changed: unix seconds as
// text, by the list's name.
func (d *Desk) CacheKeys(ctx context.Context, accountID int64) (map[string]string, error) {
	known, err := d.Store.CacheKeys(ctx, accountID)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, list := range []string{store.CacheLabels, store.CacheInboxes, store.CacheTeams} {
		out[list] = "0000000000"
		if at := known[list]; at != 0 {
			out[list] = strconv.FormatInt(at/1e6, 10)
		}
	}
	return out, nil
}
