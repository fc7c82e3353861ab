package chat_test

import (
	"slices"
	"testing"

	"tributary/chat"
)

func TestFeatures(t *testing.T) {
	t.Parallel()
	const bits = 57
	all := chat.Features(1<<bits - 1).Names()
	if len(all) != bits || len(chat.Features(1<<63|1<<bits).Names()) != 0 {
		t.Errorf("%d names", len(all))
	}
	// Some bits that other programs rely on.
	for bit, name := range map[int]string{
		1: "inbound_emails", 14: "labels", 28: "audit_logs", 33: "sla", 37: "custom_roles", 43: "channel_instagram", 51: "assignment_v2", 54: "saml",
		57: "quoted_email_reply",
	} {
		if f := chat.Features(1 << (bit - 1)); !slices.Equal(f.Names(), []string{name}) || !f.Has(name) {
			t.Errorf("bit %d is %v, want %s", bit, f.Names(), name)
		}
	}
	f, ok := chat.Features(1).Set("saml", true)
	if !ok || !f.Has("saml") || !f.Has("inbound_emails") {
		t.Errorf("turned on: %v, %t", f.Names(), ok)
	}
	if f, ok = f.Set("inbound_emails", false); !ok || !slices.Equal(f.Names(), []string{"saml"}) {
		t.Errorf("turned off: %v, %t", f.Names(), ok)
	}
	if same, ok := f.Set("fly", true); ok || same != f || f.Has("fly") {
		t.Errorf("a feature that does not exist: %v, %t", same.Names(), ok)
	}
}
