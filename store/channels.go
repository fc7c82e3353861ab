package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"tributary/chat"
)

// ErrAddressTaken says that another channel has this address already.
var ErrAddressTaken = errors.New("store: channel address taken")

// ChannelRow is a channel with its settings in plain text. It lives in memory
// only.
type ChannelRow struct {
	ID                      int64
	AccountID               int64
	InboxID                 int64
	InboxName               string
	Type                    string
	Settings                json.RawMessage
	SignatureMode           string
	AuthorizationErrors     int
	ReauthorizationRequired bool
	// RegistrationIncomplete is a WhatsApp number that cannot work yet. SendHold is
	// what that, or Meta, does to replies: "held", "blocked" or ""; SendHoldReason is the
	// text about it, as JSON.
	RegistrationIncomplete bool
	SendHold               string
	SendHoldReason         string
	Registration           string // "", pending, registered, failed, Deleting
	RegistrationError      string
	AccountActive          bool
	LockToSingle           bool
	BotActive              bool // an agent bot works in the inbox
	// Templates tells that the desk itself may have something to say to a contact who
	// writes: a greeting, that nobody is there, a question for the address.
	Templates bool
	// Locale is the account's. Whoever changes it, or the account's status, bumps
	// TopicChannels.
	Locale int
}

// Address is a name under which webhooks find a channel. Scope is 0 for names
// that exist once per installation, else the account.
type Address struct {
	chat.Address
	Scope int64
}

const channelColumns = `SELECT c.id, c.account_id, i.id, i.name, c.type, c.settings, c.signature_mode, c.authorization_errors,
	c.reauthorization_required, c.registration_incomplete, c.send_hold, c.send_hold_reason, c.registration, c.registration_error,
	a.status = 0, i.lock_to_single_conversation, a.locale,
	EXISTS (SELECT 1 FROM agent_bot_inboxes b WHERE b.inbox_id = i.id AND b.status = 0),
	(i.greeting_enabled AND COALESCE(i.greeting_message, '') <> '') OR (i.working_hours_enabled AND COALESCE(i.out_of_office_message, '') <> '')
		OR (i.enable_email_collect AND i.channel_type = 'Channel::WebWidget')
	FROM channels c JOIN inboxes i ON i.channel_id = c.id JOIN accounts a ON a.id = c.account_id `

func (s *Store) scanChannel(r interface{ Scan(...any) error }) (ChannelRow, error) {
	var c ChannelRow
	var sealed string
	if err := r.Scan(&c.ID, &c.AccountID, &c.InboxID, &c.InboxName, &c.Type, &sealed, &c.SignatureMode, &c.AuthorizationErrors,
		&c.ReauthorizationRequired, &c.RegistrationIncomplete, &c.SendHold, &c.SendHoldReason, &c.Registration, &c.RegistrationError,
		&c.AccountActive, &c.LockToSingle, &c.Locale, &c.BotActive, &c.Templates); err != nil {
		return c, err
	}
	plain, err := s.sealer.Open("channel", sealed)
	if err != nil {
		return c, fmt.Errorf("channel %d: %w", c.ID, err)
	}
	c.Settings = plain
	return c, nil
}

