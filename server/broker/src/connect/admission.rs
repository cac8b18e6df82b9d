//! What every authorization goes through first, whichever its mode (browser-and-modes.md 3.1): the connection id, the
//! HMAC, the integration, the session's limits, the connection that is renewed, the config.

use serde_json::{Map, Value};
use terapi_model::{ConnectionKey, ErrorCode, IntegrationKey, Issue, IssueCode, KeyError};
use terapi_store::{StoreError, connections};
use terapi_vault::token;

use super::connection_config::{self, Gathered};
use super::{BrowserAuth, BrowserInput, Connect, OwnApp};
use crate::auth::{Setup, SetupError};
use crate::environments::HmacError;
use crate::integrations::ReadIntegrationError;
use crate::sealing::SealingError;

/// What JavaScript makes of an object where a text belongs.
const OBJECT: &str = "[object Object]";

/// Why an authorization was refused before its mode mattered.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// With a session token Terapi names the connection.
    #[error("`connection_id` cannot be chosen with a connect session")]
    ForbiddenConnectionId,
    /// Not a connection id.
    #[error("`connection_id` {0}")]
    InvalidConnectionId(KeyError),
    /// A script gave an object where the connection id belongs, as later packages allow and older ones do not.
    #[error(
        "`connection_id` is the text `{OBJECT}`: this version of the package takes the connection id as its second argument, and options as its third"
    )]
    ObjectAsConnectionId,
    /// HMAC is on and none came.
    #[error("this environment asks for an HMAC, and none was sent")]
    HmacMissing,
    /// HMAC does not match.
    #[error("the HMAC does not match the integration id and connection id")]
    HmacInvalid,
    /// No integration of this environment has the key.
    #[error("there is no integration `{0}`")]
    UnknownIntegration(IntegrationKey),
    /// Its provider is not in the catalogue.
    #[error("the integration's provider `{0}` is not in the catalogue")]
    UnknownProvider(String),
    /// The session does not allow it.
    #[error("this connect session does not allow the integration `{0}`")]
    IntegrationNotAllowed(IntegrationKey),
    /// The connection to renew is gone, or belongs to another integration.
    #[error("the connection to renew no longer exists")]
    ReconnectTargetGone,
    /// A public key without HMAC may not replace a connection (decision D5).
    #[error("there is a connection with this id already; use a connect session or HMAC to replace it")]
    ConnectionExists,
    /// An OAuth app of the end user's own has a client id and a secret. Half of one, filled up with the integration's,
    /// would show somebody's secret under somebody else's name.
    #[error(
        "an OAuth app of one's own needs `oauth_client_id_override` and `oauth_client_secret_override`; `{missing}` is missing"
    )]
    HalfAnApp {
        /// The one that is missing.
        missing: &'static str,
    },
    /// The connection config is not what the provider asks for.
    #[error("some of the connection's settings are missing or wrong: {}", describe(.0))]
    Config(Vec<Issue>),
    /// A stored secret does not open.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is wrong with each field, for a message: published browser packages show nothing else of a refusal.
pub(super) fn describe(issues: &[Issue]) -> String {
    let each = issues.iter().map(|issue| match issue.path.last() {
        // Most messages begin with the field's name.
        Some(name) if !issue.message.starts_with(name.as_str()) => {
            format!("`{}` {}", issue.path.join("."), issue.message)
        }
        _ => issue.message.clone(),
    });
    each.collect::<Vec<_>>().join("; ")
}

impl Refusal {
    /// The code of the popup flow (rest.md 9.4).
    pub fn popup_code(&self) -> ErrorCode {
        match self {
            Self::ForbiddenConnectionId
            | Self::ObjectAsConnectionId
            | Self::InvalidConnectionId(_)
            | Self::HalfAnApp { .. } => ErrorCode::InvalidQueryParams,
            Self::HmacMissing => ErrorCode::MissingHmac,
            Self::HmacInvalid => ErrorCode::InvalidHmac,
            Self::UnknownIntegration(_) => ErrorCode::ProviderConfigErr,
            Self::UnknownProvider(_) => ErrorCode::UnknownConfigKey,
            Self::IntegrationNotAllowed(_) => ErrorCode::IntegrationNotAllowed,
            Self::ReconnectTargetGone => ErrorCode::InvalidConnection,
            Self::ConnectionExists => ErrorCode::ConnectionExists,
            Self::Config(_) => ErrorCode::UrlParamErr,
            Self::Sealing(_) | Self::Store(_) => ErrorCode::UnknownErr,
        }
    }

    /// The code of the JSON routes (rest.md 9.2).
    pub fn json_code(&self) -> ErrorCode {
        match self {
            Self::UnknownIntegration(_) => ErrorCode::UnknownProviderConfig,
            Self::UnknownProvider(_) => ErrorCode::UnknownProviderTemplate,
            Self::Config(_) => ErrorCode::InvalidQueryParams,
            Self::Store(StoreError::Unavailable { .. }) => ErrorCode::Unavailable,
            Self::Sealing(_) | Self::Store(_) => ErrorCode::ServerError,
            other => other.popup_code(),
        }
    }

