-- Who runs the installation: platform apps with what they may act on, the
-- operators' console, the first start. Oldest binary that runs on it: 0.1.0.

-- +goose Up
-- What a platform app may act on: records that it made, or that it was given. kind
-- is User, Account or AgentBot; the records know nothing of it.
CREATE TABLE platform_permissions (
    platform_app_id BIGINT NOT NULL REFERENCES platform_apps (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    record_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (platform_app_id, kind, record_id)
);
CREATE INDEX platform_permissions_record ON platform_permissions (kind, record_id);

-- Where super admins are signed in. Only digests are kept.
CREATE TABLE console_sessions (
    digest TEXT PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX console_sessions_user ON console_sessions (user_id);
CREATE INDEX console_sessions_expiry ON console_sessions (expires_at);

-- What the installation still waits for. onboarding: a browser may make the first
-- administrator. A database with an account has had one.
CREATE TABLE installation_marks (
    name TEXT PRIMARY KEY
);
INSERT INTO installation_marks (name) SELECT 'onboarding' WHERE NOT EXISTS (SELECT 1 FROM accounts);

-- The other form of a mail that is held, sealed like content; empty: there is none.
ALTER TABLE mails_held ADD COLUMN html TEXT NOT NULL DEFAULT '';

-- an account that is deleted takes these along bit by bit
CREATE INDEX contacts_account ON contacts (account_id, id);
CREATE INDEX channels_account ON channels (account_id);
CREATE INDEX jobs_dead ON jobs (account_id) WHERE state = 'dead';

-- +goose Down
DROP INDEX jobs_dead;
DROP INDEX channels_account;
DROP INDEX contacts_account;
ALTER TABLE mails_held DROP COLUMN html;
DROP TABLE installation_marks;
DROP TABLE console_sessions;
DROP TABLE platform_permissions;
