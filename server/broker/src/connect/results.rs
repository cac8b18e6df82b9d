//! Telling those who wait what became of an attempt. The result is stored with the attempt; whoever waits hears of it
//! at once when it was stored by this process, and within a second when another one did.
//!
//! Another process is noticed by looking: one query for everybody who waits here, twice a second and only while
//! somebody does. It needs no connection of its own, works through a pooler, and a look that fails is made up for by the
//! next one.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use terapi_model::{ConnectionKey, ErrorCode, IntegrationKey, OAuthAttemptId, OperationId, Timestamp};
use terapi_store::StoreError;
use terapi_store::oauth_attempts::{self, OAuthAttemptRow};
use terapi_vault::token;
use tokio::sync::Notify;

use super::{CompleteError, Connect, Connected, Session};
use crate::Broker;
use crate::auth::ProviderSaid;

/// How often stored results are looked for; another instance may have stored one.
const LOOK: Duration = Duration::from_millis(500);

/// How many are asked for in one query.
const LOOKED_FOR_AT_ONCE: usize = 500;

/// How long a callback that came in the last moment may take to be dealt with, seconds.
const FINISHING_S: i64 = 60;

/// What a listener is told in the end: the terminal frame of the socket (rest.md 9.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "message_type", rename_all = "snake_case")]
pub enum ResultFrame {
    /// Connected.
    Success {
        /// The integration.
        provider_config_key: String,
        /// The connection.
        connection_id: String,
        /// It waits for somebody's approval at the provider.
        is_pending: bool,
    },
    /// Not connected.
    Error {
        /// The integration, when it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        provider_config_key: Option<String>,
        /// The connection, when it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        connection_id: Option<String>,
        /// The stable code.
        error_type: String,
        /// For people.
        error_desc: String,
        /// Which of the things it is that `unknown_err` stands for, as [`Cause`](super::Cause) calls them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<String>,
        /// What the provider said about it, in its own words, apart from ours. Escape it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        provider: Option<Box<ProviderSaid>>,
    },
}

/// What strangers are told of a failure of our own.
pub(super) const OUR_FAULT: &str = "something went wrong on our side; try again in a moment";

impl ResultFrame {
    /// The frame of a connection that was made or renewed.
    pub fn of(connected: &Connected) -> Self {
        Self::Success {
            provider_config_key: connected.integration_key.to_string(),
            connection_id: connected.connection_key.to_string(),
            is_pending: false,
        }
    }

    /// The frame of a refusal. A failure of our own is told as one: its message is of the database or the keyring, and
    /// those who wait are strangers.
    pub fn refusal(
        code: ErrorCode,
        message: impl Into<String>,
        integration: Option<&IntegrationKey>,
        connection: Option<&ConnectionKey>,
    ) -> Self {
        Self::Error {
            provider_config_key: integration.map(ToString::to_string),
            connection_id: connection.map(ToString::to_string),
            error_type: code.as_str().to_owned(),
            error_desc: told(code, message.into()),
            cause: None,
            provider: None,
        }
    }

    /// The frame of a callback that made no connection.
    pub fn failure(
        error: &CompleteError,
        integration: Option<&IntegrationKey>,
        connection: Option<&ConnectionKey>,
    ) -> Self {
        let said = error.said();
        Self::Error {
            provider_config_key: integration.map(ToString::to_string),
            connection_id: connection.map(ToString::to_string),
            error_type: error.code().as_str().to_owned(),
            error_desc: error.told(),
            cause: error.cause().map(|cause| cause.as_str().to_owned()),
            provider: (!said.is_empty()).then(|| Box::new(said)),
        }
    }

