//! Telling those who wait what became of an attempt. The result is stored with the attempt; whoever waits hears of it
//! at once when it was stored by this process, and within a second when another one did.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use terapi_model::{ConnectionKey, ErrorCode, IntegrationKey, OAuthAttemptId};
use terapi_store::{StoreError, oauth_attempts};
use terapi_vault::token;
use tokio::sync::Notify;

use super::{Connect, Connected, Session};
use crate::Broker;

/// How often stored results are looked for; another instance may have stored one.
const LOOK: Duration = Duration::from_secs(1);

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
    },
}

impl ResultFrame {
    /// The frame of a connection that was made or renewed.
    pub fn of(connected: &Connected) -> Self {
        Self::Success {
            provider_config_key: connected.integration_key.to_string(),
            connection_id: connected.connection_key.to_string(),
            is_pending: false,
        }
    }

    /// The frame of a refusal.
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
            error_desc: message.into(),
        }
    }

    /// As the database keeps it.
    pub(super) fn to_stored(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// Where an attempt stands, for the Connect UI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptStatus {
    /// Not finished.
    Pending,
    /// Finished, and how.
    Done(ResultFrame),
}

/// Who listens in this process.
#[derive(Default)]
pub struct Results {
    listeners: Mutex<HashMap<String, Arc<Listener>>>,
}

#[derive(Default)]
struct Listener {
    wake: Notify,
    /// A result that is stored nowhere: the browser was not let in, so there is no attempt to keep it with.
    told: Mutex<Option<ResultFrame>>,
}

impl Results {
    fn listener(&self, name: &str) -> Option<Arc<Listener>> {
        self.listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .cloned()
    }

    /// A result was stored for this listener.
    pub(super) fn wake(&self, name: Option<&str>) {
        if let Some(listener) = name.and_then(|name| self.listener(name)) {
            listener.wake.notify_one();
        }
    }
}

/// One listener's wait. Dropping it ends the wait.
pub struct Subscription {
    broker: Broker,
    ws_client_id: String,
    listener: Arc<Listener>,
}

impl Subscription {
    /// The id under which the browser names this listener when it begins.
    pub fn ws_client_id(&self) -> &str {
        &self.ws_client_id
    }

    /// Waits for the result. Cancelling it loses nothing.
    pub async fn result(&self) -> ResultFrame {
        let own = [self.ws_client_id.clone()];
        loop {
            let told = self
                .listener
                .told
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            if let Some(told) = told {
                return told;
            }
            match self.stored(&own).await {
                Ok(Some(frame)) => return frame,
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "stored results cannot be read"),
            }
            // Either way it is time to look again.
            let _ = tokio::time::timeout(LOOK, self.listener.wake.notified()).await;
        }
    }

    async fn stored(&self, own: &[String]) -> Result<Option<ResultFrame>, StoreError> {
        let mut db = self.broker.store().read().await?;
        let found = oauth_attempts::find_results(&mut db, own).await?;
        let result = found.into_iter().find_map(|attempt| attempt.result);
        Ok(result.and_then(|json| serde_json::from_value(json).ok()))
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut listeners = self
            .broker
            .results()
            .listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        listeners.remove(&self.ws_client_id);
    }
}

impl Connect<'_> {
    /// Begins to listen, under an id that nobody can guess.
    pub fn listen(&self) -> Subscription {
        let ws_client_id = token::uuid_v4(self.broker.entropy());
        let listener = Arc::new(Listener::default());
        let mut listeners = self
            .broker
            .results()
            .listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        listeners.insert(ws_client_id.clone(), Arc::clone(&listener));
        drop(listeners);
        Subscription {
            broker: self.broker.clone(),
            ws_client_id,
            listener,
        }
    }

    /// Tells a listener of this process why a browser was not let in. Such a refusal belongs to no environment and is
    /// stored nowhere.
    pub fn tell(&self, ws_client_id: &str, frame: ResultFrame) {
        if let Some(listener) = self.broker.results().listener(ws_client_id) {
            *listener.told.lock().unwrap_or_else(PoisonError::into_inner) = Some(frame);
            listener.wake.notify_one();
        }
    }

    /// Where an attempt of this session stands; `None` when the session has no such attempt.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn attempt_status(
        &self,
        session: &Session,
        id: &OAuthAttemptId,
    ) -> Result<Option<AttemptStatus>, StoreError> {
        let mut db = self.broker.store().read().await?;
        let found = oauth_attempts::find(&mut db, id).await?;
        let found = found.filter(|attempt| attempt.connect_session_id.as_ref() == Some(&session.id));
        Ok(found.map(|attempt| {
            let frame = attempt.result.and_then(|json| serde_json::from_value(json).ok());
            frame.map_or(AttemptStatus::Pending, AttemptStatus::Done)
        }))
    }
}
