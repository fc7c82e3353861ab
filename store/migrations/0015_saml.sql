-- Accounts whose users another service signs in (SAML), and the assertions of such
-- services that were used. Oldest binary that runs on it: 0.1.0.

-- +goose Up
-- certificate is PEM, and public. role_mappings is an object, as JSON: what members
-- of a group of the service become.
CREATE TABLE saml_settings (
    id {{pk}},
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    sso_url TEXT NOT NULL,
    certificate TEXT NOT NULL,
    idp_entity_id TEXT NOT NULL,
    sp_entity_id TEXT NOT NULL,
    role_mappings TEXT NOT NULL DEFAULT '{}',
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX saml_settings_account ON saml_settings (account_id);

-- An assertion signs in once, whichever process it is shown to. Only the digest of
-- its id is kept, for as long as it would be believed.
CREATE TABLE saml_assertions (
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    digest TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, digest)
);
CREATE INDEX saml_assertions_expiry ON saml_assertions (expires_at);

-- +goose Down
DROP TABLE saml_assertions;
DROP TABLE saml_settings;
