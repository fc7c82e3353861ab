package rules_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"tributary/whatsapp/graph"
	"tributary/whatsapp/rules"
)

// life is a number and whoever looks after it, on a clock that only jumps. It does
// what the package's comment says, and notes what was sent by itself.
type life struct {
	h    rules.History
	now  time.Time
	read func(now time.Time) rules.Reading
	meta func(now time.Time) *graph.Error
	sent []rules.Call
	// states are those that it went through, without repetitions.
	states []rules.State
	said   error
}

func (l *life) attempt(by rules.Trigger) rules.Verdict {
	r := l.read(l.now)
	sig := rules.Signature(r)
	d := rules.Decide(r, l.h, l.now)
	v := rules.May(d, sig, by, l.h, l.now)
	l.judgeVerdict(d, v, by, r)
	frozen := l.h.FrozenUntil
	l.h = l.h.AfterRead(d, v, l.now)
	if v.OK {
		if frozen.After(l.now) {
			l.failf("sent although frozen until %v", frozen)
		}
		before := l.h
		l.h = l.h.AfterSend(v, sig, l.now)
		l.sent = append(l.sent, rules.Call{At: l.now, Automatic: v.Trigger.Automatic(), Trigger: v.Trigger})
		l.note()
		l.now = l.now.Add(time.Second)
		o := rules.Judge(l.meta(l.now), r, l.h, l.now)
		l.h = l.h.AfterAnswer(o, before, l.now)
	}
	l.note()
	return v
}

func (l *life) judgeVerdict(d rules.Decision, v rules.Verdict, by rules.Trigger, r rules.Reading) {
	switch {
	case v.OK != (v.Reason == ""):
		l.failf("verdict %+v", v)
	case !v.OK && !v.NextAt.IsZero() && !v.NextAt.After(l.now):
		l.failf("refused until %v, which is past: %+v", v.NextAt, v)
	case !v.OK:
	case r.Number == nil, l.h.Coexistence, d.Row == "D1", d.Row == "D6", d.Row == "D13", d.Row == "":
		l.failf("sent by row %q", d.Row)
	case by == rules.TriggerTimer && l.h.State == rules.AuthError:
		l.failf("a timer acted with a dead token")
	case v.Trigger == rules.TriggerTimer && l.h.State == rules.Abandoned:
		l.failf("a timer acted on an abandoned number")
	case v.Trigger == rules.TriggerTimer && l.h.State == rules.NeedsAdmin && l.h.RetryAt.IsZero():
		l.failf("a timer acted although a person has to")
	case by.Automatic() && l.h.State == rules.NeedsAdmin && l.h.Action == rules.EnterPIN && l.h.RetryAt.IsZero():
		l.failf("a PIN was guessed")
	case v.Trigger == rules.TriggerTimer && !l.h.PendingSince.IsZero() && l.now.Sub(l.h.PendingSince) > 30*day:
		l.failf("a timer acted after %v", l.now.Sub(l.h.PendingSince))
	}
}

func (l *life) note() {
	if n := len(l.states); n == 0 || l.states[n-1] != l.h.State {
		l.states = append(l.states, l.h.State)
	}
	waits := l.h.State != rules.Registered && l.h.State != rules.NotNeeded && l.h.State != ""
	if waits == l.h.PendingSince.IsZero() {
		l.failf("state %s waits since %v", l.h.State, l.h.PendingSince)
	}
	if (l.h.State == rules.NeedsAdmin || l.h.State == rules.AuthError || l.h.State == rules.RateLimited) && l.h.Action == "" {
		l.failf("state %s asks for nothing", l.h.State)
	}
}

func (l *life) failf(format string, args ...any) {
	if l.said == nil {
		l.said = fmt.Errorf("%v: "+format, append([]any{l.now.Sub(noon)}, args...)...)
	}
}

// look jumps to the next look and lets the timer act.
func (l *life) look() rules.Verdict {
	next := rules.Observe(l.h.State, l.h.PendingSince, l.now, l.h)
	if !next.After(l.now) || next.After(l.now.Add(31*hour)) {
		l.failf("the next look is in %v", next.Sub(l.now))
	}
	l.now = next
	return l.attempt(rules.TriggerTimer)
}

