package api_test

import (
	"fmt"
	"testing"
)

func TestInboxCampaigns(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		one, two := w.line("one", true), w.line("two", false)
		path := fmt.Sprintf("{A}/inboxes/%d/campaigns", one)
		w.call("admin", "GET", path, "").want(200, "[]")
		const at0 = 1738317600000000 // 2025-01-31T10:00:00Z
		w.exec(`INSERT INTO campaigns (account_id, display_id, inbox_id, sender_id, title, message, trigger_rules, created_at, updated_at)
			VALUES ($1, 4, $2, $3, 'Hello', 'Need help?', '{"url":"https://x.example","time_on_page":3}', $4, $4)`, w.account, one, w.agent, at0)
		w.exec(`INSERT INTO campaigns (account_id, display_id, inbox_id, title, description, message, campaign_status, campaign_type, enabled, scheduled_at, audience,
				trigger_only_during_business_hours, template_params, created_at, updated_at)
			VALUES ($1, 2, $2, 'Sale', 'd', 'm', 1, 1, FALSE, $3, '[{"type":"Label","id":7}]', TRUE, '{"name":"t"}', $3, $3)`, w.account, one, at0)
		w.exec(`INSERT INTO campaigns (account_id, display_id, inbox_id, title, message, campaign_type, created_at, updated_at) VALUES ($1, 5, $2, 'a', 'm', 1, 1, 1)`, w.account, one)
		w.exec(`INSERT INTO campaigns (account_id, display_id, inbox_id, title, message, created_at, updated_at) VALUES ($1, 3, $2, 'other', 'm', 1, 1)`, w.account, two)
		inbox := show(t, w.call("admin", "GET", fmt.Sprintf("{A}/inboxes/%d", one), "").object())
		agent := show(t, w.call("admin", "GET", "{A}/agents", "").list()[1])
		got := w.call("admin", "GET", path+".json", "").list()
		same(t, "campaigns", got[:2], fmt.Sprintf(`[
			{"id":4,"title":"Hello","description":null,"account_id":%d,"inbox":%s,"sender":%s,"message":"Need help?","template_params":null,"campaign_status":"active",
				"enabled":true,"campaign_type":"ongoing","trigger_rules":{"url":"https://x.example","time_on_page":3},"trigger_only_during_business_hours":false,
				"created_at":"2025-01-31T10:00:00.000Z","updated_at":"2025-01-31T10:00:00.000Z"},
			{"id":2,"title":"Sale","description":"d","account_id":%d,"inbox":%s,"message":"m","template_params":{"name":"t"},"campaign_status":"completed",
				"enabled":false,"campaign_type":"one_off","scheduled_at":1738317600,"audience":[{"type":"Label","id":7}],"trigger_rules":{},"trigger_only_during_business_hours":true,
				"created_at":"2025-01-31T10:00:00.000Z","updated_at":"2025-01-31T10:00:00.000Z"}]`, w.account, inbox, agent, w.account, inbox))
		compare(t, "without a time", object(got[2]), `{"scheduled_at":0,"audience":[],"trigger_rules":{}}`)
		if len(got) != 3 {
			t.Errorf("%d campaigns, want 3", len(got))
		}
		w.call("agent", "GET", path, "").want(401, refusedText)
		w.call("stranger", "GET", path, "").want(401, `{"error":"You are not authorized to access this account"}`)
		for _, role := range []string{"admin", "agent"} {
			w.call(role, "GET", "{A}/inboxes/999/campaigns", "").want(404, missingText)
		}
		w.exec(`UPDATE inboxes SET account_id = (SELECT MAX(id) FROM accounts) WHERE id = $1`, two)
		w.call("admin", "GET", fmt.Sprintf("{A}/inboxes/%d/campaigns", two), "").want(404, missingText)
	})
}
