package store

import (
	"context"
	"fmt"
	"strconv"
)

// Resolution says which contacts of an account a list is about.
type Resolution int

// Resolutions.
const (
	// AnyContact is every contact.
	AnyContact Resolution = iota
	// ResolvedContacts can be reached or are known to somebody: they have an e-mail
	// address, a phone number or an identifier.
	ResolvedContacts
	// LeadContacts stand for the resolved ones where an account keeps leads (feature
	// crm_v2).
	LeadContacts
)

// resolved is the condition of ResolvedContacts, to the letter that of the indexes.
const resolved = `(p.email IS NOT NULL OR p.phone_number IS NOT NULL OR p.identifier IS NOT NULL)`

// Condition is a part of a filter that writes its own SQL: an expression in which
// the rows of the filter's table have the table's usual alias (c: conversations,
// p: contacts). Values are handed to w.arg and never stand in the text.
type Condition interface {
	expression(w *clause) string
}

// ContactFilter chooses contacts of an account. Zero fields do not filter.
type ContactFilter struct {
	AccountID  int64
	Resolution Resolution
	// IDs are the only contacts that count; nil: all, empty: none.
	IDs []int64
	// Labels: the contact has one of them, whatever the case.
	Labels []string
	// Text occurs in what a contact is known by, see contactText.
	Text string
	// Conditions hold all of them.
	Conditions []Condition
}

// arg adds a value and gives what stands for it in the text.
func (c *clause) arg(value any) string {
	c.args = append(c.args, value)
	return "$" + strconv.Itoa(len(c.args))
}

func (s *Store) contactClause(f ContactFilter) *clause {
	c := &clause{d: s.d}
	c.add("p.account_id = ?", f.AccountID)
	switch f.Resolution {
	case AnyContact:
		c.text = append(c.text, "p.deleted_at IS NULL")
	case ResolvedContacts: // which who is deleted is not
		c.text = append(c.text, resolved)
	case LeadContacts:
		c.text = append(c.text, "p.contact_type = "+strconv.Itoa(ContactLead)+" AND p.deleted_at IS NULL")
	}
	if f.IDs != nil {
		c.in("p.id IN ?", "bigint", ids(f.IDs))
	}
	if f.Labels != nil {
		c.args = append(c.args, ids(f.Labels))
		c.text = append(c.text, "p.id IN (SELECT l.contact_id FROM "+s.d.rows("$"+strconv.Itoa(len(c.args)), "v text")+
			" CROSS JOIN contact_labels l WHERE l.account_id = $1 AND LOWER(l.label) = LOWER(x.v))")
	}
	if f.Text != "" {
		c.text = append(c.text, contactText(c, f.Text))
	}
	for _, condition := range f.Conditions {
		c.text = append(c.text, "("+condition.expression(c)+")")
	}
	return c
}

// contactText holds for contacts in whose name, e-mail, phone number or company a
// text occurs, whatever its case, or in whose identifier it occurs to the letter.
func contactText(c *clause, text string) string {
	pattern, exact := c.arg("%"+escapeLike(text)+"%"), c.arg(text)
	like := " " + c.d.ilike + " " + pattern + " ESCAPE '!' OR "
	return "(p.name" + like + "p.email" + like + "p.phone_number" + like + "p.company_name" + like +
		c.d.strpos + "(p.identifier, " + exact + ") > 0)"
}

// ContactKey is what contacts are sorted by.
type ContactKey int

// Keys, in the order in which they count.
const (
	SortEmail ContactKey = iota
	SortName
	SortPhone
	SortActivity
	SortCreated
	SortCompany
	SortCity
	SortCountry
	contactKeys // how many
)

// ContactOrder is by which keys a list of contacts is sorted; the keys count in
// their own order. Ties, and lists without keys, are by id.
type ContactOrder map[ContactKey]Direction

// Direction of a key.
type Direction bool

// Directions.
const (
	Ascending  Direction = false
	Descending Direction = true
)

// contactSorts are the columns by key, ascending and descending. Texts without
// regard to case come where PostgreSQL puts what is missing; all others have it last.
var contactSorts = [contactKeys][2]string{
	SortEmail:    {"LOWER(p.email) ASC NULLS LAST", "LOWER(p.email) DESC NULLS FIRST"},
	SortName:     {"LOWER(p.name) ASC", "LOWER(p.name) DESC"},
	SortPhone:    {"LOWER(p.phone_number) ASC NULLS LAST", "LOWER(p.phone_number) DESC NULLS FIRST"},
	SortActivity: {"p.last_activity_at IS NULL, p.last_activity_at ASC", "COALESCE(p.last_activity_at, 0) DESC"},
	SortCreated:  {"p.created_at ASC", "p.created_at DESC"},
	SortCompany:  {"p.company_name = '', p.company_name ASC", "p.company_name = '', p.company_name DESC"},
	SortCity:     {"p.location = '', p.location ASC", "p.location = '', p.location DESC"},
	SortCountry:  {"p.country_code = '', p.country_code ASC", "p.country_code = '', p.country_code DESC"},
}

func (o ContactOrder) sql() string {
	text := ""
	for key, columns := range contactSorts {
		direction, wanted := o[ContactKey(key)]
		switch {
		case !wanted:
		case direction == Descending:
			text += columns[1] + ", "
		default:
			text += columns[0] + ", "
		}
	}
	return text + "p.id ASC"
}

// CountContacts counts what a filter finds.
func (s *Store) CountContacts(ctx context.Context, f ContactFilter) (int, error) {
	c := s.contactClause(f)
	var n int
	one := s.r.QueryRowContext
	if len(f.Conditions) > 0 {
		one = s.r.variedRow
	}
	if err := one(ctx, `SELECT COUNT(*) FROM contacts p WHERE `+c.where(), c.args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("store: count contacts: %w", err)
	}
	return n, nil
}

// ListContacts reads a page of what a filter finds; limit 0 reads all.
func (s *Store) ListContacts(ctx context.Context, f ContactFilter, order ContactOrder, limit, offset int) ([]ContactRow, error) {
	c := s.contactClause(f)
	page := ""
	if limit > 0 {
		// As in ListConversations, the offset is an argument and the limit is not.
		page = ` LIMIT ` + strconv.Itoa(limit) + ` OFFSET ` + c.arg(offset)
	}
	many := s.r.QueryContext
	if len(f.Conditions) > 0 {
		many = s.r.varied
	}
	rows, err := many(ctx, `SELECT `+contactColumns+` FROM contacts p WHERE `+c.where()+` ORDER BY `+order.sql()+page, c.args...)
	if err != nil {
		return nil, fmt.Errorf("store: list contacts: %w", err)
	}
	return collect(rows, "list contacts", (*ContactRow).fields)
}
