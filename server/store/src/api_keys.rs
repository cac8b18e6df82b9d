//! API keys of environments and accounts.

use terapi_model::{AccountId, ApiKeyId, ApiKeyScopes, EnvironmentId, Timestamp, WireId};

use crate::environments::{EnvironmentRow, environment_columns};
use crate::sql::{all, hits, maybe, row, run};
use crate::{Access, StoreError, Tx};

/// How exact `last_used_at` is, milliseconds.
pub const USED_EVERY: i64 = 60_000;

row! {
    $ columns api_key_columns;
    /// An API key. The key itself is known only as its hash.
    pub struct ApiKeyRow {
        /// Its id.
        pub id: ApiKeyId,
        /// Its integer id on the wire.
        pub wire_id: WireId,
        /// Whose it is.
        pub account_id: AccountId,
        /// The environment it acts on; none: an account key.
        pub environment_id: Option<EnvironmentId>,
        /// For people; unique among the environment's live ones.
        pub display_name: String,
        /// SHA-256, hex.
        pub secret_hash: String,
        /// The key's end, to tell keys apart.
        pub last_four: String,
        /// What it may do.
        pub scopes: ApiKeyScopes,
        /// Imported from the process environment: shown, never changed from a page.
        pub managed: bool,
        /// When it was made.
        pub created_at: Timestamp,
        /// Its last use, to the minute.
        pub last_used_at: Option<Timestamp>,
        /// When it stops working; none: never.
        pub expires_at: Option<Timestamp>,
        /// When it was deleted.
        pub deleted_at: Option<Timestamp>,
    }
}

/// A key that works, and what it opens.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveApiKey {
    /// The key.
    pub key: ApiKeyRow,
    /// Its environment; none for account keys.
    pub environment: Option<EnvironmentRow>,
}

/// Inserts a key.
///
/// # Errors
/// [`StoreError::Conflict`] with [`crate::Constraint::ApiKeyName`] or [`crate::Constraint::ApiKeySecret`].
pub async fn insert(tx: &mut Tx, row: &ApiKeyRow) -> Result<(), StoreError> {
    run(tx, api_key_columns!(insert "api_key"), &row.binds()).await?;
    Ok(())
}

/// The key with this hash, if it is neither deleted nor expired and its environment is not deleted.
///
/// # Errors
/// [`StoreError`].
pub async fn find_live_by_hash(
    db: &mut impl Access,
    secret_hash: &str,
    now: Timestamp,
) -> Result<Option<LiveApiKey>, StoreError> {
    let found = maybe::<(ApiKeyRow, Option<EnvironmentRow>)>(
        db,
        concat!(
            "SELECT ",
            api_key_columns!("k"),
            ", ",
            environment_columns!("e"),
            " FROM api_key k LEFT JOIN environment e ON e.id = k.environment_id \
             WHERE k.secret_hash = $1 AND k.deleted_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $2) \
             AND e.deleted_at IS NULL"
        ),
        &[&secret_hash, &now],
    )
    .await?;
    Ok(found.map(|(key, environment)| LiveApiKey { key, environment }))
}

/// The environment's live keys, oldest first.
///
/// # Errors
/// [`StoreError`].
pub async fn list_by_environment(
    db: &mut impl Access,
    environment_id: &EnvironmentId,
) -> Result<Vec<ApiKeyRow>, StoreError> {
    all(
        db,
        concat!(
            "SELECT ",
            api_key_columns!(),
            " FROM api_key WHERE environment_id = $1 AND deleted_at IS NULL ORDER BY created_at, id"
        ),
        &[environment_id],
    )
    .await
}

/// Stops a key of this environment. False when there is none, or when it is managed.
///
/// # Errors
/// [`StoreError`].
pub async fn soft_delete(
    tx: &mut Tx,
    environment_id: &EnvironmentId,
    id: &ApiKeyId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    hits(
        tx,
        "UPDATE api_key SET deleted_at = $3 \
         WHERE id = $1 AND environment_id = $2 AND deleted_at IS NULL AND managed = FALSE",
        &[id, environment_id, &now],
    )
    .await
}

