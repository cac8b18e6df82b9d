//! Keeping credentials fresh. One refresh at a time for each connection, in this process and across processes; the
//! rules are those of the architecture, section 2.7.
//!
//! In this process waiters queue at a mutex and read the row again before they do anything. Across processes the
//! credential's row holds a lease of [`LEASE_S`]; whoever has it calls the provider with no transaction open and
//! writes the result only if the row still has the version it read. The work runs in a task of its own: a reader
//! that hangs up cannot lose a token the provider has just rotated.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};
use terapi_catalog::AuthSpec;
use terapi_model::{ConnectionId, LogLevel, OperationAction, OperationId, Timestamp};
use terapi_store::StoreError;
use terapi_store::connections::{self, ConnectionDetail, ConnectionRow};
use terapi_store::credentials::{self, CredentialRow, CredentialState, RefreshedCredential};
use terapi_vault::token;
use tokio::sync::OwnedMutexGuard;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::Broker;
use crate::auth::oauth2::{self, Asking, ExchangeError};
use crate::auth::{self, ProviderSaid, Setup, SetupError, TokenAnswer};
use crate::connections::{joined, object};
use crate::credentials::{Credentials, OAuth2Credentials};
use crate::operations::{Message, NewOperation, OperationActor, OperationError, Redacted, Trail};
use crate::sealing::{SealingError, cell};
use crate::webhooks::{About, AuthEvent, AuthEventOperation, EventError};

/// How long a lease is believed. Longer than a token request may take.
const LEASE_S: i64 = 30;

/// Refresh this long before the end, at most (decision D15).
const MARGIN_MS: i64 = 15 * 60 * 1000;

/// A failure keeps others from trying for at least this long (rest.md 12.4).
const BACKOFF_MS: i64 = 30 * 1000;

/// Longest wait after failures that pass by themselves: an outage's end should be noticed soon.
const LONGEST_PASSING_BACKOFF_MS: i64 = 5 * 60 * 1000;

/// Longest wait after refusals: at most ten calls a day for a connection that is dead.
const LONGEST_REFUSED_BACKOFF_MS: i64 = 6 * 3600 * 1000;

/// On so many days it may fail before nobody tries any more unless forced (rest.md 12.4).
const MOST_ATTEMPTS: u32 = 4;

const DAY_MS: i64 = 24 * 3600 * 1000;

/// A token that the provider gave so recently is as good as the next one would be.
const JUST_MADE_MS: i64 = 60 * 1000;

/// The type of a failed renewal, in the log and in the webhook (rest.md 12.5).
const NOT_RENEWED: &str = "refresh_token_external_error";

/// A loser of the lease looks again after this, and after longer each time up to [`LOOK_LATEST`].
const LOOK_FIRST: Duration = Duration::from_millis(50);
const LOOK_LATEST: Duration = Duration::from_millis(500);

/// A loser gives up after this, whatever clocks say.
const PATIENCE: Duration = Duration::from_secs(35);

/// What a reader asks of the credentials.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wanted {
    /// Renew even when there is no need.
    pub(crate) force: bool,
    /// How many seconds the access token must still live.
    pub(crate) min_ttl: Option<u32>,
}

/// Credentials to hand out.
pub(crate) struct Fresh {
    pub(crate) credentials: Credentials,
    /// The row was read again, so what the caller read before may be old.
    pub(crate) renewed: bool,
}

/// Why credentials cannot be served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefreshFailure {
    /// The provider said earlier that the grant is gone. Only the end user can bring it back.
    #[error("the provider no longer accepts this connection; the end user has to connect again")]
    NeedsReauth,
    /// Renewing failed on too many days.
    #[error(
        "renewing these credentials failed on {MOST_ATTEMPTS} days; force a refresh, or let the end user connect again"
    )]
    Exhausted,
    /// Renewing failed a moment ago.
    #[error("renewing these credentials failed a moment ago; try again after {}", .until.to_rfc3339())]
    Backoff {
        /// When it will be tried again.
        until: Timestamp,
    },
    /// Renewing was tried now and failed.
    #[error("these credentials could not be renewed: {message}")]
    Failed {
        /// What the provider said, or what kept it from answering.
        message: String,
        /// Whether the provider said that the grant is gone.
        needs_reauth: bool,
    },
}

