use std::collections::BTreeMap;

use terapi_model::{IntegrationKey, Scope};
use terapi_vault::SecretString;

use crate::Caller;

use super::{Integrations, ReadIntegrationError};

/// The secrets of an integration.
#[derive(Debug)]
pub struct IntegrationSecrets {
    /// The OAuth client's secret.
    pub client_secret: Option<SecretString>,
    /// What the provider signs its webhooks with.
    pub webhook_secret: Option<SecretString>,
    /// Free values.
    pub custom: BTreeMap<String, SecretString>,
}

impl Integrations<'_> {
    /// The secrets of an integration of the caller's environment, for `include=credentials` and for operators
    /// who reveal them; `None` when there is no such integration.
    ///
    /// # Errors
    /// [`ReadIntegrationError`].
    pub async fn credentials(
        &self,
        caller: &Caller,
        key: &IntegrationKey,
    ) -> Result<Option<IntegrationSecrets>, ReadIntegrationError> {
        caller.require(&[Scope::INTEGRATIONS_READ_CREDENTIALS])?;
        let opened = self.open_by_key(caller.environment()?, key).await?;
        Ok(opened.map(|opened| IntegrationSecrets {
            client_secret: opened.client_secret,
            webhook_secret: opened.webhook_secret,
            custom: opened.custom,
        }))
    }
}
