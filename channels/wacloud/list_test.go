package wacloud_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"tributary/chat"
	"tributary/wording"
)

// TestListInTheAccountsLanguage: what the customer reads on the button of a list, and
// above it where the agent wrote nothing.
func TestListInTheAccountsLanguage(t *testing.T) {
	t.Parallel()
	var body struct {
		Interactive struct {
			Body struct {
				Text string `json:"text"`
			} `json:"body"`
			Action struct {
				Button string `json:"button"`
			} `json:"action"`
		} `json:"interactive"`
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		_, _ = fmt.Fprint(w, `{"messages":[{"id":"wamid.1"}]}`)
	}))
	t.Cleanup(s.Close)
	d := newDriver(s.URL)
	ch := load(t, d, json.RawMessage(`{"provider":"whatsapp_cloud","phone_number":"+15550001111","provider_config":{
		"api_key":"k","phone_number_id":"1","business_account_id":"2"}}`))
	now := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	m := &chat.Outbound{To: "15550002222", ContentType: "input_select", Now: now, LastIncomingAt: now}
	for i := range 4 {
		n := fmt.Sprint(i)
		m.Items = append(m.Items, chat.Item{Title: "Option " + n, Value: n})
	}
	for code, want := range map[string]string{"en": "Choose an item", "pt_BR": "Escolha uma opção", "ja": "項目を選択"} {
		ch.Locale, _ = wording.ParseLocale(code)
		parts, err := d.Plan(ch, m)
		if err != nil || len(parts) != 1 {
			t.Fatalf("Plan: %v, %d parts", err, len(parts))
		}
		if _, err := d.SendPart(t.Context(), ch, m, parts[0]); err != nil {
			t.Fatal(err)
		}
		if got := body.Interactive; got.Action.Button != want || got.Body.Text != want {
			t.Errorf("%s: got %+v, want %q", code, got, want)
		}
	}
}
