package chat

import "slices"

// Features are the feature flags of an account as a bit set: bit n-1 is feature n
// of the fixed list. Most of them only steer dashboards.
type Features uint64

// featureNames are in the order of their bits, which never changes.
var featureNames = [...]string{
	"inbound_emails", "channel_email", "channel_facebook", "channel_twitter", "ip_lookup", "disable_branding",
	"email_continuity_on_api_channel", "help_center", "agent_bots", "macros", "agent_management", "team_management",
	"inbox_management", "labels", "custom_attributes", "automations", "canned_responses", "integrations", "voice_recorder",
	"mobile_v2", "channel_website", "campaigns", "reports", "crm", "auto_resolve_conversations", "custom_reply_email",
	"custom_reply_domain", "audit_logs", "response_bot", "message_reply_to", "insert_article_in_reply", "inbox_view", "sla",
	"help_center_embedding_search", "linear_integration", "captain_integration", "custom_roles", "chatwoot_v4", "report_v4",
	"contact_chatwoot_support_team", "shopify_integration", "search_with_gin", "channel_instagram", "crm_integration",
	"channel_voice", "notion_integration", "captain_integration_v2", "whatsapp_embedded_signup", "whatsapp_campaign", "crm_v2",
	"assignment_v2", "twilio_content_templates", "advanced_search", "saml", "advanced_search_indexing", "reply_mailer_migration",
	"quoted_email_reply",
}

// Names are the features that are on, in the order of the list.
func (f Features) Names() []string {
	var out []string
	for n, name := range featureNames {
		if f&(1<<n) != 0 {
			out = append(out, name)
		}
	}
	return out
}

// Has tells whether a feature is on; one that does not exist is off.
func (f Features) Has(name string) bool {
	n := slices.Index(featureNames[:], name)
	return n >= 0 && f&(1<<n) != 0
}

// Set gives the set with a feature turned on or off; ok is false when there is no
// such feature.
func (f Features) Set(name string, on bool) (changed Features, ok bool) {
	n := slices.Index(featureNames[:], name)
	switch {
	case n < 0:
		return f, false
	case on:
		return f | 1<<n, true
	}
	return f &^ (1 << n), true
}
