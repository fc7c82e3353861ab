package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"tributary/api/route"
	"tributary/chat"
	"tributary/desk"
	"tributary/internal/validate"
	"tributary/store"
)

func (a *API) publicMessages() []route.Row {
	return []route.Row{
		route.Get(publicConversation+"/messages", route.Public, a.listPublicMessages),
		route.Post(publicConversation+"/messages", route.Public, a.createPublicMessage),
		route.Patch(publicConversation+"/messages/{id}", route.Public, a.answerPublicMessage),
	}
}

// publicMessageOut is a message as the contact sees it.
type publicMessageOut struct {
	ID                int64           `json:"id"`
	Content           *string         `json:"content"`
	MessageType       int             `json:"message_type"`
	ContentType       string          `json:"content_type"`
	ContentAttributes json.RawMessage `json:"content_attributes"`
	CreatedAt         route.Unix      `json:"created_at"`
	ConversationID    int64           `json:"conversation_id"` // display id
	Attachments       []attachmentOut `json:"attachments,omitempty"`
	Sender            any             `json:"sender,omitempty"`
}

func (a *API) newPublicMessageOut(ctx context.Context, m store.MessageRow, displayID int64, people senders) publicMessageOut {
	whole := a.newMessageOut(ctx, m, displayID, people)
	return publicMessageOut{
		ID: whole.ID, Content: whole.Content, MessageType: whole.MessageType, ContentType: whole.ContentType,
		ContentAttributes: whole.ContentAttributes, CreatedAt: whole.CreatedAt, ConversationID: displayID,
		Attachments: whole.Attachments, Sender: whole.Sender,
	}
}

// publicThread names a conversation of a session.
type publicThread struct {
	publicPath
	ConversationID int64 `path:"conversation_id"` // display id
}

// thread finds the conversation of a path.
func (a *API) thread(ctx context.Context, in publicThread) (store.Session, store.SessionConversation, error) {
	_, s, err := a.session(ctx, in.publicPath)
	if err != nil {
		return s, store.SessionConversation{}, err
	}
	c, err := a.visibleConversation(ctx, s, in.ConversationID)
	return s, c, err
}

type listPublicMessagesIn struct {
	publicThread
	Before route.Opt[int64] `query:"before"`
}

func (a *API) listPublicMessages(ctx context.Context, _ *route.Call, in listPublicMessagesIn) ([]publicMessageOut, error) {
	s, c, err := a.thread(ctx, in.publicThread)
	if err != nil {
		return nil, err
	}
	list, err := a.Store.Messages(ctx, c.ID, store.MessageRange{Before: in.Before.V, Public: true})
	if err != nil {
		return nil, err
	}
	people, err := a.sendersOf(ctx, s.Contact.AccountID, list)
	out := make([]publicMessageOut, len(list))
	for i, m := range list {
		out[i] = a.newPublicMessageOut(ctx, m, c.DisplayID, people)
	}
	return out, err
}

// publicMessage reads one for an answer.
func (a *API) publicMessage(ctx context.Context, s store.Session, displayID, id int64) (publicMessageOut, error) {
	list, err := a.Store.MessagesByID(ctx, s.Contact.AccountID, []int64{id})
	if err != nil {
		return publicMessageOut{}, err
	}
	m, ok := list[id]
	if !ok {
		return publicMessageOut{}, chat.NotFound()
	}
	people, err := a.sendersOf(ctx, s.Contact.AccountID, []store.MessageRow{m})
	return a.newPublicMessageOut(ctx, m, displayID, people), err
}

type createPublicMessageIn struct {
	publicThread
	Content     *string        `json:"content"`
	EchoID      any            `json:"echo_id"` // text or number; posted again it is the same message
	Attachments []route.Upload `json:"attachments"`
}

// maxPublicContent is the longest content of a message, in characters.
const maxPublicContent = 150_000

