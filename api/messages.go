package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"tributary/api/route"
	"tributary/chat"
	"tributary/desk"
	"tributary/store"
)

func (a *API) messages() []route.Row {
	const messages = account + "/conversations/{conversation_id}/messages"
	return []route.Row{
		route.Get(messages, route.Member, a.listMessages),
		route.Post(messages, route.Member, a.createMessage).AdmitBots().PlainErrors(),
		route.Post(messages+"/{id}/retry", route.Member, a.retryMessage).PlainErrors(),
		route.Delete(messages+"/{id}", route.Member, a.eraseMessage),
		route.Post(messages+"/{id}/translate", route.Member, a.translateMessage).Answers(http.StatusOK, translationOut{}).Answers(http.StatusOK),
	}
}

type listMessagesIn struct {
	ConversationID int64            `path:"conversation_id"` // display id
	Before         route.Opt[int64] `query:"before"`
	After          route.Opt[int64] `query:"after"`
	FilterInternal route.Opt[any]   `query:"filter_internal_messages"`
}

type messageList struct {
	Meta    messageListMeta `json:"meta"`
	Payload []messageOut    `json:"payload"`
}

type messageListMeta struct {
	Labels               []string        `json:"labels"`
	AdditionalAttributes json.RawMessage `json:"additional_attributes"`
	Contact              contactPush     `json:"contact"`
	Assignee             *userPush       `json:"assignee,omitempty"`
	AgentLastSeenAt      route.ISO       `json:"agent_last_seen_at"`
	AssigneeLastSeenAt   route.ISO       `json:"assignee_last_seen_at"`
}

func (a *API) listMessages(ctx context.Context, c *route.Call, in listMessagesIn) (messageList, error) {
	var out messageList
	conversation, err := a.Store.ConversationListedBy(ctx, c.Account.ID, in.ConversationID)
	if err != nil {
		return out, found(err)
	}
	if err := a.seesConversation(ctx, c, conversation.InboxID, conversation.AssigneeID); err != nil {
		return out, err
	}
	list, err := a.Store.Messages(ctx, conversation.ID, store.MessageRange{Before: in.Before.V, After: in.After.V, Public: in.FilterInternal.Sent})
	if err != nil {
		return out, err
	}
	var users []int64
	if conversation.AssigneeID != nil {
		users = append(users, *conversation.AssigneeID)
	}
	people, err := a.sendersOf(ctx, c.Account.ID, list, users...)
	if err != nil {
		return out, err
	}
	out.Meta = messageListMeta{
		Labels: conversation.Labels, AdditionalAttributes: object(conversation.AdditionalAttributes),
		Contact:         a.newContactPush(conversation.Contact.ContactView),
		AgentLastSeenAt: iso(conversation.AgentLastSeenAt), AssigneeLastSeenAt: iso(conversation.AssigneeLastSeenAt),
	}
	if len(users) > 0 {
		if u, ok := people.users[users[0]]; ok {
			push := a.newUserPush(ctx, c.Account.ID, u)
			out.Meta.Assignee = &push
		}
	}
	for _, m := range list {
		out.Payload = append(out.Payload, a.newMessageOut(ctx, m, conversation.DisplayID, people))
	}
	return out, nil
}

// messageIn is a message that is about to be written.
type messageIn struct {
	Content           *string          `json:"content"`
	MessageType       string           `json:"message_type"`
	Private           bool             `json:"private"`
	ContentType       string           `json:"content_type"`
	ContentAttributes any              `json:"content_attributes"` // object, or its text in a form
	Attachments       []route.Upload   `json:"attachments"`
	CCEmails          route.Opt[any]   `json:"cc_emails"`
	BCCEmails         route.Opt[any]   `json:"bcc_emails"`
	ToEmails          route.Opt[any]   `json:"to_emails"`
	TemplateParams    map[string]any   `json:"template_params"`
	CampaignID        route.Opt[int64] `json:"campaign_id"`
	ExternalCreatedAt any              `json:"external_created_at"`
	SourceID          string           `json:"source_id"`
	EchoID            json.RawMessage  `json:"echo_id"`
	SenderType        string           `json:"sender_type"`
	SenderID          any              `json:"sender_id"`
}

type createMessageIn struct {
	byConversation
	messageIn
}

