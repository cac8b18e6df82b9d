//! What operations were tried with: one connect session may be used for several integrations.

use terapi_model::{
    ConnectionId, ConnectionKey, EnvironmentId, IntegrationId, IntegrationKey, OperationId, OperationState,
    ProviderName, Timestamp,
};

use crate::sql::{Built, hits, row, run};
use crate::{Access, StoreError, Tx};

row! {
    $ columns operation_attempt_columns;
    /// One attempt of an operation.
    pub struct OperationAttemptRow {
        /// Of which.
        pub operation_id: OperationId,
        /// The authorization's id, or one of its own.
        pub id: String,
        /// The operation's environment.
        pub environment_id: EnvironmentId,
        /// Where it stands.
        pub state: OperationState,
        /// Which integration, once it is known.
        pub integration_id: Option<IntegrationId>,
        /// What callers named the integration then.
        pub integration_key: Option<IntegrationKey>,
        /// The integration's provider.
        pub provider: Option<ProviderName>,
        /// Which connection, once there is one.
        pub connection_id: Option<ConnectionId>,
        /// What callers name the connection, or would have.
        pub connection_key: Option<ConnectionKey>,
        /// When the operation was opened.
        pub opened_at: Timestamp,
        /// When it began.
        pub created_at: Timestamp,
        /// When it was changed last.
        pub updated_at: Timestamp,
    }
}

row! {
    $ columns attempt_tally_columns;
    /// How many attempts of an operation with the same integration stand the same.
    pub struct AttemptTallyRow {
        /// Of which.
        pub operation_id: OperationId,
        /// With which integration.
        pub integration_key: Option<IntegrationKey>,
        /// Where they stand.
        pub state: OperationState,
        /// How many.
        pub tries: i64,
        /// When the first of them began.
        pub first_at: Timestamp,
    }
}

/// Writes where an attempt stands, with the operation's environment and time. What is not known now keeps what was known
/// before. False when there is no such operation.
///
/// # Errors
/// [`StoreError`].
pub async fn put(tx: &mut Tx, attempt: &NewOperationAttempt<'_>) -> Result<bool, StoreError> {
    let (integration_id, integration_key, provider) = match attempt.integration {
        Some((id, key, provider)) => (Some(id), Some(key), Some(provider)),
        None => (None, None, None),
    };
    hits(
        tx,
        concat!(
            "INSERT INTO operation_attempt (",
            operation_attempt_columns!(),
            ") SELECT id, $2, environment_id, $3, $4, $5, $6, $7, $8, created_at, $9, $9 \
             FROM operation WHERE id = $1 \
             ON CONFLICT (operation_id, id) DO UPDATE SET state = excluded.state, \
             integration_id = COALESCE(excluded.integration_id, operation_attempt.integration_id), \
             integration_key = COALESCE(excluded.integration_key, operation_attempt.integration_key), \
             provider = COALESCE(excluded.provider, operation_attempt.provider), \
             connection_id = COALESCE(excluded.connection_id, operation_attempt.connection_id), \
             connection_key = COALESCE(excluded.connection_key, operation_attempt.connection_key), \
             updated_at = excluded.updated_at"
        ),
        &[
            attempt.operation_id,
            &attempt.id,
            &attempt.state,
            &integration_id,
            &integration_key,
            &provider,
            &attempt.connection_id,
            &attempt.connection_key,
            &attempt.now,
        ],
    )
    .await
}

/// Ends tries whose authorization took too long, as cancelled: whoever began them went away. Those of an operation that
/// ends with them are ended by [`operations::expire`](crate::operations::expire); one may have ended before, with another
/// try. Answers how many.
///
/// # Errors
/// [`StoreError`].
pub async fn end_abandoned(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    run(
        tx,
        "UPDATE operation_attempt SET state = 'cancelled', updated_at = $1 WHERE state = 'running' \
         AND (operation_id, id) IN (SELECT operation_id, id FROM oauth_attempt \
         WHERE expires_at <= $1 AND consumed_at IS NULL)",
        &[&now],
    )
    .await
}

/// What [`put`] writes.
#[derive(Debug, Clone, Copy)]
pub struct NewOperationAttempt<'a> {
    /// Of which.
    pub operation_id: &'a OperationId,
    /// Its id.
    pub id: &'a str,
    /// Where it stands.
    pub state: OperationState,
    /// Which integration, when it is known.
    pub integration: Option<(&'a IntegrationId, &'a IntegrationKey, &'a ProviderName)>,
    /// Which connection, when there is one.
    pub connection_id: Option<&'a ConnectionId>,
    /// What it is named, or would be.
    pub connection_key: Option<&'a ConnectionKey>,
    /// Now.
    pub now: Timestamp,
}

/// What these operations were tried with, each in the order of first tries.
///
/// # Errors
/// [`StoreError`].
pub async fn tally(
    db: &mut impl Access,
    operations: &[OperationId],
) -> Result<Vec<AttemptTallyRow>, StoreError> {
    if operations.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Built::new(
        "SELECT operation_id, integration_key, state, COUNT(*), MIN(created_at) FROM operation_attempt \
         WHERE operation_id IN ",
    );
    sql.bind_list(operations.iter().cloned());
    sql.push(" GROUP BY operation_id, integration_key, state ORDER BY operation_id, MIN(created_at), integration_key, state");
    sql.all(db).await
}
