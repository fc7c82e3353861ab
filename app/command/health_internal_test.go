package command

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"tributary/whatsapp"
	"tributary/whatsapp/rules"
)

// one makes a health of one field, as Meta's value.
func one(t *testing.T, field, value string) *whatsapp.Health {
	t.Helper()
	var h whatsapp.Health
	if err := json.Unmarshal([]byte(`{"`+field+`":`+value+`}`), &h); err != nil {
		t.Fatal(err)
	}
	return &h
}

func cardOf(h *whatsapp.Health, label string) (card, bool) {
	for _, c := range cards(h) {
		if c.label == label {
			return c, true
		}
	}
	return card{}, false
}

// TestCards holds every value that Meta documents to what is shown for it.
func TestCards(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ field, label, value, words, tone string }{
		{"name_status", "name status", "APPROVED", "approved", "good"},
		{"name_status", "name status", "AVAILABLE_WITHOUT_REVIEW", "available without review", "good"},
		{"name_status", "name status", "PENDING_REVIEW", "pending review", "warning"},
		{"name_status", "name status", "EXPIRED", "expired", "warning"},
		{"name_status", "name status", "DECLINED", "declined", "bad"},
		{"name_status", "name status", "REJECTED", "rejected", "bad"},
		{"name_status", "name status", "NONE", "none", ""},
		{"name_status", "name status", "NON_EXISTS", "non exists", ""},
		{"name_status", "name status", "SOMETHING_NEW", "something new", ""},
		{"new_name_status", "new name status", "DECLINED", "declined", "bad"},
		{"quality_rating", "quality", "GREEN", "green", "good"},
		{"quality_rating", "quality", "YELLOW", "yellow", "warning"},
		{"quality_rating", "quality", "RED", "red", "bad"},
		{"quality_rating", "quality", "UNKNOWN", "unknown", ""},
		{"account_mode", "account mode", "LIVE", "live", "good"},
		{"account_mode", "account mode", "SANDBOX", "sandbox", ""},
		{"code_verification_status", "code verification", "VERIFIED", "verified", "good"},
		{"code_verification_status", "code verification", "NOT_VERIFIED", "not verified", ""},
		{"code_verification_status", "code verification", "EXPIRED", "expired", "warning"},
		{"platform_type", "platform", "CLOUD_API", "Cloud API", "good"},
		{"platform_type", "platform", "NOT_APPLICABLE", "not applicable", "warning"},
		{"platform_type", "platform", "ON_PREMISE", "on-premise API", ""},
		{"throughput_level", "throughput", "STANDARD", "standard", "good"},
		{"throughput_level", "throughput", "HIGH", "high", "good"},
		{"throughput_level", "throughput", "NOT_APPLICABLE", "not applicable", "warning"},
		{"status", "status", "CONNECTED", "connected", "good"},
		{"status", "status", "PENDING", "pending", "warning"},
		{"status", "status", "UNVERIFIED", "unverified", "warning"},
		{"status", "status", "FLAGGED", "flagged", "warning"},
		{"status", "status", "RATE_LIMITED", "rate limited", "warning"},
		{"status", "status", "RESTRICTED", "restricted", "bad"},
		{"status", "status", "BANNED", "banned", "bad"},
		{"status", "status", "DISCONNECTED", "disconnected", "bad"},
		{"status", "status", "DELETED", "deleted", "bad"},
		{"status", "status", "MIGRATED", "migrated", "bad"},
		{"status", "status", "UNKNOWN", "unknown", ""},
		{"messaging_limit_tier", "messaging limit", "TIER_250", "250 customers per 24h", ""},
		{"messaging_limit_tier", "messaging limit", "TIER_1000", "1K customers per 24h", ""},
		{"messaging_limit_tier", "messaging limit", "TIER_NOT_SET", "not set", ""},
		{"messaging_limit_tier", "messaging limit", "TIER_9", "tier 9", ""},
	} {
		got, ok := cardOf(one(t, c.field, `"`+c.value+`"`), c.label)
		if want := (card{c.label, c.words, c.tone}); !ok || got != want {
			t.Errorf("%s %s: %+v, want %+v", c.field, c.value, got, want)
		}
	}
}

