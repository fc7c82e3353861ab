-- Notifications of members: what each wants to hear of, the devices that are told,
-- and the notifications themselves. Oldest binary that runs on it: 0.1.0.

-- +goose Up
-- Bit n-1 of the flags is notification type n. Every membership has a row.
CREATE TABLE notification_settings (
    id {{pk}},
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    email_flags BIGINT NOT NULL DEFAULT 0,
    push_flags BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX notification_settings_member ON notification_settings (account_id, user_id);
CREATE INDEX notification_settings_user ON notification_settings (user_id);
-- who wants to hear of new conversations: few, whatever the size of an inbox
CREATE INDEX notification_settings_creation ON notification_settings (account_id, user_id) WHERE ((email_flags | push_flags) & 1) = 1;

-- Those who are members already begin as new ones do: with the assignment of
-- conversations, by mail and by push.
INSERT INTO notification_settings (account_id, user_id, email_flags, push_flags, created_at, updated_at)
SELECT account_id, user_id, 2, 2, created_at, created_at FROM account_users;

-- Devices. content is sealed: whoever knows it can write to the device. The digests
-- find it by its identifier, and by the token of the mobile app.
CREATE TABLE notification_subscriptions (
    id {{pk}},
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    subscription_type INTEGER NOT NULL,
    identifier_digest TEXT NOT NULL,
    push_token_digest TEXT,
    content TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX notification_subscriptions_identifier ON notification_subscriptions (identifier_digest);
CREATE INDEX notification_subscriptions_user ON notification_subscriptions (user_id, subscription_type, updated_at);

-- The account is that of the conversation, with which a notification goes.
CREATE TABLE notifications (
    id {{pk}},
    account_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    notification_type INTEGER NOT NULL,
    conversation_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    secondary_actor_type TEXT,
    secondary_actor_id BIGINT,
    read_at BIGINT,
    snoozed_until BIGINT,
    last_snoozed_at BIGINT,
    last_activity_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
-- the list as it is shown at first, and the counts beside it
CREATE INDEX notifications_waiting ON notifications (user_id, account_id, last_activity_at, id) WHERE read_at IS NULL AND snoozed_until IS NULL;
-- the list with those that were read or put off
CREATE INDEX notifications_list ON notifications (user_id, account_id, last_activity_at, id);
CREATE INDEX notifications_conversation ON notifications (conversation_id, user_id);
CREATE INDEX notifications_snoozed ON notifications (snoozed_until) WHERE snoozed_until IS NOT NULL;
CREATE INDEX notifications_age ON notifications (created_at);

-- +goose Down
DROP TABLE notifications;
DROP TABLE notification_subscriptions;
DROP TABLE notification_settings;
