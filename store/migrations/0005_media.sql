-- What a contact's picture was made of, so that the same one is not fetched again:
-- a digest of its address, and when it was last fetched. Oldest binary that runs
-- on it: 0.1.0.

-- +goose Up
ALTER TABLE contacts ADD COLUMN avatar_source TEXT NOT NULL DEFAULT '';
ALTER TABLE contacts ADD COLUMN avatar_synced_at BIGINT;

-- +goose Down
ALTER TABLE contacts DROP COLUMN avatar_synced_at;
ALTER TABLE contacts DROP COLUMN avatar_source;