/// What a reader can run into.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RefreshError {
    /// The credentials cannot be served.
    #[error(transparent)]
    Failure(#[from] RefreshFailure),
    /// The connection was deleted meanwhile.
    #[error("the connection is gone")]
    Gone,
    /// A stored secret does not open.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is under way in this process.
#[derive(Default)]
pub(crate) struct Flights {
    open: Mutex<HashMap<ConnectionId, Arc<tokio::sync::Mutex<()>>>>,
    tasks: TaskTracker,
}

/// The right to refresh one connection in this process.
struct Flight {
    broker: Broker,
    id: ConnectionId,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Drop for Flight {
    fn drop(&mut self) {
        drop(self.guard.take());
        let mut open = self
            .broker
            .flights()
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if open
            .get(&self.id)
            .is_some_and(|lock| Arc::strong_count(lock) == 1)
        {
            open.remove(&self.id);
        }
    }
}

impl Flights {
    fn lock_of(&self, id: &ConnectionId) -> Arc<tokio::sync::Mutex<()>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(open.entry(id.clone()).or_default())
    }

    /// Runs work that must not be lost when whoever asked for it goes away. What it logs names the request.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        self.tasks.spawn(work.in_current_span())
    }
}

impl Broker {
    /// Waits for token requests that are under way, and for their results to be stored. Called before the process
    /// ends; new ones must not begin any more.
    pub async fn settle(&self) {
        self.flights().tasks.close();
        self.flights().tasks.wait().await;
        self.flights().tasks.reopen();
    }

    /// The connection's credentials, renewed when they are about to end.
    ///
    /// # Errors
    /// [`RefreshError`].
    pub(crate) async fn fresh_credentials(
        &self,
        detail: &ConnectionDetail,
        wanted: Wanted,
        actor: OperationActor,
    ) -> Result<Fresh, RefreshError> {
        let row = detail.credential.as_ref().ok_or(RefreshError::Gone)?;
        let credentials = self.open_credentials(row)?;
        let spec_margin = self.declared_margin(detail);
        if !self.is_due(row, &credentials, spec_margin, wanted) {
            return Ok(Fresh {
                credentials,
                renewed: false,
            });
        }
        let will_do = self.will_do(row, wanted);
        if let Some(reason) = self.standing_reason(row, wanted) {
            return match reason {
                RefreshFailure::NeedsReauth => Err(reason.into()),
                _ if will_do => Ok(Fresh {
                    credentials,
                    renewed: false,
                }),
                _ => Err(reason.into()),
            };
        }
        let lock = self.flights().lock_of(&row.connection_id);
        let guard = match lock.clone().try_lock_owned() {
            Ok(guard) => guard,
            // Somebody is at it, and the old token still works.
            Err(_) if will_do => {
                return Ok(Fresh {
                    credentials,
                    renewed: false,
                });
            }
            Err(_) => lock.lock_owned().await,
        };
        let flight = Flight {
            broker: self.clone(),
            id: row.connection_id.clone(),
            guard: Some(guard),
        };
        let operation = NewOperation::authorization(
            self.mint(OperationId::mint),
            detail.connection.environment_id.clone(),
        )
        .doing(OperationAction::RefreshToken, "Refresh token")
        .by(actor)
        .reconnecting(detail);
        let (connection, seen) = (detail.connection.clone(), row.version);
        let work = async move {
            let broker = flight.broker.clone();
            broker
                .refresh(flight, connection, seen, spec_margin, wanted, operation)
                .await
        };
        let credentials = match self.flights().spawn(work).await {
            Ok(done) => done?,
            Err(stopped) => {
                return Err(StoreError::Unavailable {
                    reason: stopped.to_string(),
                }
                .into());
            }
        };
        Ok(Fresh {
            credentials,
            renewed: true,
        })
    }

    /// Opens what a credential row holds.
    pub(crate) fn open_credentials(&self, row: &CredentialRow) -> Result<Credentials, SealingError> {
        self.sealing().open_json(
            &cell::credential(&row.connection_id, &row.environment_id),
            &row.sealed,
        )
    }