func (a *API) createPublicMessage(ctx context.Context, _ *route.Call, in createPublicMessageIn) (publicMessageOut, error) {
	s, c, err := a.thread(ctx, in.publicThread)
	if err != nil {
		return publicMessageOut{}, err
	}
	if in.Content != nil && utf8.RuneCountInString(*in.Content) > maxPublicContent {
		return publicMessageOut{}, validate.Fail("content", "is too long (maximum is 150000 characters)")
	}
	reply := desk.Reply{
		AccountID: s.Contact.AccountID, DisplayID: c.DisplayID, Type: chat.Incoming, Content: in.Content, EchoID: in.echoID(),
		Attributes: map[string]any{}, Additional: map[string]any{}, Echo: in.echo(),
	}
	id, err := a.postPublic(ctx, c.InboxID, reply, in.Attachments)
	if err != nil {
		return publicMessageOut{}, recordInvalid(found(err))
	}
	return a.publicMessage(ctx, s, c.DisplayID, id)
}

// postPublic stores the files of a message that is new, and the message.
func (a *API) postPublic(ctx context.Context, inboxID int64, reply desk.Reply, files []route.Upload) (id int64, err error) {
	if len(files) > 0 {
		if id, err = a.Desk.Posted(ctx, inboxID, reply); err != nil || id != 0 {
			return id, err
		}
		if reply.Files, err = a.uploads(ctx, reply.AccountID, files); err != nil {
			return 0, err
		}
	}
	return a.Desk.Reply(ctx, reply)
}

// echo is the client's name of the message as it was sent.
func (in *createPublicMessageIn) echo() json.RawMessage {
	if in.EchoID == nil {
		return nil
	}
	b, err := json.Marshal(in.EchoID)
	if err != nil {
		return nil
	}
	return b
}

// echoID is the client's name of the message as text.
func (in *createPublicMessageIn) echoID() string {
	switch v := in.EchoID.(type) {
	case string:
		return v
	case nil:
		return ""
	default:
		return fmt.Sprint(v)
	}
}

// recordInvalid gives a failed validation that the account API shows as a plain
// text the shape that it has here.
func recordInvalid(err error) error {
	var e *chat.Error
	if !errors.As(err, &e) || e.Code != chat.CodeUnprocessable {
		return err
	}
	if text, ok := strings.CutPrefix(e.Message, "Validation failed: "); ok {
		return chat.Invalid(validate.Base, text)
	}
	return err
}

type answerPublicMessageIn struct {
	publicThread
	ID              int64  `path:"id"`
	SubmittedValues any    `json:"submitted_values"`
	SubmittedEmail  string `json:"submitted_email"`
}

func (a *API) answerPublicMessage(ctx context.Context, _ *route.Call, in answerPublicMessageIn) (publicMessageOut, error) {
	_, s, err := a.session(ctx, in.publicPath)
	if err != nil {
		return publicMessageOut{}, err
	}
	values, err := submitted(in.SubmittedValues)
	if err != nil {
		return publicMessageOut{}, err
	}
	err = a.Desk.AnswerMessage(ctx, s, in.ConversationID, in.ID, desk.Answer{Values: values, Email: in.SubmittedEmail})
	if err != nil {
		return publicMessageOut{}, found(err)
	}
	return a.publicMessage(ctx, s, in.ConversationID, in.ID)
}

// submitted keeps of an answer what forms and surveys know: a list of named
// values, or an object with the survey's response.
func submitted(v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case map[string]any:
		return answered(v)
	case []any:
		out := make([]any, 0, len(v))
		for _, one := range v {
			item, ok := one.(map[string]any)
			if !ok {
				return nil, validate.Fail("submitted_values", validate.Invalid)
			}
			kept, err := answered(item)
			if err != nil {
				return nil, err
			}
			out = append(out, kept)
		}
		return out, nil
	}
	return nil, validate.Fail("submitted_values", validate.Invalid)
}

func answered(item map[string]any) (map[string]any, error) {
	out := pick(item, "name", "title", "value")
	sent, there := item["csat_survey_response"]
	if !there {
		return out, nil
	}
	response, ok := sent.(map[string]any)
	if !ok {
		return nil, validate.Fail("submitted_values", validate.Invalid)
	}
	kept := pick(response, "rating", "feedback_message")
	if rating, there := kept["rating"]; there {
		n, err := json.Number(strings.TrimSpace(text(rating))).Int64()
		if err != nil || n < 1 || n > 5 {
			return nil, validate.Fail("rating", validate.NotListed)
		}
		kept["rating"] = n
	}
	out["csat_survey_response"] = kept
	return out, nil
}

// text is a JSON number or text as text.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}
