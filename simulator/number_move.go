package simulator

import (
	"slices"
	"strings"
	"time"
)

// Meta's side moves: reviews, bans, verifications. Each move changes what reads and
// calls answer, and tells the program by the management webhook that Meta has for
// it, which options change or suppress.

// change alters the facts under the lock.
func (n *Number) change(f func(*Facts)) {
	n.waba.mu.Lock()
	defer n.waba.mu.Unlock()
	facts := n.facts
	f(&facts)
	n.set(facts)
}

// Change makes Meta think otherwise of the number, without telling.
func (n *Number) Change(f func(*Facts)) { n.change(f) }

// tell sends a management webhook about the number.
func (n *Number) tell(field string, value map[string]any, o []NoticeOption) *Notice {
	return n.waba.sim.Management(Change{WABA: n.waba, Field: field, Value: value}, o...)
}

func (n *Number) digits() string { return strings.TrimPrefix(n.Phone, "+") }

// nameUpdate tells of a decision about a display name.
func (n *Number) nameUpdate(decision, name, reason string, o []NoticeOption) *Notice {
	var why any
	if reason != "" {
		why = reason
	}
	return n.tell("phone_number_name_update", map[string]any{
		"display_phone_number": n.digits(), "decision": decision, "requested_verified_name": name, "rejection_reason": why,
	}, o)
}

// ApproveName approves the display name, or the new one when a rename is under
// review.
func (n *Number) ApproveName(o ...NoticeOption) *Notice {
	return n.decide(approved, approved, "", o)
}

// ApproveRename is ApproveName of a live number: the new name comes into force with
// a register within 14 days.
func (n *Number) ApproveRename(o ...NoticeOption) *Notice { return n.ApproveName(o...) }

// DeclineName refuses the display name, or the new one; reason is one of Meta's,
// such as NAME_FORMAT_UNACCEPTABLE, or empty.
func (n *Number) DeclineName(reason string, o ...NoticeOption) *Notice {
	return n.decide(declined, "REJECTED", reason, o)
}

// DeferName leaves the review of the name open.
func (n *Number) DeferName(o ...NoticeOption) *Notice {
	return n.decide(pendingReview, "DEFERRED", "", o)
}

func (n *Number) decide(status, decision, reason string, o []NoticeOption) *Notice {
	var name string
	n.change(func(f *Facts) {
		if f.NewName == "" {
			f.NameStatus, name = status, f.VerifiedName
			return
		}
		f.NewNameStatus, name = status, f.NewName
		if status == approved {
			n.renamedAt = n.waba.sim.now()
		}
	})
	return n.nameUpdate(decision, name, reason, o)
}

// ExpireName lets the approval of an unused display name run out. Meta tells
// nothing.
func (n *Number) ExpireName() { n.change(func(f *Facts) { f.NameStatus = "EXPIRED" }) }

// Rename asks Meta to review another display name: of a registered number beside the
// one in force, of another one instead of it.
func (n *Number) Rename(name string, o ...NoticeOption) *Notice {
	n.change(func(f *Facts) {
		if f.Registered {
			f.NewName, f.NewNameStatus = name, pendingReview
		} else {
			f.VerifiedName, f.NameStatus = name, pendingReview
		}
	})
	return n.nameUpdate(pending, name, "", o)
}

// Verify proves the ownership of the number, as its owner can do in WhatsApp
// Manager. Meta tells nothing.
func (n *Number) Verify() { n.change(func(f *Facts) { f.CodeVerification = verified }) }

// ExpireCode lets the proof of ownership lapse, which also befalls live numbers.
func (n *Number) ExpireCode() { n.change(func(f *Facts) { f.CodeVerification = "EXPIRED" }) }

// Detach frees a number that an account on a phone had.
func (n *Number) Detach() {
	n.waba.mu.Lock()
	defer n.waba.mu.Unlock()
	n.existing = false
}

