use serde_json::{Map, Value};
use terapi_catalog::{Provider, check_imported_config};
use terapi_model::{
    AuthMode, ConnectionId, ConnectionKey, EndUser, IntegrationKey, Issue, IssueCode, LogLevel, OperationId,
    Scope, Tags,
};
use terapi_store::connections::{self, NewConnection, Outcome};
use terapi_store::{StoreError, Tx, connection_tags, integrations, operations as rows};
use terapi_vault::token;

use super::metadata::{check, has_nul};
use super::{Connection, Connections, Held, check_webhook_url, link_end_user, put_held, view};
use crate::auth::{Holder, Setup, SetupError};
use crate::connect::settle;
use crate::credentials::Credentials;
use crate::integrations::{ReadIntegrationError, below};
use crate::operations::{Message, NewOperation, OperationActor, OperationError, Redacted, Trail};
use crate::sealing::SealingError;
use crate::verification::{VerificationError, verify};
use crate::webhooks::{About, AuthEvent, AuthEventOperation};
use crate::{Caller, Forbidden};

/// A connection that was made elsewhere (rest.md 5.3).
#[derive(Debug)]
pub struct Import {
    /// Its integration.
    pub integration: IntegrationKey,
    /// What to name it; `None`: a new UUID.
    pub connection: Option<ConnectionKey>,
    /// What it holds.
    pub credentials: Credentials,
    /// Its config. Keys that the provider declares must have the declared form, others are kept as they are.
    pub connection_config: Map<String, Value>,
    /// The caller's own data. `None`: an empty object for a new connection, what is there for one that exists.
    pub metadata: Option<Map<String, Value>>,
    /// Its tags, over the ones made from the end user.
    pub tags: Option<Tags>,
    /// Its end user.
    pub end_user: Option<EndUser>,
    /// Where its webhooks go; empty: nowhere special.
    pub webhook_url_override: Option<String>,
}

/// An import that is stored.
#[derive(Debug)]
pub struct Imported {
    /// The connection.
    pub connection: Connection,
    /// Its credentials, as stored.
    pub credentials: Credentials,
    /// False when it replaced one of the same name.
    pub is_new: bool,
    /// The operation that tells of it.
    pub operation_id: OperationId,
}

/// Why a connection was not imported. Nothing is stored then.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Not for this caller.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// No integration of this environment has the key.
    #[error("this environment has no integration {0}")]
    UnknownIntegration(IntegrationKey),
    /// Its provider is not in the catalogue.
    #[error("the integration's provider {0} is not in the catalogue")]
    UnknownProvider(String),
    /// Credentials of another mode.
    #[error("these credentials do not fit: the provider's auth mode is {expected}")]
    OtherMode {
        /// The provider's mode.
        expected: AuthMode,
    },
    /// Token-based authentication is for one account, and none was named.
    #[error("connection_config.accountId is required with TBA credentials")]
    MissingAccountId,
    /// Something in it is wrong.
    #[error("the connection was not imported because some fields are wrong")]
    Invalid(Vec<Issue>),
    /// The provider did not say that the credentials are good when they were tried.
    #[error("{message}")]
    TestFailed {
        /// What the provider answered, or why it could not be asked.
        message: String,
        /// The operation that tells of it.
        operation_id: OperationId,
    },
    /// A secret could not be sealed or opened.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ImportError {
    fn of_setup(error: SetupError, key: &IntegrationKey) -> Self {
        match error {
            SetupError::UnknownIntegration => Self::UnknownIntegration(key.clone()),
            SetupError::UnknownProvider(name) => Self::UnknownProvider(name),
            SetupError::Read(ReadIntegrationError::Forbidden(error)) => Self::Forbidden(error),
            SetupError::Read(ReadIntegrationError::Sealing(error)) => Self::Sealing(error),
            SetupError::Read(ReadIntegrationError::Store(error)) => Self::Store(error),
        }
    }
}

/// An import in which everything was checked that can be checked before the provider is asked.
struct Checked<'a> {
    setup: Setup<'a>,
    /// The config that the credentials are tried with.
    config: Map<String, Value>,
    metadata: Option<Value>,
    tags: Option<Tags>,
    /// The outer `None`: not given.
    webhook_url: Option<Option<String>>,
}

