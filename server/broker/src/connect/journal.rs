//! What authorizations leave in the operation log. Each function writes into the transaction of the change.

use std::collections::BTreeMap;

use serde_json::json;
use terapi_catalog::Provider;
use terapi_model::{
    ConnectionKey, EnvironmentId, ErrorCode, IntegrationKey, LogLevel, OAuthAttemptId, OperationAction,
    OperationId, OperationState, Timestamp,
};
use terapi_store::connections::ConnectionRow;
use terapi_store::{StoreError, Tx, integrations, operations as rows};
use terapi_vault::hash::sha256;

use super::landing::Landing;
use super::{AuthOperation, BrowserAuth, Connect};
use crate::auth::Setup;
use crate::hidden::Hidden;
use crate::operations::{self, Message, NewOperation, OperationActor, OperationError, Redacted, Trail};

/// Most operations an environment may have had in the last minute for a refusal to have one of its own. What is refused
/// past them is counted in one operation a minute.
const MOST_A_MINUTE: u32 = 2000;

/// How often the same warning is written into an operation by whoever need not be let in for it.
const MOST_ALIKE: u32 = 3;

/// Where [`MOST_A_MINUTE`]'s operation keeps how many of each code it stands for.
const COUNTED: &str = "refusals";

/// A failure, and where the log has it.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Logged<E> {
    /// Why.
    pub error: E,
    /// The operation that finds it in the log; `None` when it could not be written down.
    pub operation_id: Option<OperationId>,
}

impl<E> std::ops::Deref for Logged<E> {
    type Target = E;

    fn deref(&self) -> &E {
        &self.error
    }
}

/// A refusal to be written down.
pub(super) struct Refused<'a> {
    /// As received, when it was one.
    pub(super) integration: Option<&'a IntegrationKey>,
    /// As received.
    pub(super) connection: Option<String>,
    pub(super) code: ErrorCode,
    pub(super) message: String,
    pub(super) trail: &'a Trail<'a>,
}

impl Refused<'_> {
    /// The connection it would have been, when one was named.
    pub(super) fn named(&self) -> Option<ConnectionKey> {
        self.connection
            .as_deref()
            .and_then(|text| ConnectionKey::parse(text).ok())
    }
}

/// Where a refusal was written down.
pub(super) struct Kept {
    pub(super) operation: OperationId,
    /// False when it was only counted, with others.
    pub(super) on_its_own: bool,
}

