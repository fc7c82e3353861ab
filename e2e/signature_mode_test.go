package e2e_test

import (
	"bytes"
	"fmt"
	"net/http"
	"testing"

	"tributary/internal/testkit"
	"tributary/simulator"
)

// TestSignatureMode: an inbox may observe for a migration; administrators see
// which secret is missing; everything else fails closed.
func TestSignatureMode(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.Backend{Name: "embedded"}, options{
		sim:      simulator.Options{Kinds: []simulator.Kind{simulator.WhatsAppCloud}},
		settings: map[string]string{"WHATSAPP_APP_SECRET": ""},
	})
	ch := p.sim.Channel(simulator.WhatsAppCloud)
	inbox := p.connect(ch)
	var shown struct {
		Missing string `json:"webhook_secret_missing"`
		Mode    string `json:"signature_mode"`
	}
	path := fmt.Sprintf("inboxes/%d", inbox)
	p.want(http.MethodGet, path, nil, http.StatusOK, &shown)
	if shown.Missing == "" || shown.Mode != "" {
		t.Errorf("an inbox without a secret shows %+v", shown)
	}
	answer, err := p.sim.Deliver(t.Context(), p.base, ch, incoming(ch, 1, "nobody can prove this"))
	if err != nil || answer.Status != http.StatusUnauthorized {
		t.Fatalf("without a secret: %v %+v", err, answer)
	}
	p.want(http.MethodPatch, path, map[string]any{"signature_mode": "sometimes"}, http.StatusUnprocessableEntity, nil)
	p.want(http.MethodPatch, path, map[string]any{"signature_mode": "observe"}, http.StatusOK, &shown)
	if shown.Mode != "observe" {
		t.Errorf("after the change: %+v", shown)
	}
	p.deliver(ch, incoming(ch, 1, "let in while we move"))
	_, metrics := p.request(http.MethodGet, "/metrics", nil)
	for _, want := range []string{
		`tributary_webhooks_rejected_total{channel="whatsapp",reason="no_secret"} 1`,
		`tributary_webhooks_observed_total{channel="whatsapp"} 1`,
	} {
		if !bytes.Contains(metrics, []byte(want)) {
			t.Errorf("/metrics lacks %s", want)
		}
	}
}
