package whatsapp

import (
	"encoding/json"
	"fmt"
	"time"

	"tributary/store"
	"tributary/whatsapp/rules"
	"tributary/wording"
)

// memory is what the engine keeps of a number for itself, as JSON in its row.
type memory struct {
	// History is what the rules remember. Its calls are in the attempt log.
	History rules.History `json:"history"`
	// Was says that the number waited for somebody: its going live is told.
	Was bool `json:"was_pending,omitempty"`
	// Offboarded: the number was taken off the Cloud API and may come back.
	Offboarded bool `json:"offboarded,omitempty"`
	// Blocked says why Meta lets nothing be sent; BlockedAt is when a webhook said so,
	// zero when the number's status does.
	Blocked   wording.Text `json:"blocked,omitzero"`
	BlockedAt time.Time    `json:"blocked_at,omitzero"`
	// Flagged says that we set reauthorization_required and may take it back.
	Flagged bool `json:"flagged,omitempty"`
	// Trigger is why somebody wants an attempt made that could not be made yet, and
	// Actor who.
	Trigger rules.Trigger `json:"trigger,omitempty"`
	Actor   int64         `json:"actor,omitempty"`

	Setup setup `json:"setup,omitzero"`
	// Synced are the parts of the app's data that were asked for (coexistence).
	Synced []string `json:"synced,omitempty"`

	// Aspects holds the time of the newest management webhook of each.
	Aspects map[string]time.Time `json:"aspects,omitempty"`
	// Told are the notices that were sent since the state began.
	Told []string `json:"told,omitempty"`
	// Standing are the alerts about the number's health that are not over.
	Standing []string `json:"standing,omitempty"`
	// Rejection is Meta's reason for declining the display name.
	Rejection string `json:"rejection,omitempty"`
	// Failures counts health reads in a row that failed.
	Failures int `json:"failures,omitempty"`
}

// setup is how far our webhook is set up at Meta.
type setup struct {
	Done  string    `json:"done,omitempty"` // digest of what was set up
	Tries int       `json:"tries,omitempty"`
	At    time.Time `json:"at,omitzero"` // of the next try
	Error string    `json:"error,omitempty"`
}

// readMemory gives the memory of a row, with the state that clients are shown.
func readMemory(row store.WhatsAppNumber) (memory, error) {
	var m memory
	if len(row.Memory) > 0 {
		if err := json.Unmarshal(row.Memory, &m); err != nil {
			return m, fmt.Errorf("whatsapp: memory of number %s: %w", row.PhoneID, err)
		}
	}
	m.History.PhoneID, m.History.State = row.PhoneID, rules.State(row.State)
	return m, nil
}

func (m memory) encode() (json.RawMessage, error) {
	m.History.Calls = nil
	raw, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("whatsapp: memory of a number: %w", err)
	}
	return raw, nil
}
