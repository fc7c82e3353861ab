-- Webhooks of accounts, and what is told by all kinds of outgoing webhooks.
-- Oldest binary that runs on it: 0.1.0.

-- +goose Up
-- Addresses are compared by their digest: they may be longer than what an index
-- holds. subscriptions is a list of events as JSON, secret is sealed.
CREATE TABLE webhooks (
    id {{pk}},
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    inbox_id BIGINT REFERENCES inboxes (id) ON DELETE CASCADE,
    url TEXT NOT NULL,
    url_digest TEXT NOT NULL,
    subscriptions TEXT NOT NULL DEFAULT '[]',
    secret TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX webhooks_url ON webhooks (account_id, url_digest);
CREATE INDEX webhooks_inbox ON webhooks (inbox_id) WHERE inbox_id IS NOT NULL;

-- One event for one endpoint. state is new (its payload is not built yet), pending,
-- delivered or failed. A row that a process works on has its name in lease_owner, and
-- becomes due again at run_at, unless the process puts that off. Rows refer to what
-- they are about without references of the database: they go when they are old.
CREATE TABLE webhook_deliveries (
    id {{pk}},
    delivery TEXT NOT NULL,
    account_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    target_id BIGINT NOT NULL DEFAULT 0,
    url TEXT NOT NULL DEFAULT '',
    event TEXT NOT NULL,
    event_key TEXT NOT NULL,
    inbox_id BIGINT NOT NULL DEFAULT 0,
    conversation_id BIGINT NOT NULL DEFAULT 0,
    message_id BIGINT NOT NULL DEFAULT 0,
    details TEXT NOT NULL DEFAULT '{}',
    payload TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    max_attempts INTEGER NOT NULL,
    run_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    lease_owner TEXT NOT NULL DEFAULT '',
    response_status INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '',
    duration_ms BIGINT NOT NULL DEFAULT 0,
    redelivery_of BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
-- an event is told an endpoint once
CREATE UNIQUE INDEX webhook_deliveries_event ON webhook_deliveries (endpoint, event_key);
CREATE INDEX webhook_deliveries_new ON webhook_deliveries (id) WHERE state = 'new';
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint, run_at) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_expiry ON webhook_deliveries (expires_at) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_lease ON webhook_deliveries (lease_owner) WHERE lease_owner <> '';
CREATE INDEX webhook_deliveries_log ON webhook_deliveries (target_id, id) WHERE kind = 'account';
CREATE INDEX webhook_deliveries_finished ON webhook_deliveries (finished_at) WHERE finished_at IS NOT NULL;

-- What earlier versions ordered as jobs of a lane of its own is carried out in another.
UPDATE jobs SET lane = 'deferred' WHERE lane = 'webhooks';

-- +goose Down
DROP TABLE webhook_deliveries;
DROP TABLE webhooks;
