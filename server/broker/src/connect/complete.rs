//! The way back: a provider's callback becomes a connection, or a failure that everybody concerned hears of.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};
use terapi_catalog::AuthSpec;
use terapi_model::{ConnectionKey, ErrorCode, IntegrationKey, LogLevel, OperationId, OperationState};
use terapi_store::StoreError;
use terapi_store::oauth_attempts::{self, OAuthAttemptRow};
use terapi_vault::SecretString;
use terapi_vault::hash::{TokenHash, token_hash};
use url::Url;

use super::begin::AttemptSecret;
use super::connection_config::{OVERRIDE_REFRESH, USER_SCOPE};
use super::landing::{Landing, LandingError};
use super::results::OUR_FAULT;
use super::{BrowserId, Connect, Connected, ResultFrame, SessionError};
use crate::auth::oauth2::{self, Asking, ExchangeError};
use crate::auth::{ProviderSaid, Setup, SetupError, TokenAnswer, TokenAnswerError};
use crate::credentials::{Credentials, OAuth2Credentials};
use crate::egress::EgressError;
use crate::hidden::Hidden;
use crate::integrations::ReadIntegrationError;
use crate::operations::{NewOperation, OperationError, Redacted, Trail};
use crate::sealing::{SealingError, cell};

/// Names under which providers send the state back; the first that is there counts.
const STATE_NAMES: [&str; 3] = ["state", "payload", "customField"];

/// How long a callback that came twice waits for the first to be dealt with: a token request takes no longer.
const LONGEST_REPEAT: Duration = Duration::from_secs(25);

/// A provider's callback as it came in.
#[derive(Debug)]
pub struct Callback {
    /// Query, or form fields, decoded. The first of equal names.
    pub params: BTreeMap<String, String>,
    /// The browser it came from, by its flow cookie.
    pub browser: Option<BrowserId>,
    /// The integration's UUID, when it came to that integration's own redirect URI.
    pub own_redirect: Option<String>,
}

/// What became of it.
#[derive(Debug)]
pub struct Completed {
    /// The connection, or what went wrong.
    pub outcome: Result<Connected, CompleteFailure>,
    /// The attempt's operation; `None` when no attempt has this state.
    pub operation_id: Option<OperationId>,
    /// Where the browser goes now, when its authorization ran in the page itself.
    pub return_url: Option<Url>,
    /// Whether the opener hears of it by the message of the oldest packages: it has no socket, and came with a public
    /// key.
    pub opener_waits: bool,
    /// The language of the page that it began on, where that is known ([`super::BrowserInput::language`]).
    pub language: Option<String>,
}

/// A failure, with what the page that shows it needs.
#[derive(Debug)]
pub struct CompleteFailure {
    /// Why.
    pub error: CompleteError,
    /// What the provider said about it.
    pub said: ProviderSaid,
    /// The integration, when it is known.
    pub integration_key: Option<IntegrationKey>,
    /// The connection that would have been made, when it is known.
    pub connection_key: Option<ConnectionKey>,
}

