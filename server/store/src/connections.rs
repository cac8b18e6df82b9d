//! Connections: end users' accounts at providers.

use terapi_model::{
    ConnectSessionId, ConnectionId, ConnectionKey, EnvironmentId, IntegrationId, IntegrationKey, OperationId,
    Tags, Timestamp, WireId,
};
use terapi_vault::Sealed;

use crate::credentials::{CredentialRow, CredentialState, CredentialSummary};
use crate::credentials::{credential_columns, credential_summary_columns};
use crate::end_users::{EndUserRow, end_user_columns};
use crate::integrations::{IntegrationRow, integration_columns};
use crate::sql::{Built, Only, all, hits, maybe, one, row, run};
use crate::{Access, Conn, StoreError, Tx, wire_ids};

/// How exact `last_fetched_at` is, milliseconds.
pub const FETCHED_EVERY: i64 = 60_000;

row! {
    $ columns connection_columns;
    /// A connection.
    pub struct ConnectionRow {
        /// Our id.
        pub id: ConnectionId,
        /// Its integer id on the wire.
        pub wire_id: WireId,
        /// Whose it is.
        pub environment_id: EnvironmentId,
        /// Under which integration.
        pub integration_id: IntegrationId,
        /// What the caller named it; unique among the integration's live ones.
        pub connection_id: ConnectionKey,
        /// Its end user.
        pub end_user_id: Option<terapi_model::EndUserId>,
        /// The caller's own data.
        pub metadata: Option<serde_json::Value>,
        /// What the provider's URLs need, an object.
        pub connection_config: serde_json::Value,
        /// The fields of it that the provider declares secret; sealed JSON.
        pub secret_config_sealed: Option<Sealed>,
        /// Where its webhooks go instead.
        pub webhook_url_override: Option<String>,
        /// The operation that failed last, while the failure stands (rest.md 11.5).
        pub auth_error_operation_id: Option<OperationId>,
        /// When it was made.
        pub created_at: Timestamp,
        /// When it was changed last.
        pub updated_at: Timestamp,
        /// When its credentials were fetched last, to the minute.
        pub last_fetched_at: Option<Timestamp>,
        /// When it was deleted.
        pub deleted_at: Option<Timestamp>,
    }
}

/// A connection with everything that serving it needs. Tags are in [`crate::connection_tags`].
#[derive(Debug, Clone, PartialEq)]
pub struct ConnectionDetail {
    /// The connection.
    pub connection: ConnectionRow,
    /// Its integration.
    pub integration: IntegrationRow,
    /// Its credentials; none between its first insertion and [`crate::credentials::put`].
    pub credential: Option<CredentialRow>,
    /// Its end user.
    pub end_user: Option<EndUserRow>,
}

/// A connection as lists show it.
#[derive(Debug, Clone, PartialEq)]
pub struct ConnectionSummary {
    /// The connection.
    pub connection: ConnectionRow,
    /// What its integration is named by, and of which provider it is.
    pub integration: IntegrationName,
    /// Its credentials without the credentials.
    pub credential: Option<CredentialSummary>,
    /// Its end user.
    pub end_user: Option<EndUserRow>,
}

row! {
    $ columns integration_name_columns;
    /// Which integration.
    pub struct IntegrationName {
        /// What callers name it by.
        pub unique_key: IntegrationKey,
        /// Its provider.
        pub provider: terapi_model::ProviderName,
        /// For people; none: the provider's.
        pub display_name: Option<String>,
    }
}

type DetailParts = (
    ConnectionRow,
    IntegrationRow,
    Option<CredentialRow>,
    Option<EndUserRow>,
);

impl From<DetailParts> for ConnectionDetail {
    fn from((connection, integration, credential, end_user): DetailParts) -> Self {
        ConnectionDetail {
            connection,
            integration,
            credential,
            end_user,
        }
    }
}

type SummaryParts = (
    ConnectionRow,
    IntegrationName,
    Option<CredentialSummary>,
    Option<EndUserRow>,
);

impl From<SummaryParts> for ConnectionSummary {
    fn from((connection, integration, credential, end_user): SummaryParts) -> Self {
        ConnectionSummary {
            connection,
            integration,
            credential,
            end_user,
        }
    }
}

