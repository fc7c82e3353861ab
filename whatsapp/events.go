package whatsapp

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"tributary/channels"
	"tributary/chat"
	"tributary/desk"
	"tributary/store"
	"tributary/whatsapp/management"
	"tributary/whatsapp/rules"
	"tributary/wording"
)

// JobEvent applies a management webhook.
const JobEvent = "whatsapp.event"

// eventJob is its payload. InboxID is the inbox to whose own address it came, 0 for
// the app's; Proven says that it was signed.
type eventJob struct {
	InboxID int64           `json:"inbox_id,omitempty"`
	Proven  bool            `json:"proven"`
	Entry   json.RawMessage `json:"entry"`
}

// Handlers are the jobs that the engine carries out.
func (e *Engine) Handlers() map[string]desk.Handler {
	return map[string]desk.Handler{
		JobEvent:  e.takeEvent,
		JobNotice: e.sendNotice,
	}
}

// whatsappChannel is the slug of the driver.
const whatsappChannel = "whatsapp"

// AccountEvent takes in news about a number or its account. It is applied by a job: a
// batch of messages does not wait for it, nor fail with it.
func (e *Engine) AccountEvent(ctx context.Context, tx *store.Tx, ev *chat.Event) error {
	if ev.Channel != whatsappChannel || len(ev.Raw) == 0 {
		return nil
	}
	payload, err := json.Marshal(eventJob{InboxID: ev.InboxID, Proven: ev.Proof == channels.ProofOK, Entry: ev.Raw})
	if err != nil {
		return fmt.Errorf("whatsapp: event: %w", err)
	}
	return tx.InsertJob(ctx, store.Job{
		Kind: JobEvent, Lane: store.LaneNumbers, UniqueKey: JobEvent + ":" + ev.Key, AccountID: ev.AccountID, Payload: payload, MaxAttempts: 12,
	})
}

func (e *Engine) takeEvent(ctx context.Context, j store.Job) error {
	var in eventJob
	if err := json.Unmarshal(j.Payload, &in); err != nil {
		return desk.Final{Err: fmt.Errorf("whatsapp: event: %w", err)}
	}
	changes, err := management.SplitEnvelope(in.Entry)
	if err != nil {
		return desk.Final{Err: err}
	}
	for _, c := range changes {
		ev, ok := management.Parse(c.Entry, c.Time, c.Raw)
		if !ok {
			continue
		}
		if err := e.applyEvent(ctx, in, ev); err != nil {
			return err
		}
	}
	return nil
}

// applyEvent leaves word of an event at the numbers that it concerns, once.
func (e *Engine) applyEvent(ctx context.Context, in eventJob, ev management.Event) error {
	if app := ev.Effects.AppID; app != "" && app != e.Setting("WHATSAPP_APP_ID") {
		return nil // somebody else's app
	}
	list, err := e.concerned(ctx, in, ev)
	if err != nil {
		return err
	}
	e.Metrics.Events.WithLabelValues(ev.Field).Inc()
	if len(list) == 0 {
		e.Log.Debug("management webhook concerns no number of ours", "waba_id", ev.WABA, "field", ev.Field)
		return nil
	}
	payload, err := json.Marshal(ev)
	if err != nil {
		return fmt.Errorf("whatsapp: event: %w", err)
	}
	fresh := false
	err = e.Store.Transact(ctx, func(tx *store.Tx) error {
		var err error
		if fresh, err = tx.NewWhatsAppEvent(ctx, ev.Hash); err != nil || !fresh {
			return err
		}
		if ev.Effects.Template != nil {
			return e.patchTemplate(ctx, tx, list, ev.Effects.Template)
		}
		ids := make([]string, len(list))
		for i, n := range list {
			ids[i] = n.PhoneID
		}
		return tx.SignalWhatsApp(ctx, ids, signalEvent, string(payload))
	})
	if err != nil {
		return err
	}
	if !fresh {
		return nil
	}
	e.Log.Info("management webhook taken in", "waba_id", ev.WABA, "field", ev.Field, "event", ev.Event, "numbers", len(list))
	if ev.Effects.Template != nil {
		e.WakeJobs()
		return nil
	}
	e.WakeNumbers()
	return nil
}

// concerned finds the numbers that an event is about. One that came to an inbox's own
// address and was proven with that inbox's own secret, or not at all, says nothing
// about the numbers of others.
func (e *Engine) concerned(ctx context.Context, in eventJob, ev management.Event) ([]store.WhatsAppNumber, error) {
	all, err := e.Store.WhatsAppNumbersOf(ctx, ev.WABA)
	if err != nil {
		return nil, err
	}
	var out []store.WhatsAppNumber
	for _, n := range all {
		_, ch, ok := e.Directory.Inbox(n.InboxID)
		if !ok {
			continue
		}
		cfg, ok := config(ch)
		if !ok || !ev.About(string(cfg.PhoneNumber), n.PhoneID) || !e.trusted(in, ch) {
			continue
		}
		out = append(out, n)
	}
	return out, nil
}

