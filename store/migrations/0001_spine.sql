-- The spine: accounts, people, inboxes, conversations, what waits to be sent.
-- Oldest binary that runs on it: 0.1.0.
-- Times are microseconds since 1970 in UTC. JSON is text, so that the order of
-- keys that a client sent is kept. {{pk}} is the dialect's auto-increment key.

-- +goose Up
CREATE TABLE accounts (
    id {{pk}},
    name TEXT NOT NULL,
    status INTEGER NOT NULL DEFAULT 0,
    locale INTEGER NOT NULL DEFAULT 0,
    domain TEXT,
    support_email TEXT,
    features BIGINT NOT NULL DEFAULT 0,
    limits TEXT NOT NULL DEFAULT '{}',
    settings TEXT NOT NULL DEFAULT '{}',
    custom_attributes TEXT NOT NULL DEFAULT '{}',
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- Display ids come from here and not from accounts, so that counting locks no
-- account row.
CREATE TABLE account_sequences (
    account_id BIGINT PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    last_display_id BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE users (
    id {{pk}},
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    display_name TEXT,
    type TEXT,
    provider TEXT NOT NULL DEFAULT 'email',
    password_hash TEXT NOT NULL DEFAULT '',
    confirmed_at BIGINT,
    pubsub_token TEXT NOT NULL UNIQUE,
    message_signature TEXT,
    ui_settings TEXT NOT NULL DEFAULT '{}',
    custom_attributes TEXT NOT NULL DEFAULT '{}',
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX users_email ON users (email);

CREATE TABLE account_users (
    id {{pk}},
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role INTEGER NOT NULL DEFAULT 0,
    inviter_id BIGINT,
    availability INTEGER NOT NULL DEFAULT 0,
    auto_offline BOOLEAN NOT NULL DEFAULT TRUE,
    active_at BIGINT,
    custom_role_id BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX account_users_member ON account_users (account_id, user_id);
CREATE INDEX account_users_user ON account_users (user_id);

CREATE TABLE platform_apps (
    id {{pk}},
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- A token is found by its digest and shown from its sealed form.
CREATE TABLE access_tokens (
    id {{pk}},
    owner_type TEXT NOT NULL,
    owner_id BIGINT NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    sealed TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX access_tokens_owner ON access_tokens (owner_type, owner_id);

CREATE TABLE installation_settings (
    name TEXT PRIMARY KEY,
    sealed TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- settings is the channel's configuration with its secrets, sealed as a whole.
CREATE TABLE channels (
    id {{pk}},
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    type TEXT NOT NULL,
    settings TEXT NOT NULL,
    signature_mode TEXT NOT NULL DEFAULT '',
    authorization_errors INTEGER NOT NULL DEFAULT 0,
    reauthorization_required BOOLEAN NOT NULL DEFAULT FALSE,
    registration TEXT NOT NULL DEFAULT '',
    registration_error TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- The names under which webhooks find a channel. scope is 0 for addresses that
-- exist once per installation, else the account.
CREATE TABLE channel_addresses (
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    scope BIGINT NOT NULL DEFAULT 0,
    channel_id BIGINT NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    PRIMARY KEY (kind, value, scope)
);
CREATE INDEX channel_addresses_channel ON channel_addresses (channel_id);

CREATE TABLE inboxes (
    id {{pk}},
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    channel_id BIGINT NOT NULL UNIQUE REFERENCES channels (id),
    channel_type TEXT NOT NULL,
    name TEXT NOT NULL,
    greeting_enabled BOOLEAN NOT NULL DEFAULT FALSE,
    greeting_message TEXT,
    enable_email_collect BOOLEAN NOT NULL DEFAULT TRUE,
    csat_survey_enabled BOOLEAN NOT NULL DEFAULT FALSE,
    csat_config TEXT NOT NULL DEFAULT '{}',
    enable_auto_assignment BOOLEAN NOT NULL DEFAULT TRUE,
    auto_assignment_config TEXT NOT NULL DEFAULT '{}',
    out_of_office_message TEXT,
    working_hours_enabled BOOLEAN NOT NULL DEFAULT FALSE,
    timezone TEXT NOT NULL DEFAULT 'UTC',
    allow_messages_after_resolved BOOLEAN NOT NULL DEFAULT TRUE,
    lock_to_single_conversation BOOLEAN NOT NULL DEFAULT FALSE,
    sender_name_type INTEGER NOT NULL DEFAULT 0,
    business_name TEXT,
    portal_id BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX inboxes_account ON inboxes (account_id, id);

CREATE TABLE inbox_members (
    inbox_id BIGINT NOT NULL REFERENCES inboxes (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (inbox_id, user_id)
);
CREATE INDEX inbox_members_user ON inbox_members (user_id);

CREATE TABLE working_hours (
    inbox_id BIGINT NOT NULL REFERENCES inboxes (id) ON DELETE CASCADE,
    day_of_week INTEGER NOT NULL,
    closed_all_day BOOLEAN NOT NULL DEFAULT FALSE,
    open_all_day BOOLEAN NOT NULL DEFAULT FALSE,
    open_hour INTEGER,
    open_minutes INTEGER,
    close_hour INTEGER,
    close_minutes INTEGER,
    PRIMARY KEY (inbox_id, day_of_week)
);

CREATE TABLE contacts (
    id {{pk}},
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name TEXT NOT NULL DEFAULT '',
    email TEXT,
    phone_number TEXT,
    identifier TEXT,
    avatar_url TEXT NOT NULL DEFAULT '',
    blocked BOOLEAN NOT NULL DEFAULT FALSE,
    additional_attributes TEXT NOT NULL DEFAULT '{}',
    custom_attributes TEXT NOT NULL DEFAULT '{}',
    last_activity_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX contacts_email ON contacts (account_id, email) WHERE email IS NOT NULL;
CREATE UNIQUE INDEX contacts_phone ON contacts (account_id, phone_number) WHERE phone_number IS NOT NULL;
CREATE UNIQUE INDEX contacts_identifier ON contacts (account_id, identifier) WHERE identifier IS NOT NULL;

CREATE TABLE contact_inboxes (
    id {{pk}},
    contact_id BIGINT NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    inbox_id BIGINT NOT NULL REFERENCES inboxes (id) ON DELETE CASCADE,
    source_id TEXT NOT NULL,
    hmac_verified BOOLEAN NOT NULL DEFAULT FALSE,
    pubsub_token TEXT NOT NULL UNIQUE,
    opted_out_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX contact_inboxes_source ON contact_inboxes (inbox_id, source_id);
CREATE INDEX contact_inboxes_contact ON contact_inboxes (contact_id);

CREATE TABLE conversations (
    id {{pk}},
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    inbox_id BIGINT NOT NULL REFERENCES inboxes (id) ON DELETE CASCADE,
    contact_id BIGINT NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    contact_inbox_id BIGINT NOT NULL REFERENCES contact_inboxes (id) ON DELETE CASCADE,
    display_id BIGINT NOT NULL,
    uuid TEXT NOT NULL UNIQUE,
    status INTEGER NOT NULL DEFAULT 0,
    priority INTEGER,
    assignee_id BIGINT REFERENCES users (id) ON DELETE SET NULL,
    team_id BIGINT,
    campaign_id BIGINT,
    identifier TEXT,
    additional_attributes TEXT NOT NULL DEFAULT '{}',
    custom_attributes TEXT NOT NULL DEFAULT '{}',
    -- what a driver needs to answer and no client sees: LINE's reply token
    provider_state TEXT NOT NULL DEFAULT '{}',
    snoozed_until BIGINT,
    first_reply_created_at BIGINT,
    waiting_since BIGINT,
    agent_last_seen_at BIGINT,
    assignee_last_seen_at BIGINT,
    contact_last_seen_at BIGINT,
    last_activity_at BIGINT NOT NULL,
    last_incoming_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX conversations_display ON conversations (account_id, display_id);
CREATE INDEX conversations_thread ON conversations (contact_inbox_id, id);
CREATE INDEX conversations_activity ON conversations (account_id, status, last_activity_at);
CREATE INDEX conversations_inbox ON conversations (inbox_id, status, last_activity_at);
CREATE INDEX conversations_assignee ON conversations (account_id, assignee_id, status, last_activity_at);
CREATE INDEX conversations_contact ON conversations (contact_id);
-- the counts beside every list, from the index alone
CREATE INDEX conversations_counts ON conversations (account_id, status, assignee_id, inbox_id);
-- the list of all states
CREATE INDEX conversations_recent ON conversations (account_id, last_activity_at, id);

CREATE TABLE conversation_labels (
    conversation_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    account_id BIGINT NOT NULL,
    label TEXT NOT NULL,
    PRIMARY KEY (conversation_id, label)
);
CREATE INDEX conversation_labels_label ON conversation_labels (account_id, label);

-- ingest_key makes a provider's event unique within its inbox: applying it twice
-- changes nothing. source_id is what the provider calls the message; it is not
-- unique. inbox_id is the conversation's, by which messages go with their inbox:
-- a reference of its own would lock the inbox's row for every message, and have
-- the whole table read when an inbox is deleted.
CREATE TABLE messages (
    id {{pk}},
    account_id BIGINT NOT NULL,
    inbox_id BIGINT NOT NULL,
    conversation_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    message_type INTEGER NOT NULL,
    content_type INTEGER NOT NULL DEFAULT 0,
    content TEXT,
    content_attributes TEXT NOT NULL DEFAULT '{}',
    additional_attributes TEXT NOT NULL DEFAULT '{}',
    private BOOLEAN NOT NULL DEFAULT FALSE,
    status INTEGER NOT NULL DEFAULT 0,
    source_id TEXT,
    ingest_key TEXT,
    sender_type TEXT,
    sender_id BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX messages_ingest ON messages (inbox_id, ingest_key) WHERE ingest_key IS NOT NULL;
CREATE INDEX messages_conversation ON messages (conversation_id, id);
CREATE INDEX messages_source ON messages (conversation_id, source_id) WHERE source_id IS NOT NULL;

CREATE TABLE attachments (
    id {{pk}},
    account_id BIGINT NOT NULL,
    message_id BIGINT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    file_type INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'ready',
    external_url TEXT,
    fallback_title TEXT,
    coordinates_lat DOUBLE PRECISION,
    coordinates_long DOUBLE PRECISION,
    meta TEXT NOT NULL DEFAULT '{}',
    fetch_from TEXT,
    file_key TEXT,
    file_name TEXT,
    content_type TEXT,
    file_size BIGINT NOT NULL DEFAULT 0,
    width INTEGER,
    height INTEGER,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX attachments_message ON attachments (message_id);

-- Every id that a provider gave to a part of a message that we sent. Delivery
-- receipts find the message here; a retry finds which parts are done.
CREATE TABLE message_provider_ids (
    inbox_id BIGINT NOT NULL REFERENCES inboxes (id) ON DELETE CASCADE,
    provider_id TEXT NOT NULL,
    message_id BIGINT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    part INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (inbox_id, provider_id)
);
CREATE INDEX message_provider_ids_message ON message_provider_ids (message_id);

-- Receipts that overtook the provider's answer to the send.
CREATE TABLE parked_statuses (
    id {{pk}},
    inbox_id BIGINT NOT NULL REFERENCES inboxes (id) ON DELETE CASCADE,
    provider_id TEXT NOT NULL,
    status INTEGER NOT NULL,
    external_error TEXT NOT NULL DEFAULT '',
    expires_at BIGINT NOT NULL
);
CREATE INDEX parked_statuses_provider ON parked_statuses (inbox_id, provider_id);
CREATE INDEX parked_statuses_expiry ON parked_statuses (expires_at);

-- What happened, written with the change itself; the dispatcher hands each row
-- to its subscribers and deletes it.
CREATE TABLE outbox (
    id {{pk}},
    account_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    inbox_id BIGINT NOT NULL DEFAULT 0,
    conversation_id BIGINT NOT NULL DEFAULT 0,
    message_id BIGINT NOT NULL DEFAULT 0,
    payload TEXT NOT NULL DEFAULT '{}',
    created_at BIGINT NOT NULL
);

-- Messages that wait for their provider. A row lives until the verdict.
CREATE TABLE deliveries (
    message_id BIGINT PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    account_id BIGINT NOT NULL,
    inbox_id BIGINT NOT NULL REFERENCES inboxes (id) ON DELETE CASCADE,
    channel_id BIGINT NOT NULL,
    conversation_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    job_id TEXT NOT NULL,
    parts_sent INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at BIGINT NOT NULL,
    deadline BIGINT NOT NULL,
    lease_owner TEXT NOT NULL DEFAULT '',
    lease_until BIGINT NOT NULL DEFAULT 0,
    -- how often a process died while it held the delivery: each may have been a
    -- call whose answer nobody heard
    crashes INTEGER NOT NULL DEFAULT 0,
    last_error TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL
);
CREATE INDEX deliveries_due ON deliveries (next_at);
CREATE INDEX deliveries_conversation ON deliveries (conversation_id, message_id);
CREATE INDEX deliveries_channel ON deliveries (channel_id);

CREATE TABLE jobs (
    id {{pk}},
    kind TEXT NOT NULL,
    lane TEXT NOT NULL,
    unique_key TEXT UNIQUE,
    account_id BIGINT NOT NULL DEFAULT 0,
    payload TEXT NOT NULL DEFAULT '{}',
    state TEXT NOT NULL DEFAULT 'ready',
    run_at BIGINT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    max_attempts INTEGER NOT NULL DEFAULT 10,
    lease_owner TEXT NOT NULL DEFAULT '',
    lease_until BIGINT NOT NULL DEFAULT 0,
    -- ordered again while it ran: it runs once more
    renewed BOOLEAN NOT NULL DEFAULT FALSE,
    last_error TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL
);
CREATE INDEX jobs_due ON jobs (lane, run_at) WHERE state = 'ready';

-- One row per topic; the version grows with every change, so that each process
-- learns cheaply that a cache of it is stale.
CREATE TABLE change_versions (
    topic TEXT PRIMARY KEY,
    version BIGINT NOT NULL
);
INSERT INTO change_versions (topic, version) VALUES ('channels', 1), ('settings', 1);

-- +goose Down
DROP TABLE change_versions;
DROP TABLE jobs;
DROP TABLE deliveries;
DROP TABLE outbox;
DROP TABLE parked_statuses;
DROP TABLE message_provider_ids;
DROP TABLE attachments;
DROP TABLE messages;
DROP TABLE conversation_labels;
DROP TABLE conversations;
DROP TABLE contact_inboxes;
DROP TABLE contacts;
DROP TABLE working_hours;
DROP TABLE inbox_members;
DROP TABLE inboxes;
DROP TABLE channel_addresses;
DROP TABLE channels;
DROP TABLE installation_settings;
DROP TABLE access_tokens;
DROP TABLE platform_apps;
DROP TABLE account_users;
DROP TABLE users;
DROP TABLE account_sequences;
DROP TABLE accounts;
