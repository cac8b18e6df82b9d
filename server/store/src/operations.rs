//! The operation log: what was done, with its lines.

use terapi_model::{
    AccountId, ConnectionId, ConnectionKey, EnvironmentId, IntegrationId, IntegrationKey, LogLevel,
    MessageContext, MessageType, OperationAction, OperationId, OperationMessageId, OperationState,
    OperationType, ProviderName, Timestamp,
};

use crate::connections::sought;
use crate::sql::{Built, Only, all, hits, maybe, one, row, run};
use crate::{Access, StoreError, Tx};

row! {
    $ columns operation_columns;
    /// One thing that was done.
    pub struct OperationRow {
        /// Its id; `log_id` on the wire.
        pub id: OperationId,
        /// The tenant.
        pub account_id: AccountId,
        /// Where.
        pub environment_id: EnvironmentId,
        /// What it is about.
        pub kind: OperationType,
        /// What it does.
        pub action: OperationAction,
        /// Where it stands.
        pub state: OperationState,
        /// How loud its end is.
        pub level: LogLevel,
        /// What it is, for people.
        pub message: String,
        /// Which integration, once it is known.
        pub integration_id: Option<IntegrationId>,
        /// What callers named the integration then.
        pub integration_key: Option<IntegrationKey>,
        /// The integration's provider.
        pub provider: Option<ProviderName>,
        /// Which connection, once there is one.
        pub connection_id: Option<ConnectionId>,
        /// What callers name the connection.
        pub connection_key: Option<ConnectionKey>,
        /// The end user's id, as the caller gave it.
        pub end_user_id: Option<String>,
        /// The end user's name or e-mail.
        pub end_user_name: Option<String>,
        /// Who did it, JSON.
        pub actor: serde_json::Value,
        /// Why it failed, JSON.
        pub error: Option<serde_json::Value>,
        /// Whatever else, JSON object.
        pub meta: serde_json::Value,
        /// When it was opened.
        pub created_at: Timestamp,
        /// When it was changed last.
        pub updated_at: Timestamp,
        /// When it began.
        pub started_at: Timestamp,
        /// When it ended.
        pub ended_at: Option<Timestamp>,
        /// When it is ended for want of an end.
        pub expires_at: Timestamp,
    }
}

row! {
    $ columns operation_message_columns;
    /// A line of an operation.
    pub struct OperationMessageRow {
        /// Of which.
        pub operation_id: OperationId,
        /// Its id; lines are read in the order of their ids.
        pub id: OperationMessageId,
        /// The operation's environment.
        pub environment_id: EnvironmentId,
        /// How loud.
        pub level: LogLevel,
        /// An event or a request.
        pub kind: MessageType,
        /// Where it comes from.
        pub context: MessageContext,
        /// For people.
        pub message: String,
        /// What went wrong, JSON.
        pub error: Option<serde_json::Value>,
        /// What was sent, JSON.
        pub request: Option<serde_json::Value>,
        /// What came back, JSON.
        pub response: Option<serde_json::Value>,
        /// Which try it was, JSON.
        pub retry: Option<serde_json::Value>,
        /// Whatever else, JSON object.
        pub meta: Option<serde_json::Value>,
        /// When it happened, or began.
        pub created_at: Timestamp,
        /// When it ended.
        pub ended_at: Option<Timestamp>,
        /// How long it took, milliseconds.
        pub duration_ms: Option<i64>,
    }
}

/// Which operations a list shows. Everything given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OperationFilter {
    /// Where they stand.
    pub state: Option<OperationState>,
    /// What they are about.
    pub kind: Option<OperationType>,
    /// What the integration is named, exactly.
    pub integration_key: Option<String>,
    /// What callers named the connection, exactly.
    pub connection_key: Option<String>,
    /// The end user's id, exactly.
    pub end_user_id: Option<String>,
    /// Opened at this time or later.
    pub from: Option<Timestamp>,
    /// Opened before this time.
    pub until: Option<Timestamp>,
    /// Those that follow this one in the list, whether it still exists or not.
    pub before: Option<(Timestamp, OperationId)>,
    /// At most so many.
    pub limit: u32,
}

/// Inserts an operation, unless there is one with its id.
///
/// # Errors
/// [`StoreError::BrokenReference`] when account or environment do not exist.
pub async fn insert(tx: &mut Tx, row: &OperationRow) -> Result<(), StoreError> {
    run(
        tx,
        concat!(
            operation_columns!(insert "operation"),
            " ON CONFLICT (id) DO NOTHING"
        ),
        &row.binds(),
    )
    .await?;
    Ok(())
}

