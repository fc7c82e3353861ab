package rules_test

import (
	"encoding/json"
	"testing"
	"time"

	"tributary/whatsapp/graph"
	"tributary/whatsapp/rules"
)

// number makes one of pairs of field and value; a value of null is left out.
func number(pairs ...string) *graph.Number {
	f := map[string]any{"id": phone, "account_mode": "LIVE", "is_on_biz_app": false}
	for i := 0; i < len(pairs); i += 2 {
		switch k, v := pairs[i], pairs[i+1]; {
		case v == "null":
			delete(f, k)
		case k == "throughput":
			f[k] = map[string]any{"level": v}
		case k == "is_on_biz_app":
			f[k] = v == "true"
		default:
			f[k] = v
		}
	}
	raw, err := json.Marshal(f)
	if err != nil {
		panic(err)
	}
	n := &graph.Number{}
	if err := json.Unmarshal(raw, n); err != nil {
		panic(err)
	}
	return n
}

func live(pairs ...string) *graph.Number {
	return number(append([]string{
		"status", "CONNECTED", "platform_type", "CLOUD_API", "throughput", "STANDARD",
		"code_verification_status", "VERIFIED", "name_status", "APPROVED",
	}, pairs...)...)
}

func unregistered(pairs ...string) *graph.Number {
	return number(append([]string{
		"status", "PENDING", "platform_type", "NOT_APPLICABLE", "throughput", "NOT_APPLICABLE",
		"code_verification_status", "VERIFIED", "name_status", "PENDING_REVIEW",
	}, pairs...)...)
}

