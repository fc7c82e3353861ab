-- What a provider was told about the agents' presence in a conversation: when it
-- was last asked to show that somebody is typing, and up to which incoming message
-- it was told that the conversation was read. Oldest binary that runs on it: 0.1.0.

-- +goose Up
ALTER TABLE conversations ADD COLUMN typing_shown_at BIGINT;
ALTER TABLE conversations ADD COLUMN read_marked_id BIGINT;

-- +goose Down
ALTER TABLE conversations DROP COLUMN read_marked_id;
ALTER TABLE conversations DROP COLUMN typing_shown_at;
