package whatsapp

import (
	"slices"
	"testing"

	"tributary/whatsapp/management"
)

// TestUrgency: who waits for a person comes first, who is well last.
func TestUrgency(t *testing.T) {
	t.Parallel()
	action := func(s string) *string { return &s }
	order := []struct {
		name string
		Listed
	}{
		{"needs an administrator", Listed{State: "needs_admin", RequiredAction: action("enter_pin"), Status: action("PENDING")}},
		{"given up", Listed{State: "abandoned", RequiredAction: action("contact_meta")}},
		{"live, banned", Listed{State: "registered", Status: action("BANNED")}},
		{"live, webhook elsewhere", Listed{State: "registered", Status: action("CONNECTED"), RequiredAction: action("fix_callback_url")}},
		{"blocked for trying too often", Listed{State: "rate_limited", RequiredAction: action("wait_rate_limit")}},
		{"cannot be read", Listed{State: "registered", Status: action("CONNECTED"), Quality: action("GREEN"), CheckFailing: true}},
		{"under review", Listed{State: "waiting_for_meta", RequiredAction: action("wait_for_display_name"), Status: action("PENDING")}},
		{"live, yellow", Listed{State: "registered", Status: action("CONNECTED"), Quality: action("YELLOW")}},
		{"live", Listed{State: "registered", Status: action("CONNECTED"), Quality: action("GREEN")}},
	}
	for i, c := range order {
		if got := urgency(c.Listed); got != i {
			t.Errorf("%s: %d, want %d", c.name, got, i)
		}
	}
	for _, c := range []struct {
		Listed
		like int
	}{
		{Listed{State: "auth_error"}, 0},
		{Listed{State: "registered", Status: action("CONNECTED"), Quality: action("RED")}, 3},
		{Listed{State: "unknown"}, 5},
		{Listed{State: "registering", Status: action("PENDING")}, 6},
		{Listed{State: "not_needed", Status: action("CONNECTED")}, 8},
	} {
		if got := urgency(c.Listed); got != c.like {
			t.Errorf("%+v: %d, want %d", c.Listed, got, c.like)
		}
	}
}

// TestAppFields: the app is subscribed to what is read, and to the messages that no
// callback of a number takes.
func TestAppFields(t *testing.T) {
	t.Parallel()
	messages := []string{"messages", "smb_message_echoes", "smb_app_state_sync", "history"}
	for _, f := range AppFields {
		if !management.Is(f) && !slices.Contains(messages, f) {
			t.Errorf("subscribed to %s, which nothing reads", f)
		}
	}
	for _, f := range append(messages,
		"phone_number_name_update", "phone_number_quality_update", "account_update", "account_review_update", "account_alerts",
		"business_capability_update", "message_template_status_update", "message_template_quality_update", "template_category_update", "security",
		"account_settings_update",
	) {
		if !slices.Contains(AppFields, f) {
			t.Errorf("not subscribed to %s", f)
		}
	}
}
