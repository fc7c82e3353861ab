-- Drafts of replies, and who was named in the notes of a conversation.
-- Oldest binary that runs on it: 0.1.0.

-- +goose Up
-- One draft for each conversation, which all its agents share.
CREATE TABLE conversation_drafts (
    conversation_id BIGINT PRIMARY KEY REFERENCES conversations (id) ON DELETE CASCADE,
    message TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE mentions (
    conversation_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    account_id BIGINT NOT NULL,
    mentioned_at BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
);
CREATE INDEX mentions_user ON mentions (user_id, account_id, conversation_id);

-- what the desk itself wrote to a contact: few messages, whatever the conversation
CREATE INDEX messages_templates ON messages (conversation_id, created_at) WHERE message_type = 3;

-- +goose Down
DROP INDEX messages_templates;
DROP TABLE mentions;
DROP TABLE conversation_drafts;
