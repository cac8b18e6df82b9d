//! Attempts that are begun before their browser comes: by a page in a frame of another site, whose cookies a browser
//! keeps apart or refuses, and by scripts.
//!
//! Such a start is answered with a link to ourselves, good once. The popup, or the page itself, is sent there: it is
//! then first-party, so the flow cookie is set and comes back, and the attempt is bound to this browser as decision D9
//! wants it. Until then nobody can complete it: it is bound to the link, and no cookie holds a link.

use terapi_model::{ErrorCode, IntegrationKey, OAuthAttemptId, OperationId};
use terapi_store::StoreError;
use terapi_store::oauth_attempts::{self, OAuthAttemptRow};
use terapi_vault::hash::token_hash;
use terapi_vault::token;
use url::Url;

use super::begin::{AttemptSecret, Departure};
use super::{BeginError, BrowserAuth, BrowserId, BrowserInput, Connect, Logged};
use crate::sealing::{SealingError, cell};

/// An attempt that waits for its browser.
#[derive(Debug)]
pub struct Prepared {
    /// Where the browser has to go, on our own public URL. Good once, ten minutes long, and secret.
    pub start_url: Url,
    /// The attempt, to ask for its result.
    pub attempt_id: OAuthAttemptId,
    /// Its operation.
    pub operation_id: OperationId,
}

/// Why a browser that came with a link was not sent away.
#[derive(Debug, thiserror::Error)]
pub enum DepartError {
    /// The link was never made, was used by another browser, or is too old.
    #[error("this link was used already or is too old; start again")]
    Unknown,
    /// A stored secret does not open.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The same, with what the page that shows it needs.
#[derive(Debug)]
pub struct DepartFailure {
    /// Why, and the operation of the attempt, when there is one.
    pub why: Logged<DepartError>,
    /// The language of the page that the attempt was prepared on, where that is known
    /// ([`BrowserInput::language`]).
    pub language: Option<String>,
}

impl DepartFailure {
    /// That of a link that names no attempt.
    pub fn of_nothing() -> Self {
        Self::without_attempt(DepartError::Unknown)
    }

    fn without_attempt(error: DepartError) -> Self {
        Self {
            why: Logged {
                error,
                operation_id: None,
            },
            language: None,
        }
    }
}

impl DepartError {
    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Unknown => ErrorCode::InvalidState,
            Self::Sealing(_) | Self::Store(_) => ErrorCode::UnknownErr,
        }
    }
}

impl Connect<'_> {
    /// Begins an authorization for a browser that comes later. A refusal is told to whoever listens.
    ///
    /// # Errors
    /// [`BeginError`].
    pub async fn prepare(
        &self,
        auth: &BrowserAuth,
        key: &IntegrationKey,
        input: BrowserInput,
    ) -> Result<Prepared, Logged<BeginError>> {
        let link = token::base64url(self.broker.entropy(), 32);
        let holder = holder_of_link(link.expose());
        let begun = self.start(auth, key, input, &holder, Departure::Later).await?;
        let mut start_url = self.broker.settings().start_url();
        start_url
            .query_pairs_mut()
            .append_pair("attempt", begun.attempt_id.as_str())
            .append_pair("link", link.expose());
        Ok(Prepared {
            start_url,
            attempt_id: begun.attempt_id,
            operation_id: begun.operation_id,
        })
    }

    /// Binds a prepared attempt to the browser that came with its link, and says where the browser goes. The same
    /// browser may come again, as it does when its page is loaded anew.
    ///
    /// # Errors
    /// [`DepartFailure`].
    pub async fn depart(
        &self,
        attempt: &OAuthAttemptId,
        link: &str,
        browser: &BrowserId,
    ) -> Result<Url, DepartFailure> {
        let error = match self.try_depart(attempt, link, browser).await {
            Ok(authorize_url) => return Ok(authorize_url),
            Err(error) => error,
        };
        let known = match error {
            DepartError::Unknown => self.find_again(attempt).await.unwrap_or_default(),
            DepartError::Sealing(_) | DepartError::Store(_) => None,
        };
        let Some(row) = known else {
            return Err(DepartFailure::without_attempt(error));
        };
        let operation_id = self.used_again(&row).await.unwrap_or_default();
        let language = self.opened(&row).ok().and_then(|secret| secret.language);
        Err(DepartFailure {
            why: Logged { error, operation_id },
            language,
        })
    }

    async fn find_again(&self, attempt: &OAuthAttemptId) -> Result<Option<OAuthAttemptRow>, StoreError> {
        let mut db = self.broker.store().read().await?;
        oauth_attempts::find(&mut db, attempt).await
    }

    /// Notes that an attempt's link was used when it was good no more.
    async fn used_again(&self, attempt: &OAuthAttemptRow) -> Result<Option<OperationId>, StoreError> {
        let text = "A link was used that had been used already, or was too old";
        let operation = &attempt.operation_id;
        let is_known = self.warn(&attempt.environment_id, operation, text).await?;
        Ok(is_known.then(|| operation.clone()))
    }

    fn opened(&self, attempt: &OAuthAttemptRow) -> Result<AttemptSecret, SealingError> {
        let place = cell::attempt_secret(&attempt.id, &attempt.environment_id);
        self.broker.sealing().open_json(&place, &attempt.secret_sealed)
    }

    async fn try_depart(
        &self,
        attempt: &OAuthAttemptId,
        link: &str,
        browser: &BrowserId,
    ) -> Result<Url, DepartError> {
        let now = self.broker.now();
        let browser = browser.0.to_hex();
        let mut tx = self.broker.store().begin().await?;
        let link = holder_of_link(link).0.to_hex();
        let row = match oauth_attempts::claim(&mut tx, attempt, &link, &browser, now).await? {
            Some(claimed) => Some(claimed),
            None => oauth_attempts::find(&mut tx, attempt).await?.filter(|row| {
                row.browser_hash == browser && row.consumed_at.is_none() && row.expires_at > now
            }),
        };
        tx.commit().await?;
        let row = row.ok_or(DepartError::Unknown)?;
        self.opened(&row)?.authorize_url.ok_or(DepartError::Unknown)
    }
}

/// Who holds an attempt until its browser comes. No cookie has this hash: a browser that calls itself by the link would
/// leave it good for another one.
fn holder_of_link(link: &str) -> BrowserId {
    BrowserId(token_hash(&format!("link {link}")))
}
