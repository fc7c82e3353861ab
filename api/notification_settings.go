package api

import (
	"context"
	"errors"
	"slices"
	"strings"

	"tributary/api/route"
	"tributary/chat"
	"tributary/internal/validate"
	"tributary/store"
)

func (a *API) notificationSettings() []route.Row {
	const settings = account + "/notification_settings"
	return []route.Row{
		route.Get(settings, route.Member, a.showNotificationSettings),
		route.Patch(settings, route.Member, a.updateNotificationSettings).Require("notification_settings"),
	}
}

// notificationSettingsOut is what a member wants to hear of.
type notificationSettingsOut struct {
	ID                 int64    `json:"id"`
	UserID             int64    `json:"user_id"`
	AccountID          int64    `json:"account_id"`
	AllEmailFlags      []string `json:"all_email_flags"`
	SelectedEmailFlags []string `json:"selected_email_flags"`
	AllPushFlags       []string `json:"all_push_flags"`
	SelectedPushFlags  []string `json:"selected_push_flags"`
}

// Prefixes of the flags.
const (
	emailFlag = "email_"
	pushFlag  = "push_"
)

// flagNames names the flags of a set, in the order of their types.
func flagNames(prefix string, flags int64) []string {
	out := []string{}
	for i, name := range chat.NotificationTypes() {
		if flags&chat.NotificationType(i+1).Flag() != 0 {
			out = append(out, prefix+name)
		}
	}
	return out
}

// flagsOf is the set of named flags; ok is false when one is unknown. Forms send an
// empty list as one empty text.
func flagsOf(prefix string, names []string) (flags int64, ok bool) {
	for _, name := range names {
		if name == "" {
			continue
		}
		kind, prefixed := strings.CutPrefix(name, prefix)
		i := slices.Index(chat.NotificationTypes(), kind)
		if !prefixed || i < 0 {
			return 0, false
		}
		flags |= chat.NotificationType(i + 1).Flag()
	}
	return flags, true
}

func newNotificationSettingsOut(n store.NotificationSettings) notificationSettingsOut {
	return notificationSettingsOut{
		ID: n.ID, UserID: n.UserID, AccountID: n.AccountID,
		AllEmailFlags: flagNames(emailFlag, -1), SelectedEmailFlags: flagNames(emailFlag, n.EmailFlags),
		AllPushFlags: flagNames(pushFlag, -1), SelectedPushFlags: flagNames(pushFlag, n.PushFlags),
	}
}

// showNotificationSettings gives a member who has no settings those of a new one.
func (a *API) showNotificationSettings(ctx context.Context, c *route.Call, _ none) (notificationSettingsOut, error) {
	n, err := a.Store.NotificationSettings(ctx, c.Account.ID, c.User.ID)
	if errors.Is(err, store.ErrNotFound) {
		err = a.Store.Transact(ctx, func(tx *store.Tx) error {
			return tx.InsertNotificationSettings(ctx, store.DefaultNotificationSettings(c.Account.ID, c.User.ID))
		})
		if err == nil {
			n, err = a.Store.NotificationSettings(ctx, c.Account.ID, c.User.ID)
		}
	}
	return newNotificationSettingsOut(n), found(err)
}

type notificationFlagsIn struct {
	SelectedEmailFlags route.Many `json:"selected_email_flags"`
	SelectedPushFlags  route.Many `json:"selected_push_flags"`
}

type updateNotificationSettingsIn struct {
	Settings notificationFlagsIn `json:"notification_settings"`
}

// updateNotificationSettings replaces both lists; one that is not sent is empty.
func (a *API) updateNotificationSettings(ctx context.Context, c *route.Call, in updateNotificationSettingsIn) (notificationSettingsOut, error) {
	var errs validate.Errors
	n := store.NotificationSettings{AccountID: c.Account.ID, UserID: c.User.ID}
	var ok bool
	if n.EmailFlags, ok = flagsOf(emailFlag, in.Settings.SelectedEmailFlags); !ok {
		errs.Add("selected_email_flags", validate.NotListed)
	}
	if n.PushFlags, ok = flagsOf(pushFlag, in.Settings.SelectedPushFlags); !ok {
		errs.Add("selected_push_flags", validate.NotListed)
	}
	if err := errs.Err(); err != nil {
		return notificationSettingsOut{}, err
	}
	if err := a.Store.Transact(ctx, func(tx *store.Tx) error { return tx.PutNotificationSettings(ctx, n) }); err != nil {
		return notificationSettingsOut{}, err
	}
	return a.showNotificationSettings(ctx, c, none{})
}