func (l *life) limits(t *testing.T) {
	t.Helper()
	if l.said != nil {
		t.Error(l.said)
	}
	var timer time.Time
	for i, c := range l.sent {
		var all, own int
		for _, e := range l.sent[:i+1] {
			if e.At.After(c.At.Add(-72 * hour)) {
				all++
				if e.Automatic {
					own++
				}
			}
		}
		if all > 10 || own > 6 {
			t.Fatalf("%v: %d calls in 72 h, %d of them automatic", c.At.Sub(noon), all, own)
		}
		if c.Trigger == rules.TriggerTimer {
			if !timer.IsZero() && c.At.Sub(timer) < 10*time.Minute {
				t.Fatalf("%v: the timer acted %v after it had", c.At.Sub(noon), c.At.Sub(timer))
			}
			timer = c.At
		}
	}
}

var metaSays = []*graph.Error{
	nil,
	{Class: graph.NameCertificate, HTTPStatus: 400, Code: 100, Subcode: 2388001, UserText: "The display name is in review."},
	{Class: graph.NameCertificate, HTTPStatus: 400, Code: 100, Subcode: 2388001, UserText: "Registered to an existing account."},
	{Class: graph.Transient, HTTPStatus: 502, Ambiguous: true},
	{Class: graph.Transient, Ambiguous: true},
	{Class: graph.Throttled, HTTPStatus: 400, Code: 80007, Regain: 20 * time.Minute},
	{Class: graph.Registration, HTTPStatus: 500, Code: 133000},
	{Class: graph.Transient, HTTPStatus: 503, Code: 133004},
	{Class: graph.Registration, HTTPStatus: 400, Code: 133005},
	{Class: graph.Registration, HTTPStatus: 400, Code: 133006},
	{Class: graph.Registration, HTTPStatus: 400, Code: 133008, Details: "Try again in 7 hours."},
	{Class: graph.Registration, HTTPStatus: 400, Code: 133009},
	{Class: graph.Registration, HTTPStatus: 400, Code: 133015},
	{Class: graph.Registration, HTTPStatus: 400, Code: 133016},
	{Class: graph.AccountBlock, HTTPStatus: 403, Code: 131031},
	{Class: graph.Credentials, HTTPStatus: 401, Code: 190},
	{Class: graph.ObjectGone, HTTPStatus: 400, Code: 100, Subcode: 33},
	{Class: graph.OurRequest, HTTPStatus: 400, Code: 131009},
	{Class: graph.Unknown, HTTPStatus: 400, Code: 424242},
	{Class: graph.OurRequest, HTTPStatus: 400, Code: 100, Message: "The number is already registered."},
}

// anyReading is a state of a number, most often one in which it can be registered.
func anyReading(rnd *rand.Rand) rules.Reading {
	pick := func(words ...string) string { return words[rnd.IntN(len(words))] }
	if rnd.IntN(12) == 0 {
		return rules.Reading{Err: metaSays[1:][rnd.IntN(len(metaSays)-1)]}
	}
	n := number(
		"status", pick("PENDING", "PENDING", "CONNECTED", "FLAGGED", "BANNED", "null"),
		"platform_type", pick("NOT_APPLICABLE", "NOT_APPLICABLE", "NOT_APPLICABLE", "CLOUD_API", "ON_PREMISE", "null"),
		"throughput", pick("NOT_APPLICABLE", "NOT_APPLICABLE", "STANDARD", "null"),
		"code_verification_status", pick("VERIFIED", "VERIFIED", "VERIFIED", "NOT_VERIFIED", "null"),
		"name_status", pick("PENDING_REVIEW", "PENDING_REVIEW", "APPROVED", "DECLINED", "EXPIRED", "NONE", "null"),
		"new_name_status", pick("null", "null", "APPROVED"),
		"account_mode", pick("LIVE", "LIVE", "LIVE", "LIVE", "LIVE", "LIVE", "SANDBOX"),
	)
	return rules.Reading{Number: n, Review: pick("APPROVED", "APPROVED", "PENDING", "REJECTED", "null")}
}

