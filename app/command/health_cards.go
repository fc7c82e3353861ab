package command

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"tributary/whatsapp"
)

// card is one fact about a number: what it is, its value in words, and whether that
// is well.
type card struct{ label, value, tone string }

// The tones. A fact that is neither has none.
const (
	toneGood    = "good"
	toneWarning = "warning"
	toneBad     = "bad"
)

// tones of Meta's values, by subject (Graph API reference, "WhatsApp Business Phone
// Number").
var tones = map[string]map[string]string{
	"name": {
		"APPROVED": toneGood, "AVAILABLE_WITHOUT_REVIEW": toneGood, "PENDING_REVIEW": toneWarning, "EXPIRED": toneWarning,
		"DECLINED": toneBad, "REJECTED": toneBad,
	},
	"code":       {"VERIFIED": toneGood, "EXPIRED": toneWarning},
	"platform":   {"CLOUD_API": toneGood, "NOT_APPLICABLE": toneWarning},
	"throughput": {"STANDARD": toneGood, "HIGH": toneGood, "NOT_APPLICABLE": toneWarning},
	"status": {
		"CONNECTED": toneGood, "PENDING": toneWarning, "UNVERIFIED": toneWarning, "FLAGGED": toneWarning, "RATE_LIMITED": toneWarning,
		"RESTRICTED": toneBad, "BANNED": toneBad, "DISCONNECTED": toneBad, "DELETED": toneBad, "MIGRATED": toneBad,
	},
	"quality": {"GREEN": toneGood, "YELLOW": toneWarning, "RED": toneBad},
	"mode":    {"LIVE": toneGood},
	"send":    {"AVAILABLE": toneGood, "LIMITED": toneWarning, "BLOCKED": toneBad},
}

// tiers are how many customers a business may write to first in 24 hours.
var tiers = map[string]string{
	"TIER_50": "50", "TIER_250": "250", "TIER_1K": "1K", "TIER_1000": "1K", "TIER_2K": "2K", "TIER_10K": "10K", "TIER_100K": "100K",
	"TIER_UNLIMITED": "unlimited", "TIER_NOT_SET": "not set",
}

// cards are the facts in the order in which dashboards show them.
func cards(h *whatsapp.Health) []card {
	status := func(label, subject string, v *string) card {
		return card{label, words(v), tones[subject][or(v, "")]}
	}
	list := []card{
		{"number", or(h.DisplayPhoneNumber, "N/A"), ""},
		{"business name", or(h.VerifiedName, "N/A"), ""},
		status("name status", "name", h.NameStatus),
		status("quality", "quality", h.QualityRating),
		{"messaging limit", tier(h.MessagingLimitTier), ""},
		status("account mode", "mode", h.AccountMode),
		{"phone number id", or(h.ID, "N/A"), ""},
	}
	if h.NewNameStatus != nil && *h.NewNameStatus != "NONE" {
		list = append(list, status("new name status", "name", h.NewNameStatus))
	}
	if h.IsOnBizApp != nil && *h.IsOnBizApp {
		list = append(list, coexistence(h))
	}
	list = append(list,
		card{"last onboarded", or(h.LastOnboardedTime, "never"), ""},
		status("status", "status", h.Status),
		status("code verification", "code", h.CodeVerification),
		status("platform", "platform", h.PlatformType),
		status("throughput", "throughput", h.ThroughputLevel),
		card{"WABA", named(h.BusinessAccountName, h.BusinessAccountID), ""},
		card{"portfolio", named(h.BusinessPortfolioName, h.BusinessPortfolioID), ""},
		webhook(h),
	)
	list = append(list, sending(h.HealthStatus)...)
	list = append(list, alerts(h.Alerts)...)
	return append(list, card{"read from Meta", or(h.HealthCheckedAt, "never"), ""}, card{"WhatsApp Manager", manager(h), ""})
}

// words puts a value of Meta's as people read it; one that is not known stays
// readable.
func words(v *string) string {
	switch s := or(v, "UNKNOWN"); s {
	case "CLOUD_API":
		return "Cloud API"
	case "ON_PREMISE":
		return "on-premise API"
	default:
		return strings.ToLower(strings.ReplaceAll(s, "_", " "))
	}
}

func tier(v *string) string {
	switch n, known := tiers[or(v, "")]; {
	case !known:
		return words(v)
	case *v == "TIER_NOT_SET":
		return n
	default:
		return n + " customers per 24h"
	}
}

func coexistence(h *whatsapp.Health) card {
	if or(h.PlatformType, "") == "CLOUD_API" {
		return card{"coexistence", "active: the WhatsApp Business app shares the number", toneGood}
	}
	return card{"coexistence", "the number is on the WhatsApp Business app", ""}
}

func named(name, id *string) string {
	switch {
	case name == nil:
		return or(id, "N/A")
	case id == nil:
		return or(name, "N/A")
	}
	return or(name, "N/A") + " (" + *id + ")"
}

