//! Integrations: providers as an operator configured them.

use terapi_model::{EnvironmentId, IntegrationId, IntegrationKey, ProviderName, Timestamp};
use terapi_vault::Sealed;

use crate::sql::{Only, all, hits, maybe, one, row, run};
use crate::{Access, Conn, StoreError, Tx, connections};

row! {
    $ columns integration_columns;
    /// An integration.
    pub struct IntegrationRow {
        /// Its id.
        pub id: IntegrationId,
        /// Its id in its own callback URL, UUID v4.
        pub uuid: String,
        /// Whose it is.
        pub environment_id: EnvironmentId,
        /// What callers name it by; unique among the environment's live ones.
        pub unique_key: IntegrationKey,
        /// Its provider in the catalogue.
        pub provider: ProviderName,
        /// For people; none: the provider's.
        pub display_name: Option<String>,
        /// OAuth client id.
        pub client_id: Option<String>,
        /// OAuth client secret.
        pub client_secret_sealed: Option<Sealed>,
        /// Verifies the provider's webhooks.
        pub webhook_secret_sealed: Option<Sealed>,
        /// Comma-separated, as on the wire.
        pub scopes: String,
        /// The provider's declared settings that are not secret.
        pub config: serde_json::Value,
        /// Those that are; sealed JSON.
        pub secret_config_sealed: Option<Sealed>,
        /// Free values given over REST; sealed JSON.
        pub custom_sealed: Option<Sealed>,
        /// Uses `/oauth/callback/{uuid}` instead of the shared callback.
        pub own_redirect: bool,
        /// Whether the provider's webhooks are passed on.
        pub forward_webhooks: bool,
        /// When it was made.
        pub created_at: Timestamp,
        /// When it was changed last.
        pub updated_at: Timestamp,
        /// When it was deleted.
        pub deleted_at: Option<Timestamp>,
    }
}

/// An integration and how much it is used.
#[derive(Debug, Clone, PartialEq)]
pub struct IntegrationListing {
    /// The integration.
    pub integration: IntegrationRow,
    /// How many live connections it has.
    pub connections: i64,
}

/// Inserts an integration.
///
/// # Errors
/// [`StoreError::Conflict`] with [`crate::Constraint::IntegrationKey`].
pub async fn insert(tx: &mut Tx, row: &IntegrationRow) -> Result<(), StoreError> {
    run(tx, integration_columns!(insert "integration"), &row.binds()).await?;
    Ok(())
}

/// The environment's live integration with this key.
///
/// # Errors
/// [`StoreError`].
pub async fn find(
    db: &mut impl Access,
    environment_id: &EnvironmentId,
    unique_key: &IntegrationKey,
) -> Result<Option<IntegrationRow>, StoreError> {
    maybe(
        db,
        concat!(
            "SELECT ",
            integration_columns!(),
            " FROM integration WHERE environment_id = $1 AND unique_key = $2 AND deleted_at IS NULL"
        ),
        &[environment_id, unique_key],
    )
    .await
}

/// The same, kept from others who would change it until this transaction ends.
///
/// # Errors
/// [`StoreError`].
pub async fn find_for_update(
    tx: &mut Tx,
    environment_id: &EnvironmentId,
    unique_key: &IntegrationKey,
) -> Result<Option<IntegrationRow>, StoreError> {
    let sql = match tx.conn() {
        Conn::Sqlite(_) => concat!(
            "SELECT ",
            integration_columns!(),
            " FROM integration WHERE environment_id = $1 AND unique_key = $2 AND deleted_at IS NULL"
        ),
        Conn::Postgres(_) => concat!(
            "SELECT ",
            integration_columns!(),
            " FROM integration WHERE environment_id = $1 AND unique_key = $2 AND deleted_at IS NULL FOR UPDATE"
        ),
    };
    maybe(tx, sql, &[environment_id, unique_key]).await
}

/// The live integration with this id.
///
/// # Errors
/// [`StoreError`].
pub async fn find_by_id(
    db: &mut impl Access,
    id: &IntegrationId,
) -> Result<Option<IntegrationRow>, StoreError> {
    maybe(
        db,
        concat!(
            "SELECT ",
            integration_columns!(),
            " FROM integration WHERE id = $1 AND deleted_at IS NULL"
        ),
        &[id],
    )
    .await
}