/// Appends a line. False when there is no such operation: what a line tells of is never undone for want of a log.
///
/// # Errors
/// [`StoreError`].
pub async fn insert_message(tx: &mut Tx, row: &OperationMessageRow) -> Result<bool, StoreError> {
    hits(
        tx,
        concat!(
            "INSERT INTO operation_message (",
            operation_message_columns!(),
            ") SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15 \
             WHERE EXISTS (SELECT 1 FROM operation WHERE id = $1)"
        ),
        &row.binds(),
    )
    .await
}

/// The operation with this id.
///
/// # Errors
/// [`StoreError`].
pub async fn find(db: &mut impl Access, id: &OperationId) -> Result<Option<OperationRow>, StoreError> {
    maybe(
        db,
        concat!("SELECT ", operation_columns!(), " FROM operation WHERE id = $1"),
        &[id],
    )
    .await
}

/// Its lines, oldest first, at most `limit`.
///
/// # Errors
/// [`StoreError`].
pub async fn messages(
    db: &mut impl Access,
    id: &OperationId,
    limit: u32,
) -> Result<Vec<OperationMessageRow>, StoreError> {
    all(
        db,
        concat!(
            "SELECT ",
            operation_message_columns!(),
            " FROM operation_message WHERE operation_id = $1 ORDER BY id LIMIT $2"
        ),
        &[id, &limit],
    )
    .await
}

/// How many lines it has, counting no further than `limit`.
///
/// # Errors
/// [`StoreError`].
pub async fn count_messages(db: &mut impl Access, id: &OperationId, limit: u32) -> Result<u32, StoreError> {
    let Only(count) = one::<Only<i64>>(
        db,
        "SELECT COUNT(*) FROM (SELECT 1 FROM operation_message WHERE operation_id = $1 LIMIT $2) AS counted",
        &[id, &limit],
    )
    .await?;
    Ok(u32::try_from(count).unwrap_or(limit))
}

/// How many of its lines say exactly this, counting no further than `limit`.
///
/// # Errors
/// [`StoreError`].
pub async fn count_messages_saying(
    db: &mut impl Access,
    id: &OperationId,
    message: &str,
    limit: u32,
) -> Result<u32, StoreError> {
    let Only(count) = one::<Only<i64>>(
        db,
        "SELECT COUNT(*) FROM (SELECT 1 FROM operation_message WHERE operation_id = $1 AND message = $2 LIMIT $3) \
         AS counted",
        &[id, &message, &limit],
    )
    .await?;
    Ok(u32::try_from(count).unwrap_or(limit))
}

/// How many operations an environment has since `since`, counting no further than `limit`.
///
/// # Errors
/// [`StoreError`].
pub async fn count_since(
    db: &mut impl Access,
    environment_id: &EnvironmentId,
    since: Timestamp,
    limit: u32,
) -> Result<u32, StoreError> {
    let Only(count) = one::<Only<i64>>(
        db,
        "SELECT COUNT(*) FROM (SELECT 1 FROM operation WHERE environment_id = $1 AND created_at > $2 LIMIT $3) \
         AS counted",
        &[environment_id, &since, &limit],
    )
    .await?;
    Ok(u32::try_from(count).unwrap_or(limit))
}

/// Operations of an environment, newest first.
///
/// # Errors
/// [`StoreError`].
pub async fn list(
    db: &mut impl Access,
    environment_id: &EnvironmentId,
    filter: &OperationFilter,
) -> Result<Vec<OperationRow>, StoreError> {
    filter.select(environment_id).all(db).await
}

impl OperationFilter {
    fn select(&self, environment_id: &EnvironmentId) -> Built {
        let mut sql = Built::new(concat!("SELECT ", operation_columns!(), " FROM operation"));
        if !self.is_about_attempts() {
            self.narrow(&mut sql, environment_id);
        } else if self.end_user_id.is_some() && self.connection_key.is_none() {
            // Of an attempt it is not known whose it is: the user's operations are walked, in the list's order, and each is
            // asked for its attempts.
            self.narrow_either(&mut sql, environment_id);
        } else {
            // Each half walks its index in the list's order and stops at the limit.
            sql.push(" WHERE id IN (SELECT id FROM (SELECT id FROM operation");
            self.narrow(&mut sql, environment_id);
            sql.push(
                ") AS own UNION SELECT operation_id FROM (SELECT DISTINCT a.operation_id, a.opened_at \
                 FROM operation_attempt a",
            );
            self.narrow_attempts(&mut sql, environment_id);
            sql.push(") AS tried) ORDER BY created_at DESC, id DESC LIMIT ")
                .bind(i64::from(self.limit));
        }
        sql
    }