func (a *API) createMessage(ctx context.Context, c *route.Call, in createMessageIn) (messageOut, error) {
	head, err := a.conversationOf(ctx, c, in.ConversationID)
	if err != nil {
		return messageOut{}, err
	}
	reply, err := a.reply(ctx, c, in.messageIn, head.InboxID, head.ContactID)
	if err != nil {
		return messageOut{}, err
	}
	reply.DisplayID = in.ConversationID
	id, err := a.post(ctx, c, head.InboxID, reply, in.Attachments)
	if err != nil {
		return messageOut{}, found(err)
	}
	out, err := a.message(ctx, c, in.ConversationID, id)
	if string(in.EchoID) != "null" {
		out.EchoID = in.EchoID
	}
	return out, err
}

// post stores the files of a message that is new, and the message.
func (a *API) post(ctx context.Context, c *route.Call, inboxID int64, reply desk.Reply, files []route.Upload) (id int64, err error) {
	if len(files) > 0 {
		if id, err = a.Desk.Posted(ctx, inboxID, reply); err != nil || id != 0 {
			return id, err
		}
		if reply.Files, err = a.uploads(ctx, c.Account.ID, files); err != nil {
			return 0, err
		}
	}
	return a.Desk.Reply(ctx, reply)
}

// conversationOf finds a conversation in which the caller may write.
func (a *API) conversationOf(ctx context.Context, c *route.Call, displayID int64) (store.ConversationHead, error) {
	head, err := a.Store.ConversationHead(ctx, c.Account.ID, displayID)
	if err != nil {
		return head, found(err)
	}
	return head, a.seesConversation(ctx, c, head.InboxID, head.AssigneeID)
}

// reply translates the input; its files are read by uploads.
func (a *API) reply(ctx context.Context, c *route.Call, in messageIn, inboxID, contactID int64) (desk.Reply, error) {
	out := desk.Reply{
		AccountID: c.Account.ID, Content: in.Content, Private: in.Private, SourceID: in.SourceID,
		SenderType: senderUser, SenderID: c.User.ID, Additional: map[string]any{},
	}
	if c.Bot != nil {
		out.SenderType, out.SenderID = senderBot, c.Bot.ID
	}
	if text := string(in.EchoID); text != "" && text != "null" {
		out.Echo, out.EchoID, out.Caller = in.EchoID, text, out.SenderType+" "+strconv.FormatInt(out.SenderID, 10)
	}
	var err error
	if out.Type, err = messageType(in.MessageType); err != nil {
		return out, err
	}
	switch {
	case out.Type == chat.Activity || out.Type == chat.Template:
		out.SenderType, out.SenderID = senderContact, contactID
	case out.Type == chat.Outgoing && in.SenderType == senderBot:
		if err := a.inNameOf(ctx, c, idOf(in.SenderID), &out); err != nil {
			return out, err
		}
	}
	if out.ContentType, err = contentType(in.ContentType); err != nil {
		return out, err
	}
	if out.Attributes, err = in.attributes(); err != nil {
		return out, err
	}
	if err := checkItems(out.ContentType, out.Attributes["items"]); err != nil {
		return out, err
	}
	if err := a.mailAttributes(c, in, inboxID, &out); err != nil {
		return out, err
	}
	if id, ok := in.CampaignID.Get(); ok {
		out.Additional["campaign_id"] = id
	}
	if in.TemplateParams != nil {
		if err := checkTemplate(in.TemplateParams); err != nil {
			return out, err
		}
		out.Additional["template_params"] = in.TemplateParams
	}
	return out, nil
}

// inNameOf makes a bot the sender that the account may use; another one changes
// nothing.
func (a *API) inNameOf(ctx context.Context, c *route.Call, bot int64, out *desk.Reply) error {
	_, err := a.Store.AgentBot(ctx, c.Account.ID, bot)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	out.SenderType, out.SenderID = senderBot, bot
	return err
}

// attributes keeps the content_attributes that clients may set.
func (in messageIn) attributes() (map[string]any, error) {
	sent, _ := in.ContentAttributes.(map[string]any)
	if text, ok := in.ContentAttributes.(string); ok && text != "" {
		if err := json.Unmarshal([]byte(text), &sent); err != nil {
			return nil, chat.Unprocessable("content_attributes is not a JSON object")
		}
	}
	out := pick(sent, "in_reply_to", "items", "automation_rule_id")
	if in.ExternalCreatedAt != nil {
		out["external_created_at"] = in.ExternalCreatedAt
	}
	return out, nil
}

