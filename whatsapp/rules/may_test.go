package rules_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"tributary/whatsapp/graph"
	"tributary/whatsapp/rules"
)

const (
	hour    = time.Hour
	day     = 24 * time.Hour
	byName  = rules.Trigger("webhook:phone_number_name_update")
	byClock = rules.TriggerTimer
)

// calls were sent so long ago.
func calls(by rules.Trigger, ago ...time.Duration) []rules.Call {
	var out []rules.Call
	for _, d := range ago {
		out = append(out, rules.Call{At: noon.Add(-d), Automatic: by.Automatic(), Trigger: by})
	}
	return out
}

func repeat(by rules.Trigger, n int, oldest, each time.Duration) []rules.Call {
	var out []rules.Call
	for i := range n {
		out = append(out, calls(by, oldest-time.Duration(i)*each)...)
	}
	return out
}

func TestMay(t *testing.T) {
	t.Parallel()
	waiting := unregistered()
	approved := unregistered("name_status", "APPROVED")
	unverified := unregistered("code_verification_status", "NOT_VERIFIED")
	// tried is a number that was tried with what is read now.
	tried := func(n *graph.Number, state rules.State, pending, last time.Duration) rules.History {
		return rules.History{
			State: state, PendingSince: noon.Add(-pending), LastAttempt: noon.Add(-last), PhoneID: phone,
			Signature: rules.Signature(rules.Reading{Number: n}),
		}
	}
	with := func(h rules.History, change func(*rules.History)) rules.History { change(&h); return h }
	asks := func(a rules.Action) func(*rules.History) { return func(h *rules.History) { h.Action = a } }
	untried := func(h *rules.History) { h.Signature = "something else" }
	none := time.Time{}

	for _, c := range []struct {
		name string
		n    *graph.Number
		h    rules.History
		by   rules.Trigger
		want rules.Reason
		at   time.Time
		as   rules.Trigger // recorded as
	}{
		{"signup", waiting, rules.History{}, rules.TriggerSignup, "", none, rules.TriggerSignup},
		{"a number that nobody tried", waiting, rules.History{}, byClock, "", none, rules.TriggerHealth},
		{"live", live(), rules.History{}, rules.TriggerAdmin, rules.ByTable, none, rules.TriggerAdmin},
		{"coexistence", approved, rules.History{Coexistence: true}, rules.TriggerAdmin, rules.ByTable, none, rules.TriggerAdmin},
		{"declined", unregistered("name_status", "DECLINED"), rules.History{}, byName, rules.ByTable, none, byName},
		{"rename", live("new_name_status", "APPROVED"), rules.History{State: rules.Registered}, byClock, "", none, rules.TriggerRename},
		{"rename is applied once", live("new_name_status", "APPROVED"), tried(live("new_name_status", "APPROVED"), rules.Registered, 0, 9*day), byClock, rules.NotDue, none, byClock},
		{"rename, the button", live("new_name_status", "APPROVED"), tried(live("new_name_status", "APPROVED"), rules.Registered, 0, 9*day), rules.TriggerAdmin, "", none, rules.TriggerAdmin},

		{"first hour: no timer", waiting, tried(waiting, rules.Waiting, 59*time.Minute, 50*time.Minute), byClock, rules.NotDue, noon.Add(8*hour - 50*time.Minute), byClock},
		{"first hour: a change", approved, tried(waiting, rules.Waiting, time.Minute, time.Minute), byClock, "", none, rules.TriggerHealth},
		{"first hour: a change told as health", approved, tried(waiting, rules.Waiting, time.Minute, time.Minute), rules.TriggerHealth, "", none, rules.TriggerHealth},
		{"first hour: the button", waiting, tried(waiting, rules.Waiting, time.Minute, time.Minute), rules.TriggerAdmin, "", none, rules.TriggerAdmin},
		{"first hour: a new token", waiting, tried(waiting, rules.Waiting, time.Minute, time.Minute), rules.TriggerReauth, "", none, rules.TriggerReauth},
		{"first hour: approved by webhook, health lags", waiting, tried(waiting, rules.Waiting, time.Minute, time.Minute), byName, "", none, byName},
		{"8 h, not yet", waiting, tried(waiting, rules.Waiting, 8*hour, 8*hour-time.Second), byClock, rules.NotDue, noon.Add(time.Second), byClock},
		{"8 h", waiting, tried(waiting, rules.Waiting, 8*hour, 8*hour), byClock, "", none, byClock},
		{"8 h do after a day no more", waiting, tried(waiting, rules.Waiting, 25*hour, 8*hour), byClock, rules.NotDue, noon.Add(16 * hour), byClock},
		{"24 h", waiting, tried(waiting, rules.Waiting, 3*day, 24*hour), byClock, "", none, byClock},
		{"24 h do after a week no more", waiting, tried(waiting, rules.Waiting, 8*day, 24*hour), byClock, rules.NotDue, noon.Add(48 * hour), byClock},
		{"72 h", waiting, tried(waiting, rules.Waiting, 20*day, 72*hour), byClock, "", none, byClock},
		{"after 30 days no timer", waiting, tried(waiting, rules.Waiting, 31*day, 20*day), byClock, rules.NotDue, none, byClock},
		{"after 30 days nothing that was missed before", waiting, tried(waiting, rules.Waiting, 31*day, 5*day), byClock, rules.NotDue, none, byClock},
		{"nor shortly before", waiting, tried(waiting, rules.Waiting, 29*day, 1*day), byClock, rules.NotDue, none, byClock},
		{"registering, never confirmed", approved, tried(approved, rules.Registering, 9*hour, 8*hour), byClock, "", none, byClock},

		{"abandoned", waiting, tried(waiting, rules.Abandoned, 40*day, 20*day), byClock, rules.GivenUp, none, byClock},
		{"abandoned, changed", approved, tried(waiting, rules.Abandoned, 40*day, 20*day), byClock, "", none, rules.TriggerHealth},
		{"abandoned, the button", waiting, tried(waiting, rules.Abandoned, 40*day, 20*day), rules.TriggerAdmin, "", none, rules.TriggerAdmin},
		{"abandoned, webhook", waiting, tried(waiting, rules.Abandoned, 40*day, 20*day), "webhook:account_review_update", "", none, "webhook:account_review_update"},

		{"a person has to act: no timer", waiting, with(tried(waiting, rules.NeedsAdmin, 2*day, 2*day), asks(rules.DetachFromApp)), byClock, rules.NeedsPerson, none, byClock},
		{"a person has to act: a change", approved, with(tried(waiting, rules.NeedsAdmin, 2*day, 2*day), asks(rules.DetachFromApp)), byClock, "", none, rules.TriggerHealth},
		{"a person has to act: reinstated", waiting, with(tried(waiting, rules.NeedsAdmin, 2*day, 2*day), asks(rules.AppealRestriction)), "webhook:account_update", "", none, "webhook:account_update"},
		{"PIN: never by itself, whatever changes", approved, with(tried(waiting, rules.NeedsAdmin, 2*day, 2*day), asks(rules.EnterPIN)), byClock, rules.NeedsPerson, none, rules.TriggerHealth},
		{"PIN: nor by webhook", approved, with(tried(waiting, rules.NeedsAdmin, 2*day, 2*day), asks(rules.EnterPIN)), byName, rules.NeedsPerson, none, byName},
		{"PIN: the button", waiting, with(tried(waiting, rules.NeedsAdmin, 2*day, 2*day), asks(rules.EnterPIN)), rules.TriggerAdmin, "", none, rules.TriggerAdmin},
		{"verify: another change", unverified, with(tried(waiting, rules.NeedsAdmin, 2*day, 2*day), asks(rules.VerifyPhoneNumber)), byClock, rules.NeedsPerson, none, rules.TriggerHealth},
		{"verify: verified", waiting, with(tried(unverified, rules.NeedsAdmin, 2*day, 2*day), asks(rules.VerifyPhoneNumber)), byClock, "", none, rules.TriggerHealth},
		{"verify: name approved", unverified, with(tried(unverified, rules.NeedsAdmin, 2*day, 2*day), asks(rules.VerifyPhoneNumber)), byName, rules.NeedsPerson, none, byName},

		{"dead token: timer", approved, tried(waiting, rules.AuthError, 2*day, 2*day), byClock, rules.TokenDead, none, byClock},
		{"dead token: the button", approved, tried(waiting, rules.AuthError, 2*day, 2*day), rules.TriggerAdmin, rules.TokenDead, none, rules.TriggerAdmin},
		{"dead token: webhook", approved, tried(waiting, rules.AuthError, 2*day, 2*day), byName, rules.TokenDead, none, byName},
		{"a new token", approved, tried(waiting, rules.AuthError, 2*day, 2*day), rules.TriggerReauth, "", none, rules.TriggerReauth},

		{
			"frozen: timer", approved,
			rules.History{State: rules.RateLimited, FrozenUntil: noon.Add(hour)},
			byClock, rules.Frozen, noon.Add(hour), byClock,
		},
		{
			"frozen: the button", approved,
			rules.History{State: rules.RateLimited, FrozenUntil: noon.Add(hour)},
			rules.TriggerAdmin, rules.Frozen, noon.Add(hour), rules.TriggerAdmin,
		},
		{
			"frozen: a new token", approved,
			rules.History{State: rules.RateLimited, FrozenUntil: noon.Add(hour)},
			rules.TriggerReauth, rules.Frozen, noon.Add(hour), rules.TriggerReauth,
		},
		{
			"the freeze is over: one call", waiting,
			with(tried(waiting, rules.RateLimited, 4*day, 3*day), func(h *rules.History) { h.FrozenUntil, h.RetryAt = noon, noon }),
			byClock, "", none, byClock,
		},

		{
			"back-off, not yet", waiting,
			with(tried(waiting, rules.Waiting, hour, time.Minute), func(h *rules.History) { h.RetryAt = noon.Add(time.Minute) }),
			byClock, rules.NotDue, noon.Add(time.Minute), byClock,
		},
		{
			"back-off over", waiting,
			with(tried(waiting, rules.Waiting, time.Minute, time.Minute), func(h *rules.History) { h.RetryAt = noon }),
			byClock, "", none, byClock,
		},
		{
			"back-off over, a timer just acted", waiting,
			with(tried(waiting, rules.Waiting, hour, 5*time.Minute), func(h *rules.History) {
				h.RetryAt, h.Calls = noon, calls(byClock, 5*time.Minute)
			}),
			byClock, rules.TooSoon, noon.Add(5 * time.Minute), byClock,
		},
		{
			"a change does not wait for the timers", approved,
			with(tried(waiting, rules.Waiting, hour, time.Minute), func(h *rules.History) { h.Calls = calls(byClock, time.Minute) }),
			byClock, "", none, rules.TriggerHealth,
		},
		{
			"the PIN that a person entered is tried to the end", waiting,
			with(tried(waiting, rules.NeedsAdmin, hour, time.Minute), func(h *rules.History) { h.Action, h.RetryAt = rules.EnterPIN, noon }),
			byClock, "", none, byClock,
		},
		{
			"the back-off would end after the 30 days", waiting,
			with(tried(waiting, rules.Waiting, 30*day-hour, time.Minute), func(h *rules.History) { h.RetryAt = noon.Add(2 * hour) }),
			byClock, rules.NotDue, none, byClock,
		},
		{
			"the back-off ends with the 30 days", waiting,
			with(tried(waiting, rules.Waiting, 31*day, time.Minute), func(h *rules.History) { h.RetryAt = noon }),
			byClock, rules.NotDue, none, byClock,
		},

		{
			"button twice", waiting,
			with(tried(waiting, rules.Waiting, hour, 59*time.Second), func(h *rules.History) { h.Calls = calls(rules.TriggerAdmin, 59*time.Second) }),
			rules.TriggerAdmin, rules.TooSoon, noon.Add(time.Second), rules.TriggerAdmin,
		},
		{
			"button after a minute", waiting,
			with(tried(waiting, rules.Waiting, hour, time.Minute), func(h *rules.History) { h.Calls = calls(rules.TriggerAdmin, time.Minute) }),
			rules.TriggerAdmin, "", none, rules.TriggerAdmin,
		},
		{
			"button after an automatic attempt", waiting,
			with(tried(waiting, rules.Waiting, hour, time.Second), func(h *rules.History) { h.Calls = calls(rules.TriggerHealth, time.Second) }),
			rules.TriggerAdmin, "", none, rules.TriggerAdmin,
		},

		{
			"six automatic", approved,
			with(tried(waiting, rules.Waiting, 3*day, hour), func(h *rules.History) { h.Calls = repeat(rules.TriggerHealth, 6, 70*hour, 2*hour) }),
			byClock, rules.NoBudget, noon.Add(2 * hour), rules.TriggerHealth,
		},
		{
			"six automatic, a webhook", approved,
			with(tried(waiting, rules.Waiting, 3*day, hour), func(h *rules.History) { h.Calls = repeat(byName, 6, 70*hour, 2*hour) }),
			byName, rules.NoBudget, noon.Add(2 * hour), byName,
		},
		{
			"six automatic leave four to people", approved,
			with(tried(waiting, rules.Waiting, 3*day, hour), func(h *rules.History) { h.Calls = repeat(byName, 6, 70*hour, 2*hour) }),
			rules.TriggerAdmin, "", none, rules.TriggerAdmin,
		},
		{
			"ten", approved,
			with(tried(waiting, rules.Waiting, 3*day, hour), func(h *rules.History) { h.Calls = repeat(rules.TriggerAdmin, 10, 71*hour, hour) }),
			rules.TriggerAdmin, rules.NoBudget, noon.Add(hour), rules.TriggerAdmin,
		},
		{
			"ten by people leave nothing to timers", approved,
			with(tried(waiting, rules.Waiting, 3*day, hour), func(h *rules.History) { h.Calls = repeat(rules.TriggerReauth, 10, 71*hour, hour) }),
			byClock, rules.NoBudget, noon.Add(hour), rules.TriggerHealth,
		},
		{
			"the tenth is 72 h old", approved,
			with(tried(waiting, rules.Waiting, 3*day, hour), func(h *rules.History) { h.Calls = repeat(rules.TriggerAdmin, 10, 72*hour, hour) }),
			rules.TriggerAdmin, "", none, rules.TriggerAdmin,
		},
		{
			"the next timer waits for the budget, too", waiting,
			with(tried(waiting, rules.Waiting, 23*hour, hour), func(h *rules.History) { h.Calls = repeat(rules.TriggerHealth, 6, 22*hour, hour) }),
			byClock, rules.NotDue, noon.Add(50 * hour), byClock,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := rules.Reading{Number: c.n}
			if c.name == "six automatic" || c.name == "abandoned, changed" {
				untried(&c.h)
			}
			v := rules.May(rules.Decide(r, c.h, noon), rules.Signature(r), c.by, c.h, noon)
			if v.OK != (c.want == "") || v.Reason != c.want || v.Trigger != c.as {
				t.Errorf("got %+v, want %q as %s", v, c.want, c.as)
			}
			if !v.NextAt.Equal(c.at) {
				t.Errorf("next at %v, want %v", v.NextAt, c.at)
			}
		})
	}
}