    /// Whether it asks for what one attempt of an operation may be, and the operation as a whole not.
    fn is_about_attempts(&self) -> bool {
        self.integration_key.is_some() || self.connection_key.is_some() || self.asks_for_an_end()
    }

    /// Attempts that succeeded or failed count, whatever became of what they belong to; the other states must be those of
    /// both.
    fn asks_for_an_end(&self) -> bool {
        matches!(self.state, Some(OperationState::Success | OperationState::Failed))
    }

    /// From `WHERE` on, about the operation as a whole.
    fn narrow(&self, sql: &mut Built, environment_id: &EnvironmentId) {
        narrow_environment(sql, environment_id, &OF_OPERATIONS);
        self.narrow_columns(sql, &OF_OPERATIONS);
        self.narrow_rest(sql);
        self.narrow_time(sql, &OF_OPERATIONS);
    }

    /// The same about the operation or any attempt of it.
    fn narrow_either(&self, sql: &mut Built, environment_id: &EnvironmentId) {
        narrow_environment(sql, environment_id, &OF_OPERATIONS);
        self.narrow_rest(sql);
        sql.push(" AND ((TRUE");
        self.narrow_columns(sql, &OF_OPERATIONS);
        sql.push(") OR EXISTS (SELECT 1 FROM operation_attempt a WHERE a.operation_id = operation.id");
        self.narrow_columns(sql, &OF_ATTEMPTS);
        if let Some(state) = self.state.filter(|_| !self.asks_for_an_end()) {
            sql.push(" AND operation.state = ").bind(state);
        }
        sql.push("))");
        self.narrow_time(sql, &OF_OPERATIONS);
    }

    /// The same about one attempt, `a`.
    fn narrow_attempts(&self, sql: &mut Built, environment_id: &EnvironmentId) {
        narrow_environment(sql, environment_id, &OF_ATTEMPTS);
        self.narrow_columns(sql, &OF_ATTEMPTS);
        let whole = self.state.filter(|_| !self.asks_for_an_end());
        if whole.is_some() || self.kind.is_some() || self.end_user_id.is_some() {
            sql.push(" AND EXISTS (SELECT 1 FROM operation WHERE id = a.operation_id");
            if let Some(state) = whole {
                sql.push(" AND state = ").bind(state);
            }
            self.narrow_rest(sql);
            sql.push(")");
        }
        self.narrow_time(sql, &OF_ATTEMPTS);
    }

    fn narrow_columns(&self, sql: &mut Built, of: &Columns) {
        if let Some(connection) = &self.connection_key {
            sql.push(" AND ").push(of.connection_key).push(" = ");
            sql.bind(sought(connection));
        }
        // Nothing narrows a list as a connection does, whose index holds the other two, or an end user. Planners without
        // statistics take the index with more of the conditions in it, and would walk everything of an integration: where
        // there is one of those they do not see the others.
        let (open, close) = if self.connection_key.is_some() || self.end_user_id.is_some() {
            (" AND COALESCE(", ", '') = ")
        } else {
            (" AND ", " = ")
        };
        if let Some(integration) = &self.integration_key {
            sql.push(open).push(of.integration_key).push(close);
            sql.bind(sought(integration));
        }
        if let Some(state) = self.state {
            sql.push(open).push(of.state).push(close).bind(state);
        }
    }

    /// What is known of operations alone.
    fn narrow_rest(&self, sql: &mut Built) {
        if let Some(kind) = self.kind {
            sql.push(" AND kind = ").bind(kind);
        }
        if let Some(user) = &self.end_user_id {
            sql.push(" AND end_user_id = ").bind(sought(user));
        }
    }

    /// The end of the statement: times, order and limit.
    fn narrow_time(&self, sql: &mut Built, of: &Columns) {
        if let Some(from) = self.from {
            sql.push(" AND ").push(of.time).push(" >= ").bind(from);
        }
        if let Some(until) = self.until {
            sql.push(" AND ").push(of.time).push(" < ").bind(until);
        }
        if let Some((created_at, id)) = &self.before {
            sql.push(" AND (").push(of.time).push(", ").push(of.id);
            sql.push(") < (").bind(*created_at).push(", ").bind(id.clone());
            sql.push(")");
        }
        sql.push(" ORDER BY ").push(of.time).push(" DESC, ").push(of.id);
        sql.push(" DESC LIMIT ").bind(i64::from(self.limit));
    }
}

fn narrow_environment(sql: &mut Built, environment_id: &EnvironmentId, of: &Columns) {
    sql.push(" WHERE ")
        .push(of.environment_id)
        .push(" = ")
        .bind(environment_id.clone());
}

