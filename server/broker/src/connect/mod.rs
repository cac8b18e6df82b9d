//! Connecting: sessions that a backend opens for an end user, and the authorizations that run in the end user's
//! browser.
//!
//! An OAuth attempt is a row from the moment the browser is sent away. [`Connect::begin`] writes it,
//! [`Connect::complete`] consumes its state exactly once, asks the token endpoint with no transaction open, and then
//! writes connection, credentials, tags, end user and the attempt's result in one transaction. What listeners are
//! told is that stored result ([`Results`]), so that a killed process or another instance loses nothing.

mod admission;
mod announce;
mod appearance;
mod begin;
mod browser_auth;
mod complete;
mod connection_config;
mod departure;
mod interrupted;
mod journal;
mod landing;
mod repetition;
mod results;
mod session;
mod submit;
mod telemetry;
mod turned_away;

use std::collections::BTreeMap;

use terapi_model::{ConnectionKey, IntegrationKey, Timestamp};
use terapi_vault::SecretString;
use terapi_vault::hash::{TokenHash, token_hash};

pub use admission::Refusal;
pub use begin::{BeginError, Begun};
pub use browser_auth::{BrowserAuth, BrowserAuthError};
pub use complete::{Callback, Cause, CompleteError, CompleteFailure, Completed};
pub(crate) use connection_config::settle;
pub use departure::{DepartError, DepartFailure, Prepared};
pub use journal::Logged;
pub use results::{AttemptView, ResultFrame, ResultHolder, Results, Subscription, Wait};
pub use session::{
    NewReconnectSession, NewSession, OpenSessionError, OpenedSession, Session, SessionAuthError,
    SessionDefaults, SessionError, SessionOverrides, SessionView,
};
pub use submit::SubmitError;
pub use telemetry::{UiEvent, UiReport};
pub use turned_away::TurnedAway;

use crate::Broker;

/// The room of connect sessions and authorizations.
#[derive(Clone, Copy)]
pub struct Connect<'b> {
    broker: &'b Broker,
}

impl<'b> Connect<'b> {
    pub(crate) const fn of(broker: &'b Broker) -> Self {
        Self { broker }
    }
}

/// The random id that a browser keeps in the flow cookie (decision D9). Stored only as a hash.
#[derive(Debug)]
pub struct BrowserId(TokenHash);

impl BrowserId {
    /// From the cookie's value.
    pub fn of_cookie(value: &str) -> Self {
        Self(token_hash(value))
    }
}

/// What a browser sends when it begins (rest.md 9.1).
#[derive(Debug, Default)]
pub struct BrowserInput {
    /// The connection id as received; session tokens may not send one.
    pub connection_key: Option<String>,
    /// `params[…]`: connection config, and the overrides that travel with it.
    pub params: BTreeMap<String, String>,
    /// `user_scope`.
    pub user_scope: Option<String>,
    /// `authorization_params[…]`; the text `undefined` removes a parameter.
    pub authorization_params: BTreeMap<String, String>,
    /// `credentials[…]`: the end user's own OAuth app.
    pub own_app: OwnApp,
    /// Who waits on a socket for the result.
    pub ws_client_id: Option<String>,
    /// `hmac`.
    pub hmac: Option<String>,
    /// Where the browser goes in the end, when the authorization runs in the page itself and not in a popup. Its
    /// origin must be one that the environment allows.
    pub return_url: Option<String>,
    /// Whether the page that opened the popup waits for a message from it, as the oldest packages do: they have no
    /// socket, and send whatever key they were given as a public one.
    pub opener_waits: bool,
    /// When a page showed the form that this comes from, where one did; the attempt began then, and not when the request
    /// arrived. A connection that the same session has made since is the one that this attempt is about.
    pub shown_at: Option<Timestamp>,
    /// The language of the page that it comes from (RFC 5646), for the pages that follow.
    pub language: Option<String>,
}

impl BrowserInput {
    /// When the attempt began, as seen at its arrival. A page cannot have shown its form later.
    fn began(&self, arrival: Timestamp) -> Timestamp {
        self.shown_at.map_or(arrival, |shown| shown.min(arrival))
    }

    /// Bytes of everything that is kept with an attempt.
    fn len(&self) -> usize {
        let pairs = self.params.iter().chain(&self.authorization_params);
        let pairs: usize = pairs.map(|(name, value)| name.len() + value.len()).sum();
        let app = [
            &self.own_app.client_id,
            &self.user_scope,
            &self.connection_key,
            &self.return_url,
        ];
        let app: usize = app.into_iter().flatten().map(String::len).sum();
        let secrets = [&self.own_app.client_secret, &self.own_app.refresh_token];
        let secrets: usize = secrets
            .into_iter()
            .flatten()
            .map(|secret| secret.expose().len())
            .sum();
        pairs + app + secrets
    }
}

/// `credentials[…]` of the popup flow.
#[derive(Debug, Default)]
pub struct OwnApp {
    /// `oauth_client_id_override`.
    pub client_id: Option<String>,
    /// `oauth_client_secret_override`.
    pub client_secret: Option<SecretString>,
    /// `oauth_refresh_token_override`.
    pub refresh_token: Option<SecretString>,
}

/// What became of an authorization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connected {
    /// The integration.
    pub integration_key: IntegrationKey,
    /// The connection.
    pub connection_key: ConnectionKey,
    /// Whether it is new.
    pub operation: AuthOperation,
}

/// What an authorization did to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthOperation {
    /// It is new.
    Creation,
    /// It existed and has new credentials.
    Override,
}

impl AuthOperation {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Creation => "creation",
            Self::Override => "override",
        }
    }
}
