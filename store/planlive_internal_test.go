package store

import "context"

// livePlans are what the live wire reads for each batch of events.
func livePlans() []planCase {
	read := func(f func(ctx context.Context, s *Store) error) func(context.Context, *planned) error {
		return func(ctx context.Context, p *planned) error { return f(ctx, p.s) }
	}
	some := keys(30, func(i int) int64 { return int64(i * 17) })
	return []planCase{
		{name: "who may listen", call: read(func(ctx context.Context, s *Store) error {
			if _, err := s.LiveMemberTokens(ctx, keys(30, func(i int) LiveMember { return LiveMember{1, int64(i + 1)} })); err != nil {
				return err
			}
			if _, err := s.LiveSessionOf(ctx, "p7"); err != nil && err != ErrNotFound { //nolint:errorlint // returned as it is
				return err
			}
			if _, err := s.LiveSessions(ctx, some); err != nil {
				return err
			}
			_, err := s.VerifiedSessions(ctx, some)
			return err
		})},
		{name: "who hears of inboxes", call: read(func(ctx context.Context, s *Store) error {
			if _, _, err := s.InboxAudience(ctx, 1, []int64{1, 11}); err != nil {
				return err
			}
			_, err := s.AvailableMembers(ctx, 1, some)
			return err
		})},
		{name: "owners of notifications", call: read(func(ctx context.Context, s *Store) error {
			if _, err := s.NotificationsByID(ctx, 1, some); err != nil {
				return err
			}
			_, err := s.NotificationOwners(ctx, 1, []int64{5, 6, 7})
			return err
		})},
		{name: "bots where they work", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.BotsInInboxes(ctx, []BotPlace{{3, 1}, {7, 11}})
			return err
		})},
	}
}
