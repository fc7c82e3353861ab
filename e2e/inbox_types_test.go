package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"tributary/channels"
	"tributary/chat"
	"tributary/internal/testkit"
	"tributary/simulator"
	"tributary/store/storetest"
)

// TestInboxesWithoutTraffic: websites, mail addresses and voice numbers are connected
// before their traffic is. What an agent writes to a website stays where its widget
// will read it; the others say that they cannot send. Their webhooks are unknown.
func TestInboxesWithoutTraffic(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		p := start(t, b, options{
			sim: simulator.Options{Kinds: []simulator.Kind{simulator.TwilioSMS}}, settings: map[string]string{"MAILER_INBOUND_EMAIL_DOMAIN": "in.example.test"},
		})
		var account struct {
			Channel struct {
				SID   string `json:"account_sid"`
				Token string `json:"auth_token"`
			} `json:"twilio_channel"`
		}
		if err := json.Unmarshal(p.sim.Channel(simulator.TwilioSMS).Params(), &account); err != nil {
			t.Fatal(err)
		}
		for kind, channel := range map[string]map[string]any{
			"web_widget": {"website_url": "https://shop.example"},
			"email":      {"email": "help@example.test"},
			"voice": {"phone_number": "+15550001", "provider_config": map[string]any{
				"account_sid": account.Channel.SID, "auth_token": account.Channel.Token, "api_key_sid": account.Channel.SID, "api_key_secret": account.Channel.Token,
			}},
		} {
			channel["type"] = kind
			var made struct {
				ID        int64  `json:"id"`
				CallURL   string `json:"voice_call_webhook_url"`
				ForwardTo string `json:"forward_to_email"`
			}
			p.want(http.MethodPost, "inboxes", map[string]any{"name": kind, "channel": channel}, http.StatusOK, &made)
			conversation := p.received(made.ID, kind)
			reply := p.reply(conversation, "Hello?")
			testkit.Wait(t, 20*time.Second, "the verdict about "+kind, func() bool {
				n := 0
				for _, m := range p.messages(conversation) {
					if m.ID != reply.ID {
						continue
					}
					switch failed := m.Status == "failed" && m.Attributes["external_error"] == "This inbox cannot send messages"; {
					case kind == "web_widget" && m.Status == "sent" && m.Attributes["external_error"] == nil, kind != "web_widget" && failed:
						n++
					}
				}
				waiting, err := p.app.Store().ChannelOfInbox(t.Context(), made.ID)
				return n == 1 && err == nil && waiting.AuthorizationErrors == 0 && !waiting.ReauthorizationRequired
			})
			if kind == "email" && len(made.ForwardTo) != 32+len("@in.example.test") {
				t.Errorf("forward_to_email %q", made.ForwardTo)
			}
		}
		if status, _ := p.request(http.MethodPost, "/twilio/voice/call/15550001", map[string]any{}); status != http.StatusNotFound {
			t.Errorf("a call got %d, want 404", status)
		}
	})
}

// received lets somebody write to an inbox, and gives the conversation.
func (p *program) received(inbox int64, kind string) int64 {
	p.t.Helper()
	at := chat.MillisOf(time.Now())
	_, err := p.app.Desk().Receive(p.t.Context(), []*chat.Event{{
		Key: "msg:" + kind, Channel: kind, Kind: chat.KindMessage, AccountID: p.account, InboxID: inbox, OccurredAt: at, ReceivedAt: at,
		Contact: &chat.Contact{SourceID: "somebody of " + kind, Name: "Ana"}, Message: &chat.Message{SourceID: "m-" + kind, Content: "Hi"}, Proof: channels.ProofOK,
	}})
	if err != nil {
		p.t.Fatal(fmt.Errorf("receive: %w", err))
	}
	list := p.conversations(inbox)
	if len(list) != 1 {
		p.t.Fatalf("%d conversations of %s, want one", len(list), kind)
	}
	return list[0].ID
}