func TestDecideRows(t *testing.T) {
	t.Parallel()
	coexists := rules.History{Coexistence: true}
	for _, c := range []struct {
		name   string
		n      *graph.Number
		h      rules.History
		row    rules.Row
		move   rules.Move
		state  rules.State
		action rules.Action
	}{
		{"D0 nothing was read", nil, rules.History{}, "D0", rules.KeepState, "", ""},
		{"D1 banned although live", live("status", "BANNED"), rules.History{}, "D1", rules.TellAdminStop, rules.NeedsAdmin, rules.AppealRestriction},
		{"D1 deleted before coexistence", unregistered("status", "DELETED"), coexists, "D1", rules.TellAdminStop, rules.NeedsAdmin, rules.Reconnect},
		{"D2 said by the number", live("is_on_biz_app", "true", "code_verification_status", "EXPIRED"), rules.History{}, "D2", rules.SkipForever, rules.NotNeeded, ""},
		{"D2 seen once is for ever", unregistered("name_status", "APPROVED"), coexists, "D2", rules.SkipForever, rules.NotNeeded, ""},
		{"D2 before the sandbox", live("account_mode", "SANDBOX"), coexists, "D2", rules.SkipForever, rules.NotNeeded, ""},
		{"D2 before a rename", live("new_name_status", "APPROVED"), coexists, "D2", rules.SkipForever, rules.NotNeeded, ""},
		{"D3 sandbox", unregistered("account_mode", "SANDBOX"), rules.History{}, "D3", rules.Skip, rules.NotNeeded, ""},
		{"D4 on premise although it has a throughput", live("platform_type", "ON_PREMISE"), rules.History{}, "D4", rules.TellAdmin, rules.NeedsAdmin, rules.MigrateFromOnPrem},
		{"D5 rename approved", live("new_name_status", "APPROVED"), rules.History{}, "D5", rules.RegisterOnce, rules.Registering, ""},
		{"D6 proof lapsed on a live number", live("code_verification_status", "EXPIRED"), rules.History{}, "D6", rules.Skip, rules.Registered, ""},
		{"D6 pending status on a live number", live("status", "PENDING"), rules.History{}, "D6", rules.Skip, rules.Registered, ""},
		{"D6 name declined on a live number", live("name_status", "DECLINED"), rules.History{}, "D6", rules.Skip, rules.Registered, ""},
		{"D6 rename still in review", live("new_name_status", "PENDING_REVIEW"), rules.History{}, "D6", rules.Skip, rules.Registered, ""},
		{"D6 a level nobody knows yet", live("throughput", "ULTRA"), rules.History{}, "D6", rules.Skip, rules.Registered, ""},
		{"D6 after a dead token", live(), rules.History{State: rules.AuthError}, "D6", rules.Skip, rules.Registered, ""},
		{"D7 connected without throughput", live("throughput", "null"), rules.History{}, "D7", rules.Reread, rules.Registering, ""},
		{"D7 pending, not applicable", live("status", "PENDING", "throughput", "NOT_APPLICABLE"), rules.History{}, "D7", rules.Reread, rules.Registering, ""},
		{"D8 declined", unregistered("name_status", "DECLINED"), rules.History{}, "D8", rules.TellAdmin, rules.NeedsAdmin, rules.EditDisplayName},
		{"D8 declined and nothing else is known", number("name_status", "DECLINED"), rules.History{}, "D8", rules.TellAdmin, rules.NeedsAdmin, rules.EditDisplayName},
		{"D9 expired", unregistered("name_status", "EXPIRED"), rules.History{}, "D9", rules.TellAdmin, rules.NeedsAdmin, rules.ResubmitDisplayName},
		{"D10 not verified", unregistered("code_verification_status", "NOT_VERIFIED"), rules.History{}, "D10", rules.RegisterOnce, rules.Registering, ""},
		{"D10 not verified, any other name", unregistered("code_verification_status", "null", "name_status", "UNDER_APPEAL"), rules.History{}, "D10", rules.RegisterOnce, rules.Registering, ""},
		{"D11 approved", unregistered("name_status", "APPROVED"), rules.History{}, "D11", rules.RegisterNow, rules.Registering, ""},
		{"D11 CONNECTED is not registered", unregistered("status", "CONNECTED", "name_status", "AVAILABLE_WITHOUT_REVIEW"), rules.History{}, "D11", rules.RegisterNow, rules.Registering, ""},
		{"D11 flagged", unregistered("status", "FLAGGED", "name_status", "APPROVED"), rules.History{}, "D11", rules.RegisterNow, rules.Registering, ""},
		{"D12 in review", unregistered(), rules.History{}, "D12", rules.RegisterSignup, rules.Registering, ""},
		{"D12 no name status", unregistered("name_status", "null"), rules.History{}, "D12", rules.RegisterSignup, rules.Registering, ""},
		{"D13 nothing", number(), rules.History{}, "D13", rules.Poll, rules.Unknown, ""},
		{"D13 only what does not matter", number("name_status", "APPROVED", "code_verification_status", "NOT_VERIFIED"), rules.History{}, "D13", rules.Poll, rules.Unknown, ""},
		{"no row: a name status nobody knows", unregistered("name_status", "UNDER_APPEAL"), rules.History{}, "", rules.Poll, rules.Unknown, ""},
		{"no row: a proof nobody knows", unregistered("code_verification_status", "HALF"), rules.History{}, "", rules.Poll, rules.Unknown, ""},
		{"no row: flagged without throughput", live("status", "FLAGGED", "throughput", "null"), rules.History{}, "", rules.Poll, rules.Unknown, ""},
		{"no row: platform missing", live("platform_type", "null"), rules.History{}, "", rules.Poll, rules.Unknown, ""},
		{"no row: throughput UNKNOWN", live("throughput", "UNKNOWN"), rules.History{}, "", rules.Poll, rules.Unknown, ""},
		{
			"no row forgets no obstacle", live("platform_type", "null"),
			rules.History{State: rules.NeedsAdmin, Action: rules.EnterPIN},
			"", rules.Poll, "", "",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := rules.Decide(rules.Reading{Number: c.n}, c.h, noon)
			if d.Row != c.row || d.Move != c.move || d.State != c.state || d.Action != c.action {
				t.Errorf("got %+v", d)
			}
			if d.Register != (d.State == rules.Registering) {
				t.Errorf("registers: %v, state %s", d.Register, d.State)
			}
			if rules.Provisioned(c.n) && d.Register && d.Row != "D5" {
				t.Errorf("a live number is registered by %s", d.Row)
			}
		})
	}
}

