package api

import (
	"context"
	"maps"

	"tributary/channels"
	"tributary/store"
)

// inboxOut is an inbox: its settings and the keys of its channel, which the
// channel's driver gives.
type inboxOut map[string]any

// inboxSlim is an inbox inside other objects.
type inboxSlim struct {
	ID          int64  `json:"id"`
	AvatarURL   string `json:"avatar_url"`
	ChannelID   int64  `json:"channel_id"`
	Name        string `json:"name"`
	ChannelType string `json:"channel_type"`
	Provider    any    `json:"provider"`
}

type workingHourOut struct {
	DayOfWeek    int  `json:"day_of_week"`
	ClosedAllDay bool `json:"closed_all_day"`
	OpenHour     *int `json:"open_hour"`
	OpenMinutes  *int `json:"open_minutes"`
	CloseHour    *int `json:"close_hour"`
	CloseMinutes *int `json:"close_minutes"`
	OpenAllDay   bool `json:"open_all_day"`
}

func newWorkingHourOut(h store.WorkingHour) workingHourOut {
	return workingHourOut{
		DayOfWeek: h.DayOfWeek, ClosedAllDay: h.ClosedAllDay, OpenHour: h.OpenHour, OpenMinutes: h.OpenMinutes,
		CloseHour: h.CloseHour, CloseMinutes: h.CloseMinutes, OpenAllDay: h.OpenAllDay,
	}
}

// senderNameTypes are in the order of their stored numbers.
var senderNameTypes = []string{"friendly", "professional"}

// channelKeys are shown for every inbox, null where its channel has no such
// thing.
var channelKeys = [...]string{
	"callback_webhook_url", "allowed_domains", "widget_color", "website_url", "hmac_mandatory", "welcome_title", "welcome_tagline",
	"web_widget_script", "website_token", "selected_feature_flags", "reply_time", "messaging_service_sid", "phone_number", "provider",
}

func (a *API) newInboxOut(i store.InboxRow, admin bool) inboxOut {
	hours := make([]workingHourOut, len(i.WorkingHours))
	for n, h := range i.WorkingHours {
		hours[n] = newWorkingHourOut(h)
	}
	out := inboxOut{
		"id": i.ID, "avatar_url": a.Desk.InboxAvatarURL(i.AvatarBlobID), "channel_id": i.ChannelID, "name": i.Name, "channel_type": i.ChannelType,
		"greeting_enabled": i.GreetingEnabled, "greeting_message": i.GreetingMessage, "working_hours_enabled": i.WorkingHoursEnabled,
		"enable_email_collect": i.EnableEmailCollect, "csat_survey_enabled": i.CSATSurveyEnabled, "csat_config": object(i.CSATConfig),
		"enable_auto_assignment": i.EnableAutoAssignment, "auto_assignment_config": object(i.AutoAssignmentConfig),
		"out_of_office_message": i.OutOfOfficeMessage, "working_hours": hours, "timezone": i.Timezone,
		"allow_messages_after_resolved": i.AllowMessagesAfterResolved, "lock_to_single_conversation": i.LockToSingleConversation,
		"sender_name_type": nameAt(senderNameTypes, i.SenderNameType), "business_name": i.BusinessName,
	}
	for _, key := range channelKeys {
		out[key] = nil
	}
	maps.Copy(out, a.presented(i.ID, admin))
	if admin {
		maps.Copy(out, a.webhookState(i.ID))
	}
	return out
}

// webhookState tells administrators how the inbox's webhooks are doing: whether
// ours is installed at the provider, and whether what comes can be proven.
func (a *API) webhookState(inboxID int64) map[string]any {
	row, ok := a.Desk.Directory.Row(inboxID)
	if !ok {
		return nil
	}
	out := map[string]any{"signature_mode": row.SignatureMode}
	if row.Registration != "" {
		out["registration"], out["registration_error"] = row.Registration, row.RegistrationError
	}
	if driver, ch, ok := a.Desk.Directory.Inbox(inboxID); ok {
		if missing := channels.MissingSecret(driver, ch); missing != "" {
			out["webhook_secret_missing"] = missing
		}
	}
	return out
}

// presented are the keys that the inbox's driver adds.
func (a *API) presented(inboxID int64, admin bool) map[string]any {
	driver, ch, ok := a.Desk.Directory.Inbox(inboxID)
	if !ok {
		return nil
	}
	p, ok := driver.(channels.Presenter)
	if !ok {
		return nil
	}
	return p.Present(ch, admin)
}

// provider is the provider key of an inbox.
func (a *API) provider(inboxID int64) any { return a.presented(inboxID, false)["provider"] }

// current brings the directory up to date, so that what another process has
// changed is seen.
func (a *API) current(ctx context.Context) error { return a.Desk.Directory.Refresh(ctx) }

func nameAt(names []string, i int) string {
	if i < 0 || i >= len(names) {
		return names[0]
	}
	return names[i]
}
