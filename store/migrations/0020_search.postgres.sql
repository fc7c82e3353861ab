-- Search in messages and contacts; conversations whose newest message nobody has seen.
-- Oldest binary that runs on it: 0.1.0.

-- +goose Up
-- What the index knows: segments of 4096 ids of a table (kind 1: messages, 2: contacts).
-- documents is how many records there were, newest the latest created_at of them.
-- A segment without a row is read itself, so an index that is behind misses nothing.
CREATE TABLE search_segments (
    kind INTEGER NOT NULL,
    segment BIGINT NOT NULL,
    documents BIGINT NOT NULL,
    newest BIGINT NOT NULL,
    built_at BIGINT NOT NULL,
    checked_at BIGINT NOT NULL,
    PRIMARY KEY (kind, segment)
);

-- Where in a segment a piece of text occurs; a negative gram is no text but an inbox
-- or an account, see search_index.go. No history: a segment is written once, and anew
-- when it changed.
CREATE TABLE search_grams (
    kind INTEGER NOT NULL,
    segment BIGINT NOT NULL,
    gram BIGINT NOT NULL,
    places TEXT NOT NULL,
    PRIMARY KEY (kind, segment, gram)
);

-- Records whose text changed after their segment was built: a search reads them.
CREATE TABLE search_changes (
    kind INTEGER NOT NULL,
    record_id BIGINT NOT NULL,
    PRIMARY KEY (kind, record_id)
);

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION search_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_changes (kind, record_id) VALUES (TG_ARGV[0]::integer, NEW.id) ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER search_message_changed AFTER UPDATE OF content ON messages
    FOR EACH ROW WHEN (OLD.content IS DISTINCT FROM NEW.content)
    EXECUTE FUNCTION search_changed(1);
CREATE TRIGGER search_contact_changed AFTER UPDATE OF name, email, phone_number, identifier, additional_attributes ON contacts
    FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name OR OLD.email IS DISTINCT FROM NEW.email
        OR OLD.phone_number IS DISTINCT FROM NEW.phone_number OR OLD.identifier IS DISTINCT FROM NEW.identifier
        OR OLD.additional_attributes IS DISTINCT FROM NEW.additional_attributes)
    EXECUTE FUNCTION search_changed(2);

-- Conversations with something from the contact that nobody here has seen: as many rows
-- as badges count.
CREATE INDEX conversations_unread ON conversations (account_id, status, inbox_id)
    WHERE last_incoming_at > COALESCE(agent_last_seen_at, 0);

-- +goose Down
DROP INDEX conversations_unread;
DROP TRIGGER search_contact_changed ON contacts;
DROP TRIGGER search_message_changed ON messages;
DROP FUNCTION search_changed();
DROP TABLE search_changes;
DROP TABLE search_grams;
DROP TABLE search_segments;
