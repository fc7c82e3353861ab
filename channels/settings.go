package channels

import (
	"encoding/json"
	"fmt"

	"tributary/chat"
)

// ParseSettings reads the settings of a channel into the type in which a driver keeps
// them: what Driver.Parse gives. slug is the driver's, for the error.
func ParseSettings[T any](slug string, settings json.RawMessage) (any, error) {
	c := new(T)
	if err := json.Unmarshal(settings, c); err != nil {
		return nil, fmt.Errorf("%s: parse settings: %w", slug, err)
	}
	return c, nil
}

// ConfigOf gives the settings of a channel that ParseSettings read; no channel, and one
// whose settings could not be parsed, have empty ones.
func ConfigOf[T any](ch *Channel) *T {
	if ch != nil {
		if c, ok := ch.Config.(*T); ok && c != nil {
			return c
		}
	}
	return new(T)
}

// Hookless is embedded by the drivers of channels that have no webhook: nothing can be
// located, proven or decoded.
type Hookless struct{}

// Locate implements Driver.
func (Hookless) Locate(*Request) (chat.Address, bool) { return chat.Address{}, false }

// Verify implements Driver.
func (Hookless) Verify(*Request, *Channel) Proof {
	return Proof{Result: ProofNoSecret, Detail: "this channel has no webhook"}
}

// Decode implements Driver.
func (Hookless) Decode(*Request) ([]chat.Event, error) { return nil, ErrFormat }
