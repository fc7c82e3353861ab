-- Whose turn it is in an inbox, the clocks of conversations, and the rows that
-- reports are made of. Oldest binary that runs on it: 0.1.0.

-- +goose Up
-- One row per inbox that ever gave a conversation away: turn counts how often. Who
-- gives one away holds the row, so that one after the other is chosen.
CREATE TABLE assignment_queues (
    inbox_id BIGINT PRIMARY KEY REFERENCES inboxes (id) ON DELETE CASCADE,
    turn BIGINT NOT NULL
);

-- The turn at which a member was last chosen; who has no row comes first.
CREATE TABLE assignment_turns (
    inbox_id BIGINT NOT NULL REFERENCES inboxes (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    turn BIGINT NOT NULL,
    PRIMARY KEY (inbox_id, user_id)
);
CREATE INDEX assignment_turns_user ON assignment_turns (user_id);

-- What members were given lately, in inboxes whose policy bounds that. Rows go when
-- they leave the policy's window.
CREATE TABLE assignment_recents (
    id {{pk}},
    inbox_id BIGINT NOT NULL REFERENCES inboxes (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    assigned_at BIGINT NOT NULL
);
CREATE INDEX assignment_recents_inbox ON assignment_recents (inbox_id, assigned_at);
CREATE INDEX assignment_recents_user ON assignment_recents (user_id);

-- what waits for somebody, by inbox
CREATE INDEX conversations_nobodys ON conversations (inbox_id, id) WHERE assignee_id IS NULL AND status = 0;
-- what opens by itself
CREATE INDEX conversations_snoozed ON conversations (snoozed_until) WHERE snoozed_until IS NOT NULL;
-- whether a conversation had its survey
CREATE INDEX messages_survey ON messages (conversation_id) WHERE content_type = 9;

-- Times are whole seconds, though in microseconds; values are seconds.
CREATE TABLE reporting_events (
    id {{pk}},
    account_id BIGINT NOT NULL,
    inbox_id BIGINT NOT NULL,
    user_id BIGINT REFERENCES users (id) ON DELETE CASCADE,
    conversation_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    value_in_business_hours DOUBLE PRECISION NOT NULL,
    event_start_time BIGINT NOT NULL,
    event_end_time BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX reporting_events_account ON reporting_events (account_id, name, created_at);
CREATE INDEX reporting_events_inbox ON reporting_events (inbox_id, name, created_at);
CREATE INDEX reporting_events_user ON reporting_events (user_id, name, created_at) WHERE user_id IS NOT NULL;
CREATE INDEX reporting_events_conversation ON reporting_events (conversation_id, name, event_end_time);

-- +goose Down
DROP TABLE reporting_events;
DROP INDEX messages_survey;
DROP INDEX conversations_snoozed;
DROP INDEX conversations_nobodys;
DROP TABLE assignment_recents;
DROP TABLE assignment_turns;
DROP TABLE assignment_queues;
