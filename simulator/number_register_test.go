package simulator_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tributary/simulator"
)

func TestTenRegistrationsIn72Hours(t *testing.T) {
	t.Parallel()
	want := samples(t)["graph-register-error-133016"]
	w := meta(t, simulator.Options{})
	n := w.PendingNumber()
	for i := range 10 {
		if r := w.register(n, "004821"); !strings.Contains(r.body, "2388001") {
			t.Fatalf("call %d: %d %s", i+1, r.status, r.body)
		}
		w.clock.Add(time.Hour)
	}
	n.ApproveName()
	same(t, "the eleventh", w.register(n, "004821"), want)
	w.clock.Add(71 * time.Hour) // all ten are out of the window, the block is not over
	same(t, "within the block", w.register(n, "004821"), want)
	// The two calls have quotas of their own.
	if r := w.call(http.MethodPost, "/v22.0/"+n.ID+"/deregister", n.Token(), ""); strings.Contains(r.body, "133016") {
		t.Errorf("deregister: %s", r.body)
	}
	w.clock.Add(time.Hour)
	if r := w.register(n, "004821"); r.status != http.StatusOK {
		t.Errorf("after 72 h: %d %s", r.status, r.body)
	}
	calls := n.RegisterCalls()
	last := calls[len(calls)-1]
	if len(calls) != 14 || !last.OK() || last.PIN != "004821" || !last.At.Equal(w.clock.Now()) || calls[0].Subcode != 2388001 {
		t.Errorf("RegisterCalls() = %+v", calls)
	}
	if in, out := n.MaxCallsIn72h(); in != 11 || out != 1 {
		t.Errorf("MaxCallsIn72h() = %d, %d, want 11, 1", in, out)
	}
}

func TestAMovingWindowLetsCallsLeave(t *testing.T) {
	t.Parallel()
	w := meta(t, simulator.Options{})
	n := w.PendingNumber()
	for i := range 30 {
		if r := w.register(n, "004821"); !strings.Contains(r.body, "2388001") {
			t.Fatalf("call %d: %d %s", i+1, r.status, r.body)
		}
		w.clock.Add(8 * time.Hour)
	}
	if in, _ := n.MaxCallsIn72h(); in != 9 {
		t.Errorf("MaxCallsIn72h() = %d, want 9", in)
	}
}

func TestPINs(t *testing.T) {
	t.Parallel()
	want := samples(t)
	w := meta(t, simulator.Options{})
	n := w.AddWABA(simulator.WABASpec{}).AddNumber(simulator.NumberSpec{State: simulator.PINElsewhere, PIN: "004821"})
	same(t, "another PIN", w.register(n, "111111"), want["graph-register-error-133005"])
	for _, pin := range []string{"", "12345", "1234567", "12345a"} {
		same(t, "PIN "+pin, w.register(n, pin), want["graph-register-error-131009"])
	}
	r := w.call(http.MethodPost, "/v22.0/"+n.ID+"/register", n.Token(), `{"pin":"004821"}`)
	if r.status != http.StatusBadRequest || !strings.Contains(r.body, "messaging_product") {
		t.Errorf("without a product: %d %s", r.status, r.body)
	}
	if r := w.register(n, "004821"); r.status != http.StatusOK {
		t.Errorf("the right PIN: %d %s", r.status, r.body)
	}
	// Deregistered and registered again, it still has its PIN.
	if r := w.call(http.MethodPost, "/v22.0/"+n.ID+"/deregister", n.Token(), ""); r.status != http.StatusOK {
		t.Errorf("deregister: %d %s", r.status, r.body)
	}
	if f := n.Facts(); f.Registered || f.Platform != "NOT_APPLICABLE" {
		t.Errorf("deregistered: %+v", f)
	}
	w.clock.Add(72 * time.Hour) // ten calls were made
	same(t, "another PIN again", w.register(n, "222222"), want["graph-register-error-133005"])
	n.TurnOffPIN()
	if r := w.register(n, "222222"); r.status != http.StatusOK || !n.Facts().PINEnabled {
		t.Errorf("two-step verification off: %d %s", r.status, r.body)
	}
	n.ChangePIN("333333")
	same(t, "changed", w.register(n, "222222"), want["graph-register-error-133005"])
	same(t, "set", w.call(http.MethodPost, "/v22.0/"+n.ID, n.Token(), `{"pin":"004821"}`), want["graph-register-success"])
	if r := w.register(n, "004821"); r.status != http.StatusOK {
		t.Errorf("the PIN that was set: %d %s", r.status, r.body)
	}
}

