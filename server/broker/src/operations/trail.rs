use http::{HeaderMap, Method};
use terapi_model::{
    ConnectionId, ConnectionKey, EnvironmentId, IntegrationId, IntegrationKey, LogLevel, OAuthAttemptId,
    OperationId, OperationState, ProviderName, Timestamp,
};
use terapi_store::operation_attempts::{self, NewOperationAttempt};
use terapi_store::{StoreError, Tx};

use super::room::{is_full, write_beside};
use super::writer::{end_badly, fail, open, reopen, succeed, write};
use super::{Message, NewOperation, OperationError, Redacted};
use crate::Broker;

/// An operation under way, with lines that are gathered while something goes on that must not hold a transaction, such
/// as a call to a provider. They are written in the transaction of its outcome.
pub(crate) struct Trail<'b> {
    broker: &'b Broker,
    operation: NewOperation,
    /// The attempt that it is, where an operation may have several.
    attempt: Option<String>,
    lines: Vec<Message>,
}

impl<'b> Trail<'b> {
    /// Of an operation, which may be open or not.
    pub(crate) const fn new(broker: &'b Broker, operation: NewOperation) -> Self {
        Self {
            broker,
            operation,
            attempt: None,
            lines: Vec::new(),
        }
    }

    /// Of one attempt of its operation.
    #[must_use]
    pub(crate) fn of_attempt(mut self, id: Option<String>) -> Self {
        self.attempt = id;
        self
    }

    /// Gives the attempt, where it is one, the id of an authorization that has begun.
    pub(crate) fn name_attempt(&mut self, id: &OAuthAttemptId) {
        if let Some(attempt) = &mut self.attempt {
            id.as_str().clone_into(attempt);
        }
    }

    /// The operation's id.
    pub(crate) const fn id(&self) -> &OperationId {
        &self.operation.id
    }

    /// Its environment.
    pub(crate) const fn environment(&self) -> &EnvironmentId {
        &self.operation.environment_id
    }

    /// Says which integration it is about.
    pub(crate) fn name_integration(
        &mut self,
        id: &IntegrationId,
        key: &IntegrationKey,
        provider: &ProviderName,
    ) {
        self.operation.integration = Some((id.clone(), key.clone(), provider.clone()));
    }

    /// Lets it run this long at least.
    pub(crate) fn extend(&mut self, expires_at: Timestamp) {
        self.operation = self.operation.clone().until(expires_at);
    }

    /// Notes what just happened.
    pub(crate) fn note(&mut self, level: LogLevel, text: &str, meta: Redacted) {
        let line = Message::auth(level, text, self.broker.now()).with(meta);
        self.lines.push(line);
    }

    /// Notes what was just refused.
    pub(crate) fn refuse(&mut self, error: &OperationError) {
        self.lines.push(Message::failure(error, self.broker.now()));
    }

    /// Notes a request that was just answered, or was not: status and headers of the answer, and what else there is to
    /// say of it.
    pub(crate) fn exchanged(
        &mut self,
        text: &str,
        call: Call,
        answer: Option<(u16, &HeaderMap)>,
        about: Option<Redacted>,
    ) {
        let fine = answer.is_some_and(|(status, _)| (200..300).contains(&status));
        let level = if fine { LogLevel::Info } else { LogLevel::Warn };
        let response = answer.map(|(status, headers)| {
            Redacted::object([
                ("code", Redacted::number(status)),
                ("headers", Redacted::headers(headers)),
            ])
        });
        let line = Message::http(level, text, call.request, response, call.began, self.broker.now());
        self.lines.push(match about {
            Some(about) => line.with(about),
            None => line,
        });
    }

    /// A request that begins now.
    pub(crate) fn call(&self, method: &Method, url: Redacted, headers: &HeaderMap) -> Call {
        Call {
            began: self.broker.now(),
            request: Redacted::object([
                ("method", Redacted::name(method.as_str())),
                ("url", url),
                ("headers", Redacted::headers(headers)),
            ]),
        }
    }

    /// Sets the operation running, writes the lines and forgets them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn begin(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
        reopen(self.broker, tx, self.operation.clone()).await?;
        self.write(tx).await?;
        self.lines.clear();
        Ok(())
    }

    /// Opens the operation if it is not, writes the lines and ends it well. The lines stay, since a transaction may have
    /// to be tried again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn succeed(&self, tx: &mut Tx, last: Message) -> Result<(), StoreError> {
        open(self.broker, tx, self.operation.clone()).await?;
        self.write(tx).await?;
        write(self.broker, tx, self.environment(), self.id(), last).await?;
        succeed(self.broker, tx, self.id()).await
    }

    /// The same, badly.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn fail(&self, tx: &mut Tx, error: &OperationError) -> Result<(), StoreError> {
        open(self.broker, tx, self.operation.clone()).await?;
        if is_full(tx, self.id()).await? {
            return end_badly(self.broker, tx, self.id(), error).await;
        }
        self.write(tx).await?;
        fail(self.broker, tx, self.environment(), self.id(), error).await
    }

    /// Writes where the attempt stands, if it is one of several. In the transaction of the line that says so.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn record(
        &self,
        tx: &mut Tx,
        state: OperationState,
        integration: Option<(&IntegrationId, &IntegrationKey, &ProviderName)>,
        connection: Option<(Option<&ConnectionId>, &ConnectionKey)>,
    ) -> Result<(), StoreError> {
        let Some(id) = &self.attempt else { return Ok(()) };
        // What was done is written down whatever was tried before.
        if state != OperationState::Success && is_full(tx, self.id()).await? {
            return Ok(());
        }
        let known = self.operation.integration.as_ref();
        let known = known.map(|(id, key, provider)| (id, key, provider));
        let attempt = NewOperationAttempt {
            operation_id: self.id(),
            id,
            state,
            integration: integration.or(known),
            connection_id: connection.and_then(|(id, _)| id),
            connection_key: connection.map(|(_, key)| key),
            now: self.broker.now(),
        };
        operation_attempts::put(tx, &attempt).await?;
        Ok(())
    }

    /// Writes the lines beside whatever the operation comes to: what they tell of is no try. An operation that is not open
    /// is opened; [`write_beside`] says when it has enough of this kind.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn add_beside(&self, tx: &mut Tx) -> Result<(), StoreError> {
        open(self.broker, tx, self.operation.clone()).await?;
        let lines = self.lines.iter().cloned();
        write_beside(self.broker, tx, self.environment(), self.id(), lines).await
    }

    async fn write(&self, tx: &mut Tx) -> Result<(), StoreError> {
        if is_full(tx, self.id()).await? {
            return Ok(());
        }
        for line in &self.lines {
            write(self.broker, tx, self.environment(), self.id(), line.clone()).await?;
        }
        Ok(())
    }
}

/// A request that has begun.
pub(crate) struct Call {
    began: Timestamp,
    request: Redacted,
}
