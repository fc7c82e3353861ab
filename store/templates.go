package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// TemplatesDue finds those of the channels whose templates were never asked for,
// or not since before: the longest waiting first, at most limit of them.
func (s *Store) TemplatesDue(ctx context.Context, channelIDs []int64, before time.Time, limit int) ([]int64, error) {
	if len(channelIDs) == 0 {
		return nil, nil
	}
	rows, err := s.r.QueryContext(ctx, `SELECT c.id FROM `+s.d.rows("$1", "id bigint")+` CROSS JOIN channels c
		WHERE c.id = x.id AND (c.templates_synced_at IS NULL OR c.templates_synced_at <= $2)
		ORDER BY COALESCE(c.templates_synced_at, 0), c.id LIMIT $3`, ids(channelIDs), micros(before), limit)
	if err != nil {
		return nil, fmt.Errorf("store: templates due: %w", err)
	}
	return collect(rows, "templates due", func(id *int64) []any { return []any{id} })
}

// StampTemplates notes that the templates of a channel are asked for now. It
// comes before the call, so that a provider who never answers is not asked again
// at once.
func (s *Store) StampTemplates(ctx context.Context, channelID int64) error {
	if _, err := s.w.ExecContext(ctx, `UPDATE channels SET templates_synced_at = $2 WHERE id = $1`, channelID, micros(s.now())); err != nil {
		return fmt.Errorf("store: stamp templates: %w", err)
	}
	return nil
}

// SwapSettings replaces a channel's settings when they still are what the caller
// worked from, and tells whether they were. Unlike UpdateChannelSettings it is the
// server's own change: addresses, registration and counters stay.
func (t *Tx) SwapSettings(ctx context.Context, channelID int64, was, settings json.RawMessage) (bool, error) {
	var sealed string
	err := t.tx.QueryRowContext(ctx, `SELECT c.settings FROM channels c WHERE c.id = $1 `+t.s.d.lockOf("c"), channelID).Scan(&sealed)
	if isNoRows(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("store: swap settings: %w", err)
	}
	current, err := t.s.sealer.Open("channel", sealed)
	if err != nil {
		return false, fmt.Errorf("store: swap settings: channel %d: %w", channelID, err)
	}
	if !bytes.Equal(current, was) {
		return false, nil
	}
	if _, err := t.tx.ExecContext(ctx, `UPDATE channels SET settings = $2 WHERE id = $1`, channelID, t.s.sealer.Seal("channel", settings)); err != nil {
		return false, fmt.Errorf("store: swap settings: %w", err)
	}
	return true, t.bump(ctx, TopicChannels)
}
