package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

// maxUpload is how large an uploaded file may be (Bot API, "Sending files").
const maxUpload = 50 << 20

// upload calls a method with the fields and files as a multipart form. The files
// are streamed, never held in memory.
func (c *call) upload(ctx context.Context, method string, files map[string]chat.OutAttachment) ([]string, error) {
	body, err := c.form(ctx, files)
	if body != nil {
		defer body.close()
	}
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.driver.endpoint(c.token, method), io.MultiReader(body.parts...))
	if err != nil {
		return nil, &channels.SendError{Class: chat.Config, Say: wording.FailureProviderAddress.Text()}
	}
	req.Header.Set("Content-Type", body.contentType)
	req.ContentLength = body.length
	answer, err := c.driver.env.Do(req)
	if err != nil {
		// The body may have failed while it was read, with a verdict of its own.
		if cause, ok := errors.AsType[*channels.SendError](channels.AsSendError(err).Err); ok {
			return nil, cause
		}
		return nil, err
	}
	result, err := c.driver.result(answer, c.token)
	if err != nil {
		return nil, err
	}
	return messageIDs(result), nil
}

// form is a multipart body in the making: what is written alternates with the
// files.
type form struct {
	parts       []io.Reader
	files       []io.Closer
	contentType string
	length      int64 // -1: unknown
}

func (f *form) close() {
	for _, c := range f.files {
		_ = c.Close()
	}
}

func (c *call) form(ctx context.Context, files map[string]chat.OutAttachment) (*form, error) {
	f := new(form)
	var written bytes.Buffer
	w := multipart.NewWriter(&written)
	f.contentType = w.FormDataContentType()
	flush := func() {
		b := bytes.Clone(written.Bytes())
		written.Reset()
		f.parts = append(f.parts, bytes.NewReader(b))
		f.add(int64(len(b)))
	}
	for _, name := range slices.Sorted(maps.Keys(c.fields)) {
		value, ok := c.fields[name].(string)
		if !ok {
			b, err := json.Marshal(c.fields[name])
			if err != nil {
				return f, &channels.SendError{Class: chat.Permanent, Say: wording.FailureInternal.Text(), Err: err}
			}
			value = string(b)
		}
		if err := w.WriteField(name, value); err != nil {
			return f, fmt.Errorf("telegram: write form: %w", err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if _, err := w.CreatePart(fileHeader(name, files[name])); err != nil {
			return f, fmt.Errorf("telegram: write form: %w", err)
		}
		flush()
		file, size, err := c.driver.open(ctx, files[name])
		if err != nil {
			return f, err
		}
		f.files = append(f.files, file)
		f.parts = append(f.parts, &limited{r: file, left: maxUpload})
		f.add(size)
	}
	if err := w.Close(); err != nil {
		return f, fmt.Errorf("telegram: write form: %w", err)
	}
	flush()
	return f, nil
}

func (f *form) add(n int64) {
	if n < 0 || f.length < 0 {
		f.length = -1
		return
	}
	f.length += n
}

// open starts to read one of our own files. size is -1 when it is not known.
func (d *driver) open(ctx context.Context, a chat.OutAttachment) (file io.ReadCloser, size int64, err error) {
	if a.Open == nil {
		res, err := d.load(ctx, a.URL) //nolint:bodyclose // the caller closes it
		if err != nil {
			return nil, 0, err
		}
		return res.Body, res.ContentLength, nil
	}
	if a.Size > maxUpload {
		return nil, 0, errTooLarge()
	}
	if file, err = a.Open(ctx); err != nil {
		return nil, 0, &channels.SendError{Class: chat.Retryable, Code: "attachment", Say: wording.FailureAttachmentUnreadable.Text(), Err: err}
	}
	if size = a.Size; size == 0 {
		size = -1
	}
	return file, size, nil
}

// load starts the download of one of our own files.
func (d *driver) load(ctx context.Context, address string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, &channels.SendError{Class: chat.Permanent, Code: "attachment", Say: wording.FailureAttachmentAddress.Text()}
	}
	res, err := d.env.HTTP.Do(req)
	if err != nil {
		return nil, &channels.SendError{Class: chat.Retryable, Code: "attachment", Say: wording.FailureAttachmentUnreadable.Text()}
	}
	switch {
	case res.StatusCode == http.StatusOK && res.ContentLength <= maxUpload:
		return res, nil
	case res.StatusCode == http.StatusOK:
		err = errTooLarge()
	default:
		e := &channels.SendError{
			Class: channels.ByStatus(res.StatusCode),
			Code:  "attachment",
			Say:   wording.FailureAttachmentUnreadable.Text(),
			Err:   fmt.Errorf("telegram: attachment: HTTP %d", res.StatusCode),
		}
		if e.Class == chat.Reauthorize {
			e.Class = chat.Permanent // not the bot's token was refused
		}
		if e.Class == chat.Throttled {
			e.RetryAfter = (&channels.Answer{Header: res.Header}).RetryAfter(d.env.Now())
		}
		err = e
	}
	_ = res.Body.Close()
	return nil, err
}

func errTooLarge() *channels.SendError {
	limit := wording.FailureAttachmentTooLarge.With("limit", strconv.Itoa(maxUpload>>20))
	return &channels.SendError{Class: chat.Permanent, Code: "too_large", Say: limit}
}

// limited fails, rather than ends, when a file without a declared length is too
// large.
type limited struct {
	r    io.Reader
	left int64
}

// Read implements io.Reader.
func (l *limited) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	l.left -= int64(n)
	if l.left < 0 {
		return 0, errTooLarge()
	}
	return n, err
}

// fileHeader is the header of a file's part.
func fileHeader(field string, a chat.OutAttachment) textproto.MIMEHeader {
	name := a.Filename
	if name == "" {
		name = "file"
	}
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\r", "", "\n", "")
	h := textproto.MIMEHeader{}
	h.Set("Content-Disposition", fmt.Sprintf(`form-data; name="%s"; filename="%s"`, quote.Replace(field), quote.Replace(name)))
	mime := strings.NewReplacer("\r", "", "\n", "").Replace(a.MIME)
	if mime == "" {
		mime = "application/octet-stream"
	}
	h.Set("Content-Type", mime)
	return h
}
