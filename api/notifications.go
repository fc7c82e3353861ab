package api

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"tributary/api/route"
	"tributary/chat"
	"tributary/desk"
	"tributary/internal/validate"
	"tributary/store"
	"tributary/wording"
)

func (a *API) notifications() []route.Row {
	const notifications = account + "/notifications"
	return []route.Row{
		route.Get(notifications, route.Member, a.listNotifications),
		route.Get(notifications+"/unread_count", route.Member, a.countNotifications),
		route.Post(notifications+"/read_all", route.Member, a.readNotifications),
		route.Post(notifications+"/destroy_all", route.Member, a.deleteNotifications),
		route.Patch(notifications+"/{id}", route.Member, a.readNotification),
		route.Post(notifications+"/{id}/unread", route.Member, a.unreadNotification),
		route.Post(notifications+"/{id}/snooze", route.Member, a.snoozeNotification),
		route.Delete(notifications+"/{id}", route.Member, a.deleteNotification),
	}
}

// notificationsPerPage is fixed.
const notificationsPerPage = 15

// notificationChoice says which notifications are wanted beside those that wait.
type notificationChoice struct {
	Includes route.Opt[any] `json:"includes"` // a list, or one of its texts
}

func (in notificationChoice) filter(c *route.Call) store.NotificationFilter {
	f := store.NotificationFilter{UserID: c.User.ID, AccountID: c.Account.ID}
	list, ok := in.Includes.V.([]any)
	if !ok {
		list = []any{in.Includes.V}
	}
	f.Read, f.Snoozed = slices.Contains(list, any("read")), slices.Contains(list, any("snoozed"))
	return f
}

type listNotificationsIn struct {
	notificationChoice
	Page      route.Page `query:"page"`
	SortOrder string     `query:"sort_order"`
}

type notificationList struct {
	Data notificationListData `json:"data"`
}

type notificationListData struct {
	Meta    notificationListMeta    `json:"meta"`
	Payload []desk.NotificationItem `json:"payload"`
}

type notificationListMeta struct {
	UnreadCount int64 `json:"unread_count"`
	Count       int64 `json:"count"`
	CurrentPage any   `json:"current_page" schema:"string,integer"`
}

func (a *API) listNotifications(ctx context.Context, c *route.Call, in listNotificationsIn) (notificationList, error) {
	var out notificationList
	switch in.SortOrder {
	case "", "asc", "desc":
	default:
		return out, validate.Fail("sort_order", validate.NotListed)
	}
	f := in.filter(c)
	all, unread, err := a.Store.CountNotifications(ctx, f)
	if err != nil {
		return out, err
	}
	list, err := a.Store.Notifications(ctx, f, in.SortOrder == "asc", notificationsPerPage, in.Page.Offset(notificationsPerPage))
	if err != nil {
		return out, err
	}
	out.Data.Meta = notificationListMeta{UnreadCount: unread, Count: all, CurrentPage: in.Page.Echo()}
	out.Data.Payload, err = a.Desk.NotificationItems(ctx, c.Account.ID, list, wording.Match(c.Locale))
	return out, err
}

func (a *API) countNotifications(ctx context.Context, c *route.Call, in notificationChoice) (int64, error) {
	_, unread, err := a.Store.CountNotifications(ctx, in.filter(c))
	return unread, err
}

type readNotificationsIn struct {
	PrimaryActorType string         `json:"primary_actor_type"`
	PrimaryActorID   route.Opt[any] `json:"primary_actor_id"` // what is no id finds nothing
}

// readNotifications marks all as read, or those of one conversation where there is
// such.
func (a *API) readNotifications(ctx context.Context, c *route.Call, in readNotificationsIn) (route.Empty, error) {
	var conversation int64
	if id, ok := wholeNumber(in.PrimaryActorID.V); ok && in.PrimaryActorType == "Conversation" {
		known, err := a.Store.HasConversation(ctx, c.Account.ID, id)
		if err != nil {
			return route.Empty{}, err
		}
		if known {
			conversation = id
		}
	}
	return route.Empty{}, a.Store.ReadNotifications(ctx, c.User.ID, c.Account.ID, conversation)
}

