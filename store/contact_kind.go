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

// derived is what the record of a contact keeps of its other values.
type derived struct {
	kind                       int
	location, country, company string
}

// derive reads it; attributes is the JSON of additional_attributes.
func derive(reachable bool, attributes string) derived {
	var d derived
	var known map[string]any
	if attributes != "" && attributes != "{}" {
		_ = json.Unmarshal([]byte(attributes), &known) // not an object: it says nothing
	}
	d.location, _ = known["city"].(string)
	d.country, _ = known["country"].(string)
	d.company, _ = known["company_name"].(string)
	if reachable || social(known) {
		d.kind = ContactLead
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

// derivedOf is derive of a contact.
func derivedOf(c ContactView) derived {
	filled := func(s *string) bool { return s != nil && *s != "" }
	return derive(filled(c.Email) || filled(c.Phone), c.AdditionalAttributes)
}
