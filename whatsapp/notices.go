package whatsapp

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"tributary/store"
	"tributary/whatsapp/rules"
)

// JobNotice sends administrators a mail about a number.
const JobNotice = "whatsapp.notice"

// Kinds of notices. needs_admin, rate_limited, abandoned and auth_error are the
// states' own names.
const (
	noticeLive     = "live"
	noticeWaiting  = "waiting" // with the age: "waiting:24h"
	noticeAlert    = "alert"
	noticeRecovery = "recovery"
)

// notice is what administrators are told: once per transition, never per attempt.
type notice struct {
	Kind   string `json:"kind"`
	Detail string `json:"detail,omitempty"`
}

// Notice is the payload of JobNotice: all that is new after one look, for one mail.
type Notice struct {
	AccountID int64    `json:"account_id"`
	InboxID   int64    `json:"inbox_id"`
	PhoneID   string   `json:"phone_number_id"`
	News      []notice `json:"news"`
	Text      string   `json:"text,omitempty"` // Meta's, shown as plain text
	// To is the administrator to write to; 0: every one gets a job.
	To int64     `json:"to,omitempty"`
	At time.Time `json:"at"`
}

func (n *number) notice(kind, detail string) {
	n.notices = append(n.notices, notice{kind, detail})
}

// ages of a wait that administrators hear about.
var ages = []struct {
	name string
	age  time.Duration
}{{"24h", 24 * time.Hour}, {"7d", 7 * 24 * time.Hour}, {"30d", 30 * 24 * time.Hour}}

// transitions collects what has to be told about the state that the number is in,
// each once.
func (n *number) transitions() {
	switch n.h.State {
	case rules.NeedsAdmin, rules.RateLimited, rules.Abandoned, rules.AuthError:
		n.once(n.State, n.Action)
	case rules.Waiting:
		for _, a := range ages {
			if !n.h.PendingSince.IsZero() && n.now.Sub(n.h.PendingSince) >= a.age {
				n.once(noticeWaiting, a.name)
			}
		}
	case rules.NotNeeded:
		if n.decided.TellAdmin {
			n.once(n.State, "open_app")
		}
	}
	if n.m.Setup.Error != "" {
		n.once(string(rules.FixCallbackURL), "")
	}
}

// once tells something that was not told since the state began.
func (n *number) once(kind, detail string) {
	key := kind + ":" + detail
	if slices.Contains(n.m.Told, key) {
		return
	}
	n.m.Told = append(n.m.Told, key)
	n.notice(kind, detail)
}

// tell writes down what follows from a change: mails to administrators, the audit
// trail, and that dashboards read the inbox again.
func (n *number) tell(ctx context.Context, tx *store.Tx, standing bool) error {
	moved := string(n.was) != n.State
	if moved {
		changes, err := json.Marshal(map[string]any{"registration_state": []string{string(n.was), n.State}, "required_action": n.Action})
		if err != nil {
			return fmt.Errorf("whatsapp: audit: %w", err)
		}
		audit := store.Audit{AccountID: n.AccountID, Type: "Inbox", ID: n.InboxID, Action: "registration", Changes: changes, UserID: n.ask.actor}
		if err := tx.InsertAudit(ctx, audit); err != nil {
			return err
		}
	}
	if moved || standing || len(n.notices) > 0 {
		if err := tx.InvalidateCache(ctx, n.AccountID, store.CacheInboxes); err != nil {
			return err
		}
	}
	if len(n.notices) == 0 {
		return nil
	}
	payload, err := json.Marshal(Notice{
		AccountID: n.AccountID, InboxID: n.InboxID, PhoneID: n.PhoneID, News: n.notices,
		Text: n.explanation(), At: n.now,
	})
	if err != nil {
		return fmt.Errorf("whatsapp: notice: %w", err)
	}
	for _, w := range n.notices {
		n.e.Log.Info("administrators are told about a WhatsApp number", "inbox_id", n.InboxID, "phone_number_id", n.PhoneID, "notice", w.Kind, "detail", w.Detail)
	}
	return tx.InsertJob(ctx, store.Job{
		Kind: JobNotice, Lane: store.LaneMail, AccountID: n.AccountID, Payload: payload, MaxAttempts: 10,
		UniqueKey: JobNotice + ":" + n.PhoneID + ":" + strconv.FormatInt(n.now.UnixMicro(), 36),
	})
}

// explanation is what Meta said, for people.
func (n *number) explanation() string {
	if n.m.Rejection != "" {
		return n.m.Rejection
	}
	var e lastError
	if n.LastError != nil && json.Unmarshal(n.LastError, &e) == nil {
		return text(e.Message)
	}
	return n.m.Setup.Error
}
