package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/simulator"
	"tributary/simulator/story"
	"tributary/store/storetest"
)

// signUp connects a number as the browser does after Meta's dialog.
func (p *program) signUp(n *simulator.Number) int64 {
	p.t.Helper()
	w := n.WABA()
	var made struct {
		ID int64 `json:"id"`
	}
	p.want(http.MethodPost, "whatsapp/authorization", map[string]string{
		"code": p.sim.SignupCode(w), "waba_id": w.ID, "business_id": w.PortfolioID, "phone_number_id": n.ID,
	}, http.StatusOK, &made)
	return made.ID
}

// numberLine finds the line of an inbox in what `tributary health` prints.
func numberLine(list string, inbox int64) (at int, line string) {
	for i, l := range strings.Split(strings.TrimSpace(list), "\n") {
		if strings.HasPrefix(l, strconv.FormatInt(inbox, 10)+" ") {
			return i, l
		}
	}
	return -1, ""
}

// health runs `tributary health` for an inbox until its output holds all words.
func (p *program) health(inbox int64, words ...string) string {
	p.t.Helper()
	var out string
	testkit.Wait(p.t, 30*time.Second, fmt.Sprintf("health of inbox %d to say %q", inbox, words), func() bool {
		_, out, _ = p.command("health", strconv.FormatInt(inbox, 10), "--refresh=false")
		return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(out, w) })
	})
	return out
}

// fields makes the blanks of a table one.
func fields(s string) string { return strings.Join(strings.Fields(s), " ") }

func TestHealth(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		p := start(t, b, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.WhatsAppCloud, simulator.Line}}})
		if status, out, errOut := p.command("health"); status != 0 || strings.Count(out, "\n") != 1 || !strings.HasPrefix(out, "INBOX") {
			t.Fatalf("health without numbers: %d %q %q", status, out, errOut)
		}
		line := p.connect(p.sim.Channel(simulator.Line))
		live := p.connect(p.sim.Channel(simulator.WhatsAppCloud))
		pending := p.sim.PendingNumber()
		declined := p.sim.AddWABA(simulator.WABASpec{}).AddNumber(simulator.NumberSpec{State: simulator.Declined})
		waits, wants := p.signUp(pending), p.signUp(declined)
		p.health(live, "registered since")
		p.healthLists(wants, waits, live, pending)
		p.healthShows(waits, pending)
		p.healthRegisters(waits, wants, pending)
		p.healthApproved(waits, pending)
		p.healthWithoutToken(wants, declined)

		for _, c := range []struct {
			args   []string
			status int
			says   string
		}{
			{[]string{"health", "x"}, 2, "not the id"},
			{[]string{"health", "1", "2"}, 2, "usage"},
			{[]string{"health", "--register"}, 2, "usage"},
			{[]string{"health", "999"}, 1, "not there"},
			{[]string{"health", strconv.FormatInt(line, 10)}, 1, "no WhatsApp Cloud API inbox"},
			{[]string{"health", strconv.FormatInt(line, 10), "--register"}, 1, "no WhatsApp Cloud API inbox"},
		} {
			if status, out, errOut := p.command(c.args...); status != c.status || !strings.Contains(errOut, c.says) {
				t.Errorf("%v: %d %q %q", c.args, status, out, errOut)
			}
		}
		p.stop()
		if status, _, errOut := p.command("health"); status != 1 || !strings.Contains(errOut, "no process serves here") {
			t.Errorf("health beside no process: %d %q", status, errOut)
		}
	})
}

