use terapi_store::{StoreError, environments};
use terapi_vault::hash::{hmac_sha256_hex, verify_hmac_sha256_hex};
use terapi_vault::{SecretString, token};

use crate::sealing::{SealingError, cell};
use crate::{Broker, Caller};

use super::{Environment, EnvironmentPatch, Environments, ReadSecretError, UpdateEnvironmentError};

/// Why a public-key call was not let through.
#[derive(Debug, thiserror::Error)]
pub enum HmacError {
    /// None was sent.
    #[error("this environment asks for an HMAC, and none was sent")]
    Missing,
    /// It is not that of the integration and connection ids.
    #[error("the HMAC does not match the integration id and connection id")]
    Invalid,
    /// The key cannot be opened.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Environments<'_> {
    /// Passes when the environment asks for no HMAC, or `received` is that of `<integration>:<connection>`, or of
    /// the integration alone when no connection id came (decision D6). Both ids as received, untrimmed.
    ///
    /// # Errors
    /// [`HmacError`].
    pub async fn check_hmac(
        &self,
        environment: &Environment,
        received: Option<&str>,
        integration: &str,
        connection: Option<&str>,
    ) -> Result<(), HmacError> {
        if !environment.hmac_enabled {
            return Ok(());
        }
        let received = received
            .filter(|text| !text.is_empty())
            .ok_or(HmacError::Missing)?;
        let row = environments::find(&mut self.broker.store().read().await?, &environment.id).await?;
        let sealed = row
            .and_then(|row| row.hmac_key_sealed)
            .ok_or(HmacError::Invalid)?;
        let key = self
            .broker
            .sealing()
            .open_text(&cell::hmac_key(&environment.id), &sealed)?;
        let message = message(integration, connection);
        if verify_hmac_sha256_hex(key.expose().as_bytes(), message.as_bytes(), received) {
            Ok(())
        } else {
            Err(HmacError::Invalid)
        }
    }

    /// The digest that [`Environments::check_hmac`] wants for these ids; `None` when the environment has no key.
    /// For operators who may see the key, since a digest is worth as much for its connection.
    ///
    /// # Errors
    /// [`ReadSecretError`].
    pub async fn hmac_digest(
        &self,
        caller: &Caller,
        integration: &str,
        connection: Option<&str>,
    ) -> Result<Option<String>, ReadSecretError> {
        let key = self.hmac_key(caller).await?;
        Ok(key.map(|key| {
            hmac_sha256_hex(
                key.expose().as_bytes(),
                message(integration, connection).as_bytes(),
            )
        }))
    }

    /// Makes a new HMAC key of 256 bits and keeps it. Digests made with the one before are refused from now on.
    ///
    /// # Errors
    /// [`UpdateEnvironmentError`].
    pub async fn replace_hmac_key(&self, caller: &Caller) -> Result<Environment, UpdateEnvironmentError> {
        let patch = EnvironmentPatch {
            hmac_key: Some(new_hmac_key(self.broker)),
            ..EnvironmentPatch::default()
        };
        self.update(caller, patch).await
    }
}

/// A key that nobody knows yet.
pub(super) fn new_hmac_key(broker: &Broker) -> SecretString {
    token::hex(broker.entropy(), 32)
}

/// What is signed (decision D6).
fn message(integration: &str, connection: Option<&str>) -> String {
    match connection {
        Some(connection) => format!("{integration}:{connection}"),
        None => integration.to_owned(),
    }
}
