package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"tributary/store"
)

func policyCases() []Case {
	return []Case{
		{"assignment policies", []string{
			"Store.InsertAssignmentPolicy", "Store.AssignmentPolicy", "Store.AssignmentPolicies", "Store.ChangeAssignmentPolicy",
		}, testAssignmentPolicies},
		{"assignment policies of inboxes", []string{
			"Store.SetInboxPolicy", "Store.DropInboxPolicy", "Store.AssignmentPolicyOfInbox", "Store.AssignmentPolicyInboxes", "Store.DeleteAssignmentPolicy",
		}, testInboxPolicies},
		{"capacity policies", []string{
			"Store.InsertCapacityPolicy", "Store.CapacityPolicy", "Store.CapacityPolicies", "Store.ChangeCapacityPolicy",
		}, testCapacityPolicies},
		{"members of capacity policies", []string{
			"Store.SetMemberCapacity", "Store.CapacityPolicyUsers", "Store.DeleteCapacityPolicy", "Store.Users", "Store.MembershipsOf",
		}, testCapacityMembers},
		{"limits of capacity policies", []string{
			"Store.InsertCapacityLimit", "Store.CapacityLimit", "Store.CapacityLimited", "Store.UpdateCapacityLimit", "Store.DeleteCapacityLimit",
		}, testCapacityLimits},
		{"assignment rules", []string{"Store.AssignmentRules"}, testAssignmentRules},
	}
}

// policy makes an assignment policy with the usual values.
func (w *World) policy(account int64, name string) store.AssignmentPolicyRow {
	w.t.Helper()
	p := store.DefaultAssignmentPolicy()
	p.AccountID, p.Name = account, name
	var err error
	p.ID, err = w.InsertAssignmentPolicy(w.t.Context(), p)
	noErr(w.t, "InsertAssignmentPolicy", err)
	p.CreatedAt, p.UpdatedAt = w.Clock.Now().UnixMicro(), w.Clock.Now().UnixMicro()
	return p
}

// capacity makes a capacity policy.
func (w *World) capacity(account int64, name string, rules store.ExclusionRules) store.CapacityPolicyRow {
	w.t.Helper()
	p := store.CapacityPolicyRow{AccountID: account, Name: name, ExclusionRules: rules}
	var err error
	p.ID, err = w.InsertCapacityPolicy(w.t.Context(), p)
	noErr(w.t, "InsertCapacityPolicy", err)
	p.CreatedAt, p.UpdatedAt = w.Clock.Now().UnixMicro(), w.Clock.Now().UnixMicro()
	return p
}

func (w *World) limit(policy store.CapacityPolicyRow, inbox, conversations int64) int64 {
	w.t.Helper()
	id, err := w.InsertCapacityLimit(w.t.Context(), policy.AccountID, store.CapacityLimitRow{
		PolicyID: policy.ID, InboxID: inbox, ConversationLimit: conversations,
	})
	noErr(w.t, "InsertCapacityLimit", err)
	return id
}

