//! Environments: `dev`, `prod` and others of an account.

use terapi_model::{AccountId, ConnectUiSettings, EnvironmentId, EnvironmentName, Timestamp, WireId};
use terapi_vault::Sealed;

use crate::sql::{all, hits, maybe, row, run};
use crate::{Access, Conn, StoreError, Tx};

row! {
    $ columns environment_columns;
    /// An environment.
    pub struct EnvironmentRow {
        /// Its id.
        pub id: EnvironmentId,
        /// Its integer id on the wire.
        pub wire_id: WireId,
        /// Its id in URLs that providers call, UUID v4.
        pub uuid: String,
        /// Whose it is.
        pub account_id: AccountId,
        /// Unique among the account's live ones.
        pub name: EnvironmentName,
        /// Shown with care.
        pub is_production: bool,
        /// The deprecated public key, UUID v4.
        pub public_key: String,
        /// Whether browsers may use it.
        pub public_key_enabled: bool,
        /// Whether it may replace a connection without HMAC (decision D5).
        pub public_key_may_overwrite: bool,
        /// Whether a public key needs an HMAC (decision D6).
        pub hmac_enabled: bool,
        /// The key of that HMAC.
        pub hmac_key_sealed: Option<Sealed>,
        /// Signs outgoing webhooks.
        pub webhook_signing_key_sealed: Sealed,
        /// The operator's own callback URL; none: the instance's.
        pub callback_url: Option<String>,
        /// False only where a customer's host forwards callbacks (decision D9).
        pub callback_bound: bool,
        /// How the Connect UI looks.
        pub connect_ui: ConnectUiSettings,
        /// Origins that may embed the Connect UI; empty: any.
        pub allowed_origins: Vec<String>,
        /// When it was made.
        pub created_at: Timestamp,
        /// When it was changed last.
        pub updated_at: Timestamp,
        /// When it was deleted.
        pub deleted_at: Option<Timestamp>,
        /// Where its events are sent.
        pub webhook_url: Option<String>,
        /// Where they are sent as well.
        pub webhook_secondary_url: Option<String>,
        /// Whether new connections, and failures to make one, are events.
        pub webhook_on_creation: bool,
        /// Whether credentials that cannot be renewed are events.
        pub webhook_on_refresh_error: bool,
    }
}

/// Inserts an environment.
///
/// # Errors
/// [`StoreError::Conflict`] with [`crate::Constraint::EnvironmentName`] or
/// [`crate::Constraint::EnvironmentPublicKey`].
pub async fn insert(tx: &mut Tx, row: &EnvironmentRow) -> Result<(), StoreError> {
    run(tx, environment_columns!(insert "environment"), &row.binds()).await?;
    Ok(())
}

/// The live environment with this id.
///
/// # Errors
/// [`StoreError`].
pub async fn find(db: &mut impl Access, id: &EnvironmentId) -> Result<Option<EnvironmentRow>, StoreError> {
    maybe(
        db,
        concat!(
            "SELECT ",
            environment_columns!(),
            " FROM environment WHERE id = $1 AND deleted_at IS NULL"
        ),
        &[id],
    )
    .await
}

/// The same, kept from others who would change it until this transaction ends.
///
/// # Errors
/// [`StoreError`].
pub async fn find_for_update(tx: &mut Tx, id: &EnvironmentId) -> Result<Option<EnvironmentRow>, StoreError> {
    let sql = match tx.conn() {
        Conn::Sqlite(_) => concat!(
            "SELECT ",
            environment_columns!(),
            " FROM environment WHERE id = $1 AND deleted_at IS NULL"
        ),
        Conn::Postgres(_) => concat!(
            "SELECT ",
            environment_columns!(),
            " FROM environment WHERE id = $1 AND deleted_at IS NULL FOR UPDATE"
        ),
    };
    maybe(tx, sql, &[id]).await
}

/// The account's live environment of this name.
///
/// # Errors
/// [`StoreError`].
pub async fn find_by_name(
    db: &mut impl Access,
    account_id: &AccountId,
    name: &EnvironmentName,
) -> Result<Option<EnvironmentRow>, StoreError> {
    maybe(
        db,
        concat!(
            "SELECT ",
            environment_columns!(),
            " FROM environment WHERE account_id = $1 AND name = $2 AND deleted_at IS NULL"
        ),
        &[account_id, name],
    )
    .await
}

