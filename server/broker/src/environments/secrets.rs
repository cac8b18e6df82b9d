use terapi_model::Scope;
use terapi_store::{StoreError, environment_variables, environments};
use terapi_vault::SecretString;

use crate::sealing::{SealingError, cell};
use crate::{Caller, Forbidden};

use super::Environments;

/// Why an environment's secret was not shown.
#[derive(Debug, thiserror::Error)]
pub enum ReadSecretError {
    /// Not for this caller.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// It does not open.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Environments<'_> {
    /// What the environment's webhooks are signed with; `None` when the environment is gone. For operators who
    /// may see secrets.
    ///
    /// # Errors
    /// [`ReadSecretError`].
    pub async fn webhook_signing_key(
        &self,
        caller: &Caller,
    ) -> Result<Option<SecretString>, ReadSecretError> {
        caller.require_writer()?;
        let environment = caller.environment()?;
        let row = environments::find(&mut self.broker.store().read().await?, environment).await?;
        let Some(row) = row else { return Ok(None) };
        let place = cell::webhook_signing_key(environment);
        Ok(Some(
            self.broker
                .sealing()
                .open_text(&place, &row.webhook_signing_key_sealed)?,
        ))
    }

    /// The environment's HMAC key, when it has one. For operators who may see secrets.
    ///
    /// # Errors
    /// [`ReadSecretError`].
    pub async fn hmac_key(&self, caller: &Caller) -> Result<Option<SecretString>, ReadSecretError> {
        caller.require_writer()?;
        let environment = caller.environment()?;
        let row = environments::find(&mut self.broker.store().read().await?, environment).await?;
        let Some(sealed) = row.and_then(|row| row.hmac_key_sealed) else {
            return Ok(None);
        };
        Ok(Some(
            self.broker
                .sealing()
                .open_text(&cell::hmac_key(environment), &sealed)?,
        ))
    }

    /// The environment's variables by name (rest.md 8.1).
    ///
    /// # Errors
    /// [`ReadSecretError`].
    pub async fn variables(&self, caller: &Caller) -> Result<Vec<(String, SecretString)>, ReadSecretError> {
        caller.require(&[Scope::VARIABLES_READ])?;
        let environment = caller.environment()?;
        let rows = environment_variables::list(&mut self.broker.store().read().await?, environment).await?;
        let mut variables = Vec::new();
        for row in rows {
            let place = cell::variable(&row.id, environment);
            let value = self.broker.sealing().open_text(&place, &row.value_sealed)?;
            variables.push((row.name, value));
        }
        Ok(variables)
    }
}
