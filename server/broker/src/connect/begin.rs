//! Sending a browser to a provider's consent page.

use std::collections::BTreeMap;

use ::oauth2::PkceCodeVerifier;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use terapi_catalog::{AuthSpec, OAuth2Spec, RenderError};
use terapi_model::{
    AuthMode, ConnectSessionId, ConnectionKey, EnvironmentId, ErrorCode, IntegrationId, IntegrationKey,
    LogLevel, OAuthAttemptId, OperationId, Timestamp,
};
use terapi_store::StoreError;
use terapi_store::oauth_attempts::{self, OAuthAttemptRow};
use terapi_vault::hash::token_hash;
use terapi_vault::{SecretString, token};
use url::Url;

use super::admission::{Admitted, Refusal};
use super::journal::{self, Logged, Refused};
use super::{BrowserAuth, BrowserId, BrowserInput, Connect, ResultFrame, SessionDefaults};
use crate::auth::oauth2::{self, Authorization};
use crate::credentials::ClientOverride;
use crate::environments::Environment;
use crate::operations::{Redacted, Trail};
use crate::sealing::{SealingError, cell};

/// How long a state works (decision D9).
const STATE_LIFE_S: i64 = 10 * 60;

/// Longest name of a listener that is looked at.
const LONGEST_LISTENER: usize = 64;

/// The browser may go.
#[derive(Debug)]
pub struct Begun {
    /// The consent page.
    pub authorize_url: Url,
    /// The attempt, to ask for its result.
    pub attempt_id: OAuthAttemptId,
    /// Its operation.
    pub operation_id: OperationId,
}

/// Why the browser was not sent away. Whoever listens has been told.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// Refused before the mode mattered.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The mode needs no browser.
    #[error("`{0}` integrations are not connected in a popup")]
    NoBrowserFlow(AuthMode),
    /// The integration lacks its client id or secret.
    #[error("the integration lacks its client id or client secret; its operator has to set them")]
    Incomplete,
    /// A value that an address needs is missing or refused.
    #[error("the provider's address cannot be built: {0}")]
    UrlParam(#[from] RenderError),
    /// More text than a connection config has.
    #[error("the parameters of this authorization are longer than 8 kB together")]
    TooLong,
    /// `token_params` ask for another grant.
    #[error("the provider's token parameters ask for another grant than authorization_code")]
    GrantType,
    /// The browser may not be sent there in the end.
    #[error("`return_url` must be an http or https address whose origin the environment allows")]
    ReturnUrl,
    /// Too many authorizations are under way, of the session or with the environment's public key.
    #[error("too many authorizations are under way; try again in some minutes")]
    TooMany,
}

impl BeginError {
    /// The stable code (rest.md 9.4).
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Refused(refusal) => refusal.popup_code(),
            Self::NoBrowserFlow(_) => ErrorCode::AuthModeErr,
            Self::Incomplete => ErrorCode::ProviderConfigErr,
            Self::UrlParam(_) | Self::TooLong => ErrorCode::UrlParamErr,
            Self::GrantType => ErrorCode::GrantTypeErr,
            Self::ReturnUrl => ErrorCode::InvalidQueryParams,
            Self::TooMany => ErrorCode::TooManyRequest,
        }
    }
}

impl From<StoreError> for BeginError {
    fn from(error: StoreError) -> Self {
        Self::Refused(Refusal::Store(error))
    }
}

impl From<SealingError> for BeginError {
    fn from(error: SealingError) -> Self {
        Self::Refused(Refusal::Sealing(error))
    }
}

/// What an attempt keeps to itself between start and callback. Stored sealed.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct AttemptSecret {
    pub(super) verifier: Option<PkceCodeVerifier>,
    pub(super) config: Map<String, Value>,
    pub(super) carried: Vec<String>,
    pub(super) scopes: Vec<String>,
    pub(super) scopes_overridden: bool,
    #[serde(default)]
    pub(super) user_scope: Option<String>,
    pub(super) own_client_id: Option<String>,
    pub(super) own_client_secret: Option<String>,
    pub(super) refresh_token: Option<String>,
    pub(super) may_overwrite: bool,
    /// When it began ([`BrowserInput::shown_at`]).
    #[serde(default)]
    pub(super) began: Option<Timestamp>,
    /// The consent page, as long as no browser was sent there.
    #[serde(default)]
    pub(super) authorize_url: Option<Url>,
    /// Where the browser goes in the end.
    #[serde(default)]
    pub(super) return_url: Option<Url>,
    /// Whether the opener hears of the result by a message.
    #[serde(default)]
    pub(super) opener_waits: bool,
    /// What the pages of the popup are written in.
    #[serde(default)]
    pub(super) language: Option<String>,
}

