//! Which operator is in which account, as what.

use terapi_model::{AccountId, OperatorId, Role, Timestamp};

use crate::sql::{all, maybe, row, run};
use crate::{Access, StoreError, Tx};

row! {
    $ columns membership_columns;
    /// An operator in an account.
    pub struct MembershipRow {
        /// The account.
        pub account_id: AccountId,
        /// The operator.
        pub operator_id: OperatorId,
        /// What they may do.
        pub role: Role,
        /// Since when.
        pub created_at: Timestamp,
    }
}

/// Puts an operator into an account.
///
/// # Errors
/// [`StoreError::Conflict`] with [`crate::Constraint::Membership`] when they are in it.
pub async fn insert(tx: &mut Tx, row: &MembershipRow) -> Result<(), StoreError> {
    run(tx, membership_columns!(insert "membership"), &row.binds()).await?;
    Ok(())
}

/// The operator's accounts, oldest membership first.
///
/// # Errors
/// [`StoreError`].
pub async fn list_by_operator(
    db: &mut impl Access,
    operator_id: &OperatorId,
) -> Result<Vec<MembershipRow>, StoreError> {
    all(
        db,
        concat!(
            "SELECT ",
            membership_columns!(),
            " FROM membership WHERE operator_id = $1 ORDER BY created_at, account_id"
        ),
        &[operator_id],
    )
    .await
}

/// The account's operators, oldest membership first.
///
/// # Errors
/// [`StoreError`].
pub async fn list_by_account(
    db: &mut impl Access,
    account_id: &AccountId,
) -> Result<Vec<MembershipRow>, StoreError> {
    all(
        db,
        concat!(
            "SELECT ",
            membership_columns!(),
            " FROM membership WHERE account_id = $1 ORDER BY created_at, operator_id"
        ),
        &[account_id],
    )
    .await
}

/// The membership of this operator in this account.
///
/// # Errors
/// [`StoreError`].
pub async fn find(
    db: &mut impl Access,
    account_id: &AccountId,
    operator_id: &OperatorId,
) -> Result<Option<MembershipRow>, StoreError> {
    maybe(
        db,
        concat!(
            "SELECT ",
            membership_columns!(),
            " FROM membership WHERE account_id = $1 AND operator_id = $2"
        ),
        &[account_id, operator_id],
    )
    .await
}