impl Connections<'_> {
    /// Stores a connection that was made elsewhere. One of the same name is replaced: its credentials, and of the rest
    /// what is given (decision D12). Where the provider's file says how, the credentials are tried first.
    ///
    /// # Errors
    /// [`ImportError`].
    pub async fn import(&self, caller: &Caller, import: Import) -> Result<Imported, ImportError> {
        caller.require(&[Scope::CONNECTIONS_CREATE])?;
        let checked = self.check_import(caller, &import).await?;
        let key = match &import.connection {
            Some(key) => key.clone(),
            None => ConnectionKey::from_stored(token::uuid_v4(self.broker.entropy())),
        };
        let operation = self.import_operation(caller, &import, &checked)?;
        let mut trail = Trail::new(self.broker, operation);
        let about = Redacted::object([
            ("integration", Redacted::name(import.integration.as_str())),
            ("connection", Redacted::name(key.as_str())),
            (
                "connection_config",
                Redacted::config(&checked.config, checked.setup.provider),
            ),
        ]);
        trail.note(LogLevel::Info, "Credentials received", about);
        if is_tried(&import.credentials) {
            let holder = Holder {
                credentials: &import.credentials,
                connection_config: &checked.config,
                integration_config: &checked.setup.integration_config,
            };
            if let Err(error) = verify(self.broker.egress(), checked.setup.provider, holder, &mut trail).await
            {
                return Err(self.test_failed(&key, &trail, &error).await);
            }
        }
        let given = Given::of(&import, &checked);
        let mut tx = self.broker.store().begin().await?;
        let mut imported = self.store_import(&mut tx, import, &checked, &key, &trail).await?;
        tx.commit().await?;
        if !caller.may(Scope::CONNECTIONS_READ) && !caller.may(Scope::CONNECTIONS_READ_CREDENTIALS) {
            given.hide_the_rest(&mut imported.connection);
        }
        self.broker.webhooks().wake();
        tracing::info!(
            operation = %imported.operation_id, connection = %imported.connection.id,
            integration = %imported.connection.integration_key, new = imported.is_new, "connection imported"
        );
        Ok(imported)
    }

    /// How the provider of an integration lets callers in, for an import whose form depends on it.
    ///
    /// # Errors
    /// [`ImportError`].
    pub async fn import_mode(
        &self,
        caller: &Caller,
        integration: &IntegrationKey,
    ) -> Result<AuthMode, ImportError> {
        caller.require(&[Scope::CONNECTIONS_CREATE])?;
        let setup = Setup::by_key(self.broker, caller.environment()?, integration)
            .await
            .map_err(|error| ImportError::of_setup(error, integration))?;
        Ok(setup.provider.auth_mode())
    }

    async fn check_import(&self, caller: &Caller, import: &Import) -> Result<Checked<'_>, ImportError> {
        let environment = caller.environment()?;
        let setup = Setup::by_key(self.broker, environment, &import.integration)
            .await
            .map_err(|error| ImportError::of_setup(error, &import.integration))?;
        let provider = setup.provider;
        if import.credentials.auth_mode() != provider.auth_mode() {
            return Err(ImportError::OtherMode {
                expected: provider.auth_mode(),
            });
        }
        let has_account = import.connection_config.get("accountId");
        let has_account = has_account.is_some_and(|id| id.as_str().is_some_and(|id| !id.is_empty()));
        if matches!(import.credentials, Credentials::Tba(_)) && !has_account {
            return Err(ImportError::MissingAccountId);
        }
        let mut issues = config_issues(provider, &import.connection_config);
        let metadata = import.metadata.clone().map(Value::Object);
        issues.extend(metadata.as_ref().and_then(|metadata| check(metadata).err()));
        let webhook_url = import.webhook_url_override.as_ref().and_then(|text| {
            check_webhook_url(self.broker, text)
                .map_err(|reason| {
                    issues.push(Issue::at(
                        ["webhook_url_override"],
                        IssueCode::InvalidFormat,
                        reason,
                    ));
                })
                .ok()
        });
        let tags = (import.end_user.is_some() || import.tags.is_some()).then(|| {
            let generated = Tags::generated(import.end_user.as_ref(), None);
            generated.overlaid(import.tags.as_ref().unwrap_or(&Tags::default()))
        });
        let tags = tags.and_then(|tags| {
            tags.map_err(|error| issues.push(Issue::at(["tags"], IssueCode::TooBig, error.to_string())))
                .ok()
        });
        if !issues.is_empty() {
            return Err(ImportError::Invalid(issues));
        }
        let stored = match &import.connection {
            Some(key) => self.stored_config(&setup, key).await?,
            None => None,
        };
        let config = settled(provider, stored.as_ref(), &import.connection_config);
        Ok(Checked {
            setup,
            config,
            metadata,
            tags,
            webhook_url,
        })
    }

    /// The config of the connection that would be replaced.
    async fn stored_config(
        &self,
        setup: &Setup<'_>,
        key: &ConnectionKey,
    ) -> Result<Option<Map<String, Value>>, ImportError> {
        let mut db = self.broker.store().read().await?;
        let row = connections::find_row(&mut db, &setup.integration.id, key).await?;
        let config = row.map(|row| self.broker.whole_config(&row)).transpose();
        Ok(config?)
    }

    fn import_operation(
        &self,
        caller: &Caller,
        import: &Import,
        checked: &Checked<'_>,
    ) -> Result<NewOperation, Forbidden> {
        let id = self.broker.mint(OperationId::mint);
        let integration = &checked.setup.integration;
        let mut operation = NewOperation::authorization(id, caller.environment()?.clone())
            .by(OperationActor::of(caller))
            .auth_type("connection_api");
        if import.end_user.is_some() {
            operation = operation.session(import.end_user.as_ref(), None);
        }
        operation.integration = Some((
            integration.id.clone(),
            integration.unique_key.clone(),
            integration.provider.clone(),
        ));
        Ok(operation)
    }

    /// Writes down that the provider did not take the credentials.
    async fn test_failed(
        &self,
        key: &ConnectionKey,
        trail: &Trail<'_>,
        error: &VerificationError,
    ) -> ImportError {
        let operation_id = trail.id().clone();
        let message = error.to_string();
        let kept = async {
            let mut tx = self.broker.store().begin().await?;
            trail
                .fail(&mut tx, &OperationError::new(error.code(), &message))
                .await?;
            rows::set_connection(&mut tx, &operation_id, None, key, self.broker.now()).await?;
            tx.commit().await
        };
        if let Err(error) = kept.await {
            tracing::warn!(operation = %operation_id, %error, "a failure could not be logged");
        }
        ImportError::TestFailed {
            message,
            operation_id,
        }
    }

    async fn store_import(
        &self,
        tx: &mut Tx,
        import: Import,
        checked: &Checked<'_>,
        key: &ConnectionKey,
        trail: &Trail<'_>,
    ) -> Result<Imported, ImportError> {
        let broker = self.broker;
        let now = broker.now();
        let integration = &checked.setup.integration;
        let environment = &integration.environment_id;
        if integrations::find_by_id(tx, &integration.id).await?.is_none() {
            return Err(ImportError::UnknownIntegration(import.integration));
        }
        let new = NewConnection {
            id: broker.mint(ConnectionId::mint),
            environment_id: environment.clone(),
            integration_id: integration.id.clone(),
            connection_id: key.clone(),
            connect_session_id: None,
        };
        let (outcome, row) = connections::insert_or_override(tx, &new, now).await?;
        let is_new = outcome == Outcome::Creation;
        let stored = if is_new {
            None
        } else {
            Some(broker.whole_config(&row)?)
        };
        let provider = checked.setup.provider;
        let config = settled(provider, stored.as_ref(), &import.connection_config);
        let held = Held {
            environment,
            connection: &row.id,
            provider,
            config,
            credentials: &import.credentials,
            lifetime_ms: None,
            granted_scopes: None,
            requested_scopes: &requested_scopes(&import.connection_config),
            now,
        };
        let secret = put_held::<ImportError>(broker, tx, held).await?;
        let metadata = match (&checked.metadata, is_new) {
            (Some(given), _) => Some(given.clone()),
            (None, true) => Some(Value::Object(Map::new())),
            (None, false) => None,
        };
        if let Some(metadata) = metadata {
            connections::set_metadata(tx, &row.id, Some(&metadata), now).await?;
        }
        if let Some(end_user) = &import.end_user {
            link_end_user(broker, tx, environment, &row.id, end_user, None, now).await?;
        }
        if let Some(tags) = &checked.tags {
            connection_tags::replace(tx, environment, &row.id, tags).await?;
        }
        if let Some(url) = &checked.webhook_url {
            connections::set_webhook_url_override(tx, &row.id, url.as_deref(), now).await?;
        }

        let text = if is_new {
            "Connection imported"
        } else {
            "Connection replaced by an import"
        };
        let about = Redacted::object([
            ("integration", Redacted::name(integration.unique_key.as_str())),
            ("connection", Redacted::name(key.as_str())),
        ]);
        let last = Message::auth(LogLevel::Info, text, now).with(about);
        trail.succeed(tx, last).await?;
        rows::set_connection(tx, trail.id(), Some(&row.id), key, now).await?;
        let event = AuthEvent {
            environment,
            about: About::Connection(&row.id),
            operation: if is_new {
                AuthEventOperation::Creation
            } else {
                AuthEventOperation::Override
            },
            end_user: None,
            error: None,
            log: trail.id(),
        };
        broker.webhooks().enqueue_auth(tx, &event).await?;

        let detail = connections::find_by_id(tx, environment, &row.id).await?;
        let detail = detail.ok_or(ImportError::UnknownIntegration(import.integration))?;
        let tags = connection_tags::find(tx, &row.id).await?;
        Ok(Imported {
            connection: view(detail, tags, secret),
            credentials: import.credentials,
            is_new,
            operation_id: trail.id().clone(),
        })
    }
}

