//! Credentials that are typed: checked, tried at the provider, stored. No browser leaves.

use serde_json::{Map, Value};
use terapi_catalog::{AuthSpec, Provider};
use terapi_model::{AuthMode, ErrorCode, IntegrationKey, Issue, LogLevel, OperationState, Timestamp};
use terapi_store::StoreError;
use terapi_vault::SecretString;

use super::admission::{Refusal, describe};
use super::journal::{Logged, Refused};
use super::landing::{Landing, LandingError};
use super::{BrowserAuth, BrowserInput, Connect, Connected};
use crate::auth::{Holder, api_key, basic};
use crate::credentials::Credentials;
use crate::operations::{Redacted, Trail};
use crate::verification::{VerificationError, verify};

/// Why credentials were not stored.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// Refused before the mode mattered.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The integration's provider has another mode.
    #[error("this integration's provider uses {0}")]
    OtherMode(AuthMode),
    /// What was typed is not what the provider asks for.
    #[error("some of the credentials are missing or wrong: {}", describe(.0))]
    Invalid(Vec<Issue>),
    /// The provider did not accept them when they were tried.
    #[error("{0}")]
    TestFailed(String),
    /// The provider could not be asked, or could not say.
    #[error("{0}")]
    Unreachable(String),
    /// The provider did not answer in time.
    #[error("{0}")]
    Timeout(String),
    /// The integration was deleted meanwhile.
    #[error("the integration was deleted meanwhile")]
    IntegrationGone,
}

impl SubmitError {
    /// The stable code (rest.md 9.2).
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Refused(refusal) => refusal.json_code(),
            Self::OtherMode(_) => ErrorCode::InvalidAuthMode,
            Self::Invalid(_) => ErrorCode::InvalidBody,
            Self::TestFailed(_) => ErrorCode::ConnectionTestFailed,
            Self::Unreachable(_) => ErrorCode::ProviderUnreachable,
            Self::Timeout(_) => ErrorCode::ProviderTimeout,
            Self::IntegrationGone => ErrorCode::UnknownProviderConfig,
        }
    }

    /// The fields that are wrong, where it is about fields.
    pub fn issues(&self) -> Vec<Issue> {
        match self {
            Self::Invalid(issues) => issues.clone(),
            Self::Refused(refusal) => refusal.issues(),
            _ => Vec::new(),
        }
    }
}

impl From<VerificationError> for SubmitError {
    fn from(error: VerificationError) -> Self {
        match error.code() {
            ErrorCode::ProviderTimeout => Self::Timeout(error.to_string()),
            ErrorCode::ProviderUnreachable => Self::Unreachable(error.to_string()),
            _ => Self::TestFailed(error.to_string()),
        }
    }
}

impl From<LandingError> for SubmitError {
    fn from(error: LandingError) -> Self {
        match error {
            LandingError::ConnectionExists => Self::Refused(Refusal::ConnectionExists),
            LandingError::IntegrationGone => Self::IntegrationGone,
            LandingError::TargetGone => Self::Refused(Refusal::ReconnectTargetGone),
            LandingError::Sealing(error) => Self::Refused(Refusal::Sealing(error)),
            LandingError::Store(error) => Self::Refused(Refusal::Store(error)),
        }
    }
}

impl From<StoreError> for SubmitError {
    fn from(error: StoreError) -> Self {
        Self::Refused(Refusal::Store(error))
    }
}

/// What was typed.
enum Typed<'a> {
    ApiKey(&'a SecretString),
    Basic(&'a SecretString, &'a SecretString),
    Nothing,
}

impl Typed<'_> {
    /// `meta.authType` of the log.
    const fn auth_type(&self) -> &'static str {
        match self {
            Self::ApiKey(_) => "apikey",
            Self::Basic(..) => "basic",
            Self::Nothing => "unauth",
        }
    }

    fn check(&self, provider: &Provider) -> Result<Credentials, SubmitError> {
        let checked = match (&provider.auth, self) {
            (AuthSpec::ApiKey, Self::ApiKey(key)) => api_key::credentials(provider, key),
            (AuthSpec::Basic, Self::Basic(username, password)) => {
                basic::credentials(provider, username, password)
            }
            (AuthSpec::None, Self::Nothing) => Ok(Credentials::None),
            (other, _) => return Err(SubmitError::OtherMode(other.mode())),
        };
        checked.map_err(SubmitError::Invalid)
    }
}