impl AttemptSecret {
    /// The end user's own OAuth app.
    pub(super) fn own_app(&self) -> Option<ClientOverride> {
        let (client_id, client_secret) = (self.own_client_id.clone(), self.own_client_secret.clone());
        let given = client_id.is_some() || client_secret.is_some();
        given.then(|| ClientOverride {
            client_id,
            client_secret: client_secret.map(SecretString::new),
        })
    }
}

/// Most bytes that a browser may send along: they are kept, sealed, with the attempt.
const LONGEST_INPUT: usize = 8 * 1024;

/// Most authorizations of one environment that may be under way without a session. Whoever has a public key can begin
/// them, and must not keep those out who come with a session.
const MOST_PENDING: i64 = 10_000;

/// Most authorizations of one session that may be under way.
const MOST_PENDING_OF_SESSION: i64 = 200;

/// When the browser is sent to the consent page.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Departure {
    /// With the answer to this request.
    Now,
    /// When it comes for it with a link.
    Later,
}

/// Where the browser goes in the end, if it may: otherwise a link of ours would lead anywhere.
fn return_url(environment: &Environment, input: &BrowserInput) -> Result<Option<Url>, BeginError> {
    let Some(text) = input.return_url.as_deref().filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let url = Url::parse(text).map_err(|_| BeginError::ReturnUrl)?;
    let origin = url.origin().ascii_serialization();
    let allowed = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none()
        && environment.allowed_origins.contains(&origin);
    if allowed {
        Ok(Some(url))
    } else {
        Err(BeginError::ReturnUrl)
    }
}

/// The caller's parameters of the consent page: the session's, else the browser's. Where the session says which
/// scopes to ask for, the browser cannot ask for others (decision D24).
fn consent_params(preset: Option<&SessionDefaults>, input: &BrowserInput) -> BTreeMap<String, String> {
    if let Some(params) = preset.and_then(|preset| preset.authorization_params.as_ref()) {
        return params.clone();
    }
    let mut params = input.authorization_params.clone();
    let config = preset.and_then(|preset| preset.connection_config.as_ref());
    if config.is_some_and(|config| config.contains_key("oauth_scopes_override")) {
        params.remove("scope");
    }
    params
}

