package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"tributary/internal/testkit"
	"tributary/store/storetest"
)

// hookExpect is what a webhook's file expects of us.
type hookExpect struct {
	Routed    json.RawMessage `json:"routed_to"`
	Given     map[string]any  `json:"given"`
	Confirm   bool            `json:"confirm_by_health_read"`
	Applied   *bool           `json:"applied"`
	State     string          `json:"next_state"`
	Action    *string         `json:"required_action"`
	Register  string          `json:"register"`
	Row       string          `json:"decision_row"`
	Flag      *bool           `json:"reauthorization_required"`
	Block     *bool           `json:"block_sends"`
	Hold      *bool           `json:"hold_sends"`
	Listed    bool            `json:"listed_in_alerts"`
	Mail      *bool           `json:"mail"`
	Alert     any             `json:"alert"` // true, or its severity
	Alerts    int             `json:"alerts"`
	Expires   string          `json:"alert_expires"`
	Event     string          `json:"event"`
	PIN       string          `json:"stored_pin"`
	Name      string          `json:"name_status"`
	Tier      string          `json:"tier"`
	Through   string          `json:"throughput"`
	Duplicate string          `json:"duplicate_of"`
	After     string          `json:"after"`
}

func expectOf(t testing.TB, file string) hookExpect {
	t.Helper()
	var e hookExpect
	if err := json.Unmarshal(payloadFile(t, file).Expect, &e); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return e
}

// routed are the given inboxes that the webhook is about, over all its entries.
func (e hookExpect) routed() []int {
	type one struct {
		Inboxes []int `json:"inbox_ids"`
	}
	var list []one
	var single one
	if json.Unmarshal(e.Routed, &list) != nil && json.Unmarshal(e.Routed, &single) == nil {
		list = []one{single}
	}
	var out []int
	for _, r := range list {
		out = append(out, r.Inboxes...)
	}
	return out
}

// scene makes the situation that a webhook presumes, and what Meta says of the number
// afterwards.
func (s *stage) scene(file string, e hookExpect) {
	s.t.Helper()
	about := 48
	if routed := e.routed(); len(routed) > 0 {
		about = routed[0]
	}
	waiting := e.Given["state"] == "waiting_for_meta" || e.Duplicate+e.After != "" || strings.Contains(file, "review-rejected")
	if waiting {
		s.fresh("2026-11-18T08:00:04Z", func() {
			s.meta.playAs(about, "graph-phone-d12-name-pending.json")
			s.meta.playAs(about, "graph-register-error-2388001-display-name.json")
		})
		s.at(fixtureTime)
		s.meta.playAs(about, "graph-register-success.json")
	} else {
		s.liveSince()
	}
	switch {
	case e.Given["health_after"] != nil:
		s.meta.playAs(about, fmt.Sprint(e.Given["health_after"]))
	case waiting && e.Row == "D11":
		s.meta.playAs(about, "graph-phone-d11-approved.json")
	case e.Row == "D8", strings.Contains(file, "other-number"):
		s.meta.playAs(about, "graph-phone-d8-name-declined.json")
	case strings.Contains(file, "review-rejected"):
		s.meta.playAs(about, "graph-waba.json", with("APPROVED", "REJECTED"))
	}
	for _, inbox := range e.routed() {
		switch {
		case e.Flag != nil && *e.Flag: // the token opens nothing any more
			s.meta.playAs(inbox, "graph-error-190.json")
		case strings.Contains(file, "update-deleted"):
			s.meta.playAs(inbox, "graph-error-100-33.json")
		case e.Block != nil && *e.Block:
			s.meta.playAs(inbox, "graph-phone-d1-banned.json")
		}
	}
}

// registration is where number stands, without Meta being asked.
func (s *stage) registration(inbox int) (state, action any, all []byte) {
	s.t.Helper()
	status, got := s.ask("admin", http.MethodGet, s.path(inbox, "/health?refresh=false"), nil)
	if status != http.StatusOK {
		s.t.Fatalf("health of %d: %d %s", inbox, status, got)
	}
	return pick(s.t, got, "registration.state"), pick(s.t, got, "registration.required_action"), got
}

