package rules_test

import (
	"testing"
	"time"

	"tributary/whatsapp/rules"
)

// TestAfterAnswer: what an answer leaves behind, by the state from before the attempt.
func TestAfterAnswer(t *testing.T) {
	t.Parallel()
	began := noon.Add(-3 * day)
	again := rules.Outcome{Transient: true, RetryIn: time.Minute}
	for _, c := range []struct {
		name   string
		before rules.History
		o      rules.Outcome
		state  rules.State
		action rules.Action
		since  time.Time
	}{
		{"signup", rules.History{}, again, rules.Registering, "", noon},
		{"unread", rules.History{State: rules.Unknown, PendingSince: began}, again, rules.Registering, "", noon},
		{"waiting", rules.History{State: rules.Waiting, Action: rules.WaitForDisplayName, PendingSince: began}, again, rules.Waiting, rules.WaitForDisplayName, began},
		{"a person's", rules.History{State: rules.NeedsAdmin, Action: rules.EnterPIN, PendingSince: began}, again, rules.NeedsAdmin, rules.EnterPIN, began},
		{"a rename", rules.History{State: rules.Registered}, again, rules.Registered, "", time.Time{}},
		{"given up", rules.History{State: rules.Abandoned, PendingSince: began}, again, rules.Registering, "", noon},
		{"the block was over", rules.History{State: rules.RateLimited, PendingSince: began}, again, rules.Registering, "", began},
		{"a new token", rules.History{State: rules.AuthError, PendingSince: began}, again, rules.Registering, "", began},
		{"the same wait", rules.History{State: rules.Waiting, PendingSince: began}, rules.Outcome{State: rules.Waiting}, rules.Waiting, "", began},
		{"a new wait", rules.History{State: rules.NeedsAdmin, PendingSince: began}, rules.Outcome{State: rules.Waiting}, rules.Waiting, "", noon},
		{"live", rules.History{State: rules.Waiting, PendingSince: began}, rules.Outcome{State: rules.Registered, Confirm: true}, rules.Registered, "", time.Time{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := c.before.AfterSend(rules.Verdict{OK: true, Trigger: rules.TriggerAdmin}, "sig", noon)
			if h.State != rules.Registering || h.Signature != "sig" || len(h.Calls) != 1 || h.Calls[0].Automatic {
				t.Fatalf("sent: %+v", h)
			}
			h = h.AfterAnswer(c.o, c.before, noon)
			if h.State != c.state || h.Action != c.action || !h.PendingSince.Equal(c.since) {
				t.Errorf("got %s/%s since %v", h.State, h.Action, h.PendingSince)
			}
			if h.Confirming.IsZero() == c.o.Confirm || h.RetryAt.IsZero() == (c.o.RetryIn > 0) {
				t.Errorf("confirming %v, retried at %v", h.Confirming, h.RetryAt)
			}
		})
	}
}

func TestAfterAnswerCounts(t *testing.T) {
	t.Parallel()
	h := rules.History{Tries: 2, FrozenUntil: noon.Add(day)}
	for _, c := range []struct {
		name  string
		o     rules.Outcome
		tries int
		until time.Duration
	}{
		{"transient", rules.Outcome{Transient: true}, 3, day},
		{"throttled is no failure of the number", rules.Outcome{PauseWABA: true, RetryIn: hour}, 2, day},
		{"anything else", rules.Outcome{State: rules.Waiting}, 0, day},
		{"a shorter freeze shortens none", rules.Outcome{Freeze: hour}, 0, day},
		{"a longer freeze", rules.Outcome{Freeze: 72 * hour}, 0, 72 * hour},
	} {
		got := h.AfterAnswer(c.o, h, noon)
		if got.Tries != c.tries || !got.FrozenUntil.Equal(noon.Add(c.until)) {
			t.Errorf("%s: %d tries, frozen for %v", c.name, got.Tries, got.FrozenUntil.Sub(noon))
		}
	}
}

// TestAfterSendForgets: only the calls that still count are kept, and the caller's
// history is left alone.
func TestAfterSendForgets(t *testing.T) {
	t.Parallel()
	before := rules.History{Calls: calls(byClock, 80*hour, 73*hour, 72*hour, 71*hour)}
	after := before.AfterSend(rules.Verdict{OK: true, Trigger: byName}, "sig", noon)
	if len(after.Calls) != 2 || !after.Calls[1].At.Equal(noon) || !after.Calls[1].Automatic || after.Calls[1].Trigger != byName {
		t.Errorf("kept %+v", after.Calls)
	}
	if len(before.Calls) != 4 || !before.Calls[0].At.Equal(noon.Add(-80*hour)) {
		t.Errorf("the caller's are %+v", before.Calls)
	}
}

