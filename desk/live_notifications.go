package desk

import (
	"context"
	"encoding/json"
	"fmt"

	"tributary/store"
	"tributary/wording"
)

// NotificationEvent is what the owner's live connection is told of a row of the outbox
// about a notification ("notification.created", "notification.updated",
// "notification.deleted"), and who the owner is; store.ErrNotFound when the
// notification is gone, or its owner.
func (d *Desk) NotificationEvent(ctx context.Context, row store.OutboxRow) (userID int64, data map[string]any, err error) {
	list, err := d.notificationNews(ctx, row.AccountID, []store.OutboxRow{row})
	if err != nil {
		return 0, nil, err
	}
	if list[0].data == nil {
		return 0, nil, store.ErrNotFound
	}
	return list[0].userID, list[0].data, nil
}

// notificationNews is one of them.
type notificationNewsItem struct {
	userID int64
	data   map[string]any // nil: there is nothing to tell any more
}

// notificationNews is NotificationEvent for rows of an account, with a query for each
// kind of row.
func (d *Desk) notificationNews(ctx context.Context, accountID int64, rows []store.OutboxRow) ([]notificationNewsItem, error) {
	events := make([]notificationEvent, len(rows))
	var owners, notifications, performers []int64
	for i, row := range rows {
		if err := json.Unmarshal([]byte(row.Payload), &events[i]); err != nil {
			return nil, fmt.Errorf("desk: notification event: %w", err)
		}
		owners = append(owners, events[i].UserID)
		if row.Kind != eventNotificationDeleted {
			notifications = append(notifications, events[i].ID)
		}
		if events[i].By != 0 {
			performers = append(performers, events[i].By)
		}
	}
	known, err := d.Store.NotificationOwners(ctx, accountID, distinct(owners))
	if err != nil {
		return nil, err
	}
	people, err := d.Store.Agents(ctx, accountID, distinct(performers))
	if err != nil {
		return nil, err
	}
	items, err := d.notificationsToOwners(ctx, accountID, distinct(notifications), known)
	if err != nil {
		return nil, err
	}
	out := make([]notificationNewsItem, len(rows))
	for i, row := range rows {
		e := events[i]
		owner, ok := known[e.UserID]
		if !ok {
			continue
		}
		data := map[string]any{
			"notification": map[string]any{"id": e.ID}, "unread_count": owner.Waiting, "count": owner.Waiting, "account_id": accountID,
		}
		if row.Kind != eventNotificationDeleted {
			item, ok := items[e.ID]
			if !ok {
				continue
			}
			data["notification"] = item
		}
		if u, ok := people[e.By]; ok {
			data["performer"] = d.userPush(ctx, accountID, u)
		}
		out[i] = notificationNewsItem{e.UserID, data}
	}
	return out, nil
}

// pushedNotification is a notification as the live wire shows it.
type pushedNotification struct {
	NotificationItem
	AccountID int64 `json:"account_id"`
}

// notificationsToOwners shows notifications to their owners, each in the owner's
// language, else the account's. Those that have no owner or conversation any more are
// absent.
func (d *Desk) notificationsToOwners(
	ctx context.Context, accountID int64, ids []int64, owners map[int64]store.NotificationOwner,
) (map[int64]pushedNotification, error) {
	out := make(map[int64]pushedNotification, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	rows, err := d.Store.NotificationsByID(ctx, accountID, ids)
	if err != nil {
		return nil, err
	}
	account, err := d.Store.ScopeOf(ctx, accountID, 0)
	if err != nil {
		return nil, err
	}
	byLocale := map[wording.Locale][]store.NotificationRow{}
	for _, id := range ids { // their order, not the map's
		n, ok := rows[id]
		owner, member := owners[n.UserID]
		if !ok || !member {
			continue
		}
		l := wording.Match(text(parse(owner.UISettings)["locale"]), wording.LocaleOf(account.Locale).Code(), d.DefaultLocale)
		byLocale[l] = append(byLocale[l], n)
	}
	for l, list := range byLocale {
		items, err := d.NotificationItems(ctx, accountID, list, l)
		if err != nil {
			return nil, err
		}
		for _, item := range items {
			item.Title = item.Body
			out[item.ID] = pushedNotification{item, accountID}
		}
	}
	return out, nil
}
