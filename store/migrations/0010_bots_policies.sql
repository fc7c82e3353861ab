-- Agent bots, assignment policies and agent capacity policies.
-- Oldest binary that runs on it: 0.1.0.

-- +goose Up
-- account_id NULL: a bot of the installation, which every account may use.
-- avatar_from is where a picture is being fetched from. bot_config is JSON.
CREATE TABLE agent_bots (
    id {{pk}},
    account_id BIGINT REFERENCES accounts (id) ON DELETE CASCADE,
    name TEXT,
    description TEXT,
    outgoing_url TEXT,
    bot_type INTEGER NOT NULL DEFAULT 0,
    bot_config TEXT NOT NULL DEFAULT '{}',
    avatar_blob_id BIGINT,
    avatar_from TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX agent_bots_account ON agent_bots (account_id, id);

-- status 0 is active. account_id is the inbox's, by which the accounts are found in
-- which a bot may call.
CREATE TABLE agent_bot_inboxes (
    inbox_id BIGINT PRIMARY KEY REFERENCES inboxes (id) ON DELETE CASCADE,
    agent_bot_id BIGINT NOT NULL REFERENCES agent_bots (id) ON DELETE CASCADE,
    account_id BIGINT NOT NULL,
    status INTEGER NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX agent_bot_inboxes_bot ON agent_bot_inboxes (agent_bot_id, account_id);

-- what a bot wrote, which loses its sender when the bot is deleted
CREATE INDEX messages_bot ON messages (sender_id, id) WHERE sender_type = 'AgentBot';

CREATE TABLE assignment_policies (
    id {{pk}},
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    description TEXT,
    assignment_order INTEGER NOT NULL DEFAULT 0,
    conversation_priority INTEGER NOT NULL DEFAULT 0,
    fair_distribution_limit BIGINT NOT NULL DEFAULT 100,
    fair_distribution_window BIGINT NOT NULL DEFAULT 3600,
    enabled BOOLEAN NOT NULL DEFAULT TRUE,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX assignment_policies_name ON assignment_policies (account_id, name);

CREATE TABLE inbox_assignment_policies (
    id {{pk}},
    inbox_id BIGINT NOT NULL REFERENCES inboxes (id) ON DELETE CASCADE,
    assignment_policy_id BIGINT NOT NULL REFERENCES assignment_policies (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX inbox_assignment_policies_inbox ON inbox_assignment_policies (inbox_id);
CREATE INDEX inbox_assignment_policies_policy ON inbox_assignment_policies (assignment_policy_id, inbox_id);

-- exclusion_rules is JSON.
CREATE TABLE agent_capacity_policies (
    id {{pk}},
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    description TEXT,
    exclusion_rules TEXT NOT NULL DEFAULT '{}',
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX agent_capacity_policies_account ON agent_capacity_policies (account_id, id);

CREATE TABLE inbox_capacity_limits (
    id {{pk}},
    agent_capacity_policy_id BIGINT NOT NULL REFERENCES agent_capacity_policies (id) ON DELETE CASCADE,
    inbox_id BIGINT NOT NULL REFERENCES inboxes (id) ON DELETE CASCADE,
    conversation_limit BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX inbox_capacity_limits_inbox ON inbox_capacity_limits (agent_capacity_policy_id, inbox_id);
CREATE INDEX inbox_capacity_limits_of ON inbox_capacity_limits (inbox_id);

-- Without a reference of the database, like custom_role_id.
ALTER TABLE account_users ADD COLUMN agent_capacity_policy_id BIGINT;
CREATE INDEX account_users_capacity ON account_users (agent_capacity_policy_id, user_id) WHERE agent_capacity_policy_id IS NOT NULL;

-- +goose Down
DROP INDEX account_users_capacity;
ALTER TABLE account_users DROP COLUMN agent_capacity_policy_id;
DROP TABLE inbox_capacity_limits;
DROP TABLE agent_capacity_policies;
DROP TABLE inbox_assignment_policies;
DROP TABLE assignment_policies;
DROP INDEX messages_bot;
DROP TABLE agent_bot_inboxes;
DROP TABLE agent_bots;