// Channels reads all channels of the installation.
func (s *Store) Channels(ctx context.Context) ([]ChannelRow, error) {
	rows, err := s.r.QueryContext(ctx, channelColumns+`ORDER BY c.id`)
	if err != nil {
		return nil, fmt.Errorf("store: channels: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []ChannelRow
	for rows.Next() {
		c, err := s.scanChannel(rows)
		if err != nil {
			return nil, fmt.Errorf("store: channels: %w", err)
		}
		out = append(out, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: channels: %w", err)
	}
	return out, nil
}

// ChannelOfInbox reads one.
func (s *Store) ChannelOfInbox(ctx context.Context, inboxID int64) (ChannelRow, error) {
	c, err := s.scanChannel(s.r.QueryRowContext(ctx, channelColumns+`WHERE i.id = $1`, inboxID))
	if isNoRows(err) {
		return c, ErrNotFound
	}
	if err != nil {
		return c, fmt.Errorf("store: channel of inbox: %w", err)
	}
	return c, nil
}

// NewChannel is a channel about to be stored with its inbox.
type NewChannel struct {
	AccountID     int64
	Type          string
	Settings      json.RawMessage
	SignatureMode string
	Addresses     []Address
	// Registration is "pending" when our webhook still has to be installed.
	Registration string
}

// InsertChannel stores a channel; ErrAddressTaken when it exists already.
func (t *Tx) InsertChannel(ctx context.Context, c NewChannel) (int64, error) {
	var id int64
	err := t.tx.QueryRowContext(ctx, `INSERT INTO channels (account_id, type, settings, signature_mode, registration, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $6) RETURNING id`,
		c.AccountID, c.Type, t.s.sealer.Seal("channel", c.Settings), c.SignatureMode, c.Registration, t.now()).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("store: insert channel: %w", err)
	}
	if err := t.putAddresses(ctx, id, c.Addresses); err != nil {
		return 0, err
	}
	return id, t.bump(ctx, TopicChannels)
}

func (t *Tx) putAddresses(ctx context.Context, channelID int64, list []Address) error {
	for _, a := range list {
		_, err := t.tx.ExecContext(ctx, `INSERT INTO channel_addresses (kind, value, scope, channel_id) VALUES ($1, $2, $3, $4)`,
			a.Kind, a.Value, a.Scope, channelID)
		if uniqueViolation(err) {
			return ErrAddressTaken
		}
		if err != nil {
			return fmt.Errorf("store: insert channel address: %w", err)
		}
	}
	return nil
}

// AddressTaken tells whether a channel has this address.
func (s *Store) AddressTaken(ctx context.Context, a Address) (bool, error) {
	ok, err := exists(ctx, s.r, `SELECT 1 FROM channel_addresses WHERE kind = $1 AND value = $2 AND scope = $3`, a.Kind, a.Value, a.Scope)
	if err != nil {
		return false, fmt.Errorf("store: channel address: %w", err)
	}
	return ok, nil
}

// UpdateChannelSettings replaces a channel's settings and addresses and clears
// its authorisation errors. pending says that our webhook has to be installed
// again.
func (t *Tx) UpdateChannelSettings(ctx context.Context, channelID int64, settings json.RawMessage, addresses []Address, pending bool) error {
	registration := ""
	if pending {
		registration = "pending"
	}
	if _, err := t.tx.ExecContext(ctx, `UPDATE channels SET settings = $2, registration_error = '',
		registration = CASE WHEN registration = '`+Deleting+`' THEN registration ELSE $3 END,
		authorization_errors = 0, reauthorization_required = FALSE, updated_at = $4 WHERE id = $1`,
		channelID, t.s.sealer.Seal("channel", settings), registration, t.now()); err != nil {
		return fmt.Errorf("store: update channel: %w", err)
	}
	if _, err := t.tx.ExecContext(ctx, `DELETE FROM channel_addresses WHERE channel_id = $1`, channelID); err != nil {
		return fmt.Errorf("store: update channel addresses: %w", err)
	}
	if err := t.putAddresses(ctx, channelID, addresses); err != nil {
		return err
	}
	return t.bump(ctx, TopicChannels)
}

// SetSignatureMode sets what a channel does with unproven webhooks; empty: what
// the installation does.
func (t *Tx) SetSignatureMode(ctx context.Context, channelID int64, mode string) error {
	if _, err := t.tx.ExecContext(ctx, `UPDATE channels SET signature_mode = $2, updated_at = $3 WHERE id = $1`,
		channelID, mode, t.now()); err != nil {
		return fmt.Errorf("store: set signature mode: %w", err)
	}
	return t.bump(ctx, TopicChannels)
}

// Deleting is the registration of a channel whose inbox is about to be deleted.
const Deleting = "deleting"

// MarkDeleting notes that the inbox of a channel is about to be deleted. Nothing
// takes that back.
func (t *Tx) MarkDeleting(ctx context.Context, inboxID int64) error {
	if _, err := t.tx.ExecContext(ctx, `UPDATE channels SET registration = '`+Deleting+`', updated_at = $2
		WHERE id = (SELECT channel_id FROM inboxes WHERE id = $1)`, inboxID, t.now()); err != nil {
		return fmt.Errorf("store: mark channel: %w", err)
	}
	return t.bump(ctx, TopicChannels)
}

// SetRegistration records whether our webhook is installed at the provider.
func (s *Store) SetRegistration(ctx context.Context, channelID int64, state, reason string) error {
	return s.Transact(ctx, func(t *Tx) error {
		if _, err := t.tx.ExecContext(ctx, `UPDATE channels SET registration_error = $3, updated_at = $4,
			registration = CASE WHEN registration = '`+Deleting+`' THEN registration ELSE $2 END WHERE id = $1`,
			channelID, state, reason, t.now()); err != nil {
			return fmt.Errorf("store: set registration: %w", err)
		}
		return t.bump(ctx, TopicChannels)
	})
}

// CountAuthorizationError adds one to a channel's counter and flags it for
// re-authorisation from threshold on. It tells whether the flag was newly set.
func (t *Tx) CountAuthorizationError(ctx context.Context, channelID int64, threshold int) (flagged bool, err error) {
	var count int
	var before bool
	err = t.tx.QueryRowContext(ctx, `UPDATE channels SET authorization_errors = authorization_errors + 1 WHERE id = $1
		RETURNING authorization_errors, reauthorization_required`, channelID).Scan(&count, &before)
	if isNoRows(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("store: count authorization error: %w", err)
	}
	if before || count < threshold {
		return false, nil
	}
	if _, err := t.tx.ExecContext(ctx, `UPDATE channels SET reauthorization_required = TRUE, updated_at = $2 WHERE id = $1`,
		channelID, t.now()); err != nil {
		return false, fmt.Errorf("store: flag for reauthorization: %w", err)
	}
	return true, t.bump(ctx, TopicChannels)
}

// ClearAuthorization forgets a channel's authorisation errors, and that it has to be
// authorised again. It tells whether there was anything to forget.
func (t *Tx) ClearAuthorization(ctx context.Context, channelID int64) (bool, error) {
	cleared, err := t.changed(ctx, "clear authorization", `UPDATE channels SET authorization_errors = 0, reauthorization_required = FALSE, updated_at = $2
		WHERE id = $1 AND (authorization_errors > 0 OR reauthorization_required)`, channelID, t.now())
	if err != nil || !cleared {
		return false, err
	}
	return true, t.bump(ctx, TopicChannels)
}

// Topics of the change feed.
const (
	TopicChannels = "channels"
	TopicSettings = "settings"
)

func (t *Tx) bump(ctx context.Context, topic string) error {
	if _, err := t.tx.ExecContext(ctx, `UPDATE change_versions SET version = version + 1 WHERE topic = $1`, topic); err != nil {
		return fmt.Errorf("store: change feed: %w", err)
	}
	return nil
}

// Version is how often a topic changed: a cache of it is current while the
// version is.
func (s *Store) Version(ctx context.Context, topic string) (int64, error) {
	var v int64
	if err := s.r.QueryRowContext(ctx, `SELECT version FROM change_versions WHERE topic = $1`, topic).Scan(&v); err != nil {
		return 0, fmt.Errorf("store: change feed: %w", err)
	}
	return v, nil
}

// Settings reads the installation's settings.
func (s *Store) Settings(ctx context.Context) (map[string]string, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT name, sealed FROM installation_settings`)
	if err != nil {
		return nil, fmt.Errorf("store: settings: %w", err)
	}
	defer func() { _ = rows.Close() }()
	out := map[string]string{}
	for rows.Next() {
		var name, sealed string
		if err := rows.Scan(&name, &sealed); err != nil {
			return nil, fmt.Errorf("store: settings: %w", err)
		}
		if name == sealCheck {
			continue // not for those who ask for settings
		}
		plain, err := s.sealer.Open("setting", sealed)
		if err != nil {
			return nil, fmt.Errorf("store: setting %s: %w", name, err)
		}
		out[name] = string(plain)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: settings: %w", err)
	}
	return out, nil
}

// PutSetting stores an installation setting.
func (s *Store) PutSetting(ctx context.Context, name, value string) error {
	return s.Transact(ctx, func(t *Tx) error {
		if _, err := t.tx.ExecContext(ctx, `INSERT INTO installation_settings (name, sealed, updated_at) VALUES ($1, $2, $3)
			ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed, updated_at = excluded.updated_at`,
			name, s.sealer.Seal("setting", []byte(value)), t.now()); err != nil {
			return fmt.Errorf("store: put setting: %w", err)
		}
		return t.bump(ctx, TopicSettings)
	})
}

// exists runs a query that gives a row or none.
func exists(ctx context.Context, q queryer, query string, args ...any) (bool, error) {
	var one int
	err := q.QueryRowContext(ctx, query, args...).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}