// TestMonths lives through sixty days of whatever may happen, sixty times: at
// every moment the limits hold.
func TestMonths(t *testing.T) {
	t.Parallel()
	total, seen := 0, map[rules.State]int{}
	for seed := range uint64(60) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		state := anyReading(rnd)
		restless := 1 + rnd.IntN(60) // how seldom something changes
		harsh := rnd.IntN(3) == 0    // Meta always says the same
		answer := metaSays[rnd.IntN(len(metaSays))]
		l := &life{h: rules.History{PhoneID: fmt.Sprint(phone, seed)}, now: noon}
		l.read = func(time.Time) rules.Reading {
			if rnd.IntN(restless) == 0 {
				state = anyReading(rnd)
			}
			return state
		}
		l.meta = func(time.Time) *graph.Error {
			if !harsh {
				answer = metaSays[rnd.IntN(len(metaSays))]
			}
			return answer
		}
		l.attempt(rules.TriggerSignup)
		for l.now.Before(noon.Add(60 * day)) {
			switch rnd.IntN(25) {
			case 0:
				l.now = l.now.Add(time.Duration(rnd.IntN(90)) * time.Second)
				l.attempt(rules.TriggerAdmin)
			case 1:
				l.now = l.now.Add(time.Duration(rnd.IntN(3600)) * time.Second)
				l.attempt(byName)
			case 2:
				l.now = l.now.Add(time.Duration(rnd.IntN(3600)) * time.Second)
				l.h = l.h.AfterToken(l.now)
				l.attempt(rules.TriggerReauth)
			case 3: // a webhook or an open settings page causes a look
				l.now = l.now.Add(time.Duration(rnd.IntN(600)) * time.Second)
				l.attempt(byClock)
			default:
				l.look()
			}
		}
		l.limits(t)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
		total += len(l.sent)
		for _, s := range l.states {
			seen[s]++
		}
	}
	for _, s := range []rules.State{
		rules.Unknown, rules.NotNeeded, rules.Registering, rules.Registered, rules.Waiting, rules.NeedsAdmin,
		rules.RateLimited, rules.AuthError, rules.Abandoned,
	} {
		if seen[s] == 0 {
			t.Errorf("no number was ever %s", s)
		}
	}
	if total < 600 {
		t.Errorf("only %d calls were sent", total)
	}
}

// still is a number about which nothing ever changes.
func still(n *graph.Number, answer *graph.Error) *life {
	return &life{
		h: rules.History{PhoneID: phone}, now: noon,
		read: func(time.Time) rules.Reading { return rules.Reading{Number: n} },
		meta: func(time.Time) *graph.Error { return answer },
	}
}

// TestNameInReviewForEver is the case that this is all for: the name stays in review.
func TestNameInReviewForEver(t *testing.T) {
	t.Parallel()
	l := still(unregistered(), metaSays[1])
	l.attempt(rules.TriggerSignup)
	looks := 0
	for l.now.Before(noon.Add(60 * day)) {
		l.look()
		looks++
	}
	l.limits(t)
	// At signup, three times within the first day, daily for a week, every three days
	// for a month.
	if n := len(l.sent); n < 14 || n > 19 {
		t.Errorf("%d attempts", n)
	}
	for i, c := range l.sent[1:] {
		age, since := c.At.Sub(noon), c.At.Sub(l.sent[i].At)
		want := 8 * hour
		switch {
		case age > 7*day:
			want = 72 * hour
		case age > 24*hour:
			want = 24 * hour
		}
		if c.Trigger != byClock || since < 8*hour || (since < want && age-want > 7*day) {
			t.Errorf("attempt %d by %s at %v, %v after the last one", i+2, c.Trigger, age, since)
		}
	}
	if last := l.sent[len(l.sent)-1].At; last.After(noon.Add(30*day)) || last.Before(noon.Add(27*day)) {
		t.Errorf("the last attempt was at %v", last.Sub(noon))
	}
	want := []rules.State{rules.Registering, rules.Waiting}
	if l.h.State != rules.Abandoned || l.h.Action != rules.ContactMeta || !slices.Equal(l.states[:2], want) {
		t.Errorf("it ends as %s/%s after %v", l.h.State, l.h.Action, l.states)
	}
	if looks < 150 || looks > 300 {
		t.Errorf("%d looks", looks)
	}
	// Then the name is approved after all.
	l.read = func(time.Time) rules.Reading {
		return rules.Reading{Number: unregistered("name_status", "APPROVED")}
	}
	l.meta = func(time.Time) *graph.Error { return nil }
	if v := l.look(); !v.OK || v.Trigger != rules.TriggerHealth || l.h.State != rules.Registering {
		t.Errorf("approved: %+v, %s", v, l.h.State)
	}
	l.read = func(time.Time) rules.Reading { return rules.Reading{Number: live()} }
	if l.look(); l.h.State != rules.Registered || l.h.Action != "" || !l.h.PendingSince.IsZero() {
		t.Errorf("live: %+v", l.h)
	}
}

