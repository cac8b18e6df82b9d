use terapi_store::{StoreError, api_keys};

use crate::{Caller, Forbidden};

use super::{ApiKey, Keys};

/// Why keys were not listed.
#[derive(Debug, thiserror::Error)]
pub enum ListKeysError {
    /// Not for this caller.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Keys<'_> {
    /// The live keys of the caller's environment, oldest first; expired ones too, until they are deleted.
    ///
    /// # Errors
    /// [`ListKeysError`]; API keys may not list keys.
    pub async fn list(&self, caller: &Caller) -> Result<Vec<ApiKey>, ListKeysError> {
        caller.require_operator()?;
        let environment = caller.environment()?;
        let rows = api_keys::list_by_environment(&mut self.broker.store().read().await?, environment).await?;
        Ok(rows.into_iter().map(ApiKey::from).collect())
    }
}
