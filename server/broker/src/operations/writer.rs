//! Writing operations. Every function takes the transaction of the change that it tells of.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use terapi_model::{
    ConnectionId, ConnectionKey, EndUser, EnvironmentId, ErrorCode, IntegrationId, IntegrationKey, LogLevel,
    MessageContext, MessageType, OperationAction, OperationId, OperationMessageId, OperationState,
    OperationType, Organization, ProviderName, Timestamp,
};
use terapi_store::connections::ConnectionDetail;
use terapi_store::integrations::IntegrationRow;
use terapi_store::operations::{self, OperationMessageRow, OperationRow};
use terapi_store::{StoreError, Tx, environments};

use super::redacted::LONGEST;
use super::{OperationError, Redacted};
use crate::hidden::cut;
use crate::{Actor, Broker, Caller};

/// How long an authorization runs before it counts as given up (browser-and-modes.md part 5).
const AUTH_LIFE_S: i64 = 5 * 60;

/// Who did it: `{kind, id}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationActor {
    /// `api_key`, `user`, `session`, `public_key` or `system`.
    pub kind: String,
    /// Which one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

impl OperationActor {
    /// Terapi itself.
    pub fn system() -> Self {
        Self {
            kind: "system".to_owned(),
            id: None,
        }
    }

    /// A browser with the environment's public key.
    pub fn public_key() -> Self {
        Self {
            kind: "public_key".to_owned(),
            id: None,
        }
    }

    /// Whoever called.
    pub fn of(caller: &Caller) -> Self {
        let (kind, id) = match &caller.actor {
            Actor::ApiKey { id, .. } => ("api_key", Some(id.to_string())),
            Actor::Operator { id, .. } => ("user", Some(id.to_string())),
            Actor::ConnectSession { id } => ("session", Some(id.to_string())),
            Actor::PublicKey => ("public_key", None),
        };
        Self {
            kind: kind.to_owned(),
            id,
        }
    }
}

/// An operation to open.
#[derive(Debug, Clone)]
pub struct NewOperation {
    /// Its id, which others may name already.
    pub id: OperationId,
    /// Where.
    pub environment_id: EnvironmentId,
    /// What it is about.
    pub kind: OperationType,
    /// What it does.
    pub action: OperationAction,
    /// What it is, for people.
    pub message: &'static str,
    /// Who does it.
    pub actor: OperationActor,
    /// Which integration, when it is known already.
    pub integration: Option<(IntegrationId, IntegrationKey, ProviderName)>,
    /// Which connection, when there is one already.
    pub connection: Option<(ConnectionId, ConnectionKey)>,
    /// What a connection that was not made would have been named.
    pub connection_key: Option<ConnectionKey>,
    /// For whom.
    pub end_user: Option<(String, Option<String>)>,
    expires_at: Option<Timestamp>,
    meta: Map<String, Value>,
}

impl NewOperation {
    /// An authorization (`auth` / `create_connection`).
    pub fn authorization(id: OperationId, environment_id: EnvironmentId) -> Self {
        Self {
            id,
            environment_id,
            kind: OperationType::Auth,
            action: OperationAction::CreateConnection,
            message: "Create connection",
            actor: OperationActor::system(),
            integration: None,
            connection: None,
            connection_key: None,
            end_user: None,
            expires_at: None,
            meta: Map::new(),
        }
    }

    /// Another action than connecting.
    #[must_use]
    pub fn doing(mut self, action: OperationAction, message: &'static str) -> Self {
        self.action = action;
        self.message = message;
        self
    }

    /// Running this long at least, where the usual five minutes are too short.
    #[must_use]
    pub fn until(mut self, expires_at: Timestamp) -> Self {
        self.expires_at = Some(expires_at);
        self
    }

    fn ends_by(&self, now: Timestamp) -> Timestamp {
        let usual = now.plus_seconds(AUTH_LIFE_S);
        self.expires_at.map_or(usual, |at| at.max(usual))
    }

    /// By whom.
    #[must_use]
    pub fn by(mut self, actor: OperationActor) -> Self {
        self.actor = actor;
        self
    }

