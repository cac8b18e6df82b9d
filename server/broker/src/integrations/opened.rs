use std::collections::BTreeMap;

use serde_json::{Map, Value};
use terapi_model::{EnvironmentId, IntegrationId, IntegrationKey, ProviderName};
use terapi_store::integrations;
use terapi_store::integrations::IntegrationRow;
use terapi_vault::SecretString;

use crate::sealing::{SealingError, cell};

use super::get::{config_map, secret_config, split_scopes};
use super::{Integrations, ReadIntegrationError};

/// An integration with its secrets, for running its flows. Lives as long as the call that needs it.
pub(crate) struct OpenedIntegration {
    pub(crate) id: IntegrationId,
    pub(crate) uuid: String,
    pub(crate) environment_id: EnvironmentId,
    pub(crate) unique_key: IntegrationKey,
    pub(crate) provider: ProviderName,
    pub(crate) client_id: Option<String>,
    pub(crate) client_secret: Option<SecretString>,
    pub(crate) webhook_secret: Option<SecretString>,
    pub(crate) scopes: Vec<String>,
    /// Declared settings, secret ones included: what `${integration_config.…}` means.
    pub(crate) config: Map<String, Value>,
    pub(crate) own_redirect: bool,
    /// Free values of the operator's.
    pub(crate) custom: BTreeMap<String, SecretString>,
}

impl Integrations<'_> {
    /// The integration with this key and its secrets. Whoever calls has settled what their caller may do.
    pub(crate) async fn open_by_key(
        &self,
        environment: &EnvironmentId,
        key: &IntegrationKey,
    ) -> Result<Option<OpenedIntegration>, ReadIntegrationError> {
        let row = integrations::find(&mut self.broker.store().read().await?, environment, key).await?;
        Ok(row.map(|row| self.open(row)).transpose()?)
    }

    /// The integration with this id and its secrets. Whoever calls has settled what their caller may do.
    pub(crate) async fn open_by_id(
        &self,
        environment: &EnvironmentId,
        id: &IntegrationId,
    ) -> Result<Option<OpenedIntegration>, ReadIntegrationError> {
        let row = integrations::find_by_id(&mut self.broker.store().read().await?, id).await?;
        let row = row.filter(|row| row.environment_id == *environment);
        Ok(row.map(|row| self.open(row)).transpose()?)
    }

    /// A row's secrets.
    pub(crate) fn open(&self, row: IntegrationRow) -> Result<OpenedIntegration, SealingError> {
        let sealing = self.broker.sealing();
        let (id, environment) = (&row.id, &row.environment_id);
        let client_secret = (row.client_secret_sealed.as_ref())
            .map(|sealed| sealing.open_text(&cell::client_secret(id, environment), sealed))
            .transpose()?;
        let webhook_secret = (row.webhook_secret_sealed.as_ref())
            .map(|sealed| sealing.open_text(&cell::webhook_secret(id, environment), sealed))
            .transpose()?;
        let custom = match &row.custom_sealed {
            Some(sealed) => {
                let values: BTreeMap<String, String> =
                    sealing.open_json(&cell::custom(id, environment), sealed)?;
                values
                    .into_iter()
                    .map(|(name, value)| (name, SecretString::new(value)))
                    .collect()
            }
            None => BTreeMap::new(),
        };
        let mut config = config_map(&row);
        config.extend(secret_config(self.broker, &row)?);
        Ok(OpenedIntegration {
            id: row.id,
            uuid: row.uuid,
            environment_id: row.environment_id,
            unique_key: row.unique_key,
            provider: row.provider,
            client_id: row.client_id,
            client_secret,
            webhook_secret,
            scopes: split_scopes(&row.scopes),
            config,
            own_redirect: row.own_redirect,
            custom,
        })
    }
}
