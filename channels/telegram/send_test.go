package telegram_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/channels"
	"tributary/channels/telegram"
	"tributary/chat"
	"tributary/wording"
)

const token = "7000000009:AAsecretTokenOfTheTest"

// bot stands in for Telegram and for our own file server, and remembers calls.
type bot struct {
	*httptest.Server
	calls   []call
	answers map[string][]string // per method, in order; the last one stays
	files   map[string]string
}

type call struct {
	method string
	fields map[string]any    // JSON or form values
	files  map[string]string // uploaded, by field
}

func newBot(t *testing.T) *bot {
	t.Helper()
	b := &bot{answers: map[string][]string{}, files: map[string]string{}}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, ok := strings.CutPrefix(r.URL.Path, "/blob/"); ok {
			content, ok := b.files[name]
			if !ok {
				http.NotFound(w, r)
				return
			}
			_, _ = io.WriteString(w, content)
			return
		}
		method, ok := strings.CutPrefix(r.URL.Path, "/bot"+token+"/")
		if !ok {
			t.Errorf("unexpected call of %s", r.URL.Path)
		}
		b.calls = append(b.calls, readCall(t, method, r))
		answer := `{"ok":true,"result":{"message_id":55}}`
		if list := b.answers[method]; len(list) > 0 {
			answer = list[0]
			b.answers[method] = list[min(1, len(list)-1):]
		}
		var status struct {
			Code int `json:"error_code"`
		}
		if json.Unmarshal([]byte(answer), &status) == nil && status.Code != 0 {
			w.WriteHeader(status.Code)
		}
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(b.Close)
	return b
}

func readCall(t *testing.T, method string, r *http.Request) call {
	t.Helper()
	c := call{method: method, fields: map[string]any{}, files: map[string]string{}}
	kind, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case kind == "multipart/form-data":
		form := multipart.NewReader(r.Body, params["boundary"])
		for {
			part, err := form.NextPart()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Errorf("multipart: %v", err)
				break
			}
			content, err := io.ReadAll(part)
			if err != nil {
				break // the sender broke off
			}
			if part.FileName() != "" {
				c.files[part.FormName()] = part.FileName() + "|" + part.Header.Get("Content-Type") + "|" + string(content)
			} else {
				c.fields[part.FormName()] = string(content)
			}
		}
	case r.Method == http.MethodPost:
		if err := json.NewDecoder(r.Body).Decode(&c.fields); err != nil {
			t.Errorf("body of %s: %v", method, err)
		}
	default:
		for k := range r.URL.Query() {
			c.fields[k] = r.URL.Query().Get(k)
		}
	}
	return c
}

func (b *bot) driver() channels.Driver {
	return telegram.New(&channels.Env{
		Setting: func(name string) string {
			if name == "TELEGRAM_API_URL" {
				return b.URL + "/"
			}
			return ""
		},
		PublicURL: "https://desk.example.test",
		HTTP:      b.Client(),
		Now:       time.Now,
		Log:       slog.New(slog.DiscardHandler),
	})
}

func (b *bot) channel(t *testing.T, d channels.Driver) *channels.Channel {
	t.Helper()
	return load(t, d, `{"bot_token":"`+token+`","bot_name":"maple_bot","webhook_secret":"sesame"}`)
}

func load(t *testing.T, d channels.Driver, settings string) *channels.Channel {
	t.Helper()
	config, err := d.Parse(json.RawMessage(settings))
	if err != nil {
		t.Fatal(err)
	}
	return &channels.Channel{Type: "Channel::Telegram", Settings: json.RawMessage(settings), Config: config, AccountActive: true}
}

// send sends m whole, or up to the first failure.
func (b *bot) send(t *testing.T, m *chat.Outbound) ([]string, error) {
	t.Helper()
	d := b.driver()
	ch := b.channel(t, d)
	sender := d.(channels.Sender)
	parts, err := sender.Plan(ch, m)
	if err != nil {
		t.Fatalf("Plan: %v", err)
	}
	var ids []string
	for _, p := range parts {
		receipt, err := sender.SendPart(t.Context(), ch, m, p)
		if err != nil {
			return ids, err
		}
		ids = append(ids, receipt.ProviderIDs...)
	}
	return ids, nil
}

func (b *bot) methods() string {
	names := make([]string, len(b.calls))
	for i, c := range b.calls {
		names[i] = c.method
	}
	return strings.Join(names, " ")
}

func (b *bot) file(kind, mime, name string) chat.OutAttachment {
	b.files[name] = "bytes of " + name
	return chat.OutAttachment{Kind: kind, MIME: mime, Filename: name, URL: b.URL + "/blob/" + name}
}