func TestRegistrationShowsAfterALag(t *testing.T) {
	t.Parallel()
	want := samples(t)
	w := meta(t, simulator.Options{})
	platform := func(n *simulator.Number) string {
		t.Helper()
		r := w.call(http.MethodGet, "/v24.0/"+n.ID+"?fields=platform_type", n.Token(), "")
		_, after, _ := strings.Cut(r.body, `"platform_type":"`)
		v, _, _ := strings.Cut(after, `"`)
		return v
	}
	n := w.AddWABA(simulator.WABASpec{}).AddNumber(simulator.NumberSpec{State: simulator.Approved})
	n.ProvisionLag(2, time.Time{})
	same(t, "register", w.register(n, "004821"), want["graph-register-success"])
	for i, want := range []string{"NOT_APPLICABLE", "NOT_APPLICABLE", "CLOUD_API", "CLOUD_API"} {
		if got := platform(n); got != want {
			t.Errorf("read %d shows %s, want %s", i+1, got, want)
		}
	}
	n = w.AddWABA(simulator.WABASpec{}).AddNumber(simulator.NumberSpec{State: simulator.Approved})
	n.ProvisionLag(0, w.clock.Now().Add(time.Minute))
	same(t, "register", w.register(n, "004821"), want["graph-register-success"])
	if got := platform(n); got != "NOT_APPLICABLE" {
		t.Errorf("at once: %s", got)
	}
	w.clock.Add(time.Minute)
	if got := platform(n); got != "CLOUD_API" {
		t.Errorf("a minute later: %s", got)
	}

	// CLOUD_API without capacity passes by itself, or with one more register.
	n = w.AddWABA(simulator.WABASpec{}).AddNumber(simulator.NumberSpec{State: simulator.NotProvisioned, ProvisionReads: 1})
	for i, want := range []string{`"level":"NOT_APPLICABLE"`, `"level":"STANDARD"`} {
		if r := w.health(n); !strings.Contains(r.body, want) {
			t.Errorf("read %d: %s", i+1, r.body)
		}
	}
	n = w.AddWABA(simulator.WABASpec{}).AddNumber(simulator.NumberSpec{State: simulator.NotProvisioned, PIN: "004821", ProvisionReads: 1000})
	same(t, "register", w.register(n, "004821"), want["graph-register-success"])
	if r := w.health(n); !strings.Contains(r.body, `"level":"STANDARD"`) {
		t.Errorf("registered once more: %s", r.body)
	}
}

func TestARenameNeedsARegisterWithin14Days(t *testing.T) {
	t.Parallel()
	w := meta(t, simulator.Options{})
	n := w.AddWABA(simulator.WABASpec{}).AddNumber(simulator.NumberSpec{PIN: "004821", Name: "Willow Bakery"})
	n.Rename("Willow Bakery and Cafe")
	register := func() string {
		t.Helper()
		if r := w.register(n, "004821"); r.status != http.StatusOK {
			t.Fatalf("register: %d %s", r.status, r.body)
		}
		return n.Facts().VerifiedName
	}
	if got := register(); got != "Willow Bakery" {
		t.Errorf("registered before the approval: %s", got)
	}
	n.ApproveRename()
	w.clock.Add(15 * 24 * time.Hour)
	if got := register(); got != "Willow Bakery" {
		t.Errorf("registered 15 days after the approval: %s", got)
	}
	n.Rename("Willow Cafe")
	n.ApproveRename()
	if got := register(); got != "Willow Cafe" || n.Facts().NewNameStatus != "" {
		t.Errorf("registered: %+v", n.Facts())
	}
	n.Rename("Best Bread 4 U!!!")
	n.DeclineName("NAME_FORMAT_UNACCEPTABLE")
	if f := n.Facts(); f.NewNameStatus != "DECLINED" || f.NameStatus != "APPROVED" {
		t.Errorf("declined rename: %+v", f)
	}
}