/// Why a callback made no connection.
#[derive(Debug, thiserror::Error)]
pub enum CompleteError {
    /// There is no state in it. Not a failed attempt: the provider's own pages lead here too (decision D26).
    #[error("the provider sent no state back")]
    MissingState,
    /// No attempt has this state.
    #[error("this authorization is unknown; start again")]
    UnknownState,
    /// It was used before.
    #[error("this authorization was completed already; start again")]
    UsedState,
    /// It was used before by this very browser, whose page was loaded anew or whose user pressed twice. What became of it
    /// then holds.
    #[error("this authorization was completed already")]
    Repeated(Box<ResultFrame>),
    /// It is too old.
    #[error("this authorization took longer than ten minutes; start again")]
    ExpiredState,
    /// It came from another browser than the one that started (decision D9).
    #[error(
        "this authorization was started in another browser, or cookies are blocked; start again in this one"
    )]
    OtherBrowser,
    /// It came to the redirect URI of another integration (RFC 9700 section 4.4).
    #[error("the provider sent the answer to another integration's address")]
    WrongRedirect,
    /// The answer names another issuer (RFC 9207), or none.
    #[error("the answer does not come from the provider that was asked")]
    WrongIssuer,
    /// The provider said no.
    #[error("the provider answered with an error: {0}")]
    Provider(Box<ProviderSaid>),
    /// No code in it, and nothing about an error.
    #[error("the provider sent no authorization code back")]
    MissingCode,
    /// The integration, its provider or its environment is gone or changed meanwhile.
    #[error("the integration was changed or deleted meanwhile; start again")]
    IntegrationChanged,
    /// The connection to renew was deleted meanwhile.
    #[error("the connection to renew no longer exists; start again")]
    TargetGone,
    /// A connection of this name appeared meanwhile, and a public key may not replace it (decision D5).
    #[error("there is a connection with this id already; use a connect session or HMAC to replace it")]
    ConnectionExists,
    /// The token endpoint gave no tokens.
    #[error(transparent)]
    Token(ExchangeError),
    /// A stored secret does not open.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The process is stopping.
    #[error("the authorization was interrupted; start again")]
    Interrupted,
}

/// What the provider did instead of giving tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// It said no.
    Refused,
    /// It said something that is no answer.
    Answer,
    /// It could not be reached.
    Unreachable,
    /// It took too long.
    Timeout,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Cause; 4] = [Self::Refused, Self::Answer, Self::Unreachable, Self::Timeout];

    /// What it is called in frames and in the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "provider_refused",
            Self::Answer => "provider_answer",
            Self::Unreachable => "provider_unreachable",
            Self::Timeout => "provider_timeout",
        }
    }

    /// The cause that is called so; `None` for one of another version.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.as_str() == text)
    }
}

impl CompleteError {
    /// The stable code (rest.md 9.4, 9.5).
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::MissingState
            | Self::UnknownState
            | Self::UsedState
            | Self::Repeated(_)
            | Self::ExpiredState => ErrorCode::InvalidState,
            Self::OtherBrowser => ErrorCode::StateCookieErr,
            Self::WrongRedirect | Self::WrongIssuer | Self::Provider(_) | Self::MissingCode => {
                ErrorCode::CallbackErr
            }
            Self::ConnectionExists => ErrorCode::ConnectionExists,
            Self::IntegrationChanged => ErrorCode::ProviderConfigErr,
            Self::TargetGone => ErrorCode::InvalidConnection,
            Self::Token(ExchangeError::Template(_)) => ErrorCode::UrlParamErr,
            Self::Interrupted => ErrorCode::Interrupted,
            // `token_err` is OAuth 1.0a's (browser-and-modes.md 3.16).
            Self::Token(ExchangeError::Egress(_) | ExchangeError::Answer(_))
            | Self::Sealing(_)
            | Self::Store(_) => ErrorCode::UnknownErr,
        }
    }

    /// Which of the things it is that `unknown_err` stands for, for operators and our own pages.
    pub fn cause(&self) -> Option<Cause> {
        match self {
            Self::Token(ExchangeError::Egress(EgressError::Timeout { .. })) => Some(Cause::Timeout),
            Self::Token(ExchangeError::Answer(TokenAnswerError::Refused { .. })) => Some(Cause::Refused),
            Self::Token(ExchangeError::Egress(EgressError::TooLarge { .. }) | ExchangeError::Answer(_)) => {
                Some(Cause::Answer)
            }
            Self::Token(ExchangeError::Egress(_)) => Some(Cause::Unreachable),
            _ => None,
        }
    }

    /// The words for those who wait: a failure of our own is told as one, since its message is of the database or the
    /// keyring, and they are strangers.
    pub fn told(&self) -> String {
        match self {
            Self::Sealing(_) | Self::Store(_) => OUR_FAULT.to_owned(),
            other => other.to_string(),
        }
    }

    /// What the provider said, where it is about that.
    pub(super) fn said(&self) -> ProviderSaid {
        match self {
            Self::Provider(said) => said.as_ref().clone(),
            Self::Token(ExchangeError::Answer(answer)) => ProviderSaid::in_token_answer(answer),
            _ => ProviderSaid::default(),
        }
    }
}