/// What a caller may see of a connection that it may write and not read: what it wrote.
struct Given {
    config: Map<String, Value>,
    metadata: Map<String, Value>,
    tags: Tags,
    names_end_user: bool,
    webhook_url: Option<String>,
}

impl Given {
    fn of(import: &Import, checked: &Checked<'_>) -> Self {
        Self {
            config: import.connection_config.clone(),
            metadata: import.metadata.clone().unwrap_or_default(),
            tags: checked.tags.clone().unwrap_or_default(),
            names_end_user: import.end_user.is_some(),
            webhook_url: checked.webhook_url.clone().flatten(),
        }
    }

    fn hide_the_rest(self, connection: &mut Connection) {
        connection.connection_config = self.config;
        connection.metadata = Some(self.metadata);
        connection.tags = self.tags;
        connection.webhook_url_override = self.webhook_url;
        connection.last_fetched_at = None;
        if !self.names_end_user {
            connection.end_user = None;
        }
    }
}

/// How large the connection config of an import may be, in bytes of its JSON. It is read with every request.
const MAX_CONFIG_BYTES: usize = 64 * 1024;

/// What is wrong with a config. Nothing of it may hold NUL, which cannot be stored.
fn config_issues(provider: &Provider, given: &Map<String, Value>) -> Vec<Issue> {
    let holds_nul = |(name, value): &(&String, &Value)| name.contains('\0') || has_nul(value);
    let mut issues: Vec<Issue> = given
        .iter()
        .filter(holds_nul)
        .map(|(name, _)| {
            Issue::at(
                ["connection_config", name],
                IssueCode::InvalidFormat,
                "may not hold a NUL character",
            )
        })
        .collect();
    if serde_json::to_vec(given).is_ok_and(|json| json.len() > MAX_CONFIG_BYTES) {
        let limit = format!("has at most {} KiB", MAX_CONFIG_BYTES / 1024);
        issues.push(Issue::at(["connection_config"], IssueCode::TooBig, limit));
    }
    if let Err(found) = check_imported_config(provider, given) {
        issues.extend(found.into_iter().map(|issue| below("connection_config", issue)));
    }
    issues
}

/// The config a connection has after an import: what it had, over it what is given, and defaults where neither says
/// anything (decision D12).
fn settled(
    provider: &Provider,
    stored: Option<&Map<String, Value>>,
    given: &Map<String, Value>,
) -> Map<String, Value> {
    let config = settle(stored, given, &[], Map::new());
    provider.connection_config.with_defaults(&config)
}

/// Keys and passwords cannot be told to be good by looking at them (rest.md 12.7).
fn is_tried(credentials: &Credentials) -> bool {
    matches!(
        credentials,
        Credentials::ApiKey { .. } | Credentials::Basic { .. } | Credentials::Tba(_)
    )
}

/// Scopes that the config says were asked for in place of the integration's.
fn requested_scopes(config: &Map<String, Value>) -> Vec<String> {
    let scopes = config.get("oauth_scopes_override").and_then(Value::as_array);
    let scopes = scopes.into_iter().flatten().filter_map(Value::as_str);
    scopes
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect()
}
