package filter

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// AttributeChanged asks whether something changed from one of some values to one of
// others. Automation rules alone know it.
const AttributeChanged Operator = "attribute_changed"

// changed is the model of what a Rule asks about a change, see Rule.Value.
const changed Model = "change"

// messageTypes are the names of a message's kinds.
var messageTypes = map[string]int64{"incoming": 0, "outgoing": 1, "activity": 2, "template": 3}

// slaPolicy is a key that rules may name and that nothing ever has.
const slaPolicy = "sla_policy_id"

// ruleFields are what conditions of automation rules may be about.
var ruleFields = []Field{
	{Key: "message_type", Of: Message, Kind: ID, Operators: equality, Names: messageTypes},
	{Key: "content", Of: Message, Kind: Folded, Operators: inside},
	{Key: "email", Of: Contact, Kind: Text, Operators: inside},
	{Key: "phone_number", Of: Contact, Kind: Folded, Phone: true, Operators: []Operator{EqualTo, NotEqualTo, Contains, DoesNotContain, StartsWith}},
	{Key: "city", Of: Contact, From: Additional, Kind: Text, Operators: inside},
	{Key: "company", Of: Contact, From: Additional, Kind: Text, Operators: inside},
	{Key: "country_code", Of: Conversation, From: Additional, Kind: Text, Operators: equality},
	{Key: "browser_language", Of: Conversation, From: Additional, Kind: Text, Operators: equality},
	{Key: "conversation_language", Of: Conversation, From: Additional, Kind: Text, Operators: equality},
	{Key: "referer", Of: Conversation, From: Additional, Kind: Text, Operators: inside},
	{Key: "mail_subject", Of: Conversation, From: Additional, Kind: Text, Operators: inside},
	{Key: "status", Of: Conversation, Kind: ID, Operators: equality, Names: Statuses},
	{Key: "priority", Of: Conversation, Kind: ID, Operators: equality, Names: Priorities},
	{Key: "inbox_id", Of: Conversation, Kind: ID, Operators: presence},
	{Key: "assignee_id", Of: Conversation, Kind: ID, Operators: presence},
	{Key: "team_id", Of: Conversation, Kind: ID, Operators: presence},
	{Key: "labels", Of: Conversation, Kind: Labels, Operators: presence, First: true},
}

// Rule is what an automation rule asks: a Query, some of whose conditions are about what
// changed.
type Rule struct {
	Query Query
	moves []move
}

// move is a change that is asked for.
type move struct {
	key      string
	from, to []string // nil: whatever
}

// Change is what an event says of one attribute: values as JSON.
type Change struct {
	Key           string
	Before, After json.RawMessage
}

// CheckRule is what is wrong with conditions that somebody wants to save, apart from what
// shows when they are evaluated. defined are the keys of the account's custom attributes.
func CheckRule(payload any, defined []string) []string {
	list, ok := payload.([]any)
	if !ok {
		return []string{"Automation conditions are invalid."}
	}
	var unknown []string
	unjoined, misjoined := 0, false
	for _, one := range list {
		c, ok := one.(map[string]any)
		if !ok {
			return []string{"Automation conditions are invalid."}
		}
		key := textOf(c["attribute_key"])
		if !slices.ContainsFunc(ruleFields, func(f Field) bool { return f.Key == key }) && key != slaPolicy && !slices.Contains(defined, key) {
			unknown = append(unknown, key)
		}
		switch joined := c["query_operator"].(type) {
		case nil:
			unjoined++
		case string:
			misjoined = misjoined || !join(strings.ToLower(joined)).valid()
		default:
			misjoined = true
		}
	}
	var out []string
	if unknown != nil {
		out = append(out, "Automation conditions "+strings.Join(unknown, ",")+" not supported.")
	}
	if unjoined > 1 {
		out = append(out, "Automation conditions should have query operator.")
	}
	if misjoined {
		out = append(out, strings.TrimSuffix(badJoin, "."))
	}
	return out
}

