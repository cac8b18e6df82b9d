use terapi_model::{ConnectionId, ConnectionKey, IntegrationKey, Scope};
use terapi_store::{StoreError, connections, integrations};

use super::Connections;
use crate::{Caller, Forbidden};

/// Why a connection was not deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteConnectionError {
    /// Not for this caller.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// No integration of this environment has the key.
    #[error("there is no such integration")]
    UnknownIntegration,
    /// It has no such connection.
    #[error("there is no such connection")]
    NotFound,
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Connections<'_> {
    /// Deletes a connection; its credentials are gone for good. `false` when somebody else was faster.
    ///
    /// # Errors
    /// [`DeleteConnectionError`].
    pub async fn delete(
        &self,
        caller: &Caller,
        integration: &IntegrationKey,
        key: &ConnectionKey,
    ) -> Result<bool, DeleteConnectionError> {
        caller.require(&[Scope::CONNECTIONS_DELETE])?;
        let environment = caller.environment()?;
        let mut tx = self.broker.store().begin().await?;
        let integration = integrations::find(&mut tx, environment, integration)
            .await?
            .ok_or(DeleteConnectionError::UnknownIntegration)?;
        let row = connections::find_row(&mut tx, &integration.id, key)
            .await?
            .ok_or(DeleteConnectionError::NotFound)?;
        let deleted = connections::soft_delete(&mut tx, &row.id, self.broker.now()).await?;
        tx.commit().await?;
        tracing::info!(connection = %row.id, integration = %integration.unique_key, "connection deleted");
        Ok(deleted)
    }

    /// Deletes a connection by our id, as dashboard links name it; `false` when there is none.
    ///
    /// # Errors
    /// [`DeleteConnectionError`].
    pub async fn delete_by_id(
        &self,
        caller: &Caller,
        id: &ConnectionId,
    ) -> Result<bool, DeleteConnectionError> {
        caller.require(&[Scope::CONNECTIONS_DELETE])?;
        let environment = caller.environment()?;
        let mut tx = self.broker.store().begin().await?;
        let Some(row) = connections::find_for_update(&mut tx, id).await? else {
            return Ok(false);
        };
        if row.environment_id != *environment {
            return Ok(false);
        }
        let deleted = connections::soft_delete(&mut tx, id, self.broker.now()).await?;
        tx.commit().await?;
        tracing::info!(connection = %id, "connection deleted");
        Ok(deleted)
    }
}
