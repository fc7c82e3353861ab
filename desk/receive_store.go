package desk

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"tributary/channels"
	"tributary/chat"
	"tributary/store"
	"tributary/wording"
)

// store writes the messages of the arrivals and what hangs on them.
func (r *reception) store(ctx context.Context, arrivals []*arrival) error {
	list := make([]store.NewMessage, 0, len(arrivals))
	for _, a := range arrivals {
		m, err := r.message(ctx, a)
		if err != nil {
			return err
		}
		list = append(list, m)
	}
	made, err := r.tx.InsertMessages(ctx, list)
	if err != nil {
		return err
	}
	var files []store.NewAttachment
	for _, a := range arrivals {
		id, ok := made[a.key]
		if !ok {
			continue // another process was faster
		}
		r.outcomes[a.index].MessageID = id
		r.last[a.event.InboxID] = a.conversation.ID
		r.note("message.created", a.event.AccountID, a.event.InboxID, a.conversation.ID, id)
		if err := r.acknowledgement(ctx, a); err != nil {
			return err
		}
		if err := r.enrichment(ctx, a, id); err != nil {
			return err
		}
		for i := range a.event.Message.Attachments {
			files = append(files, attachment(a.event, id, &a.event.Message.Attachments[i], a.channel.Locale))
		}
	}
	return r.tx.InsertAttachments(ctx, files)
}

// message is the row of an arrival.
func (r *reception) message(ctx context.Context, a *arrival) (store.NewMessage, error) {
	in := a.event.Message
	m := store.NewMessage{
		IngestKey: a.key, AccountID: a.event.AccountID, ConversationID: a.conversation.ID,
		Type: int(chat.Incoming), SourceID: in.SourceID, SenderType: "Contact", SenderID: a.contact.ContactID, At: a.at,
	}
	if a.echo() {
		// Written in the provider's own app: outgoing, by nobody we know.
		m.Type, m.SenderType, m.SenderID = int(chat.Outgoing), "", 0
	}
	if t := chat.IndexOf(chat.ContentTypes, in.ContentType); t > 0 {
		m.ContentType = t
	}
	if content := clip(channels.Clean(in.Words(a.channel.Locale))); content != "" {
		m.Content = &content
	}
	attributes, err := r.contentAttributes(ctx, a)
	m.Attributes = attributes
	return m, err
}

// maxContent is the longest content that is stored (contract 09 §2.4), in
// characters.
const maxContent = 150_000

func clip(s string) string {
	if len(s) <= maxContent {
		return s
	}
	return channels.Clip(s, maxContent, channels.Runes)
}

// contentAttributes builds content_attributes: what the driver found, and the
// reply reference resolved inside the conversation.
func (r *reception) contentAttributes(ctx context.Context, a *arrival) (string, error) {
	in := a.event.Message
	out := map[string]any{}
	maps.Copy(out, in.Attributes)
	if in.Unsupported() {
		out["is_unsupported"] = true
	}
	if in.GroupID != "" {
		out["group_id"] = in.GroupID
	}
	if in.Forwarded != "" {
		out["forwarded"] = in.Forwarded
	}
	if in.Interaction != nil {
		out["interaction"] = in.Interaction
	}
	if len(in.Order) > 0 {
		out["order"] = in.Order
	}
	if re := in.ReplyTo; re != nil {
		if re.Story != nil {
			out["story_id"], out["story_url"] = re.Story.ID, re.Story.URL
		}
		if re.Quote != "" {
			out["quote_text"] = re.Quote
		}
		if re.SourceID != "" {
			out["in_reply_to_external_id"] = re.SourceID
			if !a.fresh {
				quoted, ok, err := r.tx.SourceMessage(ctx, a.event.InboxID, a.contact.ContactInboxID, re.SourceID)
				if err != nil {
					return "", err
				}
				if ok && quoted.ConversationID == a.conversation.ID {
					out["in_reply_to"] = quoted.ID
				}
			}
		}
	}
	if len(out) == 0 {
		return "{}", nil
	}
	b, err := json.Marshal(out)
	return string(b), err
}

// maxExternalURL is the longest link that is stored, in bytes (contract 09 §2.6): a
// longer one is dropped, the file stays.
const maxExternalURL = 2048

// attachment is the row of an attachment; its bytes are fetched later, by the job
// that is stored with it.
func attachment(e *chat.Event, messageID int64, in *chat.Attachment, l wording.Locale) store.NewAttachment {
	kind := in.Kind
	if kind == "sticker" {
		kind = "image"
	}
	fileType := chat.IndexOf(chat.FileTypes, kind)
	if fileType < 0 {
		fileType = chat.IndexOf(chat.FileTypes, "file")
	}
	out := store.NewAttachment{
		AccountID: e.AccountID, InboxID: e.InboxID, MessageID: messageID, FileType: fileType, State: "ready", ExternalURL: in.ExternalURL,
		Title: channels.Clean(in.Words(l)), Lat: in.Lat, Long: in.Long, FileName: channels.Clean(in.Filename), MIME: in.MIME, Size: in.Size,
	}
	if len(out.ExternalURL) > maxExternalURL {
		out.ExternalURL = ""
	}
	if in.Card != nil {
		out.Meta = eventCard(e.Channel, in.Card)
	}
	if in.Fetch != nil && in.Fetch.Strategy != "none" {
		if b, err := json.Marshal(in.Fetch); err == nil {
			out.Fetch, out.State, out.FetchBy = string(b), "pending", in.Fetch.ExpiresAt.Time()
		}
	}
	return out
}

