use terapi_model::{ErrorCode, LogLevel, MessageContext, OperationAction, OperationType};
use terapi_store::webhook_deliveries::DeliveryState;
use terapi_store::{StoreError, Tx, connections, operations as rows};
use url::Url;

use super::Webhooks;
use super::delivery::Outcome;
use crate::operations::{self, Message, NewOperation, OperationError, Redacted};

/// How much longer than to its next attempt an operation runs before it counts as given up, seconds.
const PATIENCE_S: i64 = 600;

impl Webhooks<'_> {
    /// Writes an attempt into the delivery's own operation: one line an attempt. The body is not repeated.
    pub(super) async fn log(&self, tx: &mut Tx, outcome: &Outcome<'_>) -> Result<(), StoreError> {
        let (broker, delivery, attempt) = (self.broker, outcome.delivery, &outcome.attempt);
        let Some(id) = &attempt.operation_id else {
            return Ok(());
        };
        let mut operation = NewOperation::authorization(id.clone(), delivery.environment_id.clone());
        operation.kind = OperationType::Webhook;
        (operation.action, operation.message) = match delivery.event.as_str() {
            "auth.creation" => (
                OperationAction::ConnectionCreate,
                "Send a connection creation webhook",
            ),
            _ => (
                OperationAction::ConnectionRefresh,
                "Send a connection refresh webhook",
            ),
        };
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
        .attempt(number, delivery.max_attempts)
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

/// An address without what may be secret in it.
fn shown(url: &str) -> Redacted {
    Url::parse(url).map_or_else(|_| Redacted::hidden(), |url| Redacted::url(&url, None))
}
