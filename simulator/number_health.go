package simulator

import (
	"encoding/base64"
	"slices"
	"strings"
	"time"
)

// Reads of numbers and accounts (Graph API reference, "WhatsApp Business Phone
// Number" and "WhatsApp Business Account").

// graphTime is how the Graph API writes a time.
const graphTime = "2006-01-02T15:04:05-0700"

// since is a range of API versions, major times 100; until is not part of it.
type since struct{ from, until int }

// numberFields are the fields of a number that Meta knows.
var numberFields = map[string]since{
	"id": {}, "display_phone_number": {}, "verified_name": {}, "name_status": {}, "new_display_name": {}, "new_name_status": {},
	"quality_rating": {}, "account_mode": {}, "code_verification_status": {}, "throughput": {}, "last_onboarded_time": {},
	"platform_type": {}, "status": {}, "is_on_biz_app": {}, "is_pin_enabled": {}, "webhook_configuration": {},
	"health_status": {}, "certificate": {}, "is_official_business_account": {}, "quality_score": {},
	"messaging_limit_tier":                      {until: 2400},
	"whatsapp_business_manager_messaging_limit": {from: 2400},
}

// usualFields are what an answer holds when nobody asks for fields.
var usualFields = []string{
	"verified_name", "code_verification_status", "display_phone_number", "quality_rating", "platform_type", "throughput",
	"last_onboarded_time", "webhook_configuration", "id",
}

var wabaFields = map[string]since{
	"id": {}, "name": {}, "owner_business_info": {}, "account_review_status": {}, "timezone_id": {},
	"message_template_namespace": {}, "health_status": {},
}

var usualWABAFields = []string{"id", "name", "timezone_id", "message_template_namespace"}

const (
	numberNode = "WhatsAppBusinessPhoneNumber"
	wabaNode   = "WhatsAppBusinessAccount"
)

// ForgetField makes Meta refuse a field of numbers and accounts as one that it
// does not know, which fails a whole read; RecallField takes that back.
func (s *Simulator) ForgetField(name string) {
	s.meta.mu.Lock()
	defer s.meta.mu.Unlock()
	s.meta.unknown[name] = true
}

// RecallField undoes ForgetField.
func (s *Simulator) RecallField(name string) {
	s.meta.mu.Lock()
	defer s.meta.mu.Unlock()
	delete(s.meta.unknown, name)
}

// wanted reads the parameter fields, and refuses the first that the version does
// not have.
func (s *Simulator) wanted(c *call, version int, node string, all map[string]since, usual []string) ([]string, *Fault) {
	names := splitFields(c.param("fields"))
	if len(names) == 0 {
		return usual, nil
	}
	s.meta.mu.RLock()
	defer s.meta.mu.RUnlock()
	for _, name := range names {
		r, ok := all[name]
		if !ok || version < r.from || r.until != 0 && version >= r.until || s.meta.unknown[name] {
			return nil, &Fault{Code: 100, Message: "(#100) Tried accessing nonexisting field (" + name + ") on node type (" + node + ")"}
		}
	}
	if !slices.Contains(names, "id") {
		names = append(names, "id") // always given
	}
	return names, nil
}

// splitFields reads a list of fields without the sub-fields that may follow in
// braces.
func splitFields(list string) []string {
	var names []string
	depth, start := 0, 0
	add := func(end int) {
		name, _, _ := strings.Cut(list[start:end], "{")
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
		start = end + 1
	}
	for i := range len(list) {
		switch list[i] {
		case '{':
			depth++
		case '}':
			depth--
		case ',':
			if depth == 0 {
				add(i)
			}
		}
	}
	if start < len(list) {
		add(len(list))
	}
	return names
}

// wordFields are the fields that hold one word, which may be missing.
var wordFields = map[string]func(*Facts) string{
	"verified_name":            func(f *Facts) string { return f.VerifiedName },
	"name_status":              func(f *Facts) string { return f.NameStatus },
	"new_display_name":         func(f *Facts) string { return f.NewName },
	"new_name_status":          func(f *Facts) string { return f.NewNameStatus },
	"quality_rating":           func(f *Facts) string { return f.Quality },
	"account_mode":             func(f *Facts) string { return f.Mode },
	"code_verification_status": func(f *Facts) string { return f.CodeVerification },
	"platform_type":            func(f *Facts) string { return f.Platform },
	"status":                   func(f *Facts) string { return f.Status },
	"messaging_limit_tier":     func(f *Facts) string { return f.Tier },
	"whatsapp_business_manager_messaging_limit": func(f *Facts) string { return f.Tier },
	"last_onboarded_time": func(f *Facts) string {
		if f.Onboarded.IsZero() {
			return ""
		}
		return f.Onboarded.UTC().Format(graphTime)
	},
}

