use terapi_model::OperationId;
use terapi_store::StoreError;

use super::session::TOKEN_PREFIX;
use super::{Connect, Session, SessionAuthError};
use crate::environments::Environment;
use crate::sealing::SealingError;

/// How an end user's browser is let in.
#[derive(Debug, Clone)]
pub enum BrowserAuth {
    /// With a connect session token.
    Session(Box<Session>),
    /// With the environment's public key.
    PublicKey(Box<Environment>),
}

impl BrowserAuth {
    /// The environment it acts on.
    pub fn environment(&self) -> &Environment {
        match self {
            Self::Session(session) => &session.environment,
            Self::PublicKey(environment) => environment,
        }
    }

    /// The session, when that is the way.
    pub fn session(&self) -> Option<&Session> {
        match self {
            Self::Session(session) => Some(session),
            Self::PublicKey(_) => None,
        }
    }
}

/// Why a browser was not let in.
#[derive(Debug, thiserror::Error)]
pub enum BrowserAuthError {
    /// Neither session token nor public key.
    #[error("send a connect session token or the environment's public key")]
    Missing,
    /// Not the shape of a public key.
    #[error("the public key is not a UUID")]
    InvalidPublicKey,
    /// No environment has it.
    #[error("no environment has this public key")]
    UnknownAccount,
    /// Switched off (decision D5).
    #[error(
        "authenticating with the public key is switched off in this environment; use a connect session token, or \
         switch it on in Environment Settings"
    )]
    PublicKeyDisabled,
    /// Not the shape of a session token.
    #[error("this is not a connect session token")]
    InvalidSessionToken,
    /// Not known, or no more.
    #[error("this connect session is unknown or has expired; open a new one")]
    UnknownSession,
    /// It has expired or was deleted. Its operation says so.
    #[error("this connect session is unknown or has expired; open a new one")]
    EndedSession(OperationId),
    /// A secret of the session does not open.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<SessionAuthError> for BrowserAuthError {
    fn from(error: SessionAuthError) -> Self {
        match error {
            SessionAuthError::InvalidFormat => Self::InvalidSessionToken,
            SessionAuthError::Unknown => Self::UnknownSession,
            SessionAuthError::Ended(operation) => Self::EndedSession(operation),
            SessionAuthError::Sealing(error) => Self::Sealing(error),
            SessionAuthError::Store(error) => Self::Store(error),
        }
    }
}

impl Connect<'_> {
    /// Lets a browser in: by session token, else by public key. A public key that begins like a session token is one
    /// (decision D7).
    ///
    /// # Errors
    /// [`BrowserAuthError`].
    pub async fn authenticate_browser(
        &self,
        session_token: Option<&str>,
        public_key: Option<&str>,
    ) -> Result<BrowserAuth, BrowserAuthError> {
        let token = session_token.or_else(|| public_key.filter(|key| key.starts_with(TOKEN_PREFIX)));
        if let Some(token) = token {
            return Ok(BrowserAuth::Session(Box::new(
                self.authenticate_session(token).await?,
            )));
        }
        let public_key = public_key
            .filter(|key| !key.is_empty())
            .ok_or(BrowserAuthError::Missing)?;
        if !is_uuid_v4(public_key) {
            return Err(BrowserAuthError::InvalidPublicKey);
        }
        let environment = self.broker.environments().by_public_key(public_key).await?;
        let environment = environment.ok_or(BrowserAuthError::UnknownAccount)?;
        if !environment.public_key_enabled {
            return Err(BrowserAuthError::PublicKeyDisabled);
        }
        Ok(BrowserAuth::PublicKey(Box::new(environment)))
    }
}

fn is_uuid_v4(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok_and(|uuid| uuid.get_version_num() == 4)
}
