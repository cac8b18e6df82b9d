use terapi_model::{ApiKeyId, EnvironmentId, Scope, WireId};
use terapi_store::api_keys::ApiKeyRow;
use terapi_store::{StoreError, api_keys, environments};

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
        self.delete_in(environment, |key| key.id == *id).await
    }

    /// Deletes a key of one of the caller's account's environments, both by their integer ids (rest.md 8.3). False
    /// when there is no such key.
    ///
    /// # Errors
    /// [`DeleteKeyError`].
    pub async fn delete_for(
        &self,
        caller: &Caller,
        environment: WireId,
        key: WireId,
    ) -> Result<bool, DeleteKeyError> {
        caller.require(&[Scope::API_KEYS_DELETE])?;
        let found = {
            let mut db = self.broker.store().read().await?;
            environments::find_by_wire_id(&mut db, &caller.account_id, environment).await?
        };
        match found {
            Some(found) => self.delete_in(&found.id, |row| row.wire_id == key).await,
            None => Ok(false),
        }
    }

    async fn delete_in(
        &self,
        environment: &EnvironmentId,
        is_meant: impl Fn(&ApiKeyRow) -> bool,
    ) -> Result<bool, DeleteKeyError> {
        let mut tx = self.broker.store().begin().await?;
        let keys = api_keys::list_by_environment(&mut tx, environment).await?;
        let Some(key) = keys.into_iter().find(is_meant) else {
            return Ok(false);
        };
        if key.managed {
            return Err(DeleteKeyError::Managed);
        }
        let deleted = api_keys::soft_delete(&mut tx, environment, &key.id, self.broker.now()).await?;
        tx.commit().await?;
        Ok(deleted)
    }
}