func testAssignmentPolicies(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	one, two := w.policy(w.Mine.Account, "one"), w.policy(w.Mine.Account, "One")
	theirs := w.policy(w.Theirs.Account, "one")
	want(t, "the usual values", []any{one.FairDistributionLimit, one.FairDistributionWindow, one.Enabled}, []any{int64(100), int64(3600), true})
	list, err := w.AssignmentPolicies(ctx, w.Mine.Account)
	noErr(t, "AssignmentPolicies", err)
	want(t, "AssignmentPolicies", list, []store.AssignmentPolicyRow{one, two})
	got, err := w.AssignmentPolicy(ctx, w.Mine.Account, one.ID)
	noErr(t, "AssignmentPolicy", err)
	want(t, "AssignmentPolicy", got, one)
	_, err = w.AssignmentPolicy(ctx, w.Mine.Account, theirs.ID)
	wantErr(t, "AssignmentPolicy of others", err, store.ErrNotFound)
	_, err = w.InsertAssignmentPolicy(ctx, store.AssignmentPolicyRow{AccountID: w.Mine.Account, Name: "one"})
	wantErr(t, "a name again", err, store.ErrTaken)

	w.Clock.Advance(time.Minute)
	changed := store.AssignmentPolicyRow{
		ID: one.ID, AccountID: w.Mine.Account, Name: "New", Description: ptr("d"), AssignmentOrder: 1, ConversationPriority: 1,
		FairDistributionLimit: 1 << 40, FairDistributionWindow: 1 << 41, CreatedAt: one.CreatedAt, UpdatedAt: w.Clock.Now().UnixMicro(),
	}
	noErr(t, "ChangeAssignmentPolicy", w.ChangeAssignmentPolicy(ctx, w.Mine.Account, one.ID, func(p *store.AssignmentPolicyRow) error {
		want(t, "before", *p, one)
		*p = changed
		return nil
	}))
	got, err = w.AssignmentPolicy(ctx, w.Mine.Account, one.ID)
	noErr(t, "AssignmentPolicy", err)
	want(t, "a changed policy", got, changed)
	rename := func(p *store.AssignmentPolicyRow) error { p.Name = "One"; return nil }
	wantErr(t, "a name that another policy has", w.ChangeAssignmentPolicy(ctx, w.Mine.Account, one.ID, rename), store.ErrTaken)
	wantErr(t, "a policy of others", w.ChangeAssignmentPolicy(ctx, w.Mine.Account, theirs.ID, rename), store.ErrNotFound)
	refusal := errors.New("no")
	wantErr(t, "a change that is refused", w.ChangeAssignmentPolicy(ctx, w.Mine.Account, one.ID, func(p *store.AssignmentPolicyRow) error {
		p.Name = "never"
		return refusal
	}), refusal)
	got, err = w.AssignmentPolicy(ctx, w.Mine.Account, one.ID)
	noErr(t, "AssignmentPolicy", err)
	want(t, "as it was", got, changed)
}

