//! The setup link and invitations.

use terapi_model::{AccountId, InvitationId, Role, Timestamp};

use crate::sql::{hits, maybe, row, run};
use crate::{Access, Conn, StoreError, Tx};

row! {
    $ columns invitation_columns;
    /// A link that lets somebody sign up once.
    pub struct InvitationRow {
        /// Its id.
        pub id: InvitationId,
        /// SHA-256 of the link's token, hex.
        pub token_hash: String,
        /// The account to join; none: the setup link, which makes the first account.
        pub account_id: Option<AccountId>,
        /// Locked to this address when given.
        pub email: Option<String>,
        /// What the newcomer becomes.
        pub role: Role,
        /// When it was made.
        pub created_at: Timestamp,
        /// When it stops working.
        pub expires_at: Timestamp,
        /// When it was used.
        pub consumed_at: Option<Timestamp>,
    }
}

/// Inserts an invitation.
///
/// # Errors
/// [`StoreError`].
pub async fn insert(tx: &mut Tx, row: &InvitationRow) -> Result<(), StoreError> {
    run(tx, invitation_columns!(insert "invitation"), &row.binds()).await?;
    Ok(())
}

/// The invitation with this token's hash, used and expired ones included.
///
/// # Errors
/// [`StoreError`].
pub async fn find_by_hash(
    db: &mut impl Access,
    token_hash: &str,
) -> Result<Option<InvitationRow>, StoreError> {
    maybe(
        db,
        concat!(
            "SELECT ",
            invitation_columns!(),
            " FROM invitation WHERE token_hash = $1"
        ),
        &[&token_hash],
    )
    .await
}

/// Uses an invitation. True exactly once, and only before it expires.
///
/// # Errors
/// [`StoreError`].
pub async fn consume(tx: &mut Tx, id: &InvitationId, now: Timestamp) -> Result<bool, StoreError> {
    hits(
        tx,
        "UPDATE invitation SET consumed_at = $2 WHERE id = $1 AND consumed_at IS NULL AND expires_at > $2",
        &[id, &now],
    )
    .await
}

/// Makes whoever else would make, use or remove a setup link wait until this transaction ends, so that two processes that
/// start together do not both hand out a link that works, and two links do not both make the first operator.
///
/// # Errors
/// [`StoreError`].
pub async fn lock_setup(tx: &mut Tx) -> Result<(), StoreError> {
    // On SQLite there is one writer anyway.
    if let Conn::Postgres(_) = tx.conn() {
        run(tx, "SELECT pg_advisory_xact_lock(7305510984)", &[]).await?;
    }
    Ok(())
}

/// Removes setup links that nobody used, so that only the newest works; answers how many.
///
/// # Errors
/// [`StoreError`].
pub async fn delete_unconsumed_setup(tx: &mut Tx) -> Result<u64, StoreError> {
    run(
        tx,
        "DELETE FROM invitation WHERE account_id IS NULL AND consumed_at IS NULL",
        &[],
    )
    .await
}
