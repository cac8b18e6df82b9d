//! Named leases, so that several instances do the same job once.

use terapi_model::Timestamp;

use crate::sql::{hits, run};
use crate::{StoreError, Tx};

/// Takes or renews the lease `name` until `until`. False while somebody else holds it.
///
/// # Errors
/// [`StoreError`].
pub async fn acquire(
    tx: &mut Tx,
    name: &str,
    holder: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StoreError> {
    hits(
        tx,
        "INSERT INTO lease (name, holder, until) VALUES ($1, $2, $3) \
         ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until \
         WHERE lease.holder = excluded.holder OR lease.until < $4",
        &[&name, &holder, &until, &now],
    )
    .await
}

/// Gives the lease back, if `holder` still has it.
///
/// # Errors
/// [`StoreError`].
pub async fn release(tx: &mut Tx, name: &str, holder: &str) -> Result<(), StoreError> {
    run(
        tx,
        "DELETE FROM lease WHERE name = $1 AND holder = $2",
        &[&name, &holder],
    )
    .await?;
    Ok(())
}
