-- What tells a provider's repetition from news. Oldest binary that runs on it:
-- 0.1.0.

-- +goose Up
-- Changes that were applied: edits, deletions, reactions, wishes. Repeated after
-- later ones they would bring back a state that is over. subject is what they are
-- about, happened_at (0: unknown) orders those of one subject. Kept for a while
-- only, see housekeeping; inbox_id is no reference, so that no inbox is locked.
CREATE TABLE applied_changes (
    inbox_id BIGINT NOT NULL,
    ingest_key TEXT NOT NULL,
    subject TEXT NOT NULL,
    happened_at BIGINT NOT NULL,
    applied_at BIGINT NOT NULL,
    PRIMARY KEY (inbox_id, ingest_key)
);
CREATE INDEX applied_changes_subject ON applied_changes (inbox_id, subject, happened_at);
CREATE INDEX applied_changes_age ON applied_changes (applied_at);

-- The provider reported that it could not deliver this part after all: a retry
-- sends it again.
ALTER TABLE message_provider_ids ADD COLUMN failed BOOLEAN NOT NULL DEFAULT FALSE;
-- When the message was last ordered to be sent again: what a contact had seen
-- before says nothing about it.
ALTER TABLE messages ADD COLUMN resent_at BIGINT;

-- +goose Down
ALTER TABLE messages DROP COLUMN resent_at;
ALTER TABLE message_provider_ids DROP COLUMN failed;
DROP TABLE applied_changes;
