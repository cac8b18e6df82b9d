//! Sessions of the dashboard.

use terapi_model::{OperatorId, Timestamp};

use crate::sql::{all, hits, maybe, row, run};
use crate::{Access, StoreError, Tx};

/// How exact `last_seen_at` is, milliseconds.
pub const SEEN_EVERY: i64 = 60_000;

row! {
    $ columns operator_session_columns;
    /// A session. The cookie's id is known only as its hash.
    pub struct OperatorSessionRow {
        /// SHA-256 of the cookie's id, hex.
        pub id_hash: String,
        /// None until somebody has signed in.
        pub operator_id: Option<OperatorId>,
        /// The session layer's own record, JSON.
        pub record: String,
        /// As the browser names itself.
        pub user_agent: String,
        /// Where it was seen first.
        pub address: String,
        /// When it began.
        pub created_at: Timestamp,
        /// Its last request, to the minute.
        pub last_seen_at: Timestamp,
        /// When it ends.
        pub expires_at: Timestamp,
    }
}

/// Inserts the session, or replaces the one with this id; `created_at` and `last_seen_at` of that one stay.
///
/// # Errors
/// [`StoreError`].
pub async fn upsert(tx: &mut Tx, row: &OperatorSessionRow) -> Result<(), StoreError> {
    run(
        tx,
        concat!(
            operator_session_columns!(insert "operator_session"),
            " ON CONFLICT (id_hash) DO UPDATE SET operator_id = excluded.operator_id, record = excluded.record, \
             user_agent = excluded.user_agent, address = excluded.address, expires_at = excluded.expires_at"
        ),
        &row.binds(),
    )
    .await?;
    Ok(())
}

/// The session with this hash, unless it has expired.
///
/// # Errors
/// [`StoreError`].
pub async fn find_live(
    db: &mut impl Access,
    id_hash: &str,
    now: Timestamp,
) -> Result<Option<OperatorSessionRow>, StoreError> {
    maybe(
        db,
        concat!(
            "SELECT ",
            operator_session_columns!(),
            " FROM operator_session WHERE id_hash = $1 AND expires_at > $2"
        ),
        &[&id_hash, &now],
    )
    .await
}

/// Notes a request, unless one was noted less than [`SEEN_EVERY`] ago. True when it was written.
///
/// # Errors
/// [`StoreError`].
pub async fn touch(tx: &mut Tx, id_hash: &str, now: Timestamp) -> Result<bool, StoreError> {
    hits(
        tx,
        "UPDATE operator_session SET last_seen_at = $2 WHERE id_hash = $1 AND last_seen_at <= $3",
        &[&id_hash, &now, &now.plus_millis(-SEEN_EVERY)],
    )
    .await
}

/// The operator's live sessions, the last one used first.
///
/// # Errors
/// [`StoreError`].
pub async fn list_by_operator(
    db: &mut impl Access,
    operator_id: &OperatorId,
    now: Timestamp,
) -> Result<Vec<OperatorSessionRow>, StoreError> {
    all(
        db,
        concat!(
            "SELECT ",
            operator_session_columns!(),
            " FROM operator_session WHERE operator_id = $1 AND expires_at > $2 ORDER BY last_seen_at DESC, id_hash"
        ),
        &[operator_id, &now],
    )
    .await
}

/// Ends a session. False when there was none.
///
/// # Errors
/// [`StoreError`].
pub async fn delete(tx: &mut Tx, id_hash: &str) -> Result<bool, StoreError> {
    hits(tx, "DELETE FROM operator_session WHERE id_hash = $1", &[&id_hash]).await
}

/// Ends the operator's other sessions; answers how many.
///
/// # Errors
/// [`StoreError`].
pub async fn delete_by_operator_except(
    tx: &mut Tx,
    operator_id: &OperatorId,
    kept_id_hash: &str,
) -> Result<u64, StoreError> {
    run(
        tx,
        "DELETE FROM operator_session WHERE operator_id = $1 AND id_hash <> $2",
        &[operator_id, &kept_id_hash],
    )
    .await
}

/// Removes expired sessions; answers how many.
///
/// # Errors
/// [`StoreError`].
pub async fn delete_expired(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    run(tx, "DELETE FROM operator_session WHERE expires_at <= $1", &[&now]).await
}
