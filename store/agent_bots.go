package store

import (
	"context"
	"database/sql"
	"fmt"
)

// AgentBotRow is a bot that works in conversations.
type AgentBotRow struct {
	ID int64
	// AccountID is whose bot it is; nil: the installation's, a system bot, which every
	// account may use.
	AccountID    *int64
	Name         *string
	Description  *string
	OutgoingURL  *string
	BotType      int    // 0 webhook
	BotConfig    string // JSON object
	AvatarBlobID int64  // 0: none
	// AvatarFrom is where a picture is being fetched from; nil: nowhere. It is not
	// read with lists.
	AvatarFrom *string
	// AccessToken is the API token of the account's own bots, in plain text; empty of
	// system bots.
	AccessToken string
}

const agentBotColumns = `SELECT b.id, b.account_id, b.name, b.description, b.outgoing_url, b.bot_type, b.bot_config, COALESCE(b.avatar_blob_id, 0),
		b.avatar_from, CASE WHEN b.account_id = $1 THEN COALESCE(t.sealed, '') ELSE '' END
	FROM agent_bots b LEFT JOIN access_tokens t ON t.owner_type = 'AgentBot' AND t.owner_id = b.id `

// ownOrSystem are the bots that the account $1 may use.
const ownOrSystem = `(b.account_id = $1 OR b.account_id IS NULL) `

func (b *AgentBotRow) fields() []any {
	return []any{
		&b.ID, &b.AccountID, &b.Name, &b.Description, &b.OutgoingURL, &b.BotType, &b.BotConfig, &b.AvatarBlobID, &b.AvatarFrom, &b.AccessToken,
	}
}

// unseal opens the token that was read.
func (b *AgentBotRow) unseal(s *Store) error {
	if b.AccessToken == "" {
		return nil
	}
	plain, err := s.sealer.Open("token", b.AccessToken)
	if err != nil {
		return fmt.Errorf("store: token of agent bot: %w", err)
	}
	b.AccessToken = string(plain)
	return nil
}

// AgentBots reads the bots of an account and the system bots, by id.
func (s *Store) AgentBots(ctx context.Context, accountID int64) ([]AgentBotRow, error) {
	rows, err := s.r.QueryContext(ctx, agentBotColumns+`WHERE `+ownOrSystem+`ORDER BY b.id`, accountID)
	if err != nil {
		return nil, fmt.Errorf("store: agent bots: %w", err)
	}
	list, err := collect(rows, "agent bots", (*AgentBotRow).fields)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if err := list[i].unseal(s); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// AgentBot reads a bot of an account or a system bot; ErrNotFound when there is none
// of that id.
func (s *Store) AgentBot(ctx context.Context, accountID, id int64) (AgentBotRow, error) {
	return s.agentBot(ctx, s.r, agentBotColumns+`WHERE `+ownOrSystem+`AND b.id = $2`, accountID, id)
}

// AgentBotOfInbox reads the bot that is linked to an inbox of an account;
// ErrNotFound when none is.
func (s *Store) AgentBotOfInbox(ctx context.Context, accountID, inboxID int64) (AgentBotRow, error) {
	return s.agentBot(ctx, s.r, agentBotColumns+`JOIN agent_bot_inboxes l ON l.agent_bot_id = b.id AND l.account_id = $1 WHERE l.inbox_id = $2`,
		accountID, inboxID)
}

func (s *Store) agentBot(ctx context.Context, q queryer, query string, args ...any) (AgentBotRow, error) {
	var b AgentBotRow
	err := q.QueryRowContext(ctx, query, args...).Scan(b.fields()...)
	if isNoRows(err) {
		return b, ErrNotFound
	}
	if err != nil {
		return b, fmt.Errorf("store: agent bot: %w", err)
	}
	return b, b.unseal(s)
}

// LockAgentBot reads a bot that is about to be changed or deleted: one of the
// account's own, with accountID 0 a system bot. ErrNotFound when there is none.
func (t *Tx) LockAgentBot(ctx context.Context, accountID, id int64) (AgentBotRow, error) {
	var b AgentBotRow
	err := t.tx.QueryRowContext(ctx, `SELECT b.id, b.account_id, b.name, b.description, b.outgoing_url, b.bot_type, b.bot_config,
			COALESCE(b.avatar_blob_id, 0), b.avatar_from, ''
		FROM agent_bots b WHERE b.id = $1 AND COALESCE(b.account_id, 0) = $2 `+t.s.d.lockRow, id, accountID).Scan(b.fields()...)
	if isNoRows(err) {
		return b, ErrNotFound
	}
	if err != nil {
		return b, fmt.Errorf("store: agent bot: %w", err)
	}
	return b, nil
}

// HoldAgentBot keeps a bot that an account may use from being deleted until the
// transaction ends, so that something can refer to it; ErrNotFound when there is
// none.
func (t *Tx) HoldAgentBot(ctx context.Context, accountID, id int64) error {
	return t.hold(ctx, "agent bot", `SELECT b.id FROM agent_bots b WHERE `+ownOrSystem+`AND b.id = $2 `, accountID, id)
}

// HoldInbox does so with an inbox of an account.
func (t *Tx) HoldInbox(ctx context.Context, accountID, id int64) error {
	return t.hold(ctx, "inbox", `SELECT id FROM inboxes WHERE account_id = $1 AND id = $2 `, accountID, id)
}

func (t *Tx) hold(ctx context.Context, what, query string, args ...any) error {
	var id int64
	err := t.tx.QueryRowContext(ctx, query+t.s.d.hold, args...).Scan(&id)
	if isNoRows(err) {
		return ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("store: hold %s: %w", what, err)
	}
	return nil
}

// InsertAgentBot stores a bot without a picture, with an API token of its own, and
// gives its id.
func (t *Tx) InsertAgentBot(ctx context.Context, b AgentBotRow) (int64, error) {
	var id int64
	err := t.tx.QueryRowContext(ctx, `INSERT INTO agent_bots (account_id, name, description, outgoing_url, bot_type, bot_config, avatar_from,
			created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) RETURNING id`,
		b.AccountID, b.Name, b.Description, b.OutgoingURL, b.BotType, jsonObject(b.BotConfig), b.AvatarFrom, t.now()).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("store: insert agent bot: %w", err)
	}
	_, err = t.newToken(ctx, OwnerBot, id)
	return id, err
}

