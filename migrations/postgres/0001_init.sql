-- The data model of Terapi. The SQLite twin has the same tables, columns and nullability.
--
-- Conventions: ids are text with a prefix and sort by time; times are integer milliseconds; JSON is text that
-- only Terapi writes and no query looks into; `*_sealed` columns hold ciphertext bound to their row; secrets
-- that are only ever compared are stored as SHA-256 (hex). `wire_id` is the integer id of the REST contract.
-- Unique indexes are named, because server/store tells them apart by name.

-- One row: what this installation is.
CREATE TABLE instance (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- Opens only under the right encryption key; checked at every start.
    canary_sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE counter (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counter (name, value) VALUES ('wire_id', 0);

-- Named leases, so that several instances do the same job once.
CREATE TABLE lease (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    holder TEXT COLLATE "C" NOT NULL,
    until BIGINT NOT NULL
);

CREATE TABLE account (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE operator (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- As typed.
    email TEXT COLLATE "C" NOT NULL,
    -- Lower-cased; what sign-in looks up.
    email_key TEXT COLLATE "C" NOT NULL,
    display_name TEXT COLLATE "C" NOT NULL,
    -- argon2id, PHC string.
    password_hash TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX operator_by_email ON operator (email_key);

CREATE TABLE membership (
    account_id TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    operator_id TEXT COLLATE "C" NOT NULL REFERENCES operator (id),
    role TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, operator_id)
);
CREATE INDEX membership_by_operator ON membership (operator_id);

CREATE TABLE operator_session (
    id_hash TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- Null until somebody has signed in.
    operator_id TEXT COLLATE "C" REFERENCES operator (id),
    -- The session layer's own record, JSON.
    record TEXT COLLATE "C" NOT NULL,
    user_agent TEXT COLLATE "C" NOT NULL,
    address TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX operator_session_by_operator ON operator_session (operator_id, created_at);
CREATE INDEX operator_session_by_expiry ON operator_session (expires_at);

-- The setup link (no account yet) and invitations (account given).
CREATE TABLE invitation (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    token_hash TEXT COLLATE "C" NOT NULL,
    account_id TEXT COLLATE "C" REFERENCES account (id),
    -- Locked to this address when given.
    email TEXT COLLATE "C",
    role TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    consumed_at BIGINT
);
CREATE UNIQUE INDEX invitation_by_token ON invitation (token_hash);

-- Failed sign-ins of the last minutes; `subject` is a hash of the e-mail or of the address.
CREATE TABLE sign_in_failure (
    subject TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX sign_in_failure_by_subject ON sign_in_failure (subject, at);
CREATE INDEX sign_in_failure_by_time ON sign_in_failure (at);

CREATE TABLE environment (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    wire_id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    account_id TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    name TEXT COLLATE "C" NOT NULL,
    is_production BOOLEAN NOT NULL,
    public_key TEXT COLLATE "C" NOT NULL,
    public_key_enabled BOOLEAN NOT NULL,
    public_key_may_overwrite BOOLEAN NOT NULL,
    hmac_enabled BOOLEAN NOT NULL,
    hmac_key_sealed BYTEA,
    webhook_signing_key_sealed BYTEA NOT NULL,
    -- Null: the instance's own /oauth/callback.
    callback_url TEXT COLLATE "C",
    -- False only where a customer's host forwards callbacks server-side (decision D9).
    callback_bound BOOLEAN NOT NULL,
    connect_ui TEXT COLLATE "C" NOT NULL,
    -- JSON list of origins that may embed the Connect UI; empty: any.
    allowed_origins TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE UNIQUE INDEX environment_by_wire_id ON environment (wire_id);
CREATE UNIQUE INDEX environment_by_uuid ON environment (uuid);
CREATE UNIQUE INDEX environment_by_public_key ON environment (public_key);
CREATE UNIQUE INDEX environment_by_name ON environment (account_id, name) WHERE deleted_at IS NULL;

CREATE TABLE environment_variable (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    environment_id TEXT COLLATE "C" NOT NULL REFERENCES environment (id),
    name TEXT COLLATE "C" NOT NULL,
    value_sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX environment_variable_by_name ON environment_variable (environment_id, name);

CREATE TABLE api_key (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    wire_id BIGINT NOT NULL,
    account_id TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    -- Null: an account key.
    environment_id TEXT COLLATE "C" REFERENCES environment (id),
    display_name TEXT COLLATE "C" NOT NULL,
    secret_hash TEXT COLLATE "C" NOT NULL,
    last_four TEXT COLLATE "C" NOT NULL,
    scopes TEXT COLLATE "C" NOT NULL,
    -- Imported from TERAPI_SECRET_KEY_<ENV>: shown, never changed from a page.
    managed BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    expires_at BIGINT,
    deleted_at BIGINT
);
CREATE UNIQUE INDEX api_key_by_wire_id ON api_key (wire_id);
CREATE UNIQUE INDEX api_key_by_hash ON api_key (secret_hash) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX api_key_by_name ON api_key (environment_id, display_name) WHERE deleted_at IS NULL;
CREATE INDEX api_key_by_environment ON api_key (environment_id, created_at);

CREATE TABLE integration (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    uuid TEXT COLLATE "C" NOT NULL,
    environment_id TEXT COLLATE "C" NOT NULL REFERENCES environment (id),
    unique_key TEXT COLLATE "C" NOT NULL,
    provider TEXT COLLATE "C" NOT NULL,
    display_name TEXT COLLATE "C",
    client_id TEXT COLLATE "C",
    client_secret_sealed BYTEA,
    webhook_secret_sealed BYTEA,
    -- Comma-separated, as on the wire.
    scopes TEXT COLLATE "C" NOT NULL,
    -- The provider's declared settings that are not secret, JSON.
    config TEXT COLLATE "C" NOT NULL,
    -- Those that are, sealed JSON.
    secret_config_sealed BYTEA,
    -- Free values given over REST, sealed JSON.
    custom_sealed BYTEA,
    -- Uses /oauth/callback/{uuid} instead of the shared callback.
    own_redirect BOOLEAN NOT NULL,
    forward_webhooks BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE UNIQUE INDEX integration_by_uuid ON integration (uuid);
CREATE UNIQUE INDEX integration_by_key ON integration (environment_id, unique_key) WHERE deleted_at IS NULL;

-- One row a connection: end users are not shared between connections (rest.md 11.4).
CREATE TABLE end_user (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    environment_id TEXT COLLATE "C" NOT NULL REFERENCES environment (id),
    end_user_id TEXT COLLATE "C" NOT NULL,
    email TEXT COLLATE "C",
    display_name TEXT COLLATE "C",
    tags TEXT COLLATE "C",
    organization_id TEXT COLLATE "C",
    organization_display_name TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX end_user_by_end_user_id ON end_user (environment_id, end_user_id);
CREATE INDEX end_user_by_organization ON end_user (environment_id, organization_id);

CREATE TABLE connection (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    wire_id BIGINT NOT NULL,
    environment_id TEXT COLLATE "C" NOT NULL REFERENCES environment (id),
    integration_id TEXT COLLATE "C" NOT NULL REFERENCES integration (id),
    -- What the caller named it.
    connection_id TEXT COLLATE "C" NOT NULL,
    end_user_id TEXT COLLATE "C" REFERENCES end_user (id) ON DELETE SET NULL,
    metadata TEXT COLLATE "C",
    connection_config TEXT COLLATE "C" NOT NULL,
    -- Connection-config fields that the provider declares secret, sealed JSON.
    secret_config_sealed BYTEA,
    webhook_url_override TEXT COLLATE "C",
    -- Lower-cased connection id, end user's name and e-mail; what `search` looks in.
    search_text TEXT COLLATE "C" NOT NULL,
    -- The operation that failed last, while the failure stands (rest.md 11.5).
    auth_error_operation_id TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    last_fetched_at BIGINT,
    deleted_at BIGINT
);
CREATE UNIQUE INDEX connection_by_wire_id ON connection (wire_id);
CREATE UNIQUE INDEX connection_by_key ON connection (environment_id, integration_id, connection_id)
WHERE deleted_at IS NULL;
CREATE INDEX connection_by_time ON connection (environment_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX connection_by_name ON connection (environment_id, connection_id) WHERE deleted_at IS NULL;
CREATE INDEX connection_by_integration ON connection (integration_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX connection_by_end_user ON connection (end_user_id);

CREATE TABLE connection_tag (
    connection_id TEXT COLLATE "C" NOT NULL REFERENCES connection (id),
    environment_id TEXT COLLATE "C" NOT NULL REFERENCES environment (id),
    key TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (connection_id, key)
);
CREATE INDEX connection_tag_by_value ON connection_tag (environment_id, key, value, connection_id);

CREATE TABLE credential (
    connection_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES connection (id),
    environment_id TEXT COLLATE "C" NOT NULL REFERENCES environment (id),
    auth_mode TEXT COLLATE "C" NOT NULL,
    sealed BYTEA NOT NULL,
    -- Counts writes of this row: whoever writes names the version it read.
    version BIGINT NOT NULL,
    -- Null: does not expire.
    expires_at BIGINT,
    -- `expires_in` of the answer that made the token, milliseconds; null: unknown.
    lifetime BIGINT,
    -- Comma-separated; null: the provider did not say.
    granted_scopes TEXT COLLATE "C",
    requested_scopes TEXT COLLATE "C",
    -- `active` or `needs_reauth`.
    state TEXT COLLATE "C" NOT NULL,
    refresh_holder TEXT COLLATE "C",
    refresh_until BIGINT,
    next_refresh_at BIGINT,
    last_refresh_success_at BIGINT,
    last_refresh_failure_at BIGINT,
    refresh_attempts BIGINT NOT NULL,
    refresh_exhausted BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX credential_by_expiry ON credential (expires_at);

CREATE TABLE connect_session (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    environment_id TEXT COLLATE "C" NOT NULL REFERENCES environment (id),
    token_hash TEXT COLLATE "C" NOT NULL,
    end_user TEXT COLLATE "C",
    organization TEXT COLLATE "C",
    tags TEXT COLLATE "C" NOT NULL,
    -- JSON list of integration keys; null: all.
    allowed_integrations TEXT COLLATE "C",
    -- integrations_config_defaults may hold an end user's OAuth app: sealed JSON.
    defaults_sealed BYTEA,
    overrides TEXT COLLATE "C",
    webhook_url_override TEXT COLLATE "C",
    -- The connection to renew, for reconnect sessions.
    reconnect_connection_id TEXT COLLATE "C" REFERENCES connection (id),
    operation_id TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE UNIQUE INDEX connect_session_by_token ON connect_session (token_hash);
CREATE INDEX connect_session_by_expiry ON connect_session (expires_at);

CREATE TABLE oauth_attempt (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    environment_id TEXT COLLATE "C" NOT NULL REFERENCES environment (id),
    -- Null when the attempt was refused before an integration was found.
    integration_id TEXT COLLATE "C" REFERENCES integration (id),
    connect_session_id TEXT COLLATE "C" REFERENCES connect_session (id),
    state_hash TEXT COLLATE "C" NOT NULL,
    -- SHA-256 of the browser id that started it (decision D9).
    browser_hash TEXT COLLATE "C" NOT NULL,
    ws_client_id TEXT COLLATE "C",
    connection_id TEXT COLLATE "C" NOT NULL,
    redirect_uri TEXT COLLATE "C" NOT NULL,
    -- Verifier, connection config given at start, overrides: sealed JSON.
    secret_sealed BYTEA NOT NULL,
    operation_id TEXT COLLATE "C" NOT NULL,
    -- JSON; what listeners are told, once there is something to tell.
    result TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    consumed_at BIGINT,
    finished_at BIGINT
);
CREATE UNIQUE INDEX oauth_attempt_by_state ON oauth_attempt (state_hash);
CREATE INDEX oauth_attempt_by_session ON oauth_attempt (connect_session_id);
CREATE INDEX oauth_attempt_by_listener ON oauth_attempt (ws_client_id);
CREATE INDEX oauth_attempt_by_expiry ON oauth_attempt (expires_at);