// Ban bans the number.
func (n *Number) Ban(o ...NoticeOption) *Notice {
	n.change(func(f *Facts) { f.Status, f.Quality = "BANNED", "RED" })
	return n.tell("account_update", map[string]any{
		"phone_number": n.digits(), "event": "DISABLED_UPDATE",
		"ban_info": map[string]any{"waba_ban_state": "DISABLE", "waba_ban_date": today(n.waba.sim.now())},
	}, o)
}

// Delete removes the number from its account: it exists no more.
func (n *Number) Delete() {
	w := n.waba
	w.mu.Lock()
	defer w.mu.Unlock()
	n.gone = true
	f := n.facts
	f.Registered, f.Status = false, "DELETED"
	n.set(f)
	if i := slices.Index(w.numbers, n); i >= 0 {
		w.numbers = slices.Delete(w.numbers, i, i+1)
	}
}

// SetStatus changes the connection status: CONNECTED, FLAGGED, RATE_LIMITED, … Meta
// tells nothing.
func (n *Number) SetStatus(status string) { n.change(func(f *Facts) { f.Status = status }) }

// SetQuality changes what customers think of the number: GREEN, YELLOW (which flags
// it) or RED (which restricts it). The webhook does not tell the colour.
func (n *Number) SetQuality(quality string, o ...NoticeOption) *Notice {
	event := "FLAGGED"
	var tier string
	n.change(func(f *Facts) {
		f.Quality, tier = quality, f.Tier
		if !f.Registered {
			return
		}
		switch quality {
		case "YELLOW":
			f.Status = "FLAGGED"
		case "RED":
			f.Status = "RESTRICTED"
		default:
			f.Status, event = connected, "UNFLAGGED"
		}
	})
	return n.tell("phone_number_quality_update", map[string]any{
		"display_phone_number": n.digits(), "event": event, "current_limit": tier,
	}, o)
}

// Upgrade gives the number the high throughput.
func (n *Number) Upgrade(o ...NoticeOption) *Notice {
	n.change(func(f *Facts) { f.Throughput, f.Tier = "HIGH", "TIER_UNLIMITED" })
	return n.tell("phone_number_quality_update", map[string]any{
		"display_phone_number": n.digits(), "event": "THROUGHPUT_UPGRADE", "max_daily_conversations_per_business": "TIER_UNLIMITED",
	}, o)
}

// ChangePIN sets another PIN, as the owner can do in WhatsApp Manager.
func (n *Number) ChangePIN(pin string, o ...NoticeOption) *Notice {
	n.waba.mu.Lock()
	n.pin, n.facts.PINEnabled = n.hashPIN(pin), true
	n.waba.mu.Unlock()
	return n.security("PIN_CHANGED", "64"+n.waba.PortfolioID, o)
}

// TurnOffPIN ends two-step verification.
func (n *Number) TurnOffPIN(o ...NoticeOption) *Notice {
	n.waba.mu.Lock()
	n.pin, n.facts.PINEnabled = nil, false
	n.waba.mu.Unlock()
	return n.security("PIN_REQUEST_SUCCESS", "", o)
}

// security tells of a change of two-step verification; requester is the person in
// the business, where Meta says who.
func (n *Number) security(event, requester string, o []NoticeOption) *Notice {
	value := map[string]any{"display_phone_number": n.digits(), "event": event}
	if requester != "" {
		value["requester"] = requester
	}
	return n.tell("security", value, o)
}

// ProvisionLag makes the next successful register show only after so many health
// reads, or at that time.
func (n *Number) ProvisionLag(reads int, until time.Time) {
	n.waba.mu.Lock()
	defer n.waba.mu.Unlock()
	n.nextLag = lag{reads: reads, until: until}
}

// Alert tells of something that concerns the number; severity is CRITICAL, WARNING
// or INFORMATIONAL.
func (n *Number) Alert(severity, kind, text string, o ...NoticeOption) *Notice {
	return n.tell("account_alerts", map[string]any{
		"entity_type": "PHONE_NUMBER", "entity_id": n.ID, "alert_info": map[string]any{
			"alert_severity": severity, "alert_status": "ACTIVE", "alert_type": kind, "alert_description": text,
		},
	}, o)
}