// UpdateAgentBot stores a bot as it shall be, but for its picture and its account.
func (t *Tx) UpdateAgentBot(ctx context.Context, b AgentBotRow) error {
	if _, err := t.tx.ExecContext(ctx, `UPDATE agent_bots SET name = $2, description = $3, outgoing_url = $4, bot_type = $5, bot_config = $6,
			avatar_from = $7, updated_at = $8 WHERE id = $1`,
		b.ID, b.Name, b.Description, b.OutgoingURL, b.BotType, jsonObject(b.BotConfig), b.AvatarFrom, t.now()); err != nil {
		return fmt.Errorf("store: update agent bot: %w", err)
	}
	return nil
}

// DeleteAgentBot deletes a bot that LockAgentBot gave, with its token, its picture
// and its links to inboxes. What it wrote stays, see ClearBotMessages.
func (t *Tx) DeleteAgentBot(ctx context.Context, b AgentBotRow) error {
	for _, query := range []string{
		`DELETE FROM access_tokens WHERE owner_type = 'AgentBot' AND owner_id = $1`,
		`DELETE FROM platform_permissions WHERE kind = 'AgentBot' AND record_id = $1`,
		`DELETE FROM agent_bots WHERE id = $1`, // with its links
	} {
		if _, err := t.tx.ExecContext(ctx, query, b.ID); err != nil {
			return fmt.Errorf("store: delete agent bot: %w", err)
		}
	}
	if b.AvatarBlobID != 0 {
		if err := t.DetachBlob(ctx, b.AvatarBlobID); err != nil {
			return err
		}
	}
	return t.bump(ctx, TopicChannels)
}

// ClearBotMessages takes a bot that is deleted off at most limit of its messages.
// done tells that none is left.
func (s *Store) ClearBotMessages(ctx context.Context, botID int64, limit int) (done bool, err error) {
	err = s.Transact(ctx, func(t *Tx) error {
		res, err := t.tx.ExecContext(ctx, `UPDATE messages SET sender_type = NULL, sender_id = NULL
			WHERE id IN (SELECT id FROM messages WHERE sender_type = 'AgentBot' AND sender_id = $1 ORDER BY id LIMIT $2 `+t.s.d.lock+`)`, botID, limit)
		if err != nil {
			return fmt.Errorf("store: clear messages of a bot: %w", err)
		}
		n, err := res.RowsAffected()
		done = n < int64(limit)
		return err
	})
	return done, err
}

