use std::collections::BTreeMap;

use serde_json::{Map, Value};
use terapi_catalog::Provider;
use terapi_model::{AuthMode, IntegrationKey, Issue, Scope};
use terapi_store::integrations::IntegrationRow;
use terapi_store::{Constraint, StoreError, Tx, environments, integrations};
use terapi_vault::SecretString;

use crate::sealing::{SealingError, cell};
use crate::{Caller, Forbidden};

use super::config::{
    as_json, check_client_id, check_client_secret, check_config, check_custom, check_display_name, check_map,
    check_scopes, check_webhook_secret, takes_client,
};
use super::get::{config_map, secret_config, view};
use super::{Integration, Integrations};

/// What to change of an integration; what is `None` stays (rest.md 6.5).
#[derive(Debug, Default)]
pub struct IntegrationPatch {
    /// A new key; refused while there are live connections.
    pub unique_key: Option<IntegrationKey>,
    /// A new name; the inner `None` takes the provider's again.
    pub display_name: Option<Option<String>>,
    /// Whether webhooks of the provider are passed on.
    pub forward_webhooks: Option<bool>,
    /// Whether it has a callback URL of its own.
    pub own_redirect: Option<bool>,
    /// The OAuth client.
    pub credentials: Option<CredentialsPatch>,
    /// Declared settings: those named are set; an empty text clears an optional one.
    pub integration_config: Option<BTreeMap<String, String>>,
    /// Free values, merged into those kept.
    pub custom: Option<BTreeMap<String, String>>,
    /// Made on a page, where required settings may stay empty for now.
    pub draft: bool,
}

/// What to change of the OAuth client; what is `None` stays.
#[derive(Debug)]
pub struct CredentialsPatch {
    /// The mode they are said to be for; must be the provider's.
    pub mode: AuthMode,
    /// A new id.
    pub client_id: Option<String>,
    /// A new secret.
    pub client_secret: Option<SecretString>,
    /// New scopes, all of them; none is an empty list.
    pub scopes: Option<Vec<String>>,
    /// A new webhook secret; an empty one removes it.
    pub webhook_secret: Option<SecretString>,
}

/// Why an integration was not changed.
#[derive(Debug, thiserror::Error)]
pub enum UpdateIntegrationError {
    /// No such integration in the caller's environment.
    #[error("there is no such integration")]
    NotFound,
    /// Another integration of the environment has the key.
    #[error("this environment already has an integration with the id {0}")]
    KeyTaken(IntegrationKey),
    /// Live connections name it by its key.
    #[error("the id cannot change while the integration has connections; it has {0}")]
    HasConnections(i64),
    /// Its provider is no longer in the catalogue, so nothing can be checked.
    #[error("the integration's provider is no longer in the catalogue")]
    UnknownProvider,
    /// Credentials of another mode, or for a mode that takes none.
    #[error("these credentials do not fit: the provider's auth mode is {expected}")]
    CredentialMismatch {
        /// The provider's mode.
        expected: AuthMode,
    },
    /// Values that are not as they should be.
    #[error("some values are not valid")]
    Config(Vec<Issue>),
    /// Not for this caller.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// A secret could not be sealed or opened.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Integrations<'_> {
    /// Changes an integration of the caller's environment: everything of the patch, or nothing.
    ///
    /// # Errors
    /// [`UpdateIntegrationError`].
    pub async fn update(
        &self,
        caller: &Caller,
        key: &IntegrationKey,
        patch: IntegrationPatch,
    ) -> Result<Integration, UpdateIntegrationError> {
        caller.require(&[Scope::INTEGRATIONS_UPDATE])?;
        let environment = caller.environment()?;
        let mut tx = self.broker.store().begin().await?;
        let mut row = integrations::find_for_update(&mut tx, environment, key)
            .await?
            .ok_or(UpdateIntegrationError::NotFound)?;
        let owner = environments::find(&mut tx, environment)
            .await?
            .ok_or(UpdateIntegrationError::NotFound)?;
        let count = integrations::count_live_connections(&mut tx, &row.id).await?;

        if let Some(renamed) = patch
            .unique_key
            .clone()
            .filter(|renamed| *renamed != row.unique_key)
        {
            if count > 0 {
                return Err(UpdateIntegrationError::HasConnections(count));
            }
            row.unique_key = renamed;
        }
        self.apply(&mut row, patch)?;
        row.updated_at = self.broker.now();
        save(&mut tx, &row).await?;
        tx.commit().await?;
        Ok(view(self.broker, &owner, row, count)?)
    }

