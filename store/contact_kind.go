package store

import (
	"encoding/json"
	"strings"
)

// Kinds of contacts, the stored numbers. Nobody becomes a visitor again.
const (
	ContactVisitor = iota
	ContactLead
	ContactCustomer
)

// ContactTypes are the names of the kinds by their stored numbers.
var ContactTypes = []string{ContactVisitor: "visitor", ContactLead: "lead", ContactCustomer: "customer"}

// ContactDerived is what the record of a contact keeps of its other values.
type ContactDerived struct {
	Type                           int // see ContactTypes
	Location, CountryCode, Company string
}

// Derived reads it; was is the type that the contact had, which none but a visitor
// loses.
func (c ContactView) Derived(was int) ContactDerived {
	filled := func(s *string) bool { return s != nil && *s != "" }
	return derive(was, filled(c.Email) || filled(c.Phone), c.AdditionalAttributes)
}

// derive is Derived of somebody who is reachable or not; attributes is the JSON of
// additional_attributes.
func derive(was int, reachable bool, attributes string) ContactDerived {
	d := ContactDerived{Type: was}
	var known map[string]any
	if attributes != "" && attributes != "{}" {
		_ = json.Unmarshal([]byte(attributes), &known) // not an object: it says nothing
	}
	d.Location, _ = known["city"].(string)
	d.CountryCode, _ = known["country"].(string)
	d.Company, _ = known["company_name"].(string)
	if was == ContactVisitor && (reachable || social(known)) {
		d.Type = ContactLead
	}
	return d
}

// social tells whether somebody is known in a social network.
func social(attributes map[string]any) bool {
	for key, v := range attributes {
		if !strings.HasPrefix(key, "social_") {
			continue
		}
		switch v := v.(type) {
		case nil:
		case string:
			if strings.TrimSpace(v) != "" {
				return true
			}
		case map[string]any:
			if len(v) > 0 {
				return true
			}
		case []any:
			if len(v) > 0 {
				return true
			}
		case bool:
			if v {
				return true
			}
		default:
			return true
		}
	}
	return false
}
