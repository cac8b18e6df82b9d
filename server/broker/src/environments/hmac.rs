use terapi_store::{StoreError, environments};
use terapi_vault::hash::verify_hmac_sha256_hex;

use crate::sealing::{SealingError, cell};

use super::{Environment, Environments};

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
        let message = match connection {
            Some(connection) => format!("{integration}:{connection}"),
            None => integration.to_owned(),
        };
        if verify_hmac_sha256_hex(key.expose().as_bytes(), message.as_bytes(), received) {
            Ok(())
        } else {
            Err(HmacError::Invalid)
        }
    }
}