    /// As the database keeps it.
    pub(super) fn to_stored(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// The words for strangers.
fn told(code: ErrorCode, message: String) -> String {
    match code {
        ErrorCode::UnknownErr => OUR_FAULT.to_owned(),
        _ => message,
    }
}

/// An attempt as those who wait for it may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptView {
    /// Finds it in the logs.
    pub operation_id: OperationId,
    /// What became of it; `None` while it runs.
    pub result: Option<ResultFrame>,
}

/// Who asks for a result.
#[derive(Debug, Clone, Copy)]
pub enum ResultHolder<'a> {
    /// The session that the attempt belongs to.
    Session(&'a Session),
    /// Whoever knows the name of the attempt's listener, which nobody can guess.
    Listener(&'a str),
}

/// What somebody waits for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Awaited {
    /// The result of whichever attempt names this listener.
    Listener(String),
    /// The result of this attempt.
    Attempt(OAuthAttemptId),
}

/// Who waits in this process.
#[derive(Default)]
pub struct Results(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    waiters: HashMap<Awaited, Vec<Arc<Waiter>>>,
    /// Whether somebody looks for results of other processes.
    watched: bool,
}

#[derive(Default)]
struct Waiter {
    told: Mutex<Option<ResultFrame>>,
    wake: Notify,
}

impl Waiter {
    fn tell(&self, frame: ResultFrame) {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Some(frame);
        self.wake.notify_one();
    }
}

impl Results {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells everybody here who waits for this attempt; false when nobody does.
    pub(super) fn tell(
        &self,
        listener: Option<&str>,
        attempt: Option<&OAuthAttemptId>,
        frame: &ResultFrame,
    ) -> bool {
        let names = [
            listener.map(|name| Awaited::Listener(name.to_owned())),
            attempt.map(|id| Awaited::Attempt(id.clone())),
        ];
        let waiting = self.waiting();
        let told: Vec<&Arc<Waiter>> = names
            .iter()
            .flatten()
            .filter_map(|name| waiting.waiters.get(name))
            .flatten()
            .collect();
        for waiter in &told {
            waiter.tell(frame.clone());
        }
        !told.is_empty()
    }

    /// Everybody who is waited for, or `None` when nobody is: then nobody looks any more.
    fn awaited(&self) -> Option<Vec<Awaited>> {
        let mut waiting = self.waiting();
        waiting.watched = !waiting.waiters.is_empty();
        waiting.watched.then(|| waiting.waiters.keys().cloned().collect())
    }
}

/// Looks for results that other processes stored, as long as somebody waits here.
async fn watch(broker: Broker) {
    loop {
        tokio::time::sleep(LOOK).await;
        let Some(awaited) = broker.results().awaited() else {
            return;
        };
        for some in awaited.chunks(LOOKED_FOR_AT_ONCE) {
            if let Err(error) = look(&broker, some).await {
                tracing::warn!(%error, "stored results cannot be read");
            }
        }
    }
}

async fn look(broker: &Broker, awaited: &[Awaited]) -> Result<(), StoreError> {
    let (mut listeners, mut ids) = (Vec::new(), Vec::new());
    for one in awaited {
        match one {
            Awaited::Listener(name) => listeners.push(name.clone()),
            Awaited::Attempt(id) => ids.push(id.clone()),
        }
    }
    let mut db = broker.store().read().await?;
    for attempt in oauth_attempts::find_results(&mut db, &listeners, &ids).await? {
        if let Some(frame) = read_result(&attempt) {
            broker
                .results()
                .tell(attempt.ws_client_id.as_deref(), Some(&attempt.id), &frame);
        }
    }
    Ok(())
}

fn read_result(attempt: &OAuthAttemptRow) -> Option<ResultFrame> {
    serde_json::from_value(attempt.result.clone()?).ok()
}

/// What is said of an attempt that can no longer be completed, and of which nobody wrote what became of it.
fn given_up(attempt: &OAuthAttemptRow, now: Timestamp) -> Option<ResultFrame> {
    let error = CompleteError::ExpiredState;
    let connection = Some(&attempt.connection_id);
    (now > attempt.expires_at.plus_seconds(FINISHING_S))
        .then(|| ResultFrame::failure(&error, None, connection))
}

/// Somebody's wait for a result. Dropping it ends the wait.
pub struct Wait {
    broker: Broker,
    awaited: Awaited,
    waiter: Arc<Waiter>,
}

impl Wait {
    fn begin(broker: &Broker, awaited: Awaited) -> Self {
        let waiter = Arc::new(Waiter::default());
        let mut waiting = broker.results().waiting();
        waiting
            .waiters
            .entry(awaited.clone())
            .or_default()
            .push(Arc::clone(&waiter));
        if !std::mem::replace(&mut waiting.watched, true) {
            tokio::spawn(watch(broker.clone()));
        }
        drop(waiting);
        Self {
            broker: broker.clone(),
            awaited,
            waiter,
        }
    }

