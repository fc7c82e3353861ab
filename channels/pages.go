package channels

import (
	"context"
	"encoding/json"
)

// PageSource lists the pages that a person manages at a provider where they signed in,
// for channels that are connected by such a sign-in (contract 05 §8). Errors are
// *SendError; tokens and secrets never show in them.
type PageSource interface {
	// LongLived exchanges the short-lived token of a browser for one that lasts.
	LongLived(ctx context.Context, token string) (string, error)
	// Pages are all pages that the person of a long-lived token manages.
	Pages(ctx context.Context, token string) ([]Page, error)
	// Reconnect gives the settings of a channel with new tokens, after a look at what
	// belongs to the page.
	Reconnect(ctx context.Context, ch *Channel, page Page, userToken string) (json.RawMessage, error)
	// PageID is the page of a channel.
	PageID(ch *Channel) string
	// PagePicture is the public address of a page's picture.
	PagePicture(pageID string) string
}

// Page is a page of a provider.
type Page struct {
	ID    string
	Token string // of the page
	// Details are all that the provider told, the token among them.
	Details json.RawMessage
}
