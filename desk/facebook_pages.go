package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tributary/channels"
	"tributary/chat"
	"tributary/store"
)

const facebookPage = "Channel::FacebookPage"

// ErrNoPage says that an inbox cannot be connected again by this sign-in: it is no
// page's inbox, or the page is none of the person's.
var ErrNoPage = errors.New("desk: not a page of this person")

// ManagedPage is a page of the person who signed in at the provider.
type ManagedPage struct {
	channels.Page
	Exists bool // it is connected in the account already
}

func (d *Desk) facebook() (channels.Driver, channels.PageSource, error) {
	driver, ok := d.Directory.DriverOf(facebookPage)
	source, can := driver.(channels.PageSource)
	if !ok || !can {
		return nil, nil, chat.NotFound()
	}
	return driver, source, nil
}

// FacebookPages exchanges the token that a browser got for a long-lived one and lists
// the pages that it is good for. Errors of the provider are *channels.SendError.
func (d *Desk) FacebookPages(ctx context.Context, accountID int64, token string) (pages []ManagedPage, userToken string, err error) {
	_, source, err := d.facebook()
	if err != nil {
		return nil, "", err
	}
	if userToken, err = source.LongLived(ctx, token); err != nil {
		return nil, "", err
	}
	list, err := source.Pages(ctx, userToken)
	if err != nil {
		return nil, "", err
	}
	if err := d.Directory.Refresh(ctx); err != nil {
		return nil, "", err
	}
	connected := map[string]bool{}
	for _, ch := range d.Directory.All() {
		if ch.AccountID == accountID && ch.Type == facebookPage {
			connected[source.PageID(ch)] = true
		}
	}
	pages = make([]ManagedPage, len(list))
	for i, p := range list {
		pages[i] = ManagedPage{Page: p, Exists: connected[p.ID]}
	}
	return pages, userToken, nil
}

// NewPage is a page to be connected.
type NewPage struct {
	By        Actor
	AccountID int64
	Name      string // of the inbox; empty: the page's
	PageID    string
	PageToken string
	UserToken string
}

// ConnectPage makes the inbox of a page and gives its id. Our app is subscribed to the
// page, and its picture is fetched, by jobs.
func (d *Desk) ConnectPage(ctx context.Context, in NewPage) (int64, error) {
	driver, source, err := d.facebook()
	if err != nil {
		return 0, err
	}
	params, err := json.Marshal(map[string]string{"page_id": in.PageID, "page_access_token": in.PageToken, "user_access_token": in.UserToken})
	if err != nil {
		return 0, fmt.Errorf("desk: page: %w", err)
	}
	inbox := store.DefaultInbox()
	inbox.AccountID, inbox.Name = in.AccountID, strings.TrimSpace(in.Name)
	id, err := d.CreateInbox(ctx, driver, NewInbox{By: in.By, Inbox: inbox, Params: params})
	if err != nil {
		return 0, err
	}
	payload, err := json.Marshal(InboxAvatarJob{InboxID: id, URL: source.PagePicture(in.PageID)})
	if err != nil {
		return 0, fmt.Errorf("desk: picture of an inbox: %w", err)
	}
	// An inbox without a picture is an inbox.
	if err := d.again(ctx, func(tx *store.Tx) error {
		return tx.InsertJob(ctx, store.Job{
			Kind: JobInboxAvatar, Lane: store.LaneMedia, UniqueKey: JobInboxAvatar + ":" + strconv.FormatInt(id, 10),
			AccountID: in.AccountID, Payload: payload, MaxAttempts: preparingTries,
		})
	}); err != nil {
		d.Log.Warn("picture of a page not ordered", "inbox_id", id, "error", err)
	}
	d.WakeJobs()
	return id, nil
}

// ReconnectPage gives the inbox of a page new tokens by a new sign-in; ErrNoPage when
// it is none, or the person does not manage its page.
func (d *Desk) ReconnectPage(ctx context.Context, by Actor, accountID, inboxID int64, token string) error {
	_, source, err := d.facebook()
	if err != nil {
		return err
	}
	row, err := d.Store.Inbox(ctx, accountID, inboxID)
	if errors.Is(err, store.ErrNotFound) {
		return ErrNoPage
	}
	if err != nil {
		return err
	}
	if err := d.Directory.Refresh(ctx); err != nil {
		return err
	}
	_, ch, ok := d.Directory.Inbox(inboxID)
	if !ok || ch.Type != facebookPage || token == "" {
		return ErrNoPage
	}
	userToken, err := source.LongLived(ctx, token)
	if err != nil {
		return err
	}
	pages, err := source.Pages(ctx, userToken)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(pages, func(p channels.Page) bool { return p.ID == source.PageID(ch) && p.Token != "" })
	if i < 0 {
		return ErrNoPage
	}
	settings, err := source.Reconnect(ctx, ch, pages[i], userToken)
	if err != nil {
		return err
	}
	return d.UpdateInbox(ctx, InboxChange{By: by, Inbox: row.Inbox, Settings: settings})
}
