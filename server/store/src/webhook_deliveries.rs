//! The outbox: events that wait to be sent, and what became of them.

use sqlx::error::BoxDynError;
use terapi_model::{
    ConnectionId, ConnectionKey, EnvironmentId, EnvironmentName, IntegrationId, IntegrationKey, OperationId,
    ProviderName, Timestamp, WebhookDeliveryId, WebhookId,
};

use crate::column::{Bind, Cells, Column, Sink, Unreadable, column};
use crate::sql::{Built, all, hits, maybe, row, run};
use crate::{Access, Conn, StoreError, Tx};

/// What has become of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// It is to be sent, at once or later.
    Pending,
    /// The address took it.
    Delivered,
    /// Nobody tries any more.
    Exhausted,
}

impl DeliveryState {
    /// The name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            DeliveryState::Pending => "pending",
            DeliveryState::Delivered => "delivered",
            DeliveryState::Exhausted => "exhausted",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [
            DeliveryState::Pending,
            DeliveryState::Delivered,
            DeliveryState::Exhausted,
        ]
        .into_iter()
        .find(|state| state.as_str() == text)
    }
}

column! { text:
    DeliveryState, |state: &DeliveryState| state.as_str(),
        |text: String| DeliveryState::parse(&text).ok_or(Unreadable("not a delivery state"));
}

row! {
    $ columns webhook_delivery_columns;
    /// One event on its way to one address.
    pub struct WebhookDeliveryRow {
        /// Its id.
        pub id: WebhookDeliveryId,
        /// Whose event it is.
        pub environment_id: EnvironmentId,
        /// The connection it is about; none: it was not made.
        pub connection_id: Option<ConnectionId>,
        /// Its own operation in the log, once it was tried.
        pub operation_id: Option<OperationId>,
        /// The event's id: the same for every address and every attempt.
        pub webhook_id: WebhookId,
        /// What kind of event.
        pub event: String,
        /// Where to.
        pub url: String,
        /// Exactly what is sent.
        pub body: String,
        /// What has become of it.
        pub state: DeliveryState,
        /// How often it was sent.
        pub attempts: u32,
        /// How often it is sent at most.
        pub max_attempts: u32,
        /// Not to be sent before.
        pub due_at: Timestamp,
        /// Who sends it now.
        pub claimed_by: Option<String>,
        /// Until when that is believed.
        pub claimed_until: Option<Timestamp>,
        /// Status of the last answer.
        pub last_status: Option<u32>,
        /// Why the last attempt failed.
        pub last_error: Option<String>,
        /// The start of the last answer's body.
        pub last_response: Option<String>,
        /// When the event happened.
        pub created_at: Timestamp,
        /// When it was sent last.
        pub attempted_at: Option<Timestamp>,
        /// When it was delivered or given up.
        pub finished_at: Option<Timestamp>,
    }
}

row! {
    $ columns webhook_route_columns;
    /// Where events of an environment, or of one of its connections, go.
    pub struct WebhookRouteRow {
        /// The environment's name.
        pub name: EnvironmentName,
        /// The environment's address.
        pub webhook_url: Option<String>,
        /// Its second one.
        pub webhook_secondary_url: Option<String>,
        /// Whether new connections are events.
        pub webhook_on_creation: bool,
        /// Whether credentials that cannot be renewed are events.
        pub webhook_on_refresh_error: bool,
    }
}

row! {
    $ columns webhook_subject_columns;
    /// What an event says of its connection.
    pub struct WebhookSubjectRow {
        /// What callers name its integration.
        pub unique_key: IntegrationKey,
        /// The integration's provider.
        pub provider: ProviderName,
        /// What callers name the connection; none: it was not made.
        pub connection_id: Option<ConnectionKey>,
        /// Where its events go instead.
        pub webhook_url_override: Option<String>,
    }
}

/// What is written after an attempt.
#[derive(Debug, Clone)]
pub struct DeliveryAttempt {
    /// What has become of it now.
    pub state: DeliveryState,
    /// When it is due again, for one that is pending.
    pub due_at: Timestamp,
    /// Status of the answer.
    pub status: Option<u32>,
    /// Why it failed.
    pub error: Option<String>,
    /// The start of the answer's body.
    pub response: Option<String>,
    /// Its operation in the log.
    pub operation_id: Option<OperationId>,
}

/// Where events of this environment go; none: it is gone.
///
/// # Errors
/// [`StoreError`].
pub async fn find_route(
    db: &mut impl Access,
    environment_id: &EnvironmentId,
) -> Result<Option<WebhookRouteRow>, StoreError> {
    maybe(
        db,
        concat!(
            "SELECT ",
            webhook_route_columns!(),
            " FROM environment WHERE id = $1 AND deleted_at IS NULL"
        ),
        &[environment_id],
    )
    .await
}

/// What an event says of this connection.
///
/// # Errors
/// [`StoreError`].
pub async fn find_subject(
    db: &mut impl Access,
    connection_id: &ConnectionId,
) -> Result<Option<WebhookSubjectRow>, StoreError> {
    maybe(
        db,
        "SELECT i.unique_key, i.provider, c.connection_id, c.webhook_url_override FROM connection c \
         JOIN integration i ON i.id = c.integration_id WHERE c.id = $1",
        &[connection_id],
    )
    .await
}

