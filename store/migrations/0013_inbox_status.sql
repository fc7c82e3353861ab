-- Members of inboxes with an id, which the audit log names; versions and requests of
-- audit entries; how the webhooks of inboxes are doing.
-- Oldest binary that runs on it: 0.1.0.

-- +goose Up
CREATE TABLE inbox_members_copy AS SELECT inbox_id, user_id, created_at FROM inbox_members;
DROP TABLE inbox_members;
CREATE TABLE inbox_members (
    id {{pk}},
    inbox_id BIGINT NOT NULL REFERENCES inboxes (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL
);
INSERT INTO inbox_members (inbox_id, user_id, created_at)
    SELECT inbox_id, user_id, created_at FROM inbox_members_copy ORDER BY inbox_id, user_id;
DROP TABLE inbox_members_copy;
CREATE UNIQUE INDEX inbox_members_member ON inbox_members (inbox_id, user_id);
CREATE INDEX inbox_members_user ON inbox_members (user_id);

-- version counts the entries of a record from 1; request_uuid names the request that
-- made the change.
ALTER TABLE audits ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE audits ADD COLUMN request_uuid TEXT NOT NULL DEFAULT '';
CREATE INDEX audits_record ON audits (auditable_type, auditable_id, version);
UPDATE audits SET
    version = (SELECT COUNT(*) FROM audits b
        WHERE b.auditable_type = audits.auditable_type AND b.auditable_id = audits.auditable_id AND b.id <= audits.id),
    -- nobody noted the requests of these: ids that look like any other
    request_uuid = '00000000-0000-4000-8000-' || SUBSTR('000000000000' || CAST(id AS TEXT), LENGTH(CAST(id AS TEXT)) + 1);

-- What is known of an inbox's webhooks; times in microseconds. last_conversation_id
-- may name one that is gone. announced_at is when administrators were last told.
CREATE TABLE inbox_webhooks (
    inbox_id BIGINT PRIMARY KEY REFERENCES inboxes (id) ON DELETE CASCADE,
    verified_at BIGINT,
    first_event_at BIGINT,
    last_event_at BIGINT,
    last_conversation_id BIGINT,
    announced_at BIGINT NOT NULL DEFAULT 0
);

-- Webhooks of an inbox that were refused, by cause, counted in slices of time that
-- begin at slice (microseconds).
CREATE TABLE inbox_webhook_refusals (
    inbox_id BIGINT NOT NULL REFERENCES inboxes (id) ON DELETE CASCADE,
    slice BIGINT NOT NULL,
    cause TEXT NOT NULL,
    refused BIGINT NOT NULL,
    PRIMARY KEY (inbox_id, slice, cause)
);
CREATE INDEX inbox_webhook_refusals_age ON inbox_webhook_refusals (slice);

-- +goose Down
DROP TABLE inbox_webhook_refusals;
DROP TABLE inbox_webhooks;
DROP INDEX audits_record;
ALTER TABLE audits DROP COLUMN request_uuid;
ALTER TABLE audits DROP COLUMN version;
CREATE TABLE inbox_members_copy AS SELECT inbox_id, user_id, created_at FROM inbox_members;
DROP TABLE inbox_members;
CREATE TABLE inbox_members (
    inbox_id BIGINT NOT NULL REFERENCES inboxes (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (inbox_id, user_id)
);
INSERT INTO inbox_members (inbox_id, user_id, created_at) SELECT inbox_id, user_id, created_at FROM inbox_members_copy;
DROP TABLE inbox_members_copy;
CREATE INDEX inbox_members_user ON inbox_members (user_id);
