use serde_json::{Map, Value};
use terapi_catalog::{AuthSpec, Provider};
use terapi_model::{AuthMode, IntegrationId, IntegrationKey, Scope};
use terapi_store::environments::EnvironmentRow;
use terapi_store::integrations::IntegrationRow;
use terapi_store::{StoreError, environments, integrations};

use crate::sealing::{SealingError, cell};
use crate::{Broker, Caller, Forbidden};

use super::config::{needs_client, needs_secret};
use super::{Integration, Integrations};

/// Why an integration was not shown.
#[derive(Debug, thiserror::Error)]
pub enum ReadIntegrationError {
    /// Not for this caller.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// A secret does not open.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub(super) const READ: [Scope; 2] = [Scope::INTEGRATIONS_READ, Scope::INTEGRATIONS_READ_CREDENTIALS];

impl Integrations<'_> {
    /// The integration of the caller's environment with this key.
    ///
    /// # Errors
    /// [`ReadIntegrationError`].
    pub async fn get(
        &self,
        caller: &Caller,
        key: &IntegrationKey,
    ) -> Result<Option<Integration>, ReadIntegrationError> {
        caller.require(&READ)?;
        let row =
            integrations::find(&mut self.broker.store().read().await?, caller.environment()?, key).await?;
        self.shown(row).await
    }

    /// The integration of the caller's environment with this id; another environment's is not found.
    ///
    /// # Errors
    /// [`ReadIntegrationError`].
    pub async fn get_by_id(
        &self,
        caller: &Caller,
        id: &IntegrationId,
    ) -> Result<Option<Integration>, ReadIntegrationError> {
        caller.require(&READ)?;
        let environment = caller.environment()?;
        let row = integrations::find_by_id(&mut self.broker.store().read().await?, id).await?;
        self.shown(row.filter(|row| row.environment_id == *environment))
            .await
    }

    /// How the provider of an integration lets callers in, for those who change it; the inner `None` when the provider
    /// is no longer in the catalogue.
    ///
    /// # Errors
    /// [`ReadIntegrationError`].
    pub async fn auth_mode(
        &self,
        caller: &Caller,
        key: &IntegrationKey,
    ) -> Result<Option<Option<AuthMode>>, ReadIntegrationError> {
        caller.require(&[Scope::INTEGRATIONS_UPDATE])?;
        let row =
            integrations::find(&mut self.broker.store().read().await?, caller.environment()?, key).await?;
        let catalogue = self.broker.catalogue();
        Ok(row.map(|row| {
            catalogue
                .get(row.provider.as_str())
                .map(|found| found.auth_mode())
        }))
    }

    async fn shown(&self, row: Option<IntegrationRow>) -> Result<Option<Integration>, ReadIntegrationError> {
        let Some(row) = row else { return Ok(None) };
        let mut db = self.broker.store().read().await?;
        let Some(environment) = environments::find(&mut db, &row.environment_id).await? else {
            return Ok(None);
        };
        let connections = integrations::count_live_connections(&mut db, &row.id).await?;
        Ok(Some(view(self.broker, &environment, row, connections)?))
    }
}

/// What operators and programs see of a row.
pub(super) fn view(
    broker: &Broker,
    environment: &EnvironmentRow,
    row: IntegrationRow,
    connection_count: i64,
) -> Result<Integration, SealingError> {
    let provider = broker.catalogue().get(row.provider.as_str());
    let config = config_map(&row);
    let secret_config = secret_config(broker, &row)?;
    let missing_fields = provider
        .map(|provider| missing_fields(provider, &row, &secret_config))
        .unwrap_or_default();
    Ok(Integration {
        callback_url: callback_url(broker, environment, &row),
        provider_display_name: provider
            .map_or_else(|| row.provider.to_string(), |found| found.display_name.clone()),
        auth_mode: provider.map(|found| found.auth_mode()),
        key_label: provider.and_then(|provider| key_label(provider, &config)),
        has_client_secret: row.client_secret_sealed.is_some(),
        has_webhook_secret: row.webhook_secret_sealed.is_some(),
        secret_config: secret_config.keys().cloned().collect(),
        missing_fields,
        connection_count,
        id: row.id,
        uuid: row.uuid,
        environment_id: row.environment_id,
        unique_key: row.unique_key,
        provider: row.provider,
        display_name: row.display_name,
        client_id: row.client_id,
        scopes: split_scopes(&row.scopes),
        config,
        own_redirect: row.own_redirect,
        forward_webhooks: row.forward_webhooks,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

/// The declared settings that are not secret.
pub(super) fn config_map(row: &IntegrationRow) -> Map<String, Value> {
    row.config.as_object().cloned().unwrap_or_default()
}

/// Scopes as they lie in the database: comma-separated.
pub(super) fn split_scopes(scopes: &str) -> Vec<String> {
    scopes
        .split(',')
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The declared settings that are secret.
pub(super) fn secret_config(
    broker: &Broker,
    row: &IntegrationRow,
) -> Result<Map<String, Value>, SealingError> {
    let Some(sealed) = &row.secret_config_sealed else {
        return Ok(Map::new());
    };
    broker.sealing().open_json(
        &cell::integration_secret_config(&row.id, &row.environment_id),
        sealed,
    )
}

/// The operator's word for the key, else the provider's own where it has one.
fn key_label(provider: &Provider, config: &Map<String, Value>) -> Option<String> {
    let declared = provider
        .credentials
        .get("api_key")
        .filter(|_| matches!(provider.auth, AuthSpec::ApiKey))?;
    let chosen = config.get("key_label").and_then(Value::as_str);
    let label = chosen.filter(|text| !text.is_empty()).unwrap_or(&declared.title);
    (label != "API key").then(|| label.to_owned())
}

fn missing_fields(
    provider: &Provider,
    row: &IntegrationRow,
    secret_config: &Map<String, Value>,
) -> Vec<String> {
    let mut missing = Vec::new();
    if needs_client(provider) && row.client_id.is_none() {
        missing.push("client_id".to_owned());
    }
    if needs_client(provider) && needs_secret(provider) && row.client_secret_sealed.is_none() {
        missing.push("client_secret".to_owned());
    }
    let is_unset = |name: &str| row.config.get(name).is_none() && !secret_config.contains_key(name);
    missing.extend(
        provider
            .integration_config
            .iter()
            .filter(|(name, field)| field.required && field.default_value.is_none() && is_unset(name))
            .map(|(name, _)| name.to_owned()),
    );
    missing
}

fn callback_url(broker: &Broker, environment: &EnvironmentRow, row: &IntegrationRow) -> String {
    if row.own_redirect {
        return broker.settings().own_callback_url(&row.uuid);
    }
    environment
        .callback_url
        .clone()
        .unwrap_or_else(|| broker.settings().callback_url())
}
