//! Operators: people who sign in.

use terapi_model::{OperatorId, Timestamp};

use crate::sql::{Only, hits, maybe, one, row, run};
use crate::{Access, StoreError, Tx};

row! {
    $ columns operator_columns;
    /// An operator.
    pub struct OperatorRow {
        /// Its id.
        pub id: OperatorId,
        /// E-mail address as typed.
        pub email: String,
        /// Lower-cased; what sign-in looks up.
        pub email_key: String,
        /// For people.
        pub display_name: String,
        /// argon2id, PHC string.
        pub password_hash: String,
        /// When signed up.
        pub created_at: Timestamp,
        /// When changed last.
        pub updated_at: Timestamp,
    }
}

/// Inserts an operator.
///
/// # Errors
/// [`StoreError::Conflict`] with [`crate::Constraint::OperatorEmail`] when the address is taken.
pub async fn insert(tx: &mut Tx, row: &OperatorRow) -> Result<(), StoreError> {
    run(tx, operator_columns!(insert "operator"), &row.binds()).await?;
    Ok(())
}

/// The operator with this id.
///
/// # Errors
/// [`StoreError`].
pub async fn find(db: &mut impl Access, id: &OperatorId) -> Result<Option<OperatorRow>, StoreError> {
    maybe(
        db,
        concat!("SELECT ", operator_columns!(), " FROM operator WHERE id = $1"),
        &[id],
    )
    .await
}

/// The operator with this lower-cased address.
///
/// # Errors
/// [`StoreError`].
pub async fn find_by_email_key(
    db: &mut impl Access,
    email_key: &str,
) -> Result<Option<OperatorRow>, StoreError> {
    // Anybody may ask for any text, and PostgreSQL takes this character as no text at all.
    if email_key.contains('\0') {
        return Ok(None);
    }
    maybe(
        db,
        concat!(
            "SELECT ",
            operator_columns!(),
            " FROM operator WHERE email_key = $1"
        ),
        &[&email_key],
    )
    .await
}

/// Replaces the password's hash. False when there is no such operator.
///
/// # Errors
/// [`StoreError`].
pub async fn update_password(
    tx: &mut Tx,
    id: &OperatorId,
    password_hash: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    hits(
        tx,
        "UPDATE operator SET password_hash = $2, updated_at = $3 WHERE id = $1",
        &[id, &password_hash, &now],
    )
    .await
}

/// How many there are.
///
/// # Errors
/// [`StoreError`].
pub async fn count(db: &mut impl Access) -> Result<i64, StoreError> {
    one::<Only<i64>>(db, "SELECT COUNT(*) FROM operator", &[])
        .await
        .map(|count| count.0)
}
