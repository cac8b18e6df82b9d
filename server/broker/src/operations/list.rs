use std::collections::HashMap;

use terapi_model::{OperationId, OperationState, Timestamp};
use terapi_store::{StoreError, operation_attempts, operations};

use super::{Operation, OperationMessage, Operations, Tries};
use crate::{Caller, Forbidden};

/// Most operations on one page.
const MOST: u32 = 500;

/// Most lines of one operation that are shown.
const MOST_MESSAGES: u32 = 2000;

/// Which operations to list. Everything given must hold: of the operation, or of one of its tries.
#[derive(Debug, Clone, Default)]
pub struct OperationFilter {
    /// Where they stand.
    pub state: Option<OperationState>,
    /// The integration's key, exactly.
    pub integration: Option<String>,
    /// What callers named the connection, exactly.
    pub connection: Option<String>,
    /// The end user's id, exactly.
    pub end_user: Option<String>,
    /// Opened at this time or later.
    pub from: Option<Timestamp>,
    /// Opened before this time.
    pub until: Option<Timestamp>,
    /// How many; 0: fifty.
    pub limit: u32,
    /// What `next` of the page before said; `None`: from the newest.
    pub before: Option<(Timestamp, OperationId)>,
}

/// Operations, newest first.
#[derive(Debug)]
pub struct OperationPage {
    /// This page.
    pub operations: Vec<Operation>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<(Timestamp, OperationId)>,
}

/// Why nothing was listed or found.
#[derive(Debug, thiserror::Error)]
pub enum ListOperationsError {
    /// Only people who are signed in read the log.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Operations<'_> {
    /// The environment's operations, newest first. Operators only.
    ///
    /// # Errors
    /// [`ListOperationsError`].
    pub async fn list(
        &self,
        caller: &Caller,
        filter: &OperationFilter,
    ) -> Result<OperationPage, ListOperationsError> {
        caller.require_operator()?;
        let environment = caller.environment()?;
        let limit = if filter.limit == 0 {
            50
        } else {
            filter.limit.min(MOST)
        };
        let wanted = operations::OperationFilter {
            state: filter.state,
            kind: None,
            integration_key: filter.integration.clone(),
            connection_key: filter.connection.clone(),
            end_user_id: filter.end_user.clone(),
            from: filter.from,
            until: filter.until,
            before: filter.before.clone(),
            limit: limit + 1,
        };
        let mut db = self.broker.store().read().await?;
        let mut rows = operations::list(&mut db, environment, &wanted).await?;
        let is_last = rows.len() <= limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| !is_last);
        let next = next.map(|row| (row.created_at, row.id.clone()));
        let ids: Vec<OperationId> = rows.iter().map(|row| row.id.clone()).collect();
        let mut tries: HashMap<OperationId, Vec<Tries>> = HashMap::new();
        for row in operation_attempts::tally(&mut db, &ids).await? {
            tries
                .entry(row.operation_id.clone())
                .or_default()
                .push(row.into());
        }
        let operations = rows.into_iter().map(|row| Operation {
            tries: tries.remove(&row.id).unwrap_or_default(),
            ..Operation::from(row)
        });
        Ok(OperationPage {
            operations: operations.collect(),
            next,
        })
    }

    /// One operation of the environment with its lines, oldest first; `None` when it has no such operation. Operators
    /// only.
    ///
    /// # Errors
    /// [`ListOperationsError`].
    pub async fn find(
        &self,
        caller: &Caller,
        id: &OperationId,
    ) -> Result<Option<(Operation, Vec<OperationMessage>)>, ListOperationsError> {
        caller.require_operator()?;
        let environment = caller.environment()?;
        let mut db = self.broker.store().read().await?;
        let found = operations::find(&mut db, id).await?;
        let Some(row) = found.filter(|row| row.environment_id == *environment) else {
            return Ok(None);
        };
        let lines = operations::messages(&mut db, id, MOST_MESSAGES).await?;
        let lines = lines.into_iter().map(OperationMessage::from).collect();
        let tries = operation_attempts::tally(&mut db, std::slice::from_ref(id)).await?;
        let operation = Operation {
            tries: tries.into_iter().map(Tries::from).collect(),
            ..row.into()
        };
        Ok(Some((operation, lines)))
    }
}
