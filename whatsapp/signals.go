package whatsapp

import (
	"context"
	"encoding/json"

	"tributary/store"
	"tributary/whatsapp/rules"
)

// Kinds of signals.
const (
	signalLook      = "look"      // something may have changed
	signalTriggered = "triggered" // an attempt is wanted
	signalToken     = "token"     // the channel has a new token
	signalSetup     = "setup"     // somebody set the webhook up, or tried
	signalEvent     = "event"     // a management webhook
	signalRefused   = "refused"   // a send was refused because of the number's state
)

// triggered is the payload of signalTriggered.
type triggered struct {
	Trigger     rules.Trigger `json:"trigger,omitempty"`
	Actor       int64         `json:"actor,omitempty"`
	Coexistence bool          `json:"coexistence,omitempty"`
}

// setupWord is the payload of signalSetup.
type setupWord struct {
	Done        string `json:"done,omitempty"`
	Error       string `json:"error,omitempty"`
	Credentials bool   `json:"credentials,omitempty"`
}

// signal takes in what happened to the number since the last look.
func (n *number) signal(s store.WhatsAppSignal) {
	switch s.Kind {
	case signalTriggered:
		var t triggered
		if !n.word(s, &t) {
			return
		}
		if t.Trigger != "" {
			n.m.Trigger, n.m.Actor = t.Trigger, t.Actor
		}
		n.h.Coexistence = n.h.Coexistence || t.Coexistence
	case signalToken:
		n.h = n.h.AfterToken(n.now)
		n.m.Flagged = false // whoever stored the token took the flag away
		n.m.Trigger = rules.TriggerReauth
		n.m.Setup.At, n.m.Setup.Tries = n.now, 0
	case signalSetup:
		var w setupWord
		if !n.word(s, &w) {
			return
		}
		if w.Done != "" {
			n.m.Setup = setup{Done: w.Done}
		} else if !w.Credentials {
			n.m.Setup.Error = w.Error
		}
	case signalRefused:
		if n.h.State == rules.Registered {
			n.h.State, n.h.Action = rules.Unknown, ""
		}
	case signalEvent:
		n.event(s)
	}
}

func (n *number) word(s store.WhatsAppSignal, into any) bool {
	if err := json.Unmarshal(s.Payload, into); err != nil {
		n.e.Log.Error("word about a WhatsApp number unreadable", "phone_number_id", n.PhoneID, "kind", s.Kind, "error", err)
		return false
	}
	return true
}

// notRegistered is Meta's refusal of a send from a number that is not registered
// (Cloud API, "Error codes").
const notRegistered = "133010"

// SendRefused is told of replies that Meta refused: one from a number that is not
// registered has its health read at once.
func (e *Engine) SendRefused(ctx context.Context, inboxID int64, code string) {
	if code != notRegistered {
		return
	}
	_, ch, ok := e.Directory.Inbox(inboxID)
	if !ok {
		return
	}
	n, ok := adopted(ch)
	if !ok {
		return
	}
	if err := e.Store.Transact(ctx, func(tx *store.Tx) error {
		return tx.SignalWhatsApp(ctx, []string{n.PhoneID}, signalRefused, "")
	}); err != nil {
		e.Log.Warn("word of a refused reply not left", "inbox_id", inboxID, "error", err)
	}
	e.WakeNumbers()
}
