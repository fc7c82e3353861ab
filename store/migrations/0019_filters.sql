-- Custom attributes, saved filters, imports and exports of contacts.
-- Oldest binary that runs on it: 0.1.0.

-- +goose Up
-- attribute_display_type is 0 text, 1 number, 2 currency, 3 percent, 4 link, 5 date, 6 list,
-- 7 checkbox; attribute_model is 0 conversation, 1 contact. attribute_values is a list, as JSON.
CREATE TABLE custom_attribute_definitions (
    id {{pk}},
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    attribute_display_name TEXT NOT NULL,
    attribute_description TEXT,
    attribute_display_type INTEGER NOT NULL DEFAULT 0,
    attribute_key TEXT NOT NULL,
    attribute_model INTEGER NOT NULL DEFAULT 0,
    regex_pattern TEXT,
    regex_cue TEXT,
    attribute_values TEXT NOT NULL DEFAULT '[]',
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX custom_attribute_definitions_key ON custom_attribute_definitions (account_id, attribute_model, attribute_key);

-- filter_type is 0 conversation, 1 contact, 2 report. query is JSON.
CREATE TABLE custom_filters (
    id {{pk}},
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    filter_type INTEGER NOT NULL DEFAULT 0,
    query TEXT NOT NULL DEFAULT '{}',
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX custom_filters_owner ON custom_filters (user_id, account_id, id);
CREATE INDEX custom_filters_account ON custom_filters (account_id);

-- status is 0 pending, 1 processing, 2 completed, 3 failed. blob_id is the file,
-- failed_blob_id that of the rows which were not taken. position is how many bytes of the file
-- are done with, row_number how many rows; checked_at is when the whole file was found to be
-- well-formed, with total_records rows.
CREATE TABLE contact_imports (
    id {{pk}},
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    user_id BIGINT,
    status INTEGER NOT NULL DEFAULT 0,
    blob_id BIGINT,
    failed_blob_id BIGINT,
    total_records BIGINT NOT NULL DEFAULT 0,
    processed_records BIGINT NOT NULL DEFAULT 0,
    failed_records BIGINT NOT NULL DEFAULT 0,
    position BIGINT NOT NULL DEFAULT 0,
    row_number BIGINT NOT NULL DEFAULT 0,
    headers TEXT NOT NULL DEFAULT '[]',
    checked_at BIGINT,
    finished_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX contact_imports_account ON contact_imports (account_id, id);

-- Rows that were not taken, until the file of them is written. record is the row, as a JSON
-- list; errors is why.
CREATE TABLE contact_import_failures (
    import_id BIGINT NOT NULL REFERENCES contact_imports (id) ON DELETE CASCADE,
    row_number BIGINT NOT NULL,
    record TEXT NOT NULL,
    errors TEXT NOT NULL,
    PRIMARY KEY (import_id, row_number)
);

-- the one file of contacts that an account has exported
ALTER TABLE accounts ADD COLUMN contacts_export_blob_id BIGINT;

-- +goose Down
ALTER TABLE accounts DROP COLUMN contacts_export_blob_id;
DROP TABLE contact_import_failures;
DROP TABLE contact_imports;
DROP TABLE custom_filters;
DROP TABLE custom_attribute_definitions;
