-- What operators look at: when an inbox last sent something, and which messages were
-- not sent. Oldest binary that runs on it: 0.1.0.

-- +goose Up
ALTER TABLE inbox_webhooks ADD COLUMN last_sent_at BIGINT;
CREATE INDEX messages_failed ON messages (id) WHERE status = 3 AND message_type = 1;
CREATE INDEX jobs_dead_lane ON jobs (lane, run_at) WHERE state = 'dead';

-- +goose Down
DROP INDEX jobs_dead_lane;
DROP INDEX messages_failed;
ALTER TABLE inbox_webhooks DROP COLUMN last_sent_at;
