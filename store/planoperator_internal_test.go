package store

import "context"

func operatorPlans() []planCase {
	read := func(f func(ctx context.Context, s *Store) error) func(context.Context, *planned) error {
		return func(ctx context.Context, p *planned) error { return f(ctx, p.s) }
	}
	return []planCase{
		{name: "JobLanes", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.JobLanes(ctx, []string{LaneMail, LaneMedia})
			return err
		})},
		{name: "OpenDeliveries", page: true, whole: "deliveries", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.OpenDeliveries(ctx, 0, 25, 25)
			return err
		})},
		{name: "OpenDeliveries of a channel", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.OpenDeliveries(ctx, 3, 25, 0)
			return err
		})},
		{name: "FailedMessages", page: true, whole: "messages", call: read(func(ctx context.Context, s *Store) error { // by the index of those that failed
			_, err := s.FailedMessages(ctx, 0, 25, 25)
			return err
		})},
		{name: "InboxTraffic", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.InboxTraffic(ctx, []int64{1, 2, 3})
			return err
		})},
		{name: "AllRefusals", whole: "inbox_webhook_refusals", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.AllRefusals(ctx)
			return err
		})},
	}
}