func TestSendMedia(t *testing.T) {
	t.Parallel()
	b := newBot(t)
	b.answers["sendMediaGroup"] = []string{`{"ok":true,"result":[{"message_id":71},{"message_id":72}]}`}
	ids, err := b.send(t, &chat.Outbound{
		To: "5550001", Content: "files", ReplyTo: "12",
		Attachments: []chat.OutAttachment{
			b.file("image", "image/png", "a.png"), b.file("file", "text/csv", `b".csv`), b.file("video", "video/mp4", "c.mp4"),
			b.file("audio", "audio/mpeg", "d.mp3"), b.file("audio", "audio/ogg; codecs=opus", "e.ogg"), b.file("audio", "audio/wav", "f.wav"),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := b.methods(), "sendMessage sendMediaGroup sendAudio sendDocument sendVoice sendDocument"; got != want {
		t.Fatalf("calls %q, want %q", got, want)
	}
	if want := []string{"55", "71", "72", "55", "55", "55", "55"}; !slices.Equal(ids, want) {
		t.Errorf("ids %q, want %q", ids, want)
	}
	media, _ := b.calls[1].fields["media"].([]any)
	if got := fmt.Sprint(media); got != fmt.Sprintf("[map[media:%s/blob/a.png type:photo] map[media:%s/blob/c.mp4 type:video]]", b.URL, b.URL) {
		t.Errorf("media %s", got)
	}
	if got, want := b.calls[3].files["document"], `b".csv|text/csv|bytes of b".csv`; got != want {
		t.Errorf("document %q, want %q", got, want)
	}
	if got := b.calls[3].fields["chat_id"]; got != "5550001" {
		t.Errorf("chat_id of the upload is %q", got)
	}
	if got := b.calls[5].files["document"]; got != "f.wav|audio/wav|bytes of f.wav" {
		t.Errorf("wav %q", got)
	}
	for i, c := range b.calls {
		if _, ok := c.fields["reply_parameters"]; ok != (i == 0) {
			t.Errorf("call %d: reply_parameters %v", i, ok)
		}
	}
}

func TestAlbumsOfTen(t *testing.T) {
	t.Parallel()
	b := newBot(t)
	var files []chat.OutAttachment
	for i := range 11 {
		files = append(files, b.file("image", "image/png", fmt.Sprintf("%d.png", i)))
	}
	if _, err := b.send(t, &chat.Outbound{To: "1", Attachments: files}); err != nil {
		t.Fatal(err)
	}
	if got := b.methods(); got != "sendMediaGroup sendPhoto" {
		t.Fatalf("calls %q", got)
	}
	if media, _ := b.calls[0].fields["media"].([]any); len(media) != 10 {
		t.Errorf("the album has %d pictures, want 10", len(media))
	}
}

func TestMediaIsUploadedWhenTelegramCannotFetchIt(t *testing.T) {
	t.Parallel()
	const cannot = `{"ok":false,"error_code":400,"description":"Bad Request: failed to get HTTP URL content"}`
	const album = `{"ok":true,"result":[{"message_id":1},{"message_id":2}]}`
	b := newBot(t)
	b.answers["sendPhoto"] = []string{cannot, `{"ok":true,"result":{"message_id":3}}`}
	b.answers["sendMediaGroup"] = []string{cannot, album}
	ids, err := b.send(t, &chat.Outbound{To: "1", Attachments: []chat.OutAttachment{b.file("image", "image/png", "a.png")}})
	if err != nil || !slices.Equal(ids, []string{"3"}) {
		t.Fatalf("photo: %v, %v", ids, err)
	}
	if got := b.calls[1].files["photo"]; got != "a.png|image/png|bytes of a.png" {
		t.Errorf("photo %q", got)
	}
	ids, err = b.send(t, &chat.Outbound{To: "1", Attachments: []chat.OutAttachment{b.file("image", "image/png", "a.png"), b.file("video", "video/mp4", "b.mp4")}})
	if err != nil || !slices.Equal(ids, []string{"1", "2"}) {
		t.Fatalf("album: %v, %v", ids, err)
	}
	last := b.calls[len(b.calls)-1]
	if last.files["file0"] == "" || last.files["file1"] == "" || !strings.Contains(fmt.Sprint(last.fields["media"]), "attach://file1") {
		t.Errorf("album upload %+v", last)
	}
}

func TestAttachmentGone(t *testing.T) {
	t.Parallel()
	b := newBot(t)
	_, err := b.send(t, &chat.Outbound{To: "1", Attachments: []chat.OutAttachment{{Kind: "file", URL: b.URL + "/blob/none"}}})
	if e := channels.AsSendError(err); err == nil || e.Class != chat.Permanent || e.Code != "attachment" {
		t.Errorf("got %v, want a permanent error about the attachment", err)
	}
}

func TestKeyboardComesLast(t *testing.T) {
	t.Parallel()
	b := newBot(t)
	long := strings.Repeat("é", 40)
	_, err := b.send(t, &chat.Outbound{
		To: "1", Content: "Pick", ContentType: "input_select",
		Attachments: []chat.OutAttachment{b.file("image", "image/png", "a.png")},
		Items: []chat.Item{
			{Title: "Ten", Value: "slot_10"},
			{Title: "Long", Value: long},
			{Title: "Long", Value: long + "!"},
			{Title: long, Value: long},
			{Title: "No value"},
			{},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := b.methods(); got != "sendPhoto sendMessage" {
		t.Fatalf("calls %q", got)
	}
	markup, _ := b.calls[1].fields["reply_markup"].(map[string]any)
	rows, _ := markup["inline_keyboard"].([]any)
	var data []string
	for _, row := range rows {
		button, _ := row.([]any)[0].(map[string]any)
		d, _ := button["callback_data"].(string)
		data = append(data, d)
		if len(d) == 0 || len(d) > 64 {
			t.Errorf("callback_data %q has %d bytes", d, len(d))
		}
	}
	want := []string{"slot_10", "Long", "Long#" + channels.Digest(long + "!")[:8], long[:64], "No value"}
	if !slices.Equal(data, want) {
		t.Errorf("callback_data %q, want %q", data, want)
	}
}

func TestUnparsableMarkupIsSentPlain(t *testing.T) {
	t.Parallel()
	b := newBot(t)
	b.answers["sendMessage"] = []string{
		`{"ok":false,"error_code":400,"description":"Bad Request: can't parse entities: Unsupported start tag"}`,
		`{"ok":true,"result":{"message_id":9}}`,
	}
	ids, err := b.send(t, &chat.Outbound{To: "1", Content: "**a** & <b>"})
	if err != nil || !slices.Equal(ids, []string{"9"}) {
		t.Fatalf("got %v, %v", ids, err)
	}
	if _, ok := b.calls[1].fields["parse_mode"]; ok || b.calls[1].fields["text"] != "a & <b>" {
		t.Errorf("the second try is %v", b.calls[1].fields)
	}
}

func TestLongTextIsSplit(t *testing.T) {
	t.Parallel()
	b := newBot(t)
	if _, err := b.send(t, &chat.Outbound{To: "1", Content: strings.Repeat("😀 <b> ", 1500)}); err != nil {
		t.Fatal(err)
	}
	if len(b.calls) != 3 {
		t.Errorf("%d calls, want 3", len(b.calls))
	}
}

func TestSendErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		answer string
		class  chat.ErrorClass
		text   string
		after  time.Duration
	}{
		{`{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 4","parameters":{"retry_after":4}}`, chat.Throttled, "429, Too Many Requests: retry after 4", 4 * time.Second},
		{`{"ok":false,"error_code":403,"description":"Forbidden: bot was blocked by the user"}`, chat.OptedOut, "403, Forbidden: bot was blocked by the user", 0},
		{`{"ok":false,"error_code":401,"description":"Unauthorized"}`, chat.Reauthorize, "401, Unauthorized", 0},
		{`{"ok":false,"error_code":404,"description":"Not Found"}`, chat.Reauthorize, "404, Not Found", 0},
		{`{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}`, chat.Permanent, "400, Bad Request: chat not found", 0},
		{`{"ok":false,"error_code":502,"description":"Bad Gateway"}`, chat.Retryable, "502, Bad Gateway", 0},
		{`{"ok":false,"error_code":400,"description":"bad /bot` + token + `/x"}`, chat.Permanent, "400, bad /bot[token]/x", 0},
		{`{"error_code":403}`, chat.Permanent, "403, Forbidden", 0},
	}
	for _, test := range tests {
		b := newBot(t)
		b.answers["sendMessage"] = []string{test.answer}
		_, err := b.send(t, &chat.Outbound{To: "1", Content: "x"})
		var e *channels.SendError
		if !errors.As(err, &e) || e.Class != test.class || e.Words(wording.English) != test.text || e.RetryAfter != test.after {
			t.Errorf("%s: got %+v", test.answer, e)
		}
	}
}

// The token is in every URL, so no failure may show a URL.
func TestErrorsHideToken(t *testing.T) {
	t.Parallel()
	b := newBot(t)
	d := b.driver()
	ch := b.channel(t, d)
	b.Close()
	m := &chat.Outbound{To: "1", Content: "x"}
	_, sendErr := d.(channels.Sender).SendPart(t.Context(), ch, m, chat.Part{Kind: "text", Text: "x"})
	_, createErr := d.(channels.Creator).Create(t.Context(), json.RawMessage(`{"bot_token":"`+token+`"}`))
	_, mediaErr := d.(channels.MediaFetcher).MediaRequest(t.Context(), ch, &chat.Fetch{Ref: "x"})
	for i, err := range []error{sendErr, createErr, mediaErr, d.(channels.Registrar).Register(t.Context(), ch)} {
		if err == nil {
			t.Errorf("error %d is nil", i)
		}
		for ; err != nil; err = errors.Unwrap(err) {
			if strings.Contains(err.Error(), token) {
				t.Errorf("error %d shows the token: %v", i, err)
			}
		}
	}
}