/// The live environment with this public key.
///
/// # Errors
/// [`StoreError`].
pub async fn find_by_public_key(
    db: &mut impl Access,
    public_key: &str,
) -> Result<Option<EnvironmentRow>, StoreError> {
    maybe(
        db,
        concat!(
            "SELECT ",
            environment_columns!(),
            " FROM environment WHERE public_key = $1 AND deleted_at IS NULL"
        ),
        &[&public_key],
    )
    .await
}

/// The live environment with this UUID.
///
/// # Errors
/// [`StoreError`].
pub async fn find_by_uuid(db: &mut impl Access, uuid: &str) -> Result<Option<EnvironmentRow>, StoreError> {
    maybe(
        db,
        concat!(
            "SELECT ",
            environment_columns!(),
            " FROM environment WHERE uuid = $1 AND deleted_at IS NULL"
        ),
        &[&uuid],
    )
    .await
}

/// The account's live environments, oldest first.
///
/// # Errors
/// [`StoreError`].
pub async fn list_by_account(
    db: &mut impl Access,
    account_id: &AccountId,
) -> Result<Vec<EnvironmentRow>, StoreError> {
    all(
        db,
        concat!(
            "SELECT ",
            environment_columns!(),
            " FROM environment WHERE account_id = $1 AND deleted_at IS NULL ORDER BY created_at, id"
        ),
        &[account_id],
    )
    .await
}

/// Every live environment of every account, oldest first.
///
/// # Errors
/// [`StoreError`].
pub async fn list(db: &mut impl Access) -> Result<Vec<EnvironmentRow>, StoreError> {
    all(
        db,
        concat!(
            "SELECT ",
            environment_columns!(),
            " FROM environment WHERE deleted_at IS NULL ORDER BY created_at, id"
        ),
        &[],
    )
    .await
}

/// Writes every setting of the row: all but ids, account and time of creation. False when it is gone.
///
/// # Errors
/// [`StoreError::Conflict`] with [`crate::Constraint::EnvironmentName`] or
/// [`crate::Constraint::EnvironmentPublicKey`].
pub async fn update(tx: &mut Tx, row: &EnvironmentRow) -> Result<bool, StoreError> {
    hits(
        tx,
        "UPDATE environment SET name = $2, is_production = $3, public_key = $4, public_key_enabled = $5, \
         public_key_may_overwrite = $6, hmac_enabled = $7, hmac_key_sealed = $8, webhook_signing_key_sealed = $9, \
         callback_url = $10, callback_bound = $11, connect_ui = $12, allowed_origins = $13, updated_at = $14, \
         webhook_url = $15, webhook_secondary_url = $16, webhook_on_creation = $17, webhook_on_refresh_error = $18 \
         WHERE id = $1 AND deleted_at IS NULL",
        &[
            &row.id,
            &row.name,
            &row.is_production,
            &row.public_key,
            &row.public_key_enabled,
            &row.public_key_may_overwrite,
            &row.hmac_enabled,
            &row.hmac_key_sealed,
            &row.webhook_signing_key_sealed,
            &row.callback_url,
            &row.callback_bound,
            &row.connect_ui,
            &row.allowed_origins,
            &row.updated_at,
            &row.webhook_url,
            &row.webhook_secondary_url,
            &row.webhook_on_creation,
            &row.webhook_on_refresh_error,
        ],
    )
    .await
}

/// The account's live environment with this integer id.
///
/// # Errors
/// [`StoreError`].
pub async fn find_by_wire_id(
    db: &mut impl Access,
    account_id: &AccountId,
    wire_id: WireId,
) -> Result<Option<EnvironmentRow>, StoreError> {
    maybe(
        db,
        concat!(
            "SELECT ",
            environment_columns!(),
            " FROM environment WHERE account_id = $1 AND wire_id = $2 AND deleted_at IS NULL"
        ),
        &[account_id, &wire_id],
    )
    .await
}

/// Deletes an environment: it stays in the database, and nothing finds it any more. False when it was gone.
///
/// # Errors
/// [`StoreError`].
pub async fn soft_delete(tx: &mut Tx, id: &EnvironmentId, now: Timestamp) -> Result<bool, StoreError> {
    hits(
        tx,
        "UPDATE environment SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL",
        &[id, &now],
    )
    .await
}
