//! Runs of OAuth flows, from the redirect to the stored result.

use terapi_model::{
    ConnectSessionId, ConnectionKey, EnvironmentId, IntegrationId, OAuthAttemptId, OperationId, Timestamp,
};
use terapi_vault::Sealed;

use crate::sql::{Built, Only, all, hits, maybe, one, row, run};
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

/// Hands an attempt that nobody has carried to a browser yet over to the browser that came for it; `None` when there is
/// none such. Happens once.
///
/// # Errors
/// [`StoreError`].
pub async fn claim(
    tx: &mut Tx,
    id: &OAuthAttemptId,
    link_hash: &str,
    browser_hash: &str,
    now: Timestamp,
) -> Result<Option<OAuthAttemptRow>, StoreError> {
    maybe(
        tx,
        concat!(
            "UPDATE oauth_attempt SET browser_hash = $3 \
             WHERE id = $1 AND browser_hash = $2 AND consumed_at IS NULL AND expires_at > $4 RETURNING ",
            oauth_attempt_columns!()
        ),
        &[id, &link_hash, &browser_hash, &now],
    )
    .await
}

/// Finished attempts that one of these listeners waits for, or that are among these attempts.
///
/// # Errors
/// [`StoreError`].
pub async fn find_results(
    db: &mut impl Access,
    ws_client_ids: &[String],
    ids: &[OAuthAttemptId],
) -> Result<Vec<OAuthAttemptRow>, StoreError> {
    const FINISHED: &str = concat!(
        "SELECT ",
        oauth_attempt_columns!(),
        " FROM oauth_attempt WHERE finished_at IS NOT NULL AND "
    );
    let mut found = Vec::new();
    if !ws_client_ids.is_empty() {
        let mut sql = Built::new(FINISHED);
        sql.push("ws_client_id IN ")
            .bind_list(ws_client_ids.iter().cloned())
            .push(" ORDER BY finished_at, id");
        found.extend(sql.all(db).await?);
    }
    if !ids.is_empty() {
        let mut sql = Built::new(FINISHED);
        sql.push("id IN ").bind_list(ids.iter().cloned());
        found.extend(sql.all(db).await?);
    }
    Ok(found)
}

/// How many attempts can still be completed, counted up to `most`: of a session, or, of an environment, all those that
/// belong to none.
///
/// # Errors
/// [`StoreError`].
pub async fn count_pending(
    db: &mut impl Access,
    environment: &EnvironmentId,
    session: Option<&ConnectSessionId>,
    most: i64,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let Only(count) = match session {
        Some(session) => {
            one(
                db,
                "SELECT count(*) FROM (SELECT 1 AS one FROM oauth_attempt \
                 WHERE connect_session_id = $1 AND expires_at > $2 AND consumed_at IS NULL LIMIT $3) AS pending",
                &[session, &now, &most],
            )
            .await?
        }
        None => {
            one(
                db,
                "SELECT count(*) FROM (SELECT 1 AS one FROM oauth_attempt WHERE environment_id = $1 \
                 AND connect_session_id IS NULL AND expires_at > $2 AND consumed_at IS NULL LIMIT $3) AS pending",
                &[environment, &now, &most],
            )
            .await?
        }
    };
    Ok(count)
}

/// How many attempts of an environment that belong to no session ended after `since`, well or badly, counted up to
/// `most`. Refusals that never became one are not among them.
///
/// # Errors
/// [`StoreError`].
pub async fn count_ended(
    db: &mut impl Access,
    environment: &EnvironmentId,
    since: Timestamp,
    most: i64,
) -> Result<i64, StoreError> {
    let Only(count) = one(
        db,
        "SELECT count(*) FROM (SELECT 1 AS one FROM oauth_attempt WHERE environment_id = $1 \
         AND connect_session_id IS NULL AND integration_id IS NOT NULL AND finished_at > $2 LIMIT $3) AS ended",
        &[environment, &since, &most],
    )
    .await?;
    Ok(count)
}

/// Attempts whose state was used at or before `before` and that have no result, the longest waiting first.
///
/// # Errors
/// [`StoreError`].
pub async fn find_unfinished(
    db: &mut impl Access,
    before: Timestamp,
    limit: u32,
) -> Result<Vec<OAuthAttemptRow>, StoreError> {
    all(
        db,
        concat!(
            "SELECT ",
            oauth_attempt_columns!(),
            " FROM oauth_attempt WHERE consumed_at <= $1 AND finished_at IS NULL ORDER BY consumed_at, id LIMIT $2"
        ),
        &[&before, &limit],
    )
    .await
}

/// Removes attempts that expired at or before `before`; answers how many.
///
/// # Errors
/// [`StoreError`].
pub async fn delete_expired(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    run(tx, "DELETE FROM oauth_attempt WHERE expires_at <= $1", &[&before]).await
}
