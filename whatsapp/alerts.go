package whatsapp

import (
	"encoding/json"
	"slices"
	"strings"

	"tributary/whatsapp/rules"
)

// alert is one entry of the list that clients see: something about the number's
// health, or news from Meta.
// The keys are Meta's (webhook account_alerts).
type alert struct {
	Entity      string  `json:"entity_type"`
	EntityID    string  `json:"entity_id"`
	Severity    string  `json:"alert_severity"`
	Status      string  `json:"alert_status"`
	Type        string  `json:"alert_type"`
	Description string  `json:"alert_description"`
	Since       string  `json:"since"`
	Expires     *string `json:"expires_at,omitempty"`
}

// keptAlerts is how many alerts a number shows.
const keptAlerts = 20

// alerts compares what Meta said now and before, and tells what began or is over.
func (n *number) alerts() {
	if !n.fresh() {
		return
	}
	expected := ""
	if n.wasSetUp { // before that nobody expects it
		expected = n.e.callback(n.cfg)
	}
	for _, a := range rules.Alerts(n.before, n.reading.Number, expected) {
		switch {
		case !a.Recovered:
			n.raise(a.ID, string(a.Severity), a.Text)
		case n.stands(a.ID):
			n.m.Standing = slices.DeleteFunc(n.m.Standing, func(id string) bool { return id == a.ID })
			n.forget(a.ID)
			n.notice(noticeRecovery, a.ID)
		}
	}
}

// raise tells an alert once, until it is over.
func (n *number) raise(id, severity, description string) {
	if n.stands(id) && id != "tier_lower" {
		return
	}
	if id != "tier_lower" { // a lower limit is news, not a condition
		n.m.Standing = append(n.m.Standing, id)
	}
	n.list(alert{
		Entity: "PHONE_NUMBER", EntityID: n.PhoneID, Severity: strings.ToUpper(severity), Status: "ACTIVE",
		Type: strings.ToUpper(id), Description: description, Since: stamp(n.now),
	})
	n.notice(noticeAlert, id)
}

func (n *number) stands(id string) bool { return slices.Contains(n.m.Standing, id) }

// list puts an alert in front of the list that clients see.
func (n *number) list(a alert) {
	var all []alert
	_ = json.Unmarshal(n.Alerts, &all) // unreadable: it starts anew
	all = slices.DeleteFunc(all, func(old alert) bool { return old.Type == a.Type && old.EntityID == a.EntityID })
	all = append([]alert{a}, all...)
	n.write(all[:min(len(all), keptAlerts)])
}

// forget takes an alert off the list.
func (n *number) forget(kind string) {
	var all []alert
	_ = json.Unmarshal(n.Alerts, &all)
	n.write(slices.DeleteFunc(all, func(a alert) bool { return strings.EqualFold(a.Type, kind) }))
}

func (n *number) write(all []alert) {
	if all == nil {
		all = []alert{}
	}
	raw, err := json.Marshal(all)
	if err != nil {
		n.e.Log.Error("alerts of a WhatsApp number not encoded", "phone_number_id", n.PhoneID, "error", err)
		return
	}
	n.Alerts = raw
}
