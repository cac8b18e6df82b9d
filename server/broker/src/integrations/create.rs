use std::collections::BTreeMap;

use serde_json::{Map, Value};
use terapi_catalog::Provider;
use terapi_model::{AuthMode, EnvironmentId, IntegrationId, IntegrationKey, Issue, ProviderName, Scope};
use terapi_store::integrations::IntegrationRow;
use terapi_store::{Constraint, StoreError, environments, integrations};
use terapi_vault::{SecretString, token};

use crate::sealing::{SealingError, cell};
use crate::{Caller, Forbidden};

use super::config::{
    as_json, check_client_id, check_client_secret, check_config, check_custom, check_display_name, check_map,
    check_scopes, check_webhook_secret, needs_client, needs_secret, takes_client,
};
use super::get::view;
use super::{Integration, Integrations};

/// What an operator or a program gives for a new integration (rest.md 6.3).
#[derive(Debug)]
pub struct NewIntegration {
    /// A provider of the catalogue.
    pub provider: ProviderName,
    /// What callers will name it by.
    pub unique_key: IntegrationKey,
    /// A name of its own.
    pub display_name: Option<String>,
    /// Whether webhooks of the provider are passed on.
    pub forward_webhooks: bool,
    /// The OAuth client; required where the mode has one, refused elsewhere.
    pub credentials: Option<IntegrationCredentials>,
    /// The provider's declared settings.
    pub integration_config: BTreeMap<String, String>,
    /// Free values, for providers that declare no settings.
    pub custom: BTreeMap<String, String>,
    /// With a callback URL of its own instead of the shared one.
    pub own_redirect: bool,
    /// Made on a page, where client and required settings may be filled in later.
    pub draft: bool,
}

/// The OAuth client that the operator registered with the provider.
#[derive(Debug)]
pub struct IntegrationCredentials {
    /// The mode they are said to be for; must be the provider's.
    pub mode: AuthMode,
    /// Its id.
    pub client_id: String,
    /// Its secret; may be missing where the provider's clients have none.
    pub client_secret: Option<SecretString>,
    /// What to ask for; the provider's default scopes when `None`.
    pub scopes: Option<Vec<String>>,
    /// What the provider signs its webhooks with.
    pub webhook_secret: Option<SecretString>,
}

/// Why no integration was made.
#[derive(Debug, thiserror::Error)]
pub enum CreateIntegrationError {
    /// Not in the catalogue.
    #[error("there is no provider called {0}")]
    UnknownProvider(ProviderName),
    /// Another integration of the environment has the key.
    #[error("this environment already has an integration with the id {0}")]
    KeyTaken(IntegrationKey),
    /// Credentials of another mode, or for a mode that takes none.
    #[error("these credentials do not fit: the provider's auth mode is {expected}")]
    CredentialMismatch {
        /// The provider's mode.
        expected: AuthMode,
    },
    /// The mode needs an OAuth client.
    #[error("credentials are required: the provider's auth mode is {0}")]
    MissingCredentials(AuthMode),
    /// Values that are not as they should be.
    #[error("some values are not valid")]
    Config(Vec<Issue>),
    /// Not for this caller.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// A secret could not be sealed.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Integrations<'_> {
    /// Makes an integration in the caller's environment.
    ///
    /// # Errors
    /// [`CreateIntegrationError`].
    pub async fn create(
        &self,
        caller: &Caller,
        new: NewIntegration,
    ) -> Result<Integration, CreateIntegrationError> {
        caller.require(&[Scope::INTEGRATIONS_CREATE])?;
        let environment = caller.environment()?;
        let row = self.new_row(environment, new)?;

        let mut tx = self.broker.store().begin().await?;
        let owner = environments::find(&mut tx, environment)
            .await?
            .ok_or(Forbidden::NoEnvironment)?;
        integrations::insert(&mut tx, &row)
            .await
            .map_err(|error| match error {
                StoreError::Conflict {
                    constraint: Constraint::IntegrationKey,
                } => CreateIntegrationError::KeyTaken(row.unique_key.clone()),
                other => other.into(),
            })?;
        tx.commit().await?;
        Ok(view(self.broker, &owner, row, 0)?)
    }