/// What an authorization names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewConnection {
    /// The id it gets if there is none yet under this name.
    pub id: ConnectionId,
    /// Whose it is.
    pub environment_id: EnvironmentId,
    /// Under which integration.
    pub integration_id: IntegrationId,
    /// What the caller named it.
    pub connection_id: ConnectionKey,
    /// The connect session that makes it; none: imported, or made with a public key.
    pub connect_session_id: Option<ConnectSessionId>,
}

/// What [`insert_or_override`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// There was none: it is new, without config, and needs credentials.
    Creation,
    /// There was one: it keeps its row, its ids, its time of creation and everything not set anew.
    Override,
}

/// Finds the live connection of this name or makes it, and keeps others from changing it until this transaction
/// ends. Seal for the id of the row in the answer; then write with [`set_config`], [`set_end_user`],
/// [`crate::credentials::put`], …. A standing error is cleared.
///
/// # Errors
/// [`StoreError::BrokenReference`] when environment or integration do not exist.
pub async fn insert_or_override(
    tx: &mut Tx,
    new: &NewConnection,
    now: Timestamp,
) -> Result<(Outcome, ConnectionRow), StoreError> {
    let wire_id = wire_ids::next(tx).await?;
    let row: ConnectionRow = one(
        tx,
        concat!(
            "INSERT INTO connection (id, wire_id, environment_id, integration_id, connection_id, connection_config, \
             search_text, created_at, updated_at, connect_session_id) \
             VALUES ($1, $2, $3, $4, $5, '{}', $6, $7, $7, $8) \
             ON CONFLICT (environment_id, integration_id, connection_id) WHERE deleted_at IS NULL \
             DO UPDATE SET auth_error_operation_id = NULL, updated_at = excluded.updated_at RETURNING ",
            connection_columns!()
        ),
        &[
            &new.id,
            &wire_id,
            &new.environment_id,
            &new.integration_id,
            &new.connection_id,
            &search_text(&new.connection_id, None),
            &now,
            &new.connect_session_id,
        ],
    )
    .await?;
    let outcome = if row.id == new.id {
        Outcome::Creation
    } else {
        Outcome::Override
    };
    Ok((outcome, row))
}

/// The name of the oldest live connection of this integration that a connect session made at `since` or later. Hold the
/// session first ([`crate::connect_sessions::hold`]), or another transaction makes one meanwhile.
///
/// # Errors
/// [`StoreError`].
pub async fn find_made_in_session(
    db: &mut impl Access,
    session: &ConnectSessionId,
    integration_id: &IntegrationId,
    since: Timestamp,
) -> Result<Option<ConnectionKey>, StoreError> {
    let found = maybe(
        db,
        "SELECT connection_id FROM connection \
         WHERE integration_id = $1 AND connect_session_id = $2 AND created_at >= $3 AND deleted_at IS NULL \
         ORDER BY created_at, id LIMIT 1",
        &[integration_id, session, &since],
    )
    .await?;
    Ok(found.map(|Only(key)| key))
}

/// How many [`list_made_in_session`] answers.
const MADE_LIMIT: i64 = 32;

/// The newest live connections of this integration that a connect session made at `since` or later, with their
/// credentials, at most 32. Hold the session first ([`crate::connect_sessions::hold`]).
///
/// # Errors
/// [`StoreError`].
pub async fn list_made_in_session(
    db: &mut impl Access,
    session: &ConnectSessionId,
    integration_id: &IntegrationId,
    since: Timestamp,
) -> Result<Vec<(ConnectionRow, CredentialRow)>, StoreError> {
    all(
        db,
        concat!(
            "SELECT ",
            connection_columns!("c"),
            ", ",
            credential_columns!("r"),
            " FROM connection c JOIN credential r ON r.connection_id = c.id \
             WHERE c.integration_id = $1 AND c.connect_session_id = $2 AND c.created_at >= $3 \
             AND c.deleted_at IS NULL ORDER BY c.created_at DESC, c.id DESC LIMIT $4"
        ),
        &[integration_id, session, &since, &MADE_LIMIT],
    )
    .await
}

