package relay

import (
	"context"
	"math/rand/v2"
	"time"

	"tributary/channels"
	"tributary/chat"
	"tributary/desk"
	"tributary/store"
	"tributary/wording"
)

// heldFor is how long the replies of a channel wait that may not send for the moment,
// before they are looked at again.
const heldFor = time.Minute

// deliver sends one message, part by part, and records the verdict.
func (r *Relay) deliver(ctx context.Context, l *lane, out store.Outgoing) {
	d := out.Delivery
	if d.Crashes > 0 {
		r.opt.Metrics.Uncertain.WithLabelValues(l.slug).Inc()
		r.opt.Log.Warn("sending again what a crashed process may have sent", "message_id", d.MessageID, "channel", l.slug,
			"part", d.PartsSent, "crashes", d.Crashes)
	}
	driver, ch, ok := r.opt.Directory.Inbox(d.InboxID)
	sender, can := driver.(channels.Sender)
	if !ok || !can {
		r.failed(ctx, l, d, &channels.SendError{Class: chat.Config, Say: wording.FailureCannotSend.Text()})
		return
	}
	message, err := r.opt.Desk.Outbound(ctx, out)
	if err != nil {
		r.postponed(ctx, d, err)
		return
	}
	if ch.SendHold == channels.BlockReplies {
		r.failed(ctx, l, d, &channels.SendError{Class: chat.Permanent, Code: "blocked", Say: ch.SendHoldReason})
		return
	}
	if ch.SendHold == channels.HoldReplies && r.opt.Now().Before(d.Deadline) {
		until := r.opt.Now().Add(heldFor)
		reason := r.opt.Directory.Locale(d.InboxID).Say(ch.SendHoldReason)
		r.note(l, d, Attempt{Verdict: verdictHeld, Error: reason, NextAt: until})
		r.park(ctx, l, d, until)
		r.deferred(ctx, d, until, reason, false)
		return
	}
	if r.opt.Now().After(d.Deadline) {
		late := &channels.SendError{Class: chat.Permanent, Text: d.LastError}
		if late.Text == "" {
			late.Say = wording.FailureTooLate.Text()
		}
		r.failed(ctx, l, d, late)
		return
	}
	parts, err := sender.Plan(ch, message)
	if err != nil {
		r.failed(ctx, l, d, channels.AsSendError(err))
		return
	}
	if d.Attempts == 0 && d.PartsSent == 0 {
		r.opt.Metrics.Accepted.Observe(r.opt.Now().Sub(d.CreatedAt).Seconds())
	}
	r.send(ctx, l, d, parts, func(ctx context.Context, p chat.Part) (channels.Receipt, error) {
		return sender.SendPart(ctx, ch, message, p)
	})
}

// send calls the provider for each part that is not sent yet.
func (r *Relay) send(ctx context.Context, l *lane, d store.Delivery, parts []chat.Part,
	call func(context.Context, chat.Part) (channels.Receipt, error),
) {
	status := chat.StatusSent
	if d.PartsSent >= len(parts) { // nothing to call, or a crash after the last part
		r.record(ctx, d, -1, channels.Receipt{}, status, true)
		return
	}
	for i := d.PartsSent; i < len(parts); i++ {
		parts[i].Index = i
		receipt, err := l.call(ctx, r, func(ctx context.Context) (channels.Receipt, error) { return call(ctx, parts[i]) })
		if open(err) {
			r.opt.Metrics.Attempts.WithLabelValues(l.slug, verdictBreaker).Inc()
			until := r.opt.Now().Add(r.opt.BreakerFor)
			reason := r.opt.Directory.Locale(d.InboxID).Say(wording.FailureUnreachable.Text())
			r.note(l, d, Attempt{Verdict: verdictBreaker, Error: reason, NextAt: until})
			r.park(ctx, l, d, until)
			r.deferred(ctx, d, until, reason, false)
			return
		}
		if err != nil {
			r.refused(ctx, l, d, channels.AsSendError(err))
			return
		}
		r.opt.Metrics.Attempts.WithLabelValues(l.slug, verdictSent).Inc()
		if i == len(parts)-1 {
			r.note(l, d, Attempt{Verdict: verdictSent})
			r.opt.Desk.Webhooks.Sent(d.InboxID)
		}
		if receipt.Status != "" {
			status = receipt.Status
		}
		if !r.record(ctx, d, i, receipt, status, i == len(parts)-1) {
			return
		}
	}
}