// TestApprovedAtOnce: between Meta's approval and our call there is one look.
func TestApprovedAtOnce(t *testing.T) {
	t.Parallel()
	l := still(unregistered(), metaSays[1])
	l.attempt(rules.TriggerSignup)
	l.now = l.now.Add(20 * time.Minute)
	l.meta = func(time.Time) *graph.Error { return nil }
	l.read = func(time.Time) rules.Reading { return rules.Reading{Number: unregistered("name_status", "APPROVED")} }
	if v := l.attempt(byName); !v.OK || v.Trigger != byName {
		t.Fatalf("verdict %+v", v)
	}
	for range 4 { // health lags: nothing is sent again
		l.look()
	}
	if len(l.sent) != 2 || l.h.State != rules.Registering {
		t.Errorf("%d attempts, %s", len(l.sent), l.h.State)
	}
	l.limits(t)
}

// TestOutage: Meta fails for two months. The quick retries are used once, and the
// budget always has room for what matters.
func TestOutage(t *testing.T) {
	t.Parallel()
	l := still(unregistered("name_status", "APPROVED"), metaSays[3])
	l.attempt(rules.TriggerSignup)
	for l.now.Before(noon.Add(hour)) {
		l.look()
	}
	if n := len(l.sent); n < 4 || n > 5 {
		t.Errorf("%d attempts in the first hour: %v", n, l.sent)
	}
	for l.now.Before(noon.Add(60 * day)) {
		l.look()
	}
	l.limits(t)
	if n := len(l.sent); n < 15 || n > 24 {
		t.Errorf("%d attempts", n)
	}
	if l.h.State != rules.Abandoned {
		t.Errorf("it ends as %s", l.h.State)
	}
}

// TestBlocked: 133016. Nothing for 72 hours, one call afterwards.
func TestBlocked(t *testing.T) {
	t.Parallel()
	l := still(unregistered("name_status", "APPROVED"), metaSays[13])
	l.attempt(rules.TriggerSignup)
	if l.h.State != rules.RateLimited || l.h.Action != rules.WaitRateLimit {
		t.Fatalf("%s/%s", l.h.State, l.h.Action)
	}
	for l.now.Before(noon.Add(5 * day)) {
		l.look()
		if _, left := rules.Left(l.h, l.now); l.h.State == rules.RateLimited && left != 0 {
			t.Fatalf("%d left while blocked", left)
		}
	}
	l.limits(t)
	if len(l.sent) != 2 {
		t.Fatalf("%d attempts in five days", len(l.sent))
	}
	if gap := l.sent[1].At.Sub(l.sent[0].At); gap < 72*hour || gap > 78*hour {
		t.Errorf("the second attempt came %v after the block", gap)
	}
}

// TestPIN: a wrong PIN is never tried again by itself, whatever Meta says afterwards.
func TestPIN(t *testing.T) {
	t.Parallel()
	l := still(unregistered(), metaSays[8])
	l.attempt(rules.TriggerSignup)
	l.read = func(time.Time) rules.Reading { return rules.Reading{Number: unregistered("name_status", "APPROVED")} }
	for range 30 {
		l.look()
	}
	l.attempt(byName)
	if len(l.sent) != 1 || l.h.State != rules.NeedsAdmin || l.h.Action != rules.EnterPIN {
		t.Fatalf("%d attempts, %s/%s", len(l.sent), l.h.State, l.h.Action)
	}
	// A person enters it, and Meta happens to be away: that is finished.
	l.meta = func(time.Time) *graph.Error { return metaSays[7] }
	l.attempt(rules.TriggerAdmin)
	l.meta = func(time.Time) *graph.Error { return nil }
	if v := l.look(); !v.OK || v.Trigger != byClock || l.h.State != rules.Registering {
		t.Errorf("%+v, %s", v, l.h.State)
	}
	l.limits(t)
}

