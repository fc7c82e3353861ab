package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tributary/chat"
)

// keys makes n values.
func keys[T any](n int, f func(i int) T) []T {
	out := make([]T, n)
	for i := range out {
		out[i] = f(i + 1)
	}
	return out
}

func receivePlans() []planCase {
	const n = 30
	at := func(i int) int64 { return int64(i * 17) }
	inboxOf := func(i int) int64 { return at(i)%planInboxes + 1 }
	return []planCase{
		{name: "KnownKeys", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.KnownKeys(ctx, keys(n, func(i int) IngestKey { return IngestKey{InboxID: inboxOf(i), Key: fmt.Sprint("k", at(i))} }))
			return err
		})},
		{name: "ContactInboxes", call: inTx(func(ctx context.Context, t *Tx) error {
			got, err := t.ContactInboxes(ctx, keys(n, func(i int) SourceKey { return SourceKey{inboxOf(i), fmt.Sprint("S", at(i))} }))
			if err == nil && len(got) != n {
				err = fmt.Errorf("found %d of %d", len(got), n)
			}
			return err
		})},
		{name: "EnsureContacts", call: inTx(func(ctx context.Context, t *Tx) error {
			_, _, err := t.EnsureContacts(ctx, keys(n, func(i int) NewContact {
				return NewContact{AccountID: 1, Phone: fmt.Sprint("+", at(i)), Email: fmt.Sprint("m", i)}
			}))
			return err
		})},
		{name: "TouchContacts", call: inTx(func(ctx context.Context, t *Tx) error {
			return t.TouchContacts(ctx, keys(n, func(i int) TouchContact { return TouchContact{ID: at(i), At: 1} }))
		})},
		{name: "CurrentConversations", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.CurrentConversations(ctx, keys(n, func(i int) ThreadKey { return ThreadKey{ContactInboxID: at(i)} }), keys(n, func(i int) bool { return i%2 == 0 }))
			return err
		})},
		{name: "TouchConversations", call: inTx(func(ctx context.Context, t *Tx) error {
			return t.TouchConversations(ctx, keys(n, func(i int) TouchConversation { return TouchConversation{ID: at(i), At: 1, IncomingAt: 1} }))
		})},
		{name: "ConversationOfSource", call: inTx(func(ctx context.Context, t *Tx) error {
			_, _, err := t.ConversationOfSource(ctx, 18, 17, "s16")
			return err
		})},
		{name: "SourceMessage", call: inTx(func(ctx context.Context, t *Tx) error {
			_, _, err := t.SourceMessage(ctx, 18, 17, "nobody's")
			return err
		})},
		{name: "IngestedMessage", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.IngestedMessage(ctx, IngestKey{InboxID: 18, Key: "k17"})
			return err
		})},
		{name: "ReleaseIngestKey", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.ReleaseIngestKey(ctx, IngestKey{InboxID: 18, Key: "k17"}, time.UnixMicro(1))
			return err
		})},
		{name: "RecordChange", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.RecordChange(ctx, Change{IngestKey: IngestKey{InboxID: 18, Key: "k17"}, Subject: "s", At: 5})
			return err
		})},
		{name: "MarkPartsFailed", call: inTx(func(ctx context.Context, t *Tx) error {
			return t.MarkPartsFailed(ctx, keys(n, func(i int) ProviderRef { return ProviderRef{inboxOf(i), fmt.Sprint("s", at(i))} }))
		})},
		{name: "ResendParts", call: inTx(func(ctx context.Context, t *Tx) error { return t.ResendParts(ctx, 17, 0) })},
		{name: "Providers", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.Providers(ctx, keys(n, func(i int) ProviderRef { return ProviderRef{inboxOf(i), fmt.Sprint("s", at(i))} }))
			return err
		})},
		{name: "MoveStatuses", call: inTx(func(ctx context.Context, t *Tx) error {
			return t.MoveStatuses(ctx, keys(n, func(i int) StatusMove { return StatusMove{MessageID: at(i), Status: 1} }))
		})},
		{name: "TakeParked", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.TakeParked(ctx, []ProviderRef{{1, "p7"}})
			return err
		})},
		{name: "Watermark", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.Watermark(ctx, 17, 1<<60, 2)
			return err
		})},
		{name: "PartsSent", call: inTx(func(ctx context.Context, t *Tx) error {
			return t.PartsSent(ctx, []PartAnswer{{Delivery: Delivery{MessageID: 17, InboxID: 18, ConversationID: 18}, Part: 0, ProviderIDs: []string{"new"}}})
		})},
	}
}

