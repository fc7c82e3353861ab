package channeltest

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

const jobID = "5f2b6c1e-4a7d-4b0e-9c3f-0d1e2f3a4b5c"

// outMessage is message of an outbound case.
type outMessage struct {
	ID          int64  `json:"id"`
	To          string `json:"to"`
	Content     string `json:"content"`
	ContentType string `json:"content_type"`
	Attributes  struct {
		Items     []chat.Item `json:"items"`
		InReplyTo string      `json:"in_reply_to_external_id"`
	} `json:"content_attributes"`
	Attachments []struct {
		ID         int64  `json:"id"`
		FileType   string `json:"file_type"`
		URL        string `json:"download_url"`
		Filename   string `json:"filename"`
		MIME       string `json:"mime"`
		DurationMS int64  `json:"duration_ms"`
	} `json:"attachments"`
	Additional struct {
		Template map[string]any `json:"template_params"`
	} `json:"additional_attributes"`
	Conversation struct {
		Attributes map[string]any `json:"additional_attributes"`
	} `json:"conversation"`
	LastIncomingAge json.RawMessage `json:"last_incoming_age_s"`
	LastIncomingID  string          `json:"last_incoming_id"`
	ReplyToken      string          `json:"reply_token"`
	ReplyTokenAge   int64           `json:"reply_token_age_s"`
	QuoteToken      string          `json:"quote_token"`
	ContactName     string          `json:"contact_name"`
	ScreenName      string          `json:"screen_name"`
}

// replyTokenLife is how long the reply tokens of cases live.
const replyTokenLife = time.Minute

// newOutbound builds the message as the relay loads it.
func newOutbound(tb testing.TB, c *testCase, ch *channels.Channel) *chat.Outbound {
	tb.Helper()
	var in outMessage
	if err := json.Unmarshal(c.Message, &in); err != nil {
		tb.Fatalf("channeltest: %s: message: %v", c.file, err)
	}
	out := blank(ch)
	out.MessageID = in.ID
	if in.To != "" {
		out.To = in.To
	} else if to := recipient(tb, c); to != "" {
		out.To = to
	}
	out.Content, out.ContentType, out.Items = in.Content, in.ContentType, in.Attributes.Items
	out.ReplyTo, out.QuoteToken = in.Attributes.InReplyTo, in.QuoteToken
	out.ContactName, out.ScreenName, out.Template = in.ContactName, in.ScreenName, in.Additional.Template
	out.LastIncomingID = in.LastIncomingID
	for i, a := range in.Attachments {
		if a.ID == 0 {
			a.ID = int64(i + 1)
		}
		out.Attachments = append(out.Attachments, chat.OutAttachment{
			ID: a.ID, Kind: a.FileType, MIME: a.MIME, Filename: a.Filename, URL: a.URL, DurationMS: a.DurationMS,
		})
	}
	if in.Conversation.Attributes != nil {
		out.Conversation = in.Conversation.Attributes
		out.ChatID = attribute(in.Conversation.Attributes, "chat_id")
		out.BusinessConnectionID = attribute(in.Conversation.Attributes, "business_connection_id")
		out.ThreadType = attribute(in.Conversation.Attributes, "type")
	}
	if in.ReplyToken != "" {
		out.ReplyToken = in.ReplyToken
		out.ReplyTokenExpiresAt = now().Add(replyTokenLife - time.Duration(in.ReplyTokenAge)*time.Second)
	}
	if len(in.LastIncomingAge) > 0 {
		out.LastIncomingAt = time.Time{}
		var age *int64
		if err := json.Unmarshal(in.LastIncomingAge, &age); err != nil {
			tb.Fatalf("channeltest: %s: last_incoming_age_s: %v", c.file, err)
		}
		if age != nil {
			out.LastIncomingAt = now().Add(-time.Duration(*age) * time.Second)
		}
	}
	return out
}

// blank is an empty reply to somebody who wrote ten minutes ago.
func blank(ch *channels.Channel) *chat.Outbound {
	return &chat.Outbound{
		JobID: jobID, MessageID: 1, ConversationID: 1, InboxID: ch.InboxID, AccountID: ch.AccountID,
		To: someone(ch), ContentType: "text", LastIncomingAt: now().Add(-10 * time.Minute), Now: now(),
	}
}

// someone is a valid recipient on the channel.
func someone(ch *channels.Channel) string {
	switch ch.Type {
	case "Channel::Line":
		return "U0a1b2c3d4e5f60718293a4b5c6d7e8f9"
	case "Channel::Telegram":
		return "5550001"
	case "Channel::Whatsapp":
		return "351912000111"
	case "Channel::Sms":
		return "+15035550177"
	case "Channel::TwilioSms":
		var in struct {
			Medium string `json:"medium"`
		}
		if json.Unmarshal(ch.Settings, &in) == nil && in.Medium == "whatsapp" {
			return "whatsapp:+393330000001"
		}
		return "+14155550188"
	}
	return "7043361120098451"
}

