package telegram_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"tributary/channels"
	"tributary/chat"
)

// TestUploadOfStoredFile: what can be read here is not loaded from our public
// address.
func TestUploadOfStoredFile(t *testing.T) {
	t.Parallel()
	b := newBot(t)
	d := b.driver()
	sender, ok := d.(channels.Sender)
	if !ok {
		t.Fatal("no Sender")
	}
	const bytes = "%PDF-1.4 the stored bytes"
	file := chat.OutAttachment{Kind: "file", MIME: "application/pdf", Filename: "a.pdf", URL: "http://127.0.0.1:1/unreachable", Size: int64(len(bytes))}
	for name, c := range map[string]struct {
		size  int64
		open  func(context.Context) (io.ReadCloser, error)
		class chat.ErrorClass
	}{
		"sized":     {int64(len(bytes)), func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(bytes)), nil }, ""},
		"unsized":   {0, func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(bytes)), nil }, ""},
		"gone":      {1, func(context.Context) (io.ReadCloser, error) { return nil, errors.New("gone") }, chat.Retryable},
		"too large": {51 << 20, func(context.Context) (io.ReadCloser, error) { return nil, errors.New("opened") }, chat.Permanent},
	} {
		file.Size, file.Open = c.size, c.open
		before := len(b.calls)
		_, err := sender.SendPart(t.Context(), b.channel(t, d), &chat.Outbound{To: "9"}, chat.Part{Kind: "file", Attachments: []chat.OutAttachment{file}})
		if c.class != "" {
			if got := channels.AsSendError(err).Class; err == nil || got != c.class {
				t.Errorf("%s: %v, class %s, want %s", name, err, got, c.class)
			}
			continue
		}
		if err != nil || len(b.calls) != before+1 || b.calls[before].files["document"] != "a.pdf|application/pdf|"+bytes {
			t.Errorf("%s: %v, calls %+v", name, err, b.calls[before:])
		}
	}
}
