//! The integer ids of the REST contract (decision D27).

use terapi_model::WireId;

use crate::sql::{Only, one};
use crate::{StoreError, Tx};

/// Draws the next one. On PostgreSQL others who draw wait until this transaction ends, so draw late.
///
/// # Errors
/// [`StoreError`].
pub async fn next(tx: &mut Tx) -> Result<WireId, StoreError> {
    let sql = "UPDATE counter SET value = value + 1 WHERE name = 'wire_id' RETURNING value";
    one::<Only<WireId>>(tx, sql, &[]).await.map(|id| id.0)
}
