-- Replies stand in line, a line for each conversation: who claims looks at those in front
-- only, however long the lines are. Oldest binary that runs on it: 0.1.0.

-- +goose Up
-- TRUE: an older one of the conversation was there when it came. It becomes FALSE when that
-- one is gone; what older binaries leave behind, the relay finds (store.MendLines).
ALTER TABLE deliveries ADD COLUMN waits BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE deliveries SET waits = TRUE
    WHERE EXISTS (SELECT 1 FROM deliveries o WHERE o.conversation_id = deliveries.conversation_id AND o.message_id < deliveries.message_id);
CREATE INDEX deliveries_front ON deliveries (next_at) WHERE waits = FALSE;
DROP INDEX deliveries_due;
CREATE INDEX deliveries_lease ON deliveries (lease_owner) WHERE lease_owner <> '';

-- +goose Down
DROP INDEX deliveries_lease;
CREATE INDEX deliveries_due ON deliveries (next_at);
DROP INDEX deliveries_front;
ALTER TABLE deliveries DROP COLUMN waits;