// messageType reads the name or number of a message type; without one it is
// outgoing.
func messageType(name string) (chat.MessageType, error) {
	if name == "" {
		return chat.Outgoing, nil
	}
	for _, t := range []chat.MessageType{chat.Incoming, chat.Outgoing, chat.Activity, chat.Template} {
		if name == t.String() || name == strconv.Itoa(int(t)) {
			return t, nil
		}
	}
	return 0, chat.Unprocessable("'" + name + "' is not a valid message_type")
}

// contentType reads the name or number of a content type; without one it is
// text.
func contentType(name string) (string, error) {
	if name == "" || slices.Contains(chat.ContentTypes, name) {
		return name, nil
	}
	for i, known := range chat.ContentTypes {
		if name == strconv.Itoa(i) {
			return known, nil
		}
	}
	return "", chat.Unprocessable("'" + name + "' is not a valid content_type")
}

// itemKeys are the keys that the items of a content type may have.
func itemKeys(contentType string) []string {
	switch contentType {
	case "input_select":
		return []string{"title", "value"}
	case "cards":
		return []string{"title", "description", "media_url", "actions"}
	case "form":
		return []string{"type", "placeholder", "label", "name", "options", "default", "required", "pattern", "title", "pattern_error"}
	case "article":
		return []string{"title", "description", "link"}
	}
	return nil
}

// checkItems checks the options of a message that offers some.
func checkItems(contentType string, items any) error {
	keys := itemKeys(contentType)
	if keys == nil {
		return nil
	}
	list, _ := items.([]any)
	if len(list) == 0 {
		return chat.Unprocessable("Validation failed: Content attributes At least one item is required.")
	}
	for _, one := range list {
		item, ok := one.(map[string]any)
		if !ok {
			return chat.Unprocessable("Validation failed: Content attributes Items should be a hash.")
		}
		if err := checkKeys(item, keys); err != nil {
			return err
		}
		if contentType != "cards" {
			continue
		}
		actions, ok := item["actions"].([]any)
		if !ok {
			return chat.Unprocessable("Validation failed: Content attributes contains items missing actions")
		}
		for _, action := range actions {
			a, _ := action.(map[string]any)
			if err := checkKeys(a, []string{"text", "type", "payload", "uri"}); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkKeys(m map[string]any, allowed []string) error {
	for k := range m {
		if !slices.Contains(allowed, k) {
			return chat.Unprocessable("Validation failed: Content attributes contains invalid keys for items: [" + k + "]")
		}
	}
	return nil
}

// checkTemplate checks the reference to a message template.
func checkTemplate(params map[string]any) error {
	invalid := chat.Unprocessable("Validation failed: Additional attributes template_params is invalid")
	if name, ok := params["name"].(string); !ok || name == "" {
		return invalid
	}
	for _, key := range []string{"category", "language", "namespace"} {
		if _, ok := params[key].(string); !ok && params[key] != nil {
			return invalid
		}
	}
	if _, ok := params["processed_params"].(map[string]any); !ok && params["processed_params"] != nil {
		return invalid
	}
	return nil
}

// message reads one message for an answer.
func (a *API) message(ctx context.Context, c *route.Call, displayID, id int64) (messageOut, error) {
	list, err := a.Store.MessagesByID(ctx, c.Account.ID, []int64{id})
	if err != nil {
		return messageOut{}, err
	}
	m, ok := list[id]
	if !ok {
		return messageOut{}, chat.NotFound()
	}
	people, err := a.sendersOf(ctx, c.Account.ID, []store.MessageRow{m})
	return a.newMessageOut(ctx, m, displayID, people), err
}

type retryMessageIn struct {
	ConversationID int64 `path:"conversation_id"` // display id
	ID             int64 `path:"id"`
}

func (a *API) retryMessage(ctx context.Context, c *route.Call, in retryMessageIn) (messageOut, error) {
	if _, err := a.conversationOf(ctx, c, in.ConversationID); err != nil {
		return messageOut{}, err
	}
	err := a.Desk.Retry(ctx, c.Account.ID, in.ConversationID, in.ID)
	if chat.CodeOf(err) == chat.CodeNotFound {
		return messageOut{}, chat.Unprocessable("Couldn't find Message with 'id'=" + strconv.FormatInt(in.ID, 10))
	}
	if err != nil {
		return messageOut{}, err
	}
	return a.message(ctx, c, in.ConversationID, in.ID)
}