func readPlans() []planCase {
	filter := func(f ConversationFilter) func(context.Context, *planned) error {
		return func(ctx context.Context, p *planned) error {
			f.AccountID, f.UserID = 1, 1
			if _, err := p.s.CountConversations(ctx, f); err != nil {
				return err
			}
			_, err := p.s.ListConversations(ctx, f, ByActivityDesc, 25, 0)
			return err
		}
	}
	open := []int{chat.Open.Code()}
	read := func(f func(ctx context.Context, s *Store) error) func(context.Context, *planned) error {
		return func(ctx context.Context, p *planned) error { return f(ctx, p.s) }
	}
	return []planCase{
		{name: "open conversations", call: filter(ConversationFilter{Statuses: open}), page: true},
		{name: "all conversations", call: filter(ConversationFilter{}), page: true},
		{name: "my conversations", call: filter(ConversationFilter{Statuses: open, Assignee: "me"})},
		{name: "unassigned conversations", call: filter(ConversationFilter{Statuses: open, Assignee: "unassigned"})},
		{name: "conversations of inboxes", call: filter(ConversationFilter{Statuses: open, InboxIDs: []int64{1, 11}})},
		{name: "conversations of an inbox", call: filter(ConversationFilter{Statuses: open, InboxID: 11})},
		{name: "conversations with a label", call: filter(ConversationFilter{Labels: []string{"l3"}})},
		{name: "conversations of a source", call: filter(ConversationFilter{SourceID: "S40"})},
		{name: "ConversationListedBy", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.ConversationListedBy(ctx, 1, 40)
			return err
		})},
		{name: "ConversationHead", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.ConversationHead(ctx, 1, 40)
			return err
		})},
		{name: "Messages", call: read(func(ctx context.Context, s *Store) error {
			for _, r := range []MessageRange{{}, {Before: 90_000}, {After: 90_000}, {After: 10, Before: 90_000}, {Public: true}} {
				if _, err := s.Messages(ctx, 40, r); err != nil {
					return err
				}
			}
			return nil
		})},
		{name: "MessagesByID", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.MessagesByID(ctx, 1, keys(20, func(i int) int64 { return int64(i * 999) }))
			return err
		})},
		{name: "MessageView", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.MessageView(ctx, 17)
			return err
		})},
		{name: "ThreadView", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.ThreadView(ctx, 17)
			return err
		})},
		{name: "attachments", call: read(func(ctx context.Context, s *Store) error {
			if _, err := s.MessageAttachments(ctx, 17); err != nil {
				return err
			}
			if _, err := s.PendingAttachment(ctx, 17); err != nil && !errors.Is(err, ErrNotFound) {
				return err
			}
			_, err := s.AvatarState(ctx, 8, 17)
			return err
		})},
		{name: "drop attachments", call: inTx(func(ctx context.Context, t *Tx) error {
			if err := t.dropAttachments(ctx, 17); err != nil {
				return err
			}
			return t.releaseBlobs(ctx, keys(10, func(i int) int64 { return int64(i) }))
		})},
		{name: "LoadOutgoing", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.LoadOutgoing(ctx, []Delivery{{MessageID: 17}})
			return err
		})},
		{name: "MessageInConversation", call: inTx(func(ctx context.Context, t *Tx) error {
			if _, _, err := t.MessageInConversation(ctx, 18, 17, ""); err != nil {
				return err
			}
			_, _, err := t.MessageInConversation(ctx, 18, 0, "s17")
			return err
		})},
		{name: "Contacts", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.Contacts(ctx, 1, keys(20, func(i int) int64 { return int64(i * 99) }))
			return err
		})},
		{name: "InboxesOfContacts", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.InboxesOfContacts(ctx, []int64{17, 57})
			return err
		})},
		{name: "Session", call: read(func(ctx context.Context, s *Store) error {
			of, err := s.Session(ctx, 18, "S17")
			if err != nil {
				return err
			}
			for _, of.HMACVerified = range []bool{false, true} {
				if _, err := s.SessionConversations(ctx, of, 0); err != nil {
					return err
				}
			}
			_, err = s.PublicMessages(ctx, []int64{17, 18})
			return err
		})},
	}
}

func workPlans() []planCase {
	return []planCase{
		{name: "ClaimDeliveries", page: true, call: func(ctx context.Context, p *planned) error {
			list, err := p.s.ClaimDeliveries(ctx, "owner", time.Microsecond, 100, []int64{5})
			if err == nil && len(list) != 100 {
				err = fmt.Errorf("claimed %d, want 100", len(list))
			}
			return err
		}},
		{name: "DeferDelivery", call: func(ctx context.Context, p *planned) error {
			return p.s.DeferDelivery(ctx, planWaiting, time.Unix(1<<32, 0), "", false)
		}},
		{name: "ClaimJobs", page: true, call: func(ctx context.Context, p *planned) error {
			list, err := p.s.ClaimJobs(ctx, LaneDeferred, "owner", time.Microsecond, 100)
			if err == nil && len(list) != 100 {
				err = fmt.Errorf("claimed %d, want 100", len(list))
			}
			return err
		}},
		{name: "InsertJob", call: inTx(func(ctx context.Context, t *Tx) error {
			return t.InsertJob(ctx, Job{Kind: "k", UniqueKey: "k7"})
		})},
		{name: "OrderJobs", call: inTx(func(ctx context.Context, t *Tx) error {
			return t.OrderJobs(ctx, keys(10, func(i int) Job { return Job{Kind: "k", UniqueKey: fmt.Sprint("k", i)} }), time.Hour)
		})},
		{name: "SeenByContact", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.SeenByContact(ctx, 17)
			return err
		})},
		{name: "AbsorbContact", call: inTx(func(ctx context.Context, t *Tx) error {
			if _, err := t.LockContacts(ctx, 8, 17, 57); err != nil {
				return err
			}
			_, err := t.AbsorbContact(ctx, 17, 57)
			return err
		})},
		{name: "EmptyInboxChunk", call: func(ctx context.Context, p *planned) error {
			_, err := p.s.EmptyInboxChunk(ctx, 40, 2)
			return err
		}},
		{name: "ForgetChanges", call: func(ctx context.Context, p *planned) error {
			_, err := p.s.ForgetChanges(ctx, time.UnixMicro(1))
			return err
		}},
		{name: "ExpireParked", call: func(ctx context.Context, p *planned) error {
			_, err := p.s.ExpireParked(ctx)
			return err
		}},
	}
}