// record commits what the provider answered before anything else is sent. When
// the database is away, the answer is known only here: it is tried again for as
// long as the message has time.
func (r *Relay) record(ctx context.Context, d store.Delivery, part int, receipt channels.Receipt, status chat.MessageStatus, last bool) bool {
	answer := desk.SentPart{PartAnswer: store.PartAnswer{Delivery: d, Part: part, ProviderIDs: receipt.ProviderIDs, Last: last}, Status: status}
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		_, err := r.answers.Do(ctx, []desk.SentPart{answer})
		if err == nil {
			return true
		}
		r.opt.Log.Error("provider's answer not stored", "message_id", d.MessageID, "part", part, "error", err)
		if !store.Transient(err) || r.opt.Now().After(d.Deadline) {
			return false
		}
		time.Sleep(wait)
	}
}

// refused acts on the verdict of an error.
func (r *Relay) refused(ctx context.Context, l *lane, d store.Delivery, e *channels.SendError) {
	r.opt.Metrics.Attempts.WithLabelValues(l.slug, string(e.Class)).Inc()
	now := r.opt.Now()
	switch e.Class {
	case chat.Throttled:
		wait := e.RetryAfter
		if wait <= 0 {
			wait = r.backoff(d.Attempts)
		}
		r.park(ctx, l, d, now.Add(wait))
		if now.Add(wait).Before(d.Deadline) && (e.MaxTries == 0 || d.Attempts+1 < e.MaxTries) {
			r.note(l, d, r.refusal(d, string(e.Class), e, now.Add(wait)))
			r.deferred(ctx, d, now.Add(wait), r.words(d, e), true)
			return
		}
	case chat.Retryable:
		tries := maxTries
		if e.MaxTries > 0 {
			tries = e.MaxTries
		}
		next := now.Add(r.backoff(d.Attempts))
		if d.Attempts+1 < tries && next.Before(d.Deadline) {
			r.opt.Log.Info("send will be tried again", "message_id", d.MessageID, "channel", l.slug, "attempt", d.Attempts+1,
				"at", next, "error", e)
			r.note(l, d, r.refusal(d, string(e.Class), e, next))
			r.deferred(ctx, d, next, r.words(d, e), true)
			return
		}
	}
	r.failed(ctx, l, d, e)
}

// park puts a channel's whole queue off: nothing of it is claimed until then.
func (r *Relay) park(ctx context.Context, l *lane, d store.Delivery, until time.Time) {
	r.pause(l, until)
	if err := r.opt.Store.ParkChannel(ctx, d.ChannelID, until); err != nil {
		r.opt.Log.Warn("channel not parked; its claims are skipped here", "channel_id", d.ChannelID, "error", err)
	}
}

// backoff doubles with every attempt, ± 20 %.
func (r *Relay) backoff(attempts int) time.Duration {
	wait := r.opt.Base << min(attempts, 10)
	return wait*8/10 + rand.N(wait*4/10+1)
}

// failed ends the delivery: the agent sees why.
func (r *Relay) failed(ctx context.Context, l *lane, d store.Delivery, e *channels.SendError) {
	r.opt.Metrics.Attempts.WithLabelValues(l.slug, verdictFailed).Inc()
	r.note(l, d, r.refusal(d, verdictFailed, e, time.Time{}))
	r.opt.Log.Warn("message not sent", "message_id", d.MessageID, "inbox_id", d.InboxID, "channel", l.slug,
		"class", string(e.Class), "code", e.Code, "error", e)
	if err := r.opt.Desk.SendFailed(ctx, d, e.Class, r.words(d, e)); err != nil {
		r.opt.Log.Error("verdict not stored", "message_id", d.MessageID, "error", err)
	}
	r.opt.Refused(ctx, d.InboxID, e.Code)
}

// words is what the agents of a delivery read of an error.
func (r *Relay) words(d store.Delivery, e *channels.SendError) string {
	return e.Words(r.opt.Directory.Locale(d.InboxID))
}

// postponed gives a delivery back because of our own trouble, not the
// provider's.
func (r *Relay) postponed(ctx context.Context, d store.Delivery, err error) {
	r.opt.Log.Warn("delivery postponed", "message_id", d.MessageID, "error", err)
	r.deferred(ctx, d, r.opt.Now().Add(time.Second), d.LastError, false)
}

func (r *Relay) deferred(ctx context.Context, d store.Delivery, at time.Time, reason string, counted bool) {
	if err := r.opt.Store.DeferDelivery(ctx, d.MessageID, at, reason, counted); err != nil {
		r.opt.Log.Warn("delivery not given back; its lease will end", "message_id", d.MessageID, "error", err)
	}
}
