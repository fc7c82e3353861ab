-- When the message templates of a channel were last asked for, whatever came of
-- it. Oldest binary that runs on it: 0.1.0.

-- +goose Up
ALTER TABLE channels ADD COLUMN templates_synced_at BIGINT;

-- +goose Down
ALTER TABLE channels DROP COLUMN templates_synced_at;