// TestWhatsAppManagementWebhooks: every webhook about a number or its account reaches
// the numbers that it is about, and has the effect that its payload says.
func TestWhatsAppManagementWebhooks(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		s := whatsappStage(t, b, nil)
		for _, file := range payloadFiles(t, "webhook-") {
			if payloadFile(t, file).Request.Method != http.MethodPost || strings.HasPrefix(file, "webhook-template-") || file == "webhook-inactive-number.json" {
				continue // those have tests of their own
			}
			s.hooked(file)
		}
	})
}

func (s *stage) hooked(file string) {
	s.t.Helper()
	e := expectOf(s.t, file)
	s.scene(file, e)
	for _, earlier := range []string{e.Duplicate, e.After} {
		if earlier != "" {
			s.meta.play("graph-phone-d11-approved.json")
			s.hook(earlier)
		}
	}
	was := map[int][]any{}
	for _, inbox := range []int{48, 49, 50, 51} {
		state, action, _ := s.registration(inbox)
		was[inbox] = []any{state, action}
	}
	before, logged := s.meta.mark(), len(s.log.String())
	p := payloadFile(s.t, file)
	status, answer := s.hook(file)
	want := ""
	if len(p.Body) > 0 && string(p.Body) != "null" {
		want = string(compact(s.t, p.Body))
	}
	if status != p.Status || answer != want {
		s.t.Errorf("%s: answered %d %s, want %d %s", file, status, answer, p.Status, want)
	}
	routed := e.routed()
	if e.Applied != nil && !*e.Applied {
		routed = nil
	}
	// A late event is read for once, too, and then it is nothing.
	if e.Confirm || len(routed) == 0 && e.After == "" {
		if got := s.meta.reads(before); !slices.Equal(got, routed) {
			s.t.Errorf("%s: health of %v was read, want %v", file, got, routed)
		}
	}
	registers := 0
	if e.Register == "now" || e.State == "registering" {
		registers = 1
	}
	if got := s.meta.registers(before); got != registers {
		s.t.Errorf("%s: %d calls of register, want %d", file, got, registers)
	}
	for inbox, old := range was {
		state, action, health := s.registration(inbox)
		next, do := old[0], old[1]
		live := strings.Contains(file, "review-rejected") && inbox == 49 // it goes on working
		if slices.Contains(routed, inbox) && e.State != "unchanged" && e.State != "" && !live {
			next, do = e.State, nil
			if e.Action != nil {
				do = *e.Action
			}
		}
		if state != next || action != do {
			s.t.Errorf("%s: %d is %v, %v; want %v, %v", file, inbox, state, action, next, do)
		}
		if slices.Contains(routed, inbox) {
			s.effects(file, e, inbox, health, s.log.String()[logged:])
		}
	}
	if registers != 1 {
		return
	}
	_, list := s.ask("admin", http.MethodGet, s.path(routed[0], "/registration_attempts"), nil)
	trigger := pick(s.t, list, "payload[0].trigger")
	// Of a batch, what else changed may be looked at first.
	first := strings.HasPrefix(file, "webhook-batch-") && trigger == "health_change"
	if pick(s.t, list, "payload[0].decision_row") != e.Row || trigger != "webhook:phone_number_name_update" && !first {
		s.t.Errorf("%s: the audit trail has %s", file, list)
	}
}

