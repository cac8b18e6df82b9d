//! The end of an authorization: connection, credentials, tags and end user, in one transaction with whatever else
//! belongs to it.

use std::time::Duration;

use serde_json::{Map, Value};
use terapi_model::{ConnectionId, ConnectionKey, OAuthAttemptId, Timestamp};
use terapi_store::connections::{self, NewConnection, Outcome};
use terapi_store::{StoreError, Tx, connect_sessions, connection_tags, integrations, oauth_attempts};

use super::connection_config::settle;
use super::repetition::Submitted;
use super::{AuthOperation, Connect, Connected, ResultFrame, Session};
use crate::auth::Setup;
use crate::connections::{Held, link_end_user, put_held};
use crate::credentials::Credentials;
use crate::operations::Trail;
use crate::sealing::SealingError;

/// How often a transaction is tried again when the database is busy. The tokens are in hand and exist nowhere else.
const TRIES: u32 = 4;

/// What an authorization brought.
pub(super) struct Landing<'a> {
    pub(super) setup: &'a Setup<'a>,
    pub(super) connection_key: &'a ConnectionKey,
    pub(super) credentials: &'a Credentials,
    pub(super) lifetime_ms: Option<i64>,
    pub(super) granted_scopes: Option<Vec<String>>,
    pub(super) requested_scopes: Vec<String>,
    /// The config as gathered at the start.
    pub(super) config: &'a Map<String, Value>,
    /// Names in it that came with this attempt.
    pub(super) carried: &'a [String],
    /// What the provider's answers brought.
    pub(super) answered: Map<String, Value>,
    pub(super) session: Option<&'a Session>,
    pub(super) may_overwrite: bool,
    /// When the attempt began, as far as what its session has made since is concerned.
    pub(super) began: Timestamp,
    /// The attempt that this finishes.
    pub(super) attempt: Option<&'a OAuthAttemptId>,
    /// The operation that this ends well, with what happened on the way here.
    pub(super) trail: &'a Trail<'a>,
}

impl Landing<'_> {
    /// What was typed; of an attempt at a provider, every token is another.
    fn submitted(&self) -> Option<Submitted<'_>> {
        self.attempt.is_none().then_some(Submitted {
            credentials: self.credentials,
            config: self.config,
        })
    }
}

/// Nothing was stored.
#[derive(Debug, thiserror::Error)]
pub(super) enum LandingError {
    /// A connection of this name appeared meanwhile, and may not be replaced (decision D5).
    #[error("there is a connection with this id already; use a connect session or HMAC to replace it")]
    ConnectionExists,
    /// The integration was deleted meanwhile.
    #[error("the integration was deleted meanwhile")]
    IntegrationGone,
    /// The connection to renew was deleted meanwhile.
    #[error("the connection to renew no longer exists")]
    TargetGone,
    /// It cannot be sealed.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl LandingError {
    /// True when the same transaction may go through in a moment.
    fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Store(StoreError::Unavailable { .. } | StoreError::Conflict { .. } | StoreError::Aborted)
        )
    }
}

