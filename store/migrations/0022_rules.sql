-- What teams write down once and use often: labels, canned responses, macros,
-- automation rules; and what is done to many conversations at once.
-- Oldest binary that runs on it: 0.1.0.

-- +goose Up
-- Titles are stored in small letters. Conversations and contacts carry names of
-- labels, not references: a label that is deleted leaves them what they are called.
CREATE TABLE labels (
    id {{pk}},
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    title TEXT NOT NULL,
    description TEXT,
    color TEXT NOT NULL,
    show_on_sidebar BOOLEAN,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX labels_title ON labels (account_id, title);

CREATE TABLE canned_responses (
    id {{pk}},
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    short_code TEXT NOT NULL,
    content TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX canned_responses_code ON canned_responses (account_id, short_code);

-- visibility: 0 personal, 1 global. actions is a list of {action_name,
-- action_params}, as JSON.
CREATE TABLE macros (
    id {{pk}},
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    visibility INTEGER NOT NULL DEFAULT 0,
    created_by_id BIGINT REFERENCES users (id) ON DELETE SET NULL,
    updated_by_id BIGINT REFERENCES users (id) ON DELETE SET NULL,
    actions TEXT NOT NULL DEFAULT '[]',
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX macros_account ON macros (account_id, id);
CREATE INDEX macros_author ON macros (created_by_id) WHERE created_by_id IS NOT NULL;
CREATE INDEX macros_editor ON macros (updated_by_id) WHERE updated_by_id IS NOT NULL;

-- conditions and actions are lists, as JSON. failures counts how often the
-- conditions could not be evaluated since they were last changed.
CREATE TABLE automation_rules (
    id {{pk}},
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    description TEXT,
    event_name TEXT NOT NULL,
    conditions TEXT NOT NULL DEFAULT '[]',
    actions TEXT NOT NULL DEFAULT '[]',
    active BOOLEAN NOT NULL DEFAULT TRUE,
    failures INTEGER NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX automation_rules_account ON automation_rules (account_id, id);
CREATE INDEX automation_rules_event ON automation_rules (account_id, event_name) WHERE active;

-- Files that canned responses, macros and rules keep, besides attachments of
-- messages. owner is which of them owner_id counts. No foreign keys: removing a file
-- must not search this table.
CREATE TABLE kept_files (
    id {{pk}},
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    owner TEXT NOT NULL,
    owner_id BIGINT NOT NULL,
    blob_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX kept_files_owner ON kept_files (owner, owner_id, blob_id);
CREATE INDEX kept_files_blob ON kept_files (blob_id);
CREATE INDEX kept_files_account ON kept_files (account_id);

-- A change of many conversations. request is what was asked for, failures what could
-- not be done, both as JSON; cursor is the last conversation (display id) that was
-- looked at, so that a run goes on where the last one ended.
CREATE TABLE bulk_actions (
    id {{pk}},
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    state TEXT NOT NULL,
    request TEXT NOT NULL,
    failures TEXT NOT NULL DEFAULT '[]',
    total BIGINT NOT NULL DEFAULT 0,
    done BIGINT NOT NULL DEFAULT 0,
    failed BIGINT NOT NULL DEFAULT 0,
    cursor_id BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX bulk_actions_account ON bulk_actions (account_id, id);
CREATE INDEX bulk_actions_user ON bulk_actions (user_id);
CREATE INDEX bulk_actions_finished ON bulk_actions (finished_at) WHERE finished_at IS NOT NULL;

-- +goose Down
DROP TABLE bulk_actions;
DROP TABLE kept_files;
DROP TABLE automation_rules;
DROP TABLE macros;
DROP TABLE canned_responses;
DROP TABLE labels;
