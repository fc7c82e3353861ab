package store

import (
	"context"
	"strconv"
	"time"

	"tributary/chat/filter"
)

// fillFilters makes custom attributes, saved filters, imports and their failures.
func (p *planned) fillFilters(series func(int) string) {
	p.t.Helper()
	many := planMembers
	if p.s.d.name == "sqlite" {
		many /= 20
	}
	account := `n % ` + strconv.Itoa(planAccounts) + ` + 1`
	p.exec(`INSERT INTO custom_attribute_definitions (account_id, attribute_display_name, attribute_key, created_at, updated_at) SELECT ` + account + `, 'd', 'k' || n, 1, 1 FROM ` + series(many))
	p.exec(`INSERT INTO custom_filters (account_id, user_id, name, created_at, updated_at) SELECT ` + account + `, n % 50 + 1, 'f', 1, 1 FROM ` + series(many))
	p.exec(`INSERT INTO contact_imports (account_id, created_at, updated_at) SELECT ` + account + `, 1, 1 FROM ` + series(many))
	p.exec(`INSERT INTO contact_import_failures (import_id, row_number, record, errors) SELECT n % 100 + 1, n, '[]', 'e' FROM ` + series(many))
}

func filterPlans() []planCase {
	asked := func(g *filter.Grammar, key, operator string, values ...any) filter.Query {
		q, err := g.Parse([]any{map[string]any{"attribute_key": key, "filter_operator": operator, "values": values}}, nil, time.UnixMicro(1))
		if err != nil {
			panic(err) // they are known
		}
		return q
	}
	conversations := func(q filter.Query) func(ctx context.Context, p *planned) error {
		return func(ctx context.Context, p *planned) error {
			_, err := p.s.ListConversations(ctx, ConversationFilter{AccountID: 1, Matching: q}, ByActivityDesc, 25, 0)
			return err
		}
	}
	return []planCase{
		{name: "what filters may name", call: func(ctx context.Context, p *planned) error {
			_, err := p.s.FilterDefinitions(ctx, 1)
			return err
		}},
		{name: "conversations by status", call: conversations(asked(&filter.Conversations, "status", "equal_to", "open"))},
		{name: "conversations by label", call: conversations(asked(&filter.Conversations, "labels", "equal_to", "vip"))},
		{name: "conversations by language", call: conversations(asked(&filter.Conversations, "browser_language", "equal_to", "de"))},
		{name: "count conversations by assignee", call: func(ctx context.Context, p *planned) error {
			_, err := p.s.CountConversations(ctx, ConversationFilter{AccountID: 1, UserID: 7, Matching: asked(&filter.Conversations, "status", "equal_to", "open")})
			return err
		}},
		{name: "contacts by name", call: func(ctx context.Context, p *planned) error {
			f := ContactFilter{AccountID: 1, Resolution: ResolvedContacts, Conditions: []Condition{ContactsMatching(asked(&filter.Contacts, "name", "contains", "ada"))}}
			if _, err := p.s.CountContacts(ctx, f); err != nil {
				return err
			}
			if _, err := p.s.ListContacts(ctx, f, nil, 15, 0); err != nil {
				return err
			}
			_, err := p.s.ContactsAfter(ctx, f, 100, 1000)
			return err
		}},
		{name: "custom attributes", call: func(ctx context.Context, p *planned) error {
			_, err := p.s.CustomAttributes(ctx, 1)
			return err
		}},
		{name: "custom filters", call: func(ctx context.Context, p *planned) error {
			_, err := p.s.CustomFilters(ctx, 1, 7, 0)
			return err
		}},
		{name: "imports", call: func(ctx context.Context, p *planned) error {
			if _, err := p.s.ContactImports(ctx, 1, 50); err != nil {
				return err
			}
			if _, err := p.s.ImportFailures(ctx, 7, 100, 1000); err != nil {
				return err
			}
			_, err := p.s.DropImportFailures(ctx, 999_999, 1000)
			return err
		}},
		{name: "ContactsKnownBy", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.ContactsKnownBy(ctx, 1, []Identity{{ByEmail, "m1"}, {ByPhone, "+1"}, {ByIdentifier, "x"}})
			return err
		})},
		{name: "Administrators", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.Administrators(ctx, 1)
			return err
		})},
	}
}
