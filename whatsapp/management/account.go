package management

import (
	"strings"

	"tributary/whatsapp/rules"
)

// accountEvent is what an event of account_update means; read fills in what depends
// on its value.
type accountEvent struct {
	known  bool
	aspect string // "": of the event's own
	read   func(e *Event, v value)
}

// accountEvents are the events of account_update (Meta, "account_update webhook
// reference", 2026). Those without an effect are kept for whoever looks.
var accountEvents = map[string]accountEvent{
	"DISABLED_UPDATE":         {true, "ban", disabled},
	"ACCOUNT_RESTRICTION":     {true, "restriction", restricted},
	"ACCOUNT_VIOLATION":       {true, "violation", violated},
	"ACCOUNT_DELETED":         {true, "ban", deleted},
	"PARTNER_APP_UNINSTALLED": {true, "access", uninstalled},
	"PARTNER_REMOVED":         {true, "access", removed},
	"PARTNER_ADDED":           {true, "access", nil},
	"PARTNER_APP_INSTALLED":   {true, "access", nil},
	"ACCOUNT_OFFBOARDED":      {true, "onboarding", offboarded},
	"ACCOUNT_RECONNECTED":     {true, "onboarding", reconnected},

	"AD_ACCOUNT_LINKED":                          {known: true},
	"MM_LITE_TERMS_SIGNED":                       {known: true},
	"VOLUME_BASED_PRICING_TIER_UPDATE":           {known: true},
	"AUTH_INTL_PRICE_ELIGIBILITY_UPDATE":         {known: true},
	"BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE":   {known: true},
	"PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE": {known: true},
	"VERIFIED_ACCOUNT":                           {known: true},
}

func accountUpdate(e *Event, v, _ value) {
	e.Event = v.word("event")
	// The entry's id is our portfolio where a partner's account is concerned.
	info := v.object("waba_info")
	if waba := info.text("waba_id"); waba != "" {
		e.WABA = waba
	}
	e.Effects.AppID = info.text("partner_app_id")
	kind := accountEvents[e.Event]
	e.ConfirmByHealth = kind.known
	e.Aspect = "account/" + strings.ToLower(e.Event)
	if kind.aspect != "" {
		e.Aspect = kind.aspect
	}
	if kind.read != nil {
		kind.read(e, v)
	}
}

func disabled(e *Event, v value) {
	info := v.object("ban_info")
	ban := Ban{State: info.word("waba_ban_state"), Date: info.text("waba_ban_date")}
	e.Effects.Ban = &ban
	switch ban.State {
	case "DISABLE":
		e.Effects.BlockSends = true
		e.Effects.State, e.Effects.Action = rules.NeedsAdmin, rules.AppealRestriction
		e.alert("DISABLED_UPDATE", Critical)
	case "SCHEDULE_FOR_DISABLE":
		e.alert("DISABLED_UPDATE", Critical)
	case "REINSTATE":
		e.Effects.Unblock, e.Effects.Rearm = true, true
	}
	for i := range e.Effects.Alerts {
		e.Effects.Alerts[i].Text = strings.TrimSpace(ban.State + " " + ban.Date)
	}
}

func deleted(e *Event, _ value) {
	e.Effects.Deleted, e.Effects.BlockSends = true, true
	e.Effects.State, e.Effects.Action = rules.NeedsAdmin, rules.Reconnect
	e.alert("ACCOUNT_DELETED", Critical)
}

func restricted(e *Event, v value) {
	for _, raw := range list(v["restriction_info"]) {
		info := value(object(raw))
		r := Restriction{Type: info.word("restriction_type"), Until: moment(info["expiration"])}
		if r.Type == "" {
			continue
		}
		r.Replies = r.Type == "RESTRICTED_CUSTOMER_INITIATED_MESSAGING"
		e.Effects.Restrictions = append(e.Effects.Restrictions, r)
		e.Effects.Alerts = append(e.Effects.Alerts, Alert{Type: r.Type, Severity: Warning, Status: "ACTIVE", Until: r.Until, Mail: true})
	}
}

func violated(e *Event, v value) {
	e.Effects.Violation = v.object("violation_info").word("violation_type")
	e.alert("ACCOUNT_VIOLATION", Warning)
	e.Effects.Alerts[0].Text = e.Effects.Violation
}

func uninstalled(e *Event, _ value) {
	e.Effects.CredentialsInvalid = true
	e.Effects.State, e.Effects.Action = rules.AuthError, rules.Reconnect
}

// removed is the end of a partnership; only that of a number which was shared with the
// WhatsApp Business app names the number and the reason.
func removed(e *Event, v value) {
	uninstalled(e, v)
	info := v.object("disconnection_info")
	e.Effects.Disconnection, e.Effects.DisconnectBy = info.word("reason"), info.word("initiated_by")
	e.Effects.Coexistence = info != nil && e.Phone != ""
}

// offboarded: the phone of a shared number was changed or the number registered anew
// in the app. Meta takes it back by itself; registering it would take it away from the
// app.
func offboarded(e *Event, _ value)  { e.Effects.HoldSends = true }
func reconnected(e *Event, _ value) { e.Effects.Reconnected = true }