    /// The opened secret fields of a connection's config.
    ///
    /// # Errors
    /// When they do not open.
    pub(crate) fn secret_config(&self, row: &ConnectionRow) -> Result<Map<String, Value>, SealingError> {
        let Some(sealed) = &row.secret_config_sealed else {
            return Ok(Map::new());
        };
        self.sealing().open_json(
            &cell::connection_secret_config(&row.id, &row.environment_id),
            sealed,
        )
    }

    /// The whole config of a connection, secret fields included.
    pub(crate) fn whole_config(&self, row: &ConnectionRow) -> Result<Map<String, Value>, SealingError> {
        let mut config = object(&row.connection_config);
        config.extend(self.secret_config(row)?);
        Ok(config)
    }

    /// The provider's own word on when to refresh, in milliseconds.
    fn declared_margin(&self, detail: &ConnectionDetail) -> Option<i64> {
        let provider = self.catalogue().get(detail.integration.provider.as_str())?;
        let seconds = provider.auth.oauth2()?.token_expiration_buffer?;
        i64::try_from(seconds)
            .ok()
            .map(|seconds| seconds.saturating_mul(1000))
    }

    /// Whether the credentials should be renewed before they are handed out (rest.md 12.2, decision D15).
    fn is_due(&self, row: &CredentialRow, held: &Credentials, declared: Option<i64>, wanted: Wanted) -> bool {
        if !auth::is_refreshable(held) {
            return false;
        }
        let Some(expires_at) = row.expires_at else {
            return wanted.force;
        };
        let half_life = row.lifetime.map(|life| life / 2);
        let usual = declared.unwrap_or_else(|| half_life.map_or(MARGIN_MS, |half| half.min(MARGIN_MS)));
        let margin = match wanted.min_ttl.map(|seconds| i64::from(seconds) * 1000) {
            Some(asked) if self.is_just_made(row) => asked.min(usual),
            Some(asked) => asked,
            None => usual,
        };
        wanted.force || expires_at.millis_since(self.now()) < margin
    }

    /// Whether the provider gave this token a moment ago. Some tokens always live for less than a reader asks; renewing
    /// them at every read would use up a refresh token each time and bring nothing. What was imported has no lifetime:
    /// nobody knows when the provider gave it.
    fn is_just_made(&self, row: &CredentialRow) -> bool {
        let (Some(lifetime), Some(made_at)) = (row.lifetime, row.last_refresh_success_at) else {
            return false;
        };
        self.now().millis_since(made_at) < JUST_MADE_MS.min(lifetime / 2)
    }

    /// Whether a token that is due can be handed out as it is: while it lives, to a reader who did not say for how long
    /// it must.
    fn will_do(&self, row: &CredentialRow, wanted: Wanted) -> bool {
        let is_alive = row.expires_at.is_none_or(|expires_at| expires_at > self.now());
        is_alive && !wanted.force && wanted.min_ttl.is_none()
    }

    /// What earlier failures say against trying now. Force passes over all of it.
    fn standing_reason(&self, row: &CredentialRow, wanted: Wanted) -> Option<RefreshFailure> {
        if wanted.force {
            return None;
        }
        if row.state == CredentialState::NeedsReauth {
            return Some(RefreshFailure::NeedsReauth);
        }
        if row.refresh_exhausted {
            return Some(RefreshFailure::Exhausted);
        }
        row.next_refresh_at
            .filter(|until| *until > self.now())
            .map(|until| RefreshFailure::Backoff { until })
    }

    /// Refreshes, or finds that somebody else did. Holds the right to do so in this process.
    async fn refresh(
        &self,
        flight: Flight,
        connection: ConnectionRow,
        seen: i64,
        declared: Option<i64>,
        wanted: Wanted,
        operation: NewOperation,
    ) -> Result<Credentials, RefreshError> {
        let mut trail = Trail::new(self, operation);
        let holder = token::hex(self.entropy(), 16);
        let begun = tokio::time::Instant::now();
        let mut pause = LOOK_FIRST;
        loop {
            let row = {
                let mut db = self.store().read().await?;
                credentials::find(&mut db, &flight.id)
                    .await?
                    .ok_or(RefreshError::Gone)?
            };
            let held = self.open_credentials(&row)?;
            // A newer version is somebody's fresh token: also what a forced reader wanted, who waited for it.
            let moved = row.version != seen;
            let still = Wanted {
                force: wanted.force && !moved,
                ..wanted
            };
            if !self.is_due(&row, &held, declared, still) {
                return Ok(held);
            }
            let will_do = self.will_do(&row, wanted);
            if let Some(reason) = self.standing_reason(&row, wanted) {
                return if will_do && reason != RefreshFailure::NeedsReauth {
                    Ok(held)
                } else {
                    Err(reason.into())
                };
            }
            if self.take_lease(&row, holder.expose()).await? {
                let done = self
                    .refresh_as_holder(&connection, row, held, holder.expose(), wanted, &mut trail)
                    .await?;
                match done {
                    Some(credentials) => return Ok(credentials),
                    // The row is somebody else's by now; what it says is read again.
                    None => continue,
                }
            }
            if will_do {
                return Ok(held);
            }
            if begun.elapsed() > PATIENCE {
                let until = self.now().plus_millis(BACKOFF_MS);
                return Err(RefreshFailure::Backoff { until }.into());
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LOOK_LATEST);
        }
    }

