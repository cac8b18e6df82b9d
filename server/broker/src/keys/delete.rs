use terapi_model::ApiKeyId;
use terapi_store::{StoreError, api_keys};

use crate::{Caller, Forbidden};

use super::Keys;

/// Why a key was not deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteKeyError {
    /// Not for this caller.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// It comes from the process environment.
    #[error("this key is set by the instance's configuration; remove it there")]
    Managed,
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Keys<'_> {
    /// Deletes a key of the caller's environment; it stops working at once. False when there is none of that id.
    ///
    /// # Errors
    /// [`DeleteKeyError`].
    pub async fn delete(&self, caller: &Caller, id: &ApiKeyId) -> Result<bool, DeleteKeyError> {
        caller.require_writer()?;
        let environment = caller.environment()?;
        let mut tx = self.broker.store().begin().await?;
        let keys = api_keys::list_by_environment(&mut tx, environment).await?;
        let Some(key) = keys.into_iter().find(|key| key.id == *id) else {
            return Ok(false);
        };
        if key.managed {
            return Err(DeleteKeyError::Managed);
        }
        let deleted = api_keys::soft_delete(&mut tx, environment, id, self.broker.now()).await?;
        tx.commit().await?;
        Ok(deleted)
    }
}
