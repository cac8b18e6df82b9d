use serde_json::{Map, Value};
use terapi_catalog::{AuthSpec, ClientAuth, Provider};
use terapi_model::{EnvironmentId, IntegrationId, IntegrationKey};

use super::oauth2::App;
use crate::Broker;
use crate::credentials::ClientOverride;
use crate::hidden::Hidden;
use crate::integrations::{OpenedIntegration, ReadIntegrationError};

/// An integration with its secrets and its provider: all that a flow needs to talk to the provider.
pub(crate) struct Setup<'b> {
    pub(crate) provider: &'b Provider,
    pub(crate) integration: OpenedIntegration,
    /// The integration's settings, defaults applied.
    pub(crate) integration_config: Map<String, Value>,
}

/// A flow cannot begin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SetupError {
    /// No integration of this environment has the key.
    #[error("there is no such integration")]
    UnknownIntegration,
    /// Its provider is not in the catalogue.
    #[error("its provider `{0}` is not in the catalogue")]
    UnknownProvider(String),
    /// It could not be read.
    #[error(transparent)]
    Read(#[from] ReadIntegrationError),
}

impl<'b> Setup<'b> {
    /// By what callers name the integration.
    pub(crate) async fn by_key(
        broker: &'b Broker,
        environment: &EnvironmentId,
        key: &IntegrationKey,
    ) -> Result<Self, SetupError> {
        Self::of(broker, broker.integrations().open_by_key(environment, key).await?)
    }

    /// By our own id.
    pub(crate) async fn by_id(
        broker: &'b Broker,
        environment: &EnvironmentId,
        id: &IntegrationId,
    ) -> Result<Self, SetupError> {
        Self::of(broker, broker.integrations().open_by_id(environment, id).await?)
    }

    fn of(broker: &'b Broker, integration: Option<OpenedIntegration>) -> Result<Self, SetupError> {
        let integration = integration.ok_or(SetupError::UnknownIntegration)?;
        let name = integration.provider.as_str();
        let provider = broker
            .catalogue()
            .get(name)
            .ok_or_else(|| SetupError::UnknownProvider(name.to_owned()))?;
        let integration_config = provider.integration_config.with_defaults(&integration.config);
        Ok(Self {
            provider,
            integration,
            integration_config,
        })
    }

    /// The OAuth app: the end user's own where a complete one was given, else the integration's, and never a half of
    /// each: a secret is shown under its own name alone. `None` when the client id, or
    /// a secret the provider wants, is missing.
    pub(crate) fn app<'a>(
        &'a self,
        connection_config: &'a Map<String, Value>,
        own: Option<&'a ClientOverride>,
    ) -> Option<App<'a>> {
        let own = Self::complete_override(own);
        let own_id = own.and_then(|own| own.client_id.as_deref());
        let own_secret = own.and_then(|own| own.client_secret.as_ref());
        let client_id = own_id
            .or(self.integration.client_id.as_deref())
            .filter(|id| !id.is_empty())?;
        let client_secret = own_secret
            .or(self.integration.client_secret.as_ref())
            .filter(|secret| !secret.is_empty());
        if client_secret.is_none() && self.wants_secret() {
            return None;
        }
        Some(App {
            client_id,
            client_secret,
            connection_config,
            integration_config: &self.integration_config,
        })
    }

    /// The end user's own app when it is complete (rest.md 12.6).
    fn complete_override(own: Option<&ClientOverride>) -> Option<&ClientOverride> {
        own.filter(|own| {
            own.client_id.as_ref().is_some_and(|id| !id.is_empty())
                && own
                    .client_secret
                    .as_ref()
                    .is_some_and(|secret| !secret.is_empty())
        })
    }

    /// What must not be repeated of a connection with this config: the app's secret, and every setting that is declared
    /// secret.
    pub(crate) fn hidden(
        &self,
        connection_config: &Map<String, Value>,
        own: Option<&ClientOverride>,
    ) -> Hidden {
        let mut hidden = Hidden::default();
        let own_secret = own.and_then(|own| own.client_secret.as_ref());
        for secret in [self.integration.client_secret.as_ref(), own_secret]
            .into_iter()
            .flatten()
        {
            hidden.add(secret.expose());
        }
        hidden.add_fields(&self.integration_config, &self.provider.integration_config);
        hidden.add_fields(connection_config, &self.provider.connection_config);
        hidden
    }

    fn wants_secret(&self) -> bool {
        matches!(&self.provider.auth, AuthSpec::OAuth2(spec) if spec.client_auth != ClientAuth::None)
    }
}
