package desk

import (
	"context"
	"encoding/json"
	"time"

	"tributary/chat"
	"tributary/store"
)

// parkFor is how long a receipt waits for the message that it is about
// (contract 09 §2.7).
const parkFor = 5 * time.Minute

// statuses applies delivery receipts: forward only, whatever their order.
func (r *reception) statuses(ctx context.Context) error {
	type receipt struct {
		ref   store.ProviderRef
		event *chat.Event
	}
	var list []receipt
	var refs []store.ProviderRef
	for _, e := range r.events {
		if e.Kind != chat.KindStatus || e.Status == nil || e.Target == nil {
			continue
		}
		for _, id := range e.Target.SourceIDs {
			ref := store.ProviderRef{InboxID: e.InboxID, ProviderID: id}
			list = append(list, receipt{ref, e})
			refs = append(refs, ref)
		}
	}
	if len(list) == 0 {
		return nil
	}
	if err := r.tx.LockProviderIDs(ctx, refs); err != nil {
		return err
	}
	found, err := r.tx.Providers(ctx, refs)
	if err != nil {
		return err
	}
	var parked []store.ParkedStatus
	var failed []store.ProviderRef
	states := map[int64]*statusState{}
	var order []int64
	for _, x := range list {
		code := x.event.Status.State.Code()
		if code < 0 {
			continue
		}
		ref, ok := found[x.ref]
		if ok && x.event.Target.AndEarlier {
			if err := r.earlier(ctx, x.event, ref, code); err != nil {
				return err
			}
		}
		if !ok {
			parked = append(parked, store.ParkedStatus{ProviderRef: x.ref, Status: code, Error: x.event.Status.Text})
			continue
		}
		s := states[ref.MessageID]
		if s == nil {
			s = &statusState{StatusRef: ref, inboxID: x.ref.InboxID, now: ref.Status}
			states[ref.MessageID] = s
			order = append(order, ref.MessageID)
		}
		s.apply(code, x.event.Status.Text)
		if code == chat.StatusFailed.Code() && s.now == code {
			failed = append(failed, x.ref)
		}
	}
	if err := r.moveStatuses(ctx, states, order); err != nil {
		return err
	}
	if err := r.tx.MarkPartsFailed(ctx, failed); err != nil {
		return err
	}
	return r.tx.ParkStatuses(ctx, parked, r.tx.Now.Add(parkFor).UnixMicro())
}

// earlier moves what we sent before a message too: the provider reports only the
// last one that was seen (Instagram).
func (r *reception) earlier(ctx context.Context, e *chat.Event, ref store.StatusRef, code int) error {
	contactInbox, at, err := r.tx.MessageMoment(ctx, ref.MessageID)
	if err != nil {
		return err
	}
	moved, err := r.tx.Watermark(ctx, contactInbox, at-1, code)
	if err != nil {
		return err
	}
	for _, m := range moved {
		r.note("message.updated", m.AccountID, e.InboxID, m.ConversationID, m.MessageID)
	}
	return nil
}

// statusState is a sent message whose receipts are being applied.
type statusState struct {
	store.StatusRef
	inboxID int64
	now     int
	text    string
}

// apply moves forward: sent → delivered → read; failed only before read.
// A carrier may take back what it reported as delivered.
func (s *statusState) apply(code int, text string) {
	failed, read := chat.StatusFailed.Code(), chat.StatusRead.Code()
	switch {
	case code == failed && s.now != failed && s.now != read:
		s.now, s.text = failed, text
	case s.now != failed && code != failed && code > s.now:
		s.now = code
	}
}

func (r *reception) moveStatuses(ctx context.Context, states map[int64]*statusState, order []int64) error {
	var moves []store.StatusMove
	for _, id := range order {
		s := states[id]
		if s.now == s.Status {
			continue
		}
		m := store.StatusMove{MessageID: id, Status: s.now}
		changes := []change{movedStatus(s.Status, s.now)}
		if s.now == chat.StatusFailed.Code() {
			attributes, err := r.tx.MessageAttributes(ctx, id)
			if err != nil {
				return err
			}
			m.Attributes = withAttribute(attributes, "external_error", s.text)
			changes = append(changes, movedAttributes(attributes, m.Attributes))
		}
		moves = append(moves, m)
		r.note("message.updated", s.AccountID, s.inboxID, s.ConversationID, id)
		last := len(r.outbox) - 1
		r.outbox[last] = messageChanged(r.outbox[last], changes...)
	}
	return r.tx.MoveStatuses(ctx, moves)
}

// withAttribute sets one key of a JSON object; an empty value removes it.
func withAttribute(object, key string, value any) string {
	m := map[string]any{}
	_ = json.Unmarshal([]byte(object), &m) // not an object: start a new one
	if value == nil || value == "" {
		delete(m, key)
	} else {
		m[key] = value
	}
	b, err := json.Marshal(m)
	if err != nil {
		return object
	}
	return string(b)
}
