-- Files: what is known of each stored file, where its bytes are, what uses it.
-- Oldest binary that runs on it: 0.1.0.

-- +goose Up
-- key names the bytes within the service service_name. checksum is the MD5 in
-- base64, as HTTP writes it; sha256, hexadecimal, is empty when the bytes went
-- straight to the service. stored_at is empty until the bytes are complete.
-- expires_unattached_at is when a file that nothing uses yet is removed; it is
-- empty once something does.
CREATE TABLE blobs (
    id {{pk}},
    key TEXT NOT NULL UNIQUE,
    filename TEXT NOT NULL,
    content_type TEXT NOT NULL,
    byte_size BIGINT NOT NULL DEFAULT 0,
    checksum TEXT NOT NULL DEFAULT '',
    sha256 TEXT NOT NULL DEFAULT '',
    width INTEGER,
    height INTEGER,
    service_name TEXT NOT NULL,
    metadata TEXT NOT NULL DEFAULT '{}',
    account_id BIGINT,
    created_at BIGINT NOT NULL,
    stored_at BIGINT,
    expires_unattached_at BIGINT
);
CREATE INDEX blobs_unattached ON blobs (expires_unattached_at) WHERE expires_unattached_at IS NOT NULL;
CREATE INDEX blobs_account ON blobs (account_id) WHERE account_id IS NOT NULL;

-- A form of a picture that was made from it.
CREATE TABLE blob_variants (
    blob_id BIGINT NOT NULL REFERENCES blobs (id) ON DELETE CASCADE,
    variation TEXT NOT NULL,
    key TEXT NOT NULL UNIQUE,
    service_name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    byte_size BIGINT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (blob_id, variation)
);

-- No foreign keys: removing a file must not search these tables. A file in use is
-- never removed, because it has no expires_unattached_at.
ALTER TABLE attachments ADD COLUMN blob_id BIGINT;
ALTER TABLE contacts ADD COLUMN avatar_blob_id BIGINT;
ALTER TABLE users ADD COLUMN avatar_blob_id BIGINT;
ALTER TABLE inboxes ADD COLUMN avatar_blob_id BIGINT;
CREATE INDEX attachments_blob ON attachments (blob_id) WHERE blob_id IS NOT NULL;

-- +goose Down
DROP INDEX attachments_blob;
ALTER TABLE inboxes DROP COLUMN avatar_blob_id;
ALTER TABLE users DROP COLUMN avatar_blob_id;
ALTER TABLE contacts DROP COLUMN avatar_blob_id;
ALTER TABLE attachments DROP COLUMN blob_id;
DROP TABLE blob_variants;
DROP TABLE blobs;