// TestRest: where a number stands that its row would register, but nobody may.
func TestRest(t *testing.T) {
	t.Parallel()
	pin := rules.History{State: rules.NeedsAdmin, Action: rules.EnterPIN, PendingSince: noon}
	asked := func(a rules.Action) rules.History {
		return rules.History{State: rules.NeedsAdmin, Action: a, PendingSince: noon}
	}
	for _, c := range []struct {
		name   string
		h      rules.History
		row    rules.Row
		state  rules.State
		action rules.Action
	}{
		{"was live", rules.History{State: rules.Registered}, "D11", rules.Waiting, ""},
		{"was live, name in review", rules.History{State: rules.Registered}, "D10", rules.Waiting, ""},
		{"rename", rules.History{State: rules.Registered}, "D5", rules.Registered, ""},
		{"rename of a number that waited", rules.History{State: rules.Waiting, PendingSince: noon}, "D5", rules.Registered, ""},
		{"rename that was never confirmed", rules.History{State: rules.Registering, PendingSince: noon}, "D5", rules.Registered, ""},
		{"rename, PIN", pin, "D5", rules.NeedsAdmin, rules.EnterPIN},
		{"PIN", pin, "D11", rules.NeedsAdmin, rules.EnterPIN},
		{"locked", asked(rules.AppealRestriction), "D11", rules.NeedsAdmin, rules.AppealRestriction},
		{"elsewhere", asked(rules.DetachFromApp), "D11", rules.NeedsAdmin, rules.DetachFromApp},
		{"not verified", asked(rules.VerifyPhoneNumber), "D10", rules.NeedsAdmin, rules.VerifyPhoneNumber},
		{"verified", asked(rules.VerifyPhoneNumber), "D11", rules.Waiting, ""},
		{"name was edited", asked(rules.EditDisplayName), "D11", rules.Waiting, ""},
		{"name was submitted again", asked(rules.ResubmitDisplayName), "D10", rules.Waiting, ""},
		{"migrated", asked(rules.MigrateFromOnPrem), "D11", rules.Waiting, ""},
		{"there again", asked(rules.Reconnect), "D11", rules.Waiting, ""},
		{"wait goes on", rules.History{State: rules.Waiting, Action: rules.WaitForDisplayName, PendingSince: noon}, "D11", rules.Waiting, rules.WaitForDisplayName},
		{"wait is over", rules.History{State: rules.Waiting, PendingSince: noon.Add(-31 * day)}, "D11", rules.Abandoned, rules.ContactMeta},
		{"retried soon", rules.History{State: rules.Registering, PendingSince: noon, RetryAt: noon.Add(time.Minute)}, "D11", rules.Registering, ""},
		{"nobody finished it", rules.History{State: rules.Registering, PendingSince: noon}, "D11", rules.Waiting, ""},
		{"blocked", rules.History{State: rules.RateLimited, Action: rules.WaitRateLimit, PendingSince: noon, FrozenUntil: noon.Add(hour)}, "D11", rules.RateLimited, rules.WaitRateLimit},
		{"the block is over", rules.History{State: rules.RateLimited, Action: rules.WaitRateLimit, PendingSince: noon}, "D11", rules.Waiting, ""},
		{"dead token", rules.History{State: rules.AuthError, Action: rules.Reconnect, PendingSince: noon}, "D11", rules.AuthError, rules.Reconnect},
		{"given up", rules.History{State: rules.Abandoned, Action: rules.ContactMeta, PendingSince: noon}, "D11", rules.Abandoned, rules.ContactMeta},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := rules.Decision{Row: c.row, Move: rules.RegisterNow, Register: true, State: rules.Registering}
			h := c.h.AfterRead(d, rules.Verdict{Reason: rules.NoBudget}, noon)
			if h.State != c.state || h.Action != c.action {
				t.Errorf("got %s/%s", h.State, h.Action)
			}
		})
	}
}

// TestMayLate: a decision from before the number turned out to be shared with an app
// registers nothing.
func TestMayLate(t *testing.T) {
	t.Parallel()
	d := rules.Decision{Row: "D11", Move: rules.RegisterNow, Register: true, State: rules.Registering}
	if v := rules.May(d, "sig", rules.TriggerAdmin, rules.History{Coexistence: true}, noon); v.OK || v.Reason != rules.ByTable {
		t.Errorf("got %+v", v)
	}
}

func TestAfterToken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		state  rules.State
		action rules.Action
		want   rules.State
	}{
		{rules.AuthError, rules.Reconnect, rules.Unknown},
		{rules.NeedsAdmin, rules.Reconnect, rules.Unknown},
		{rules.NeedsAdmin, rules.EnterPIN, rules.NeedsAdmin},
		{rules.Waiting, rules.WaitForDisplayName, rules.Waiting},
		{rules.Registered, "", rules.Registered},
	} {
		h := rules.History{State: c.state, Action: c.action, Signature: "sig", RetryAt: noon, Tries: 3}.AfterToken(noon)
		if h.State != c.want || h.Signature != "" || !h.RetryAt.IsZero() || h.Tries != 0 {
			t.Errorf("%s/%s becomes %+v", c.state, c.action, h)
		}
	}
}
