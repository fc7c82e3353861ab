package simulator

import (
	"net/http"
	"strings"
	"time"
)

// Registration of numbers (WhatsApp Business Platform, "Register a business phone
// number", March 2026): ten calls per number in a moving window of 72 hours, for
// register and deregister each; one more freezes the number for 72 hours.

const (
	registerCalls  = 10
	registerWindow = 72 * time.Hour
	renameWindow   = 14 * 24 * time.Hour // an approved name must be applied within it
	deregisterTime = 5 * time.Minute     // until an incomplete deregistration is done
)

// RegisterCall is a call of register or deregister.
type RegisterCall struct {
	At         time.Time
	Deregister bool
	PIN        string // as it came
	// Status is the HTTP status of the answer; 0: none was given. Code and Subcode
	// are of its error.
	Status, Code, Subcode int
}

// OK tells that Meta said yes.
func (r *RegisterCall) OK() bool { return r.Status == http.StatusOK }

// window counts the calls of one kind.
type window struct {
	calls   []time.Time
	blocked time.Time // until then
}

// admit counts a call; false: it is one too many.
func (w *window) admit(now time.Time) bool {
	if now.Before(w.blocked) {
		return false
	}
	for len(w.calls) > 0 && !w.calls[0].After(now.Add(-registerWindow)) {
		w.calls = w.calls[1:]
	}
	if len(w.calls) >= registerCalls {
		w.blocked = now.Add(registerWindow)
		return false
	}
	w.calls = append(w.calls, now)
	return true
}

// serveRegister answers register and deregister.
func (s *Simulator) serveRegister(c *call, n *Number, deregister bool) {
	now, edge := s.now(), "register"
	decide := func() *Fault { return n.enrol(c.param("messaging_product"), c.param("pin")) }
	counter := &n.register
	if deregister {
		edge, counter = "deregister", &n.deregister
		decide = n.leave
	}
	w := n.waba
	w.mu.Lock()
	i := len(n.calls)
	n.calls = append(n.calls, RegisterCall{At: now, Deregister: deregister, PIN: c.param("pin")})
	var verdict *Fault
	var trouble *armed
	if !counter.admit(now) {
		verdict = known("133016")
	} else if trouble = n.faults.take(edge); trouble == nil || trouble.TakesEffect {
		verdict = decide()
	}
	w.mu.Unlock()

	if trouble != nil {
		switch {
		case !trouble.Hang:
			verdict = &trouble.Fault
		case !trouble.wait(c.r.Context()):
			abandon()
		case !trouble.TakesEffect:
			w.mu.Lock()
			verdict = decide()
			w.mu.Unlock()
		}
	}
	w.mu.Lock()
	call := &n.calls[i]
	call.Status = http.StatusOK
	if verdict != nil {
		call.Status, call.Code, call.Subcode = verdict.status(), verdict.Code, verdict.Subcode
	}
	w.mu.Unlock()
	if verdict != nil {
		c.fault(verdict)
		return
	}
	c.json(http.StatusOK, map[string]any{"success": true})
}

// barred tells why the number cannot be registered now, whatever its name and PIN.
func (n *Number) barred(now time.Time) *Fault {
	switch {
	case n.locked || n.waba.locked:
		return known("131031")
	case n.facts.Status == "BANNED":
		return known("368")
	case n.facts.Status == "DELETED", n.facts.Status == "MIGRATED":
		return known("33")
	case n.facts.OnBizApp:
		return known("business-app")
	case n.facts.Mode == "SANDBOX":
		return known("already-registered")
	case n.incomplete && (n.incompleteTill.IsZero() || now.Before(n.incompleteTill)):
		return known("133000")
	case n.existing:
		return known("2388001-existing-account")
	}
	return nil
}

// enrol registers the number, or says why not. The caller holds waba.mu.
func (n *Number) enrol(product, pin string) *Fault {
	now := n.waba.sim.now()
	switch {
	case product != "whatsapp":
		return known("100-product")
	case !sixDigits(pin):
		return known("131009")
	}
	if f := n.barred(now); f != nil {
		return f
	}
	// What follows does not concern a number that is registered already: its proof
	// may have expired, its name may be under review again.
	if !n.facts.Registered {
		switch {
		case n.facts.CodeVerification != verified:
			return known("133006")
		case n.waba.review != approved:
			return known("2388001-account-review")
		}
	}
	if n.pin != nil && *n.pin != *n.hashPIN(pin) {
		return known("133005")
	}
	if !n.facts.Registered {
		switch n.facts.NameStatus {
		case approved, "AVAILABLE_WITHOUT_REVIEW":
		case declined, "REJECTED":
			return known("2388001-declined")
		default:
			return known("2388001")
		}
	}
	n.settle(pin, now)
	return nil
}

// settle makes the number a registered one.
func (n *Number) settle(pin string, now time.Time) {
	f := n.facts
	n.incomplete = false
	n.pin, f.PINEnabled = n.hashPIN(pin), true
	if f.NewNameStatus == approved && now.Sub(n.renamedAt) < renameWindow {
		f.VerifiedName, f.NameStatus, f.NewName, f.NewNameStatus = f.NewName, approved, "", ""
	}
	switch {
	case !f.Registered:
		f.Registered, f.Platform, f.Throughput, f.Status, f.Onboarded = true, cloudAPI, standard, connected, now
		f.Tier = "TIER_250"
		n.lag, n.nextLag = n.nextLag, lag{}
	case n.lag.onlyThroughput:
		n.lag = lag{}
	}
	n.set(f)
}

// leave deregisters the number, or says why not. The caller holds waba.mu.
func (n *Number) leave() *Fault {
	now := n.waba.sim.now()
	switch {
	case n.facts.OnBizApp:
		return known("business-app")
	case n.incomplete:
		if n.incompleteTill.IsZero() {
			n.incompleteTill = now.Add(deregisterTime)
		}
		return nil
	case !n.facts.Registered:
		return known("133010")
	}
	f := n.facts
	f.Registered, f.Platform, f.Throughput, f.Status = false, notApplicable, notApplicable, pending
	n.lag = lag{}
	n.set(f)
	return nil
}

func sixDigits(pin string) bool {
	return len(pin) == 6 && strings.Trim(pin, "0123456789") == ""
}

// setPIN replaces the PIN of two-step verification; the old one is not asked for
// (WhatsApp Business Platform, "Two-step verification").
func (n *Number) setPIN(pin string) *Fault {
	if !sixDigits(pin) {
		return known("131009")
	}
	n.pin, n.facts.PINEnabled = n.hashPIN(pin), true
	return nil
}

// sendable tells why the number cannot send.
func (n *Number) sendable() *Fault {
	n.waba.mu.Lock()
	defer n.waba.mu.Unlock()
	switch {
	case n.locked || n.waba.locked:
		return known("131031")
	case n.facts.Status == "BANNED":
		return known("368")
	case !n.facts.Registered:
		return known("133010")
	}
	return nil
}
