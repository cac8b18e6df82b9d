//! Credentials: what connections open, sealed, and how their refreshing goes.

use sqlx::error::BoxDynError;
use terapi_model::{AuthMode, ConnectionId, EnvironmentId, Timestamp};
use terapi_vault::Sealed;

use crate::column::{Bind, Cells, Column, Sink, Unreadable, column};
use crate::sql::{hits, maybe, row, run};
use crate::{Access, StoreError, Tx};

/// Whether credentials can still be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CredentialState {
    /// As far as we know.
    Active,
    /// The provider has refused them for good: the end user must connect again.
    NeedsReauth,
}

impl CredentialState {
    /// The name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            CredentialState::Active => "active",
            CredentialState::NeedsReauth => "needs_reauth",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [CredentialState::Active, CredentialState::NeedsReauth]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

column! { text:
    CredentialState, |state: &CredentialState| state.as_str(),
        |text: String| CredentialState::parse(&text).ok_or(Unreadable("not a credential state"));
}

row! {
    $ columns credential_columns;
    /// The credentials of one connection.
    pub struct CredentialRow {
        /// Whose.
        pub connection_id: ConnectionId,
        /// The environment, which is the owner in the sealed value's place.
        pub environment_id: EnvironmentId,
        /// What shape the plaintext has.
        pub auth_mode: AuthMode,
        /// The credentials.
        pub sealed: Sealed,
        /// Counts writes of the credentials: whoever refreshes names the version it read.
        pub version: i64,
        /// When they expire; none: never.
        pub expires_at: Option<Timestamp>,
        /// How long they lasted when they were given, milliseconds; none: unknown.
        pub lifetime: Option<i64>,
        /// Comma-separated; none: the provider did not say.
        pub granted_scopes: Option<String>,
        /// Comma-separated.
        pub requested_scopes: Option<String>,
        /// Whether they can still be used.
        pub state: CredentialState,
        /// Who refreshes them now.
        pub refresh_holder: Option<String>,
        /// Until when that is believed.
        pub refresh_until: Option<Timestamp>,
        /// Not to be refreshed before.
        pub next_refresh_at: Option<Timestamp>,
        /// When refreshing worked last.
        pub last_refresh_success_at: Option<Timestamp>,
        /// When it failed last, since it worked last.
        pub last_refresh_failure_at: Option<Timestamp>,
        /// Days on which it failed, since it worked last.
        pub refresh_attempts: u32,
        /// No more tries.
        pub refresh_exhausted: bool,
        /// When the connection first had credentials.
        pub created_at: Timestamp,
        /// When the row was changed last.
        pub updated_at: Timestamp,
    }
}

row! {
    $ columns credential_summary_columns;
    /// What lists show of credentials: all but the sealed value.
    pub struct CredentialSummary {
        /// Whose.
        pub connection_id: ConnectionId,
        /// Their mode.
        pub auth_mode: AuthMode,
        /// When they expire; none: never.
        pub expires_at: Option<Timestamp>,
        /// Comma-separated; none: the provider did not say.
        pub granted_scopes: Option<String>,
        /// Comma-separated.
        pub requested_scopes: Option<String>,
        /// Whether they can still be used.
        pub state: CredentialState,
        /// When refreshing worked last.
        pub last_refresh_success_at: Option<Timestamp>,
        /// When it failed last, since it worked last.
        pub last_refresh_failure_at: Option<Timestamp>,
        /// No more tries.
        pub refresh_exhausted: bool,
    }
}

/// Credentials as an authorization gave them.
#[derive(Debug, Clone, PartialEq)]
pub struct NewCredential {
    /// Whose.
    pub connection_id: ConnectionId,
    /// The environment.
    pub environment_id: EnvironmentId,
    /// Their mode.
    pub auth_mode: AuthMode,
    /// The credentials.
    pub sealed: Sealed,
    /// When they expire; none: never.
    pub expires_at: Option<Timestamp>,
    /// How long they last, milliseconds; none: unknown.
    pub lifetime: Option<i64>,
    /// Comma-separated; none: the provider did not say.
    pub granted_scopes: Option<String>,
    /// Comma-separated.
    pub requested_scopes: Option<String>,
}

/// Gives a connection its credentials, the first or new ones. New ones count the version up, end a refresh that is
/// under way and clear what failed before.
///
/// # Errors
/// [`StoreError`].
pub async fn put(tx: &mut Tx, new: &NewCredential, now: Timestamp) -> Result<(), StoreError> {
    run(
        tx,
        "INSERT INTO credential (connection_id, environment_id, auth_mode, sealed, version, expires_at, lifetime, \
         granted_scopes, requested_scopes, state, last_refresh_success_at, refresh_attempts, refresh_exhausted, \
         created_at, updated_at) VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $8, $9, $10, 0, FALSE, $10, $10) \
         ON CONFLICT (connection_id) DO UPDATE SET auth_mode = excluded.auth_mode, sealed = excluded.sealed, \
         version = credential.version + 1, expires_at = excluded.expires_at, lifetime = excluded.lifetime, \
         granted_scopes = excluded.granted_scopes, requested_scopes = excluded.requested_scopes, \
         state = excluded.state, refresh_holder = NULL, refresh_until = NULL, next_refresh_at = NULL, \
         last_refresh_success_at = excluded.last_refresh_success_at, last_refresh_failure_at = NULL, \
         refresh_attempts = 0, refresh_exhausted = FALSE, updated_at = excluded.updated_at",
        &[
            &new.connection_id,
            &new.environment_id,
            &new.auth_mode,
            &new.sealed,
            &new.expires_at,
            &new.lifetime,
            &new.granted_scopes,
            &new.requested_scopes,
            &CredentialState::Active,
            &now,
        ],
    )
    .await?;
    Ok(())
}

/// The connection's credentials.
///
/// # Errors
/// [`StoreError`].
pub async fn find(
    db: &mut impl Access,
    connection_id: &ConnectionId,
) -> Result<Option<CredentialRow>, StoreError> {
    maybe(
        db,
        concat!(
            "SELECT ",
            credential_columns!(),
            " FROM credential WHERE connection_id = $1"
        ),
        &[connection_id],
    )
    .await
}

/// Claims the right to refresh credentials of this version until `until`. False when they are newer, gone, or
/// somebody refreshes them. Commit before calling the provider.
///
/// # Errors
/// [`StoreError`].
pub async fn acquire_refresh_lease(
    tx: &mut Tx,
    connection_id: &ConnectionId,
    version: i64,
    holder: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StoreError> {
    hits(
        tx,
        "UPDATE credential SET refresh_holder = $3, refresh_until = $5 \
         WHERE connection_id = $1 AND version = $2 AND (refresh_until IS NULL OR refresh_until < $4)",
        &[connection_id, &version, &holder, &now, &until],
    )
    .await
}

/// Credentials as a refresh gave them.
#[derive(Debug, Clone, PartialEq)]
pub struct RefreshedCredential {
    /// The credentials.
    pub sealed: Sealed,
    /// When they expire; none: never.
    pub expires_at: Option<Timestamp>,
    /// How long they last, milliseconds; none: unknown.
    pub lifetime: Option<i64>,
    /// Comma-separated; none: the provider did not say, what was known stays.
    pub granted_scopes: Option<String>,
}

/// Stores what a refresh gave, ends the lease and clears what failed before. Writes only while `holder` has the
/// lease and the version is still the one it read; false otherwise.
///
/// # Errors
/// [`StoreError`].
pub async fn store_refreshed(
    tx: &mut Tx,
    connection_id: &ConnectionId,
    version: i64,
    holder: &str,
    refreshed: &RefreshedCredential,
    now: Timestamp,
) -> Result<bool, StoreError> {
    hits(
        tx,
        "UPDATE credential SET sealed = $4, version = version + 1, expires_at = $5, lifetime = $6, \
         granted_scopes = COALESCE($7, granted_scopes), state = $8, refresh_holder = NULL, refresh_until = NULL, \
         next_refresh_at = NULL, last_refresh_success_at = $9, last_refresh_failure_at = NULL, \
         refresh_attempts = 0, refresh_exhausted = FALSE, updated_at = $9 \
         WHERE connection_id = $1 AND version = $2 AND refresh_holder = $3",
        &[
            connection_id,
            &version,
            &holder,
            &refreshed.sealed,
            &refreshed.expires_at,
            &refreshed.lifetime,
            &refreshed.granted_scopes,
            &CredentialState::Active,
            &now,
        ],
    )
    .await
}

/// How a refresh failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshFailure {
    /// Days on which it failed, this one counted.
    pub attempts: u32,
    /// No more tries.
    pub exhausted: bool,
    /// Whether the credentials can still be used.
    pub state: CredentialState,
    /// Not to be tried again before.
    pub next_refresh_at: Option<Timestamp>,
}

/// Records a failed refresh and ends the lease, under the same condition as [`store_refreshed`].
///
/// # Errors
/// [`StoreError`].
pub async fn record_refresh_failure(
    tx: &mut Tx,
    connection_id: &ConnectionId,
    version: i64,
    holder: &str,
    failure: &RefreshFailure,
    now: Timestamp,
) -> Result<bool, StoreError> {
    hits(
        tx,
        "UPDATE credential SET state = $4, refresh_holder = NULL, refresh_until = NULL, next_refresh_at = $5, \
         last_refresh_failure_at = $6, refresh_attempts = $7, refresh_exhausted = $8, updated_at = $6 \
         WHERE connection_id = $1 AND version = $2 AND refresh_holder = $3",
        &[
            connection_id,
            &version,
            &holder,
            &failure.state,
            &failure.next_refresh_at,
            &now,
            &failure.attempts,
            &failure.exhausted,
        ],
    )
    .await
}

/// Ends a lease without a result. False when `holder` did not have it.
///
/// # Errors
/// [`StoreError`].
pub async fn release_refresh_lease(
    tx: &mut Tx,
    connection_id: &ConnectionId,
    holder: &str,
) -> Result<bool, StoreError> {
    hits(
        tx,
        "UPDATE credential SET refresh_holder = NULL, refresh_until = NULL \
         WHERE connection_id = $1 AND refresh_holder = $2",
        &[connection_id, &holder],
    )
    .await
}