impl Connect<'_> {
    /// Stores what an authorization brought, and with it the attempt's result.
    pub(super) async fn land(
        &self,
        landing: &Landing<'_>,
    ) -> Result<(ConnectionId, Connected), LandingError> {
        let mut tries = 1;
        loop {
            match self.land_once(landing).await {
                Err(error) if error.is_passing() && tries < TRIES => {
                    tracing::warn!(%error, tries, "a connection is not stored yet");
                    tokio::time::sleep(Duration::from_millis(100 * u64::from(tries))).await;
                    tries += 1;
                }
                done => return done,
            }
        }
    }

    async fn land_once(&self, landing: &Landing<'_>) -> Result<(ConnectionId, Connected), LandingError> {
        let broker = self.broker;
        let integration = &landing.setup.integration;
        let environment = &integration.environment_id;
        let now = broker.now();
        let mut tx = broker.store().begin().await?;
        let made = self.made_meanwhile(&mut tx, landing).await?;
        let new = NewConnection {
            id: broker.mint(ConnectionId::mint),
            environment_id: environment.clone(),
            integration_id: integration.id.clone(),
            connection_id: made.unwrap_or_else(|| landing.connection_key.clone()),
            connect_session_id: landing.session.map(|session| session.id.clone()),
        };
        if integrations::find_by_id(&mut tx, &integration.id)
            .await?
            .is_none()
        {
            return Err(LandingError::IntegrationGone);
        }
        let (outcome, row) = connections::insert_or_override(&mut tx, &new, now).await?;
        if outcome == Outcome::Override && !landing.may_overwrite {
            return Err(LandingError::ConnectionExists);
        }
        if outcome == Outcome::Creation && landing.session.is_some_and(|session| session.reconnect.is_some())
        {
            return Err(LandingError::TargetGone);
        }
        let stored = match outcome {
            Outcome::Creation => None,
            Outcome::Override => Some(broker.whole_config(&row)?),
        };
        let config = settle(
            stored.as_ref(),
            landing.config,
            landing.carried,
            landing.answered.clone(),
        );
        let held = Held {
            environment,
            connection: &row.id,
            provider: landing.setup.provider,
            config,
            credentials: landing.credentials,
            lifetime_ms: landing.lifetime_ms,
            granted_scopes: landing.granted_scopes.as_deref(),
            requested_scopes: &landing.requested_scopes,
            now,
        };
        put_held::<LandingError>(broker, &mut tx, held).await?;
        if let Some(session) = landing.session {
            if !session.tags.is_empty() {
                connection_tags::replace(&mut tx, environment, &row.id, &session.tags).await?;
            }
            if let Some(end_user) = &session.end_user {
                let organization = session.organization.as_ref();
                link_end_user(broker, &mut tx, environment, &row.id, end_user, organization, now).await?;
            }
            if let Some(url) = &session.webhook_url_override {
                connections::set_webhook_url_override(&mut tx, &row.id, Some(url), now).await?;
            }
        }
        let connected = Connected {
            integration_key: integration.unique_key.clone(),
            connection_key: row.connection_id.clone(),
            operation: match outcome {
                Outcome::Creation => AuthOperation::Creation,
                Outcome::Override => AuthOperation::Override,
            },
        };
        self.log_success(&mut tx, landing, &row, connected.operation)
            .await?;
        self.announce_success(&mut tx, landing, &row.id, connected.operation)
            .await?;
        if let Some(attempt) = landing.attempt {
            oauth_attempts::finish(&mut tx, attempt, &ResultFrame::of(&connected).to_stored(), now).await?;
        }
        tx.commit().await?;
        broker.webhooks().wake();
        Ok((row.id, connected))
    }

    /// The connection that another tab of the same session has made since this attempt began: two tabs, or a double
    /// click, are not two accounts. Which account a provider's token is of, nobody can tell; what was typed tells, so only
    /// a connection that was made with just that counts. From here on no other process makes one until `tx` ends.
    async fn made_meanwhile(
        &self,
        tx: &mut Tx,
        landing: &Landing<'_>,
    ) -> Result<Option<ConnectionKey>, LandingError> {
        let Some(session) = landing.session.filter(|session| session.reconnect.is_none()) else {
            return Ok(None);
        };
        connect_sessions::hold(tx, &session.id).await?;
        let integration = &landing.setup.integration.id;
        // When it began may be what a browser says; the session has made nothing before it was opened.
        let since = landing.began.max(session.opened_at);
        match landing.submitted() {
            Some(submitted) => {
                self.submitted_in_session(tx, session, integration, (since, submitted))
                    .await
            }
            None => Ok(connections::find_made_in_session(tx, &session.id, integration, since).await?),
        }
    }
}