    async fn take_lease(&self, row: &CredentialRow, holder: &str) -> Result<bool, StoreError> {
        let now = self.now();
        let until = now.plus_seconds(LEASE_S);
        let mut tx = self.store().begin().await?;
        let ours =
            credentials::acquire_refresh_lease(&mut tx, &row.connection_id, row.version, holder, now, until)
                .await?;
        tx.commit().await?;
        Ok(ours)
    }

    /// `None` when the lease was lost meanwhile, or the end user has connected again: nothing was written then.
    async fn refresh_as_holder(
        &self,
        connection: &ConnectionRow,
        row: CredentialRow,
        held: Credentials,
        holder: &str,
        wanted: Wanted,
        trail: &mut Trail<'_>,
    ) -> Result<Option<Credentials>, RefreshError> {
        let will_do = self.will_do(&row, wanted);
        let deadline = tokio::time::Instant::now() + Duration::from_secs(LEASE_S.unsigned_abs());
        match self.ask_provider(connection, &held, trail).await {
            Ok(Some((renewed, lifetime, granted))) => {
                let refreshed = RefreshedCredential {
                    sealed: self.sealing().seal_json(
                        &cell::credential(&row.connection_id, &row.environment_id),
                        &renewed,
                    )?,
                    expires_at: renewed.expires_at(),
                    lifetime,
                    granted_scopes: granted.as_deref().map(joined),
                };
                // What happens by itself all the time is not worth an operation unless it fails.
                let logged = wanted.force.then_some(&*trail);
                if self
                    .store_renewed(&row, holder, &refreshed, deadline, logged)
                    .await?
                {
                    tracing::info!(connection = %row.connection_id, "credentials renewed");
                    return Ok(Some(renewed));
                }
                Ok(None)
            }
            Ok(None) => {
                self.release(&row, holder).await;
                Ok(Some(held))
            }
            Err(AskError::Sealing(error)) => {
                self.release(&row, holder).await;
                Err(error.into())
            }
            Err(AskError::Store(error)) => {
                self.release(&row, holder).await;
                Err(error.into())
            }
            Err(AskError::Refused(refusal)) => {
                self.refused(&row, held, holder, refusal, will_do, trail).await
            }
        }
    }