func TestMovesOfAPendingNumber(t *testing.T) {
	t.Parallel()
	want := samples(t)
	w := meta(t, simulator.Options{})
	n := w.PendingNumber()
	n.DeclineName("NAME_NOT_CONSISTENT")
	same(t, "declined", w.register(n, "004821"), want["graph-register-error-2388001-display-name-declined"])
	n.Rename("Willow Bakery of Portland")
	same(t, "another name", w.register(n, "004821"), want["graph-register-error-2388001-display-name"])
	n.ApproveName()
	n.ExpireCode()
	same(t, "the proof lapsed", w.register(n, "004821"), want["graph-register-error-133006"])
	n.Verify()
	n.WABA().Review("PENDING")
	if r := w.register(n, "004821"); !strings.Contains(r.body, "2388001") || !strings.Contains(r.body, "under review") {
		t.Errorf("account under review: %s", r.body)
	}
	n.WABA().Review("APPROVED")
	n.WABA().Disable()
	same(t, "account banned", w.register(n, "004821"), want["graph-register-error-131031"])
	n.WABA().Reinstate()
	same(t, "at last", w.register(n, "004821"), want["graph-register-success"])
	// What stopped a fresh number does not concern a live one.
	n.ExpireCode()
	same(t, "live, proof lapsed", w.register(n, "004821"), want["graph-register-success"])
	n.Ban()
	same(t, "banned", w.register(n, "004821"), want["graph-register-error-368"])
	n.Delete()
	same(t, "deleted", w.health(n), want["graph-error-33"])
	if list := n.WABA().Numbers(); len(list) != 0 {
		t.Errorf("the account still has %v", list)
	}

	n = w.AddWABA(simulator.WABASpec{}).AddNumber(simulator.NumberSpec{State: simulator.ExistingAccount})
	same(t, "on a phone", w.register(n, "004821"), want["graph-register-error-2388001-existing-account"])
	n.Detach()
	same(t, "detached", w.register(n, "004821"), want["graph-register-success"])
}

func TestIncompleteDeregistration(t *testing.T) {
	t.Parallel()
	want := samples(t)
	w := meta(t, simulator.Options{})
	n := w.AddWABA(simulator.WABASpec{}).AddNumber(simulator.NumberSpec{State: simulator.IncompleteDeregistration})
	same(t, "register", w.register(n, "004821"), want["graph-register-error-133000"])
	same(t, "deregister", w.call(http.MethodPost, "/v22.0/"+n.ID+"/deregister", n.Token(), ""), want["graph-register-success"])
	w.clock.Add(4 * time.Minute)
	same(t, "too early", w.register(n, "004821"), want["graph-register-error-133000"])
	w.clock.Add(time.Minute)
	same(t, "5 min later", w.register(n, "004821"), want["graph-register-success"])
	other := w.PendingNumber()
	same(t, "deregister of an unregistered number", w.call(http.MethodPost, "/v22.0/"+other.ID+"/deregister", other.Token(), ""),
		want["graph-register-error-133010"])
	shared := w.AddWABA(simulator.WABASpec{}).AddNumber(simulator.NumberSpec{State: simulator.Coexistence})
	for _, edge := range []string{"/register", "/deregister"} {
		r := w.call(http.MethodPost, "/v22.0/"+shared.ID+edge, shared.Token(), `{"messaging_product":"whatsapp","pin":"004821"}`)
		if r.status != http.StatusBadRequest || !strings.Contains(r.body, "WhatsApp Business app") {
			t.Errorf("%s of a shared number: %d %s", edge, r.status, r.body)
		}
	}
}