    /// Waits for the result. Cancelling it loses nothing.
    pub async fn result(&self) -> ResultFrame {
        loop {
            let told = self
                .waiter
                .told
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            match told {
                Some(told) => return told,
                None => self.waiter.wake.notified().await,
            }
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let mut waiting = self.broker.results().waiting();
        if let Entry::Occupied(mut waiters) = waiting.waiters.entry(self.awaited.clone()) {
            waiters
                .get_mut()
                .retain(|waiter| !Arc::ptr_eq(waiter, &self.waiter));
            if waiters.get().is_empty() {
                waiters.remove();
            }
        }
    }
}

/// A listener's wait for the result of the attempt that names it.
pub struct Subscription {
    ws_client_id: String,
    wait: Wait,
}

impl Subscription {
    /// The id under which the browser names this listener when it begins.
    pub fn ws_client_id(&self) -> &str {
        &self.ws_client_id
    }

    /// Waits for the result. Cancelling it loses nothing.
    pub async fn result(&self) -> ResultFrame {
        self.wait.result().await
    }
}

impl Connect<'_> {
    /// Begins to listen, under an id that nobody can guess.
    pub fn listen(&self) -> Subscription {
        let ws_client_id = token::uuid_v4(self.broker.entropy());
        let wait = Wait::begin(self.broker, Awaited::Listener(ws_client_id.clone()));
        Subscription { ws_client_id, wait }
    }

    /// Begins to wait for an attempt. What was stored before is not told again: read [`Connect::attempt`] after this.
    pub fn wait_for(&self, attempt: &OAuthAttemptId) -> Wait {
        Wait::begin(self.broker, Awaited::Attempt(attempt.clone()))
    }

    /// Tells a listener of this process why a browser was not let in. Such a refusal belongs to no environment and is
    /// stored nowhere.
    pub fn tell(&self, ws_client_id: &str, frame: &ResultFrame) {
        self.broker.results().tell(Some(ws_client_id), None, frame);
    }

    /// The stored result of an attempt.
    pub(super) async fn result_of(&self, id: &OAuthAttemptId) -> Result<Option<ResultFrame>, StoreError> {
        let mut db = self.broker.store().read().await?;
        let found = oauth_attempts::find(&mut db, id).await?;
        Ok(found.as_ref().and_then(read_result))
    }

    /// The attempt with this id, if it is this holder's.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn attempt(
        &self,
        holder: ResultHolder<'_>,
        id: &OAuthAttemptId,
    ) -> Result<Option<AttemptView>, StoreError> {
        let found = {
            let mut db = self.broker.store().read().await?;
            oauth_attempts::find(&mut db, id).await?
        };
        let found = found.filter(|attempt| match holder {
            ResultHolder::Session(session) => attempt.connect_session_id.as_ref() == Some(&session.id),
            ResultHolder::Listener(name) => attempt.ws_client_id.as_deref() == Some(name),
        });
        let Some(attempt) = found else { return Ok(None) };
        let attempt = self.ended_if_interrupted(attempt).await?;
        let result = read_result(&attempt).or_else(|| given_up(&attempt, self.broker.now()));
        Ok(Some(AttemptView {
            operation_id: attempt.operation_id,
            result,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_waits_learns_nothing_of_our_insides() {
        let inside = "the database refused a statement: no such table: integration (code 1)";
        let ResultFrame::Error { error_desc, .. } =
            ResultFrame::refusal(ErrorCode::UnknownErr, inside, None, None)
        else {
            panic!("a refusal is an error")
        };
        assert!(!error_desc.contains("table"), "{error_desc}");
        let theirs = "the provider answered with an error: access_denied";
        assert_eq!(told(ErrorCode::CallbackErr, theirs.to_owned()), theirs);
    }
}
