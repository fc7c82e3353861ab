-- WhatsApp numbers: what Meta says of them, where their registration stands, what
-- was tried. A number outlives its inbox: its PIN and its attempts count on.
-- Oldest binary that runs on it: 0.1.0.

-- +goose Up
-- A WhatsApp Business Account: whoever holds its lease looks after all its
-- numbers. due_at is the earliest moment at which one of them wants a look.
-- quota_at is the theoretical arrival time of the calls made to Meta (GCRA).
CREATE TABLE whatsapp_businesses (
    waba_id TEXT PRIMARY KEY,
    name TEXT NOT NULL DEFAULT '',
    portfolio_id TEXT NOT NULL DEFAULT '',
    portfolio_name TEXT NOT NULL DEFAULT '',
    review_status TEXT NOT NULL DEFAULT '',
    read_at BIGINT,
    due_at BIGINT NOT NULL,
    paused_until BIGINT NOT NULL DEFAULT 0,
    quota_at BIGINT NOT NULL DEFAULT 0,
    lease_owner TEXT NOT NULL DEFAULT '',
    lease_until BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX whatsapp_businesses_due ON whatsapp_businesses (due_at);

-- inbox_id is 0 when no inbox has the number any more. pin is sealed; pin_state
-- says whether it can still be trusted. memory is what the engine keeps for
-- itself. observe_at is empty when nothing more is looked at.
CREATE TABLE whatsapp_numbers (
    phone_number_id TEXT PRIMARY KEY,
    waba_id TEXT NOT NULL,
    account_id BIGINT NOT NULL DEFAULT 0,
    inbox_id BIGINT NOT NULL DEFAULT 0,
    channel_id BIGINT NOT NULL DEFAULT 0,
    token_digest TEXT NOT NULL DEFAULT '',
    pin TEXT NOT NULL DEFAULT '',
    pin_state TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL DEFAULT 'unknown',
    state_since BIGINT NOT NULL,
    required_action TEXT NOT NULL DEFAULT '',
    last_error TEXT,
    next_attempt_at BIGINT,
    observe_at BIGINT,
    memory TEXT NOT NULL DEFAULT '{}',
    snapshot TEXT,
    snapshot_at BIGINT,
    read_error TEXT,
    read_error_at BIGINT,
    -- when the newest read that was stored began: an older answer changes nothing
    read_started BIGINT NOT NULL DEFAULT 0,
    alerts TEXT NOT NULL DEFAULT '[]',
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX whatsapp_numbers_business ON whatsapp_numbers (waba_id, observe_at);
CREATE INDEX whatsapp_numbers_inbox ON whatsapp_numbers (inbox_id);

-- What happened to a number and waits for whoever holds the lease.
CREATE TABLE whatsapp_signals (
    id {{pk}},
    phone_number_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL DEFAULT '{}',
    created_at BIGINT NOT NULL
);
CREATE INDEX whatsapp_signals_number ON whatsapp_signals (phone_number_id, id);

-- Every call of register and deregister, written before it is made. A row without
-- finished_at is under way, or was when its process died.
CREATE TABLE whatsapp_attempts (
    id {{pk}},
    account_id BIGINT NOT NULL,
    inbox_id BIGINT NOT NULL,
    phone_number_id TEXT NOT NULL,
    call TEXT NOT NULL,
    automatic BOOLEAN NOT NULL,
    trigger_name TEXT NOT NULL,
    actor_id BIGINT,
    decision_row TEXT NOT NULL,
    health_before TEXT NOT NULL DEFAULT '{}',
    http_status INTEGER,
    code INTEGER,
    subcode INTEGER,
    title TEXT,
    message TEXT,
    fbtrace_id TEXT,
    result TEXT NOT NULL DEFAULT 'in_flight',
    next_attempt_at BIGINT,
    started_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX whatsapp_attempts_number ON whatsapp_attempts (phone_number_id, started_at);
CREATE INDEX whatsapp_attempts_inbox ON whatsapp_attempts (inbox_id, id);
CREATE INDEX whatsapp_attempts_age ON whatsapp_attempts (started_at);

-- Health as it was: a row for each change.
CREATE TABLE whatsapp_snapshots (
    id {{pk}},
    phone_number_id TEXT NOT NULL,
    snapshot TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX whatsapp_snapshots_number ON whatsapp_snapshots (phone_number_id, id);
CREATE INDEX whatsapp_snapshots_age ON whatsapp_snapshots (created_at);

-- Management webhooks that were applied: Meta repeats them for a week.
CREATE TABLE whatsapp_events (
    digest TEXT PRIMARY KEY,
    created_at BIGINT NOT NULL
);
CREATE INDEX whatsapp_events_age ON whatsapp_events (created_at);

-- Who changed what in an account.
CREATE TABLE audits (
    id {{pk}},
    account_id BIGINT NOT NULL,
    auditable_type TEXT NOT NULL,
    auditable_id BIGINT NOT NULL,
    action TEXT NOT NULL,
    audited_changes TEXT NOT NULL DEFAULT '{}',
    user_id BIGINT,
    username TEXT,
    remote_address TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX audits_account ON audits (account_id, id);

-- registration_incomplete is a WhatsApp number that cannot work yet;
-- reauthorization_required stays what it is, credentials that do not work.
-- send_hold: 'held' keeps replies waiting, 'blocked' refuses them; send_hold_reason
-- is what agents read.
ALTER TABLE channels ADD COLUMN registration_incomplete BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE channels ADD COLUMN send_hold TEXT NOT NULL DEFAULT '';
ALTER TABLE channels ADD COLUMN send_hold_reason TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE channels DROP COLUMN send_hold_reason;
ALTER TABLE channels DROP COLUMN send_hold;
ALTER TABLE channels DROP COLUMN registration_incomplete;
DROP TABLE audits;
DROP TABLE whatsapp_events;
DROP TABLE whatsapp_snapshots;
DROP TABLE whatsapp_attempts;
DROP TABLE whatsapp_signals;
DROP TABLE whatsapp_numbers;
DROP TABLE whatsapp_businesses;
