-- Outgoing webhooks: where an environment's events go, and the outbox they wait in.

ALTER TABLE environment ADD COLUMN webhook_url TEXT COLLATE "C";
ALTER TABLE environment ADD COLUMN webhook_secondary_url TEXT COLLATE "C";
ALTER TABLE environment ADD COLUMN webhook_on_creation BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE environment ADD COLUMN webhook_on_refresh_error BOOLEAN NOT NULL DEFAULT TRUE;

-- One row an event and address, written in the transaction of the change that it announces.
CREATE TABLE webhook_delivery (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    environment_id TEXT COLLATE "C" NOT NULL REFERENCES environment (id),
    -- Null: the event is about a connection that was not made.
    connection_id TEXT COLLATE "C" REFERENCES connection (id),
    operation_id TEXT COLLATE "C",
    -- The event's id: the same for every address and every attempt.
    webhook_id TEXT COLLATE "C" NOT NULL,
    -- `auth.creation`, `auth.override`, `auth.refresh`.
    event TEXT COLLATE "C" NOT NULL,
    url TEXT COLLATE "C" NOT NULL,
    -- Exactly what is sent.
    body TEXT COLLATE "C" NOT NULL,
    -- `pending`, `delivered` or `exhausted`.
    state TEXT COLLATE "C" NOT NULL,
    attempts BIGINT NOT NULL,
    max_attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    -- Whose attempt is under way, and until when that is believed.
    claimed_by TEXT COLLATE "C",
    claimed_until BIGINT,
    last_status BIGINT,
    last_error TEXT COLLATE "C",
    -- The start of what the address answered last.
    last_response TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    attempted_at BIGINT,
    finished_at BIGINT
);
CREATE INDEX webhook_delivery_by_due ON webhook_delivery (due_at, id) WHERE state = 'pending';
CREATE INDEX webhook_delivery_by_time ON webhook_delivery (environment_id, created_at, id);
CREATE INDEX webhook_delivery_by_connection ON webhook_delivery (connection_id);
CREATE INDEX webhook_delivery_by_finish ON webhook_delivery (finished_at);
