package management

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"tributary/internal/waphone"
	"tributary/whatsapp/rules"
)

// value is the members of a change's value.
type value map[string]json.RawMessage

func (v value) text(key string) string { return text(v[key]) }
func (v value) word(key string) string { return word(v[key]) }
func (v value) object(key string) value {
	return value(object(v[key]))
}

// readers are the fields that are read here (Meta, "Webhooks reference: WhatsApp
// Business Account", 2026). Messages and what belongs to them are others' business.
var readers = map[string]func(e *Event, v value, beside value){
	"phone_number_name_update":        nameUpdate,
	"phone_number_quality_update":     qualityUpdate,
	"account_update":                  accountUpdate,
	"account_review_update":           reviewUpdate,
	"account_alerts":                  accountAlert,
	"account_settings_update":         settingsUpdate,
	"business_capability_update":      capabilityUpdate,
	"message_template_status_update":  templateStatus,
	"message_template_quality_update": templateQuality,
	"template_category_update":        templateCategory,
	"security":                        security,
}

// ofMessages are the fields of conversations. They are known so that nothing else is
// taken for them.
var ofMessages = []string{
	"messages", "message_echoes", "smb_message_echoes", "smb_app_state_sync", "history", "calls", "user_preferences",
}

// Is tells whether a field is read here.
func Is(field string) bool { return readers[field] != nil }

func isKnown(field string) bool { return Is(field) || slices.Contains(ofMessages, field) }

