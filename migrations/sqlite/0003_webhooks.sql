-- Outgoing webhooks: where an environment's events go, and the outbox they wait in.

ALTER TABLE environment ADD COLUMN webhook_url TEXT;
ALTER TABLE environment ADD COLUMN webhook_secondary_url TEXT;
ALTER TABLE environment ADD COLUMN webhook_on_creation BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE environment ADD COLUMN webhook_on_refresh_error BOOLEAN NOT NULL DEFAULT TRUE;

-- One row an event and address, written in the transaction of the change that it announces.
CREATE TABLE webhook_delivery (
    id TEXT NOT NULL PRIMARY KEY,
    environment_id TEXT NOT NULL REFERENCES environment (id),
    -- Null: the event is about a connection that was not made.
    connection_id TEXT REFERENCES connection (id),
    operation_id TEXT,
    -- The event's id: the same for every address and every attempt.
    webhook_id TEXT NOT NULL,
    -- `auth.creation`, `auth.override`, `auth.refresh`.
    event TEXT NOT NULL,
    url TEXT NOT NULL,
    -- Exactly what is sent.
    body TEXT NOT NULL,
    -- `pending`, `delivered` or `exhausted`.
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    max_attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    -- Whose attempt is under way, and until when that is believed.
    claimed_by TEXT,
    claimed_until INTEGER,
    last_status INTEGER,
    last_error TEXT,
    -- The start of what the address answered last.
    last_response TEXT,
    created_at INTEGER NOT NULL,
    attempted_at INTEGER,
    finished_at INTEGER
);
CREATE INDEX webhook_delivery_by_due ON webhook_delivery (due_at, id) WHERE state = 'pending';
CREATE INDEX webhook_delivery_by_time ON webhook_delivery (environment_id, created_at, id);
CREATE INDEX webhook_delivery_by_connection ON webhook_delivery (connection_id);
CREATE INDEX webhook_delivery_by_finish ON webhook_delivery (finished_at);
