-- Signing in: sessions, tokens that mails and sign-in services carry, the second
-- factor, and what counts attempts. Oldest binary that runs on it: 0.1.0.

-- +goose Up
-- unconfirmed_email waits for its owner to confirm it. totp_secret is sealed;
-- totp_step is the last time step whose code was used.
ALTER TABLE users ADD COLUMN unconfirmed_email TEXT;
ALTER TABLE users ADD COLUMN sign_in_count BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN current_sign_in_at BIGINT;
ALTER TABLE users ADD COLUMN last_sign_in_at BIGINT;
ALTER TABLE users ADD COLUMN current_sign_in_ip TEXT;
ALTER TABLE users ADD COLUMN last_sign_in_ip TEXT;
ALTER TABLE users ADD COLUMN totp_secret TEXT;
ALTER TABLE users ADD COLUMN totp_step BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN mfa_enabled BOOLEAN NOT NULL DEFAULT FALSE;

-- One for each device. The token is found by user and client, and compared by its
-- digest.
CREATE TABLE user_sessions (
    id {{pk}},
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    client TEXT NOT NULL,
    digest TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX user_sessions_client ON user_sessions (user_id, client);
CREATE INDEX user_sessions_expiry ON user_sessions (expires_at);

-- What a link lets its holder do: confirm an address (email), choose a password,
-- sign in once. Only digests are kept. expires_at NULL: never.
CREATE TABLE user_tokens (
    digest TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    email TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    expires_at BIGINT
);
CREATE INDEX user_tokens_user ON user_tokens (user_id, kind, created_at);
CREATE INDEX user_tokens_expiry ON user_tokens (expires_at) WHERE expires_at IS NOT NULL;

-- Codes that stand in for a lost second factor, each once.
CREATE TABLE mfa_backup_codes (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    digest TEXT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (user_id, digest)
);

-- Requests counted in windows of time, where processes share nothing faster.
CREATE TABLE throttle_hits (
    name TEXT NOT NULL,
    ends_at BIGINT NOT NULL,
    hits BIGINT NOT NULL,
    PRIMARY KEY (name, ends_at)
);
CREATE INDEX throttle_hits_end ON throttle_hits (ends_at);

-- Mails that no server took, for the operator to read. content, which may have
-- links in it that open accounts, is sealed.
CREATE TABLE mails_held (
    id {{pk}},
    kind TEXT NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    content TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX mails_held_age ON mails_held (created_at);

-- +goose Down
DROP TABLE mails_held;
DROP TABLE throttle_hits;
DROP TABLE mfa_backup_codes;
DROP TABLE user_tokens;
DROP TABLE user_sessions;
ALTER TABLE users DROP COLUMN mfa_enabled;
ALTER TABLE users DROP COLUMN totp_step;
ALTER TABLE users DROP COLUMN totp_secret;
ALTER TABLE users DROP COLUMN last_sign_in_ip;
ALTER TABLE users DROP COLUMN current_sign_in_ip;
ALTER TABLE users DROP COLUMN last_sign_in_at;
ALTER TABLE users DROP COLUMN current_sign_in_at;
ALTER TABLE users DROP COLUMN sign_in_count;
ALTER TABLE users DROP COLUMN unconfirmed_email;