func testInboxPolicies(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l, m := w.line(w.Mine.Account, "l"), w.line(w.Mine.Account, "m")
	theirs := w.line(w.Theirs.Account, "t")
	one, two, foreign := w.policy(w.Mine.Account, "one"), w.policy(w.Mine.Account, "two"), w.policy(w.Theirs.Account, "x")
	set := func(l Line, p store.AssignmentPolicyRow) store.InboxPolicyRow {
		t.Helper()
		r, err := w.SetInboxPolicy(ctx, w.Mine.Account, l.Inbox, p.ID)
		noErr(t, "SetInboxPolicy", err)
		return r
	}
	of := func(l Line) string {
		t.Helper()
		p, err := w.AssignmentPolicyOfInbox(ctx, w.Mine.Account, l.Inbox)
		if errors.Is(err, store.ErrNotFound) {
			return "none"
		}
		noErr(t, "AssignmentPolicyOfInbox", err)
		return p.Name + " " + itoa(int64(p.AssignedInboxCount))
	}
	first := set(l, one)
	want(t, "SetInboxPolicy", first, store.InboxPolicyRow{
		ID: first.ID, InboxID: l.Inbox, AssignmentPolicyID: one.ID, CreatedAt: start.UnixMicro(), UpdatedAt: start.UnixMicro(),
	})
	set(m, one)
	want(t, "of the inbox", of(l), "one 2")
	w.Clock.Advance(time.Minute)
	again := first
	again.AssignmentPolicyID, again.UpdatedAt = two.ID, start.Add(time.Minute).UnixMicro()
	want(t, "another one", set(l, two), again)
	want(t, "of the inboxes", []string{of(l), of(m)}, []string{"two 1", "one 1"})
	_, err := w.AssignmentPolicyOfInbox(ctx, w.Theirs.Account, l.Inbox)
	wantErr(t, "AssignmentPolicyOfInbox of others", err, store.ErrNotFound)
	for _, c := range []struct{ inbox, policy int64 }{{l.Inbox, foreign.ID}, {theirs.Inbox, one.ID}, {999, one.ID}, {l.Inbox, 999}} {
		_, err := w.SetInboxPolicy(ctx, w.Mine.Account, c.inbox, c.policy)
		wantErr(t, "SetInboxPolicy", err, store.ErrNotFound)
	}

	set(l, one)
	list, err := w.AssignmentPolicyInboxes(ctx, w.Mine.Account, one.ID)
	noErr(t, "AssignmentPolicyInboxes", err)
	all, err := w.Inboxes(ctx, w.Mine.Account, 0)
	noErr(t, "Inboxes", err)
	want(t, "AssignmentPolicyInboxes", list, all)
	list, err = w.AssignmentPolicyInboxes(ctx, w.Theirs.Account, one.ID)
	noErr(t, "AssignmentPolicyInboxes", err)
	want(t, "AssignmentPolicyInboxes of others", len(list), 0)

	wantErr(t, "drop another one", w.DropInboxPolicy(ctx, w.Mine.Account, l.Inbox, two.ID), store.ErrNotFound)
	wantErr(t, "drop in another account", w.DropInboxPolicy(ctx, w.Theirs.Account, l.Inbox, 0), store.ErrNotFound)
	noErr(t, "DropInboxPolicy", w.DropInboxPolicy(ctx, w.Mine.Account, l.Inbox, one.ID))
	wantErr(t, "drop none", w.DropInboxPolicy(ctx, w.Mine.Account, l.Inbox, 0), store.ErrNotFound)
	noErr(t, "DropInboxPolicy", w.DropInboxPolicy(ctx, w.Mine.Account, m.Inbox, 0))
	want(t, "of the inboxes", []string{of(l), of(m)}, []string{"none", "none"})

	set(l, one)
	set(m, two)
	wantErr(t, "DeleteAssignmentPolicy of others", w.DeleteAssignmentPolicy(ctx, w.Theirs.Account, one.ID), store.ErrNotFound)
	noErr(t, "DeleteAssignmentPolicy", w.DeleteAssignmentPolicy(ctx, w.Mine.Account, one.ID))
	wantErr(t, "DeleteAssignmentPolicy again", w.DeleteAssignmentPolicy(ctx, w.Mine.Account, one.ID), store.ErrNotFound)
	for range 2 {
		_, err := w.DeleteInboxChunk(ctx, m.Inbox, 10)
		noErr(t, "DeleteInboxChunk", err)
	}
	want(t, "links", w.number(`SELECT COUNT(*) FROM inbox_assignment_policies`), 0)
}

func testCapacityPolicies(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	rules := store.ExclusionRules{ExcludeOlderThanHours: ptr(1.5), ExcludedLabels: &[]string{"b", "a"}}
	one, two := w.capacity(w.Mine.Account, "one", rules), w.capacity(w.Mine.Account, "one", store.ExclusionRules{})
	theirs := w.capacity(w.Theirs.Account, "one", store.ExclusionRules{ExcludedLabels: &[]string{}})
	list, err := w.CapacityPolicies(ctx, w.Mine.Account)
	noErr(t, "CapacityPolicies", err)
	want(t, "CapacityPolicies", list, []store.CapacityPolicyRow{one, two})
	got, err := w.CapacityPolicy(ctx, w.Theirs.Account, theirs.ID)
	noErr(t, "CapacityPolicy", err)
	want(t, "CapacityPolicy", got, theirs)
	_, err = w.CapacityPolicy(ctx, w.Mine.Account, theirs.ID)
	wantErr(t, "CapacityPolicy of others", err, store.ErrNotFound)

	w.Clock.Advance(time.Minute)
	noErr(t, "ChangeCapacityPolicy", w.ChangeCapacityPolicy(ctx, w.Mine.Account, one.ID, func(p *store.CapacityPolicyRow) error {
		want(t, "before", *p, one)
		p.Name, p.Description, p.ExclusionRules = "New", ptr("d"), store.ExclusionRules{}
		return nil
	}))
	one.Name, one.Description, one.ExclusionRules, one.UpdatedAt = "New", ptr("d"), store.ExclusionRules{}, w.Clock.Now().UnixMicro()
	refusal := errors.New("no")
	wantErr(t, "a change that is refused", w.ChangeCapacityPolicy(ctx, w.Mine.Account, one.ID, func(p *store.CapacityPolicyRow) error {
		p.Name = "never"
		return refusal
	}), refusal)
	wantErr(t, "a policy of others", w.ChangeCapacityPolicy(ctx, w.Mine.Account, theirs.ID, func(*store.CapacityPolicyRow) error { return nil }), store.ErrNotFound)
	got, err = w.CapacityPolicy(ctx, w.Mine.Account, one.ID)
	noErr(t, "CapacityPolicy", err)
	want(t, "a changed policy", got, one)
}

