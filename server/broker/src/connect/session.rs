//! Connect sessions (rest.md 4): what a backend opens for one end user, and the token that stands for it.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use terapi_model::{
    ConnectSessionId, ConnectUiSettings, ConnectionId, ConnectionKey, EndUser, IntegrationKey, Issue,
    IssueCode, OperationId, Organization, Scope, Tags, Timestamp,
};
use terapi_store::connect_sessions::{self, ConnectSessionRow};
use terapi_store::connections::ConnectionDetail;
use terapi_store::{StoreError, connections, integrations};
use terapi_vault::hash::token_hash;
use terapi_vault::{SecretString, token};

use super::Connect;
use crate::connections::{EndUserRecord, check_webhook_url};
use crate::environments::Environment;
use crate::operations::{self, NewOperation, OperationActor};
use crate::sealing::{SealingError, cell};
use crate::{Actor, Caller, Forbidden};

/// What every session token begins with (decision D3).
pub const TOKEN_PREFIX: &str = "nango_connect_session_";

/// How long a session lives; its token works any number of times meanwhile (decision D4).
const LIFE_S: i64 = 30 * 60;

/// What a backend asks for (rest.md 4.1).
#[derive(Debug, Default)]
pub struct NewSession {
    /// Whose account will be connected.
    pub end_user: Option<EndUser>,
    /// Where they belong.
    pub organization: Option<Organization>,
    /// Tags for the connection, over the ones made from end user and organization.
    pub tags: Option<Tags>,
    /// Integrations to choose from; empty: all.
    pub allowed_integrations: Vec<IntegrationKey>,
    /// What to preset for each integration.
    pub defaults: BTreeMap<IntegrationKey, SessionDefaults>,
    /// What to show differently for each integration.
    pub overrides: BTreeMap<IntegrationKey, SessionOverrides>,
    /// Where the connection's webhooks go; empty: nowhere special.
    pub webhook_url_override: Option<String>,
}

/// What a backend asks for to have a connection renewed (rest.md 4.2).
#[derive(Debug)]
pub struct NewReconnectSession {
    /// The connection.
    pub connection_key: ConnectionKey,
    /// Its integration.
    pub integration_key: IntegrationKey,
    /// As in a new session. `allowed_integrations` is not used: the session is for this integration alone.
    pub session: NewSession,
}

/// Preset for one integration; wins over what the browser sends.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionDefaults {
    /// Scopes on behalf of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_scopes: Option<String>,
    /// Parameters of the consent page; replace the browser's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_params: Option<BTreeMap<String, String>>,
    /// Connection config.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_config: Option<Map<String, Value>>,
}

/// What to show differently for one integration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionOverrides {
    /// Another page of instructions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub docs_connect: Option<String>,
}

/// A session that was just opened. The token is shown here and never again.
#[derive(Debug)]
pub struct OpenedSession {
    /// The token.
    pub token: SecretString,
    /// The Connect UI with the token in it.
    pub connect_link: String,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Its operation: every attempt with it is logged there.
    pub operation_id: OperationId,
}

/// Why no session was opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenSessionError {
    /// Not for this caller.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// Something in it is wrong; paths are those of the REST body.
    #[error("the session was not opened because some of its fields are wrong")]
    Invalid(Vec<Issue>),
    /// There is no such connection to renew.
    #[error("there is no connection `{connection_key}` of the integration `{integration_key}`")]
    UnknownReconnectTarget {
        /// The connection asked for.
        connection_key: ConnectionKey,
        /// The integration asked for.
        integration_key: IntegrationKey,
    },
    /// The presets cannot be sealed.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a session's data could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// A secret of it does not open.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a token was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum SessionAuthError {
    /// Not the shape of a session token.
    #[error("this is not a connect session token")]
    InvalidFormat,
    /// Not known, or no more: a session that has ended is kept for a while, and then nothing leads from its token to its
    /// operation in the log.
    #[error("this connect session is unknown or has expired; open a new one")]
    Unknown,
    /// It has expired or was deleted. Its operation says so.
    #[error("this connect session is unknown or has expired; open a new one")]
    Ended(OperationId),
    /// A secret of it does not open.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A live session.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id.
    pub id: ConnectSessionId,
    /// Its environment.
    pub environment: Environment,
    /// Who acts through it, for rooms that take a caller.
    pub caller: Caller,
    /// Whose account will be connected.
    pub end_user: Option<EndUser>,
    /// Where they belong.
    pub organization: Option<Organization>,
    /// Tags for the connection.
    pub tags: Tags,
    /// Integrations to choose from; `None`: all.
    pub allowed_integrations: Option<Vec<IntegrationKey>>,
    /// Presets by integration.
    pub defaults: BTreeMap<IntegrationKey, SessionDefaults>,
    /// What to show differently by integration.
    pub overrides: BTreeMap<IntegrationKey, SessionOverrides>,
    /// Where the connection's webhooks go.
    pub webhook_url_override: Option<String>,
    /// The connection to renew.
    pub reconnect: Option<ConnectionId>,
    /// The operation all attempts through it belong to.
    pub operation_id: OperationId,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl Session {
    /// Whether an integration may be connected through it.
    pub fn allows(&self, key: &IntegrationKey) -> bool {
        self.allowed_integrations
            .as_ref()
            .is_none_or(|allowed| allowed.contains(key))
    }
}