/// The live integration with this UUID, which its own callback URL names.
///
/// # Errors
/// [`StoreError`].
pub async fn find_by_uuid(db: &mut impl Access, uuid: &str) -> Result<Option<IntegrationRow>, StoreError> {
    maybe(
        db,
        concat!(
            "SELECT ",
            integration_columns!(),
            " FROM integration WHERE uuid = $1 AND deleted_at IS NULL"
        ),
        &[&uuid],
    )
    .await
}

/// What callers name the environment's live integrations.
///
/// # Errors
/// [`StoreError`].
pub async fn find_keys(
    db: &mut impl Access,
    environment_id: &EnvironmentId,
) -> Result<Vec<IntegrationKey>, StoreError> {
    let keys = all::<Only<IntegrationKey>>(
        db,
        "SELECT unique_key FROM integration WHERE environment_id = $1 AND deleted_at IS NULL",
        &[environment_id],
    )
    .await?;
    Ok(keys.into_iter().map(|Only(key)| key).collect())
}

/// The environment's live integrations with their live connections counted, by provider, then oldest first.
///
/// # Errors
/// [`StoreError`].
pub async fn list(
    db: &mut impl Access,
    environment_id: &EnvironmentId,
) -> Result<Vec<IntegrationListing>, StoreError> {
    let rows = all::<(IntegrationRow, Only<i64>)>(
        db,
        concat!(
            "SELECT ",
            integration_columns!("i"),
            ", (SELECT COUNT(*) FROM connection c WHERE c.integration_id = i.id AND c.deleted_at IS NULL) \
             FROM integration i WHERE i.environment_id = $1 AND i.deleted_at IS NULL \
             ORDER BY i.provider, i.created_at, i.id"
        ),
        &[environment_id],
    )
    .await?;
    Ok(rows
        .into_iter()
        .map(|(integration, connections)| IntegrationListing {
            integration,
            connections: connections.0,
        })
        .collect())
}

/// Writes everything an operator may change, the key included. Not ids, provider and time of creation. False when
/// it is gone.
///
/// # Errors
/// [`StoreError::Conflict`] with [`crate::Constraint::IntegrationKey`].
pub async fn update(tx: &mut Tx, row: &IntegrationRow) -> Result<bool, StoreError> {
    hits(
        tx,
        "UPDATE integration SET unique_key = $2, display_name = $3, client_id = $4, client_secret_sealed = $5, \
         webhook_secret_sealed = $6, scopes = $7, config = $8, secret_config_sealed = $9, custom_sealed = $10, \
         own_redirect = $11, forward_webhooks = $12, updated_at = $13 WHERE id = $1 AND deleted_at IS NULL",
        &[
            &row.id,
            &row.unique_key,
            &row.display_name,
            &row.client_id,
            &row.client_secret_sealed,
            &row.webhook_secret_sealed,
            &row.scopes,
            &row.config,
            &row.secret_config_sealed,
            &row.custom_sealed,
            &row.own_redirect,
            &row.forward_webhooks,
            &row.updated_at,
        ],
    )
    .await
}

/// How many live connections it has.
///
/// # Errors
/// [`StoreError`].
pub async fn count_live_connections(db: &mut impl Access, id: &IntegrationId) -> Result<i64, StoreError> {
    one::<Only<i64>>(
        db,
        "SELECT COUNT(*) FROM connection WHERE integration_id = $1 AND deleted_at IS NULL",
        &[id],
    )
    .await
    .map(|count| count.0)
}

/// Deletes it and all its connections, whose credentials are gone for good. False when it was deleted already.
///
/// # Errors
/// [`StoreError`].
pub async fn soft_delete(tx: &mut Tx, id: &IntegrationId, now: Timestamp) -> Result<bool, StoreError> {
    let deleted = hits(
        tx,
        "UPDATE integration SET deleted_at = $2, updated_at = $2, client_secret_sealed = NULL, \
         webhook_secret_sealed = NULL, secret_config_sealed = NULL, custom_sealed = NULL \
         WHERE id = $1 AND deleted_at IS NULL",
        &[id, &now],
    )
    .await?;
    if !deleted {
        return Ok(false);
    }
    connections::soft_delete_by_integration(tx, id, now).await?;
    Ok(true)
}
