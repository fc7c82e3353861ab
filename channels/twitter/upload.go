package twitter

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

// Sizes of media ("Media best practices", X API v1.1).
const (
	maxImage  = 5 << 20
	maxGIF    = 15 << 20
	maxVideo  = 512 << 20
	chunkSize = 4 << 20 // an APPEND takes at most 5 MB
	sniffed   = 512     // bytes that tell the type of a file
)

const uploadPath = "/1.1/media/upload.json"

// kindOf is the media category of X and its size limit; ok is false for what X
// does not take (audio, documents).
func kindOf(mime string, tweet bool) (category string, limit int64, ok bool) {
	prefix := "dm_"
	if tweet {
		prefix = "tweet_"
	}
	switch {
	case mime == "image/gif":
		return prefix + "gif", maxGIF, true
	case strings.HasPrefix(mime, "image/"):
		return prefix + "image", maxImage, true
	case strings.HasPrefix(mime, "video/"):
		return prefix + "video", maxVideo, true
	}
	return "", 0, false
}

// attach uploads a file of ours in chunks (INIT, APPEND, FINALIZE) while it is
// being read, and gives the media id.
func (c *client) attach(ctx context.Context, plain *channels.Env, a chat.OutAttachment, tweet bool) (string, error) {
	file, size, err := open(ctx, plain, a)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	content := bufio.NewReaderSize(file, sniffed)
	head, err := content.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", unreadable(err)
	}
	mime := a.MIME
	if mime == "" {
		mime, _, _ = strings.Cut(http.DetectContentType(head), ";")
	}
	category, limit, ok := kindOf(mime, tweet)
	switch {
	case !ok:
		return "", refused("media_type", wording.FailureAttachmentType.With("provider", "X"))
	case size <= 0:
		return "", refused("media_size", wording.FailureAttachmentUnreadable.Text())
	case size > limit:
		return "", refused("media_size", wording.FailureAttachmentTooLarge.With("limit", strconv.FormatInt(limit>>20, 10)))
	}
	var media struct {
		ID id `json:"media_id_string"`
	}
	init := url.Values{
		"command": {"INIT"}, "total_bytes": {strconv.FormatInt(size, 10)}, "media_type": {mime}, "media_category": {category},
	}
	if err := c.form(ctx, c.upload(), init, &media); err != nil {
		return "", err
	}
	if media.ID == "" {
		return "", refused("media", wording.FailureUnreadable.Text())
	}
	if err := c.append(ctx, string(media.ID), content, size); err != nil {
		return "", err
	}
	return string(media.ID), c.finalize(ctx, string(media.ID))
}

func refused(code string, why wording.Text) *channels.SendError {
	return &channels.SendError{Class: chat.Permanent, Code: code, Say: why}
}

func unreadable(err error) *channels.SendError {
	return &channels.SendError{Class: chat.Retryable, Code: "attachment", Say: wording.FailureAttachmentUnreadable.Text(), Err: err}
}

// open reads a file of ours; a size of 0 or less is unknown.
func open(ctx context.Context, env *channels.Env, a chat.OutAttachment) (file io.ReadCloser, size int64, err error) {
	if a.Open == nil {
		res, err := load(ctx, env, a.URL) //nolint:bodyclose // the caller closes it
		if err != nil {
			return nil, 0, err
		}
		return res.Body, res.ContentLength, nil
	}
	if file, err = a.Open(ctx); err != nil {
		return nil, 0, unreadable(err)
	}
	return file, a.Size, nil
}

// load downloads a file of ours. The client is the plain one: X's credentials are
// not for us.
func load(ctx context.Context, env *channels.Env, address string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, refused("attachment", wording.FailureAttachmentAddress.Text())
	}
	res, err := env.HTTP.Do(req)
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err // without the address
		}
		return nil, unreadable(err)
	}
	if res.StatusCode != http.StatusOK {
		_ = res.Body.Close()
		again := unreadable(fmt.Errorf("twitter: attachment: HTTP %d", res.StatusCode))
		again.Class = channels.ByStatus(res.StatusCode)
		if again.Class == chat.Reauthorize {
			again.Class = chat.Permanent // it is not X that refused
		}
		if again.Class == chat.Throttled || again.Class == chat.Retryable {
			answer := channels.Answer{Status: res.StatusCode, Header: res.Header}
			again.RetryAfter = answer.RetryAfter(env.Now())
		}
		return nil, again
	}
	return res, nil
}

// append sends the bytes, one chunk a call.
func (c *client) append(ctx context.Context, mediaID string, r io.Reader, size int64) error {
	chunk := make([]byte, min(size, chunkSize))
	for segment := 0; size > 0; segment++ {
		n, err := io.ReadFull(r, chunk[:min(size, chunkSize)])
		if err != nil {
			return unreadable(err)
		}
		size -= int64(n)
		if err := c.segment(ctx, mediaID, segment, chunk[:n]); err != nil {
			return err
		}
	}
	return nil
}

func (c *client) segment(ctx context.Context, mediaID string, segment int, data []byte) error {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	fields := [][2]string{{"command", "APPEND"}, {"media_id", mediaID}, {"segment_index", strconv.Itoa(segment)}}
	var err error
	for _, f := range fields {
		err = errors.Join(err, form.WriteField(f[0], f[1]))
	}
	file, createErr := form.CreateFormFile("media", "media")
	if err = errors.Join(err, createErr); err == nil {
		_, err = file.Write(data)
	}
	if err = errors.Join(err, form.Close()); err != nil {
		return fmt.Errorf("twitter: encode a chunk: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.upload(), &body)
	if err != nil {
		return &channels.SendError{Class: chat.Config, Say: wording.FailureProviderAddress.Text()}
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	answer, err := c.env.Do(req)
	return c.read(answer, err, nil)
}

// processing is what X says about a video or GIF that it still converts.
type processing struct {
	Info *struct {
		State string `json:"state"` // pending | in_progress | succeeded | failed
		After int    `json:"check_after_secs"`
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
	} `json:"processing_info"`
}

// finalize ends the upload and waits until X has converted the file, at most as
// long as ctx allows.
func (c *client) finalize(ctx context.Context, mediaID string) error {
	var p processing
	if err := c.form(ctx, c.upload(), url.Values{"command": {"FINALIZE"}, "media_id": {mediaID}}, &p); err != nil {
		return err
	}
	status := c.upload() + "?" + url.Values{"command": {"STATUS"}, "media_id": {mediaID}}.Encode()
	for p.Info != nil && p.Info.State != "succeeded" {
		if p.Info.State == "failed" {
			reason := channels.Clean(p.Info.Error.Message)
			return refused("media", wording.FailureAttachmentRefused.With("provider", "X", "reason", reason))
		}
		select {
		case <-ctx.Done():
			pending := wording.FailureAttachmentPending.With("provider", "X")
			return &channels.SendError{Class: chat.Retryable, Code: "media", Say: pending, Err: ctx.Err()}
		case <-time.After(time.Duration(max(p.Info.After, 1)) * time.Second):
		}
		p = processing{}
		if err := c.get(ctx, status, &p); err != nil {
			return err
		}
	}
	return nil
}