// trusted tells whether an event may speak of a channel.
func (e *Engine) trusted(in eventJob, about *channels.Channel) bool {
	if in.InboxID == 0 {
		return in.Proven
	}
	_, by, ok := e.Directory.Inbox(in.InboxID)
	if !ok {
		return false
	}
	cfg, ok := config(by)
	switch {
	case !ok:
		return false
	case !in.Proven:
		return about.ID == by.ID
	case cfg.ProviderConfig.AppSecret != "":
		return about.AccountID == by.AccountID
	}
	return true
}

// event applies a management webhook to the number. A health read follows, which
// confirms it.
func (n *number) event(s store.WhatsAppSignal) {
	var ev management.Event
	if !n.word(s, &ev) {
		return
	}
	if last := n.m.Aspects[ev.Aspect]; ev.Aspect != "" && !ev.At.IsZero() {
		if ev.At.Before(last) {
			return
		}
		if n.m.Aspects == nil {
			n.m.Aspects = map[string]time.Time{}
		}
		n.m.Aspects[ev.Aspect] = ev.At
	}
	x := &ev.Effects
	n.patch(x)
	n.eventSends(ev)
	n.eventPIN(x.PIN)
	n.h.Coexistence = n.h.Coexistence || x.Coexistence
	if x.Review != "" {
		n.b.ReviewStatus, n.b.ReadAt = x.Review, time.Time{}
	}
	if x.NameStatus != "" {
		n.m.Rejection = x.RejectionReason
	}
	if x.State != "" && (!x.PendingOnly || !provisioned(n.before)) {
		n.h.State, n.h.Action = x.State, x.Action
	}
	if x.Rearm {
		n.m.Trigger, n.m.Actor = rules.TriggerWebhook+rules.Trigger(ev.Field), 0
		if !n.h.PendingSince.IsZero() {
			n.h.PendingSince = n.now // Meta may show it a little later: looks come closer again
		}
	}
	for _, a := range x.Alerts {
		n.eventAlert(ev, a)
	}
}

// eventSends notes whether the number can be used.
func (n *number) eventSends(ev management.Event) {
	x := &ev.Effects
	switch {
	case x.BlockSends:
		n.m.Blocked, n.m.BlockedAt = wording.FailureNumberBlocked.Text(), n.now
		if x.Ban != nil {
			n.m.Blocked = wording.FailureNumberBanned.Text()
		}
		if x.Deleted {
			n.m.Blocked = wording.FailureNumberDeleted.Text()
		}
	case x.Unblock:
		n.m.Blocked, n.m.BlockedAt = wording.Text{}, time.Time{}
	}
	if x.HoldSends {
		n.m.Offboarded = true
	}
	if x.Reconnected {
		n.m.Offboarded = false
	}
}

func (n *number) eventPIN(p management.PIN) {
	switch p {
	case management.PINStale:
		n.PINState = pinStale
	case management.PINFree:
		n.PINState = pinFree
	case management.PINResetRequested:
		n.notice(noticeAlert, "pin_reset_requested")
	}
}

// patch puts what Meta told into the stored health, for the case that the read fails.
func (n *number) patch(x *management.Effects) {
	if n.before == nil {
		return
	}
	if x.NameStatus != "" && !provisioned(n.before) {
		n.before.NameStatus = &x.NameStatus
	}
	if x.Tier != "" {
		n.before.MessagingLimit = &x.Tier
	}
	if x.Throughput != "" {
		n.before.Throughput = json.RawMessage(`{"level":"` + x.Throughput + `"}`)
	}
	raw, err := json.Marshal(n.before)
	if err != nil {
		n.e.Log.Error("health of a WhatsApp number not encoded", "phone_number_id", n.PhoneID, "error", err)
		return
	}
	n.Snapshot = raw
}

// eventAlert shows an alert beside the number's health. News of the same kind take its
// place, good ones too.
func (n *number) eventAlert(ev management.Event, a management.Alert) {
	entity, id := ev.EntityType, ev.EntityID
	if entity == "" {
		entity, id = "WABA", ev.WABA
		if ev.Phone != "" || ev.PhoneID != "" {
			entity, id = "PHONE_NUMBER", n.PhoneID
		}
	}
	n.list(alert{
		Entity: entity, EntityID: id, Severity: a.Severity, Status: a.Status, Type: a.Type, Description: a.Text,
		Since: stamp(n.now), Expires: moment(a.Until),
	})
	if a.Mail {
		n.notice(noticeAlert, a.Type)
	}
}