/// What `search` looks in: lower-cased connection id, end user's name and e-mail. The separator is in no search.
fn search_text(connection_id: &ConnectionKey, end_user: Option<&EndUserRow>) -> String {
    let mut text = connection_id.as_str().to_lowercase();
    let user = end_user.map(|user| [&user.display_name, &user.email]);
    for part in user.into_iter().flatten().flatten() {
        text.push('\n');
        text.push_str(&part.to_lowercase());
    }
    text
}

/// The live connection of this name under this integration, without the rest.
///
/// # Errors
/// [`StoreError`].
pub async fn find_row(
    db: &mut impl Access,
    integration_id: &IntegrationId,
    connection_id: &ConnectionKey,
) -> Result<Option<ConnectionRow>, StoreError> {
    // The index of names begins with the environment, which the integration knows.
    maybe(
        db,
        concat!(
            "SELECT ",
            connection_columns!("c"),
            " FROM connection c JOIN integration i ON i.id = c.integration_id AND i.environment_id = c.environment_id \
             WHERE i.id = $1 AND c.connection_id = $2 AND c.deleted_at IS NULL"
        ),
        &[integration_id, connection_id],
    )
    .await
}

/// The live connection of this name under the live integration of that key.
///
/// # Errors
/// [`StoreError`].
pub async fn find(
    db: &mut impl Access,
    environment_id: &EnvironmentId,
    integration_key: &IntegrationKey,
    connection_id: &ConnectionKey,
) -> Result<Option<ConnectionDetail>, StoreError> {
    let found = maybe::<DetailParts>(
        db,
        concat!(
            "SELECT ",
            connection_columns!("c"),
            ", ",
            integration_columns!("i"),
            ", ",
            credential_columns!("r"),
            ", ",
            end_user_columns!("u"),
            " FROM integration i \
             JOIN connection c ON c.environment_id = i.environment_id AND c.integration_id = i.id \
             LEFT JOIN credential r ON r.connection_id = c.id LEFT JOIN end_user u ON u.id = c.end_user_id \
             WHERE i.environment_id = $1 AND i.unique_key = $2 AND i.deleted_at IS NULL \
             AND c.connection_id = $3 AND c.deleted_at IS NULL"
        ),
        &[environment_id, integration_key, connection_id],
    )
    .await?;
    Ok(found.map(ConnectionDetail::from))
}

/// The environment's live connection with our id.
///
/// # Errors
/// [`StoreError`].
pub async fn find_by_id(
    db: &mut impl Access,
    environment_id: &EnvironmentId,
    id: &ConnectionId,
) -> Result<Option<ConnectionDetail>, StoreError> {
    let found = maybe::<DetailParts>(
        db,
        concat!(
            "SELECT ",
            connection_columns!("c"),
            ", ",
            integration_columns!("i"),
            ", ",
            credential_columns!("r"),
            ", ",
            end_user_columns!("u"),
            " FROM connection c JOIN integration i ON i.id = c.integration_id \
             LEFT JOIN credential r ON r.connection_id = c.id LEFT JOIN end_user u ON u.id = c.end_user_id \
             WHERE c.id = $1 AND c.environment_id = $2 AND c.deleted_at IS NULL AND i.deleted_at IS NULL"
        ),
        &[id, environment_id],
    )
    .await?;
    Ok(found.map(ConnectionDetail::from))
}

/// The live connection with our id, kept from others who would change it until this transaction ends.
///
/// # Errors
/// [`StoreError`].
pub async fn find_for_update(tx: &mut Tx, id: &ConnectionId) -> Result<Option<ConnectionRow>, StoreError> {
    let sql = match tx.conn() {
        Conn::Sqlite(_) => concat!(
            "SELECT ",
            connection_columns!(),
            " FROM connection WHERE id = $1 AND deleted_at IS NULL"
        ),
        Conn::Postgres(_) => concat!(
            "SELECT ",
            connection_columns!(),
            " FROM connection WHERE id = $1 AND deleted_at IS NULL FOR UPDATE"
        ),
    };
    maybe(tx, sql, &[id]).await
}

