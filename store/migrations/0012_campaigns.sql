-- Campaigns of an inbox. Oldest binary that runs on it: 0.1.0.

-- +goose Up
-- display_id is what clients call a campaign, counted in its account. campaign_status
-- is 0 active or 1 completed, campaign_type 0 ongoing or 1 one_off. audience is a list,
-- as JSON, and so are the objects trigger_rules and template_params.
CREATE TABLE campaigns (
    id {{pk}},
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    display_id BIGINT NOT NULL,
    inbox_id BIGINT NOT NULL REFERENCES inboxes (id) ON DELETE CASCADE,
    sender_id BIGINT REFERENCES users (id) ON DELETE SET NULL,
    title TEXT NOT NULL,
    description TEXT,
    message TEXT NOT NULL,
    campaign_status INTEGER NOT NULL DEFAULT 0,
    campaign_type INTEGER NOT NULL DEFAULT 0,
    enabled BOOLEAN NOT NULL DEFAULT TRUE,
    scheduled_at BIGINT,
    audience TEXT NOT NULL DEFAULT '[]',
    trigger_rules TEXT NOT NULL DEFAULT '{}',
    trigger_only_during_business_hours BOOLEAN NOT NULL DEFAULT FALSE,
    template_params TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX campaigns_display ON campaigns (account_id, display_id);
CREATE INDEX campaigns_inbox ON campaigns (inbox_id, id);
-- a user who is deleted leaves campaigns
CREATE INDEX campaigns_sender ON campaigns (sender_id) WHERE sender_id IS NOT NULL;

-- +goose Down
DROP TABLE campaigns;
