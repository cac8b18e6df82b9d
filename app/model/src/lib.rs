//! What every room of Terapi speaks: ids, times, enums of the wire contract, validation rules and error codes.
//!
//! This crate does no IO, reads no clock, draws no random number and knows no other room. It builds for the
//! browser as well as for the server.
//!
//! ```
//! use terapi_model::{AuthMode, ConnectionKey, Timestamp};
//!
//! assert_eq!(AuthMode::from_wire("OAUTH2"), Some(AuthMode::OAuth2));
//! assert!(ConnectionKey::parse("customer-1").is_ok());
//! assert_eq!(Timestamp::from_millis(0).to_rfc3339(), "1970-01-01T00:00:00.000Z");
//! ```

mod auth_mode;
mod base_path;
mod colour;
mod end_user;
mod environment;
mod error_code;
mod id;
mod issue;
mod key;
mod operation;
mod role;
mod scope;
mod tag;
mod timestamp;
mod user_agent;

pub use auth_mode::AuthMode;
pub use base_path::{BasePath, BasePathError};
pub use colour::{Colour, Ground, Palette};
pub use end_user::{EndUser, Organization};
pub use environment::{ConnectUiError, ConnectUiSettings, ConnectUiTheme, DefaultTheme, ThemeColours};
pub use error_code::ErrorCode;
pub use id::{
    AccountId, ApiKeyId, ConnectSessionId, ConnectionId, EndUserId, EnvironmentId, IntegrationId,
    InvitationId, OAuthAttemptId, OperationId, OperationMessageId, OperatorId, WebhookDeliveryId, WebhookId,
    WireId,
};
pub use issue::{Issue, IssueCode};
pub use key::{ConnectionKey, EnvironmentName, IntegrationKey, KeyError, ProviderName};
pub use operation::{LogLevel, MessageContext, MessageType, OperationAction, OperationState, OperationType};
pub use role::Role;
pub use scope::{ApiKeyScopes, Scope};
pub use tag::{TagError, Tags};
pub use timestamp::Timestamp;
pub use user_agent::device;
