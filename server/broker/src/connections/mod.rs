//! Connections: reading, changing and deleting them, and handing out their credentials.

mod delete;
mod get;
mod held;
mod import;
mod list;
mod metadata;
mod record;
mod update;
mod webhook_url;

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use terapi_model::{
    AuthMode, ConnectionId, ConnectionKey, IntegrationId, IntegrationKey, OperationId, Organization,
    ProviderName, Tags, Timestamp, WireId,
};

pub use delete::DeleteConnectionError;
pub use get::{FetchedConnection, GetConnectionError, GetOptions, ReadConnectionError};
pub(crate) use held::{Held, joined, put_held};
pub use import::{Import, ImportError, Imported};
pub use list::{ConnectionPage, ConnectionParts, ConnectionQuery, ListConnectionsError, PageQuery};
pub use metadata::{MAX_METADATA_BYTES, MetadataChange, MetadataError};
pub(crate) use record::{object, view};
pub(crate) use update::link_end_user;
pub use update::{ConnectionPatch, UpdateConnectionError};
pub(crate) use webhook_url::check_webhook_url;

pub use crate::refresh::RefreshFailure;

use crate::Broker;

/// The connections' room.
#[derive(Clone, Copy)]
pub struct Connections<'b> {
    broker: &'b Broker,
}

impl<'b> Connections<'b> {
    pub(crate) const fn of(broker: &'b Broker) -> Self {
        Self { broker }
    }
}

/// An end user's account at a provider, without its credentials.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Our id; what dashboard links use.
    pub id: ConnectionId,
    /// The integer id of the REST contract.
    pub wire_id: WireId,
    /// What callers name it by: `connection_id` on the wire.
    pub connection_key: ConnectionKey,
    /// Its integration.
    pub integration_id: IntegrationId,
    /// What callers name the integration by: `provider_config_key` on the wire.
    pub integration_key: IntegrationKey,
    /// The integration's provider.
    pub provider: ProviderName,
    /// How the provider lets it in.
    pub auth_mode: AuthMode,
    /// The operation that failed last, while the failure stands (rest.md 11.5).
    pub auth_error: Option<OperationId>,
    /// Whose account it is, in the words of the operator's product.
    pub end_user: Option<EndUserRecord>,
    /// Tags.
    pub tags: Tags,
    /// The operator's own data.
    pub metadata: Option<Map<String, Value>>,
    /// Its config: what was asked for at connecting and what the provider's answers said. Fields that the provider
    /// declares secret are here only when it was fetched together with its credentials.
    pub connection_config: Map<String, Value>,
    /// Where its webhooks go instead of the environment's address.
    pub webhook_url_override: Option<String>,
    /// When it was first connected.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// When its credentials were handed out last.
    pub last_fetched_at: Option<Timestamp>,
    /// Whether it works, as far as is known.
    pub state: ConnectionState,
    /// When its access token ends.
    pub expires_at: Option<Timestamp>,
    /// When its credentials were renewed last.
    pub last_refresh_success_at: Option<Timestamp>,
    /// When renewing them failed last, while that stands.
    pub last_refresh_failure_at: Option<Timestamp>,
    /// Scopes the provider granted; `None` when it did not say, and in lists.
    pub granted_scopes: Option<Vec<String>>,
    /// Scopes that were asked for; empty in lists.
    pub requested_scopes: Vec<String>,
}

impl Connection {
    /// Scopes that were asked for and not granted; empty when the provider did not say what it granted.
    pub fn missing_scopes(&self) -> Vec<&str> {
        let Some(granted) = &self.granted_scopes else {
            return Vec::new();
        };
        self.requested_scopes
            .iter()
            .filter(|scope| !granted.contains(scope))
            .map(String::as_str)
            .collect()
    }
}

/// Whether a connection works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionState {
    /// Nothing speaks against it.
    Active,
    /// The provider said that the grant is gone: only the end user can bring it back.
    NeedsReauth,
}

impl ConnectionState {
    /// The name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::NeedsReauth => "needs_reauth",
        }
    }

    /// The state of a stored name; what this version does not know counts as active.
    pub fn parse(text: &str) -> Self {
        if text == Self::NeedsReauth.as_str() {
            Self::NeedsReauth
        } else {
            Self::Active
        }
    }
}

/// The end user of a connection (rest.md 11.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndUserRecord {
    /// The product's own id of that person.
    pub id: String,
    /// Name to show.
    pub display_name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Free tags, keys as given.
    pub tags: Option<BTreeMap<String, String>>,
    /// The organization they belong to.
    pub organization: Option<Organization>,
}
