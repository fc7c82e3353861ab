package main

import (
	"strings"

	"tributary/simulator"
)

// moves are Meta's, by the name of their command.
var moves = map[string]func(*stand, *simulator.Number, moveIn) (*simulator.Notice, error){
	"approve_name": told(func(n *simulator.Number, in moveIn) *simulator.Notice { return n.ApproveName(in.options()...) }),
	"decline_name": told(func(n *simulator.Number, in moveIn) *simulator.Notice {
		return n.DeclineName(in.Value, in.options()...)
	}),
	"defer_name":   told(func(n *simulator.Number, in moveIn) *simulator.Notice { return n.DeferName(in.options()...) }),
	"rename":       told(func(n *simulator.Number, in moveIn) *simulator.Notice { return n.Rename(in.Value, in.options()...) }),
	"quality":      told(func(n *simulator.Number, in moveIn) *simulator.Notice { return n.SetQuality(in.Value, in.options()...) }),
	"upgrade":      told(func(n *simulator.Number, in moveIn) *simulator.Notice { return n.Upgrade(in.options()...) }),
	"change_pin":   told(func(n *simulator.Number, in moveIn) *simulator.Notice { return n.ChangePIN(in.Value, in.options()...) }),
	"turn_off_pin": told(func(n *simulator.Number, in moveIn) *simulator.Notice { return n.TurnOffPIN(in.options()...) }),
	"ban":          told(func(n *simulator.Number, in moveIn) *simulator.Notice { return n.Ban(in.options()...) }),
	"alert": told(func(n *simulator.Number, in moveIn) *simulator.Notice {
		return n.Alert(in.Severity, in.Value, in.Text, in.options()...)
	}),

	"review_account": told(func(n *simulator.Number, in moveIn) *simulator.Notice {
		return n.WABA().Review(in.Value, in.options()...)
	}),
	"restrict_account":  told(func(n *simulator.Number, in moveIn) *simulator.Notice { return n.WABA().Restrict(in.options()...) }),
	"disable_account":   told(func(n *simulator.Number, in moveIn) *simulator.Notice { return n.WABA().Disable(in.options()...) }),
	"reinstate_account": told(func(n *simulator.Number, in moveIn) *simulator.Notice { return n.WABA().Reinstate(in.options()...) }),
	"tier": told(func(n *simulator.Number, in moveIn) *simulator.Notice {
		return n.WABA().SetTier(in.Value, in.options()...)
	}),
	"offboard":  told(func(n *simulator.Number, in moveIn) *simulator.Notice { return n.WABA().Offboard(in.options()...) }),
	"reconnect": told(func(n *simulator.Number, in moveIn) *simulator.Notice { return n.WABA().Reconnect(in.options()...) }),
	"remove_partner": told(func(n *simulator.Number, in moveIn) *simulator.Notice {
		if in.Value == "" {
			return n.WABA().RemovePartner(nil, "", "", in.options()...)
		}
		return n.WABA().RemovePartner(n, in.Value, "USER", in.options()...)
	}),

	// What Meta tells nobody.
	"expire_name":   silent(func(n *simulator.Number, _ moveIn) { n.ExpireName() }),
	"verify_number": silent(func(n *simulator.Number, _ moveIn) { n.Verify() }),
	"expire_code":   silent(func(n *simulator.Number, _ moveIn) { n.ExpireCode() }),
	"detach":        silent(func(n *simulator.Number, _ moveIn) { n.Detach() }),
	"delete_number": silent(func(n *simulator.Number, _ moveIn) { n.Delete() }),
	"status":        silent(func(n *simulator.Number, in moveIn) { n.SetStatus(in.Value) }),
	"new_token":     silent(func(n *simulator.Number, _ moveIn) { n.WABA().NewToken() }),

	"kill_tokens": func(_ *stand, n *simulator.Number, in moveIn) (*simulator.Notice, error) {
		if in.Value == "" {
			in.Value = "190-460"
		}
		f, err := known(in.Value)
		if err == nil {
			n.WABA().KillTokens(f)
		}
		return nil, err
	},

	// The capacity of a number that was registered: with it the program looks at once.
	"onboarded": func(s *stand, n *simulator.Number, in moveIn) (*simulator.Notice, error) {
		return s.sim.Management(simulator.Change{WABA: n.WABA(), Field: "phone_number_quality_update", Value: map[string]any{
			"display_phone_number": strings.TrimPrefix(n.Phone, "+"), "event": "ONBOARDING", "max_daily_conversations_per_business": "TIER_250",
		}}, in.options()...), nil
	},

	// Any other management webhook.
	"management": func(s *stand, n *simulator.Number, in moveIn) (*simulator.Notice, error) {
		return s.sim.Management(simulator.Change{WABA: n.WABA(), Field: in.Field, Value: in.Body}, in.options()...), nil
	},
}

func told(tell func(*simulator.Number, moveIn) *simulator.Notice) func(*stand, *simulator.Number, moveIn) (*simulator.Notice, error) {
	return func(_ *stand, n *simulator.Number, in moveIn) (*simulator.Notice, error) { return tell(n, in), nil }
}

func silent(change func(*simulator.Number, moveIn)) func(*stand, *simulator.Number, moveIn) (*simulator.Notice, error) {
	return func(_ *stand, n *simulator.Number, in moveIn) (*simulator.Notice, error) {
		change(n, in)
		return nil, nil
	}
}
