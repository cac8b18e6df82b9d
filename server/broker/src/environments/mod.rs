//! Environments: their settings, their keys for browsers and webhooks, their variables.

mod add;
mod addresses;
mod create;
mod delete;
mod find;
mod hmac;
mod logo;
mod secrets;
mod signing_key;
mod update;
mod variables;

use terapi_model::{AccountId, ConnectUiSettings, EnvironmentId, EnvironmentName, Timestamp, WireId};
use terapi_store::environments::EnvironmentRow;

pub use add::{AddEnvironmentError, NewEnvironment};
pub(crate) use create::insert_environment;
pub use delete::DeleteEnvironmentError;
pub use hmac::HmacError;
pub use logo::{LARGEST_LOGO, Logo, LogoError};
pub use secrets::ReadSecretError;
pub use signing_key::RotateSigningKeyError;
pub use update::{EnvironmentPatch, UpdateEnvironmentError};
pub use variables::VariableError;

use crate::Broker;

/// The environments' room.
#[derive(Clone, Copy)]
pub struct Environments<'b> {
    broker: &'b Broker,
}

impl<'b> Environments<'b> {
    pub(crate) const fn of(broker: &'b Broker) -> Self {
        Self { broker }
    }
}

/// One environment of an account. Its secrets are asked for separately.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Our id.
    pub id: EnvironmentId,
    /// The integer id of the REST contract.
    pub wire_id: WireId,
    /// What URLs of webhooks name it by.
    pub uuid: String,
    /// The tenant.
    pub account_id: AccountId,
    /// Its name, unique in the account.
    pub name: EnvironmentName,
    /// Real customers' data.
    pub is_production: bool,
    /// For browsers, UUID v4.
    pub public_key: String,
    /// Whether browsers may authenticate with it (decision D5).
    pub public_key_enabled: bool,
    /// Whether they may replace a connection without HMAC (decision D5).
    pub public_key_may_overwrite: bool,
    /// Whether public-key calls need an HMAC (decision D6).
    pub hmac_enabled: bool,
    /// Whether an HMAC key is kept.
    pub has_hmac_key: bool,
    /// Where providers send browsers back to, when it is not this instance's own callback.
    pub callback_url: Option<String>,
    /// Whether a callback must come from the browser that started (decision D9).
    pub callback_bound: bool,
    /// How its Connect UI looks.
    pub connect_ui: ConnectUiSettings,
    /// Origins that may embed its Connect UI; empty: any.
    pub allowed_origins: Vec<String>,
    /// Where its events are sent.
    pub webhook_url: Option<String>,
    /// Where they are sent as well.
    pub webhook_secondary_url: Option<String>,
    /// Whether new connections, and failures to make one, are events (rest.md 14.1).
    pub webhook_on_creation: bool,
    /// Whether credentials that cannot be renewed are events.
    pub webhook_on_refresh_error: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

impl From<EnvironmentRow> for Environment {
    fn from(row: EnvironmentRow) -> Self {
        Self {
            id: row.id,
            wire_id: row.wire_id,
            uuid: row.uuid,
            account_id: row.account_id,
            name: row.name,
            is_production: row.is_production,
            public_key: row.public_key,
            public_key_enabled: row.public_key_enabled,
            public_key_may_overwrite: row.public_key_may_overwrite,
            hmac_enabled: row.hmac_enabled,
            has_hmac_key: row.hmac_key_sealed.is_some(),
            callback_url: row.callback_url,
            callback_bound: row.callback_bound,
            connect_ui: row.connect_ui,
            allowed_origins: row.allowed_origins,
            webhook_url: row.webhook_url,
            webhook_secondary_url: row.webhook_secondary_url,
            webhook_on_creation: row.webhook_on_creation,
            webhook_on_refresh_error: row.webhook_on_refresh_error,
            created_at: row.created_at,
        }
    }
}