func testCapacityMembers(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	bea := w.user("bea@example.test", "Bea")
	w.join(w.Mine.Account, bea)
	m := w.join(w.Theirs.Account, bea)
	one, two := w.capacity(w.Mine.Account, "one", store.ExclusionRules{}), w.capacity(w.Mine.Account, "two", store.ExclusionRules{})
	theirs := w.capacity(w.Theirs.Account, "x", store.ExclusionRules{})
	set := func(account, user, policy int64) {
		t.Helper()
		noErr(t, "SetMemberCapacity", w.SetMemberCapacity(ctx, account, user, policy))
	}
	users := func(policy store.CapacityPolicyRow) []int64 {
		t.Helper()
		list, err := w.CapacityPolicyUsers(ctx, policy.ID)
		noErr(t, "CapacityPolicyUsers", err)
		got, err := w.CapacityPolicy(ctx, policy.AccountID, policy.ID)
		noErr(t, "CapacityPolicy", err)
		want(t, "counted", got.AssignedAgentCount, len(list))
		return list
	}
	set(w.Mine.Account, bea, one.ID)
	set(w.Mine.Account, w.Mine.User, one.ID)
	set(w.Theirs.Account, bea, theirs.ID)
	want(t, "users", users(one), []int64{w.Mine.User, bea})
	set(w.Mine.Account, bea, two.ID)
	want(t, "moved", [][]int64{users(one), users(two), users(theirs)}, [][]int64{{w.Mine.User}, {bea}, {bea}})
	set(w.Mine.Account, bea, 0)
	want(t, "taken off", len(users(two)), 0)
	for _, c := range []struct{ user, policy int64 }{{w.Theirs.User, one.ID}, {bea, theirs.ID}, {bea, 999}, {999, one.ID}, {999, 0}} {
		wantErr(t, "SetMemberCapacity", w.SetMemberCapacity(ctx, w.Mine.Account, c.user, c.policy), store.ErrNotFound)
	}

	// Who changes otherwise keeps the policy, who leaves has none.
	m.Role = 1
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.UpdateMembership(ctx, m) })
	want(t, "kept", users(theirs), []int64{bea})
	w.do(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.DeleteMembership(ctx, m)
		return err
	})
	want(t, "left", len(users(theirs)), 0)

	set(w.Mine.Account, bea, two.ID)
	wantErr(t, "DeleteCapacityPolicy of others", w.DeleteCapacityPolicy(ctx, w.Theirs.Account, one.ID), store.ErrNotFound)
	noErr(t, "DeleteCapacityPolicy", w.DeleteCapacityPolicy(ctx, w.Mine.Account, one.ID))
	wantErr(t, "DeleteCapacityPolicy again", w.DeleteCapacityPolicy(ctx, w.Mine.Account, one.ID), store.ErrNotFound)
	want(t, "members with a policy", w.number(`SELECT COUNT(*) FROM account_users WHERE agent_capacity_policy_id IS NOT NULL`), 1)
	want(t, "the other policy", users(two), []int64{bea})

	list, err := w.Users(ctx, []int64{bea, 999, w.Mine.User})
	noErr(t, "Users", err)
	var alone []store.UserRow
	memberships := map[int64][]store.MembershipRow{}
	for _, id := range []int64{w.Mine.User, bea} {
		u, err := w.User(ctx, id)
		noErr(t, "User", err)
		alone = append(alone, u)
		if memberships[id], err = w.Memberships(ctx, id); err != nil {
			t.Fatal(err)
		}
	}
	want(t, "Users", list, alone)
	of, err := w.MembershipsOf(ctx, []int64{bea, 999, w.Mine.User})
	noErr(t, "MembershipsOf", err)
	want(t, "MembershipsOf", of, memberships)
	list, err = w.Users(ctx, nil)
	noErr(t, "Users", err)
	of, e := w.MembershipsOf(ctx, nil)
	noErr(t, "MembershipsOf", e)
	want(t, "nobody", len(list)+len(of), 0)
}

