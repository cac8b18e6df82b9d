-- Filters of the log by state, integration and connection, alone and together, walk an index in the list's order and stop
-- at the limit: what is rare in a log of millions is found without reading what is common.

CREATE INDEX operation_by_integration_and_state ON operation (
    environment_id, integration_key, state, created_at, id
)
WHERE integration_key IS NOT NULL;

-- A connection's, with what else can be asked about.
CREATE INDEX operation_by_connection_integration_and_state ON operation (
    environment_id, connection_key, created_at, id, integration_key, state
)
WHERE connection_key IS NOT NULL;

CREATE INDEX operation_attempt_by_integration_and_state ON operation_attempt (
    environment_id, integration_key, state, opened_at, operation_id
)
WHERE integration_key IS NOT NULL;

CREATE INDEX operation_attempt_by_connection_integration_and_state ON operation_attempt (
    environment_id, connection_key, opened_at, operation_id, integration_key, state
)
WHERE connection_key IS NOT NULL;

-- An attempt that nobody brought to an end ends with its operation.
UPDATE operation_attempt
SET state = (SELECT operation.state FROM operation WHERE operation.id = operation_attempt.operation_id)
WHERE
    state = 'running'
    AND operation_id IN (SELECT id FROM operation WHERE state IN ('cancelled', 'timeout'));

-- One whose authorization is gone can end no more, whatever became of the others.
UPDATE operation_attempt
SET state = 'cancelled'
WHERE
    state = 'running'
    AND operation_id IN (SELECT id FROM operation WHERE state IN ('success', 'failed'))
    AND NOT EXISTS (SELECT 1 FROM oauth_attempt WHERE oauth_attempt.id = operation_attempt.id);

-- Last, because PostgreSQL closes a table to everybody from here to the end of the transaction, while building an index
-- lets processes of the version before read.
DROP INDEX operation_by_connection;
DROP INDEX operation_attempt_by_connection;