impl From<SetupError> for CompleteError {
    fn from(error: SetupError) -> Self {
        match error {
            SetupError::UnknownIntegration | SetupError::UnknownProvider(_) => Self::IntegrationChanged,
            SetupError::Read(ReadIntegrationError::Sealing(error)) => Self::Sealing(error),
            SetupError::Read(ReadIntegrationError::Store(error)) => Self::Store(error),
            SetupError::Read(ReadIntegrationError::Forbidden(_)) => Self::IntegrationChanged,
        }
    }
}

impl From<SessionError> for CompleteError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Sealing(error) => Self::Sealing(error),
            SessionError::Store(error) => Self::Store(error),
        }
    }
}

impl From<LandingError> for CompleteError {
    fn from(error: LandingError) -> Self {
        match error {
            LandingError::ConnectionExists => Self::ConnectionExists,
            LandingError::IntegrationGone => Self::IntegrationChanged,
            LandingError::TargetGone => Self::TargetGone,
            LandingError::Sealing(error) => Self::Sealing(error),
            LandingError::Store(error) => Self::Store(error),
        }
    }
}

impl Connect<'_> {
    /// Completes an authorization: uses its state up, exchanges the code, stores the connection and the result in one
    /// transaction, tells whoever listens. The work goes on when the browser hangs up.
    pub async fn complete(&self, callback: Callback) -> Completed {
        let broker = self.broker.clone();
        let state = state_hash(&callback);
        let work = async move { broker.connect().run(callback).await };
        match self.broker.flights().spawn(work).await {
            Ok(completed) => completed,
            Err(stopped) => {
                tracing::error!(%stopped, "an authorization was interrupted");
                // Its operation ends as interrupted with the next sweep.
                let found = self.find_by_state(state).await.ok();
                Completed::without_attempt(CompleteError::Interrupted, found.map(|row| row.operation_id))
            }
        }
    }

    async fn run(&self, callback: Callback) -> Completed {
        let found = match self.find_by_state(state_hash(&callback)).await {
            Ok(found) => found,
            Err(error) => return Completed::without_attempt(error, None),
        };
        let opened = self.open_attempt(&found).await;
        let hidden = opened.hidden(&callback);
        let attempt = match self.take(found.clone(), &callback, &hidden).await {
            Ok(attempt) => attempt,
            Err(error) => {
                if matches!(error, CompleteError::UsedState)
                    && let Some(repeated) = self.repeat(&found, &callback).await
                {
                    return repeated;
                }
                let (attempt, operation) = (found.id, found.operation_id);
                tracing::warn!(%operation, %attempt, code = %error.code(), %error, "a callback belongs to no running authorization");
                return Completed::without_attempt(error, Some(operation));
            }
        };
        let operation_id = attempt.operation_id.clone();
        let mut known = Known::default();
        let mut trail = self.trail_of(&attempt);
        let listener = attempt.ws_client_id.as_deref();
        let finished = self
            .finish(&attempt, &callback, opened, &hidden, &mut known, &mut trail)
            .await;
        let outcome = match finished {
            Ok(connected) => {
                tracing::info!(
                    operation = %operation_id, attempt = %attempt.id, integration = %connected.integration_key,
                    result = connected.operation.as_str(), "connected"
                );
                let frame = ResultFrame::of(&connected);
                self.broker.results().tell(listener, Some(&attempt.id), &frame);
                Ok(connected)
            }
            Err(error) => {
                tracing::warn!(
                    operation = %operation_id, attempt = %attempt.id,
                    integration = known.integration_key.as_ref().map_or("", IntegrationKey::as_str),
                    code = %error.code(), %error, "authorization failed"
                );
                let failure = CompleteFailure {
                    said: error.said(),
                    error,
                    integration_key: known.integration_key,
                    connection_key: Some(attempt.connection_id.clone()),
                };
                self.keep_failure(&attempt, &failure, &trail).await;
                Err(failure)
            }
        };
        Completed {
            outcome,
            operation_id: Some(operation_id),
            return_url: known.return_url,
            opener_waits: known.opener_waits,
            language: known.language,
        }
    }

    async fn find_by_state(&self, hash: Option<TokenHash>) -> Result<OAuthAttemptRow, CompleteError> {
        let hash = hash.ok_or(CompleteError::MissingState)?.to_hex();
        let mut db = self.broker.store().read().await?;
        let found = oauth_attempts::find_by_state(&mut db, &hash).await?;
        found.ok_or(CompleteError::UnknownState)
    }

    /// What an attempt came to that this browser has completed before, or is completing; `None` when it was another
    /// browser, or nothing came of it.
    async fn repeat(&self, attempt: &OAuthAttemptRow, callback: &Callback) -> Option<Completed> {
        if !same_browser(attempt, callback.browser.as_ref()) {
            return None;
        }
        let wait = self.wait_for(&attempt.id);
        let frame = match self.result_of(&attempt.id).await {
            Ok(Some(frame)) => frame,
            Ok(None) => tokio::time::timeout(LONGEST_REPEAT, wait.result()).await.ok()?,
            Err(_) => return None,
        };
        let place = cell::attempt_secret(&attempt.id, &attempt.environment_id);
        let secret: AttemptSecret = self
            .broker
            .sealing()
            .open_json(&place, &attempt.secret_sealed)
            .ok()?;
        Some(Completed {
            outcome: Err(CompleteError::Repeated(Box::new(frame)).bare()),
            operation_id: Some(attempt.operation_id.clone()),
            return_url: secret.return_url,
            opener_waits: secret.opener_waits,
            language: secret.language,
        })
    }

    /// Uses the state up. Exactly one callback gets the attempt, whatever becomes of it; a callback from another browser
    /// does not use it up, or whoever has seen its address could spoil the authorization.
    async fn take(
        &self,
        attempt: OAuthAttemptRow,
        callback: &Callback,
        hidden: &Hidden,
    ) -> Result<OAuthAttemptRow, CompleteError> {
        let now = self.broker.now();
        if attempt.consumed_at.is_some() {
            return Err(CompleteError::UsedState);
        }
        let environment = self.broker.environments().find(&attempt.environment_id).await?;
        let environment = environment.ok_or(CompleteError::IntegrationChanged)?;
        let mut trail = self.trail_of(&attempt);
        let params = callback.params.iter();
        let params = params.map(|(name, value)| (name.as_str(), value.as_str()));
        let params = Redacted::callback(params, hidden);
        trail.note(
            LogLevel::Debug,
            "Callback received",
            Redacted::object([("params", params)]),
        );
        let mut tx = self.broker.store().begin().await?;
        if environment.callback_bound && !same_browser(&attempt, callback.browser.as_ref()) {
            let error = CompleteError::OtherBrowser;
            trail
                .fail(&mut tx, &OperationError::new(error.code(), &error.to_string()))
                .await?;
            tx.commit().await?;
            return Err(error);
        }
        let taken = oauth_attempts::consume(&mut tx, &attempt.state_hash, now).await?;
        if taken.is_none() && attempt.expires_at > now {
            return Err(CompleteError::UsedState);
        }
        let Some(taken) = taken else {
            // Nobody will complete it any more: whoever listens need not wait longer.
            let error = CompleteError::ExpiredState;
            let connection = Some(&attempt.connection_id);
            let frame = ResultFrame::failure(&error, None, connection);
            oauth_attempts::finish(&mut tx, &attempt.id, &frame.to_stored(), now).await?;
            trail
                .fail(&mut tx, &OperationError::new(error.code(), &error.to_string()))
                .await?;
            trail.record(&mut tx, OperationState::Failed, None, None).await?;
            tx.commit().await?;
            let listener = attempt.ws_client_id.as_deref();
            self.broker.results().tell(listener, Some(&attempt.id), &frame);
            return Err(error);
        };
        trail.begin(&mut tx).await?;
        tx.commit().await?;
        Ok(taken)
    }

    /// The trail of an attempt that was begun earlier.
    pub(super) fn trail_of(&self, attempt: &OAuthAttemptRow) -> Trail<'_> {
        let (id, environment) = (attempt.operation_id.clone(), attempt.environment_id.clone());
        Trail::new(
            self.broker,
            NewOperation::authorization(id, environment).auth_type("oauth"),
        )
        .of_attempt(
            attempt
                .connect_session_id
                .is_some()
                .then(|| attempt.id.to_string()),
        )
    }

    /// Opens what an attempt was begun with. What cannot be read fails the attempt in a moment, and says why then.
    async fn open_attempt(&self, attempt: &OAuthAttemptRow) -> Opened<'_> {
        let place = cell::attempt_secret(&attempt.id, &attempt.environment_id);
        let secret = self.broker.sealing().open_json(&place, &attempt.secret_sealed);
        let setup = match &attempt.integration_id {
            Some(integration) => Setup::by_id(self.broker, &attempt.environment_id, integration)
                .await
                .map_err(CompleteError::from),
            None => Err(CompleteError::IntegrationChanged),
        };
        Opened { secret, setup }
    }

    async fn finish(
        &self,
        attempt: &OAuthAttemptRow,
        callback: &Callback,
        opened: Opened<'_>,
        hidden: &Hidden,
        known: &mut Known,
        trail: &mut Trail<'_>,
    ) -> Result<Connected, CompleteError> {
        let environment = self.broker.environments().find(&attempt.environment_id).await?;
        environment.ok_or(CompleteError::IntegrationChanged)?;
        let secret = opened.secret?;
        known.return_url = secret.return_url.clone();
        known.opener_waits = secret.opener_waits;
        known.language = secret.language.clone();
        let setup = opened.setup?;
        known.integration_key = Some(setup.integration.unique_key.clone());
        self.check_redirect(attempt, callback, &setup)?;
        let exchanged = self
            .exchange(attempt, callback, &setup, &secret, hidden, trail)
            .await?;
        let session = match &attempt.connect_session_id {
            Some(id) => self.session_by_id(id).await?,
            None => None,
        };
        let landing = Landing {
            setup: &setup,
            connection_key: &attempt.connection_id,
            credentials: &exchanged.credentials,
            lifetime_ms: exchanged.lifetime_ms,
            granted_scopes: exchanged.granted_scopes,
            requested_scopes: secret.scopes.clone(),
            config: &secret.config,
            carried: &secret.carried,
            answered: exchanged.answered,
            session: session.as_ref(),
            may_overwrite: secret.may_overwrite,
            began: secret.began.unwrap_or(attempt.created_at),
            attempt: Some(&attempt.id),
            trail,
        };
        let (_, connected) = self.land(&landing).await?;
        Ok(connected)
    }

    /// Checks what the provider sent back and exchanges the code. No transaction is open.
    async fn exchange(
        &self,
        attempt: &OAuthAttemptRow,
        callback: &Callback,
        setup: &Setup<'_>,
        secret: &AttemptSecret,
        hidden: &Hidden,
        trail: &mut Trail<'_>,
    ) -> Result<Exchanged, CompleteError> {
        let AuthSpec::OAuth2(spec) = &setup.provider.auth else {
            return Err(CompleteError::IntegrationChanged);
        };
        let params = &callback.params;
        let own = secret.own_app();
        let app = setup
            .app(&secret.config, own.as_ref())
            .ok_or(CompleteError::IntegrationChanged)?;
        let issuer = oauth2::issuer(spec, app).map_err(|error| CompleteError::Token(error.into()))?;
        if issuer.is_some_and(|issuer| params.get("iss") != Some(&issuer)) {
            return Err(CompleteError::WrongIssuer);
        }
        let said = ProviderSaid::in_callback(params, hidden);
        let code = params.get(&spec.code_param).filter(|code| !code.is_empty());
        let code = match code {
            Some(code) if said.error.is_none() => SecretString::from(code.as_str()),
            None if said.is_empty() => return Err(CompleteError::MissingCode),
            _ => return Err(CompleteError::Provider(Box::new(said))),
        };
        let now = || self.broker.now();
        let about = Redacted::object([
            ("grant_type", Redacted::name("authorization_code")),
            ("client_id", Redacted::name(app.client_id)),
            ("redirect_uri", Redacted::name(&attempt.redirect_uri)),
            ("scopes", Redacted::scopes(&secret.scopes)),
            ("code", Redacted::hidden()),
        ]);
        let asked = oauth2::exchange_code(
            Asking {
                egress: self.broker.egress(),
                provider: setup.provider,
                hidden,
                trail: &mut *trail,
                about,
            },
            spec,
            app,
            &code,
            &attempt.redirect_uri,
            secret.verifier.as_ref(),
            now,
        )
        .await;
        let mut answer: TokenAnswer = asked.map_err(CompleteError::Token)?;
        trail.note(LogLevel::Info, "Tokens received", Redacted::token_answer(&answer));
        let keep = &setup.provider.keep;
        let mut answered = keep.pick_from_token(&answer.members);
        answered.extend(
            keep.pick_from_callback(params.iter().map(|(name, value)| (name.as_str(), value.as_str()))),
        );
        if secret.scopes_overridden {
            answered.insert(
                "oauth_scopes_override".to_owned(),
                Value::from(secret.scopes.clone()),
            );
        }
        if let Some(user_scope) = &secret.user_scope {
            answered.insert(USER_SCOPE.to_owned(), Value::from(user_scope.as_str()));
        }
        if let Some(token) = &secret.refresh_token {
            answered.insert(OVERRIDE_REFRESH.to_owned(), Value::Bool(true));
            answer.replace_refresh_token(token, &spec.token_response);
        }
        Ok(Exchanged {
            lifetime_ms: answer.lifetime_ms,
            granted_scopes: answer.granted_scopes,
            answered,
            credentials: Credentials::OAuth2(OAuth2Credentials {
                access_token: answer.access_token,
                refresh_token: answer.refresh_token,
                expires_at: answer.expires_at,
                client: own,
                raw: answer.raw,
            }),
        })
    }

    /// An answer must come to the redirect URI that was sent.
    fn check_redirect(
        &self,
        attempt: &OAuthAttemptRow,
        callback: &Callback,
        setup: &Setup<'_>,
    ) -> Result<(), CompleteError> {
        let own = self.broker.settings().own_callback_url(&setup.integration.uuid);
        let sent_own = attempt.redirect_uri == own;
        let matches = match &callback.own_redirect {
            Some(uuid) => sent_own && uuid.eq_ignore_ascii_case(&setup.integration.uuid),
            None => !sent_own,
        };
        if matches {
            Ok(())
        } else {
            Err(CompleteError::WrongRedirect)
        }
    }

    /// Stores a failure as the attempt's result. A failure that cannot be stored is only logged: there is nothing to
    /// lose.
    async fn keep_failure(&self, attempt: &OAuthAttemptRow, failure: &CompleteFailure, trail: &Trail<'_>) {
        let error = &failure.error;
        let (integration, connection) = (failure.integration_key.as_ref(), failure.connection_key.as_ref());
        let frame = ResultFrame::failure(error, integration, connection);
        let kept = async {
            let mut tx = self.broker.store().begin().await?;
            let now = self.broker.now();
            let is_first = oauth_attempts::finish(&mut tx, &attempt.id, &frame.to_stored(), now).await?;
            let logged = OperationError::new(error.code(), &error.to_string())
                .said(Redacted::said(&failure.said))
                .of_cause(error.cause().map(Cause::as_str));
            trail.fail(&mut tx, &logged).await?;
            trail.record(&mut tx, OperationState::Failed, None, None).await?;
            if is_first {
                self.announce_failure(&mut tx, attempt, error).await?;
            }
            tx.commit().await
        };
        if let Err(error) = kept.await {
            tracing::warn!(attempt = %attempt.id, %error, "a failure could not be stored for its listener");
        }
        self.broker.webhooks().wake();
        let listener = attempt.ws_client_id.as_deref();
        self.broker.results().tell(listener, Some(&attempt.id), &frame);
    }
}

