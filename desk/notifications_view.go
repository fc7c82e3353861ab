package desk

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"tributary/channels"
	"tributary/chat"
	"tributary/store"
	"tributary/wording"
)

// NotificationItem is a notification with everything that it is about.
type NotificationItem struct {
	ID               int64            `json:"id"`
	Type             string           `json:"notification_type"`
	Title            string           `json:"push_message_title"`
	Body             string           `json:"push_message_body"`
	PrimaryActorType string           `json:"primary_actor_type"`
	PrimaryActorID   int64            `json:"primary_actor_id"` // the id in the database
	PrimaryActor     map[string]any   `json:"primary_actor"`
	ReadAt           any              `json:"read_at" schema:"string,null"`
	SecondaryActor   any              `json:"secondary_actor" schema:"object,null"`
	User             any              `json:"user" schema:"object,null"`
	CreatedAt        int64            `json:"created_at"`
	LastActivityAt   int64            `json:"last_activity_at"`
	SnoozedUntil     any              `json:"snoozed_until" schema:"string,null"`
	Meta             NotificationMeta `json:"meta"`

	displayID int64
}

// NotificationMeta is what else is known of a notification.
type NotificationMeta struct {
	// LastSnoozedAt is the moment at which it last came back, null while it is put off.
	LastSnoozedAt any `json:"last_snoozed_at" schema:"string,null"`
}

// NewNotificationMeta is the meta of a stored notification.
func NewNotificationMeta(n store.NotificationRow) NotificationMeta {
	return NotificationMeta{LastSnoozedAt: isoOrNil(n.LastSnoozedAt)}
}

// NotificationItems shows notifications of an account in a language. Those whose
// conversation is gone are left out.
func (d *Desk) NotificationItems(ctx context.Context, accountID int64, list []store.NotificationRow, l wording.Locale) ([]NotificationItem, error) {
	s, err := d.notificationSubjects(ctx, accountID, list)
	if err != nil {
		return nil, err
	}
	out := make([]NotificationItem, 0, len(list))
	for _, n := range list {
		thread, ok := s.threads[n.ConversationID]
		if !ok {
			continue
		}
		item := NotificationItem{
			ID: n.ID, Type: chat.NotificationType(n.Type).String(), Title: l.Say(notificationTitle(n, thread)), Body: s.body(n, thread, l),
			PrimaryActorType: "Conversation", PrimaryActorID: n.ConversationID, PrimaryActor: d.conversationPush(ctx, thread),
			ReadAt: isoOrNil(n.ReadAt), CreatedAt: n.CreatedAt / 1e6, LastActivityAt: n.LastActivityAt / 1e6,
			SnoozedUntil: isoOrNil(n.SnoozedUntil), Meta: NewNotificationMeta(n), displayID: thread.Conversation.DisplayID,
		}
		if u, ok := s.agents[n.UserID]; ok {
			item.User = d.userPush(ctx, accountID, u)
		}
		switch {
		case n.ActorID == nil || n.ActorType == nil:
		case *n.ActorType == "Message":
			if m, ok := s.messages[*n.ActorID]; ok {
				thread.Agents, thread.Bot = s.agents, s.bot(m)
				item.SecondaryActor = d.messagePush(ctx, m, thread)
			}
		case *n.ActorType == store.OwnerUser:
			if u, ok := s.agents[*n.ActorID]; ok {
				item.SecondaryActor = d.userPush(ctx, accountID, u)
			}
		}
		out = append(out, item)
	}
	return out, nil
}

// notificationTitle says what happened.
func notificationTitle(n store.NotificationRow, t store.ThreadView) wording.Text {
	number := strconv.FormatInt(t.Conversation.DisplayID, 10)
	switch chat.NotificationType(n.Type) {
	case chat.NotifyCreation:
		return wording.NotificationCreation.With("number", number, "inbox", t.InboxName)
	case chat.NotifyAssignment:
		return wording.NotificationAssignment.With("number", number)
	case chat.NotifyMention:
		return wording.NotificationMention.With("number", number)
	case chat.NotifyParticipating:
		return wording.NotificationParticipating.With("number", number)
	}
	return wording.NotificationNewMessage.With("number", number)
}

// notificationSubjects are what notifications are about.
type notificationSubjects struct {
	threads  map[int64]store.ThreadView
	messages map[int64]store.MessageRow // secondary actors, by id
	quoted   map[int64]store.MessageRow // by conversation
	agents   map[int64]store.AgentRow   // owners, actors and those who wrote
	bots     map[int64]store.BotView    // who wrote
}

// bot is the bot that wrote a message; nil: none did.
func (s notificationSubjects) bot(m store.MessageRow) *store.BotView {
	if m.SenderType == nil || m.SenderID == nil || *m.SenderType != store.OwnerBot {
		return nil
	}
	if b, ok := s.bots[*m.SenderID]; ok {
		return &b
	}
	return nil
}

