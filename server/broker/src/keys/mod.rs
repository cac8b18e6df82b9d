//! API keys: what a customer's backend authenticates with. Only their SHA-256 is stored; the plain key is seen
//! once, by whoever creates it.

mod account;
mod authenticate;
mod create;
mod delete;
mod format;
mod import;
mod list;

use terapi_model::{ApiKeyId, ApiKeyScopes, Timestamp, WireId};
use terapi_store::api_keys::ApiKeyRow;

pub use authenticate::AuthenticateError;
pub use create::CreateKeyError;
pub(crate) use create::{NewKey, insert_key};
pub use delete::DeleteKeyError;
pub use format::WeakKey;
pub(crate) use import::ImportedKey;
pub(crate) use import::import_for;
pub use import::{ImportKeyError, ImportKeysError};
pub use list::ListKeysError;

use crate::Broker;

/// The keys' room.
#[derive(Clone, Copy)]
pub struct Keys<'b> {
    broker: &'b Broker,
}

impl<'b> Keys<'b> {
    pub(crate) const fn of(broker: &'b Broker) -> Self {
        Self { broker }
    }
}

/// An API key, without the key.
#[derive(Debug, Clone)]
pub struct ApiKey {
    /// Our id.
    pub id: ApiKeyId,
    /// The integer id of the REST contract.
    pub wire_id: WireId,
    /// Its name, unique in the environment.
    pub display_name: String,
    /// Its last four characters.
    pub last_four: String,
    /// What it may do.
    pub scopes: ApiKeyScopes,
    /// It comes from `TERAPI_SECRET_KEY_<ENV>` and is changed there only.
    pub managed: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was used last, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it stops working.
    pub expires_at: Option<Timestamp>,
}

impl From<ApiKeyRow> for ApiKey {
    fn from(row: ApiKeyRow) -> Self {
        Self {
            id: row.id,
            wire_id: row.wire_id,
            display_name: row.display_name,
            last_four: row.last_four,
            scopes: row.scopes,
            managed: row.managed,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at: row.expires_at,
        }
    }
}
