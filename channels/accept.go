package channels

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"tributary/chat"
)

// Directory finds channels by the address that a webhook names.
type Directory interface {
	Find(a chat.Address) []*Channel
}

// Signature modes of an installation or an inbox.
const (
	Enforce = "enforce" // refuse what is not proven
	Observe = "observe" // accept, log, count: for a migration only
)

// Verdict is what Accept decided about a webhook request.
type Verdict struct {
	// Response is the answer, to be given once Events are durable.
	Response Response
	// Events are addressed to inboxes: one per event and matching inbox.
	Events []chat.Event
	// Rejected names why nothing is queued: the label of
	// tributary_webhooks_rejected_total. Empty: accepted.
	Rejected string
	// Detail explains it in the log; it holds no secret.
	Detail string
	// Observed: the proof failed and mode observe let it in.
	Observed bool
	// Unrouted counts events that no channel got: nobody has the address, or may
	// not have the event.
	Unrouted int
	// Channel is the one that the request is addressed to, where it names one.
	Channel *Channel
	// Proven tells that the proof held.
	Proven bool
	// Refusals tell whose webhook this was in vain, and why: each inbox and cause once.
	Refusals []RefusedWebhook
	// Panic is what a driver's decoder panicked with; the request was kept as an
	// unsupported event.
	Panic any
}

// Reasons of a rejection beyond the results of Verify.
const (
	RejectFormat   = "format"
	RejectUnknown  = "unknown_channel"
	RejectInactive = "inactive_account"
	// RejectVerifyToken is of a handshake that does not know the verify token.
	RejectVerifyToken = "verify_token"
)

// Accept proves and decodes one webhook request and addresses its events to
// inboxes. It is pure but for the directory.
func Accept(d Driver, h Hook, r *Request, dir Directory, mode string) Verdict {
	var located *Channel
	address, direct := d.Locate(r)
	if direct {
		if located = find(d, r, dir, address); located != nil {
			// Proven below with its own secret.
		} else if strings.Contains(h.Path, "{") {
			return Verdict{Response: Response{Status: http.StatusNotFound}, Rejected: RejectUnknown}
		} else {
			return Verdict{Response: h.Success, Rejected: RejectUnknown}
		}
	}
	proof := d.Verify(r, located)
	if !proof.OK() && direct && modeOf(located, mode) != Observe {
		return refuse(d, proof, located)
	}
	events, panicked, err := decode(d, r)
	var refusal *Refusal
	switch {
	case err != nil && !proof.OK() && modeOf(located, mode) != Observe:
		return refuse(d, proof, located)
	case errors.As(err, &refusal):
		return Verdict{Response: refusal.Response, Rejected: refusal.Reason, Channel: located}.vain(located, refusal.Reason)
	case err != nil:
		return Verdict{
			Response: Response{Status: http.StatusBadRequest}, Rejected: RejectFormat, Detail: err.Error(), Channel: located,
		}.vain(located, RejectFormat)
	}
	if panicked != nil && located != nil && len(events) == 0 {
		events = []chat.Event{unsupported(d, r, address)}
	}
	v := Verdict{Response: h.Success, Observed: !proof.OK(), Panic: panicked, Channel: located, Proven: proof.OK()}
	a := acceptance{driver: d, request: r, dir: dir, mode: mode, located: located, address: address, proof: proof, out: &v}
	for i := range events {
		a.deliver(&events[i])
	}
	if !proof.OK() && len(v.Events) == 0 && (a.unproven > 0 || modeOf(located, mode) != Observe) {
		refused := refuse(d, proof, located)
		for _, r := range v.Refusals {
			refused = refused.vain(&Channel{InboxID: r.InboxID}, r.Cause)
		}
		return refused
	}
	if len(v.Events) == 0 && v.Unrouted > 0 {
		v.Rejected = RejectUnknown
		if a.inactive == v.Unrouted {
			v.Rejected = RejectInactive
		}
		if len(v.Refusals) == 0 {
			v = v.vain(located, v.Rejected)
		}
	}
	return v
}

// find gives the channel with the located address, or with one of its
// alternates.
func find(d Driver, r *Request, dir Directory, address chat.Address) *Channel {
	if found := dir.Find(address); len(found) > 0 {
		return found[0]
	}
	if a, ok := d.(Alternates); ok {
		for _, other := range a.Alternates(r) {
			if found := dir.Find(other); len(found) > 0 {
				return found[0]
			}
		}
	}
	return nil
}

// acceptance is the state of one Accept call.
type acceptance struct {
	driver  Driver
	request *Request
	dir     Directory
	mode    string
	located *Channel
	address chat.Address
	proof   Proof
	out     *Verdict
	// Parts of out.Unrouted: the channel's proof failed, its account is inactive.
	unproven, inactive int
}

