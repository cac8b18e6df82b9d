//! Failed sign-ins of the last minutes, for throttling.

use terapi_model::Timestamp;

use crate::sql::{Only, maybe, one, run};
use crate::{Access, Conn, StoreError, Tx};

/// Notes a failure. `subject` is a hash of the e-mail address or of the network address.
///
/// # Errors
/// [`StoreError`].
pub async fn insert(tx: &mut Tx, subject: &str, at: Timestamp) -> Result<(), StoreError> {
    run(
        tx,
        "INSERT INTO sign_in_failure (subject, at) VALUES ($1, $2)",
        &[&subject, &at],
    )
    .await?;
    Ok(())
}

/// How many failures the subject had at or after `since`. Whoever counts the same subject next waits until this
/// transaction ends, so that tries made at once cannot all find room for one more. Who counts several subjects counts
/// them in the same order as others do.
///
/// # Errors
/// [`StoreError`].
pub async fn count_since(tx: &mut Tx, subject: &str, since: Timestamp) -> Result<i64, StoreError> {
    // On SQLite there is one writer anyway.
    if let Conn::Postgres(_) = tx.conn() {
        run(
            tx,
            "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
            &[&subject],
        )
        .await?;
    }
    one::<Only<i64>>(
        tx,
        "SELECT COUNT(*) FROM sign_in_failure WHERE subject = $1 AND at >= $2",
        &[&subject, &since],
    )
    .await
    .map(|count| count.0)
}

/// The subject's oldest failure at or after `since`: with it, the time when trying again is allowed.
///
/// # Errors
/// [`StoreError`].
pub async fn oldest_since(
    db: &mut impl Access,
    subject: &str,
    since: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let oldest = maybe::<Only<Timestamp>>(
        db,
        "SELECT at FROM sign_in_failure WHERE subject = $1 AND at >= $2 ORDER BY at LIMIT 1",
        &[&subject, &since],
    )
    .await?;
    Ok(oldest.map(|at| at.0))
}

/// Forgets the subject's failures.
///
/// # Errors
/// [`StoreError`].
pub async fn delete_for(tx: &mut Tx, subject: &str) -> Result<(), StoreError> {
    run(tx, "DELETE FROM sign_in_failure WHERE subject = $1", &[&subject]).await?;
    Ok(())
}

/// Forgets failures before `before`; answers how many.
///
/// # Errors
/// [`StoreError`].
pub async fn delete_before(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    run(tx, "DELETE FROM sign_in_failure WHERE at < $1", &[&before]).await
}

/// Forgets what the subject failed at this instant: a try that was counted beforehand and turned out right.
///
/// # Errors
/// [`StoreError`].
pub async fn delete_one(tx: &mut Tx, subject: &str, at: Timestamp) -> Result<(), StoreError> {
    run(
        tx,
        "DELETE FROM sign_in_failure WHERE subject = $1 AND at = $2",
        &[&subject, &at],
    )
    .await?;
    Ok(())
}
