//! Integrations: providers as an operator has configured them in one environment (rest.md 6).

mod config;
mod create;
mod credentials;
mod delete;
mod demo;
mod get;
mod list;
mod opened;
mod update;

use serde_json::{Map, Value};
use terapi_model::{AuthMode, EnvironmentId, IntegrationId, IntegrationKey, ProviderName, Timestamp};

pub(crate) use config::below;
pub use create::{CreateIntegrationError, IntegrationCredentials, NewIntegration};
pub use credentials::IntegrationSecrets;
pub use delete::DeletedIntegration;
pub(crate) use demo::insert_demo;
pub use get::ReadIntegrationError;
pub(crate) use opened::OpenedIntegration;
pub use update::{CredentialsPatch, IntegrationPatch, UpdateIntegrationError};

use crate::Broker;

/// The integrations' room.
#[derive(Clone, Copy)]
pub struct Integrations<'b> {
    broker: &'b Broker,
}

impl<'b> Integrations<'b> {
    pub(crate) const fn of(broker: &'b Broker) -> Self {
        Self { broker }
    }
}

/// An integration, without its secrets.
#[derive(Debug, Clone)]
pub struct Integration {
    /// Our id.
    pub id: IntegrationId,
    /// What its own callback URL names it by.
    pub uuid: String,
    /// The environment it belongs to.
    pub environment_id: EnvironmentId,
    /// What callers name it by.
    pub unique_key: IntegrationKey,
    /// Its provider.
    pub provider: ProviderName,
    /// What the provider is called; its id when it is no longer in the catalogue.
    pub provider_display_name: String,
    /// How the provider lets callers in; `None` when it is no longer in the catalogue.
    pub auth_mode: Option<AuthMode>,
    /// What the key is called that end users are asked for, where it is called anything but "API key".
    pub key_label: Option<String>,
    /// The operator's name for it.
    pub display_name: Option<String>,
    /// The OAuth client's id.
    pub client_id: Option<String>,
    /// Whether the OAuth client's secret is kept.
    pub has_client_secret: bool,
    /// Whether a webhook secret is kept.
    pub has_webhook_secret: bool,
    /// What is asked for when nothing else is said.
    pub scopes: Vec<String>,
    /// The provider's declared settings that are not secret.
    pub config: Map<String, Value>,
    /// Names of the declared settings that are secret and set.
    pub secret_config: Vec<String>,
    /// What is still needed before anybody can connect: `client_id`, `client_secret`, names of settings.
    pub missing_fields: Vec<String>,
    /// It has a callback URL of its own (RFC 9700 section 4.4).
    pub own_redirect: bool,
    /// The callback URL to register with the provider.
    pub callback_url: String,
    /// Whether webhooks of the provider are passed on.
    pub forward_webhooks: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// How many live connections it has.
    pub connection_count: i64,
}

impl Integration {
    /// The name to show: the operator's, else the provider's.
    pub fn shown_name(&self) -> &str {
        self.display_name
            .as_deref()
            .unwrap_or(&self.provider_display_name)
    }
}