    /// Asks the provider. `None` when there is nothing to ask: the integration or its provider is gone, or the mode is
    /// another one now.
    async fn ask_provider(
        &self,
        connection: &ConnectionRow,
        held: &Credentials,
        trail: &mut Trail<'_>,
    ) -> Result<Option<(Credentials, Option<i64>, Option<Vec<String>>)>, AskError> {
        let Credentials::OAuth2(tokens) = held else {
            return Ok(None);
        };
        let Some(refresh_token) = &tokens.refresh_token else {
            return Ok(None);
        };
        let setup = match Setup::by_id(self, &connection.environment_id, &connection.integration_id).await {
            Ok(setup) => setup,
            Err(SetupError::UnknownIntegration | SetupError::UnknownProvider(_)) => return Ok(None),
            Err(SetupError::Read(error)) => return Err(AskError::of_read(error)),
        };
        let AuthSpec::OAuth2(spec) = &setup.provider.auth else {
            return Ok(None);
        };
        let integration = &setup.integration;
        trail.name_integration(&integration.id, &integration.unique_key, &integration.provider);
        let config = self.whole_config(connection).map_err(AskError::Sealing)?;
        let app = setup.app(&config, tokens.client.as_ref()).ok_or_else(|| {
            AskError::Refused(Refused::lasting(
                "the integration has no client id or no client secret",
            ))
        })?;
        let raw = auth::raw_members(tokens);
        let mut hidden = setup.hidden(&config, tokens.client.as_ref());
        hidden.add(refresh_token.expose());
        hidden.add(tokens.access_token.expose());
        let asking = Asking {
            egress: self.egress(),
            provider: setup.provider,
            hidden: &hidden,
            trail: &mut *trail,
            about: Redacted::object([
                ("grant_type", Redacted::name("refresh_token")),
                ("client_id", Redacted::name(app.client_id)),
                ("refresh_token", Redacted::hidden()),
            ]),
        };
        let asked = oauth2::refresh(asking, spec, app, refresh_token, &raw, || self.now()).await;
        let answer = asked.map_err(|error| AskError::Refused(Refused::of(&error)))?;
        trail.note(LogLevel::Info, "Tokens received", Redacted::token_answer(&answer));
        let (lifetime, granted) = (answer.lifetime_ms, answer.granted_scopes.clone());
        Ok(Some((
            Credentials::OAuth2(renewed(tokens, answer)),
            lifetime,
            granted,
        )))
    }

    /// Writes renewed credentials. A rotated refresh token exists nowhere else, so a database that fails is asked
    /// again while the lease lasts.
    async fn store_renewed(
        &self,
        row: &CredentialRow,
        holder: &str,
        refreshed: &RefreshedCredential,
        deadline: tokio::time::Instant,
        logged: Option<&Trail<'_>>,
    ) -> Result<bool, StoreError> {
        let mut pause = LOOK_FIRST;
        loop {
            let written = async {
                let now = self.now();
                let mut tx = self.store().begin().await?;
                let id = &row.connection_id;
                let ours =
                    credentials::store_refreshed(&mut tx, id, row.version, holder, refreshed, now).await?;
                if ours {
                    connections::set_auth_error(&mut tx, id, None).await?;
                    if let Some(trail) = logged {
                        let last = Message::auth(LogLevel::Info, "Credentials renewed", now);
                        trail.succeed(&mut tx, last).await?;
                    }
                }
                tx.commit().await?;
                Ok(ours)
            };
            match written.await {
                Ok(ours) => return Ok(ours),
                Err(error) if tokio::time::Instant::now() + pause >= deadline => {
                    tracing::error!(
                        connection = %row.connection_id, %error,
                        "renewed credentials could not be stored and are lost; the end user may have to connect again"
                    );
                    return Err(error);
                }
                Err(error) => {
                    tracing::warn!(connection = %row.connection_id, %error, "renewed credentials are not stored yet");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LOOK_LATEST);
                }
            }
        }
    }

    /// Counts a failure and says what the reader gets: the old token if it will do, unless the grant is gone. `None` as
    /// for [`Self::refresh_as_holder`].
    async fn refused(
        &self,
        row: &CredentialRow,
        held: Credentials,
        holder: &str,
        refusal: Refused,
        will_do: bool,
        trail: &Trail<'_>,
    ) -> Result<Option<Credentials>, RefreshError> {
        let now = self.now();
        let operation = trail.id();
        let failure = failure_of(row, &refusal, now);
        let mut tx = self.store().begin().await?;
        let id = &row.connection_id;
        let ours =
            credentials::record_refresh_failure(&mut tx, id, row.version, holder, &failure, now).await?;
        if ours {
            connections::set_auth_error(&mut tx, id, Some(operation)).await?;
            let error = OperationError::of_type(NOT_RENEWED, &refusal.message).said(refusal.said.clone());
            trail.fail(&mut tx, &error).await?;
            let event = AuthEvent {
                environment: &row.environment_id,
                about: About::Connection(id),
                operation: AuthEventOperation::Refresh,
                end_user: None,
                error: Some(EventError {
                    kind: NOT_RENEWED,
                    description: refusal.message.clone(),
                }),
                log: operation,
            };
            self.webhooks().enqueue_auth(&mut tx, &event).await?;
        }
        tx.commit().await?;
        if !ours {
            return Ok(None);
        }
        self.webhooks().wake();
        tracing::warn!(
            %operation, connection = %id, code = "invalid_credentials", needs_reauth = refusal.is_final,
            reason = %refusal.message, "credentials could not be renewed"
        );
        if will_do && !refusal.is_final {
            return Ok(Some(held));
        }
        Err(RefreshFailure::Failed {
            message: refusal.message,
            needs_reauth: refusal.is_final,
        }
        .into())
    }

    async fn release(&self, row: &CredentialRow, holder: &str) {
        let released = async {
            let mut tx = self.store().begin().await?;
            credentials::release_refresh_lease(&mut tx, &row.connection_id, holder).await?;
            tx.commit().await
        };
        if let Err(error) = released.await {
            tracing::warn!(connection = %row.connection_id, %error, "a refresh lease ends by time only");
        }
    }
}

