package simulator_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/simulator"
)

// taken waits until the program has taken a webhook.
func taken(t *testing.T, n *simulator.Notice) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := n.Wait(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestMovesAreToldAsMetaDoes(t *testing.T) {
	t.Parallel()
	want := samples(t)
	p := newProgram(t, "")
	w := meta(t, simulator.Options{Target: p.URL})
	secret := w.Settings()["WHATSAPP_APP_SECRET"]
	n := w.PendingNumber()
	shared := w.AddWABA(simulator.WABASpec{}).AddNumber(simulator.NumberSpec{State: simulator.Coexistence})
	for _, tt := range []struct {
		sample string
		move   func(...simulator.NoticeOption) *simulator.Notice
	}{
		{"name-update-deferred", n.DeferName},
		{"name-update-rejected-name-format-unacceptable", func(o ...simulator.NoticeOption) *simulator.Notice {
			return n.DeclineName("NAME_FORMAT_UNACCEPTABLE", o...)
		}},
		{"name-update-rejected-null-reason", func(o ...simulator.NoticeOption) *simulator.Notice { return n.DeclineName("", o...) }},
		{"name-update-pending", func(o ...simulator.NoticeOption) *simulator.Notice { return n.Rename("Willow Bakery", o...) }},
		{"name-update-approved", n.ApproveName},
		{"quality-update-flagged", func(o ...simulator.NoticeOption) *simulator.Notice {
			n.Change(func(f *simulator.Facts) { f.Registered, f.Tier = true, "TIER_10K" })
			return n.SetQuality("YELLOW", o...)
		}},
		{"quality-update-unflagged", func(o ...simulator.NoticeOption) *simulator.Notice { return n.SetQuality("GREEN", o...) }},
		{"quality-update-throughput-upgrade", n.Upgrade},
		{"account-review-approved", func(o ...simulator.NoticeOption) *simulator.Notice { return n.WABA().Review("APPROVED", o...) }},
		{"account-update-disabled-disable", n.WABA().Disable},
		{"account-update-disabled-reinstate", n.WABA().Reinstate},
		{"security-pin-changed", func(o ...simulator.NoticeOption) *simulator.Notice { return n.ChangePIN("111111", o...) }},
		{"security-pin-request-success", n.TurnOffPIN},
		{"capability-tier-string", func(o ...simulator.NoticeOption) *simulator.Notice { return n.WABA().SetTier("TIER_2K", o...) }},
		{"account-alert-oba-rejected", func(o ...simulator.NoticeOption) *simulator.Notice {
			return n.Alert("CRITICAL", "OBA_REJECTED", "Your Official Business Account request was not approved.", o...)
		}},
		{"account-update-offboarded", shared.WABA().Offboard},
		{"account-update-reconnected", shared.WABA().Reconnect},
		{"account-update-partner-removed", func(o ...simulator.NoticeOption) *simulator.Notice {
			return n.WABA().RemovePartner(nil, "", "", o...)
		}},
		{"account-update-partner-removed-primary-inactivity", func(o ...simulator.NoticeOption) *simulator.Notice {
			return shared.WABA().RemovePartner(shared, "PRIMARY_INACTIVITY", "SYSTEM", o...)
		}},
	} {
		w.clock.Add(time.Minute)
		taken(t, tt.move())
		path, h, body := p.last()
		sample := want["webhook-"+tt.sample]
		same(t, tt.sample, result{body: string(body)}, sample)
		if path != sample.Path {
			t.Errorf("%s: path %s", tt.sample, path)
		}
		if got := h.Get("X-Hub-Signature-256"); got != "sha256="+hexMAC(sha256.New, secret, string(body)) {
			t.Errorf("%s: signature %s", tt.sample, got)
		}
		var v struct {
			Entry []struct {
				Time int64 `json:"time"`
			} `json:"entry"`
		}
		if err := json.Unmarshal(body, &v); err != nil || v.Entry[0].Time != w.clock.Now().Unix() {
			t.Errorf("%s: %v, time in %s", tt.sample, err, body)
		}
	}
}

func TestNoticeOptions(t *testing.T) {
	t.Parallel()
	want := samples(t)
	p := newProgram(t, "")
	w := meta(t, simulator.Options{Target: p.URL})
	n := w.PendingNumber()
	told := func(o ...simulator.NoticeOption) (path string, h http.Header, body string) {
		t.Helper()
		taken(t, n.DeferName(o...))
		path, h, raw := p.last()
		return path, h, string(raw)
	}
	count := func() (k int) {
		p.do(func() { k = len(p.bodies) })
		return k
	}

	if notice := n.DeferName(simulator.Silently()); notice.Delivery != nil || count() != 0 {
		t.Errorf("a silent move told %+v", notice.Delivery)
	}
	told(simulator.Twice())
	p.do(func() {
		if len(p.bodies) != 2 || !bytes.Equal(p.bodies[0], p.bodies[1]) {
			t.Errorf("twice: %d webhooks, %q", len(p.bodies), p.bodies)
		}
	})
	_, _, body := told(simulator.Older(time.Hour))
	if old := fmt.Sprintf(`"time":%d,`, w.clock.Now().Add(-time.Hour).Unix()); !strings.Contains(body, old) {
		t.Errorf("older: %s", body)
	}
	asText := w.Management(simulator.Change{WABA: n.WABA(), Field: "phone_number_name_update", Value: map[string]any{
		"display_phone_number": "15035550141", "decision": "PENDING", "requested_verified_name": "Willow Bakery", "rejection_reason": nil,
	}}, simulator.StringTime())
	taken(t, asText)
	same(t, "time as text", result{body: string(asText.Delivery.Body)}, want["webhook-time-as-string"])
	if path, _, _ := told(simulator.ToNumber(n)); path != "/webhooks/whatsapp/"+n.Phone {
		t.Errorf("to the number: %s", path)
	}
	_, h, body := told(simulator.Forged())
	if h.Get("X-Hub-Signature-256") == "sha256="+hexMAC(sha256.New, w.Settings()["WHATSAPP_APP_SECRET"], body) {
		t.Error("a forged signature is right")
	}

	for where, sample := range map[simulator.Misplaced]string{
		simulator.FieldInValue: "misplaced-field-in-value", simulator.FieldMissing: "misplaced-field-missing",
		simulator.FieldAtEntry: "misplaced-field-at-entry",
	} {
		o := simulator.Misplace(where)
		var notice *simulator.Notice
		switch where {
		case simulator.FieldInValue:
			notice = n.WABA().Disable(o)
		case simulator.FieldMissing:
			notice = n.Upgrade(o)
		default:
			notice = n.WABA().Review("APPROVED", o)
		}
		taken(t, notice)
		same(t, sample, result{body: string(notice.Delivery.Body)}, want["webhook-"+sample])
	}

	// Held back until the test lets it go.
	before := count()
	held := n.DeferName(simulator.Held())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := held.Wait(ctx); !errors.Is(err, context.Canceled) || count() != before {
		t.Errorf("a held webhook: %v", err)
	}
	held.Release()
	taken(t, held)

	// Meta delivers only what an app is subscribed to.
	if notice := n.DeferName(simulator.IfSubscribed()); notice.Delivery != nil {
		t.Error("told without a subscription")
	}
	w.call(http.MethodPost, "/v22.0/"+n.WABA().ID+"/subscribed_apps", n.Token(), `{}`)
	if notice := n.DeferName(simulator.IfSubscribed()); notice.Delivery == nil {
		t.Error("not told in spite of a subscription")
	}

	// Several changes in one webhook.
	batch := w.ManagementBatch([]simulator.Change{
		{WABA: n.WABA(), Field: "phone_number_quality_update", Value: map[string]any{
			"display_phone_number": "15035550141", "event": "UPGRADE", "old_limit": "TIER_1K", "current_limit": "TIER_10K",
		}},
		{WABA: n.WABA(), Field: "field_of_next_year", Value: map[string]any{"x": []int{1, 2}}},
		{WABA: n.WABA(), Field: "phone_number_name_update", Value: map[string]any{
			"display_phone_number": "15035550141", "decision": "APPROVED", "requested_verified_name": "Willow Bakery", "rejection_reason": nil,
		}},
	})
	taken(t, batch)
	same(t, "batch", result{body: string(batch.Delivery.Body)}, want["webhook-batch-known-and-unknown"])
	beside, err := w.BuildManagement([]simulator.Change{{
		WABA: n.WABA(), Field: "message_template_status_update",
		Value: map[string]any{
			"event": "REJECTED", "message_template_id": 410100200300401, "message_template_name": "order_ready",
			"message_template_language": "en-US", "message_template_category": "UTILITY", "reason": "INVALID_FORMAT",
		},
		Beside: map[string]any{"rejection_info": map[string]any{
			"reason":         "Variables are at the start or end of the template.",
			"recommendation": "Add words before and after each variable.",
		}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "beside", result{body: string(beside.Body)}, want["webhook-template-status-rejection-info-beside-value"])
}

func TestNoticesAreOfferedAgain(t *testing.T) {
	t.Parallel()
	p := newProgram(t, "")
	w := meta(t, simulator.Options{Target: p.URL, NoticeTries: 4})
	n := w.PendingNumber()
	p.do(func() { p.statuses = []int{http.StatusInternalServerError, http.StatusServiceUnavailable} })
	notice := n.ApproveName()
	taken(t, notice)
	if notice.Tries() != 3 {
		t.Errorf("%d tries, want 3", notice.Tries())
	}
	p.do(func() { p.statuses = slices.Repeat([]int{http.StatusUnauthorized}, 100) })
	notice = n.ApproveName()
	if err := notice.Wait(t.Context()); !errors.Is(err, simulator.ErrNotTaken) || notice.Tries() != 4 || w.LostNotices() != 1 {
		t.Errorf("refused for ever: %v after %d tries, %d lost", err, notice.Tries(), w.LostNotices())
	}
}

// Thousands of numbers are approved at once.
func TestManyNotices(t *testing.T) {
	t.Parallel()
	p := newProgram(t, "")
	w := meta(t, simulator.Options{Target: p.URL})
	var notices []*simulator.Notice
	for range 1000 {
		notices = append(notices, w.PendingNumber().ApproveName())
	}
	for _, n := range notices {
		taken(t, n)
	}
	p.do(func() {
		if got := len(p.bodies); got != len(notices) {
			t.Errorf("%d webhooks, want %d", got, len(notices))
		}
	})
}
