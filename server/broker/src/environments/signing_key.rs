use terapi_model::Scope;
use terapi_store::{StoreError, environments};
use terapi_vault::{SecretString, token};

use crate::sealing::cell;
use crate::{Caller, Forbidden};

use super::Environments;

/// Why a signing key was not replaced.
#[derive(Debug, thiserror::Error)]
pub enum RotateSigningKeyError {
    /// Not for this caller.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The environment is gone.
    #[error("there is no such environment")]
    NotFound,
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Environments<'_> {
    /// Replaces what the environment's webhooks are signed with (rest.md 8.2) and returns the new key, a UUID v4. Every
    /// attempt from now on is signed with it, also of events that wait already.
    ///
    /// # Errors
    /// [`RotateSigningKeyError`].
    pub async fn rotate_webhook_signing_key(
        &self,
        caller: &Caller,
    ) -> Result<SecretString, RotateSigningKeyError> {
        caller.require(&[Scope::WEBHOOK_SIGNING_KEY_ROTATE])?;
        let id = caller.environment()?;
        let key = SecretString::new(token::uuid_v4(self.broker.entropy()));
        let place = cell::webhook_signing_key(id);
        let mut tx = self.broker.store().begin().await?;
        let mut row = environments::find_for_update(&mut tx, id)
            .await?
            .ok_or(RotateSigningKeyError::NotFound)?;
        row.webhook_signing_key_sealed = self.broker.sealing().seal_text(&place, &key);
        row.updated_at = self.broker.now();
        environments::update(&mut tx, &row).await?;
        tx.commit().await?;
        Ok(key)
    }
}
