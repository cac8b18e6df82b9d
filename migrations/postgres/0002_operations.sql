-- The operation log. No code, verifier, token or secret is ever in it (decision D10).

-- One thing that was done, with how it ended. Names are kept beside ids: an operation outlives what it names.
CREATE TABLE operation (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account_id TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    environment_id TEXT COLLATE "C" NOT NULL REFERENCES environment (id),
    -- `auth`, `webhook`, …
    kind TEXT COLLATE "C" NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
    -- `running`, `success`, `failed`, `cancelled` or `timeout`.
    state TEXT COLLATE "C" NOT NULL,
    level TEXT COLLATE "C" NOT NULL,
    message TEXT COLLATE "C" NOT NULL,
    integration_id TEXT COLLATE "C",
    integration_key TEXT COLLATE "C",
    provider TEXT COLLATE "C",
    -- Our id and the caller's name of the connection.
    connection_id TEXT COLLATE "C",
    connection_key TEXT COLLATE "C",
    -- As the caller names the end user.
    end_user_id TEXT COLLATE "C",
    end_user_name TEXT COLLATE "C",
    actor TEXT COLLATE "C" NOT NULL,
    error TEXT COLLATE "C",
    meta TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    -- A running one that nobody ends is ended after this.
    expires_at BIGINT NOT NULL
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
    operation_id TEXT COLLATE "C" NOT NULL REFERENCES operation (id) ON DELETE CASCADE,
    id TEXT COLLATE "C" NOT NULL,
    environment_id TEXT COLLATE "C" NOT NULL,
    level TEXT COLLATE "C" NOT NULL,
    -- `log` or `http`.
    kind TEXT COLLATE "C" NOT NULL,
    context TEXT COLLATE "C" NOT NULL,
    message TEXT COLLATE "C" NOT NULL,
    error TEXT COLLATE "C",
    request TEXT COLLATE "C",
    response TEXT COLLATE "C",
    retry TEXT COLLATE "C",
    meta TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    ended_at BIGINT,
    duration_ms BIGINT,
    PRIMARY KEY (operation_id, id)
);

-- Attempts whose process died between the provider's answer and the end.
CREATE INDEX oauth_attempt_by_consumption ON oauth_attempt (consumed_at)
WHERE consumed_at IS NOT NULL AND finished_at IS NULL;