func testCapacityLimits(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l, m := w.line(w.Mine.Account, "l"), w.line(w.Mine.Account, "m")
	theirs := w.line(w.Theirs.Account, "t")
	one, two := w.capacity(w.Mine.Account, "one", store.ExclusionRules{}), w.capacity(w.Mine.Account, "two", store.ExclusionRules{})
	foreign := w.capacity(w.Theirs.Account, "x", store.ExclusionRules{})
	second, first := w.limit(one, m.Inbox, 7), w.limit(one, l.Inbox, 5)
	w.limit(two, l.Inbox, 9)
	row := store.CapacityLimitRow{
		ID: first, PolicyID: one.ID, InboxID: l.Inbox, ConversationLimit: 5, CreatedAt: start.UnixMicro(), UpdatedAt: start.UnixMicro(), InboxName: "l",
	}
	got, err := w.CapacityLimit(ctx, one.ID, first)
	noErr(t, "CapacityLimit", err)
	want(t, "CapacityLimit", got, row)
	_, err = w.CapacityLimit(ctx, two.ID, first)
	wantErr(t, "CapacityLimit of another policy", err, store.ErrNotFound)
	list, err := w.CapacityPolicies(ctx, w.Mine.Account)
	noErr(t, "CapacityPolicies", err)
	want(t, "limits of the policies", []int{len(list[0].Limits), len(list[1].Limits)}, []int{2, 1})
	want(t, "in order", []int64{list[0].Limits[0].ID, list[0].Limits[1].ID}, []int64{second, first})
	for _, c := range []struct {
		policy, inbox int64
		limited       bool
	}{{one.ID, l.Inbox, true}, {two.ID, m.Inbox, false}, {two.ID, l.Inbox, true}, {999, l.Inbox, false}} {
		limited, err := w.CapacityLimited(ctx, c.policy, c.inbox)
		noErr(t, "CapacityLimited", err)
		want(t, "CapacityLimited", limited, c.limited)
	}
	for _, c := range []struct {
		policy, inbox int64
		err           error
	}{
		{one.ID, l.Inbox, store.ErrTaken},
		{foreign.ID, l.Inbox, store.ErrNotFound},
		{one.ID, theirs.Inbox, store.ErrNotFound},
		{999, l.Inbox, store.ErrNotFound},
		{one.ID, 999, store.ErrNotFound},
	} {
		_, err := w.InsertCapacityLimit(ctx, w.Mine.Account, store.CapacityLimitRow{PolicyID: c.policy, InboxID: c.inbox, ConversationLimit: 1})
		wantErr(t, "InsertCapacityLimit", err, c.err)
	}

	w.Clock.Advance(time.Minute)
	noErr(t, "UpdateCapacityLimit", w.UpdateCapacityLimit(ctx, one.ID, first, 1<<40))
	wantErr(t, "UpdateCapacityLimit of another policy", w.UpdateCapacityLimit(ctx, two.ID, first, 1), store.ErrNotFound)
	row.ConversationLimit, row.UpdatedAt = 1<<40, w.Clock.Now().UnixMicro()
	got, err = w.CapacityLimit(ctx, one.ID, first)
	noErr(t, "CapacityLimit", err)
	want(t, "a changed limit", got, row)

	wantErr(t, "DeleteCapacityLimit of another policy", w.DeleteCapacityLimit(ctx, two.ID, first), store.ErrNotFound)
	noErr(t, "DeleteCapacityLimit", w.DeleteCapacityLimit(ctx, one.ID, first))
	wantErr(t, "DeleteCapacityLimit again", w.DeleteCapacityLimit(ctx, one.ID, first), store.ErrNotFound)
	noErr(t, "DeleteCapacityPolicy", w.DeleteCapacityPolicy(ctx, w.Mine.Account, one.ID))
	for range 2 {
		_, err := w.DeleteInboxChunk(ctx, l.Inbox, 10)
		noErr(t, "DeleteInboxChunk", err)
	}
	want(t, "limits", w.number(`SELECT COUNT(*) FROM inbox_capacity_limits`), 0)
}