    /// With one more member of `meta`.
    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: Value) -> Self {
        self.meta.insert(name.to_owned(), value);
        self
    }

    /// How credentials come (`meta.authType`): `oauth`, `apikey`, `basic`, `unauth`, `connection_api`, ….
    #[must_use]
    pub fn auth_type(mut self, auth_type: &'static str) -> Self {
        self.meta.insert("authType".to_owned(), Value::from(auth_type));
        self
    }

    /// About a connection that exists, its integration and its end user.
    #[must_use]
    pub(crate) fn reconnecting(mut self, target: &ConnectionDetail) -> Self {
        let (connection, integration) = (&target.connection, &target.integration);
        self.connection = Some((connection.id.clone(), connection.connection_id.clone()));
        self.integration = Some((
            integration.id.clone(),
            integration.unique_key.clone(),
            integration.provider.clone(),
        ));
        if let (None, Some(user)) = (&self.end_user, &target.end_user) {
            let name = user.display_name.as_deref().or(user.email.as_deref());
            self.end_user = Some((user.end_user_id.clone(), name.map(|name| cut(name, LONGEST))));
        }
        self
    }

    /// About this integration, if there is one.
    #[must_use]
    pub(crate) fn about(mut self, integration: Option<IntegrationRow>) -> Self {
        self.integration = integration.map(|found| (found.id, found.unique_key, found.provider));
        self
    }

    /// Whose account it is about (`meta.connectSession`).
    #[must_use]
    pub fn session(mut self, end_user: Option<&EndUser>, organization: Option<&Organization>) -> Self {
        if let Some(user) = end_user {
            let name = user.display_name.as_deref().or(user.email.as_deref());
            self.end_user = Some((user.id.clone(), name.map(|name| cut(name, LONGEST))));
        }
        let user = end_user
            .map(|user| json!({ "id": user.id, "displayName": user.display_name, "email": user.email }));
        let organization =
            organization.map(|found| json!({ "id": found.id, "displayName": found.display_name }));
        let about = json!({ "user": user, "org": organization });
        self.meta.insert("connectSession".to_owned(), about);
        self
    }
}

/// A line to write.
#[derive(Debug, Clone)]
pub struct Message {
    level: LogLevel,
    kind: MessageType,
    context: MessageContext,
    text: String,
    error: Option<OperationError>,
    request: Option<Redacted>,
    response: Option<Redacted>,
    retry: Option<Redacted>,
    meta: Option<Redacted>,
    at: Timestamp,
    ended_at: Option<Timestamp>,
}

impl Message {
    /// Something that happened in an authorization.
    pub fn auth(level: LogLevel, text: &str, at: Timestamp) -> Self {
        Self {
            level,
            kind: MessageType::Log,
            context: MessageContext::Auth,
            text: cut(text, LONGEST),
            error: None,
            request: None,
            response: None,
            retry: None,
            meta: None,
            at,
            ended_at: None,
        }
    }

    /// A failure in an authorization.
    pub fn failure(error: &OperationError, at: Timestamp) -> Self {
        let mut message = Self::auth(LogLevel::Error, &error.message, at);
        message.error = Some(error.clone());
        message
    }

    /// A request to somebody else's server, and what came back, if anything did.
    pub fn http(
        level: LogLevel,
        text: &str,
        request: Redacted,
        response: Option<Redacted>,
        began: Timestamp,
        ended: Timestamp,
    ) -> Self {
        let mut message = Self::auth(level, text, began);
        message.kind = MessageType::Http;
        message.request = Some(request);
        message.response = response;
        message.ended_at = Some(ended);
        message
    }

    /// Which try of how many it was, and when the next one is planned.
    #[must_use]
    pub fn attempt(mut self, number: u32, most: u32, next: Option<Timestamp>) -> Self {
        let count = [
            ("attempt", Redacted::number(number)),
            ("max", Redacted::number(most)),
        ];
        let next = next.map(|at| ("next_at", Redacted::name(&at.to_rfc3339())));
        self.retry = Some(Redacted::object(count.into_iter().chain(next)));
        self
    }

    /// With what else there is to say.
    #[must_use]
    pub fn with(mut self, meta: Redacted) -> Self {
        self.meta = Some(meta);
        self
    }

    /// With what went wrong.
    #[must_use]
    pub fn because(mut self, error: OperationError) -> Self {
        self.error = Some(error);
        self
    }

    /// From another place than an authorization.
    #[must_use]
    pub fn from(mut self, context: MessageContext) -> Self {
        self.context = context;
        self
    }
}

impl OperationError {
    /// A failure by its code. The message is cut: providers' words may be in it.
    pub fn new(code: ErrorCode, message: &str) -> Self {
        Self {
            code: code.as_str().to_owned(),
            message: cut(message, LONGEST),
            payload: None,
        }
    }

    /// A failure by a type that is no code of answers (rest.md 12.5). The message is cut.
    pub(crate) fn of_type(kind: &'static str, message: &str) -> Self {
        Self {
            code: kind.to_owned(),
            message: cut(message, LONGEST),
            payload: None,
        }
    }

    /// With which of the things it is that its code stands for, as `cause` beside what the provider said.
    #[must_use]
    pub(crate) fn of_cause(mut self, cause: Option<&'static str>) -> Self {
        if let Some(cause) = cause {
            let payload = self.payload.get_or_insert_with(|| json!({}));
            payload["cause"] = json!(cause);
        }
        self
    }

    /// With what the provider said.
    #[must_use]
    pub fn said(mut self, payload: Option<Redacted>) -> Self {
        self.payload = payload.map(Redacted::into_json);
        self
    }

    fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// Opens an operation, unless it is open, or its environment is gone. It runs until [`succeed`] or [`fail`], or until its time is over.
///
/// # Errors
/// [`StoreError`].
pub async fn open(broker: &Broker, tx: &mut Tx, new: NewOperation) -> Result<(), StoreError> {
    let now = broker.now();
    let expires_at = new.ends_by(now);
    let (integration_id, integration_key, provider) = match new.integration {
        Some((id, key, provider)) => (Some(id), Some(key), Some(provider)),
        None => (None, None, None),
    };
    let (connection_id, connection_key) = match new.connection {
        Some((id, key)) => (Some(id), Some(key)),
        None => (None, new.connection_key),
    };
    let (end_user_id, end_user_name) = match new.end_user {
        Some((id, name)) => (Some(id), name),
        None => (None, None),
    };
    let Some(environment) = environments::find(tx, &new.environment_id).await? else {
        return Ok(());
    };
    let row = OperationRow {
        id: new.id,
        account_id: environment.account_id,
        environment_id: new.environment_id,
        kind: new.kind,
        action: new.action,
        state: OperationState::Running,
        level: LogLevel::Info,
        message: new.message.to_owned(),
        integration_id,
        integration_key,
        provider,
        connection_id,
        connection_key,
        end_user_id,
        end_user_name,
        actor: serde_json::to_value(&new.actor).unwrap_or_default(),
        error: None,
        meta: Value::Object(new.meta),
        created_at: now,
        updated_at: now,
        started_at: now,
        ended_at: None,
        expires_at,
    };
    operations::insert(tx, &row).await
}

/// Sets an operation running for another try, and opens it if there is none. One that has succeeded stays a success.
///
/// # Errors
/// [`StoreError`].
pub async fn reopen(broker: &Broker, tx: &mut Tx, new: NewOperation) -> Result<(), StoreError> {
    let now = broker.now();
    if operations::reopen(tx, &new.id, new.ends_by(now), now).await? {
        return Ok(());
    }
    open(broker, tx, new).await
}

/// Appends a line; nothing happens when there is no such operation.
///
/// # Errors
/// [`StoreError`].
pub async fn write(
    broker: &Broker,
    tx: &mut Tx,
    environment: &EnvironmentId,
    id: &OperationId,
    message: Message,
) -> Result<(), StoreError> {
    let row = OperationMessageRow {
        operation_id: id.clone(),
        id: broker.mint_in_order(OperationMessageId::mint),
        environment_id: environment.clone(),
        level: message.level,
        kind: message.kind,
        context: message.context,
        message: message.text,
        error: message.error.as_ref().map(OperationError::to_json),
        request: message.request.map(Redacted::into_json),
        response: message.response.map(Redacted::into_json),
        retry: message.retry.map(Redacted::into_json),
        meta: message.meta.map(Redacted::into_json),
        created_at: message.at,
        ended_at: message.ended_at,
        duration_ms: message.ended_at.map(|ended| ended.millis_since(message.at)),
    };
    operations::insert_message(tx, &row).await?;
    Ok(())
}

/// Ends an operation well.
///
/// # Errors
/// [`StoreError`].
pub async fn succeed(broker: &Broker, tx: &mut Tx, id: &OperationId) -> Result<(), StoreError> {
    operations::succeed(tx, id, broker.now()).await?;
    Ok(())
}

/// Ends an operation badly and says why, as the operation's error and as its last line. One that has succeeded before
/// stays a success, and keeps the line.
///
/// # Errors
/// [`StoreError`].
pub async fn fail(
    broker: &Broker,
    tx: &mut Tx,
    environment: &EnvironmentId,
    id: &OperationId,
    error: &OperationError,
) -> Result<(), StoreError> {
    write(broker, tx, environment, id, Message::failure(error, broker.now())).await?;
    end_badly(broker, tx, id, error).await
}

/// The same without a line.
///
/// # Errors
/// [`StoreError`].
pub async fn end_badly(
    broker: &Broker,
    tx: &mut Tx,
    id: &OperationId,
    error: &OperationError,
) -> Result<(), StoreError> {
    operations::fail(tx, id, &error.to_json(), broker.now()).await?;
    Ok(())
}

/// Ends up to `limit` operations whose time is over, and says in those that somebody went away from that nothing was
/// made. Answers how many.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn end_expired(broker: &Broker, tx: &mut Tx, limit: u32) -> Result<u64, StoreError> {
    let now = broker.now();
    let ended = operations::expire(tx, now, limit).await?;
    for (id, environment, kind) in &ended {
        if *kind == OperationType::Auth {
            let text = "Ended without a connection: nobody went on with it";
            write(
                broker,
                tx,
                environment,
                id,
                Message::auth(LogLevel::Warn, text, now),
            )
            .await?;
        }
    }
    Ok(ended.len() as u64)
}
