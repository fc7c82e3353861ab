package telegram

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

// Limits of the Bot API.
const (
	maxText         = 4096 // UTF-16 units after parsing the markup
	maxAlbum        = 10
	maxCallbackData = 64 // bytes
	maxButtons      = 100
)

// Plan implements channels.Sender. Text comes first and media after it, unless
// there is a keyboard: then the text is last, so that the buttons stay at the
// end of the chat. Text parts hold the HTML that is sent.
func (d *driver) Plan(_ *channels.Channel, m *chat.Outbound) ([]chat.Part, error) {
	var texts []chat.Part
	for _, piece := range pieces(render(d.markdown, m.Content), maxText) {
		texts = append(texts, chat.Part{Kind: "text", Text: piece})
	}
	media := mediaParts(m.Attachments)
	parts := slices.Concat(texts, media)
	if m.ContentType == "input_select" && len(m.Items) > 0 && len(texts) > 0 {
		last := &texts[len(texts)-1]
		last.Kind, last.Items = "buttons", m.Items
		parts = slices.Concat(media, texts)
	}
	if len(parts) == 0 {
		return nil, &channels.SendError{Class: chat.Permanent, Code: "empty", Say: wording.FailureEmpty.Text()}
	}
	parts[0].First, parts[len(parts)-1].Last = true, true
	return parts, nil
}

// mediaParts groups attachments into as few calls as Telegram allows: pictures
// and videos share albums, audio has albums of its own, other files go alone.
func mediaParts(attachments []chat.OutAttachment) []chat.Part {
	var visual, audio []chat.OutAttachment
	var rest []chat.Part
	for _, a := range attachments {
		switch method := method(a); method {
		case "sendPhoto", "sendVideo":
			visual = append(visual, a)
		case "sendAudio":
			audio = append(audio, a)
		default:
			kind := "file"
			if method == "sendVoice" {
				kind = "audio"
			}
			rest = append(rest, chat.Part{Kind: kind, Attachments: []chat.OutAttachment{a}})
		}
	}
	return append(append(albums(visual), albums(audio)...), rest...)
}

// method is how an attachment travels. Telegram plays MP3 and M4A as audio and
// OGG as voice notes; other sound is a file (Bot API, sendAudio, sendVoice).
func method(a chat.OutAttachment) string {
	switch a.Kind {
	case "image":
		return "sendPhoto"
	case "video":
		return "sendVideo"
	case "audio":
		mime, _, _ := strings.Cut(a.MIME, ";")
		switch mime {
		case "", "audio/mpeg", "audio/mp3", "audio/mp4", "audio/m4a", "audio/x-m4a":
			return "sendAudio"
		case "audio/ogg", "audio/opus":
			return "sendVoice"
		}
	}
	return "sendDocument"
}

// field is the parameter of a sending method that takes the file.
func field(method string) string { return strings.ToLower(strings.TrimPrefix(method, "send")) }

func albums(list []chat.OutAttachment) []chat.Part {
	var parts []chat.Part
	for len(list) > 0 {
		n := min(len(list), maxAlbum)
		kind := "album"
		if n == 1 {
			kind = list[0].Kind
		}
		parts = append(parts, chat.Part{Kind: kind, Attachments: list[:n:n]})
		list = list[n:]
	}
	return parts
}

// SendPart implements channels.Sender.
func (d *driver) SendPart(ctx context.Context, ch *channels.Channel, m *chat.Outbound, p chat.Part) (channels.Receipt, error) {
	c := configOf(ch)
	if c.BotToken == "" {
		return channels.Receipt{}, &channels.SendError{Class: chat.Config, Code: "config", Say: wording.FailureSettingMissing.With("setting", "bot_token")}
	}
	call := &call{driver: d, token: c.BotToken, fields: base(m, p)}
	var ids []string
	var err error
	switch p.Kind {
	case "album":
		ids, err = call.album(ctx, p.Attachments)
	case "image", "video", "audio", "file":
		ids, err = call.media(ctx, p.Attachments[0])
	default:
		ids, err = call.text(ctx, p)
	}
	if err != nil {
		return channels.Receipt{}, err
	}
	return channels.Receipt{ProviderIDs: ids}, nil
}