// healthLists: who needs a person comes first, who is well last.
func (p *program) healthLists(wants, waits, live int64, pending *simulator.Number) {
	p.t.Helper()
	status, out, errOut := p.command("health")
	if status != 0 {
		p.t.Fatalf("health: %d %q", status, errOut)
	}
	p.t.Log("\n" + out)
	first, declined := numberLine(out, wants)
	second, review := numberLine(out, waits)
	third, well := numberLine(out, live)
	if first != 1 || second != 2 || third != 3 {
		p.t.Errorf("order of\n%s", out)
	}
	for line, words := range map[string][]string{
		declined: {"needs_admin", "edit_display_name"}, review: {"waiting_for_meta", "wait_for_display_name"}, well: {"registered", "GREEN", "CONNECTED"},
	} {
		for _, w := range words {
			if !strings.Contains(line, w) {
				p.t.Errorf("no %s in %q", w, line)
			}
		}
	}
	var list []struct {
		InboxID int64   `json:"inbox_id"`
		Phone   string  `json:"display_phone_number"`
		State   string  `json:"state"`
		Next    *string `json:"next_attempt_at"`
		Checked *string `json:"health_checked_at"`
	}
	_, out, _ = p.command("health", "--json")
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list) != 3 || list[1].InboxID != waits || list[1].State != "waiting_for_meta" ||
		list[1].Next == nil || list[1].Checked == nil || list[1].Phone == "" {
		p.t.Errorf("health --json of %s: %v %s", pending.Phone, err, out)
	}
}

// healthShows: the cards, the state, what to do, and what was tried; never a token.
func (p *program) healthShows(inbox int64, n *simulator.Number) {
	p.t.Helper()
	status, out, errOut := p.command("health", strconv.FormatInt(inbox, 10))
	if status != 0 {
		p.t.Fatalf("health %d: %d %q", inbox, status, errOut)
	}
	p.t.Log("\n" + out)
	shown := fields(out)
	for _, w := range []string{
		"registration warning waiting_for_meta since", "required action wait_for_display_name", "what to do nothing: Meta reviews the display name",
		"name status warning pending review", "status warning pending", "code verification good verified", "platform warning not applicable",
		"throughput warning not applicable", "account mode good live", "quality unknown", "messaging limit not set",
		"portfolio " + n.WABA().PortfolioName, n.WABA().Name + " (" + n.WABA().ID + ")", "last error Meta: 100/2388001",
		"1 in 72 hours, 9 left", " signup ", "asset_id=" + n.WABA().ID,
	} {
		if !strings.Contains(shown, w) {
			p.t.Errorf("health does not show %q:\n%s", w, out)
		}
	}
	var report struct {
		Health struct {
			NameStatus string `json:"name_status"`
		} `json:"health"`
		Registration struct {
			State string `json:"state"`
		} `json:"registration"`
		Attempts []struct {
			Trigger string `json:"trigger"`
		} `json:"attempts"`
	}
	_, raw, _ := p.command("health", strconv.FormatInt(inbox, 10), "--json")
	if err := json.Unmarshal([]byte(raw), &report); err != nil || report.Health.NameStatus != "PENDING_REVIEW" ||
		report.Registration.State != "waiting_for_meta" || len(report.Attempts) != 1 || report.Attempts[0].Trigger != "signup" {
		p.t.Errorf("health --json: %v %s", err, raw)
	}
	for _, text := range []string{out, raw} {
		if strings.Contains(text, n.Token()) {
			p.t.Error("the token is shown")
		}
	}
}

// healthRegisters: --register is the button, without a user; it says why there is no
// attempt.
func (p *program) healthRegisters(waits, wants int64, n *simulator.Number) {
	p.t.Helper()
	calls := func() int { return len(n.RegisterCalls()) }
	before := calls()
	id := strconv.FormatInt(waits, 10)
	status, out, errOut := p.command("health", id, "--register")
	if status != 0 || calls() != before+1 || !strings.Contains(fields(out), "100/2388001") || !strings.Contains(out, "waiting_for_meta") {
		p.t.Errorf("--register: %d %d calls %q %q", status, calls()-before, out, errOut)
	}
	p.health(waits, "admin", "2 in 72 hours")
	var trail struct {
		Payload []struct {
			Trigger string `json:"trigger"`
			Actor   *int64 `json:"actor_user_id"`
		} `json:"payload"`
	}
	p.want(http.MethodGet, "inboxes/"+id+"/registration_attempts", nil, http.StatusOK, &trail)
	if len(trail.Payload) != 2 || trail.Payload[0].Trigger != "admin" || trail.Payload[0].Actor != nil {
		p.t.Errorf("attempts: %+v", trail.Payload)
	}
	if status, out, errOut = p.command("health", id, "--register"); status != 1 || calls() != before+1 || !strings.Contains(errOut, "wait 60 seconds") {
		p.t.Errorf("--register again: %d %q %q", status, out, errOut)
	}
	status, out, errOut = p.command("health", strconv.FormatInt(wants, 10), "--register", "--json")
	if status != 1 || !strings.Contains(errOut, "declined the display name") || !strings.Contains(out, `"refused"`) {
		p.t.Errorf("--register of a declined name: %d %q %q", status, out, errOut)
	}
}