type deleteNotificationsIn struct {
	Type route.Opt[any] `json:"type"` // whatever is not "read" means all
}

func (a *API) deleteNotifications(ctx context.Context, c *route.Call, in deleteNotificationsIn) (route.Empty, error) {
	return route.Empty{}, a.Desk.DeleteNotifications(ctx, c.User.ID, in.Type.V == "read")
}

// notificationRowOut is a notification as it is stored.
type notificationRowOut struct {
	ID                 int64                 `json:"id"`
	AccountID          int64                 `json:"account_id"`
	UserID             int64                 `json:"user_id"`
	NotificationType   string                `json:"notification_type"`
	PrimaryActorType   string                `json:"primary_actor_type"`
	PrimaryActorID     int64                 `json:"primary_actor_id"` // the id in the database
	SecondaryActorType *string               `json:"secondary_actor_type"`
	SecondaryActorID   *int64                `json:"secondary_actor_id"`
	ReadAt             route.ISO             `json:"read_at"`
	SnoozedUntil       route.ISO             `json:"snoozed_until"`
	Meta               desk.NotificationMeta `json:"meta"`
	LastActivityAt     route.ISO             `json:"last_activity_at"`
	CreatedAt          route.ISO             `json:"created_at"`
	UpdatedAt          route.ISO             `json:"updated_at"`
}

func newNotificationRowOut(n store.NotificationRow) notificationRowOut {
	return notificationRowOut{
		ID: n.ID, AccountID: n.AccountID, UserID: n.UserID, NotificationType: chat.NotificationType(n.Type).String(),
		PrimaryActorType: "Conversation", PrimaryActorID: n.ConversationID, SecondaryActorType: n.ActorType, SecondaryActorID: n.ActorID,
		ReadAt: iso(n.ReadAt), SnoozedUntil: iso(n.SnoozedUntil), Meta: desk.NewNotificationMeta(n), LastActivityAt: iso(&n.LastActivityAt),
		CreatedAt: iso(&n.CreatedAt), UpdatedAt: iso(&n.UpdatedAt),
	}
}

func (a *API) readNotification(ctx context.Context, c *route.Call, in byID) (notificationRowOut, error) {
	n, err := a.Desk.ReadNotification(ctx, c.User.ID, in.ID)
	return newNotificationRowOut(n), found(err)
}

func (a *API) unreadNotification(ctx context.Context, c *route.Call, in byID) (notificationRowOut, error) {
	n, err := a.Desk.UnreadNotification(ctx, c.User.ID, in.ID)
	return newNotificationRowOut(n), found(err)
}

type snoozeNotificationIn struct {
	ID           int64          `path:"id"`
	SnoozedUntil route.Opt[any] `json:"snoozed_until"` // unix seconds
}

// lastSecond is the last that ISO 8601 writes with a year of four digits.
var lastSecond = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).Unix()

func (a *API) snoozeNotification(ctx context.Context, c *route.Call, in snoozeNotificationIn) (notificationRowOut, error) {
	n, err := a.Store.Notification(ctx, in.ID)
	if err == nil && n.UserID != c.User.ID {
		err = store.ErrNotFound
	}
	if err != nil {
		return notificationRowOut{}, found(err)
	}
	if v, sent := in.SnoozedUntil.Get(); sent && v != nil {
		seconds, ok := wholeNumber(v)
		if !ok || seconds < 0 || seconds > lastSecond {
			return notificationRowOut{}, validate.Fail("snoozed_until", validate.Invalid)
		}
		n, err = a.Desk.SnoozeNotification(ctx, c.User.ID, in.ID, time.Unix(seconds, 0))
	}
	return newNotificationRowOut(n), found(err)
}

func (a *API) deleteNotification(ctx context.Context, c *route.Call, in byID) (route.Empty, error) {
	return route.Empty{}, found(a.Desk.DeleteNotification(ctx, c.User.ID, in.ID))
}

// wholeNumber reads a whole number, also as text.
func wholeNumber(v any) (int64, bool) {
	var text string
	switch v := v.(type) {
	case string:
		text = v
	case json.Number:
		text = v.String()
	}
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	return n, err == nil
}