/// What an attempt was begun with, as far as it can be read.
struct Opened<'b> {
    secret: Result<AttemptSecret, SealingError>,
    setup: Result<Setup<'b>, CompleteError>,
}

impl Opened<'_> {
    /// What must not be repeated of what a provider says to the attempt: every secret that it was sent, or may know.
    fn hidden(&self, callback: &Callback) -> Hidden {
        let (Ok(secret), Ok(setup)) = (&self.secret, &self.setup) else {
            return Hidden::everything();
        };
        let mut hidden = setup.hidden(&secret.config, secret.own_app().as_ref());
        let code_param = setup.provider.auth.oauth2().map(|spec| spec.code_param.as_str());
        let sent = STATE_NAMES.into_iter().chain(["code"]).chain(code_param);
        let sent = sent.filter_map(|name| callback.params.get(name));
        let kept = secret.verifier.as_ref().map(|verifier| verifier.secret());
        for text in sent.chain(kept).chain(&secret.refresh_token) {
            hidden.add(text);
        }
        hidden
    }
}

impl Completed {
    /// What listeners are told of it.
    pub fn frame(&self) -> ResultFrame {
        match &self.outcome {
            Ok(connected) => ResultFrame::of(connected),
            Err(CompleteFailure {
                error: CompleteError::Repeated(frame),
                ..
            }) => frame.as_ref().clone(),
            Err(failure) => ResultFrame::failure(
                &failure.error,
                failure.integration_key.as_ref(),
                failure.connection_key.as_ref(),
            ),
        }
    }

