use terapi_model::{ApiKeyId, Timestamp};
use terapi_store::api_keys::USED_EVERY;
use terapi_store::{StoreError, api_keys};
use terapi_vault::hash::token_hash;

use crate::{Actor, Caller};

use super::Keys;
use super::format::is_key_shaped;

/// Why a key was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    /// It cannot be a key (decision D2).
    #[error("this is not the shape of a secret key: at least 32 letters, digits, `_` or `-`")]
    InvalidFormat,
    /// No live key is this one.
    #[error("no such secret key")]
    Unknown,
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Keys<'_> {
    /// Who holds this key.
    ///
    /// # Errors
    /// [`AuthenticateError`].
    pub async fn authenticate(&self, key: &str) -> Result<Caller, AuthenticateError> {
        if !is_key_shaped(key) {
            return Err(AuthenticateError::InvalidFormat);
        }
        let now = self.broker.now();
        let hash = token_hash(key).to_hex();
        let found = api_keys::find_live_by_hash(&mut self.broker.store().read().await?, &hash, now).await?;
        let row = found.ok_or(AuthenticateError::Unknown)?.key;
        if row
            .last_used_at
            .is_none_or(|at| now.millis_since(at) >= USED_EVERY)
            && let Err(error) = self.note_use(&row.id, now).await
        {
            // A read-only moment of the database must not lock callers out.
            tracing::warn!(key = %row.id, %error, "the use of an API key was not noted");
        }
        Ok(Caller {
            account_id: row.account_id,
            environment_id: row.environment_id,
            actor: Actor::ApiKey {
                id: row.id,
                scopes: row.scopes,
            },
        })
    }

    async fn note_use(&self, id: &ApiKeyId, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.broker.store().begin().await?;
        api_keys::touch(&mut tx, id, now).await?;
        tx.commit().await
    }
}