impl Connect<'_> {
    /// Begins an authorization: writes the attempt and says where the browser goes. A refusal is stored for whoever
    /// listens.
    ///
    /// # Errors
    /// [`BeginError`], with the operation that has it.
    pub async fn begin(
        &self,
        auth: &BrowserAuth,
        key: &IntegrationKey,
        input: BrowserInput,
        browser: &BrowserId,
    ) -> Result<Begun, Logged<BeginError>> {
        self.start(auth, key, input, browser, Departure::Now).await
    }

    /// Writes an attempt for `browser`, or for whoever will come with its link.
    pub(super) async fn start(
        &self,
        auth: &BrowserAuth,
        key: &IntegrationKey,
        mut input: BrowserInput,
        browser: &BrowserId,
        departure: Departure,
    ) -> Result<Begun, Logged<BeginError>> {
        let mut trail = self.trail_by(auth, "oauth");
        let operation_id = trail.id().clone();
        input.ws_client_id = input
            .ws_client_id
            .filter(|id| (1..=LONGEST_LISTENER).contains(&id.len()));
        let error = match self
            .try_begin(auth, key, &mut input, browser, departure, &mut trail)
            .await
        {
            Ok(begun) => {
                tracing::info!(operation = %operation_id, attempt = %begun.attempt_id, integration = %key, "authorization begun");
                return Ok(begun);
            }
            Err(error) => error,
        };
        tracing::warn!(operation = %operation_id, integration = %key, code = %error.code(), %error, "authorization refused");
        let refused = Refused {
            integration: Some(key),
            connection: input.connection_key.clone(),
            code: error.code(),
            message: error.to_string(),
            trail: &trail,
        };
        let kept = self
            .keep_refusal(&refused, input.ws_client_id.as_deref(), browser)
            .await;
        let operation_id = match kept {
            Ok(operation) => Some(operation),
            Err(error) => {
                tracing::warn!(%error, "a refusal could not be stored");
                None
            }
        };
        Err(Logged { error, operation_id })
    }

    async fn try_begin(
        &self,
        auth: &BrowserAuth,
        key: &IntegrationKey,
        input: &mut BrowserInput,
        browser: &BrowserId,
        departure: Departure,
        trail: &mut Trail<'_>,
    ) -> Result<Begun, BeginError> {
        let began = input.began(self.broker.now());
        if input.len() > LONGEST_INPUT {
            return Err(BeginError::TooLong);
        }
        let about = Redacted::object([("integration", Redacted::name(key.as_str()))]);
        trail.note(LogLevel::Info, "Authorization requested", about);
        let return_url = return_url(auth.environment(), input)?;
        let admitted = self.admit(auth, key, input).await?;
        let spec = match &admitted.setup.provider.auth {
            AuthSpec::OAuth2(spec) => spec,
            other => return Err(BeginError::NoBrowserFlow(other.mode())),
        };
        let broker = self.broker;
        let Admitted {
            setup,
            connection_key,
            gathered,
            may_overwrite,
        } = &admitted;
        let app = setup
            .app(&gathered.config, gathered.own.as_ref())
            .ok_or(BeginError::Incomplete)?;
        if oauth2::has_foreign_grant(spec, app)? {
            return Err(BeginError::GrantType);
        }
        let mut scopes = gathered
            .scopes
            .clone()
            .unwrap_or_else(|| setup.integration.scopes.clone());
        let state = token::base64url(broker.entropy(), 32);
        let verifier = oauth2::new_verifier(spec, broker.entropy());
        let preset = auth.session().and_then(|session| session.defaults.get(key));
        let params = consent_params(preset, input);
        if let Some(asked) = params.get("scope").filter(|asked| *asked != oauth2::REMOVE) {
            // What is recorded as asked for is what the consent page is asked.
            scopes = asked
                .split(spec.scope_separator.as_str())
                .filter(|scope| !scope.is_empty())
                .map(str::to_owned)
                .collect();
        }
        let user_scope = user_scope(
            spec,
            preset.and_then(|preset| preset.user_scopes.as_deref()),
            input,
        );
        let user_scope = user_scope.map(str::to_owned);
        let redirect_uri = self.redirect_uri(auth.environment(), &admitted);
        let with = Authorization {
            redirect_uri: &redirect_uri,
            state: &state,
            verifier: verifier.as_ref(),
            scopes: &scopes,
            user_scope: user_scope.as_deref(),
            params: &params,
        };
        let authorize_url = oauth2::authorize_url(spec, app, &with)?;
        if let Some(own) = &gathered.own {
            let own = journal::own_app(own.client_id.as_deref(), own.client_secret.is_some());
            trail.note(LogLevel::Info, "The end user's own OAuth app is used", own);
        }
        let mut hidden = setup.hidden(&gathered.config, gathered.own.as_ref());
        hidden.add(state.expose());
        let about = journal::departure(&authorize_url, setup.provider, &scopes, &gathered.config, &hidden);
        trail.note(LogLevel::Info, "Redirecting to the provider", about);
        let secret = AttemptSecret {
            verifier,
            config: gathered.config.clone(),
            carried: gathered.carried.clone(),
            scopes,
            scopes_overridden: gathered.scopes.is_some(),
            user_scope,
            own_client_id: gathered.own.as_ref().and_then(|own| own.client_id.clone()),
            own_client_secret: gathered
                .own
                .as_ref()
                .and_then(|own| Some(own.client_secret.as_ref()?.expose().clone())),
            refresh_token: gathered
                .refresh_token
                .as_ref()
                .map(|token| token.expose().clone()),
            may_overwrite: *may_overwrite,
            began: Some(began),
            authorize_url: (departure == Departure::Later).then(|| authorize_url.clone()),
            return_url,
            opener_waits: input.opener_waits && input.ws_client_id.is_none(),
            language: input.language.take(),
        };
        let row = self.attempt_row(Start {
            environment: &auth.environment().id,
            integration: Some(setup.integration.id.clone()),
            session: auth.session().map(|session| session.id.clone()),
            state: &state,
            browser,
            ws_client_id: input.ws_client_id.clone(),
            connection_key: connection_key.clone(),
            redirect_uri: redirect_uri.clone(),
            secret: &secret,
            operation_id: trail.id().clone(),
        })?;
        let attempt_id = row.id.clone();
        trail.extend(row.expires_at);
        trail.name_attempt(&attempt_id);
        let mut tx = broker.store().begin().await?;
        let session = row.connect_session_id.as_ref();
        let most = session.map_or(MOST_PENDING, |_| MOST_PENDING_OF_SESSION);
        let pending =
            oauth_attempts::count_pending(&mut tx, &row.environment_id, session, most, row.created_at)
                .await?;
        if pending >= most {
            return Err(BeginError::TooMany);
        }
        oauth_attempts::insert(&mut tx, &row).await?;
        let is_named = auth.session().is_none();
        self.log_departure(&mut tx, trail, setup, connection_key, is_named)
            .await?;
        tx.commit().await?;
        Ok(Begun {
            authorize_url,
            attempt_id,
            operation_id: row.operation_id,
        })
    }

    /// Where the provider sends the browser back to.
    fn redirect_uri(&self, environment: &Environment, admitted: &Admitted<'_>) -> String {
        let integration = &admitted.setup.integration;
        if integration.own_redirect {
            return self.broker.settings().own_callback_url(&integration.uuid);
        }
        environment
            .callback_url
            .clone()
            .unwrap_or_else(|| self.broker.settings().callback_url())
    }

    fn attempt_row(&self, start: Start<'_>) -> Result<OAuthAttemptRow, SealingError> {
        let broker = self.broker;
        let now = broker.now();
        let id = broker.mint(OAuthAttemptId::mint);
        Ok(OAuthAttemptRow {
            environment_id: start.environment.clone(),
            integration_id: start.integration,
            connect_session_id: start.session,
            state_hash: token_hash(start.state.expose()).to_hex(),
            browser_hash: start.browser.0.to_hex(),
            ws_client_id: start.ws_client_id,
            connection_id: start.connection_key,
            redirect_uri: start.redirect_uri,
            secret_sealed: broker
                .sealing()
                .seal_json(&cell::attempt_secret(&id, start.environment), start.secret)?,
            operation_id: start.operation_id,
            result: None,
            created_at: now,
            expires_at: now.plus_seconds(STATE_LIFE_S),
            consumed_at: None,
            finished_at: None,
            id,
        })
    }

    /// Writes a refusal down and tells whoever listens for it. A listener of another process is told by the result of
    /// an attempt that never left, unless there are too many. Answers the operation that finds it in the log.
    async fn keep_refusal(
        &self,
        refused: &Refused<'_>,
        listener: Option<&str>,
        browser: &BrowserId,
    ) -> Result<OperationId, BeginError> {
        let broker = self.broker;
        let named = refused.named();
        let (code, key) = (refused.code, refused.integration);
        let frame = ResultFrame::refusal(code, refused.message.clone(), key, named.as_ref());
        let elsewhere = listener
            .filter(|listener| !broker.results().tell(Some(listener), None, &frame))
            .filter(|_| code != ErrorCode::TooManyRequest);
        let row = match elsewhere {
            None => None,
            Some(listener) => {
                // A state that was never sent anywhere: nobody can use it.
                let state = token::base64url(broker.entropy(), 32);
                let row = self.attempt_row(Start {
                    environment: refused.trail.environment(),
                    integration: None,
                    session: None,
                    state: &state,
                    browser,
                    ws_client_id: Some(listener.to_owned()),
                    connection_key: named
                        .unwrap_or_else(|| ConnectionKey::from_stored(token::uuid_v4(broker.entropy()))),
                    redirect_uri: String::new(),
                    secret: &AttemptSecret::default(),
                    operation_id: refused.trail.id().clone(),
                })?;
                let now = broker.now();
                Some(OAuthAttemptRow {
                    result: Some(frame.to_stored()),
                    consumed_at: Some(now),
                    finished_at: Some(now),
                    ..row
                })
            }
        };
        let mut tx = broker.store().begin().await?;
        let kept = self.log_refusal(&mut tx, refused).await?;
        // Whoever has only a public key can be refused as often as they like: what the log is spared, is spared here.
        if let Some(row) = row.as_ref().filter(|_| kept.on_its_own) {
            oauth_attempts::insert(&mut tx, row).await?;
        }
        tx.commit().await?;
        Ok(kept.operation)
    }
}

/// What an attempt is made of.
struct Start<'a> {
    environment: &'a EnvironmentId,
    integration: Option<IntegrationId>,
    session: Option<ConnectSessionId>,
    state: &'a SecretString,
    browser: &'a BrowserId,
    ws_client_id: Option<String>,
    connection_key: ConnectionKey,
    redirect_uri: String,
    secret: &'a AttemptSecret,
    operation_id: OperationId,
}

/// Scopes on behalf of the user, where the provider knows them; the session's win.
fn user_scope<'a>(spec: &OAuth2Spec, preset: Option<&'a str>, input: &'a BrowserInput) -> Option<&'a str> {
    let scope = preset
        .or(input.user_scope.as_deref())
        .filter(|scope| !scope.is_empty());
    scope.filter(|_| spec.user_scope)
}
