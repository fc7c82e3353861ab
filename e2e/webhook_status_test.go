package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"tributary/channels"
	"tributary/internal/testkit"
	"tributary/simulator"
	"tributary/store/storetest"
)

// webhookStatus is what the wizard's live check reads.
type webhookStatus struct {
	CallbackURL        *string          `json:"callback_url"`
	VerifiedAt         *string          `json:"verified_at"`
	FirstEventAt       *string          `json:"first_event_at"`
	LastEventAt        *string          `json:"last_event_at"`
	LastConversationID *int64           `json:"last_conversation_id"`
	Rejected           map[string]int64 `json:"rejected_24h"`
}

// becomes waits until the status of an inbox is as it shall be.
func (p *program) becomes(inbox int64, what string, right func(webhookStatus) bool) webhookStatus {
	p.t.Helper()
	var s webhookStatus
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		p.want(http.MethodGet, fmt.Sprintf("inboxes/%d/webhook_status", inbox), nil, http.StatusOK, &s)
		if right(s) {
			return s
		}
	}
	p.t.Fatalf("inbox %d never became: %s: %+v", inbox, what, s)
	return s
}

func (p *program) hook(method, path, body string, header map[string]string) int {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.base+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

// TestLiveCheck: from a refused webhook over the provider's test to the first event,
// each step shows, whichever inbox it is of.
func TestLiveCheck(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		p := start(t, b, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.Line, simulator.WhatsAppCloud}}})
		line, wa := p.sim.Channel(simulator.Line), p.sim.Channel(simulator.WhatsAppCloud)
		inbox, other := p.connect(line), p.connect(wa)
		hook := "/webhooks/line/" + line.Address
		fresh := p.becomes(inbox, "known", func(s webhookStatus) bool { return s.CallbackURL != nil })
		if !strings.HasSuffix(*fresh.CallbackURL, hook) || fresh.VerifiedAt != nil || fresh.FirstEventAt != nil || len(fresh.Rejected) != 0 {
			t.Errorf("at first: %+v", fresh)
		}
		for range 2 {
			p.hook(http.MethodPost, hook, `{"events":[]}`, map[string]string{"X-Line-Signature": "bm8="})
		}
		p.hook(http.MethodPost, hook, `{"events":[]}`, nil)
		refused := p.becomes(inbox, "refused", func(s webhookStatus) bool {
			return reflect.DeepEqual(s.Rejected, map[string]int64{"bad": 2, "missing": 1})
		})
		if refused.VerifiedAt != nil {
			t.Error("verified by a webhook that is not proven")
		}
		// LINE's own test has no events.
		const test = `{"destination":"x","events":[]}`
		var settings struct {
			Secret string `json:"line_channel_secret"`
		}
		_, ch, _ := p.app.Desk().Driver(inbox)
		if err := json.Unmarshal(ch.Settings, &settings); err != nil {
			t.Fatal(err)
		}
		signature := map[string]string{"X-Line-Signature": channels.Base64SHA256(settings.Secret, []byte(test))}
		if got := p.hook(http.MethodPost, hook, test, signature); got != http.StatusOK {
			t.Fatalf("LINE's test: %d", got)
		}
		if s := p.becomes(inbox, "verified", func(s webhookStatus) bool { return s.VerifiedAt != nil }); s.FirstEventAt != nil {
			t.Errorf("an event where there was none: %+v", s)
		}
		person := incoming(line, 1, "hello")
		if answer, err := p.sim.Deliver(t.Context(), p.base, line, person); err != nil || !answer.OK() {
			t.Fatalf("deliver: %v %+v", err, answer)
		}
		s := p.becomes(inbox, "reached by an event", func(s webhookStatus) bool { return s.FirstEventAt != nil && s.LastConversationID != nil })
		if *s.LastConversationID != 1 {
			t.Errorf("the conversation: %+v", s)
		}

		// WhatsApp verifies by a handshake.
		path := "/webhooks/whatsapp/" + wa.Address + "?hub.mode=subscribe&hub.challenge=7&hub.verify_token="
		p.hook(http.MethodGet, path+"no", "", nil)
		p.becomes(other, "refused", func(s webhookStatus) bool { return s.Rejected["verify_token"] == 1 })
		var config struct {
			Provider struct {
				Token string `json:"webhook_verify_token"`
			} `json:"provider_config"`
		}
		p.want(http.MethodGet, fmt.Sprintf("inboxes/%d", other), nil, http.StatusOK, &config)
		if got := p.hook(http.MethodGet, path+config.Provider.Token, "", nil); got != http.StatusOK {
			t.Fatalf("the handshake: %d", got)
		}
		p.becomes(other, "verified", func(s webhookStatus) bool { return s.VerifiedAt != nil && s.FirstEventAt == nil })
	})
}
