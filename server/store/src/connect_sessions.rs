//! Connect sessions: what a backend opens for one end user.

use terapi_model::{
    ConnectSessionId, ConnectionId, EndUser, EnvironmentId, IntegrationKey, OperationId, Organization, Tags,
    Timestamp,
};
use terapi_vault::Sealed;

use crate::sql::{hits, maybe, row, run};
use crate::{Access, StoreError, Tx};

row! {
    $ columns connect_session_columns;
    /// A connect session. Its token is known only as its hash.
    pub struct ConnectSessionRow {
        /// Its id.
        pub id: ConnectSessionId,
        /// Whose it is.
        pub environment_id: EnvironmentId,
        /// SHA-256 of the token, hex.
        pub token_hash: String,
        /// For whom.
        pub end_user: Option<EndUser>,
        /// Their organization.
        pub organization: Option<Organization>,
        /// Tags the connection will have.
        pub tags: Tags,
        /// Integrations that may be connected; none: all.
        pub allowed_integrations: Option<Vec<IntegrationKey>>,
        /// Defaults by integration, which may hold an end user's OAuth app; sealed JSON.
        pub defaults_sealed: Option<Sealed>,
        /// Overrides by integration.
        pub overrides: Option<serde_json::Value>,
        /// Where the connection's webhooks go instead.
        pub webhook_url_override: Option<String>,
        /// The connection to renew.
        pub reconnect_connection_id: Option<ConnectionId>,
        /// Its operation in the log.
        pub operation_id: OperationId,
        /// When it was opened.
        pub created_at: Timestamp,
        /// When it ends.
        pub expires_at: Timestamp,
        /// When it was ended early.
        pub deleted_at: Option<Timestamp>,
    }
}

impl ConnectSessionRow {
    /// Whether it has neither expired nor been ended early.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.deleted_at.is_none() && self.expires_at > now
    }
}

/// Inserts a session.
///
/// # Errors
/// [`StoreError`].
pub async fn insert(tx: &mut Tx, row: &ConnectSessionRow) -> Result<(), StoreError> {
    run(
        tx,
        connect_session_columns!(insert "connect_session"),
        &row.binds(),
    )
    .await?;
    Ok(())
}

/// The session with this token's hash, ended or not: see [`ConnectSessionRow::is_live`].
///
/// # Errors
/// [`StoreError`].
pub async fn find_by_hash(
    db: &mut impl Access,
    token_hash: &str,
) -> Result<Option<ConnectSessionRow>, StoreError> {
    maybe(
        db,
        concat!(
            "SELECT ",
            connect_session_columns!(),
            " FROM connect_session WHERE token_hash = $1"
        ),
        &[&token_hash],
    )
    .await
}

/// The session with this id, ended or not.
///
/// # Errors
/// [`StoreError`].
pub async fn find(
    db: &mut impl Access,
    id: &ConnectSessionId,
) -> Result<Option<ConnectSessionRow>, StoreError> {
    maybe(
        db,
        concat!(
            "SELECT ",
            connect_session_columns!(),
            " FROM connect_session WHERE id = $1"
        ),
        &[id],
    )
    .await
}

/// Keeps all other transactions that hold this session waiting until this one ends. False when it is gone.
///
/// # Errors
/// [`StoreError`].
pub async fn hold(tx: &mut Tx, id: &ConnectSessionId) -> Result<bool, StoreError> {
    // An update holds the row in either database; a SELECT … FOR UPDATE is understood by one of them.
    hits(
        tx,
        "UPDATE connect_session SET expires_at = expires_at WHERE id = $1",
        &[id],
    )
    .await
}

/// Ends a session. False when it was ended already.
///
/// # Errors
/// [`StoreError`].
pub async fn soft_delete(tx: &mut Tx, id: &ConnectSessionId, now: Timestamp) -> Result<bool, StoreError> {
    hits(
        tx,
        "UPDATE connect_session SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL",
        &[id, &now],
    )
    .await
}

/// Removes sessions that expired at or before `before` and that no attempt names any more; answers how many.
///
/// # Errors
/// [`StoreError`].
pub async fn delete_expired(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    run(
        tx,
        "DELETE FROM connect_session WHERE expires_at <= $1 \
         AND NOT EXISTS (SELECT 1 FROM oauth_attempt a WHERE a.connect_session_id = connect_session.id)",
        &[&before],
    )
    .await
}

/// Ends every session of an environment; answers how many.
///
/// # Errors
/// [`StoreError`].
pub async fn soft_delete_all(
    tx: &mut Tx,
    environment_id: &EnvironmentId,
    now: Timestamp,
) -> Result<u64, StoreError> {
    run(
        tx,
        "UPDATE connect_session SET deleted_at = $2 WHERE environment_id = $1 AND deleted_at IS NULL",
        &[environment_id, &now],
    )
    .await
}
