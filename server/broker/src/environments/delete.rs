use terapi_model::{Scope, WireId};
use terapi_store::{StoreError, api_keys, connect_sessions, environments};

use crate::{Caller, Forbidden};

use super::Environments;

/// Why an environment was not deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteEnvironmentError {
    /// Not for this caller.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// It holds real customers' data.
    #[error("a production environment cannot be deleted")]
    Production,
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Environments<'_> {
    /// Deletes an environment of the caller's account, by its integer id. Its keys and connect sessions stop
    /// working at once; what it holds is found by nobody any more. False when there is none of that id.
    ///
    /// # Errors
    /// [`DeleteEnvironmentError`].
    pub async fn delete(&self, caller: &Caller, id: WireId) -> Result<bool, DeleteEnvironmentError> {
        caller.require(&[Scope::ENVIRONMENTS_DELETE])?;
        let mut tx = self.broker.store().begin().await?;
        let Some(found) = environments::find_by_wire_id(&mut tx, &caller.account_id, id).await? else {
            return Ok(false);
        };
        if found.is_production {
            return Err(DeleteEnvironmentError::Production);
        }
        let now = self.broker.now();
        api_keys::soft_delete_all(&mut tx, &found.id, now).await?;
        connect_sessions::soft_delete_all(&mut tx, &found.id, now).await?;
        let deleted = environments::soft_delete(&mut tx, &found.id, now).await?;
        tx.commit().await?;
        tracing::info!(environment = %found.id, name = %found.name, "environment deleted");
        Ok(deleted)
    }
}