// healthApproved: the number goes live by itself, and the command tells.
func (p *program) healthApproved(inbox int64, n *simulator.Number) {
	p.t.Helper()
	if status, out, errOut := p.command("whatsapp", "subscribe"); status != 0 || !strings.Contains(out, "phone_number_name_update") {
		p.t.Fatalf("subscribe: %d %q %q", status, out, errOut)
	}
	notice := n.ApproveName(simulator.IfSubscribed())
	if err := notice.Wait(p.t.Context()); err != nil || notice.Delivery == nil {
		p.t.Fatalf("the approval was not told: %v %v", notice.Delivery, err)
	}
	p.health(inbox, "webhook:phone_number_name_update", "success")
	if status, _, errOut := p.command("health", strconv.FormatInt(inbox, 10), "--register"); status != 1 || !strings.Contains(errOut, "registered") {
		p.t.Errorf("--register of a registered number: %d %q", status, errOut)
	}
	p.health(inbox, "what to do", "nothing: the number is live")
}

// healthWithoutToken: Meta's refusal is told, with the last good health.
func (p *program) healthWithoutToken(inbox int64, n *simulator.Number) {
	p.t.Helper()
	n.WABA().KillTokens(simulator.KnownFault("190-460"))
	if err := n.Rename("Willow Bakery Lisbon").Wait(p.t.Context()); err != nil { // has the engine look
		p.t.Fatal(err)
	}
	id := strconv.FormatInt(inbox, 10)
	testkit.Wait(p.t, 30*time.Second, "the dead token to be noticed", func() bool {
		status, out, errOut := p.command("health", id)
		return status == 1 && strings.Contains(errOut, "WhatsApp API request failed: 401") && strings.Contains(out, "auth_error") &&
			strings.Contains(out, "business name")
	})
	_, out, _ := p.command("health")
	if _, line := numberLine(out, inbox); !strings.Contains(line, "(failing)") {
		p.t.Errorf("the list says %q", line)
	}
}