    fn apply(&self, row: &mut IntegrationRow, patch: IntegrationPatch) -> Result<(), UpdateIntegrationError> {
        row.forward_webhooks = patch.forward_webhooks.unwrap_or(row.forward_webhooks);
        row.own_redirect = patch.own_redirect.unwrap_or(row.own_redirect);
        if let Some(name) = patch.display_name {
            refuse_any(|issues| name.iter().for_each(|name| check_display_name(name, issues)))?;
            row.display_name = name;
        }
        if patch.credentials.is_none() && patch.integration_config.is_none() && patch.custom.is_none() {
            return Ok(());
        }
        let provider = self.broker.catalogue().get(row.provider.as_str());
        let provider = provider.ok_or(UpdateIntegrationError::UnknownProvider)?;
        if let Some(credentials) = patch.credentials {
            self.apply_credentials(row, provider, credentials)?;
        }
        if let Some(given) = patch.integration_config {
            self.apply_config(row, provider, &given, patch.draft)?;
        }
        if let Some(given) = patch.custom {
            self.apply_custom(row, provider, &given)?;
        }
        Ok(())
    }

    fn apply_credentials(
        &self,
        row: &mut IntegrationRow,
        provider: &Provider,
        patch: CredentialsPatch,
    ) -> Result<(), UpdateIntegrationError> {
        if !takes_client(provider) || patch.mode != provider.auth_mode() {
            return Err(UpdateIntegrationError::CredentialMismatch {
                expected: provider.auth_mode(),
            });
        }
        refuse_any(|issues| {
            patch.client_id.iter().for_each(|id| check_client_id(id, issues));
            patch
                .client_secret
                .iter()
                .for_each(|secret| check_client_secret(secret, issues));
            patch
                .webhook_secret
                .iter()
                .for_each(|secret| check_webhook_secret(secret, issues));
            patch
                .scopes
                .iter()
                .for_each(|scopes| check_scopes(scopes, issues));
        })?;
        let sealing = self.broker.sealing();
        if let Some(id) = patch.client_id {
            row.client_id = Some(id);
        }
        if let Some(scopes) = patch.scopes {
            row.scopes = scopes.join(",");
        }
        if let Some(secret) = patch.client_secret {
            let place = cell::client_secret(&row.id, &row.environment_id);
            row.client_secret_sealed = Some(sealing.seal_text(&place, &secret));
        }
        if let Some(secret) = patch.webhook_secret {
            let place = cell::webhook_secret(&row.id, &row.environment_id);
            row.webhook_secret_sealed = (!secret.is_empty()).then(|| sealing.seal_text(&place, &secret));
        }
        Ok(())
    }

    fn apply_config(
        &self,
        row: &mut IntegrationRow,
        provider: &Provider,
        given: &BTreeMap<String, String>,
        draft: bool,
    ) -> Result<(), UpdateIntegrationError> {
        refuse_any(|issues| check_map("integration_config", given, issues))?;
        let mut values = config_map(row);
        values.extend(secret_config(self.broker, row)?);
        values.extend(as_json(given));
        let config = check_config(provider, &values, draft).map_err(UpdateIntegrationError::Config)?;
        row.config = Value::Object(config.open);
        row.secret_config_sealed = self.sealed_map(
            cell::integration_secret_config(&row.id, &row.environment_id),
            config.secret,
        )?;
        Ok(())
    }

    fn apply_custom(
        &self,
        row: &mut IntegrationRow,
        provider: &Provider,
        given: &BTreeMap<String, String>,
    ) -> Result<(), UpdateIntegrationError> {
        refuse_any(|issues| check_custom(provider, given, issues))?;
        let place = cell::custom(&row.id, &row.environment_id);
        let mut values: Map<String, Value> = match &row.custom_sealed {
            Some(sealed) => self.broker.sealing().open_json(&place, sealed)?,
            None => Map::new(),
        };
        values.extend(as_json(given));
        row.custom_sealed = self.sealed_map(place, values)?;
        Ok(())
    }
}

async fn save(tx: &mut Tx, row: &IntegrationRow) -> Result<(), UpdateIntegrationError> {
    match integrations::update(tx, row).await {
        Err(StoreError::Conflict {
            constraint: Constraint::IntegrationKey,
        }) => Err(UpdateIntegrationError::KeyTaken(row.unique_key.clone())),
        Err(other) => Err(other.into()),
        Ok(_) => Ok(()),
    }
}

fn refuse_any(check: impl FnOnce(&mut Vec<Issue>)) -> Result<(), UpdateIntegrationError> {
    let mut issues = Vec::new();
    check(&mut issues);
    if issues.is_empty() {
        Ok(())
    } else {
        Err(UpdateIntegrationError::Config(issues))
    }
}