/// Why the provider gave nothing.
enum AskError {
    Refused(Refused),
    Sealing(SealingError),
    Store(StoreError),
}

impl AskError {
    fn of_read(error: crate::integrations::ReadIntegrationError) -> Self {
        use crate::integrations::ReadIntegrationError as E;
        match error {
            E::Sealing(error) => Self::Sealing(error),
            E::Store(error) => Self::Store(error),
            E::Forbidden(error) => Self::Refused(Refused::lasting(&error.to_string())),
        }
    }
}

/// A refusal, classified.
struct Refused {
    message: String,
    /// The grant is gone.
    is_final: bool,
    /// It may work in a while by itself: outages, rate limits.
    is_passing: bool,
    /// What the provider said, for the log.
    said: Option<Redacted>,
}

impl Refused {
    fn of(error: &ExchangeError) -> Self {
        Self {
            message: error.to_string(),
            is_final: error.is_invalid_grant(),
            is_passing: match error {
                ExchangeError::Egress(_) => true,
                ExchangeError::Answer(answer) => answer.is_passing(),
                ExchangeError::Template(_) => false,
            },
            said: match error {
                ExchangeError::Answer(answer) => Redacted::said(&ProviderSaid::in_token_answer(answer)),
                ExchangeError::Egress(_) | ExchangeError::Template(_) => None,
            },
        }
    }

    fn lasting(message: &str) -> Self {
        Self {
            message: message.to_owned(),
            is_final: false,
            is_passing: false,
            said: None,
        }
    }
}

/// The old tokens with what the answer brought. A provider that sends no new refresh token means the old one
/// (RFC 6749 section 6).
fn renewed(old: &OAuth2Credentials, answer: TokenAnswer) -> OAuth2Credentials {
    OAuth2Credentials {
        access_token: answer.access_token,
        refresh_token: answer
            .refresh_token
            .or_else(|| old.refresh_token.as_ref().map(|token| token.duplicate())),
        expires_at: answer.expires_at,
        client: old
            .client
            .as_ref()
            .map(|client| crate::credentials::ClientOverride {
                client_id: client.client_id.clone(),
                client_secret: client.client_secret.as_ref().map(|secret| secret.duplicate()),
            }),
        raw: answer.raw,
    }
}

/// How a failure is counted: once a day (UTC), and with a growing wait before the next try.
fn failure_of(row: &CredentialRow, refusal: &Refused, now: Timestamp) -> credentials::RefreshFailure {
    let day = |at: Timestamp| at.as_millis().div_euclid(DAY_MS);
    let attempts = match row.last_refresh_failure_at {
        None => 1,
        Some(last) if day(last) == day(now) => row.refresh_attempts.max(1),
        Some(_) => row.refresh_attempts.saturating_add(1),
    };
    let before = match (row.last_refresh_failure_at, row.next_refresh_at) {
        (Some(failed), Some(next)) => next.millis_since(failed),
        _ => 0,
    };
    let (factor, longest) = if refusal.is_passing {
        (2, LONGEST_PASSING_BACKOFF_MS)
    } else {
        (4, LONGEST_REFUSED_BACKOFF_MS)
    };
    let wait = before.saturating_mul(factor).clamp(BACKOFF_MS, longest);
    credentials::RefreshFailure {
        attempts,
        exhausted: attempts >= MOST_ATTEMPTS,
        state: if refusal.is_final {
            CredentialState::NeedsReauth
        } else {
            CredentialState::Active
        },
        next_refresh_at: (!refusal.is_final).then(|| now.plus_millis(wait)),
    }
}
