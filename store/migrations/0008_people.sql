-- Teams, custom roles, and when the lists that clients keep were last changed.
-- Oldest binary that runs on it: 0.1.0.

-- +goose Up
-- Names are stored in small letters. Conversations refer to teams without a
-- reference of the database: a team that is deleted leaves them bit by bit.
CREATE TABLE teams (
    id {{pk}},
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    description TEXT,
    allow_auto_assign BOOLEAN NOT NULL DEFAULT TRUE,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX teams_name ON teams (account_id, name);

CREATE TABLE team_members (
    id {{pk}},
    team_id BIGINT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX team_members_member ON team_members (team_id, user_id);
CREATE INDEX team_members_user ON team_members (user_id);

-- permissions is a list of texts, as JSON.
CREATE TABLE custom_roles (
    id {{pk}},
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    description TEXT,
    permissions TEXT NOT NULL DEFAULT '[]',
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX custom_roles_account ON custom_roles (account_id, id);

-- When a list of the account was last changed: label, inbox or team.
CREATE TABLE account_cache_keys (
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, kind)
);

-- the conversations of a team, and those that a deleted one leaves
CREATE INDEX conversations_team ON conversations (team_id, status, last_activity_at) WHERE team_id IS NOT NULL;
-- a user who is deleted is taken off conversations by the database
CREATE INDEX conversations_assigned ON conversations (assignee_id) WHERE assignee_id IS NOT NULL;

-- +goose Down
DROP INDEX conversations_assigned;
DROP INDEX conversations_team;
DROP TABLE account_cache_keys;
DROP TABLE custom_roles;
DROP TABLE team_members;
DROP TABLE teams;