func testAssignmentRules(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l, m := w.line(w.Mine.Account, "l"), w.line(w.Mine.Account, "m")
	rules := func(l Line) store.AssignmentRules {
		t.Helper()
		r, err := w.AssignmentRules(ctx, l.Inbox)
		noErr(t, "AssignmentRules", err)
		return r
	}
	none := store.AssignmentRules{Capacity: map[int64]store.Capacity{}}
	want(t, "nothing was said", rules(l), none)
	want(t, "an inbox that is gone", rules(Line{Inbox: 999}), none)

	p := w.policy(w.Mine.Account, "p")
	_, err := w.SetInboxPolicy(ctx, w.Mine.Account, l.Inbox, p.ID)
	noErr(t, "SetInboxPolicy", err)
	p.AssignedInboxCount = 1
	want(t, "a policy", rules(l), store.AssignmentRules{Policy: &p, Capacity: map[int64]store.Capacity{}})
	noErr(t, "ChangeAssignmentPolicy", w.ChangeAssignmentPolicy(ctx, w.Mine.Account, p.ID, func(p *store.AssignmentPolicyRow) error {
		p.Enabled = false
		return nil
	}))
	want(t, "a policy that is switched off", rules(l), none)

	ann, bea, cy := w.user("ann@example.test", "Ann"), w.user("bea@example.test", "Bea"), w.user("cy@example.test", "Cy")
	for _, u := range []int64{ann, bea, cy} {
		w.join(w.Mine.Account, u)
	}
	excluded := store.ExclusionRules{ExcludeOlderThanHours: ptr(24.0), ExcludedLabels: &[]string{"vip"}}
	small, large := w.capacity(w.Mine.Account, "small", excluded), w.capacity(w.Mine.Account, "large", store.ExclusionRules{})
	for user, policy := range map[int64]int64{ann: small.ID, bea: large.ID} {
		noErr(t, "SetMemberCapacity", w.SetMemberCapacity(ctx, w.Mine.Account, user, policy))
	}
	w.limit(small, l.Inbox, 2)
	w.limit(large, l.Inbox, 20)
	w.limit(large, m.Inbox, 10)
	want(t, "limits", rules(l), store.AssignmentRules{Capacity: map[int64]store.Capacity{
		ann: {ConversationLimit: 2, Excluded: excluded}, bea: {ConversationLimit: 20},
	}})
	want(t, "limits of another inbox", rules(m), store.AssignmentRules{Capacity: map[int64]store.Capacity{bea: {ConversationLimit: 10}}})
}
