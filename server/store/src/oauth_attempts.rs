//! Runs of OAuth flows, from the redirect to the stored result.

use terapi_model::{
    ConnectSessionId, ConnectionKey, EnvironmentId, IntegrationId, OAuthAttemptId, OperationId, Timestamp,
};
use terapi_vault::Sealed;

use crate::sql::{Built, hits, maybe, row, run};
use crate::{Access, StoreError, Tx};

row! {
    $ columns oauth_attempt_columns;
    /// One run of a flow.
    pub struct OAuthAttemptRow {
        /// Its id.
        pub id: OAuthAttemptId,
        /// Whose it is.
        pub environment_id: EnvironmentId,
        /// None when it was refused before an integration was found.
        pub integration_id: Option<IntegrationId>,
        /// The connect session it belongs to; none: public key.
        pub connect_session_id: Option<ConnectSessionId>,
        /// SHA-256 of `state`, hex.
        pub state_hash: String,
        /// SHA-256 of the browser id that started it, hex (decision D9).
        pub browser_hash: String,
        /// Who waits for the result on the WebSocket.
        pub ws_client_id: Option<String>,
        /// What the connection will be named.
        pub connection_id: ConnectionKey,
        /// The redirect URI that was sent.
        pub redirect_uri: String,
        /// Verifier, connection config given at start, overrides; sealed JSON.
        pub secret_sealed: Sealed,
        /// Its operation in the log.
        pub operation_id: OperationId,
        /// What listeners are told, once there is something to tell.
        pub result: Option<serde_json::Value>,
        /// When it began.
        pub created_at: Timestamp,
        /// When its state stops working.
        pub expires_at: Timestamp,
        /// When its state was used.
        pub consumed_at: Option<Timestamp>,
        /// When the result was stored.
        pub finished_at: Option<Timestamp>,
    }
}

/// Inserts an attempt.
///
/// # Errors
/// [`StoreError`].
pub async fn insert(tx: &mut Tx, row: &OAuthAttemptRow) -> Result<(), StoreError> {
    run(tx, oauth_attempt_columns!(insert "oauth_attempt"), &row.binds()).await?;
    Ok(())
}

/// Uses a state. Answers the attempt exactly once, and only before it expires.
///
/// # Errors
/// [`StoreError`].
pub async fn consume(
    tx: &mut Tx,
    state_hash: &str,
    now: Timestamp,
) -> Result<Option<OAuthAttemptRow>, StoreError> {
    maybe(
        tx,
        concat!(
            "UPDATE oauth_attempt SET consumed_at = $2 \
             WHERE state_hash = $1 AND consumed_at IS NULL AND expires_at > $2 RETURNING ",
            oauth_attempt_columns!()
        ),
        &[&state_hash, &now],
    )
    .await
}

/// The attempt with this id.
///
/// # Errors
/// [`StoreError`].
pub async fn find(db: &mut impl Access, id: &OAuthAttemptId) -> Result<Option<OAuthAttemptRow>, StoreError> {
    maybe(
        db,
        concat!(
            "SELECT ",
            oauth_attempt_columns!(),
            " FROM oauth_attempt WHERE id = $1"
        ),
        &[id],
    )
    .await
}

/// The attempt with this state, used and expired ones included: to say what is wrong with a callback.
///
/// # Errors
/// [`StoreError`].
pub async fn find_by_state(
    db: &mut impl Access,
    state_hash: &str,
) -> Result<Option<OAuthAttemptRow>, StoreError> {
    maybe(
        db,
        concat!(
            "SELECT ",
            oauth_attempt_columns!(),
            " FROM oauth_attempt WHERE state_hash = $1"
        ),
        &[&state_hash],
    )
    .await
}

/// Stores the result. The first one stays: false when there was one.
///
/// # Errors
/// [`StoreError`].
pub async fn finish(
    tx: &mut Tx,
    id: &OAuthAttemptId,
    result: &serde_json::Value,
    now: Timestamp,
) -> Result<bool, StoreError> {
    hits(
        tx,
        "UPDATE oauth_attempt SET result = $2, finished_at = $3 WHERE id = $1 AND finished_at IS NULL",
        &[id, result, &now],
    )
    .await
}

/// Finished attempts that one of these listeners waits for.
///
/// # Errors
/// [`StoreError`].
pub async fn find_results(
    db: &mut impl Access,
    ws_client_ids: &[String],
) -> Result<Vec<OAuthAttemptRow>, StoreError> {
    if ws_client_ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Built::new(concat!(
        "SELECT ",
        oauth_attempt_columns!(),
        " FROM oauth_attempt WHERE finished_at IS NOT NULL AND ws_client_id IN "
    ));
    sql.bind_list(ws_client_ids.iter().cloned())
        .push(" ORDER BY finished_at, id");
    sql.all(db).await
}

/// Removes attempts that expired at or before `before`; answers how many.
///
/// # Errors
/// [`StoreError`].
pub async fn delete_expired(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    run(tx, "DELETE FROM oauth_attempt WHERE expires_at <= $1", &[&before]).await
}
