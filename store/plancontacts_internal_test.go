package store

import (
	"context"
	"strconv"
	"time"
)

// fillContacts gives every contact a label of a thousand, and every fifth a note.
func (p *planned) fillContacts() {
	p.t.Helper()
	p.exec(`INSERT INTO contact_labels (contact_id, account_id, label) SELECT id, account_id, 'l' || (id % 1009) FROM contacts`)
	p.exec(`INSERT INTO contact_notes (account_id, contact_id, content, created_at, updated_at) SELECT account_id, id, 'n', 1, 1 FROM contacts WHERE id % 5 = 0`)
}

// contactPlans are the lists of contacts, and what is done with one.
func contactPlans() []planCase {
	read := func(f func(ctx context.Context, s *Store) error) func(context.Context, *planned) error {
		return func(ctx context.Context, p *planned) error { return f(ctx, p.s) }
	}
	list := func(f ContactFilter, o ContactOrder) func(context.Context, *planned) error {
		return read(func(ctx context.Context, s *Store) error {
			f.AccountID = 1
			if _, err := s.CountContacts(ctx, f); err != nil {
				return err
			}
			_, err := s.ListContacts(ctx, f, o, 15, 15)
			return err
		})
	}
	out := []planCase{
		{name: "contacts by activity", call: list(ContactFilter{Resolution: ResolvedContacts}, ContactOrder{SortActivity: Descending}), page: true},
		{name: "contacts by name", call: list(ContactFilter{Resolution: ResolvedContacts}, ContactOrder{SortName: Ascending}), page: true},
		{name: "contacts by id", call: list(ContactFilter{}, nil), page: true},
		{name: "leads", call: list(ContactFilter{Resolution: LeadContacts}, nil)},
		{name: "labelled contacts", call: list(ContactFilter{Resolution: ResolvedContacts, Labels: []string{"l5"}}, ContactOrder{SortActivity: Descending})},
		{name: "contacts who are online", call: list(ContactFilter{IDs: []int64{17, 57, 97}}, ContactOrder{SortActivity: Descending})},
		{name: "contacts of a text", call: list(ContactFilter{Resolution: ResolvedContacts, Text: "m17"}, ContactOrder{SortActivity: Descending})},
		{name: "conversations of a contact", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.ListConversations(ctx, ConversationFilter{AccountID: 1, ContactID: 8}, ByActivityDesc, 20, 0)
			return err
		})},
		{name: "of one contact", call: read(func(ctx context.Context, s *Store) error {
			if _, err := s.ContactLabels(ctx, 17); err != nil {
				return err
			}
			if _, err := s.ContactNotes(ctx, 17); err != nil {
				return err
			}
			_, err := s.LatestContactInboxes(ctx, 17)
			return err
		})},
		{name: "SetContactLabels", call: inTx(func(ctx context.Context, t *Tx) error {
			_, _, err := t.SetContactLabels(ctx, 1, 17, []string{"L5", "new"})
			return err
		})},
		{name: "DeleteContact", call: inTx(func(ctx context.Context, t *Tx) error { return t.DeleteContact(ctx, 17) })},
		{name: "EmptyContactChunk", call: func(ctx context.Context, p *planned) error {
			if _, err := p.s.w.ExecContext(ctx, `UPDATE contacts SET deleted_at = 1 WHERE id = 23`); err != nil {
				return err
			}
			_, err := p.s.EmptyContactChunk(ctx, 23, 2)
			return err
		}},
		{name: "DeleteStaleContactInboxes", call: read(func(ctx context.Context, s *Store) error {
			_, _, err := s.DeleteStaleContactInboxes(ctx, time.UnixMicro(100), 17, 20)
			return err
		})},
	}
	for key := range contactKeys {
		for _, d := range []Direction{Ascending, Descending} {
			out = append(out, planCase{
				name: "contacts in order " + strconv.Itoa(int(key)), call: list(ContactFilter{Resolution: ResolvedContacts}, ContactOrder{key: d}),
			})
		}
	}
	return out
}
