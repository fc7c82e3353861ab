package rules

import (
	"encoding/json"
	"slices"
	"strings"

	"tributary/whatsapp/graph"
)

// Alert is something about a number that administrators want to know when it begins,
// and when it is over.
type Alert struct {
	// ID names what it is: "quality_yellow", "quality_red", "status_" and the status in
	// lower case, "can_send_limited", "can_send_blocked", "webhook_url_mismatch",
	// "tier_lower".
	ID       string
	Severity Severity
	// Recovered says that it is over.
	Recovered bool
	// Action is what to do about it, where there is something.
	Action Action
	// Text is Meta's explanation, plain text; mostly "".
	Text string
}

// alarming are the statuses of a number that are told. Those that end everything
// explain by themselves why quality is low and nothing can be sent.
var alarming = map[string]struct {
	severity Severity
	final    bool
	action   Action
}{
	"FLAGGED":      {Warning, false, ""},
	"RESTRICTED":   {Warning, false, ""},
	"RATE_LIMITED": {Warning, false, ""},
	"DISCONNECTED": {Critical, true, ""},
	"BANNED":       {Critical, true, AppealRestriction},
	"DELETED":      {Critical, true, Reconnect},
	"MIGRATED":     {Critical, true, ContactMeta},
}

// Alerts compares two readings of a number. Prev is nil if there was none: then what
// is wrong already is told. An expectedWebhook of "" is not compared. What Meta leaves
// out neither begins nor ends anything.
func Alerts(prev, cur *graph.Number, expectedWebhook string) []Alert {
	if cur == nil {
		return nil
	}
	was, is := conditions(prev, expectedWebhook), conditions(cur, expectedWebhook)
	var out []Alert
	for i, c := range is {
		switch {
		case c.ID != "" && c.ID != was[i].ID:
			out = append(out, c.Alert)
		case c.good && was[i].ID != "":
			a := was[i].Alert
			out = append(out, Alert{ID: a.ID, Severity: Info, Recovered: true})
		}
	}
	if prev != nil {
		before, ok1 := limit(Tier(prev.MessagingLimit))
		after, ok2 := limit(Tier(cur.MessagingLimit))
		if ok1 && ok2 && after < before {
			out = append(out, Alert{ID: "tier_lower", Severity: Warning})
		}
	}
	return out
}

// AlertSignature is what one alert is told for once: quality and status.
func AlertSignature(cur *graph.Number) string {
	if cur == nil {
		return ""
	}
	return word(cur.QualityRating) + "|" + word(cur.Status)
}

// condition is one side of a number's health: an alert, or surely none.
type condition struct {
	Alert
	good bool
}

// conditions are quality, status, sending and webhook, in this order.
func conditions(n *graph.Number, expectedWebhook string) [4]condition {
	var c [4]condition
	if n == nil {
		return c
	}
	f := factsOf(Reading{Number: n})
	status, known := alarming[f.status]
	if known {
		c[1].Alert = Alert{ID: "status_" + strings.ToLower(f.status), Severity: status.severity, Action: status.action}
	}
	c[1].good = f.status == "CONNECTED"
	if !status.final {
		switch q := word(n.QualityRating); q {
		case "YELLOW":
			c[0].Alert = Alert{ID: "quality_yellow", Severity: Warning}
		case "RED":
			c[0].Alert = Alert{ID: "quality_red", Severity: Critical}
		default:
			c[0].good = q == "GREEN"
		}
	}
	if status.final || !f.provisioned() {
		return c // that nothing can be sent needs no second explanation
	}
	switch state, text := canSend(n.Health); state {
	case "LIMITED":
		c[2].Alert = Alert{ID: "can_send_limited", Severity: Warning, Text: text}
	case "BLOCKED":
		c[2].Alert = Alert{ID: "can_send_blocked", Severity: Critical, Text: text}
	default:
		c[2].good = state == "AVAILABLE"
	}
	if url := n.EffectiveWebhook(); url != "" && expectedWebhook != "" {
		c[3].good = sameURL(url, expectedWebhook)
		if !c[3].good {
			c[3].Alert = Alert{ID: "webhook_url_mismatch", Severity: Warning, Action: FixCallbackURL}
		}
	}
	return c
}

// canSend is the worst that Meta says of anything that sending needs, and why.
func canSend(raw json.RawMessage) (state, text string) {
	type entity struct {
		CanSend string          `json:"can_send_message"`
		Info    json.RawMessage `json:"additional_info"`
		Errors  []struct {
			Description string `json:"error_description"`
			Solution    string `json:"possible_solution"`
		} `json:"errors"`
	}
	var h struct {
		CanSend  string   `json:"can_send_message"`
		Entities []entity `json:"entities"`
	}
	if json.Unmarshal(raw, &h) != nil {
		return "", ""
	}
	order := []string{"", "AVAILABLE", "LIMITED", "BLOCKED"}
	state = upper(h.CanSend)
	for _, e := range h.Entities {
		s := upper(e.CanSend)
		if slices.Index(order, s) > slices.Index(order, state) {
			state, text = s, ""
		}
		if s != state || s == "AVAILABLE" || text != "" {
			continue
		}
		var info []string
		_ = json.Unmarshal(e.Info, &info) // a text is welcome, its shape is not promised
		for _, err := range e.Errors {
			info = append(info, strings.TrimSpace(err.Description+" "+err.Solution))
		}
		text = strings.Join(info, " ")
	}
	return state, text
}

// sameURL compares two addresses of ours; the plus of a number may be escaped.
func sameURL(a, b string) bool {
	plain := func(s string) string {
		return strings.ReplaceAll(strings.TrimRight(strings.TrimSpace(s), "/"), "%2B", "+")
	}
	return plain(a) == plain(b)
}
