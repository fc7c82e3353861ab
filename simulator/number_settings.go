package simulator

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"
)

// Proof of ownership by a code, voice calls, and what a phone app shares.

// Code is the code that an SMS or a call tells to the owner of the number; it is
// always the same.
func (n *Number) Code() string {
	h := sha256.Sum256([]byte("code/" + n.ID))
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(h[:])%1_000_000)
}

func (n *Number) requestCode(c *call) *Fault {
	method := c.param("code_method")
	switch {
	case method != "SMS" && method != "VOICE":
		return missing("code_method")
	case c.param("language") == "":
		return missing("language")
	}
	n.waba.mu.Lock()
	defer n.waba.mu.Unlock()
	if n.facts.CodeVerification == verified {
		return known("136024")
	}
	n.codeSent = true
	return nil
}

func (n *Number) verifyCode(c *call) *Fault {
	code := strings.ReplaceAll(c.param("code"), "-", "")
	if code == "" {
		return missing("code")
	}
	n.waba.mu.Lock()
	defer n.waba.mu.Unlock()
	if !n.codeSent || code != n.Code() {
		return known("136025")
	}
	n.codeSent, n.facts.CodeVerification = false, verified
	return nil
}

func (n *Number) readSettings(c *call) {
	n.waba.mu.Lock()
	status := n.calling
	n.waba.mu.Unlock()
	out := map[string]any{}
	if status != "" {
		out["calling"] = map[string]any{"status": status}
	}
	c.json(http.StatusOK, out)
}

func (n *Number) changeSettings(c *call) *Fault {
	var calling struct {
		Status string `json:"status"`
	}
	c.decode("calling", &calling)
	if calling.Status != "ENABLED" && calling.Status != "DISABLED" {
		return known("100")
	}
	n.waba.mu.Lock()
	defer n.waba.mu.Unlock()
	n.calling = calling.Status
	return nil
}

// syncTime is how long after onboarding a phone app shares its contacts and chats
// (WhatsApp Business Platform, "Onboarding WhatsApp Business app users").
const syncTime = 24 * time.Hour

// shareAppData starts the synchronisation of contacts or of chats: of a number
// that a phone app shares, within 24 hours, once each.
func (n *Number) shareAppData(c *call) {
	kind := c.param("sync_type")
	now := n.waba.sim.now()
	n.waba.mu.Lock()
	_, again := n.syncs[kind]
	var f *Fault
	switch {
	case c.param("messaging_product") != "whatsapp":
		f = known("100-product")
	case kind != "smb_app_state_sync" && kind != "history", !n.facts.OnBizApp:
		f = known("100")
	case again:
		f = known("2593107")
	case now.Sub(n.facts.Onboarded) > syncTime:
		f = known("2593108")
	default:
		if n.syncs == nil {
			n.syncs = map[string]time.Time{}
		}
		n.syncs[kind] = now
	}
	n.waba.mu.Unlock()
	if f != nil {
		c.fault(f)
		return
	}
	c.json(http.StatusOK, map[string]any{"messaging_product": "whatsapp", "request_id": token(12)})
}

// Syncs tells when the program asked for the contacts ("smb_app_state_sync") and
// the chats ("history") of the phone app.
func (n *Number) Syncs() map[string]time.Time {
	n.waba.mu.Lock()
	defer n.waba.mu.Unlock()
	out := make(map[string]time.Time, len(n.syncs))
	maps.Copy(out, n.syncs)
	return out
}
