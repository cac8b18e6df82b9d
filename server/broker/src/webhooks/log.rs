use terapi_model::{
    EnvironmentId, ErrorCode, LogLevel, MessageContext, OperationAction, OperationId, OperationType,
};
use terapi_store::webhook_deliveries::{DeliveryState, WebhookSubjectRow};
use terapi_store::{StoreError, Tx, connections, operations as rows};
use url::Url;

use super::Webhooks;
use super::auth_event::{About, AuthEvent};
use super::delivery::Outcome;
use crate::hidden::Hidden;
use crate::operations::{self, Message, NewOperation, OperationError, Redacted};

/// How much longer than to its next attempt an operation runs before it counts as given up, seconds.
const PATIENCE_S: i64 = 600;

/// The same of one that waits for its first attempt, which may be behind many others or after a standstill, seconds. Only
/// what was lost together with its delivery ends so.
const QUEUED_S: i64 = 24 * 3600;

impl Webhooks<'_> {
    /// Opens a delivery's own operation with everything that is known of its event, and says so in the operation that the
    /// event comes from.
    pub(super) async fn log_queued(
        &self,
        tx: &mut Tx,
        id: &OperationId,
        event: &AuthEvent<'_>,
        subject: &WebhookSubjectRow,
    ) -> Result<(), StoreError> {
        let (broker, environment) = (self.broker, event.environment);
        let mut operation = of_event(id, environment, event.operation.event())
            .with("event", event.operation.as_str().into())
            .with("success", event.error.is_none().into())
            .with("parent", event.log.as_str().into());
        match &event.about {
            About::Connection(connection) => {
                if let Some(detail) = connections::find_by_id(tx, environment, connection).await? {
                    operation = operation.reconnecting(&detail);
                }
            }
            About::Unmade {
                integration,
                connection_key,
                ..
            } => {
                let (key, provider) = (subject.unique_key.clone(), subject.provider.clone());
                operation.integration = Some(((*integration).clone(), key, provider));
                operation.connection_key = Some((*connection_key).clone());
            }
        }
        if let (None, Some(parent)) = (&operation.end_user, rows::find(tx, event.log).await?) {
            operation.end_user = parent.end_user_id.map(|id| (id, parent.end_user_name));
        }
        operations::open(broker, tx, operation.until(broker.now().plus_seconds(QUEUED_S))).await?;
        if operations::is_full(tx, event.log).await? {
            return Ok(());
        }
        let about = Redacted::object([
            ("event", Redacted::name(event.operation.event())),
            ("operation", Redacted::name(id.as_str())),
        ]);
        let line = Message::auth(LogLevel::Debug, "Webhook queued", broker.now())
            .from(MessageContext::Webhook)
            .with(about);
        operations::write(broker, tx, environment, event.log, line).await
    }

    /// Writes an attempt into the delivery's own operation: one line an attempt. The body is not repeated.
    pub(super) async fn log(&self, tx: &mut Tx, outcome: &Outcome<'_>) -> Result<(), StoreError> {
        let (broker, delivery, attempt) = (self.broker, outcome.delivery, &outcome.attempt);
        let Some(id) = &attempt.operation_id else {
            return Ok(());
        };
        let mut operation = of_event(id, &delivery.environment_id, &delivery.event);
        // It is open, unless an older version of this program queued the event.
        if let Some(connection) = &delivery.connection_id {
            let found = connections::find_by_id(tx, &delivery.environment_id, connection).await?;
            if let Some(detail) = found {
                operation = operation.reconnecting(&detail);
            }
        }
        let ends_by = attempt.due_at.max(broker.now()).plus_seconds(PATIENCE_S);
        operations::reopen(broker, tx, operation.until(ends_by)).await?;
        let error = attempt
            .error
            .as_deref()
            .map(|error| OperationError::new(ErrorCode::WebhookNotDelivered, error));
        let (level, text) = match attempt.state {
            DeliveryState::Delivered => (LogLevel::Info, "Webhook delivered"),
            DeliveryState::Pending => (LogLevel::Warn, "Webhook not delivered; it is sent again"),
            DeliveryState::Exhausted => (LogLevel::Error, "Webhook not delivered"),
        };
        let number = delivery.attempts + 1;
        let mut line = Message::http(
            level,
            text,
            Redacted::object([("method", Redacted::name("POST")), ("url", shown(&delivery.url))]),
            attempt
                .status
                .map(|status| Redacted::object([("code", Redacted::number(status))])),
            outcome.began,
            outcome.ended,
        )
        .from(MessageContext::Webhook)
        .attempt(
            number,
            delivery.max_attempts,
            (attempt.state == DeliveryState::Pending).then_some(attempt.due_at),
        )
        .with(Redacted::object([(
            "webhook_id",
            Redacted::name(delivery.webhook_id.as_str()),
        )]));
        if let Some(error) = &error {
            line = line.because(error.clone());
        }
        operations::write(broker, tx, &delivery.environment_id, id, line).await?;
        match (attempt.state, &error) {
            (DeliveryState::Pending, _) => {}
            (DeliveryState::Exhausted, Some(error)) => {
                let error = serde_json::to_value(error).unwrap_or_default();
                rows::fail(tx, id, &error, broker.now()).await?;
            }
            _ => operations::succeed(broker, tx, id).await?,
        }
        Ok(())
    }
}

/// The operation of a delivery, by the kind of its event.
fn of_event(id: &OperationId, environment: &EnvironmentId, event: &str) -> NewOperation {
    let mut operation = NewOperation::authorization(id.clone(), environment.clone());
    operation.kind = OperationType::Webhook;
    (operation.action, operation.message) = match event {
        "auth.creation" => (
            OperationAction::ConnectionCreate,
            "Send a connection creation webhook",
        ),
        _ => (
            OperationAction::ConnectionRefresh,
            "Send a connection refresh webhook",
        ),
    };
    operation
}

/// An address without what may be secret in it.
fn shown(url: &str) -> Redacted {
    Url::parse(url).map_or_else(
        |_| Redacted::hidden(),
        |url| Redacted::url(&url, None, &Hidden::default()),
    )
}