// base are the fields that all sending methods share.
func base(m *chat.Outbound, p chat.Part) map[string]any {
	fields := map[string]any{"chat_id": chatID(m)}
	if m.BusinessConnectionID != "" {
		fields["business_connection_id"] = m.BusinessConnectionID
	}
	if id, err := strconv.ParseInt(m.ReplyTo, 10, 64); p.First && err == nil {
		fields["reply_parameters"] = map[string]any{"message_id": id, "allow_sending_without_reply": true}
	}
	return fields
}

// chatID prefers the chat of the conversation to the person; in private chats
// they are the same number.
func chatID(m *chat.Outbound) any {
	to := m.ChatID
	if to == "" {
		to = m.To
	}
	if n, err := strconv.ParseInt(to, 10, 64); err == nil {
		return n
	}
	return to
}

// call is one use of a sending method.
type call struct {
	driver *driver
	token  string
	fields map[string]any
}

func (c *call) text(ctx context.Context, p chat.Part) ([]string, error) {
	c.fields["text"], c.fields["parse_mode"] = p.Text, "HTML"
	if keyboard := keyboard(p.Items); keyboard != nil {
		c.fields["reply_markup"] = map[string]any{"one_time_keyboard": true, "inline_keyboard": keyboard}
	}
	ids, err := c.post(ctx, "sendMessage")
	if refused(err, "can't parse entities") {
		c.fields["text"] = plain(p.Text)
		delete(c.fields, "parse_mode")
		return c.post(ctx, "sendMessage")
	}
	return ids, err
}

// media lets Telegram download a file itself, which costs us nothing; what it
// cannot download (too large for that way, our address not public) is uploaded.
// Documents are always uploaded: by URL it takes PDF, ZIP and GIF only.
func (c *call) media(ctx context.Context, a chat.OutAttachment) ([]string, error) {
	method := method(a)
	field := field(method)
	if method != "sendDocument" {
		c.fields[field] = a.URL
		ids, err := c.post(ctx, method)
		if !notFetched(err) {
			return ids, err
		}
		delete(c.fields, field)
	}
	return c.upload(ctx, method, map[string]chat.OutAttachment{field: a})
}

func (c *call) album(ctx context.Context, files []chat.OutAttachment) ([]string, error) {
	entries := func(source func(i int) string) []map[string]any {
		list := make([]map[string]any, len(files))
		for i, f := range files {
			kind := f.Kind
			if kind == "image" {
				kind = "photo"
			}
			list[i] = map[string]any{"type": kind, "media": source(i)}
		}
		return list
	}
	c.fields["media"] = entries(func(i int) string { return files[i].URL })
	ids, err := c.post(ctx, "sendMediaGroup")
	if !notFetched(err) {
		return ids, err
	}
	uploads := map[string]chat.OutAttachment{}
	c.fields["media"] = entries(func(i int) string {
		name := "file" + strconv.Itoa(i)
		uploads[name] = files[i]
		return "attach://" + name
	})
	return c.upload(ctx, "sendMediaGroup", uploads)
}

// notFetched tells the refusals that are about downloading, not about the file.
func notFetched(err error) bool {
	return refused(err, "HTTP URL") || refused(err, "web page content") || refused(err, "WEBPAGE_")
}

// refused tells whether Telegram answered 400 with a description that contains
// text.
func refused(err error, text string) bool {
	if err == nil {
		return false
	}
	s := channels.AsSendError(err)
	return s.Code == "400" && strings.Contains(s.Text, text)
}

// keyboard makes one row per option.
func keyboard(items []chat.Item) [][]map[string]string {
	var rows [][]map[string]string
	used := map[string]bool{}
	for _, item := range items {
		title, value := strings.TrimSpace(item.Title), item.Value
		if title == "" {
			title = value
		}
		if title == "" || len(rows) == maxButtons {
			continue
		}
		data := callbackData(title, value, used)
		rows = append(rows, []map[string]string{{"text": title, "callback_data": data}})
	}
	return rows
}