func TestDecideReviewRejected(t *testing.T) {
	t.Parallel()
	r := rules.Reading{Number: unregistered("name_status", "APPROVED"), Review: "REJECTED"}
	h := rules.History{State: rules.Waiting, PendingSince: noon}
	d := rules.Decide(r, h, noon)
	if d.Row != "D11" || d.Register || d.State != rules.NeedsAdmin || d.Action != rules.ContactMeta || !d.TellAdmin {
		t.Errorf("got %+v", d)
	}
	for _, by := range []rules.Trigger{rules.TriggerTimer, rules.TriggerAdmin, rules.TriggerReauth, "webhook:phone_number_name_update"} {
		if v := rules.May(d, rules.Signature(r), by, h, noon); v.OK || v.Reason != rules.ByTable {
			t.Errorf("%s: %+v", by, v)
		}
	}
	// A live number and its rename are the review's business no more.
	for _, n := range []*graph.Number{live(), live("new_name_status", "APPROVED")} {
		if d := rules.Decide(rules.Reading{Number: n, Review: "REJECTED"}, h, noon); d.State == rules.NeedsAdmin {
			t.Errorf("live: %+v", d)
		}
	}
}

func TestDecideSecondRead(t *testing.T) {
	t.Parallel()
	r := rules.Reading{Number: live("throughput", "NOT_APPLICABLE")}
	sig := rules.Signature(r)
	for _, c := range []struct {
		name  string
		was   rules.State
		after rules.State
	}{
		{"new", "", rules.Registering},
		{"unknown", rules.Unknown, rules.Registering},
		{"a live number that slips", rules.Registered, rules.Registered},
		{"waiting", rules.Waiting, rules.Waiting},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := rules.History{State: c.was, PhoneID: phone}
			now := noon
			for _, by := range []rules.Trigger{rules.TriggerAdmin, rules.TriggerTimer} {
				d := rules.Decide(r, h, now)
				v := rules.May(d, sig, by, h, now)
				if v.OK || v.Reason != rules.RereadFirst || !v.NextAt.Equal(noon.Add(2*time.Minute)) {
					t.Fatalf("%v after: %+v", now.Sub(noon), v)
				}
				h = h.AfterRead(d, v, now)
				if h.State != c.after || !h.Reread.Equal(noon) {
					t.Fatalf("%v after: %+v", now.Sub(noon), h)
				}
				now = now.Add(time.Minute)
			}
			if at := rules.Observe(h.State, h.PendingSince, now.Add(-time.Minute), h); at.Before(noon.Add(2*time.Minute)) || at.After(noon.Add(3*time.Minute)) {
				t.Errorf("read again %v after", at.Sub(noon))
			}
			d := rules.Decide(r, h, now)
			if v := rules.May(d, sig, rules.TriggerTimer, h, now); !v.OK || v.Trigger != rules.TriggerHealth || d.RereadAfter != 0 {
				t.Errorf("at the second read: %+v %+v", d, v)
			}
			// Any other row in between starts it anew.
			for _, n := range []*graph.Number{live(), unregistered()} {
				other := rules.Decide(rules.Reading{Number: n}, h, now)
				if after := h.AfterRead(other, rules.Verdict{}, now); !after.Reread.IsZero() {
					t.Errorf("row %s keeps the first read", other.Row)
				}
			}
			for _, r := range []rules.Reading{{Err: metaSays[3]}, {Number: number()}} {
				other := rules.Decide(r, h, now)
				if after := h.AfterRead(other, rules.Verdict{}, now); !after.Reread.Equal(h.Reread) {
					t.Errorf("row %q forgets the first read", other.Row)
				}
			}
		})
	}
}

