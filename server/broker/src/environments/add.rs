use terapi_model::{EnvironmentName, Scope};
use terapi_store::{Constraint, StoreError, environments};
use terapi_vault::SecretString;

use crate::sealing::cell;
use crate::{Caller, Forbidden};

use super::addresses::check_callback_url;
use super::{Environment, Environments, insert_environment};

/// Most environments of an account.
const MAX_ENVIRONMENTS: usize = 100;
/// The name that only a production environment may have.
const PRODUCTION: &str = "prod";
/// Most characters of an HMAC key.
const MAX_HMAC_KEY: usize = 1000;

/// An environment about to be made (rest.md 8.4).
#[derive(Debug)]
pub struct NewEnvironment {
    /// Unique among the account's.
    pub name: EnvironmentName,
    /// Whether it holds real customers' data; when not said, only `prod` does.
    pub is_production: Option<bool>,
    /// Where providers send browsers back to, when it is not this instance's own callback.
    pub callback_url: Option<String>,
    /// What HMACs are keyed with.
    pub hmac_key: Option<SecretString>,
    /// Whether public-key calls need an HMAC.
    pub hmac_enabled: bool,
}

/// Why no environment was made.
#[derive(Debug, thiserror::Error)]
pub enum AddEnvironmentError {
    /// Not for this caller.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// Another one has the name.
    #[error("the account has an environment of this name")]
    NameTaken,
    /// The one named `prod` cannot be anything else.
    #[error("an environment named `prod` is always production")]
    AlwaysProduction,
    /// The account has as many as it may.
    #[error("an account has at most {MAX_ENVIRONMENTS} environments; delete one first")]
    TooMany,
    /// HMAC cannot be on without a key.
    #[error("give an `hmac_key` to have HMAC on")]
    HmacKeyMissing,
    /// Empty or too long.
    #[error("an HMAC key has between 1 and {MAX_HMAC_KEY} characters")]
    HmacKeyInvalid,
    /// [`NewEnvironment::callback_url`] is not acceptable.
    #[error("the callback URL {0}")]
    CallbackUrl(String),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Environments<'_> {
    /// Adds an environment to the caller's account. It has no API key yet.
    ///
    /// # Errors
    /// [`AddEnvironmentError`].
    pub async fn add(
        &self,
        caller: &Caller,
        new: NewEnvironment,
    ) -> Result<Environment, AddEnvironmentError> {
        caller.require(&[Scope::ENVIRONMENTS_CREATE])?;
        let is_named_production = new.name.as_str() == PRODUCTION;
        if is_named_production && new.is_production == Some(false) {
            return Err(AddEnvironmentError::AlwaysProduction);
        }
        let is_production = new.is_production.unwrap_or(is_named_production);
        if is_production {
            caller.require(&[Scope::ENVIRONMENTS_SET_PRODUCTION])?;
        }
        check_hmac(&new)?;
        let callback_url = check_callback_url(new.callback_url.as_deref().unwrap_or_default())
            .map_err(AddEnvironmentError::CallbackUrl)?;
        let mut tx = self.broker.store().begin().await?;
        let others = environments::list_by_account(&mut tx, &caller.account_id).await?;
        if others.len() >= MAX_ENVIRONMENTS {
            return Err(AddEnvironmentError::TooMany);
        }
        let (mut row, _) = insert_environment(
            self.broker,
            &mut tx,
            &caller.account_id,
            new.name.as_str(),
            is_production,
        )
        .await
        .map_err(taken)?;
        row.callback_url = callback_url.filter(|url| *url != self.broker.settings().callback_url());
        row.hmac_key_sealed = new
            .hmac_key
            .map(|key| self.broker.sealing().seal_text(&cell::hmac_key(&row.id), &key));
        row.hmac_enabled = new.hmac_enabled;
        // As when it is switched on later (decision D5).
        row.public_key_enabled |= new.hmac_enabled;
        environments::update(&mut tx, &row).await?;
        tx.commit().await?;
        Ok(row.into())
    }
}

fn check_hmac(new: &NewEnvironment) -> Result<(), AddEnvironmentError> {
    match &new.hmac_key {
        Some(key) if !(1..=MAX_HMAC_KEY).contains(&key.expose().chars().count()) => {
            Err(AddEnvironmentError::HmacKeyInvalid)
        }
        None if new.hmac_enabled => Err(AddEnvironmentError::HmacKeyMissing),
        _ => Ok(()),
    }
}

fn taken(error: StoreError) -> AddEnvironmentError {
    match error {
        StoreError::Conflict {
            constraint: Constraint::EnvironmentName,
        } => AddEnvironmentError::NameTaken,
        other => other.into(),
    }
}