impl Connect<'_> {
    /// The operation of an authorization by this browser, in case it is not open.
    pub(super) fn new_operation(&self, auth: &BrowserAuth, auth_type: &'static str) -> NewOperation {
        let environment = auth.environment().id.clone();
        match auth.session() {
            Some(session) => NewOperation::authorization(session.operation_id.clone(), environment)
                .by(OperationActor::of(&session.caller))
                .session(session.end_user.as_ref(), session.organization.as_ref()),
            None => NewOperation::authorization(self.broker.mint(OperationId::mint), environment)
                .by(OperationActor::public_key())
                .auth_type(auth_type),
        }
    }

    /// The trail of one try by this browser. A session's operation may have several.
    pub(super) fn trail_by(&self, auth: &BrowserAuth, auth_type: &'static str) -> Trail<'_> {
        let is_one_of_several = auth.session().is_some();
        let attempt = is_one_of_several.then(|| self.broker.mint(OAuthAttemptId::mint).to_string());
        Trail::new(self.broker, self.new_operation(auth, auth_type)).of_attempt(attempt)
    }

    /// Writes what led to the provider's consent page, for a connection that will be named so. With a public key it was
    /// named by the caller.
    pub(super) async fn log_departure(
        &self,
        tx: &mut Tx,
        trail: &mut Trail<'_>,
        setup: &Setup<'_>,
        connection: &ConnectionKey,
        is_named: bool,
    ) -> Result<(), StoreError> {
        let (id, integration, now) = (trail.id().clone(), &setup.integration, self.broker.now());
        let (key, provider) = (&integration.unique_key, &integration.provider);
        trail.begin(tx).await?;
        let of = Some((&integration.id, key, provider));
        trail
            .record(tx, OperationState::Running, of, Some((None, connection)))
            .await?;
        if has_succeeded(tx, &id).await? {
            return Ok(());
        }
        rows::set_integration(tx, &id, &integration.id, key, provider, now).await?;
        if is_named {
            rows::set_connection(tx, &id, None, connection, now).await?;
        }
        Ok(())
    }

    /// Ends an operation well, with everything that led there.
    pub(super) async fn log_success(
        &self,
        tx: &mut Tx,
        landing: &Landing<'_>,
        connection: &ConnectionRow,
        outcome: AuthOperation,
    ) -> Result<(), StoreError> {
        let now = self.broker.now();
        let (integration, name) = (&landing.setup.integration, &connection.connection_id);
        let text = match outcome {
            AuthOperation::Creation => "Connection created",
            AuthOperation::Override => "Connection renewed",
        };
        let about = Redacted::object([
            ("integration", Redacted::name(integration.unique_key.as_str())),
            ("connection", Redacted::name(name.as_str())),
        ]);
        let last = Message::auth(LogLevel::Info, text, now).with(about);
        landing.trail.succeed(tx, last).await?;
        let id = landing.trail.id();
        let (key, provider) = (&integration.unique_key, &integration.provider);
        let of = Some((&integration.id, key, provider));
        let made = Some((Some(&connection.id), name));
        landing
            .trail
            .record(tx, OperationState::Success, of, made)
            .await?;
        rows::set_integration(tx, id, &integration.id, key, provider, now).await?;
        rows::set_connection(tx, id, Some(&connection.id), name, now).await?;
        Ok(())
    }

    /// Ends an operation that no attempt stands for, badly. One that is not open yet is only opened while the environment
    /// has had few: whoever has a public key can be refused without end.
    pub(super) async fn log_refusal(&self, tx: &mut Tx, refused: &Refused<'_>) -> Result<Kept, StoreError> {
        let now = self.broker.now();
        let (id, environment) = (refused.trail.id(), refused.trail.environment());
        let since = now.plus_seconds(-60);
        if rows::find(tx, id).await?.is_none()
            && rows::count_since(tx, environment, since, MOST_A_MINUTE).await? >= MOST_A_MINUTE
        {
            return Ok(Kept {
                operation: self.count_refusal(tx, environment, refused.code).await?,
                on_its_own: false,
            });
        }
        let kept = Kept {
            operation: id.clone(),
            on_its_own: true,
        };
        let error = OperationError::new(refused.code, &refused.message);
        refused.trail.fail(tx, &error).await?;
        let named = match refused.integration {
            Some(key) => integrations::find(tx, environment, key).await?,
            None => None,
        };
        let of = named.as_ref();
        let of = of.map(|found| (&found.id, &found.unique_key, &found.provider));
        let connection = refused.named();
        let connection = connection.as_ref().map(|key| (None, key));
        refused
            .trail
            .record(tx, OperationState::Failed, of, connection)
            .await?;
        if has_succeeded(tx, id).await? {
            return Ok(kept);
        }
        if let Some(found) = named {
            let (key, provider) = (&found.unique_key, &found.provider);
            rows::set_integration(tx, id, &found.id, key, provider, now).await?;
        }
        if let Some(named) = refused.named() {
            rows::set_connection(tx, id, None, &named, now).await?;
        }
        Ok(kept)
    }

    /// Counts a refusal in the operation that stands for all further ones of this minute. Every process finds the same,
    /// because its id is made of the environment and the minute.
    async fn count_refusal(
        &self,
        tx: &mut Tx,
        environment: &EnvironmentId,
        code: ErrorCode,
    ) -> Result<OperationId, StoreError> {
        let now = self.broker.now();
        let minute = Timestamp::from_millis(now.as_millis() - now.as_millis().rem_euclid(60_000));
        let digest = sha256(format!("further refusals {environment} {}", minute.as_millis()).as_bytes());
        let mut random = [0; 10];
        random.copy_from_slice(&digest[..10]);
        let id = OperationId::mint(minute, random);
        let new = NewOperation::authorization(id.clone(), environment.clone())
            .doing(
                OperationAction::CreateConnection,
                "Further refusals of this minute",
            )
            .by(OperationActor::public_key());
        operations::open(self.broker, tx, new).await?;
        let Some(row) = rows::hold(tx, &id, now).await? else {
            return Ok(id);
        };
        let mut meta = row.meta;
        let mut counted: BTreeMap<String, u64> =
            serde_json::from_value(meta[COUNTED].take()).unwrap_or_default();
        *counted.entry(code.as_str().to_owned()).or_default() += 1;
        meta[COUNTED] = json!(counted);
        rows::set_meta(tx, &id, &meta).await?;
        let all: u64 = counted.values().sum();
        let each: Vec<String> = counted
            .iter()
            .map(|(code, count)| format!("{count} × {code}"))
            .collect();
        let message = format!(
            "{MOST_A_MINUTE} attempts were logged in this minute; further refusals are only counted: {all} ({})",
            each.join(", ")
        );
        let error = OperationError::new(ErrorCode::TooManyRequest, &message);
        operations::end_badly(self.broker, tx, &id, &error).await?;
        Ok(id)
    }

    /// Writes a warning into an operation, whatever it comes to, and the same one no more than [`MOST_ALIKE`] times: whoever
    /// causes it was not let in. False when the log has no such operation.
    pub(super) async fn warn(
        &self,
        environment: &EnvironmentId,
        id: &OperationId,
        text: &'static str,
    ) -> Result<bool, StoreError> {
        let alike = {
            let mut db = self.broker.store().read().await?;
            if rows::find(&mut db, id).await?.is_none() {
                return Ok(false);
            }
            rows::count_messages_saying(&mut db, id, text, MOST_ALIKE).await?
        };
        if alike < MOST_ALIKE {
            let line = Message::auth(LogLevel::Warn, text, self.broker.now());
            let mut tx = self.broker.store().begin().await?;
            operations::write(self.broker, &mut tx, environment, id, line).await?;
            tx.commit().await?;
        }
        Ok(true)
    }
}

/// Whether what it was opened for was done: it keeps the names of that, whatever is tried afterwards.
async fn has_succeeded(tx: &mut Tx, id: &OperationId) -> Result<bool, StoreError> {
    let found = rows::find(tx, id).await?;
    Ok(found.is_some_and(|found| found.state == OperationState::Success))
}

/// The end user's own OAuth app, named without its secret.
pub(super) fn own_app(client_id: Option<&str>, has_secret: bool) -> Redacted {
    let id = client_id.map(|id| ("client_id", Redacted::name(id)));
    let secret = has_secret.then(|| ("client_secret", Redacted::hidden()));
    Redacted::object(id.into_iter().chain(secret))
}

/// Where a browser is sent, and with what.
pub(super) fn departure(
    page: &url::Url,
    provider: &Provider,
    scopes: &[String],
    config: &serde_json::Map<String, serde_json::Value>,
    hidden: &Hidden,
) -> Redacted {
    let params: Vec<(String, String)> = page.query_pairs().into_owned().collect();
    let params = params.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    Redacted::object([
        ("url", Redacted::url(page, Some(provider), hidden)),
        ("params", Redacted::params(params, Some(provider), hidden)),
        ("scopes", Redacted::scopes(scopes)),
        ("connection_config", Redacted::config(config, provider)),
    ])
}
