package desk_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"tributary/chat"
	"tributary/desk"
	"tributary/internal/testkit"
	"tributary/store"
	"tributary/store/storetest"
)

// policy gives an inbox an assignment policy.
func (w *shift) policy(inbox int64, change func(*store.AssignmentPolicyRow)) {
	w.t.Helper()
	p := store.DefaultAssignmentPolicy()
	p.AccountID, p.Name = w.account, fmt.Sprint("policy of ", inbox)
	change(&p)
	id, err := w.store.InsertAssignmentPolicy(w.t.Context(), p)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.store.SetInboxPolicy(w.t.Context(), w.account, inbox, id); err != nil {
		w.t.Fatal(err)
	}
}

func (w *shift) sweep() {
	w.t.Helper()
	if _, err := w.desk.SweepAssignments(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	w.happen()
}

// The one who has least comes first, and nobody gets more than the policy allows
// within its window.
func TestPolicies(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		t.Parallel()
		w := newShift(t, b)
		balanced, fair := w.line(1), w.line(2)
		a, z := w.agent("ann", balanced, fair), w.agent("zoe", balanced, fair)
		w.policy(balanced, func(p *store.AssignmentPolicyRow) { p.AssignmentOrder = 1 })
		one, two := w.arrives(balanced, "1"), w.arrives(balanced, "2")
		if w.has(one) != a || w.has(two) != z {
			t.Errorf("as many each: %d, %d", w.has(one), w.has(two))
		}
		w.status(two, chat.Resolved)
		if got := w.has(w.arrives(balanced, "3")); got != z {
			t.Errorf("Zoe has less: %d, want %d", got, z)
		}
		w.policy(fair, func(p *store.AssignmentPolicyRow) { p.FairDistributionLimit, p.FairDistributionWindow = 1, 60 })
		got := []int64{w.has(w.arrives(fair, "4")), w.has(w.arrives(fair, "5")), w.has(w.arrives(fair, "6"))}
		if want := []int64{a, z, 0}; !slices.Equal(got, want) {
			t.Errorf("one within a minute: %v, want %v", got, want)
		}
		w.clock.Advance(time.Minute)
		if got := w.has(w.arrives(fair, "7")); got != a {
			t.Errorf("a minute later: %d, want %d", got, a)
		}
		w.exec(`UPDATE assignment_policies SET enabled = FALSE`)
		if got := w.has(w.arrives(fair, "8")); got != z {
			t.Errorf("a policy that is off: %d, want %d", got, z)
		}
	})
}

func TestCapacity(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		t.Parallel()
		w := newShift(t, b)
		ctx := t.Context()
		inbox, other := w.line(1), w.line(2)
		a := w.agent("ann", inbox, other)
		hours, labels := 2.0, []string{"vip"}
		policy, err := w.store.InsertCapacityPolicy(ctx, store.CapacityPolicyRow{
			AccountID: w.account, Name: "p", ExclusionRules: store.ExclusionRules{ExcludeOlderThanHours: &hours, ExcludedLabels: &labels},
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.store.InsertCapacityLimit(ctx, w.account, store.CapacityLimitRow{PolicyID: policy, InboxID: inbox, ConversationLimit: 1}); err != nil {
			t.Fatal(err)
		}
		if err := w.store.SetMemberCapacity(ctx, w.account, a, policy); err != nil {
			t.Fatal(err)
		}
		one, two := w.arrives(inbox, "1"), w.arrives(inbox, "2")
		if w.has(one) != a || w.has(two) != 0 {
			t.Errorf("a limit of one: %d, %d", w.has(one), w.has(two))
		}
		if got := w.has(w.arrives(other, "3")); got != a {
			t.Errorf("an inbox without a limit: %d", got)
		}
		w.edit(one, func(ctx context.Context, e *desk.Edit) error { return e.SetLabels(ctx, []string{"vip"}) })
		three := w.arrives(inbox, "4")
		if got := w.has(three); got != a {
			t.Errorf("what has the label does not count: %d", got)
		}
		if got := w.has(w.arrives(inbox, "5")); got != 0 {
			t.Errorf("the limit again: %d", got)
		}
		w.clock.Advance(2 * time.Hour)
		if got := w.has(w.arrives(inbox, "6")); got != a {
			t.Errorf("what is old does not count: %d", got)
		}
	})
}

func TestSweep(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		t.Parallel()
		w := newShift(t, b)
		inbox := w.line(1)
		a := w.agent("ann", inbox)
		w.exec(`UPDATE account_users SET availability = 1`)
		first, second := w.arrives(inbox, "1"), w.arrives(inbox, "2")
		w.arrives(inbox, "1") // the first was touched last
		w.exec(`UPDATE account_users SET availability = 0`)
		w.exec(`UPDATE inboxes SET auto_assignment_config = '{"max_assignment_limit":1}'`)
		w.sweep()
		if w.has(first) != 0 || w.has(second) != 0 {
			t.Errorf("without the feature: %d, %d", w.has(first), w.has(second))
		}
		feature, _ := chat.Features(0).Set("assignment_v2", true)
		w.exec(`UPDATE accounts SET features = $1`, int64(feature))
		w.sweep()
		w.sweep()
		if w.has(first) != a || w.has(second) != 0 {
			t.Errorf("made first: %d, %d", w.has(first), w.has(second))
		}
		w.exec(`UPDATE conversations SET assignee_id = NULL`)
		w.exec(`UPDATE accounts SET features = 0`)
		w.policy(inbox, func(p *store.AssignmentPolicyRow) { p.ConversationPriority = 1 })
		w.sweep()
		if w.has(first) != 0 || w.has(second) != a {
			t.Errorf("waits longest: %d, %d", w.has(first), w.has(second))
		}
	})
}

// What a member had who leaves an inbox or the account goes to the others; where there
// is nobody it stays with who left an inbox, and is nobody's when they left the
// account.
func TestMembersLeave(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		t.Parallel()
		w := newShift(t, b)
		ctx := t.Context()
		by := desk.Actor{UserID: w.user}
		inbox, lonely := w.line(1), w.line(2)
		a, z := w.agent("ann", inbox, lonely), w.agent("zoe", inbox)
		mine, done, alone := w.arrives(inbox, "1"), w.arrives(inbox, "2"), w.arrives(lonely, "3")
		w.exec(`UPDATE conversations SET assignee_id = $1`, a)
		w.status(done, chat.Resolved)
		w.happen()
		for _, id := range []int64{inbox, lonely} {
			if err := w.desk.ChangeInboxMembers(ctx, by, w.account, id, desk.InboxRemove, []int64{a}); err != nil {
				t.Fatal(err)
			}
		}
		w.happen()
		if w.has(mine) != z || w.has(done) != a || w.has(alone) != a {
			t.Errorf("left the inboxes: %d %d %d, want %d %d %d", w.has(mine), w.has(done), w.has(alone), z, a, a)
		}
		w.exec(`UPDATE conversations SET assignee_id = $1 WHERE id = $2`, a, mine)
		if err := w.desk.RemoveMember(ctx, by, w.account, a); err != nil {
			t.Fatal(err)
		}
		w.happen()
		if w.has(mine) != z || w.has(done) != 0 || w.has(alone) != 0 {
			t.Errorf("left the account: %d %d %d, want %d 0 0", w.has(mine), w.has(done), w.has(alone), z)
		}
		w.want(`SELECT COUNT(*) FROM users WHERE name = 'ann'`, "0")
		w.want(fmt.Sprintf(`SELECT user_id FROM conversation_participants WHERE conversation_id = %d AND user_id = %d`, mine, z), strconv.FormatInt(z, 10))
	})
}