// attribute is the text of an attribute, which may be a number.
func attribute(attributes map[string]any, name string) string {
	switch v := attributes[name].(type) {
	case nil:
		return ""
	case float64:
		return compact(v)
	default:
		return scalar(v)
	}
}

// recipient reads from the expected calls whom the message is for.
func recipient(tb testing.TB, c *testCase) string {
	tb.Helper()
	for i := range c.Calls {
		if raw, ok := c.Calls[i].Request.Form["To"]; ok {
			return scalar(decodeJSON(tb, raw))
		}
		if len(c.Calls[i].Request.Body) == 0 {
			continue
		}
		body, ok := decodeJSON(tb, c.Calls[i].Request.Body).(map[string]any)
		if !ok {
			continue
		}
		if r, ok := body["recipient"].(map[string]any); ok {
			return scalar(r["id"])
		}
		for _, key := range []string{"to", "chat_id"} {
			if v := body[key]; v != nil {
				return scalar(v)
			}
		}
	}
	return ""
}

// outcome is what the relay knows after sending.
type outcome struct {
	status string
	ids    []string
	err    *channels.SendError
}

// runOutbound sends a message to a stand-in of the provider.
func (s *suite) runOutbound(t *testing.T, c *testCase) {
	t.Helper()
	provider := &script{tb: t, calls: c.Calls}
	w := s.newWorld(t, c, provider)
	ch := w.own()
	if ch == nil {
		t.Fatalf("the case has no inbox of type %s", w.driver.Info().ChannelType)
	}
	sender, ok := w.driver.(channels.Sender)
	if !ok {
		t.Fatalf("the driver sends nothing: it is no channels.Sender")
	}
	provider.fill = filler(jobID, decodeJSON(t, ch.Settings))
	got := send(t, sender, ch, newOutbound(t, c, ch), provider.left)
	if n := provider.left(); n > 0 {
		t.Errorf("%d expected provider calls were not made", n)
	}
	if want := scalar(decodeJSON(t, c.Expect.Status)); got.status != want {
		t.Errorf("status: got %s (%v), want %s", got.status, got.err, want)
	}
	if c.Expect.ProviderIDs != nil && !slices.Equal(got.ids, c.Expect.ProviderIDs) {
		t.Errorf("provider ids: got %q, want %q", got.ids, c.Expect.ProviderIDs)
	}
	class, text := "", ""
	if got.err != nil {
		class, text = string(got.err.Class), got.err.Words(wording.English)
	}
	if c.Expect.ErrorClass != "" && class != c.Expect.ErrorClass {
		t.Errorf("error class: got %q, want %q", class, c.Expect.ErrorClass)
	}
	if c.Expect.ExternalError != nil && text != *c.Expect.ExternalError {
		t.Errorf("external error: got %q, want %q", text, *c.Expect.ExternalError)
	}
}

// send plans and sends m as the relay does. A part whose failure allows another
// try gets it while the provider expects more calls.
func send(tb testing.TB, sender channels.Sender, ch *channels.Channel, m *chat.Outbound, left func() int) outcome {
	tb.Helper()
	out := outcome{status: string(chat.StatusSent)}
	parts, err := sender.Plan(ch, m)
	if err != nil {
		out = failed(tb, out, err)
		if out.err.Say.Zero() { // no provider was asked: the words are ours
			tb.Errorf("Plan refuses in words that the catalogue does not have: %q", out.err.Text)
		}
		return out
	}
	for i := 0; i < len(parts); {
		receipt, err := sender.SendPart(context.Background(), ch, m, parts[i])
		if err != nil {
			refused := failed(tb, out, err)
			if refused.status == "retry" && left() > 0 {
				continue
			}
			return refused
		}
		out.ids = append(out.ids, receipt.ProviderIDs...)
		if receipt.Status != "" {
			out.status = string(receipt.Status)
		}
		i++
	}
	return out
}

func failed(tb testing.TB, out outcome, err error) outcome {
	tb.Helper()
	if !errors.As(err, &out.err) {
		tb.Errorf("not a *channels.SendError: %v", err)
		out.err = channels.AsSendError(err)
	}
	out.status = string(chat.StatusFailed)
	if out.err.Class == chat.Retryable || out.err.Class == chat.Throttled {
		out.status = "retry"
	}
	return out
}
