package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// UnmarshalJSON reads a number as Meta sends it. What decides about a number has
// to be what it is documented to be, or the whole is refused: a state that cannot
// be read is not an empty one. What is only shown becomes nil.
func (n *Number) UnmarshalJSON(raw []byte) error {
	var f map[string]json.RawMessage
	if err := json.Unmarshal(raw, &f); err != nil {
		return fmt.Errorf("graph: number: %w", err)
	}
	if f == nil {
		return errors.New("graph: number: null")
	}
	limit := f["whatsapp_business_manager_messaging_limit"]
	if absent(limit) {
		limit = f["messaging_limit_tier"]
	}
	out := Number{
		ID:                 words(f["id"]),
		DisplayPhoneNumber: shown(f["display_phone_number"]),
		VerifiedName:       shown(f["verified_name"]),
		NewDisplayName:     shown(f["new_display_name"]),
		QualityRating:      shown(f["quality_rating"]),
		MessagingLimit:     shown(limit),
		LastOnboardedTime:  shown(f["last_onboarded_time"]),
	}
	for _, d := range []struct {
		name string
		to   **string
	}{
		{"name_status", &out.NameStatus},
		{"new_name_status", &out.NewNameStatus},
		{"account_mode", &out.AccountMode},
		{"code_verification_status", &out.CodeVerification},
		{"platform_type", &out.PlatformType},
		{"status", &out.Status},
	} {
		s, ok := text(f[d.name])
		if !ok {
			return unexpected(d.name)
		}
		*d.to = s
	}
	var ok bool
	if out.IsOnBizApp, ok = boolean(f["is_on_biz_app"]); !ok {
		return unexpected("is_on_biz_app")
	}
	if out.Throughput, ok = object(f["throughput"]); !ok {
		return unexpected("throughput")
	}
	if _, ok = out.level(); !ok {
		return unexpected("throughput.level")
	}
	out.IsPINEnabled, _ = boolean(f["is_pin_enabled"])
	out.Webhook, _ = object(f["webhook_configuration"])
	out.Health, _ = object(f["health_status"])
	if calling := f["calling"]; !absent(calling) {
		out.Calling = calling
	}
	*n = out
	return nil
}

func unexpected(name string) error {
	return fmt.Errorf("graph: number: %s is of an unexpected type", name)
}

func shown(raw json.RawMessage) *string {
	s, _ := text(raw)
	if s != nil {
		*s = clip(*s)
	}
	return s
}

// member is a string of a JSON object, "" when it is not there.
func member(raw json.RawMessage, name string) string {
	var o map[string]json.RawMessage
	if json.Unmarshal(raw, &o) != nil {
		return ""
	}
	return words(o[name])
}

func (n *Number) level() (level string, ok bool) {
	if absent(n.Throughput) {
		return "", true
	}
	var o map[string]json.RawMessage
	if json.Unmarshal(n.Throughput, &o) != nil {
		return "", false
	}
	s, ok := text(o["level"])
	if s == nil {
		return "", ok
	}
	return *s, true
}

// ThroughputLevel is STANDARD, HIGH or NOT_APPLICABLE; "" when Meta does not say.
func (n *Number) ThroughputLevel() string {
	level, _ := n.level()
	return level
}

// CanSend is the worst of what Meta says about sending: AVAILABLE, LIMITED or
// BLOCKED; "" when it does not say.
func (n *Number) CanSend() string { return member(n.Health, "can_send_message") }

// EffectiveWebhook is the URL to which Meta delivers the number's messages: its
// own, else the account's, else the app's; "" when there is none, or Meta does not
// say.
func (n *Number) EffectiveWebhook() string {
	for _, level := range []string{"phone_number", "whatsapp_business_account", "application"} {
		if u := member(n.Webhook, level); u != "" {
			return u
		}
	}
	return ""
}

// E164 is the number with a plus and digits only, from however Meta formats it;
// "" when it does not give it.
func (n *Number) E164() string {
	if n.DisplayPhoneNumber == nil {
		return ""
	}
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, *n.DisplayPhoneNumber)
	if digits == "" {
		return ""
	}
	return "+" + digits
}