// callbackData is what comes back when a button is pressed, at most 64 bytes. A
// longer value has no short form that could be resolved without state, so the
// title, which is what the contact chose and the agent wants to read, stands for
// it; where two titles of a keyboard would be the same, a digest of the value
// tells them apart.
func callbackData(title, value string, used map[string]bool) string {
	data := value
	if data == "" || len(data) > maxCallbackData {
		data = channels.Clip(title, maxCallbackData, channels.Bytes)
		// One grapheme may be longer than the limit.
		if len(data) > maxCallbackData {
			data = channels.Digest(value)[:maxCallbackData]
		}
		if used[data] {
			const mark = 8
			data = channels.Clip(title, maxCallbackData-mark-1, channels.Bytes)
			if len(data) > maxCallbackData-mark-1 {
				data = ""
			}
			data += "#" + channels.Digest(value)[:mark]
		}
	}
	used[data] = true
	return data
}

// post calls a method with the fields as JSON.
func (c *call) post(ctx context.Context, method string) ([]string, error) {
	answer, err := c.driver.env.JSON(ctx, http.MethodPost, c.driver.endpoint(c.token, method), nil, c.fields)
	if err != nil {
		return nil, err
	}
	result, err := c.driver.result(answer, c.token)
	if err != nil {
		return nil, err
	}
	return messageIDs(result), nil
}

// result reads an answer: its result, or a *channels.SendError.
func (d *driver) result(a *channels.Answer, token string) (json.RawMessage, error) {
	var body struct {
		OK          bool            `json:"ok"`
		Result      json.RawMessage `json:"result"`
		Code        int             `json:"error_code"`
		Description string          `json:"description"`
		Parameters  struct {
			RetryAfter int64 `json:"retry_after"`
		} `json:"parameters"`
	}
	err := json.Unmarshal(a.Body, &body)
	if err == nil && body.OK && a.OK() {
		return body.Result, nil
	}
	e := &channels.SendError{Class: class(body.Code)}
	if err != nil || body.Code == 0 || body.Description == "" {
		// Not Telegram's own words: something in between answered.
		body.Code, body.Description = a.Status, http.StatusText(a.Status)
		if body.Description == "" || a.OK() {
			e.Say = wording.FailureStatus.With("provider", "Telegram", "status", strconv.Itoa(a.Status))
		}
		e.Class = strangerClass(a.Status)
	}
	e.Code = strconv.Itoa(body.Code)
	e.Text = e.Code + ", " + hide(body.Description, token)
	if e.Class == chat.Throttled {
		e.RetryAfter = time.Duration(max(body.Parameters.RetryAfter, 0)) * time.Second
		if e.RetryAfter == 0 {
			e.RetryAfter = a.RetryAfter(d.env.Now())
		}
	}
	return nil, e
}

// class maps an error code of Telegram. 404 means that no bot has this token.
func class(code int) chat.ErrorClass {
	switch code {
	case http.StatusForbidden:
		return chat.OptedOut
	case http.StatusNotFound:
		return chat.Reauthorize
	}
	return channels.ByStatus(code)
}

// strangerClass maps the status of an answer that is not Telegram's: it says
// nothing about the contact or the token, and a success delivered nothing.
func strangerClass(status int) chat.ErrorClass {
	switch c := channels.ByStatus(status); {
	case status < 300:
		return chat.Retryable
	case c == chat.Reauthorize:
		return chat.Permanent
	default:
		return c
	}
}

// messageIDs reads the ids of one message or of an album.
func messageIDs(result json.RawMessage) []string {
	type sent struct {
		ID int64 `json:"message_id"`
	}
	var list []sent
	if json.Unmarshal(result, &list) != nil {
		var one sent
		if json.Unmarshal(result, &one) != nil {
			return nil
		}
		list = []sent{one}
	}
	var ids []string
	for _, s := range list {
		if s.ID != 0 {
			ids = append(ids, decimal(s.ID))
		}
	}
	return ids
}