    /// Of a callback that got no attempt.
    fn without_attempt(error: CompleteError, operation_id: Option<OperationId>) -> Self {
        Self {
            outcome: Err(error.bare()),
            operation_id,
            return_url: None,
            opener_waits: false,
            language: None,
        }
    }
}

impl CompleteError {
    fn bare(self) -> CompleteFailure {
        CompleteFailure {
            error: self,
            said: ProviderSaid::default(),
            integration_key: None,
            connection_key: None,
        }
    }
}

/// What was found out before something failed.
#[derive(Default)]
struct Known {
    integration_key: Option<IntegrationKey>,
    return_url: Option<Url>,
    opener_waits: bool,
    language: Option<String>,
}

/// Tokens, and what is kept of the answers.
struct Exchanged {
    credentials: Credentials,
    lifetime_ms: Option<i64>,
    granted_scopes: Option<Vec<String>>,
    answered: Map<String, Value>,
}

/// What the attempt is known by.
fn state_hash(callback: &Callback) -> Option<TokenHash> {
    let state = STATE_NAMES.iter().find_map(|name| callback.params.get(*name));
    state
        .filter(|state| !state.is_empty())
        .map(|state| token_hash(state))
}

fn same_browser(attempt: &OAuthAttemptRow, browser: Option<&BrowserId>) -> bool {
    let started = TokenHash::from_hex(&attempt.browser_hash);
    started.is_some() && started.as_ref() == browser.map(|browser| &browser.0)
}
