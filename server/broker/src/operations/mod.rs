//! The operation log: every authorization, from what opened it to how it ended, with what happened in between
//! (browser-and-modes.md part 5). One connect session has one operation, whatever number of tries it takes; calls with
//! a public key, imports, failed refreshes have one each.
//!
//! Lines are written in the transaction of the change they tell of, so that the log and the world cannot differ. No
//! code, verifier, token or secret is ever in it (decision D10): what goes into a line is [`Redacted`], and that type
//! can only be made by functions which leave secrets out.

mod list;
mod redacted;
mod room;
mod trail;
mod writer;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use terapi_model::{
    ConnectionId, ConnectionKey, EnvironmentId, IntegrationId, IntegrationKey, LogLevel, MessageContext,
    MessageType, OperationAction, OperationId, OperationMessageId, OperationState, OperationType,
    ProviderName, Timestamp,
};
use terapi_store::operation_attempts::AttemptTallyRow;
use terapi_store::operations::{OperationMessageRow, OperationRow};

pub use list::{ListOperationsError, OperationFilter, OperationPage};
pub use redacted::{MASK, Redacted};
pub(crate) use room::{is_full, write_beside};
pub(crate) use trail::Trail;
pub use writer::{Message, NewOperation, OperationActor, fail, open, reopen, succeed, write};
pub(crate) use writer::{end_badly, end_expired};

use crate::Broker;

/// The log's room.
#[derive(Clone, Copy)]
pub struct Operations<'b> {
    broker: &'b Broker,
}

impl<'b> Operations<'b> {
    pub(crate) const fn of(broker: &'b Broker) -> Self {
        Self { broker }
    }
}

/// One thing that was done.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Its id: `log_id` of answers, the reference on failure pages.
    pub id: OperationId,
    /// Where.
    pub environment_id: EnvironmentId,
    /// What it is about.
    pub kind: OperationType,
    /// What it does.
    pub action: OperationAction,
    /// Where it stands.
    pub state: OperationState,
    /// How loud its end is.
    pub level: LogLevel,
    /// What it is, for people.
    pub message: String,
    /// Which integration, once it is known. It may be gone.
    pub integration_id: Option<IntegrationId>,
    /// What it was named then.
    pub integration_key: Option<IntegrationKey>,
    /// Its provider.
    pub provider: Option<ProviderName>,
    /// Which connection, once there is one. It may be gone.
    pub connection_id: Option<ConnectionId>,
    /// What it is named.
    pub connection_key: Option<ConnectionKey>,
    /// The end user's id, as the caller gave it.
    pub end_user_id: Option<String>,
    /// The end user's name, else e-mail.
    pub end_user_name: Option<String>,
    /// Who did it.
    pub actor: OperationActor,
    /// Why it failed.
    pub error: Option<OperationError>,
    /// What it was tried with, where it may be tried several times: operations of connect sessions. By integration and
    /// outcome, in the order of first tries.
    pub tries: Vec<Tries>,
    /// Whatever else, an object: `authType`, `connectSession`, and of webhooks `event`, `success` and `parent`, the
    /// operation that it tells of.
    pub meta: Value,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// When a running one is ended for want of an end.
    pub expires_at: Timestamp,
}

impl Operation {
    /// How long it took, in milliseconds; `None` while it runs.
    pub fn duration_ms(&self) -> Option<i64> {
        self.ended_at.map(|ended| ended.millis_since(self.started_at))
    }
}

/// Tries of one operation with the same integration that ended the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tries {
    /// Which integration; `None` when none of that name was found.
    pub integration_key: Option<IntegrationKey>,
    /// Where they stand.
    pub state: OperationState,
    /// How many.
    pub count: i64,
}

impl From<AttemptTallyRow> for Tries {
    fn from(row: AttemptTallyRow) -> Self {
        Self {
            integration_key: row.integration_key,
            state: row.state,
            count: row.tries,
        }
    }
}

/// What went wrong. Its texts may come from strangers: escape them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationError {
    /// The stable code.
    #[serde(rename = "type")]
    pub code: String,
    /// For people.
    pub message: String,
    /// What the provider said, an object of texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Value>,
}

/// A line of an operation.
#[derive(Debug, Clone)]
pub struct OperationMessage {
    /// Its id.
    pub id: OperationMessageId,
    /// How loud.
    pub level: LogLevel,
    /// An event or a request.
    pub kind: MessageType,
    /// Where it comes from.
    pub context: MessageContext,
    /// For people.
    pub message: String,
    /// What went wrong.
    pub error: Option<OperationError>,
    /// What was sent: `method`, `url`, `headers`.
    pub request: Option<Value>,
    /// What came back: `code`, `headers`.
    pub response: Option<Value>,
    /// Which try it was: `attempt`, `max`, `waited`.
    pub retry: Option<Value>,
    /// Whatever else, an object.
    pub meta: Option<Value>,
    /// When it happened, or began.
    pub created_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How long it took, milliseconds.
    pub duration_ms: Option<i64>,
}

impl From<OperationRow> for Operation {
    fn from(row: OperationRow) -> Self {
        Self {
            id: row.id,
            environment_id: row.environment_id,
            kind: row.kind,
            action: row.action,
            state: row.state,
            level: row.level,
            message: row.message,
            integration_id: row.integration_id,
            integration_key: row.integration_key,
            provider: row.provider,
            connection_id: row.connection_id,
            connection_key: row.connection_key,
            end_user_id: row.end_user_id,
            end_user_name: row.end_user_name,
            actor: serde_json::from_value(row.actor).unwrap_or_default(),
            error: row.error.and_then(|error| serde_json::from_value(error).ok()),
            tries: Vec::new(),
            meta: row.meta,
            created_at: row.created_at,
            updated_at: row.updated_at,
            started_at: row.started_at,
            ended_at: row.ended_at,
            expires_at: row.expires_at,
        }
    }
}

impl From<OperationMessageRow> for OperationMessage {
    fn from(row: OperationMessageRow) -> Self {
        Self {
            id: row.id,
            level: row.level,
            kind: row.kind,
            context: row.context,
            message: row.message,
            error: row.error.and_then(|error| serde_json::from_value(error).ok()),
            request: row.request,
            response: row.response,
            retry: row.retry,
            meta: row.meta,
            created_at: row.created_at,
            ended_at: row.ended_at,
            duration_ms: row.duration_ms,
        }
    }
}