    /// The fields that are wrong, where it is about fields; paths are those of the query.
    pub fn issues(&self) -> Vec<Issue> {
        match self {
            Self::ForbiddenConnectionId | Self::ObjectAsConnectionId => {
                vec![Issue::at(["connection_id"], IssueCode::Custom, self.to_string())]
            }
            Self::InvalidConnectionId(error) => {
                vec![Issue::at(
                    ["connection_id"],
                    IssueCode::InvalidFormat,
                    error.to_string(),
                )]
            }
            Self::HalfAnApp { missing } => {
                vec![Issue::at(
                    ["credentials", missing],
                    IssueCode::Custom,
                    self.to_string(),
                )]
            }
            Self::Config(issues) => issues
                .iter()
                .cloned()
                .map(|issue| issue.under("params"))
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// An authorization that may begin.
pub(super) struct Admitted<'b> {
    pub(super) setup: Setup<'b>,
    pub(super) connection_key: ConnectionKey,
    pub(super) gathered: Gathered,
    /// Whether an existing connection of this name may be replaced.
    pub(super) may_overwrite: bool,
}

impl<'b> Connect<'b> {
    /// Passes what is the same for every mode.
    pub(super) async fn admit(
        &self,
        auth: &BrowserAuth,
        key: &IntegrationKey,
        input: &mut BrowserInput,
    ) -> Result<Admitted<'b>, Refusal> {
        let environment = auth.environment();
        let received = input.connection_key.as_deref().filter(|text| !text.is_empty());
        if received == Some(OBJECT) {
            return Err(Refusal::ObjectAsConnectionId);
        }
        if auth.session().is_some() && received.is_some() {
            return Err(Refusal::ForbiddenConnectionId);
        }
        let chosen = received
            .map(ConnectionKey::parse)
            .transpose()
            .map_err(Refusal::InvalidConnectionId)?;
        if let BrowserAuth::PublicKey(environment) = auth {
            let environments = self.broker.environments();
            let checked = environments
                .check_hmac(environment, input.hmac.as_deref(), key.as_str(), received)
                .await;
            checked.map_err(|error| match error {
                HmacError::Missing => Refusal::HmacMissing,
                HmacError::Invalid => Refusal::HmacInvalid,
                HmacError::Sealing(error) => Refusal::Sealing(error),
                HmacError::Store(error) => Refusal::Store(error),
            })?;
        }
        let setup = Setup::by_key(self.broker, &environment.id, key)
            .await
            .map_err(|error| match error {
                SetupError::UnknownIntegration => Refusal::UnknownIntegration(key.clone()),
                SetupError::UnknownProvider(name) => Refusal::UnknownProvider(name),
                SetupError::Read(ReadIntegrationError::Sealing(error)) => Refusal::Sealing(error),
                SetupError::Read(ReadIntegrationError::Store(error)) => Refusal::Store(error),
                SetupError::Read(ReadIntegrationError::Forbidden(_)) => {
                    Refusal::UnknownIntegration(key.clone())
                }
            })?;
        if auth.session().is_some_and(|session| !session.allows(key)) {
            return Err(Refusal::IntegrationNotAllowed(key.clone()));
        }
        let (connection_key, stored) = self.target(auth, &setup, chosen).await?;
        let may_overwrite = match auth {
            BrowserAuth::Session(_) => true,
            BrowserAuth::PublicKey(environment) => {
                environment.hmac_enabled || environment.public_key_may_overwrite
            }
        };
        // Before anything that was typed is looked at: the answer must not tell whether it is what the connection has.
        if stored.is_some() && !may_overwrite {
            return Err(Refusal::ConnectionExists);
        }
        let preset = auth.session().and_then(|session| session.defaults.get(key));
        let preset = preset.and_then(|defaults| defaults.connection_config.as_ref());
        let own_app: OwnApp = std::mem::take(&mut input.own_app);
        let gathered =
            connection_config::gather(setup.provider, &input.params, own_app, preset, stored.as_ref())?;
        Ok(Admitted {
            setup,
            connection_key,
            gathered,
            may_overwrite,
        })
    }

    /// The name of the connection, and the config it has when it exists already.
    async fn target(
        &self,
        auth: &BrowserAuth,
        setup: &Setup<'_>,
        chosen: Option<ConnectionKey>,
    ) -> Result<(ConnectionKey, Option<Map<String, Value>>), Refusal> {
        let integration = &setup.integration.id;
        let row = match auth.session().and_then(|session| session.reconnect.as_ref()) {
            Some(id) => {
                let mut db = self.broker.store().read().await?;
                let found = connections::find_by_id(&mut db, &auth.environment().id, id).await?;
                let found = found.filter(|found| found.integration.id == *integration);
                Some(found.ok_or(Refusal::ReconnectTargetGone)?.connection)
            }
            None => match &chosen {
                Some(chosen) => {
                    let mut db = self.broker.store().read().await?;
                    connections::find_row(&mut db, integration, chosen).await?
                }
                None => None,
            },
        };
        let stored = row
            .as_ref()
            .map(|row| self.broker.whole_config(row))
            .transpose()?;
        let key = match (row, chosen) {
            (Some(row), _) => row.connection_id,
            (None, Some(chosen)) => chosen,
            (None, None) => ConnectionKey::from_stored(token::uuid_v4(self.broker.entropy())),
        };
        Ok((key, stored))
    }
}