/// Notes a use, unless one was noted less than [`USED_EVERY`] ago. True when it was written.
///
/// # Errors
/// [`StoreError`].
pub async fn touch(tx: &mut Tx, id: &ApiKeyId, now: Timestamp) -> Result<bool, StoreError> {
    hits(
        tx,
        "UPDATE api_key SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= $3)",
        &[id, &now, &now.plus_millis(-USED_EVERY)],
    )
    .await
}

/// Makes `row` the environment's one managed key: the one it has keeps its row when hash and scopes are the same,
/// and is stopped otherwise. True when something changed.
///
/// # Errors
/// [`StoreError::Conflict`] with [`crate::Constraint::ApiKeySecret`] when another environment has this secret, or
/// [`crate::Constraint::ApiKeyName`].
pub async fn upsert_managed(tx: &mut Tx, row: &ApiKeyRow) -> Result<bool, StoreError> {
    let same = hits(
        tx,
        "UPDATE api_key SET managed = TRUE \
         WHERE environment_id = $1 AND secret_hash = $2 AND scopes = $3 AND managed = TRUE AND deleted_at IS NULL",
        &[&row.environment_id, &row.secret_hash, &row.scopes],
    )
    .await?;
    if same {
        return Ok(false);
    }
    stop_managed(tx, row.environment_id.as_ref(), row.created_at).await?;
    insert(tx, row).await?;
    Ok(true)
}

/// Stops the environment's managed keys, for when the process environment names none any more; answers how many.
///
/// # Errors
/// [`StoreError`].
pub async fn soft_delete_managed(
    tx: &mut Tx,
    environment_id: &EnvironmentId,
    now: Timestamp,
) -> Result<u64, StoreError> {
    stop_managed(tx, Some(environment_id), now).await
}

async fn stop_managed(
    tx: &mut Tx,
    environment_id: Option<&EnvironmentId>,
    now: Timestamp,
) -> Result<u64, StoreError> {
    run(
        tx,
        "UPDATE api_key SET deleted_at = $2 WHERE environment_id = $1 AND managed = TRUE AND deleted_at IS NULL",
        &[&environment_id, &now],
    )
    .await
}

/// The account's own live keys, which act on no environment, oldest first.
///
/// # Errors
/// [`StoreError`].
pub async fn list_of_account(
    db: &mut impl Access,
    account_id: &AccountId,
) -> Result<Vec<ApiKeyRow>, StoreError> {
    all(
        db,
        concat!(
            "SELECT ",
            api_key_columns!(),
            " FROM api_key WHERE account_id = $1 AND environment_id IS NULL AND deleted_at IS NULL \
             ORDER BY created_at, id"
        ),
        &[account_id],
    )
    .await
}

/// Stops one of the account's own keys. False when there is none.
///
/// # Errors
/// [`StoreError`].
pub async fn soft_delete_of_account(
    tx: &mut Tx,
    account_id: &AccountId,
    id: &ApiKeyId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    hits(
        tx,
        "UPDATE api_key SET deleted_at = $3 \
         WHERE id = $1 AND account_id = $2 AND environment_id IS NULL AND deleted_at IS NULL",
        &[id, account_id, &now],
    )
    .await
}

/// Stops every key of an environment, managed ones too; answers how many.
///
/// # Errors
/// [`StoreError`].
pub async fn soft_delete_all(
    tx: &mut Tx,
    environment_id: &EnvironmentId,
    now: Timestamp,
) -> Result<u64, StoreError> {
    run(
        tx,
        "UPDATE api_key SET deleted_at = $2 WHERE environment_id = $1 AND deleted_at IS NULL",
        &[environment_id, &now],
    )
    .await
}
