package facebook

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"tributary/channels"
	"tributary/channels/meta"
)

// maxPageLists bounds how often the next part of a list of pages is asked for.
const maxPageLists = 100

var (
	_ channels.PageSource = driver{}
	_ channels.Unique     = driver{}
)

// UniqueAttribute implements channels.Unique.
func (driver) UniqueAttribute() (name, human string) { return "page_id", "Page" }

// LongLived implements channels.PageSource.
func (d driver) LongLived(ctx context.Context, token string) (string, error) {
	return meta.Exchange(ctx, d.env, token)
}

// Pages implements channels.PageSource: "User Accounts" of Meta's Graph API
// reference, part by part as "Paginated Results" says. Only the cursor of the next
// part is used: its address is ours.
func (d driver) Pages(ctx context.Context, token string) ([]channels.Page, error) {
	var out []channels.Page
	query := url.Values{}
	for range maxPageLists {
		var list struct {
			Data   []json.RawMessage `json:"data"`
			Paging struct {
				Next    string `json:"next"`
				Cursors struct {
					After string `json:"after"`
				} `json:"cursors"`
			} `json:"paging"`
		}
		if err := meta.Page(d.env, token).Call(ctx, http.MethodGet, "/me/accounts", query, nil, &list); err != nil {
			return nil, err
		}
		for _, details := range list.Data {
			var p struct {
				ID    meta.ID `json:"id"`
				Token string  `json:"access_token"`
			}
			if json.Unmarshal(details, &p) == nil && p.ID != "" {
				out = append(out, channels.Page{ID: string(p.ID), Token: p.Token, Details: details})
			}
		}
		if list.Paging.Next == "" || len(list.Data) == 0 {
			return out, nil
		}
		next, err := url.Parse(list.Paging.Next)
		if err != nil {
			return out, nil //nolint:nilerr // there is no next page that anybody could ask for
		}
		follow := next.Query()
		if list.Paging.Cursors.After != "" {
			follow.Set("after", list.Paging.Cursors.After)
		}
		follow.Del("access_token")
		follow.Del("appsecret_proof")
		if follow.Encode() == query.Encode() {
			return out, nil // it leads here again
		}
		query = follow
	}
	return out, nil
}

// Reconnect implements channels.PageSource. The linked Instagram account is the one
// of today; when the page does not tell, the known one stays.
func (d driver) Reconnect(ctx context.Context, ch *channels.Channel, p channels.Page, userToken string) (json.RawMessage, error) {
	s := config(ch)
	s.PageToken, s.UserToken = p.Token, userToken
	if found, ok := d.look(ctx, p.Token); ok {
		s.Instagram = found.Instagram.ID
	}
	stored, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("facebook: settings: %w", err)
	}
	return stored, nil
}

// PageID implements channels.PageSource.
func (driver) PageID(ch *channels.Channel) string { return string(config(ch).PageID) }

// PagePicture implements channels.PageSource: "Page Picture" of Meta's Graph API
// reference, which needs no version.
func (d driver) PagePicture(pageID string) string {
	return d.env.Base("FACEBOOK_GRAPH_URL", meta.FacebookGraph) + "/" + url.PathEscape(pageID) + "/picture?type=large"
}