// deliver hands one event to the channels that carry its address.
func (a *acceptance) deliver(ev *chat.Event) {
	if ev.Address == Installation {
		a.deliverInstallation(*ev)
		return
	}
	candidates := []*Channel{a.located}
	if a.located == nil || ev.Address != a.address {
		candidates = a.dir.Find(ev.Address)
	}
	if c, ok := a.driver.(Chooser); ok {
		candidates = c.Choose(candidates, ev, a.proof)
	}
	if len(candidates) == 0 {
		a.out.Unrouted++
		return
	}
	for _, ch := range candidates {
		result := a.proof.Result
		// An event for another channel than the located one must be proven with
		// that channel's own secret.
		if a.located != nil && ch != a.located {
			result = a.driver.Verify(a.request, ch).Result
		}
		if result != ProofOK && modeOf(ch, a.mode) != Observe {
			a.out.Unrouted++
			a.unproven++
			*a.out = a.out.vain(ch, result)
			continue
		}
		if !ch.AccountActive {
			a.out.Unrouted++
			a.inactive++
			*a.out = a.out.vain(ch, RejectInactive)
			continue
		}
		e := *ev
		e.AccountID, e.InboxID, e.Proof = ch.AccountID, ch.InboxID, result
		if t, ok := a.driver.(Tailor); ok {
			t.Tailor(&e, ch)
		}
		a.stamp(&e)
		a.out.Events = append(a.out.Events, e)
	}
}

// deliverInstallation keeps news for the installation, which no inbox may let in
// unproven.
func (a *acceptance) deliverInstallation(ev chat.Event) {
	if !a.proof.OK() {
		a.out.Unrouted++
		a.unproven++
		return
	}
	ev.Proof = a.proof.Result
	a.stamp(&ev)
	a.out.Events = append(a.out.Events, ev)
}

// stamp sets the times that the driver left out.
func (a *acceptance) stamp(e *chat.Event) {
	if e.ReceivedAt == 0 {
		e.ReceivedAt = chat.MillisOf(a.request.ReceivedAt)
	}
	if e.OccurredAt == 0 {
		e.OccurredAt = e.ReceivedAt
	}
}

// MissingSecret names the setting without which no webhook of the channel can be
// proven; empty when there is one, or the channel has no webhooks. Until it is
// set, mode enforce refuses them all.
func MissingSecret(d Driver, ch *Channel) string {
	if len(d.Info().Hooks) == 0 {
		return ""
	}
	none := func(string) string { return "" }
	p := d.Verify(&Request{Method: http.MethodPost, Param: none, Query: none, Header: none}, ch)
	if p.Result != ProofNoSecret {
		return ""
	}
	return p.Detail
}

func modeOf(ch *Channel, installation string) string {
	if ch != nil && ch.SignatureMode != "" {
		return ch.SignatureMode
	}
	return installation
}

// RefusedWebhook names an inbox whose webhook was refused, and the cause: a reason of
// rejection.
type RefusedWebhook struct {
	InboxID int64
	Cause   string
}

// vain notes that a webhook of ch was in vain; nil: nobody's.
func (v Verdict) vain(ch *Channel, cause string) Verdict {
	if ch == nil {
		return v
	}
	r := RefusedWebhook{ch.InboxID, cause}
	if !slices.Contains(v.Refusals, r) {
		v.Refusals = append(v.Refusals, r)
	}
	return v
}

func refuse(d Driver, p Proof, located *Channel) Verdict {
	response := Response{Status: http.StatusUnauthorized}
	if r, ok := d.(Refuser); ok {
		response = r.Refuse(p)
	}
	return Verdict{Response: response, Rejected: p.Result, Detail: p.Detail, Channel: located}.vain(located, p.Result)
}

// decode calls the driver's decoder; a panic costs this request's decoding, not
// the process.
func decode(d Driver, r *Request) (events []chat.Event, panicked any, err error) {
	defer func() {
		if p := recover(); p != nil {
			events, panicked, err = nil, p, nil
		}
	}()
	events, err = d.Decode(r)
	return events, nil, err
}

// unsupported keeps a body whose decoder panicked, so that it can be looked at
// and replayed.
func unsupported(d Driver, r *Request, address chat.Address) chat.Event {
	return chat.Event{
		Key:     "raw:" + Digest(string(r.Body)),
		Channel: d.Info().Slug,
		Address: address,
		Kind:    chat.KindProviderError,
		Reason:  fmt.Sprintf("the %s decoder failed on this body", d.Info().Slug),
	}
}
