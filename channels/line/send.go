package line

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

// maxObjects is how many message objects one call may carry.
const maxObjects = 5

// slot is one message object of a plan.
type slot struct {
	from, to int // its text in the content
	file     *chat.OutAttachment
	choice   bool
}

// Plan implements channels.Sender: a part is one call with up to five message
// objects, in the order texts, files, choice. The text of a part is the stretch
// of the content that SendPart cuts again into the same pieces.
func (d *Driver) Plan(ch *channels.Channel, m *chat.Outbound) ([]chat.Part, error) {
	if configOf(ch).ChannelToken == "" {
		return nil, &channels.SendError{Class: chat.Config, Say: wording.FailureSettingMissing.With("setting", "line_channel_token")}
	}
	if m.To == "" {
		return nil, &channels.SendError{Class: chat.Permanent, Say: wording.FailureNoAddress.Text()}
	}
	items := usable(m.Items)
	slots := layout(m, items)
	if len(slots) == 0 {
		return nil, &channels.SendError{Class: chat.Permanent, Say: wording.FailureEmpty.Text()}
	}
	var parts []chat.Part
	for start := 0; start < len(slots); start += maxObjects {
		group := slots[start:min(start+maxObjects, len(slots))]
		parts = append(parts, newPart(len(parts), group, m.Content, items))
	}
	parts[0].First, parts[len(parts)-1].Last = true, true
	return parts, nil
}

// layout cuts a message into message objects.
func layout(m *chat.Outbound, items []chat.Item) []slot {
	var slots []slot
	pos := 0
	for _, piece := range channels.Split(m.Content, textLimit(items), channels.UTF16) {
		from := pos + strings.Index(m.Content[pos:], piece)
		pos = from + len(piece)
		slots = append(slots, slot{from: from, to: pos})
	}
	choice := slot{choice: true}
	if n := len(slots); n > 0 && len(items) > 0 { // the last piece goes onto the choice
		choice.from, choice.to = slots[n-1].from, slots[n-1].to
		slots = slots[:n-1]
	}
	for i := range m.Attachments {
		slots = append(slots, slot{file: &m.Attachments[i]})
	}
	if len(items) > 0 {
		slots = append(slots, choice)
	}
	return slots
}

func newPart(index int, group []slot, content string, items []chat.Item) chat.Part {
	part := chat.Part{Kind: "text", Index: index}
	from, to := -1, 0
	for _, s := range group {
		if s.to > s.from {
			if from < 0 {
				from = s.from
			}
			to = s.to
		}
		if s.file != nil {
			part.Kind = "album"
			part.Attachments = append(part.Attachments, *s.file)
		}
		if s.choice {
			part.Kind, part.Items = "buttons", items
		}
	}
	if from >= 0 {
		part.Text = content[from:to]
	}
	return part
}

// SendPart implements channels.Sender. The first part answers with the reply
// token while it lives, because replies are free; every other call is a push
// under a retry key, which LINE carries out once however often it comes. A reply
// has no such key: if LINE's answer to it is lost, the next try is a push.
func (d *Driver) SendPart(ctx context.Context, ch *channels.Channel, m *chat.Outbound, p chat.Part) (channels.Receipt, error) {
	messages := objects(m, p)
	if p.First && m.ReplyToken != "" && d.env.Now().Before(m.ReplyTokenExpiresAt) {
		answer, err := d.call(ctx, ch, http.MethodPost, "/v2/bot/message/reply", nil,
			map[string]any{"replyToken": m.ReplyToken, "messages": messages})
		if err != nil {
			return channels.Receipt{}, err
		}
		if answer.Status != http.StatusBadRequest || !mentions(answer, "invalid reply token") {
			return receipt(answer, d.env.Now())
		}
	}
	answer, err := d.call(ctx, ch, http.MethodPost, "/v2/bot/message/push",
		map[string]string{"X-Line-Retry-Key": retryKey(m.JobID, p.Index)},
		map[string]any{"to": m.To, "messages": messages})
	if err != nil {
		return channels.Receipt{}, err
	}
	return receipt(answer, d.env.Now())
}

// retryKey is the same on every attempt and differs between the parts of a
// message: LINE takes a second request with a known key for a repetition.
func retryKey(jobID string, index int) string {
	id, err := uuid.Parse(jobID)
	if err != nil {
		id = uuid.NewSHA1(uuid.NameSpaceOID, []byte(jobID))
	}
	if index > 0 {
		id = uuid.NewSHA1(id, []byte(strconv.Itoa(index)))
	}
	return id.String()
}

// reply is LINE's answer to a send, good or bad.
type reply struct {
	Message string `json:"message"`
	Details []struct {
		Message  string `json:"message"`
		Property string `json:"property"`
	} `json:"details"`
	Sent []struct {
		ID string `json:"id"`
	} `json:"sentMessages"`
}

// parse reads an answer; fields of an unexpected type stay empty.
func parse(answer *channels.Answer) reply {
	var r reply
	_ = json.Unmarshal(answer.Body, &r) // what is missing is judged by the status
	return r
}

func mentions(answer *channels.Answer, text string) bool {
	return strings.Contains(strings.ToLower(parse(answer).Message), text)
}

// receipt is the verdict of an answer. LINE reports no deliveries, so what it
// accepts counts as delivered; 409 says that it had accepted this before.
func receipt(answer *channels.Answer, now time.Time) (channels.Receipt, error) {
	if !answer.OK() && answer.Status != http.StatusConflict {
		return channels.Receipt{}, refused(answer, now)
	}
	out := channels.Receipt{Status: chat.StatusDelivered}
	for _, s := range parse(answer).Sent {
		if s.ID != "" {
			out.ProviderIDs = append(out.ProviderIDs, s.ID)
		}
	}
	return out, nil
}

// refused words a refusal: "<message>, <property>: <detail>, …".
func refused(answer *channels.Answer, now time.Time) *channels.SendError {
	r := parse(answer)
	e := &channels.SendError{
		Class: channels.ByStatus(answer.Status), Code: strconv.Itoa(answer.Status), Text: r.Message,
		RetryAfter: answer.RetryAfter(now),
	}
	for _, detail := range r.Details {
		if detail.Message != "" {
			e.Text += ", " + strings.TrimPrefix(detail.Property+": "+detail.Message, ": ")
		}
	}
	if e.Text = strings.TrimPrefix(e.Text, ", "); e.Text == "" {
		e.Say = wording.FailureStatus.With("provider", "LINE", "status", strconv.Itoa(answer.Status))
	}
	// The quota comes back next month: no retry can wait for that.
	if answer.Status == http.StatusTooManyRequests && mentions(answer, "monthly limit") {
		e.Class, e.RetryAfter = chat.Permanent, 0
	}
	return e
}