/// Which connections a list shows. Everything given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConnectionFilter {
    /// What the caller named it, exactly.
    pub connection_id: Option<String>,
    /// Part of connection id, end user's name or e-mail, ignoring case.
    pub search: Option<String>,
    /// The end user's id, exactly.
    pub end_user_id: Option<String>,
    /// The end user's e-mail, exactly.
    pub end_user_email: Option<String>,
    /// The end user's organization's id, exactly.
    pub organization_id: Option<String>,
    /// One of these integrations, by key; empty: any.
    pub integration_keys: Vec<String>,
    /// This integration.
    pub integration_id: Option<IntegrationId>,
    /// All of these tags.
    pub tags: Tags,
    /// Whether an authorization error stands.
    pub has_error: Option<bool>,
    /// The state of its credentials.
    pub state: Option<CredentialState>,
}

/// Which part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// At most so many.
    pub limit: u32,
    /// Where it begins.
    pub start: PageStart,
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageStart {
    /// After so many.
    Offset(u64),
    /// After this connection, whether it still exists or not.
    After {
        /// Its time of creation.
        created_at: Timestamp,
        /// Its id.
        id: ConnectionId,
    },
}

/// Live connections, newest first.
///
/// # Errors
/// [`StoreError`].
pub async fn list(
    db: &mut impl Access,
    environment_id: &EnvironmentId,
    filter: &ConnectionFilter,
    page: &Page,
) -> Result<Vec<ConnectionSummary>, StoreError> {
    let mut sql = Built::new(concat!(
        "SELECT ",
        connection_columns!("c"),
        ", ",
        integration_name_columns!("i"),
        ", ",
        credential_summary_columns!("r"),
        ", ",
        end_user_columns!("u"),
        " FROM connection c JOIN integration i ON i.id = c.integration_id \
         LEFT JOIN credential r ON r.connection_id = c.id LEFT JOIN end_user u ON u.id = c.end_user_id"
    ));
    narrow(&mut sql, environment_id, filter);
    if let PageStart::After { created_at, id } = &page.start {
        sql.push(" AND (c.created_at, c.id) < (").bind(*created_at);
        sql.push(", ").bind(id.clone());
        sql.push(")");
    }
    sql.push(" ORDER BY c.created_at DESC, c.id DESC LIMIT ")
        .bind(i64::from(page.limit));
    if let PageStart::Offset(offset) = page.start {
        sql.push(" OFFSET ")
            .bind(i64::try_from(offset).unwrap_or(i64::MAX));
    }
    let rows = sql.all::<SummaryParts>(db).await?;
    Ok(rows.into_iter().map(ConnectionSummary::from).collect())
}

/// How many live connections there are.
///
/// # Errors
/// [`StoreError`].
pub async fn count(
    db: &mut impl Access,
    environment_id: &EnvironmentId,
    filter: &ConnectionFilter,
) -> Result<i64, StoreError> {
    let mut sql = Built::new(
        "SELECT COUNT(*) FROM connection c JOIN integration i ON i.id = c.integration_id \
         LEFT JOIN credential r ON r.connection_id = c.id LEFT JOIN end_user u ON u.id = c.end_user_id",
    );
    narrow(&mut sql, environment_id, filter);
    let rows = sql.all::<Only<i64>>(db).await?;
    Ok(rows.first().map_or(0, |count| count.0))
}

