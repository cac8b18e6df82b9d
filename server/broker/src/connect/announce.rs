//! What webhooks hear of an authorization.

use terapi_model::ConnectionId;
use terapi_store::oauth_attempts::{self, OAuthAttemptRow};
use terapi_store::{StoreError, Tx, connect_sessions, connections};

use super::landing::Landing;
use super::{AuthOperation, CompleteError, Connect};
use crate::auth::oauth2::ExchangeError;
use crate::webhooks::{About, AuthEvent, AuthEventOperation, EventEndUser, EventError};

/// So many authorizations with an environment's public key may have ended in a minute for a failed one to be told of.
const MOST_TOLD_A_MINUTE: i64 = 60;

impl Connect<'_> {
    /// In the transaction that stores the connection, after everything about it is written.
    pub(super) async fn announce_success(
        &self,
        tx: &mut Tx,
        landing: &Landing<'_>,
        connection: &ConnectionId,
        operation: AuthOperation,
    ) -> Result<(), StoreError> {
        let end_user = landing.session.and_then(|session| {
            Some(EventEndUser {
                end_user: session.end_user.as_ref()?,
                organization: session.organization.as_ref(),
            })
        });
        let event = AuthEvent {
            environment: &landing.setup.integration.environment_id,
            about: About::Connection(connection),
            operation: match operation {
                AuthOperation::Creation => AuthEventOperation::Creation,
                AuthOperation::Override => AuthEventOperation::Override,
            },
            end_user,
            error: None,
            log: landing.trail.id(),
        };
        self.broker.webhooks().enqueue_auth(tx, &event).await
    }

    /// In the transaction that stores a failure as the attempt's result. Only attempts that came back with their state
    /// are told of: what is refused before the browser leaves, anybody with a public key could cause with one request.
    /// With two, begin and a callback of their own making, they could cause these as well, and nothing tells such a
    /// callback from a user's who said no; so of attempts without a session only so many a minute are told of.
    pub(super) async fn announce_failure(
        &self,
        tx: &mut Tx,
        attempt: &OAuthAttemptRow,
        error: &CompleteError,
    ) -> Result<(), StoreError> {
        let Some(integration) = &attempt.integration_id else {
            return Ok(());
        };
        if attempt.connect_session_id.is_none() {
            let since = self.broker.now().plus_seconds(-60);
            let (environment, most) = (&attempt.environment_id, MOST_TOLD_A_MINUTE + 1);
            // This one is among them.
            if oauth_attempts::count_ended(tx, environment, since, most).await? >= most {
                tracing::warn!(operation = %attempt.operation_id, "too many authorizations with the public key ended in this minute; no webhook tells of this one");
                return Ok(());
            }
        }
        let existing = connections::find_row(tx, integration, &attempt.connection_id).await?;
        let session = match &attempt.connect_session_id {
            Some(id) => connect_sessions::find(tx, id).await?,
            None => None,
        };
        let about = match &existing {
            Some(row) => About::Connection(&row.id),
            None => About::Unmade {
                integration,
                connection_key: &attempt.connection_id,
                webhook_url_override: session
                    .as_ref()
                    .and_then(|session| session.webhook_url_override.as_deref()),
            },
        };
        let event = AuthEvent {
            environment: &attempt.environment_id,
            about,
            operation: AuthEventOperation::Creation,
            end_user: None,
            error: Some(EventError {
                kind: kind_of(error),
                description: error.told(),
            }),
            log: &attempt.operation_id,
        };
        self.broker.webhooks().enqueue_auth(tx, &event).await
    }
}

/// `error.type` of rest.md 14.3.
fn kind_of(error: &CompleteError) -> &'static str {
    match error {
        CompleteError::MissingState
        | CompleteError::UnknownState
        | CompleteError::UsedState
        | CompleteError::Repeated(_)
        | CompleteError::ExpiredState
        | CompleteError::OtherBrowser
        | CompleteError::WrongRedirect
        | CompleteError::WrongIssuer
        | CompleteError::Provider(_)
        | CompleteError::MissingCode => "invalid_callback",
        CompleteError::Token(ExchangeError::Answer(_)) => "unable_to_parse_token_response",
        CompleteError::Sealing(_) | CompleteError::Store(_) | CompleteError::Interrupted => "server_error",
        CompleteError::IntegrationChanged
        | CompleteError::TargetGone
        | CompleteError::ConnectionExists
        | CompleteError::Token(ExchangeError::Template(_) | ExchangeError::Egress(_)) => "unknown",
    }
}