// read is the answer about a number. own says that it is a read of the number
// itself and counts for a lag. The caller holds waba.mu.
func (n *Number) read(names []string, application string, own bool) map[string]any {
	f := n.shown(n.waba.sim.now(), own)
	out := make(map[string]any, len(names))
	for _, name := range names {
		if word := wordFields[name]; word != nil {
			if v := word(&f); v != "" {
				out[name] = v
			}
			continue
		}
		switch name {
		case "id":
			out[name] = n.ID
		case "display_phone_number":
			out[name] = displayPhone(n.Phone)
		case "quality_score":
			out[name] = map[string]any{"score": f.Quality}
		case "throughput":
			if f.Throughput != "" {
				out[name] = map[string]any{"level": f.Throughput}
			}
		case "is_on_biz_app":
			out[name] = f.OnBizApp
		case "is_pin_enabled":
			out[name] = f.PINEnabled
		case "is_official_business_account":
			out[name] = false
		case "certificate":
			if f.NameStatus == approved {
				out[name] = base64.StdEncoding.EncodeToString([]byte(n.ID + " " + f.VerifiedName))
			}
		case "webhook_configuration":
			if v := n.callbacks(application); len(v) > 0 {
				out[name] = v
			}
		case "health_status":
			if f.Mode != "SANDBOX" { // test numbers have none
				out[name] = n.waba.health(n.entity(&f))
			}
		}
	}
	return out
}

// callbacks are the callback addresses that concern the number; the first one
// present, of number, account and app, is in force.
func (n *Number) callbacks(application string) map[string]any {
	out := map[string]any{}
	for name, v := range map[string]string{
		"phone_number": n.override, "whatsapp_business_account": n.waba.override, "application": application,
	} {
		if v != "" {
			out[name] = v
		}
	}
	return out
}

// entity tells whether the number can send (WhatsApp Business Platform,
// "Messaging health status").
func (n *Number) entity(f *Facts) map[string]any {
	switch {
	case f.Status == "BANNED" && f.Registered, f.Status == "DELETED", f.Status == "MIGRATED":
		return entity("PHONE_NUMBER", n.ID, 141002, "The phone number is "+strings.ToLower(f.Status)+".", "Open WhatsApp Manager.")
	case f.OnBizApp && f.Status != connected:
		return entity("PHONE_NUMBER", n.ID, 141011, "The WhatsApp Business app is offline.",
			"Open the WhatsApp Business app on the phone.")
	case f.Platform == notApplicable || f.Platform == "":
		return entity("PHONE_NUMBER", n.ID, 141000, "The phone number is not registered.",
			"Register the phone number before sending messages.")
	case f.Status == "RESTRICTED":
		e := entity("PHONE_NUMBER", n.ID, 0, "", "")
		e["can_send_message"] = "LIMITED"
		e["additional_info"] = []string{"Business-initiated messages are limited for this phone number."}
		return e
	}
	return entity("PHONE_NUMBER", n.ID, 0, "", "")
}

func entity(kind, id string, code int, text, solution string) map[string]any {
	e := map[string]any{"entity_type": kind, "id": id, "can_send_message": "AVAILABLE"}
	if code != 0 {
		e["can_send_message"] = "BLOCKED"
		e["errors"] = []any{map[string]any{"error_code": code, "error_description": text, "possible_solution": solution}}
	}
	return e
}

// health joins what is wrong with number, account, portfolio and app: the whole is
// as bad as its worst part. The caller holds mu.
func (w *WABA) health(parts ...map[string]any) map[string]any {
	account := entity("WABA", w.ID, 0, "", "")
	switch {
	case w.locked:
		account = entity("WABA", w.ID, 131031, "Business account has been locked.", "Request a review in WhatsApp Manager.")
	case w.review != approved:
		account = entity("WABA", w.ID, 141003, "The WhatsApp Business Account has not been approved.",
			"Wait for the review of the account.")
	}
	parts = append(parts, account,
		entity("BUSINESS", w.PortfolioID, 0, "", ""), entity("APP", w.sim.settings["WHATSAPP_APP_ID"], 0, "", ""))
	worst := "AVAILABLE"
	for _, p := range parts {
		switch can := p["can_send_message"]; {
		case can == "BLOCKED":
			worst = "BLOCKED"
		case can == "LIMITED" && worst != "BLOCKED":
			worst = "LIMITED"
		}
	}
	return map[string]any{"can_send_message": worst, "entities": parts}
}

// read is the answer about an account.
func (w *WABA) read(names []string) map[string]any {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := map[string]any{}
	for _, name := range names {
		switch name {
		case "id":
			out[name] = w.ID
		case "name":
			out[name] = w.Name
		case "owner_business_info":
			if !w.ownerHidden {
				out[name] = map[string]any{"name": w.PortfolioName, "id": w.PortfolioID}
			}
		case "account_review_status":
			if !w.ownerHidden {
				out[name] = w.review
			}
		case "timezone_id":
			out[name] = "1"
		case "message_template_namespace":
			out[name] = "ns_" + w.ID
		case "health_status":
			out[name] = w.health()
		}
	}
	return out
}

// displayPhone writes a number as Meta shows it: groups for North America, digits
// for the rest of the world.
func displayPhone(phone string) string {
	d := strings.TrimPrefix(phone, "+")
	if len(d) == len("15035550141") && d[0] == '1' {
		return "+1 " + d[1:4] + "-" + d[4:7] + "-" + d[7:]
	}
	return "+" + d
}

// today is how Meta writes the date of a ban.
func today(t time.Time) string { return t.UTC().Format("January 2, 2006") }