// webhook tells whether Meta delivers the number's messages to us.
func webhook(h *whatsapp.Health) card {
	var at map[string]any
	_ = json.Unmarshal(h.WebhookConfiguration, &at) // null, or an object as Meta sent it
	for _, level := range []string{"phone_number", "whatsapp_business_account", "application"} {
		url, _ := at[level].(string)
		if url = plain(url); url == "" {
			continue
		}
		if same := strings.NewReplacer("%2B", "+", "%2b", "+"); same.Replace(url) == same.Replace(or(h.ExpectedWebhookURL, "")) {
			return card{"webhook", url, toneGood}
		}
		return card{"webhook", url + ", expected " + or(h.ExpectedWebhookURL, "none"), toneWarning}
	}
	return card{"webhook", "unknown, expected " + or(h.ExpectedWebhookURL, "none"), ""}
}

// sending is what Meta says about sending, of everything that it needs.
func sending(raw json.RawMessage) []card {
	var h struct {
		CanSend  *string `json:"can_send_message"`
		Entities []struct {
			Type    string          `json:"entity_type"`
			CanSend string          `json:"can_send_message"`
			Info    json.RawMessage `json:"additional_info"`
			Errors  []struct {
				Description string `json:"error_description"`
				Solution    string `json:"possible_solution"`
			} `json:"errors"`
		} `json:"entities"`
	}
	if json.Unmarshal(raw, &h) != nil || h.CanSend == nil {
		return nil
	}
	list := []card{{"can send", words(h.CanSend), tones["send"][*h.CanSend]}}
	for _, e := range h.Entities {
		if e.CanSend == "AVAILABLE" || e.CanSend == "" {
			continue
		}
		var why []string
		_ = json.Unmarshal(e.Info, &why) // welcome, but its shape is not promised
		for _, x := range e.Errors {
			why = append(why, x.Description, x.Solution)
		}
		list = append(list, card{"  " + words(&e.Type), words(&e.CanSend) + ": " + plain(strings.Join(why, " ")), tones["send"][e.CanSend]})
	}
	return list
}

// alerts are what Meta and the engine warn of.
func alerts(raw json.RawMessage) []card {
	var all []struct {
		Severity    string `json:"alert_severity"`
		Type        string `json:"alert_type"`
		Description string `json:"alert_description"`
		Since       string `json:"since"`
	}
	_ = json.Unmarshal(raw, &all) // an array, or nothing to show
	var list []card
	for _, a := range all {
		tone := ""
		switch a.Severity {
		case "CRITICAL":
			tone = toneBad
		case "WARNING":
			tone = toneWarning
		}
		text := words(&a.Type) + " since " + plain(a.Since)
		if d := plain(a.Description); d != "" {
			text += ": " + d
		}
		list = append(list, card{"alert", text, tone})
	}
	return list
}

// manager is where people act at Meta.
func manager(h *whatsapp.Health) string {
	if h.BusinessPortfolioID == nil || h.BusinessAccountID == nil {
		return "https://business.facebook.com/"
	}
	return "https://business.facebook.com/latest/whatsapp_manager/phone_numbers/?business_id=" + *h.BusinessPortfolioID +
		"&asset_id=" + *h.BusinessAccountID
}

// sheet is a list of labelled lines.
type sheet struct{ rows []card }

func (s *sheet) line(label, text string) { s.rows = append(s.rows, card{label, text, ""}) }
func (s *sheet) card(c card)             { s.rows = append(s.rows, c) }
func (s *sheet) gap()                    { s.rows = append(s.rows, card{}) }

// registration adds where the registration stands and what to do about it.
func (s *sheet) registration(r whatsapp.Registration) {
	state := r.State
	if r.Since != nil {
		state += " since " + *r.Since
	}
	s.card(card{"registration", state, stateTone(r.State)})
	if r.RequiredAction != nil {
		s.line("required action", *r.RequiredAction)
	}
	s.line("what to do", whatToDo(r))
	if r.NextAttemptAt != nil {
		s.line("next attempt", *r.NextAttemptAt)
	}
	s.line("attempts", fmt.Sprintf("%d in 72 hours, %d left", r.Attempts, r.AttemptsLeft))
	var e struct {
		Code    *int    `json:"code"`
		Subcode *int    `json:"subcode"`
		Message *string `json:"message"`
		Trace   *string `json:"fbtrace_id"`
	}
	if json.Unmarshal(r.LastError, &e) == nil && (e.Code != nil || e.Message != nil) {
		s.line("last error", outcome(whatsapp.Attempt{Result: "Meta:", Code: e.Code, Subcode: e.Subcode, Message: e.Message, Trace: e.Trace}))
	}
}

func (s *sheet) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, r := range s.rows {
		switch {
		case r.label == "":
			_, _ = fmt.Fprintln(w)
		case r.tone == "":
			_, _ = fmt.Fprintf(w, "%s\t\t%s\n", r.label, r.value)
		default:
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", r.label, r.tone, r.value)
		}
	}
	return w.Flush()
}