// touch records the activity in conversations and contacts.
func (r *reception) touch(ctx context.Context, arrivals []*arrival) error {
	conversations := map[int64]*store.TouchConversation{}
	first := map[int64]*arrival{} // by conversation
	contacts := map[int64]*store.TouchContact{}
	var order []int64
	var people []*arrival // the first of each contact
	for _, a := range arrivals {
		if r.outcomes[a.index].MessageID == 0 {
			continue
		}
		c := conversations[a.conversation.ID]
		if c == nil {
			c = &store.TouchConversation{ID: a.conversation.ID}
			conversations[a.conversation.ID] = c
			order = append(order, a.conversation.ID)
			first[a.conversation.ID] = a
		}
		c.At = max(c.At, a.at)
		if changed := conversationAttributes(a.conversation.Attributes, a.event); changed != a.conversation.Attributes {
			c.Attributes = changed
		}
		if a.echo() {
			continue
		}
		if state := threadState(a.event); state != "" {
			c.State = state
		}
		c.IncomingAt = max(c.IncomingAt, a.at)
		if row, _ := r.desk.Directory.Row(a.event.InboxID); row.Templates && !slices.Contains(r.wrote, a.conversation.ID) {
			r.wrote = append(r.wrote, a.conversation.ID)
		}
		if reopened := reopens(a); reopened && c.Status == nil {
			code := r.desk.reopenedStatus(a.event.InboxID, a.conversation.Status).Code()
			c.Status = &code
		}
		p := contacts[a.contact.ContactID]
		if p == nil {
			p = &store.TouchContact{ID: a.contact.ContactID}
			contacts[a.contact.ContactID] = p
			people = append(people, a)
		}
		p.At = max(p.At, a.at)
		if name := a.event.Contact.Name; name != "" && name != a.contact.Name && nameIsNumber(a) {
			p.Name = channels.Clean(name)
		}
	}
	touched := make([]store.TouchConversation, len(order))
	for i, id := range order {
		touched[i] = *conversations[id]
		r.outbox = append(r.outbox, received(first[id], touched[i], r.tx.Now)...)
	}
	if err := r.tx.TouchConversations(ctx, touched); err != nil {
		return err
	}
	list := make([]store.TouchContact, len(people))
	for i, a := range people {
		list[i] = *contacts[a.contact.ContactID]
		r.outbox = append(r.outbox, contactActive(a.event.AccountID, a.event.InboxID, a.contact, list[i], r.tx.Now))
	}
	return r.tx.TouchContacts(ctx, list)
}

// received are what follows from touching a conversation.
func received(a *arrival, touched store.TouchConversation, at time.Time) []store.OutboxRow {
	c := store.ConversationRow{
		ID: touched.ID, AccountID: a.event.AccountID, InboxID: a.event.InboxID, Status: a.conversation.Status,
		WaitingSince: a.conversation.WaitingSince, SnoozedUntil: a.conversation.SnoozedUntil, UpdatedAt: a.conversation.UpdatedAt,
	}
	status, snoozed, waiting := chat.ConversationStatusOf(c.Status), c.SnoozedUntil, c.WaitingSince
	if touched.Status != nil {
		status, snoozed = chat.ConversationStatusOf(*touched.Status), nil
	}
	if waiting == nil && touched.IncomingAt != 0 {
		waiting = &touched.IncomingAt
	}
	return conversationEvents(c, at, changedStatus(c, status), changedTime("snoozed_until", c.SnoozedUntil, snoozed),
		changedTime("waiting_since", c.WaitingSince, waiting))
}

// templates writes what the desk itself has to say to those who wrote.
func (r *reception) templates(ctx context.Context) (sends bool, err error) {
	for _, id := range r.wrote {
		c, err := r.tx.ConversationByID(ctx, id)
		if err != nil {
			return false, err
		}
		sent, err := r.desk.templates(ctx, r.tx, c, chat.Incoming)
		if err != nil {
			return false, err
		}
		sends = sends || sent
	}
	return sends, nil
}

// reopens: an incoming message wakes a snoozed or resolved conversation, unless
// the contact is blocked.
func reopens(a *arrival) bool {
	if a.fresh || a.contact.Blocked {
		return false
	}
	return a.conversation.Status == chat.Snoozed.Code() || a.conversation.Status == chat.Resolved.Code()
}