    /// The row of a new integration, everything checked but its key.
    pub(super) fn new_row(
        &self,
        environment: &EnvironmentId,
        new: NewIntegration,
    ) -> Result<IntegrationRow, CreateIntegrationError> {
        let provider = self
            .broker
            .catalogue()
            .get(new.provider.as_str())
            .ok_or_else(|| CreateIntegrationError::UnknownProvider(new.provider.clone()))?;
        check_mode(provider, &new)?;
        check_shape(provider, &new).map_err(CreateIntegrationError::Config)?;
        let config = check_config(provider, &as_json(&new.integration_config), new.draft)
            .map_err(CreateIntegrationError::Config)?;
        let now = self.broker.now();
        let id = self.broker.mint(IntegrationId::mint);
        let mut row = IntegrationRow {
            uuid: token::uuid_v4(self.broker.entropy()),
            environment_id: environment.clone(),
            unique_key: new.unique_key,
            provider: new.provider,
            display_name: new.display_name,
            client_id: None,
            client_secret_sealed: None,
            webhook_secret_sealed: None,
            scopes: String::new(),
            config: Value::Object(config.open),
            secret_config_sealed: self
                .sealed_map(cell::integration_secret_config(&id, environment), config.secret)?,
            custom_sealed: self.sealed_map(cell::custom(&id, environment), as_json(&new.custom))?,
            own_redirect: new.own_redirect,
            forward_webhooks: new.forward_webhooks,
            created_at: now,
            updated_at: now,
            deleted_at: None,
            id,
        };
        self.set_credentials(&mut row, provider, new.credentials);
        Ok(row)
    }

    fn set_credentials(
        &self,
        row: &mut IntegrationRow,
        provider: &Provider,
        given: Option<IntegrationCredentials>,
    ) {
        let default_scopes = || provider.auth.default_scopes().to_vec();
        let Some(given) = given else {
            row.scopes = default_scopes().join(",");
            return;
        };
        let sealing = self.broker.sealing();
        row.client_id = Some(given.client_id);
        row.scopes = given.scopes.unwrap_or_else(default_scopes).join(",");
        row.client_secret_sealed = given
            .client_secret
            .map(|secret| sealing.seal_text(&cell::client_secret(&row.id, &row.environment_id), &secret));
        row.webhook_secret_sealed = given
            .webhook_secret
            .filter(|secret| !secret.is_empty())
            .map(|secret| sealing.seal_text(&cell::webhook_secret(&row.id, &row.environment_id), &secret));
    }

    /// Sealed JSON, or nothing for an empty map.
    pub(super) fn sealed_map(
        &self,
        place: terapi_vault::Place<'_>,
        values: Map<String, Value>,
    ) -> Result<Option<terapi_vault::Sealed>, SealingError> {
        if values.is_empty() {
            return Ok(None);
        }
        self.broker.sealing().seal_json(&place, &values).map(Some)
    }
}

fn check_mode(provider: &Provider, new: &NewIntegration) -> Result<(), CreateIntegrationError> {
    let expected = provider.auth_mode();
    match &new.credentials {
        Some(given) if !takes_client(provider) || given.mode != expected => {
            Err(CreateIntegrationError::CredentialMismatch { expected })
        }
        None if needs_client(provider) && !new.draft => {
            Err(CreateIntegrationError::MissingCredentials(expected))
        }
        Some(given) if given.client_secret.is_none() && needs_secret(provider) && !new.draft => {
            Err(CreateIntegrationError::MissingCredentials(expected))
        }
        _ => Ok(()),
    }
}

fn check_shape(provider: &Provider, new: &NewIntegration) -> Result<(), Vec<Issue>> {
    let mut issues = Vec::new();
    if let Some(name) = &new.display_name {
        check_display_name(name, &mut issues);
    }
    if let Some(given) = &new.credentials {
        check_client_id(&given.client_id, &mut issues);
        given
            .client_secret
            .iter()
            .for_each(|secret| check_client_secret(secret, &mut issues));
        given
            .webhook_secret
            .iter()
            .for_each(|secret| check_webhook_secret(secret, &mut issues));
        given
            .scopes
            .iter()
            .for_each(|scopes| check_scopes(scopes, &mut issues));
    }
    check_map("integration_config", &new.integration_config, &mut issues);
    check_custom(provider, &new.custom, &mut issues);
    if issues.is_empty() { Ok(()) } else { Err(issues) }
}
