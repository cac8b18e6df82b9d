-- Indexes for what is counted with each authorization that begins or fails, and for endpoints that are passed over. Each
-- holds every column that is asked about: SQLite looks at the row otherwise, also for what the condition says already.

-- How many authorizations without a session can still be completed.
CREATE INDEX oauth_attempt_by_pending ON oauth_attempt (environment_id, expires_at, connect_session_id, consumed_at)
WHERE connect_session_id IS NULL AND consumed_at IS NULL;

-- How many of them ended lately.
CREATE INDEX oauth_attempt_by_end ON oauth_attempt (environment_id, finished_at, connect_session_id, integration_id)
WHERE connect_session_id IS NULL AND integration_id IS NOT NULL AND finished_at IS NOT NULL;

-- Deliveries to an endpoint that has its share already are passed over.
DROP INDEX webhook_delivery_by_due;
CREATE INDEX webhook_delivery_by_due ON webhook_delivery (due_at, id, url, environment_id, claimed_until, state)
WHERE state = 'pending';