// TestSubscribeApp: what the program asks of Meta, and what it says when that fails.
func TestSubscribeApp(t *testing.T) {
	t.Parallel()
	b := testkit.Backend{Name: "embedded"}
	none := simulator.Options{Kinds: []simulator.Kind{simulator.WhatsAppCloud}}
	t.Run("done", func(t *testing.T) {
		t.Parallel()
		p := start(t, b, options{sim: none})
		status, out, errOut := p.command("whatsapp", "subscribe")
		sub, ok := p.sim.Subscription()
		if status != 0 || !ok || sub.CallbackURL != p.app.URL()+"/webhooks/whatsapp" || !strings.Contains(out, sub.CallbackURL) {
			t.Fatalf("subscribe: %d %q %q %+v", status, out, errOut, sub)
		}
		for _, field := range []string{"account_update", "phone_number_name_update", "phone_number_quality_update", "messages", "history"} {
			if !slices.Contains(sub.Fields, field) {
				t.Errorf("not subscribed to %s", field)
			}
		}
	})
	for name, c := range map[string]struct {
		settings map[string]string
		says     string
	}{
		"no verify token": {map[string]string{"WHATSAPP_WEBHOOK_VERIFY_TOKEN": ""}, "WHATSAPP_WEBHOOK_VERIFY_TOKEN is not set"},
		"no app":          {map[string]string{"WHATSAPP_APP_ID": ""}, "WHATSAPP_APP_ID"},
		"a wrong secret":  {map[string]string{"WHATSAPP_APP_SECRET": "of-another-app"}, "refuses WHATSAPP_APP_ID with WHATSAPP_APP_SECRET"},
		"Meta is away":    {map[string]string{"WHATSAPP_CLOUD_BASE_URL": "http://127.0.0.1:1"}, "Meta did not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, b, options{sim: none, settings: c.settings})
			status, _, errOut := p.command("whatsapp", "subscribe")
			if _, done := p.sim.Subscription(); done || status != 1 || !strings.Contains(errOut, c.says) || strings.Contains(errOut, "of-another-app") {
				t.Errorf("subscribe: %d %q", status, errOut)
			}
		})
	}
	t.Run("unreachable", func(t *testing.T) {
		t.Parallel()
		p := start(t, b, options{sim: none, settings: map[string]string{"FRONTEND_URL": "http://127.0.0.1:1"}})
		p.sim.SetTarget(p.base, "")
		status, _, errOut := p.command("whatsapp", "subscribe")
		if status != 1 || !strings.Contains(errOut, "cannot reach http://127.0.0.1:1/webhooks/whatsapp: ") || !strings.Contains(errOut, "Connection refused") {
			t.Errorf("subscribe: %d %q", status, errOut)
		}
	})
	t.Run("usage", func(t *testing.T) {
		t.Parallel()
		p := prepare(t, b, options{sim: none})
		if status, _, errOut := p.command("whatsapp"); status != 2 || !strings.Contains(errOut, "usage") {
			t.Errorf("whatsapp: %d %q", status, errOut)
		}
		if status, _, errOut := p.command("whatsapp", "subscribe"); status != 1 || !strings.Contains(errOut, "no process serves here") {
			t.Errorf("subscribe beside no process: %d %q", status, errOut)
		}
	})
}

// TestControlSocket: commands reach a process after one that was killed, and the first
// of several that share a DATA_DIR.
func TestControlSocket(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		p := prepare(t, b, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.WhatsAppCloud}}})
		works := func(when string) {
			t.Helper()
			if status, out, errOut := p.command("health"); status != 0 || !strings.HasPrefix(out, "INBOX") {
				t.Fatalf("health %s: %d %q", when, status, errOut)
			}
		}
		first := p.spawn(nil)
		works("of a process")
		if b.RedisURL != "" {
			p.run(map[string]string{"ROLES": "api"})
			p.stop()
			works("after a second process ended")
		}
		first.kill()
		if status, _, errOut := p.command("health"); status != 1 || !strings.Contains(errOut, "no process serves here") {
			t.Errorf("health of a killed process: %d %q", status, errOut)
		}
		first.start()
		works("of the next process")
	})
}

// TestNumbersOfTheDemo: the demo's numbers go live in the real program.
func TestNumbersOfTheDemo(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		p := start(t, b, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.WhatsAppCloud}}})
		var out strings.Builder
		err := story.Numbers(t.Context(), story.Config{
			Base: p.base, APIToken: p.token, AccountID: p.account, Sim: p.sim, Out: &out, Step: time.Minute,
		})
		t.Log("\n" + out.String())
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{
			"waiting_for_meta, wait_for_display_name", "needs_admin, edit_display_name", "needs_admin, enter_pin",
		} {
			if !strings.Contains(out.String(), text) {
				t.Errorf("the demo does not say %q", text)
			}
		}
		for text, times := range map[string]int{"  registered  ": 3, "an agent answers": 3, "✗": 0} {
			if n := strings.Count(out.String(), text); n != times {
				t.Errorf("%q stands %d times, want %d", text, n, times)
			}
		}
	})
}
