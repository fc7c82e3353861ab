package simulator

import (
	"context"
	"fmt"
	"time"
)

// Registration is what the program told a provider about its webhook.
type Registration struct {
	URL    string   // where to deliver; empty where the provider needs no address
	Secret string   // Telegram: secret token; 360dialog: Authorization header
	Fields []string // subscribed fields or update types
	At     time.Time
}

// Registration is the latest registration of the channel; ok is false when
// there is none.
func (c *Channel) Registration() (r Registration, ok bool) {
	if p := c.registration.Load(); p != nil {
		return *p, true
	}
	return Registration{}, false
}

func (c *Channel) register(r Registration) {
	r.At = time.Now()
	c.registration.Store(&r)
}

// Registers tells whether the provider can deliver only after the program has
// registered its webhook there.
func (c *Channel) Registers() bool { return c.Kind == Telegram || c.Kind == WhatsApp360 }

// WaitReady waits until messages can be delivered to the channel's inbox:
// until its webhook is registered where the proof depends on it, and until an
// API channel is attached.
func (s *Simulator) WaitReady(ctx context.Context, c *Channel) error {
	ready := func() bool {
		if c.Kind == API {
			return c.identifier.Load() != nil
		}
		_, ok := c.Registration()
		return ok || !c.Registers()
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ready() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%w (%s): %w", ErrNotRegistered, c.Name, ctx.Err())
		}
	}
	return nil
}
