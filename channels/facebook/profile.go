package facebook

import (
	"context"

	"tributary/channels"
	"tributary/channels/meta"
	"tributary/chat"
)

// Profile implements channels.Profiler: of a Messenger user, or of somebody who
// wrote to the Instagram account that is linked to the page.
func (d driver) Profile(ctx context.Context, ch *channels.Channel, sourceID, threadType string) (chat.Contact, error) {
	page := meta.Page(d.env, config(ch).PageToken)
	if threadType == direct {
		return meta.InstagramProfile(ctx, page, sourceID)
	}
	return meta.PageProfile(ctx, page, sourceID)
}

// Wants implements channels.Enricher: mentions of the linked Instagram account.
func (driver) Wants(ev *chat.Event) bool { return meta.MentionsStory(ev) }

// Enrich implements channels.Enricher.
func (d driver) Enrich(ctx context.Context, ch *channels.Channel, ev *chat.Event) (*chat.Message, error) {
	return meta.Story(ctx, meta.Page(d.env, config(ch).PageToken), ev)
}