// notificationSubjects reads them, with a query for each kind of row.
func (d *Desk) notificationSubjects(ctx context.Context, accountID int64, list []store.NotificationRow) (s notificationSubjects, err error) {
	var conversations, messages, users, bots []int64
	quotes := map[int64]int{}
	for _, n := range list {
		conversations, users = append(conversations, n.ConversationID), append(users, n.UserID)
		switch {
		case n.Type == int(chat.NotifyCreation):
			quotes[n.ConversationID] = store.QuoteFirst
		case n.Type == int(chat.NotifyAssignment):
			quotes[n.ConversationID] = store.QuoteLatest
		}
		if n.ActorID == nil || n.ActorType == nil {
			continue
		}
		if *n.ActorType == "Message" {
			messages = append(messages, *n.ActorID)
		} else {
			users = append(users, *n.ActorID)
		}
	}
	slices.Sort(conversations)
	if s.threads, err = d.Store.ThreadViews(ctx, accountID, slices.Compact(conversations)); err != nil {
		return s, err
	}
	if s.messages, err = d.Store.MessagesByID(ctx, accountID, messages); err != nil {
		return s, err
	}
	if s.quoted, err = d.Store.QuotedMessages(ctx, accountID, quotes); err != nil {
		return s, err
	}
	for _, all := range []map[int64]store.MessageRow{s.messages, s.quoted} {
		for m := range maps.Values(all) {
			switch {
			case m.SenderType == nil || m.SenderID == nil:
			case *m.SenderType == store.OwnerUser:
				users = append(users, *m.SenderID)
			case *m.SenderType == store.OwnerBot:
				bots = append(bots, *m.SenderID)
			}
		}
	}
	slices.Sort(bots)
	if s.bots, err = d.Store.BotViews(ctx, slices.Compact(bots)); err != nil {
		return s, err
	}
	slices.Sort(users)
	s.agents, err = d.Store.Agents(ctx, accountID, slices.Compact(users))
	return s, err
}

const (
	// quotedWords is how much of a message a notification shows.
	quotedWords = 10
	// quotedRunes bounds that for what has no spaces.
	quotedRunes = 300
)

// body quotes the message that a notification is about.
func (s notificationSubjects) body(n store.NotificationRow, t store.ThreadView, l wording.Locale) string {
	m, ok := s.quoted[n.ConversationID]
	if n.ActorType != nil && *n.ActorType == "Message" {
		m, ok = s.messages[*n.ActorID]
	}
	sender, text := "", ""
	if ok {
		sender = s.sender(m, t)
		if m.Content != nil {
			text = quote(*m.Content)
		}
	}
	switch {
	case text != "":
	case len(m.Attachments) > 0:
		text = l.Say(wording.NotificationAttachment.Text())
	default:
		text = l.Say(wording.NotificationNoContent.Text())
	}
	return sender + ": " + text
}

// sender is the name of who wrote a message; empty for those who have none.
func (s notificationSubjects) sender(m store.MessageRow, t store.ThreadView) string {
	if m.SenderType == nil || m.SenderID == nil {
		return ""
	}
	switch *m.SenderType {
	case "Contact":
		return t.Contact.Name
	case store.OwnerUser:
		return s.agents[*m.SenderID].Name
	}
	if b := s.bot(m); b != nil && b.Name != nil {
		return *b.Name
	}
	return ""
}

var (
	// markdownLink is a link or a picture; links within the brackets are none.
	markdownLink = regexp.MustCompile(`!?\[([^\[\]]*)\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*\)`)
	// markdownSign begins a line, or stands around words.
	markdownSign = regexp.MustCompile("(?m)^\\s*(?:#{1,6}|>|[-*+]|\\d+\\.)\\s+|\\*\\*|__|~~|`+")
	// markdownWord is emphasis around words with one sign.
	markdownWord = regexp.MustCompile(`(^|[\s(])[*_]([^\s*_](?:[^*_]*[^\s*_])?)[*_]($|[\s).,;:!?])`)
)

// quote is the beginning of a message as plain text on one line.
func quote(content string) string {
	content = channels.Clip(content, 20*quotedRunes, channels.Runes)
	content = markdownLink.ReplaceAllString(content, "$1")
	content = markdownSign.ReplaceAllString(content, "")
	content = markdownWord.ReplaceAllString(content, "$1$2$3")
	words := strings.Fields(content)
	return channels.Clip(strings.Join(words[:min(len(words), quotedWords)], " "), quotedRunes, channels.Runes)
}

// notificationTo shows a notification in its owner's language, else the account's;
// store.ErrNotFound when it has no owner or conversation any more.
func (d *Desk) notificationTo(ctx context.Context, n store.NotificationRow) (NotificationItem, wording.Locale, error) {
	account, err := d.Store.ScopeOf(ctx, n.AccountID, n.UserID)
	if err != nil {
		return NotificationItem{}, wording.English, err
	}
	owner, err := d.Store.User(ctx, n.UserID)
	if err != nil {
		return NotificationItem{}, wording.English, err
	}
	if !account.Member {
		return NotificationItem{}, wording.English, store.ErrNotFound
	}
	l := wording.Match(text(parse(owner.UISettings)["locale"]), wording.LocaleOf(account.Locale).Code(), d.DefaultLocale)
	list, err := d.NotificationItems(ctx, n.AccountID, []store.NotificationRow{n}, l)
	if err == nil && len(list) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return NotificationItem{}, l, err
	}
	return list[0], l, nil
}

// conversationLink is where the dashboard shows a conversation.
func (d *Desk) conversationLink(accountID, displayID int64) string {
	return d.PublicURL + "/app/accounts/" + strconv.FormatInt(accountID, 10) + "/conversations/" + strconv.FormatInt(displayID, 10)
}
