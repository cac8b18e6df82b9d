-- The connect session that made a connection, also after that session is gone: two tabs of one session that connect the
-- same integration at the same time are about one connection.
ALTER TABLE connection ADD COLUMN connect_session_id TEXT;
