-- Every filter of the log, alone and together with another, walks an index in the list's order and stops at the limit: what
-- is rare in a log of millions is found without reading what is common.

CREATE INDEX operation_by_integration_and_state ON operation (
    environment_id, integration_key, state, created_at, id
)
WHERE integration_key IS NOT NULL;

-- One that holds what else can be asked about.
DROP INDEX operation_by_connection;
CREATE INDEX operation_by_connection ON operation (
    environment_id, connection_key, created_at, id, integration_key, state
)
WHERE connection_key IS NOT NULL;

CREATE INDEX operation_attempt_by_integration_and_state ON operation_attempt (
    environment_id, integration_key, state, opened_at, operation_id
)
WHERE integration_key IS NOT NULL;

DROP INDEX operation_attempt_by_connection;
CREATE INDEX operation_attempt_by_connection ON operation_attempt (
    environment_id, connection_key, opened_at, operation_id, integration_key, state
)
WHERE connection_key IS NOT NULL;

-- An attempt that nobody brought to an end ends with its operation.
UPDATE operation_attempt
SET state = (SELECT operation.state FROM operation WHERE operation.id = operation_attempt.operation_id)
WHERE
    state = 'running'
    AND operation_id IN (SELECT id FROM operation WHERE state IN ('cancelled', 'timeout'));