// ParseRule reads the stored conditions of a rule, like Grammar.Parse.
func ParseRule(stored []byte, defined []Definition, now time.Time) (Rule, error) {
	grammar := Grammar{Fields: slices.Clone(ruleFields), Custom: []Model{Contact, Conversation}}
	var out Rule
	list, ok := Decode(stored).([]any)
	if !ok {
		return out, badValue("payload")
	}
	list = slices.Clone(list)
	for i, one := range list {
		c, ok := one.(map[string]any)
		if !ok {
			return out, badValue("payload")
		}
		key := textOf(c["attribute_key"])
		var m move
		switch {
		case Operator(textOf(c["filter_operator"])) == AttributeChanged:
			if m, ok = moveOf(key, c["values"]); !ok {
				return out, badValue(key)
			}
		case key == slaPolicy:
			m = move{from: []string{}} // nothing ever changed like that
		default:
			continue
		}
		// It takes the place of the condition, and asks for what Value answers.
		name := "change " + strconv.Itoa(len(out.moves))
		list[i] = map[string]any{
			"attribute_key": name, "filter_operator": string(EqualTo), "values": []any{true}, "query_operator": c["query_operator"],
		}
		grammar.Fields = append(grammar.Fields, Field{Key: name, Of: changed, Kind: Bool, Operators: equality})
		out.moves = append(out.moves, m)
	}
	var err error
	out.Query, err = grammar.Parse(list, defined, now)
	return out, err
}

// moveOf reads the values of attribute_changed.
func moveOf(key string, values any) (m move, ok bool) {
	given, ok := values.(map[string]any)
	if !ok {
		return m, false
	}
	m.key = key
	for name, to := range map[string]*[]string{"from": &m.from, "to": &m.to} {
		switch v := given[name].(type) {
		case nil:
		case []any:
			*to = []string{}
			for _, one := range v {
				if *to = append(*to, textOf(one)); one != nil && textOf(one) == "" && one != "" {
					return m, false
				}
			}
		default:
			return m, false
		}
	}
	return m, true
}

// AboutMessages tells whether the rule asks about a message.
func (r Rule) AboutMessages() bool {
	return slices.ContainsFunc(r.Query.Any, func(all []Condition) bool {
		return slices.ContainsFunc(all, func(c Condition) bool { return c.Field.Of == Message })
	})
}

// Match tells whether the rule runs for a record that changed so.
func (r Rule) Match(s Subject, changes []Change) bool {
	return r.Query.Match(changing{s, r.moves, changes})
}

// changing is a record with what changed about it.
type changing struct {
	Subject
	moves   []move
	changes []Change
}

// Value implements Subject.
func (c changing) Value(f Field) any {
	if f.Of != changed {
		return c.Subject.Value(f)
	}
	n, err := strconv.Atoi(strings.TrimPrefix(f.Key, "change "))
	if err != nil || n >= len(c.moves) {
		return nil
	}
	return c.moves[n].happened(c.changes)
}

func (m move) happened(changes []Change) bool {
	for _, x := range changes {
		before, after, ok := x.Before, x.After, x.Key == m.key
		if !ok && x.Key == "custom_attributes" {
			before, after = member(x.Before, m.key), member(x.After, m.key)
			ok = string(before) != string(after)
		}
		if ok && within(m.from, before) && within(m.to, after) {
			return true
		}
	}
	return false
}

// member is a member of a JSON object; null when there is none.
func member(object json.RawMessage, key string) json.RawMessage {
	var all map[string]json.RawMessage
	if json.Unmarshal(object, &all) == nil && all[key] != nil {
		return all[key]
	}
	return json.RawMessage("null")
}

// within tells whether a JSON value, or one of those in a list, is one of some texts; null
// is the empty one.
func within(list []string, value json.RawMessage) bool {
	if list == nil {
		return true
	}
	v := Decode(value)
	if several, ok := v.([]any); ok {
		return slices.ContainsFunc(several, func(one any) bool { return slices.Contains(list, textOf(one)) })
	}
	text := textOf(v)
	return slices.Contains(list, text) || text == "" && slices.Contains(list, "nil")
}