// LinkAgentBot makes a bot work in an inbox, instead of the one that did. Both are
// held, see HoldAgentBot.
func (t *Tx) LinkAgentBot(ctx context.Context, accountID, inboxID, botID int64) error {
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO agent_bot_inboxes (inbox_id, agent_bot_id, account_id, status, created_at, updated_at)
		VALUES ($1, $2, $3, 0, $4, $4)
		ON CONFLICT (inbox_id) DO UPDATE SET agent_bot_id = excluded.agent_bot_id, status = 0, updated_at = excluded.updated_at`,
		inboxID, botID, accountID, t.now()); err != nil {
		return fmt.Errorf("store: link agent bot: %w", err)
	}
	return t.bump(ctx, TopicChannels)
}

// UnlinkAgentBot makes no bot work in an inbox.
func (t *Tx) UnlinkAgentBot(ctx context.Context, inboxID int64) error {
	gone, err := t.changed(ctx, "unlink agent bot", `DELETE FROM agent_bot_inboxes WHERE inbox_id = $1`, inboxID)
	if err != nil || !gone {
		return err
	}
	return t.bump(ctx, TopicChannels)
}

// BotLinked tells whether a bot works in an inbox of an account.
func (s *Store) BotLinked(ctx context.Context, accountID, botID int64) (bool, error) {
	linked, err := exists(ctx, s.r, `SELECT 1 FROM agent_bot_inboxes WHERE agent_bot_id = $1 AND account_id = $2 AND status = 0 LIMIT 1`, botID, accountID)
	if err != nil {
		return false, fmt.Errorf("store: bot linked: %w", err)
	}
	return linked, nil
}

// BotView is a bot as who wrote a message.
type BotView struct {
	ID           int64
	Name         *string
	AvatarBlobID int64 // 0: none
}

func (b *BotView) fields() []any { return []any{&b.ID, &b.Name, &b.AvatarBlobID} }

// BotViews reads bots by id.
func (s *Store) BotViews(ctx context.Context, botIDs []int64) (map[int64]BotView, error) {
	out := make(map[int64]BotView, len(botIDs))
	if len(botIDs) == 0 {
		return out, nil
	}
	rows, err := s.r.QueryContext(ctx, `SELECT b.id, b.name, COALESCE(b.avatar_blob_id, 0)
		FROM `+s.d.rows("$1", "id bigint")+` CROSS JOIN agent_bots b WHERE b.id = x.id`, ids(botIDs))
	if err != nil {
		return nil, fmt.Errorf("store: bots: %w", err)
	}
	list, err := collect(rows, "bots", (*BotView).fields)
	for _, b := range list {
		out[b.ID] = b
	}
	return out, err
}

// BotPicture tells where the picture of a bot is to be fetched from, and whose bot it
// is, 0: the installation's; ErrNotFound when nothing is to be fetched.
func (s *Store) BotPicture(ctx context.Context, botID int64) (from string, accountID int64, err error) {
	var account sql.NullInt64
	err = s.r.QueryRowContext(ctx, `SELECT avatar_from, account_id FROM agent_bots WHERE id = $1 AND avatar_from IS NOT NULL`, botID).Scan(&from, &account)
	if isNoRows(err) {
		return "", 0, ErrNotFound
	}
	if err != nil {
		return "", 0, fmt.Errorf("store: picture of a bot: %w", err)
	}
	return from, account.Int64, nil
}

// SetBotPicture ends the fetching of a bot's picture from an address; blobID is the
// picture, 0: there is none, and the old one stays. ErrNotFound when it is not
// fetched from there any more, or as SetAvatar says.
func (t *Tx) SetBotPicture(ctx context.Context, botID int64, from string, blobID int64) error {
	var account sql.NullInt64
	err := t.tx.QueryRowContext(ctx, `UPDATE agent_bots SET avatar_from = NULL WHERE id = $1 AND avatar_from = $2 RETURNING account_id`, botID, from).
		Scan(&account)
	if isNoRows(err) {
		return ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("store: picture of a bot: %w", err)
	}
	if blobID == 0 {
		return nil
	}
	return t.SetAvatar(ctx, AvatarBot, account.Int64, botID, blobID)
}
