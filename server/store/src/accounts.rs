//! Accounts: tenants.

use terapi_model::{AccountId, Timestamp};

use crate::sql::{Only, maybe, one, row, run};
use crate::{Access, StoreError, Tx};

row! {
    $ columns account_columns;
    /// An account.
    pub struct AccountRow {
        /// Its id.
        pub id: AccountId,
        /// For people.
        pub name: String,
        /// When it was made.
        pub created_at: Timestamp,
        /// When it was changed last.
        pub updated_at: Timestamp,
    }
}

/// Inserts an account.
///
/// # Errors
/// [`StoreError`].
pub async fn insert(tx: &mut Tx, row: &AccountRow) -> Result<(), StoreError> {
    run(tx, account_columns!(insert "account"), &row.binds()).await?;
    Ok(())
}

/// The account with this id.
///
/// # Errors
/// [`StoreError`].
pub async fn find(db: &mut impl Access, id: &AccountId) -> Result<Option<AccountRow>, StoreError> {
    maybe(
        db,
        concat!("SELECT ", account_columns!(), " FROM account WHERE id = $1"),
        &[id],
    )
    .await
}

/// How many there are.
///
/// # Errors
/// [`StoreError`].
pub async fn count(db: &mut impl Access) -> Result<i64, StoreError> {
    one::<Only<i64>>(db, "SELECT COUNT(*) FROM account", &[])
        .await
        .map(|count| count.0)
}
