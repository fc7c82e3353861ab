package instagram

import (
	"context"

	"tributary/channels"
	"tributary/channels/meta"
	"tributary/chat"
	"tributary/wording"
)

// graph is a client for the account of a channel; the token of one that was not
// refreshed in time is not tried.
func (d driver) graph(ch *channels.Channel) (*meta.Graph, error) {
	s := config(ch)
	if !s.ExpiresAt.IsZero() && !d.env.Now().Before(s.ExpiresAt) {
		return nil, &channels.SendError{
			Class: chat.Reauthorize, Code: "token_expired", Say: wording.FailureTokenExpired.Text(),
		}
	}
	return meta.Login(d.env, s.Token), nil
}

// Placeholder implements channels.Placeholder.
func (driver) Placeholder(sourceID string) wording.Text {
	return wording.ContactUnknownInstagram.With("id", sourceID)
}

// Profile implements channels.Profiler.
func (d driver) Profile(ctx context.Context, ch *channels.Channel, sourceID, _ string) (chat.Contact, error) {
	g, err := d.graph(ch)
	if err != nil {
		return chat.Contact{}, err
	}
	return meta.InstagramProfile(ctx, g, sourceID)
}

// Wants implements channels.Enricher.
func (driver) Wants(ev *chat.Event) bool { return meta.MentionsStory(ev) }

// Enrich implements channels.Enricher.
func (d driver) Enrich(ctx context.Context, ch *channels.Channel, ev *chat.Event) (*chat.Message, error) {
	g, err := d.graph(ch)
	if err != nil {
		return nil, err
	}
	return meta.Story(ctx, g, ev)
}
