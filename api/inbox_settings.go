package api

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // the list of time zones, also where the system has none

	"tributary/api/route"
	"tributary/channels"
	"tributary/internal/validate"
	"tributary/store"
)

// inboxSettings are what POST and PATCH of an inbox read beside its channel.
type inboxSettings struct {
	Name                       route.Opt[string]         `json:"name"`
	Avatar                     route.Opt[route.Upload]   `json:"avatar"`
	GreetingEnabled            route.Opt[bool]           `json:"greeting_enabled"`
	GreetingMessage            route.Opt[string]         `json:"greeting_message"`
	EnableEmailCollect         route.Opt[bool]           `json:"enable_email_collect"`
	CSATSurveyEnabled          route.Opt[bool]           `json:"csat_survey_enabled"`
	CSATConfig                 route.Opt[map[string]any] `json:"csat_config"`
	EnableAutoAssignment       route.Opt[bool]           `json:"enable_auto_assignment"`
	AutoAssignmentConfig       route.Opt[map[string]any] `json:"auto_assignment_config"`
	OutOfOfficeMessage         route.Opt[string]         `json:"out_of_office_message"`
	WorkingHoursEnabled        route.Opt[bool]           `json:"working_hours_enabled"`
	Timezone                   route.Opt[string]         `json:"timezone"`
	AllowMessagesAfterResolved route.Opt[bool]           `json:"allow_messages_after_resolved"`
	LockToSingleConversation   route.Opt[bool]           `json:"lock_to_single_conversation"`
	SenderNameType             route.Opt[string]         `json:"sender_name_type"`
	BusinessName               route.Opt[string]         `json:"business_name"`
	PortalID                   route.Opt[int64]          `json:"portal_id"`
	// SignatureMode is the inbox's own answer to unproven webhooks: enforce,
	// observe, or empty for the installation's.
	SignatureMode route.Opt[string] `json:"signature_mode"`
}

// maxInboxText is the longest greeting, in characters.
const maxInboxText = 10000

// apply changes i by what was sent and notes what is wrong with it.
func (in inboxSettings) apply(i *store.Inbox, errs *validate.Errors) {
	if in.Name.Sent {
		i.Name = strings.TrimSpace(in.Name.V)
		errs.MaxLen("name", i.Name, validate.ShortText)
	}
	for _, b := range []struct {
		name string
		sent route.Opt[bool]
		dst  *bool
	}{
		{"greeting_enabled", in.GreetingEnabled, &i.GreetingEnabled},
		{"enable_email_collect", in.EnableEmailCollect, &i.EnableEmailCollect},
		{"csat_survey_enabled", in.CSATSurveyEnabled, &i.CSATSurveyEnabled},
		{"enable_auto_assignment", in.EnableAutoAssignment, &i.EnableAutoAssignment},
		{"working_hours_enabled", in.WorkingHoursEnabled, &i.WorkingHoursEnabled},
		{"allow_messages_after_resolved", in.AllowMessagesAfterResolved, &i.AllowMessagesAfterResolved},
		{"lock_to_single_conversation", in.LockToSingleConversation, &i.LockToSingleConversation},
	} {
		if b.sent.Null {
			errs.Add(b.name, validate.Blank)
		}
		b.sent.Apply(b.dst)
	}
	in.GreetingMessage.ApplyPtr(&i.GreetingMessage)
	errs.MaxLen("greeting_message", in.GreetingMessage.V, maxInboxText)
	in.OutOfOfficeMessage.ApplyPtr(&i.OutOfOfficeMessage)
	errs.MaxLen("out_of_office_message", in.OutOfOfficeMessage.V, maxInboxText)
	in.BusinessName.ApplyPtr(&i.BusinessName)
	errs.MaxLen("business_name", in.BusinessName.V, validate.ShortText)
	in.applyChoices(i, errs)
	in.applyConfigs(i, errs)
}

func (in inboxSettings) applyChoices(i *store.Inbox, errs *validate.Errors) {
	if in.Timezone.Sent {
		i.Timezone = in.Timezone.V
		if !isTimezone(i.Timezone) {
			errs.Add("timezone", validate.NotListed)
		}
	}
	if mode, ok := in.SignatureMode.Get(); ok && mode != "" && mode != channels.Enforce && mode != channels.Observe {
		errs.Add("signature_mode", validate.NotListed)
	}
	if name, ok := in.SenderNameType.Get(); ok {
		switch n := slices.Index(senderNameTypes, name); {
		case n >= 0:
			i.SenderNameType = n
		case name == "0" || name == "1":
			i.SenderNameType = int(name[0] - '0')
		default:
			errs.Add("sender_name_type", validate.NotListed)
		}
	} else if in.SenderNameType.Null {
		errs.Add("sender_name_type", validate.Blank)
	}
	if in.PortalID.Sent {
		i.PortalID = nil
		if _, ok := in.PortalID.Get(); ok {
			errs.Add("portal", validate.MustExist) // there are no portals yet
		}
	}
}

func (in inboxSettings) applyConfigs(i *store.Inbox, errs *validate.Errors) {
	if config, ok := in.CSATConfig.Get(); ok {
		i.CSATConfig = encoded(pick(config, "display_type", "message", "survey_rules"))
	}
	if !in.AutoAssignmentConfig.Sent {
		return
	}
	config := pick(in.AutoAssignmentConfig.V, "max_assignment_limit")
	if limit, given := config["max_assignment_limit"]; given && limit != nil && limit != "" && !positive(limit) {
		errs.AddWhole("auto_assignment_config", "Auto assignment config max_assignment_limit must be greater than 0")
		return
	}
	i.AutoAssignmentConfig = encoded(config)
}

// isTimezone tells an IANA identifier.
func isTimezone(name string) bool {
	if name == "" || name == "Local" {
		return false
	}
	_, err := time.LoadLocation(name)
	return err == nil
}

// positive reads a number that may have come as text.
func positive(v any) bool {
	var text string
	switch v := v.(type) {
	case json.Number:
		text = v.String()
	case string:
		text = strings.TrimSpace(v)
	default:
		return false
	}
	n, err := json.Number(text).Float64()
	return err == nil && n > 0
}

// pick keeps the named members of an object that are there.
func pick(m map[string]any, keys ...string) map[string]any {
	out := map[string]any{}
	for _, k := range keys {
		if v, ok := m[k]; ok {
			out[k] = v
		}
	}
	return out
}

// encoded writes an object that came from a request, so that it can be encoded.
func encoded(m map[string]any) string {
	b, err := json.Marshal(m)
	if err != nil {
		return "{}"
	}
	return string(b)
}

// normalizeCSAT gives a survey configuration all its members, as a change of an
// inbox does.
func normalizeCSAT(config map[string]any) map[string]any {
	rules, _ := config["survey_rules"].(map[string]any)
	return map[string]any{
		"display_type": orDefault(config["display_type"], "emoji"),
		"message":      orDefault(config["message"], ""),
		"survey_rules": map[string]any{
			"operator": orDefault(rules["operator"], "contains"),
			"values":   orDefault(rules["values"], []any{}),
		},
	}
}

func orDefault(v, def any) any {
	if v == nil || v == "" {
		return def
	}
	return v
}
