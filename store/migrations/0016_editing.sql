-- Who takes part in a conversation: was assigned to it, named in it, or joined.
-- Oldest binary that runs on it: 0.1.0.

-- +goose Up
CREATE TABLE conversation_participants (
    conversation_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    account_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
);
CREATE INDEX conversation_participants_user ON conversation_participants (account_id, user_id, conversation_id);

-- +goose Down
DROP TABLE conversation_participants;
