package store

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var searchTables = regexp.MustCompile(`\b(messages|contacts|conversations|search_grams|search_changes|conversation_labels|inboxes)\s+(?:AS\s+)?([a-z]+)\b`)

// fillSearch makes an index of every id that a plan might ask for: three pieces of text in
// each segment, and some that changed.
func (p *planned) fillSearch() {
	p.t.Helper()
	p.fillLists()
	grams := 500_000
	if p.s.d.name == "sqlite" {
		grams /= 10
	}
	for _, query := range []string{
		`INSERT INTO search_segments (kind, segment, documents, newest, built_at, checked_at) SELECT 1 + n % 2, n / 2, 4096, n, 1, n FROM ` + p.series(400),
		`INSERT INTO search_grams (kind, segment, gram, places) SELECT 1 + n % 2, (n / 2) % 200, n, 'AQ' FROM ` + p.series(grams),
		`INSERT INTO search_changes (kind, record_id) SELECT 1 + n % 2, n FROM ` + p.series(2000),
		`UPDATE conversations SET last_incoming_at = 5, agent_last_seen_at = CASE WHEN id % 10 = 0 THEN 4 ELSE 6 END`,
	} {
		p.exec(query)
	}
	p.big = searchTables
}

func searchPlans() []planCase {
	call := func(f func(ctx context.Context, s *Store) error) func(context.Context, *planned) error {
		return func(ctx context.Context, p *planned) error { return f(ctx, p.s) }
	}
	few := Sight{AccountID: 1, UserID: 100, InboxIDs: []int64{100, 200}}
	all := Sight{AccountID: 1, UserID: 100}
	return []planCase{
		{name: "messages that contain a text", call: call(func(ctx context.Context, s *Store) error {
			for _, sight := range []Sight{all, few, {AccountID: 1, UserID: 100, Visible: VisibleMine}} {
				if _, err := s.SearchMessages(ctx, MessageSearch{Sight: sight, Text: "text", Since: 5}, 15, 0); err != nil {
					return err
				}
				if _, err := s.Sayings(ctx, MessageSearch{Sight: sight, Text: "te"}); err != nil {
					return err
				}
				if _, err := s.check(ctx, s.messageFinder(MessageSearch{Sight: sight, Text: "text"}), []int64{1, 2, 3}); err != nil {
					return err
				}
			}
			_, err := s.DisplayIDs(ctx, 1, []int64{100, 200})
			return err
		})},
		{name: "contacts that contain a text", call: call(func(ctx context.Context, s *Store) error {
			if _, _, err := s.MatchContacts(ctx, ContactSearch{AccountID: 1, Text: "m1", Resolution: ResolvedContacts}); err != nil {
				return err
			}
			if _, err := s.check(ctx, s.contactFinder(ContactSearch{AccountID: 1, Text: "text"}), []int64{1, 2, 3}); err != nil {
				return err
			}
			_, err := s.SearchContacts(ctx, ContactSearch{AccountID: 1, Text: "m1"}, 15, 15)
			return err
		})},
		{name: "conversations of contacts", call: call(func(ctx context.Context, s *Store) error {
			for _, sight := range []Sight{all, few} {
				for _, text := range []string{"m100", "1", ""} {
					if _, err := s.SearchConversations(ctx, sight, text, 15, 0); err != nil {
						return err
					}
				}
			}
			return nil
		})},
		{name: "unread conversations", call: call(func(ctx context.Context, s *Store) error {
			for _, sight := range []Sight{all, few} {
				if _, err := s.CountUnread(ctx, sight); err != nil {
					return err
				}
			}
			return nil
		})},
		{name: "the search index is looked after", whole: "search_changes", call: call(func(ctx context.Context, s *Store) error {
			work, err := s.SearchWork(ctx)
			if err != nil {
				return err
			}
			return s.BuildSearch(ctx, work[0])
		})},
	}
}

func TestSearchPlans(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, databaseURL string) {
		p := newPlanned(t, databaseURL, (*planned).fillSearch)
		p.check(searchPlans())
		// Badges are counted without looking at what was read.
		p.take()
		if _, err := p.s.CountUnread(t.Context(), Sight{AccountID: 1, UserID: 100}); err != nil {
			t.Fatal(err)
		}
		for _, s := range p.take() {
			if strings.Contains(s.query, "FROM mentions") || strings.Contains(s.query, "FROM conversation_participants") {
				continue // these start from what is the user's
			}
			for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
				if plan := p.plan(s, mode); !strings.Contains(plan, "conversations_unread") {
					t.Errorf("%s\n%s", s.query, plan)
				}
			}
		}
	})
}

func TestNumbersWith(t *testing.T) {
	t.Parallel()
	for _, last := range []int64{0, 1, 9, 10, 99, 100, 1234, 20_305} {
		for _, text := range []string{"0", "1", "00", "01", "10", "12", "99", "203", "020", "12345", "x", "1x", "-1", "+1"} {
			var wanted []int64
			for n := int64(1); n <= last; n++ {
				if strings.Contains(strconv.FormatInt(n, 10), text) {
					wanted = append(wanted, n)
				}
			}
			got, few := numbersWith(text, last, 100_000)
			if !few || !slices.Equal(got, wanted) {
				t.Errorf("%q up to %d: %d numbers, want %d", text, last, len(got), len(wanted))
			}
			if _, few = numbersWith(text, last, len(wanted)-1); few && len(wanted) > 0 {
				t.Errorf("%q up to %d: more than %d are few", text, last, len(wanted)-1)
			}
		}
	}
}