/// What the holder of a session token sees of it (rest.md 4.3).
#[derive(Debug, Clone)]
pub struct SessionView {
    /// Whose account will be connected: of the connection when one is renewed, else as given.
    pub end_user: Option<EndUserRecord>,
    /// How the Connect UI looks.
    pub connect_ui: ConnectUiSettings,
    /// Integrations to choose from; `None`: all.
    pub allowed_integrations: Option<Vec<IntegrationKey>>,
    /// Presets by integration; `user_scopes` and secrets are withheld.
    pub defaults: BTreeMap<IntegrationKey, SessionDefaults>,
    /// What to show differently by integration.
    pub overrides: BTreeMap<IntegrationKey, SessionOverrides>,
    /// Whether a connection is renewed.
    pub is_reconnecting: bool,
}

impl Connect<'_> {
    /// Opens a session in the caller's environment.
    ///
    /// # Errors
    /// [`OpenSessionError`].
    pub async fn open_session(
        &self,
        caller: &Caller,
        new: NewSession,
    ) -> Result<OpenedSession, OpenSessionError> {
        caller.require(&[Scope::CONNECT_SESSIONS_WRITE])?;
        self.open(caller, new, None).await
    }

    /// Opens a session that renews one connection.
    ///
    /// # Errors
    /// [`OpenSessionError`].
    pub async fn open_reconnect_session(
        &self,
        caller: &Caller,
        new: NewReconnectSession,
    ) -> Result<OpenedSession, OpenSessionError> {
        caller.require(&[Scope::CONNECT_SESSIONS_WRITE])?;
        let environment = caller.environment()?;
        let NewReconnectSession {
            connection_key,
            integration_key,
            mut session,
        } = new;
        let target = {
            let mut db = self.broker.store().read().await?;
            connections::find(&mut db, environment, &integration_key, &connection_key).await?
        };
        let Some(target) = target else {
            return Err(OpenSessionError::UnknownReconnectTarget {
                connection_key,
                integration_key,
            });
        };
        session.allowed_integrations = vec![integration_key];
        self.open(caller, session, Some(&target)).await
    }

    async fn open(
        &self,
        caller: &Caller,
        mut new: NewSession,
        reconnect: Option<&ConnectionDetail>,
    ) -> Result<OpenedSession, OpenSessionError> {
        let environment = caller.environment()?;
        let mut issues = self.unknown_integrations(caller, &new).await?;
        let webhook_url_override = self.take_webhook_url(&mut new, &mut issues);
        let generated = Tags::generated(new.end_user.as_ref(), new.organization.as_ref());
        let tags = generated
            .overlaid(&new.tags.take().unwrap_or_default())
            .map_err(|error| {
                issues.push(Issue::at(["tags"], IssueCode::TooBig, error.to_string()));
            });
        let (Ok(tags), true) = (tags, issues.is_empty()) else {
            return Err(OpenSessionError::Invalid(issues));
        };
        let mut seen = HashSet::new();
        new.allowed_integrations.retain(|key| seen.insert(key.clone()));
        let broker = self.broker;
        let now = broker.now();
        let secret = token::hex(broker.entropy(), 32);
        let token = SecretString::new(format!("{TOKEN_PREFIX}{}", secret.expose()));
        let id = broker.mint(ConnectSessionId::mint);
        let expires_at = now.plus_seconds(LIFE_S);
        let defaults_sealed = match new.defaults.is_empty() {
            true => None,
            false => Some(
                broker
                    .sealing()
                    .seal_json(&cell::session_defaults(&id, environment), &new.defaults)?,
            ),
        };
        let overrides = (!new.overrides.is_empty()).then(|| serde_json::json!(new.overrides));
        let row = ConnectSessionRow {
            environment_id: environment.clone(),
            token_hash: token_hash(token.expose()).to_hex(),
            end_user: new.end_user,
            organization: new.organization,
            tags,
            allowed_integrations: (!new.allowed_integrations.is_empty()).then_some(new.allowed_integrations),
            defaults_sealed,
            overrides,
            webhook_url_override,
            reconnect_connection_id: reconnect.map(|target| target.connection.id.clone()),
            operation_id: broker.mint(OperationId::mint),
            created_at: now,
            expires_at,
            deleted_at: None,
            id,
        };
        let operation = NewOperation::authorization(row.operation_id.clone(), environment.clone())
            .by(OperationActor::of(caller))
            .session(row.end_user.as_ref(), row.organization.as_ref());
        let operation = match reconnect {
            Some(target) => operation.auth_type("unauth").reconnecting(target),
            None => operation,
        };
        let only = row.allowed_integrations.as_deref().unwrap_or_default();
        let mut tx = broker.store().begin().await?;
        let operation = match only {
            [only] if operation.integration.is_none() => {
                operation.about(integrations::find(&mut tx, environment, only).await?)
            }
            _ => operation,
        };
        connect_sessions::insert(&mut tx, &row).await?;
        operations::open(broker, &mut tx, operation).await?;
        tx.commit().await?;
        tracing::info!(operation = %row.operation_id, session = %row.id, "connect session opened");
        Ok(OpenedSession {
            connect_link: broker.settings().connect_link(token.expose()),
            token,
            expires_at,
            operation_id: row.operation_id,
        })
    }

    /// Every integration that is named must exist (rest.md 4.1).
    async fn unknown_integrations(
        &self,
        caller: &Caller,
        new: &NewSession,
    ) -> Result<Vec<Issue>, OpenSessionError> {
        let environment = caller.environment()?;
        let mut named: Vec<(Vec<String>, &IntegrationKey)> = Vec::new();
        let allowed = new.allowed_integrations.iter().enumerate();
        named.extend(allowed.map(|(at, key)| (vec!["allowed_integrations".to_owned(), at.to_string()], key)));
        let path = |field: &str, key: &IntegrationKey| vec![field.to_owned(), key.to_string()];
        named.extend(
            new.defaults
                .keys()
                .map(|key| (path("integrations_config_defaults", key), key)),
        );
        named.extend(new.overrides.keys().map(|key| (path("overrides", key), key)));
        if named.is_empty() {
            return Ok(Vec::new());
        }
        // One question, however many are named.
        let mut db = self.broker.store().read().await?;
        let known = integrations::find_keys(&mut db, environment).await?;
        let known: HashSet<&IntegrationKey> = known.iter().collect();
        let unknown = named.into_iter().filter(|(_, key)| !known.contains(key));
        Ok(unknown
            .map(|(path, _)| Issue::at(path, IssueCode::Custom, "there is no such integration"))
            .collect())
    }

    /// The session's webhook address: given as such, or by the older way of a `webhook_url` in a preset config, which
    /// is taken out of it.
    fn take_webhook_url(&self, new: &mut NewSession, issues: &mut Vec<Issue>) -> Option<String> {
        let mut check = |text: &str, path: Vec<String>| match check_webhook_url(self.broker, text) {
            Ok(url) => url,
            Err(reason) => {
                issues.push(Issue::at(path, IssueCode::InvalidFormat, reason));
                None
            }
        };
        let explicit = new
            .webhook_url_override
            .as_deref()
            .map(|text| check(text, vec!["webhook_url_override".to_owned()]));
        let mut older = None;
        for (key, defaults) in &mut new.defaults {
            let Some(value) = defaults
                .connection_config
                .as_mut()
                .and_then(|config| config.remove("webhook_url"))
            else {
                continue;
            };
            let path = [
                "integrations_config_defaults",
                key.as_str(),
                "connection_config",
                "webhook_url",
            ];
            let found = check(
                value.as_str().unwrap_or("not text"),
                path.map(str::to_owned).to_vec(),
            );
            older = older.or(found);
        }
        match explicit {
            Some(explicit) => explicit,
            None => older,
        }
    }

    /// The session a token stands for.
    ///
    /// # Errors
    /// [`SessionAuthError`].
    pub async fn authenticate_session(&self, token: &str) -> Result<Session, SessionAuthError> {
        let secret = token
            .strip_prefix(TOKEN_PREFIX)
            .ok_or(SessionAuthError::InvalidFormat)?;
        let sound = secret.len() == 64
            && secret
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !sound {
            return Err(SessionAuthError::InvalidFormat);
        }
        let row = {
            let mut db = self.broker.store().read().await?;
            connect_sessions::find_by_hash(&mut db, &token_hash(token).to_hex()).await?
        };
        let row = row.ok_or(SessionAuthError::Unknown)?;
        if !row.is_live(self.broker.now()) {
            return Err(self.came_late(&row).await?);
        }
        let session = self.session_of(row).await.map_err(|error| match error {
            SessionError::Sealing(error) => SessionAuthError::Sealing(error),
            SessionError::Store(error) => SessionAuthError::Store(error),
        })?;
        session.ok_or(SessionAuthError::Unknown)
    }

    /// Notes that a session was used after its end.
    async fn came_late(&self, row: &ConnectSessionRow) -> Result<SessionAuthError, StoreError> {
        let text = match row.deleted_at {
            Some(_) => "The session was used after it had been deleted",
            None => "The session was used after it had expired",
        };
        let is_known = self.warn(&row.environment_id, &row.operation_id, text).await?;
        Ok(match is_known {
            true => SessionAuthError::Ended(row.operation_id.clone()),
            false => SessionAuthError::Unknown,
        })
    }

    /// A session by its id, whether or not its time is over: an attempt begun in time may finish.
    pub(super) async fn session_by_id(&self, id: &ConnectSessionId) -> Result<Option<Session>, SessionError> {
        let row = {
            let mut db = self.broker.store().read().await?;
            connect_sessions::find(&mut db, id).await?
        };
        match row {
            Some(row) => self.session_of(row).await,
            None => Ok(None),
        }
    }

    async fn session_of(&self, row: ConnectSessionRow) -> Result<Option<Session>, SessionError> {
        let Some(environment) = self.broker.environments().find(&row.environment_id).await? else {
            return Ok(None);
        };
        let defaults = match &row.defaults_sealed {
            Some(sealed) => self
                .broker
                .sealing()
                .open_json(&cell::session_defaults(&row.id, &row.environment_id), sealed)?,
            None => BTreeMap::new(),
        };
        let caller = Caller {
            account_id: environment.account_id.clone(),
            environment_id: Some(environment.id.clone()),
            actor: Actor::ConnectSession { id: row.id.clone() },
        };
        Ok(Some(Session {
            id: row.id,
            environment,
            caller,
            end_user: row.end_user,
            organization: row.organization,
            tags: row.tags,
            allowed_integrations: row.allowed_integrations,
            defaults,
            overrides: row
                .overrides
                .and_then(|json| serde_json::from_value(json).ok())
                .unwrap_or_default(),
            webhook_url_override: row.webhook_url_override,
            reconnect: row.reconnect_connection_id,
            operation_id: row.operation_id,
            opened_at: row.created_at,
            expires_at: row.expires_at,
        }))
    }

    /// What the holder of the token sees; `None` when the connection to renew is gone.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn session_view(&self, session: &Session) -> Result<Option<SessionView>, StoreError> {
        let end_user = match &session.reconnect {
            None => session.end_user.clone().map(|user| EndUserRecord {
                id: user.id,
                display_name: user.display_name,
                email: user.email,
                tags: user.tags,
                organization: session.organization.clone(),
            }),
            Some(id) => {
                let mut db = self.broker.store().read().await?;
                let found = connections::find_by_id(&mut db, &session.environment.id, id).await?;
                let Some(found) = found else { return Ok(None) };
                found.end_user.map(EndUserRecord::from)
            }
        };
        let mut defaults = session.defaults.clone();
        let mut db = self.broker.store().read().await?;
        for (key, preset) in &mut defaults {
            preset.user_scopes = None;
            let Some(config) = &mut preset.connection_config else {
                continue;
            };
            config.remove("oauth_client_secret_override");
            config.remove("oauth_refresh_token_override");
            let integration = integrations::find(&mut db, &session.environment.id, key).await?;
            let provider = integration.and_then(|found| self.broker.catalogue().get(found.provider.as_str()));
            if let Some(provider) = provider {
                config.retain(|name, _| {
                    !provider
                        .connection_config
                        .get(name)
                        .is_some_and(|field| field.secret)
                });
            }
        }
        Ok(Some(SessionView {
            end_user,
            connect_ui: session.environment.connect_ui.clone(),
            allowed_integrations: session.allowed_integrations.clone(),
            defaults,
            overrides: session.overrides.clone(),
            is_reconnecting: session.reconnect.is_some(),
        }))
    }

    /// Ends a session; `false` when it had ended already.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn delete_session(&self, session: &Session) -> Result<bool, StoreError> {
        let mut tx = self.broker.store().begin().await?;
        let deleted = connect_sessions::soft_delete(&mut tx, &session.id, self.broker.now()).await?;
        tx.commit().await?;
        Ok(deleted)
    }
}