// tell sends a management webhook about the account.
func (w *WABA) tell(field string, value map[string]any, o []NoticeOption) *Notice {
	return w.sim.Management(Change{WABA: w, Field: field, Value: value}, o...)
}

// Review decides about the account: APPROVED, PENDING, REJECTED or DEFERRED.
func (w *WABA) Review(decision string, o ...NoticeOption) *Notice {
	w.mu.Lock()
	w.review = decision
	w.mu.Unlock()
	return w.tell("account_review_update", map[string]any{"decision": decision}, o)
}

func (w *WABA) lock(locked bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.locked = locked
}

// restriction is how long Restrict says that it lasts. It ends with Reinstate.
const restriction = 7 * 24 * time.Hour

// Restrict locks the account for a breach of policy: register and sends answer
// 131031.
func (w *WABA) Restrict(o ...NoticeOption) *Notice {
	w.lock(true)
	return w.tell("account_update", map[string]any{
		"event": "ACCOUNT_RESTRICTION", "restriction_info": []any{map[string]any{
			"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": w.sim.now().Add(restriction).Unix(),
		}},
	}, o)
}

// Disable bans the account.
func (w *WABA) Disable(o ...NoticeOption) *Notice {
	w.lock(true)
	return w.ban("DISABLE", o)
}

// Reinstate unlocks the account.
func (w *WABA) Reinstate(o ...NoticeOption) *Notice {
	w.lock(false)
	return w.ban("REINSTATE", o)
}

func (w *WABA) ban(state string, o []NoticeOption) *Notice {
	return w.tell("account_update", map[string]any{
		"event":    "DISABLED_UPDATE",
		"ban_info": map[string]any{"waba_ban_state": state, "waba_ban_date": today(w.sim.now())},
	}, o)
}

// SetTier changes how many customers a day the account's numbers may write to first.
func (w *WABA) SetTier(tier string, o ...NoticeOption) *Notice {
	w.mu.Lock()
	for _, n := range w.numbers {
		n.facts.Tier = tier
	}
	w.mu.Unlock()
	return w.tell("business_capability_update", map[string]any{
		"max_daily_conversations_per_business": tier, "max_phone_numbers_per_waba": 25,
	}, o)
}

// RemovePartner ends the access of the app to the account: its tokens are dead. A
// number that a phone app shares has a reason, such as PRIMARY_INACTIVITY.
func (w *WABA) RemovePartner(n *Number, reason, by string, o ...NoticeOption) *Notice {
	w.KillTokens(KnownFault("190-458"))
	value := map[string]any{
		"event":     "PARTNER_REMOVED",
		"waba_info": map[string]any{"waba_id": w.ID, "owner_business_id": w.PortfolioID},
	}
	if n != nil {
		value["phone_number"] = n.digits()
		value["disconnection_info"] = map[string]any{"reason": reason, "initiated_by": by}
	}
	return w.sim.Management(Change{WABA: w, Entry: w.sim.Portfolio(), Field: "account_update", Value: value}, o...)
}

// Offboard takes the account's shared numbers off the platform, as a phone app that
// was moved to another phone does; Reconnect brings them back.
func (w *WABA) Offboard(o ...NoticeOption) *Notice {
	w.link("DISCONNECTED")
	return w.tell("account_update", map[string]any{"event": "ACCOUNT_OFFBOARDED"}, o)
}

// Reconnect undoes Offboard.
func (w *WABA) Reconnect(o ...NoticeOption) *Notice {
	w.link(connected)
	return w.tell("account_update", map[string]any{"event": "ACCOUNT_RECONNECTED"}, o)
}

func (w *WABA) link(status string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, n := range w.numbers {
		if n.facts.OnBizApp {
			n.facts.Status = status
		}
	}
}