// TestCardsOfObjects: where the webhook points, who shares the number, and why
// nothing can be sent.
func TestCardsOfObjects(t *testing.T) {
	t.Parallel()
	h := one(t, "expected_webhook_url", `"https://t.example/webhooks/whatsapp/+1555"`)
	for url, tone := range map[string]string{
		`{"phone_number":"https://t.example/webhooks/whatsapp/%2B1555","application":"https://other.example/"}`: "good",
		`{"application":"https://t.example/webhooks/whatsapp"}`:                                                 "warning",
		`null`: "",
	} {
		h.WebhookConfiguration = json.RawMessage(url)
		if c, _ := cardOf(h, "webhook"); c.tone != tone || !strings.Contains(c.value, "t.example") {
			t.Errorf("webhook %s: %+v", url, c)
		}
	}
	h.HealthStatus = json.RawMessage(`{"can_send_message":"BLOCKED","entities":[{"entity_type":"PHONE_NUMBER","can_send_message":"BLOCKED",` +
		`"errors":[{"error_description":"Not\u001b[31m registered.","possible_solution":"Register it."}]},` +
		`{"entity_type":"WABA","can_send_message":"LIMITED","additional_info":["Verify the business."]},{"entity_type":"APP","can_send_message":"AVAILABLE"}]}`)
	for label, want := range map[string]card{
		"can send":       {"can send", "blocked", "bad"},
		"  phone number": {"  phone number", "blocked: Not [31m registered. Register it.", "bad"},
		"  waba":         {"  waba", "limited: Verify the business.", "warning"},
	} {
		if c, _ := cardOf(h, label); c != want {
			t.Errorf("%s: %+v", label, c)
		}
	}
	h.Alerts = json.RawMessage(`[{"alert_severity":"CRITICAL","alert_type":"QUALITY_RED","alert_description":"Too many blocks","since":"2026-05-03T10:00:00Z"}]`)
	if c, _ := cardOf(h, "alert"); c != (card{"alert", "quality red since 2026-05-03T10:00:00Z: Too many blocks", "bad"}) {
		t.Errorf("alert: %+v", c)
	}
	shared := true
	h.IsOnBizApp, h.PlatformType = &shared, new("CLOUD_API")
	if c, _ := cardOf(h, "coexistence"); c.tone != "good" {
		t.Errorf("coexistence: %+v", c)
	}
	if c, _ := cardOf(h, "WhatsApp Manager"); c.value != "https://business.facebook.com/" {
		t.Errorf("without ids: %+v", c)
	}
}

// TestAdvice: every action and every state has a word on what to do.
func TestAdvice(t *testing.T) {
	t.Parallel()
	for _, a := range []rules.Action{
		rules.WaitForDisplayName, rules.EditDisplayName, rules.ResubmitDisplayName, rules.VerifyPhoneNumber, rules.EnterPIN, rules.DetachFromApp,
		rules.Reconnect, rules.AppealRestriction, rules.WaitRateLimit, rules.MigrateFromOnPrem, rules.ContactMeta, rules.FixCallbackURL,
	} {
		if advice[a] == "" {
			t.Errorf("nothing to say about %s", a)
		}
	}
	for _, s := range []rules.State{
		rules.NotNeeded, rules.Registering, rules.Registered, rules.Waiting, rules.NeedsAdmin, rules.RateLimited, rules.AuthError, rules.Abandoned,
	} {
		if byState[s] == "" {
			t.Errorf("nothing to say about %s", s)
		}
	}
}

// TestReportWithoutHealth: a number that Meta never told of is shown, too.
func TestReportWithoutHealth(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	r := whatsapp.Report{InboxID: 7, AccountID: 1, InboxName: "Shop", Registration: whatsapp.Registration{State: "unknown", AttemptsLeft: 10}}
	if err := printReport(&out, r); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"Shop  (inbox 7, account 1)", "never read", "no attempts", "10 left", "nothing yet"} {
		if !strings.Contains(out.String(), text) {
			t.Errorf("no %q in\n%s", text, out.String())
		}
	}
}