// Parse reads a change of an entry with this id and time (Unix seconds, 0 when it has
// none). It gives false for fields that are not read here.
func Parse(wabaEntryID string, entryTime int64, raw json.RawMessage) (Event, bool) {
	field, rawValue := locate(raw)
	read := readers[field]
	v := value(object(rawValue))
	if read == nil || v == nil {
		return Event{}, false
	}
	e := Event{Field: field, WABA: wabaEntryID, Aspect: field, Value: rawValue}
	if entryTime > 0 && entryTime <= lastSecond {
		e.At = time.Unix(entryTime, 0).UTC()
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%d\n%s\n%s", wabaEntryID, entryTime, field, canonical(rawValue)))
	e.Hash = hex.EncodeToString(sum[:])
	for _, key := range []string{"display_phone_number", "phone_number"} {
		if e.Phone == "" {
			e.Phone = waphone.Digits(v.text(key))
		}
	}
	read(&e, v, value(object(raw)))
	return e, true
}

// infer tells the field of a value that has none, from what only that field has.
func infer(v value) string {
	has := func(key string) bool { _, ok := v[key]; return ok }
	event := v.word("event")
	switch {
	case has("messages"), has("statuses"):
		return "messages"
	case has("alert_info"):
		return "account_alerts"
	case has("new_quality_score"):
		return "message_template_quality_update"
	case has("correct_category"), has("new_category"):
		return "template_category_update"
	case has("message_template_id"), has("message_template_name"):
		return "message_template_status_update"
	case strings.HasPrefix(event, "PIN_"):
		return "security"
	case accountEvents[event].known, strings.HasPrefix(event, "PARTNER_"), strings.HasPrefix(event, "ACCOUNT_"),
		has("ban_info"), has("restriction_info"), has("violation_info"), has("waba_info"):
		return "account_update"
	case qualityEvents[event]:
		return "phone_number_quality_update"
	case has("requested_verified_name"):
		return "phone_number_name_update"
	case has("decision"):
		return "account_review_update"
	case has("max_daily_conversations_per_business"), has("max_daily_conversation_per_phone"):
		return "business_capability_update"
	}
	return ""
}

func nameUpdate(e *Event, v, _ value) {
	e.Event, e.Aspect, e.ConfirmByHealth = v.word("decision"), "name", true
	e.Effects.RequestedName = v.text("requested_verified_name")
	switch e.Event {
	case "APPROVED":
		e.Effects.NameStatus, e.Effects.Rearm = "APPROVED", true
	case "REJECTED":
		e.Effects.NameStatus, e.Effects.RejectionReason = "DECLINED", v.word("rejection_reason")
		e.Effects.State, e.Effects.Action, e.Effects.PendingOnly = rules.NeedsAdmin, rules.EditDisplayName, true
	case "PENDING", "DEFERRED":
		e.Effects.NameStatus = "PENDING_REVIEW"
	}
}

// qualityEvents are those of phone_number_quality_update.
var qualityEvents = map[string]bool{
	"ONBOARDING": true, "THROUGHPUT_UPGRADE": true, "FLAGGED": true, "UNFLAGGED": true, "UPGRADE": true, "DOWNGRADE": true,
}

// qualityUpdate carries limits, never the colour of the quality.
func qualityUpdate(e *Event, v, _ value) {
	e.Event, e.Aspect, e.ConfirmByHealth = v.word("event"), "quality", true
	switch e.Event {
	case "FLAGGED":
		e.alert(e.Event, Warning)
		return
	case "UNFLAGGED":
		return
	case "DOWNGRADE":
		e.alert(e.Event, Warning)
	case "THROUGHPUT_UPGRADE":
		e.Effects.Throughput, e.Aspect = "HIGH", "throughput"
	}
	if e.Event != "THROUGHPUT_UPGRADE" {
		e.Aspect = "tier"
	}
	// The limit of the portfolio took the place of the number's in 2025.
	for _, of := range []struct {
		key   string
		scope TierScope
	}{{"max_daily_conversations_per_business", TierOfPortfolio}, {"current_limit", TierOfNumber}} {
		if tier := rules.Tier(v[of.key]); tier != "" {
			e.Effects.Tier, e.Effects.TierScope = tier, of.scope
			return
		}
	}
}

func capabilityUpdate(e *Event, v, _ value) {
	e.Aspect, e.ConfirmByHealth = "tier", true
	for _, key := range []string{"max_daily_conversations_per_business", "max_daily_conversation_per_phone"} {
		if tier := rules.Tier(v[key]); tier != "" {
			e.Effects.Tier, e.Effects.TierScope = tier, TierOfPortfolio
			return
		}
	}
}

func reviewUpdate(e *Event, v, _ value) {
	e.Event, e.Aspect, e.ConfirmByHealth = v.word("decision"), "review", true
	e.Effects.Review = e.Event
	switch e.Event {
	case "APPROVED":
		e.Effects.Rearm = true
	case "REJECTED":
		e.Effects.State, e.Effects.Action, e.Effects.PendingOnly = rules.NeedsAdmin, rules.ContactMeta, true
		e.alert("ACCOUNT_REVIEW_REJECTED", Critical)
	}
}

func accountAlert(e *Event, v, _ value) {
	info := v.object("alert_info")
	if info == nil {
		info = v // old deliveries have its members in the value
	}
	e.EntityType, e.EntityID = v.word("entity_type"), v.text("entity_id")
	if e.EntityType == "PHONE_NUMBER" {
		e.PhoneID = e.EntityID
	}
	a := Alert{
		Type: info.word("alert_type"), Severity: info.word("alert_severity"), Status: info.word("alert_status"),
		Text: info.text("alert_description"),
	}
	a.Mail = a.Severity == Critical
	e.Event, e.Aspect = a.Type, "alert/"+a.Type+"/"+e.EntityID
	e.Effects.Alerts = []Alert{a}
}

// settingsUpdate tells that calls were turned on or off.
func settingsUpdate(e *Event, v, _ value) {
	settings := v.object("phone_number_settings")
	e.PhoneID = settings.text("phone_number_id")
	e.Effects.Calling = settings.object("calling").word("status")
	e.Aspect = "settings"
}

func security(e *Event, v, _ value) {
	e.Event, e.Aspect, e.ConfirmByHealth = v.word("event"), "pin", true
	switch e.Event {
	case "PIN_CHANGED":
		e.Effects.PIN = PINStale
	case "PIN_REQUEST_SUCCESS":
		e.Effects.PIN = PINFree
	case "PIN_RESET_REQUEST":
		e.Effects.PIN = PINResetRequested
		e.alert(e.Event, Warning)
	}
}

func (e *Event) alert(kind, severity string) {
	e.Effects.Alerts = append(e.Effects.Alerts, Alert{Type: kind, Severity: severity, Status: "ACTIVE", Mail: true})
}
