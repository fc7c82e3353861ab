package store

import (
	"context"
	"errors"
	"time"

	"tributary/chat"
)

// fillTalk makes what belongs to conversations.
func (p *planned) fillTalk() {
	p.t.Helper()
	const of = `conversations c`
	p.exec(`INSERT INTO conversation_participants (conversation_id, user_id, account_id, created_at) SELECT c.id, c.id % 50 + 1, c.account_id, 1 FROM ` + of)
	p.exec(`INSERT INTO mentions (conversation_id, user_id, account_id, mentioned_at) SELECT c.id, c.id % 50 + 1, c.account_id, 1 FROM ` + of)
	p.exec(`INSERT INTO conversation_drafts (conversation_id, message, updated_at) SELECT c.id, 'd', 1 FROM ` + of)
}

func talkPlans() []planCase {
	read := func(f func(ctx context.Context, s *Store) error) func(context.Context, *planned) error {
		return func(ctx context.Context, p *planned) error { return f(ctx, p.s) }
	}
	list := func(f ConversationFilter) func(context.Context, *planned) error {
		return read(func(ctx context.Context, s *Store) error {
			f.AccountID, f.UserID, f.Statuses = 1, 7, []int{chat.Open.Code()}
			if _, err := s.CountConversations(ctx, f); err != nil {
				return err
			}
			_, err := s.ListConversations(ctx, f, ByActivityDesc, 25, 0)
			return err
		})
	}
	row := ConversationRow{ID: 17, AccountID: 18, InboxID: 18}
	return []planCase{
		{name: "conversations in which I was named", call: list(ConversationFilter{Mentioned: true})},
		{name: "conversations in which I take part", call: list(ConversationFilter{Participating: true})},
		{name: "ParticipantAgents", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.ParticipantAgents(ctx, 1, 17)
			return err
		})},
		{name: "ConversationFiles", call: read(func(ctx context.Context, s *Store) error {
			_, _, err := s.ConversationFiles(ctx, 17, 100, 0)
			return err
		})},
		{name: "Draft", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.Draft(ctx, 17)
			return err
		})},
		{name: "TeamsByID", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.TeamsByID(ctx, 1, 7, []int64{1, 2})
			return err
		})},
		{name: "InboxOfSource", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.InboxOfSource(ctx, 1, "S16")
			if errors.Is(err, ErrNotFound) {
				err = nil // the address of another account's contact
			}
			return err
		})},
		{name: "participants of a conversation", call: inTx(func(ctx context.Context, t *Tx) error {
			if err := t.RemoveParticipants(ctx, 17, []int64{1, 2}); err != nil {
				return err
			}
			if err := t.InsertMentions(ctx, row, []int64{1, 2}); err != nil {
				return err
			}
			return t.KeepParticipants(ctx, 17, []int64{1, 2})
		})},
		{name: "what was said", call: inTx(func(ctx context.Context, t *Tx) error {
			if _, err := t.AnsweredBefore(ctx, 17, 1<<60); err != nil {
				return err
			}
			if _, err := t.Answered(ctx, 17, time.Time{}); err != nil {
				return err
			}
			if _, err := t.Answered(ctx, 17, time.UnixMicro(1)); err != nil {
				return err
			}
			if _, err := t.SentTemplates(ctx, 17); err != nil {
				return err
			}
			_, err := t.LetterFacts(ctx, 17, 1)
			return err
		})},
		{name: "DeleteConversation", call: inTx(func(ctx context.Context, t *Tx) error { return t.DeleteConversation(ctx, 17) })},
		{name: "EmptyConversationChunk", call: func(ctx context.Context, p *planned) error {
			_, err := p.s.EmptyConversationChunk(ctx, 999_999_999, 200)
			return err
		}},
	}
}