// effects checks what a webhook did to a number that it is about.
func (s *stage) effects(file string, e hookExpect, inbox int, health []byte, log string) {
	s.t.Helper()
	if e.Flag != nil && s.banner(inbox) != *e.Flag {
		s.t.Errorf("%s: reauthorization_required of %d is %v", file, inbox, !*e.Flag)
	}
	hold := texts(s.t, s.db, `SELECT c.send_hold FROM channels c JOIN inboxes i ON i.channel_id = c.id WHERE i.id = $1`, s.ids[inbox])[0]
	for what, flag := range map[string]*bool{"blocked": e.Block, "held": e.Hold} {
		if flag != nil && (hold == what) != *flag {
			s.t.Errorf("%s: replies of %d are %q", file, inbox, hold)
		}
	}
	var shown struct {
		Alerts []struct {
			Type, Severity, Status, Text, Expires string
		} `json:"-"`
		Raw []map[string]any `json:"alerts"`
	}
	if err := json.Unmarshal(health, &shown); err != nil {
		s.t.Fatal(err)
	}
	told := strings.Count(log, `"notice":"alert"`)
	switch {
	case e.Listed:
		want := map[string]any{}
		for _, l := range leaves(s.t, payloadFile(s.t, file).sent(s.t)) {
			if _, name, ok := strings.Cut(l.path, ".value."); ok {
				want[strings.TrimPrefix(name, "alert_info.")] = l.value
			}
		}
		for _, key := range []string{"entity_type", "entity_id", "alert_severity", "alert_status", "alert_type", "alert_description"} {
			if len(shown.Raw) != 1 || shown.Raw[0][key] != want[key] {
				s.t.Errorf("%s: alerts of %d: %v, want %s = %v", file, inbox, shown.Raw, key, want[key])
			}
		}
	case e.Alert != nil && e.Alert != false:
		if len(shown.Raw) == 0 || told == 0 {
			s.t.Errorf("%s: %d shows no alert, or nobody was told (%d)", file, inbox, told)
		}
		if severity, ok := e.Alert.(string); ok && !strings.EqualFold(fmt.Sprint(shown.Raw[0]["alert_severity"]), severity) {
			s.t.Errorf("%s: %d shows %v, want %s", file, inbox, shown.Raw, severity)
		}
	}
	if e.Alerts > 0 && len(shown.Raw) != e.Alerts {
		s.t.Errorf("%s: %d shows %v, want %d alerts", file, inbox, shown.Raw, e.Alerts)
	}
	if e.Expires != "" && shown.Raw[0]["expires_at"] != e.Expires {
		s.t.Errorf("%s: %d shows %v, want the end %s", file, inbox, shown.Raw, e.Expires)
	}
	if e.Mail != nil && (told > 0) != *e.Mail {
		s.t.Errorf("%s: administrators were told %d times, want a mail: %v", file, told, *e.Mail)
	}
	if e.PIN != "" {
		got := texts(s.t, s.db, `SELECT pin_state FROM whatsapp_numbers WHERE inbox_id = $1`, s.ids[inbox])[0]
		want := map[string]string{"stale": "stale", "kept": ""}[e.PIN]
		if strings.Contains(file, "pin-request-success") {
			want = "free" // two-step verification was turned off
		}
		if got != want {
			s.t.Errorf("%s: the PIN of %d is %q, want %q", file, inbox, got, want)
		}
	}
}

// TestWhatsAppWebhooksWithoutHealth: while Meta cannot be read, what its webhooks said
// is what we know.
func TestWhatsAppWebhooksWithoutHealth(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		s := whatsappStage(t, b, nil)
		for _, file := range payloadFiles(t, "webhook-") {
			e := expectOf(t, file)
			if e.Name+e.Tier+e.Through == "" || e.After != "" {
				continue
			}
			s.scene(file, e)
			for _, inbox := range []int{48, 49} {
				s.meta.playAs(inbox, "graph-error-1.json")
			}
			before := s.meta.mark()
			s.hook(file)
			for _, inbox := range e.routed() {
				state, action, health := s.registration(inbox)
				for path, want := range map[string]string{"name_status": e.Name, "messaging_limit_tier": e.Tier, "throughput.level": e.Through} {
					if got := pick(t, health, path); want != "" && got != want {
						t.Errorf("%s: %s of %d is %v, want %s", file, path, inbox, got, want)
					}
				}
				if e.State == "needs_admin" && (state != e.State || action != *e.Action) {
					t.Errorf("%s: %d is %v, %v; want %s, %s", file, inbox, state, action, e.State, *e.Action)
				}
			}
			if n := s.meta.registers(before); n != 0 {
				t.Errorf("%s: registered %d times on an unreadable state", file, n)
			}
		}
	})
}
