package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/store/storetest"
)

// TestWhatsAppSendsFollowNews: replies of a number that Meta banned fail at once and
// say why; those of one that was taken off for a while wait; and both go on when Meta
// says so.
func TestWhatsAppSendsFollowNews(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		s := whatsappStage(t, b, nil)
		conversation := map[int]int64{}
		for inbox, phone := range map[int]string{48: "500100200300401", 51: "500100200300404"} {
			s.meta.answer("POST /"+phone+"/messages", http.StatusOK, `{"messaging_product":"whatsapp","messages":[{"id":"wamid.REPLY`+phone+`"}]}`)
			body := payloadFile(t, "webhook-wrong-url-message-at-app.json").sent(t)
			body = []byte(strings.ReplaceAll(string(as(inbox, body)), "HEALTHAPP1", fmt.Sprint("HEALTHAPP", inbox)))
			if inbox == 51 {
				body = []byte(strings.ReplaceAll(string(body), "15035550141", "12125550144"))
			}
			if status, _ := s.signed("/webhooks/whatsapp", body, "fixture-wa-app-secret"); status != http.StatusOK {
				t.Fatalf("message of %d: %d", inbox, status)
			}
			conversation[inbox] = s.stored(inbox, "hello")
		}
		sent := func(inbox int, text string) bool {
			for _, c := range s.meta.all(0) {
				if strings.HasSuffix(c.Name, map[int]string{48: "401", 51: "404"}[inbox]+"/messages") && strings.Contains(c.Body, text) {
					return true
				}
			}
			return false
		}
		goes := func(inbox int, text string) {
			t.Helper()
			m := s.reply(conversation[inbox], text)
			testkit.Wait(t, 20*time.Second, text, func() bool { return sent(inbox, text) })
			s.state(conversation[inbox], m.ID, "sent")
		}
		goes(48, "before the ban")
		for _, inbox := range []int{48, 49} {
			s.meta.playAs(inbox, "graph-phone-d1-banned.json")
		}
		s.hook("webhook-account-update-disabled-disable.json")
		m := s.state(conversation[48], s.reply(conversation[48], "during the ban").ID, "failed")
		if sent(48, "during the ban") || m.Attributes["external_error"] == nil {
			t.Errorf("a reply of a banned number: %+v", m)
		}
		for _, inbox := range []int{48, 49} {
			s.meta.playAs(inbox, "graph-phone-d6-healthy-live.json")
		}
		s.hook("webhook-account-update-disabled-reinstate.json")
		goes(48, "after the ban")
		s.hook("webhook-account-update-restriction-customer-initiated-messaging.json")
		goes(48, "while restricted")

		s.hook("webhook-account-update-offboarded.json")
		held := s.reply(conversation[51], "while offboarded")
		goes(48, "of another number meanwhile")
		if sent(51, "while offboarded") {
			t.Error("a reply was sent from a number that was taken off the Cloud API")
		}
		if status := s.state(conversation[51], held.ID, held.Status).Status; status == "failed" {
			t.Error("a reply that has to wait failed")
		}
		s.hook("webhook-account-update-reconnected.json")
		s.clock.advance(5 * time.Minute) // it is tried again in a while
		testkit.Wait(t, 20*time.Second, "the reply that waited", func() bool { return sent(51, "while offboarded") })
		goes(51, "after it came back")
	})
}

// TestWhatsAppNotRegisteredSend: a reply that Meta refuses because the number is not
// registered has its health read, and the number registered if that says so.
func TestWhatsAppNotRegisteredSend(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		s := whatsappStage(t, b, nil)
		if status, _ := s.hook("webhook-wrong-url-message-at-app.json"); status != http.StatusOK {
			t.Fatalf("message: %d", status)
		}
		conversation := s.stored(48, "hello")
		s.meta.play("graph-register-error-133010.json") // the answer to a send
		s.meta.play("graph-phone-d11-approved.json")
		before := s.meta.mark()
		s.state(conversation, s.reply(conversation, "anybody there?").ID, "failed")
		testkit.Wait(t, 20*time.Second, "the registration", func() bool { return s.meta.registers(before) == 1 })
		s.quiet()
		if state, _, _ := s.registration(48); state != "registering" {
			t.Errorf("the number is %v", state)
		}
	})
}

// TestWhatsAppHealthAlerts: what Meta warns of stands beside the number's health.
func TestWhatsAppHealthAlerts(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		s := whatsappStage(t, b, nil)
		s.fresh(signupDay, nil)
		s.meta.play("graph-phone-d6-live-flagged-yellow.json")
		s.at(fixtureTime)
		s.hook("webhook-account-alert-profile-picture-lost.json")
		got := s.play("api-health-alerts.json", free{"alerts": anything})
		var types []string
		for _, l := range leaves(t, got) {
			if strings.HasSuffix(l.path, ".alert_type") {
				types = append(types, fmt.Sprint(l.value))
			}
		}
		if got := strings.Join(types, " "); got != "PROFILE_PICTURE_LOST STATUS_FLAGGED QUALITY_YELLOW" {
			t.Errorf("alerts: %s", got)
		}
	})
}
