//! What authorizations leave in the operation log. Each function writes into the transaction of the change.

use terapi_catalog::Provider;
use terapi_model::{ConnectionKey, ErrorCode, IntegrationKey, LogLevel, OperationId, OperationState};
use terapi_store::connections::ConnectionRow;
use terapi_store::{StoreError, Tx, integrations, operations as rows};

use super::landing::Landing;
use super::{AuthOperation, BrowserAuth, Connect};
use crate::auth::Setup;
use crate::operations::{Message, NewOperation, OperationActor, OperationError, Redacted, Trail};

/// Most operations an environment may have had in the last minute for a refusal to be written down.
const MOST_A_MINUTE: u32 = 2000;

/// A failure, and where the log has it.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Logged<E> {
    /// Why.
    pub error: E,
    /// Its operation; `None` when the log has nothing of it.
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
    pub(super) integration: &'a IntegrationKey,
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

    /// Writes what led to the provider's consent page.
    pub(super) async fn log_departure(
        &self,
        tx: &mut Tx,
        trail: &mut Trail<'_>,
        setup: &Setup<'_>,
        named: Option<&ConnectionKey>,
    ) -> Result<(), StoreError> {
        let (id, integration, now) = (trail.id().clone(), &setup.integration, self.broker.now());
        trail.begin(tx).await?;
        if has_succeeded(tx, &id).await? {
            return Ok(());
        }
        let (key, provider) = (&integration.unique_key, &integration.provider);
        rows::set_integration(tx, &id, &integration.id, key, provider, now).await?;
        if let Some(named) = named {
            rows::set_connection(tx, &id, None, named, now).await?;
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
        rows::set_integration(tx, id, &integration.id, key, provider, now).await?;
        rows::set_connection(tx, id, Some(&connection.id), name, now).await?;
        Ok(())
    }

    /// Ends an operation that no attempt stands for, badly. False when it was not written down: whoever has a public key
    /// can be refused without end.
    pub(super) async fn log_refusal(&self, tx: &mut Tx, refused: &Refused<'_>) -> Result<bool, StoreError> {
        let now = self.broker.now();
        let (id, environment) = (refused.trail.id(), refused.trail.environment());
        let since = now.plus_seconds(-60);
        if rows::count_since(tx, environment, since, MOST_A_MINUTE).await? >= MOST_A_MINUTE {
            return Ok(false);
        }
        let error = OperationError::new(refused.code, &refused.message);
        refused.trail.fail(tx, &error).await?;
        if has_succeeded(tx, id).await? {
            return Ok(true);
        }
        if let Some(found) = integrations::find(tx, environment, refused.integration).await? {
            let (key, provider) = (&found.unique_key, &found.provider);
            rows::set_integration(tx, id, &found.id, key, provider, now).await?;
        }
        if let Some(named) = refused.named() {
            rows::set_connection(tx, id, None, &named, now).await?;
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
) -> Redacted {
    let params: Vec<(String, String)> = page.query_pairs().into_owned().collect();
    let params = params.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    Redacted::object([
        ("url", Redacted::url(page, Some(provider))),
        ("params", Redacted::params(params, Some(provider))),
        ("scopes", Redacted::scopes(scopes)),
        ("connection_config", Redacted::config(config, provider)),
    ])
}
