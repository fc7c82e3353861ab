package simulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Telegram Bot API: one update per request, proven by the secret token of
// setWebhook.

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

// telegramID counts up from a number that grows with the start time: ids are
// small there, and unique per chat.
func (s *Simulator) telegramID() int64 {
	return int64(s.run/1000%1_000_000*1000 + s.tick())
}

func (s *Simulator) telegramMessage(b *batch, in *Incoming, at time.Time) (*Delivery, error) {
	id := in.ID
	if id == "" {
		id = decimal(s.telegramID())
	} else if _, err := strconv.ParseInt(id, 10, 64); err != nil {
		return nil, fmt.Errorf("simulator: a Telegram message id is a number: %w", err)
	}
	if _, err := strconv.ParseInt(in.From, 10, 64); err != nil {
		return nil, fmt.Errorf("simulator: a Telegram user id is a number: %w", err)
	}
	b.ids = append(b.ids, id)
	first, last, _ := strings.Cut(in.Name, " ")
	body := s.telegramOpen()
	body = append(body, `"message":{"message_id":`...)
	body = append(body, id...)
	body = append(body, `,"from":{"id":`...)
	body = append(body, in.From...)
	body = append(body, `,"is_bot":false`...)
	body = telegramName(body, first, last)
	body = append(body, `,"language_code":"en"},"chat":{"id":`...)
	body = append(body, in.From...)
	body = telegramName(body, first, last)
	body = append(body, `,"type":"private"},"date":`...)
	body = strconv.AppendInt(body, at.Unix(), 10)
	body = append(body, `,"text":`...)
	body = appendQuoted(body, in.Text)
	return telegramClose(b, append(body, `}}`...))
}

func (s *Simulator) telegramUnknown(b *batch) (*Delivery, error) {
	body := append(s.telegramOpen(), `"hologram":{"id":"`...)
	body = append(body, s.hexID("h")...)
	return telegramClose(b, append(body, `","depth":3}}`...))
}

func (s *Simulator) telegramOpen() []byte {
	b := append(make([]byte, 0, 512), `{"update_id":`...)
	b = strconv.AppendInt(b, s.telegramID(), 10)
	return append(b, ',')
}

func telegramName(b []byte, first, last string) []byte {
	b = append(b, `,"first_name":`...)
	b = appendQuoted(b, first)
	if last != "" {
		b = append(b, `,"last_name":`...)
		b = appendQuoted(b, last)
	}
	return b
}

func telegramClose(b *batch, body []byte) (*Delivery, error) {
	r, ok := b.channel.Registration()
	if !ok {
		return nil, ErrNotRegistered
	}
	h := jsonHeader(1)
	if r.Secret != "" {
		h["X-Telegram-Bot-Api-Secret-Token"] = []string{r.Secret}
	}
	return &Delivery{
		Method: http.MethodPost, Path: "/webhooks/telegram/" + b.channel.token, Header: h, Body: body, IDs: b.ids,
	}, nil
}

// telegram serves the bots' methods.
func (s *Simulator) telegram(c *call) {
	rest, download := strings.CutPrefix(c.rest, "file/")
	bot, method, _ := strings.Cut(rest, "/")
	ch := s.byToken[strings.TrimPrefix(bot, "bot")]
	if ch == nil || ch.Kind != Telegram || !strings.HasPrefix(bot, "bot") {
		c.json(http.StatusUnauthorized, telegramFault(http.StatusUnauthorized, "Unauthorized"))
		return
	}
	switch {
	case download:
		c.file(kindOfName(method))
	case strings.EqualFold(method, "getMe"):
		id, _ := strconv.ParseInt(ch.Address, 10, 64)
		c.json(http.StatusOK, telegramOK(map[string]any{
			"id": id, "is_bot": true, "first_name": ch.Name, "username": "sim_" + ch.Address + "_bot",
		}))
	case strings.EqualFold(method, "setWebhook"):
		if c.param("url") == "" {
			ch.registration.Store(nil)
		} else {
			ch.register(Registration{URL: c.param("url"), Secret: c.param("secret_token"), Fields: c.list("allowed_updates")})
		}
		c.json(http.StatusOK, telegramOK(true))
	case strings.EqualFold(method, "deleteWebhook"):
		ch.registration.Store(nil)
		c.json(http.StatusOK, telegramOK(true))
	case strings.EqualFold(method, "getWebhookInfo"):
		r, _ := ch.Registration()
		c.json(http.StatusOK, telegramOK(map[string]any{"url": r.URL, "pending_update_count": 0, "allowed_updates": r.Fields}))
	case strings.EqualFold(method, "getUserProfilePhotos"):
		c.json(http.StatusOK, telegramOK(map[string]any{"total_count": 0, "photos": []any{}}))
	case strings.EqualFold(method, "getFile"):
		s.telegramFile(c)
	case strings.HasPrefix(method, "send") && !strings.EqualFold(method, "sendChatAction"):
		s.telegramSend(c, ch, method)
	default: // answerCallbackQuery, sendChatAction, readBusinessMessage, editMessageText, …
		c.json(http.StatusOK, telegramOK(true))
	}
}

