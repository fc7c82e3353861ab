package meta

import (
	"context"
	"maps"
	"net/http"
	"net/url"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

const storyMention = "story_mention"

// MentionsStory tells whether an event is a mention in somebody's story. The
// webhook names neither story nor author.
func MentionsStory(ev *chat.Event) bool {
	if ev.Kind != chat.KindMessage || ev.Message == nil || ev.Message.SourceID == "" {
		return false
	}
	for i := range ev.Message.Attachments {
		if ev.Message.Attachments[i].Kind == storyMention {
			return true
		}
	}
	return false
}

// Story completes a mention with its author and the story's id. A story that
// Meta does not give any more (stories live for a day, and their owner may take
// them back) takes its file with it; any other failure is returned and leaves the
// message as it is.
func Story(ctx context.Context, g *Graph, ev *chat.Event) (*chat.Message, error) {
	var answer struct {
		Story struct {
			Mention struct {
				ID ID `json:"id"`
			} `json:"mention"`
		} `json:"story"`
		From struct {
			ID       ID     `json:"id"`
			Username string `json:"username"`
		} `json:"from"`
	}
	out := *ev.Message
	fields := url.Values{"fields": {"story,from"}}
	err := g.Call(ctx, http.MethodGet, "/"+url.PathEscape(ev.Message.SourceID), fields, nil, &answer)
	if err != nil {
		refused := channels.AsSendError(err)
		if !gone(refused) {
			return nil, withheld(err)
		}
		nothing := wording.PlaceholderStoryGone.Text()
		out.Attachments, out.Placeholder = nil, &nothing
		return &out, nil
	}
	sender := channels.Clean(answer.From.Username)
	if sender == "" {
		sender = string(answer.From.ID)
	}
	if sender == "" && ev.Contact != nil {
		sender = ev.Contact.SourceID
	}
	out.Attributes = map[string]any{}
	maps.Copy(out.Attributes, ev.Message.Attributes)
	out.Attributes["story_sender"], out.Attributes["image_type"] = sender, storyMention
	if id := answer.Story.Mention.ID; id != "" {
		out.Attributes["story_id"] = string(id)
	}
	mention := wording.PlaceholderStoryMention.With("name", sender)
	out.Placeholder = &mention
	return &out, nil
}

// gone tells that a refusal is about the story: 1609005 (the link cannot be
// read) and what else Meta calls the caller's fault, but not our being blocked
// (368) or an answer that nobody understands.
func gone(e *channels.SendError) bool {
	switch codeOf(e) {
	case "1609005":
		return true
	case "368", "answer":
		return false
	}
	return e.Class == chat.Permanent
}