/// The filter builder: conditions on connection `c`, integration `i`, credential `r` and end user `u`.
fn narrow(sql: &mut Built, environment_id: &EnvironmentId, filter: &ConnectionFilter) {
    sql.push(" WHERE c.deleted_at IS NULL AND c.environment_id = ")
        .bind(environment_id.clone());
    let exact = [
        (" AND c.connection_id = ", &filter.connection_id),
        (" AND u.end_user_id = ", &filter.end_user_id),
        (" AND u.email = ", &filter.end_user_email),
        (" AND u.organization_id = ", &filter.organization_id),
    ];
    for (condition, value) in exact {
        if let Some(value) = value {
            sql.push(condition).bind(sought(value));
        }
    }
    if let Some(integration_id) = &filter.integration_id {
        sql.push(" AND c.integration_id = ").bind(integration_id.clone());
    }
    if !filter.integration_keys.is_empty() {
        sql.push(" AND i.unique_key IN ")
            .bind_list(filter.integration_keys.iter().map(|key| sought(key)));
    }
    if let Some(search) = &filter.search {
        sql.push(" AND c.search_text LIKE ")
            .bind(like_pattern(&sought(search)));
        sql.push(" ESCAPE '!'");
    }
    for (key, value) in filter.tags.iter() {
        sql.push(" AND c.id IN (SELECT t.connection_id FROM connection_tag t WHERE t.environment_id = ")
            .bind(environment_id.clone());
        sql.push(" AND t.key = ").bind(key.to_owned());
        sql.push(" AND t.value = ").bind(value.to_owned());
        sql.push(")");
    }
    match filter.has_error {
        Some(true) => sql.push(" AND c.auth_error_operation_id IS NOT NULL"),
        Some(false) => sql.push(" AND c.auth_error_operation_id IS NULL"),
        None => sql,
    };
    if let Some(state) = filter.state {
        sql.push(" AND r.state = ").bind(state);
    }
}

/// Most characters of a text that is looked for; no stored one that can be looked for is longer.
const LONGEST_SOUGHT: usize = 1000;

/// A filter's text in a form that either database takes, and that finds no more than the text itself: PostgreSQL takes
/// no NUL, SQLite no pattern of 50,000 bytes.
pub(crate) fn sought(text: &str) -> String {
    text.chars()
        .take(LONGEST_SOUGHT)
        .map(|letter| if letter == '\0' { char::MAX } else { letter })
        .collect()
}

