package e2e_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/store/storetest"
)

// TestWhatsAppApprovalIsActedOnAtOnce: Meta's word that the display name was approved
// has the number registered without waiting for any timer.
func TestWhatsAppApprovalIsActedOnAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		s := bareStage(t, b)
		s.real = true
		s.live()
		s.meta.play("graph-phone-d12-name-pending.json")
		s.meta.play("graph-register-error-2388001-display-name.json")
		s.boot(nil)
		s.people()
		for _, g := range givenInboxes(t) {
			if g.ID == 48 || g.ID == 49 {
				s.inbox(g)
			}
		}
		s.quiet()
		if state, action, _ := s.registration(48); state != "waiting_for_meta" || action != "wait_for_display_name" {
			t.Fatalf("the number is %v, %v", state, action)
		}
		s.meta.play("graph-phone-d11-approved.json")
		s.meta.play("graph-register-success.json")
		p, before, began := payloadFile(t, "webhook-name-update-approved.json"), s.meta.mark(), time.Now()
		if status, answer := s.deliverBody(p.Request.Path, p.sent(t), p.Request.Headers); status != http.StatusOK {
			t.Fatalf("webhook: %d %s", status, answer)
		}
		answered := time.Since(began)
		testkit.Wait(t, 30*time.Second, "the registration", func() bool { return s.meta.registers(before) == 1 })
		for _, c := range s.meta.all(before) {
			if strings.HasSuffix(c.Name, "/register") {
				t.Logf("%s: webhook answered after %s, registration sent after %s", b.Name, answered.Round(time.Millisecond), c.At.Sub(began).Round(time.Millisecond))
			}
		}
		s.quiet()
		if state, _, _ := s.registration(48); state != "registering" {
			t.Errorf("the number is %v", state)
		}
	})
}

// TestWhatsAppSignupOnce: the engine sees a new number as soon as the request that
// stored it; a signup makes one attempt whichever comes first.
func TestWhatsAppSignupOnce(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		s := whatsappStage(t, b, nil, 50)
		stop, done := make(chan struct{}), make(chan struct{})
		go func() { // never idle
			defer close(done)
			for {
				select {
				case <-stop:
					return
				default:
					s.app.WhatsApp().Wake()
				}
			}
		}()
		s.signup("graph-phone-numbers-one.json")
		s.meta.play("graph-phone-d12-name-pending.json")
		s.meta.play("graph-register-error-2388001-display-name.json")
		before := s.meta.mark()
		s.connected(48, "api-authorization-success-new-pending.json", free{"registration": anything, "id": anything})
		close(stop)
		<-done
		s.quiet()
		s.clock.advance(2 * time.Minute)
		s.quiet()
		if n := s.meta.registers(before); n != 1 {
			t.Errorf("%d calls of register", n)
		}
	})
}

// TestWhatsAppUnclearAnswer: when an answer leaves open whether the number is
// registered now, its health says so at once; nothing is registered again for it.
func TestWhatsAppUnclearAnswer(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		s := whatsappStage(t, b, nil)
		for _, answer := range []string{"graph-register-error-502-html.json", "graph-register-error-already-registered.json"} {
			s.tried("graph-phone-d11-approved.json", answer)
			s.meta.play("graph-phone-d6-healthy-live.json")
			before := s.meta.mark()
			s.clock.advance(2 * time.Second)
			s.quiet()
			if got := s.meta.reads(before); len(got) != 1 || got[0] != 48 {
				t.Errorf("%s: the health of %v was read", answer, got)
			}
			if state, _, _ := s.registration(48); state != "registered" || s.banner(48) {
				t.Errorf("%s: the number is %v", answer, state)
			}
			if n := s.meta.registers(before); n != 0 {
				t.Errorf("%s: registered %d times again", answer, n)
			}
		}
	})
}