func TestRegistrationHangsAndBreaks(t *testing.T) {
	t.Parallel()
	w := meta(t, simulator.Options{})
	post := func(ctx context.Context, n *simulator.Number) (result, error) {
		return try(ctx, http.MethodPost, w.base+"/v22.0/"+n.ID+"/register", `{"messaging_product":"whatsapp","pin":"004821"}`,
			"Authorization", "Bearer "+n.Token())
	}
	// until waits for a call to arrive.
	until := func(n *simulator.Number, calls int) {
		t.Helper()
		tick, deadline := time.NewTicker(time.Millisecond), time.After(20*time.Second)
		defer tick.Stop()
		for len(n.RegisterCalls()) < calls {
			select {
			case <-tick.C:
			case <-deadline:
				t.Fatal("the call did not arrive")
			}
		}
	}
	n := w.AddWABA(simulator.WABASpec{}).AddNumber(simulator.NumberSpec{State: simulator.Hang})
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() {
		_, err := post(ctx, n)
		gone <- err
	}()
	until(n, 1)
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) || n.Facts().Registered || n.RegisterCalls()[0].Status != 0 {
		t.Errorf("given up: %v, %+v", err, n.RegisterCalls())
	}
	answered := make(chan result, 1)
	go func() {
		r, err := post(t.Context(), n)
		if err != nil {
			r.body = err.Error()
		}
		answered <- r
	}()
	until(n, 2)
	n.Heal()
	if r := <-answered; r.status != http.StatusOK || !n.Facts().Registered {
		t.Errorf("healed: %d %s", r.status, r.body)
	}

	n = w.AddWABA(simulator.WABASpec{}).AddNumber(simulator.NumberSpec{State: simulator.Approved})
	f := simulator.KnownFault("502-html")
	f.TakesEffect = true
	n.Fail("register", f, 1)
	same(t, "a broken answer", w.register(n, "004821"), samples(t)["graph-register-error-502-html"])
	if !n.Facts().Registered {
		t.Error("the call did not take effect")
	}

	n = w.AddWABA(simulator.WABASpec{}).AddNumber(simulator.NumberSpec{State: simulator.Flaky(2)})
	for i, want := range []int{http.StatusServiceUnavailable, http.StatusServiceUnavailable, http.StatusOK} {
		if r := w.register(n, "004821"); r.status != want {
			t.Errorf("flaky call %d: %d %s", i+1, r.status, r.body)
		}
	}
}

func TestQuotaOfAnAccount(t *testing.T) {
	t.Parallel()
	w := meta(t, simulator.Options{})
	n := w.PendingNumber()
	id := n.WABA().ID
	usage := func(percent, minutes int) string {
		return fmt.Sprintf(`{"%s":[{"type":"whatsapp_business_management","call_count":%d,"total_cputime":%d,"total_time":%d,`+
			`"estimated_time_to_regain_access":%d}]}`, id, percent, percent/8, percent/6, minutes)
	}
	const header = "X-Business-Use-Case-Usage"
	for i := range 200 {
		r := w.health(n)
		want := usage((i+1)/2, 0)
		if i == 179 { // 90 %: less when the first calls are an hour old
			want = usage(90, 60-8)
		}
		if r.status != http.StatusOK || i < 180 && r.header.Get(header) != want {
			t.Fatalf("call %d: %d %s, usage %s, want %s", i+1, r.status, r.body, r.header.Get(header), want)
		}
		if i%20 == 19 {
			w.clock.Add(time.Minute)
		}
	}
	r := w.health(n)
	same(t, "call 201", r, samples(t)["graph-error-80008"])
	// 21 calls must leave before fewer than 180 are left: 20 do 50 minutes from now,
	// the next a minute later.
	if got := r.header.Get(header); got != usage(100, 51) {
		t.Errorf("usage %s, want %s", got, usage(100, 51))
	}
	if n.WABA().MaxCallsPerHour() != 201 || n.WABA().Throttled() != 1 || n.WABA().Calls() != 201 {
		t.Errorf("journal: %d %d %d", n.WABA().MaxCallsPerHour(), n.WABA().Throttled(), n.WABA().Calls())
	}
	if r := w.register(n, "004821"); !strings.Contains(r.body, "80008") || len(n.RegisterCalls()) != 0 {
		t.Errorf("register over the quota: %s, %v", r.body, n.RegisterCalls())
	}
	w.clock.Add(51 * time.Minute)
	if r := w.health(n); r.status != http.StatusOK {
		t.Errorf("after the pause: %d %s", r.status, r.body)
	}
	// Sends are not management, and a registered number lifts the quota.
	n.ApproveName()
	if r := w.register(n, "004821"); r.status != http.StatusOK {
		t.Fatalf("register: %d %s", r.status, r.body)
	}
	for range 300 {
		if r := w.health(n); r.status != http.StatusOK {
			t.Fatalf("%d %s", r.status, r.body)
		}
	}
	if r := w.health(n); !strings.Contains(r.header.Get(header), `"call_count":9,`) {
		t.Errorf("usage of a registered account: %s", r.header.Get(header))
	}
}