/// A pattern that matches text containing `search`, whose own wildcards are escaped.
fn like_pattern(search: &str) -> String {
    let mut pattern = String::from("%");
    for letter in search.to_lowercase().chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

/// Live connections of each integration that has any.
///
/// # Errors
/// [`StoreError`].
pub async fn count_by_integration(
    db: &mut impl Access,
    environment_id: &EnvironmentId,
) -> Result<Vec<(IntegrationId, i64)>, StoreError> {
    let rows = all::<(Only<IntegrationId>, Only<i64>)>(
        db,
        "SELECT integration_id, COUNT(*) FROM connection WHERE environment_id = $1 AND deleted_at IS NULL \
         GROUP BY integration_id ORDER BY integration_id",
        &[environment_id],
    )
    .await?;
    Ok(rows.into_iter().map(|(id, count)| (id.0, count.0)).collect())
}

/// Replaces the connection's config. False when it is gone; so for all that follow.
///
/// # Errors
/// [`StoreError`].
pub async fn set_config(
    tx: &mut Tx,
    id: &ConnectionId,
    connection_config: &serde_json::Value,
    secret_config_sealed: Option<&Sealed>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    hits(
        tx,
        "UPDATE connection SET connection_config = $2, secret_config_sealed = $3, updated_at = $4 \
         WHERE id = $1 AND deleted_at IS NULL",
        &[id, connection_config, &secret_config_sealed, &now],
    )
    .await
}

/// A statement that replaces one column of a live connection.
macro_rules! replace {
    ($column:literal) => {
        concat!(
            "UPDATE connection SET ",
            $column,
            " = $2, updated_at = $3 WHERE id = $1 AND deleted_at IS NULL"
        )
    };
}

/// Replaces the caller's own data.
///
/// # Errors
/// [`StoreError`].
pub async fn set_metadata(
    tx: &mut Tx,
    id: &ConnectionId,
    metadata: Option<&serde_json::Value>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    hits(tx, replace!("metadata"), &[id, &metadata, &now]).await
}

/// Replaces where its webhooks go.
///
/// # Errors
/// [`StoreError`].
pub async fn set_webhook_url_override(
    tx: &mut Tx,
    id: &ConnectionId,
    webhook_url_override: Option<&str>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = replace!("webhook_url_override");
    hits(tx, sql, &[id, &webhook_url_override, &now]).await
}

/// Links the end user whose row is stored already, or none, and brings the search text up to date. An end user
/// linked before is removed.
///
/// # Errors
/// [`StoreError`].
pub async fn set_end_user(
    tx: &mut Tx,
    id: &ConnectionId,
    end_user: Option<&EndUserRow>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some(row) = find_for_update(tx, id).await? else {
        return Ok(false);
    };
    let end_user_id = end_user.map(|user| &user.id);
    run(
        tx,
        "UPDATE connection SET end_user_id = $2, search_text = $3, updated_at = $4 WHERE id = $1",
        &[id, &end_user_id, &search_text(&row.connection_id, end_user), &now],
    )
    .await?;
    if let Some(before) = row.end_user_id.filter(|before| Some(before) != end_user_id) {
        run(tx, "DELETE FROM end_user WHERE id = $1", &[&before]).await?;
    }
    Ok(true)
}

/// Sets or clears the standing authorization error. Not a change that `updated_at` tells.
///
/// # Errors
/// [`StoreError`].
pub async fn set_auth_error(
    tx: &mut Tx,
    id: &ConnectionId,
    operation_id: Option<&OperationId>,
) -> Result<bool, StoreError> {
    hits(
        tx,
        "UPDATE connection SET auth_error_operation_id = $2 WHERE id = $1 AND deleted_at IS NULL",
        &[id, &operation_id],
    )
    .await
}

/// Notes that its credentials were fetched, unless that was noted less than [`FETCHED_EVERY`] ago. True when it was
/// written.
///
/// # Errors
/// [`StoreError`].
pub async fn touch(tx: &mut Tx, id: &ConnectionId, now: Timestamp) -> Result<bool, StoreError> {
    hits(
        tx,
        "UPDATE connection SET last_fetched_at = $2 \
         WHERE id = $1 AND deleted_at IS NULL AND (last_fetched_at IS NULL OR last_fetched_at <= $3)",
        &[id, &now, &now.plus_millis(-FETCHED_EVERY)],
    )
    .await
}

/// Deletes a connection: its credentials, secret config, tags and end user are gone for good, the row stays. False
/// when it was deleted already.
///
/// # Errors
/// [`StoreError`].
pub async fn soft_delete(tx: &mut Tx, id: &ConnectionId, now: Timestamp) -> Result<bool, StoreError> {
    let Some(row) = find_for_update(tx, id).await? else {
        return Ok(false);
    };
    run(tx, "DELETE FROM credential WHERE connection_id = $1", &[id]).await?;
    run(tx, "DELETE FROM connection_tag WHERE connection_id = $1", &[id]).await?;
    run(
        tx,
        "UPDATE connection SET deleted_at = $2, updated_at = $2, end_user_id = NULL, search_text = '', \
         secret_config_sealed = NULL, auth_error_operation_id = NULL WHERE id = $1",
        &[id, &now],
    )
    .await?;
    if let Some(end_user_id) = row.end_user_id {
        run(tx, "DELETE FROM end_user WHERE id = $1", &[&end_user_id]).await?;
    }
    Ok(true)
}

/// The same for every live connection of an integration.
pub(crate) async fn soft_delete_by_integration(
    tx: &mut Tx,
    integration_id: &IntegrationId,
    now: Timestamp,
) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM credential WHERE connection_id IN \
         (SELECT id FROM connection WHERE integration_id = $1 AND deleted_at IS NULL)",
        "DELETE FROM connection_tag WHERE connection_id IN \
         (SELECT id FROM connection WHERE integration_id = $1 AND deleted_at IS NULL)",
        "DELETE FROM end_user WHERE id IN \
         (SELECT end_user_id FROM connection WHERE integration_id = $1 AND deleted_at IS NULL)",
    ] {
        run(tx, sql, &[integration_id]).await?;
    }
    run(
        tx,
        "UPDATE connection SET deleted_at = $2, updated_at = $2, search_text = '', secret_config_sealed = NULL, \
         auth_error_operation_id = NULL WHERE integration_id = $1 AND deleted_at IS NULL",
        &[integration_id, &now],
    )
    .await?;
    Ok(())
}