impl Connect<'_> {
    /// Connects with an API key.
    ///
    /// # Errors
    /// [`SubmitError`].
    pub async fn submit_api_key(
        &self,
        auth: &BrowserAuth,
        key: &IntegrationKey,
        input: BrowserInput,
        api_key: SecretString,
    ) -> Result<Connected, Logged<SubmitError>> {
        self.submit(auth, key, input, Typed::ApiKey(&api_key)).await
    }

    /// Connects with a user name and a password.
    ///
    /// # Errors
    /// [`SubmitError`].
    pub async fn submit_basic(
        &self,
        auth: &BrowserAuth,
        key: &IntegrationKey,
        input: BrowserInput,
        username: SecretString,
        password: SecretString,
    ) -> Result<Connected, Logged<SubmitError>> {
        self.submit(auth, key, input, Typed::Basic(&username, &password))
            .await
    }

    /// Connects with nothing: the provider's API lets everybody in.
    ///
    /// # Errors
    /// [`SubmitError`].
    pub async fn submit_nothing(
        &self,
        auth: &BrowserAuth,
        key: &IntegrationKey,
        input: BrowserInput,
    ) -> Result<Connected, Logged<SubmitError>> {
        self.submit(auth, key, input, Typed::Nothing).await
    }

    async fn submit(
        &self,
        auth: &BrowserAuth,
        key: &IntegrationKey,
        input: BrowserInput,
        typed: Typed<'_>,
    ) -> Result<Connected, Logged<SubmitError>> {
        let began = input.typed_since(self.broker.now());
        let mut trail = self.trail_by(auth, typed.auth_type());
        let id = trail.id().clone();
        let named = input.connection_key.clone();
        let error = match self
            .try_submit(auth, key, (input, began), typed, &mut trail)
            .await
        {
            Ok(connected) => {
                tracing::info!(operation = %id, integration = %key, result = connected.operation.as_str(), "connected");
                return Ok(connected);
            }
            Err(error) => error,
        };
        tracing::warn!(operation = %id, integration = %key, code = %error.code(), %error, "authorization failed");
        let refused = Refused {
            integration: Some(key),
            connection: named,
            code: error.code(),
            message: error.to_string(),
            trail: &trail,
        };
        let operation_id = self.write_refusal(&refused).await;
        Err(Logged { error, operation_id })
    }

    async fn try_submit(
        &self,
        auth: &BrowserAuth,
        key: &IntegrationKey,
        (mut input, began): (BrowserInput, Timestamp),
        typed: Typed<'_>,
        trail: &mut Trail<'_>,
    ) -> Result<Connected, SubmitError> {
        let admitted = self.admit(auth, key, &mut input).await?;
        let setup = &admitted.setup;
        let credentials = typed.check(setup.provider)?;
        let config: &Map<String, Value> = &admitted.gathered.config;
        let holder = Holder {
            credentials: &credentials,
            connection_config: config,
            integration_config: &setup.integration_config,
        };
        let about = Redacted::object([
            ("integration", Redacted::name(key.as_str())),
            ("connection_config", Redacted::config(config, setup.provider)),
        ]);
        trail.note(LogLevel::Info, "Credentials received", about);
        if setup.provider.verification.is_some() {
            // What the provider is asked is known even if this process does not live to see the answer.
            let mut tx = self.broker.store().begin().await?;
            trail.note(LogLevel::Info, "Verification started", Redacted::object([]));
            trail.begin(&mut tx).await?;
            let integration = &setup.integration;
            let of = (&integration.id, &integration.unique_key, &integration.provider);
            let connection = (None, &admitted.connection_key);
            trail
                .record(&mut tx, OperationState::Running, Some(of), Some(connection))
                .await?;
            tx.commit().await?;
        }
        verify(self.broker.egress(), setup.provider, holder, trail).await?;
        let landing = Landing {
            setup,
            connection_key: &admitted.connection_key,
            credentials: &credentials,
            lifetime_ms: None,
            granted_scopes: None,
            requested_scopes: Vec::new(),
            config,
            carried: &admitted.gathered.carried,
            answered: Map::new(),
            session: auth.session(),
            may_overwrite: admitted.may_overwrite,
            began,
            attempt: None,
            trail,
        };
        let (_, connected) = self.land(&landing).await?;
        Ok(connected)
    }
}