func TestDecideConfirming(t *testing.T) {
	t.Parallel()
	for _, n := range []*graph.Number{
		unregistered(),
		unregistered("name_status", "APPROVED"),
		unregistered("code_verification_status", "NOT_VERIFIED"),
		live("throughput", "null"),
		live("new_name_status", "APPROVED"),
	} {
		r := rules.Reading{Number: n}
		h := rules.History{State: rules.Registering, Confirming: noon, Signature: rules.Signature(r), LastAttempt: noon, PendingSince: noon}
		d := rules.Decide(r, h, noon.Add(59*time.Minute))
		if d.Register || d.State != "" || d.Move != rules.Wait {
			t.Errorf("%s: %+v", d.Row, d)
		}
		// Not even for a change, nor for a person: it was registered.
		for _, by := range []rules.Trigger{rules.TriggerTimer, rules.TriggerAdmin, rules.TriggerReauth, "webhook:account_update"} {
			v := rules.May(d, "other", by, h, noon.Add(59*time.Minute))
			if v.OK || v.Reason != rules.Unconfirmed || !v.NextAt.Equal(noon.Add(time.Hour)) {
				t.Errorf("%s by %s: %+v", d.Row, by, v)
			}
		}
		if h = h.AfterRead(d, rules.Verdict{}, noon); h.State != rules.Registering {
			t.Errorf("%s: it stands at %s", d.Row, h.State)
		}
		// An hour later it is a number like any other: it waits for a change.
		late := noon.Add(61 * time.Minute)
		d = rules.Decide(r, h, late)
		v := rules.May(d, rules.Signature(r), rules.TriggerTimer, h, late)
		if d.RereadAfter == 0 && (v.OK || v.Reason != rules.NotDue) {
			t.Errorf("%s an hour later: %+v", d.Row, v)
		}
	}
	d := rules.Decide(rules.Reading{Number: live()}, rules.History{State: rules.Registering, Confirming: noon}, noon.Add(10*time.Second))
	if d.State != rules.Registered {
		t.Errorf("confirmed: %+v", d)
	}
}

func TestSignature(t *testing.T) {
	t.Parallel()
	base := rules.Signature(rules.Reading{Number: unregistered(), Review: "PENDING"})
	for _, c := range []struct {
		name    string
		r       rules.Reading
		changed bool
	}{
		{"the same", rules.Reading{Number: unregistered(), Review: "PENDING"}, false},
		{"lower case", rules.Reading{Number: unregistered("name_status", "pending_review"), Review: "PENDING"}, false},
		{"quality", rules.Reading{Number: unregistered("quality_rating", "RED"), Review: "PENDING"}, false},
		{"verified name", rules.Reading{Number: unregistered("verified_name", "Other"), Review: "PENDING"}, false},
		{"proof", rules.Reading{Number: unregistered("code_verification_status", "EXPIRED"), Review: "PENDING"}, true},
		{"name", rules.Reading{Number: unregistered("name_status", "APPROVED"), Review: "PENDING"}, true},
		{"name missing", rules.Reading{Number: unregistered("name_status", "null"), Review: "PENDING"}, true},
		{"rename", rules.Reading{Number: unregistered("new_name_status", "APPROVED"), Review: "PENDING"}, true},
		{"status", rules.Reading{Number: unregistered("status", "CONNECTED"), Review: "PENDING"}, true},
		{"platform", rules.Reading{Number: unregistered("platform_type", "CLOUD_API"), Review: "PENDING"}, true},
		{"throughput", rules.Reading{Number: unregistered("throughput", "STANDARD"), Review: "PENDING"}, true},
		{"review", rules.Reading{Number: unregistered(), Review: "APPROVED"}, true},
		{"review not read", rules.Reading{Number: unregistered()}, false},
		{"never tried", rules.Reading{}, true},
	} {
		if got := rules.Changed(base, rules.Signature(c.r)); got != c.changed {
			t.Errorf("%s: changed %v", c.name, got)
		}
		if got := rules.Changed(rules.Signature(c.r), base); got != c.changed {
			t.Errorf("%s, the other way round: changed %v", c.name, got)
		}
	}
}

// Meta may answer that a number is registered already. It counts as registered when
// its health shows that.
func TestDecideConfirmingAlreadyRegistered(t *testing.T) {
	t.Parallel()
	h := rules.History{State: rules.Registered, Confirming: noon, LastAttempt: noon}
	for _, c := range []struct {
		n    *graph.Number
		want rules.State
	}{
		{unregistered("name_status", "APPROVED"), rules.Registering},
		{live("throughput", "null"), rules.Registering},
		{live("new_name_status", "APPROVED"), ""},
		{live(), rules.Registered},
	} {
		if d := rules.Decide(rules.Reading{Number: c.n}, h, noon.Add(time.Minute)); d.State != c.want || d.Register {
			t.Errorf("%s: %+v, want state %q", d.Row, d, c.want)
		}
	}
}
