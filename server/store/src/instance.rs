//! What this installation is: one row.

use terapi_model::Timestamp;
use terapi_vault::Sealed;

use crate::sql::{hits, maybe, row};
use crate::{Access, StoreError, Tx};

row! {
    $ columns instance_columns;
    /// The installation.
    pub struct InstanceRow {
        /// Its id.
        pub id: String,
        /// A known text, sealed: opens only under the right encryption key.
        pub canary_sealed: Sealed,
        /// When it was set up.
        pub created_at: Timestamp,
    }
}

/// Inserts the row unless there is one. True when this call inserted it.
///
/// # Errors
/// [`StoreError`].
pub async fn insert_once(tx: &mut Tx, row: &InstanceRow) -> Result<bool, StoreError> {
    // The lone row of the counter is the lock that makes two first starts take turns.
    crate::sql::run(tx, "UPDATE counter SET value = value WHERE name = 'wire_id'", &[]).await?;
    hits(
        tx,
        "INSERT INTO instance (id, canary_sealed, created_at) SELECT $1, $2, $3 \
         WHERE NOT EXISTS (SELECT 1 FROM instance)",
        &row.binds(),
    )
    .await
}

/// The installation, once it was set up.
///
/// # Errors
/// [`StoreError`].
pub async fn find(db: &mut impl Access) -> Result<Option<InstanceRow>, StoreError> {
    maybe(db, concat!("SELECT ", instance_columns!(), " FROM instance"), &[]).await
}
