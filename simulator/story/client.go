package story

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// client speaks the account API, as a dashboard or an integration would.
type client struct {
	base, token string
	account     int64
	http        *http.Client
}

type inbox struct {
	ID         int64  `json:"id"`
	Identifier string `json:"inbox_identifier"` // API channels
}

type message struct {
	ID          int64      `json:"id"`
	Content     string     `json:"content"`
	Type        int        `json:"message_type"`
	Status      string     `json:"status"`
	SourceID    string     `json:"source_id"` // provider's id; empty: not sent yet
	Attributes  attributes `json:"content_attributes"`
	ContentType string     `json:"content_type"`
	Attachments []struct {
		Type string  `json:"file_type"`
		Lat  float64 `json:"coordinates_lat"`
	} `json:"attachments"`
}

// attributes are what a message says beside its content.
type attributes struct {
	Error       string            `json:"external_error"`
	InReplyTo   int64             `json:"in_reply_to"`
	Reactions   []json.RawMessage `json:"reactions"`
	Deleted     bool              `json:"deleted"`
	Unsupported bool              `json:"is_unsupported"`
	StoryID     string            `json:"story_id"`
	Interaction struct {
		Kind string `json:"kind"`
	} `json:"interaction"`
	Submitted []struct {
		Value string `json:"value"`
	} `json:"submitted_values"`
}

// Message types of the API.
const (
	incoming = 0
	outgoing = 1
)

type conversation struct {
	ID       int64     `json:"id"`
	Messages []message `json:"messages"`
	Last     *message  `json:"last_non_activity_message"`
}

// apiError is a refusal of the API.
type apiError struct {
	status int
	text   string
}

func (e *apiError) Error() string { return fmt.Sprintf("%d %s", e.status, e.text) }

func (c *client) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("story: encode: %w", err)
		}
		body = bytes.NewReader(b)
	}
	address := fmt.Sprintf("%s/api/v1/accounts/%d/%s", c.base, c.account, path)
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return fmt.Errorf("story: request: %w", err)
	}
	req.Header.Set("Api_access_token", c.token)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("story: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(io.LimitReader(res.Body, 8<<20))
	if err != nil {
		return fmt.Errorf("story: %s %s: %w", method, path, err)
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		text := strings.ToValidUTF8(string(b[:min(len(b), 200)]), "")
		return fmt.Errorf("story: %s %s: %w", method, path, &apiError{status: res.StatusCode, text: strings.TrimSpace(text)})
	}
	if err := json.Unmarshal(b, out); err != nil {
		return fmt.Errorf("story: %s %s: %w", method, path, err)
	}
	return nil
}

// conversations lists those of an inbox, latest first.
func (c *client) conversations(ctx context.Context, inboxID int64) ([]conversation, error) {
	var out struct {
		Data struct {
			Payload []conversation `json:"payload"`
		} `json:"data"`
	}
	err := c.call(ctx, http.MethodGet, "conversations?status=all&inbox_id="+strconv.FormatInt(inboxID, 10), nil, &out)
	return out.Data.Payload, err
}

func (c *client) messages(ctx context.Context, conversationID int64) ([]message, error) {
	var out struct {
		Payload []message `json:"payload"`
	}
	err := c.call(ctx, http.MethodGet, fmt.Sprintf("conversations/%d/messages", conversationID), nil, &out)
	return out.Payload, err
}

func (c *client) reply(ctx context.Context, conversationID int64, text, echo string) (message, error) {
	var out message
	in := map[string]any{"content": text, "message_type": "outgoing", "private": false, "echo_id": echo}
	err := c.call(ctx, http.MethodPost, fmt.Sprintf("conversations/%d/messages", conversationID), in, &out)
	return out, err
}

// ask posts a question with choices.
func (c *client) ask(ctx context.Context, conversationID int64, text string, choices ...string) (message, error) {
	var out message
	items := make([]map[string]string, len(choices))
	for i, title := range choices {
		items[i] = map[string]string{"title": title, "value": strings.ToLower(title)}
	}
	in := map[string]any{
		"content": text, "message_type": "outgoing", "content_type": "input_select", "content_attributes": map[string]any{"items": items},
	}
	err := c.call(ctx, http.MethodPost, fmt.Sprintf("conversations/%d/messages", conversationID), in, &out)
	return out, err
}

// report sets the status of a message, as the bridge behind an API channel does.
func (c *client) report(ctx context.Context, conversationID, messageID int64, status, text string) error {
	in := map[string]string{"status": status, "external_error": text}
	var out message
	return c.call(ctx, http.MethodPatch, fmt.Sprintf("conversations/%d/messages/%d", conversationID, messageID), in, &out)
}

// find waits until a message that is as wanted is in a conversation of the inbox.
func (c *client) find(ctx context.Context, inboxID int64, wanted func(m *message) bool) error {
	err := poll(ctx, func() (bool, error) {
		list, err := c.conversations(ctx, inboxID)
		if err != nil {
			return false, err
		}
		for i := range list {
			messages, err := c.messages(ctx, list[i].ID)
			if err != nil {
				return false, err
			}
			for j := range messages {
				if wanted(&messages[j]) {
					return true, nil
				}
			}
		}
		return false, nil
	})
	if err != nil {
		return fmt.Errorf("the agent does not see it: %w", err)
	}
	return nil
}

// visible waits until an incoming message with this text is in a conversation
// of the inbox and returns that conversation.
func (c *client) visible(ctx context.Context, inboxID int64, text string) (int64, error) {
	var id int64
	err := poll(ctx, func() (bool, error) {
		list, err := c.conversations(ctx, inboxID)
		if err != nil {
			return false, err
		}
		for i := range list {
			candidates := list[i].Messages
			if list[i].Last != nil {
				candidates = append(candidates, *list[i].Last)
			}
			for j := range candidates {
				if candidates[j].Content == text && candidates[j].Type == incoming {
					id = list[i].ID
					return true, nil
				}
			}
		}
		return false, nil
	})
	if err != nil {
		return 0, fmt.Errorf("%q did not become visible: %w", text, err)
	}
	return id, nil
}

// status waits until a message has the wanted status and returns it.
func (c *client) status(ctx context.Context, conversationID, messageID int64, want string) (message, error) {
	var last message
	err := poll(ctx, func() (bool, error) {
		list, err := c.messages(ctx, conversationID)
		if err != nil {
			return false, err
		}
		for i := range list {
			if list[i].ID == messageID {
				last = list[i]
			}
		}
		return last.Status == want, nil
	})
	if err != nil {
		return last, fmt.Errorf("the message is %q, not %q: %w", last.Status, want, err)
	}
	return last, nil
}

// poll asks until it gets a yes, quickly at first. A throttled or briefly
// unavailable API is asked again; other refusals end the wait.
func poll(ctx context.Context, ask func() (bool, error)) error {
	wait := 2 * time.Millisecond
	for {
		ok, err := ask()
		var refused *apiError
		if errors.As(err, &refused) && (refused.status == http.StatusTooManyRequests || refused.status >= 500) {
			err = nil
		}
		if ok || err != nil {
			return err
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
			wait = min(wait+wait/2, 50*time.Millisecond)
		case <-ctx.Done():
			t.Stop()
			return fmt.Errorf("story: gave up waiting: %w", ctx.Err())
		}
	}
}