// telegramFile says where the file of an id is.
func (s *Simulator) telegramFile(c *call) {
	id := c.param("file_id")
	kind, ok := kindOfFile(id, telegramFilePrefix)
	if !ok {
		c.json(http.StatusBadRequest, telegramFault(http.StatusBadRequest, "Bad Request: invalid file_id"))
		return
	}
	c.json(http.StatusOK, telegramOK(map[string]any{
		"file_id": id, "file_unique_id": "u" + id, "file_size": len(content(kind)), "file_path": "files/" + id + extension(kind),
	}))
}

func (s *Simulator) telegramSend(c *call, ch *Channel, method string) {
	m := sending{to: c.param("chat_id"), text: c.param("text")}
	if m.text == "" {
		m.text = c.param("caption")
	}
	for _, name := range []string{"photo", "video", "audio", "voice", "document", "animation", "sticker"} {
		if v := c.param(name); v != "" {
			m.media = append(m.media, v)
		}
	}
	var album []struct {
		Media   string `json:"media"`
		Caption string `json:"caption"`
	}
	c.decode("media", &album)
	for _, item := range album {
		m.media = append(m.media, item.Media)
		if m.text == "" {
			m.text = item.Caption
		}
	}
	switch {
	case m.to == "":
		c.json(http.StatusBadRequest, telegramFault(http.StatusBadRequest, "Bad Request: chat_id is empty"))
		return
	case m.text == "" && len(m.media) == 0:
		c.json(http.StatusBadRequest, telegramFault(http.StatusBadRequest, "Bad Request: message text is empty"))
		return
	}
	m.id = decimal(s.telegramID())
	s.send(c, ch, m, func(id string) (int, any) {
		message := map[string]any{
			"message_id": json.Number(id), "date": time.Now().Unix(), "text": m.text,
			"chat": map[string]any{"id": json.Number(m.to), "type": "private"},
		}
		if _, err := strconv.ParseInt(m.to, 10, 64); err != nil {
			delete(message, "chat")
		}
		if !strings.EqualFold(method, "sendMediaGroup") {
			return http.StatusOK, telegramOK(message)
		}
		messages := []any{message}
		for range max(len(album)-1, 0) {
			messages = append(messages, map[string]any{"message_id": s.telegramID(), "date": time.Now().Unix()})
		}
		return http.StatusOK, telegramOK(messages)
	})
}

func telegramOK(result any) map[string]any { return map[string]any{"ok": true, "result": result} }

func telegramFault(code int, text string) map[string]any {
	return map[string]any{"ok": false, "error_code": code, "description": text}
}

// multipartFields reads a multipart body; files are represented by their
// names.
func multipartFields(body []byte, boundary string) url.Values {
	form := url.Values{}
	r := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := r.NextPart()
		if err != nil {
			return form
		}
		if name := part.FileName(); name != "" {
			form.Add(part.FormName(), name)
			continue
		}
		v, err := io.ReadAll(part)
		if err != nil {
			return form
		}
		form.Add(part.FormName(), string(v))
	}
}
