//! The store: every query of Terapi, once, on SQLite and on PostgreSQL.
//!
//! **What it is for.** [`Store`] opens a database, brings its schema up to date and hands out transactions
//! ([`Tx`]) and read access ([`Reader`]). The queries are free functions in modules named by their noun; reads
//! take anything that is [`Access`], writes take a [`Tx`]. Rows are plain structs of model types.
//!
//! **What it may not do.** It knows no key and no plaintext: secrets come and go as [`terapi_vault::Sealed`]. It
//! reads no clock and draws no id: both come from the caller. It decides nothing; rules live in the broker. No
//! other crate names the database library.
//!
//! # Example
//!
//! ```
//! use terapi_model::{AccountId, Timestamp};
//! use terapi_store::{Store, StoreOptions, accounts};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let folder = tempfile::tempdir()?;
//! let url = format!("sqlite:{}", folder.path().join("terapi.db").display());
//! let store = Store::open(&StoreOptions::new(url)).await?;
//! store.migrate().await?;
//!
//! let now = Timestamp::from_millis(1_700_000_000_000);
//! let account = accounts::AccountRow {
//!     id: AccountId::mint(now, [7; 10]),
//!     name: "Acme".to_owned(),
//!     created_at: now,
//!     updated_at: now,
//! };
//! let mut tx = store.begin().await?;
//! accounts::insert(&mut tx, &account).await?;
//! tx.commit().await?;
//!
//! let mut db = store.read().await?;
//! assert_eq!(accounts::find(&mut db, &account.id).await?, Some(account));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod access;
mod column;
mod error;
mod migration;
mod open;
mod sql;
mod store;
mod writer;

pub mod accounts;
pub mod api_keys;
pub mod connect_sessions;
pub mod connection_tags;
pub mod connections;
pub mod credentials;
pub mod end_users;
pub mod environment_logos;
pub mod environment_variables;
pub mod environments;
pub mod instance;
pub mod integrations;
pub mod invitations;
pub mod leases;
pub mod memberships;
pub mod oauth_attempts;
pub mod operation_attempts;
pub mod operations;
pub mod operator_sessions;
pub mod operators;
pub mod sign_in_failures;
pub mod webhook_deliveries;
pub mod wire_ids;

pub use accounts::AccountRow;
pub use api_keys::{ApiKeyRow, LiveApiKey};
pub use connect_sessions::ConnectSessionRow;
pub use connection_tags::ConnectionTagRow;
pub use connections::{
    ConnectionDetail, ConnectionFilter, ConnectionRow, ConnectionSummary, IntegrationName, NewConnection,
    Outcome, Page, PageStart,
};
pub use credentials::{
    CredentialRow, CredentialState, CredentialSummary, NewCredential, RefreshFailure, RefreshedCredential,
};
pub use end_users::EndUserRow;
pub use environment_variables::EnvironmentVariableRow;
pub use environments::EnvironmentRow;
pub use instance::InstanceRow;
pub use integrations::{IntegrationListing, IntegrationRow};
pub use invitations::InvitationRow;
pub use memberships::MembershipRow;
pub use oauth_attempts::OAuthAttemptRow;
pub use operations::{OperationFilter, OperationMessageRow, OperationRow};
pub use operator_sessions::OperatorSessionRow;
pub use operators::OperatorRow;
pub use webhook_deliveries::WebhookDeliveryRow;

pub use access::{Access, Conn, Reader, Tx, tx_alive};
pub use error::{Constraint, DatabaseFault, StoreError};
pub use migration::{MigrateError, SchemaState};
pub use open::{OpenError, Pooler, StoreOptions};
pub use store::{Dialect, Store, WriteCounts};
