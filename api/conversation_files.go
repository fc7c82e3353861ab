package api

import (
	"context"

	"tributary/api/route"
	"tributary/chat"
	"tributary/desk"
	"tributary/store"
)

func (a *API) conversationFiles() []route.Row {
	const conversation = account + "/conversations/{id}"
	return []route.Row{
		route.Get(conversation+"/attachments", route.Member, a.listConversationFiles),
		route.Get(conversation+"/inbox_assistant", route.Member, a.showAssistant),
	}
}

// filesPerPage is fixed.
const filesPerPage = 100

type listFilesIn struct {
	ID   int64      `path:"id"` // display id
	Page route.Page `query:"page"`
}

// conversationFileOut is an attachment with who sent it.
type conversationFileOut struct {
	MessageID int64      `json:"message_id"`
	ThumbURL  string     `json:"thumb_url"`
	DataURL   string     `json:"data_url"`
	FileSize  int64      `json:"file_size"`
	FileType  string     `json:"file_type"`
	Extension *string    `json:"extension"`
	Width     *int       `json:"width"`
	Height    *int       `json:"height"`
	CreatedAt route.Unix `json:"created_at"`
	Sender    any        `json:"sender,omitempty"`
}

// FieldShapes implements route.FieldShaped.
func (conversationFileOut) FieldShapes() map[string]any {
	return map[string]any{"sender": senderShape, "file_type": route.Enum(chat.FileTypes...)}
}

type conversationFileList struct {
	Meta struct {
		TotalCount int `json:"total_count"`
	} `json:"meta"`
	Payload []conversationFileOut `json:"payload"`
}

func (a *API) listConversationFiles(ctx context.Context, c *route.Call, in listFilesIn) (conversationFileList, error) {
	var out conversationFileList
	head, err := a.conversationOf(ctx, c, in.ID)
	if err != nil {
		return out, err
	}
	list, total, err := a.Store.ConversationFiles(ctx, head.ID, filesPerPage, in.Page.Offset(filesPerPage))
	if err != nil {
		return out, err
	}
	messages := make([]store.MessageRow, len(list))
	for i, f := range list {
		messages[i] = store.MessageRow{AccountID: f.AccountID, SenderType: f.SenderType, SenderID: f.SenderID}
	}
	people, err := a.sendersOf(ctx, c.Account.ID, messages)
	if err != nil {
		return out, err
	}
	out.Meta.TotalCount, out.Payload = total, make([]conversationFileOut, len(list))
	for i, f := range list {
		data, thumb := a.Desk.FileURLs(f.AttachmentView)
		out.Payload[i] = conversationFileOut{
			MessageID: f.MessageID, ThumbURL: thumb, DataURL: data, FileSize: f.FileSize, FileType: nameAt(chat.FileTypes, f.FileType),
			Extension: desk.Extension(f.FileName), Width: f.Width, Height: f.Height, CreatedAt: unix(&f.SentAt), Sender: a.senderOf(ctx, people, messages[i]),
		}
	}
	return out, nil
}

// assistantOut names the assistant that answers in an inbox.
type assistantOut struct {
	Assistant *assistantName `json:"assistant"`
}

type assistantName struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// showAssistant tells who answers by itself: no inbox has an assistant.
func (a *API) showAssistant(ctx context.Context, c *route.Call, in byID) (assistantOut, error) {
	_, err := a.conversationOf(ctx, c, in.ID)
	return assistantOut{}, err
}
