-- What an operation was tried with. A connect session has one operation and may be used for several integrations; its log is
-- found by each of them, by each connection, and as failed when one of its attempts failed.
CREATE TABLE operation_attempt (
    operation_id TEXT COLLATE "C" NOT NULL REFERENCES operation (id) ON DELETE CASCADE,
    -- The authorization's id, or one of its own.
    id TEXT COLLATE "C" NOT NULL,
    environment_id TEXT COLLATE "C" NOT NULL,
    -- As of operations.
    state TEXT COLLATE "C" NOT NULL,
    integration_id TEXT COLLATE "C",
    integration_key TEXT COLLATE "C",
    provider TEXT COLLATE "C",
    connection_id TEXT COLLATE "C",
    connection_key TEXT COLLATE "C",
    -- When the operation was opened: lists have that order.
    opened_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (operation_id, id)
);
CREATE INDEX operation_attempt_by_integration ON operation_attempt (
    environment_id, integration_key, opened_at, operation_id
)
WHERE integration_key IS NOT NULL;
CREATE INDEX operation_attempt_by_connection ON operation_attempt (
    environment_id, connection_key, opened_at, operation_id
)
WHERE connection_key IS NOT NULL;
CREATE INDEX operation_attempt_by_state ON operation_attempt (environment_id, state, opened_at, operation_id);

-- Operations of sessions know what they were tried with last. One that still runs is found by its own columns until its next
-- attempt.
INSERT INTO operation_attempt
SELECT
    id, id, environment_id, state, integration_id, integration_key, provider, connection_id, connection_key,
    created_at, created_at, updated_at
FROM operation
WHERE
    kind = 'auth' AND action = 'create_connection' AND integration_key IS NOT NULL AND state <> 'running'
    AND meta LIKE '%"connectSession"%';