/// What an event says of a connection that this integration does not have. The integration may be deleted.
///
/// # Errors
/// [`StoreError`].
pub async fn find_integration(
    db: &mut impl Access,
    integration_id: &IntegrationId,
) -> Result<Option<WebhookSubjectRow>, StoreError> {
    maybe(
        db,
        "SELECT unique_key, provider, CAST(NULL AS TEXT), CAST(NULL AS TEXT) FROM integration WHERE id = $1",
        &[integration_id],
    )
    .await
}

/// Puts an event into the outbox.
///
/// # Errors
/// [`StoreError`].
pub async fn insert(tx: &mut Tx, row: &WebhookDeliveryRow) -> Result<(), StoreError> {
    run(
        tx,
        webhook_delivery_columns!(insert "webhook_delivery"),
        &row.binds(),
    )
    .await?;
    Ok(())
}

/// Whom [`claim`] passes over.
#[derive(Debug, Clone, Default)]
pub struct PassedOver {
    /// Addresses.
    pub urls: Vec<String>,
    /// Environments.
    pub environments: Vec<EnvironmentId>,
}

/// Takes up to `limit` that are due, those that waited longest first, and keeps others from them until `until`. What
/// somebody took and did not finish in time is due again. They come in the order in which they were due.
///
/// # Errors
/// [`StoreError`].
pub async fn claim(
    tx: &mut Tx,
    holder: &str,
    now: Timestamp,
    until: Timestamp,
    limit: usize,
    over: &PassedOver,
) -> Result<Vec<WebhookDeliveryRow>, StoreError> {
    let is_postgres = matches!(tx.conn(), Conn::Postgres(_));
    let mut sql = Built::new("UPDATE webhook_delivery SET claimed_by = ");
    sql.bind(holder.to_owned())
        .push(", claimed_until = ")
        .bind(until)
        // As an array the subquery runs once; joined, PostgreSQL may run it once a row and take more than it should.
        .push(if is_postgres {
            " WHERE id = ANY(ARRAY("
        } else {
            " WHERE id IN ("
        })
        .push("SELECT id FROM webhook_delivery WHERE state = 'pending' AND due_at <= ")
        .bind(now)
        .push(" AND (claimed_until IS NULL OR claimed_until <= ")
        .bind(now)
        .push(")");
    if !over.urls.is_empty() {
        sql.push(" AND url NOT IN ").bind_list(over.urls.iter().cloned());
    }
    if !over.environments.is_empty() {
        sql.push(" AND environment_id NOT IN ")
            .bind_list(over.environments.iter().cloned());
    }
    sql.push(" ORDER BY due_at, id LIMIT ")
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .push(if is_postgres {
            " FOR UPDATE SKIP LOCKED))"
        } else {
            ")"
        })
        .push(concat!(" RETURNING ", webhook_delivery_columns!()));
    let mut claimed: Vec<WebhookDeliveryRow> = sql.all(tx).await?;
    claimed.sort_by(|a, b| (a.due_at, a.id.as_str()).cmp(&(b.due_at, b.id.as_str())));
    Ok(claimed)
}

/// Writes what came of an attempt. False when `holder` has lost its claim: somebody else sends it now.
///
/// # Errors
/// [`StoreError`].
pub async fn record(
    tx: &mut Tx,
    id: &WebhookDeliveryId,
    holder: &str,
    attempt: &DeliveryAttempt,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let finished_at = (attempt.state != DeliveryState::Pending).then_some(now);
    hits(
        tx,
        "UPDATE webhook_delivery SET state = $3, attempts = attempts + 1, due_at = $4, claimed_by = NULL, \
         claimed_until = NULL, last_status = $5, last_error = $6, last_response = $7, operation_id = $8, \
         attempted_at = $9, finished_at = $10 WHERE id = $1 AND claimed_by = $2",
        &[
            id,
            &holder,
            &attempt.state,
            &attempt.due_at,
            &attempt.status,
            &attempt.error,
            &attempt.response,
            &attempt.operation_id,
            &now,
            &finished_at,
        ],
    )
    .await
}

/// The environment's deliveries, oldest first.
///
/// # Errors
/// [`StoreError`].
pub async fn list(
    db: &mut impl Access,
    environment_id: &EnvironmentId,
) -> Result<Vec<WebhookDeliveryRow>, StoreError> {
    all(
        db,
        concat!(
            "SELECT ",
            webhook_delivery_columns!(),
            " FROM webhook_delivery WHERE environment_id = $1 ORDER BY created_at, id"
        ),
        &[environment_id],
    )
    .await
}

/// Removes deliveries that ended at or before `before`; answers how many.
///
/// # Errors
/// [`StoreError`].
pub async fn delete_finished(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    run(
        tx,
        "DELETE FROM webhook_delivery WHERE finished_at <= $1",
        &[&before],
    )
    .await
}
