package whatsapp

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"strings"
)

// States of a stored PIN.
const (
	pinTrusted = ""
	// pinStale: somebody changed it at Meta; only an administrator can go on.
	pinStale = "stale"
	// pinFree: two-step verification was turned off, so that a new one may be set.
	pinFree = "free"
)

// pinShape is what Meta takes: six decimal digits, leading zeros among them (Cloud
// API, "Two-step verification").
var pinShape = regexp.MustCompile(`^\d{6}$`)

// newPIN is a random PIN.
func newPIN() (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", fmt.Errorf("whatsapp: PIN: %w", err)
	}
	return fmt.Sprintf("%06d", n), nil
}

// storedPIN is the PIN that another program left in the channel's settings.
func storedPIN(settings json.RawMessage) string {
	var s struct {
		ProviderConfig struct {
			PIN json.RawMessage `json:"verification_pin"`
		} `json:"provider_config"`
	}
	if json.Unmarshal(settings, &s) != nil {
		return ""
	}
	if pin := strings.Trim(string(s.ProviderConfig.PIN), `"`); pinShape.MatchString(pin) {
		return pin
	}
	return ""
}
