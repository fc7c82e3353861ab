package storetest

import (
	"context"
	"testing"

	"tributary/store"
)

func campaignCases() []Case {
	return []Case{
		{"campaigns of an inbox", []string{"Store.InboxCampaigns"}, testInboxCampaigns},
		{"count inboxes", []string{"Store.InboxCount"}, testInboxCount},
		{"authorise a channel again", []string{"Tx.ClearAuthorization"}, testClearAuthorization},
	}
}

func testInboxCampaigns(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	one, two, theirs := w.line(w.Mine.Account, "one"), w.line(w.Mine.Account, "two"), w.line(w.Theirs.Account, "three")
	for n, l := range []Line{one, two, one, theirs} {
		w.exec(`INSERT INTO campaigns (account_id, display_id, inbox_id, title, message, created_at, updated_at) VALUES ($1, $2, $3, $4, 'm', 5, 6)`,
			l.Account, n+1, l.Inbox, "t"+itoa(n))
	}
	w.exec(`UPDATE campaigns SET sender_id = $1, description = 'd', campaign_status = 1, campaign_type = 1, enabled = FALSE, scheduled_at = 7,
		audience = '[{"type":"Label","id":1}]', trigger_rules = '{"url":"u"}', trigger_only_during_business_hours = TRUE, template_params = '{"name":"n"}'
		WHERE display_id = 3`, w.Mine.User)
	list, err := w.InboxCampaigns(ctx, w.Mine.Account, one.Inbox)
	noErr(t, "InboxCampaigns", err)
	if len(list) != 2 || list[0].ID >= list[1].ID {
		t.Fatalf("campaigns %s, want two by id", show(list))
	}
	for i := range list {
		list[i].ID = 0
	}
	want(t, "InboxCampaigns", list, []store.Campaign{
		{
			AccountID: w.Mine.Account, DisplayID: 1, InboxID: one.Inbox, Title: "t0", Message: "m", Enabled: true, Audience: "[]", TriggerRules: "{}",
			CreatedAt: 5, UpdatedAt: 6,
		},
		{
			AccountID: w.Mine.Account, DisplayID: 3, InboxID: one.Inbox, Title: "t2", Message: "m", SenderID: &w.Mine.User, Description: ptr("d"),
			Status: 1, Type: 1, ScheduledAt: ptr[int64](7), Audience: `[{"type":"Label","id":1}]`, TriggerRules: `{"url":"u"}`,
			OnlyDuringBusinessHours: true, TemplateParams: ptr(`{"name":"n"}`), CreatedAt: 5, UpdatedAt: 6,
		},
	})
	for name, of := range map[string][2]int64{"another account's": {w.Mine.Account, theirs.Inbox}, "no inbox's": {w.Mine.Account, 999}} {
		list, err := w.InboxCampaigns(ctx, of[0], of[1])
		noErr(t, name, err)
		want(t, name, len(list), 0)
	}
	// Users and inboxes take nothing with them but what is theirs.
	w.exec(`DELETE FROM users WHERE id = $1`, w.Mine.User)
	list, err = w.InboxCampaigns(ctx, w.Mine.Account, one.Inbox)
	noErr(t, "InboxCampaigns", err)
	want(t, "the sender of a deleted user's", list[1].SenderID, nil)
	done, err := w.DeleteInboxChunk(ctx, one.Inbox, 10)
	noErr(t, "DeleteInboxChunk", err)
	want(t, "deleted", done, true)
	want(t, "campaigns left", w.number(`SELECT COUNT(*) FROM campaigns`), 2)
}

func testInboxCount(t *testing.T, w *World) {
	w.tenants()
	w.line(w.Mine.Account, "one")
	w.line(w.Mine.Account, "two")
	for account, n := range map[int64]int{w.Mine.Account: 2, w.Theirs.Account: 0} {
		got, err := w.InboxCount(t.Context(), account)
		noErr(t, "InboxCount", err)
		want(t, "InboxCount", got, n)
	}
}

func testClearAuthorization(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	one, two := w.line(w.Mine.Account, "one"), w.line(w.Mine.Account, "two")
	w.exec(`UPDATE channels SET authorization_errors = 3, reauthorization_required = TRUE`)
	before, err := w.Version(ctx, store.TopicChannels)
	noErr(t, "Version", err)
	for _, wanted := range []bool{true, false} { // the second time there is nothing to clear
		cleared := in(w, func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.ClearAuthorization(ctx, one.Channel) })
		want(t, "cleared", cleared, wanted)
	}
	after, err := w.Version(ctx, store.TopicChannels)
	noErr(t, "Version", err)
	want(t, "version", after, before+1)
	row, err := w.ChannelOfInbox(ctx, one.Inbox)
	noErr(t, "ChannelOfInbox", err)
	want(t, "errors", row.AuthorizationErrors, 0)
	want(t, "flag", row.ReauthorizationRequired, false)
	row, err = w.ChannelOfInbox(ctx, two.Inbox)
	noErr(t, "ChannelOfInbox", err)
	want(t, "flag of another channel", row.ReauthorizationRequired, true)
}