// TestEditedName: Meta says the same as at the last attempt, but a person edited the
// name in between.
func TestEditedName(t *testing.T) {
	t.Parallel()
	l := still(unregistered(), metaSays[1])
	l.attempt(rules.TriggerSignup)
	l.read = func(time.Time) rules.Reading { return rules.Reading{Number: unregistered("name_status", "DECLINED")} }
	if l.look(); l.h.State != rules.NeedsAdmin || l.h.Action != rules.EditDisplayName {
		t.Fatalf("%s/%s", l.h.State, l.h.Action)
	}
	began := l.h.PendingSince
	l.now = l.now.Add(40 * day)
	l.read = func(time.Time) rules.Reading { return rules.Reading{Number: unregistered()} }
	if v := l.look(); !v.OK || l.h.State != rules.Waiting || !l.h.PendingSince.After(began.Add(39*day)) {
		t.Errorf("%+v, %s since %v", v, l.h.State, l.h.PendingSince)
	}
	l.limits(t)
}

// TestSecondRename: what was applied once does not keep the next one from being
// applied.
func TestSecondRename(t *testing.T) {
	t.Parallel()
	renamed := rules.Reading{Number: live("new_name_status", "APPROVED")}
	l := still(live(), nil)
	l.attempt(rules.TriggerSignup)
	if len(l.sent) != 0 || l.h.State != rules.Registered {
		t.Fatalf("%d attempts, %s", len(l.sent), l.h.State)
	}
	for i := range 2 {
		l.read = func(time.Time) rules.Reading { return renamed }
		if v := l.look(); !v.OK || v.Trigger != rules.TriggerRename || l.h.State != rules.Registering {
			t.Errorf("rename %d: %+v, %s", i+1, v, l.h.State)
		}
		for range 40 { // Meta takes days to take the request off
			l.look()
		}
		if len(l.sent) != i+1 || l.h.State != rules.Registered {
			t.Errorf("rename %d: %d attempts, %s", i+1, len(l.sent), l.h.State)
		}
		l.read = func(time.Time) rules.Reading { return rules.Reading{Number: live()} }
		l.look()
	}
	l.limits(t)
}

// TestCoexistence: once seen, never registered, whatever Meta says later.
func TestCoexistence(t *testing.T) {
	t.Parallel()
	l := still(live("is_on_biz_app", "true"), nil)
	l.attempt(rules.TriggerSignup)
	l.read = func(time.Time) rules.Reading { return rules.Reading{Number: unregistered("name_status", "APPROVED")} }
	for _, by := range []rules.Trigger{rules.TriggerAdmin, rules.TriggerReauth, byName, byClock} {
		l.now = l.now.Add(hour)
		if v := l.attempt(by); v.OK || v.Reason != rules.ByTable {
			t.Errorf("%s: %+v", by, v)
		}
	}
	if len(l.sent) != 0 || l.h.State != rules.NotNeeded {
		t.Errorf("%d attempts, %s", len(l.sent), l.h.State)
	}
}

// TestToken: a dead token stops everything until there is another.
func TestToken(t *testing.T) {
	t.Parallel()
	l := still(unregistered("name_status", "APPROVED"), metaSays[15])
	l.attempt(rules.TriggerSignup)
	for range 10 {
		l.look()
	}
	if len(l.sent) != 1 || l.h.State != rules.AuthError || l.h.Action != rules.Reconnect {
		t.Fatalf("%d attempts, %s/%s", len(l.sent), l.h.State, l.h.Action)
	}
	l.h = l.h.AfterToken(l.now)
	l.meta = func(time.Time) *graph.Error { return nil }
	if v := l.attempt(rules.TriggerReauth); !v.OK || l.h.State != rules.Registering {
		t.Errorf("%+v, %s", v, l.h.State)
	}
	l.limits(t)
}

// TestDeregisterOnce: an unfinished deregistration is finished once; then Meta has to
// help.
func TestDeregisterOnce(t *testing.T) {
	t.Parallel()
	l := still(unregistered("name_status", "APPROVED"), metaSays[6])
	l.attempt(rules.TriggerSignup)
	if l.h.Deregistered.IsZero() || l.h.State != rules.Registering {
		t.Fatalf("%+v", l.h)
	}
	if v := l.attempt(rules.TriggerAdmin); v.OK || v.Reason != rules.Frozen {
		t.Errorf("the button in between: %+v", v)
	}
	for range 30 {
		l.look()
	}
	if len(l.sent) != 2 || l.h.State != rules.NeedsAdmin || l.h.Action != rules.ContactMeta {
		t.Errorf("%d attempts, %s/%s", len(l.sent), l.h.State, l.h.Action)
	}
	if gap := l.sent[1].At.Sub(l.sent[0].At); gap < 5*time.Minute || gap > 10*time.Minute {
		t.Errorf("registered again after %v", gap)
	}
	l.limits(t)
}