func TestLeft(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		h          rules.History
		used, left int
	}{
		{"nothing", rules.History{}, 0, 10},
		{"three, one too old", rules.History{Calls: calls(rules.TriggerAdmin, 72*hour, 71*hour, hour, 0)}, 3, 7},
		{"ten", rules.History{Calls: repeat(byClock, 10, 50*hour, hour)}, 10, 0},
		{"more than we ever send", rules.History{Calls: repeat(byClock, 12, 50*hour, hour)}, 12, 0},
		{"blocked by Meta", rules.History{State: rules.RateLimited, FrozenUntil: noon.Add(hour), Calls: calls(byClock, hour)}, 1, 0},
		{"the block is over", rules.History{State: rules.RateLimited, FrozenUntil: noon, Calls: calls(byClock, hour)}, 1, 9},
	} {
		if used, left := rules.Left(c.h, noon); used != c.used || left != c.left {
			t.Errorf("%s: %d used, %d left", c.name, used, left)
		}
	}
}

// TestObserve holds the pace of the looks to a fifth around the table, plus the
// number's own twentieth.
func TestObserve(t *testing.T) {
	t.Parallel()
	about := func(d time.Duration) [2]time.Duration { return [2]time.Duration{d * 8 / 10, d * 125 / 100} }
	notBefore := func(d time.Duration) [2]time.Duration { return [2]time.Duration{d, d * 120 / 100} }
	for _, c := range []struct {
		name  string
		state rules.State
		age   time.Duration
		h     rules.History
		want  [2]time.Duration
	}{
		{"registered", rules.Registered, 0, rules.History{}, about(6 * hour)},
		{"not needed", rules.NotNeeded, 0, rules.History{}, about(6 * hour)},
		{"just failed", rules.Waiting, 0, rules.History{}, about(time.Minute)},
		{"unread", rules.Unknown, 0, rules.History{}, about(time.Minute)},
		{"5 min", rules.Waiting, 2 * time.Minute, rules.History{}, [2]time.Duration{2 * time.Minute, 255 * time.Second}},
		{"15 min", rules.Waiting, 7 * time.Minute, rules.History{}, [2]time.Duration{5 * time.Minute, 12 * time.Minute}},
		{"30 min", rules.Waiting, 20 * time.Minute, rules.History{}, [2]time.Duration{4 * time.Minute, 18 * time.Minute}},
		{"the hour", rules.Waiting, 40 * time.Minute, rules.History{}, [2]time.Duration{8 * time.Minute, 35 * time.Minute}},
		{"hourly", rules.Waiting, 2 * hour, rules.History{}, about(hour)},
		{"3 h", rules.NeedsAdmin, 2 * day, rules.History{}, about(3 * hour)},
		{"12 h", rules.NeedsAdmin, 8 * day, rules.History{}, about(12 * hour)},
		{"daily", rules.NeedsAdmin, 31 * day, rules.History{}, about(day)},
		{"abandoned", rules.Abandoned, 31 * day, rules.History{}, about(day)},
		{"dead token", rules.AuthError, hour, rules.History{}, about(day)},
		{"back-off", rules.Waiting, 2 * hour, rules.History{RetryAt: noon.Add(5 * time.Minute)}, notBefore(5 * time.Minute)},
		{"back-off of what a person began", rules.NeedsAdmin, 8 * day, rules.History{RetryAt: noon.Add(5 * time.Minute)}, notBefore(5 * time.Minute)},
		{"back-off of a rename", rules.Registered, 0, rules.History{RetryAt: noon.Add(5 * time.Minute)}, notBefore(5 * time.Minute)},
		{
			"the budget has room again", rules.Waiting, 8 * day,
			rules.History{LastAttempt: noon.Add(-100 * hour), Calls: repeat(rules.TriggerHealth, 6, 70*hour, hour)},
			notBefore(2 * hour),
		},
		{"an attempt becomes due", rules.Waiting, 3 * day, rules.History{LastAttempt: noon.Add(-23 * hour)}, notBefore(hour)},
		{"the block ends", rules.RateLimited, 8 * day, rules.History{FrozenUntil: noon.Add(hour)}, notBefore(hour)},
		{"second read", rules.Registered, 0, rules.History{Reread: noon.Add(-time.Minute)}, notBefore(time.Minute)},
		{"second read is over", rules.Registered, 0, rules.History{Reread: noon.Add(-hour)}, about(6 * hour)},
		{"confirming, 10 s", rules.Registering, 0, rules.History{Confirming: noon}, about(10 * time.Second)},
		{"confirming, 10 min", rules.Registering, 0, rules.History{Confirming: noon.Add(-5 * time.Minute)}, [2]time.Duration{3 * time.Minute, 8 * time.Minute}},
		{"confirmed", rules.Registered, 0, rules.History{Confirming: noon}, about(6 * hour)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			at := map[time.Time]bool{}
			for i := range 200 {
				h := c.h
				h.PhoneID = phone + string(rune('A'+i))
				since := time.Time{}
				if c.state != rules.Registered && c.state != rules.NotNeeded {
					since = noon.Add(-c.age)
				}
				next := rules.Observe(c.state, since, noon, h)
				if d := next.Sub(noon); d < c.want[0] || d > c.want[1] {
					t.Fatalf("in %v, want %v to %v", d, c.want[0], c.want[1])
				}
				if !next.Equal(rules.Observe(c.state, since, noon, h)) {
					t.Fatal("the same arguments give different moments")
				}
				at[next] = true
			}
			if len(at) < 190 {
				t.Errorf("200 numbers share %d moments", len(at))
			}
		})
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	waiting := rules.Reading{Number: unregistered()}
	renamed := rules.Reading{Number: live("new_name_status", "APPROVED")}
	expired := rules.Reading{Number: unregistered("name_status", "EXPIRED")}
	text := func(s string) *graph.Error {
		return &graph.Error{Class: graph.NameCertificate, HTTPStatus: 400, Code: 100, Subcode: 2388001, UserText: s}
	}
	for _, c := range []struct {
		name   string
		err    *graph.Error
		before rules.Reading
		h      rules.History
		want   rules.Outcome
	}{
		{
			"no answer", &graph.Error{Class: graph.Transient, Ambiguous: true}, waiting,
			rules.History{Tries: 1},
			rules.Outcome{Name: "transient", Result: "unknown", Transient: true, HealthFirst: true, RetryIn: 5 * time.Minute},
		},
		{
			"not sent", &graph.Error{Class: graph.Transient}, waiting,
			rules.History{},
			rules.Outcome{Name: "transient", Result: "transient", Transient: true, HealthFirst: true, RetryIn: time.Minute},
		},
		{
			"131037", &graph.Error{Class: graph.NameCertificate, HTTPStatus: 400, Code: 131037}, waiting,
			rules.History{},
			rules.Outcome{Name: "131037", Result: "display_name", State: rules.Waiting, Action: rules.WaitForDisplayName},
		},
		{
			"a code that nobody documents", &graph.Error{Class: graph.Unknown, HTTPStatus: 400, Code: 136025}, waiting,
			rules.History{},
			rules.Outcome{Name: "unknown", Result: "refused"},
		},
		{
			"a page instead of an answer", &graph.Error{Class: graph.Unknown, HTTPStatus: 302, Ambiguous: true}, waiting,
			rules.History{},
			rules.Outcome{Name: "transient", Result: "transient", Transient: true, HealthFirst: true, RetryIn: time.Minute},
		},
		{
			"throttled without a word how long", &graph.Error{Class: graph.Throttled, HTTPStatus: 400, Code: 4}, waiting,
			rules.History{Tries: 2},
			rules.Outcome{Name: "throttled", Result: "throttled", PauseWABA: true, RetryIn: time.Hour},
		},
		{
			"display name expired", text("The display name has not been approved."), expired,
			rules.History{},
			rules.Outcome{Name: "2388001_display_name", Result: "display_name", State: rules.NeedsAdmin, Action: rules.ResubmitDisplayName},
		},
		{
			"display name wins over the account", text("The display name is in review. Disconnect nothing."), waiting,
			rules.History{},
			rules.Outcome{Name: "2388001_display_name", Result: "display_name", State: rules.Waiting, Action: rules.WaitForDisplayName},
		},
		{
			"existing account, other words", text("Confirm ownership of this number first."), waiting,
			rules.History{},
			rules.Outcome{Name: "2388001_existing_account", Result: "existing_account", State: rules.NeedsAdmin, Action: rules.DetachFromApp},
		},
		{
			"rename refused: the number stays live", text("The display name has not been approved."), renamed,
			rules.History{State: rules.Registering},
			rules.Outcome{Name: "2388001_display_name", Result: "display_name", Transient: true, RetryIn: 24 * time.Hour},
		},
		{
			"rename refused again and again", text("The display name has not been approved."), renamed,
			rules.History{Tries: 4},
			rules.Outcome{Name: "2388001_display_name", Result: "display_name"},
		},
		{
			"133000 on a live number: not cut off", &graph.Error{Class: graph.Registration, HTTPStatus: 500, Code: 133000}, renamed,
			rules.History{},
			rules.Outcome{Name: "133000", Result: "incomplete_deregistration", State: rules.NeedsAdmin, Action: rules.ContactMeta},
		},
		{
			"133000 after a deregistration", &graph.Error{Class: graph.Registration, HTTPStatus: 500, Code: 133000}, waiting,
			rules.History{Deregistered: noon.Add(-5 * time.Minute)},
			rules.Outcome{Name: "133000", Result: "incomplete_deregistration", State: rules.NeedsAdmin, Action: rules.ContactMeta},
		},
		{
			"133000 long after a deregistration", &graph.Error{Class: graph.Registration, HTTPStatus: 500, Code: 133000}, waiting,
			rules.History{Deregistered: noon.Add(-80 * time.Hour)},
			rules.Outcome{Name: "133000", Result: "incomplete_deregistration", State: rules.Registering, Deregister: true, Freeze: 5 * time.Minute, RetryIn: 5 * time.Minute},
		},
		{
			"133008 for two days", &graph.Error{Class: graph.Registration, Code: 133008, Details: "Try again in 1 day and 2 hours."}, waiting,
			rules.History{},
			rules.Outcome{Name: "133008", Result: "pin_guesses", State: rules.NeedsAdmin, Action: rules.EnterPIN, Freeze: 26 * time.Hour},
		},
		{
			"133008 for ever", &graph.Error{Class: graph.Registration, Code: 133008, Details: "Try again in 999999 days."}, waiting,
			rules.History{},
			rules.Outcome{Name: "133008", Result: "pin_guesses", State: rules.NeedsAdmin, Action: rules.EnterPIN, Freeze: 7 * 24 * time.Hour},
		},
		{
			"133015 for longer", &graph.Error{Class: graph.Registration, Code: 133015, Details: "Wait 20 minutes."}, waiting,
			rules.History{},
			rules.Outcome{Name: "133015", Result: "recently_deleted", Freeze: 20 * time.Minute, RetryIn: 20 * time.Minute},
		},
		{
			"an account block of a new code", &graph.Error{Class: graph.AccountBlock, HTTPStatus: 403, Code: 999}, waiting,
			rules.History{},
			rules.Outcome{Name: "account_block", Result: "account_blocked", State: rules.NeedsAdmin, Action: rules.AppealRestriction},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.want.Counts, c.want.Text = true, c.err.Text()
			if got := rules.Judge(c.err, c.before, c.h, noon); got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestTier(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   any
		want string
	}{
		{nil, ""},
		{250, "TIER_250"},
		{int64(1000), "TIER_1K"},
		{2000.0, "TIER_2K"},
		{100000.0, "TIER_100K"},
		{-1.0, "TIER_UNLIMITED"},
		{0, ""},
		{2.5, ""},
		{1e300, ""},
		{true, ""},
		{"TIER_1000", "TIER_1K"},
		{"tier_50", "TIER_50"},
		{" TIER_NOT_SET ", "TIER_NOT_SET"},
		{"10000", "TIER_10K"},
		{"TIER_OF_NEXT_YEAR", "TIER_OF_NEXT_YEAR"},
		{"", ""},
		{ptr("TIER_2K"), "TIER_2K"},
		{(*string)(nil), ""},
		{jsonOf(`-1`), "TIER_UNLIMITED"},
		{jsonOf(`"TIER_2K"`), "TIER_2K"},
		{jsonOf(`10000`), "TIER_10K"},
		{jsonOf(`null`), ""},
		{jsonOf(`{}`), ""},
		{jsonOf(`x`), ""},
	} {
		if got := rules.Tier(c.in); got != c.want {
			t.Errorf("%v is %q, want %q", c.in, got, c.want)
		}
	}
}

func TestAlerts(t *testing.T) {
	t.Parallel()
	sends := func(n *graph.Number, state string) *graph.Number {
		n.Health = jsonOf(`{"can_send_message":"` + state + `"}`)
		return n
	}
	hooked := func(n *graph.Number, url string) *graph.Number {
		n.Webhook = jsonOf(`{"phone_number":"` + url + `"}`)
		return n
	}
	for _, c := range []struct {
		name      string
		prev, cur *graph.Number
		want      []string
	}{
		{"nothing", nil, live("quality_rating", "GREEN"), nil},
		{"no reading", live(), nil, nil},
		{"quality falls", live("quality_rating", "GREEN"), live("quality_rating", "YELLOW"), []string{"quality_yellow"}},
		{"the same again", live("quality_rating", "YELLOW"), live("quality_rating", "YELLOW"), nil},
		{"it falls further", live("quality_rating", "YELLOW"), live("quality_rating", "RED"), []string{"quality_red"}},
		{"it recovers by half", live("quality_rating", "RED"), live("quality_rating", "YELLOW"), []string{"quality_yellow"}},
		{"it recovers", live("quality_rating", "RED"), live("quality_rating", "GREEN"), []string{"quality_red over"}},
		{"nobody knows", live("quality_rating", "RED"), live("quality_rating", "UNKNOWN"), nil},
		{"Meta leaves it out", live("quality_rating", "RED"), live(), nil},
		{"flagged", live(), live("status", "FLAGGED"), []string{"status_flagged"}},
		{"flagged, then restricted", live("status", "FLAGGED"), live("status", "RESTRICTED"), []string{"status_restricted"}},
		{"connected again", live("status", "RESTRICTED"), live(), []string{"status_restricted over"}},
		{"status left out", live("status", "RESTRICTED"), live("status", "null"), nil},
		{"a status of next year", live(), live("status", "SLEEPING"), nil},
		{"banned says it all", live("quality_rating", "GREEN"), sends(live("status", "BANNED", "quality_rating", "RED"), "BLOCKED"), []string{"status_banned"}},
		{"disconnected", live(), sends(live("status", "DISCONNECTED"), "BLOCKED"), []string{"status_disconnected"}},
		{"not registered yet", nil, sends(unregistered(), "BLOCKED"), nil},
		{"blocked", sends(live(), "AVAILABLE"), sends(live(), "BLOCKED"), []string{"can_send_blocked"}},
		{"limited only", sends(live(), "BLOCKED"), sends(live(), "LIMITED"), []string{"can_send_limited"}},
		{"sends again", sends(live(), "LIMITED"), sends(live(), "AVAILABLE"), []string{"can_send_limited over"}},
		{"webhook of another", nil, hooked(live(), "https://other.example.net/x"), []string{"webhook_url_mismatch"}},
		{"webhook is ours again", hooked(live(), "https://other.example.net/x"), hooked(live(), ourHook), []string{"webhook_url_mismatch over"}},
		{"webhook with an escaped plus", nil, hooked(live(), "https://support.example.com/webhooks/whatsapp/%2B15035550141/"), nil},
		{"lower tier", live("messaging_limit_tier", "TIER_10K"), live("messaging_limit_tier", "TIER_2K"), []string{"tier_lower"}},
		{"lower from no limit", live("messaging_limit_tier", "TIER_UNLIMITED"), live("messaging_limit_tier", "TIER_100K"), []string{"tier_lower"}},
		{"the same tier, other spelling", live("messaging_limit_tier", "TIER_1000"), live("messaging_limit_tier", "TIER_1K"), nil},
		{"higher tier", live("messaging_limit_tier", "TIER_250"), live("messaging_limit_tier", "TIER_2K"), nil},
		{"tier not set", live("messaging_limit_tier", "TIER_2K"), live("messaging_limit_tier", "TIER_NOT_SET"), nil},
		{
			"several at once", live("quality_rating", "GREEN", "messaging_limit_tier", "TIER_10K"),
			sends(live("quality_rating", "RED", "status", "RESTRICTED", "messaging_limit_tier", "TIER_1K"), "LIMITED"),
			[]string{"quality_red", "status_restricted", "can_send_limited", "tier_lower"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := ids(rules.Alerts(c.prev, c.cur, ourHook)); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
	blocked := rules.Alerts(nil, reading(t, "graph-phone-d6-live-waba-blocked.json").Number, "")
	if len(blocked) != 1 || blocked[0].Severity != rules.Critical ||
		blocked[0].Text != "There is an error with the payment method. Add a valid payment method to the WhatsApp Business Account." {
		t.Errorf("got %+v", blocked)
	}
	limited := rules.Alerts(nil, reading(t, "graph-phone-d6-live-restricted-red.json").Number, "")
	if len(limited) != 3 || limited[2].Text != "Business-initiated messages are limited for this phone number." {
		t.Errorf("got %+v", limited)
	}
	if a, b := rules.AlertSignature(live("quality_rating", "RED")), rules.AlertSignature(live("quality_rating", "GREEN")); a == b || rules.AlertSignature(nil) != "" {
		t.Errorf("signatures %q and %q", a, b)
	}
}

func jsonOf(s string) json.RawMessage { return json.RawMessage(s) }
