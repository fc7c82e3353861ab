package filter

import (
	"slices"
	"strings"
)

// Operator is how a condition compares, as clients write it.
type Operator string

// Operators.
const (
	EqualTo        Operator = "equal_to"
	NotEqualTo     Operator = "not_equal_to"
	Contains       Operator = "contains"
	DoesNotContain Operator = "does_not_contain"
	IsPresent      Operator = "is_present"
	IsNotPresent   Operator = "is_not_present"
	IsGreaterThan  Operator = "is_greater_than"
	IsLessThan     Operator = "is_less_than"
	DaysBefore     Operator = "days_before"
	StartsWith     Operator = "starts_with"
)

// Kind is what the values of a field are.
type Kind int

// Kinds.
const (
	Text   Kind = iota // compared as it is written
	Folded             // text, compared without regard to case
	Number             // a decimal
	Date               // YYYY-MM-DD, the beginning of a text
	Bool
	ID     // a whole number
	Moment // microseconds since 1970, compared by its day in UTC
	Labels // a set of texts
)

// Source is where a record keeps the value of a field.
type Source int

// Sources.
const (
	Column Source = iota
	Additional
	Custom // attributes that an account defines
)

// Model is what kind of record a field belongs to.
type Model string

// Models, as custom_attribute_type names them.
const (
	Conversation Model = "conversation_attribute"
	Contact      Model = "contact_attribute"
	Message      Model = "message"
)

// Field is something that conditions can be about.
type Field struct {
	Key  string // as clients write it, which is also the column or the member
	Of   Model
	From Source
	Kind Kind
	// Operators are those that are allowed; nil: all are, and those that mean nothing to
	// the Kind compare for equality.
	Operators []Operator
	// Names are the texts that stand for numbers of Kind ID.
	Names map[string]int64
	// First says that no value counts but the first.
	First bool
	// Phone says that the texts are telephone numbers: they begin with a plus.
	Phone bool
}

// Grammar is what conditions of one place may be about.
type Grammar struct {
	// Fields are in the order in which errors list them.
	Fields []Field
	// Custom are the models whose custom attributes may be named; when a condition does not say
	// which it means, the first that has the key.
	Custom []Model
}

// keys are the fields by name.
func (g *Grammar) keys() string {
	names := make([]string, len(g.Fields))
	for i, f := range g.Fields {
		names[i] = f.Key
	}
	return strings.Join(names, ",")
}

// field finds a standard field.
func (g *Grammar) field(key string) (Field, bool) {
	i := slices.IndexFunc(g.Fields, func(f Field) bool { return f.Key == key })
	if i < 0 {
		return Field{}, false
	}
	return g.Fields[i], true
}

// Definition is a custom attribute that an account has defined.
type Definition struct {
	Key  string
	Of   Model
	Kind Kind // Folded, Number, Date or Bool
}

// DisplayKinds are the kinds of custom attributes by how they are displayed, in the order of
// the stored numbers: text, number, currency, percent, link, date, list, checkbox.
var DisplayKinds = []Kind{Folded, Number, Number, Number, Folded, Date, Folded, Bool}

func (d Definition) field() Field {
	return Field{Key: d.Key, Of: d.Of, From: Custom, Kind: d.Kind, First: true}
}

// Sets of operators that fields share.
var (
	equality = []Operator{EqualTo, NotEqualTo}
	presence = []Operator{EqualTo, NotEqualTo, IsPresent, IsNotPresent}
	inside   = []Operator{EqualTo, NotEqualTo, Contains, DoesNotContain}
	calendar = []Operator{IsGreaterThan, IsLessThan, DaysBefore}
)

// Statuses and Priorities are the names of a conversation's.
var (
	Statuses   = map[string]int64{"open": 0, "resolved": 1, "pending": 2, "snoozed": 3}
	Priorities = map[string]int64{"low": 0, "medium": 1, "high": 2, "urgent": 3}
)

// Conversations is the grammar of lists of conversations.
var Conversations = Grammar{
	Fields: []Field{
		{Key: "status", Of: Conversation, Kind: ID, Operators: equality, Names: Statuses},
		{Key: "assignee_id", Of: Conversation, Kind: ID, Operators: presence},
		{Key: "inbox_id", Of: Conversation, Kind: ID, Operators: presence},
		{Key: "team_id", Of: Conversation, Kind: ID, Operators: presence},
		{Key: "priority", Of: Conversation, Kind: ID, Operators: equality, Names: Priorities},
		{Key: "display_id", Of: Conversation, Kind: ID, Operators: inside},
		{Key: "campaign_id", Of: Conversation, Kind: ID, Operators: presence},
		{Key: "labels", Of: Conversation, Kind: Labels, Operators: presence},
		{Key: "browser_language", Of: Conversation, From: Additional, Kind: Text, Operators: equality},
		{Key: "conversation_language", Of: Conversation, From: Additional, Kind: Text, Operators: equality},
		{Key: "country_code", Of: Conversation, From: Additional, Kind: Text, Operators: equality},
		{Key: "referer", Of: Conversation, From: Additional, Kind: Text, Operators: inside},
		{Key: "created_at", Of: Conversation, Kind: Moment, Operators: calendar},
		{Key: "last_activity_at", Of: Conversation, Kind: Moment, Operators: calendar},
		{Key: "mail_subject", Of: Conversation, From: Additional, Kind: Text, Operators: inside},
	},
	Custom: []Model{Conversation},
}

// Contacts is the grammar of lists of contacts.
var Contacts = Grammar{
	Fields: []Field{
		{Key: "name", Of: Contact, Kind: Folded, Operators: inside, First: true},
		{
			Key: "phone_number", Of: Contact, Kind: Folded, First: true, Phone: true,
			Operators: []Operator{EqualTo, NotEqualTo, Contains, DoesNotContain, StartsWith},
		},
		{Key: "email", Of: Contact, Kind: Folded, Operators: inside, First: true},
		{Key: "identifier", Of: Contact, Kind: Folded, Operators: equality, First: true},
		{Key: "country_code", Of: Contact, From: Additional, Kind: Folded, Operators: equality, First: true},
		{Key: "city", Of: Contact, From: Additional, Kind: Folded, Operators: inside, First: true},
		{Key: "company", Of: Contact, From: Additional, Kind: Folded, Operators: inside, First: true},
		{Key: "labels", Of: Contact, Kind: Labels, Operators: presence},
		{Key: "created_at", Of: Contact, Kind: Moment, Operators: calendar},
		{Key: "last_activity_at", Of: Contact, Kind: Moment, Operators: calendar},
		{Key: "blocked", Of: Contact, Kind: Bool, Operators: equality, First: true},
	},
	Custom: []Model{Contact},
}
