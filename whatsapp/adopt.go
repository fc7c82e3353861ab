package whatsapp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"tributary/channels"
	"tributary/store"
	"tributary/whatsapp/rules"
)

// Adopt makes the numbers of all WhatsApp Cloud inboxes known to the engine, and
// parts it from those that have none any more. A number that comes with a new token
// is tried again at once.
func (e *Engine) Adopt(ctx context.Context) error {
	e.adopting.Lock()
	defer e.adopting.Unlock()
	if err := e.Directory.Refresh(ctx); err != nil {
		return err
	}
	version := e.Directory.Version()
	if version == e.adoptedAt {
		return nil
	}
	known, err := e.Store.AdoptedWhatsAppNumbers(ctx)
	if err != nil {
		return err
	}
	have := make(map[string]store.AdoptedNumber, len(known))
	for _, n := range known {
		have[n.PhoneID] = n
	}
	var changed []store.AdoptedNumber
	for _, ch := range e.Directory.All() {
		n, ok := adopted(ch)
		if !ok {
			continue
		}
		old, seen := have[n.PhoneID]
		if delete(have, n.PhoneID); !seen || old != n {
			changed = append(changed, n)
		}
	}
	gone := make([]string, 0, len(have))
	for id := range have {
		gone = append(gone, id)
	}
	if len(changed) > 0 || len(gone) > 0 {
		if err := e.adopt(ctx, changed, gone, known); err != nil {
			return err
		}
	}
	e.adoptedAt = version
	return nil
}

func (e *Engine) adopt(ctx context.Context, changed []store.AdoptedNumber, gone []string, known []store.AdoptedNumber) error {
	renewed := map[string]bool{} // numbers that had a token before
	for _, n := range known {
		renewed[n.PhoneID] = true
	}
	err := e.Store.Transact(ctx, func(tx *store.Tx) error {
		if err := tx.OrphanWhatsAppNumbers(ctx, gone); err != nil {
			return err
		}
		ids, err := tx.AdoptWhatsAppNumbers(ctx, changed)
		if err != nil {
			return err
		}
		var fresh, again []string
		for _, id := range ids {
			if renewed[id] {
				again = append(again, id)
			} else {
				fresh = append(fresh, id)
			}
		}
		if err := signalTrigger(ctx, tx, fresh, signalTriggered, rules.TriggerSignup); err != nil {
			return err
		}
		return signalTrigger(ctx, tx, again, signalToken, rules.TriggerReauth)
	})
	// Nobody is woken: whoever adopts for a request looks at the number himself, and
	// the engine's next round does otherwise.
	return err
}

// adopted is the number of a channel; ok is false when it has none that can be
// looked after.
func adopted(ch *channels.Channel) (store.AdoptedNumber, bool) {
	cfg, ok := config(ch)
	if !ok || ch.Deleting || cfg.ProviderConfig.PhoneNumberID == "" || cfg.ProviderConfig.APIKey == "" {
		return store.AdoptedNumber{}, false
	}
	n := store.AdoptedNumber{
		PhoneID: string(cfg.ProviderConfig.PhoneNumberID), WABA: string(cfg.ProviderConfig.BusinessAccountID),
		AccountID: ch.AccountID, InboxID: ch.InboxID, ChannelID: ch.ID, TokenDigest: digest(string(cfg.ProviderConfig.APIKey)),
	}
	if n.WABA == "" {
		n.WABA = "number:" + n.PhoneID // looked after by itself
	}
	return n, true
}

func digest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:12])
}

func signalTrigger(ctx context.Context, tx *store.Tx, ids []string, kind string, trigger rules.Trigger) error {
	if len(ids) == 0 {
		return nil
	}
	payload, err := json.Marshal(triggered{Trigger: trigger})
	if err != nil {
		return err
	}
	return tx.SignalWhatsApp(ctx, ids, kind, string(payload))
}
