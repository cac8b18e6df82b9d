-- The operation log. No code, verifier, token or secret is ever in it (decision D10).

-- One thing that was done, with how it ended. Names are kept beside ids: an operation outlives what it names.
CREATE TABLE operation (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    environment_id TEXT NOT NULL REFERENCES environment (id),
    -- `auth`, `webhook`, …
    kind TEXT NOT NULL,
    action TEXT NOT NULL,
    -- `running`, `success`, `failed`, `cancelled` or `timeout`.
    state TEXT NOT NULL,
    level TEXT NOT NULL,
    message TEXT NOT NULL,
    integration_id TEXT,
    integration_key TEXT,
    provider TEXT,
    -- Our id and the caller's name of the connection.
    connection_id TEXT,
    connection_key TEXT,
    -- As the caller names the end user.
    end_user_id TEXT,
    end_user_name TEXT,
    actor TEXT NOT NULL,
    error TEXT,
    meta TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    -- A running one that nobody ends is ended after this.
    expires_at INTEGER NOT NULL
);
CREATE INDEX operation_by_time ON operation (environment_id, created_at, id);
CREATE INDEX operation_by_state ON operation (environment_id, state, created_at, id);
CREATE INDEX operation_by_integration ON operation (environment_id, integration_key, created_at, id);
CREATE INDEX operation_by_connection ON operation (environment_id, connection_key, created_at, id)
WHERE connection_key IS NOT NULL;
CREATE INDEX operation_by_end_user ON operation (environment_id, end_user_id, created_at, id)
WHERE end_user_id IS NOT NULL;
CREATE INDEX operation_by_expiry ON operation (expires_at) WHERE state = 'running';

-- Its lines, in the order of their ids.
CREATE TABLE operation_message (
    operation_id TEXT NOT NULL REFERENCES operation (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    environment_id TEXT NOT NULL,
    level TEXT NOT NULL,
    -- `log` or `http`.
    kind TEXT NOT NULL,
    context TEXT NOT NULL,
    message TEXT NOT NULL,
    error TEXT,
    request TEXT,
    response TEXT,
    retry TEXT,
    meta TEXT,
    created_at INTEGER NOT NULL,
    ended_at INTEGER,
    duration_ms INTEGER,
    PRIMARY KEY (operation_id, id)
);

-- Attempts whose process died between the provider's answer and the end.
CREATE INDEX oauth_attempt_by_consumption ON oauth_attempt (consumed_at)
WHERE consumed_at IS NOT NULL AND finished_at IS NULL;