/// What the columns are called that operations and their attempts both have.
struct Columns {
    environment_id: &'static str,
    state: &'static str,
    integration_key: &'static str,
    connection_key: &'static str,
    /// When the operation was opened.
    time: &'static str,
    /// Which operation.
    id: &'static str,
}

const OF_OPERATIONS: Columns = Columns {
    environment_id: "environment_id",
    state: "state",
    integration_key: "integration_key",
    connection_key: "connection_key",
    time: "created_at",
    id: "id",
};

const OF_ATTEMPTS: Columns = Columns {
    environment_id: "a.environment_id",
    state: "a.state",
    integration_key: "a.integration_key",
    connection_key: "a.connection_key",
    time: "a.opened_at",
    id: "a.operation_id",
};

/// Sets an operation running again, for another try; one that has succeeded stays as it is. It expires at the given
/// time, or later if it would have. False when there is no such operation, or it has succeeded.
///
/// # Errors
/// [`StoreError`].
pub async fn reopen(
    tx: &mut Tx,
    id: &OperationId,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<bool, StoreError> {
    hits(
        tx,
        "UPDATE operation SET state = 'running', level = 'info', error = NULL, ended_at = NULL, \
         expires_at = CASE WHEN expires_at > $2 THEN expires_at ELSE $2 END, updated_at = $3 \
         WHERE id = $1 AND state <> 'success'",
        &[id, &expires_at, &now],
    )
    .await
}

/// The operation with this id, kept from all other transactions until this one ends: what is counted in it is counted
/// once each.
///
/// # Errors
/// [`StoreError`].
pub async fn hold(tx: &mut Tx, id: &OperationId, now: Timestamp) -> Result<Option<OperationRow>, StoreError> {
    // An update holds the row in either database; a SELECT … FOR UPDATE is understood by one of them.
    let is_there = hits(
        tx,
        "UPDATE operation SET updated_at = $2 WHERE id = $1",
        &[id, &now],
    )
    .await?;
    if is_there { find(tx, id).await } else { Ok(None) }
}

/// Replaces whatever else is known of it.
///
/// # Errors
/// [`StoreError`].
pub async fn set_meta(tx: &mut Tx, id: &OperationId, meta: &serde_json::Value) -> Result<bool, StoreError> {
    hits(tx, "UPDATE operation SET meta = $2 WHERE id = $1", &[id, &meta]).await
}

/// Names the integration.
///
/// # Errors
/// [`StoreError`].
pub async fn set_integration(
    tx: &mut Tx,
    id: &OperationId,
    integration_id: &IntegrationId,
    integration_key: &IntegrationKey,
    provider: &ProviderName,
    now: Timestamp,
) -> Result<bool, StoreError> {
    hits(
        tx,
        "UPDATE operation SET integration_id = $2, integration_key = $3, provider = $4, updated_at = $5 \
         WHERE id = $1",
        &[id, integration_id, integration_key, provider, &now],
    )
    .await
}

/// Names the connection.
///
/// # Errors
/// [`StoreError`].
pub async fn set_connection(
    tx: &mut Tx,
    id: &OperationId,
    connection_id: Option<&ConnectionId>,
    connection_key: &ConnectionKey,
    now: Timestamp,
) -> Result<bool, StoreError> {
    hits(
        tx,
        "UPDATE operation SET connection_id = $2, connection_key = $3, updated_at = $4 WHERE id = $1",
        &[id, &connection_id, connection_key, &now],
    )
    .await
}

/// Ends an operation well, whatever it was before.
///
/// # Errors
/// [`StoreError`].
pub async fn succeed(tx: &mut Tx, id: &OperationId, now: Timestamp) -> Result<bool, StoreError> {
    hits(
        tx,
        "UPDATE operation SET state = 'success', level = 'info', error = NULL, ended_at = $2, updated_at = $2 \
         WHERE id = $1",
        &[id, &now],
    )
    .await
}

/// Ends an operation badly. One that has succeeded before stays a success: what it was opened for was done. False when
/// nothing was changed.
///
/// # Errors
/// [`StoreError`].
pub async fn fail(
    tx: &mut Tx,
    id: &OperationId,
    error: &serde_json::Value,
    now: Timestamp,
) -> Result<bool, StoreError> {
    hits(
        tx,
        "UPDATE operation SET state = 'failed', level = 'error', error = $2, ended_at = $3, updated_at = $3 \
         WHERE id = $1 AND state <> 'success'",
        &[id, error, &now],
    )
    .await
}

/// Ends up to `limit` running operations whose time is over, with the tries below them that nobody brought to an end:
/// authorizations as cancelled, for whoever was to act went away, others as timed out. Each keeps the last error that a line of it tells of. Answers which, each with its
/// environment and what it is about.
///
/// # Errors
/// [`StoreError`].
pub async fn expire(
    tx: &mut Tx,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<(OperationId, EnvironmentId, OperationType)>, StoreError> {
    // The condition stands outside too: after a wait for another transaction PostgreSQL looks at that one only.
    let ended = all::<(Only<OperationId>, Only<EnvironmentId>, Only<OperationType>)>(
        tx,
        "UPDATE operation SET state = CASE WHEN kind = 'auth' THEN 'cancelled' ELSE 'timeout' END, level = 'warn', \
         error = (SELECT m.error FROM operation_message m WHERE m.operation_id = operation.id \
         AND m.error IS NOT NULL ORDER BY m.id DESC LIMIT 1), ended_at = $1, updated_at = $1 \
         WHERE state = 'running' AND expires_at <= $1 \
         AND id IN (SELECT id FROM operation WHERE state = 'running' AND expires_at <= $1 LIMIT $2) \
         RETURNING id, environment_id, kind",
        &[&now, &limit],
    )
    .await?;
    if !ended.is_empty() {
        let mut tries = Built::new(
            "UPDATE operation_attempt SET state = (SELECT state FROM operation WHERE id = operation_id) \
             WHERE state = 'running' AND operation_id IN ",
        );
        tries.bind_list(ended.iter().map(|(Only(id), ..)| id.clone()));
        tries.run(tx).await?;
    }
    let ended = ended.into_iter();
    Ok(ended
        .map(|(Only(id), Only(environment), Only(kind))| (id, environment, kind))
        .collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};

    use super::*;

    /// Otherwise what is rare in an integration, or in an environment, is looked for in all of it.
    #[tokio::test]
    #[allow(clippy::disallowed_methods, reason = "no statement of anybody else's")]
    async fn each_filter_of_the_log_walks_an_index_in_the_lists_order() {
        let mut conn = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        sqlx::migrate!("../../migrations/sqlite")
            .run(&mut conn)
            .await
            .unwrap();
        let now = Timestamp::from_millis(1_800_000_000_000);
        let environment = EnvironmentId::mint(now, [7; 10]);
        let failed = Some(OperationState::Failed);
        let names = [
            (None, None),
            (Some("acme"), None),
            (None, Some("c-1")),
            (Some("acme"), Some("c-1")),
        ];
        let names = names.map(|(integration, connection)| (integration, connection, None));
        let of_users = [(None, None, Some("u-1")), (Some("acme"), None, Some("u-1"))];
        for state in [None, failed, Some(OperationState::Cancelled)] {
            for (integration, connection, user) in names.into_iter().chain(of_users) {
                for before in [None, Some((now, OperationId::mint(now, [7; 10])))] {
                    let filter = OperationFilter {
                        state,
                        integration_key: integration.map(str::to_owned),
                        connection_key: connection.map(str::to_owned),
                        end_user_id: user.map(str::to_owned),
                        before,
                        limit: 51,
                        ..OperationFilter::default()
                    };
                    let sql = format!("EXPLAIN QUERY PLAN {}", filter.select(&environment).text().0);
                    let plan = sqlx::query(AssertSqlSafe(sql))
                        .fetch_all(&mut conn)
                        .await
                        .unwrap();
                    let plan: Vec<String> = plan.iter().map(|line| line.get("detail")).collect();
                    let index = match (connection, integration, state) {
                        _ if user.is_some() => "by_end_user (environment_id=? AND end_user_id=?",
                        (Some(_), ..) => {
                            "by_connection_integration_and_state (environment_id=? AND connection_key=?"
                        }
                        (None, Some(_), Some(_)) => {
                            "by_integration_and_state (environment_id=? AND integration_key=? AND state=?"
                        }
                        (None, Some(_), None) => "by_integration (environment_id=? AND integration_key=?",
                        (None, None, Some(_)) => "by_state (environment_id=? AND state=?",
                        (None, None, None) => "by_time (environment_id=?",
                    };
                    let walked = plan.iter().filter(|line| line.contains(index)).count();
                    let halves = if filter.is_about_attempts() && user.is_none() {
                        2
                    } else {
                        1
                    };
                    assert_eq!(walked, halves, "{filter:?} {plan:#?}");
                    let is_read_whole = |line: &String| line.starts_with("SCAN operation");
                    assert!(!plan.iter().any(is_read_whole), "{filter:?} {plan:#?}");
                }
            }
        }
    }
}
